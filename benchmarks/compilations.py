"""Count the programs that JAX compiles, by means of its monitoring events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax

_EVENT = "/jax/core/compile/backend_compile_duration"
_durations: list[float] = []
_registered = False


def _record(event: str, duration: float, **_) -> None:
    if event == _EVENT:
        _durations.append(duration)


@contextmanager
def counted_compilations() -> Iterator[list[float]]:
    """Yield a list that contains, after the block, the seconds of each compilation within it."""
    global _registered
    if not _registered:
        # JAX cannot unregister a single listener, so one listener is registered permanently.
        jax.monitoring.register_event_duration_secs_listener(_record)
        _registered = True
    before = len(_durations)
    inside: list[float] = []
    yield inside
    inside.extend(_durations[before:])
