"""How pure the labels are among samples of one code, or of codes near it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from skae.hashing import _exact
from skae.hashing._retrieval import check_whole, encoded, read_labels, read_words

#: centers of hash balls that are looked up at a time
_CENTERS = 4096


class HashPurity(NamedTuple):
    """What `hash_purity_score` gives."""

    #: mean Gini purity of the buckets or balls, in (0, 1]
    purity: float
    #: buckets that hold samples: with one for each sample, the purity of buckets is 1 and says nothing
    n_buckets: int


def hash_purity_score(codes, y, radius=0, *, packed=False):
    """Mean Gini purity of buckets, or of hash balls, and the number of buckets.

    A bucket holds the samples of one code. With the shares p_c of the labels c among the samples of a
    bucket, or of the ball of all samples whose codes differ from it in at most `radius` bits::

        purity = mean over buckets of sum_c p_c ** 2

    This is 1 minus the mean Gini impurity: the probability that two samples drawn from the same
    bucket have the same label. Each bucket counts once, however many samples it holds.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        0 and 1, or bytes where packed.
    y : array-like of shape (n_samples,)
        Labels, of any kind.
    radius : int, default=0
        Bits that may differ, usually 0, 1 or 2. 0 looks at buckets.
    packed : bool, default=False
        Whether codes are bytes of eight bits each.

    Returns
    -------
    purity : float
        In [1 / n_labels, 1]; higher is better.
    n_buckets : int
        How many there are. Compare purities only at like numbers of them: many buckets flatter it,
        since a bucket of one sample is pure.

    Raises
    ------
    ValueError
        If codes are no codes, y has another length, or the radius is not in 0..n_bits.

    Examples
    --------
    >>> from skae.hashing import hash_purity_score
    >>> hash_purity_score([[0, 0], [0, 0], [1, 1], [1, 1]], ["a", "b", "b", "b"])
    HashPurity(purity=0.75, n_buckets=2)
    """
    words, n_bits = read_words(codes, packed, "codes")
    check_whole("radius", radius, 0, n_bits)
    labels = encoded(read_labels(y, words, "y"))
    # whole codes as one value each, so that equal ones are next to each other
    samples = np.ascontiguousarray(words.T)
    _, first, bucket = np.unique(
        samples.view(np.dtype((np.void, samples.itemsize * samples.shape[1]))).ravel(),
        return_index=True,
        return_inverse=True,
    )
    shape = (len(first), labels.max() + 1)
    counts = csr_matrix((np.ones(len(labels)), (bucket, labels)), shape=shape)
    if radius == 0:
        return HashPurity(float(_gini(counts).mean()), len(first))
    centers = words[:, first]
    tables = _exact.tables_for(centers, n_bits, "auto")
    total = 0.0
    for start in range(0, len(first), _CENTERS):
        some = centers[:, start : start + _CENTERS]
        balls, _, members = _exact.within(centers, n_bits, tables, some, radius)
        shape = (some.shape[1], len(first))
        total += _gini(csr_matrix((np.ones(len(balls)), (balls, members)), shape) @ counts).sum()
    return HashPurity(float(total / len(first)), len(first))


def _gini(counts):
    """Sum of squared shares in each sample of counts."""
    totals = np.asarray(counts.sum(axis=1)).ravel()
    return np.asarray(counts.multiply(counts).sum(axis=1)).ravel() / totals**2
