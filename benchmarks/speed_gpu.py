"""Epoch time on a GPU, if available: eager and compiled PyTorch, small and large batches."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from speed_epoch import LABELS, fashion_file
from speed_section import Options, Section
from speed_task import MEDIUM, Task
from targets import Result

__all__ = ["gpu"]

BATCHES = (256, 8192)
PEERS = ("skae_fit", "skae_fit:bfloat16", "jax_baseline", "torch_eager", "torch_compiled")
#: Peak rate of dense bfloat16 matrix products in FLOPS, from the manufacturers' data sheets.
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}
_PRINT_DEVICE = "import jax; print(jax.devices('gpu')[0].device_kind)"


def gpu_name(options: Options) -> str | None:
    """The name of the GPU that JAX uses, or None."""
    command = [options.peers.python, "-c", _PRINT_DEVICE]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or None


def peak_of(name: str) -> float | None:
    """The peak rate of a GPU; the longest matching name counts, as "L40S" also contains "L4"."""
    names = sorted(PEAKS, key=len, reverse=True)
    return next((PEAKS[part] for part in names if part in name), None)


def task_for(peer: str, batch: int, options: Options) -> Task:
    precision = "bfloat16" if peer.endswith("bfloat16") else "tensorfloat32"
    return MEDIUM.replace(
        batch=batch,
        device="gpu",
        precision=precision,
        samples=fashion_file(options),
        epochs=options.epochs,
    )


def gpu(options: Options, section: Section) -> Iterator[Result]:
    name = gpu_name(options)
    section.title = f"GPU: {name or 'not available'}"
    if name is None:
        section.note = "skipped: no GPU"
        print("  skipped: no GPU")
        return
    section.columns = ("", "batch", "seconds per epoch", "share of peak FLOPS")
    section.note = f"{MEDIUM.name} as above; the peak is that of dense bfloat16 matrix products."
    peak, labels = peak_of(name), {**LABELS, "skae_fit:bfloat16": "skae, bfloat16 products"}
    for batch in BATCHES:
        times = options.peers.run_all({peer: task_for(peer, batch, options) for peer in PEERS})
        for peer in sorted(times.runs, key=times.median):
            seconds = times.median(peer)
            rate = MEDIUM.flops(options.samples) / seconds
            share = f"{rate / peak:.2%}" if peak else "peak unknown"
            section.rows.append((labels[peer], str(batch), f"{seconds:.4f}", share))
        for peer, target in (("jax_baseline", 1.05), ("torch_eager", 1.0), ("torch_compiled", 1.0)):
            if peer in times:
                what = f"gpu: batch {batch}, skae / {LABELS[peer].replace('`', '')}"
                yield Result(what, times.ratio("skae_fit", peer), target, times.median("skae_fit"))
