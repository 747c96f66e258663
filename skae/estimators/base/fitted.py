"""What a fitted autoencoder does: codes of samples, samples of codes.

Nothing here writes to the estimator.
"""

from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_array, check_is_fitted

from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks, decode, encode, reconstruct
from skae.core.losses import LOSSES
from skae.estimators.base.architecture import find_device, network_of
from skae.estimators.base.functions import (
    FARTHEST_CODE,
    decode_in_units,
    encode_in_units,
    function_params,
    link_of,
    portable,
)
from skae.estimators.base.html_summary import summary_html
from skae.estimators.base.input_checks import (
    as_dtype,
    check_cells,
    checks_as_it_reads,
    output_dtype,
    read_samples,
)
from skae.estimators.base.scores import ScoringMixin
from skae.estimators.base.sklearn_compat import DocumentedInHTML, ShownInHTML
from skae.export.exporting import ExportMixin
from skae.persistence.saving import SaveMixin

__all__ = ["FittedAutoencoder"]


class FittedAutoencoder(
    ScoringMixin,
    SaveMixin,
    ExportMixin,
    DocumentedInHTML,
    ShownInHTML,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """The public methods that need fitted weights."""

    _portable_methods = ("transform", "inverse_transform", "reconstruct")

    def _html_repr(self):
        diagram = estimator_html_repr(self)
        return diagram + summary_html(self) if hasattr(self, "params_") else diagram

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def transform(self, X):
        """Codes of samples.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            In X's units under the identity code activation (as PCA's), in the prior's where codes
            have one (`VAE`, `AdversarialAutoencoder`), else in the activation's range. Of X's
            floating dtype; float32 for anything not floating.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity, or, under
            cross-entropy, cells outside [0, 1] (which only those that learn from noisy samples take).
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        return self._encoded(X)

    def _encoded(self, X, dtype=None):
        """Codes of samples that are checked as they are read."""
        X, read = self._checked_as_read(X)
        return self._codes(X, dtype, read)

    def _codes(self, X, dtype=None, read=None):
        """Codes of checked samples, as an array whatever `set_output` asks for."""
        dtype = output_dtype(X) if dtype is None else np.dtype(dtype)
        read = self._samples(X).standardized if read is None else read
        codes = self._run(encode, read, X.shape, self.n_components_)
        return as_dtype(codes, self._code_unit, None, dtype)

    def inverse_transform(self, X):
        """Samples of codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes as `transform` gives them.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Of the codes' floating dtype.

        Raises
        ------
        ValueError
            If X has no sample, other columns than codes have, NaN or infinity.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        Z = check_array(X, dtype="numeric", input_name="X")
        if Z.shape[1] != self.n_components_:
            raise ValueError(
                f"X has {Z.shape[1]} columns, but codes of this {type(self).__name__} have "
                f"n_components={self.n_components_}: give what transform returned"
            )
        unit = self._code_unit

        def read(part):
            with np.errstate(over="ignore"):
                z = Z[part].astype(np.float64) / unit
            return np.clip(z, -FARTHEST_CODE, FARTHEST_CODE)

        x_hat = self._run(decode, read, Z.shape, self.n_features_in_)
        return self._in_units_of_X(x_hat, output_dtype(Z))

    def reconstruct(self, X):
        """Samples encoded and decoded: ``inverse_transform(transform(X))`` in one pass.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        X_hat : ndarray of shape (n_samples, n_features)
            Of X's floating dtype; float32 for anything not floating.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        X, read = self._checked_as_read(X)
        return self._reconstructed(X, read)

    def encoder_function(self):
        """The encoder as a pure JAX function, for your own grad, jit and vmap.

        Returns
        -------
        function : callable
            ``function(params, X)`` gives codes of shape (n, n_components), as `transform`.
        params : dict
            Its parameters: nested dicts of arrays.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        return partial(encode_in_units, self._network), function_params(self)

    def decoder_function(self):
        """The decoder as a pure JAX function, for your own grad, jit and vmap.

        Returns
        -------
        function : callable
            ``function(params, Z)`` gives samples of shape (n, n_features), as `inverse_transform`.
        params : dict
            Its parameters: nested dicts of arrays.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        link = link_of(self.architecture_)
        return partial(decode_in_units, self._network, link), function_params(self)

    @property
    def _n_features_out(self):
        return self.n_components_

    @property
    def _units(self):
        """Center and scale of what the network sees; a loss with a domain compares X itself."""
        if LOSSES[self.architecture_["loss"]].standardized:
            return self.mean_, self.scale_
        return np.zeros(self.n_features_in_), 1.0

    @property
    def _code_unit(self):
        """Codes under the identity scale with X, as PCA's do, unless a prior sets their units."""
        architecture = self.architecture_
        scales = architecture["code_activation"] == "identity" and not architecture["prior_units"]
        return self._units[1] if scales else 1.0

    @property
    def _device(self):
        return find_device(self.device, or_default=True)

    @property
    def _network(self):
        return network_of(self.architecture_, self._device)

    def _portable(self, method):
        return portable(self, method)

    @property
    def _compared_by(self):
        """The loss whose range samples must keep; None where they may leave it."""
        return self.architecture_["loss"]

    def _checked(self, X):
        """Samples whose cells have all been looked at."""
        check_is_fitted(self)
        X = read_samples(self, X, reset=False, all_finite=False)
        check_cells(X, self._compared_by, type(self).__name__)
        return X

    def _checked_as_read(self, X):
        """Samples, and what reads them in units of training; dense ones are checked by it."""
        check_is_fitted(self)
        X = read_samples(self, X, reset=False, all_finite=False)
        read, name = self._samples(X).standardized, type(self).__name__
        if isinstance(X, np.ndarray):
            return X, checks_as_it_reads(read, X, self._compared_by, name)
        check_cells(X, self._compared_by, name)
        return X, read

    def _samples(self, X):
        loss = self._compared_by
        # what is between 0 and 1 is read as it is
        return Samples(X, *self._units) if loss is None or LOSSES[loss].standardized else Samples(X)

    def _run(self, function, read, shape, width):
        static = (self._network, self.architecture_["loss"])
        out, params = np.empty((shape[0], width), np.float32), self.params_
        if function is encode:  # for one sample, sending the decoder's weights would take as long
            params = {name: part for name, part in params.items() if name != "decoder"}
        apply_in_blocks(function, static, params, shape, read, out, self._device)
        return out

    def _reconstructed(self, X, read=None):
        read = self._samples(X).standardized if read is None else read
        x_hat = self._run(reconstruct, read, X.shape, self.n_features_in_)
        return self._in_units_of_X(x_hat, output_dtype(X))

    def _in_units_of_X(self, x_hat, dtype):
        mean, scale = self._units
        return as_dtype(x_hat, scale, mean, dtype)
