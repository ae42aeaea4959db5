"""Chapter 3: reductions.

A sum is linear and its transpose is a broadcast; most of the others follow from it. The care is in what must not
break: a maximum reached twice shares its derivative, and the standard deviation of equal numbers has the derivative
zero. (Products, which have a care of their own, are in the next chapter.)
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library
from ..tracer.declare import Custom, Flat, Linear, adjoint
from ..tracer.fitting import times
from .elementwise import astype, real
from .pairs import equal, where
from .shaping import broadcast_to, numpy_broadcast_to, reshape

Axis = int | tuple[int, ...] | None


def axes_of(x: Any, axis: Axis) -> tuple[int, ...]:
    """Return the reduced axes as non-negative numbers."""
    if axis is None:
        return tuple(range(x.ndim))
    return tuple([a % x.ndim for a in ((axis,) if isinstance(axis, (int, np.integer)) else axis)])


def expand(g: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Put the reduced axes back into `g` as axes of length one."""
    if keepdims or g.shape == x.shape:
        return g
    axes = axes_of(x, axis)
    return reshape(g, tuple([1 if i in axes else n for i, n in enumerate(x.shape)]))


def count_of(x: Any, axis: Axis) -> int:
    """Return how many elements each result of a reduction comes from."""
    return math.prod(x.shape) if axis is None else math.prod([x.shape[i] for i in axes_of(x, axis)])


