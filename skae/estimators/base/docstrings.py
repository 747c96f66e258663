"""Documentation of the parameters and attributes that all autoencoders share, written once."""

import inspect
import json
import re
import textwrap
from typing import Any

__all__ = ["complete_docstring"]

CODE_PARAMETERS = """\
n_components : int, default={n_components}
    Dimension of the latent space: the length of the codes that `transform` returns. At least 1; it
    may exceed the number of features (an overcomplete code). Unlike PCA, None and a fraction of
    the variance are not accepted."""

DENSE_PARAMETERS = """\
network : specification, tuple or None, default=None
    None: a dense network with the parameters below. Otherwise the network that replaces it:
    `skae.networks.Convolutional` for images, `Recurrent` for sequences, `Residual` for a small
    bottleneck and many samples, or a pair (encoder, decoder) of your own flax.linen modules. The
    encoder maps (n, n_features) to any shape (n, ...), and a dense layer that is appended to it
    computes the codes; the decoder maps (n, n_components) to (n, n_features). Both must be
    importable by name, draw no random numbers, and have no variables other than parameters. The
    following four parameters then keep their defaults.

hidden_layer_sizes : "auto", int or tuple of int, default="auto"
    Widths of the encoder's hidden layers; an int is one layer. With 784 features and
    ``n_components=150``, ``(300,)`` is the network 784-300-150-300-784, and ``()`` has one layer in
    the encoder and one in the decoder.
    "auto": two layers, the first with h units, where h is at least twice the number of features (a
    power of two from 64 to 512), the second with h / 4 (at least 32, and at least `n_components`
    up to h).

decoder_hidden_layer_sizes : int, tuple of int or None, default=None
    Widths of the decoder's hidden layers. None: the encoder's in reverse order.

activation : str, default="gelu"
    Activation of the hidden layers: "identity", "relu", "leaky_relu", "elu", "selu", "gelu",
    "silu", "tanh", "logistic" or "softplus". It determines the initialization of the weights: He
    for the relu family and gelu, LeCun for selu, Glorot for tanh, logistic and identity.

tied_weights : bool, default={tied_weights}
    Whether the decoder uses the transposed weight matrices of the encoder, with its own biases."""

PRETRAINING_PARAMETERS = """\
pretraining : {{"layerwise"}} or None, default=None
    "layerwise": greedy layer-wise pretraining. One pair of layers after the other is trained on the
    output of the layers below, starting at the input, before the whole network is trained. A
    DenoisingAutoencoder corrupts the input of each pair (a stacked denoising autoencoder). Use it
    for deep networks that do not train from random weights; it needs ``init="random"``, and `fit`.
    The pairs are those of dense layers or of convolutions, whose feature maps of all samples are
    kept in memory as float32 while the next pair is trained.

pretraining_max_iter : "auto" or int, default="auto"
    Epochs for each pair of layers, at least 1. "auto": together as many as `max_iter`. With
    ``max_iter=0``, which keeps the pretrained network as it is, as many as `max_iter` would be for
    "auto"."""

