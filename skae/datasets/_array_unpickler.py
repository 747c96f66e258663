"""An unpickler that can build NumPy arrays and plain Python values, and nothing else.

The pickle format can call any function on earth, so a file from elsewhere is a program. Here a
file can name five things, and each of them is a stand-in of this module that takes bytes and a
shape. NumPy's own reconstruction is not among them: it trusts the file about sizes and flags.
"""

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["load_arrays"]


class _Dtype:
    """Stands for numpy.dtype: a kind of numbers and an order of bytes."""

    def __init__(self, code, *_):
        code = code.decode() if isinstance(code, bytes) else code
        self.dtype = np.dtype(str(code))
        if self.dtype.kind not in "biuf":
            raise pickle.UnpicklingError(f"it holds an array of {self.dtype}, not of numbers")

    def __setstate__(self, state):
        order: Any = state[1].decode() if isinstance(state[1], bytes) else state[1]
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands for an array until all its cells have been read."""

    def __init__(self, *_):
        self.value = np.empty(0)

    def __setstate__(self, state):
        _, shape, kind, is_fortran, cells = state
        self.value = _array(cells, kind, shape, "F" if is_fortran else "C")


def _array(cells, kind, shape, order, *_):
    return np.frombuffer(cells, kind.dtype).reshape(shape, order=order)


def _encode(text, encoding="utf-8"):
    """What Python 3 writes for bytes under protocols 0 to 2; other codecs than latin1 never."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the codec {encoding!r}")
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Callable] = {
    ("numpy", "ndarray"): _Array,  # an argument of _reconstruct, never called
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _array for core in ("core", "_core")},
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        stand_in = _STAND_INS[module, name]
        # a function of this file's own: a pickle may set attributes on what it is given
        return lambda *args: stand_in(*args)


def _finished(value):
    """`value` with arrays in the place of what stands for them."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return {key: _finished(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_finished, value))
    return value


def load_arrays(content, source):
    """The value pickled in `content`, made of arrays of numbers, text, bytes and containers only.

    Text that Python 2 wrote comes back as bytes. `source` names the file in errors.

    Raises
    ------
    ValueError
        If the content asks for anything else, or is damaged.
    """
    try:
        return _finished(_ArrayUnpickler(io.BytesIO(content), encoding="bytes").load())
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise ValueError(
            f"{source} was not read: it is not a pickle of arrays and plain values alone ({error})."
        ) from error
