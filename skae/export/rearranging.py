"""ONNX conversion rules for primitives that rearrange elements: shapes, axes, slices, padding."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skae.export.graph import Graph, Value

__all__ = ["RULES", "padded", "sliced", "transposed"]

# End of a Slice with a negative step that includes the first element.
_BEFORE_START = np.iinfo(np.int64).min


def reshaped(graph: Graph, x: Value, lengths: Sequence[Any]) -> Value:
    """Reshape to axes of these lengths, which may be symbolic."""
    n_symbolic = sum(not isinstance(length, int) for length in lengths)
    if n_symbolic > 1:
        return graph.node("Reshape", x, graph.shape_tensor(lengths))
    lengths = [length if isinstance(length, int) else -1 for length in lengths]
    return graph.node("Reshape", x, np.array(lengths, np.int64))


def transposed(graph: Graph, x: Value, order: Any) -> Value:
    """Transpose to axes in this order."""
    order = [int(axis) for axis in order]
    if order == sorted(order):
        return x
    return (
        x.transpose(order) if isinstance(x, np.ndarray) else graph.node("Transpose", x, perm=order)
    )


def sliced(
    graph: Graph,
    x: Value,
    axes: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    steps: Sequence[int] | None = None,
) -> Value:
    """Slice some axes from `starts` to `ends`."""
    steps = [1] * len(axes) if steps is None else steps
    return graph.node("Slice", x, *(np.array(v, np.int64) for v in (starts, ends, axes, steps)))


def padded(graph: Graph, x: Value, shape: Any, padding: Any, value: Value) -> Value:
    """Pad each axis by (low, high, interior) elements, as `lax.pad`; negative padding crops."""
    for axis, (_, _, interior) in enumerate(padding):
        if interior:
            x, shape = _dilated(graph, x, shape, axis, interior, value)
    # Dilation also adds elements after the last one, which are cropped here.
    pads = [p[0] for p in padding] + [high - interior for _, high, interior in padding]
    if not any(pads):
        return x
    return graph.node("Pad", x, np.array(pads, np.int64), value)


def _dilated(graph, x, shape, axis, interior, value):
    """Insert `interior` elements after each element of an axis."""
    expanded = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
    pads = np.zeros((2, len(expanded)), np.int64)
    pads[1, axis + 1] = interior
    x = graph.node("Pad", reshaped(graph, x, expanded), pads.reshape(-1), value)
    shape = [*shape[:axis], shape[axis] * (1 + interior), *shape[axis + 1 :]]
    return reshaped(graph, x, shape), shape


def _reshape(graph, equation, x):
    return reshaped(graph, x, equation.outvars[0].aval.shape)


def _transpose(graph, equation, x):
    return transposed(graph, x, equation.params["permutation"])


def _broadcast(graph, equation, x):
    lengths, axes = equation.params["shape"], equation.params["broadcast_dimensions"]
    expanded = [1] * len(lengths)
    for axis, length in zip(axes, equation.invars[0].aval.shape, strict=True):
        expanded[axis] = length
    if len(axes) < len(lengths):
        x = reshaped(graph, x, expanded)
    repeats = [1 if a == b else b for a, b in zip(expanded, lengths, strict=True)]
    if all(isinstance(length, int) and length == 1 for length in repeats):
        return x
    return graph.node("Expand", x, graph.shape_tensor(repeats))


def _concatenate(graph, equation, *parts):
    return graph.node("Concat", *parts, axis=int(equation.params["dimension"]))


def _stack(graph, equation, *parts):
    axis = int(equation.params["axis"])
    expanded = [graph.node("Unsqueeze", part, np.array([axis], np.int64)) for part in parts]
    return graph.node("Concat", *expanded, axis=axis)


def _split(graph, equation, x):
    sizes = np.array(equation.params["sizes"], np.int64)
    axis = int(equation.params["axis"])
    return graph.node_with_outputs("Split", len(sizes), x, sizes, axis=axis)


def _slice(graph, equation, x):
    shape, parameters = equation.invars[0].aval.shape, equation.params
    steps: Sequence[int] = parameters["strides"] or (1,) * len(shape)
    limits = zip(parameters["start_indices"], parameters["limit_indices"], steps, strict=True)
    slices = [
        (axis, start, end, step)
        for axis, ((start, end, step), length) in enumerate(zip(limits, shape, strict=True))
        if not (start == 0 and end == length and step == 1)
    ]
    if not slices:
        return x
    return sliced(graph, x, *zip(*slices, strict=True))


def _reverse(graph, equation, x):
    axes = equation.params["dimensions"]
    ends = [_BEFORE_START] * len(axes)
    return sliced(graph, x, axes, [-1] * len(axes), ends, [-1] * len(axes))


def _pad(graph, equation, x, value):
    return padded(graph, x, equation.invars[0].aval.shape, equation.params["padding_config"], value)


def _tile(graph, equation, x):
    return graph.node("Tile", x, np.array(equation.params["reps"], np.int64))


def _iota(graph, equation):
    shape, axis = equation.outvars[0].aval.shape, equation.params["dimension"]
    scalars = np.zeros((), np.int64), np.ones((), np.int64)
    end = graph.node("Squeeze", graph.axis_length(shape[axis]))
    numbers = graph.node("Range", scalars[0], end, scalars[1])
    expanded = [-1 if other == axis else 1 for other in range(len(shape))]
    numbers = graph.node("Reshape", numbers, np.array(expanded, np.int64))
    numbers = graph.cast(numbers, equation.outvars[0].aval.dtype)
    repeats = [1 if other == axis else length for other, length in enumerate(shape)]
    return graph.node("Expand", numbers, graph.shape_tensor(repeats))


def _number_of_samples(graph, equation):
    length = graph.node("Squeeze", graph.axis_length(equation.params["dim"]))
    return graph.cast(length, equation.outvars[0].aval.dtype)


RULES = {
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenate,
    "dim_as_value": _number_of_samples,
    "iota": _iota,
    "pad": _pad,
    "reshape": _reshape,
    "rev": _reverse,
    "slice": _slice,
    "split": _split,
    "squeeze": _reshape,
    "stack": _stack,
    "tile": _tile,
    "transpose": _transpose,
}
