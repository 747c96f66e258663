"""File format: arrays after a JSON header, written atomically and validated when read.

::

    8 bytes    signature
    4 bytes    version of this layout, little-endian
    8 bytes    length of the header, little-endian
    header     JSON; its "arrays" lists dtype and shape of each array
    arrays     their values in C order, each padded to a multiple of 64 bytes, as the header is
    32 bytes   SHA-256 of everything before

The positions of signature, version and checksum are the same in all versions. Positions of arrays
are not stored: they follow from the sizes of the arrays before, and the arrays must fill the file
exactly. Arrays are not compressed. So reading allocates no more memory for arrays than the file is
long. Parsing the header takes some fifty times its length, which is limited to 16 MB.
"""

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from skae.persistence.atomic_file import write_atomically

__all__ = ["VERSION", "read", "safe_repr", "write"]

VERSION = 1
_SIGNATURE = b"\x93SKAE\r\n\x1a"
_PREAMBLE_SIZE = len(_SIGNATURE) + 12
_DIGEST_SIZE = hashlib.sha256().digest_size
_ALIGNMENT = 64
_CHUNK_SIZE = 1 << 20
_MAX_HEADER_SIZE = 1 << 24
# Numbers, booleans, dates, bytes and text of fixed width. Object arrays are excluded: their values
# are pointers.
_DTYPE = re.compile(r"[<>|=]?[biufcSUmM]\d{1,10}(\[\w{1,10}\])?", re.ASCII)
_MAX_DIMENSIONS = 32
_MAX_CODE_POINT = 0x10FFFF


def write(path: str | bytes | os.PathLike, header: dict[str, Any], arrays: list) -> None:
    """Write a file atomically: after a crash, an earlier file at this path is unchanged.

    Parameters
    ----------
    path : str, bytes or path-like
    header : dict
        For `json.dumps`, without "arrays".
    arrays : list of ndarray
        Of numbers, booleans, dates, bytes or text.

    Raises
    ------
    ValueError
        The path is empty, it exists and is not a regular file, or the header is too long.
    OSError
        The file cannot be written.
    """
    write_atomically(path, _with_digest(_parts(header, arrays)))


