"""Rules for what runs along axes: sums, largest cells, places."""

import numpy as np

__all__ = ["RULES"]


def _reduction(kind):
    def rule(graph, equation, x):
        return graph.node(kind, x, np.array(equation.params["axes"], np.int64), keepdims=0)

    return rule


def _of_truth(kind):
    """ONNX compares numbers: 1 is true."""
    reduce = _reduction(kind)

    def rule(graph, equation, x):
        return graph.cast(reduce(graph, equation, graph.cast(x, np.int32)), np.bool_)

    return rule


def _place(kind):
    def rule(graph, equation, x):
        (axis,) = equation.params["axes"]
        places = graph.node(kind, x, axis=int(axis), keepdims=0)
        return graph.cast(places, equation.outvars[0].aval.dtype)

    return rule


def _cumulative_sum(graph, equation, x):
    axis = np.array(equation.params["axis"], np.int64)
    return graph.node("CumSum", x, axis, reverse=int(equation.params["reverse"]))


def _top_k(graph, equation, x):
    axis = int(equation.params.get("axis", -1))
    k = np.array([equation.params["k"]], np.int64)
    values, places = graph.nodes_outputs("TopK", 2, x, k, axis=axis)
    return [values, graph.cast(places, equation.outvars[1].aval.dtype)]


RULES = {
    "argmax": _place("ArgMax"),
    "argmin": _place("ArgMin"),
    "cumsum": _cumulative_sum,
    "reduce_and": _of_truth("ReduceMin"),
    "reduce_max": _reduction("ReduceMax"),
    "reduce_min": _reduction("ReduceMin"),
    "reduce_or": _of_truth("ReduceMax"),
    "reduce_prod": _reduction("ReduceProd"),
    "reduce_sum": _reduction("ReduceSum"),
    "top_k": _top_k,
}
