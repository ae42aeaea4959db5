"""Chapter 6: reading and writing elements.

Reading `x[index]` is linear, and its transpose adds each cotangent to the place it was read from. Writing is done by
value: `index_set` and `index_add` return a new array, and a tracer's `y[i] = x` rebinds the handle `y` to it, so that
an assignment is a primitive like any other and the old value stays on the tape.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library
from ..tracer.batch import Batch
from ..tracer.core import Primitive, Tracer, home, strip
from ..tracer.declare import Flat, Linear, fit, zeros_like
from ..tracer.tape import Scatter, add_at, is_basic
from .elementwise import astype
from .pairs import add, equal, where
from .shaping import broadcast_to, counted, reshape


def _placed(x: Any, index: Any) -> tuple[Any, Any]:
    """Return an array and an index of it, the latter without what would differentiate it: its derivative is zero."""
    for i in index if type(index) is tuple else (index,):
        if isinstance(i, Tracer):
            index = tuple([strip(i) for i in index]) if type(index) is tuple else strip(index)
            return _beside(x, index), index
    return x, index


def _beside(x: Any, index: Any) -> Any:
    """Return x as a batch, if the index is one: each sample is then read, or written, at places of its own."""
    for i in index if type(index) is tuple else (index,):
        while isinstance(i, Batch):
            size = i.owner.samples
            xp, device = home(i)
            x = add(x, Batch(xp.zeros((size,), dtype=x.dtype, device=device), i.owner))
            i = strip(i.value)
    return x


def _pull_getitem(g: Any, x: Any, index: Any) -> Scatter:
    """Put the cotangent where it was read; new axes are taken out first, since the standard writes to none."""
    if not is_basic(index) or index is Ellipsis or (type(index) is tuple and None not in index):
        return Scatter(x, index, _beside(g, index))
    items = index if type(index) is tuple else (index,)
    hidden = len(x.shape) - len([i for i in items if i is not None and i is not Ellipsis])
    new, place = [], 0
    for item in items:
        if item is None:
            new.append(place)
        place += hidden if item is Ellipsis else not isinstance(item, int)
    kept = tuple([n for i, n in enumerate(g.shape) if i not in new])
    return Scatter(x, tuple([i for i in items if i is not None]), reshape(g, kept) if new else g)


class _GetItem(Linear):
    """Elements of x: linear, also where the index is a batch and the tangent is the same for all samples."""

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        return self(_beside(tangents[0], params["index"]), **params)


_getitem = _GetItem("getitem", _pull_getitem, run=lambda x, *, index: x[index])


def getitem(x: Any, index: Any, /) -> Any:
    """Read elements, rows, slices: `x[index]`."""
    x, index = _placed(x, index)
    return _getitem(x, index=index)


# --- writing ------------------------------------------------------------------------------------------------------
def _copied(x: Any) -> Any:
    return library(x).asarray(x, copy=True)


def _run_set(x: Any, v: Any, *, index: Any) -> Any:
    y = _copied(x)
    y[index] = v
    return y


def _last_writes(x: Any, index: Any) -> Any:
    """Return, for an index that may name a place twice, which of its writes came last; `None` if all did."""
    if is_basic(index):
        return None
    xp, device = home(x)
    ids = _beside(xp.zeros(x.shape, dtype=xp.int64, device=device), index)
    places = _getitem(ids, index=index)
    order = reshape(xp.arange(places.size, device=device), places.shape)
    return equal(_getitem(_set(ids, order, index=index), index=index), order)


def _fit_value(c: Any, v: Any) -> Any:
    """Give a cotangent the shape of what was written, which may have had leading axes of length one too many."""
    extra = len(v.shape) - len(c.shape)
    return fit(reshape(c, (1,) * extra + tuple(c.shape)) if extra > 0 else c, v)


def _is_everything(index: Any) -> bool:
    """Say whether an index is a mask that is true everywhere, so that nothing is left of what was there before."""
    return hasattr(index, "dtype") and kind(index.dtype) == "b" and not isinstance(index, Tracer) and \
        bool(library(index).all(index))


class _IndexSet(Primitive):
    """A copy of x with x[index] = v: linear in x and v together."""

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        tx, tv = tangents
        tx = zeros_like(y) if tx is None else _beside(tx, params["index"])
        return self(tx, 0 if tv is None else tv, **params)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        index = params["index"]
        to_x = self(_beside(g, index), 0, index=index) if parents[0] >= 0 and not _is_everything(index) else None
        to_v = None
        if parents[1] >= 0:
            to_v = getitem(g, index)
            last = _last_writes(g, index)
            to_v = _fit_value(to_v if last is None else where(last, to_v, 0), args[1])
        return to_x, to_v


_set = _IndexSet("index_set", run=_run_set)


class _Scatter(Primitive):
    """A copy of x with v1 added to x[index1], v2 to x[index2], and so on, as often as each place is named.

    With one v it is `index_add`; with many, what the cotangents of as many slices add up to.
    """

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        tx, *parts = tangents
        moved = [i for i, t in enumerate(parts) if t is not None]
        if not moved:
            return tx
        indices = tuple([params["indices"][i] for i in moved])
        tx = zeros_like(y) if tx is None else tx
        for index in indices:
            tx = _beside(tx, index)
        return self(tx, *[parts[i] for i in moved], indices=indices)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        return [g, *[fit(getitem(g, index), v) if parent >= 0 else None
                     for index, v, parent in zip(params["indices"], args[1:], parents[1:], strict=True)]]


def _run_scatter(x: Any, *parts: Any, indices: tuple[Any, ...]) -> Any:
    y = _copied(x)
    for v, index in zip(parts, indices, strict=True):
        add_at(y, index, v)
    return y


_scatter = _Scatter("scatter", run=_run_scatter)


def _for_writing(x: Any, v: Any) -> Any:
    """Return `v` in the dtype of `x`, as assignment into an array casts."""
    if isinstance(v, (int, float, complex)) and not isinstance(v, Tracer):
        return v
    if isinstance(v, (list, tuple)):
        from .creation import asarray

        v = asarray(v, like=x)
    if kind(v.dtype) == "c" and kind(x.dtype) != "c":
        raise TypeError(f"complex values cannot be written into an array of dtype {x.dtype}; take their real part, or "
                        "make the array complex")
    return v if v.dtype == x.dtype else astype(v, dtype=x.dtype)


def index_set(x: Any, v: Any, /, *, index: Any) -> Any:
    """Return a copy of x in which x[index] is v; where a place is named twice the last write stays."""
    x, index = _placed(x, index)
    return _set(x, _for_writing(x, v), index=index)


def index_add(x: Any, v: Any, /, *, index: Any) -> Any:
    """Return a copy of x with v added at x[index], once for each time that a place is named.

    >>> index_add(np.zeros(3), np.array([1.0, 2.0, 4.0]), index=np.array([0, 2, 0]))
    array([5., 0., 2.])
    """
    x, index = _placed(x, index)
    return _scatter(x, _for_writing(x, v), indices=(index,))


# --- take ---------------------------------------------------------------------------------------------------------
def _pull_take(g: Any, x: Any, indices: Any, *, axis: int) -> Scatter:
    return Scatter(x, (slice(None),) * axis + (indices,), _beside(g, indices))


_take = Linear("take", _pull_take, keeps="1",
               run=lambda x, indices, *, axis: library(x).take(x, indices, axis=axis))


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Any:
    """Pick along one axis the slices with these numbers."""
    if axis is None and x.ndim != 1:
        raise ValueError(f"take from an array of shape {tuple(x.shape)} needs an axis; only for one dimension can it "
                         "be left out")
    indices = strip(indices)
    if isinstance(indices, (int, list)):
        xp, device = home(x)
        indices = xp.asarray(indices, device=device)
    return _take(x, indices, axis=counted(axis or 0, x.ndim))


def _along(x: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    """Return the full index that `take_along_axis` stands for."""
    (xp, device), n = home(indices), len(x.shape)
    return tuple([indices if i == axis else
                  xp.reshape(xp.arange(indices.shape[i], device=device), (1,) * i + (-1,) + (1,) * (n - i - 1))
                  for i in range(n)])


def _pull_take_along(g: Any, x: Any, indices: Any, *, axis: int) -> Scatter:
    return Scatter(x, _along(x, indices, axis), _beside(g, indices))


_take_along = Linear("take_along_axis", _pull_take_along, keeps="1",
                     run=lambda x, indices, *, axis: library(x).take_along_axis(x, indices, axis=axis))


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Any:
    """Pick along one axis by an array of numbers that has the other axes of x."""
    axis = counted(axis, x.ndim)
    indices = strip(indices)
    lead = np.broadcast_shapes(*[tuple(n for i, n in enumerate(a.shape) if i != axis) for a in (x, indices)])
    full = [(*lead[:axis], a.shape[axis], *lead[axis:]) for a in (x, indices)]
    return _take_along(broadcast_to(x, full[0]), broadcast_to(indices, full[1]), axis=axis)


nonzero = Flat("nonzero")
_searchsorted = Flat("searchsorted")


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Any:
    """Where in the sorted x1 the elements of x2 would be inserted."""
    order = {} if sorter is None else {"sorter": strip(sorter)}
    return _searchsorted(x1, x2, side=side, **order)


def _np_argsort(x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    if not descending:
        return np.argsort(x, axis=axis, stable=stable)
    backwards = np.argsort(np.flip(x, axis), axis=axis, stable=stable)      # turned twice, so that ties keep order
    return x.shape[axis] - 1 - np.flip(backwards, axis)


_argsort = Flat("argsort", numpy=_np_argsort)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The order in which the elements along an axis are sorted."""
    return _argsort(x, axis=axis, descending=descending, stable=stable)


__all__ = ["argsort", "getitem", "index_add", "index_set", "nonzero", "searchsorted", "take",
           "take_along_axis"]
