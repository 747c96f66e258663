"""ONNX conversion rules for elementwise primitives."""

import numpy as np

__all__ = ["RULES"]

# Primitives with an equivalent ONNX operator.
_OPERATORS = {
    "abs": "Abs",
    "acos": "Acos",
    "acosh": "Acosh",
    "add": "Add",
    "add_any": "Add",
    "asin": "Asin",
    "asinh": "Asinh",
    "atan": "Atan",
    "atanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "div": "Div",
    "eq": "Equal",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "ge": "GreaterOrEqual",
    "gt": "Greater",
    "le": "LessOrEqual",
    "log": "Log",
    "logistic": "Sigmoid",
    "lt": "Less",
    "max": "Max",
    "min": "Min",
    "mul": "Mul",
    "neg": "Neg",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "sqrt": "Sqrt",
    "sub": "Sub",
    "tan": "Tan",
    "tanh": "Tanh",
}
# Operators on booleans; on integers these primitives are bitwise.
_LOGICAL = {"and": "And", "not": "Not", "or": "Or", "xor": "Xor"}
# Primitives that matter to gradients and compilers only.
_IDENTITIES = ("copy", "copy_p", "optimization_barrier", "reduce_precision", "stop_gradient")


def _operator(kind):
    return lambda graph, equation, *values: graph.node(kind, *values)


def _logical(kind):
    def rule(graph, equation, *values):
        is_bool = equation.outvars[0].aval.dtype == np.bool_
        return graph.node(kind if is_bool else f"Bitwise{kind}", *values)

    return rule


def _identity(graph, equation, *values):
    del graph, equation
    return list(values)


def _constant(equation, number):
    """A scalar of the output's dtype."""
    return np.asarray(number, equation.outvars[0].aval.dtype)


def _not_equal(graph, equation, x, y):
    return graph.node("Not", graph.node("Equal", x, y))


def _log1p(graph, equation, x):
    return graph.node("Log", graph.node("Add", x, _constant(equation, 1)))


def _expm1(graph, equation, x):
    return graph.node("Sub", graph.node("Exp", x), _constant(equation, 1))


def _erfc(graph, equation, x):
    return graph.node("Sub", _constant(equation, 1), graph.node("Erf", x))


def _exp2(graph, equation, x):
    return graph.node("Pow", _constant(equation, 2), x)


def _rsqrt(graph, equation, x):
    return graph.node("Reciprocal", graph.node("Sqrt", x))


def _square(graph, equation, x):
    return graph.node("Mul", x, x)


def _integer_pow(graph, equation, x):
    return graph.node("Pow", x, _constant(equation, equation.params["y"]))


def _pow(graph, equation, x, y):
    return graph.node("Pow", x, y)


def _rem(graph, equation, x, y):
    return graph.node("Mod", x, y, fmod=1)


def _round(graph, equation, x):
    if int(equation.params["rounding_method"]) != 1:
        raise ValueError(
            "The network rounds halves away from zero, but ONNX only supports rounding halves to "
            "even numbers. Use jnp.round, or export with to_stablehlo."
        )
    return graph.node("Round", x)


def _is_finite(graph, equation, x):
    not_finite = graph.node("Or", graph.node("IsInf", x), graph.node("IsNaN", x))
    return graph.node("Not", not_finite)


def _select(graph, equation, which, *cases):
    if len(cases) != 2 or equation.invars[0].aval.dtype != np.bool_:
        raise ValueError(
            "The network selects among more than two cases, for which skae has no ONNX rule. Use "
            "jnp.where, or export with to_stablehlo."
        )
    return graph.node("Where", which, cases[1], cases[0])


def _clamp(graph, equation, low, x, high):
    return graph.node("Min", graph.node("Max", x, low), high)


def _convert(graph, equation, x):
    return graph.cast(x, equation.outvars[0].aval.dtype)


RULES = {
    **{name: _operator(kind) for name, kind in _OPERATORS.items()},
    **{name: _logical(kind) for name, kind in _LOGICAL.items()},
    **dict.fromkeys(_IDENTITIES, _identity),
    "clamp": _clamp,
    "convert_element_type": _convert,
    "erfc": _erfc,
    "exp2": _exp2,
    "expm1": _expm1,
    "integer_pow": _integer_pow,
    "is_finite": _is_finite,
    "log1p": _log1p,
    "ne": _not_equal,
    "pow": _pow,
    "rem": _rem,
    "round": _round,
    "rsqrt": _rsqrt,
    "select_n": _select,
    "square": _square,
}
