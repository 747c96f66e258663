"""Row "layerwise": greedy layer-wise pretraining compared with joint training from random weights.

A deep network of logistic units. Both methods train for the same total number of epochs, including
pretraining, and each uses the best of three learning rates.
"""

from __future__ import annotations

from collections.abc import Iterator

from registry import Seeds, error_on, fashion, logger, row, timed_fit
from targets import Result, median_result

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
#: Epochs for each of the four pairs of layers; the whole network trains for the remaining epochs.
PRETRAINING_EPOCHS = 3
RATES = (1e-3, 3e-3, 1e-2)


def best(name: str, seed: int, **parameters) -> tuple[float, float]:
    """Return the smallest error over the learning rates, and the seconds of that fit."""
    X, X_val = fashion()
    runs = []
    for rate in RATES:
        model = AutoencoderTransformer(learning_rate=rate, random_state=seed, **STACK, **parameters)
        seconds = timed_fit(model, X)
        runs.append((error_on(model, X_val), seconds))
        logger.info("%s, seed %d, rate %g: val MSE %.5f, %.1f s", name, seed, rate, *runs[-1])
    return min(runs)


@row("layerwise")
def layerwise(seeds: Seeds) -> Iterator[Result]:
    ratios = []
    for seed in seeds:
        joint, _ = best("joint", seed, max_iter=EPOCHS)
        pretrained, seconds = best(
            "layer-wise",
            seed,
            pretraining="layerwise",
            pretraining_max_iter=PRETRAINING_EPOCHS,
            max_iter=EPOCHS - 4 * PRETRAINING_EPOCHS,
        )
        ratios.append((pretrained / joint, seconds))
    yield median_result("layer-wise / joint, val MSE", ratios, 0.85)
