"""Supervised fine-tuning: losses of a head on a pretrained encoder, and its training.

Training has two parts. First the head alone is trained on the features of the frozen encoder
(linear probing), then the head and the encoder's layers together (fine-tuning). An untrained head
would send noisy gradients into the encoder and distort the pretrained features (Kumar, Raghunathan,
Jones, Ma and Liang 2022, Fine-tuning can distort pretrained features and underperform
out-of-distribution, ICLR). With 500 labels that cost 0.7 points of accuracy.
"""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.compile.shapes import output_shapes
from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks
from skae.core.networks.head import HeadedNetwork
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.core.training.driver import train
from skae.core.training.job import Job, TrainingData, ValidationSet
from skae.core.training.plan import Plan
from skae.core.training.records import NO_LISTENER, Result

__all__ = [
    "cross_entropy_loss",
    "features",
    "fine_tune",
    "outputs",
    "squared_error_loss",
    "units",
]

# Feature values that are kept in host memory while the head is trained alone: 1 GB of float32.
_MAX_FEATURE_VALUES = 2**28


def cross_entropy_loss(
    objective: Objective, model: Any, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Cross-entropy ``mean_i -log softmax(outputs(x_i))[y_i]``; a target is a class index."""
    del objective
    assert batch.y is not None
    logits = _training_outputs(model, batch, step)
    class_index = batch.y.astype(jnp.int32)
    log_likelihood = jnp.take_along_axis(jax.nn.log_softmax(logits), class_index, axis=1)
    return mean_over_samples(-log_likelihood[:, 0], batch.weight), {}


def squared_error_loss(
    objective: Objective, model: Any, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Squared error ``mean_i |outputs(x_i) - y_i|^2``, averaged over targets."""
    del objective
    assert batch.y is not None
    error = _training_outputs(model, batch, step) - batch.y
    return mean_over_samples(jnp.mean(jnp.square(error), axis=1), batch.weight), {}


def _training_outputs(model, batch, step):
    dropout = (step.key, step.hyperparameters["dropout"]) if step.is_training else None
    return model.network.outputs(model.params, batch.x, dropout)


def outputs(network: HeadedNetwork, params: dict, x: jax.Array) -> jax.Array:
    """Outputs of the head for samples in standardized units."""
    return network.outputs(params, x)


def features(network: HeadedNetwork, params: dict, x: jax.Array) -> jax.Array:
    """Outputs of the encoder's layers for samples in standardized units, before normalization."""
    return network.features(params, x)


def units(network: HeadedNetwork, params: dict, x: jax.Array) -> jax.Array:
    """Inputs of the head's output layer for samples in standardized units."""
    return network.units(params, x)


def fine_tune(
    job: Job,
    params: dict,
    data: TrainingData,
    plan: Plan,
    head_learning_rate: float | None,
    seed: np.random.SeedSequence,
) -> tuple[Result, Result]:
    """Train a head on an encoder's layers, and then the layers together with the head.

    Parameters
    ----------
    job : Job
        Its network is a `HeadedNetwork`, its hyperparameters are "alpha" and "dropout". The
        listener receives the epochs of the last training.
    params : dict
        Weights of the layers, without a head. If all layers are frozen (among the constants),
        only the head is trained.
    data : TrainingData
        Samples with targets.
    plan : Plan
    head_learning_rate : float or None
        Learning rate while the head is trained alone. None: inversely proportional to the number
        of features, or to the width of the widest hidden layer of the head if that is larger, since
        a step of Adam or its variants changes the output of a layer by the learning rate times the
        number of its inputs.
    seed : numpy.random.SeedSequence

    Returns
    -------
    head, result : Result
        Of training the head alone, and of training the head and the layers. Both are the same
        object if all layers are frozen and the head was trained on all samples.
    """
    head_seed, seed, subset_seed, weights_seed = seed.spawn(4)
    network: HeadedNetwork = job.recipe.network
    shape = jax.ShapeDtypeStruct((1, data.samples.n_features), np.float32)
    width = output_shapes(features, network, (params, shape)).shape[1]
    max_samples = max(1, _MAX_FEATURE_VALUES // width)
    subset = _subset(data, max_samples, np.random.default_rng(subset_seed))
    head_data, unit = _normalized_features(network, params, subset, width, job.device)
    params = {**params, "fixed": {**params["fixed"], "unit": unit}}
    # Frozen layers are constants under "fixed". If all are frozen, only the head is trained.
    trainable = {name: weights for name, weights in params.items() if name != "fixed"}
    is_complete = subset is data and not jax.tree.leaves(trainable)
    # The features are computed once, so this program is small whatever the encoder is.
    head_network = network.head(width)
    head_recipe = replace(job.recipe, network=head_network)
    rate = head_learning_rate or min(0.02, 0.5 / max(width, *network.hidden_sizes, 1))
    head = train(
        replace(job, recipe=head_recipe, listener=job.listener if is_complete else NO_LISTENER),
        head_data,
        head_network.initial_weights(np.random.default_rng(weights_seed)),
        replace(plan, learning_rate=rate),
        seed=head_seed,
    )
    params = {**params, **head.params}
    if is_complete:
        return (replace(head, params=params),) * 2
    plan = replace(plan, epochs=0 if head.interrupted else plan.epochs)
    return head, train(job, data, params, plan, seed=seed)


def _subset(data: TrainingData, max_samples: int, rng) -> TrainingData:
    """At most `max_samples` samples, drawn at random without replacement."""
    if max_samples >= data.samples.n_samples:
        return data
    chosen = np.sort(rng.permutation(data.samples.n_samples)[:max_samples])
    samples, weight = data.samples.select(chosen), data.weight[chosen]

    def positions(index):
        return np.searchsorted(chosen, np.intersect1d(index, chosen))

    validation = data.validation
    if validation is not None:
        validation = ValidationSet(samples, positions(validation.index), weight)
    return TrainingData(
        samples, weight, positions(data.index), validation, data.validation_capacity
    )


def _normalized_features(
    network: HeadedNetwork, params, data, width, device
) -> tuple[TrainingData, dict]:
    """The layers' features as samples, centered and divided by one scale; and mean and scale.

    All features share one scale. A scale for each would amplify features of small variance, which
    carry little information.
    """
    samples, weight = data.samples, data.weight
    values = np.empty((samples.n_samples, width), np.float32)
    shape = (samples.n_samples, samples.n_features)
    apply_in_blocks(features, network, params, shape, samples.standardized, values, device)
    share = weight / weight.sum()
    mean = (share @ values.astype(np.float64)).astype(np.float32)
    values -= mean
    mean_square = float(share @ np.square(values).mean(axis=1, dtype=np.float64))
    scale = np.asarray(np.sqrt(mean_square) if mean_square > 0 else 1.0, np.float32)
    values /= scale
    samples = Samples(values, targets=Samples(samples.targets(slice(None))))
    validation = data.validation and replace(data.validation, samples=samples)
    data = replace(data, samples=samples, validation=validation)
    return data, {"mean": mean, "scale": scale}
