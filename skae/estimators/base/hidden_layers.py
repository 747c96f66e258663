"""What the layers between samples and codes, and between codes and samples, give."""

from math import prod

import numpy as np

from skae.core.inference import apply_in_blocks
from skae.core.networks.captured_activations import CODE, layer_output, layer_shapes
from skae.estimators.base.fitted import FittedAutoencoder
from skae.estimators.base.input_checks import output_dtype

__all__ = ["LayeredAutoencoder"]


class LayeredAutoencoder(FittedAutoencoder):
    """A fitted autoencoder that shows what each of its layers gives."""

    def hidden_activations(self, X, layer):
        """What a hidden layer gives for samples, after its activation.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        layer : int or str
            A name, or its place among these names: "encoder.0", "encoder.1" and so on for the
            encoder's hidden layers from the samples on, "code" for the codes, "decoder.0" and so on
            for the decoder's from the codes on. With your own flax.linen modules
            "encoder.<name of a submodule>", which gives what that submodule returns, and
            "encoder" for what the whole of it returns.

        Returns
        -------
        activations : ndarray of shape (n_samples, ...)
            (n_samples, width) of dense layers, (n_samples, height, width, channels) of
            convolutions, (n_samples, steps, width) of recurrent cells (both directions side by
            side). Codes are as `transform` gives them, the rest in units of training. Of X's
            floating dtype; float32 for anything not floating.

        Raises
        ------
        ValueError
            If there is no such layer. The message names those that there are.
        """
        X = self._checked(X)
        layer, shape = self._hidden_layer(layer)
        if layer == CODE:
            return self._codes(X)
        out = np.empty((X.shape[0], prod(shape)), np.float32)
        static, read = (self._network, layer), self._samples(X).standardized
        apply_in_blocks(layer_output, static, self.params_, X.shape, read, out, self._device)
        return out.reshape(-1, *shape).astype(output_dtype(X), copy=False)

    def _hidden_layer(self, layer):
        """Name of a layer and the shape that it has of a sample."""
        shapes = layer_shapes(self._network, self.params_)
        names = list(shapes)
        if isinstance(layer, int | np.integer) and -len(names) <= layer < len(names):
            layer = names[layer]
        if layer not in shapes:
            raise ValueError(
                f"layer={layer!r} is not a layer of this {type(self).__name__}: give one of "
                f"{names}, or a number from 0 to {len(names) - 1}"
            )
        return layer, shapes[layer]
