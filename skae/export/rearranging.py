"""Rules for what moves cells and computes nothing: shapes, axes, slices, margins."""

from collections.abc import Sequence

import numpy as np

__all__ = ["RULES", "padded", "sliced", "transposed"]

_TO_THE_END, _TO_THE_START = np.iinfo(np.int64).max, np.iinfo(np.int64).min


def reshaped(graph, x, lengths):
    """Cells in the same order in other axes, of which one may have an open length."""
    n_open = sum(not isinstance(length, int) for length in lengths)
    if n_open > 1:
        return graph.node("Reshape", x, graph.shape(lengths))
    lengths = [length if isinstance(length, int) else -1 for length in lengths]
    return graph.node("Reshape", x, np.array(lengths, np.int64))


def transposed(graph, x, order):
    """Axes in another order."""
    order = [int(axis) for axis in order]
    if order == sorted(order):
        return x
    return (
        x.transpose(order) if isinstance(x, np.ndarray) else graph.node("Transpose", x, perm=order)
    )


def sliced(graph, x, axes, starts, ends, steps=None):
    """Cells from starts to ends on some axes."""
    steps = np.ones(len(axes)) if steps is None else steps
    return graph.node("Slice", x, *(np.array(v, np.int64) for v in (starts, ends, axes, steps)))


def padded(graph, x, shape, margins, value):
    """Margins (low, high, between neighbors) on each axis; negative ones cut cells off."""
    for axis, (_, _, between) in enumerate(margins):
        if between:
            x, shape = _spread(graph, x, shape, axis, between, value)
    # what was put behind the last cell goes again
    pads = [m[0] for m in margins] + [high - between for _, high, between in margins]
    if not any(pads):
        return x
    return graph.node("Pad", x, np.array(pads, np.int64), value)


def _spread(graph, x, shape, axis, between, value):
    """So many cells behind each cell of an axis."""
    apart = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
    pads = np.zeros((2, len(apart)), np.int64)
    pads[1, axis + 1] = between
    x = graph.node("Pad", reshaped(graph, x, apart), pads.reshape(-1), value)
    shape = [*shape[:axis], shape[axis] * (1 + between), *shape[axis + 1 :]]
    return reshaped(graph, x, shape), shape


def _reshape(graph, equation, x):
    return reshaped(graph, x, equation.outvars[0].aval.shape)


def _transpose(graph, equation, x):
    return transposed(graph, x, equation.params["permutation"])


def _broadcast(graph, equation, x):
    lengths, places = equation.params["shape"], equation.params["broadcast_dimensions"]
    apart = [1] * len(lengths)
    for place, length in zip(places, equation.invars[0].aval.shape, strict=True):
        apart[place] = length
    if len(places) < len(lengths):
        x = reshaped(graph, x, apart)
    missing = [1 if a == b else b for a, b in zip(apart, lengths, strict=True)]
    if all(isinstance(length, int) and length == 1 for length in missing):
        return x
    return graph.node("Expand", x, graph.shape(missing))


def _concatenate(graph, equation, *parts):
    return graph.node("Concat", *parts, axis=int(equation.params["dimension"]))


def _stack(graph, equation, *parts):
    axis = int(equation.params["axis"])
    apart = [graph.node("Unsqueeze", part, np.array([axis], np.int64)) for part in parts]
    return graph.node("Concat", *apart, axis=axis)


def _split(graph, equation, x):
    sizes = np.array(equation.params["sizes"], np.int64)
    axis = int(equation.params["axis"])
    return graph.nodes_outputs("Split", len(sizes), x, sizes, axis=axis)


def _slice(graph, equation, x):
    shape, parameters = equation.invars[0].aval.shape, equation.params
    steps: Sequence[int] = parameters["strides"] or (1,) * len(shape)
    limits = zip(parameters["start_indices"], parameters["limit_indices"], steps, strict=True)
    cut = [
        (axis, start, end, step)
        for axis, ((start, end, step), length) in enumerate(zip(limits, shape, strict=True))
        if not (start == 0 and end == length and step == 1)
    ]
    if not cut:
        return x
    return sliced(graph, x, *zip(*cut, strict=True))


def _reverse(graph, equation, x):
    axes = equation.params["dimensions"]
    ends = [_TO_THE_START] * len(axes)
    return sliced(graph, x, axes, [-1] * len(axes), ends, [-1] * len(axes))


def _pad(graph, equation, x, value):
    return padded(graph, x, equation.invars[0].aval.shape, equation.params["padding_config"], value)


def _tile(graph, equation, x):
    return graph.node("Tile", x, np.array(equation.params["reps"], np.int64))


def _iota(graph, equation):
    shape, axis = equation.outvars[0].aval.shape, equation.params["dimension"]
    scalars = np.zeros((), np.int64), np.ones((), np.int64)
    end = graph.node("Squeeze", graph.length(shape[axis]))
    numbers = graph.node("Range", scalars[0], end, scalars[1])
    apart = [-1 if place == axis else 1 for place in range(len(shape))]
    numbers = graph.node("Reshape", numbers, np.array(apart, np.int64))
    numbers = graph.cast(numbers, equation.outvars[0].aval.dtype)
    missing = [1 if place == axis else length for place, length in enumerate(shape)]
    return graph.node("Expand", numbers, graph.shape(missing))


def _number_of_samples(graph, equation):
    length = graph.node("Squeeze", graph.length(equation.params["dim"]))
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