def spread(g: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """The transpose of a sum: every element of `x` receives the cotangent of the sum that it went into."""
    if isinstance(g, np.generic) and x.shape:           # the gradient of a mean loss begins here
        return numpy_broadcast_to(g, shape=x.shape)
    return broadcast_to(g if g.shape == () else expand(g, x, axis, keepdims), x.shape)


# NumPy's np.sum spends three microseconds before it calls these.
_add_up: Any = np.add.reduce
_largest: Any = np.maximum.reduce
_smallest: Any = np.minimum.reduce


def _np_sum(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return _add_up(x, axis=axis, keepdims=keepdims)


def _np_mean(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    if x.dtype.kind not in "fc" or x.dtype.itemsize < 4:             # integers and float16 need a wider accumulator
        return np.mean(x, axis=axis, keepdims=keepdims)
    n = x.size if axis is None else count_of(x, axis)
    return _add_up(x, axis=axis, keepdims=keepdims) / n if n else np.mean(x, axis=axis, keepdims=keepdims)


def _pull_mean(g: Any, x: Any, *, axis: Axis, keepdims: bool) -> Any:
    n = count_of(x, axis)
    share = g / n if n <= 65504 else g * (1 / n)         # in float16 a larger number is infinite, a share of it is not
    return spread(share, x, axis, keepdims)


_sum = Linear("sum", lambda g, x, axis, keepdims: spread(g, x, axis, keepdims), numpy=_np_sum)
_mean = Linear("mean", _pull_mean, numpy=_np_mean)


def sum(x: Any, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """Sum over axes."""
    return in_dtype(_sum, x, dtype, axis=axis, keepdims=keepdims)


def in_dtype(reduction: Any, x: Any, dtype: Any, **how: Any) -> Any:
    """Return a reduction done in a dtype, and returned in it: libraries widen small integers unasked."""
    if dtype is None:
        return reduction(x, **how)
    y = reduction(astype(x, dtype=dtype), **how)
    return y if y.dtype == dtype else astype(y, dtype=dtype)


def mean(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Arithmetic mean over axes."""
    return _mean(x, axis=axis, keepdims=keepdims)


# --- maximum and minimum: the elements that reach it share the derivative equally -------------------------------
def _winners(y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return, for each element of x, its share of the extreme value: 1 / (number of ties), or 0; NaN if that is NaN."""
    share = astype(equal(x, expand(y, x, axis, keepdims)), dtype=x.dtype)
    number = sum(share, axis=axis, keepdims=True)
    return share / where(equal(number, 0), math.nan, number)


def _push_extreme(tangents: Sequence[Any], y: Any, x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return sum(tangents[0] * _winners(y, x, axis, keepdims), axis=axis, keepdims=keepdims)


def _pull_extreme(g: Any, y: Any, x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return (expand(g, x, axis, keepdims) * _winners(y, x, axis, keepdims),)


def _np_max(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return _largest(x, axis=axis, keepdims=keepdims)


def _np_min(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return _smallest(x, axis=axis, keepdims=keepdims)


_max = Custom("max", jvp=_push_extreme, vjp=_pull_extreme, keeps="0y", numpy=_np_max)
_min = Custom("min", jvp=_push_extreme, vjp=_pull_extreme, keeps="0y", numpy=_np_min)


def max(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest element over axes; ties share the derivative equally."""
    return _max(x, axis=axis, keepdims=keepdims)


def min(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Smallest element over axes; ties share the derivative equally."""
    return _min(x, axis=axis, keepdims=keepdims)


# --- variance and standard deviation ----------------------------------------------------------------------------
def _slope(x: Any, axis: Axis, correction: float) -> Any:
    """Return the derivative of the variance by each element: not a number where the variance is none."""
    freedom = count_of(x, axis) - correction
    return (x - mean(x, axis=axis, keepdims=True)) * (2 / freedom if freedom > 0 else math.nan)


def _push_var(tangents: Sequence[Any], y: Any, x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    slope = _slope(x, axis, correction)
    return sum(_real(times(adjoint(slope), tangents[0])), axis=axis, keepdims=keepdims)


def _pull_var(g: Any, y: Any, x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    return (times(expand(g, x, axis, keepdims), _slope(x, axis, correction)),)


def _real(x: Any) -> Any:
    return real(x) if kind(x.dtype) == "c" else x


def _run_var(x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    xp = library(x)
    if kind(x.dtype) == "c":                            # the standard defines var for real numbers alone
        centred = x - xp.mean(x, axis=axis, keepdims=True)
        squares = xp.real(centred) ** 2 + xp.imag(centred) ** 2
        return xp.sum(squares, axis=axis, keepdims=keepdims) / (count_of(x, axis) - correction)
    return xp.var(x, axis=axis, correction=correction, keepdims=keepdims)


_var = Custom("var", jvp=_push_var, vjp=_pull_var, keeps="0", run=_run_var)


def _halved(y: Any) -> Any:
    """Return 1 / (2 y), the derivative of the square root; at 0, where it meets deviations of 0, something finite."""
    return 0.5 / where(equal(y, 0), 1, y)


def _run_std(x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    xp = library(x)
    if kind(x.dtype) == "c":
        return xp.sqrt(_run_var(x, axis=axis, correction=correction, keepdims=keepdims))
    return xp.std(x, axis=axis, correction=correction, keepdims=keepdims)


_std = Custom("std", keeps="0y", run=_run_std,
              jvp=lambda tangents, y, x, **how: times(_push_var(tangents, y, x, **how), _halved(y)),
              vjp=lambda g, y, x, **how: _pull_var(times(g, _halved(y)), y, x, **how))


def var(x: Any, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """Variance over axes, the sum of squares divided by (n - correction)."""
    return _var(x, axis=axis, correction=correction, keepdims=keepdims)


def std(x: Any, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """Standard deviation over axes; its derivative is 0 where all elements are equal."""
    return _std(x, axis=axis, correction=correction, keepdims=keepdims)


# --- flat reductions ----------------------------------------------------------------------------------------------
_all = Flat("all")
_any = Flat("any")
_argmax = Flat("argmax")
_argmin = Flat("argmin")
_count_nonzero = Flat("count_nonzero")


def all(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Say whether all elements over axes are true."""
    return _all(x, axis=axis, keepdims=keepdims)


def any(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Say whether any element over axes is true."""
    return _any(x, axis=axis, keepdims=keepdims)


def argmax(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where along an axis the largest element is."""
    return _argmax(x, axis=axis, keepdims=keepdims)


def argmin(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where along an axis the smallest element is."""
    return _argmin(x, axis=axis, keepdims=keepdims)


def count_nonzero(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """How many elements over axes are not zero."""
    return _count_nonzero(x, axis=axis, keepdims=keepdims)


__all__ = ["all", "any", "argmax", "argmin", "count_nonzero", "max", "mean", "min", "std", "sum", "var"]
