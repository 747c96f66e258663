"""Cold start: time of a new process that imports, fits, encodes and exits; and import time."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from peer_runs import environment
from speed_epoch import LABELS, digits_file
from speed_section import Options, Section
from speed_task import SMALL, Task
from targets import Result

__all__ = ["fresh", "imports"]

PEERS = (
    "skae_fit",
    "skae_defaults",
    "jax_baseline",
    "keras_jax",
    "skorch_net",
    "mlp_regressor",
    "pca",
)
IMPORTS = {
    "skae": "import skae",
    "an estimator of skae": "from skae import AutoencoderTransformer",
    "dependencies": "import jax, optax, sklearn.base",
}


def fresh(options: Options, section: Section) -> Iterator[Result]:
    section.title = "Cold start: a new process fits and encodes digits"
    section.note = (
        f"Imports, {SMALL.epochs} epochs of a {SMALL.name} network, batches of {SMALL.batch}, "
        "encoding, exit. No persistent compilation cache. The hand-written JAX baseline does not "
        "import scikit-learn, which takes most of the time of PCA."
    )
    task = SMALL.replace(samples=digits_file(options), measure="fresh")
    times = options.peers.run_all({peer: task for peer in PEERS}, whole=True)
    section.add_times(times, LABELS, "skae_fit")
    if "keras_jax" not in times:
        return
    for ours, what in (("skae_fit", "skae"), ("skae_defaults", "skae (default parameters)")):
        ratio, seconds = times.ratio(ours, "keras_jax"), times.median(ours)
        yield Result(f"fresh: {what} / Keras on JAX", ratio, 0.6, seconds)


def imports(options: Options, section: Section) -> Iterator[Result]:
    section.title, section.columns = "Import time", ("", "seconds")
    section.note = "`import skae` is lazy: the import of an estimator is the relevant number."
    seconds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    env = environment(Task((1, 1), 1))
    for repeat in range(1 + 2 * options.peers.repeats):
        for name, code in IMPORTS.items():
            start = perf_counter()
            subprocess.run([options.peers.python, "-c", code], check=True, env=env)
            # The first repeat only fills the operating system's file cache.
            if repeat:
                seconds[name].append(perf_counter() - start)
    for name, code in IMPORTS.items():
        section.rows.append((f"`{code}`", f"{median(seconds[name]):.3f}"))
        print(f"  {code:<44} {median(seconds[name]):.3f} s")
    base = seconds["dependencies"]
    for name in ("skae", "an estimator of skae"):
        ratio = median(a / b for a, b in zip(seconds[name], base, strict=True))
        what = f"import: {name} / jax, optax, sklearn.base"
        yield Result(what, ratio, 1.2, median(seconds[name]))
