"""Gathering and scattering: rows read by number, and rows put together by number.

Each is the other's transpose. To gather reads the rows of a table that a list of numbers names; so an embedding finds
the vectors of words, and a graph network the nodes at the ends of its edges. To scatter takes one row for each number
of the list, and combines those that share a number: by their sum, most of the time, which is also where the gradient of
a gathered table comes from.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind, to_numpy
from ..rules.cumulative import prod
from ..rules.elementwise import astype
from ..rules.indexing import take
from ..rules.pairs import add, divide, maximum, minimum, multiply, subtract
from ..rules.segments import segment_max, segment_mean, segment_min, segment_sum
from ..rules.shaping import concat, reshape
from ..tracer.core import Tracer, home, strip
from ..tree import describe


# --- numbers of rows --------------------------------------------------------------------------------------------------
def not_integers(indices: Any) -> str | None:
    """Return what is wrong with indices that are no integers, else `None`."""
    for i in indices if isinstance(indices, tuple) else (indices,):
        if isinstance(i, bool) or not (isinstance(i, int) or (hasattr(i, "dtype") and kind(i.dtype) == "i")):
            return f"indices must be integers, got {describe(i)}; convert them, as with x.astype(int)"
    return None


def out_of_place(indices: Any, sizes: tuple[int, ...]) -> str | None:
    """Return what is wrong with integers as indices of axes of these sizes, else `None`."""
    items = indices if isinstance(indices, tuple) else (indices,)
    if not items or len(items) > len(sizes):
        return (f"indices must be one array of integers, or a tuple of 1 to {len(sizes)}, one for each axis, got a "
                f"tuple of {len(items)}")
    shapes = [tuple(getattr(i, "shape", ())) for i in items]
    if len(set(shapes)) > 1:
        return f"the indices of a tuple must have one shape, got {', '.join(map(str, shapes))}; broadcast them"
    for i, size in zip(items, sizes, strict=False):
        plain = strip(i)
        if isinstance(plain, Tracer) or not math.prod(shapes[0]):       # those of a batch that is mapped over hide
            continue
        low, high = (plain, plain) if isinstance(plain, int) else (int(home(plain)[0].min(plain)),
                                                                   int(home(plain)[0].max(plain)))
        if low < 0 or high >= size:
            return f"indices must be from 0 to {size - 1}, got some from {low} to {high}; they count from 0"
    return None


def _rows(indices: Any, sizes: tuple[int, ...], like: Any) -> Any:
    """Return one array of integers that counts the elements of all indexed axes together."""
    items = indices if isinstance(indices, tuple) else (indices,)
    xp, device = home(like)
    rows = None
    for i, size in zip(items, sizes, strict=False):
        i = xp.asarray(i, device=device) if isinstance(i, int) else astype(strip(i), dtype=xp.int64)
        rows = i if rows is None else add(multiply(rows, size), i)
    return rows


def gather(src: Any, indices: Any) -> Any:
    """Read rows of an array: src[i] for each i of the indices.

    Arguments: `src` (rows, ...); `indices`, integers from 0, of any shape; or a tuple of such arrays of one shape, for
    as many of the first axes of src.

    Returns: an array of the shape of the indices, followed by the axes of src that were not indexed.

    Errors: TypeError for indices that are no integers; ValueError for those outside of src, or of different shapes.

    >>> gather(np.array([[1, 2], [3, 4], [5, 6]]), np.array([2, 0, 2]))
    array([[5, 6],
           [1, 2],
           [5, 6]])
    """
    sizes = tuple(src.shape)
    if (problem := not_integers(indices)) is not None:
        raise TypeError(f"gather: {problem}")
    if (problem := out_of_place(indices, sizes)) is not None:
        raise ValueError(f"gather: {problem}")
    return rows_at(src, indices)


def rows_at(src: Any, indices: Any) -> Any:
    """Return what `gather` returns, for indices that are known to be right."""
    indexed = len(indices) if isinstance(indices, tuple) else 1
    sizes = tuple(src.shape)
    rows = _rows(indices, sizes, src)
    table = src if indexed == 1 else reshape(src, (math.prod(sizes[:indexed]), *sizes[indexed:]))
    found = take(table, rows if len(rows.shape) == 1 else reshape(rows, (math.prod(rows.shape),)), axis=0)
    return found if len(rows.shape) == 1 else reshape(found, (*rows.shape, *sizes[indexed:]))


# --- scattering -------------------------------------------------------------------------------------------------------
def _segment_prod(data: Any, ids: Any, n: int) -> Any:
    """Multiply the rows of each segment, by way of a table with a row for each segment and ones where it is short."""
    numbers = to_numpy(ids)
    counts = np.bincount(numbers, minlength=n)
    order = np.argsort(numbers, kind="stable")
    place = np.arange(len(numbers)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.full((n, max(int(counts.max(initial=0)), 1)), len(numbers))
    table[numbers[order], place] = order
    xp, device = home(data)
    padded = concat([data, xp.ones((1, *data.shape[1:]), dtype=data.dtype, device=device)], axis=0)
    return prod(rows_at(padded, xp.asarray(table, device=device)), axis=1)


# Each operation: how the rows of one number combine, and how that is joined to what was there before.
_OPERATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "+": (segment_sum, add), "-": (segment_sum, subtract), "mean": (segment_mean, add), "*": (_segment_prod, multiply),
    "/": (_segment_prod, divide), "max": (segment_max, maximum), "min": (segment_min, minimum),
}


def scatter(op: str, src: Any, indices: Any, *, init: Any = None, dstsize: int | tuple[int, ...] | None = None) -> Any:
    """Combine the rows that share a number: for each i, what is there `op` all src[j] with indices[j] = i.

    Arguments:
        op: "+", "-", "*", "/", "max", "min" or "mean" (whose result is added).
        src: an array with the axes of the indices first: a row, of any shape, for each number.
        indices: integers from 0, of any shape; or a tuple of such arrays, for as many axes of the result.
        init: what is there before, a number or an array; by default what changes nothing (0, 1, or an infinity).
        dstsize: the length of the axis that the indices count, or a tuple of them; by default as long as they need.

    Returns: an array with the indexed axes, followed by those of a row. Where no number points it is `init`.

    Errors: ValueError for another op, and for indices that do not fit src or dstsize; TypeError if those are no
    integers.

    >>> words, vectors = np.array([0, 2, 0]), np.array([[1.0, 1.0], [2.0, 2.0], [5.0, 7.0]])
    >>> scatter("+", vectors, words)
    array([[6., 8.],
           [0., 0.],
           [2., 2.]])
    >>> scatter("max", vectors, words, init=0.0, dstsize=4)[:, 1]
    array([7., 0., 2., 0.])
    """
    if op not in _OPERATIONS:
        raise ValueError(f"scatter: op is {op!r}, expected one of {', '.join(map(repr, _OPERATIONS))}")
    if (problem := not_integers(indices)) is not None:
        raise TypeError(f"scatter: {problem}")
    items = indices if isinstance(indices, tuple) else (indices,)
    if isinstance(dstsize, int):
        dstsize = (dstsize,)
    if dstsize is None:
        dstsize = tuple([_needed(i) for i in items])
    problem = out_of_place(indices, dstsize)
    shape = tuple(getattr(items[0], "shape", ())) if items else ()
    if problem is None and (len(dstsize) != len(items) or tuple(src.shape[:len(shape)]) != shape):
        problem = (f"src of shape {tuple(src.shape)} must begin with the axes {shape} of the indices, and dstsize "
                   f"{dstsize} have a length for each of the {len(items)} indexed axes; give one row for each number")
    if problem is not None:
        raise ValueError(f"scatter: {problem}")
    row = tuple(src.shape[len(shape):])
    combine, join = _OPERATIONS[op]
    data = reshape(src, (math.prod(shape), *row))
    ids = reshape(_rows(indices, dstsize, src), (math.prod(shape),))
    y = reshape(combine(data, ids, math.prod(dstsize)), (*dstsize, *row))
    if init is None and op in ("-", "/"):
        init = 0 if op == "-" else 1
    return y if init is None else join(init, y)


def _needed(indices: Any) -> int:
    plain = strip(indices)
    if isinstance(plain, int):
        return plain + 1
    return int(home(plain)[0].max(plain)) + 1 if math.prod(plain.shape) else 0


__all__ = ["gather", "scatter"]
