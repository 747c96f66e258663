"""Restricted unpickler: reads NumPy arrays and plain Python values, and rejects all other pickles.

A pickle can import and call any function, so unpickling an untrusted file can run arbitrary code.
This unpickler accepts only the global names that arrays of numbers need, and maps each of them to
a replacement in this module that receives bytes and a shape. NumPy's own `_reconstruct` is not
used, because it trusts the sizes and flags that the file states.
"""

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["load_arrays"]


class _DtypeStandIn:
    """Replacement of numpy.dtype: a numeric dtype and its byte order."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        code = code.decode() if isinstance(code, bytes) else code
        self.dtype = np.dtype(str(code))
        if self.dtype.kind not in "biuf":
            raise pickle.UnpicklingError(f"it contains an array of non-numeric dtype {self.dtype}")

    def __setstate__(self, state: Any) -> None:
        order: Any = state[1].decode() if isinstance(state[1], bytes) else state[1]
        self.dtype = self.dtype.newbyteorder(order)


class _ArrayStandIn:
    """Replacement of numpy.ndarray: holds the array once its state has been read."""

    def __init__(self, *_: object) -> None:
        self.value = np.empty(0)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, content = state
        self.value = _array_from_buffer(content, dtype, shape, "F" if is_fortran else "C")


def _array_from_buffer(
    content: Any, dtype: _DtypeStandIn, shape: Any, order: Any, *_: object
) -> NDArray:
    return np.frombuffer(content, dtype.dtype).reshape(shape, order=order)


def _encode(text: str, encoding: str = "utf-8") -> bytes:
    """Replacement of codecs.encode, by which Python 3 pickles bytes under protocols 0 to 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it uses the codec {encoding!r} instead of 'latin1'")
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Callable] = {
    # an argument of _reconstruct; pickles of arrays never call it
    ("numpy", "ndarray"): _ArrayStandIn,
    ("numpy", "dtype"): _DtypeStandIn,
    ("_codecs", "encode"): _encode,
    # NumPy 2 renamed numpy.core to numpy._core
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _ArrayStandIn for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _array_from_buffer for core in ("core", "_core")},
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it imports {module}.{name}")
        stand_in = _STAND_INS[module, name]
        # A pickle can set attributes of any object that find_class returns (opcode BUILD). A new
        # lambda for each call keeps the functions of this module unchanged.
        return lambda *args: stand_in(*args)


def _replace_stand_ins(value: Any) -> Any:
    """Return `value` with each array stand-in replaced by its array."""
    if isinstance(value, _ArrayStandIn):
        return value.value
    if isinstance(value, dict):
        return {key: _replace_stand_ins(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_replace_stand_ins, value))
    return value


def load_arrays(content: bytes, source: str) -> Any:
    """Unpickle numeric arrays, strings, bytes and plain containers of them.

    Parameters
    ----------
    content : bytes
        The pickle. Strings that Python 2 pickled are returned as bytes.
    source : str
        Name of the file, for error messages.

    Raises
    ------
    ValueError
        If the pickle imports anything else, or is damaged.
    """
    try:
        return _replace_stand_ins(_ArrayUnpickler(io.BytesIO(content), encoding="bytes").load())
    except Exception as error:  # a damaged pickle can raise nearly any exception
        raise ValueError(
            f"{source} cannot be read: it is not a pickle of numeric arrays and plain values only "
            f"({error})."
        ) from error
