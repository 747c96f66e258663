"""What all autoencoders share in their docstrings exists once, here."""

import inspect
import json
import re
import textwrap

__all__ = ["complete_docstring"]

CODE_PARAMETERS = """\
n_components : int, default={n_components}
    Length of a code: what `transform` gives for each sample. At least 1; more than the number of
    features is allowed (an overcomplete code). Unlike PCA's, neither None nor a share of
    variance."""

DENSE_PARAMETERS = """\
network : specification, tuple or None, default=None
    None: a dense network, of which the parameters below tell. Else one in its place:
    `skae.networks.Convolutional` for images, `Recurrent` for sequences, `Residual` for few codes
    of many samples, or a pair (encoder, decoder) of your own flax.linen modules. Your encoder takes
    (n, n_features) and may give any shape (n, ...), of which a dense layer makes the codes; your
    decoder takes (n, n_components) and gives (n, n_features). They must be importable by name,
    draw no random numbers, and hold nothing but weights. The five below then keep their defaults,
    and the sixth is not read.

hidden_layer_sizes : "auto" or tuple of int, default="auto"
    Widths of the encoder's hidden layers; ``(300,)`` with ``n_components=150`` on 784 columns is
    784-300-150-300-784, ``()`` is one layer each way. "auto": two layers, the first h twice as
    wide as the samples (a power of two from 64 to 512), the second h / 4 (at least 32, and not
    below `n_components` up to h).

decoder_hidden_layer_sizes : tuple of int or None, default=None
    Widths of the decoder's hidden layers. None: the encoder's, mirrored.

activation : str, default="gelu"
    Of the hidden layers: "identity", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh",
    "logistic" or "softplus". Initial weights follow it: He for the relu kinds and gelu, LeCun for
    selu, Glorot for tanh, logistic and identity.

tied_weights : bool, default={tied_weights}
    The decoder uses the encoder's matrices transposed, with biases of its own.

pretraining : {{"layerwise"}} or None, default=None
    "layerwise": greedy training of one pair of layers after the other, from the samples upwards, each
    on what the trained ones below give, before the whole stack is trained; with a
    DenoisingAutoencoder, noise on the input of each (a stacked denoising autoencoder). For deep
    stacks that do not learn from random weights; it needs ``init="random"``, and `fit`.

pretraining_max_iter : "auto" or int, default="auto"
    Epochs of each pair, at least 1. "auto": as many in all as `max_iter` (its own "auto" where
    that is 0, which leaves the pretrained stack as it is)."""

TRAINING_PARAMETERS = """\
code_activation : str, default={code_activation}
    Of the code: "identity", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh",
    "logistic" or "softplus".

loss : str, default="squared_error"
    How a reconstruction is compared with its sample: "squared_error", "absolute_error", "huber"
    (quadratic up to 1, in units of the data's spread), or "binary_cross_entropy" (X must lie in
    [0, 1], and so does the reconstruction). The first three are centered: shifting and scaling X
    does not change the fit.

init : {{"pca", "random"}}, default={init}
    "pca": a linear path beside the networks starts at the principal components, so training
    starts where PCA ends and improves on it. "random": the textbook network, without that path.
    The path is also left out where n_features x n_components exceeds 2e7. Components that the
    samples do not have (more components than samples or columns) start at zero.

alpha : float, default=0.0
    L2 penalty, at least 0: the loss plus ``alpha / 2`` times the sum of squares of all matrices
    and kernels of the networks; biases and the linear path are left alone.

optimizer : str or callable, default="nadam"
    "adam", "adamw", "nadam", "rmsprop", "sgd" (Nesterov momentum 0.9), "lion", "muon" (for
    deep networks: fewer epochs, each of them slower; all but the matrices between hidden layers
    move by nadam), or an optax factory such as ``optax.adamw`` or a `functools.partial` of one,
    which is called with ``learning_rate=...``.

learning_rate : float, default={learning_rate}
    Largest step size, above 0, in units of training: samples are divided by one number, the root
    mean square of X - mean.

learning_rate_schedule : str or tuple (str, float), default="cosine"
    "constant", "cosine" (falls to 0 over `max_iter` epochs) or "exponential" (falls to a
    hundredth). With a share of all steps, as in ``("cosine", 0.1)``, the rate first rises
    linearly from 0 over that share. A bare name warms up over a twentieth under ``init="pca"``,
    so that the first steps do not throw the start away, and not at all under ``init="random"``.

batch_size : "auto" or int, default="auto"
    Samples of a step, at least 1. "auto" depends on the number of samples in powers of two: for 2^p
    samples 2^(p / 2 + 1), from 16 to 128; 256 from 2^18 samples on.

max_iter : "auto" or int, default="auto"
    Epochs at most. "auto" spends 2000 + n / 16 optimizer steps on n samples (30,000 at most), in 5 to
    200 epochs: 13 at 55,000 samples, more on small data. Of d > 2048 columns, whose steps cost more,
    it spends 2048 / d of that, at least a quarter. 0 gives the start itself, which is PCA under
    ``init="pca"``.

max_time : float or None, default=None
    Seconds, above 0, after which training ends with the best weights so far.

tol : float, default=0.0001
    Relative fall of the validation loss that counts as progress, at least 0 and below 1.

early_stopping : bool, default=True
    Keep the weights with the least loss on samples held out of training, and stop when
    `n_iter_no_change` passes. False: train on all samples, for `max_iter` epochs.

validation_fraction : "auto" or float, default="auto"
    Share of samples held out, between 0 and 1. "auto": a tenth, at most 5,000 samples and at most 16 MB
    of them (but 200 samples); and below 2,000 distinct samples none, since so few would choose noise: the
    number of epochs is then chosen by 3-fold cross-validation inside the fit, and all samples are
    trained on. Samples that are near copies of each other (frames of a film, windows that overlap)
    make such samples tell too little: give `fit` an `X_val` from elsewhere.

n_iter_no_change : "auto" or int, default="auto"
    Epochs without progress before training stops, at least 1. "auto" counts steps: a third of
    all.

warm_start : bool, default=False
    `fit` goes on from the last weights and the optimizer's moments; the schedule begins again.
    Below 2,000 distinct samples it then trains for `max_iter` epochs, unless `X_val` or a number for
    `validation_fraction` says what to stop by.

random_state : int, RandomState instance or None, default=None
    Seed of initial weights, shuffling and noise. An int gives the same bits again.

verbose : int, default=0
    1 logs each epoch, k each k-th, through the "skae" logger.

device : str or None, default=None
    "cpu", "gpu" or "tpu", also with a number as in "gpu:1". None: JAX's default device.

checkpoint : str, path-like or None, default=None
    A file that remembers how far `fit` has come while it runs. Where it is killed, the same `fit`
    again goes on from there and ends with the same bits as one that never stopped. It is removed
    when `fit` is done; one of another fit (other samples, parameters or versions) is an error. None:
    nothing is remembered. `partial_fit` leaves it alone.

checkpoint_interval : float, default=5.0
    Minutes between two writings of that file, at least 0; 0: several times a second."""

