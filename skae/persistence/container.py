"""A file of arrays under a header in JSON: written whole or not at all, read with distrust.

::

    8 bytes    signature
    4 bytes    version of this layout, little-endian
    8 bytes    length of the header, little-endian
    header     JSON; its "arrays" hold dtype and shape of each array
    arrays     their cells in C order, each padded to a multiple of 64 bytes, as the header is
    32 bytes   SHA-256 of all that stands before

Signature, version and checksum stay where they are in all versions. An array's place follows from
the sizes of those before it, and all of them must fill the file to the byte. So no array can ask
for more memory than the file is long, and none is compressed. The header takes some fifty times its
length when it is parsed, and has at most 16 MB.
"""

import hashlib
import json
import math
import os
import re
import stat
from contextlib import suppress
from secrets import token_hex

import numpy as np

__all__ = ["VERSION", "read", "shown", "write"]

VERSION = 1
_SIGNATURE = b"\x93SKAE\r\n\x1a"
_START = len(_SIGNATURE) + 12
_DIGEST = hashlib.sha256().digest_size
_ALIGNMENT = 64
_CHUNK = 1 << 20
_MAX_HEADER = 1 << 24
# numbers, booleans, dates, bytes and text of fixed width: nothing that points elsewhere
_DTYPE = re.compile(r"[<>|=]?[biufcSUmM]\d{1,10}(\[\w{1,10}\])?", re.ASCII)
# a name of a file may have 255 bytes
_MAX_NAME = 200
_MAX_DIMENSIONS = 32
_HIGHEST_CHARACTER = 0x10FFFF


