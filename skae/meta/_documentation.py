"""What the pretrained estimators share in their docstrings exists once, here."""

import inspect

__all__ = ["documented"]

PARAMETERS = """\
autoencoder : autoencoder or None, default=None
    Any autoencoder of skae, over any network: it is cloned, and learns on all samples. None: a
    `DenoisingAutoencoder` of 64 components from random weights, half of the cells masked. Its
    parameters are reached as ``autoencoder__...``.

n_layers : "all" or int, default="all"
    How many of the encoder's layers stand below the head, from the samples on; at least 1. "all":
    the head is given the codes. Fewer: what that hidden layer gives, which is wider and often
    tells more. A dense 784-500-200 encoder has 2. The body of your own flax.linen encoder is one.

freeze : {{"none", "all"}} or int, default="none"
    Which of these layers keep the weights that pretraining gave them: none, all, or so many of
    the lowest. With "all" the head alone is trained, on codes that are computed once.

unlabeled : {unlabeled_type}, default=None
    {unlabeled}

prefit : bool, default=False
    Whether `autoencoder` is fitted already and taken as it is: then X may hold the labeled samples
    alone. Clones share it, so that a search trains it once.

dropout : float, default=0.0
    Probability that a unit is dropped while stage two trains: units of the encoder's hidden
    layers (not between recurrent cells, nor in your own modules) and what the head is given. From
    0 to below 1.

alpha : float, default=0.0
    L2 penalty of stage two, at least 0: the loss plus ``alpha / 2`` times the sum of squares of
    the head's matrix and of all matrices and kernels that are not frozen; biases and the linear
    path are left alone.

optimizer : str or callable, default="nadam"
    Of stage two: "adam", "adamw", "nadam", "rmsprop", "sgd" (Nesterov momentum 0.9), "lion",
    "muon", or an optax factory such as ``optax.adamw``, which is called with
    ``learning_rate=...``.

learning_rate : "auto" or float, default="auto"
    Largest step size while encoder and head are trained together, above 0. Small, since large
    steps throw away what pretraining found: "auto" is 5e-6 times the square root of the number of
    labeled samples, at most 0.001, which also suits an encoder that was not pretrained.

head_learning_rate : "auto" or float, default="auto"
    Largest step size while the head is trained alone, above 0. "auto": 0.5 over the number of
    units that it is given, at most 0.02.

learning_rate_schedule : str or tuple (str, float), default="cosine"
    "constant", "cosine" (falls to 0 over `max_iter` epochs) or "exponential" (falls to a
    hundredth). With a share of all steps, as in ``("cosine", 0.1)``, the rate first rises
    linearly from 0 over that share; a bare name warms up over a twentieth.

batch_size : "auto" or int, default="auto"
    Labeled samples of a step, at least 1. "auto" depends on their number in powers of two: for 2^p
    samples 2^(p / 2 + 1), from 16 to 128; 256 from 2^18 samples on.

max_iter : "auto" or int, default="auto"
    Epochs over the labeled samples, at most: of the head alone, and again of all; at least 1. "auto"
    spends 2000 + n / 16 optimizer steps on n samples (30,000 at most), in 5 to 200 epochs; of
    d > 2048 columns 2048 / d of that, at least a quarter.

max_time : float or None, default=None
    Seconds, above 0, after which stage two ends with the best weights so far.

tol : float, default=0.0001
    Relative fall of the validation loss that counts as progress, at least 0 and below 1.

early_stopping : bool, default=False
    Keep the weights with the least loss on labeled samples held out of training{stratified}, and
    stop when `n_iter_no_change` passes. False: train on all labeled samples, for `max_iter` epochs:
    where labels are few, those held out are missed more than they help.

validation_fraction : float, default=0.1
    Share of the labeled samples held out, between 0 and 1.

n_iter_no_change : "auto" or int, default="auto"
    Epochs without progress before training stops, at least 1. "auto" counts steps: a third of
    all.

random_state : int, RandomState instance or None, default=None
    Seed of stage two, and of an autoencoder that has none of its own. An int gives the same bits
    again.

verbose : int, default=0
    1 logs each epoch of stage two, k each k-th, through the "skae" logger.

device : str or None, default=None
    "cpu", "gpu" or "tpu", also with a number as in "gpu:1". None: JAX's default device."""

ATTRIBUTES = """\
autoencoder_ : autoencoder
    As stage one left it.

params_ : dict
    Nested dict of arrays: weights of the encoder's layers after fine-tuning, and of the head.
    What was frozen stands under "fixed".

n_layers_ : int
    Layers of the encoder below the head.

history_ : dict of ndarray
    Of stage two, by epoch: "loss", "validation_loss" (where samples were held out), "learning_rate"
    and "head_loss", that of the head while it was trained alone. Without the penalty on weights.

n_iter_ : int
    Epochs run in the last training.

best_iter_ : int
    Epoch (from 1) whose weights were kept; 0: those before the first.

n_features_in_ : int
    Columns of X.

feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the columns, where X has names that are all strings.

fit_time_ : dict of float
    Seconds by part: "read", "pretrain" (stage one), "train" (stage two), "compile" (what stage
    two compiled), "total"."""


def documented(*, unlabeled_type, unlabeled, stratified=""):
    """Class decorator: fills ``{parameters}`` and ``{attributes}``."""

    def fill(cls):
        values = {
            "unlabeled_type": unlabeled_type,
            "unlabeled": unlabeled.replace("\n", "\n    "),
            "stratified": stratified,
        }
        text = inspect.cleandoc(cls.__doc__)
        text = text.replace("{parameters}", PARAMETERS.format(**values))
        cls.__doc__ = text.replace("{attributes}", ATTRIBUTES)
        return cls

    return fill
