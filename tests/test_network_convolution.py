"""Convolutions: both methods, their adjoint, shapes of any size, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skae import AutoencoderTransformer, ConvolutionalAutoencoder
from skae.core.networks import build_network, initial_weights
from skae.core.networks.convolution import (
    convolve,
    convolve_transposed,
    convolved_size,
    max_pool,
    method_for,
    upsample,
)
from skae.networks import Convolutional
from tests.discovery import fast

RNG = np.random.default_rng(0)
# height, width, channels, kernel size, stride, padding
CASES = [
    (5, 4, 2, 3, 2, "same"),
    (7, 7, 1, 3, 3, "same"),
    (1, 6, 1, 3, 2, "same"),
    (4, 5, 3, 2, 1, "same"),
    (6, 6, 2, 1, 2, "same"),
    (5, 8, 2, 3, 2, "valid"),
    (7, 6, 1, 2, 3, "valid"),
    (3, 3, 1, 3, 1, "valid"),
]
each_case = pytest.mark.parametrize("height, width, channels, size, stride, padding", CASES)


def numpy_convolution(x, kernel, stride, padding):
    """The definition, cell by cell."""
    size = kernel.shape[0]
    lengths = [convolved_size(length, size, stride, padding) for length in x.shape[1:3]]
    low = [0, 0]
    if padding == "same":
        totals = [
            max(0, (n - 1) * stride + size - length)
            for n, length in zip(lengths, x.shape[1:3], strict=True)
        ]
        x = np.pad(x, ((0, 0), *((t // 2, t - t // 2) for t in totals), (0, 0)))
    y = np.zeros((len(x), *lengths, kernel.shape[-1]))
    for i in range(lengths[0]):
        for j in range(lengths[1]):
            top, left = low[0] + i * stride, low[1] + j * stride
            window = x[:, top : top + size, left : left + size]
            y[:, i, j] = np.einsum("nhwc,hwco->no", window, kernel)
    return y


@each_case
@pytest.mark.parametrize("method", ["slices", "xla"])
def test_convolution_and_its_adjoint(height, width, channels, size, stride, padding, method):
    x = RNG.normal(size=(2, height, width, channels)).astype(np.float32)
    kernel = RNG.normal(size=(size, size, channels, 4)).astype(np.float32)
    expected = numpy_convolution(x, kernel, stride, padding)
    y = RNG.normal(size=expected.shape).astype(np.float32)

    @jax.jit
    def both_ways(x, y):
        # <back(y), x> = <y, convolve(x)>, cell by cell: the gradient of the right side
        gradient = jax.grad(lambda x: jnp.sum(y * convolve(x, kernel, stride, padding, "xla")))(x)
        back = convolve_transposed(y, kernel, (height, width), stride, padding, method)
        return convolve(x, kernel, stride, padding, method), back, gradient

    result, back, gradient = both_ways(x, y)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    assert back.shape == x.shape
    np.testing.assert_allclose(back, gradient, rtol=1e-4, atol=1e-5)


def test_the_method_follows_the_platform():
    assert [method_for(p) for p in ("cpu", "gpu", "tpu")] == ["slices", "xla", "xla"]
    description = Convolutional(image_shape=(5, 4)).describe(20)
    here, there = (build_network(description, 20, 3, platform) for platform in ("cpu", "gpu"))
    params = initial_weights(here, np.random.default_rng(0))
    x = RNG.normal(size=(4, 20)).astype(np.float32)
    one, other = (jax.jit(network.reconstruct)(params, x) for network in (here, there))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_max_pooling_and_upsampling():
    x = np.arange(2 * 3 * 5 * 1, dtype=np.float32).reshape(2, 3, 5, 1)
    pooled = max_pool(x, 2)
    np.testing.assert_array_equal(pooled[0, :, :, 0], [[6, 8, 9], [11, 13, 14]])
    wide = upsample(pooled, 2, (3, 5))
    assert wide.shape == x.shape
    np.testing.assert_array_equal(
        wide[0, :, :, 0], [[6, 6, 8, 8, 9], [6, 6, 8, 8, 9], [11, 11, 13, 13, 14]]
    )


def maps(description, images):
    """What the convolutions give for images (n, height, width), with random weights."""
    flat = images.reshape(len(images), -1)
    network = build_network(description, flat.shape[1], 2, "cpu")
    params = initial_weights(network, np.random.default_rng(0))
    return jax.jit(network.encoder.body.apply)({"params": params["encoder"]["body"]}, flat)


@pytest.mark.parametrize("downsampling", ["stride", "max_pool"])
def test_an_interior_shift_by_the_total_stride_shifts_the_maps_by_one(downsampling):
    image = np.zeros((1, 40, 40), np.float32)
    image[0, 16:22, 17:23] = RNG.normal(size=(6, 6))
    network = Convolutional(image_shape=(40, 40), channels=(2, 3), downsampling=downsampling)
    before = maps(network.describe(1600), image)
    after = maps(network.describe(1600), np.roll(image, (4, -4), axis=(1, 2)))
    assert before.shape == (1, 10, 10, 3) and np.abs(before).max() > 0.01
    inner = np.roll(before, (1, -1), axis=(1, 2))[:, 2:-2, 2:-2]
    np.testing.assert_allclose(after[:, 2:-2, 2:-2], inner, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 6, 2)])
@pytest.mark.parametrize("padding, downsampling, upsampling", [
    ("same", "stride", "transposed"),
    ("same", "max_pool", "resize"),
    ("valid", "max_pool", "transposed"),
    ("valid", "stride", "resize"),
])  # fmt: skip
def test_reconstructions_have_the_shape_of_the_image(shape, padding, downsampling, upsampling):
    n_features = int(np.prod(shape))
    specification = Convolutional(
        image_shape=shape, channels=(2, 3), kernel_size=(1, 2) if padding == "valid" else 3,
        padding=padding, downsampling=downsampling, upsampling=upsampling,
    )  # fmt: skip
    if padding == "valid" and shape[0] == 1:
        with pytest.raises(ValueError, match="kernel_size"):
            specification.describe(n_features)
        return
    network = build_network(specification.describe(n_features), n_features, 2, "cpu")
    params = initial_weights(network, np.random.default_rng(0))
    x = RNG.normal(size=(3, n_features)).astype(np.float32)
    output = jax.jit(network.reconstruct)(params, x)
    assert output.shape == x.shape and np.isfinite(output).all() and np.abs(output).max() > 0


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_activations_keep_their_size_from_layer_to_layer(activation):
    # kernels that overlap by a stride meet each cell of the output with a share of their own
    network = build_network(
        Convolutional(channels=(32, 64, 64), activation=activation).describe(784), 784, 64, "cpu"
    )
    params = initial_weights(network, np.random.default_rng(0))
    x = RNG.normal(size=(64, 784)).astype(np.float32)
    output = jax.jit(network.reconstruct)(params, x)
    assert 0.03 < np.std(output) < 3.0


REFUSED = {
    (3, 32, 32): r"channels first.*\(32, 32, 3\).*transpose\(0, 2, 3, 1\)",
    (1, 32, 96): r"channels first.*\(32, 96, 1\)",
    (31, 32, 3): r"31 x 32 x 3 = 2976 entries.*3072 features",
    (32, 32): r"32 x 32 = 1024 entries.*3072 features.*\(32, 32, 3\)",
    (3072,): "image_shape",
    (32, 0, 3): "image_shape",
    (32.0, 32, 3): "image_shape",
}


@pytest.mark.parametrize("shape", REFUSED, ids=str)
def test_a_wrong_image_shape_raises(shape):
    X = np.zeros((4, 3072), np.float32)
    network = Convolutional(image_shape=shape)
    for model in (ConvolutionalAutoencoder(image_shape=shape), fast_with(network)):
        with pytest.raises(ValueError, match=REFUSED[shape]):
            model.fit(X)
        assert not hasattr(model, "params_")


def fast_with(network, **parameters):
    return AutoencoderTransformer(2, network=network, max_iter=0, random_state=0, **parameters)


@pytest.mark.parametrize(
    "n_features, shape",
    [(1, (1, 1, 1)), (16, (4, 4, 1)), (48, (4, 4, 3)), (6, (1, 6, 1)), (3, (1, 1, 3))],
)
def test_the_image_shape_inferred_from_n_features(n_features, shape):
    assert Convolutional().describe(n_features)["image_shape"] == shape


@pytest.mark.parametrize(
    "parameters",
    [
        {"channels": ()},
        {"channels": (0,)},
        {"channels": 8},
        {"kernel_size": (3, 3, 3)},
        {"kernel_size": 0},
        {"stride": 0},
        {"activation": "swish"},
        {"padding": "full"},
        {"downsampling": "mean"},
        {"upsampling": "bicubic"},
    ],
)
def test_invalid_parameters_raise(parameters):
    network = Convolutional(**{"channels": (2, 2), **parameters})
    (name,) = parameters
    with pytest.raises(ValueError, match=name):
        fast_with(network).fit(np.eye(6))


def test_the_penalty_reaches_kernels_of_all_layers(X):
    big, small = (
        fast(
            ConvolutionalAutoencoder, alpha=alpha, max_iter=30, init="random", early_stopping=False
        ).fit(X)
        for alpha in (0.0, 1.0)
    )
    for part, layer in (("encoder", "body"), ("decoder", "input"), ("decoder", "output")):
        sizes = []
        for model in (big, small):
            leaves = jax.tree.leaves(model.params_[part][layer])
            sizes.append(sum(np.sum(np.square(leaf)) for leaf in leaves if leaf.ndim > 1))
        assert sizes[1] < 0.9 * sizes[0], (part, layer)
