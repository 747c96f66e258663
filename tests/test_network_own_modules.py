"""A user's own linen modules: any that can be imported, checked before anything is trained."""

import copy
import pickle

import flax.linen as nn
import jax
import numpy as np
import pytest
from sklearn.base import clone

from skae import AutoencoderTransformer, ContractiveAutoencoder, SparseAutoencoder
from skae.estimators.base.architecture import network_of
from tests import own_modules
from tests.discovery import AUTOENCODERS, accepts
from tests.test_contract import foreign_values


def with_modules(network, cls=AutoencoderTransformer, **parameters):
    shared = {"batch_size": 32, "max_iter": 2, "random_state": 0, "early_stopping": False}
    return cls(2, network=network, **{**shared, **parameters})


@pytest.fixture(scope="module")
def own(X):
    return with_modules(own_modules.pair()).fit(X)


@pytest.mark.thorough
def test_state_is_plain_and_loads_in_a_new_process(own, X, run_python, tmp_path):
    learned = {name: value for name, value in vars(own).items() if name != "network"}
    assert foreign_values(learned) == []
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(own))
    np.save(tmp_path / "X.npy", X)
    run_python(
        f"""
        import pathlib, pickle, numpy as np
        path = pathlib.Path({str(tmp_path)!r})
        model = pickle.loads((path / "model.pickle").read_bytes())
        np.save(path / "codes.npy", model.transform(np.load(path / "X.npy")))
        """
    )
    np.testing.assert_array_equal(np.load(tmp_path / "codes.npy"), own.transform(X))


def test_clones_share_the_network(own, X):
    twin = clone(own)
    twin.fit(X)
    assert network_of(twin.architecture_) is network_of(own.architecture_)
    np.testing.assert_array_equal(twin.transform(X), own.transform(X))


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_predict_the_same_and_can_be_fitted(way, own, X):
    twin = way(own)
    np.testing.assert_array_equal(twin.transform(X), own.transform(X))
    twin.fit(X)
    np.testing.assert_array_equal(twin.transform(X), own.transform(X))


def test_own_modules_learn(X):
    start, own = (with_modules(own_modules.pair(), max_iter=n).fit(X) for n in (0, 2))
    assert float(start.params_["linear"]["gate"]) == 0.0
    assert float(own.params_["linear"]["gate"]) != 0.0
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), start.params_, own.params_)
    for part in ("encoder", "decoder"):
        assert all(leaf > 0 for leaf in jax.tree.leaves(moved[part]))


def test_lists_among_the_fields_are_frozen(X):
    network = own_modules.sequential()
    model = with_modules(network, max_iter=1).fit(X)
    assert isinstance(network[0].layers, list), "the user's module is left alone"
    hash(network_of(model.architecture_))


@pytest.mark.thorough
def test_modules_without_weights(X):
    decoder = nn.Dense(6)
    for modules in ((own_modules.Nothing(), decoder), (decoder, nn.Sequential([decoder]))):
        for init in ("pca", "random"):
            model = with_modules(modules, init=init).fit(X)
            assert np.isfinite(model.reconstruct(X)).all()


class Local(nn.Module):
    """Importable, but for its activation."""

    activation: object = None

    @nn.compact
    def __call__(self, x):
        return self.activation(nn.Dense(6)(x))


def inside_a_function():
    class Hidden(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(6)(x)

    return Hidden()


FINE = nn.Dense(6)
REFUSED = {
    "collections": ((own_modules.WithBatchNorm(), FINE), "encoder.*batch_stats"),
    "random numbers": ((own_modules.WithDropout(), FINE), "encoder.*random.*deterministic"),
    "samples mixed": ((own_modules.Summing(), FINE), "encoder.*first axis"),
    "statistics of samples": ((own_modules.Centered(), FINE), "encoder mixes samples.*axis=0"),
    "in the decoder": ((FINE, own_modules.Centered()), "decoder mixes samples"),
    "hidden by zeros": ((own_modules.HiddenSum(), FINE), "encoder mixes samples"),
    "number of samples": ((own_modules.ByNumber(), FINE), "encoder mixes samples.*number"),
    "list": ((own_modules.Listing(), FINE), "encoder returns a list"),
    "complex": ((own_modules.Complex(), FINE), "encoder has output of the dtype complex64"),
    "weights": ((FINE, own_modules.ComplexWeights()), "decoder has weights of the dtype complex64"),
    "no values": ((own_modules.Empty(), FINE), r"encoder returns shape \(2, 0\).*no values"),
    "no width": ((nn.Dense(0), FINE), "encoder fails .* width 0"),
    "its own error": ((own_modules.Encoder((5, 3)), FINE), r"encoder fails .* \(2, 6\)"),
    "output width": ((FINE, nn.Dense(5)), r"decoder.*\(2, 5\).*\(2, 6\).*6 features"),
    "lambda": ((Local(activation=lambda x: x), FINE), "field 'activation' of your Local"),
    "array": ((Local(activation=np.ones(3)), FINE), "field 'activation' of your Local"),
    "local class": ((inside_a_function(), FINE), "Hidden.*imported by name"),
    "one module": ((FINE,), "pair"),
    "no modules": ((3, "wide"), "pair"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_invalid_modules_raise(kind, X):
    network, match = REFUSED[kind]
    model = with_modules(network)
    with pytest.raises(ValueError, match=match):
        model.fit(X)
    assert not hasattr(model, "params_")


def test_penalties_that_need_the_decoders_first_layer_raise(X):
    with pytest.raises(ValueError, match="user-defined decoder"):
        with_modules(own_modules.pair(), ContractiveAutoencoder).fit(X)


def test_all_autoencoders_take_modules():
    for cls in AUTOENCODERS:
        if accepts(cls, "hidden_layer_sizes"):
            assert accepts(cls, "network")


def test_a_weight_penalty_on_unknown_layers_raises(X):
    model = with_modules(own_modules.pair(), SparseAutoencoder, decoder_alpha=0.1)
    with pytest.raises(ValueError, match=r"decoder_alpha=0\.1.*use decoder_alpha='auto'"):
        model.fit(X)


@pytest.mark.thorough
def test_modules_of_a_script_reach_the_workers_of_joblib(run_python):
    """loky's workers cannot import from `__main__`; a worker that fails to load breaks the pool."""
    printed = run_python(
        """
        import flax.linen as nn
        import numpy as np
        from sklearn.model_selection import cross_validate
        from skae import AutoencoderTransformer
        from tests.datasets import curved

        class Encoder(nn.Module):
            width: int = 4

            @nn.compact
            def __call__(self, x):
                return nn.tanh(nn.Dense(self.width)(x))

        class Decoder(nn.Module):
            @nn.compact
            def __call__(self, z):
                return nn.Dense(6)(nn.tanh(z))

        model = AutoencoderTransformer(
            network=(Encoder(3), Decoder()), max_iter=1, random_state=0, early_stopping=False
        )
        alone = cross_validate(model, curved(), cv=2)["test_score"]
        found = cross_validate(model, curved(), cv=2, n_jobs=2, return_estimator=True)
        assert type(found["estimator"][0].network[0]) is Encoder
        np.testing.assert_allclose(found["test_score"], alone, rtol=1e-4)
        print("equal")
        """
    )
    assert printed.stdout.strip() == "equal"
