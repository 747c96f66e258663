"""Methods of autoencoders with a prior: draws of new samples, interpolation between samples."""

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state, check_scalar

from skae._typing import FloatArray, RandomState
from skae.estimators.base.decoding import decoded
from skae.estimators.base.first_samples import check_is_fitted
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.sklearn_compat import check_array

__all__ = ["GenerativeMixin"]


class GenerativeMixin:
    """Adds `sample` and `interpolate` to an autoencoder whose codes have a prior."""

    if TYPE_CHECKING:  # attributes of the estimator that this class is mixed into

        def __getattr__(self, name: str) -> Any: ...

    _prior_units: ClassVar[bool] = True

    def _draw_codes(self, rng: np.random.Generator, n_samples: int) -> FloatArray:
        """Codes of shape (n_samples, n_components) from the prior, as `transform` returns them."""
        raise NotImplementedError

    def sample(self, n_samples: int = 1, random_state: RandomState = None) -> FloatArray:
        """Draw new samples: codes drawn from the prior, decoded without noise.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples to draw, at least 1.
        random_state : int, RandomState instance or None, default=None
            Seed. None: different samples in each call.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            float64, in X's units.

        Raises
        ------
        ValueError
            If `n_samples` is below 1, or `random_state` is not a seed.
        TypeError
            If `n_samples` is not an integer.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        # not the estimator's own `random_state`, with which all calls would return the same samples
        entropy = None
        if random_state is not None:
            entropy = check_random_state(random_state).randint(0, 2**31, size=4).tolist()
        rng = np.random.default_rng(entropy)
        return decoded(self, self._draw_codes(rng, n_samples).astype(np.float64))

    def interpolate(self, x0: ArrayLike, x1: ArrayLike, n_steps: int = 10) -> FloatArray:
        """Interpolate between two samples: decode points on the line between their codes.

        Parameters
        ----------
        x0, x1 : array-like of shape (n_features,)
            The two samples.
        n_steps : int, default=10
            Number of samples returned, at least 2. The first and the last are the reconstructions
            of `x0` and `x1`.

        Returns
        -------
        X : ndarray of shape (n_steps, n_features)
            Of the floating dtype of `x0` and `x1`.

        Raises
        ------
        ValueError
            If `n_steps` is below 2, or `x0` and `x1` are not two samples that `transform` accepts.
        TypeError
            If `n_steps` is not an integer, or `x0` or `x1` is sparse.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        check_scalar(n_steps, "n_steps", Integral, min_val=2)
        refuse_masked(x0, "x0")
        refuse_masked(x1, "x1")
        ends = [check_array(x, ensure_2d=False, allow_nd=True, dtype="numeric") for x in (x0, x1)]
        shape = getattr(self, "sample_shape_", (self.n_features_in_,))
        if ends[0].shape != ends[1].shape or ends[0].shape not in (shape, (self.n_features_in_,)):
            raise ValueError(
                f"x0 and x1 must have shape {shape}, got arrays of shape {ends[0].shape} and "
                f"{ends[1].shape}"
            )
        first, last = self._codes(self._checked(np.stack(ends)))
        # `decoded` returns the dtype of the codes
        share = np.linspace(0, 1, n_steps, dtype=first.dtype)[:, None]
        return decoded(self, (1 - share) * first + share * last)
