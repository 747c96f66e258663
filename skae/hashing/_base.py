"""What a fitted index holds, and which backend answers from it."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted

from skae.estimators.base.sklearn_compat import DocumentedInHTML, validate_data
from skae.hashing import _exact, _faiss
from skae.hashing._validation import packed_codes, refuse_long, refuse_unpacked
from skae.hashing._words import to_bytes, to_words
from skae.persistence.saving import SaveMixin

_OF_NUMPY, _OF_FAISS = ("brute", "multi_index"), tuple(_faiss.PARAMETERS)
ALGORITHMS = tuple(dict.fromkeys(_OF_NUMPY + _OF_FAISS))


class StoredCodes(DocumentedInHTML, SaveMixin, BaseEstimator):
    """Codes in planes of words, with NumPy's tables or faiss's index beside them."""

    _public_module = "skae.hashing"

    def save(self, path):
        if getattr(self, "_faiss_index", None) is not None:
            raise ValueError(
                "an index of faiss cannot be saved: reading one back runs faiss's own parser on "
                "the file. Use backend='numpy', or pickle where you trust who wrote it"
            )
        return super().save(path)

    save.__doc__ = SaveMixin.save.__doc__

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        return tags

    def __getstate__(self):
        state = super().__getstate__()
        if state.get("_faiss_index") is not None:
            state = {**state, "_faiss_index": _faiss.dumps(state["_faiss_index"])}
        return state

    def __setstate__(self, state):
        if state.get("_faiss_index") is not None:
            state = {**state, "_faiss_index": _faiss.loads(state["_faiss_index"])}
        super().__setstate__(state)

    def _store(self, X):
        backend, algorithm, params = self._resolved()
        checked = check_array(X, dtype="numeric", estimator=self, input_name="X")
        codes = packed_codes(checked, self.packed)
        if self.packed:
            refuse_unpacked(codes)
        n_bits = 8 * codes.shape[1] if self.packed else checked.shape[1]
        refuse_long(n_bits)
        words = to_words(codes)
        tables = index = None
        if backend == "faiss":
            index = _faiss.build(codes, algorithm, params, self._n_threads())
        else:
            tables = _exact.tables_for(words, n_bits, algorithm)
            algorithm = "brute" if tables is None else "multi_index"
        # last, so that a fit that fails leaves an earlier one as it was
        validate_data(self, X, skip_check_array=True)
        self.backend_, self.algorithm_, self.n_bits_ = backend, algorithm, n_bits
        self.codes_, self.n_samples_fit_ = words, words.shape[1]
        self._tables, self._faiss_index = tables, index

    def _append(self, X):
        codes = self._packed(X)
        words = np.concatenate([self.codes_, to_words(codes)], axis=1)
        if self.backend_ == "faiss":
            _faiss.add(self._faiss_index, codes, self._n_threads())
        else:
            self._tables = _exact.tables_for(words, self.n_bits_, self.algorithm, self._tables)
            self.algorithm_ = "brute" if self._tables is None else "multi_index"
        self.codes_, self.n_samples_fit_ = words, words.shape[1]

    def _packed(self, X):
        """Bytes of codes for the fitted index; its own for None."""
        check_is_fitted(self)
        if X is None:
            return to_bytes(self.codes_, -(-self.n_bits_ // 8))
        try:
            X = validate_data(self, X, dtype="numeric", reset=False)
        except ValueError as error:
            if "features as input" not in str(error):
                raise
            what = "bytes of packed codes" if self.packed else "bits of codes that are not packed"
            raise ValueError(f"{error} ({what}).") from None
        return packed_codes(X, self.packed)

    def _nearest(self, codes, k):
        if self.backend_ == "numpy":
            return self._nearest_exactly(codes, k)
        distances, indices = _faiss.nearest(self._faiss_index, codes, k, self._n_threads())
        short = (indices < 0).any(axis=1)
        if short.any():
            distances[short], indices[short] = self._nearest_exactly(codes[short], k)
        return distances, indices

    def _nearest_exactly(self, codes, k):
        stored = self.codes_, self.n_bits_, self._tables
        return _exact.nearest(*stored, to_words(codes), k, self._n_threads())

    def _within(self, codes, radius):
        if self.backend_ == "faiss":
            found = _faiss.within(self._faiss_index, codes, radius, self._n_threads())
            if found is not None:
                return _exact.ordered([found])
        stored = self.codes_, self.n_bits_, self._tables
        return _exact.within(*stored, to_words(codes), radius, self._n_threads())

    def _n_threads(self):
        return effective_n_jobs(self.n_jobs)

    def _resolved(self):
        """Backend, algorithm and its parameters: what "auto" means, and what goes together."""
        backend, algorithm = self.backend, self.algorithm
        if backend == "auto":
            backend = "numpy" if algorithm in ("auto", *_OF_NUMPY) else "faiss"
        known = _OF_NUMPY if backend == "numpy" else _OF_FAISS
        if algorithm not in ("auto", *known):
            raise ValueError(
                f"algorithm={algorithm!r} is not one of backend={backend!r}, which has "
                f"{', '.join(known)}"
            )
        if backend == "faiss" and algorithm == "auto":
            algorithm = "brute"
        params = self.algorithm_params or {}
        names = _faiss.PARAMETERS[algorithm] if backend == "faiss" else {}
        for name, value in params.items():
            if name not in names:
                raise ValueError(
                    f"algorithm_params has {name!r}, which algorithm={algorithm!r} does not know: "
                    + (f"it has {', '.join(names)}" if names else "it has none")
                )
            lowest = 0 if name == "n_flips" else 1
            if isinstance(value, bool) or not isinstance(value, Integral) or value < lowest:
                raise ValueError(
                    f"algorithm_params[{name!r}] must be an integer of at least {lowest}, got "
                    f"{value!r}"
                )
        return backend, algorithm, params
