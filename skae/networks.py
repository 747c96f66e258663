"""What a user writes for ``network=``: specifications of networks other than dense ones.

Plain values with scikit-learn's `get_params`; what is built of them stands in `core.networks`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isqrt, prod
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from skae.core.activations import ACTIVATIONS
from skae.core.networks.images import map_shapes

__all__ = ["Convolutional", "NetworkSpecification", "Recurrent"]

# numbers of channels that pictures have
_USUAL_CHANNELS = (1, 3, 4)


class NetworkSpecification(BaseEstimator, ABC):
    """What a network is made of, as an estimator's parameter: `get_params`, `clone`, searches."""

    _choices: ClassVar[dict[str, tuple]] = {}

    def describe(self, n_features: int) -> dict:
        """The network for rows of so many columns, in plain Python.

        Parameters
        ----------
        n_features : int
            Columns of X.

        Returns
        -------
        description : dict
            "kind", and what the parts of that kind are made of.

        Raises
        ------
        ValueError
            A parameter out of range, or a shape that does not fit the columns.
        """
        for name, choices in self._choices.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {choices}")
        return self._describe(int(n_features))

    @abstractmethod
    def _describe(self, n_features: int) -> dict: ...


@dataclass(kw_only=True, eq=False, repr=False)
class Convolutional(NetworkSpecification):
    """Convolutions for rows that are images: neighbouring pixels are read together.

    The encoder makes smaller and smaller maps of an image, a dense layer makes the code of the
    last ones, and the decoder goes the same way back through the same shapes, so that any height
    and width come out as they went in.

    Parameters
    ----------
    image_shape : tuple of int or None, default=None
        (height, width), or (height, width, channels) with the channels last. Rows are flat, in C
        order: ``X = images.reshape(len(images), -1)``. None follows from the number n of columns:
        a square grey image where n is a square, else a square colour image where n / 3 is one,
        else a strip (1, n). Images of different sizes must be brought to one.

    channels : tuple of int, default=(16, 32, 64)
        Maps of each layer of the encoder; the decoder's mirror them.

    kernel_size : int or tuple of int, default=3
        Height and width of the window that a layer looks at, at least 1; a tuple has one for
        each layer.

    stride : int, default=2
        By how much each layer shrinks height and width, at least 1: n cells become
        ceil(n / stride), so with three layers 28 x 28 become 14 x 14, 7 x 7 and 4 x 4.

    activation : str, default="gelu"
        Of all layers but the code and the output: a name that `code_activation` takes too.

    padding : {"same", "valid"}, default="same"
        "same" surrounds images with zeros, so that their borders are looked at as often as their
        middle; "valid" has none, and windows must fit in.

    downsampling : {"stride", "max_pool"}, default="stride"
        "stride": windows are moved by `stride`. "max_pool": they are moved by one cell, and of
        each `stride` x `stride` cells of a map the largest is kept, which costs `stride` squared
        times as much.

    upsampling : {"transposed", "resize"}, default="transposed"
        "transposed": the exact adjoint of the encoder's layer of these shapes. "resize": each
        cell is repeated `stride` times each way, then convolved: slower, and without the
        checkerboards of [2]_.

    See Also
    --------
    skae.ConvolutionalAutoencoder : The plain autoencoder with this network.

    References
    ----------
    .. [1] Masci, Meier, Ciresan and Schmidhuber (2011). Stacked convolutional auto-encoders for
       hierarchical feature extraction. ICANN.
    .. [2] Odena, Dumoulin and Olah (2016). Deconvolution and checkerboard artifacts. Distill.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder
    >>> from skae.networks import Convolutional
    >>> X, _ = load_digits(return_X_y=True)
    >>> network = Convolutional(image_shape=(8, 8), channels=(8, 16))
    >>> denoiser = DenoisingAutoencoder(10, network=network, max_iter=2, random_state=0).fit(X)
    >>> denoiser.transform(X).shape
    (1797, 10)
    >>> denoiser.set_params(network__channels=(4, 8)).network
    Convolutional(channels=(4, 8), image_shape=(8, 8))
    """

    image_shape: Any = None
    channels: Any = (16, 32, 64)
    kernel_size: Any = 3
    stride: int = 2
    activation: str = "gelu"
    padding: str = "same"
    downsampling: str = "stride"
    upsampling: str = "transposed"

    _choices: ClassVar[dict[str, tuple]] = {
        "activation": tuple(sorted(ACTIVATIONS)),
        "padding": ("same", "valid"),
        "downsampling": ("stride", "max_pool"),
        "upsampling": ("transposed", "resize"),
    }

    def _describe(self, n_features):
        image_shape = _image_shape(self.image_shape, n_features)
        channels = _sizes("channels", self.channels)
        one = not isinstance(self.kernel_size, tuple | list)
        sizes = _sizes("kernel_size", (self.kernel_size,) if one else self.kernel_size)
        (stride,) = _sizes("stride", (self.stride,))
        if len(sizes) == 1:
            sizes = sizes * len(channels)
        if len(sizes) != len(channels):
            raise ValueError(
                f"kernel_size={self.kernel_size} has {len(sizes)} numbers for the {len(channels)} "
                f"layers of channels={self.channels}: give one number, or one for each layer"
            )
        map_shapes(image_shape, channels, sizes, stride, self.padding)
        return {
            "kind": "convolutional",
            "image_shape": image_shape,
            "channels": channels,
            "kernel_sizes": sizes,
            "stride": stride,
            "padding": self.padding,
            "downsampling": self.downsampling,
            "upsampling": self.upsampling,
            "activation": self.activation,
        }