TRAINING_PARAMETERS = """\
code_activation : str, default={code_activation}
    Activation of the code: "identity", "relu", "leaky_relu", "elu", "selu", "gelu", "silu",
    "tanh", "logistic" or "softplus".

loss : str or callable, default="squared_error"
    Reconstruction loss: "squared_error", "absolute_error", "huber" (quadratic for errors up to 1 in
    standardized units), or "binary_cross_entropy" (reconstructions lie in [0, 1], and so must the
    samples in `fit`, up to rounding; other methods accept any finite X). The first three are
    centered: shifting and scaling X does not change the fit. Or a function ``(x_hat, x)`` in
    jax.numpy that returns the losses of entries, of shape (n_samples, n_features), of which
    training minimizes the mean, or those of samples, of shape (n_samples,). Reconstructions and
    samples are in standardized units: multiply them by `scale_` and add `mean_` for those of X. To
    save, load or pickle the estimator, the function must be importable by name.

init : {{"pca", "random", "he", "glorot", "lecun", "normal"}} or callable, default={init}
    "pca": a linear skip connection from the features to the code, and from the code to the
    reconstruction, is initialized with the principal components. Training starts at the
    reconstruction error of PCA and reduces it. "random": random initialization without the
    skip connection, each kernel by the scheme that suits its `activation`. The other names are the
    same with one scheme for all kernels: uniform weights of variance 2 / fan_in ("he"),
    2 / (fan_in + fan_out) ("glorot") or 1 / fan_in ("lecun"), or normal weights with standard
    deviation 0.01 ("normal"). A callable is an initializer ``(key, shape, dtype)``, such as
    ``jax.nn.initializers.normal(0.05)``; to save or pickle the estimator it must be importable by
    name. Recurrent kernels are orthogonal and biases 0 in all cases, and your own modules use their
    own initializers. The skip connection is also omitted if n_features x n_components exceeds 2e7.
    Components that the samples do not have (more components than samples or features) start at
    zero.

alpha : float, default=0.0
    Strength of the L2 regularization, at least 0: ``alpha / 2`` times the sum of squares of all
    weight matrices and kernels is added to the loss. Biases and the linear skip connection are not
    regularized. The loss is in standardized units: for a penalty of w / 2 times the sum of squares
    on the mean squared error of X itself, use ``w / scale_**2``.

optimizer : str or callable, default="nadam"
    "adam", "adamw", "nadam", "rmsprop", "sgd" (plain gradient descent), "nesterov" (with Nesterov
    momentum 0.9), "lion", "muon" (for deep networks: fewer epochs, each of them slower; it updates
    the matrices between hidden layers, NAdam all other weights), or an optax factory such as
    ``optax.adamw`` or a `functools.partial` of one, which is called with ``learning_rate=...``.
    "sgd" and "nesterov" need a higher `learning_rate` than the default, such as 0.1. Their learning
    rates for the mean squared error of X itself are multiplied by ``scale_**2``.

learning_rate : float, default={learning_rate}
    Maximum learning rate, above 0. It applies in standardized units: X - mean is divided by one
    number, its root mean square. Above 1,024 features, kernels of the encoder have the learning
    rate multiplied by 1024 / fan-in, and the linear skip connection by
    ``(1024 / n_features) ** 0.5``. So the same value suits samples of any width.

learning_rate_schedule : str or tuple (str, float), default="cosine"
    "constant", "cosine" (decays to 0 over `max_iter` epochs) or "exponential" (decays to a
    hundredth). A tuple such as ``("cosine", 0.1)`` adds a warm-up: the learning rate rises linearly
    from 0 during this fraction of all steps. A name alone has a warm-up of 0.05 with
    ``init="pca"``, so that the first steps do not destroy the initialization, and none with
    ``init="random"``.

batch_size : "auto" or int, default="auto"
    Samples in a mini-batch, at least 1. "auto" depends on the number of samples rounded down to a
    power of two: 2^(p / 2 + 1) for 2^p samples, from 16 to 128; 256 from 2^18 samples on.

max_iter : "auto" or int, default="auto"
    Maximum number of epochs. "auto" allows 2000 + n / 16 optimizer steps for n samples (at most
    30,000), in 5 to 200 epochs: 13 epochs for 55,000 samples, more for small data. For d > 2048
    features, where steps are slow, it allows the fraction 2048 / d of these steps, at least a
    quarter. 0 returns the initialization, which is PCA under ``init="pca"``.

max_time : float or None, default=None
    Time limit of `fit` in seconds, above 0: for initialization, compilation, the selection of the
    number of epochs and training together. The best weights so far are kept. A step or a
    compilation that has begun is completed. If the limit ends the selection, `fit` raises a
    ConvergenceWarning.

tol : float, default=0.0001
    Minimum relative decrease of the validation loss that counts as an improvement, at least 0 and
    below 1.

early_stopping : bool, default=True
    Whether to keep the weights with the lowest validation loss, and stop after `n_iter_no_change`
    epochs without improvement. False: train on all samples for `max_iter` epochs, and keep the
    weights with the lowest training loss. It is evaluated before the first, after the last and
    about every tenth epoch, on up to 5,000 training samples (fewer for more than 3,355 features).
    So it never ends higher than at the initialization; a `ConvergenceWarning` states both losses
    if training increased it by more than a tenth.

validation_fraction : "auto" or float, default="auto"
    Fraction of the samples in the validation set, between 0 and 1. "auto": a tenth, at most 5,000
    samples and at most 16 MB (but 200 samples). Below 2,000 distinct samples "auto" has no
    validation set, since so few samples select the epoch by chance: the number of epochs is then
    selected by 3-fold cross-validation inside the fit, and the model is trained on all samples.
    Near-duplicates (consecutive frames of a film, overlapping windows) leak into a validation set
    that is split off at random: pass `groups` or an independent `X_val` to `fit`.

validation_splitter : splitter or None, default=None
    A splitter of `sklearn.model_selection`, or another object with its methods. Below
    2,000 distinct samples all its splits are the folds of the cross-validation; otherwise its first
    split is the training and validation set. It receives the arguments of `fit`, also y. Equal
    samples count as one sample, the first of them. None: random samples, or random groups if
    `groups` is passed to `fit`; fewer than 20 groups are cross-validated too.
    `validation_fraction` must be "auto" with a splitter.

n_iter_no_change : "auto" or int, default="auto"
    Epochs without improvement after which training stops, at least 1. "auto": a third of all
    optimizer steps.

warm_start : bool, default=False
    Whether `fit` continues training from the fitted weights and optimizer state. The learning rate
    schedule starts again. Below 2,000 distinct samples it then trains for `max_iter` epochs, unless
    `X_val`, `validation_splitter` or a number as `validation_fraction` provides a validation set.
    Parameters may change between fits. A change that the fitted weights do not allow raises an
    error that names the parameter; `pretraining` is not repeated.

random_state : int, RandomState instance or None, default=None
    Seed of the initial weights, the order of samples and the noise. With an int, repeated fits are
    bitwise identical.

verbose : int, default=0
    1 logs each epoch, k every k-th, through the logger "skae"; also the folds of a cross-validation
    that selects the number of epochs, and compilations.

device : str or None, default=None
    "cpu", "gpu" or "tpu", optionally with an index as in "gpu:1"; "cuda" is "gpu". None: JAX's
    default device.

checkpoint : str, path-like or None, default=None
    File to which `fit` writes its progress. If the process is killed, calling the same `fit` again
    resumes from the file, and the result is bitwise identical to that of an uninterrupted fit. The
    file is removed when `fit` completes; the file of another fit (other samples, parameters or
    versions) raises an error. None: no checkpoint. `partial_fit` ignores it.

checkpoint_interval : float, default=5.0
    Minutes between two checkpoints, at least 0; 0 writes several per second."""

