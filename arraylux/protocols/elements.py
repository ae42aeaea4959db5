"""NumPy's functions that pick elements, put some in or leave some out, choose between arrays, or write into one.

Which elements are meant is worked out on plain numbers of places; the elements themselves are then taken by the
rules. What NumPy writes into an array that is there, a traced array takes as item assignment: its handle turns into
the new value.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..rules import creation, indexing, shaping, sorting
from ..tracer.core import Tracer, strip
from ..tracer.tables import NUMPY_FUNCTIONS
from .values import INTO_PLAIN, as_array, flat, on_values, plain, taken


def _lined_up(x: Any, axis: int | None) -> tuple[Any, int]:
    """Return an array and one of its axes; its elements in one row, if no axis was named."""
    if axis is None:
        return flat(x), 0
    x = as_array(x)
    return x, shaping.counted(axis, x.ndim)


# --- picking ------------------------------------------------------------------------------------------------------
def _compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    a, axis = _lined_up(a, axis)
    return taken(a, np.flatnonzero(plain(condition)), axis)


def _extract(condition: Any, arr: Any) -> Any:
    return taken(flat(arr), np.flatnonzero(plain(condition)))


def _trim_zeros(filt: Any, trim: str = "fb") -> Any:
    filt = as_array(filt)
    if filt.ndim != 1:
        raise ValueError(f"np.trim_zeros of a traced array takes one dimension, got shape {tuple(filt.shape)}; slice "
                         "the array where its nonzero elements begin and end")
    kept = indexing.nonzero(filt)[0]
    if not kept.size:
        return filt[:0]
    first, last = int(kept[0]), int(kept[-1]) + 1
    return filt[first if "f" in trim.lower() else 0:last if "b" in trim.lower() else filt.size]


def _partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
    a, axis = _lined_up(a, axis)
    return indexing.take_along_axis(a, _argpartition(a, kth, axis), axis=axis)


def _argpartition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
    a, axis = _lined_up(a, axis)
    if isinstance(strip(a), Tracer):                        # many samples at once: what is sorted is parted too
        return indexing.argsort(a, axis=axis)
    return np.argpartition(plain(a), kth, axis)


def _sort_complex(a: Any) -> Any:
    return sorting.sort(as_array(a, np.result_type(a.dtype, np.complex64)), axis=-1)


# --- putting in and leaving out -----------------------------------------------------------------------------------
def _delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    arr, axis = _lined_up(arr, axis)
    return taken(arr, np.delete(np.arange(arr.shape[axis]), plain(obj)), axis)


def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    arr, axis = _lined_up(arr, axis)
    n = arr.shape[axis]
    places = np.arange(n)[obj] if isinstance(obj, slice) else np.asarray(plain(obj))
    places = np.flatnonzero(places) if places.dtype == bool else places
    values = as_array(values, arr.dtype)
    if places.size == 1:                                    # any number of slices, all at one place
        values = as_array(values, None, arr.ndim)
        values = shaping.moveaxis(values, 0, axis) if places.ndim == 0 else values
        count = values.shape[axis]
        places = np.full(count, places.reshape(()))
    else:
        count = places.size
    if places.size and not (-n <= places.min() and places.max() <= n):
        raise IndexError(f"np.insert: a place in {places.tolist()} is out of bounds for axis {axis} with size {n}")
    places = np.where(places < 0, places + n, places)
    new = shaping.broadcast_to(values, (*arr.shape[:axis], count, *arr.shape[axis + 1:]))
    order = np.argsort(np.concatenate([places - 0.5, np.arange(n)]), kind="stable")
    order = np.where(order < count, n + order, order - count)
    return taken(shaping.concat([arr, new], axis=axis), order, axis)


# --- choosing -----------------------------------------------------------------------------------------------------
def _choose(a: Any, choices: Any, *, mode: str = "raise") -> Any:
    which = np.asarray(plain(a))
    options = shaping.broadcast_arrays(as_array(which), *[as_array(c) for c in choices])[1:]
    places = {"raise": which, "wrap": which % len(options), "clip": which.clip(0, len(options) - 1)}[mode]
    if places.size and not (places.min() >= 0 and places.max() < len(options)):
        raise ValueError(f"np.choose: there are {len(options)} choices, and an index from {which.min()} to "
                         f"{which.max()}; pass mode='wrap' or mode='clip'")
    return indexing.take_along_axis(shaping.stack(options), creation.asarray(places[None], like=options[0]), axis=0)[0]


def _piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    x = as_array(x)
    condlist = plain(condlist)
    if np.isscalar(condlist) or (x.ndim and not isinstance(condlist[0], (list, np.ndarray))):
        condlist = [condlist]
    conditions: Any = np.asarray(condlist, dtype=bool)
    if len(funclist) == len(conditions) + 1:
        conditions = np.concatenate([conditions, ~conditions.any(0)[None]])
    if len(funclist) != len(conditions):
        raise ValueError(f"np.piecewise: {len(conditions)} conditions need as many functions or one more, got "
                         f"{len(funclist)}")
    y = creation.zeros_like(x)
    for condition, f in zip(conditions, funclist, strict=True):
        inside = creation.asarray(condition, like=x)
        if condition.any():
            y = indexing.index_set(y, f(x[inside], *args, **kw) if callable(f) else f, index=inside)
    return y


# --- writing ------------------------------------------------------------------------------------------------------
def _writing(write: Callable[..., Any]) -> Callable[..., None]:
    """Let the handle of a traced array turn into what a function returns for it."""
    @wraps(write)
    def call(a: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(a, Tracer):
            raise TypeError(INTO_PLAIN)
        a.become(write(a, *args, **kwargs))
    return call


def _written(a: Any, places: Any, v: Any) -> Any:
    """Return `a` with `v`, repeated as often as need be, at these places of its flattened elements."""
    places = np.asarray(places).reshape(-1)
    if not places.size:
        return a
    v = flat(v)
    v = taken(v, np.arange(places.size) % v.size)
    return shaping.reshape(indexing.index_set(flat(a), v, index=creation.asarray(places, like=a)), a.shape)


@_writing
def _put(a: Any, ind: Any, v: Any, mode: str = "raise") -> Any:
    places = np.asarray(plain(ind))
    places = {"raise": places, "wrap": places % a.size, "clip": places.clip(0, a.size - 1)}[mode]
    return _written(a, places, v)


@_writing
def _place(arr: Any, mask: Any, vals: Any) -> Any:
    return _written(arr, np.flatnonzero(plain(mask)), vals)


@_writing
def _putmask(a: Any, mask: Any, values: Any) -> Any:
    values = flat(values)
    places = np.flatnonzero(plain(mask))
    return _written(a, places, taken(values, places % values.size)) if places.size else a


@_writing
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> Any:
    if axis is None:
        return shaping.reshape(indexing.index_set(flat(arr), as_array(values), index=indices), arr.shape)
    axis = shaping.counted(axis, arr.ndim)
    grid = [np.arange(n).reshape((1,) * i + (-1,) + (1,) * (arr.ndim - i - 1)) for i, n in enumerate(arr.shape)]
    grid[axis] = np.asarray(plain(indices))
    return indexing.index_set(arr, as_array(values), index=tuple([creation.asarray(i, like=arr) for i in grid]))


@_writing
def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> Any:
    places = np.arange(int(np.prod(a.shape))).reshape(a.shape)
    marks = np.zeros(a.shape, bool)
    np.fill_diagonal(marks, True, wrap)
    return _written(a, places[marks], val)


NUMPY_FUNCTIONS.update({
    np.compress: _compress, np.extract: _extract, np.trim_zeros: _trim_zeros, np.partition: _partition,
    np.argpartition: _argpartition, np.sort_complex: _sort_complex, np.delete: _delete, np.insert: _insert,
    np.choose: _choose, np.piecewise: _piecewise, np.put: _put, np.place: _place, np.putmask: _putmask,
    np.put_along_axis: _put_along_axis, np.fill_diagonal: _fill_diagonal,
    np.diag_indices_from: lambda arr: np.diag_indices_from(np.empty(arr.shape)),
    np.tril_indices_from: lambda arr, k=0: np.tril_indices_from(np.empty(arr.shape), k),
    np.triu_indices_from: lambda arr, k=0: np.triu_indices_from(np.empty(arr.shape), k),
})
NUMPY_FUNCTIONS.update({f: on_values(f) for f in (
    np.argwhere, np.flatnonzero, np.lexsort, np.nanargmax, np.nanargmin, np.ix_, np.ravel_multi_index,
    np.unravel_index)})
