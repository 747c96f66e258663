"""Checkpoint files: an interrupted fit resumes from one with a bitwise identical result.

A fit is a sequence of training runs: folds of a cross-validation, phases of layer-wise
pretraining, and the main training. The file holds the results of finished runs and a snapshot of
the current one. Everything else, such as the order of samples, PCA and splits, is computed again
from the samples and the seed. Snapshots are taken between two calls of the compiled training
loop, and how epochs are divided into calls does not affect results.
"""

import hashlib
import json
import os
import stat
import time
import warnings
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from skae.core.training.records import Checkpoint, Result, Snapshot
from skae.persistence import container
from skae.persistence.encoding import Encoder
from skae.persistence.models import decode_content, library_versions
from skae.persistence.registry import TrustedObjects

__all__ = ["FileCheckpoint", "digest_of", "digest_of_value"]

_CONTENT = "checkpoint"
# Types of the fields of a result and of a snapshot.
_RESULT: dict[str, type | tuple[type, ...]] = {
    "params": dict,
    "optimizer_state": list,
    "step": Integral,
    "history": dict,
    "validation_losses": np.ndarray,
    "n_epochs": Integral,
    "best_epoch": Integral,
    "diverged": (bool, np.bool_),
    "interrupted": (bool, np.bool_),
    "initial_loss": Real,
    "final_loss": Real,
}
_SNAPSHOT: dict[str, type | tuple[type, ...]] = {
    "state": list,
    "steps": Integral,
    "stopped": (bool, np.bool_),
    "seconds": Real,
}


class FileCheckpoint(Checkpoint):
    """The runs of one fit, stored in a file.

    Parameters
    ----------
    path : str or path-like
    minutes : float
        Minimum time between two writes.
    fit : dict of str
        Digests of everything that the fit depends on, by name. An existing file with other
        digests raises.
    entropy : int or list of int
        Of the fit's seed.

    Attributes
    ----------
    entropy : int or list of int
        Of the seed of the fit to resume, where the file exists.
    """

    def __init__(
        self, path: str | os.PathLike[str], minutes: float, fit: dict[str, str], entropy: Any
    ):
        self.path, self.seconds = os.fspath(path), 60.0 * minutes
        if not self.path:
            raise ValueError(f"checkpoint={self.path!r} is empty. Pass the path of a file.")
        # Symbolic links are resolved once, so that reading, writing and removing use one file.
        self._file = os.path.realpath(self.path)
        self.fit = {**fit, "versions": digest_of_value(library_versions(), "versions")}
        self.entropy = entropy
        self._results: list[dict] = []
        self._stored_snapshot: dict | None = None
        self._n_runs = 0
        self._closed = False
        if os.path.lexists(self._file):
            self._read()
        else:
            self._check_folder()
        self._last_write = time.monotonic()

    def _check_folder(self):
        """Raise before training, not at the first write."""
        folder = os.path.dirname(self._file)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ValueError(
                f"checkpoint={self.path!r} cannot be written: {folder!r} is not a writable folder."
            )

    def _read(self):
        try:
            header, arrays = container.read(self._file)
            content = decode_content(self.path, header, arrays, TrustedObjects(None), _CONTENT)
            fit, self.entropy = content["fit"], content["entropy"]
            self._results, self._stored_snapshot = content["results"], content["standing"]
        except ValueError as error:
            raise ValueError(f"checkpoint={error}") from None
        except (TypeError, KeyError):
            raise ValueError(
                f"checkpoint={self.path!r} is invalid: it does not describe a fit. Pass another "
                "path or remove the file."
            ) from None
        if differing := sorted(name for name in self.fit if fit.get(name) != self.fit[name]):
            raise ValueError(
                f"checkpoint={self.path!r} belongs to another fit with different "
                f"{', '.join(differing)}. Pass another path, or remove the file to start over."
            )
        try:
            for result in self._results:
                _restored_result(result)
            if self._stored_snapshot is not None:
                _restored_snapshot(dict(self._stored_snapshot))
        except Exception as error:  # A made-up file can be wrong in any way.
            raise ValueError(
                f"checkpoint={self.path!r} is invalid: its runs are inconsistent "
                f"({type(error).__name__}). Pass another path or remove the file."
            ) from None

    def begin(self) -> Result | Snapshot | None:
        """The stored result or snapshot of the run that begins now, if any."""
        run, self._n_runs = self._n_runs, self._n_runs + 1
        if self._closed:
            return None
        if run < len(self._results):
            return _restored_result(self._results[run])
        # The snapshot belongs to the first run without a result; later runs start from scratch.
        stored, self._stored_snapshot = self._stored_snapshot, None
        return None if stored is None else _restored_snapshot(dict(stored))

    def is_due(self) -> bool:
        """Whether the interval since the last write has passed."""
        return not self._closed and time.monotonic() - self._last_write >= self.seconds

    def keep(self, snapshot: Snapshot) -> None:
        """Write a snapshot of the current run; a file error warns and does not stop the fit."""
        content = {
            "fit": self.fit,
            "entropy": self.entropy,
            "results": self._results,
            "standing": _storable_snapshot(snapshot),
        }
        encoder = Encoder()
        encoded = encoder.encode(content, _CONTENT)
        header = {
            "holds": _CONTENT,
            "made_by": library_versions(),
            "needs": [],
            _CONTENT: encoded,
        }
        try:
            container.write(self._file, header, encoder.arrays)
        except (OSError, ValueError) as error:  # ValueError: a FIFO has replaced the file.
            warnings.warn(
                f"checkpoint={self.path!r} was not written ({error}). Training continues, and an "
                "earlier checkpoint in this file is unchanged.",
                stacklevel=2,
            )
        self._last_write = time.monotonic()

    def end(self, result: Result) -> None:
        """Store the result of a run; after an interrupt the file stays as it is."""
        self._closed |= result.interrupted
        # Results that `begin` read from the file are stored already.
        if not self._closed and self._n_runs > len(self._results):
            self._results.append({k: v for k, v in vars(result).items() if k != "seconds"})

    def remove(self) -> None:
        """Remove the file, once the fit is complete; a file error warns."""
        try:
            # Something else may have replaced the checkpoint: it is not ours to remove.
            if not stat.S_ISREG(os.lstat(self._file).st_mode):
                raise OSError("it is not a regular file")
            os.unlink(self._file)
        except FileNotFoundError:
            pass
        except OSError as error:
            warnings.warn(
                f"checkpoint={self.path!r} was not removed ({error}). The fit is complete and not "
                "affected. Remove the file, or use another path for the next fit.",
                stacklevel=2,
            )


