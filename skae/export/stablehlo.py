"""StableHLO files, by JAX's own export."""

from pathlib import Path

import jax
from jax import export

from skae.export.portable import Portable

__all__ = ["write"]

_PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def write(portable: Portable, path, platforms) -> None:
    """What `ExportMixin.to_stablehlo` does."""
    if isinstance(platforms, str) or not platforms or not {*platforms} <= {*_PLATFORMS}:
        raise ValueError(f"platforms={platforms!r} must hold some of {list(_PLATFORMS)}")
    _check_flatbuffers()
    exported = export.export(jax.jit(portable.function), platforms=tuple(platforms))(
        portable.samples
    )
    Path(path).write_bytes(exported.serialize())


def _check_flatbuffers():
    try:
        import flatbuffers  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "JAX writes StableHLO files by flatbuffers, which is not installed: "
            'pip install "skae[stablehlo]"'
        ) from error
