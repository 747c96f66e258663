"""Greedy layer-wise pretraining: its parameters, and the networks that have it."""

from typing import Any

from skae.estimators.base.sklearn_compat import StrOptions, integers_from

__all__ = ["PRETRAINING_CONSTRAINTS", "check_pretraining"]

PRETRAINING_CONSTRAINTS: dict[str, list] = {
    "pretraining": [StrOptions({"layerwise"}), None],
    "pretraining_max_iter": [StrOptions({"auto"}), integers_from(1)],
}


def check_pretraining(description: dict[str, Any], init: Any) -> None:
    """Raise ValueError unless a network can be pretrained layer by layer."""
    if init == "pca":
        raise ValueError(
            f"pretraining='layerwise' initializes the weights, and so does init={init!r}: set "
            "init='random'"
        )
    kind = description["kind"]
    if kind not in ("dense", "convolutional"):
        raise ValueError(
            "pretraining='layerwise' trains pairs of dense layers or of convolutions, and network "
            f"has others (kind {kind!r}): set pretraining=None"
        )
    if kind == "dense" and description["decoder_widths"] != description["encoder_widths"][::-1]:
        raise ValueError(
            f"decoder_hidden_layer_sizes={description['decoder_widths']} does not mirror "
            f"hidden_layer_sizes={description['encoder_widths']}: pretraining='layerwise' trains "
            "pairs of layers, so set it to None"
        )
