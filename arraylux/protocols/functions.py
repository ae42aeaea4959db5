"""NumPy's functions that most programs use, each with NumPy's signature.

What a function here does not take (`out=`, `where=`) is refused by its name where the call arrives.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind
from ..namespace import array_namespace
from ..rules import creation, cumulative, elementwise, indexing, pairs, products, reducing, shaping
from ..tracer.core import Tracer, strip
from ..tracer.tables import NUMPY_FUNCTIONS
from .values import INTO_PLAIN, as_array, flat, method, on_values


# --- shapes -------------------------------------------------------------------------------------------------------
def _transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    return shaping.permute_dims(a, tuple(range(a.ndim))[::-1] if axes is None else tuple(axes))


def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    return a.reshape(shape, order=order)


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return shaping.moveaxis(a, source, destination)


def _expand_dims(a: Any, axis: Any) -> Any:
    return shaping.expand_dims(a, axis)


def _concatenate(arrays: Sequence[Any], /, axis: int | None = 0, *, dtype: Any = None) -> Any:
    return shaping.concat([as_array(x, dtype) for x in arrays], axis=axis)


def _stack(arrays: Sequence[Any], axis: int = 0, *, dtype: Any = None) -> Any:
    return shaping.stack([as_array(x, dtype) for x in arrays], axis=axis)


def _vstack(tup: Sequence[Any], *, dtype: Any = None) -> Any:
    return shaping.concat([as_array(x, dtype, 2) for x in tup], axis=0)


def _hstack(tup: Sequence[Any], *, dtype: Any = None) -> Any:
    arrays = [as_array(x, dtype, 1) for x in tup]
    return shaping.concat(arrays, axis=0 if arrays[0].ndim == 1 else 1)


def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return shaping.broadcast_to(array, shape)


def _flip(m: Any, axis: Any = None) -> Any:
    return shaping.flip(m, axis=axis)


def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return shaping.roll(a, shift, axis=axis)


def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    return shaping.repeat(a, repeats, axis=axis)


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    a = as_array(a)
    before, after = [_edge(edge, a, axis) for edge in (prepend, append)]
    return shaping.diff(a, axis=axis, n=n, prepend=before, append=after)


def _edge(edge: Any, a: Any, axis: int) -> Any:
    """Return what is put before or behind an array, where a number stands for itself all along the edge."""
    if edge is None:
        return None
    edge = as_array(edge)
    axis = shaping.counted(axis, a.ndim)
    return shaping.broadcast_to(edge, (*a.shape[:axis], 1, *a.shape[axis + 1:])) if edge.ndim == 0 else edge


def _tril(m: Any, k: int = 0) -> Any:
    return shaping.tril(m, k=k)


def _triu(m: Any, k: int = 0) -> Any:
    return shaping.triu(m, k=k)


def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    arrays = [flat(x) for x in xi]
    if not sparse:
        return tuple(shaping.meshgrid(*arrays, indexing=indexing))
    order = [1, 0, *range(2, len(arrays))] if indexing == "xy" and len(arrays) > 1 else range(len(arrays))
    return tuple([shaping.reshape(x, tuple([-1 if j == i else 1 for j in order])) for i, x in enumerate(arrays)])


# --- items, products, choices -----------------------------------------------------------------------------------------
def _take(a: Any, indices: Any, axis: int | None = None) -> Any:
    return indexing.take(flat(a) if axis is None else as_array(a), as_array(indices), axis=axis or 0)


def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    return indexing.take_along_axis(flat(arr) if axis is None else arr, as_array(indices), axis=axis or 0)


def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    condition = as_array(condition)
    if x is None and y is None:
        return indexing.nonzero(condition)
    return pairs.where(strip(condition), *[as_array(c) if isinstance(c, (list, tuple)) else c for c in (x, y)])


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return pairs.clip(a, min if a_min is None else a_min, max if a_max is None else a_max)


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return products.tensordot(a, b, axes=axes)


def _outer(a: Any, b: Any) -> Any:
    return pairs.multiply(shaping.expand_dims(flat(a), 1), flat(b))


def _argsort(a: Any, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None) -> Any:
    return indexing.argsort(flat(a) if axis is None else a, axis=-1 if axis is None else axis)


def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    return indexing.searchsorted(as_array(a), as_array(v), side=side, sorter=sorter)


def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return reducing.count_nonzero(a, axis=axis, keepdims=keepdims)


def _size(a: Any, axis: Any = None) -> int:
    return a.size if axis is None else reducing.count_of(a, axis)


def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return elementwise.astype(x, dtype=np.dtype(dtype))


def _zeros_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
                device: Any = None) -> Any:
    if shape is None:
        return creation.zeros_like(a, dtype=dtype)
    return array_namespace(a).zeros(shape, dtype=dtype or a.dtype)


def _ones_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
               device: Any = None) -> Any:
    if shape is None:
        return creation.ones_like(a, dtype=dtype)
    return array_namespace(a).ones(shape, dtype=dtype or a.dtype)


def _full_like(a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
               device: Any = None) -> Any:
    if shape is None:
        return creation.full_like(a, fill_value, dtype=dtype)
    return array_namespace(a).full(shape, fill_value, dtype=dtype or a.dtype)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
              axis: int = 0) -> Any:
    start, stop = [as_array(end) if isinstance(end, (list, tuple)) else end for end in (start, stop)]
    y = creation.linspace(start, stop, num, like=creation.first_tracer([start, stop]), endpoint=endpoint)
    y = shaping.moveaxis(y, 0, axis) if axis else y
    y = y if dtype is None else elementwise.astype(y, dtype=np.dtype(dtype))
    return (y, (stop - start) / (num - 1 if endpoint else num)) if retstep else y


def _copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    if not isinstance(dst, Tracer):
        raise TypeError(INTO_PLAIN)
    dst[...] = src if where is True else pairs.where(as_array(where), src, dst)


NUMPY_FUNCTIONS.update({getattr(np, name): method(name) for name in (
    "all", "any", "argmax", "argmin", "cumprod", "cumsum", "max", "mean", "min", "prod", "ravel", "round", "squeeze",
    "std", "sum", "swapaxes", "var")})
NUMPY_FUNCTIONS.update({
    np.amax: method("max"), np.amin: method("min"), np.around: method("round"), np.transpose: _transpose,
    np.reshape: _reshape, np.expand_dims: _expand_dims, np.moveaxis: _moveaxis, np.concatenate: _concatenate,
    np.stack: _stack, np.vstack: _vstack, np.hstack: _hstack, np.broadcast_to: _broadcast_to,
    np.broadcast_arrays: lambda *args, subok=False: tuple(shaping.broadcast_arrays(*map(as_array, args))),
    np.flip: _flip, np.roll: _roll, np.repeat: _repeat, np.tile: lambda A, reps: shaping.tile(as_array(A), reps),
    np.diff: diff, np.tril: _tril, np.triu: _triu, np.meshgrid: _meshgrid,
    np.take: _take, np.take_along_axis: _take_along_axis, np.where: _where, np.clip: _clip,
    np.dot: lambda a, b: products.dot(a, b), np.tensordot: _tensordot, np.outer: _outer,
    np.real: lambda val: elementwise.real(as_array(val)), np.imag: lambda val: elementwise.imag(as_array(val)),
    np.zeros_like: _zeros_like, np.ones_like: _ones_like, np.full_like: _full_like, np.empty_like: _zeros_like,
    np.linspace: linspace, np.copyto: _copyto, np.copy: lambda a, order="K", subok=False: creation.copied(a),
    np.shape: lambda a: as_array(a).shape, np.ndim: lambda a: as_array(a).ndim, np.size: _size,
    np.result_type: on_values(np.result_type), np.can_cast: on_values(np.can_cast),
    np.argsort: _argsort, np.nonzero: lambda a: indexing.nonzero(a), np.searchsorted: _searchsorted,
    np.count_nonzero: _count_nonzero, np.isclose: on_values(np.isclose), np.allclose: on_values(np.allclose),
    np.array_equal: on_values(np.array_equal), np.iscomplexobj: lambda x: kind(x.dtype) == "c",
    np.isrealobj: lambda x: kind(x.dtype) != "c",
})
for _name, _function in (("concat", _concatenate), ("permute_dims", _transpose), ("astype", _astype),
                         ("matrix_transpose", shaping.matrix_transpose), ("unstack", shaping.unstack),
                         ("cumulative_sum", cumulative.cumulative_sum),
                         ("cumulative_prod", cumulative.cumulative_prod)):
    if hasattr(np, _name):
        NUMPY_FUNCTIONS[getattr(np, _name)] = _function
