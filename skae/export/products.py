"""Rules for matrix products and convolutions."""

import string

import numpy as np

from skae.export.rearranging import padded, transposed

__all__ = ["RULES"]


def _dot_general(graph, equation, x, y):
    (of_x, of_y), batches = equation.params["dimension_numbers"]
    x_rank, y_rank = (len(variable.aval.shape) for variable in equation.invars)
    if not batches[0] and tuple(of_x) == (x_rank - 1,) and y_rank == 2:
        # y's axis of the sum comes first
        return graph.node("MatMul", x, transposed(graph, y, [*of_y, 1 - of_y[0]]))
    return graph.node("Einsum", x, y, equation=_letters(x_rank, y_rank, of_x, of_y, *batches))


def _letters(x_rank, y_rank, of_x, of_y, batch_x, batch_y):
    """A product in Einstein's notation; what comes out has batches, x's axes, y's axes."""
    letters = iter(string.ascii_lowercase)
    x = [next(letters) for _ in range(x_rank)]
    y = [next(letters) for _ in range(y_rank)]
    for i, j in zip((*of_x, *batch_x), (*of_y, *batch_y), strict=True):
        y[j] = x[i]
    out = [x[i] for i in batch_x]
    out += [x[i] for i in range(x_rank) if i not in (*of_x, *batch_x)]
    out += [y[j] for j in range(y_rank) if j not in (*of_y, *batch_y)]
    return f"{''.join(x)},{''.join(y)}->{''.join(out)}"


def _convolution(graph, equation, x, kernel):
    parameters = equation.params
    if parameters["batch_group_count"] != 1:
        raise ValueError("the network convolves groups of rows, for which ONNX has no operator")
    of_x, of_kernel, of_output = parameters["dimension_numbers"]
    # ONNX has images as (rows, channels, height, width) and kernels as (outputs, inputs, ...)
    shape = [equation.invars[0].aval.shape[axis] for axis in of_x]
    x, kernel = transposed(graph, x, of_x), transposed(graph, kernel, of_kernel)
    # a transposed convolution is one of an image with zeros between its cells
    margins = [
        (low, high, apart - 1)
        for (low, high), apart in zip(
            parameters["padding"], parameters["lhs_dilation"], strict=True
        )
    ]
    zero = np.zeros((), equation.invars[0].aval.dtype)
    x = padded(graph, x, shape, [(0, 0, 0), (0, 0, 0), *margins], zero)
    y = graph.node(
        "Conv",
        x,
        kernel,
        strides=list(parameters["window_strides"]),
        dilations=list(parameters["rhs_dilation"]),
        group=parameters["feature_group_count"],
    )
    return transposed(graph, y, np.argsort(of_output))


RULES = {"conv_general_dilated": _convolution, "dot_general": _dot_general}