def _storable_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    """Fields of a snapshot, with its records as one array and the names of their metrics."""
    names = list(snapshot.records[0][2]) if snapshot.records else []
    records = [
        (loss, validation_loss, *metrics.values())
        for loss, validation_loss, metrics in snapshot.records
    ]
    shape = (len(records), 2 + len(names))
    return {**vars(snapshot), "records": np.reshape(records, shape), "metrics": names}


def _check_fields(fields: dict[str, Any], kinds: dict[str, type | tuple[type, ...]]) -> None:
    for name, kind in kinds.items():
        if not isinstance(fields[name], kind):
            raise TypeError(name)


def _restored_result(stored: dict[str, Any]) -> Result:
    # Timings are not restored: the time was spent by another process.
    result = Result(**stored, seconds={"compile": 0.0, "train": 0.0})
    _check_fields(vars(result), _RESULT)
    _check_arrays(result.optimizer_state)
    _check_arrays(list(result.history.values()))
    return result


def _check_arrays(values):
    if not all(isinstance(value, np.ndarray) for value in values):
        raise TypeError("arrays")


def _restored_snapshot(stored: dict[str, Any]) -> Snapshot:
    names = stored.pop("metrics")
    records = [
        (loss, validation_loss, dict(zip(names, metrics, strict=True)))
        for loss, validation_loss, *metrics in stored.pop("records").tolist()
    ]
    snapshot = Snapshot(records=records, **stored)
    _check_fields(vars(snapshot), _SNAPSHOT)
    _check_arrays(snapshot.state)
    return snapshot


def digest_of(*parts: np.ndarray | Iterable[np.ndarray]) -> str:
    """SHA-256 of arrays; each part is an array or an iterable of blocks of samples."""
    digest = hashlib.sha256()
    for part in parts:
        for block in [part] if isinstance(part, np.ndarray) else part:
            block = np.asarray(block, order="C")
            digest.update(f"{block.dtype.str}{block.shape}".encode())
            digest.update(block.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def digest_of_value(value: Any, where: str) -> str:
    """SHA-256 of the encoding of a value; `where` names the value in error messages."""
    encoder = Encoder()
    encoded = json.dumps(encoder.encode(value, where))
    return digest_of(*encoder.arrays, np.frombuffer(encoded.encode(), np.uint8))
