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
    state of the last cell. The code is the input of the decoder's first cell at every step, the
    other cells mirror the encoder's, and one dense layer computes the features of each step.

    Parameters
    ----------
    sequence_shape : tuple of int or None, default=None
        (steps, features per step). Samples are flat, in C order, step by step. None infers the
        shape from the number n of features: (m, m) if n is a square m * m, as with the rows of an
        image, else (n, 1). All sequences have the same length: truncate longer ones and pad
        shorter ones, for example with their last step. The padding is reconstructed like the rest.

    hidden_sizes : tuple of int, default=(100,)
        Number of hidden units of each cell of the encoder; the decoder mirrors them.

    cell : {"lstm", "gru"}, default="lstm"
        Long short-term memory [1]_, or the gated recurrent unit [2]_, which has three matrices
        instead of four.

    bidirectional : bool, default=False
        Whether each layer also processes the sequence backwards, with a second cell.

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
    cell: str = "lstm"
    bidirectional: bool = False

    _choices: ClassVar[dict[str, tuple]] = {
        "cell": ("lstm", "gru"),
        "bidirectional": (False, True),
    }

    def _describe(self, n_features: int) -> dict:
        return {
            "kind": "recurrent",
            "sequence_shape": _sequence_shape(self.sequence_shape, n_features),
            "hidden_sizes": sizes_of("hidden_sizes", self.hidden_sizes),
            "cell": self.cell,
            "bidirectional": bool(self.bidirectional),
        }


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
