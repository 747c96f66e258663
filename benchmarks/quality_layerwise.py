"""Layer by layer or all at once: a deep stack of logistic layers from random weights.

Both sides get the same number of epochs in all, those of the phases counted, and each is measured
at the best of three learning rates.
"""

from __future__ import annotations

from collections.abc import Iterator

from bars import Bar, median_bar
from registry import Seeds, error_on, fashion, logger, row, timed_fit

from skae import AutoencoderTransformer

STACK = {
    "n_components": 30,
    "hidden_layer_sizes": (500, 250, 100),
    "activation": "logistic",
    "code_activation": "logistic",
    "init": "random",
    "batch_size": 128,
    "early_stopping": False,
}
EPOCHS = 24
#: Of each of the four pairs of layers; the whole stack is trained for what is left.
EPOCHS_OF_A_PHASE = 3
RATES = (1e-3, 3e-3, 1e-2)


def best(name: str, seed: int, **parameters) -> tuple[float, float]:
    """Give the least error over the learning rates, and the seconds of that fit."""
    X, X_val = fashion()
    found = []
    for rate in RATES:
        model = AutoencoderTransformer(learning_rate=rate, random_state=seed, **STACK, **parameters)
        seconds = timed_fit(model, X)
        found.append((error_on(model, X_val), seconds))
        logger.info("%s, seed %d, rate %g: val MSE %.5f, %.1f s", name, seed, rate, *found[-1])
    return min(found)


@row("layerwise")
def layerwise(seeds: Seeds) -> Iterator[Bar]:
    ratios = []
    for seed in seeds:
        direct, _ = best("at once", seed, max_iter=EPOCHS)
        stacked, seconds = best(
            "layer by layer",
            seed,
            pretraining="layerwise",
            pretraining_max_iter=EPOCHS_OF_A_PHASE,
            max_iter=EPOCHS - 4 * EPOCHS_OF_A_PHASE,
        )
        ratios.append((stacked / direct, seconds))
    yield median_bar("layer by layer / at once, val MSE", ratios, 0.85)
