"""The recurrent autoencoder, for sequences."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from skae.core.objective import Objective, reconstruction_loss
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.sklearn_compat import StrOptions
from skae.networks import Recurrent

__all__ = ["RecurrentAutoencoder"]


@dataclass(eq=False, repr=False)
class _RecurrenceParameters:
    n_components: int = 2
    _: KW_ONLY
    sequence_shape: Any = None
    hidden_sizes: Any = (100,)
    decoder_hidden_sizes: Any = None
    cell: str = "lstm"
    bidirectional: bool = False
    code: str = "dense"


@autoencoder(
    network=Recurrent,
    notes={
        "learning_rate": "Higher than for other networks: recurrent cells converge slowly at 0.002."
    },
)
class RecurrentAutoencoder(BaseAutoencoder, _RecurrenceParameters):
    """Recurrent autoencoder: dimensionality reduction of sequences and time series.

    An autoencoder with a network of LSTM or GRU cells. It is trained as the plain autoencoder
    is::

        minimize  mean_i loss(decode(encode(x_i)), x_i) + alpha / 2 * sum of squared weights

    The encoder's cells process a sequence step by step, and a dense layer computes the code from
    the last state. The decoder's first cell receives the code at every step, and a dense layer
    computes the features of each step. All steps share the same weights. A linear skip connection
    is initialized to the PCA solution, as in all autoencoders of skae, unless the last state itself
    is the code (`code`).

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    skae.networks.Recurrent : The same network for autoencoders with a parameter `network`.
    skae.ConvolutionalAutoencoder : For images; also for sequences, as images of shape (1, steps,
        features), several times faster.

    Notes
    -----
    All methods take sequences of shape (n, steps, features), or matrices with one flattened
    sequence per row. `reconstruct` returns the shape of its argument, `inverse_transform` that of
    the sequences in `fit`. All sequences have the same length. Cut longer
    ones, or divide them into overlapping windows. Pad shorter ones with their last step or with
    the mean. Padding is reconstructed as all other steps are, so for sequences of very different
    lengths cutting is better.

    Gradients are clipped to a global norm of 1. Samples are divided by the single number
    `scale_`: apply a StandardScaler to features in different units.

    Do not use it for sequences of hundreds of steps: steps are computed sequentially, and
    recurrent cells lose information over long distances. Cut such sequences into windows or use
    convolutions.

    References
    ----------
    .. [1] Hochreiter and Schmidhuber (1997). Long short-term memory. Neural Computation 9.
    .. [2] Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for
       statistical machine translation. EMNLP.
    .. [3] Srivastava, Mansimov and Salakhutdinov (2015). Unsupervised learning of video
       representations using LSTMs. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from skae import RecurrentAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> steps, frequency, phase = np.arange(16), rng.uniform(0.2, 0.8, 600), rng.uniform(0, 6, 600)
    >>> X = np.sin(np.outer(frequency, steps) + phase[:, None])
    >>> autoencoder = RecurrentAutoencoder(
    ...     2,
    ...     sequence_shape=(16, 1),
    ...     hidden_sizes=(16,),
    ...     max_iter=15,
    ...     early_stopping=False,
    ...     random_state=0,
    ... ).fit(X[:500])
    >>> pca = PCA(2).fit(X[:500])
    >>> error = ((pca.inverse_transform(pca.transform(X[500:])) - X[500:]) ** 2).mean()
    >>> bool(((autoencoder.reconstruct(X[500:]) - X[500:]) ** 2).mean() < 0.8 * error)
    True
    """

    learning_rate: float = 7e-3

    _parameter_constraints: ClassVar[dict] = {
        "sequence_shape": [tuple, list, None],
        "hidden_sizes": [tuple, list],
        "decoder_hidden_sizes": [tuple, list, None],
        "cell": [StrOptions({"lstm", "gru"})],
        "bidirectional": ["boolean"],
        "code": [StrOptions({"dense", "state"})],
    }

    def _describe_network(self, parameters: dict, n_features: int) -> dict:
        names = Recurrent().get_params()
        return Recurrent(**{name: getattr(self, name) for name in names}).describe(n_features)

    def _objective(self) -> Objective:
        return Objective(reconstruction_loss, self.loss)
