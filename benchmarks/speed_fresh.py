"""From nothing: what a new process takes to import, fit, encode and exit; and to import alone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from bars import Bar
from speed_epoch import LABELS, digits_file
from speed_section import Options, Section
from speed_task import SMALL, Task
from turns import environment

__all__ = ["fresh", "imports"]

PEERS = (
    "skae_fit",
    "skae_defaults",
    "jax_by_hand",
    "keras_jax",
    "skorch_net",
    "mlp_regressor",
    "pca",
)
IMPORTS = {
    "skae": "import skae",
    "an estimator of skae": "from skae import AutoencoderTransformer",
    "what it stands on": "import jax, optax, sklearn.base",
}


def fresh(options: Options, section: Section) -> Iterator[Bar]:
    section.title = "From nothing: a new process fits and encodes digits"
    section.note = (
        f"Imports, {SMALL.epochs} epochs of {SMALL.name}, batches of {SMALL.batch}, codes, exit. "
        "No cache of compiled programs. The loop by hand does not import scikit-learn, which is "
        "most of what PCA takes."
    )
    task = SMALL.asked(rows=digits_file(options), measure="fresh")
    times = options.peers.turns({peer: task for peer in PEERS}, whole=True)
    section.add_times(times, LABELS, "skae_fit")
    if "keras_jax" not in times:
        return
    for ours, what in (("skae_fit", "skae"), ("skae_defaults", "skae, nothing set,")):
        ratio, seconds = times.ratio(ours, "keras_jax"), times.median(ours)
        yield Bar(f"fresh: {what} / Keras on JAX", ratio, 0.6, seconds)


def imports(options: Options, section: Section) -> Iterator[Bar]:
    section.title, section.columns = "Importing", ("", "seconds")
    section.note = "`import skae` loads nothing until a name is used: what counts is an estimator."
    seconds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    env = environment(Task((1, 1), 1))
    for turn in range(1 + 2 * options.peers.repeats):
        for name, code in IMPORTS.items():
            start = perf_counter()
            subprocess.run([options.peers.python, "-c", code], check=True, env=env)
            if turn:  # the first reads the files into memory
                seconds[name].append(perf_counter() - start)
    for name, code in IMPORTS.items():
        section.rows.append((f"`{code}`", f"{median(seconds[name]):.3f}"))
        print(f"  {code:<44} {median(seconds[name]):.3f} s")
    base = seconds["what it stands on"]
    for name in ("skae", "an estimator of skae"):
        ratio = median(a / b for a, b in zip(seconds[name], base, strict=True))
        what = f"import: {name} / jax, optax, sklearn.base"
        yield Bar(what, ratio, 1.2, median(seconds[name]))
