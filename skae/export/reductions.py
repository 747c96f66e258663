"""ONNX conversion rules for reductions: sums, extrema, argmax, cumulative sums and top k."""

import numpy as np

__all__ = ["RULES"]


def _reduction(kind):
    def rule(graph, equation, x):
        return graph.node(kind, x, np.array(equation.params["axes"], np.int64), keepdims=0)

    return rule


def _boolean_reduction(kind):
    """A reduction of booleans as integers, since ONNX reduces numbers only."""
    reduce = _reduction(kind)

    def rule(graph, equation, x):
        return graph.cast(reduce(graph, equation, graph.cast(x, np.int32)), np.bool_)

    return rule


def _arg_reduction(kind):
    def rule(graph, equation, x):
        (axis,) = equation.params["axes"]
        indices = graph.node(kind, x, axis=int(axis), keepdims=0)
        return graph.cast(indices, equation.outvars[0].aval.dtype)

    return rule


def _cumulative_sum(graph, equation, x):
    axis = np.array(equation.params["axis"], np.int64)
    return graph.node("CumSum", x, axis, reverse=int(equation.params["reverse"]))


def _top_k(graph, equation, x):
    axis = int(equation.params.get("axis", -1))
    k = np.array([equation.params["k"]], np.int64)
    values, indices = graph.node_with_outputs("TopK", 2, x, k, axis=axis)
    return [values, graph.cast(indices, equation.outvars[1].aval.dtype)]


RULES = {
    "argmax": _arg_reduction("ArgMax"),
    "argmin": _arg_reduction("ArgMin"),
    "cumsum": _cumulative_sum,
    "reduce_and": _boolean_reduction("ReduceMin"),
    "reduce_max": _reduction("ReduceMax"),
    "reduce_min": _reduction("ReduceMin"),
    "reduce_or": _boolean_reduction("ReduceMax"),
    "reduce_prod": _reduction("ReduceProd"),
    "reduce_sum": _reduction("ReduceSum"),
    "top_k": _top_k,
}
