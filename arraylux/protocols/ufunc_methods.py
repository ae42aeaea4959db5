"""The `reduce`, `accumulate` and `outer` of NumPy's binary ufuncs.

A reduction that is a function of the standard is that function. Any other repeats its ufunc, one row after the other.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import reduce as fold
from itertools import accumulate as fold_along
from typing import Any

import numpy as np

from ..rules import cumulative, norms, reducing, shaping, special
from ..tracer.tables import UFUNCS
from .ufuncs import CALLS
from .values import as_array, plain

Axis = reducing.Axis

_FLAT = {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.floor_divide, np.gcd, np.lcm, np.left_shift, np.logical_and,
         np.logical_or, np.logical_xor, np.nextafter, np.right_shift}
# Of these a chain has no use, and NumPy's own of powers and angles forgets all factors but the first and the last.
_UNCHAINED = {np.arctan2, np.equal, np.float_power, np.greater, np.greater_equal, np.ldexp, np.less, np.less_equal,
              np.not_equal, np.power}
_OF_VECTORS = {np.matmul, np.vecdot, *[getattr(np, name) for name in ("matvec", "vecmat") if hasattr(np, name)]}


# --- reduce -------------------------------------------------------------------------------------------------------
def _by_the_standard(f: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = 0, dtype: Any = None, keepdims: bool = False) -> Any:
        return f(as_array(x, dtype), axis=axis, keepdims=keepdims)
    return reduce


def _logsumexp2(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return special.logsumexp(x * np.log(2), axis=axis, keepdims=keepdims) / np.log(2)


def _folded(f: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = 0, dtype: Any = None, keepdims: bool = False) -> Any:
        x = as_array(x, dtype)
        axes = reducing.axes_of(x, axis)
        rest = [i for i in range(x.ndim) if i not in axes]
        rows = shaping.permute_dims(x, (*axes, *rest))
        rows = shaping.reshape(rows, (reducing.count_of(x, axes), *rows.shape[len(axes):]))
        if not rows.shape[0]:
            raise ValueError(f"a reduction of no elements has no value; got shape {tuple(x.shape)} and axis={axis}")
        y = fold(f, shaping.unstack(rows))
        return shaping.expand_dims(y, axes) if keepdims else y
    return reduce


_STANDARD = {
    np.add: reducing.sum, np.multiply: cumulative.prod, np.maximum: reducing.max, np.minimum: reducing.min,
    np.logical_and: reducing.all, np.logical_or: reducing.any, np.logaddexp: special.logsumexp,
    np.logaddexp2: _logsumexp2, np.hypot: norms.vector_norm,
}


# --- accumulate ---------------------------------------------------------------------------------------------------
def _running(f: Callable[..., Any]) -> Callable[..., Any]:
    def accumulate(x: Any, axis: int = 0, dtype: Any = None) -> Any:
        x = as_array(x, dtype)
        rows = shaping.unstack(x, axis=axis)
        return shaping.stack(list(fold_along(rows, f)), axis=axis) if rows else x
    return accumulate


def _running_sum(x: Any, axis: int = 0, dtype: Any = None) -> Any:
    return cumulative.cumulative_sum(as_array(x), axis=axis, dtype=dtype)


def _running_product(x: Any, axis: int = 0, dtype: Any = None) -> Any:
    return cumulative.cumulative_prod(as_array(x), axis=axis, dtype=dtype)


# --- outer, and methods without a derivative ----------------------------------------------------------------------
def _outer(f: Callable[..., Any]) -> Callable[..., Any]:
    def outer(a: Any, b: Any) -> Any:
        a, b = as_array(a), as_array(b)
        return f(shaping.reshape(a, (*a.shape, *(1,) * b.ndim)), b)
    return outer


def _flat_reduce(ufunc: Any) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = 0, dtype: Any = None, keepdims: bool = False) -> Any:
        return ufunc.reduce(plain(x), axis=axis, dtype=dtype, keepdims=keepdims)
    return reduce


def _flat_accumulate(ufunc: Any) -> Callable[..., Any]:
    def accumulate(x: Any, axis: int = 0, dtype: Any = None) -> Any:
        return ufunc.accumulate(plain(x), axis=axis, dtype=dtype)
    return accumulate


for _ufunc, _f in CALLS.items():
    if _ufunc.nin == 2 and _ufunc not in _OF_VECTORS:
        UFUNCS[_ufunc, "outer"] = _outer(_f)
        if _ufunc.nout == 1 and _ufunc not in _UNCHAINED:
            _is_flat = _ufunc in _FLAT
            UFUNCS[_ufunc, "reduce"] = _flat_reduce(_ufunc) if _is_flat else _folded(_f)
            UFUNCS[_ufunc, "accumulate"] = _flat_accumulate(_ufunc) if _is_flat else _running(_f)
UFUNCS.update({(ufunc, "reduce"): _by_the_standard(f) for ufunc, f in _STANDARD.items()})
UFUNCS.update({(np.add, "accumulate"): _running_sum, (np.multiply, "accumulate"): _running_product})