def write(path, header: dict, arrays: list) -> None:
    """Write a file in the place of an earlier one; a crash leaves that one as it was.

    Parameters
    ----------
    path : str or path-like
    header : dict
        For `json.dumps`, without "arrays".
    arrays : list of ndarray
        Of numbers, dates, bytes or text.

    Raises
    ------
    ValueError
        What is there is no regular file, or the header is too long.
    OSError
        The file cannot be written.
    """
    path = os.path.realpath(os.fsdecode(path))
    folder, name = os.path.split(path)
    mode = _mode_of(path)
    hidden = name if len(os.fsencode(name)) <= _MAX_NAME else "skae"
    beside = os.path.join(folder, f".{hidden}.{token_hex(8)}.tmp")
    # not tempfile: its files are for their owner's eyes alone
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(beside, flags, 0o666 if mode is None else mode)
    try:
        with os.fdopen(handle, "wb") as file:
            if mode is not None:
                os.chmod(beside, mode)
            digest = hashlib.sha256()
            for part in _parts(header, arrays):
                digest.update(part)
                file.write(part)
            file.write(digest.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    _settle(folder)


def _mode_of(path):
    """Who may read an earlier file: the same may read the new one."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise ValueError(f"{path!r} is no regular file: nothing is written there")
    return stat.S_IMODE(status.st_mode)


def _settle(folder):
    """Have the new name on the disk, too, where folders can be opened."""
    # the file is there: what a file system or a system cannot do is no failure
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parts(header, arrays):
    kinds = [{"dtype": array.dtype.str, "shape": list(array.shape)} for array in arrays]
    text = json.dumps({**header, "arrays": kinds}, allow_nan=False, separators=(",", ":")).encode()
    if len(text) > _MAX_HEADER:
        raise ValueError(
            f"the header would have {len(text)} bytes, and at most {_MAX_HEADER} are allowed"
        )
    yield _SIGNATURE + VERSION.to_bytes(4, "little") + len(text).to_bytes(8, "little")
    yield text
    yield bytes(_padding(_START + len(text)))
    for array in arrays:
        yield np.asarray(array, order="C").reshape(-1).view(np.uint8).data
        yield bytes(_padding(array.nbytes))


def _padding(size):
    return -size % _ALIGNMENT


def read(path) -> tuple[dict, list]:
    """Header and arrays of a file made by `write`.

    Raises
    ------
    ValueError
        Of anything else, in a sentence that begins with the path.
    OSError
        Where there is no such file, or it cannot be read.
    """
    path = os.fspath(path)
    # not blocked by a pipe that nobody writes to
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _Refused("is no file that was saved by skae: it is no regular file at all")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return _read(file, status.st_size)
    except _Refused as error:
        raise ValueError(f"{path!r} {error}") from None
    finally:
        os.close(handle)


class _Refused(Exception):
    """What is wrong with a file."""


def shown(value) -> str:
    """What a file says, for a sentence: short, and without characters that a terminal obeys."""
    return f"{value!r:.100}"


def _read(file, size):
    start = file.read(_START)
    if not start or not (start.startswith(_SIGNATURE) or _SIGNATURE.startswith(start)):
        raise _Refused(f"was not saved by skae: {_guess(start)}")
    if len(start) < _START or size < _START + _DIGEST:
        raise _Refused(f"is cut short: {size} bytes are not even a header")
    version, length = (int.from_bytes(start[a:b], "little") for a, b in ((8, 12), (12, _START)))
    file.seek(0)
    _check_digest(file, size)
    if version > VERSION:
        raise _Refused(
            f"has version {version} of skae's file format, and this skae reads up to {VERSION}: "
            "upgrade skae"
        )
    if version < 1 or length > min(size - _START - _DIGEST, _MAX_HEADER):
        raise _Refused(f"is damaged: version {version}, a header of {length} bytes")
    file.seek(_START)
    header = _parsed(file.read(length))
    return header, _arrays(file, header.pop("arrays", None), _START + length, size - _DIGEST)


def _guess(start):
    """What a file that is not ours might be."""
    if not start:
        return "it is empty"
    if start.startswith(b"PK"):
        return "it is a zip archive, perhaps of skops or NumPy"
    if start[:1] == b"\x80":
        return "it seems to be a pickle, which can run anything when it is loaded"
    return f"it begins with {start[:8]!r}"


def _check_digest(file, size):
    digest, left = hashlib.sha256(), size - _DIGEST
    while left:
        part = file.read(min(left, _CHUNK))
        if not part:
            raise _Refused("became shorter while it was read")
        digest.update(part)
        left -= len(part)
    if file.read(_DIGEST) != digest.digest():
        raise _Refused("is damaged or cut short: its checksum is not that of its content")


def _parsed(text):
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise _Refused("is damaged: its header is not JSON") from None
    if not isinstance(header, dict):
        raise _Refused("is damaged: its header is no object")
    return header


def _arrays(file, kinds, place, end):
    """The arrays, once it is known that they fill the file to the byte."""
    if not isinstance(kinds, list):
        raise _Refused("is damaged: its header names no arrays")
    kinds = [_kind(entry) for entry in kinds]
    place += _padding(place)
    places = []
    for dtype, shape in kinds:
        places.append(place)
        n_bytes = dtype.itemsize * math.prod(shape)
        place += n_bytes + _padding(n_bytes)
        if place > end:
            break
    if place != end:
        raise _Refused(
            "is damaged: the arrays that it says it holds do not have the size of those it holds"
        )
    return [
        _array(file, dtype, shape, begin)
        for (dtype, shape), begin in zip(kinds, places, strict=True)
    ]


def _kind(entry):
    try:
        name, shape = entry["dtype"], entry["shape"]
        dtype = np.dtype(name) if _DTYPE.fullmatch(name) else None
    except (TypeError, KeyError, ValueError, OverflowError):
        raise _Refused("is damaged: it says nothing sensible of an array") from None
    sizes = isinstance(shape, list) and len(shape) <= _MAX_DIMENSIONS
    known = dtype is not None and sizes
    if not known or not all(type(n) is int and 0 <= n < 1 << 62 for n in shape):
        raise _Refused(
            f"is damaged: it says that it holds an array of {shown(name)} and shape {shown(shape)}"
        )
    return dtype, tuple(shape)


def _array(file, dtype, shape, place):
    try:
        array = np.empty(shape, dtype)
        cells = array.reshape(-1).view(np.uint8)
    except (ValueError, MemoryError):
        raise _Refused(f"holds an array of {dtype} and shape {shape}, too large here") from None
    file.seek(place)
    if file.readinto(cells.data) != cells.size:
        raise _Refused("became shorter while it was read")
    _check_cells(dtype, array, cells)
    return array


def _check_cells(dtype, array, cells):
    """Whether cells are what NumPy takes them to be without looking."""
    if dtype.kind == "b" and (cells > 1).any():
        raise _Refused("is damaged: it holds a truth value that is neither true nor false")
    if dtype.kind == "U" and dtype.itemsize and array.size:
        codes = array.reshape(-1).view(np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if (codes > _HIGHEST_CHARACTER).any():
            raise _Refused("is damaged: it holds text of characters that do not exist")
