"""Base class of the semi-supervised estimators: unsupervised pretraining, then fine-tuning.

Pretraining fits an autoencoder to all samples. Fine-tuning trains the encoder's layers with a
head on the labeled samples. Both use the same training loop.
"""

import warnings
from copy import copy
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skae._typing import ArrayLike, MatrixLike
from skae.core.data.samples import Samples
from skae.core.data.units import standardize_portable
from skae.core.devices import find_device
from skae.core.inference import apply_in_blocks
from skae.core.networks.head import HeadedNetwork, adopted_weights
from skae.core.objective import Objective
from skae.core.training.job import Job
from skae.core.training.loop import Recipe
from skae.core.training.optimizers import resolve_optimizer
from skae.estimators.base.architecture import network_of, portable_network, widths
from skae.estimators.base.convergence import divergence_warning
from skae.estimators.base.estimator import SkaeEstimator
from skae.estimators.base.fit_arguments import fit_context
from skae.estimators.base.functions import function_params, portable_over
from skae.estimators.base.input_checks import read_samples, read_weights
from skae.estimators.base.progress import make_listener
from skae.estimators.base.random_state import make_seed
from skae.estimators.base.timing import Clock
from skae.estimators.denoising import DenoisingAutoencoder
from skae.export.exporting import ExportMixin
from skae.meta._fine_tuning import (
    FineTuningTask,
    resolve_n_frozen,
    resolve_n_layers,
    run_fine_tuning,
)
from skae.meta._fitting import FEATURE_ATTRIBUTES, frozen, seed_autoencoder, set_fitted_attributes
from skae.meta._loaded import check_pretrained
from skae.meta._parameters import PretrainedParameters
from skae.meta._targets import Targets
from skae.objectives.supervised import outputs

__all__ = ["PretrainedEstimator"]

# Random initialization: after a PCA initialization the linear skip connection explains much of the
# samples, and the hidden layers learn few useful features.
_DEFAULT: dict[str, Any] = {
    "n_components": 64,
    "init": "random",
    "noise": "masking",
    "noise_level": 0.5,
}


