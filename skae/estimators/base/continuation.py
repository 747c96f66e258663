"""Whether training can continue with a fitted network (`warm_start`, `partial_fit`)."""

from collections.abc import Iterator
from typing import Any

__all__ = ["refuse_another_network", "refuse_changed_parameters"]

# Entries of a description and the parameters that they follow from; others have equal names.
_PARAMETERS = {
    "encoder_widths": "hidden_layer_sizes",
    "decoder_widths": "decoder_hidden_layer_sizes",
    "tied": "tied_weights",
    "kernel_sizes": "kernel_size",
    "outer_sizes": "outer_layer_sizes",
    "kind": "network",
    "linear_path": "init",
    "unit_decoder": "decoder_norm",
}
# Values of entries and those of the parameters.
_VALUES: dict[str, dict[Any, str]] = {
    "linear_path": {True: "'pca'", False: "'random'"},
    "unit_decoder": {True: "'unit'", None: "'weighted' or 'none'"},
    "code": {None: "'dense'"},
}


def refuse_another_network(fitted: dict[str, Any], described: dict[str, Any]) -> None:
    """Raise ValueError, with the parameter that differs, unless the two descriptions are equal.

    Parameters
    ----------
    fitted : dict
        `architecture_` of the fitted estimator.
    described : dict
        The description of its present parameters.
    """
    if fitted == described:
        return
    name, before, now = next(_differences(fitted, described))
    if name in ("encoder", "decoder"):  # of a user's flax modules: long nested dicts
        found, expected = f"the {name} of network", f"the fitted {name}"
    else:
        values, name = _VALUES.get(name, {}), _PARAMETERS.get(name, name)
        before, now = (values.get(value, repr(value)) for value in (before, now))
        found, expected = f"{name}={now}", f"{name}={before} of the fitted network"
    raise _difference(found, expected)


def refuse_changed_parameters(fitted: dict[str, Any], parameters: dict[str, Any]) -> None:
    """Raise ValueError if a parameter has another value than the fitted state.

    Parameters
    ----------
    fitted : dict
        Parameters that the fitted state determines.
    parameters : dict
        All present parameters.
    """
    for name, before in fitted.items():
        if parameters[name] != before:
            raise _difference(
                f"{name}={parameters[name]!r}", f"{name}={before!r} of the fitted estimator"
            )


def _difference(found: str, expected: str) -> ValueError:
    return ValueError(
        f"{found} differs from {expected}, with which training continues: restore it, or train a "
        "new network with warm_start=False or a clone"
    )


def _differences(one: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Names and both values of entries that differ, those that others follow from first."""
    for name in (*other, *one):
        before, now = one.get(name), other.get(name)
        if before == now:
            continue
        if name == "network":
            yield from _differences(before or {}, now or {})
        else:
            yield name, before, now
