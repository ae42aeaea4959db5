"""Chapter 5: shapes.

Everything here moves, copies or repeats elements, so everything is linear, and a reverse rule says where each element
came from: a reshape is undone by a reshape, a permutation by its inverse, a broadcast by a sum, a concatenation by
slices.
"""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import library
from ..tracer.core import PRIMITIVES, Primitive, bare, home
from ..tracer.declare import Custom, Linear, fit, zeros_like
from ..tracer.fitting import numpy_sum_to

Shape = tuple[int, ...]


def _tuple(shape: Any) -> Shape:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape)


def counted(axis: int, ndim: int) -> int:
    """Return the number of an axis counted from the front."""
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


def along(axis: int, item: Any) -> tuple[Any, ...]:
    """Return the index that takes `item` along one axis (counted from the front) and all of the others."""
    return (*(slice(None),) * axis, item, Ellipsis)


# --- reshape and its kind ---------------------------------------------------------------------------------------
_reshape: Linear = Linear("reshape", lambda g, x, shape: _reshape(g, shape=x.shape),
                  run=lambda x, *, shape: library(x).reshape(x, shape), numpy=lambda x, *, shape: x.reshape(shape))


def reshape(x: Any, /, shape: Shape, *, copy: bool | None = None) -> Any:
    """Give the elements of x, in row-major order, another shape."""
    return _reshape(x, shape=_tuple(shape))


def expand_dims(x: Any, /, axis: int | tuple[int, ...] = 0) -> Any:
    """Insert axes of length one."""
    axes = _tuple(axis)
    ndim = x.ndim + len(axes)
    places = {counted(a, ndim) for a in axes}
    if len(places) < len(axes):
        raise ValueError(f"expand_dims: an axis comes twice in {axes}")
    sizes = iter(x.shape)
    return _reshape(x, shape=tuple([1 if i in places else next(sizes) for i in range(ndim)]))


def squeeze(x: Any, /, axis: int | tuple[int, ...]) -> Any:
    """Remove axes of length one."""
    axes = {counted(a, x.ndim) for a in _tuple(axis)}
    for a in axes:
        if x.shape[a] != 1:
            raise ValueError(f"squeeze: axis {a} of shape {tuple(x.shape)} has length {x.shape[a]}, not 1")
    return _reshape(x, shape=tuple([n for i, n in enumerate(x.shape) if i not in axes]))


# --- permutations -------------------------------------------------------------------------------------------------
def _inverse(axes: Shape) -> Shape:
    inverse = [0] * len(axes)
    for place, axis in enumerate(axes):
        inverse[axis] = place
    return tuple(inverse)


_permute: Linear = Linear("permute_dims", lambda g, x, axes: _permute(g, axes=_inverse(axes)),
                          run=lambda x, *, axes: library(x).permute_dims(x, axes),
                          numpy=lambda x, *, axes: x.transpose(axes))


def permute_dims(x: Any, /, axes: Shape) -> Any:
    """Put the axes in another order."""
    return _permute(x, axes=tuple([counted(a, x.ndim) for a in axes]))


