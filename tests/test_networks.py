"""Activations, initial weights and the shapes of networks."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA

import skae
from skae import AutoencoderTransformer
from skae.core.activations import ACTIVATIONS
from skae.core.networks import Model, build_network, dense_network, initial_weights
from skae.estimators.base.architecture import describe_modules
from skae.networks import Convolutional, Recurrent, Residual
from tests import own_modules
from tests.datasets import curved
from tests.discovery import AUTOENCODERS, fast, short

REFERENCES = {
    "identity": lambda a: a,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
    "tanh": jnp.tanh,
    "logistic": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
}
POINTS = jnp.asarray([-50.0, -8.0, -1.5, -0.1, 0.1, 1.5, 8.0, 50.0])
each_activation = pytest.mark.parametrize("name", REFERENCES)


def test_there_are_no_untested_activations():
    assert set(ACTIVATIONS) == set(REFERENCES)


@each_activation
def test_values_and_gradients(name):
    got, expected = ACTIVATIONS[name], REFERENCES[name]
    np.testing.assert_allclose(got(POINTS), expected(POINTS), rtol=1e-5, atol=1e-6)
    slope, reference = (jax.vmap(jax.grad(f)) for f in (got, expected))
    np.testing.assert_allclose(slope(POINTS), reference(POINTS), rtol=1e-5, atol=1e-6)
    curvature = jax.vmap(jax.grad(jax.grad(got)))(POINTS)
    assert np.isfinite(curvature).all()


@pytest.mark.parametrize("name", sorted(set(REFERENCES) - {"relu", "leaky_relu", "selu"}))
def test_gradient_at_zero(name):
    # After PCA initialization, layers output exact zeros.
    got, expected = (jax.grad(f)(jnp.float32(0.0)) for f in (ACTIVATIONS[name], REFERENCES[name]))
    assert float(got) == pytest.approx(float(expected), abs=1e-6)


@each_activation
def test_numpy_gives_the_same_and_the_value_at_zero(name):
    activation = ACTIVATIONS[name]
    np.testing.assert_allclose(
        activation(np.asarray(POINTS), np), activation(POINTS), rtol=1e-5, atol=1e-6
    )
    assert activation.at_zero == pytest.approx(float(activation(jnp.float32(0.0))), abs=1e-7)


HE, LECUN, GLOROT = 2 / 300, 1 / 300, 2 / (300 + 200)
VARIANCES = {
    "relu": HE, "leaky_relu": HE, "elu": HE, "gelu": HE, "selu": LECUN,
    "tanh": GLOROT, "logistic": GLOROT,
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANCES)
def test_initial_variance_follows_the_activation(name):
    network = dense_network(300, (200,), 20, (200,), name)
    params = initial_weights(network, np.random.default_rng(0))
    kernel = params["encoder"]["layer_0"]["kernel"]
    assert kernel.shape == (300, 200) and kernel.dtype == np.float32
    assert np.var(kernel) == pytest.approx(VARIANCES[name], rel=0.03)
    assert abs(kernel.mean()) < 5 * kernel.std() / np.sqrt(kernel.size)
    for part in ("encoder", "decoder"):
        assert all(not np.any(layer["bias"]) for layer in params[part].values())


@pytest.mark.parametrize("scheme, variance", [
    ("he", HE),
    ("glorot", GLOROT),
    ("lecun", LECUN),
    ("normal", 1e-4),
    (jax.nn.initializers.he_normal(), HE),
    (jax.nn.initializers.normal(0.05), 0.05**2),
])  # fmt: skip
def test_initial_variance_of_a_scheme(scheme, variance):
    model = AutoencoderTransformer(
        20, hidden_layer_sizes=(200,), init=scheme, max_iter=0, random_state=0
    ).fit(np.random.default_rng(0).normal(size=(20, 300)))
    kernel = model.params_["encoder"]["layer_0"]["kernel"]
    assert kernel.shape == (300, 200) and kernel.dtype == np.float32
    assert np.var(kernel) == pytest.approx(variance, rel=0.03)
    assert abs(kernel.mean()) < 5 * kernel.std() / np.sqrt(kernel.size)
    assert not any(np.any(layer["bias"]) for layer in model.params_["decoder"].values())


def orthogonal(key, shape, dtype):
    return jax.nn.initializers.orthogonal()(key, shape, dtype)


@pytest.mark.representatives
@pytest.mark.parametrize("cls", AUTOENCODERS)
@pytest.mark.parametrize("init", ["he", orthogonal])
def test_every_autoencoder_takes_a_scheme(cls, init, X):
    one, other = (fast(cls, init=init, max_iter=1).fit(X) for _ in range(2))
    assert "linear" not in one.params_ and np.isfinite(one.reconstruct(X)).all()
    np.testing.assert_array_equal(one.transform(X), other.transform(X))


def test_an_initializer_importable_by_name_is_saved(X, tmp_path):
    path, model = tmp_path / "m.skae", fast(AutoencoderTransformer, init=orthogonal).fit(X)
    loaded = skae.load(model.save(path) and path, trusted=[orthogonal])
    assert loaded.init is clone(model).init is orthogonal
    one, other = (estimator.partial_fit(X).transform(X) for estimator in (loaded, model))
    np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="init of AutoencoderTransformer cannot be saved"):
        model.set_params(init=jax.nn.initializers.he_normal()).save(path)


@pytest.mark.parametrize("initializer, problem", [
    (jax.nn.initializers.he_normal, "It must be an initializer .*TypeError"),
    (lambda key, shape, dtype: jnp.zeros(3), r"array of shape \(6, 8\), got the shape \(3,\)"),
    (lambda key, shape, dtype: jnp.full(shape, jnp.nan), "must return a finite array"),
])  # fmt: skip
def test_callables_that_are_no_initializers(initializer, problem, X):
    with pytest.raises(ValueError, match=f"init=.*{problem}"):
        fast(AutoencoderTransformer, init=initializer).fit(X)


def test_networks_with_equal_fields_are_equal():
    one, other = (dense_network(6, (8,), 2, (8,), "gelu", linear_path=True) for _ in range(2))
    assert one is not other and one == other and hash(one) == hash(other)
    assert one != dense_network(6, (8,), 2, (8,), "relu", linear_path=True)
    assert one != dense_network(6, (8,), 3, (8,), "gelu", linear_path=True)
    assert one != dense_network(6, (8,), 2, (8,), "gelu")


def stacked(params, x, activation):
    layers = sorted(params)
    for i, name in enumerate(layers):
        x = (x if i == 0 else activation(x)) @ params[name]["kernel"] + params[name]["bias"]
    return x


def test_a_dense_network_computes_its_formula():
    network = dense_network(6, (8, 5), 2, (4,), "tanh", code_activation="logistic")
    params = initial_weights(network, np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(7, 6)).astype(np.float32)
    codes = 1 / (1 + np.exp(-stacked(params["encoder"], x, np.tanh)))
    model = Model(network, params)
    np.testing.assert_allclose(model.encode(x), codes, rtol=1e-4, atol=1e-6)
    output = stacked(params["decoder"], codes, np.tanh)
    np.testing.assert_allclose(model.decode(codes), output, rtol=1e-4, atol=1e-5)


N_FEATURES = 36
DENSE = {"kind": "dense", "encoder_widths": (8, 5), "decoder_widths": (5, 8), "activation": "tanh"}
DESCRIPTIONS = {
    "dense": {**DENSE, "tied": False},
    "one dense layer": {**DENSE, "encoder_widths": (), "decoder_widths": (), "tied": False},
    "tied, 1/2 at 0": {**DENSE, "activation": "logistic", "tied": True},
    "convolutional": Convolutional(channels=(3, 4)).describe(N_FEATURES),
    "recurrent": Recurrent(hidden_sizes=(5, 4)).describe(N_FEATURES),
    "residual": Residual(width=8, n_blocks=2, outer_layer_sizes=(9,)).describe(N_FEATURES),
    "own": describe_modules(
        (own_modules.Encoder(), own_modules.Decoder(nn.Dense(N_FEATURES))), N_FEATURES, 2
    ),
}
each_kind = pytest.mark.parametrize("kind", DESCRIPTIONS)


def network_of_kind(kind, **options):
    network = build_network(DESCRIPTIONS[kind], N_FEATURES, 2, "cpu", **options)
    return network, initial_weights(network, np.random.default_rng(0))


@each_kind
def test_layer_paths_are_those_of_all_weights_of_an_encoder(kind):
    network, params = network_of_kind(kind)
    assert len(network.encoder.layer_paths) == network.encoder.n_layers
    found = 0
    for path in network.encoder.layer_paths:
        layer = params["encoder"]
        for name in path:
            layer = layer[name]
        found += len(jax.tree.leaves(layer))
    assert found == len(jax.tree.leaves(params["encoder"]))


@each_kind
def test_the_lowest_layers_of_an_encoder_read_the_same_weights(kind):
    network, params = network_of_kind(kind)
    x = np.random.default_rng(1).normal(size=(7, N_FEATURES)).astype(np.float32)
    for n_layers in range(1, network.encoder.n_layers):
        lowest = network.encoder.lowest(n_layers)
        output = lowest.apply({"params": params["encoder"]}, x)
        assert len(output) == 7 and np.isfinite(output).all()
    # without the layer of the codes: the input of that layer, which is dense
    if network.encoder.n_layers > 1:
        layer = network.code_layer(params)
        codes = output.reshape(7, -1) @ layer["kernel"] + layer["bias"]
        np.testing.assert_allclose(codes, network.preactivation(params, x), rtol=1e-4, atol=1e-5)


@each_kind
def test_initialize_linear_leaves_the_linear_skip_connection(kind):
    network, params = network_of_kind(kind, linear_path=True)
    rng = np.random.default_rng(1)
    into = rng.normal(size=(N_FEATURES, 2))
    params["linear"] = {"encoder": into} | ({} if network.tied else {"decoder": into.T})
    params["fixed"] = {"code_scale": np.ones(2)}
    offset = rng.normal(size=N_FEATURES)
    network.initialize_linear(params, np.array([1.0, -1.0]), offset)
    x = rng.normal(size=(7, N_FEATURES)).astype(np.float32)
    codes = x @ into + [1.0, -1.0]
    np.testing.assert_allclose(network.encode(params, x), codes, rtol=1e-4, atol=1e-4)
    output = network.decode(params, codes.astype(np.float32))
    np.testing.assert_allclose(output, codes @ into.T + offset, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(network.output_offset(params), offset, rtol=1e-5, atol=1e-5)


@each_kind
def test_code_kernel_is_the_only_part_of_a_decoder_that_reads_codes(kind):
    network, params = network_of_kind(kind)
    if network.tied or kind == "own":
        assert network.code_kernel(params) is None
        return
    assert network.code_kernel(params).shape[0] == 2
    codes = np.random.default_rng(1).normal(size=(2, 7, 2)).astype(np.float32)
    network.code_kernel(params)[...] = 0.0
    one, other = (network.decode(params, z) for z in codes)
    np.testing.assert_array_equal(one, other)


def test_gradients_of_recurrent_networks_alone_are_clipped():
    assert {kind: network_of_kind(kind)[0].clip_norm for kind in DESCRIPTIONS} == {
        kind: 1.0 if kind == "recurrent" else None for kind in DESCRIPTIONS
    }


def kernels(part):
    return [part[name]["kernel"].shape for name in sorted(part) if "kernel" in part[name]]


def test_stacked_784_300_150_300_784():
    X = np.random.default_rng(0).random((40, 784), dtype=np.float32)
    model = AutoencoderTransformer(
        150, hidden_layer_sizes=(300,), init="random", max_iter=1, random_state=0
    ).fit(X)
    assert kernels(model.params_["encoder"]) == [(784, 300), (300, 150)]
    assert kernels(model.params_["decoder"]) == [(150, 300), (300, 784)]
    assert model.transform(X).shape == (40, 150)


def test_no_hidden_layers_is_one_layer_each_way(fitted):
    params = fitted(AutoencoderTransformer, hidden_layer_sizes=()).params_
    assert kernels(params["encoder"]) == [(6, 2)]
    assert kernels(params["decoder"]) == [(2, 6)]


@pytest.mark.thorough
def test_the_decoder_mirrors_the_encoder_by_default(fitted):
    params = fitted(AutoencoderTransformer, hidden_layer_sizes=(9, 5)).params_
    assert kernels(params["decoder"]) == [(2, 5), (5, 9), (9, 6)]
    other = fitted(
        AutoencoderTransformer, hidden_layer_sizes=(9, 5), decoder_hidden_layer_sizes=(7,)
    ).params_
    assert kernels(other["decoder"]) == [(2, 7), (7, 6)]


@pytest.mark.thorough
@pytest.mark.parametrize("tied_weights", short([False, True]))
def test_more_than_ten_layers_stay_in_order(tied_weights):
    # As strings, layer_10 sorts before layer_2.
    X, sizes = curved(64, 6), tuple(range(20, 8, -1))
    model = fast(
        AutoencoderTransformer, hidden_layer_sizes=sizes, tied_weights=tied_weights, max_iter=0
    ).fit(X)
    encoder = model.params_["encoder"]
    shapes = [encoder[f"layer_{i}"]["kernel"].shape for i in range(13)]
    assert shapes == list(zip((6, *sizes), (*sizes, 2), strict=True))
    best = PCA(2).fit(X).explained_variance_ratio_.sum()
    assert model.score(X) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("init", short(["pca", "random"]))
def test_tied_weights_are_stored_once(init, fitted):
    shared = {"hidden_layer_sizes": (9, 5), "init": init}
    tied = fitted(AutoencoderTransformer, tied_weights=True, **shared).params_
    loose = fitted(AutoencoderTransformer, **shared).params_
    assert kernels(tied["decoder"]) == []

    def matrices(tree):
        flat = jax.tree.leaves({name: part for name, part in tree.items() if name != "fixed"})
        return sum(leaf.size for leaf in flat if np.ndim(leaf) == 2)

    assert 2 * matrices(tied) == matrices(loose)


def test_tied_decoder_uses_the_transposed_matrices(fitted, X_new):
    model = fitted(AutoencoderTransformer, tied_weights=True, init="random", activation="tanh")
    encoder, decoder = model.params_["encoder"], model.params_["decoder"]
    codes = model.transform(X_new)
    hidden = np.tanh(
        codes / model.scale_ @ encoder["layer_1"]["kernel"].T + decoder["layer_0"]["bias"]
    )
    output = hidden @ encoder["layer_0"]["kernel"].T + decoder["layer_1"]["bias"]
    expected = output * model.scale_ + model.mean_
    np.testing.assert_allclose(model.inverse_transform(codes), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "code_activation, init",
    short([("logistic", "random"), *((name, "pca") for name in sorted(REFERENCES))], 2),
)
def test_every_code_activation_fits(code_activation, init, X):
    model = fast(AutoencoderTransformer, code_activation=code_activation, init=init).fit(X)
    codes = model.transform(X)
    assert np.isfinite(codes).all() and np.isfinite(model.reconstruct(X)).all()
    low, high = {
        "logistic": (0, 1), "tanh": (-1, 1), "relu": (0, np.inf), "softplus": (0, np.inf),
    }.get(code_activation, (-np.inf, np.inf))  # fmt: skip
    assert codes.min() >= low and codes.max() <= high


@pytest.mark.parametrize("n_components", short([9, 6]))
@pytest.mark.parametrize("tied_weights", short([False, True]))
def test_overcomplete_codes(n_components, tied_weights, X):
    model = fast(AutoencoderTransformer, n_components=n_components, tied_weights=tied_weights).fit(
        X
    )
    assert model.transform(X).shape == (96, n_components)
    assert model.score(X) > 0.95
