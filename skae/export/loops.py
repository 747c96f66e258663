"""ONNX conversion rule for `lax.scan`, the loop over the steps of a sequence."""

import numpy as np

__all__ = ["RULES"]


def _scan(graph, equation, *values):
    """Convert JAX's scan to ONNX's Scan: loop state variables, scan inputs and scan outputs.

    The body does not refer to tensors of the outer graph, since libraries that merge graphs rename
    these. Weights are copied into the body; other loop constants are state variables that the body
    returns unchanged.
    """
    parameters = equation.params
    jaxpr, body = parameters["jaxpr"], graph.subgraph()
    inner = getattr(jaxpr, "jaxpr", jaxpr)
    avals = [variable.aval for variable in inner.invars]
    # Scan inputs and outputs have one more axis outside the body than inside. Counting them this
    # way works in all supported releases of JAX, which store the counts differently.
    n_states = _count_same_rank(equation.outvars, inner.outvars)
    n_constants = _count_same_rank(equation.invars, inner.invars) - n_states
    constants = [i for i in range(n_constants) if isinstance(values[i], str)]
    states = [*constants, *range(n_constants, n_constants + n_states)]
    scan_inputs = list(range(n_constants + n_states, len(values)))
    arguments = list(values)
    for i in (*states, *scan_inputs):
        arguments[i] = body.add_input(body.unique("step"), avals[i].shape, avals[i].dtype)
    results = body.add_jaxpr(jaxpr, arguments)
    result_avals = [variable.aval for variable in inner.outvars]
    for i in constants:
        body.add_output(body.unique("same"), arguments[i], avals[i].shape, avals[i].dtype)
    for value, aval in zip(results, result_avals, strict=True):
        body.add_output(body.unique("next"), value, aval.shape, aval.dtype)
    sequences = _sequences(body, [values[i] for i in scan_inputs], parameters["length"])
    outputs = graph.node_with_outputs(
        "Scan",
        len(constants) + len(results),
        *(values[i] for i in states),
        *sequences,
        body=body.to_proto(graph.unique("steps")),
        **_directions(parameters, len(sequences), len(results) - n_states),
    )
    return outputs[len(constants) :]


def _count_same_rank(outside, inside):
    pairs = zip(outside, inside, strict=True)
    return sum(len(one.aval.shape) == len(other.aval.shape) for one, other in pairs)


def _sequences(body, values, length):
    """Values of the scan inputs; zeros if there are none, since ONNX requires at least one."""
    if not values:
        body.add_input(body.unique("step"), (1,), np.float32)
        values = [np.zeros((length, 1), np.float32)]
    return values


def _directions(parameters, n_inputs, n_outputs):
    direction = int(parameters["reverse"])
    directions = {"num_scan_inputs": n_inputs, "scan_input_directions": [direction] * n_inputs}
    if n_outputs:
        directions["scan_output_directions"] = [direction] * n_outputs
    return directions


RULES = {"scan": _scan}
