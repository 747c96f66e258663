"""What the hidden layers of any network give, by name.

skae's own networks tell flax what each hidden layer gives after its activation ("hidden", in the
order of the layers); of a user's modules, flax notes what each gives.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from skae.core.networks.network import Network
from skae.core.networks.own_modules import OwnDecoder

__all__ = ["CODE", "excitation", "layer_output", "layer_shapes"]

CODE = "code"

# unlikely to be the length of any axis but that of the samples
_SAMPLES = 251


def layer_shapes(network: Network, params) -> dict[str, tuple[int, ...]]:
    """Names of the hidden layers, from the samples on, and the shape that each has of a sample.

    Parameters
    ----------
    network : Network
    params : dict
        Its weights, of which only the shapes are read.

    Returns
    -------
    shapes : dict
        "encoder.0", "encoder.1", ..., "code", "decoder.0", ...; of a user's modules
        "encoder.<name>" and so on, and "encoder" for what the whole encoder gives to the dense
        layer after it. Layers that do not have the samples on their first axis are left out.
    """
    names: list[str] = []

    def in_order(params, x):  # jax would sort a dict
        outputs = _outputs(network, params, x)
        names.extend(outputs)
        return list(outputs.values())

    x = jax.ShapeDtypeStruct((_SAMPLES, network.n_features), jnp.float32)
    return {
        name: tuple(output.shape[1:])
        for name, output in zip(names, jax.eval_shape(in_order, params, x), strict=True)
        if len(getattr(output, "shape", ())) > 1 and output.shape[0] == _SAMPLES
    }


def layer_output(static, params, x):
    """What one layer gives for samples, flat; `static` is (network, name)."""
    network, name = static
    return _outputs(network, params, x)[name].reshape(x.shape[0], -1)


def excitation(static, params, x):
    """How much samples excite each unit of a layer: a number for each cell of the last axis.

    Of maps and sequences the mean over places and steps. Of the code, what stands before its
    activation: that rises where the activation rises, and never stops rising. `static` is
    (network, name).
    """
    network, name = static
    if name == CODE:
        return network.preactivation(params, x)
    output = _outputs(network, params, x)[name]
    return output.reshape(x.shape[0], -1, output.shape[-1]).mean(axis=1)


def _outputs(network, params, x) -> dict[str, Any]:
    """By name, what each hidden layer gives for samples `x`."""
    own = isinstance(network.decoder, OwnDecoder)
    keep: dict = {"mutable": ["intermediates"], "capture_intermediates": _is_own if own else False}
    _, noted = network.apply_encoder(params, x, **keep)
    outputs = _named("encoder", noted)
    outputs[CODE] = z = network.encode(params, x)
    if network.decoder_input == z.shape[1:]:
        _, noted = network.apply_decoder(params, z, **keep)
        outputs |= _named("decoder", noted)
        outputs.pop("decoder", None)
    return outputs


def _is_own(module, method):
    """Whether flax shall note what a module gives: all that a user handed in."""
    return method == "__call__" and module.path[:1] == ("body",)


def _named(part, noted):
    """What flax noted, as "part.name": modules called more than once are counted too."""
    outputs: dict[str, Any] = {}
    for path, calls in _leaves(noted.get("intermediates", {})):
        names = [name for name in path if name not in ("body", "__call__")]
        if names == ["hidden"]:
            outputs |= {f"{part}.{i}": output for i, output in enumerate(calls)}
            continue
        name = ".".join([part, *names])
        for i, output in enumerate(calls):
            outputs[name if len(calls) == 1 else f"{name}[{i}]"] = output
    return outputs


def _leaves(tree, path=()):
    """Paths and tuples of a nested dict, in its own order."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value
