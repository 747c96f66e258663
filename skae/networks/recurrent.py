"""Specification of recurrent networks, for samples that are sequences."""

from dataclasses import dataclass
from math import isqrt
from typing import Any, ClassVar

from skae.networks.specification import NetworkSpecification, sizes_of

__all__ = ["Recurrent"]


@dataclass(kw_only=True, eq=False, repr=False)
class Recurrent(NetworkSpecification):
    """Recurrent encoder and decoder, for samples that are sequences.

    The encoder's cells process the sequence, and a dense layer computes the code from the last
    state of the last cell, or this state is the code. The code is the input of the decoder's first
    cell at every step, by default the decoder's cells mirror the encoder's, and one dense layer
    computes the features of each step.

    Parameters
    ----------
    sequence_shape : tuple of int or None, default=None
        (steps, features per step). None: that of X, if X has the shape (n, steps, features per
        step). If X is flat, in C order, step by step, None infers it from the number n of features:
        (m, m) if n is a square m * m, as with the rows of an image, else (n, 1). All sequences have
        the same length: truncate longer ones and pad shorter ones, for example with their last
        step. The padding is reconstructed like the rest.

    hidden_sizes : tuple of int, default=(100,)
        Number of hidden units of each cell of the encoder. With ``code="state"`` there is one more
        cell, and ``()`` is that cell alone.

    decoder_hidden_sizes : tuple of int or None, default=None
        Number of hidden units of each cell of the decoder. None: those of the encoder in reverse
        order.

    cell : {"lstm", "gru"}, default="lstm"
        Long short-term memory [1]_, or the gated recurrent unit [2]_, which has three matrices
        instead of four.

    bidirectional : bool, default=False
        Whether each layer also processes the sequence backwards, with a second cell.

    code : {"dense", "state"}, default="dense"
        "dense": a dense layer computes the code from the last state of the last cell. "state": the
        code is the last state of one more cell of `n_components` units, without a dense layer.
        With ``n_components=30``, ``hidden_sizes=(100,)`` is the network 100-30-100. Codes lie
        between -1 and 1 (under ``code_activation="identity"``). With `bidirectional`, each
        direction has half of the units. There is no linear skip connection: set ``init="random"``.
        So training does not start at PCA and may end above its reconstruction error. `VAE`, whose
        variances are not bounded, does not accept it.

    See Also
    --------
    skae.RecurrentAutoencoder : The plain autoencoder with this network.

    Notes
    -----
    In training, gradients are clipped to a global norm of 1, and recurrent matrices are initialized
    orthogonal, against exploding and vanishing gradients. Recurrent cells learn slowly with the
    default ``learning_rate=0.002`` of most estimators; RecurrentAutoencoder uses 0.007.

    References
    ----------
    .. [1] Hochreiter and Schmidhuber (1997). Long short-term memory. Neural Computation 9.
    .. [2] Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for
       statistical machine translation. EMNLP.
    .. [3] Srivastava, Mansimov and Salakhutdinov (2015). Unsupervised learning of video
       representations using LSTMs. ICML.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VAE
    >>> from skae.networks import Recurrent
    >>> X, _ = load_digits(return_X_y=True)
    >>> network = Recurrent(sequence_shape=(8, 8), hidden_sizes=(16,), cell="gru")
    >>> VAE(5, network=network, max_iter=2, random_state=0).fit_transform(X).shape
    (1797, 5)
    """

    sequence_shape: Any = None
    hidden_sizes: Any = (100,)
    decoder_hidden_sizes: Any = None
    cell: str = "lstm"
    bidirectional: bool = False
    code: str = "dense"

    _choices: ClassVar[dict[str, tuple]] = {
        "cell": ("lstm", "gru"),
        "bidirectional": (False, True),
        "code": ("dense", "state"),
    }

    def _describe(self, n_features: int) -> dict:
        description: dict[str, Any] = {
            "kind": "recurrent",
            "sequence_shape": _sequence_shape(self.sequence_shape, n_features),
            "hidden_sizes": self._encoder_sizes(),
            "cell": self.cell,
            "bidirectional": bool(self.bidirectional),
        }
        # Fits of earlier versions, whose descriptions lack the following, can continue.
        if self.decoder_hidden_sizes is not None:
            sizes = sizes_of("decoder_hidden_sizes", self.decoder_hidden_sizes)
            if sizes != self._encoder_sizes()[::-1]:
                description["decoder_hidden_sizes"] = sizes
        return description if self.code == "dense" else {**description, "code": self.code}

    def _encoder_sizes(self) -> tuple[int, ...]:
        sizes = self.hidden_sizes
        if self.code == "dense" or not isinstance(sizes, tuple | list) or sizes:
            return sizes_of("hidden_sizes", sizes)
        if self.decoder_hidden_sizes is None:
            raise ValueError(
                "hidden_sizes=() has no cell for the decoder to mirror: set decoder_hidden_sizes, "
                "such as (100,)"
            )
        return ()


def _sequence_shape(shape: Any, n_features: int) -> tuple[int, int]:
    if shape is None:
        side = isqrt(n_features)
        return (side, side) if side * side == n_features else (n_features, 1)
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise ValueError(f"sequence_shape={shape} must be (steps, features per step)")
    steps, features = sizes_of("sequence_shape", shape)
    if steps * features != n_features:
        hint = f"; ({n_features // features}, {features}) would match"
        raise ValueError(
            f"sequence_shape={shape} has {steps} x {features} = {steps * features} entries, but X "
            f"has {n_features} features{'' if n_features % features else hint}"
        )
    return steps, features
