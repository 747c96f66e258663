"""ONNX conversion rules for indexing primitives: slices, gather and scatter.

With a symbolic number of samples, JAX traces slicing as these primitives instead of `slice`.
"""

import numpy as np

from skae.export.rearranging import sliced, transposed

__all__ = ["RULES"]


def _dynamic_slice(graph, equation, x, *starts):
    if not all(isinstance(start, np.ndarray) for start in starts):
        raise _no_rule("slices at positions that depend on the samples")
    return _window(graph, x, equation.invars[0].aval.shape, starts, equation.params["slice_sizes"])


def _window(graph, x, shape, starts, sizes):
    """A block of `sizes` at `starts`, moved inside the array as `lax.dynamic_slice` does."""
    slices = [
        (axis, start, start + size)
        for axis, (start, size, length) in enumerate(zip(starts, sizes, shape, strict=True))
        if size != length
        for start in [min(max(int(start), 0), length - size)]
    ]
    if not slices:
        return x
    return sliced(graph, x, *zip(*slices, strict=True))


def _gather(graph, equation, x, indices):
    numbers = equation.params["dimension_numbers"]
    shape, sizes = equation.invars[0].aval.shape, equation.params["slice_sizes"]
    collapsed = tuple(numbers.collapsed_slice_dims)
    if _is_batched(numbers):
        raise _no_rule("gathers sample by sample (operand_batching_dims)")
    if isinstance(indices, np.ndarray) and indices.ndim == 1:
        # One block at a constant position is a slice.
        index_of = dict(zip(numbers.start_index_map, indices, strict=True))
        starts = [index_of.get(axis, 0) for axis in range(len(shape))]
        block = _window(graph, x, shape, starts, sizes)
        if not collapsed:
            return block
        return graph.node("Squeeze", block, np.array(collapsed, np.int64))
    windows = _other_axes(shape, numbers.start_index_map)
    is_whole = all(sizes[axis] == shape[axis] for axis in windows)
    if set(collapsed) != set(numbers.start_index_map) or not is_whole:
        raise _no_rule("gathers blocks at several positions")
    x = transposed(graph, x, [*numbers.start_index_map, *windows])
    gathered = graph.node("GatherND", x, graph.cast(indices, np.int64))
    # GatherND puts the axes of a window last; JAX puts them at offset_dims.
    offset = numbers.offset_dims
    order = [*_other_axes(equation.outvars[0].aval.shape, offset), *offset]
    return transposed(graph, gathered, np.argsort(order))


def _scatter(reduction):
    def rule(graph, equation, x, indices, updates):
        numbers = equation.params["dimension_numbers"]
        shape, updates_shape = (equation.invars[i].aval.shape for i in (0, 2))
        scattered, window_axes = numbers.scatter_dims_to_operand_dims, numbers.update_window_dims
        windows = _other_axes(shape, scattered)
        if _is_batched(numbers) or set(numbers.inserted_window_dims) != set(scattered):
            raise _no_rule("scatters blocks")
        if any(updates_shape[a] != shape[b] for a, b in zip(window_axes, windows, strict=True)):
            raise _no_rule("scatters parts of windows")
        order = [*scattered, *windows]
        x = transposed(graph, x, order)
        updates_order = [*_other_axes(updates_shape, window_axes), *window_axes]
        updates = transposed(graph, updates, updates_order)
        indices = graph.cast(indices, np.int64)
        result = graph.node("ScatterND", x, indices, updates, reduction=reduction)
        return transposed(graph, result, np.argsort(order))

    return rule


def _other_axes(shape, axes):
    """All axes but these."""
    return [axis for axis in range(len(shape)) if axis not in axes]


def _is_batched(numbers):
    return bool(getattr(numbers, "operand_batching_dims", ()))


def _no_rule(operation):
    return ValueError(
        f"The network {operation}, for which skae has no ONNX rule. Use other layers, or export "
        "with to_stablehlo, which supports all primitives."
    )


RULES = {
    "dynamic_slice": _dynamic_slice,
    "gather": _gather,
    "scatter": _scatter("none"),
    "scatter-add": _scatter("add"),
    "scatter_add": _scatter("add"),
}
