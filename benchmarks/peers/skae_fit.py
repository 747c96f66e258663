"""skae with the settings of its peers: random weights, no validation set, constant-rate Adam."""

import numpy as np

from skae import AutoencoderTransformer

PACKAGES = ("jax", "flax", "optax", "scikit-learn")
LOSSES = {"cross_entropy": "binary_cross_entropy", "squared_error": "squared_error"}


def estimator(task, **changes):
    settings = {
        "n_components": task.widths[-1],
        "hidden_layer_sizes": task.widths[1:-1],
        "activation": "relu",
        "loss": LOSSES[task.loss],
        "init": "random",
        "optimizer": "adam",
        "learning_rate": task.rate,
        "learning_rate_schedule": "constant",
        "batch_size": task.batch,
        "max_iter": task.epochs,
        "early_stopping": False,
        "random_state": 0,
    }
    return AutoencoderTransformer(**{**settings, **changes})


def fit(X, task, after_epoch):
    import jax  # Imported here since skae has loaded it before.

    # A callback would force a synchronization after each epoch: run_peer.epoch does without it.
    del after_epoch
    with jax.default_matmul_precision(task.precision):
        model = estimator(task).fit(X)
    if model.n_iter_ != task.epochs:
        raise RuntimeError(f"expected {task.epochs} epochs, got {model.n_iter_}")
    return model.transform


def searched(task):
    """Estimator, whether fit needs X as targets, and names of learning rate and weight decay."""
    return estimator(task), False, ("learning_rate", "alpha")


def transform(task):
    """Encode a memory-mapped file: seconds, and memory in MB in addition to the codes."""
    from anonymous_memory import Peak, anonymous
    from run_peer import timed

    X = np.load(task.samples, mmap_mode="r")
    model = estimator(task, max_iter=1).fit(X[:2000])
    model.transform(X[:300])
    before = anonymous()
    with Peak() as peak:
        seconds = timed(model.transform, X)
    codes = 4e-6 * len(X) * task.widths[-1]
    return {"seconds": seconds, "added": peak.highest - before - codes}


def memory(task):
    """Memory in MB that a fit with default parameters adds to its float32 samples."""
    import jax
    from anonymous_memory import Peak, anonymous
    from run_peer import timed

    # JAX allocates the device and its threads at first use: do this before the measurement.
    jax.block_until_ready(jax.numpy.ones(3) + 1)
    X = np.load(task.samples)
    before = anonymous()
    with Peak() as peak:
        seconds = timed(AutoencoderTransformer(task.widths[-1], max_iter=1, random_state=0).fit, X)
    return {"seconds": seconds, "added": peak.highest - before, "data": X.nbytes / 1e6}


def growth(task):
    """Seconds of a fit after compilation: the faster of two."""
    from run_peer import timed

    X = np.random.default_rng(0).random((task.count, task.widths[0]), dtype=np.float32)
    estimator(task, max_iter=1).fit(X[: 2 * task.batch])
    return {"seconds": min(timed(fit, X, task, None) for _ in range(2))}
