"""Where a training run stands between two calls, taken down and put back to the bit."""

import time

import jax
import numpy as np

from skae.core.training.records import Snapshot

__all__ = ["put_back", "snapshot_of", "taken"]


def snapshot_of(run) -> Snapshot:
    """Where a run of the engine stands; nothing may be in flight."""
    return Snapshot(
        state=[np.array(leaf) for leaf in jax.tree.leaves(jax.device_get(run.state))],
        records=list(run.records),
        steps=run.steps_sent,
        stopped=run.stopped,
        seconds=time.perf_counter() - run.start,
    )


def taken(leaf) -> np.ndarray:
    """An array on the host, in the place of that on the device."""
    array = np.array(leaf)
    leaf.delete()
    return array


def put_back(snapshot: Snapshot, run) -> None:
    """Let a run that is prepared as the earlier one was stand where that one stood."""
    state = jax.tree.unflatten(jax.tree.structure(run.state), snapshot.state)
    run.state = jax.device_put(state, run.device)
    run.records, run.steps_sent = list(snapshot.records), snapshot.steps
    run.stopped = snapshot.stopped
    run.start -= snapshot.seconds
