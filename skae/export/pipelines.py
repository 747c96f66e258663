"""Estimators inside pipelines that skl2onnx converts. It asks them for these functions.

skl2onnx calls ``set_types(operator)`` and ``add_nodes(scope, operator, container)`` of any
estimator that has them, so nothing needs to be registered. Of a classifier it expects labels and
probabilities, of all others one array.
"""

import jax
import numpy as np
from sklearn.base import is_classifier

from skae.export.graph import Graph
from skae.export.onnx_file import MIN_OPSET, RULES, load_onnx

__all__ = ["add_nodes", "set_types"]


def set_types(operator) -> None:
    """Say what an estimator gives."""
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

    estimator = operator.raw_operator
    n_samples = operator.inputs[0].get_first_dimension()
    if is_classifier(estimator):
        numbers = estimator.classes_.dtype.kind in "biuf"
        labels = Int64TensorType if numbers else StringTensorType
        operator.outputs[0].type = labels([n_samples])
    _, _, output = _traced(estimator)
    width = output.shape[1] if len(output.shape) > 1 else 1
    operator.outputs[-1].type = FloatTensorType([n_samples, width])


def add_nodes(scope, operator, container) -> None:
    """Write what an estimator computes into skl2onnx's graph."""
    onnx, estimator, opset = load_onnx(), operator.raw_operator, container.target_opset_onnx
    if opset < MIN_OPSET:
        raise ValueError(
            f"{type(estimator).__name__} needs target_opset={MIN_OPSET} or more, got {opset}"
        )
    jaxpr, samples, output = _traced(estimator)
    graph = Graph(onnx, RULES, scope.get_unique_variable_name)
    parts = [graph.cast(variable.full_name, np.float32) for variable in operator.inputs]
    X = graph.node("Concat", *parts, axis=1)
    graph.read_samples(X, samples.shape)
    (value,) = graph.follow(jaxpr, [X])
    last = operator.outputs[-1].full_name
    # skl2onnx has a column for what is one number a sample
    column = graph.node("Reshape", value, np.array([-1, *(output.shape[1:] or (1,))], np.int64))
    graph.add_node("Cast", [column], [last], to=graph.type_of(np.float32))
    if is_classifier(estimator):
        places = graph.node("ArgMax", last, axis=1, keepdims=0)
        labels = [graph.name_of(_labels(estimator.classes_)), places]
        graph.add_node("Gather", labels, [operator.outputs[0].full_name])
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