def matrix_transpose(x: Any, /) -> Any:
    """Swap the last two axes."""
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose needs at least two dimensions, got shape {tuple(x.shape)}")
    return _permute(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def moveaxis(x: Any, source: int | Shape, destination: int | Shape, /) -> Any:
    """Move axes to new places; the others keep their order."""
    sources = [counted(a, x.ndim) for a in _tuple(source)]
    places = [counted(a, x.ndim) for a in _tuple(destination)]
    order = [a for a in range(x.ndim) if a not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return _permute(x, axes=tuple(order))


_flip: Linear = Linear("flip", lambda g, x, axis: _flip(g, axis=axis),
                       run=lambda x, *, axis: library(x).flip(x, axis=axis))
_roll: Linear = Linear("roll", lambda g, x, shift, axis: _roll(g, shift=tuple([-s for s in shift]), axis=axis),
               run=lambda x, *, shift, axis: library(x).roll(x, shift, axis=axis))


def flip(x: Any, /, *, axis: int | Shape | None = None) -> Any:
    """Reverse the order along axes (all, if none is named)."""
    return _flip(x, axis=axis)


def roll(x: Any, /, shift: int | Shape, *, axis: int | Shape | None = None) -> Any:
    """Shift along axes; what leaves on one side enters on the other."""
    if axis is None:
        return reshape(roll(reshape(x, (-1,)), shift, axis=0), x.shape)
    axes, shifts = _tuple(axis), _tuple(shift)
    longest = max(len(axes), len(shifts))                           # one shift for all axes, or one axis for all shifts
    return _roll(x, shift=shifts * (longest // len(shifts)), axis=axes * (longest // len(axes)))


# --- broadcasting and its transpose -------------------------------------------------------------------------------
def _sum_to(x: Any, *, shape: Shape) -> Any:
    new = len(x.shape) - len(shape)
    axes = (*range(new), *[i + new for i, n in enumerate(shape) if n == 1 and x.shape[i + new] != 1])
    y = PRIMITIVES["sum"](x, axis=axes, keepdims=False)
    return y if y.shape == shape else library(y).reshape(y, shape)


def _run_broadcast(x: Any, *, shape: Shape) -> Any:
    return library(x).broadcast_to(x, shape)


def numpy_broadcast_to(x: Any, *, shape: Shape) -> Any:
    """Return a read-only view of x repeated to this shape."""
    # np.broadcast_to costs some 5 us; the same read-only view of strides 0 is made for a tenth of that.
    if x.shape == ():
        y: Any = np.ndarray(shape, x.dtype, np.asarray(x), strides=(0,) * len(shape))
        y.flags.writeable = False
        return y
    return np.broadcast_to(x, shape)


def _push_out(g: Any, x: Any, *, shape: Shape) -> Any:
    return broadcast_to(reshape(g, (1,) * (x.ndim - len(shape)) + shape), x.shape)


_broadcast = Linear("broadcast_to", lambda g, x, shape: sum_to(g, shape=x.shape), run=_run_broadcast,
                    numpy=numpy_broadcast_to)
sum_to: Linear = Linear("sum_to", _push_out, run=_sum_to, numpy=numpy_sum_to)


def broadcast_to(x: Any, /, shape: Shape) -> Any:
    """Repeat x along axes of length one, and along new leading axes, until it has this shape."""
    shape = _tuple(shape)
    return x if x.shape == shape else _broadcast(x, shape=shape)


def broadcast_arrays(*arrays: Any) -> tuple[Any, ...]:
    """Broadcast arrays against each other."""
    shape = np.broadcast_shapes(*[tuple(x.shape) for x in arrays])
    return tuple([broadcast_to(x, shape) for x in arrays])


def repeat(x: Any, repeats: int | Any, /, *, axis: int | None = None) -> Any:
    """Repeat each element in place: all alike if `repeats` is a number, or each as often as its entry says."""
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    axis = counted(axis, x.ndim)
    if isinstance(repeats, (int, np.integer)):
        shape, repeats = x.shape, int(repeats)
        wide = broadcast_to(expand_dims(x, axis + 1), (*shape[:axis + 1], repeats, *shape[axis + 1:]))
        return reshape(wide, (*shape[:axis], shape[axis] * repeats, *shape[axis + 1:]))
    xp, device = home(x)
    numbers = xp.arange(x.shape[axis], device=device)
    return PRIMITIVES["take"](x, xp.repeat(numbers, xp.asarray(bare(repeats), device=device)), axis=axis)


def tile(x: Any, repetitions: Shape, /) -> Any:
    """Repeat the whole array along each axis."""
    reps = _tuple(repetitions)
    shape = (1,) * (len(reps) - x.ndim) + tuple(x.shape)
    reps = (1,) * (len(shape) - len(reps)) + reps
    split = reshape(x, tuple([n for size in shape for n in (1, size)]))
    wide = broadcast_to(split, tuple([n for pair in zip(reps, shape, strict=True) for n in pair]))
    return reshape(wide, tuple([r * n for r, n in zip(reps, shape, strict=True)]))


# --- joining and parting ------------------------------------------------------------------------------------------
class _Join(Primitive):
    """`concat` and `stack`: linear in all their arguments together."""

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        return self(*[zeros_like(a) if t is None else t for t, a in zip(tangents, args, strict=True)], **params)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        axis = params["axis"] % g.ndim
        items: list[Any] = list(range(len(args)))
        if self is not _stack:
            ends = list(itertools.accumulate(params["sizes"]))
            items = [slice(end - size, end) for end, size in zip(ends, params["sizes"], strict=True)]
        return [fit(g[along(axis, item)], x) if parent >= 0 else None
                for item, parent, x in zip(items, parents, args, strict=True)]


_concat = _Join("concat", run=lambda *xs, axis, sizes: library(xs[0]).concat(xs, axis=axis))
_stack = _Join("stack", run=lambda *xs, axis: library(xs[0]).stack(xs, axis=axis))


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Any:
    """Join arrays along an axis that they have."""
    arrays = [reshape(x, (-1,)) for x in arrays] if axis is None else list(arrays)
    axis = axis or 0
    return _concat(*arrays, axis=axis, sizes=tuple([x.shape[axis] for x in arrays]))


def stack(arrays: Sequence[Any], /, *, axis: int = 0) -> Any:
    """Join arrays of one shape along a new axis."""
    return _stack(*arrays, axis=axis)


def _pull_unstack(g: Sequence[Any], y: Sequence[Any], x: Any, *, axis: int) -> Any:
    parts = [zeros_like(next(c for c in g if c is not None)) if c is None else c for c in g]
    return (stack(parts, axis=axis),)


_unstack: Custom = Custom("unstack", jvp=lambda t, y, x, axis: _unstack(t[0], axis=axis), vjp=_pull_unstack,
                          multiple=True, run=lambda x, *, axis: tuple(library(x).unstack(x, axis=axis)),
                          numpy=lambda x, *, axis: tuple(np.moveaxis(x, axis, 0)))


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Part an array along an axis into a tuple of arrays."""
    axis = counted(axis, x.ndim)
    return _unstack(x, axis=axis) if x.shape[axis] else ()


# --- triangles and differences ------------------------------------------------------------------------------------
_tril: Linear = Linear("tril", lambda g, x, k: _tril(g, k=k), run=lambda x, *, k: library(x).tril(x, k=k))
_triu: Linear = Linear("triu", lambda g, x, k: _triu(g, k=k), run=lambda x, *, k: library(x).triu(x, k=k))


def tril(x: Any, /, *, k: int = 0) -> Any:
    """Keep the lower triangle of matrices, up to the k-th diagonal."""
    return _tril(x, k=k)


def triu(x: Any, /, *, k: int = 0) -> Any:
    """Keep the upper triangle of matrices, from the k-th diagonal."""
    return _triu(x, k=k)


def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, taken n times."""
    parts = [p for p in (prepend, x, append) if p is not None]
    x = concat(parts, axis=axis) if len(parts) > 1 else x
    axis = counted(axis, x.ndim)
    for _ in range(min(n, x.shape[axis])):
        x = x[along(axis, slice(1, None))] - x[along(axis, slice(None, -1))]
    return x


def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[Any, ...]:
    """Coordinate matrices from coordinate vectors."""
    n = len(arrays)
    grids = [reshape(x, tuple([-1 if j == i else 1 for j in range(n)])) for i, x in enumerate(arrays)]
    shape = tuple([x.size for x in arrays])
    grids = [broadcast_to(g, shape) for g in grids]
    if indexing == "xy" and n > 1:
        grids = [permute_dims(g, (1, 0, *range(2, n))) for g in grids]
    return tuple(grids)


__all__ = ["broadcast_arrays", "broadcast_to", "concat", "diff", "expand_dims", "flip", "matrix_transpose", "meshgrid",
           "moveaxis", "permute_dims", "repeat", "reshape", "roll", "squeeze", "stack", "sum_to", "tile", "tril",
           "triu", "unstack"]
