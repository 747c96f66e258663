"""The denoising autoencoder: noisy samples in, clean samples out."""

from functools import partial
from numbers import Real
from typing import Any, ClassVar

import jax
import numpy as np
from sklearn.utils import check_random_state

from skae.core.compile.programs import compiled
from skae.core.inference import BLOCK_SAMPLES
from skae.core.losses import LOSSES
from skae.core.objective import Objective
from skae.estimators.base.architecture import find_device
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.input_checks import output_dtype
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.objectives.denoising.corruption import (
    CORRUPTIONS,
    corrupt_block,
    resolve_noise,
    with_noise_constants,
)
from skae.objectives.denoising.objective import denoising_layer_objective, denoising_loss

__all__ = ["DenoisingAutoencoder"]


@autoencoder
class DenoisingAutoencoder(BaseAutoencoder, DenseParameters):
    """Autoencoder that is given noisy samples and must return the clean ones.

    What can be told from a damaged sample is what its cells say about each other: codes that are
    made of it make good features, and samples can be cleaned with them::

        minimize  mean_i E[loss(decode(encode(noisy(x_i))), x_i)] + alpha / 2 * sum of squares

    The noise is new in every step. `transform` adds none; ``inverse_transform(transform(X))``, or
    `reconstruct` in one pass, denoises samples that are noisy already.

    Parameters
    ----------
    {parameters}

    noise : str or callable, default="gaussian"
        "gaussian": independent normal noise on each cell. The others meet each cell with
        probability `noise_level`: "dropout" puts the training mean and divides the distance from
        the mean of the cells that it keeps by ``1 - noise_level``, so that a noisy sample is on
        average the sample, and clean samples are not foreign to the network; "masking" puts the training
        mean and leaves the others; "salt_and_pepper" puts the column's least or largest training
        value, each as often; "swap" puts the value of another sample of the batch, drawn by weight:
        for tables, where it keeps every column's distribution. A function ``(x, key) -> x`` makes
        noisy samples of samples in X's units with jax.numpy and jax.random; it must keep the shape.

    noise_level : float, default=0.3
        The standard deviation of "gaussian" in units of `scale_` (0.5 is half of the spread of the
        data), or the probability of the other kinds, below 1. At least 0; not used by a function.
        Another level does not compile again.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    AutoencoderTransformer : The same without noise.

    Notes
    -----
    Early stopping compares losses on noisy held-out samples, always with the same noise.

    Under cross-entropy noisy samples may leave [0, 1]; only samples to fit must lie there.

    Do not use it where the smallest details matter and samples come clean: a denoiser smooths, and
    the plain autoencoder loses less. Where the samples are Gaussian, the Wiener filter is as good and
    has a closed form. Noise that is unlike that of the samples to clean helps little: give a function.

    References
    ----------
    .. [1] Vincent, Larochelle, Bengio and Manzagol (2008). Extracting and composing robust features
       with denoising autoencoders. ICML, 1096-1103.
    .. [2] Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010). Stacked denoising autoencoders:
       learning useful representations in a deep network with a local denoising criterion. Journal
       of Machine Learning Research 11, 3371-3408.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> denoiser = DenoisingAutoencoder(20, noise_level=0.5, max_iter=20, random_state=0)
    >>> denoiser = denoiser.fit(X[:1500])
    >>> noisy = denoiser.corrupt(X[1500:], random_state=0)
    >>> clean = denoiser.inverse_transform(denoiser.transform(noisy))
    >>> bool(((clean - X[1500:]) ** 2).mean() < 0.7 * ((noisy - X[1500:]) ** 2).mean())
    True
    """

    noise: Any = "gaussian"
    noise_level: float = 0.3

    _parameter_constraints: ClassVar[dict] = {
        "noise": [StrOptions(set(CORRUPTIONS)), callable],
        "noise_level": [Interval(Real, 0, None, closed="left")],
    }

    def _objective(self) -> Objective:
        noise = resolve_noise(self.noise)
        probability = isinstance(noise, str) and CORRUPTIONS[noise].is_probability
        if probability and self.noise_level >= 1:
            raise ValueError(
                f"noise_level={self.noise_level} is a probability under noise={noise!r}: it must "
                "be below 1"
            )
        return Objective(denoising_loss, self.loss, (("noise", noise),))

    def _hyperparameters(self) -> dict[str, float]:
        return {"noise_level": self.noise_level}

    def _initialization(self):
        return partial(
            with_noise_constants,
            noise=resolve_noise(self.noise),
            standardized=LOSSES[self.loss].standardized,
        )

    def _layer_objective(self):
        return partial(denoising_layer_objective, noise=resolve_noise(self.noise))

    @property
    def _domain_loss(self):
        return None  # noisy samples may leave the range that the loss asks of clean ones

    def corrupt(self, X, random_state=None):
        """Noisy samples, as training makes them: to look at, or to denoise.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        random_state : int, RandomState instance or None, default=None
            Seed of the noise. An int gives the same noise again, None new noise each time.

        Returns
        -------
        X_noisy : ndarray of shape (n_samples, n_features)
            Of X's floating dtype; float32 for anything not floating.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity, or
            `random_state` is no seed.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        X = self._checked(X)
        random_state = check_random_state(random_state)
        key_data = random_state.randint(0, 2**32, 2, np.uint32)
        order = random_state.permutation(X.shape[0])  # "swap" must not depend on who stands near
        noisy = np.empty(X.shape, np.float32)
        for start in range(0, len(order), BLOCK_SAMPLES):
            # the last block is filled with samples from the front, so that none is without another
            block = order[np.arange(start, start + BLOCK_SAMPLES) % len(order)]
            made = self._noisy_block(
                key_data ^ np.uint32(start), self._samples(X).standardized(block)
            )
            part = block[: len(order) - start]
            noisy[part] = made[: len(part)]
        return self._in_units_of_X(noisy, output_dtype(X))

    def _noisy_block(self, key_data, x):
        """Noisy samples of a block of `BLOCK_SAMPLES`, in units of training."""
        device = find_device(self.device, or_default=True) or jax.local_devices()[0]
        constants = self.params_["fixed"]["noise"]
        weight = np.ones(len(x), np.float32)
        args = (key_data, np.float32(self.noise_level), constants, x, weight)
        args = jax.device_put(args, device)
        program, _ = compiled(corrupt_block, resolve_noise(self.noise), args)
        return np.asarray(program(*args))
