"""Writing of ONNX models."""

import itertools
import json
import os
import sys
from numbers import Integral
from typing import Any

import jax

from skae.export import elementwise, indexing, loops, products, rearranging, reductions
from skae.export.graph import Graph
from skae.export.portable import Portable
from skae.persistence.atomic_file import write_atomically

__all__ = ["MIN_OPSET", "RULES", "load_onnx", "write"]

# Since this version, reductions expect their axes as an input, as the rules pass them.
MIN_OPSET = 18

RULES = {
    **elementwise.RULES,
    **reductions.RULES,
    **rearranging.RULES,
    **indexing.RULES,
    **products.RULES,
    **loops.RULES,
}


def load_onnx() -> Any:
    """Import onnx, with an installation hint in the error."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            'The ONNX export requires the package onnx: pip install "skae[onnx]".'
        ) from error
    return onnx


def write(
    estimator: Any, method: str, portable: Portable, path: str | os.PathLike[str], opset: int
) -> None:
    """Write a portable function as an ONNX model; implements `ExportMixin.to_onnx`."""
    onnx = load_onnx()
    newest = onnx.defs.onnx_opset_version()
    if not (isinstance(opset, Integral) and MIN_OPSET <= opset <= newest):
        raise ValueError(
            f"opset={opset!r} must be an integer from {MIN_OPSET} to {newest}, the newest that the "
            "installed onnx supports."
        )
    counter = itertools.count()

    def unique(kind):
        return f"{kind}_{next(counter)}"

    graph = Graph(onnx, RULES, unique, unique)
    samples = portable.samples
    jaxpr = jax.make_jaxpr(portable.function)(samples)
    (value,) = graph.add_jaxpr(jaxpr, [graph.add_input("X", samples.shape, samples.dtype)])
    (output,) = jaxpr.out_avals
    graph.add_output(method, value, output.shape, output.dtype)
    operators = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(
        graph.to_proto(type(estimator).__name__),
        producer_name="skae",
        producer_version=sys.modules["skae"].__version__,
        opset_imports=operators,
        # The lowest version, so that older runtimes can load the model.
        ir_version=onnx.helper.find_min_ir_version_for(operators),
    )
    onnx.helper.set_model_props(model, _metadata(estimator, method))
    onnx.checker.check_model(model)
    write_atomically(path, [model.SerializeToString()])


def _metadata(estimator, method) -> dict[str, str]:
    metadata = {"estimator": type(estimator).__name__, "method": method}
    for name in ("feature_names_in_", "classes_"):
        if hasattr(estimator, name):
            metadata[name] = json.dumps(getattr(estimator, name).tolist())
    return metadata
