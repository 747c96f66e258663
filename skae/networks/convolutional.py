"""Specification of convolutional networks, for samples that are images."""

from dataclasses import dataclass
from math import isqrt, prod
from typing import Any, ClassVar

from skae.core.activations import ACTIVATIONS
from skae.core.networks.images import map_shapes
from skae.networks.specification import NetworkSpecification, size_of, sizes_of

__all__ = ["Convolutional"]

# The usual numbers of channels of images.
_USUAL_CHANNELS = (1, 3, 4)


@dataclass(kw_only=True, eq=False, repr=False)
class Convolutional(NetworkSpecification):
    """Convolutional encoder and decoder, for samples that are images.

    The encoder computes smaller and smaller feature maps of an image, and a dense layer computes
    the code from the last ones, or these are the code themselves. The decoder mirrors the encoder
    through the same shapes, so that reconstructions have the height and width of the image,
    whatever these are.

    Parameters
    ----------
    image_shape : tuple of int or None, default=None
        (height, width), or (height, width, channels) with the channels last. None: that of X, if X
        has the shape (n, height, width) or (n, height, width, channels). If X is flat, in C order,
        None infers it from the number n of features: a square gray image if n is a square, else a
        square color image if n / 3 is a square, else a strip (1, n). Images of different sizes must
        be resized to one size.

    channels : tuple of int, default=(16, 32, 64)
        Number of feature maps of each layer of the encoder; the decoder mirrors them.

    kernel_size : int or tuple of int, default=3
        Height and width of the convolution window, at least 1; a tuple has one number for each
        layer.

    stride : int, default=2
        Factor by which each layer reduces height and width, at least 1. With padding="same" a
        length n becomes ceil(n / stride), so three layers reduce 28 x 28 to 14 x 14, 7 x 7 and
        4 x 4. With "valid" the maps are smaller.

    activation : str, default="gelu"
        Activation of all layers except those of the code and the output. The names are those of
        `code_activation`.

    padding : {"same", "valid"}, default="same"
        "same" pads images with zeros, so that borders contribute as much as the center. "valid"
        has no padding, and windows must fit into the image.

    downsampling : {"stride", "max_pool"}, default="stride"
        "stride": strided convolutions. "max_pool": convolutions with stride 1, followed by max
        pooling over windows of `stride` x `stride`, which costs `stride` squared times as much.

    upsampling : {"transposed", "resize"}, default="transposed"
        "transposed": transposed convolutions, the exact adjoints of the encoder's layers.
        "resize": nearest-neighbor upsampling by `stride`, then a convolution: slower, and without
        the checkerboard artifacts of [2]_.

    code : {"dense", "maps"}, default="dense"
        "dense": a dense layer computes the code from the last feature maps, and another one
        computes the decoder's first maps from the code. "maps": no dense layers. The code is the
        last feature maps, flattened, as in a stack of convolutions: `n_components` must be their
        height x width x the last of `channels` (an error names the number), and
        ``codes.reshape(-1, height, width, channels[-1])`` are the maps. The last layer has
        `code_activation` in place of `activation`. There is no linear skip connection, because
        principal components are not feature maps: set ``init="random"``. So training does not start
        at PCA and may end above its reconstruction error.

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
    code: str = "dense"

    _choices: ClassVar[dict[str, tuple]] = {
        "activation": tuple(sorted(ACTIVATIONS)),
        "padding": ("same", "valid"),
        "downsampling": ("stride", "max_pool"),
        "upsampling": ("transposed", "resize"),
        "code": ("dense", "maps"),
    }

    def _describe(self, n_features: int) -> dict:
        image_shape = _image_shape(self.image_shape, n_features)
        channels = sizes_of("channels", self.channels)
        is_number = not isinstance(self.kernel_size, tuple | list)
        sizes = sizes_of("kernel_size", (self.kernel_size,) if is_number else self.kernel_size)
        stride = size_of("stride", self.stride)
        if len(sizes) == 1:
            sizes = sizes * len(channels)
        if len(sizes) != len(channels):
            raise ValueError(
                f"kernel_size={self.kernel_size} has {len(sizes)} numbers for the {len(channels)} "
                f"layers of channels={self.channels}. Use one number, or one for each layer."
            )
        map_shapes(image_shape, channels, sizes, stride, self.padding)
        description = {
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
        # Fits of earlier versions, whose descriptions have no code, can continue.
        return description if self.code == "dense" else {**description, "code": self.code}


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
            f"image_shape={shape} seems to have the channels first, but they must be last, here "
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
            f"image_shape={shape} has {product} = {prod(full)} entries, but X has {n_features} "
            f"features{hint}"
        )
    return full
