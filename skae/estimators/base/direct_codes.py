"""Codes that a convolution or a recurrent layer computes, without a dense layer (`code`)."""

from math import prod
from typing import Any

from skae.core.networks.images import map_shapes

__all__ = ["check_direct_code"]


def check_direct_code(network: dict[str, Any], n_components: int, heads: int, init: str) -> None:
    """Raise ValueError if other parameters do not match the `code` of a network.

    Parameters
    ----------
    network : dict
        Description of encoder and decoder; without "code", a dense layer computes the code.
    n_components : int
    heads : int
        Arrays of codes that the encoder returns.
    init : str
    """
    code = network.get("code")
    if code is None:
        return
    if init != "random":
        raise ValueError(
            f"code={code!r} has no linear skip connection, which init={init!r} initializes: set "
            "init='random'"
        )
    if code == "maps":
        _check_maps(network, n_components)
        return
    if heads > 1:
        raise ValueError(
            "code='state' bounds the outputs of the encoder to (-1, 1), but the variances of a "
            "variational autoencoder are not bounded: use code='dense'"
        )
    if network["bidirectional"] and n_components % 2:
        raise ValueError(
            f"n_components={n_components} is odd, but with code='state' and bidirectional=True "
            "each direction has half of the units: use an even number"
        )


def _check_maps(network: dict[str, Any], n_components: int) -> None:
    names = ("image_shape", "channels", "kernel_sizes", "stride", "padding")
    *_, shape = map_shapes(*(network[name] for name in names))
    if n_components != prod(shape):
        height, width, count = shape
        raise ValueError(
            f"n_components={n_components} does not match code='maps': the last of "
            f"channels={network['channels']} has {count} feature maps of {height} x {width}, so "
            f"set n_components={prod(shape)}"
        )