def _with_digest(parts: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
        yield part
    yield digest.digest()


def _parts(header, arrays) -> Iterator[bytes | memoryview]:
    entries = [{"dtype": array.dtype.str, "shape": list(array.shape)} for array in arrays]
    content = {**header, "arrays": entries}
    # NaN and infinity are not valid JSON; `encoding` encodes them as text.
    text = json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
    if len(text) > _MAX_HEADER_SIZE:
        raise ValueError(
            f"The header would have {len(text)} bytes, more than the limit of {_MAX_HEADER_SIZE}. "
            "Use smaller parameters, or NumPy arrays instead of lists."
        )
    yield _SIGNATURE + VERSION.to_bytes(4, "little") + len(text).to_bytes(8, "little")
    yield text
    yield bytes(_padding(_PREAMBLE_SIZE + len(text)))
    for array in arrays:
        yield np.asarray(array, order="C").reshape(-1).view(np.uint8).data
        yield bytes(_padding(array.nbytes))


def _padding(size):
    return -size % _ALIGNMENT


def read(path: str | bytes | os.PathLike) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read header and arrays of a file that `write` wrote.

    Raises
    ------
    ValueError
        The file is invalid. The message begins with the path and is one line.
    OSError
        The file does not exist or cannot be read.
    """
    path = os.fspath(path)
    # Opening a pipe without O_NONBLOCK would wait for a process that writes to it.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _InvalidFile("is not a file saved by skae: it is not a regular file.")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return _read(file, status.st_size)
    except _InvalidFile as error:
        raise ValueError(f"{path!r} {error}") from None
    finally:
        os.close(handle)


class _InvalidFile(Exception):
    """The predicate of an error message whose subject is the path."""


def safe_repr(value: Any) -> str:
    """`repr` for error messages about file content: short, without control characters."""
    return f"{value!r:.100}"


def _read(file: BinaryIO, size: int):
    preamble = file.read(_PREAMBLE_SIZE)
    signature = preamble[: len(_SIGNATURE)]
    if not preamble or not _SIGNATURE.startswith(signature):
        raise _InvalidFile(f"is not a file saved by skae: {_guess_format(preamble)}.")
    if len(preamble) < _PREAMBLE_SIZE or size < _PREAMBLE_SIZE + _DIGEST_SIZE:
        raise _InvalidFile(f"is truncated: {size} bytes are too few for a header.")
    version = int.from_bytes(preamble[8:12], "little")
    length = int.from_bytes(preamble[12:], "little")
    if version > VERSION:
        raise _InvalidFile(
            f"has version {version} of skae's file format, but this version of skae reads versions "
            f"up to {VERSION}. Upgrade skae, unless the file is damaged."
        )
    if version < 1 or length > min(size - _PREAMBLE_SIZE - _DIGEST_SIZE, _MAX_HEADER_SIZE):
        raise _InvalidFile(
            f"is damaged or truncated: version {version} and a header of {length} bytes."
        )
    header = _parse_header(file.read(length))
    entries = header.pop("arrays", None)
    layout = _layout(entries, _PREAMBLE_SIZE + length, size - _DIGEST_SIZE)
    # The checksum is last: computing it takes seconds if a small file was extended to gigabytes.
    file.seek(0)
    _check_digest(file, size)
    return header, [_read_array(file, *place) for place in layout]


def _guess_format(start):
    """The likely format of a file without skae's signature, for the error message."""
    if not start:
        return "it is empty"
    if start.startswith(b"PK"):
        return "it is a zip archive, as skops and NumPy write them"
    if start[:1] == b"\x80":
        return "it appears to be a pickle, which can run arbitrary code when it is loaded"
    return f"it begins with {start[:8]!r}"


def _check_digest(file, size):
    digest, remaining = hashlib.sha256(), size - _DIGEST_SIZE
    while remaining:
        part = file.read(min(remaining, _CHUNK_SIZE))
        if not part:
            raise _InvalidFile("was truncated while it was read.")
        digest.update(part)
        remaining -= len(part)
    if file.read(_DIGEST_SIZE) != digest.digest():
        raise _InvalidFile("is damaged or truncated: its checksum does not match its content.")


def _parse_header(text):
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise _InvalidFile("is damaged: its header is not valid JSON.") from None
    if not isinstance(header, dict):
        raise _InvalidFile("is damaged: its header is not a JSON object.")
    return header


def _layout(entries: Any, position: int, end: int) -> list[tuple[np.dtype, tuple, int]]:
    """Dtype, shape and position of each array; the arrays must fill the file exactly."""
    if not isinstance(entries, list):
        raise _InvalidFile("is damaged: its header has no list of arrays.")
    position += _padding(position)
    layout = []
    for dtype, shape in map(_dtype_and_shape, entries):
        layout.append((dtype, shape, position))
        n_bytes = dtype.itemsize * math.prod(shape)
        position += n_bytes + _padding(n_bytes)
        if position > end:
            break
    if position != end:
        raise _InvalidFile(
            "is damaged or truncated: the arrays that its header describes do not match the "
            "length of the file."
        )
    return layout


def _dtype_and_shape(entry):
    try:
        name, shape = entry["dtype"], entry["shape"]
        dtype = np.dtype(name) if _DTYPE.fullmatch(name) else None
    except (TypeError, KeyError, ValueError, OverflowError):
        raise _InvalidFile("is damaged: an array has no valid dtype or no shape.") from None
    is_valid = dtype is not None and isinstance(shape, list) and len(shape) <= _MAX_DIMENSIONS
    # type(n), not isinstance: True is an int.
    if not is_valid or not all(type(n) is int and 0 <= n < 1 << 62 for n in shape):
        raise _InvalidFile(
            f"is damaged: dtype {safe_repr(name)} and shape {safe_repr(shape)} of an array are "
            "invalid."
        )
    return dtype, tuple(shape)


def _read_array(file, dtype, shape, position):
    try:
        array = np.empty(shape, dtype)
        content = array.reshape(-1).view(np.uint8)
    except (ValueError, MemoryError):
        raise _InvalidFile(
            f"contains an array of dtype {dtype} and shape {shape}, too large for memory."
        ) from None
    file.seek(position)
    if file.readinto(content.data) != content.size:
        raise _InvalidFile("was truncated while it was read.")
    _check_values(dtype, array, content)
    return array


def _check_values(dtype, array, content):
    """Check what NumPy assumes of booleans and text without checking it itself."""
    if dtype.kind == "b" and (content > 1).any():
        raise _InvalidFile("is damaged: a boolean array contains other bytes than 0 and 1.")
    if dtype.kind == "U" and dtype.itemsize and array.size:
        code_points = array.reshape(-1).view(np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if (code_points > _MAX_CODE_POINT).any():
            raise _InvalidFile("is damaged: a text array contains invalid Unicode characters.")
