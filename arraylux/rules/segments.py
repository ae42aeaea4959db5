"""Sums over segments: rows that belong together, found by a number for each.

`segment_sum(data, ids, n)` adds row i of the data to row `ids[i]` of the result: the nodes of a graph gather the
messages of their edges like this, and bags of words their vectors. Its transpose reads `g[ids]`, as the transpose of
such a reading is a sum over segments. (To add into an array that is there already, or at places of any shape, is
`index_add(x, v, index=i)`, in the chapter on reading and writing.) An extreme belongs to the rows that reach it, in
equal shares.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import device_of, kind, library, scatter_add
from ..tracer.batch import BATCHING, Mapping
from ..tracer.core import Primitive, bare, home, strip
from ..tracer.declare import Custom, Linear
from ..tracer.fitting import times
from .elementwise import astype
from .indexing import take
from .numpylike import arrays, floating
from .pairs import divide, equal, where
from .shaping import moveaxis, reshape


def _run_sum(x: Any, ids: Any, *, n: int) -> Any:
    y = library(x).zeros((n, *x.shape[1:]), dtype=x.dtype, device=device_of(x))
    scatter_add(y, ids, x)
    return y


_sum: Linear = Linear("segment_sum", {0: lambda g, x, ids, n: take(g, ids, axis=0)}, keeps="1", run=_run_sum)


def _map_sum(primitive: Primitive, args: Any, stacked: Any, params: dict[str, Any], trace: Mapping) -> Any:
    """Many samples at once: if they have the same segments, further axes of the data."""
    data, ids = args
    if stacked[1]:
        return BATCHING["default"](primitive, args, stacked, params, trace)
    return moveaxis(primitive(moveaxis(data, 0, -1), ids, **params), -1, 0)


BATCHING["segment_sum"] = _map_sum


# --- extremes ---------------------------------------------------------------------------------------------------------
def _lowest(dtype: Any, xp: Any) -> Any:
    return -np.inf if kind(dtype) == "f" else xp.iinfo(dtype).min


def _numpy_max(x: Any, ids: Any, *, n: int) -> Any:
    y = np.full((n, *x.shape[1:]), _lowest(x.dtype, np), x.dtype)
    np.maximum.at(y, ids, x)
    return y


def _run_max(x: Any, ids: Any, *, n: int) -> Any:
    xp = library(x)
    y = xp.full((n, *x.shape[1:]), _lowest(x.dtype, xp), dtype=x.dtype, device=device_of(x))
    for i in range(n):
        rows = xp.nonzero(ids == i)[0]
        if rows.shape[0]:
            y[i, ...] = xp.max(xp.take(x, rows, axis=0), axis=0)
    return y


def _shares(y: Any, x: Any, ids: Any, n: int) -> Any:
    """Return for each element its share of the extreme of its segment: 1 / (number of ties), or 0."""
    reached = astype(equal(x, take(y, ids, axis=0)), dtype=x.dtype)
    return divide(reached, take(_sum(reached, ids, n=n), ids, axis=0))


def _push_max(tangents: Sequence[Any], y: Any, x: Any, ids: Any, *, n: int) -> Any:
    return _sum(times(tangents[0], _shares(y, x, ids, n)), ids, n=n)


def _pull_max(g: Any, y: Any, x: Any, ids: Any, *, n: int) -> Any:
    return times(take(g, ids, axis=0), _shares(y, x, ids, n)), None


_max = Custom("segment_max", jvp=_push_max, vjp=_pull_max, keeps="01y", run=_run_max, numpy=_numpy_max)


# --- what users call --------------------------------------------------------------------------------------------------
def _called(name: str, f: Callable[..., Any], data: Any, segment_ids: Any, num_segments: int | None) -> Any:
    """Call a function of segments, having looked at the numbers."""
    data, ids = arrays(data, segment_ids)
    ids = strip(ids)
    shape = tuple(data.shape)
    if kind(ids.dtype) != "i" or ids.ndim != 1 or shape[:1] != tuple(ids.shape):
        raise ValueError(f"{name}: segment_ids must hold a whole number for each row of the data, of shape {shape}; "
                         f"got shape {tuple(ids.shape)} and dtype {ids.dtype}")
    xp, plain = home(ids)[0], bare(ids)
    least, most = (int(xp.min(plain)), int(xp.max(plain))) if plain.shape[-1] else (0, -1)
    n = most + 1 if num_segments is None else num_segments
    if least < 0 or most >= n:
        raise ValueError(f"{name}: segment_ids lie between {least} and {most}, but must be from 0 to {n - 1}, one less "
                         f"than num_segments")
    return f(data, ids, n=n)


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Sum the rows of each segment.

    Arguments: `data`, of shape (rows, ...); `segment_ids`, of shape (rows,), the number of the segment that each row
    belongs to, in any order; `num_segments`, how many there are (without it, as many as the largest number says).

    Returns: an array of shape (num_segments, ...), zero for a segment without rows.

    Errors: ValueError for numbers that are no segments, or not one for each row.

    >>> segment_sum(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0]), 4)
    array([4., 0., 2., 0.])
    """
    return _called("segment_sum", _sum, data, segment_ids, num_segments)


def segment_mean(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Mean of the rows of each segment, zero for one without rows; arguments as for `segment_sum`."""
    def mean(x: Any, ids: Any, *, n: int) -> Any:
        xp, device = home(x)
        x = floating(x)
        counts = _sum(xp.ones(x.shape[:1], dtype=x.dtype, device=device), ids, n=n)
        counts = reshape(where(equal(counts, 0), 1.0, counts), (n,) + (1,) * (x.ndim - 1))
        return divide(_sum(x, ids, n=n), counts)
    return _called("segment_mean", mean, data, segment_ids, num_segments)


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Largest of the rows of each segment, minus infinity for one without rows; arguments as for `segment_sum`.

    Rows that reach it together share the derivative equally.
    """
    return _called("segment_max", _max, data, segment_ids, num_segments)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Smallest of the rows of each segment, infinity for one without rows; arguments as for `segment_sum`."""
    data, = arrays(data)
    return -segment_max(-data, segment_ids, num_segments)


__all__ = ["segment_max", "segment_mean", "segment_min", "segment_sum"]
