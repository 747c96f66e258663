"""The same seed gives the same bits in a loop, in threads and in other processes."""

import re
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from multiprocessing import get_context

import numpy as np
import pytest
from joblib import Parallel, delayed

from skae import AutoencoderTransformer
from tests.conftest import ROOT
from tests.datasets import curved
from tests.discovery import AUTOENCODERS, REPRESENTATIVES, fast


def fit_and_transform(cls, seed, early_stopping):
    X = curved()
    model = fast(cls, random_state=seed, early_stopping=early_stopping).fit(X)
    return model.transform(X), model.reconstruct(X), model.history_["loss"]


def jobs(cls):
    return [
        delayed(fit_and_transform)(cls, seed, early_stopping)
        for seed in (0, 1)
        for early_stopping in (True, False)
    ]


@cache
def in_a_loop(cls):
    return [function(*args) for function, args, _ in jobs(cls)]


def assert_same_bits(results, expected):
    for one, other in zip(results, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.representatives
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_loop_twice(cls):
    again = [function(*args) for function, args, _ in reversed(jobs(cls))][::-1]
    assert_same_bits(again, in_a_loop(cls))


@pytest.mark.representatives
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_threads(cls):
    assert_same_bits(Parallel(4, backend="threading")(jobs(cls)), in_a_loop(cls))


def test_threads_that_compile_the_same_program_at_once():
    X = curved(64, 13)

    def fit(_):
        return fast(AutoencoderTransformer).fit(X).transform(X)

    results = Parallel(4, backend="threading")(delayed(fit)(i) for i in range(4))
    for codes in results[1:]:
        np.testing.assert_array_equal(codes, results[0])


@pytest.mark.thorough
def test_loky_workers():
    together = [jobs(cls)[0] for cls in REPRESENTATIVES]
    expected = [in_a_loop(cls)[0] for cls in REPRESENTATIVES]
    assert_same_bits(Parallel(2, backend="loky")(together), expected)


@pytest.mark.thorough
def test_spawned_processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(fit_and_transform, REPRESENTATIVES, repeat(0), repeat(True)))
    assert_same_bits(found, [in_a_loop(cls)[0] for cls in REPRESENTATIVES])


RECIPES = """
from pathlib import Path
import numpy as np

{in_threads}

assert search.n_features_in_ == X.shape[1]

{in_processes}

alone = [AutoencoderTransformer(5, max_iter=5, random_state=seed).fit(X) for seed in range(2)]
for one, other in zip(fitted, alone, strict=True):
    codes = other.transform(X)
    np.testing.assert_allclose(one.transform(X), codes, atol=0.01 * abs(codes).max())


def threads_of_a_worker(core):
    fit_on_core(core, AutoencoderTransformer(2, max_iter=1), X)
    tasks = Path("/proc/self/task")
    names = [(task / "comm").read_text() for task in tasks.iterdir()] if tasks.exists() else []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return cores, sum("XLAEigen" in name for name in names)


for cores, threads in Parallel(n_jobs=2)(delayed(threads_of_a_worker)(i) for i in range(2)):
    assert cores == 1 and threads <= 1, (cores, threads)
"""


@pytest.mark.thorough
def test_recipes_of_the_guide(run_python):
    """Each worker of the guide's recipe stays on the core that it is given."""
    page = (ROOT / "docs" / "guide" / "parallel.md").read_text(encoding="utf-8")
    in_threads, in_processes, *_ = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    run_python(RECIPES.format(in_threads=in_threads, in_processes=in_processes))


@pytest.mark.parametrize("cls", AUTOENCODERS)
@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_device_by_name(cls, device, X, fitted):
    model = fast(cls, device=device).fit(X)
    np.testing.assert_allclose(model.transform(X), fitted(cls).transform(X), rtol=1e-3, atol=1e-4)
