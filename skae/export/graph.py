"""An ONNX graph in the making, into which a jaxpr is written equation by equation.

A value is a NumPy array where it is known already, else the name of a tensor. What follows from
known values alone is computed at once, so weights arrive in the shape that they are needed in.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jax.export import is_symbolic_dim

__all__ = ["Graph", "Value"]

Value = np.ndarray | str

# equations that stand for what is in a jaxpr of theirs
_CALLS = (
    "checkpoint",
    "closed_call",
    "core_call",
    "custom_jvp_call",
    "custom_vjp_call",
    "custom_vjp_call_jaxpr",
    "jit",
    "pjit",
    "remat",
    "remat2",
)
_BODIES = ("jaxpr", "call_jaxpr", "fun_jaxpr")


class Graph:
    """Nodes, weights, inputs and outputs so far.

    Parameters
    ----------
    onnx : module
        That package.
    rules : mapping
        By the name of a primitive, ``rule(graph, equation, *values)``: it adds nodes, and gives a
        value, or a list where the equation has several outputs.
    unique : callable
        ``unique(kind)`` gives a name that no other tensor of the model has.
    """

    def __init__(self, onnx: Any, rules: Mapping[str, Callable], unique: Callable[[str], str]):
        self.onnx, self.rules, self.unique = onnx, rules, unique
        self.nodes: list = []
        self.weights: list = []
        self.inputs: list = []
        self.outputs: list = []
        # a tensor, which of its axes is the samples, and how long the trace says that it is
        self._samples: tuple[str, int, Any] | None = None
        self._n_samples: Value | None = None

    def inner(self) -> "Graph":
        """An empty graph for the body of a loop."""
        return Graph(self.onnx, self.rules, self.unique)

    def proto(self, name: str):
        """The graph as ONNX has it."""
        return self.onnx.helper.make_graph(
            self.nodes, name, self.inputs, self.outputs, self.weights
        )

    def read_samples(self, name: str, shape) -> None:
        """Take the number of samples from a tensor of this shape, if it is open there."""
        for axis, length in enumerate(shape):
            if self._samples is None and not isinstance(length, int):
                self._samples = (name, axis, length)

    def add_input(self, name: str, shape, dtype) -> str:
        """An input of the graph."""
        self.inputs.append(self._described(name, shape, dtype))
        self.read_samples(name, shape)
        return name

    def add_output(self, name: str, value: Value, shape, dtype) -> None:
        """Give a value out."""
        self.add_node("Identity", [self.name_of(value)], [name])
        self.outputs.append(self._described(name, shape, dtype))

    def _described(self, name, shape, dtype):
        lengths = [length if isinstance(length, int) else "n_samples" for length in shape]
        return self.onnx.helper.make_tensor_value_info(name, self.type_of(dtype), lengths)

    def type_of(self, dtype) -> int:
        """ONNX's number for a dtype."""
        return self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def name_of(self, value: Value) -> str:
        """The tensor of a value, which becomes a weight if it is known."""
        if isinstance(value, str):
            return value
        name = self.unique("weights")
        array = np.ascontiguousarray(value).reshape(value.shape)
        self.weights.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *values: Value, **attributes) -> str:
        """A node with one output, and the name of it."""
        (name,) = self.nodes_outputs(kind, 1, *values, **attributes)
        return name

    def nodes_outputs(self, kind: str, n_outputs: int, *values: Value, **attributes) -> list[str]:
        """A node with any number of outputs, and their names."""
        names = [self.unique(kind) for _ in range(n_outputs)]
        self.add_node(kind, [self.name_of(value) for value in values], names, **attributes)
        return names

    def add_node(self, kind: str, inputs: list[str], outputs: list[str], **attributes) -> None:
        """A node between tensors of these names."""
        made = self.onnx.helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes)
        self.nodes.append(made)

    def cast(self, value: Value, dtype) -> Value:
        """A value in another dtype."""
        if isinstance(value, np.ndarray):
            return value.astype(dtype)
        return self.node("Cast", value, to=self.type_of(dtype))

    def length(self, length) -> Value:
        """The length of an axis, as a vector of one int64: known, or the number of samples."""
        if isinstance(length, int):
            return np.array([length], np.int64)
        if self._samples is None or length != self._samples[2]:
            raise ValueError(
                f"the network makes an axis of length {length}, and ONNX has a rule here for those "
                "of the number of samples alone"
            )
        if self._n_samples is None:
            name, axis, _ = self._samples
            self._n_samples = self.node("Shape", name, start=axis, end=axis + 1)
        return self._n_samples

    def shape(self, lengths) -> Value:
        """The lengths of axes as a vector of int64."""
        if all(isinstance(length, int) for length in lengths):
            return np.array(lengths, np.int64)
        return self.node("Concat", *map(self.length, lengths), axis=0)

    def follow(self, jaxpr, values: list[Value]) -> list[Value]:
        """Write all equations of a jaxpr; what it gives for these arguments."""
        inner = getattr(jaxpr, "jaxpr", jaxpr)
        found: dict[Any, Value] = dict(
            zip(inner.constvars, map(np.asarray, getattr(jaxpr, "consts", ())), strict=True)
        )
        found.update(zip(inner.invars, values, strict=True))

        def value_of(atom) -> Value:
            return np.asarray(atom.val, atom.aval.dtype) if hasattr(atom, "val") else found[atom]

        for equation in inner.eqns:
            given = self._apply(equation, [value_of(atom) for atom in equation.invars])
            found.update(zip(equation.outvars, given, strict=True))
        return [value_of(atom) for atom in inner.outvars]

    def _apply(self, equation, values) -> list[Value]:
        name, parameters = equation.primitive.name, equation.params
        if name in _CALLS:
            body = next(parameters[key] for key in _BODIES if key in parameters)
            return self.follow(body, values)
        if all(isinstance(value, np.ndarray) for value in values) and _is_closed(equation):
            given = equation.primitive.bind(*values, **parameters)
            several = equation.primitive.multiple_results
            return [np.asarray(array) for array in (given if several else [given])]
        if name not in self.rules:
            raise ValueError(
                f"the network computes {name!r}, a primitive of JAX that skae has no rule for in "
                "ONNX: use other layers, or to_stablehlo, which takes all of them"
            )
        given = self.rules[name](self, equation, *values)
        return given if isinstance(given, list) else [given]


def _is_closed(equation) -> bool:
    """Whether nothing of what an equation gives depends on the number of samples."""
    lengths = [n for out in equation.outvars for n in getattr(out.aval, "shape", ())]
    # "dim_as_value" gives the number itself
    return not any(map(is_symbolic_dim, [*lengths, *equation.params.values()]))
