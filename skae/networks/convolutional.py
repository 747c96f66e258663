"""Convolutions for samples that are images, as a specification."""

from dataclasses import dataclass
from math import isqrt, prod
from typing import Any, ClassVar

from skae.core.activations import ACTIVATIONS
from skae.core.networks.images import map_shapes
from skae.networks.specification import NetworkSpecification, size_of, sizes_of

__all__ = ["Convolutional"]

# numbers of channels that pictures have
_USUAL_CHANNELS = (1, 3, 4)


@dataclass(kw_only=True, eq=False, repr=False)
class Convolutional(NetworkSpecification):
    """Convolutions for samples that are images: neighboring pixels are read together.

    The encoder makes smaller and smaller maps of an image, a dense layer makes the code of the
    last ones, and the decoder goes the same way back through the same shapes, so that any height
    and width come out as they went in.

    Parameters
    ----------
    image_shape : tuple of int or None, default=None
        (height, width), or (height, width, channels) with the channels last. Samples are flat, in C
        order: ``X = images.reshape(len(images), -1)``. None follows from the number n of columns:
        a square gray image where n is a square, else a square color image where n / 3 is one,
        else a strip (1, n). Images of different sizes must be brought to one.

    channels : tuple of int, default=(16, 32, 64)
        Maps of each layer of the encoder; the decoder's mirror them.

    kernel_size : int or tuple of int, default=3
        Height and width of the window that a layer looks at, at least 1; a tuple has one for
        each layer.

    stride : int, default=2
        By how much each layer shrinks height and width, at least 1: under "same" n cells become
        ceil(n / stride), so with three layers 28 x 28 become 14 x 14, 7 x 7 and 4 x 4; "valid"
        leaves fewer.

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

    def _describe(self, n_features: int) -> dict:
        image_shape = _image_shape(self.image_shape, n_features)
        channels = sizes_of("channels", self.channels)
        one = not isinstance(self.kernel_size, tuple | list)
        sizes = sizes_of("kernel_size", (self.kernel_size,) if one else self.kernel_size)
        stride = size_of("stride", self.stride)
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


def _image_shape(shape: Any, n_features: int) -> tuple[int, int, int]:
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
    first, *_, last = sizes = sizes_of("image_shape", shape)
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
