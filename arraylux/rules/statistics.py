"""Statistics: sums and means that pass over what is not a number, weighted averages, covariances.

What is not a number has no part in such a sum, so it is replaced *before* the arithmetic: its derivative is then zero,
and not the product of zero with something that is no number either.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind, real_dtype
from ..tracer.core import home
from ..tracer.declare import adjoint
from ..tracer.fitting import times
from .cumulative import cumulative_prod, cumulative_sum, prod
from .elementwise import astype, imag, isnan, logical_not, real, sqrt, square
from .linalg import diagonal
from .numpylike import arrays, floating, for_numpy, no_out
from .pairs import clip, divide, equal, subtract, where
from .products import matmul
from .reducing import Axis, all, axes_of, max, mean, min, sum
from .shaping import broadcast_to, concat, permute_dims, reshape


def _in_dtype(a: Any, dtype: Any) -> Any:
    x, = arrays(a)
    return x if dtype is None else astype(x, dtype=dtype)


def _filled(x: Any, value: float) -> Any:
    """Return an array with this value where it has no number."""
    return where(isnan(x), value, x) if kind(x.dtype) in "fc" else x


def _count(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return how many elements are numbers, as an array that fits beside x."""
    dtype = real_dtype(x.dtype) if kind(x.dtype) == "c" else x.dtype
    return sum(astype(logical_not(isnan(x)), dtype=dtype), axis=axis, keepdims=keepdims)


