"""The seed of a fit from scikit-learn's `random_state`."""

import numpy as np
from sklearn.utils import check_random_state

from skae._typing import RandomState

__all__ = ["make_seed"]


def make_seed(random_state: RandomState, n_steps: int = 0) -> np.random.SeedSequence:
    """A seed for one fit; a different one if training continues after `n_steps`."""
    # check_random_state(None) would return NumPy's global generator
    if random_state is None:
        return np.random.SeedSequence()
    entropy = check_random_state(random_state).randint(0, 2**31, size=4)
    return np.random.SeedSequence([*entropy.tolist(), n_steps])
