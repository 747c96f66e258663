"""``network=`` as a parameter: discovered over (autoencoder x network), clones and searches."""

import jax
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV

from skae import AutoencoderTransformer, ContractiveAutoencoder, SparseAutoencoder
from skae.core.networks import Model
from skae.networks import Convolutional, Recurrent, Residual
from skae.objectives.contractive import squared_jacobian_norm
from tests.datasets import correlated
from tests.discovery import AUTOENCODERS, accepts, short
from tests.own_modules import pair

NETWORKS = {
    "convolutional": Convolutional(image_shape=(3, 2), channels=(2,)),
    "recurrent": Recurrent(sequence_shape=(3, 2), hidden_sizes=(3,)),
    "residual": Residual(width=4, n_blocks=2, outer_layer_sizes=(5,)),
    "own": pair(6),
}
FAMILY = [cls for cls in AUTOENCODERS if accepts(cls, "network")]


def small(cls, network, **parameters):
    shared = {"batch_size": 32, "max_iter": 1, "random_state": 0, "early_stopping": False}
    return cls(2, network=network, **{**shared, **parameters})


def applies(cls, name):
    # the contractive penalty refuses a decoder that it knows nothing of: see the own modules
    return not (name == "own" and cls.__name__ == "ContractiveAutoencoder")


BY_CLASS = {cls: [(cls, name) for name in NETWORKS if applies(cls, name)] for cls in FAMILY}
EVERY = [pair for pairs in BY_CLASS.values() for pair in pairs]


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("cls, name", EVERY)
def test_every_autoencoder_starts_with_every_network(cls, name, X):
    """The loss is traced, nothing is compiled."""
    model = small(cls, NETWORKS[name], max_iter=0).fit(X)
    assert model.n_iter_ == 0
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(model.params_))


# to compile takes seconds: one network for each always, the others by `make stress`
SOME = [pairs[i % len(pairs)] for i, pairs in enumerate(BY_CLASS.values())]


@pytest.mark.representatives
@pytest.mark.parametrize(
    "cls, name",
    SOME + [pytest.param(*pair, marks=pytest.mark.stress) for pair in EVERY if pair not in SOME],
)
def test_autoencoders_train_with_other_networks(cls, name, X):
    model = small(cls, NETWORKS[name])
    codes = model.fit_transform(X)
    assert codes.shape == (len(X), 2) and np.isfinite(codes).all()
    back = model.inverse_transform(codes)
    assert back.shape == X.shape and np.isfinite(back).all()
    assert np.isfinite(model.history_["loss"]).all()


