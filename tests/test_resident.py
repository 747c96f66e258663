"""Samples kept in device memory: the same fit as with transferred ones, and no second transfer."""

import jax
import numpy as np
import pytest
from scipy import sparse

from skae import AutoencoderTransformer, DenoisingAutoencoder, PretrainedClassifier
from skae.core.compile.programs import clear_programs
from skae.core.data import resident
from skae.core.data.resident import Resident, may_stay
from skae.core.data.samples import Samples, n_batches
from skae.core.training import driver as engine
from tests.datasets import curved
from tests.discovery import short
from tests.test_compilation import compilations

N_SAMPLES = 150
SETTINGS = {"hidden_layer_sizes": (8,), "batch_size": 32, "max_iter": 3, "random_state": 0}


class Card:
    """A device of its own memory, as far as it is asked."""

    platform = "gpu"

    def __init__(self, stats):
        self.memory_stats = lambda: stats


@pytest.fixture
def staying(monkeypatch):
    """Every fit's samples stay, and reach the device in several blocks; counts these fits."""
    made = []
    monkeypatch.setattr(resident, "TRAINING_BLOCK_BYTES", 500)
    monkeypatch.setattr(resident, "_available_bytes", lambda device: 10**9)
    monkeypatch.setattr(
        engine, "Resident", lambda *given: made.append(Resident(*given)) or made[-1]
    )
    return made


def same_both_ways(answers, staying, monkeypatch):
    """Whether fits give the same with samples that stay and with samples that are sent."""
    stayed = answers()
    count = len(staying)
    assert count > 0
    monkeypatch.setattr(engine, "may_stay", lambda *_: False)
    np.testing.assert_allclose(answers(), stayed, rtol=1e-4, atol=1e-4)
    assert len(staying) == count


KINDS = {
    "float32": lambda X: X.astype(np.float32),
    "float64": lambda X: X,
    "far from 0": lambda X: X + 1e6,
    "uint8": lambda X: (255 * X).astype(np.uint8),
    "columns": lambda X: np.asfortranarray(X, dtype=np.float32),
    "sparse": lambda X: sparse.csr_array(np.where(X > 0.5, X, 0)),
    "repeated": lambda X: np.repeat(X[:50], 3, axis=0),
}


@pytest.mark.parametrize("early_stopping", short([False, True]))
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_codes(kind, early_stopping, staying, monkeypatch):
    cells = curved(N_SAMPLES, 6)
    cells = (cells - cells.min()) / np.ptp(cells)
    model = AutoencoderTransformer(2, early_stopping=early_stopping, **SETTINGS)
    X = KINDS[kind](cells)
    same_both_ways(lambda: model.fit(X).transform(X), staying, monkeypatch)


@pytest.mark.thorough
def test_noise_and_held_out_samples(staying, monkeypatch):
    model = DenoisingAutoencoder(2, early_stopping=True, validation_fraction=0.2, **SETTINGS)
    X = curved(N_SAMPLES, 6)
    same_both_ways(lambda: model.fit(X).transform(X), staying, monkeypatch)


@pytest.mark.thorough
def test_targets_and_samples_without(staying, monkeypatch):
    X = curved(N_SAMPLES, 6)
    y = np.where(np.arange(N_SAMPLES) % 3, -1, X[:, 0] > np.median(X[:, 0]))
    model = PretrainedClassifier(
        AutoencoderTransformer(2, **SETTINGS), unlabeled=-1, max_iter=3, random_state=0
    )
    same_both_ways(lambda: model.fit(X, y).predict_proba(X), staying, monkeypatch)


def test_a_batch_holds_its_samples_and_padding_is_0(staying):
    X = curved(40, 6).astype(np.float32)
    index = np.random.default_rng(0).permutation(40)[:33]
    weight = np.linspace(1, 2, 40)
    source = Resident(Samples(X), index, 8, jax.local_devices()[0])
    batches = np.array_split(index[::-1], n_batches(33, 8))
    for _ in range(3):
        cells, weights, targets, places = source.filled(batches, weight)
        assert targets.shape == (source.capacity, 8, 0)
        assert cells.shape == (64, 6)
        for batch, places_, weights_ in zip(batches, places, weights, strict=False):
            samples = np.asarray(cells)[places_]
            np.testing.assert_array_equal(samples[: len(batch)], X[batch])
            np.testing.assert_array_equal(samples[len(batch) :], 0)
            np.testing.assert_allclose(weights_[: len(batch)], weight[batch], rtol=1e-6)
            np.testing.assert_array_equal(weights_[len(batch) :], 0)


def test_samples_are_sent_once(staying):
    source = Resident(Samples(curved(40, 6)), np.arange(40), 8, jax.local_devices()[0])
    first, later = (source.filled([np.arange(8)], np.ones(40))[0] for _ in range(2))
    assert first is later


def test_fits_to_about_as_many_samples_share_programs(staying):
    clear_programs()
    model = AutoencoderTransformer(2, early_stopping=False, **SETTINGS)
    model.fit(curved(N_SAMPLES, 7)).transform(curved(5, 7))
    with compilations() as found:
        model.fit(curved(N_SAMPLES + 40, 7)).transform(curved(5, 7))
    assert found == [] and len(staying) == 2


def test_only_where_there_is_room():
    samples = Samples(np.zeros((10**4, 1000), np.float32))
    roomy = Card({"bytes_limit": 4 * 2**14 * 4000})
    assert may_stay(samples, 10**4, roomy)
    assert not may_stay(samples, 10**4, Card({"bytes_limit": 4 * 2**14 * 4000 - 4}))
    # what a few blocks hold has a shape that does not depend on the number of samples
    assert not may_stay(samples, 1000, roomy)
    for unknown in (None, {}):
        assert not may_stay(samples, 10**4, Card(unknown))
    assert not may_stay(samples, 10**4, jax.local_devices(backend="cpu")[0])
