"""Values of "auto": layer widths, batch size and epochs from the shape of the data."""

import math
from numbers import Real
from typing import Any

import numpy as np

from skae.core.data.samples import BLOCK_BYTES
from skae.core.training.optimizers import SCHEDULES
from skae.core.training.plan import Plan

__all__ = [
    "CROSS_VALIDATE_BELOW",
    "CROSS_VALIDATE_GROUPS_BELOW",
    "automatic_batch_size",
    "automatic_epochs",
    "automatic_hidden_layer_sizes",
    "training_plan",
    "validation_samples",
]

# below this number of distinct samples, the minimum of the loss on a tenth of them is mostly noise
CROSS_VALIDATE_BELOW = 2000
# Below this number of groups, a validation set of a tenth holds one group, and PCA of the others
# is worse than PCA of all by more than training gains.
CROSS_VALIDATE_GROUPS_BELOW = 20

_MAX_VALIDATION_SAMPLES = 5000
# mini-batches up to this size may be padded, so that small data sets share one program
_PADDED_BATCH = 1024
_MIN_VALIDATION_SAMPLES = 200


def automatic_hidden_layer_sizes(n_features: int, n_components: int) -> tuple[int, ...]:
    """Widths h and h / 4; h is twice the number of features, as a power of two from 64 to 512.

    The second width is at least 32, and at least `n_components` up to h.
    """
    first = min(512, max(64, 2 ** math.ceil(math.log2(2 * n_features))))
    return first, max(32, first // 4, min(first, n_components))


def automatic_batch_size(n_samples: int) -> int:
    """A power of two: 2^(p / 2 + 1), from 16 to 128, for 2^p samples; 256 from 2^18 samples on."""
    power = int(math.log2(max(1, n_samples)))
    return 1 << min(8 if power >= 18 else 7, max(4, power // 2 + 1))


def automatic_epochs(n_samples: int, n_features: int, batch_size: int) -> int:
    """Epochs for 2000 + n_samples / 16 optimizer steps (30,000 at most), between 5 and 200.

    The time of a step is proportional to the number of weights. So data with more than 2048
    features get the fraction 2048 / n_features of these steps, at least a quarter: up to four times
    faster, at the cost of a tenth of the gain over PCA.
    """
    steps = min(30_000, 2_000 + n_samples / 16) * min(1.0, max(0.25, 2048 / n_features))
    return min(200, max(5, round(steps / math.ceil(n_samples / batch_size))))


def validation_samples(n_samples: int, fraction: Any, n_features: int) -> int:
    """Number of samples in the validation set.

    "auto" is a tenth of the samples, at most 5,000, and for more than 838 features at most one
    dense block of 16 MB, but at least 200.
    """
    if fraction == "auto":
        block = max(_MIN_VALIDATION_SAMPLES, BLOCK_BYTES // (4 * max(1, n_features)))
        return min(n_samples // 10, _MAX_VALIDATION_SAMPLES, block)
    return round(fraction * n_samples)


def training_plan(parameters: dict, n_samples: int, n_features: int, begin: float) -> Plan:
    """Epochs, mini-batches, learning rates and stopping rule for `n_samples` samples.

    The time limit is counted from `begin`, a value of `time.perf_counter`.
    """
    batch_size = parameters["batch_size"]
    batch_size = automatic_batch_size(n_samples) if batch_size == "auto" else batch_size
    # a mini-batch larger than the data would be mostly padding
    batch_size = min(batch_size, max(_PADDED_BATCH, 1 << (n_samples - 1).bit_length()))
    epochs = parameters["max_iter"]
    epochs = automatic_epochs(n_samples, n_features, batch_size) if epochs == "auto" else epochs
    patience = parameters["n_iter_no_change"]
    # in optimizer steps, so that it does not depend on how many steps an epoch has
    in_epochs = patience != "auto"
    if not in_epochs:
        patience = max(1, -(-epochs // 3)) * math.ceil(n_samples / batch_size)
    schedule, warm_up = _schedule(parameters["learning_rate_schedule"], parameters["init"])
    return Plan(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=parameters["learning_rate"],
        schedule=schedule,
        warm_up=warm_up,
        patience=patience,
        patience_in_epochs=in_epochs,
        tolerance=parameters["tol"],
        deadline=np.inf if parameters["max_time"] is None else begin + parameters["max_time"],
    )


def _schedule(schedule: Any, init: str) -> tuple[str, float]:
    """Name and warm-up fraction of a schedule given as a name or as (name, warm-up)."""
    # without warm-up, the first steps destroy the PCA initialization
    if isinstance(schedule, str):
        return schedule, 0.05 if init == "pca" else 0.0
    is_pair = len(schedule) == 2 and isinstance(schedule[0], str) and isinstance(schedule[1], Real)
    if not is_pair or schedule[0] not in SCHEDULES or not 0 <= schedule[1] < 1:
        raise ValueError(
            f"learning_rate_schedule={schedule!r} must be one of {sorted(SCHEDULES)}, or a tuple "
            "of such a name and the fraction of all steps used for warm-up, at least 0 and below 1"
        )
    return schedule[0], float(schedule[1])