# --- what is not a number is passed over ------------------------------------------------------------------------------
def nansum(a: Any, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    """Sum over axes of the elements that are numbers."""
    no_out("nansum", out)
    if for_numpy(a):
        return np.nansum(a, axis, dtype, keepdims=keepdims)
    return sum(_filled(_in_dtype(a, dtype), 0), axis=axis, keepdims=keepdims)


def nanprod(a: Any, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    """Product over axes of the elements that are numbers."""
    no_out("nanprod", out)
    if for_numpy(a):
        return np.nanprod(a, axis, dtype, keepdims=keepdims)
    return prod(_filled(_in_dtype(a, dtype), 1), axis=axis, keepdims=keepdims)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running sum along an axis of the elements that are numbers."""
    no_out("nancumsum", out)
    if for_numpy(a):
        return np.nancumsum(a, axis, dtype)
    x = _filled(_in_dtype(a, dtype), 0)
    return cumulative_sum(reshape(x, (-1,)) if axis is None else x, axis=axis or 0)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running product along an axis of the elements that are numbers."""
    no_out("nancumprod", out)
    if for_numpy(a):
        return np.nancumprod(a, axis, dtype)
    x = _filled(_in_dtype(a, dtype), 1)
    return cumulative_prod(reshape(x, (-1,)) if axis is None else x, axis=axis or 0)


def nanmean(a: Any, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    """Mean over axes of the elements that are numbers; not a number where there is none."""
    no_out("nanmean", out)
    if for_numpy(a):
        return np.nanmean(a, axis, dtype, keepdims=keepdims)
    x = floating(_in_dtype(a, dtype))
    count = _count(x, axis, keepdims)
    return divide(sum(_filled(x, 0), axis=axis, keepdims=keepdims), where(equal(count, 0), math.nan, count))


def _extreme(f: Callable[..., Any], beyond: float, a: Any, axis: Axis, keepdims: bool) -> Any:
    x, = arrays(a)
    if kind(x.dtype) != "f":
        return f(x, axis=axis, keepdims=keepdims)
    y = f(_filled(x, beyond), axis=axis, keepdims=keepdims)
    return where(all(isnan(x), axis=axis, keepdims=keepdims), math.nan, y)


def nanmax(a: Any, axis: Axis = None, out: None = None, keepdims: bool = False) -> Any:
    """Largest over axes of the elements that are numbers; not a number where there is none."""
    no_out("nanmax", out)
    return np.nanmax(a, axis, keepdims=keepdims) if for_numpy(a) else _extreme(max, -math.inf, a, axis, keepdims)


def nanmin(a: Any, axis: Axis = None, out: None = None, keepdims: bool = False) -> Any:
    """Smallest over axes of the elements that are numbers; not a number where there is none."""
    no_out("nanmin", out)
    return np.nanmin(a, axis, keepdims=keepdims) if for_numpy(a) else _extreme(min, math.inf, a, axis, keepdims)


def nanvar(a: Any, axis: Axis = None, dtype: Any = None, out: None = None, ddof: float = 0,
           keepdims: bool = False) -> Any:
    """Variance over axes of the elements that are numbers, the sum of squares divided by (n - ddof)."""
    no_out("nanvar", out)
    if for_numpy(a):
        return np.nanvar(a, axis, dtype, ddof=ddof, keepdims=keepdims)
    x = floating(_in_dtype(a, dtype))
    apart = _filled(subtract(x, nanmean(x, axis, keepdims=True)), 0)
    squares = square(real(apart)) + square(imag(apart)) if kind(x.dtype) == "c" else square(apart)
    freedom = _count(x, axis, keepdims) - ddof
    return divide(sum(squares, axis=axis, keepdims=keepdims), where(freedom > 0, freedom, math.nan))


def nanstd(a: Any, axis: Axis = None, dtype: Any = None, out: None = None, ddof: float = 0,
           keepdims: bool = False) -> Any:
    """Standard deviation over axes of the elements that are numbers; its derivative is 0 where all are equal."""
    no_out("nanstd", out)
    if for_numpy(a):
        return np.nanstd(a, axis, dtype, ddof=ddof, keepdims=keepdims)
    y = nanvar(a, axis, dtype, ddof=ddof, keepdims=keepdims)
    none = equal(y, 0)
    return where(none, 0.0, sqrt(where(none, 1.0, y)))


# --- range and average ------------------------------------------------------------------------------------------------
def ptp(a: Any, axis: Axis = None, out: None = None, keepdims: bool = False) -> Any:
    """Largest less smallest element over axes."""
    no_out("ptp", out)
    if for_numpy(a):
        return np.ptp(a, axis, keepdims=keepdims)
    x, = arrays(a)
    return subtract(max(x, axis=axis, keepdims=keepdims), min(x, axis=axis, keepdims=keepdims))


def average(a: Any, axis: Axis = None, weights: Any = None, returned: Any = False, *, keepdims: Any = False) -> Any:
    """Weighted average over axes.

    Arguments: `a`; `axis`; `weights`, like `a`, or with the axes that `axis` names; `returned`, whether to return the
    sum of the weights too.

    Errors: ValueError for weights that do not fit.

    >>> float(average([1.0, 5.0], weights=[3, 1]))
    2.0
    """
    if for_numpy(a, weights):
        return np.average(a, axis, weights, returned, keepdims=keepdims)
    x, w = arrays(a, weights)
    x = floating(x)
    if w is None:
        y = mean(x, axis=axis, keepdims=keepdims)
        n = math.prod(x.shape) // (math.prod(y.shape) or 1)
        xp, device = home(x)
        return (y, xp.full(y.shape, n, dtype=y.dtype, device=device)) if returned else y
    if tuple(w.shape) != tuple(x.shape):
        axes = axes_of(x, axis)
        if axis is None or tuple(w.shape) != tuple([x.shape[i] for i in axes]):
            raise ValueError(f"average: weights of shape {tuple(w.shape)} fit neither shape {tuple(x.shape)} nor its "
                             f"axes {axis}")
        order = sorted(range(len(axes)), key=lambda i: axes[i])
        w = reshape(permute_dims(w, tuple(order)), tuple([n if i in axes else 1 for i, n in enumerate(x.shape)]))
    total = sum(broadcast_to(w, x.shape), axis=axis, keepdims=keepdims)
    total = astype(total, dtype=home(x)[0].result_type(x.dtype, floating(w).dtype))
    y = divide(sum(times(x, w), axis=axis, keepdims=keepdims), total)
    return (y, total) if returned else y


# --- covariance -------------------------------------------------------------------------------------------------------
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights: Any = None,
        aweights: Any = None, *, dtype: Any = None) -> Any:
    """The covariance matrix of variables.

    Arguments: `m`, of shape (variables, samples), or (samples, variables) without `rowvar`; `y`, further variables;
    `bias`, whether to divide by n and not n - 1; `ddof`, what to take off n instead; `fweights`, how often each sample
    counts, a whole number; `aweights`, how much.

    Returns: an array of shape (variables, variables); of one variable its variance.

    >>> cov(np.array([[0.0, 1.0, 2.0], [4.0, 2.0, 0.0]]))
    array([[ 1., -2.],
           [-2.,  4.]])
    """
    if for_numpy(m, y, fweights, aweights):
        return np.cov(m, y, rowvar, bias, ddof, fweights, aweights, dtype=dtype)
    x, more, fweights, aweights = arrays(m, y, fweights, aweights)
    rows = [_as_rows(v, rowvar, dtype) for v in (x, more) if v is not None]
    x = rows[0] if len(rows) == 1 else concat(rows, axis=0)
    taken = (0 if bias else 1) if ddof is None else ddof
    w = None
    for part in (fweights, aweights):
        if part is not None:
            if tuple(part.shape) != tuple(x.shape[1:]):
                raise ValueError(f"cov: {x.shape[1]} samples need a vector of as many weights, got shape "
                                 f"{tuple(part.shape)}")
            w = floating(part) if w is None else times(floating(part), w)
    if w is None:
        apart = weighted = subtract(x, mean(x, axis=1, keepdims=True))
        freedom = x.shape[1] - taken
    else:
        total = sum(w)
        apart = subtract(x, divide(sum(times(x, w), axis=1, keepdims=True), total))
        weighted = times(apart, w)
        lost = 1.0 if aweights is None else divide(sum(times(w, floating(aweights))), total)
        freedom = subtract(total, lost * float(taken))
    found = divide(matmul(apart, adjoint(weighted).mT), freedom)
    return reshape(found, ()) if found.shape == (1, 1) else found


def _as_rows(x: Any, rowvar: bool, dtype: Any) -> Any:
    """Return variables in rows, in double precision at least as NumPy's."""
    xp = home(x)[0]
    x = astype(x, dtype=xp.result_type(x.dtype, xp.float64) if dtype is None else dtype)
    if x.ndim > 2:
        raise ValueError(f"a covariance is of variables in rows, got shape {tuple(x.shape)}")
    x = reshape(x, (1, -1)) if x.ndim < 2 else x
    return x.mT if not rowvar and x.shape[0] != 1 else x


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """The matrix of correlation coefficients of variables; arguments as for `cov`."""
    if for_numpy(x, y):
        return np.corrcoef(x, y, rowvar, dtype=dtype)
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return divide(c, c)
    spread = sqrt(real(diagonal(c)) if kind(c.dtype) == "c" else diagonal(c))
    c = divide(divide(c, reshape(spread, (-1, 1))), spread)
    if kind(c.dtype) == "c":
        return clip(real(c), -1.0, 1.0) + clip(imag(c), -1.0, 1.0) * 1j
    return clip(c, -1.0, 1.0)


__all__ = ["average", "corrcoef", "cov", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd",
           "nansum", "nanvar", "ptp"]
