"""Many at once: threads that fit and transform get what each would have got alone."""

import threading
import time
from functools import cache

import numpy as np
import pytest

from tests.datasets import curved, labels
from tests.discovery import ESTIMATORS, REPRESENTATIVES, fast, outputs

N_THREADS = 8


@cache
def alone(cls):
    X = curved()
    model = fast(cls).fit(X, labels(X))
    return model, outputs(model, X)


def fitted_anew(cls):
    X = curved()
    return outputs(fast(cls).fit(X, labels(X)), X)


def asked_again(cls):
    """The same estimator is asked by all threads."""
    return outputs(alone(cls)[0], curved())


def all_at_once(classes, seconds, rounds):
    """Each thread takes the classes in another order, until time is up or all rounds are done."""
    expected = {cls: alone(cls)[1] for cls in classes}
    end, errors, count = time.monotonic() + seconds, [], [0]
    together = threading.Barrier(N_THREADS)

    def work(number):
        try:
            together.wait(timeout=60)
            for i in range(rounds):
                cls = classes[(i + number) % len(classes)]
                got = (fitted_anew if (i + number // 2) % 2 else asked_again)(cls)
                for name, values in expected[cls].items():
                    np.testing.assert_array_equal(got[name], values, err_msg=f"{cls}: {name}")
                count[0] += 1
                if time.monotonic() > end:
                    break
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=seconds + 300)
        assert not thread.is_alive(), "a thread hangs"
    assert not errors, errors
    return count[0]


def test_threads_get_what_each_would_have_got_alone():
    assert all_at_once(REPRESENTATIVES, 30, rounds=4) == 4 * N_THREADS


@pytest.mark.stress
def test_threads_for_a_minute():
    assert all_at_once(ESTIMATORS, 60, rounds=10**6) > N_THREADS


@pytest.mark.thorough
def test_fork_after_use_is_warned_of(run_python):
    """Fork copies locks and not the threads that hold them: jax says so where it is called."""
    done = run_python(
        """
        import os, warnings
        import skae
        skae.AutoencoderTransformer(max_iter=0).fit([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            child = os.fork()
            if child == 0:
                os._exit(0)
        os.waitpid(child, 0)
        print([str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)])
        """
    )
    assert "fork() is incompatible with multithreaded code" in done.stdout
