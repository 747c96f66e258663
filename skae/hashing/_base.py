"""Fitted state of the Hamming index: stored codes, and search by the selected backend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_is_fitted

from skae._typing import ArrayLike
from skae.estimators.base.estimator import SkaeEstimator
from skae.estimators.base.loaded_attributes import (
    check_array_attribute,
    check_integers,
    invalid,
    is_fitted,
)
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.sklearn_compat import validate_data
from skae.hashing import _exact, _faiss
from skae.hashing._scan import Hits
from skae.hashing._top_k import MAX_BITS, Integers
from skae.hashing._validation import check_is_packed, check_n_bits, packed_codes
from skae.hashing._words import to_bytes, to_words

_NUMPY_ALGORITHMS, _FAISS_ALGORITHMS = ("brute", "multi_index"), tuple(_faiss.PARAMETERS)
ALGORITHMS = tuple(dict.fromkeys(_NUMPY_ALGORITHMS + _FAISS_ALGORITHMS))

PackedCodes = NDArray[np.uint8]


class StoredCodes(SkaeEstimator):
    """Stores codes as machine words, with the tables of NumPy's search or the index of faiss."""

    _public_module = "skae.hashing"

    def save(self, path: str | os.PathLike[str]) -> Self:
        if getattr(self, "_faiss_index", None) is not None:
            raise ValueError(
                "an index with backend='faiss' cannot be saved, because loading it would run "
                "faiss's own parser on an untrusted file. Use backend='numpy', or use pickle for "
                "files from a trusted source"
            )
        return super().save(path)

    save.__doc__ = SkaeEstimator.save.__doc__

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        return tags

    # faiss's indexes are not picklable: the state holds them serialized.
    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if state.get("_faiss_index") is not None:
            state = {**state, "_faiss_index": _faiss.dumps(state["_faiss_index"])}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.get("_faiss_index") is not None:
            state = {**state, "_faiss_index": _faiss.loads(state["_faiss_index"])}
        super().__setstate__(state)

    def _check_loaded(self) -> None:
        """Check the codes of a file, and sort them into tables again if the file has tables."""
        if not is_fitted(self):
            return
        check_integers(self, ["n_bits_", "n_samples_fit_", "n_features_in_"])
        is_packed = self.n_bits_ == 8 * self.n_features_in_
        if not (
            1 <= self.n_bits_ <= MAX_BITS and (is_packed or self.n_bits_ == self.n_features_in_)
        ):
            raise invalid("n_bits_", "does not match the number of features")
        one = to_words(np.zeros((1, -(-self.n_bits_ // 8)), np.uint8))
        check_array_attribute(self, "codes_", (len(one), self.n_samples_fit_), "u")
        if self.codes_.dtype != one.dtype:
            raise invalid("codes_", f"does not match: it has the dtype {self.codes_.dtype}")
        if self.backend_ != "numpy" or self.algorithm_ not in _NUMPY_ALGORITHMS:
            raise invalid("algorithm_", "does not match backend='numpy'")
        self._faiss_index = None
        self._tables = _exact.tables_for(self.codes_, self.n_bits_, self.algorithm_)

    def _store(self, X: ArrayLike) -> None:
        """Fit: replace the stored codes."""
        backend, algorithm, params = self._resolve_algorithm()
        refuse_masked(X, "X")
        checked = check_array(X, dtype="numeric", estimator=self, input_name="X")
        codes = packed_codes(checked, self.packed)
        if self.packed:
            check_is_packed(codes)
        n_bits = 8 * codes.shape[1] if self.packed else checked.shape[1]
        check_n_bits(n_bits)
        words = to_words(codes)
        tables = index = None
        if backend == "faiss":
            index = _faiss.build(codes, algorithm, params, self._n_threads())
        else:
            tables = _exact.tables_for(words, n_bits, algorithm)
            algorithm = "brute" if tables is None else "multi_index"
        # All attributes are set last, so that a fit that fails keeps the state of an earlier fit.
        validate_data(self, X, skip_check_array=True)
        self.backend_, self.algorithm_, self.n_bits_ = backend, algorithm, n_bits
        self.codes_, self.n_samples_fit_ = words, words.shape[1]
        self._tables, self._faiss_index = tables, index

    def _append(self, X: ArrayLike) -> None:
        codes = self._packed_queries(X)
        words = np.concatenate([self.codes_, to_words(codes)], axis=1)
        if self.backend_ == "faiss":
            _faiss.add(self._faiss_index, codes, self._n_threads())
        else:
            self._tables = _exact.tables_for(words, self.n_bits_, self.algorithm, self._tables)
            self.algorithm_ = "brute" if self._tables is None else "multi_index"
        self.codes_, self.n_samples_fit_ = words, words.shape[1]

    def _packed_queries(self, X: ArrayLike | None) -> PackedCodes:
        """Validate query codes and pack them; X=None returns the stored codes."""
        check_is_fitted(self)
        if X is None:
            return to_bytes(self.codes_, -(-self.n_bits_ // 8))
        refuse_masked(X, "X")
        try:
            checked = validate_data(self, X, dtype="numeric", reset=False)
        except ValueError as error:
            if "features as input" not in str(error):
                raise
            # Packed and unpacked codes are easily confused: the message names the expected kind.
            expected = "bytes of packed codes" if self._holds_packed() else "bits of unpacked codes"
            raise ValueError(f"{error} ({expected}).") from None
        return packed_codes(checked, self._holds_packed())

    def _holds_packed(self) -> bool:
        """Whether the codes of `fit` were packed; `set_params` may have changed the parameter."""
        return self.n_bits_ != self.n_features_in_

    def _nearest(self, codes: PackedCodes, k: int) -> tuple[Integers, Integers]:
        if self.backend_ == "numpy":
            return self._nearest_exact(codes, k)
        distances, indices = _faiss.nearest(self._faiss_index, codes, k, self._n_threads())
        # Approximate searches may find fewer than k codes, marked by index -1.
        incomplete = (indices < 0).any(axis=1)
        if incomplete.any():
            exact = self._nearest_exact(codes[incomplete], k)
            distances[incomplete], indices[incomplete] = exact
        return distances, indices

    def _nearest_exact(self, codes: PackedCodes, k: int) -> tuple[Integers, Integers]:
        stored = self.codes_, self.n_bits_, self._tables
        return _exact.nearest(*stored, to_words(codes), k, self._n_threads())

    def _within(self, codes: PackedCodes, radius: int) -> Hits:
        if self.backend_ == "faiss":
            hits = _faiss.within(self._faiss_index, codes, radius, self._n_threads())
            if hits is not None:
                return _exact.sorted_hits([hits])
        stored = self.codes_, self.n_bits_, self._tables
        return _exact.within(*stored, to_words(codes), radius, self._n_threads())

    def _n_threads(self) -> int:
        return effective_n_jobs(self.n_jobs)

    def _resolve_algorithm(self) -> tuple[str, str, Mapping[str, int]]:
        """Return the backend, the algorithm ("auto" for NumPy) and its validated parameters."""
        backend, algorithm = self.backend, self.algorithm
        if backend == "auto":
            backend = "numpy" if algorithm in ("auto", *_NUMPY_ALGORITHMS) else "faiss"
        available = _NUMPY_ALGORITHMS if backend == "numpy" else _FAISS_ALGORITHMS
        if algorithm not in ("auto", *available):
            raise ValueError(
                f"algorithm={algorithm!r} is not available with backend={backend!r}, which has "
                f"{', '.join(available)}"
            )
        if backend == "faiss" and algorithm == "auto":
            algorithm = "brute"
        params = self.algorithm_params or {}
        allowed = _faiss.PARAMETERS[algorithm] if backend == "faiss" else {}
        for name, value in params.items():
            if name not in allowed:
                raise ValueError(
                    f"algorithm_params has the unknown key {name!r}: algorithm={algorithm!r} has "
                    + (f"the parameters {', '.join(allowed)}" if allowed else "no parameters")
                )
            lowest = 0 if name == "n_flips" else 1
            if isinstance(value, bool) or not isinstance(value, Integral) or value < lowest:
                raise ValueError(
                    f"algorithm_params[{name!r}] must be an integer of at least {lowest}, got "
                    f"{value!r}"
                )
        return backend, algorithm, params