@dataclass(kw_only=True, eq=False, repr=False)
class Recurrent(NetworkSpecification):
    """Recurrent cells for rows that are sequences: steps are read one after the other.

    The encoder's cells read the sequence, and a dense layer makes the code of the last one's last
    state. The decoder's first cell reads the code at every step, the others mirror the encoder's,
    and one dense layer makes the features of each step.

    Parameters
    ----------
    sequence_shape : tuple of int or None, default=None
        (steps, features of a step). Rows are flat, in C order, step by step. None follows from the
        number n of columns: (m, m) where n is a square m * m, as with the rows of an image, else
        (n, 1). All sequences have the same length: longer ones must be cut, shorter ones filled
        up (with their last step, say); the filling is learnt and reconstructed like all else.

    hidden_sizes : tuple of int, default=(100,)
        States of each cell of the encoder; the decoder's mirror them.

    cell : {"lstm", "gru"}, default="lstm"
        Long short-term memory [1]_, or the gated recurrent unit [2]_, which has three matrices
        where the former has four.

    bidirectional : bool, default=False
        Each layer reads the sequence forwards and, with cells of its own, backwards.

    See Also
    --------
    skae.RecurrentAutoencoder : The plain autoencoder with this network.

    Notes
    -----
    Gradients are clipped to a global norm of 1 in training, and recurrent matrices start
    orthogonal: errors that travel through many steps neither explode nor vanish at once. Cells
    learn slowly at the estimators' ``learning_rate=0.002``: RecurrentAutoencoder has 0.007.

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

    def _describe(self, n_features):
        return {
            "kind": "recurrent",
            "sequence_shape": _sequence_shape(self.sequence_shape, n_features),
            "hidden_sizes": _sizes("hidden_sizes", self.hidden_sizes),
            "cell": self.cell,
            "bidirectional": bool(self.bidirectional),
        }


def _sizes(name, sizes) -> tuple[int, ...]:
    if not isinstance(sizes, tuple | list) or not sizes or not all(map(_is_size, sizes)):
        raise ValueError(f"{name}={sizes!r} must hold integers of at least 1, such as (16, 32)")
    return tuple(int(size) for size in sizes)


def _is_size(size):
    return hasattr(size, "__index__") and not isinstance(size, bool) and size >= 1


def _image_shape(shape, n_features) -> tuple[int, int, int]:
    if shape is None:
        for count in (1, 3):
            side = isqrt(n_features // count)
            if count * side * side == n_features:
                return side, side, count
        return 1, n_features, 1
    if not isinstance(shape, tuple | list) or len(shape) not in (2, 3):
        raise ValueError(
            f"image_shape={shape} must be (height, width) or (height, width, channels)"
        )
    first, *_, last = sizes = _sizes("image_shape", shape)
    if len(sizes) == 3 and first in _USUAL_CHANNELS and last not in _USUAL_CHANNELS:
        c, h, w = sizes
        raise ValueError(
            f"image_shape={shape} seems to have its channels first: they must stand last, here "
            f"and in X. Use image_shape=({h}, {w}, {c}) and X.reshape(-1, {c}, {h}, {w})"
            ".transpose(0, 2, 3, 1).reshape(len(X), -1)"
        )
    height, width, *rest = sizes
    full = (height, width, rest[0] if rest else 1)
    if prod(full) != n_features:
        product = " x ".join(str(size) for size in sizes)
        hint = ""
        if n_features % (height * width) == 0:
            hint = f"; ({height}, {width}, {n_features // (height * width)}) would match"
        raise ValueError(
            f"image_shape={shape} has {product} = {prod(full)} cells, but X has {n_features} "
            f"columns{hint}"
        )
    return full


def _sequence_shape(shape, n_features) -> tuple[int, int]:
    if shape is None:
        side = isqrt(n_features)
        return (side, side) if side * side == n_features else (n_features, 1)
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise ValueError(f"sequence_shape={shape} must be (steps, features of a step)")
    steps, features = _sizes("sequence_shape", shape)
    if steps * features != n_features:
        reasons = f"sequence_shape={shape} has {steps} x {features} = {steps * features} cells"
        hint = f"; ({n_features // features}, {features}) would match"
        raise ValueError(
            f"{reasons}, but X has {n_features} columns{'' if n_features % features else hint}"
        )
    return steps, features
