"""NumPy's functions of numbers beyond the ufuncs: angles, spacings, products of vectors, counts with weights.

What has no derivative (questions, places, text) is answered by NumPy from the plain values.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import kind
from ..namespace import Namespace
from ..rules import creation, elementwise, indexing, pairs, products, shaping
from ..tracer.core import bare, home
from ..tracer.tables import NUMPY_FUNCTIONS
from .functions import diff, linspace
from .values import as_array, flat, on_values, plain


# --- complex numbers ----------------------------------------------------------------------------------------------
def _angle(z: Any, deg: bool = False) -> Any:
    z = as_array(z)
    y = pairs.atan2(elementwise.imag(z), elementwise.real(z)) if kind(z.dtype) == "c" else _angle_of_real(z)
    return y * (180 / np.pi) if deg else y


def _angle_of_real(x: Any) -> Any:
    return pairs.where(pairs.less(x, 0), np.pi, creation.zeros_like(x))


def _real_if_close(a: Any, tol: float = 100) -> Any:
    a = as_array(a)
    if kind(a.dtype) != "c":
        return a
    limit = tol * np.finfo(a.dtype).eps if tol > 1 else tol
    return elementwise.real(a) if np.all(np.abs(plain(a).imag) < limit) else a


# --- spacings -----------------------------------------------------------------------------------------------------
def _logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None,
              axis: int = 0) -> Any:
    if np.ndim(plain(base)):
        start, stop, base = shaping.broadcast_arrays(*[as_array(x) for x in (start, stop, base)])
        base = shaping.expand_dims(base, axis)
    y = pairs.pow(base, linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else elementwise.astype(y, dtype=np.dtype(dtype))


def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    start, stop = as_array(start), as_array(stop)
    if not np.all(bare(pairs.multiply(start, stop)) > 0):
        raise ValueError("np.geomspace of traced arrays takes real ends of one sign that are not zero")
    ratio = elementwise.log(pairs.divide(stop, start))
    y = pairs.multiply(start, elementwise.exp(linspace(0.0 * ratio, ratio, num, endpoint)))
    y = shaping.moveaxis(y, 0, axis)
    return y if dtype is None else elementwise.astype(y, dtype=np.dtype(dtype))


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    parts = [to_begin, diff(flat(ary)), to_end]
    return shaping.concat([flat(part) for part in parts if part is not None])


# --- products -----------------------------------------------------------------------------------------------------
def _inner(a: Any, b: Any, /) -> Any:
    a, b = as_array(a), as_array(b)
    return products.tensordot(a, b, axes=((-1,), (-1,))) if a.ndim and b.ndim else pairs.multiply(a, b)


def _vdot(a: Any, b: Any, /) -> Any:
    return products.vecdot(flat(a), flat(b))


def _diagflat(v: Any, k: int = 0) -> Any:
    v = flat(v)
    n = v.shape[0]
    xp, device = home(v)
    i = xp.arange(n, device=device)
    y = xp.zeros((n + abs(k), n + abs(k)), dtype=v.dtype, device=device)
    return indexing.index_set(y, v, index=(i + max(-k, 0), i + max(k, 0)))


def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    x = np.asarray(plain(x))
    if weights is None:
        return np.bincount(x, None, minlength)
    weights = as_array(weights, np.float64)
    xp, device = home(weights)
    n = max(minlength, int(x.max()) + 1 if x.size else 0)
    return indexing.index_add(xp.zeros(n, dtype=weights.dtype, device=device), weights,
                              index=creation.asarray(x, like=weights))


# --- functions of rows --------------------------------------------------------------------------------------------
def _apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    arr = as_array(arr)
    axis = shaping.counted(axis, arr.ndim)
    rows = shaping.moveaxis(arr, axis, -1)
    lead = tuple(rows.shape[:-1])
    results = [as_array(func1d(row, *args, **kwargs)) for row in shaping.reshape(rows, (-1, rows.shape[-1]))]
    y = shaping.stack(results)
    y = shaping.reshape(y, (*lead, *y.shape[1:]))
    new = tuple(range(len(lead), y.ndim))
    return shaping.moveaxis(y, new, tuple([axis + i for i in range(len(new))]))


def _apply_over_axes(func: Callable[..., Any], a: Any, axes: int | Sequence[int]) -> Any:
    y = as_array(a)
    ndim = y.ndim
    for axis in [axes] if isinstance(axes, int) else axes:
        reduced = func(y, shaping.counted(axis, ndim))
        y = reduced if reduced.ndim == ndim else shaping.expand_dims(reduced, shaping.counted(axis, ndim))
    return y


NUMPY_FUNCTIONS.update({
    np.angle: _angle, np.real_if_close: _real_if_close, np.logspace: _logspace, np.geomspace: _geomspace,
    np.ediff1d: _ediff1d, np.inner: _inner, np.vdot: _vdot, np.diagflat: _diagflat, np.bincount: _bincount,
    np.apply_along_axis: _apply_along_axis, np.apply_over_axes: _apply_over_axes,
})
NUMPY_FUNCTIONS.update({
    np.fix: lambda x: Namespace.trunc(as_array(x)), np.isposinf: lambda x: Namespace.equal(as_array(x), np.inf),
    np.isneginf: lambda x: Namespace.equal(as_array(x), -np.inf),
    np.iscomplex: lambda x: Namespace.not_equal(elementwise.imag(as_array(x)), 0),
    np.isreal: lambda x: Namespace.equal(elementwise.imag(as_array(x)), 0),
})
NUMPY_FUNCTIONS.update({f: on_values(f) for f in (
    np.array_equiv, np.digitize, np.common_type,
    np.min_scalar_type, np.may_share_memory, np.shares_memory, np.array2string, np.array_repr, np.array_str,
    np.einsum_path)})
