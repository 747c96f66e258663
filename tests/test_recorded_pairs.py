"""DenoisingAutoencoder.fit(X, X_noisy=...): recorded pairs of clean and noisy samples."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import DenoisingAutoencoder
from skae.core.data.deduplication import canonical_samples
from skae.core.data.samples import Samples
from skae.networks import Convolutional, Recurrent
from tests.datasets import curved
from tests.discovery import fast, short

X = curved()
X_NEW = curved(40, seed=1)


def distorted(X, seed=0):
    """Samples as a miscalibrated instrument with noise records them."""
    mixing = np.eye(X.shape[1]) + 0.3 * np.roll(np.eye(X.shape[1]), 1, axis=1)
    return X @ mixing + 0.2 + 0.02 * np.random.default_rng(seed).normal(size=X.shape)


NOISY, NOISY_NEW = distorted(X), distorted(X_NEW, 1)


def denoiser(**parameters):
    return fast(DenoisingAutoencoder, **parameters)


def equal(one, other):
    np.testing.assert_array_equal(one.reconstruct(X_NEW), other.reconstruct(X_NEW))


def test_recorded_noise_is_removed():
    parameters = {"n_components": 6, "max_iter": 30, "learning_rate": 1e-2}
    model = denoiser(early_stopping=False, **parameters).fit(X, X_noisy=NOISY)
    errors = [np.mean((X_hat - X_NEW) ** 2) for X_hat in (model.reconstruct(NOISY_NEW), NOISY_NEW)]
    assert errors[0] < 0.1 * errors[1]


def test_the_loss_compares_reconstructions_of_noisy_samples_with_clean_ones():
    model = denoiser(max_iter=0).fit(X, X_noisy=NOISY)
    model.set_params(warm_start=True, max_iter=1, learning_rate=1e-30).fit(
        X, X_val=X_NEW, X_noisy=NOISY, X_val_noisy=NOISY_NEW
    )
    expected = [
        np.mean((model.reconstruct(noisy) - clean) ** 2) / model.scale_**2
        for noisy, clean in ((NOISY, X), (NOISY_NEW, X_NEW))
    ]
    found = [model.history_[name][0] for name in ("loss", "validation_loss")]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(model.mean_, X.mean(axis=0))


SETTINGS = {
    "cross-validation": {},
    "validation split": {"validation_fraction": 0.3},
    "cross-entropy": {"loss": "binary_cross_entropy", "early_stopping": False},
    "layer-wise": {"pretraining": "layerwise", "init": "random", "early_stopping": False},
    "convolutional": {
        "network": Convolutional(channels=(2,), image_shape=(2, 3)),
        "hidden_layer_sizes": "auto",
        "early_stopping": False,
    },
    "recurrent": {
        "network": Recurrent(hidden_sizes=(3,), sequence_shape=(3, 2)),
        "hidden_layer_sizes": "auto",
        "early_stopping": False,
    },
}


@pytest.mark.parametrize("kind", short(SETTINGS, 2))
def test_weights_equal_repeated_pairs_in_any_order(kind, weights):
    model = denoiser(**SETTINGS[kind]).fit(X, X_noisy=NOISY, sample_weight=weights)
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(len(X)), weights.astype(int)))
    equal(model, denoiser(**SETTINGS[kind]).fit(X[order], X_noisy=NOISY[order]))
    assert np.isfinite(model.reconstruct(NOISY_NEW)).all()


def test_pairs_are_distinct_if_their_noisy_samples_are():
    """Compared in the user's dtype: float32 would not see the difference of large values."""
    clean = Samples(np.repeat(X[:4], 3, axis=0))
    noisy = np.repeat(X[:4] + 1e9, 3, axis=0)
    noisy[::3] += 1.0
    index, weight = canonical_samples(clean.with_targets(Samples(noisy)), np.ones(12))
    assert len(index) == 8 and sorted(weight * 12 / 8) == [1.0] * 4 + [2.0] * 4


