"""Greedy layer-wise training: each pair of layers learns to rebuild what the layers below it give.

Deep stacks of bounded activations train badly from random weights, for little of the error's slope
reaches the lower layers. Here no slope travels further than one pair (Bengio, Lamblin, Popovici
and Larochelle 2007, Greedy layer-wise training of deep networks, NeurIPS 19).
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
from skae.core.training.loop import Recipe
from skae.core.training.plan import Plan
from skae.core.training.records import NO_CHECKPOINT

__all__ = ["Pretrained", "n_pairs", "pair_network", "plain_layer_objective", "pretrain"]


class Pretrained(NamedTuple):
    """Weights of the whole stack, and how its phases went.

    ``losses`` is of shape (n_pairs, epochs), NaN for epochs that were not run.
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
    """Pairs of an encoder's and a decoder's layer of a dense network whose halves mirror."""
    return len(network.encoder.widths)


def pair_network(network: Network, depth: int) -> Network:
    """The autoencoder of one hidden layer that pair `depth` (0: next to the samples) is.

    It rebuilds the output of the layers below as the whole stack does: through the activation,
    but for the samples themselves.
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
        tied=network.tied,
    )


def pretrain(
    recipe: Recipe, params, samples, weight, plan: Plan, hyperparameters, *, phase: Callable, seed,
    device=None, checkpoint=NO_CHECKPOINT,
) -> Pretrained:  # fmt: skip
    """Train pair by pair, from the samples upwards, each on what the pairs below give.

    Parameters
    ----------
    recipe, samples, weight, hyperparameters, device, checkpoint
        As for `train`; recipe's network is dense, its decoder the encoder's mirror image.
    params : dict
        Weights to start from; they are not changed.
    plan : Plan
        Of each phase.
    phase : callable
        ``phase(depth, samples, weight)`` gives the objective of a phase and the constants that it
        reads as ``params["fixed"]``; `samples` are those that the phase rebuilds.
    seed : numpy.random.SeedSequence

    Returns
    -------
    pretrained : Pretrained
    """
    network, pairs = recipe.network, n_pairs(recipe.network)
    plan = replace(plan, patience=np.inf)
    losses = np.full((pairs, plan.epochs), np.nan)
    params = {**params, "encoder": dict(params["encoder"]), "decoder": dict(params["decoder"])}
    index, seconds, diverged = np.arange(samples.n_samples), 0.0, False
    for depth, phase_seed in enumerate(seed.spawn(pairs)):
        pair = pair_network(network, depth)
        objective, constants = phase(depth, samples, weight)
        result = train(
            Recipe(pair, objective, recipe.optimizer, recipe.clip_norm),
            {**_layers_of_pair(params, pair, depth, pairs), "fixed": constants},
            samples,
            index,
            weight,
            plan,
            hyperparameters,
            seed=phase_seed,
            device=device,
            checkpoint=checkpoint,
        )
        _put_back(params, result.params, depth, pairs)
        losses[depth, : result.n_epochs] = result.history["loss"]
        seconds += result.seconds["compile"]
        diverged |= result.diverged
        if result.interrupted:
            return Pretrained(params, losses, seconds, True, diverged)
        if depth + 1 < pairs:
            samples = _outputs(pair, result.params, samples, device)
    return Pretrained(params, losses, seconds, False, diverged)


def _layers_of_pair(params, pair, depth, pairs):
    """The pair's weights; of a last layer with several heads the first."""
    encoder = params["encoder"][f"layer_{depth}"]
    width = pair.n_components
    return {
        "encoder": {"layer_0": {name: leaf[..., :width] for name, leaf in encoder.items()}},
        "decoder": {"layer_0": params["decoder"][f"layer_{pairs - 1 - depth}"]},
    }


def _put_back(params, trained, depth, pairs):
    encoder = trained["encoder"]["layer_0"]
    width = encoder["bias"].shape[0]
    params["encoder"][f"layer_{depth}"] = {
        name: np.concatenate([encoder[name], leaf[..., width:]], axis=-1)
        for name, leaf in params["encoder"][f"layer_{depth}"].items()
    }
    params["decoder"][f"layer_{pairs - 1 - depth}"] = trained["decoder"]["layer_0"]


def _outputs(pair, params, samples, device) -> Samples:
    """What a trained pair gives of its samples, computed once."""
    outputs = np.empty((samples.n_samples, pair.n_components), np.float32)
    static, shape = (pair, "squared_error"), (samples.n_samples, samples.n_features)
    apply_in_blocks(encode, static, params, shape, samples.standardized, outputs, device)
    return Samples(outputs)
