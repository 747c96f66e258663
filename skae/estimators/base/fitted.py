"""Public methods of a fitted autoencoder. None of them changes the estimator."""

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from skae._typing import FloatArray, MatrixLike
from skae.estimators.base.attribute_hints import attribute_error
from skae.estimators.base.decoding import decoded
from skae.estimators.base.first_samples import check_is_fitted
from skae.estimators.base.functions import (
    decode_in_units,
    encode_in_units,
    function_params,
    link_of,
)
from skae.estimators.base.hidden_layers import layer_activations
from skae.estimators.base.input_checks import read_weights
from skae.estimators.base.pullback import mean_pullback_metric
from skae.estimators.base.sample_shape import sample_shape
from skae.estimators.base.scores import explained_variance, mean_squared_errors
from skae.estimators.base.sklearn_compat import in_container

__all__ = ["FittedMixin"]


class FittedMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Public methods that need fitted weights."""

    # TransformerMixin is a base of this class because it wraps `transform` for `set_output` only in
    # the class that defines `transform`

    def __getattr__(self, name: str) -> Any:
        # called only for attributes that do not exist
        raise attribute_error(self, name)

    @property
    def init_kept_(self) -> bool:
        """Whether no epoch was kept: the weights are those that training started from."""
        return self.best_iter_ == 0

    def transform(self, X: MatrixLike) -> NDArray[Any]:
        """Encode samples.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            Codes: in X's units under the identity code activation (as PCA's), in the prior's where
            codes have one (`VAE`, `AdversarialAutoencoder`), else in the activation's range. Of X's
            floating dtype; float32 if X is not floating.

        Raises
        ------
        ValueError
            If X has no samples, another number of features than in `fit`, NaN or infinity.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return self._encoded(X)

    def inverse_transform(self, X: ArrayLike) -> FloatArray:
        """Decode codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes as `transform` returns them.

        Returns
        -------
        X_original : ndarray or data frame of shape (n_samples, n_features)
            Samples, of the codes' floating dtype; a data frame if `set_output` requests one. After
            a fit to images or sequences, an array of shape ``(n_samples, *sample_shape_)``.

        Raises
        ------
        ValueError
            If X has no samples, another number of columns than `n_components`, NaN or infinity.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return in_container(decoded(self, X), X, self)

    def reconstruct(self, X: MatrixLike) -> FloatArray:
        """Encode and decode samples: ``inverse_transform(transform(X))`` in one pass.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        X_hat : ndarray or data frame of the shape of X
            Reconstructions, of X's floating dtype; float32 if X is not floating. A data frame if
            `set_output` requests one, except for images and sequences.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        shape = sample_shape(X)
        x_hat = self._reconstructed(*self._checked_as_read(X))
        x_hat = x_hat if shape is None else x_hat.reshape(len(x_hat), *shape)
        return in_container(x_hat, X, self)

    def score_samples(self, X: MatrixLike) -> FloatArray:
        """Return the negative mean squared reconstruction error of each sample.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            float64, at most 0, in X's squared units. The higher, the more normal the sample.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return -mean_squared_errors(self, self._checked(X))

    def score(
        self,
        X: MatrixLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the explained variance: 1 - squared error / squared distance to the mean.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0.

        Returns
        -------
        score : float
            1 for perfect reconstructions, 0 if they are as good as the mean of the training
            samples. If all samples equal that mean: 1 if they are reconstructed exactly, else 0.

        Raises
        ------
        ValueError
            As `transform`; or if sample_weight has another length than X, is negative, not finite,
            or 0 for all samples.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        X = self._checked(X)
        return explained_variance(self, X, read_weights(sample_weight, X))

    def hidden_activations(self, X: MatrixLike, layer: int | str) -> FloatArray:
        """Return the activations of a hidden layer.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        layer : int or str
            A name, or its index in the list of names: "encoder.0", "encoder.1" and so on for the
            hidden layers of the encoder in order, "code" for the codes, "decoder.0" and so on for
            those of the decoder in order. With your own flax.linen modules
            "encoder.<name of a submodule>", for the output of that submodule, and "encoder" for
            the output of the whole encoder.

        Returns
        -------
        activations : ndarray of shape (n_samples, ...)
            (n_samples, width) for dense layers, (n_samples, height, width, channels) for
            convolutions, (n_samples, steps, width) for recurrent layers (both directions
            concatenated). Codes are as `transform` returns them, all others are in standardized
            units. Of X's floating dtype; float32 if X is not floating.

        Raises
        ------
        ValueError
            If there is no such layer. The message lists the names.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return layer_activations(self, self._checked(X), layer)

    def pullback_metric(self, X: MatrixLike, *, root: bool = False) -> FloatArray:
        """Return the mean pullback metric: how far reconstructions move with codes.

        Distances between codes have no meaning by themselves, since the decoder can undo any
        stretching of the latent space. With J the Jacobian of `inverse_transform`, a small step dz
        of a code moves the reconstruction by::

            |J dz|^2 = dz' J'J dz,    metric = mean over samples of J(transform(x))' J(transform(x))

        So distances between the rows of ``transform(X) @ pullback_metric(X, root=True)`` are
        approximately those between reconstructions, as they are with PCA. Use these for nearest
        neighbors, clustering or t-SNE.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            A thousand samples suffice; each costs about as much as decoding 3 n_components codes.
        root : bool, default=False
            Whether to return the symmetric square root of the metric.

        Returns
        -------
        metric : ndarray of shape (n_components, n_components)
            float64, symmetric, positive semidefinite; in X's squared units over the codes' squared
            units, its root in X's units over the codes'.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.

        References
        ----------
        Arvanitidis, Hansen and Hauberg (2018). Latent space oddity: on the curvature of deep
        generative models. ICLR.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skae import VAE
        >>> X, _ = load_digits(return_X_y=True)
        >>> autoencoder = VAE(10, max_iter=20, random_state=0).fit(X)
        >>> root = autoencoder.pullback_metric(X[:100], root=True)
        >>> (autoencoder.transform(X) @ root).shape
        (1797, 10)
        """
        return mean_pullback_metric(self, self._checked(X), root=root)

    def encoder_function(
        self,
    ) -> tuple[Callable[[dict[str, Any], Any], Any], dict[str, Any]]:
        """Return the encoder as a pure JAX function, for your own grad, jit and vmap.

        Returns
        -------
        function : callable
            ``function(params, X)`` returns codes of shape (n, n_components), as `transform`.
        params : dict
            Its parameters: nested dicts of arrays.

        Raises
        ------
        ValueError
            If the range of float32 does not suffice for `mean_` or `scale_`: a scale below about
            1e-31, or a mean or scale above 8e37.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        return partial(encode_in_units, self._network), function_params(self)

    def decoder_function(
        self,
    ) -> tuple[Callable[[dict[str, Any], Any], Any], dict[str, Any]]:
        """Return the decoder as a pure JAX function, for your own grad, jit and vmap.

        Returns
        -------
        function : callable
            ``function(params, Z)`` returns samples of shape (n, n_features), as
            `inverse_transform`.
        params : dict
            Its parameters: nested dicts of arrays.

        Raises
        ------
        ValueError
            If the range of float32 does not suffice for `mean_` or `scale_`: a scale below about
            1e-31, or a mean or scale above 8e37.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        link = link_of(self.architecture_)
        return partial(decode_in_units, self._network, link), function_params(self)