SHARED_ATTRIBUTES = """\
params_ : dict
    Nested dict of arrays: weights of the encoder, the decoder and the linear skip connection.

history_ : dict of ndarray
    One value per epoch: "loss", "validation_loss" (if there is a validation set; if
    cross-validation selected the epochs, the mean over its folds) and "learning_rate". Losses are
    means over all entries in standardized units, without regularization. After layer-wise
    pretraining also "pretraining_loss", of shape (n_pairs, epochs). After cross-validation also
    "fold_validation_loss", of shape ``(n_folds, 1 + n_iter_)``: the losses after 0, 1, 2, ...
    epochs, NaN after the end of a fold.

n_iter_ : int
    Number of epochs that were run; after cross-validation, by its longest fold.

best_iter_ : int
    Epoch (from 1) whose weights were kept; 0 is the initialization.

init_kept_ : bool
    Whether no epoch was kept: the weights are those that training started from, and the result is
    that of PCA under ``init="pca"``. Derived from `best_iter_`.

mean_ : ndarray of shape (n_features,)
    Mean of the training samples, gross errors clipped.

scale_ : float
    Root mean square of X - mean, the scale of the standardized units, gross errors clipped.

n_components_ : int
    Dimension of the latent space.

n_steps_ : int
    Number of optimizer steps.

n_features_in_ : int
    Number of features in `fit`.

feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features, if all of them are strings.

sample_shape_ : tuple of int
    Shape of one sample, if X had three or four dimensions in `fit`: images or sequences.

architecture_ : dict
    Description of the network in plain Python.

optimizer_state_ : list of ndarray
    State of the optimizer, for `partial_fit` and `warm_start`.

fit_time_ : dict of float
    Seconds for "read", "select" (cross-validation inside the fit), "start" (initialization),
    "compile", "train" and "total"."""


def complete_docstring(cls: Any, docstring: str, network: Any, notes: dict[str, str]) -> str:
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
    # strings in double quotes, as in the rest of the docstrings
    defaults = {
        name: json.dumps(field.default) if isinstance(field.default, str) else repr(field.default)
        for name, field in cls.__dataclass_fields__.items()
    }
    own = DENSE_PARAMETERS.format(**defaults) if network is None else _parameters_of(network)
    if "pretraining" in defaults:
        own += "\n\n" + PRETRAINING_PARAMETERS.format()
    code, training = (t.format(**defaults) for t in (CODE_PARAMETERS, TRAINING_PARAMETERS))
    parameters = "\n\n".join([code, own, training])
    for name, text in notes.items():
        parameters = _append(parameters, name, text)
    text = _insert(inspect.cleandoc(docstring), "{parameters}", parameters)
    return _insert(text, "{attributes}", SHARED_ATTRIBUTES)


def _parameters_of(specification: Any) -> str:
    """The section Parameters of a specification's docstring, or the text itself."""
    if isinstance(specification, str):
        return specification
    text = inspect.cleandoc(specification.__doc__)
    (parameters,) = re.findall(r"^Parameters\n-+\n(.*?)\n\nSee Also\n", text, re.M | re.S)
    return parameters


def _append(parameters: str, name: str, text: str) -> str:
    """`parameters` with `text` added to the entry of one parameter."""
    entries = parameters.split("\n\n")
    (index,) = (i for i, entry in enumerate(entries) if entry.startswith(f"{name} : "))
    entries[index] += "\n" + textwrap.indent(textwrap.fill(text, 92), "    ")
    return "\n\n".join(entries)


def _insert(text: str, name: str, value: str) -> str:
    return re.sub(rf"^{re.escape(name)}$", lambda _: value, text, flags=re.MULTILINE)
