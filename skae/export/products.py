"""ONNX conversion rules for matrix products and convolutions."""

import string

import numpy as np

from skae.export.rearranging import padded, transposed

__all__ = ["RULES"]


def _dot_general(graph, equation, x, y):
    (sum_x, sum_y), batch_axes = equation.params["dimension_numbers"]
    x_rank, y_rank = (len(variable.aval.shape) for variable in equation.invars)
    if not batch_axes[0] and tuple(sum_x) == (x_rank - 1,) and y_rank == 2:
        # MatMul sums over the first axis of a matrix.
        return graph.node("MatMul", x, transposed(graph, y, [*sum_y, 1 - sum_y[0]]))
    subscripts = _subscripts(x_rank, y_rank, sum_x, sum_y, *batch_axes)
    return graph.node("Einsum", x, y, equation=subscripts)


def _subscripts(x_rank, y_rank, sum_x, sum_y, batch_x, batch_y):
    """Einsum subscripts; output axes are the batch axes, then those of x, then those of y."""
    letters = iter(string.ascii_lowercase)
    x = [next(letters) for _ in range(x_rank)]
    y = [next(letters) for _ in range(y_rank)]
    for i, j in zip((*sum_x, *batch_x), (*sum_y, *batch_y), strict=True):
        y[j] = x[i]
    out = [x[i] for i in batch_x]
    out += [x[i] for i in range(x_rank) if i not in (*sum_x, *batch_x)]
    out += [y[j] for j in range(y_rank) if j not in (*sum_y, *batch_y)]
    return f"{''.join(x)},{''.join(y)}->{''.join(out)}"


def _convolution(graph, equation, x, kernel):
    parameters = equation.params
    if parameters["batch_group_count"] != 1:
        raise ValueError(
            "The network convolves groups of samples (batch_group_count), for which ONNX has no "
            "operator. Use other layers, or export with to_stablehlo."
        )
    x_axes, kernel_axes, output_axes = parameters["dimension_numbers"]
    # ONNX expects images of (samples, channels, height, width) and kernels of (output channels,
    # input channels, height, width).
    shape = [equation.invars[0].aval.shape[axis] for axis in x_axes]
    x, kernel = transposed(graph, x, x_axes), transposed(graph, kernel, kernel_axes)
    convolve = _conv_transpose if _is_transposed(parameters, kernel) else _conv
    y = convolve(graph, x, kernel, shape, parameters, np.zeros((), equation.invars[0].aval.dtype))
    return transposed(graph, y, np.argsort(output_axes))


def _conv(graph, x, kernel, shape, parameters, zero):
    """ONNX's Conv of an image padded with zeros, also between pixels (lhs_dilation)."""
    spatial_axes = zip(parameters["padding"], parameters["lhs_dilation"], strict=True)
    padding = [(low, high, dilation - 1) for (low, high), dilation in spatial_axes]
    x = padded(graph, x, shape, [(0, 0, 0), (0, 0, 0), *padding], zero)
    return graph.node(
        "Conv",
        x,
        kernel,
        strides=list(parameters["window_strides"]),
        dilations=list(parameters["rhs_dilation"]),
        group=parameters["feature_group_count"],
    )


def _is_transposed(parameters, kernel) -> bool:
    """Whether a convolution of a dilated image is a transposed convolution.

    Zeros between pixels cost as much as pixels; ConvTranspose needs none.
    """
    ones = (*parameters["window_strides"], *parameters["rhs_dilation"])
    is_plain = set(ones) == {1} and parameters["feature_group_count"] == 1
    return is_plain and set(parameters["lhs_dilation"]) != {1} and isinstance(kernel, np.ndarray)


def _conv_transpose(graph, x, kernel, shape, parameters, zero):
    """ONNX's ConvTranspose, which flips the kernel and returns all pixels that it reaches.

    The output is then padded or cropped to the size that JAX returns.
    """
    del shape
    spatial_axes = tuple(range(2, kernel.ndim))
    flipped = np.flip(kernel, spatial_axes).swapaxes(0, 1)
    y = graph.node("ConvTranspose", x, flipped, strides=list(parameters["lhs_dilation"]))
    padding = [
        (low + 1 - size, high + 1 - size, 0)
        for (low, high), size in zip(parameters["padding"], kernel.shape[2:], strict=True)
    ]
    return padded(graph, y, None, [(0, 0, 0), (0, 0, 0), *padding], zero)


RULES = {"conv_general_dilated": _convolution, "dot_general": _dot_general}
