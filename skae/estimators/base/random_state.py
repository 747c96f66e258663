"""From scikit-learn's `random_state` to a seed of one fit."""

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["make_seed"]


def make_seed(random_state, n_steps: int = 0) -> np.random.SeedSequence:
    """A seed for one fit; another one where training goes on after `n_steps`."""
    if random_state is None:  # not NumPy's global generator
        return np.random.SeedSequence()
    entropy = check_random_state(random_state).randint(0, 2**31, size=4)
    return np.random.SeedSequence([*entropy.tolist(), n_steps])
