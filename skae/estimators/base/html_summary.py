"""Summary of a fitted autoencoder as HTML, shown below scikit-learn's diagram."""

from html import escape
from typing import Any

import jax
import numpy as np
from sklearn.utils.validation import check_is_fitted

from skae.core.networks.captured_activations import layer_shapes

__all__ = ["summary_html", "summary_of"]

_STYLE = "padding: 0.1em 0.8em; text-align: {align}; font-variant-numeric: tabular-nums"


def summary_of(model: Any) -> dict[str, str]:
    """Layers with their output shapes for one sample, number of parameters, losses and epochs.

    Parameters
    ----------
    model : estimator
        A fitted autoencoder.

    Returns
    -------
    summary : dict of str
        Values by name, in the order in which the network computes its layers.
    """
    check_is_fitted(model)
    network, history = model.architecture_["network"], model.history_
    shapes = {
        "samples": (model.n_features_in_,),
        **layer_shapes(model._network, model.params_),
        "reconstruction": (model.n_features_in_,),
    }
    # "fixed" holds constants such as those of the noise
    trained = {name: part for name, part in model.params_.items() if name != "fixed"}
    n_parameters = sum(np.size(leaf) for leaf in jax.tree.leaves(trained))
    summary = {
        "network": network["kind"],
        **{name: " x ".join(map(str, shape)) for name, shape in shapes.items()},
        "parameters": f"{n_parameters:,}",
        "epochs": f"{model.n_iter_}, kept: {model.best_iter_ or 'initialization'}",
    }
    if len(history["loss"]):
        summary["training loss"] = f"{history['loss'][-1]:.4g}"
    held_out = history.get("validation_loss", ())
    if np.isfinite(held_out).any():
        lower = "" if model.best_iter_ else " (lower at initialization)"
        summary["best validation loss"] = f"{np.nanmin(held_out):.4g}{lower}"
    summary["seconds"] = f"{model.fit_time_['total']:.3g}"
    return summary


def summary_html(model: Any) -> str:
    """`summary_of` as a collapsible HTML table."""
    left, right = (_STYLE.format(align=align) for align in ("left", "right"))
    lines = "".join(
        f'<tr><th style="{left}">{escape(name)}</th><td style="{right}">{escape(value)}</td></tr>'
        for name, value in summary_of(model).items()
    )
    title = f"{escape(type(model).__name__)}: layers and training"
    return (
        '<details class="skae-summary" style="margin: 0.3em 0 0 1em">'
        f"<summary>{title}</summary><table>{lines}</table></details>"
    )