@pytest.mark.parametrize("code_activation", short(["identity", "logistic"]))
@pytest.mark.parametrize("loss", short(["squared_error", "binary_cross_entropy"]))
@pytest.mark.parametrize("name", NETWORKS)
def test_the_initialization_is_that_of_a_dense_network(name, loss, code_activation, X):
    parameters = {"max_iter": 0, "loss": loss, "code_activation": code_activation}
    dense = small(AutoencoderTransformer, None, **parameters).fit(X)
    model = small(AutoencoderTransformer, NETWORKS[name], **parameters).fit(X)
    np.testing.assert_allclose(model.transform(X), dense.transform(X), atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(X), dense.reconstruct(X), atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_initialization_is_pca(name):
    X = correlated(60, 6)
    model = small(AutoencoderTransformer, NETWORKS[name], max_iter=0).fit(X)
    pca = PCA(2, svd_solver="full").fit(X)
    np.testing.assert_allclose(model.transform(X), pca.transform(X), atol=1e-4 * X.std())
    best = pca.inverse_transform(pca.transform(X))
    np.testing.assert_allclose(model.reconstruct(X), best, atol=1e-4 * X.std())


@pytest.mark.thorough
@pytest.mark.parametrize("name", NETWORKS)
def test_random_initialization_has_no_linear_skip_connection(name, X):
    model = small(AutoencoderTransformer, NETWORKS[name], max_iter=0, init="random").fit(X)
    assert "linear" not in model.params_
    assert model.transform(X).std(axis=0).min() > 0


DENSE_ALONE = {
    "hidden_layer_sizes": (8,),
    "decoder_hidden_layer_sizes": (8,),
    "activation": "tanh",
    "tied_weights": True,
}


@pytest.mark.parametrize("parameter", DENSE_ALONE)
@pytest.mark.parametrize("cls", FAMILY)
def test_parameters_of_dense_networks_raise(cls, parameter, X):
    for network in NETWORKS.values():
        model = small(cls, network, **{parameter: DENSE_ALONE[parameter]})
        with pytest.raises(ValueError, match=f"{parameter}=.*network="):
            model.fit(X)
        assert not hasattr(model, "params_")


@pytest.mark.parametrize("network", ["convolutional", 3, [8], AutoencoderTransformer()])
def test_invalid_networks_raise(network, X):
    with pytest.raises(ValueError, match="network"):
        small(AutoencoderTransformer, network).fit(X)


@pytest.mark.thorough
def test_a_search_over_the_networks_parameters(X):
    model = small(AutoencoderTransformer, Convolutional(image_shape=(3, 2), channels=(2,)))
    search = GridSearchCV(model, {"network__channels": [(1,), (2,)]}, cv=2).fit(X)
    assert search.best_params_["network__channels"] in [(1,), (2,)]
    assert model.network.channels == (2,), "the search works on clones"
    found = search.best_estimator_.architecture_["network"]["channels"]
    assert found == search.best_params_["network__channels"]


def test_clone_and_repr_of_specifications():
    network = Convolutional(channels=(4, 8), stride=3)
    assert clone(network).get_params() == network.get_params()
    assert repr(network) == "Convolutional(channels=(4, 8), stride=3)"
    model = small(AutoencoderTransformer, Recurrent(cell="gru"))
    twin = clone(model)
    assert twin.network is not model.network and twin.network.cell == "gru"
    assert "gru" in repr(model) and twin.get_params()["network__cell"] == "gru"


@pytest.mark.thorough
@pytest.mark.parametrize("jacobian", ["exact", "hutchinson"])
def test_the_contractive_penalty_of_other_networks(jacobian, X):
    network = NETWORKS["convolutional"]
    model = small(ContractiveAutoencoder, network, jacobian=jacobian, max_iter=0).fit(X)
    model.params_["encoder"]["head"]["kernel"] += 0.3
    exact = model.encoder_jacobian(X[:3])
    assert exact.shape == (3, 2, 6)
    step = 1e-3 * np.eye(6)[2]
    ends = [model.transform(X[:3] + sign * step) for sign in (1, -1)]
    np.testing.assert_allclose((ends[0] - ends[1]) / 2e-3, exact[:, :, 2], atol=0.02)
    x = model._samples(X[:3]).standardized(slice(0, 3))
    norm = jax.jit(
        lambda params, key: squared_jacobian_norm(Model(model._network, params), x, key, jacobian)
    )
    drawn = [norm(model.params_, key) for key in jax.random.split(jax.random.key(0), 200)]
    expected = np.square(exact).sum(axis=(1, 2))
    np.testing.assert_allclose(np.mean(drawn, axis=0), expected, rtol=0.1)


@pytest.mark.parametrize("penalty", short(["kl", "l1", "top_k"]))
def test_sparse_penalties_of_other_networks(penalty, X):
    model = small(SparseAutoencoder, NETWORKS["convolutional"], penalty=penalty, n_active="auto")
    assert np.isfinite(model.fit(X).transform(X)).all()
    if penalty == "kl":
        start = model.set_params(max_iter=0).fit(X)
        np.testing.assert_allclose(start.transform(X).mean(axis=0), 0.1, atol=1e-3)
