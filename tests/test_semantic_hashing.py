"""Semantic hashing: bits and bytes, initialization by ITQ, neighborhood preservation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skae import SemanticHasher
from skae.objectives.hashing.iterative_quantization import iterative_quantization
from skae.objectives.hashing.neighborhoods import neighbor_features, neighborhood_divergence
from tests.datasets import correlated, curved
from tests.discovery import fast, short


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def hasher(digits):
    return SemanticHasher(12, hidden_layer_sizes=(32,), max_iter=8, random_state=0).fit(digits[0])


def test_codes_are_bits_in_uint8(hasher, digits):
    for dtype in (np.float64, np.float32, np.uint8):
        codes = hasher.transform(digits[0][:50].astype(dtype))
        assert codes.dtype == np.uint8
        assert set(np.unique(codes)) == {0, 1}


def test_code_logits_determine_bits_and_soft_codes(hasher, digits):
    X = digits[0][:100]
    for dtype in (np.float64, np.float32, np.uint8):
        logits = hasher.code_logits(X.astype(dtype))
        assert logits.shape == (100, 12)
        assert logits.dtype == (np.float64 if dtype == np.float64 else np.float32)
        np.testing.assert_array_equal(logits > 0, hasher.transform(X))
    network, params = hasher._network, hasher.params_
    x = ((X - hasher.mean_) / hasher.scale_).astype(np.float32)
    np.testing.assert_allclose(logits, network.preactivation(params, x), rtol=1e-4, atol=1e-4)


def test_noise_on_the_logits_saturates_soft_codes(digits):
    """Salakhutdinov and Hinton 2009: codes that stand noise are nearly binary."""
    X = digits[0][:300]
    medians = []
    for level in (0.0, 8.0):
        model = SemanticHasher(
            12, hidden_layer_sizes=(), binarization="noise", noise_level=level, max_iter=5,
            similarity_weight=0.0, early_stopping=False, random_state=0,
        ).fit(X)  # fmt: skip
        medians.append(np.median(np.abs(model.code_logits(X))))
    assert medians[1] > 4 * medians[0]


@pytest.mark.parametrize("far", [1e20, 1e200])
def test_code_logits_of_extreme_samples_are_finite(hasher, far):
    assert np.isfinite(hasher.code_logits(np.full((3, 64), far))).all()
    with pytest.raises(ValueError, match="contains NaN"):
        hasher.code_logits(np.full((3, 64), np.nan))


def test_fit_transform_and_data_frames_contain_bits(X):
    model = fast(SemanticHasher).set_output(transform="polars")
    codes = model.fit_transform(X)
    assert codes.columns == ["semantichasher0", "semantichasher1"]
    assert all(str(dtype) == "UInt8" for dtype in codes.dtypes)


def test_first_bit_is_the_most_significant(hasher, digits):
    codes, hashes = hasher.transform(digits[0]), hasher.hash(digits[0])
    assert hashes.shape == (len(codes), 2) and hashes.dtype == np.uint8
    np.testing.assert_array_equal(hashes[:, 0], codes[:, :8] @ (1 << np.arange(7, -1, -1)))
    np.testing.assert_array_equal(hashes[:, 1], codes[:, 8:] @ (1 << np.arange(7, 3, -1)))
    np.testing.assert_array_equal(hashes[:, 0] >> 7, codes[:, 0])


@pytest.mark.parametrize("n_components, width", short([(9, 2), (1, 1), (8, 1), (16, 2)]))
def test_bytes_of_a_code(n_components, width, X):
    model = fast(SemanticHasher, n_components=n_components).fit(X)
    assert model.hash(X).shape == (len(X), width)
    back = model.inverse_transform(model.hash(X), packed=True)
    np.testing.assert_array_equal(back, model.inverse_transform(model.transform(X)))
    np.testing.assert_array_equal(back, model.reconstruct(X.astype(np.float32)))


def test_inverse_transform_accepts_bits_of_any_dtype(hasher, digits):
    codes = hasher.transform(digits[0][:20])
    back = hasher.inverse_transform(codes)
    assert back.dtype == np.float32
    assert hasher.inverse_transform(codes.astype(np.float64)).dtype == np.float64
    np.testing.assert_array_equal(hasher.inverse_transform(codes.astype(bool)), back)


def test_inverse_transform_rejects_invalid_codes(hasher):
    with pytest.raises(ValueError, match="packed=True"):
        hasher.inverse_transform(np.full((3, 12), 0.5))
    with pytest.raises(ValueError, match="n_components=12"):
        hasher.inverse_transform(np.zeros((3, 2), np.uint8))
    for bad in (np.zeros((3, 12), np.uint8), np.full((3, 2), 256), np.full((3, 2), 0.5)):
        with pytest.raises(ValueError, match="2 bytes"):
            hasher.inverse_transform(bad, packed=True)
    with pytest.raises(ValueError, match="NaN"):
        hasher.inverse_transform(np.full((3, 2), np.nan), packed=True)


def test_bit_balance_is_the_weighted_fraction_of_ones(hasher, digits, X, weights):
    codes = hasher.transform(digits[0])
    np.testing.assert_allclose(hasher.bit_balance_, codes.mean(axis=0), rtol=1e-12)
    assert np.all((hasher.bit_balance_ > 0.1) & (hasher.bit_balance_ < 0.9))
    model = fast(SemanticHasher).fit(X, sample_weight=weights)
    expected = np.average(model.transform(X), axis=0, weights=weights)
    np.testing.assert_allclose(model.bit_balance_, expected, rtol=1e-12)


# ---- initialization


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy"])
@pytest.mark.parametrize("tied_weights", [False, True])
def test_initialization_is_iterative_quantization(tied_weights, loss):
    X = curved(300, 8)
    parameters = {"hidden_layer_sizes": (8,), "random_state": 0, "loss": loss}
    model = SemanticHasher(4, max_iter=0, tied_weights=tied_weights, **parameters).fit(X)
    path = np.asarray(model.params_["linear"]["encoder"], np.float64)
    projected = PCA(4).fit_transform(X)
    # The rotation in the linear skip connection, up to the scale of its columns.
    rotation = PCA(4).fit(X).components_ @ path
    rotation /= np.linalg.norm(rotation, axis=0)
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(4), atol=1e-4)
    codes = projected @ rotation
    np.testing.assert_array_equal(model.transform(X), codes > 0)
    # It is a fixed point: the rotation is optimal given the signs.
    left, _, right = np.linalg.svd(projected.T @ np.sign(codes))
    np.testing.assert_allclose(left @ right, rotation, atol=0.05)


def test_initial_decoder_is_the_least_squares_solution():
    X = correlated(300, 8)
    model = SemanticHasher(4, max_iter=0, hidden_layer_sizes=(8,), random_state=0).fit(X)
    bits = np.column_stack([model.transform(X), np.ones(len(X))])
    best = bits @ np.linalg.lstsq(bits, X, rcond=None)[0]
    np.testing.assert_allclose(model.reconstruct(X), best, atol=1e-4 * X.std())


def test_rotation_reduces_the_quantization_error():
    rng = np.random.default_rng(0)
    codes = correlated(500, 6)
    codes -= codes.mean(axis=0)

    def lost(rotation):
        rotated = codes @ rotation
        return np.sum((np.sign(rotated) - rotated) ** 2)

    rotation = iterative_quantization(codes, np.ones(500), rng)
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(6), atol=1e-10)
    assert lost(rotation) < min(lost(np.eye(6)), lost(np.linalg.qr(rng.normal(size=(6, 6)))[0]))


# ---- neighbors


def test_divergence_is_zero_only_at_the_target():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(6, 6)).astype(np.float32)
    weight = np.array([1, 2, 1, 0, 1, 1], np.float32)
    np.testing.assert_allclose(neighborhood_divergence(target, target, weight), 0, atol=1e-6)
    other = neighborhood_divergence(-target, target, weight)
    assert np.all(np.asarray(other) > 0)
    # Expected value for the first sample; the sample of weight 0 is no neighbor.
    odds = [weight * np.exp(sign * target[0]) * (np.arange(6) != 0) for sign in (1, -1)]
    p, q = (o / o.sum() for o in odds)
    used = p > 0
    expected = np.sum(p[used] * np.log(p[used] / q[used]))
    np.testing.assert_allclose(other[0], expected, rtol=1e-5)


@pytest.mark.parametrize("n_samples", [1, 2])
def test_divergence_of_a_single_sample_is_zero(n_samples):
    weight = np.eye(2, dtype=np.float32)[0, :n_samples]
    similarity = jnp.ones((n_samples, n_samples))
    value, gradient = jax.value_and_grad(
        lambda a: neighborhood_divergence(a, similarity, weight)[0]
    )(0.5 * similarity)
    assert value == 0 and np.all(np.asarray(gradient) == 0)


@pytest.mark.thorough
def test_similarity_is_higher_within_classes(hasher, digits):
    X, y = digits
    constants = hasher.params_["fixed"]["neighbors"]
    x = ((X - hasher.mean_) / hasher.scale_).astype(np.float32)
    near, both = (np.asarray(neighbor_features(constants, x, far)) for far in (0.0, 2.0))
    np.testing.assert_allclose(np.sum(both**2, axis=1), 1, atol=1e-4)
    same = y[:, None] == y

    def contrast(features):
        similarity = features @ features.T
        return similarity[same].mean() - similarity[~same].mean()

    assert contrast(both) > contrast(near) + 0.02


@pytest.mark.thorough
def test_training_improves_retrieval_of_similar_samples(digits):
    """Precision on unseen samples is above that of the initialization, which is ITQ."""
    X, y = digits
    parameters = {"hidden_layer_sizes": (64,), "random_state": 0}

    def precision(model):
        queries, samples = model.transform(X[1400:]), model.transform(X[:1400])
        distances = (queries[:, None] != samples).sum(axis=2)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :50]
        return np.mean(y[:1400][nearest] == y[1400:, None])

    start = SemanticHasher(16, max_iter=0, **parameters).fit(X[:1400])
    trained = SemanticHasher(16, max_iter=60, **parameters).fit(X[:1400])
    assert precision(trained) > precision(start) + 0.02
    assert trained.score(X[1400:]) > start.score(X[1400:]) + 0.01


def test_history_contains_the_terms_of_the_loss(hasher):
    history = hasher.history_
    whole = history["reconstruction"] + hasher.similarity_weight * history["neighbors"]
    np.testing.assert_allclose(history["loss"], whole, rtol=1e-4)
    plain = fast(SemanticHasher, similarity_weight=0).fit(curved())
    assert "neighbors" not in plain.history_ and "neighbors" not in plain.params_["fixed"]


@pytest.mark.thorough
@pytest.mark.parametrize("init", short(["pca", "random"]))
def test_noise_drives_codes_to_0_and_1(init, digits):
    X = digits[0]
    model = SemanticHasher(
        8,
        hidden_layer_sizes=(32,),
        binarization="noise",
        similarity_weight=0,
        init=init,
        max_iter=10,
        early_stopping=False,
        random_state=0,
    ).fit(X)
    x = ((X - model.mean_) / model.scale_).astype(np.float32)
    from skae.estimators.base.architecture import network_of

    soft = jax.nn.sigmoid(network_of(model.architecture_).preactivation(model.params_, x))
    assert np.mean(np.minimum(soft, 1 - soft) < 0.1) > 0.6
    assert model.score(X) > 0.2


def test_docstrings_warn_about_uint8():
    assert "0 - 1" in SemanticHasher.__doc__ and "255" in SemanticHasher.transform.__doc__
    assert np.uint8(0) - np.array([1], np.uint8) == 255
