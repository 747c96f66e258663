"""Base class of all autoencoders: training parameters, hooks of variants, `fit`, encoding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.utils import Tags

from skae._typing import FloatArray, MatrixLike
from skae.core.data.samples import Samples
from skae.core.data.units import Units
from skae.core.devices import find_device
from skae.core.inference import apply_in_blocks, encode, reconstruct
from skae.core.losses import LOSSES
from skae.core.networks import Network
from skae.core.objective import Objective
from skae.core.training.layerwise import plain_layer_objective
from skae.estimators.base.architecture import network_of
from skae.estimators.base.estimator import SkaeEstimator
from skae.estimators.base.first_samples import check_is_fitted
from skae.estimators.base.fit_arguments import fit_context
from skae.estimators.base.fitted import FittedMixin
from skae.estimators.base.functions import portable
from skae.estimators.base.html_summary import summary_html
from skae.estimators.base.input_checks import (
    as_dtype,
    check_finite,
    check_while_reading,
    output_dtype,
    read_samples,
)
from skae.estimators.base.loaded import check_autoencoder
from skae.estimators.base.parameters import TRAINING_CONSTRAINTS
from skae.estimators.base.partial_fit import partial_fit
from skae.estimators.base.sample_shape import takes_shapes
from skae.estimators.base.sklearn_compat import CallbackSupportMixin
from skae.estimators.base.task import fit_estimator
from skae.export.exporting import ExportMixin
from skae.export.portable import Portable

__all__ = ["BaseAutoencoder"]


@dataclass(kw_only=True, eq=False, repr=False)
class BaseAutoencoder(FittedMixin, ExportMixin, CallbackSupportMixin, SkaeEstimator):
    """Base class of all autoencoders, over any network.

    An autoencoder derives from this class and from a class with the parameters of its network:
    `DenseParameters`, or its own. It implements the hook `_objective`, and others as needed.
    """

    code_activation: str = "identity"
    loss: Any = "squared_error"
    init: Any = "pca"
    alpha: float = 0.0
    optimizer: Any = "nadam"
    learning_rate: float = 2e-3
    learning_rate_schedule: Any = "cosine"
    batch_size: Any = "auto"
    max_iter: Any = "auto"
    max_time: float | None = None
    tol: float = 1e-4
    early_stopping: bool = True
    validation_fraction: Any = "auto"
    validation_splitter: Any = None
    n_iter_no_change: Any = "auto"
    warm_start: bool = False
    random_state: Any = None
    verbose: int = 0
    device: str | None = None
    checkpoint: Any = None
    checkpoint_interval: float = 5.0

    _parameter_constraints: ClassVar[dict] = TRAINING_CONSTRAINTS

    #: methods that `to_onnx` and `to_stablehlo` export, the default first
    _portable_methods: ClassVar[tuple[str, ...]] = ("transform", "inverse_transform", "reconstruct")
    #: number of arrays of shape (n_samples, n_components) that the encoder returns: a variational
    #: encoder returns means and deviations
    _heads: ClassVar[int] = 1
    # weights and constants beside encoder and decoder that methods of a fitted estimator use
    _further_weights: ClassVar[tuple[str, ...]] = ()
    #: whether codes are binary
    _binary: ClassVar[bool] = False
    #: whether a prior sets the units of codes, so that they do not scale with X
    _prior_units: ClassVar[bool] = False

    if TYPE_CHECKING:  # defined by the class with the parameters of the network
        n_components: int

        def _describe_network(self, parameters: dict, n_features: int) -> dict: ...

    def _objective(self) -> Objective:
        """The loss of this autoencoder with its static settings."""
        raise NotImplementedError

    def _hyperparameters(self) -> dict[str, float]:
        """Traced hyperparameters of the loss: a new value does not trigger compilation."""
        return {}

    def _resolved(self) -> dict[str, Any]:
        """Parameters, with "auto" replaced where its meaning depends on the autoencoder alone."""
        return self.get_params(deep=False)

    def _initialization(self) -> Callable | None:
        """A pure function that completes the initial weights of the plain autoencoder, or None.

        ``function(params, network, samples, weight, rng) -> params``; `samples` are the training
        samples in standardized units. ``params["extra"]`` holds further weights to train,
        ``params["fixed"]`` constants.
        """
        return None

    def _layer_objective(self) -> Callable:
        """A pure function that returns the objective of one pair of layers in greedy pretraining.

        ``function(depth, loss, samples, weight) -> (objective, constants)``; `samples` are the
        inputs of the pair, which the layers below compute from `depth` 1 on.
        """
        return plain_layer_objective

    def _known_attributes(self) -> dict[str, Any]:
        """Fitted attributes that follow from the parameters alone."""
        return {}

    def _further_attributes(self, samples: Samples, weight: FloatArray) -> dict[str, Any]:
        """Fitted attributes of this autoencoder only, from the training samples; `self` is fitted.

        ``samples.raw`` returns samples in the units of X, with gross errors clipped.
        """
        del samples, weight
        return {}

    def _fitted_parameters(self, fitted: dict[str, Any]) -> dict[str, Any]:
        """Parameters that fitted attributes determine; continued training refuses other values."""
        return {}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        X_val: MatrixLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train the autoencoder.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Training samples of any real dtype. CSR is converted to dense batch by batch, never as a
            whole.
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

        Returns
        -------
        self : estimator

        Warns
        -----
        UserWarning
            If X contains gross errors: values far beyond the quantiles of a feature. Training clips
            them to the range of the feature's other values. If X has fewer than 10 samples, or if
            there are more components than features without a sparsity penalty or noise.

        Raises
        ------
        ValueError
            If X contains NaN, infinity or values beyond 1e150, a parameter is out of range, X lies
            outside [0, 1] under cross-entropy, y holds samples, a split has no samples for training
            or validation, or `checkpoint` is the file of another fit.
        """
        return fit_estimator(self, X, y, sample_weight, groups, X_val=X_val)

    partial_fit = partial_fit

    def __sklearn_is_fitted__(self) -> bool:
        # scikit-learn would accept any attribute, such as n_features_in_ of the first samples
        return hasattr(self, "params_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = takes_shapes(self)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _html_repr(self) -> str:
        diagram = super()._html_repr()
        return diagram + summary_html(self) if hasattr(self, "params_") else diagram

    def _check_loaded(self) -> None:
        check_autoencoder(self)

    @property
    def _n_features_out(self) -> int:
        return self.n_components_

    def _portable(self, method: str) -> Portable:
        return portable(self, method)

    @property
    def _units(self) -> Units:
        """Mean and scale of the standardized units; cross-entropy compares X itself."""
        if LOSSES[self.architecture_["loss"]].standardized:
            return Units(self.mean_, self.scale_)
        return Units.identity(self.n_features_in_)

    @property
    def _code_unit(self) -> float:
        """Codes under the identity scale with X, as PCA's do, unless a prior sets their units."""
        architecture = self.architecture_
        scales = architecture["code_activation"] == "identity" and not architecture["prior_units"]
        return self._units[1] if scales else 1.0

    @property
    def _device(self) -> Any:
        return find_device(self.device, or_default=True)

    @property
    def _network(self) -> Network:
        return network_of(self.architecture_, self._device)

    def _checked(self, X: MatrixLike) -> Any:
        """Checked samples, all values included."""
        check_is_fitted(self)
        X = read_samples(self, X, reset=False, all_finite=False)
        check_finite(X, type(self).__name__)
        return X

    def _checked_as_read(self, X: MatrixLike) -> tuple[Any, Callable]:
        """Samples, and a function that reads a part of them in standardized units.

        The values of dense samples are checked by that function: see `check_while_reading`.
        """
        check_is_fitted(self)
        X = read_samples(self, X, reset=False, all_finite=False)
        read, name = self._samples(X).standardized, type(self).__name__
        if isinstance(X, np.ndarray):
            return X, check_while_reading(read, X, name)
        check_finite(X, name)
        return X, read

    def _samples(self, X: Any) -> Samples:
        """Checked samples with the units of the network, which bound extreme values."""
        return Samples(X, self._units)

    def _encoded(self, X: MatrixLike, dtype: DTypeLike | None = None) -> np.ndarray:
        """Codes of samples whose values are checked while they are read."""
        X, read = self._checked_as_read(X)
        return self._codes(X, dtype, read)

    def _codes(
        self, X: Any, dtype: DTypeLike | None = None, read: Callable | None = None
    ) -> np.ndarray:
        """Codes of checked samples as an array, whatever the `set_output` configuration."""
        dtype = output_dtype(X) if dtype is None else np.dtype(dtype)
        read = self._samples(X).standardized if read is None else read
        codes = self._run(encode, read, X.shape, self.n_components_)
        return as_dtype(codes, self._code_unit, None, dtype)

    def _reconstructed(self, X: Any, read: Callable | None = None) -> np.ndarray:
        """Reconstructions of checked samples."""
        read = self._samples(X).standardized if read is None else read
        x_hat = self._run(reconstruct, read, X.shape, self.n_features_in_)
        return self._in_units_of_X(x_hat, output_dtype(X))

    def _run(
        self, function: Callable, read: Callable, shape: tuple[int, int], width: int
    ) -> np.ndarray:
        static = (self._network, self.architecture_["loss"])
        out, params = np.empty((shape[0], width), np.float32), self.params_
        if function is encode:  # for one sample, the transfer of the decoder's weights would matter
            params = {name: part for name, part in params.items() if name != "decoder"}
        apply_in_blocks(function, static, params, shape, read, out, self._device)
        return out

    def _in_units_of_X(self, x_hat: np.ndarray, dtype: np.dtype) -> np.ndarray:
        mean, scale = self._units
        return as_dtype(x_hat, scale, mean, dtype)
