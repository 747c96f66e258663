"""What a fitted autoencoder does: codes of rows, rows of codes, scores.

Nothing here writes to the estimator.
"""

from functools import partial
from math import prod

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_array, check_is_fitted

from skae.core.batching import Rows
from skae.core.inference import apply_in_blocks, decode, encode, reconstruct
from skae.core.losses import LOSSES
from skae.core.networks.layers import CODE, layer_output, layer_shapes
from skae.estimators._architecture import find_device, network_of
from skae.estimators._functions import (
    decode_in_units,
    encode_in_units,
    function_params,
    link_of,
    portable,
)
from skae.estimators._reading import as_dtype, check_range, output_dtype, read_rows, read_weights
from skae.estimators._sklearn import DocumentedInHTML, ShownInHTML
from skae.estimators._summary import summary_html
from skae.export.exporting import ExportMixin
from skae.persistence.saving import SaveMixin

__all__ = ["FittedAutoencoder"]


class FittedAutoencoder(
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
        """Codes of rows.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            In X's units under the identity code activation (as PCA's), else in the activation's
            range. Of X's floating dtype; float32 for anything not floating.
        """
        return self._codes(self._checked(X))

    def _codes(self, X, dtype=None):
        """Codes of checked rows, as an array whatever `set_output` asks for."""
        dtype = output_dtype(X) if dtype is None else np.dtype(dtype)
        codes = self._run(encode, self._rows(X).standardised, X.shape, self.n_components_)
        return as_dtype(codes, self._code_unit, None, dtype)

    def inverse_transform(self, X):
        """Rows of codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes as `transform` gives them.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Of the codes' floating dtype.
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
            return Z[part].astype(np.float64) / unit

        x_hat = self._run(decode, read, Z.shape, self.n_features_in_)
        return self._in_units_of_X(x_hat, output_dtype(Z))

    def reconstruct(self, X):
        """Rows encoded and decoded: ``inverse_transform(transform(X))`` in one pass.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        X_hat : ndarray of shape (n_samples, n_features)
            Of X's floating dtype; float32 for anything not floating.
        """
        return self._reconstructed(self._checked(X))

    def score_samples(self, X):
        """Minus the mean squared error of each row's reconstruction: higher is more normal.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            float64, not above 0, in X's squared units.
        """
        errors, _ = self._squares(self._checked(X))
        return -errors / self.n_features_in_ * self.scale_**2

    def score(self, X, y=None, sample_weight=None):
        """Explained variance: 1 - squared error / squared distance to the training mean.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative.

        Returns
        -------
        score : float
            1 is perfect, 0 as good as the mean. Where all rows are the training mean itself, 1 if
            they are reconstructed exactly, else 0.
        """
        X = self._checked(X)
        weight = read_weights(sample_weight, X)
        errors, distances = (float(weight @ squares) for squares in self._squares(X))
        if distances == 0:
            return 1.0 if errors == 0 else 0.0
        return 1 - errors / distances

    def hidden_activations(self, X, layer):
        """What a hidden layer gives for rows, after its activation.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        layer : int or str
            A name, or its place among these names: "encoder.0", "encoder.1" and so on for the
            encoder's hidden layers from the rows on, "code" for the codes, "decoder.0" and so on
            for the decoder's from the codes on. With your own flax.linen modules
            "encoder.<name of a submodule>", which gives what that submodule returns, and
            "encoder" for what the whole of it returns.

        Returns
        -------
        activations : ndarray of shape (n_samples, ...)
            (n_samples, width) of dense layers, (n_samples, height, width, channels) of
            convolutions, (n_samples, steps, width) of recurrent cells (both directions side by
            side). Codes are as `transform` gives them, the rest in units of training. Of X's
            floating dtype; float32 for anything not floating.

        Raises
        ------
        ValueError
            If there is no such layer. The message names those that there are.
        """
        X = self._checked(X)
        layer, shape = self._hidden_layer(layer)
        if layer == CODE:
            return self._codes(X)
        out = np.empty((X.shape[0], prod(shape)), np.float32)
        static, read = (self._network, layer), self._rows(X).standardised
        apply_in_blocks(layer_output, static, self.params_, X.shape, read, out, self._device)
        return out.reshape(-1, *shape).astype(output_dtype(X), copy=False)

    def _hidden_layer(self, layer):
        """Name of a layer and the shape that it has of a row."""
        shapes = layer_shapes(self._network, self.params_)
        names = list(shapes)
        if isinstance(layer, int | np.integer) and -len(names) <= layer < len(names):
            layer = names[layer]
        if layer not in shapes:
            raise ValueError(
                f"layer={layer!r} is not a layer of this {type(self).__name__}: give one of "
                f"{names}, or a number from 0 to {len(names) - 1}"
            )
        return layer, shapes[layer]

    def encoder_function(self):
        """The encoder as a pure JAX function, for your own grad, jit and vmap.

        Returns
        -------
        function : callable
            ``function(params, X)`` gives codes of shape (n, n_components), as `transform`.
        params : dict
            Its parameters: nested dicts of arrays.
        """
        check_is_fitted(self)
        return partial(encode_in_units, self._network), function_params(self)

    def decoder_function(self):
        """The decoder as a pure JAX function, for your own grad, jit and vmap.

        Returns
        -------
        function : callable
            ``function(params, Z)`` gives rows of shape (n, n_features), as `inverse_transform`.
        params : dict
            Its parameters: nested dicts of arrays.
        """
        check_is_fitted(self)
        link = link_of(self.architecture_)
        return partial(decode_in_units, self._network, link), function_params(self)

    @property
    def _n_features_out(self):
        return self.n_components_

    @property
    def _units(self):
        """Centre and scale of what the network sees; cross-entropy compares X itself."""
        if LOSSES[self.architecture_["loss"]].centred:
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

    def _checked(self, X):
        check_is_fitted(self)
        X = read_rows(self, X, reset=False)
        check_range(X, self.architecture_["loss"])
        return X

    def _rows(self, X):
        return Rows(X, *self._units)

    def _run(self, function, read, shape, width):
        static = (self._network, self.architecture_["loss"])
        out, params = np.empty((shape[0], width), np.float32), self.params_
        if function is encode:  # for one row, sending the decoder's weights would take as long
            params = {name: part for name, part in params.items() if name != "decoder"}
        apply_in_blocks(function, static, params, shape, read, out, self._device)
        return out

    def _reconstructed(self, X):
        rows = self._rows(X)
        x_hat = self._run(reconstruct, rows.standardised, X.shape, self.n_features_in_)
        return self._in_units_of_X(x_hat, output_dtype(X))

    def _in_units_of_X(self, x_hat, dtype):
        mean, scale = self._units
        return as_dtype(x_hat, scale, mean, dtype)

    def _squares(self, X):
        """Of each row, in units of training: squared error, squared distance to the mean."""
        errors, distances = np.empty((2, X.shape[0]))
        rows = Rows(X)
        for part, block in rows.blocks(rows.raw):
            block = block.astype(np.float64)
            x_hat = self._reconstructed(block)
            errors[part] = np.square((block - x_hat) / self.scale_).sum(axis=1)
            distances[part] = np.square((block - self.mean_) / self.scale_).sum(axis=1)
        return errors, distances