class PretrainedEstimator(ExportMixin, PretrainedParameters, SkaeEstimator):
    """Base class; subclasses define the loss, the encoding of y, and the head's predictions."""

    def _objective(self) -> Objective:
        """The objective of fine-tuning."""
        raise NotImplementedError

    def _read_targets(self, y, X, weight) -> Targets:
        """Validated and encoded targets."""
        raise NotImplementedError

    def _sample_weights(self, targets: Targets, weight: np.ndarray) -> np.ndarray:
        """Sample weights for pretraining and fine-tuning."""
        del targets
        return weight

    @property
    def _n_outputs(self) -> int:
        """Number of outputs of the head; requires targets to be encoded."""
        raise NotImplementedError

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags

    def __sklearn_clone__(self):
        """Clone, sharing a prefit autoencoder: an unfitted clone of it would fail in a search."""
        if not self.prefit:
            return super().__sklearn_clone__()
        without = copy(self)
        without.autoencoder = None
        cloned = super(PretrainedEstimator, without).__sklearn_clone__()
        cloned.autoencoder = copy(self.autoencoder)
        return cloned

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Pretrain the autoencoder on all samples, then fine-tune on the labeled samples.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples of any real numeric dtype.
        y : array-like of shape (n_samples,)
            Target of each sample, or `unlabeled` for samples without a target. For regression also
            of shape (n_samples, n_targets); a sample has all of its targets or none.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights, for pretraining and fine-tuning. A weight of 2 is equivalent to
            repeating the sample.
        groups : array-like of shape (n_samples,), default=None
            Group of each sample, for the validation set of pretraining: see
            `AutoencoderTransformer.fit`. Fine-tuning has no validation set of groups.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            X or y contains NaN, infinity or values beyond 1e150, a parameter is out of range, there
            are no labels or labels of one class only, or the validation set is too small to contain
            all classes; or groups are passed with a fitted autoencoder or early_stopping=True.
        """
        # Input validation sets attributes of a copy, so that a fit that fails changes nothing.
        clock, checked = Clock(), copy(self)
        samples = read_samples(checked, X, reset=True)
        weight = read_weights(sample_weight, samples)
        targets = self._read_targets(y, samples, weight)
        # Class weights, too, are validated before pretraining, which may take long.
        sample_weight = self._sample_weights(targets, weight)
        hidden_sizes = widths("hidden_layer_sizes", self.hidden_layer_sizes)
        resolve_optimizer(self.optimizer)
        device, seed = find_device(self.device), make_seed(self.random_state)
        clock.lap("read")
        autoencoder = self._pretrain(X, sample_weight, groups, seed)
        clock.lap("pretrain")
        network = network_of(autoencoder.architecture_, device)
        n_layers = resolve_n_layers(self.n_layers, network.encoder.n_layers)
        shared = {
            **{name: value for name, value in vars(checked).items() if name in FEATURE_ATTRIBUTES},
            **targets.attributes,
            "autoencoder_": autoencoder,
            "n_layers_": n_layers,
            "head_": {"hidden_sizes": hidden_sizes, "activation": self.activation},
        }
        checked.__dict__.update(shared)
        task = self._task(checked, network, seed, make_listener(self, X, sample_weight))
        labeled = np.flatnonzero(targets.labeled)
        all_samples = Samples(samples, autoencoder._units, targets=Samples(targets.values))
        head, result = run_fine_tuning(task, all_samples.select(labeled), sample_weight[labeled])
        clock.lap("train")
        return self._finish(shared, head, result, clock)

    def _task(self, checked, network, seed, listener) -> FineTuningTask:
        """Everything that fine-tuning depends on; it does not access the estimator."""
        autoencoder, n_layers = checked.autoencoder_, checked.n_layers_
        n_frozen = resolve_n_frozen(self.freeze, n_layers)
        return FineTuningTask(
            parameters=self.get_params(deep=False),
            job=Job(
                Recipe(
                    checked._headed_network(network),
                    self._objective(),
                    resolve_optimizer(self.optimizer),
                    clip_norm=network.clip_norm,
                ),
                {"alpha": float(self.alpha), "dropout": float(self.dropout)},
                find_device(self.device),
                listener,
            ),
            # Frozen weights are constants of the network: the optimizer does not receive them.
            params=adopted_weights(network, autoencoder.params_, n_layers, n_frozen),
            classes=getattr(checked, "classes_", None),
            seed=seed,
        )

    def _pretrain(self, X, sample_weight, groups, seed):
        """The fitted autoencoder."""
        fitted = frozen(self.autoencoder)
        if groups is not None and (fitted is not None or self.prefit or self.early_stopping):
            raise ValueError(
                "groups split the samples of pretraining, which a fitted autoencoder omits, and "
                "not the labeled samples for early_stopping=True: omit groups, or use an "
                "autoencoder that is not fitted and early_stopping=False"
            )
        if fitted is not None or self.prefit:
            fitted = self.autoencoder if fitted is None else fitted
            if fitted is None:
                raise ValueError(
                    "prefit=True requires a fitted autoencoder, got autoencoder=None. Pass a "
                    "fitted autoencoder, or use prefit=False."
                )
            # Raises if it is not fitted, or if X has other features than in its fit.
            fitted._checked(X)
            return copy(fitted)
        if self.autoencoder is None:
            autoencoder = DenoisingAutoencoder(**_DEFAULT)
        else:
            autoencoder = clone(self.autoencoder)
        seed_autoencoder(autoencoder, self.random_state, seed)
        return autoencoder.fit(X, sample_weight=sample_weight, groups=groups)

    def _finish(self, shared, head, result, clock):
        """Set all fitted attributes, then warn of divergence or raise after an interrupt."""
        # Both are the same object if all layers are frozen.
        parts = (head,) if head is result else (head, result)
        compiling = sum(part.seconds["compile"] for part in parts)
        seconds = {**clock.seconds, "train": clock.seconds["train"] - compiling}
        attributes = {
            **shared,
            "params_": result.params,
            "history_": {**result.history, "head_loss": head.history["loss"]},
            "n_iter_": result.n_epochs,
            "best_iter_": result.best_epoch,
            "fit_time_": {**seconds, "compile": compiling, "total": clock.total()},
        }
        set_fitted_attributes(self, attributes)
        if text := divergence_warning(self.learning_rate, result, head):
            warnings.warn(text, ConvergenceWarning, stacklevel=5)
        # The weights at the interrupt are kept, as in the autoencoders' `fit`.
        if head.interrupted or result.interrupted:
            raise KeyboardInterrupt
        return self

    @property
    def _network(self) -> HeadedNetwork:
        device = find_device(self.device, or_default=True)
        return self._headed_network(network_of(self.autoencoder_.architecture_, device))

    def _headed_network(self, network):
        # Files of earlier versions have no `head_`: a linear head.
        head = vars(self).get("head_", {})
        return HeadedNetwork(network, self.n_layers_, self._n_outputs, **head)

    def _apply(self, function, X, width):
        """Apply a function of (network, params, x) to samples in blocks; returns float32."""
        samples = Samples(read_samples(self, X, reset=False), self.autoencoder_._units)
        out = np.empty((samples.n_samples, width), np.float32)
        shape = (samples.n_samples, samples.n_features)
        device = find_device(self.device, or_default=True)
        apply_in_blocks(
            function, self._network, self.params_, shape, samples.standardized, out, device
        )
        return out

    def _check_loaded(self):
        check_pretrained(self)

    def _portable(self, method):
        architecture = self.autoencoder_.architecture_
        network = self._headed_network(portable_network(architecture))
        params, units = self.params_, function_params(self.autoencoder_)

        def function(X):
            return self._exported_output(
                method, network.outputs(params, standardize_portable(units, X))
            )

        return portable_over(architecture, function, self.n_features_in_)

    def _exported_output(self, method, outputs):
        """Result of an exported method from the head's outputs, in JAX."""
        raise NotImplementedError

    def _outputs(self, X):
        """Outputs of the head, float64."""
        check_is_fitted(self)
        return self._apply(outputs, X, self._n_outputs).astype(np.float64)
