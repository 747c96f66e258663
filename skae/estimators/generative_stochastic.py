"""The generative stochastic network: a denoiser whose repeated use draws new rows."""

from functools import partial
from numbers import Integral, Real
from typing import ClassVar

import jax
import numpy as np
from sklearn.utils import check_array, check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted

from skae.core.compile.programs import compiled
from skae.core.inference import BLOCK_SAMPLES
from skae.core.losses import LOSSES
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval
from skae.objectives.denoising.corruption import with_noise_constants
from skae.objectives.walkback import run_chain, walkback_loss

__all__ = ["GenerativeStochasticNetwork"]


@autoencoder
class GenerativeStochasticNetwork(BaseAutoencoder, DenseParameters):
    """Denoising autoencoder that draws new rows: damage, rebuild, damage again.

    A denoiser knows where rows are likely to lie. Damaging a row and drawing what it may have
    been, again and again, is a Markov chain whose states are distributed as the rows are::

        h = encode(x + noise_level * e1) + code_noise_level * e2     e1, e2 standard normal, in
        x <- a draw of the row given decode(h)                       units of the data's and the
                                                                     codes' spread

        minimize  mean_i E[loss(decode(h(w_i)), x_i)] + alpha / 2 * sum of squares

    where w_i is x_i after 0 to ``n_walkback - 1`` steps of the chain (walkback): so the network
    learns to come back from where the chain would stray to. `transform` and `reconstruct` add no
    noise; `sample` runs the chain.

    Parameters
    ----------
    {parameters}

    noise_level : float, default=0.5
        Standard deviation of the noise on the rows, in units of `scale_`; above 0. More noise
        makes the chain forget its start sooner, and its rows smoother.

    code_noise_level : float, default=0.3
        Standard deviation of the noise on the codes, at least 0: in units of the codes' standard
        deviations at the start under ``init="pca"``, as it is under ``init="random"``.

    n_walkback : int, default=2
        Steps of the chain that training knows, at least 1: 1 is a denoising autoencoder without
        walkback. More steps make the chain stray less, its rows less various and an epoch longer.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    DenoisingAutoencoder : One step of it, with other kinds of noise.

    Notes
    -----
    The draw in a step is around the reconstruction r, with the deviation s J e: s the noise on the
    rows, J the Jacobian of r, e standard normal. By Tweedie's formula the rows that may have been
    damaged lie around r with covariance s^2 J, which this matches along surfaces. Without it the
    chain shrinks to the middle of the data. Cells are kept within their training range.

    The number of steps in walkback is drawn anew for each batch, and the gradient is that of the
    last: an epoch costs about twice that of the plain autoencoder with the default.

    Do not use it to know how likely a row is (no likelihood), where samples must be independent and
    quick (`VAE` draws in one pass), or to make rows that pass for real ones: bridges between far
    groups are crossed rarely, and the rows are smoother than the data.

    References
    ----------
    .. [1] Alain, Bengio, Yao, Yosinski, Thibodeau-Laufer, Zhang and Vincent (2016). GSNs:
       generative stochastic networks. Information and Inference 5, 210-249.
    .. [2] Bengio, Yao, Alain and Vincent (2013). Generalized denoising auto-encoders as generative
       models. NeurIPS 26, 899-907.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import GenerativeStochasticNetwork
    >>> X, _ = load_digits(return_X_y=True)
    >>> network = GenerativeStochasticNetwork(16, max_iter=20, random_state=0).fit(X[:1500])
    >>> network.sample(5, n_steps=100, random_state=0).shape
    (5, 64)
    >>> network.sample(5, n_steps=100, X_init=X[:1], return_path=True, random_state=0).shape
    (101, 5, 64)
    """

    noise_level: float = 0.5
    code_noise_level: float = 0.3
    n_walkback: int = 2

    _parameter_constraints: ClassVar[dict] = {
        "noise_level": [Interval(Real, 0, None, closed="neither")],
        "code_noise_level": [Interval(Real, 0, None, closed="left")],
        "n_walkback": [Interval(Integral, 1, None, closed="left")],
    }

    def _objective(self) -> Objective:
        return Objective(walkback_loss, self.loss)

    def _hyperparameters(self) -> dict[str, float]:
        return {
            "noise_level": self.noise_level,
            "code_noise_level": self.code_noise_level,
            "n_walkback": self.n_walkback,
        }

    def _initialization(self):
        return partial(
            with_noise_constants, noise="gaussian", standardized=LOSSES[self.loss].standardized
        )

    @property
    def _domain_loss(self):
        return None  # states of the chain may leave the range that the loss asks of rows

    def sample(self, n_samples=1, n_steps=100, X_init=None, random_state=None, return_path=False):
        """Run Markov chains side by side, and give where they end.

        Parameters
        ----------
        n_samples : int, default=1
            Chains, at least 1.
        n_steps : int, default=100
            Steps of each chain, at least 0. As many as it takes to forget the start.
        X_init : array-like of shape (n_samples, n_features) or (1, n_features), default=None
            Where the chains start: a row each, or one row for all. None: normal noise around the
            training mean with the spread of the data.
        random_state : int, RandomState instance or None, default=None
            None: other rows each time.
        return_path : bool, default=False
            Whether to give all states, the start first.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_steps + 1, n_samples, n_features)
            float64, in X's units.

        Raises
        ------
        ValueError
            If `n_samples` is below 1, `n_steps` below 0, `random_state` no seed, or `X_init` of
            another shape or not finite.
        TypeError
            If `n_samples` or `n_steps` is not an integer, or `X_init` is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        check_scalar(n_steps, "n_steps", Integral, min_val=0)
        random_state = check_random_state(random_state)
        rng = np.random.default_rng(random_state.randint(0, 2**31, size=4).tolist())
        start = self._chain_start(X_init, n_samples, rng)
        counts = [1] * n_steps if return_path else [n_steps]
        states = np.empty((1 + len(counts), *start.shape), np.float32)
        states[0] = start
        for first in range(0, n_samples, BLOCK_SAMPLES):
            part = slice(first, first + BLOCK_SAMPLES)
            for i, block in enumerate(self._walk(start[part], counts, rng)):
                states[i + 1, part] = block
        path = self._in_units_of_X(states, np.dtype(np.float64))
        return path if return_path else path[-1]

    def _chain_start(self, X_init, n_samples, rng):
        """States of shape (n_samples, n_features), in units of training."""
        if X_init is None:
            noise = self.params_["fixed"]["noise"]
            normal = rng.standard_normal((n_samples, self.n_features_in_))
            return (noise["mean"] + noise["scale"] * normal).astype(np.float32)
        X = check_array(X_init, dtype="numeric", input_name="X_init")
        if X.shape[1] != self.n_features_in_ or len(X) not in (1, n_samples):
            raise ValueError(
                f"X_init has the shape {X.shape}: give one row, or n_samples={n_samples} rows, of "
                f"{self.n_features_in_} cells"
            )
        return np.broadcast_to(self._samples(X).standardized(slice(None)), (n_samples, X.shape[1]))

    def _walk(self, x, counts, rng):
        """States of a block of chains after each of `counts` further steps."""
        device = self._device or jax.local_devices()[0]
        static = (self._network, self.architecture_["loss"])
        block = np.zeros((BLOCK_SAMPLES, x.shape[1]), np.float32)
        block[: len(x)] = x
        key_data = rng.integers(0, 2**32, 2, np.uint32)
        floats = {name: np.float32(value) for name, value in self._hyperparameters().items()}
        params, state, key_data, floats = jax.device_put(
            (self.params_, block, key_data, floats), device
        )
        done, program = 0, None
        for count in counts:
            args = (params, state, key_data, np.int32(done), np.int32(count), floats)
            if program is None:
                program, _ = compiled(run_chain, static, args)
            state, done = program(*args), done + count
            yield np.asarray(state)[: len(x)]
