"""The generative stochastic network: samples from a Markov chain of denoising steps."""

from collections.abc import Callable
from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import jax
import numpy as np
from sklearn.utils import check_random_state, check_scalar

from skae._typing import ArrayLike, FloatArray, RandomState
from skae.core.compile.programs import compiled
from skae.core.compile.settings import concrete_settings
from skae.core.devices import default_device
from skae.core.inference import BLOCK_SAMPLES
from skae.core.losses import LOSSES
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.first_samples import check_is_fitted
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sample_shape import flattened, in_fitted_shape
from skae.estimators.base.sklearn_compat import (
    check_array,
    integers_from,
    reals_above,
    reals_from,
)
from skae.objectives.denoising.corruption import with_noise_constants
from skae.objectives.walkback import run_chain, walkback_loss

__all__ = ["GenerativeStochasticNetwork"]


@autoencoder
class GenerativeStochasticNetwork(BaseAutoencoder, DenseParameters):
    """Generative stochastic network: a denoising autoencoder that generates new samples.

    A denoising autoencoder estimates which samples may have been corrupted into a noisy one.
    Corrupting a sample and drawing from this estimate, repeatedly, is a Markov chain whose
    stationary distribution approximates the distribution of the data::

        h = encode(x + noise_level * e1) + code_noise_level * e2
        x <- a draw of the clean sample given decode(h)

        minimize  mean_i E[loss(decode(h(w_i)), x_i)] + alpha / 2 * sum of squares

    e1 and e2 are standard normal, in units of the spread of the data and of the codes. w_i is the
    state of the chain after 0 to ``n_walkback - 1`` steps from x_i. This walkback training
    teaches the network to return from states to which the chain would drift. `transform` and
    `reconstruct` add no noise; `sample` runs the chain.

    Parameters
    ----------
    {parameters}

    noise_level : float, default=0.5
        Standard deviation of the noise on the samples, in units of `scale_`; above 0. With more
        noise the chain forgets its initial state sooner, and its samples are smoother.

    code_noise_level : float, default=0.3
        Standard deviation of the noise on the codes, at least 0. Under ``init="pca"`` it is in
        units of the codes' standard deviations at the initialization; under ``init="random"`` it
        is not scaled.

    n_walkback : int, default=2
        Steps of the chain in training, at least 1; 1 is a denoising autoencoder without walkback.
        With more steps the chain drifts less, its samples are less diverse, and epochs take
        longer.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    DenoisingAutoencoder : A single step, with further kinds of noise.
    VAE : Draws independent samples in a single pass.

    Notes
    -----
    Let s be the standard deviation of the noise, r the reconstruction, J its Jacobian and e
    standard normal. Each step draws ``r + s J e``. By Tweedie's formula, the samples that may
    have been corrupted have mean r and covariance ``s^2 J``, which this draw matches along a
    manifold. Without it, the chain would shrink towards the center of the data. Feature values
    are clipped to their range in the training set.

    The number of walkback steps is drawn for each mini-batch, and the gradient is that of the
    last reconstruction. With the default an epoch takes about twice as long as that of the plain
    autoencoder.

    Do not use it for likelihoods of samples, which it does not define, if samples must be
    independent or generated fast (see `VAE`), or if they must look real: the chain rarely moves
    between distant clusters, and its samples are smoother than the data.

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

    _further_weights = ("noise",)
    _parameter_constraints: ClassVar[dict] = {
        "noise_level": [reals_above(0)],
        "code_noise_level": [reals_from(0)],
        "n_walkback": [integers_from(1)],
    }

    def _objective(self) -> Objective:
        return Objective(walkback_loss, self.loss)

    def _hyperparameters(self) -> dict[str, float]:
        return {
            "noise_level": self.noise_level,
            "code_noise_level": self.code_noise_level,
            "n_walkback": self.n_walkback,
        }

    def _initialization(self) -> Callable:
        return partial(
            with_noise_constants, noise="gaussian", standardized=LOSSES[self.loss].standardized
        )

    @property
    def _domain_loss(self) -> None:
        # States of the chain may lie outside of the domain of the loss, so X is not checked
        # against it.
        return None

    def sample(
        self,
        n_samples: int = 1,
        n_steps: int = 100,
        X_init: ArrayLike | None = None,
        random_state: RandomState = None,
        return_path: bool = False,
    ) -> FloatArray:
        """Draw samples as the last states of parallel Markov chains.

        Parameters
        ----------
        n_samples : int, default=1
            Number of chains, at least 1.
        n_steps : int, default=100
            Steps of each chain, at least 0; enough for the chain to forget its initial state.
        X_init : array-like of shape (n_samples, n_features) or (1, n_features), default=None
            Initial states: one for each chain, or one for all. None: Gaussian noise with the mean
            and the spread of the training samples.
        random_state : int, RandomState instance or None, default=None
            Seed. Pass an int for reproducible samples; None draws new ones in each call.
        return_path : bool, default=False
            Whether to return all states, beginning with the initial ones.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_steps + 1, n_samples, n_features)
            float64, in the units of X.

        Raises
        ------
        ValueError
            If `n_samples` is below 1, `n_steps` is below 0, `random_state` is not a seed, or
            `X_init` has another shape or contains NaN or infinity.
        TypeError
            If `n_samples` or `n_steps` is not an integer, or `X_init` is sparse.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        check_scalar(n_steps, "n_steps", Integral, min_val=0)
        entropy = check_random_state(random_state).randint(0, 2**31, size=4)
        rng = np.random.default_rng(entropy.tolist())
        initial = self._initial_states(X_init, n_samples, rng)
        # Steps between the states to return: a single call runs all steps if only the last counts.
        counts = [1] * n_steps if return_path else [n_steps]
        states = np.empty((1 + len(counts), *initial.shape), np.float32)
        states[0] = initial
        for first in range(0, n_samples, BLOCK_SAMPLES):
            part = slice(first, first + BLOCK_SAMPLES)
            for i, block in enumerate(self._run_chains(initial[part], counts, rng)):
                states[i + 1, part] = block
        path = in_fitted_shape(self, self._in_units_of_X(states, np.dtype(np.float64)))
        return path if return_path else path[-1]

    def _initial_states(
        self, X_init: ArrayLike | None, n_samples: int, rng: np.random.Generator
    ) -> Any:
        """States of shape (n_samples, n_features), in standardized units."""
        if X_init is None:
            noise = self.params_["fixed"]["noise"]
            normal = rng.standard_normal((n_samples, self.n_features_in_))
            return (noise["mean"] + noise["scale"] * normal).astype(np.float32)
        refuse_masked(X_init, "X_init")
        X_init = flattened(self, X_init, reset=False, name="X_init")
        X = check_array(X_init, dtype="numeric", input_name="X_init")
        if X.shape[1] != self.n_features_in_ or len(X) not in (1, n_samples):
            raise ValueError(
                f"X_init has shape {X.shape}: it must have {self.n_features_in_} features, and "
                f"one sample or n_samples={n_samples} samples"
            )
        return np.broadcast_to(self._samples(X).standardized(slice(None)), (n_samples, X.shape[1]))

    def _run_chains(self, x: Any, counts: Any, rng: np.random.Generator) -> Any:
        """Yield the states of a block of chains after each of `counts` more steps."""
        device = self._device or default_device()
        static = (self._network, self.architecture_["loss"])
        # Padded to a fixed shape, so that any number of chains uses one compiled program.
        block = np.zeros((BLOCK_SAMPLES, x.shape[1]), np.float32)
        block[: len(x)] = x
        key_data = rng.integers(0, 2**32, 2, np.uint32)
        floats = {name: np.float32(value) for name, value in self._hyperparameters().items()}
        params, state, key_data, floats = jax.device_put(
            (self.params_, block, key_data, floats), device
        )
        n_done, program = 0, None
        for count in counts:
            args = (params, state, key_data, np.int32(n_done), np.int32(count), floats)
            with concrete_settings():  # not across `yield`, where the caller's code runs
                if program is None:
                    program, _ = compiled(run_chain, static, args)
                state, n_done = program(*args), n_done + count
                states = np.asarray(state)
            yield states[: len(x)]
