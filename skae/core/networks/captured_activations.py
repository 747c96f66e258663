"""Activations of the hidden layers of any network, by name.

In skae's own networks flax captures the output of each hidden layer after its activation, in the
order of the layers. In user-defined modules it captures the output of each module.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from skae.core.compile.settings import standard_settings
from skae.core.networks.network import Network

__all__ = ["CODE", "excitation", "layer_output", "layer_shapes"]

CODE = "code"

# A number of samples that is unlikely to be the length of another axis.
_SAMPLES = 251


@standard_settings()
def layer_shapes(network: Network, params: Any) -> dict[str, tuple[int, ...]]:
    """Names of the hidden layers, from the input on, and the shape of each output for one sample.

    Parameters
    ----------
    network : Network
    params : dict
        Its weights; only the shapes are read.

    Returns
    -------
    shapes : dict
        "encoder.0", "encoder.1", ..., "code", "decoder.0", ...; for user-defined modules
        "encoder.<name>" and so on, and "encoder" for the output of the whole encoder before the
        dense layer. Outputs without the samples on their first axis are omitted.
    """
    names: list[str] = []

    # A list, because JAX returns dicts with sorted keys.
    def in_order(params, x):
        outputs = _outputs(network, params, x)
        names.extend(outputs)
        return list(outputs.values())

    x = jax.ShapeDtypeStruct((_SAMPLES, network.n_features), jnp.float32)
    return {
        name: tuple(output.shape[1:])
        for name, output in zip(names, jax.eval_shape(in_order, params, x), strict=True)
        if len(getattr(output, "shape", ())) > 1 and output.shape[0] == _SAMPLES
    }


def layer_output(static: tuple[Network, str], params: Any, x: jax.Array) -> jax.Array:
    """Output of one layer for samples, flattened; `static` is (network, name)."""
    network, name = static
    return _outputs(network, params, x)[name].reshape(x.shape[0], -1)


def excitation(static: tuple[Network, str], params: Any, x: jax.Array) -> jax.Array:
    """Activation of each unit of a layer, of shape (n_samples, n_units).

    A unit is an entry of the last axis; feature maps and sequences are averaged over positions and
    steps. For the code it is the preactivation, which increases with the activation and does not
    saturate. `static` is (network, name).
    """
    network, name = static
    if name == CODE:
        return network.preactivation(params, x)
    output = _outputs(network, params, x)[name]
    return output.reshape(x.shape[0], -1, output.shape[-1]).mean(axis=1)


def _outputs(network, params, x) -> dict[str, Any]:
    """Output of each hidden layer for samples `x`, by name."""
    _, captured = network.apply_encoder(params, x, **_capturing(network.encoder))
    outputs = _named("encoder", captured)
    outputs[CODE] = z = network.encode(params, x)
    # The decoder of feature maps does not read codes.
    if network.decoder_input == z.shape[1:]:
        _, captured = network.apply_decoder(params, z, **_capturing(network.decoder))
        outputs |= _named("decoder", captured)
        outputs.pop("decoder", None)
    return outputs


def _capturing(module) -> dict[str, Any]:
    """Arguments of flax's ``apply`` that also return the captured outputs."""
    return {"mutable": ["intermediates"], "capture_intermediates": module.capture_filter}


def _named(part, captured):
    """Captured outputs as "part.name", with a number for modules that are called repeatedly."""
    outputs: dict[str, Any] = {}
    for path, calls in _leaves(captured.get("intermediates", {})):
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
