"""Greedy layer-wise pretraining: each pair of layers reconstructs the output of the layers below.

Deep stacks of bounded activations train badly from random weights, because the gradient vanishes on
its way to the lower layers. Here no gradient passes through more than one pair (Bengio, Lamblin,
Popovici and Larochelle 2007, Greedy layer-wise training of deep networks, NeurIPS 19).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks, encode
from skae.core.networks.dense import dense_network
from skae.core.networks.network import Network
from skae.core.objective import Objective, reconstruction_loss
from skae.core.training.driver import train
from skae.core.training.job import Job, TrainingData
from skae.core.training.plan import Plan
from skae.core.training.records import NO_LISTENER

__all__ = ["InitialWeights", "n_pairs", "pair_network", "plain_layer_objective", "pretrain"]


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


def n_pairs(network: Network) -> int:
    """Number of pairs of an encoder layer and a decoder layer of a symmetric dense network."""
    return len(network.encoder.widths)


def pair_network(network: Network, depth: int) -> Network:
    """Pair `depth` (0: next to the samples) as an autoencoder with one hidden layer.

    Its output passes through the activation as in the whole stack, except for the samples
    themselves. So the trained pairs put together are the stack.
    """
    inner = network.encoder
    top = depth + 1 == n_pairs(network)
    return dense_network(
        network.n_features if depth == 0 else inner.widths[depth - 1],
        (),
        network.n_components if top else inner.widths[depth],
        (),
        inner.activation,
        output_activation="identity" if depth == 0 else inner.activation,
        code_activation=network.code_activation if top else inner.activation,
        n_active=network.n_active if top else None,
        unit_decoder=network.unit_decoder and top,
        tied=network.tied,
    )


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
        Its network is dense and symmetric.
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
    job = replace(job, listener=NO_LISTENER)  # listeners follow the training of the whole stack
    recipe, pairs = job.recipe, n_pairs(job.recipe.network)
    plan = replace(plan, patience=np.inf)
    losses = np.full((pairs, plan.epochs), np.nan)
    params = {**params, "encoder": dict(params["encoder"]), "decoder": dict(params["decoder"])}
    index, seconds, diverged = np.arange(samples.n_samples), 0.0, False
    for depth, phase_seed in enumerate(seed.spawn(pairs)):
        pair = pair_network(recipe.network, depth)
        objective, constants = layer_objective(depth, samples, weight)
        result = train(
            replace(job, recipe=replace(recipe, network=pair, objective=objective)),
            TrainingData(samples, weight, index),
            {**_layers_of_pair(params, pair, depth, pairs), "fixed": constants},
            plan,
            seed=phase_seed,
        )
        _insert_pair(params, result.params, depth, pairs)
        losses[depth, : result.n_epochs] = result.history["loss"]
        seconds += result.seconds["compile"]
        diverged |= result.diverged
        if result.interrupted:
            return InitialWeights(params, losses, seconds, True, diverged)
        if depth + 1 < pairs:
            samples = _outputs(pair, result.params, samples, job.device)
    return InitialWeights(params, losses, seconds, False, diverged)


def _layers_of_pair(params, pair, depth, pairs):
    """The weights of a pair; of a code layer with several heads, the first head."""
    encoder = params["encoder"][f"layer_{depth}"]
    width = pair.n_components
    return {
        "encoder": {"layer_0": {name: leaf[..., :width] for name, leaf in encoder.items()}},
        "decoder": {"layer_0": params["decoder"][f"layer_{pairs - 1 - depth}"]},
    }


def _insert_pair(params, trained, depth, pairs):
    encoder = trained["encoder"]["layer_0"]
    width = encoder["bias"].shape[0]
    params["encoder"][f"layer_{depth}"] = {
        name: np.concatenate([encoder[name], leaf[..., width:]], axis=-1)
        for name, leaf in params["encoder"][f"layer_{depth}"].items()
    }
    params["decoder"][f"layer_{pairs - 1 - depth}"] = trained["decoder"]["layer_0"]


def _outputs(pair, params, samples, device) -> Samples:
    """The codes that a trained pair computes from its inputs, and from their noisy versions."""

    def codes(read) -> Samples:
        outputs = np.empty((samples.n_samples, pair.n_components), np.float32)
        static, shape = (pair, "squared_error"), (samples.n_samples, samples.n_features)
        apply_in_blocks(encode, static, params, shape, read, outputs, device)
        return Samples(outputs)

    clean = codes(samples.standardized)
    return clean.with_targets(codes(samples.targets)) if samples.n_targets else clean
