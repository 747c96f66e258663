"""Conversion of a jaxpr to an ONNX graph, equation by equation.

A value is a NumPy array if it is a constant, else the name of a tensor. Equations whose inputs are
constants are evaluated during the conversion (constant folding), so that weights are stored in the
shape in which they are used.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from jax.export import is_symbolic_dim

__all__ = ["Graph", "Value"]

Value: TypeAlias = np.ndarray | str

# Primitives that call a jaxpr, which is inlined.
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
# Parameters of these primitives that hold the jaxpr.
_BODIES = ("jaxpr", "call_jaxpr", "fun_jaxpr")


class Graph:
    """Nodes, weights, inputs and outputs of an ONNX graph under construction.

    Parameters
    ----------
    onnx : module
        The package onnx.
    rules : mapping
        Conversion rule of each primitive, by name: ``rule(graph, equation, *values)`` adds nodes
        and returns a value, or a list of values if the equation has several outputs.
    unique : callable
        ``unique(kind)`` returns a name that no other tensor of the model has.
    unique_node : callable
        ``unique_node(kind)`` returns a name that no other node of the model has.
    """

    def __init__(
        self,
        onnx: Any,
        rules: Mapping[str, Callable],
        unique: Callable[[str], str],
        unique_node: Callable[[str], str],
    ):
        self.onnx, self.rules = onnx, rules
        self.unique, self.unique_node = unique, unique_node
        self.nodes: list = []
        self.weights: list = []
        self.inputs: list = []
        self.outputs: list = []
        # A tensor, its axis of samples, and the symbolic length of that axis.
        self._samples_axis: tuple[str, int, Any] | None = None
        self._n_samples: Value | None = None

    def subgraph(self) -> "Graph":
        """An empty graph for the body of a loop."""
        return Graph(self.onnx, self.rules, self.unique, self.unique_node)

    def to_proto(self, name: str) -> Any:
        """The graph as an ONNX GraphProto."""
        return self.onnx.helper.make_graph(
            self.nodes, name, self.inputs, self.outputs, self.weights
        )

    def set_samples_axis(self, name: str, shape: Sequence[Any]) -> None:
        """Read the number of samples from this tensor, if an axis has symbolic length."""
        for axis, length in enumerate(shape):
            if self._samples_axis is None and not isinstance(length, int):
                self._samples_axis = (name, axis, length)

    def add_input(self, name: str, shape: Sequence[Any], dtype: Any) -> str:
        """Add an input of the graph."""
        self.inputs.append(self._value_info(name, shape, dtype))
        self.set_samples_axis(name, shape)
        return name

    def add_output(self, name: str, value: Value, shape: Sequence[Any], dtype: Any) -> None:
        """Add an output of the graph."""
        self.add_node("Identity", [self.tensor_name(value)], [name])
        self.outputs.append(self._value_info(name, shape, dtype))

    def _value_info(self, name, shape, dtype):
        lengths = [length if isinstance(length, int) else "n_samples" for length in shape]
        return self.onnx.helper.make_tensor_value_info(name, self.onnx_dtype(dtype), lengths)

    def onnx_dtype(self, dtype: Any) -> int:
        """ONNX's enumeration value of a dtype."""
        return self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def tensor_name(self, value: Value) -> str:
        """Name of the tensor of a value; a constant is added to the weights."""
        if isinstance(value, str):
            return value
        name = self.unique("weights")
        # ascontiguousarray makes scalars one-dimensional; reshape undoes that.
        array = np.ascontiguousarray(value).reshape(value.shape)
        self.weights.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *values: Value, **attributes: Any) -> str:
        """Add a node with one output and return the name of the output."""
        (name,) = self.node_with_outputs(kind, 1, *values, **attributes)
        return name

    def node_with_outputs(
        self, kind: str, n_outputs: int, *values: Value, **attributes: Any
    ) -> list[str]:
        """Add a node with any number of outputs and return their names."""
        names = [self.unique(kind) for _ in range(n_outputs)]
        self.add_node(kind, [self.tensor_name(value) for value in values], names, **attributes)
        return names

    def add_node(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        """Add a node between named tensors."""
        name = self.unique_node(kind)
        self.nodes.append(
            self.onnx.helper.make_node(kind, inputs, outputs, name=name, **attributes)
        )

    def cast(self, value: Value, dtype: Any) -> Value:
        """Convert a value to another dtype."""
        if isinstance(value, np.ndarray):
            return value.astype(dtype)
        return self.node("Cast", value, to=self.onnx_dtype(dtype))

    def axis_length(self, length: Any) -> Value:
        """Length of an axis as an int64 vector of one element: a constant or the sample number."""
        if isinstance(length, int):
            return np.array([length], np.int64)
        if self._samples_axis is None or length != self._samples_axis[2]:
            raise ValueError(
                f"The network makes an axis of length {length}. The ONNX export supports fixed "
                "lengths and the number of samples. Use other layers, or export with to_stablehlo."
            )
        if self._n_samples is None:
            name, axis, _ = self._samples_axis
            self._n_samples = self.node("Shape", name, start=axis, end=axis + 1)
        return self._n_samples

    def shape_tensor(self, lengths: Sequence[Any]) -> Value:
        """A shape as an int64 vector."""
        if all(isinstance(length, int) for length in lengths):
            return np.array(lengths, np.int64)
        return self.node("Concat", *map(self.axis_length, lengths), axis=0)

    def add_jaxpr(self, jaxpr: Any, values: Sequence[Value]) -> list[Value]:
        """Convert all equations of a jaxpr with these arguments, and return its outputs."""
        inner = getattr(jaxpr, "jaxpr", jaxpr)
        environment: dict[Any, Value] = dict(
            zip(inner.constvars, map(np.asarray, getattr(jaxpr, "consts", ())), strict=True)
        )
        environment.update(zip(inner.invars, values, strict=True))

        def value_of(atom) -> Value:
            is_literal = hasattr(atom, "val")
            return np.asarray(atom.val, atom.aval.dtype) if is_literal else environment[atom]

        for equation in inner.eqns:
            outputs = self._add_equation(equation, [value_of(atom) for atom in equation.invars])
            environment.update(zip(equation.outvars, outputs, strict=True))
        return [value_of(atom) for atom in inner.outvars]

    def _add_equation(self, equation, values) -> list[Value]:
        name, parameters = equation.primitive.name, equation.params
        if name in _CALLS:
            body = next(parameters[key] for key in _BODIES if key in parameters)
            return self.add_jaxpr(body, values)
        if all(isinstance(value, np.ndarray) for value in values) and _is_static(equation):
            outputs = equation.primitive.bind(*values, **parameters)
            has_several = equation.primitive.multiple_results
            return [np.asarray(array) for array in (outputs if has_several else [outputs])]
        if name not in self.rules:
            raise ValueError(
                f"The network computes {name!r}, a JAX primitive without an ONNX rule in skae. Use "
                "other layers, or export with to_stablehlo, which supports all primitives."
            )
        outputs = self.rules[name](self, equation, *values)
        return outputs if isinstance(outputs, list) else [outputs]


def _is_static(equation) -> bool:
    """Whether the outputs of an equation are independent of the number of samples."""
    lengths = [n for out in equation.outvars for n in getattr(out.aval, "shape", ())]
    # The output of "dim_as_value" is the number of samples itself, which is a parameter.
    return not any(map(is_symbolic_dim, [*lengths, *equation.params.values()]))
