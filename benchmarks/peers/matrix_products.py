"""Lower bound: the matrix products of an epoch at the peak rate that this machine reaches.

The peak rate is the highest of several square products and the network's own products, by JAX and
by NumPy.
"""

from itertools import pairwise
from time import perf_counter

import jax
import numpy as np

PACKAGES = ("jax",)
SIDES = (512, 1024, 2048, 4096)
SECONDS_EACH = 0.3


def rate_of(product, m, k, n):
    """The highest rate of several calls, in floating-point operations per second."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((m, k), dtype=np.float32)
    b = rng.standard_normal((k, n), dtype=np.float32)
    a, b = (jax.device_put(a), jax.device_put(b)) if product is not np.matmul else (a, b)
    jax.block_until_ready(product(a, b))
    end, best = perf_counter() + SECONDS_EACH, np.inf
    while (start := perf_counter()) < end:
        jax.block_until_ready(product(a, b))
        best = min(best, perf_counter() - start)
    return 2.0 * m * k * n / best


def epoch(task):
    shapes = [(side, side, side) for side in SIDES]
    for a, b in pairwise(task.layers):
        shapes += [(task.batch, a, b), (a, task.batch, b), (task.batch, b, a)]
    products = (jax.jit(jax.numpy.matmul), np.matmul)
    rate = max(rate_of(product, *shape) for product in products for shape in set(shapes))
    return {"seconds": task.flops(task.count) / rate, "rate": rate}
