"""Atomic writing of files: after a crash, an earlier file at the path is unchanged."""

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from secrets import token_hex

__all__ = ["write_atomically"]

# File systems limit a name to 255 bytes, and the temporary file has a longer name than the file.
_MAX_NAME_SIZE = 200


def write_atomically(
    path: str | bytes | os.PathLike, parts: Iterable[bytes | bytearray | memoryview]
) -> None:
    """Write the parts to a temporary file in the same folder, which then replaces the file.

    Permissions of an existing file are preserved, and a symbolic link is followed.

    Raises
    ------
    ValueError
        The path is empty, or exists and is not a regular file.
    OSError
        The file cannot be written.
    """
    if not os.fspath(path):
        raise ValueError(f"path={path!r} is empty. Pass the path of a file.")
    path = os.path.realpath(os.fsdecode(path))
    folder, name = os.path.split(path)
    _check_folder(folder)
    mode = _file_mode(path)
    prefix = name if len(os.fsencode(name)) <= _MAX_NAME_SIZE else "skae"
    temporary = os.path.join(folder, f".{prefix}.{token_hex(8)}.tmp")
    # Not tempfile: it creates files that only their owner can read.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o666 if mode is None else mode)
    try:
        with os.fdopen(handle, "wb") as file:
            if mode is not None:
                os.chmod(temporary, mode)
            for part in parts:
                file.write(part)
            file.flush()
            # The content must be on disk before the rename is.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _check_folder(folder: str) -> None:
    # Without this check, the error would name the temporary file and not the missing folder.
    if not os.path.lexists(folder):
        raise FileNotFoundError(
            errno.ENOENT, "The folder of this path does not exist. Create the folder first", folder
        )


def _file_mode(path: str) -> int | None:
    """Permissions of an existing file, which the new file keeps."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(
            errno.EISDIR, "This path is a folder. Pass the path of a file", path
        )
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path!r} is not a regular file. Pass the path of a file.")
    return stat.S_IMODE(status.st_mode)


def _sync_folder(folder: str) -> None:
    """Write the new directory entry to disk, on systems that can open folders."""
    # The file is complete at this point, so a file system that cannot do this is not an error.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
