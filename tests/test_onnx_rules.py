"""ONNX conversion rules: each primitive of JAX gives the same in onnxruntime, for any n_samples."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from skae.core.activations import ACTIVATIONS
from skae.core.networks import largest
from skae.core.networks.convolution import convolve, convolve_transposed
from skae.export import onnx_file
from skae.export.portable import Portable

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

WIDTH = 12
WEIGHTS = np.random.default_rng(0).normal(size=(WIDTH, WIDTH)).astype(np.float32)
KERNEL = np.random.default_rng(1).normal(size=(3, 3, 1, 4)).astype(np.float32)
IMAGES = ("NHWC", "HWIO", "NHWC")


def images(x):
    return x.reshape(-1, 4, 3, 1)


def general_convolution(x, **options):
    """A convolution as layer libraries call it."""
    x = x.reshape(-1, 2, 3, 2)
    kernel = (
        KERNEL[:2, :2] if "feature_group_count" in options else np.repeat(KERNEL[:2, :2], 2, axis=2)
    )
    return lax.conv_general_dilated(x, kernel, dimension_numbers=IMAGES, **options)


def scan_over_steps(x, reverse):
    """A loop with weights, a constant per sample, and scan inputs."""
    steps, first = x.reshape(-1, 4, 3).swapaxes(0, 1), x[:, :3]

    def step(state, sample):
        state = jnp.tanh(state @ WEIGHTS[:3, :3] + sample + first)
        return state, 2 * state

    last, all_of_them = lax.scan(step, jnp.zeros_like(first), steps, reverse=reverse)
    return jnp.concatenate([last, all_of_them.swapaxes(0, 1).reshape(-1, 12)], axis=-1)


def scan_without_inputs(x):
    """A loop without scan inputs."""
    return lax.scan(lambda s, _: (0.5 * s + x, None), x, length=3)[0]


FUNCTIONS = {
    **{f"activation {name}": (lambda x, f=f: f(x)) for name, f in ACTIVATIONS.items()},
    "jax.nn": lambda x: jax.nn.relu(x) + jax.nn.elu(x) + jax.nn.softplus(x) + jax.nn.swish(x),
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "trigonometry": lambda x: jnp.sin(x) + jnp.cos(x) * jnp.arctan(x) + jnp.sinh(x),
    "powers": lambda x: x**3 + jnp.abs(x) ** 1.5 + jnp.exp2(x) + lax.rsqrt(1 + jnp.square(x)),
    "rounding": lambda x: jnp.floor(x) + jnp.ceil(2 * x) + jnp.round(3 * x) + jnp.sign(x),
    "remainder": lambda x: lax.rem(5 * x, jnp.float32(3)),
    "logarithms": lambda x: jnp.log1p(x**2) + jnp.expm1(x) + jnp.logaddexp(x, 1.0),
    "clipping": lambda x: jnp.clip(x, -0.5, 0.5) + jnp.where(jnp.isfinite(x), x, 0.0),
    "logical operators": lambda x: ((x > 0) & ~(x >= 1) | (x != 2) ^ (x <= -1)).astype(jnp.float32),
    "bitwise and": lambda x: (x * 10).astype(jnp.int32) & 3,
    "softmax": jax.nn.softmax,
    "sums": lambda x: x.reshape(-1, 3, 4).sum(axis=1) + jnp.prod(x[:, :4], axis=-1, keepdims=True),
    "max and min": lambda x: x.reshape(-1, 3, 4).max(axis=2) - x.reshape(-1, 4, 3).min(axis=1),
    "any and all": lambda x: jnp.stack([(x > 0).any(axis=1), (x > -1).all(axis=1)], axis=1),
    "argmax and argmin": lambda x: (
        jnp.argmax(x, axis=1, keepdims=True) - jnp.argmin(x, axis=1)[:, None]
    ),
    "cumulative sums": lambda x: jnp.cumsum(x, axis=1) + jnp.cumsum(x[:, ::-1], axis=1)[:, ::-1],
    "top k": lambda x: lax.top_k(x, 3)[0] + lax.top_k(x, 3)[1],
    "largest k": lambda x: largest(x, 3),
    "scatter": lambda x: jnp.zeros((x.shape[0], 3, 4)).at[..., 1, :].set(x[:, :4]),
    "scatter add": lambda x: x.at[:, np.array([0, 2, 2])].add(x[:, :3]),
    "gather columns": lambda x: x[:, np.array([3, 1, 1])] * x[:, 2:5] + x[:, -1:],
    "one column": lambda x: x[:, 5] + x[..., -2],
    "last step": lambda x: x.reshape(-1, 4, 3).swapaxes(0, 1)[-1],
    "strided slices": lambda x: lax.slice_in_dim(x, 1, 11, 2, axis=1) + x[:, ::2][:, :5],
    "reverse": lambda x: lax.rev(x, (1,)) + jnp.flip(x, axis=1),
    "split": lambda x: sum(jnp.split(x, 3, axis=-1)),
    "tile and repeat": lambda x: jnp.tile(x, (1, 2)) + jnp.repeat(x, 2, axis=1),
    "pad": lambda x: lax.pad(x, 7.0, ((0, 0, 0), (2, -3, 1))),
    "iota over samples": lambda x: x + jnp.arange(x.shape[0], dtype=jnp.float32)[:, None],
    "iota over features": lambda x: x * lax.broadcasted_iota(jnp.float32, x.shape, 1),
    "division by the number of samples": lambda x: x / x.shape[0],
    "constant": lambda x: jnp.zeros((x.shape[0], 2)) + jnp.ones(2),
    "product": lambda x: x @ WEIGHTS + x @ WEIGHTS.T,
    "einsum": lambda x: jnp.einsum("nij,nkj->nik", x.reshape(-1, 3, 4), x.reshape(-1, 3, 4)),
    "outer": lambda x: (x.reshape(-1, 3, 4) @ WEIGHTS[:4]).transpose(0, 2, 1),
    "layer norm": lambda x: jax.nn.standardize(x, axis=-1),
    "scan": lambda x: scan_over_steps(x, reverse=False),
    "scan backwards": lambda x: scan_over_steps(x, reverse=True),
    "scan without inputs": scan_without_inputs,
    "kernel dilation": lambda x: general_convolution(
        x, window_strides=(1, 1), padding="SAME", rhs_dilation=(1, 2)
    ),
    "feature groups": lambda x: general_convolution(
        x, window_strides=(2, 1), padding="VALID", feature_group_count=2
    ),
    "input dilation": lambda x: general_convolution(
        x, window_strides=(2, 1), padding=[(1, 1), (0, 2)], lhs_dilation=(2, 3)
    ),
    "conv_transpose": lambda x: lax.conv_transpose(
        images(x), KERNEL, (2, 2), "SAME", dimension_numbers=IMAGES
    ),
    "checkpoint": jax.checkpoint(lambda x: jnp.tanh(x)),
}


def in_onnxruntime(function, path):
    """Export a function and return it as computed by onnxruntime."""
    onnx_file.write(None, "f", Portable(function, WIDTH), path, onnx_file.MIN_OPSET)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"X": x})[0]


def check(function, path):
    written = in_onnxruntime(function, path)
    for n_samples in (5, 1):
        x = np.random.default_rng(n_samples).normal(size=(n_samples, WIDTH)).astype(np.float32)
        expected, found = np.asarray(jax.jit(function)(x)), written(x)
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name, tmp_path):
    check(FUNCTIONS[name], tmp_path / "f.onnx")


@pytest.mark.parametrize(
    "stride, padding, size", itertools.product((1, 2), ("same", "valid"), (1, 2, 3))
)
def test_convolutions_and_transposed_convolutions(stride, padding, size, tmp_path):
    """Heights and widths are not divisible by the stride."""
    kernel = KERNEL[:size, :size]

    def both_ways(x):
        maps = convolve(images(x), kernel, stride, padding, "xla")
        back = convolve_transposed(maps, kernel, (4, 3), stride, padding, "xla")
        return jnp.concatenate([a.reshape(x.shape[0], -1) for a in (maps, back)], axis=1)

    check(both_ways, tmp_path / "f.onnx")


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda x: jnp.sort(x, axis=1), "computes 'sort'"),
        (lambda x: lax.while_loop(lambda y: y.sum() < 1, lambda y: y + 1, x), "computes 'while'"),
        (lambda x: jnp.zeros((2 * x.shape[0], 1)), r"makes an axis of length 2\*n_samples"),
    ],
)
def test_primitives_without_a_rule_raise(function, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        in_onnxruntime(function, tmp_path / "f.onnx")
