"""Semantic hashing: codes of bits that are near each other where samples are alike."""

from dataclasses import field
from functools import partial
from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.objectives.hashing.objective import BINARIZATIONS, hashing_initialization, hashing_loss

__all__ = ["SemanticHasher"]


@autoencoder
class SemanticHasher(BaseAutoencoder, DenseParameters):
    """Autoencoder whose codes are bits: alike samples get codes that differ in few of them.

    Samples are found again by the Hamming distance of short codes, thousands of times smaller than
    themselves: 32 bits are four bytes. With logits ``a_i`` of sample i, bits drawn in training as
    ``b_i ~ Bernoulli(sigmoid(a_i))``, and the mean ``s_i`` of ``2 b_i - 1``::

        minimize  mean_i loss(decode(b_i), x_i) + similarity_weight * mean_i KL(P_i || Q_i)

        Q_ij ~ exp(s_i . s_j / (0.3 n_components)),    P_ij ~ exp(likeness(x_i, x_j) / 0.2)

    over the other samples j of the batch. The first term asks that little is lost, the second that
    the neighbors of a code are those of its sample. ``transform`` draws nothing: a bit is 1 where
    its logit is above 0.

    Parameters
    ----------
    {parameters}

    binarization : {"straight_through", "noise"}, default="straight_through"
        How training drives codes to 0 or 1. "straight_through": bits are drawn, and their slope
        is that of the probability [3]_. "noise": Gaussian noise on the logits before the
        logistic layer, as in [1]_.

    noise_level : float, default=4.0
        Standard deviation of that noise, at least 0; for ``binarization="noise"`` alone.

    similarity_weight : float, default=0.25
        Weight of the neighbors' divergence, at least 0. More finds samples of a kind better, less
        reconstructs them better; 0 is the plain hashing autoencoder.

    far_weight : float, default=2.0
        Likeness is ``(near + far_weight * far) / (1 + far_weight)``, at least 0: *near* is the
        cosine of the first 64 principal components, *far* that of spectral coordinates of a
        graph which joins samples through 512 anchors [4]_. Far sees kinds of samples, near their
        details.

    Attributes
    ----------
    {attributes}

    bit_balance_ : ndarray of shape (n_components,)
        Share of the samples of the last `fit` or `partial_fit` whose bit is 1, by weight. 0.5 says
        most; a bit near 0 or 1 is wasted.

    See Also
    --------
    skae.hashing.HammingIndex : Finds the codes that differ in the fewest bits.
    skae.AutoencoderTransformer : Codes of real numbers: far more is kept in as many.

    Notes
    -----
    Under ``init="pca"`` training starts at iterative quantization (ITQ) [2]_: principal
    components, rotated such that their signs lose least (a rotation found on 20,000 samples where
    there are more). ``max_iter=0`` gives ITQ itself. The "random" init has no such start; it
    knows likeness all the same.

    Codes are uint8, in which ``0 - 1`` is 255: never subtract them. Use ``codes != other``, or
    ``np.bitwise_count(hashes ^ other)`` on packed ones. `code_activation` is the logistic
    function and nothing else.

    Do not use it where codes feed a model or a picture (real codes are better at both), where
    some hundreds of samples are searched (compare the samples themselves), or where exact neighbors
    are needed: bits find candidates, and the samples then rank them.

    References
    ----------
    .. [1] Salakhutdinov and Hinton (2009). Semantic hashing. International Journal of Approximate
       Reasoning 50, 969-978.
    .. [2] Gong and Lazebnik (2011). Iterative quantization: a procrustean approach to learning
       binary codes. CVPR 2011.
    .. [3] Bengio, Leonard and Courville (2013). Estimating or propagating gradients through
       stochastic neurons for conditional computation. arXiv:1308.3432.
    .. [4] Liu, Wang, Kumar and Chang (2011). Hashing with graphs. ICML 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import SemanticHasher
    >>> X, y = load_digits(return_X_y=True)
    >>> hasher = SemanticHasher(32, max_iter=20, random_state=0).fit(X[:1500])
    >>> hashes, queries = hasher.hash(X[:1500]), hasher.hash(X[1500:])
    >>> queries.shape, queries.dtype
    ((297, 4), dtype('uint8'))
    >>> distances = np.bitwise_count(queries[:, None] ^ hashes).sum(axis=2)
    >>> bool((y[distances.argmin(axis=1)] == y[1500:]).mean() > 0.8)
    True
    """

    n_components: int = field(default=32, kw_only=False)
    code_activation: str = "logistic"
    binarization: str = "straight_through"
    noise_level: float = 4.0
    similarity_weight: float = 0.25
    far_weight: float = 2.0

    _binary: ClassVar[bool] = True
    _parameter_constraints: ClassVar[dict] = {
        "code_activation": [StrOptions({"logistic"})],
        "binarization": [StrOptions(set(BINARIZATIONS))],
        "noise_level": [Interval(Real, 0, None, closed="left")],
        "similarity_weight": [Interval(Real, 0, None, closed="left")],
        "far_weight": [Interval(Real, 0, None, closed="left")],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X):
        """Codes of samples, one bit a cell.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            0 or 1, uint8: never subtract codes, 0 - 1 is 255.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity, or, under
            cross-entropy, cells outside [0, 1].
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        return self._encoded(X, np.uint8)

    def hash(self, X):
        """Codes of samples, eight bits a byte.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        hashes : ndarray of shape (n_samples, ceil(n_components / 8))
            uint8. The first bit is the highest of the first byte; what is left of the last byte
            is 0.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        return np.packbits(self._encoded(X, np.uint8), axis=1)

    def inverse_transform(self, X, packed=False):
        """Samples of codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components) or (n_samples, ceil(n_components / 8))
            Bits as `transform` gives them, or bytes as `hash` does.
        packed : bool, default=False
            Whether X holds bytes.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Of the codes' floating dtype; float32 for bits and bytes that are integers.

        Raises
        ------
        ValueError
            If X has no sample, or does not hold bits, or bytes where packed, of codes of this length.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        if packed:
            return super().inverse_transform(self._unpacked(X))
        X = check_array(X, dtype="numeric", input_name="X")
        if X.shape[1] == self.n_components_ and not np.isin(X, (0, 1)).all():
            raise ValueError(
                "X must hold bits, 0 or 1, as transform gives them; for the bytes of hash use "
                "packed=True"
            )
        return super().inverse_transform(X)

    def _unpacked(self, X):
        X = check_array(X, dtype="numeric", input_name="X")
        width = -(-self.n_components_ // 8)
        if X.shape[1] != width or not np.isin(X, np.arange(256)).all():
            raise ValueError(
                f"X of shape {X.shape} does not hold {width} bytes from 0 to 255 a sample: give "
                "what hash returned, or bits with packed=False"
            )
        return np.unpackbits(X.astype(np.uint8), axis=1, count=self.n_components_)

    def _objective(self) -> Objective:
        settings = (
            ("binarization", self.binarization),
            ("similarity", self.similarity_weight > 0),
        )
        return Objective(hashing_loss, self.loss, settings)

    def _hyperparameters(self):
        names = ("noise_level", "similarity_weight", "far_weight")
        return {name: getattr(self, name) for name in names}

    def _initialization(self):
        return partial(
            hashing_initialization,
            loss=self.loss,
            spread=self._start_spread(),
            has_similarity=self.similarity_weight > 0,
        )

    def _start_spread(self):
        """Standard deviation of the logits at the start: above the noise that they must beat."""
        return max(1.0, 2.0 * self.noise_level) if self.binarization == "noise" else 1.0

    def _further_attributes(self, X, weight):
        codes = self._codes(X, np.uint8)
        return {"bit_balance_": np.average(codes, axis=0, weights=weight)}
