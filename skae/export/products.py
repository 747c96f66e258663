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
        raise ValueError("the network convolves groups of samples, for which ONNX has no operator")
    of_x, of_kernel, of_output = parameters["dimension_numbers"]
    # ONNX has images as (samples, channels, height, width) and kernels as (outputs, inputs, ...)
    shape = [equation.invars[0].aval.shape[axis] for axis in of_x]
    x, kernel = transposed(graph, x, of_x), transposed(graph, kernel, of_kernel)
    convolve = _transposed if _is_transposed(parameters, kernel) else _plain
    y = convolve(graph, x, kernel, shape, parameters, np.zeros((), equation.invars[0].aval.dtype))
    return transposed(graph, y, np.argsort(of_output))


def _plain(graph, x, kernel, shape, parameters, zero):
    """With zeros between cells of the image where JAX asks for them."""
    apart = zip(parameters["padding"], parameters["lhs_dilation"], strict=True)
    margins = [(low, high, between - 1) for (low, high), between in apart]
    x = padded(graph, x, shape, [(0, 0, 0), (0, 0, 0), *margins], zero)
    return graph.node(
        "Conv",
        x,
        kernel,
        strides=list(parameters["window_strides"]),
        dilations=list(parameters["rhs_dilation"]),
        group=parameters["feature_group_count"],
    )


def _is_transposed(parameters, kernel) -> bool:
    """Whether zeros between cells, which cost as much as cells, can be left to ONNX."""
    ones = (*parameters["window_strides"], *parameters["rhs_dilation"])
    plain = set(ones) == {1} and parameters["feature_group_count"] == 1
    return plain and set(parameters["lhs_dilation"]) != {1} and isinstance(kernel, np.ndarray)


def _transposed(graph, x, kernel, shape, parameters, zero):
    """ONNX turns the kernel round, and gives all cells that it reaches: some more or fewer."""
    del shape
    around = tuple(range(2, kernel.ndim))
    turned = np.flip(kernel, around).swapaxes(0, 1)
    y = graph.node("ConvTranspose", x, turned, strides=list(parameters["lhs_dilation"]))
    margins = [
        (low + 1 - size, high + 1 - size, 0)
        for (low, high), size in zip(parameters["padding"], kernel.shape[2:], strict=True)
    ]
    return padded(graph, y, None, [(0, 0, 0), (0, 0, 0), *margins], zero)


RULES = {"conv_general_dilated": _convolution, "dot_general": _dot_general}
