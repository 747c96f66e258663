"""skae, with what its peers do: random weights, nothing held out, Adam at one rate."""

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
    import jax  # not first: skae loads it sooner

    del after_epoch  # a listener would be waited for: an epoch's time is found without one
    with jax.default_matmul_precision(task.precision):
        model = estimator(task).fit(X)
    if model.n_iter_ != task.epochs:
        raise RuntimeError(f"asked for {task.epochs} epochs, {model.n_iter_} were run")
    return model.transform


def searched(task):
    """An estimator, whether its fit takes X as its targets, and the names of rate and penalty."""
    return estimator(task), False, ("learning_rate", "alpha")


def transform(task):
    """Rows of a file that is mapped into memory: seconds, and memory beside the codes."""
    from anonymous_memory import Peak, anonymous
    from turn import timed

    X = np.load(task.rows, mmap_mode="r")
    model = estimator(task, max_iter=1).fit(X[:2000])
    model.transform(X[:300])
    before = anonymous()
    with Peak() as peak:
        seconds = timed(model.transform, X)
    codes = 4e-6 * len(X) * task.widths[-1]
    return {"seconds": seconds, "beside": peak.highest - before - codes}


def memory(task):
    """Memory of a fit with its defaults, beside its float32 rows in memory, in MB."""
    import jax
    from anonymous_memory import Peak, anonymous
    from turn import timed

    jax.block_until_ready(jax.numpy.ones(3) + 1)  # the device and its threads are there
    X = np.load(task.rows)
    before = anonymous()
    with Peak() as peak:
        seconds = timed(AutoencoderTransformer(task.widths[-1], max_iter=1, random_state=0).fit, X)
    return {"seconds": seconds, "beside": peak.highest - before, "data": X.nbytes / 1e6}


def growth(task):
    """Seconds of a fit, the faster of two, when its programs are there."""
    from turn import timed

    X = np.random.default_rng(0).random((task.count, task.widths[0]), dtype=np.float32)
    estimator(task, max_iter=1).fit(X[: 2 * task.batch])
    return {"seconds": min(timed(fit, X, task, None) for _ in range(2))}
