"""A file that remembers how far a fit has come, so that one that was cut short can go on.

A fit is several runs of the engine, one after the other: folds of a cross-validation, phases of a
layer-wise training, the training itself. The file holds the results of those that have ended, and
where the one stands that has not. All else in a fit follows from the samples and the seed.
"""

import hashlib
import json
import os
import time
import warnings
from contextlib import suppress
from typing import Any

import numpy as np

from skae.core.training.records import Checkpoint, Result, Snapshot
from skae.persistence import container
from skae.persistence.encoding import Encoder
from skae.persistence.models import decoded, made_by
from skae.persistence.registry import Names

__all__ = ["FileCheckpoint", "digest_of", "digest_of_value"]

_WHAT = "checkpoint"


class FileCheckpoint(Checkpoint):
    """The runs of one fit, remembered in a file.

    Parameters
    ----------
    path : str or path-like
    minutes : float
        Between two writings.
    fit : dict of str
        What the fit depends on, by name, as digests: a file with others is refused.
    entropy : int or list of int
        Of the fit's seed.

    Attributes
    ----------
    entropy : int or list of int
        That of the earlier fit, where there was one.
    """

    def __init__(self, path, minutes: float, fit: dict[str, str], entropy: Any):
        self.path, self.seconds = os.fspath(path), 60.0 * minutes
        if not self.path:
            raise ValueError(f"checkpoint={self.path!r} names no file")
        # one file to read, to write and to remove, behind a link too
        self._file = os.path.realpath(self.path)
        self.fit, self.entropy = (
            {**fit, "versions": digest_of_value(made_by(), "versions")},
            entropy,
        )
        self._results: list[dict] = []
        self._standing: dict | None = None
        self._begun = 0
        self._closed = False
        if os.path.lexists(self._file):
            self._read()
        else:
            self._check_folder()
        self._last = time.monotonic()

    def _check_folder(self):
        """Better now than after an hour."""
        folder = os.path.dirname(self._file)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ValueError(f"checkpoint={self.path!r} cannot be written: {folder!r} is no folder "
                             "that can be written to")  # fmt: skip

    def _read(self):
        try:
            header, arrays = container.read(self._file)
            found = decoded(self.path, header, arrays, Names(None), _WHAT)
            fit, self.entropy = found["fit"], found["entropy"]
            self._results, self._standing = found["results"], found["standing"]
        except ValueError as error:
            raise ValueError(f"checkpoint={error}") from None
        except (TypeError, KeyError):
            raise ValueError(f"checkpoint={self.path!r} was made up: it tells of no fit") from None
        if differing := sorted(k for k in self.fit if fit.get(k) != self.fit[k]):
            raise ValueError(
                f"checkpoint={self.path!r} is of another fit, with other {', '.join(differing)}: "
                "give another path, or remove that file to begin anew"
            )

    def begin(self) -> Result | Snapshot | None:
        """What is known of the run that begins now."""
        place, self._begun = self._begun, self._begun + 1
        if self._closed:
            return None
        if place < len(self._results):
            # what it took to compile was spent by another process
            return Result(**self._results[place], seconds={"compile": 0.0, "train": 0.0})
        standing, self._standing = self._standing, None
        return None if standing is None else _snapshot(standing)

    def is_due(self) -> bool:
        """Whether it is time to write."""
        return not self._closed and time.monotonic() - self._last >= self.seconds

    def keep(self, snapshot: Snapshot) -> None:
        """Write where the run stands; a disk that is full ends no fit."""
        what = {
            "fit": self.fit,
            "entropy": self.entropy,
            "results": self._results,
            "standing": _columns(snapshot),
        }
        encoder = Encoder()
        told = encoder.encode(what, _WHAT)
        header = {"holds": _WHAT, "made_by": made_by(), "needs": [], _WHAT: told}
        try:
            container.write(self._file, header, encoder.arrays)
        except OSError as error:
            warnings.warn(
                f"checkpoint={self.path!r} was not written ({error}): the fit goes on, and what "
                "was written before stays",
                stacklevel=2,
            )
        self._last = time.monotonic()

    def end(self, result: Result) -> None:
        """Remember a result; after an interrupt the file stays as it is."""
        self._closed |= result.interrupted
        if not self._closed and self._begun > len(self._results):
            self._results.append({k: v for k, v in vars(result).items() if k != "seconds"})

    def remove(self) -> None:
        """The fit is done."""
        with suppress(FileNotFoundError):
            os.unlink(self._file)


def _columns(snapshot):
    """A snapshot whose records are one array."""
    names = list(snapshot.records[0][2]) if snapshot.records else []
    records = [(loss, held, *metrics.values()) for loss, held, metrics in snapshot.records]
    shape = (len(records), 2 + len(names))
    return {**vars(snapshot), "records": np.reshape(records, shape), "metrics": names}


def _snapshot(columns):
    names = columns.pop("metrics")
    records = [
        (loss, held, dict(zip(names, metrics, strict=True)))
        for loss, held, *metrics in columns.pop("records").tolist()
    ]
    return Snapshot(records=records, **columns)


def digest_of(*parts) -> str:
    """SHA-256 of arrays, each given as it is or as an iterable of blocks of samples."""
    digest = hashlib.sha256()
    for part in parts:
        for block in [part] if isinstance(part, np.ndarray) else part:
            block = np.asarray(block, order="C")
            digest.update(f"{block.dtype.str}{block.shape}".encode())
            digest.update(block.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def digest_of_value(value, where: str) -> str:
    """SHA-256 of what a file would hold of a value."""
    encoder = Encoder()
    told = json.dumps(encoder.encode(value, where))
    return digest_of(*encoder.arrays, np.frombuffer(told.encode(), np.uint8))
