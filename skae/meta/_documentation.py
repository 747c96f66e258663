"""Documentation of the parameters and attributes that the pretrained estimators share."""

import inspect
from collections.abc import Callable
from typing import TypeVar

__all__ = ["documented"]

T = TypeVar("T")

PARAMETERS = """\
autoencoder : autoencoder or None, default=None
    Any autoencoder of skae, with any network. It is cloned and fitted to all samples. A
    `sklearn.frozen.FrozenEstimator` of a fitted autoencoder is used without fitting it again, as
    with `prefit`. None: a `DenoisingAutoencoder` with 64 components, random initialization and half
    of the feature values masked. Its parameters can be set as ``autoencoder__<parameter>``.

n_layers : "all" or int, default="all"
    Number of encoder layers below the head, counted from the input, at least 1. "all": the
    features of the head are the codes. Fewer: they are the output of that hidden layer, which is
    wider and often more informative. A dense 784-500-200 encoder has 2 layers. The body of your
    own flax.linen encoder is one layer.

hidden_layer_sizes : int or tuple of int, default=()
    Widths of new hidden layers between these layers and the output layer, at least 1; an int is
    one layer. ``()``: the head is linear. They are initialized randomly and trained with the head.

activation : str, default="gelu"
    Activation of the new hidden layers: "identity", "relu", "leaky_relu", "elu", "selu", "gelu",
    "silu", "tanh", "logistic" or "softplus".

freeze : {{"none", "all"}} or int, default="none"
    Which of these layers are frozen, that is, keep their pretrained weights: none, all, or this
    number of the lowest. With "all" only the head is trained (linear probing), on codes that are
    computed once.

unlabeled : {unlabeled_type}, default=None
    {unlabeled}

prefit : bool, default=False
    Whether `autoencoder` is fitted already and is used without fitting it again. X may then
    contain labeled samples only. Clones share the fitted autoencoder, so a grid search does not
    train it again.

dropout : float, default=0.0
    Dropout rate during fine-tuning, from 0 to below 1. Dropout applies to the encoder's hidden
    layers (not between recurrent steps, nor in your own modules), to the features of the head and
    to its hidden layers.

alpha : float, default=0.0
    L2 regularization during fine-tuning, at least 0: ``alpha / 2`` times the sum of squares of the
    head's matrices and of all weight matrices and kernels that are not frozen is added to the loss.
    Biases and the linear skip connection are not regularized.

optimizer : str or callable, default="nadam"
    Optimizer for fine-tuning: "adam", "adamw", "nadam", "rmsprop", "sgd" (plain gradient descent),
    "nesterov" (with Nesterov momentum 0.9), "lion", "muon", or an optax factory such as
    ``optax.adamw``, which is called with ``learning_rate=...``.

learning_rate : "auto" or float, default="auto"
    Maximum learning rate while encoder and head are trained together, above 0. It should be small,
    since large steps destroy the pretrained features. "auto": 5e-6 times the square root of the
    number of labeled samples, at most 0.001. This also suits an encoder that is not pretrained.

head_learning_rate : "auto" or float, default="auto"
    Maximum learning rate while the head is trained alone, above 0. "auto": 0.5 divided by the
    number of features of the head or the width of its widest hidden layer, whichever is larger; at
    most 0.02.

learning_rate_schedule : str or tuple (str, float), default="cosine"
    "constant", "cosine" (decays to 0 over `max_iter` epochs) or "exponential" (decays to a
    hundredth). A tuple adds the share of all steps for linear warm-up from 0, as in
    ``("cosine", 0.1)``; for a name alone the share is one twentieth.

batch_size : "auto" or int, default="auto"
    Labeled samples per mini-batch, at least 1. "auto": 2^(p / 2 + 1) for 2^p labeled samples, from
    16 to 128; 256 for 2^18 samples or more.

max_iter : "auto" or int, default="auto"
    Maximum number of epochs over the labeled samples, at least 1: for the head alone, and again
    for head and encoder. "auto": 2000 + n / 16 optimizer steps for n samples (at most 30,000), in 5
    to 200 epochs. For d > 2048 features this is multiplied by 2048 / d, but at least by a quarter.

max_time : float or None, default=None
    Time limit of fine-tuning in seconds, above 0. The best weights so far are kept.

tol : float, default=0.0001
    Relative decrease of the validation loss that counts as an improvement, at least 0 and below 1.

early_stopping : bool, default=False
    Whether to split off a validation set of labeled samples{stratified}, keep the weights with the
    lowest validation loss, and stop after `n_iter_no_change` epochs without improvement. False:
    train on all labeled samples for `max_iter` epochs. With few labels, a validation set costs
    more training samples than early stopping gains.

validation_fraction : float, default=0.1
    Share of the labeled samples in the validation set, between 0 and 1.

n_iter_no_change : "auto" or int, default="auto"
    Number of epochs without improvement before training stops, at least 1. "auto": a third of all
    optimizer steps.

random_state : int, RandomState instance or None, default=None
    Seed of fine-tuning, and of the autoencoder if its own `random_state` is None. With an int,
    repeated fits are bitwise identical.

verbose : int, default=0
    1 logs every epoch of fine-tuning, k every k-th epoch, to the "skae" logger.

device : str or None, default=None
    "cpu", "gpu" or "tpu", optionally with an index as in "gpu:1"; "cuda" is "gpu". None: JAX's
    default device."""

ATTRIBUTES = """\
autoencoder_ : autoencoder
    The pretrained autoencoder, before fine-tuning.

params_ : dict
    Nested dict of arrays: weights of the encoder's layers after fine-tuning, and of the head.
    Frozen weights are under "fixed".

n_layers_ : int
    Number of encoder layers below the head.

head_ : dict
    Description of the head: "hidden_sizes", a tuple of int, and "activation".

history_ : dict of ndarray
    Learning curves of fine-tuning, by epoch: "loss", "validation_loss" (with early stopping),
    "learning_rate", and "head_loss" (training loss while the head is trained alone). Losses exclude
    the L2 penalty.

n_iter_ : int
    Number of epochs of the last training.

best_iter_ : int
    Epoch (from 1) whose weights were kept; 0 for the weights before the first epoch.

n_features_in_ : int
    Number of features of X.

feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features, if X has feature names that are all strings.

fit_time_ : dict of float
    Duration in seconds of each part: "read" (input validation), "pretrain", "train" (fine-tuning),
    "compile" (compilation for fine-tuning), "total"."""


def documented(
    *, unlabeled_type: str, unlabeled: str, stratified: str = ""
) -> Callable[[type[T]], type[T]]:
    """Class decorator that replaces ``{parameters}`` and ``{attributes}`` in the docstring."""

    def fill(cls: type[T]) -> type[T]:
        values = {
            "unlabeled_type": unlabeled_type,
            "unlabeled": unlabeled.replace("\n", "\n    "),
            "stratified": stratified,
        }
        text = inspect.cleandoc(cls.__doc__ or "")
        text = text.replace("{parameters}", PARAMETERS.format(**values))
        cls.__doc__ = text.replace("{attributes}", ATTRIBUTES)
        return cls

    return fill
