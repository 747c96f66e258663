"""The same on a GPU, where JAX sees one: eager and compiled PyTorch, small and large batches."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from bars import Bar
from speed_epoch import LABELS, fashion_file
from speed_section import Options, Section
from speed_task import USUAL, Task

__all__ = ["gpu"]

BATCHES = (256, 8192)
PEERS = ("skae_fit", "skae_fit:bfloat16", "jax_by_hand", "torch_eager", "torch_compiled")
#: Dense bfloat16 products, floating-point operations a second, from the makers' data sheets.
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}
_ASK = "import jax; print(jax.devices('gpu')[0].device_kind)"


def card(options: Options) -> str | None:
    """The name of the GPU that JAX sees."""
    done = subprocess.run([options.peers.python, "-c", _ASK], capture_output=True, text=True)
    return done.stdout.strip() or None


def peak_of(name: str) -> float | None:
    """The first of the names, longest first: an L40S is no L4."""
    known = sorted(PEAKS, key=len, reverse=True)
    return next((PEAKS[part] for part in known if part in name), None)


def task_for(peer: str, batch: int, options: Options) -> Task:
    precision = "bfloat16" if peer.endswith("bfloat16") else "tensorfloat32"
    return USUAL.asked(
        batch=batch,
        device="gpu",
        precision=precision,
        rows=fashion_file(options),
        epochs=options.epochs,
    )


def gpu(options: Options, section: Section) -> Iterator[Bar]:
    name = card(options)
    section.title = f"On a GPU: {name or 'none was there'}"
    if name is None:
        section.note = "skipped: no GPU"
        print("  skipped: no GPU")
        return
    section.columns = ("", "batch", "seconds an epoch", "share of the card's peak")
    section.note = f"{USUAL.name} as above; the share is of its dense bfloat16 rate."
    peak, labels = peak_of(name), {**LABELS, "skae_fit:bfloat16": "skae, bfloat16 products"}
    for batch in BATCHES:
        times = options.peers.turns({peer: task_for(peer, batch, options) for peer in PEERS})
        for peer in sorted(times.turns, key=times.median):
            seconds = times.median(peer)
            rate = USUAL.products(options.rows) / seconds
            share = f"{rate / peak:.2%}" if peak else "peak not known"
            section.rows.append((labels[peer], str(batch), f"{seconds:.4f}", share))
        for peer, bar in (("jax_by_hand", 1.05), ("torch_eager", 1.0), ("torch_compiled", 1.0)):
            if peer in times:
                what = f"gpu: batch {batch}, skae / {LABELS[peer].replace('`', '')}"
                yield Bar(what, times.ratio("skae_fit", peer), bar, times.median("skae_fit"))
