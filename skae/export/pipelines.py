"""Conversion of estimators in scikit-learn pipelines by skl2onnx.

skl2onnx looks up ``onnx_shape_calculator`` and ``onnx_converter`` of an estimator and calls the
functions that they return, `set_types` and `add_nodes`. So no converter needs to be registered, and
importing skae does not import skl2onnx. It expects labels and probabilities as the outputs of a
classifier, labels and scores as those of an outlier detector, and one array as the output of all
other estimators.
"""

from typing import Any

import jax
import numpy as np
from sklearn.base import is_classifier, is_outlier_detector

from skae.export.graph import Graph
from skae.export.onnx_file import MIN_OPSET, RULES, load_onnx

__all__ = ["add_nodes", "set_types"]


def set_types(operator: Any) -> None:
    """Set types and shapes of the outputs."""
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

    estimator = operator.raw_operator
    n_samples = operator.inputs[0].get_first_dimension()
    if is_classifier(estimator):
        is_numeric = estimator.classes_.dtype.kind in "biuf"
        labels = Int64TensorType if is_numeric else StringTensorType
        operator.outputs[0].type = labels([n_samples])
    elif is_outlier_detector(estimator):
        # One column each, as from scikit-learn's detectors.
        operator.outputs[0].type = Int64TensorType([n_samples, 1])
    _, _, output = _traced(estimator)
    width = output.shape[1] if len(output.shape) > 1 else 1
    operator.outputs[-1].type = FloatTensorType([n_samples, width])


def add_nodes(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes and weights of an estimator to skl2onnx's graph."""
    onnx, estimator, opset = load_onnx(), operator.raw_operator, container.target_opset_onnx
    if opset < MIN_OPSET:
        raise ValueError(
            f"{type(estimator).__name__} needs target_opset={MIN_OPSET} or higher, got {opset}."
        )
    jaxpr, samples, output = _traced(estimator)
    # Tensors and nodes have separate namespaces in skl2onnx, so a name that is unique among tensors
    # may be that of a node. The prefix avoids the names that skl2onnx does not register.
    prefix = type(estimator).__name__
    graph = Graph(
        onnx,
        RULES,
        scope.get_unique_variable_name,
        lambda kind: scope.get_unique_operator_name(f"{prefix}_{kind}"),
    )
    parts = [graph.cast(variable.full_name, np.float32) for variable in operator.inputs]
    X = graph.node("Concat", *parts, axis=1)
    graph.set_samples_axis(X, samples.shape)
    (value,) = graph.add_jaxpr(jaxpr, [X])
    last = operator.outputs[-1].full_name
    # skl2onnx expects a matrix with one column where an estimator returns one number per sample.
    column = graph.node("Reshape", value, np.array([-1, *(output.shape[1:] or (1,))], np.int64))
    graph.add_node("Cast", [column], [last], to=graph.onnx_dtype(np.float32))
    if is_classifier(estimator):
        class_index = graph.node("ArgMax", last, axis=1, keepdims=0)
        labels = [graph.tensor_name(_labels(estimator.classes_)), class_index]
        graph.add_node("Gather", labels, [operator.outputs[0].full_name])
    elif is_outlier_detector(estimator):
        is_outlier = graph.node("Less", last, np.zeros(1, np.float32))
        label = graph.node("Where", is_outlier, *np.array([[-1], [1]], np.int64))
        graph.add_node("Identity", [label], [operator.outputs[0].full_name])
    container.nodes.extend(graph.nodes)
    container.initializers.extend(graph.weights)
    container.node_domain_version_pair_sets.add(("", opset))


def _traced(estimator):
    portable = estimator._portable(estimator._method_to_export(None))
    samples = portable.samples
    jaxpr = jax.make_jaxpr(portable.function)(samples)
    (output,) = jaxpr.out_avals
    return jaxpr, samples, output


def _labels(classes):
    return classes.astype(np.int64 if classes.dtype.kind in "biuf" else object)
