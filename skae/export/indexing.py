"""Rules for cells at given places. A trace with an open number of samples has no plain slices."""

import numpy as np

from skae.export.rearranging import sliced, transposed

__all__ = ["RULES"]


def _dynamic_slice(graph, equation, x, *starts):
    if not all(isinstance(start, np.ndarray) for start in starts):
        raise _unknown("slices samples at places that depend on the samples")
    return _window(graph, x, equation.invars[0].aval.shape, starts, equation.params["slice_sizes"])


def _window(graph, x, shape, starts, sizes):
    """One block of cells, inside of what is there."""
    cut = [
        (axis, start, start + size)
        for axis, (start, size, length) in enumerate(zip(starts, sizes, shape, strict=True))
        if size != length
        for start in [min(max(int(start), 0), length - size)]
    ]
    if not cut:
        return x
    return sliced(graph, x, *zip(*cut, strict=True))


def _gather(graph, equation, x, places):
    numbers = equation.params["dimension_numbers"]
    shape, sizes = equation.invars[0].aval.shape, equation.params["slice_sizes"]
    collapsed = tuple(numbers.collapsed_slice_dims)
    if _batched(numbers):
        raise _unknown("takes cells sample by sample (operand_batching_dims)")
    if isinstance(places, np.ndarray) and places.ndim == 1:
        given = dict(zip(numbers.start_index_map, places, strict=True))
        starts = [given.get(axis, 0) for axis in range(len(shape))]
        block = _window(graph, x, shape, starts, sizes)
        if not collapsed:
            return block
        return graph.node("Squeeze", block, np.array(collapsed, np.int64))
    windows = _others(shape, numbers.start_index_map)
    if set(collapsed) != set(numbers.start_index_map) or any(sizes[a] != shape[a] for a in windows):
        raise _unknown("takes blocks at several places")
    x = transposed(graph, x, [*numbers.start_index_map, *windows])
    cells = graph.node("GatherND", x, graph.cast(places, np.int64))
    inside = numbers.offset_dims
    # ONNX has the windows' axes last
    order = [*_others(equation.outvars[0].aval.shape, inside), *inside]
    return transposed(graph, cells, np.argsort(order))


def _scatter(reduction):
    def rule(graph, equation, x, places, values):
        numbers = equation.params["dimension_numbers"]
        shape, new = (equation.invars[i].aval.shape for i in (0, 2))
        targets, inside = numbers.scatter_dims_to_operand_dims, numbers.update_window_dims
        windows = _others(shape, targets)
        if _batched(numbers) or set(numbers.inserted_window_dims) != set(targets):
            raise _unknown("puts blocks in places")
        if any(new[a] != shape[b] for a, b in zip(inside, windows, strict=True)):
            raise _unknown("puts parts of windows in places")
        order = [*targets, *windows]
        x = transposed(graph, x, order)
        values = transposed(graph, values, [*_others(new, inside), *inside])
        places = graph.cast(places, np.int64)
        filled = graph.node("ScatterND", x, places, values, reduction=reduction)
        return transposed(graph, filled, np.argsort(order))

    return rule


def _others(shape, axes):
    """The axes that are not among these."""
    return [axis for axis in range(len(shape)) if axis not in axes]


def _batched(numbers):
    return bool(getattr(numbers, "operand_batching_dims", ()))


def _unknown(what):
    return ValueError(
        f"the network {what}, for which skae has no rule in ONNX: use other layers, or "
        "to_stablehlo, which takes all of them"
    )


RULES = {
    "dynamic_slice": _dynamic_slice,
    "gather": _gather,
    "scatter": _scatter("none"),
    "scatter-add": _scatter("add"),
    "scatter_add": _scatter("add"),
}
