"""Counts the programs that JAX compiles, through its own monitoring events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax

_EVENT = "/jax/core/compile/backend_compile_duration"
_durations: list[float] = []
_listening = False


def _listen(event: str, duration: float, **_) -> None:
    if event == _EVENT:
        _durations.append(duration)


@contextmanager
def counted_compilations() -> Iterator[list[float]]:
    """Give a list that holds, after the block, the seconds of each compilation within it."""
    global _listening
    if not _listening:
        # Listeners cannot be removed one by one, so one is registered for good.
        jax.monitoring.register_event_duration_secs_listener(_listen)
        _listening = True
    before = len(_durations)
    inside: list[float] = []
    yield inside
    inside.extend(_durations[before:])
