"""Threads: large results computed by all cores.

NumPy's own functions run on one core each, but for the products that it leaves to BLAS. While they run they need
nothing of Python's, so several threads can call them at once, each for a part of the same arrays. That is all that
happens here: `spread` cuts a range into parts and lets every thread take one. Parts are so large that waking a thread
costs little beside them, and since each element is computed as before, results are the same to the last bit.

There are as many threads as BLAS has been told to use (OMP_NUM_THREADS and its kin), else one for each core that the
process may run on; `set_num_threads` says otherwise.
"""
from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import copy_context
from itertools import pairwise
from typing import Any

PART = 131_072                  # elements: the least that a thread of its own is worth

_ENVIRONMENT = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
_state: dict[str, Any] = {"count": None, "pool": None, "inside": None}


def get_num_threads() -> int:
    """Return how many threads large operations are spread over.

    >>> set_num_threads(2)
    >>> get_num_threads()
    2
    """
    if _state["count"] is None:
        named = next((os.environ[name] for name in _ENVIRONMENT if os.environ.get(name, "").isdigit()), None)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        _state["count"] = max(1, min(int(named), cores) if named else cores)
    count: int = _state["count"]
    return count


def set_num_threads(count: int | None) -> None:
    """Set how many threads large operations are spread over; `None` for as many as BLAS uses.

    Errors: ValueError if `count` is not positive.
    """
    if count is not None and count < 1:
        raise ValueError(f"set_num_threads: count must be a positive number, or None for that of BLAS, got {count}")
    _forget()
    _state["count"] = count


def _forget() -> None:
    """Drop the pool; in a forked process its threads are not there."""
    _state["pool"] = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def spread(run: Callable[[int, int], Any], size: int, unit: int = 1) -> None:
    """Call `run(start, stop)` for parts that make up `range(size)`, on several threads if they are worth it.

    Arguments: `run`, which must leave what lies outside of its part alone; `size`, how many there are; `unit`, how many
    elements each of them stands for.

    Errors: what `run` raises in any of the threads, once all have ended.
    """
    count = min(get_num_threads(), size, size * unit // PART)
    if count < 2 or _busy():
        run(0, size)
        return
    edges = [size * i // count for i in range(count + 1)]
    waiting = [_submit(run, start, stop) for start, stop in pairwise(edges[1:])]
    try:
        run(0, edges[1])
    finally:
        for part in waiting:
            part.exception()                             # waits
    for part in waiting:
        part.result()


def _busy() -> bool:
    """Say whether this is one of the pool's own threads, which must not wait for another of them."""
    inside = _state["inside"]
    return inside is not None and getattr(inside, "here", False)


def _submit(run: Callable[[int, int], Any], start: int, stop: int) -> Any:
    if _state["pool"] is None:
        # Most programs never come here: what makes threads takes longer to import than this package.
        from concurrent.futures import ThreadPoolExecutor
        from threading import local

        inside = _state["inside"] = local()

        def enter() -> None:
            inside.here = True

        _state["pool"] = ThreadPoolExecutor(max(1, get_num_threads() - 1), "arraylux", enter)
    # In a context like this one, in which NumPy looks up what to do about a division by zero.
    return _state["pool"].submit(copy_context().run, run, start, stop)


__all__ = ["PART", "get_num_threads", "set_num_threads", "spread"]