SHARED_ATTRIBUTES = """\
params_ : dict
    Nested dict of arrays: weights of encoder, decoder and linear path.

history_ : dict of ndarray
    By epoch: "loss", "validation_loss" (where samples were held out; where cross-validation chose,
    its folds' mean) and "learning_rate". Losses are means over cells in units of training, without
    the penalty on weights. After layer-wise training also "pretraining_loss", of shape (n_pairs,
    epochs).

n_iter_ : int
    Epochs run; where cross-validation chose, those of its shortest run.

best_iter_ : int
    Epoch (from 1) whose weights were kept, or the number of epochs that cross-validation chose; 0:
    the start.

mean_ : ndarray of shape (n_features,)
    Mean of the training samples.

scale_ : float
    Root mean square of X - mean: the unit of training.

n_components_ : int
    Length of a code.

n_steps_ : int
    Optimizer steps taken.

n_features_in_ : int
    Columns of X.

feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the columns, where X has names that are all strings.

architecture_ : dict
    What the network is made of, in plain Python.

optimizer_state_ : list of ndarray
    For `partial_fit` and `warm_start`.

fit_time_ : dict of float
    Seconds by part: "read", "select" (cross-validation inside the fit), "start" (PCA), "compile",
    "train", "total"."""


def complete_docstring(cls: type, docstring: str, network, notes: dict[str, str]) -> str:
    """`docstring` with the shared documentation in place of its placeholders.

    Parameters
    ----------
    cls : dataclass
        An autoencoder, whose defaults are documented.
    docstring : str
        Its docstring, with the lines ``{parameters}`` and ``{attributes}``.
    network : type, str or None
        Documentation of the network's parameters: see `skae.estimators.base.decorator`.
    notes : dict of str
        Text added to shared parameters.
    """
    defaults = {
        name: json.dumps(field.default) if isinstance(field.default, str) else repr(field.default)
        for name, field in cls.__dataclass_fields__.items()
    }
    own = DENSE_PARAMETERS.format(**defaults) if network is None else _parameters_of(network)
    code, training = (t.format(**defaults) for t in (CODE_PARAMETERS, TRAINING_PARAMETERS))
    parameters = "\n\n".join([code, own, training])
    for name, text in notes.items():
        parameters = _append(parameters, name, text)
    text = _insert(inspect.cleandoc(docstring), "{parameters}", parameters)
    return _insert(text, "{attributes}", SHARED_ATTRIBUTES)


def _parameters_of(specification):
    """The parameters as its docstring tells them."""
    if isinstance(specification, str):
        return specification
    text = inspect.cleandoc(specification.__doc__)
    (parameters,) = re.findall(r"^Parameters\n-+\n(.*?)\n\nSee Also\n", text, re.M | re.S)
    return parameters


def _append(parameters, name, text):
    """The entry of one parameter with lines added at its end."""
    entries = parameters.split("\n\n")
    (place,) = (i for i, entry in enumerate(entries) if entry.startswith(f"{name} : "))
    entries[place] += "\n" + textwrap.indent(textwrap.fill(text, 92), "    ")
    return "\n\n".join(entries)


def _insert(text, name, value):
    return re.sub(rf"^{re.escape(name)}$", lambda _: value, text, flags=re.MULTILINE)
