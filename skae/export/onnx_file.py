"""ONNX models as files."""

import itertools
import json
import sys
from numbers import Integral
from pathlib import Path

import jax

from skae.export import elementwise, indexing, loops, products, rearranging, reductions
from skae.export.graph import Graph
from skae.export.portable import Portable

__all__ = ["MIN_OPSET", "RULES", "load_onnx", "write"]

# since when reductions take their axes as an input
MIN_OPSET = 18

RULES = {
    **elementwise.RULES,
    **reductions.RULES,
    **rearranging.RULES,
    **indexing.RULES,
    **products.RULES,
    **loops.RULES,
}


def load_onnx():
    """Import onnx, or say how to get it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            'ONNX models are written by onnx, which is not installed: pip install "skae[onnx]"'
        ) from error
    return onnx


def write(estimator, method: str, portable: Portable, path, opset: int) -> None:
    """What `ExportMixin.to_onnx` does."""
    onnx = load_onnx()
    newest = onnx.defs.onnx_opset_version()
    if not (isinstance(opset, Integral) and MIN_OPSET <= opset <= newest):
        raise ValueError(
            f"opset={opset!r} must be an integer from {MIN_OPSET} to {newest}, onnx's newest"
        )
    numbers = itertools.count()
    graph = Graph(onnx, RULES, lambda kind: f"{kind}_{next(numbers)}")
    samples = portable.samples
    jaxpr = jax.make_jaxpr(portable.function)(samples)
    (value,) = graph.follow(jaxpr, [graph.add_input("X", samples.shape, samples.dtype)])
    (output,) = jaxpr.out_avals
    graph.add_output(method, value, output.shape, output.dtype)
    operators = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(
        graph.proto(type(estimator).__name__),
        producer_name="skae",
        producer_version=sys.modules["skae"].__version__,
        opset_imports=operators,
        ir_version=onnx.helper.find_min_ir_version_for(operators),
    )
    onnx.helper.set_model_props(model, _metadata(estimator, method))
    onnx.checker.check_model(model)
    Path(path).write_bytes(model.SerializeToString())


def _metadata(estimator, method) -> dict[str, str]:
    told = {"estimator": type(estimator).__name__, "method": method}
    for name in ("feature_names_in_", "classes_"):
        if hasattr(estimator, name):
            told[name] = json.dumps(getattr(estimator, name).tolist())
    return told
