"""NumPy's functions that turn, join and part arrays.

All of them copy elements from one place to another, so each is written with the few linear functions of the standard.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..rules import creation, shaping
from ..tracer.core import home
from ..tracer.tables import NUMPY_FUNCTIONS
from .values import as_array, flat


# --- turning ------------------------------------------------------------------------------------------------------
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis, start = shaping.counted(axis, a.ndim), start + a.ndim if start < 0 else start
    return shaping.moveaxis(a, axis, start - 1 if axis < start else start)


def _rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    first, second = [shaping.counted(axis, m.ndim) for axis in axes]
    order = list(range(m.ndim))
    order[first], order[second] = second, first
    k %= 4
    if k == 0:
        return creation.copied(m)
    if k == 2:
        return shaping.flip(m, axis=(first, second))
    if k == 1:
        return shaping.permute_dims(shaping.flip(m, axis=second), tuple(order))
    return shaping.flip(shaping.permute_dims(m, tuple(order)), axis=second)


def _flipped(axis: int) -> Callable[..., Any]:
    def call(m: Any) -> Any:
        return shaping.flip(m, axis=axis)
    return call


def _at_least(ndim: int) -> Callable[..., Any]:
    def call(*arys: Any) -> Any:
        arrays = [as_array(x) for x in arys]
        arrays = [_depth(x) if ndim == 3 else as_array(x, None, ndim) for x in arrays]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)
    return call


def _depth(x: Any) -> Any:
    """Return an array with three dimensions: rows and columns come first, and a single row is a row."""
    x = as_array(x, None, 2)
    return shaping.expand_dims(x, -1) if x.ndim == 2 else x


def _resize(a: Any, new_shape: Any) -> Any:
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    a, size = flat(a), math.prod(shape)
    if not a.size:
        xp, device = home(a)
        return xp.zeros(shape, dtype=a.dtype, device=device)
    return shaping.reshape(shaping.tile(a, -(-size // a.size))[:size], shape)


# --- joining ------------------------------------------------------------------------------------------------------
def _column_stack(tup: Sequence[Any]) -> Any:
    arrays = [as_array(x) for x in tup]
    return shaping.concat([shaping.reshape(x, (-1, 1)) if x.ndim < 2 else x for x in arrays], axis=1)


def _dstack(tup: Sequence[Any]) -> Any:
    return shaping.concat([_depth(x) for x in tup], axis=2)


def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return shaping.concat([as_array(arr), as_array(values)], axis=axis)


def _block(arrays: Any) -> Any:
    depth = _depth_of(arrays)
    ndim = max(depth, *[as_array(x).ndim for x in _leaves(arrays)])
    return _joined(arrays, depth, ndim)


def _depth_of(arrays: Any) -> int:
    return 1 + _depth_of(arrays[0]) if isinstance(arrays, list) else 0


def _leaves(arrays: Any) -> list[Any]:
    return [leaf for item in arrays for leaf in _leaves(item)] if isinstance(arrays, list) else [arrays]


def _joined(arrays: Any, depth: int, ndim: int) -> Any:
    if not isinstance(arrays, list):
        return as_array(arrays, None, ndim)
    return shaping.concat([_joined(item, depth - 1, ndim) for item in arrays], axis=-depth)


# --- parting ------------------------------------------------------------------------------------------------------
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    ary = as_array(ary)
    axis = shaping.counted(axis, ary.ndim)
    n = ary.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections < 1:
            raise ValueError(f"np.array_split: number of sections must be larger than 0, got {indices_or_sections}")
        size, larger = divmod(n, int(indices_or_sections))
        cuts = [i * size + min(i, larger) for i in range(1, indices_or_sections)]
    else:
        cuts = [int(i) for i in indices_or_sections]
    return [ary[shaping.along(axis, slice(i, j))] for i, j in zip([0, *cuts], [*cuts, n], strict=True)]


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    n = ary.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)) and n % indices_or_sections:
        raise ValueError(f"split: axis {axis} of length {n} has no {indices_or_sections} equal parts")
    return _array_split(ary, indices_or_sections, axis)


def _split_along(axis: int, least: int) -> Callable[..., Any]:
    def call(ary: Any, indices_or_sections: Any) -> list[Any]:
        if ary.ndim < least:
            raise ValueError(f"{'vhd'[axis]}split needs {least} dimensions at least, got shape {tuple(ary.shape)}")
        return _split(ary, indices_or_sections, 0 if ary.ndim == 1 else axis)
    return call


NUMPY_FUNCTIONS.update({
    np.rollaxis: _rollaxis, np.rot90: _rot90, np.fliplr: _flipped(1), np.flipud: _flipped(0), np.resize: _resize,
    np.atleast_1d: _at_least(1), np.atleast_2d: _at_least(2), np.atleast_3d: _at_least(3),
    np.append: _append, np.block: _block, np.column_stack: _column_stack, np.dstack: _dstack,
    np.array_split: _array_split, np.split: _split, np.vsplit: _split_along(0, 2), np.hsplit: _split_along(1, 1),
    np.dsplit: _split_along(2, 3),
})
