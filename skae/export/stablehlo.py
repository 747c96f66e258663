"""Writing of StableHLO files with `jax.export`."""

import os
from collections.abc import Sequence

import jax
from jax import export

from skae.core.compile.settings import standard_settings
from skae.export.portable import Portable
from skae.persistence.atomic_file import write_atomically

__all__ = ["write"]

_PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


@standard_settings()
def write(portable: Portable, path: str | os.PathLike[str], platforms: Sequence[str]) -> None:
    """Write a portable function as StableHLO; implements `ExportMixin.to_stablehlo`."""
    if isinstance(platforms, str) or not platforms or not {*platforms} <= {*_PLATFORMS}:
        raise ValueError(
            f"platforms={platforms!r} must be a non-empty sequence of names from "
            f"{list(_PLATFORMS)}."
        )
    # Raise before tracing; serialization would raise without an installation hint.
    _check_flatbuffers()
    exported = export.export(jax.jit(portable.function), platforms=tuple(platforms))(
        portable.samples
    )
    write_atomically(path, [exported.serialize()])


def _check_flatbuffers():
    try:
        import flatbuffers  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'The StableHLO export requires the package flatbuffers: pip install "skae[stablehlo]".'
        ) from error
