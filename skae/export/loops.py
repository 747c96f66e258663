"""The rule for loops over the steps of a sequence."""

import numpy as np

__all__ = ["RULES"]


def _scan(graph, equation, *values):
    """JAX's scan is ONNX's Scan: states, and a body that reads a step and gives one.

    Nothing in the body refers to what stands outside: weights are copied into it, and what else it
    needs at each step is a state that stays as it is.
    """
    parameters = equation.params
    inner, body = parameters["jaxpr"], graph.inner()
    inside = getattr(inner, "jaxpr", inner)
    avals = [variable.aval for variable in inside.invars]
    # what is read or given step by step has one dimension more outside; releases of JAX differ in
    # how they tell
    n_states = _of_same_rank(equation.outvars, inside.outvars)
    n_constants = _of_same_rank(equation.invars, inside.invars) - n_states
    constants = [i for i in range(n_constants) if isinstance(values[i], str)]
    carried = [*constants, *range(n_constants, n_constants + n_states)]
    read = list(range(n_constants + n_states, len(values)))
    arguments = list(values)
    for i in (*carried, *read):
        arguments[i] = body.add_input(body.unique("step"), avals[i].shape, avals[i].dtype)
    given = body.follow(inner, arguments)
    outputs = [variable.aval for variable in inside.outvars]
    for i in constants:
        body.add_output(body.unique("same"), arguments[i], avals[i].shape, avals[i].dtype)
    for value, aval in zip(given, outputs, strict=True):
        body.add_output(body.unique("next"), value, aval.shape, aval.dtype)
    steps = _steps(body, [values[i] for i in read], parameters["length"])
    found = graph.nodes_outputs(
        "Scan",
        len(constants) + len(given),
        *(values[i] for i in carried),
        *steps,
        body=body.proto(graph.unique("steps")),
        **_directions(parameters, len(steps), len(given) - n_states),
    )
    return found[len(constants) :]


def _of_same_rank(outside, inside):
    pairs = zip(outside, inside, strict=True)
    return sum(len(one.aval.shape) == len(other.aval.shape) for one, other in pairs)


def _steps(body, read, length):
    """What is read step by step; ONNX asks for something even where nothing is."""
    if not read:
        body.add_input(body.unique("step"), (1,), np.float32)
        read = [np.zeros((length, 1), np.float32)]
    return read


def _directions(parameters, n_read, n_given):
    backwards = int(parameters["reverse"])
    directions = {"num_scan_inputs": n_read, "scan_input_directions": [backwards] * n_read}
    if n_given:
        directions["scan_output_directions"] = [backwards] * n_given
    return directions


RULES = {"scan": _scan}
