"""Samples that come with targets: losses of a linear head, and how it is trained under an encoder.

The head learns first, on what the layers give as they are; then the layers with it. A head at
random would send noise into them, and they would unlearn what they were pretrained for (Kumar,
Raghunathan, Jones, Ma and Liang 2022, Fine-tuning can distort pretrained features and underperform
out-of-distribution, ICLR).
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.compile.shapes import output_shapes
from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks
from skae.core.networks.headed import HeadedNetwork, LinearHead
from skae.core.objective import weighted_mean
from skae.core.training.driver import train
from skae.core.training.loop import Recipe
from skae.core.training.plan import Plan
from skae.core.training.records import NO_LISTENER, Listener, Result

__all__ = ["Part", "cross_entropy_loss", "features", "fine_tune", "outputs", "squared_error_loss"]

# cells of features that are kept for the head to learn on: 1 GB
_MAX_CELLS = 2**28


def cross_entropy_loss(model, batch, key, *, objective, hyperparameters):
    """``mean_i -log softmax(outputs(x_i))[y_i]``; a target is the number of its class."""
    del objective
    logits = _outputs(model, batch, key, hyperparameters)
    places = batch.y.astype(jnp.int32)
    chances = jnp.take_along_axis(jax.nn.log_softmax(logits), places, axis=1)
    return weighted_mean(-chances[:, 0], batch.weight), {}


def squared_error_loss(model, batch, key, *, objective, hyperparameters):
    """``mean_i |outputs(x_i) - y_i|^2``, the mean over targets."""
    del objective
    error = _outputs(model, batch, key, hyperparameters) - batch.y
    return weighted_mean(jnp.mean(jnp.square(error), axis=1), batch.weight), {}


def _outputs(model, batch, key, hyperparameters):
    dropout = None if hyperparameters["evaluation"] else (key, hyperparameters["dropout"])
    return model.network.outputs(model.params, batch.x, dropout)


def outputs(network, params, x):
    """What the head gives for samples in units of training."""
    return network.outputs(params, x)


def features(network, params, x):
    """What the head is given for samples in units of training, before its own units."""
    return network.features(params, x)


@dataclass(frozen=True)
class Part:
    """Samples with targets, weights of mean 1 for all of them, and which samples to train on.

    ``held_out`` are the samples to evaluate, None where training goes on to the end of the plan;
    ``room`` is how many there may be without another program.
    """

    samples: Samples
    weight: np.ndarray
    index: np.ndarray
    held_out: np.ndarray | None = None
    room: int | None = None

    @property
    def evaluated(self):
        """What `train` calls held out."""
        return None if self.held_out is None else (self.samples, self.held_out, self.weight)

    def few(self, n_samples: int, rng) -> "Part":
        """At most so many of the samples."""
        if n_samples >= self.samples.n_samples:
            return self
        chosen = np.sort(rng.permutation(self.samples.n_samples)[:n_samples])

        def places(index):
            return np.searchsorted(chosen, np.intersect1d(index, chosen))

        held_out = None if self.held_out is None else places(self.held_out)
        samples, weight = self.samples.select(chosen), self.weight[chosen]
        return Part(samples, weight, places(self.index), held_out, self.room)


def fine_tune(
    recipe: Recipe,
    params: dict,
    part: Part,
    plan: Plan,
    head_learning_rate: float | None,
    hyperparameters: dict[str, float],
    *,
    seed: np.random.SeedSequence,
    device: Any = None,
    listener: Listener = NO_LISTENER,
) -> tuple[Result, Result]:
    """Train a head on an encoder's layers, and then the layers with it.

    Parameters
    ----------
    recipe : Recipe
        Its network is a `HeadedNetwork`.
    params : dict
        Weights of the layers, without a head. Where they are constants, the head alone is trained.
    part : Part
    plan : Plan
    head_learning_rate : float or None
        While the head is trained alone. None: the less, the more it is given, since a step of
        Adam's kind moves an output by rate times width.
    hyperparameters : dict of float
        With "alpha" and "dropout".
    seed, device, listener
        As for `train`; the listener hears of the last training.

    Returns
    -------
    head, result : Result
        Of the head alone, and of all. They are the same where no layer is trained and the head
        has seen all samples.
    """

    def run(recipe, params, part, plan, seed, listener):
        return train(
            recipe,
            params,
            part.samples,
            part.index,
            part.weight,
            plan,
            hyperparameters,
            seed=seed,
            held_out=part.evaluated,
            evaluation_samples=part.room,
            device=device,
            listener=listener,
        )

    head_seed, seed, subset_seed = seed.spawn(3)
    network: HeadedNetwork = recipe.network
    shape = jax.ShapeDtypeStruct((1, part.samples.n_features), np.float32)
    width = output_shapes(features, network, (params, shape)).shape[1]
    few = part.few(max(1, _MAX_CELLS // width), np.random.default_rng(subset_seed))
    given, unit = _in_units(network, params, few, width, device)
    params = {**params, "fixed": {**params["fixed"], "unit": unit}}
    trained = {name: weights for name, weights in params.items() if name != "fixed"}
    is_all = few is part and not jax.tree.leaves(trained)
    head = run(
        replace(recipe, network=LinearHead(width, network.n_outputs)),
        {"head": _head_at_zero(width, network.n_outputs)},
        given,
        replace(plan, learning_rate=head_learning_rate or min(0.02, 0.5 / width)),
        head_seed,
        listener if is_all else NO_LISTENER,
    )
    params = {**params, **head.params}
    if is_all:
        return (replace(head, params=params),) * 2
    left = max(0.0, plan.max_time - sum(head.seconds.values()))
    plan = replace(plan, epochs=0 if head.interrupted else plan.epochs, max_time=left)
    return head, run(recipe, params, part, plan, seed, listener)


def _in_units(network: HeadedNetwork, params, part, width, device) -> tuple[Part, dict]:
    """What the layers give for samples, with mean 0 and mean square 1 over all units; and these units.

    One scale for all: units that hardly vary say little, and are not made to speak up.
    """
    samples, weight = part.samples, part.weight
    given = np.empty((samples.n_samples, width), np.float32)
    shape = (samples.n_samples, samples.n_features)
    apply_in_blocks(features, network, params, shape, samples.standardized, given, device)
    share = weight / weight.sum()
    mean = (share @ given.astype(np.float64)).astype(np.float32)
    given -= mean
    square = float(share @ np.square(given).mean(axis=1, dtype=np.float64))
    scale = np.float32(np.sqrt(square) if square > 0 else 1.0)
    given /= scale
    samples = Samples(given, targets=samples.targets(slice(None)))
    return replace(part, samples=samples), {"mean": mean, "scale": scale}


def _head_at_zero(width, n_outputs):
    kernel = np.zeros((width, n_outputs), np.float32)
    return {"kernel": kernel, "bias": np.zeros(n_outputs, np.float32)}