def test_containers_give_the_same_fit(tmp_path):
    expected = denoiser().fit(X, X_noisy=NOISY)
    np.save(tmp_path / "noisy.npy", NOISY)
    np.save(tmp_path / "clean.npy", X)
    names = list("abcdef")
    mapped = np.load(tmp_path / "noisy.npy", mmap_mode="r")
    both = np.load(tmp_path / "clean.npy", mmap_mode="r")
    equal(expected, denoiser().fit(X, X_noisy=mapped))
    equal(expected, denoiser().fit(both, X_noisy=mapped))
    equal(expected, denoiser().fit(X, X_noisy=sparse.csr_array(NOISY)))
    equal(expected, denoiser().fit(sparse.csr_array(X), X_noisy=NOISY))
    frame = denoiser().fit(
        pd.DataFrame(X, columns=names), X_noisy=pd.DataFrame(NOISY, columns=names)
    )
    np.testing.assert_array_equal(
        frame.transform(X_frame := pd.DataFrame(X, columns=names)),
        expected.transform(X_frame.to_numpy()),
    )
    with pytest.raises(ValueError, match="feature names should match"):
        denoiser().fit(
            pd.DataFrame(X, columns=names), X_noisy=pd.DataFrame(NOISY, columns=names[::-1])
        )


def test_shifting_and_scaling_both_does_not_change_the_fit():
    one = denoiser(early_stopping=False).fit(X, X_noisy=NOISY)
    other = denoiser(early_stopping=False).fit(1e6 + 1e3 * X, X_noisy=1e6 + 1e3 * NOISY)
    x_hat = (other.reconstruct(1e6 + 1e3 * NOISY_NEW) - 1e6) / 1e3
    np.testing.assert_allclose(x_hat, one.reconstruct(NOISY_NEW), atol=1e-4)


def test_partial_fit_and_warm_start_continue_on_pairs():
    model = denoiser(learning_rate=1e-2)
    for _ in range(2):
        for part in np.array_split(np.arange(96), 3):
            model.partial_fit(X[part], X_noisy=NOISY[part])
    start = np.mean((model.reconstruct(NOISY_NEW) - X_NEW) ** 2)
    model.set_params(warm_start=True, max_iter=30).fit(X, X_noisy=NOISY)
    assert np.mean((model.reconstruct(NOISY_NEW) - X_NEW) ** 2) < 0.8 * start
    model.partial_fit(X)  # without pairs, the noise is random again


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"X_noisy": NOISY[:5]}, r"^X_noisy of shape \(5, 6\) must have the shape of X, \(96, 6\)"),
        ({"X_noisy": NOISY[:, :5]}, "^X_noisy has 5 features"),
        ({"X_noisy": np.where(NOISY > 1, np.nan, NOISY)}, "^Input X_noisy contains NaN.*Imputer"),
        ({"X_noisy": np.ma.masked_less(NOISY, 0.5)}, "^X_noisy is a masked array"),
        ({"X_noisy": NOISY, "X_val": X_NEW}, "X_noisy and X_val_noisy belong together"),
        ({"X_val": X_NEW, "X_val_noisy": NOISY_NEW}, "X_noisy and X_val_noisy belong together"),
        ({"X_noisy": NOISY, "X_val_noisy": NOISY_NEW}, "X_val is None"),
        ({"y": NOISY}, r"DenoisingAutoencoder\(\).fit\(X_clean, X_noisy=X_noisy\)"),
    ],
)
def test_invalid_pairs(arguments, message):
    model = denoiser()
    with pytest.raises(ValueError, match=message):
        model.fit(X, **arguments)
    assert not hasattr(model, "n_features_in_")


def test_pairs_are_routed_through_pipelines_and_searches():
    with sklearn.config_context(enable_metadata_routing=True):
        step = denoiser().set_fit_request(X_noisy=True, sample_weight=False)
        pipeline = make_pipeline(StandardScaler(), step, transform_input=["X_noisy"])
        search = GridSearchCV(pipeline, {"denoisingautoencoder__max_iter": [0, 4]}, cv=2)
        found = search.fit(X, X_noisy=NOISY).best_estimator_
    scaler = StandardScaler().fit(X)
    expected = denoiser(**search.best_params_ and {"max_iter": found[-1].max_iter}).fit(
        scaler.transform(X), X_noisy=scaler.transform(NOISY)
    )
    equal(found[-1], expected)
