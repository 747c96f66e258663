"""What a pretrained classifier and a pretrained regressor share: two stages, one engine."""

import warnings
from copy import copy
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks
from skae.core.networks.headed import HeadedNetwork, adopted_weights, n_encoder_layers
from skae.core.objective import Objective
from skae.core.training.loop import Recipe
from skae.core.training.optimizers import OPTIMIZERS, SCHEDULES, resolve_optimizer
from skae.estimators.base.architecture import find_device, network_of, portable_network
from skae.estimators.base.functions import function_params, portable_over, standardized
from skae.estimators.base.input_checks import read_samples, read_weights
from skae.estimators.base.progress import listener_for
from skae.estimators.base.random_state import seed_of
from skae.estimators.base.sklearn_compat import DocumentedInHTML, Interval, StrOptions, fit_context
from skae.estimators.base.timing import Clock
from skae.estimators.base.training import TrainedAutoencoder
from skae.estimators.denoising import DenoisingAutoencoder
from skae.export.exporting import ExportMixin
from skae.meta._fine_tuning import FineTuningTask, run_fine_tuning
from skae.meta._targets import Targets
from skae.objectives.supervised import outputs
from skae.persistence.saving import SaveMixin

__all__ = ["PretrainedEstimator"]

# a start at random: where the linear path explains the samples, hidden layers learn little of use
_DEFAULT: dict[str, Any] = {
    "n_components": 64,
    "init": "random",
    "noise": "masking",
    "noise_level": 0.5,
}
_COLUMNS = ("n_features_in_", "feature_names_in_")


