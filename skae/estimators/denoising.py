"""The denoising autoencoder: reconstructs samples from corrupted ones."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Self

import jax
import numpy as np
from sklearn.utils import check_random_state

from skae._typing import ArrayLike, FloatArray, MatrixLike, RandomState
from skae.core.compile.programs import compiled
from skae.core.compile.settings import concrete_settings
from skae.core.devices import default_device, find_device
from skae.core.inference import BLOCK_SAMPLES
from skae.core.losses import LOSSES
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.fit_arguments import fit_context
from skae.estimators.base.input_checks import output_dtype
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sample_shape import sample_shape
from skae.estimators.base.sklearn_compat import StrOptions, reals_from
from skae.estimators.base.task import fit_estimator, partial_fit_estimator
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
    """Denoising autoencoder: noise-robust codes, by reconstructing samples from corrupted ones.

    Random noise corrupts the input of the encoder, and the network is trained to reconstruct the
    uncorrupted samples. To do so, it must learn the dependencies between features: the value of a
    corrupted feature can only be inferred from the others. The noise acts as a regularization. It
    keeps a large network from learning the identity function, gives robust features for other
    models, and makes a trained network remove noise from samples::

        minimize  mean_i E[loss(decode(encode(corrupt(x_i))), x_i)] + alpha / 2 * sum of squares

    The expectation is over the noise, which is drawn anew in every optimizer step. `transform`
    adds no noise. ``inverse_transform(transform(X))``, or `reconstruct` in one pass, denoises
    samples that are noisy already.

    Where noisy versions of the samples were recorded, ``fit(X, X_noisy=X_noisy)`` trains on the
    pairs instead of drawing noise.

    Parameters
    ----------
    {parameters}

    noise : str or callable, default="gaussian"
        The corruption:

        - "gaussian" adds independent Gaussian noise to each feature value.
        - "dropout" replaces feature values by their training mean with probability
          `noise_level`, and divides the other values' deviations from the mean by
          ``1 - noise_level``. The expected value of a corrupted sample is the sample, so the
          clean samples that `transform` receives have the scale of those in training.
        - "masking" replaces feature values by their training mean with probability `noise_level`.
        - "salt_and_pepper" replaces feature values, with probability `noise_level`, by the
          smallest or the largest training value of the feature, each equally often.
        - "swap" replaces feature values, with probability `noise_level`, by those of another
          sample of the mini-batch, drawn by weight. It preserves the distribution of each
          feature, which suits tabular data.

        A function ``(x, key) -> x`` corrupts samples in the units of X, with jax.numpy and
        jax.random; it must keep the shape.

    noise_level : float, default=0.3
        Standard deviation of "gaussian" noise in units of `scale_` (0.5 is half of the spread of
        the data; divide one in units of X by `scale_`), or the probability of the other
        corruptions, below 1. At least 0; not used by a function.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    AutoencoderTransformer : The same without noise.
    GenerativeStochasticNetwork : Draws samples by repeated denoising.

    Notes
    -----
    The validation loss is computed on corrupted samples, with the same noise in every epoch.

    With recorded pairs, `noise` and `noise_level` are used by `corrupt` only, and in layer-wise
    pretraining the inputs of each pair of layers are computed from the noisy samples. The
    initialization and the units come from the clean samples.

    With ``pretraining="layerwise"`` it is a stacked denoising autoencoder [2]_: the inputs of
    each pair of layers are corrupted.

    Do not use it if fine details matter and the samples are clean: a denoising autoencoder
    smooths, and the plain autoencoder has a lower reconstruction error. For Gaussian samples the
    Wiener filter is as good and has a closed form. Noise in training helps little against noise
    of another kind: pass a function that models the noise to remove.

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

    Recorded pairs, here of images and the same images out of focus:

    >>> from scipy.ndimage import gaussian_filter
    >>> blurred = gaussian_filter(X.reshape(-1, 8, 8), (0, 1, 1)).reshape(X.shape)
    >>> model = DenoisingAutoencoder(32, max_iter=20, random_state=0)
    >>> model = model.fit(X[:1500], X_noisy=blurred[:1500])
    >>> sharp = model.reconstruct(blurred[1500:])
    >>> bool(((sharp - X[1500:]) ** 2).mean() < 0.3 * ((blurred - X)[1500:] ** 2).mean())
    True
    """

    noise: Any = "gaussian"
    noise_level: float = 0.3

    _further_weights = ("noise",)
    _parameter_constraints: ClassVar[dict] = {
        "noise": [StrOptions(set(CORRUPTIONS)), callable],
        "noise_level": [reals_from(0)],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        X_val: MatrixLike | None = None,
        groups: ArrayLike | None = None,
        X_noisy: MatrixLike | None = None,
        X_val_noisy: MatrixLike | None = None,
    ) -> Self:
        """Train the autoencoder on samples and random noise, or on recorded pairs.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Clean training samples of any real dtype. CSR is converted to dense batch by batch,
            never as a whole.
        y : None or labels
            Ignored. Numeric samples with the features of X raise an error.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0. A weight of 2 is equivalent to a duplicated sample; weights below
            1e-20 of the largest count as 0.
        X_val : {array-like, CSR matrix} of shape (n_val, n_features), default=None
            Validation set for early stopping, instead of a part of X. A Pipeline transforms it only
            with ``Pipeline(transform_input=["X_val"])``.
        groups : array-like of shape (n_samples,), default=None
            Group of each sample, such as its person or series. Validation sets hold whole groups.
            Use it where new samples come from new groups.
        X_noisy : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            Recorded noisy versions of the samples: row i belongs to row i of X. The encoder
            receives them, and no noise is added. Any finite values. Pairs stay together in the
            validation split and in cross-validation; equal samples of X with different noisy
            versions are different samples. A Pipeline transforms them only with
            ``Pipeline(transform_input=["X_noisy"])``.
        X_val_noisy : {array-like, CSR matrix} of shape (n_val, n_features), default=None
            Noisy versions of the samples of X_val; required where X_noisy and X_val are passed.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If X contains NaN, infinity or values beyond 1e150, a parameter is out of range, X lies
            outside [0, 1] under cross-entropy, y holds samples, a split has no samples for training
            or validation, or `checkpoint` is the file of another fit; or if
            noisy samples have another shape than the clean ones, contain NaN or infinity, or are
            missing in one of X_noisy and X_val_noisy.
        """
        return fit_estimator(
            self,
            X,
            y,
            sample_weight,
            groups,
            X_val=X_val,
            X_noisy=X_noisy,
            X_val_noisy=X_val_noisy,
        )

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        X_noisy: MatrixLike | None = None,
    ) -> Self:
        """Train for one epoch on these samples, at a constant learning rate.

        As `AutoencoderTransformer.partial_fit`: fewer than 32 first samples, or fewer than twice as
        many as components, are kept until later calls complete them. Pass blocks in random order.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Clean training samples of any real dtype.
        y : None or labels
            Ignored. Numeric samples with the features of X raise an error.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0.
        X_noisy : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            Recorded noisy versions of the samples, as in `fit`.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If X contains NaN, infinity or values beyond 1e150, or has other features than in the
            first call; if a parameter is out of range, or the parameters describe another network
            than the fitted one; if X lies outside [0, 1] under cross-entropy; if y holds samples;
            with ``pretraining="layerwise"``; or as `fit` for X_noisy.
        """
        return partial_fit_estimator(self, X, y, sample_weight, X_noisy=X_noisy)

    def _objective(self) -> Objective:
        noise = resolve_noise(self.noise)
        probability = isinstance(noise, str) and CORRUPTIONS[noise].is_probability
        if probability and self.noise_level >= 1:
            raise ValueError(
                f"noise_level={self.noise_level} is a probability with noise={noise!r}: choose a "
                "value below 1"
            )
        return Objective(denoising_loss, self.loss, (("noise", noise),))

    def _hyperparameters(self) -> dict[str, float]:
        return {"noise_level": self.noise_level}

    def _initialization(self) -> Callable:
        return partial(
            with_noise_constants,
            noise=resolve_noise(self.noise),
            standardized=LOSSES[self.loss].standardized,
        )

    def _layer_objective(self) -> Callable:
        return partial(denoising_layer_objective, noise=resolve_noise(self.noise))

    def corrupt(self, X: MatrixLike, random_state: RandomState = None) -> FloatArray:
        """Corrupt samples by the noise of training.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        random_state : int, RandomState instance or None, default=None
            Seed of the noise. Pass an int for reproducible noise; None draws new noise in each
            call.

        Returns
        -------
        X_noisy : ndarray of shape (n_samples, n_features)
            Corrupted samples, of the floating dtype of X; float32 if X is not floating.

        Raises
        ------
        ValueError
            If X has no samples, contains NaN or infinity, or has other features than in `fit`; or
            if `random_state` is not a seed.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        shape, X = sample_shape(X), self._checked(X)
        generator = check_random_state(random_state)
        key_data = generator.randint(0, 2**32, 2, np.uint32)
        # A random order, so that the donors of "swap" do not depend on the order of the samples.
        order = generator.permutation(X.shape[0])
        noisy = np.empty(X.shape, np.float32)
        for start in range(0, len(order), BLOCK_SAMPLES):
            # The last block is filled up with the first samples: "swap" needs other samples.
            block = order[np.arange(start, start + BLOCK_SAMPLES) % len(order)]
            corrupted = self._corrupt_block(
                key_data ^ np.uint32(start), self._samples(X).standardized(block)
            )
            part = block[: len(order) - start]
            noisy[part] = corrupted[: len(part)]
        noisy = self._in_units_of_X(noisy, output_dtype(X))
        return noisy if shape is None else noisy.reshape(len(noisy), *shape)

    @concrete_settings()
    def _corrupt_block(self, key_data: np.ndarray, x: np.ndarray) -> Any:
        """Corrupt a block of `BLOCK_SAMPLES` standardized samples."""
        device = find_device(self.device, or_default=True) or default_device()
        constants = self.params_["fixed"]["noise"]
        weight = np.ones(len(x), np.float32)
        args = (key_data, np.float32(self.noise_level), constants, x, weight)
        args = jax.device_put(args, device)
        program, _ = compiled(corrupt_block, resolve_noise(self.noise), args)
        return np.asarray(program(*args))
