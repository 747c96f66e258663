"""What autoencoders with a prior share: new rows from it, and ways between rows."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.utils import check_array, check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted

from skae.estimators.base.autoencoder import BaseAutoencoder

__all__ = ["GenerativeAutoencoder"]


class GenerativeAutoencoder(BaseAutoencoder):
    """Base of those with a prior: `sample` from it, `interpolate` between rows."""

    _prior_units: ClassVar[bool] = True

    def _draw_codes(self, rng, n_samples):
        """Codes of shape (n_samples, n_components), as `transform` gives them."""
        raise NotImplementedError

    def sample(self, n_samples=1, random_state=None):
        """Draw rows: codes from the prior, decoded. No noise is added to the decoded rows.

        Parameters
        ----------
        n_samples : int, default=1
            At least 1.
        random_state : int, RandomState instance or None, default=None
            None: other rows each time.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            float64, in X's units.

        Raises
        ------
        ValueError
            If `n_samples` is below 1, or `random_state` is no seed.
        TypeError
            If `n_samples` is not an integer.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        # None is not the estimator's own seed: one would get the same rows again and again
        entropy = None
        if random_state is not None:
            entropy = check_random_state(random_state).randint(0, 2**31, size=4).tolist()
        rng = np.random.default_rng(entropy)
        return self.inverse_transform(self._draw_codes(rng, n_samples).astype(np.float64))

    def interpolate(self, x0, x1, n_steps=10):
        """Samples on the way from one row to another: decoded from a straight line between codes.

        Parameters
        ----------
        x0, x1 : array-like of shape (n_features,)
            The two rows.
        n_steps : int, default=10
            At least 2: the two ends, reconstructed, are among them.

        Returns
        -------
        X : ndarray of shape (n_steps, n_features)
            Of the rows' floating dtype.

        Raises
        ------
        ValueError
            If `n_steps` is below 2, or `x0` and `x1` are not two rows that `transform` takes.
        TypeError
            If `n_steps` is not an integer, or a row is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        check_scalar(n_steps, "n_steps", Integral, min_val=2)
        ends = [check_array(x, ensure_2d=False, dtype="numeric") for x in (x0, x1)]
        if ends[0].ndim != 1 or ends[0].shape != ends[1].shape:
            raise ValueError(
                f"x0 and x1 must be two rows of {self.n_features_in_} cells, got arrays of shape "
                f"{ends[0].shape} and {ends[1].shape}"
            )
        first, last = self._codes(self._checked(np.stack(ends)))
        share = np.linspace(0, 1, n_steps, dtype=first.dtype)[:, None]
        return self.inverse_transform((1 - share) * first + share * last)
