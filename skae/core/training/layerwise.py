"""Greedy layer-wise pretraining: each pair of layers reconstructs the output of the layers below.

Deep stacks of bounded activations train badly from random weights, because the gradient vanishes on
its way to the lower layers. Here no gradient passes through more than one pair (Bengio, Lamblin,
Popovici and Larochelle 2007, Greedy layer-wise training of deep networks, NeurIPS 19).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import getitem
from typing import NamedTuple

import numpy as np

from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks, encode
from skae.core.networks.modules import Path
from skae.core.networks.network import LayerPair
from skae.core.objective import Objective, reconstruction_loss
from skae.core.training.driver import train
from skae.core.training.job import Job, TrainingData
from skae.core.training.plan import Plan

__all__ = ["InitialWeights", "plain_layer_objective", "pretrain"]


class InitialWeights(NamedTuple):
    """Initial weights of a fit; after greedy pretraining, with the record of its phases.

    ``losses`` has the shape (n_pairs, epochs), NaN for epochs that were not run.
    """

    params: dict
    losses: np.ndarray | None = None
    compile_seconds: float = 0.0
    interrupted: bool = False
    diverged: bool = False


def plain_layer_objective(depth: int, loss: str, samples, weight) -> tuple[Objective, dict]:
    """The objective of a pair of layers that reconstructs its input, without constants."""
    del depth, samples, weight
    return Objective(reconstruction_loss, loss), {}


def pretrain(
    job: Job,
    params: dict,
    samples: Samples,
    weight: np.ndarray,
    plan: Plan,
    layer_objective: Callable,
    seed: np.random.SeedSequence,
) -> InitialWeights:
    """Train pair by pair, from the samples upwards, each on the output of the pairs below.

    Parameters
    ----------
    job : Job
        Its network has layer pairs.
    params : dict
        Initial weights; they are not changed.
    samples : Samples
    weight : ndarray of shape (n_samples,)
    plan : Plan
        Of each phase.
    layer_objective : callable
        ``layer_objective(depth, samples, weight)`` returns the objective of a phase and the
        constants that it reads as ``params["fixed"]``; `samples` are the inputs of the pair.
    seed : numpy.random.SeedSequence

    Returns
    -------
    weights : InitialWeights
    """
    recipe, pairs = job.recipe, job.recipe.network.layer_pairs()
    plan = replace(plan, patience=np.inf)
    losses = np.full((len(pairs), plan.epochs), np.nan)
    index, seconds, diverged = np.arange(samples.n_samples), 0.0, False
    for depth, phase_seed in enumerate(seed.spawn(len(pairs))):
        pair = pairs[depth]
        objective, constants = layer_objective(depth, samples, weight)
        n_samples = samples.n_samples
        listener = job.listener.pretraining(depth + 1, len(pairs), plan.epochs, n_samples)
        result = train(
            replace(
                job,
                recipe=replace(recipe, network=pair.network, objective=objective),
                listener=listener,
            ),
            TrainingData(samples, weight, index),
            {**_layers_of_pair(params, pair), "fixed": constants},
            plan,
            seed=phase_seed,
        )
        params = _with_pair(params, result.params, pair)
        losses[depth, : result.n_epochs] = result.history["loss"]
        seconds += result.seconds["compile"]
        diverged |= result.diverged
        if result.interrupted:
            return InitialWeights(params, losses, seconds, True, diverged)
        if depth + 1 < len(pairs):
            samples = _outputs(pair.network, result.params, samples, job.device)
    return InitialWeights(params, losses, seconds, False, diverged)


def _layers_of_pair(params, pair: LayerPair):
    """The weights of a pair; of a code layer with several heads, the first head."""
    encoder = _at(params["encoder"], pair.encoder)
    first = {name: leaf[..., : pair.width] for name, leaf in encoder.items()}
    return {
        "encoder": {pair.network.encoder.output_layer: first},
        "decoder": {pair.network.decoder.output_layer: _at(params["decoder"], pair.decoder)},
    }


def _with_pair(params, trained, pair: LayerPair):
    """`params` with the trained weights of a pair."""
    (first,), (decoder,) = trained["encoder"].values(), trained["decoder"].values()
    before = _at(params["encoder"], pair.encoder)
    encoder = {
        name: np.concatenate([first[name], leaf[..., pair.width :]], axis=-1)
        for name, leaf in before.items()
    }
    return {
        **params,
        "encoder": _replaced(params["encoder"], pair.encoder, encoder),
        "decoder": _replaced(params["decoder"], pair.decoder, decoder),
    }


def _at(weights, path: Path):
    return reduce(getitem, path, weights)


def _replaced(weights, path: Path, layer):
    """Nested dicts with another layer at `path`."""
    name, rest = path[0], path[1:]
    return {**weights, name: _replaced(weights[name], rest, layer) if rest else layer}


def _outputs(pair, params, samples, device) -> Samples:
    """The codes that a trained pair computes from its inputs, and from their noisy versions."""

    def codes(read) -> Samples:
        outputs = np.empty((samples.n_samples, pair.n_components), np.float32)
        static, shape = (pair, "squared_error"), (samples.n_samples, samples.n_features)
        apply_in_blocks(encode, static, params, shape, read, outputs, device)
        return Samples(outputs)

    clean = codes(samples.standardized)
    return clean.with_targets(codes(samples.targets)) if samples.n_targets else clean