@dataclass(eq=False, repr=False)
class PretrainedEstimator(SaveMixin, ExportMixin, DocumentedInHTML, BaseEstimator):
    """Base of both; one adds its loss, how it reads y, and what it makes of the head's outputs."""

    autoencoder: Any = None
    _: KW_ONLY
    n_layers: Any = "all"
    freeze: Any = "none"
    unlabeled: Any = None
    prefit: bool = False
    dropout: float = 0.0
    alpha: float = 0.0
    optimizer: Any = "nadam"
    learning_rate: Any = "auto"
    head_learning_rate: Any = "auto"
    learning_rate_schedule: Any = "cosine"
    batch_size: Any = "auto"
    max_iter: Any = "auto"
    max_time: float | None = None
    tol: float = 1e-4
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: Any = "auto"
    random_state: Any = None
    verbose: int = 0
    device: str | None = None

    _parameter_constraints: ClassVar[dict] = {
        "autoencoder": [TrainedAutoencoder, None],
        "n_layers": [StrOptions({"all"}), Interval(Integral, 1, None, closed="left")],
        "freeze": [StrOptions({"none", "all"}), Interval(Integral, 0, None, closed="left")],
        "unlabeled": "no_validation",
        "prefit": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "head_learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES)), tuple],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "tol": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "device": [str, None],
    }

    def _objective(self) -> Objective:
        """What stage two minimizes."""
        raise NotImplementedError

    def _read_targets(self, y, X, weight) -> Targets:
        """Checked targets."""
        raise NotImplementedError

    def _sample_weights(self, targets: Targets, weight):
        """Weights of samples in stage two."""
        del targets
        return weight

    @property
    def _n_outputs(self) -> int:
        """Outputs of the head of a fitted estimator."""
        raise NotImplementedError

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags

    def __sklearn_clone__(self):
        """Clones share a fitted autoencoder: else no search could use one."""
        if not self.prefit:
            return super().__sklearn_clone__()
        bare = copy(self)
        bare.autoencoder = None
        twin = super(PretrainedEstimator, bare).__sklearn_clone__()
        twin.autoencoder = copy(self.autoencoder)
        return twin

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Train the autoencoder on all samples, then its encoder with a head on those with labels.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples of any real numeric dtype.
        y : array-like of shape (n_samples,)
            What is to be told of each sample; `unlabeled` where that is not known.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative, for both stages; a weight of 2 is the same as a sample given twice.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            NaN, infinity or values beyond 1e150 in X or y, a parameter out of range, no labels at
            all, labels of one class only, or a validation part too small for all classes.
        """
        clock, checked = Clock(), copy(self)
        samples = read_samples(checked, X, reset=True)
        weight = read_weights(sample_weight, samples)
        targets = self._read_targets(y, samples, weight)
        sample_weight = self._sample_weights(targets, weight)
        resolve_optimizer(self.optimizer)  # what is wrong is better said before stage one
        device, seed = find_device(self.device), seed_of(self.random_state)
        clock.lap("read")
        autoencoder = self._first_stage(X, sample_weight, seed)
        clock.lap("pretrain")
        network = network_of(autoencoder.architecture_, device)
        n_layers = _number_of_layers(self.n_layers, n_encoder_layers(network))
        shared = {
            **{name: value for name, value in vars(checked).items() if name in _COLUMNS},
            **targets.attributes,
            "autoencoder_": autoencoder,
            "n_layers_": n_layers,
        }
        checked.__dict__.update(shared)
        task = self._task(checked, network, seed, listener_for(self, X, sample_weight))
        labeled = np.flatnonzero(targets.known)
        mean, scale = autoencoder._units
        every = Samples(samples, mean, scale, targets=targets.values)
        head, result = run_fine_tuning(task, every.select(labeled), sample_weight[labeled])
        clock.lap("train")
        return self._adopt(shared, head, result, clock)

    def _task(self, checked, network, seed, listener) -> FineTuningTask:
        """All that stage two depends on: from here on nothing reads the estimator."""
        autoencoder, n_layers = checked.autoencoder_, checked.n_layers_
        recurrent = autoencoder.architecture_["network"]["kind"] == "recurrent"
        n_frozen = _number_of_frozen(self.freeze, n_layers)
        return FineTuningTask(
            parameters=self.get_params(deep=False),
            recipe=Recipe(
                HeadedNetwork(network, n_layers, checked._n_outputs),
                self._objective(),
                resolve_optimizer(self.optimizer),
                clip_norm=1.0 if recurrent else None,
            ),
            params=adopted_weights(network, autoencoder.params_, n_layers, n_frozen),
            hyperparameters={"alpha": float(self.alpha), "dropout": float(self.dropout)},
            classes=getattr(checked, "classes_", None),
            seed=seed,
            device=find_device(self.device),
            listener=listener,
        )

    def _first_stage(self, X, sample_weight, seed):
        """The fitted autoencoder."""
        if self.prefit:
            if self.autoencoder is None:
                raise ValueError("prefit=True takes `autoencoder` as it is: give a fitted one")
            check_is_fitted(self.autoencoder)
            self.autoencoder._checked(X)
            return copy(self.autoencoder)
        if self.autoencoder is None:
            autoencoder = DenoisingAutoencoder(**_DEFAULT)
        else:
            autoencoder = clone(self.autoencoder)
        if autoencoder.random_state is None and self.random_state is not None:
            autoencoder.random_state = int(seed.generate_state(1)[0] >> 1)
        return autoencoder.fit(X, sample_weight=sample_weight)

    def _adopt(self, shared, head, result, clock):
        """Take all fitted attributes over together; then say what must be said."""
        compiling = sum(
            part.seconds["compile"] for part in {id(r): r for r in (head, result)}.values()
        )
        seconds = {**clock.seconds, "train": clock.seconds["train"] - compiling}
        for name in _COLUMNS:
            self.__dict__.pop(name, None)
        self.__dict__.update(
            shared,
            params_=result.params,
            history_={**result.history, "head_loss": head.history["loss"]},
            n_iter_=result.n_epochs,
            best_iter_=result.best_epoch,
            fit_time_={**seconds, "compile": compiling, "total": clock.total()},
        )
        if head.diverged or result.diverged:
            warnings.warn(
                f"Training diverged at learning_rate={self.learning_rate}, its loss or weights out "
                "of bounds: the last good weights are kept. Lower learning_rate.",
                ConvergenceWarning,
                stacklevel=4,
            )
        if head.interrupted or result.interrupted:
            raise KeyboardInterrupt
        return self

    @property
    def _network(self) -> HeadedNetwork:
        device = find_device(self.device, or_default=True)
        return self._headed(network_of(self.autoencoder_.architecture_, device))

    def _headed(self, network):
        return HeadedNetwork(network, self.n_layers_, self._n_outputs)

    def _run(self, function, X, width):
        """What a function of the core gives for samples, float32."""
        samples = Samples(read_samples(self, X, reset=False), *self.autoencoder_._units)
        out = np.empty((samples.n_samples, width), np.float32)
        shape = (samples.n_samples, samples.n_features)
        device = find_device(self.device, or_default=True)
        apply_in_blocks(
            function, self._network, self.params_, shape, samples.standardized, out, device
        )
        return out

    def _portable(self, method):
        architecture = self.autoencoder_.architecture_
        network = self._headed(portable_network(architecture))
        params, units = self.params_, function_params(self.autoencoder_)

        def function(X):
            return self._finished(method, network.outputs(params, standardized(units, X)))

        return portable_over(architecture, function, self.n_features_in_)

    def _finished(self, method, outputs):
        """What a method to export makes of the head's outputs, in JAX."""
        raise NotImplementedError

    def _outputs(self, X):
        """The head's outputs, float64."""
        check_is_fitted(self)
        return self._run(outputs, X, self._n_outputs).astype(np.float64)


def _number_of_layers(n_layers, available):
    if n_layers == "all":
        return available
    if n_layers > available:
        raise ValueError(
            f"n_layers={n_layers} is more than the encoder has: {available}, that of the codes "
            "included"
        )
    return int(n_layers)


def _number_of_frozen(freeze, n_layers):
    if isinstance(freeze, str):
        return {"none": 0, "all": n_layers}[freeze]
    if freeze > n_layers:
        raise ValueError(
            f"freeze={freeze} layers are more than are used: {n_layers}; use a smaller number or "
            "'all'"
        )
    return int(freeze)
