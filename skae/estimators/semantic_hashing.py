"""Semantic hashing: binary codes that are close in Hamming distance for similar samples."""

from collections.abc import Callable
from dataclasses import field
from functools import partial
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import Tags

from skae._typing import ArrayLike, FloatArray, IntArray, MatrixLike
from skae.core.data.samples import Samples
from skae.core.inference import preactivation
from skae.core.objective import Objective
from skae.estimators.base.architecture import portable_network
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decoding import decoded
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.first_samples import check_is_fitted
from skae.estimators.base.functions import function_params, logits_in_units, portable_over
from skae.estimators.base.input_checks import as_dtype, output_dtype
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import StrOptions, check_array, in_container, reals_from
from skae.export.portable import Portable
from skae.objectives.hashing.objective import BINARIZATIONS, hashing_initialization, hashing_loss

__all__ = ["SemanticHasher"]


@autoencoder
class SemanticHasher(BaseAutoencoder, DenseParameters):
    """Semantic hashing: binary codes for fast similarity search.

    The code of a sample has `n_components` bits, and similar samples have codes with a small
    Hamming distance. Searching by Hamming distance is fast, and the codes need a small fraction
    of the memory of the samples: 32 bits are four bytes. Let a_i be the logits of sample i. In
    training, bits are drawn as ``b_i ~ Bernoulli(sigmoid(a_i))``; s_i is the mean of
    ``2 b_i - 1``::

        minimize  mean_i loss(decode(b_i), x_i) + similarity_weight * mean_i KL(P_i || Q_i)

        Q_ij ~ exp(s_i . s_j / (0.3 n_components)),    P_ij ~ exp(similarity(x_i, x_j) / 0.2)

    P_i and Q_i are distributions over the other samples j of the mini-batch. The first term is
    the reconstruction loss. The second preserves neighborhoods: the nearest neighbors of a code
    should be those of its sample. `transform` is deterministic: a bit is 1 if its logit is
    positive.

    Parameters
    ----------
    {parameters}

    binarization : {"straight_through", "noise"}, default="straight_through"
        How training makes codes binary. "straight_through" draws random bits, and uses the
        gradient of their probability in place of theirs [3]_. "noise" adds Gaussian noise to the
        logits before the logistic function, as in [1]_.

    noise_level : float, default=4.0
        Standard deviation of the noise of ``binarization="noise"``, at least 0.

    similarity_weight : float, default=0.25
        Weight of the neighborhood divergence, at least 0. Higher values improve the retrieval of
        similar samples and increase the reconstruction error; 0 is a plain hashing autoencoder.

    far_weight : float, default=2.0
        The similarity of samples is ``(near + far_weight * far) / (1 + far_weight)``, at least 0.
        *near* is the cosine similarity of the first 64 principal components, and *far* that of
        spectral coordinates of a graph that connects samples through 512 anchors [4]_. *far*
        represents clusters of samples, *near* the differences within them.

    Attributes
    ----------
    {attributes}

    bit_balance_ : ndarray of shape (n_components,)
        Weighted fraction of the samples of the last `fit` or `partial_fit` for which the bit is
        1. A bit carries most information at 0.5, and hardly any near 0 or 1.

    See Also
    --------
    skae.hashing.HammingIndex : Nearest neighbors by Hamming distance.
    skae.AutoencoderTransformer : Real-valued codes, which retain far more information.

    Notes
    -----
    Under ``init="pca"`` the codes are initialized by iterative quantization (ITQ) [2]_: principal
    components, rotated for the least quantization error (on 20,000 samples if there are more).
    ``max_iter=0`` is ITQ itself. ``init="random"`` does not use ITQ, but has the same
    neighborhood divergence.

    Codes are uint8, where ``0 - 1`` is 255: never subtract them. Use ``codes != other``, or
    ``np.bitwise_count(hashes ^ other)`` for packed codes. The only `code_activation` is the
    logistic function.

    Do not use it if codes are features of a model or coordinates of a plot, where real-valued
    codes are better; if you search some hundreds of samples, which you can compare directly; or
    if you need exact neighbors: use the codes to find candidates, and rank these by the distance
    of the samples.

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
    _portable_methods: ClassVar[tuple[str, ...]] = (
        *BaseAutoencoder._portable_methods,
        "code_logits",
    )
    _parameter_constraints: ClassVar[dict] = {
        "code_activation": [StrOptions({"logistic"})],
        "binarization": [StrOptions(set(BINARIZATIONS))],
        "noise_level": [reals_from(0)],
        "similarity_weight": [reals_from(0)],
        "far_weight": [reals_from(0)],
    }

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Codes are uint8, whatever the dtype of X.
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: MatrixLike) -> IntArray:
        """Encode samples as bits.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            Bits, 0 or 1, as uint8. Never subtract codes: 0 - 1 is 255.

        Raises
        ------
        ValueError
            If X has no samples, contains NaN or infinity, or has other features than in `fit`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return self._encoded(X, np.uint8)

    def code_logits(self, X: MatrixLike) -> FloatArray:
        """Return the logits of the bits: what the logistic function is applied to.

        In training a bit is 1 with probability ``scipy.special.expit(code_logits(X))``, the soft
        code. `transform` returns 1 where the logit is positive. Large absolute values mean that the
        logistic function is saturated, so that soft codes are nearly binary.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        logits : ndarray of shape (n_samples, n_components)
            Of X's floating dtype; float32 if X is not floating.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.

        Examples
        --------
        >>> from scipy.special import expit
        >>> from sklearn.datasets import load_digits
        >>> from skae import SemanticHasher
        >>> X, _ = load_digits(return_X_y=True)
        >>> hasher = SemanticHasher(32, max_iter=5, random_state=0).fit(X)
        >>> soft_codes = expit(hasher.code_logits(X))
        >>> bool(((soft_codes > 0.5) == hasher.transform(X)).all())
        True
        """
        X, read = self._checked_as_read(X)
        logits = self._run(preactivation, read, X.shape, self.n_components_)
        return as_dtype(logits, 1.0, None, output_dtype(X))

    def hash(self, X: MatrixLike) -> IntArray:
        """Encode samples as packed bits, eight in a byte.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        hashes : ndarray of shape (n_samples, ceil(n_components / 8))
            uint8. The first bit is the most significant one of the first byte. The last byte is
            padded with zeros.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return np.packbits(self._encoded(X, np.uint8), axis=1)

    def inverse_transform(self, X: ArrayLike, packed: bool = False) -> FloatArray:
        """Decode codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components) or (n_samples, ceil(n_components / 8))
            Bits as returned by `transform`, or bytes as returned by `hash`.
        packed : bool, default=False
            Whether X contains bytes.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Of the floating dtype of the codes; float32 if they are integers.

        Raises
        ------
        ValueError
            If X has no samples, or is not an array of bits (of bytes, if `packed`) for codes of
            this length.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        if packed:
            return in_container(decoded(self, self._unpacked(X)), X, self)
        refuse_masked(X, "X")
        Z = check_array(X, dtype="numeric", input_name="X")
        if Z.shape[1] == self.n_components_ and not np.isin(Z, (0, 1)).all():
            raise ValueError(
                "X must contain bits, 0 or 1, as returned by transform; for the bytes returned by "
                "hash use packed=True"
            )
        return in_container(decoded(self, Z), X, self)

    def _unpacked(self, X: Any) -> Any:
        refuse_masked(X, "X")
        X = check_array(X, dtype="numeric", input_name="X")
        width = -(-self.n_components_ // 8)
        if X.shape[1] != width or not np.isin(X, np.arange(256)).all():
            raise ValueError(
                f"X of shape {X.shape} must have {width} bytes from 0 to 255 per sample, as "
                "returned by hash; for the bits returned by transform use packed=False"
            )
        return np.unpackbits(X.astype(np.uint8), axis=1, count=self.n_components_)

    def _portable(self, method: str) -> Portable:
        if method != "code_logits":
            return super()._portable(method)
        network, params = portable_network(self.architecture_), function_params(self)
        function = partial(logits_in_units, network, params)
        return portable_over(self.architecture_, function, self.n_features_in_)

    def _objective(self) -> Objective:
        # "similarity" is static: without it no program computes neighborhoods.
        settings = (
            ("binarization", self.binarization),
            ("similarity", self.similarity_weight > 0),
        )
        return Objective(hashing_loss, self.loss, settings)

    def _hyperparameters(self) -> dict[str, float]:
        names = ("noise_level", "similarity_weight", "far_weight")
        return {name: getattr(self, name) for name in names}

    def _initialization(self) -> Callable:
        return partial(
            hashing_initialization,
            loss=self.loss,
            spread=self._initial_spread(),
            has_similarity=self.similarity_weight > 0,
        )

    def _fitted_parameters(self, fitted: dict[str, Any]) -> dict[str, Any]:
        # The graph of neighborhoods is computed from the samples of the first fit.
        has_graph = "neighbors" in fitted["params_"].get("fixed", {})
        return {} if has_graph else {"similarity_weight": 0.0}

    def _initial_spread(self) -> float:
        """Standard deviation of the logits at the initialization: above that of their noise."""
        return max(1.0, 2.0 * self.noise_level) if self.binarization == "noise" else 1.0

    def _further_attributes(self, samples: Samples, weight: np.ndarray) -> dict[str, Any]:
        codes = [self._codes(block, np.uint8) for _, block in samples.blocks(samples.raw)]
        return {"bit_balance_": np.average(np.concatenate(codes), axis=0, weights=weight)}
