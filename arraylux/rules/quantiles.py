"""Medians, percentiles and quantiles.

A quantile lies between two of the sorted values, and is linear in them: so a gradient goes to these two elements, in
the shares in which the quantile divides their distance. Where it lies depends on their number alone, and on the method,
of which there are a dozen; NumPy is asked for it, by letting it take the quantiles of the numbers 0, 1, 2, ...
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind, to_numpy
from ..tracer.core import Tracer, bare, home
from .creation import asarray
from .elementwise import astype, floor, isnan, logical_not
from .indexing import take, take_along_axis
from .numpylike import arrays, flattened, floating, for_numpy, no_out, reduced_shape
from .pairs import add, greater, minimum, multiply, subtract, where
from .reducing import Axis, sum
from .shaping import broadcast_to, moveaxis, reshape
from .sorting import sort

Ask = Callable[..., Any]                                # np.quantile or np.percentile


def _taken(name: str, ask: Ask, a: Any, q: Any, axis: Axis, method: str, keepdims: bool, skip: bool = False) -> Any:
    """Return quantiles of an array that may be traced; with `skip` of those of its elements that are numbers."""
    if isinstance(q, Tracer) and not q._is_constant():
        raise TypeError(f"{name} has no derivative by q; pass a number, or stop_gradient(q)")
    x, = arrays(a)
    if kind(x.dtype) == "c":
        raise TypeError(f"{name} takes real numbers, got an array of {x.dtype}; complex numbers have no order")
    x = floating(x)
    ordered = sort(flattened(x, axis))                  # what is not a number comes last
    if ordered.shape[-1] == 0:
        raise ValueError(f"{name} of no elements: axis {axis} of shape {tuple(x.shape)}")
    places = to_numpy(bare(q)) if hasattr(q, "shape") else np.asarray(q)
    number = not (places.ndim or hasattr(q, "dtype"))   # Python's numbers do not widen single precision
    dtype = x.dtype if number else home(x)[0].result_type(x.dtype, floating(asarray(places, like=x)).dtype)
    found = (_where_numbers_lie if skip else _where_all_lie)(ask, ordered, places.ravel(), method)
    y = _between(ordered, found, dtype)
    if not skip:
        last = ordered[..., -1:]
        y = where(isnan(last), astype(last, dtype=dtype), y)
    return reshape(moveaxis(y, -1, 0), places.shape + reduced_shape(x, axis, keepdims))


def _where_all_lie(ask: Ask, ordered: Any, q: Any, method: str) -> Any:
    """Return where quantiles lie among the sorted elements, counted from 0."""
    found = asarray(ask(np.arange(float(ordered.shape[-1])), q, method=method), like=ordered)
    return broadcast_to(found, (*ordered.shape[:-1], q.size))


def _where_numbers_lie(ask: Ask, ordered: Any, q: Any, method: str) -> Any:
    """Return where quantiles lie among the elements that are numbers: not a number where there is none."""
    xp, n = home(ordered)[0], ordered.shape[-1]
    counts = sum(astype(logical_not(isnan(ordered)), dtype=xp.int64), axis=-1)
    table = np.full((n + 1, q.size), np.nan)
    for count in np.unique(to_numpy(bare(counts))).tolist():
        if count:
            table[count] = ask(np.arange(float(count)), q, method=method)
    found = take(asarray(table, like=ordered), reshape(counts, (-1,)), axis=0)
    return reshape(found, (*ordered.shape[:-1], q.size))


def _between(ordered: Any, places: Any, dtype: Any) -> Any:
    """Read sorted elements at places between them."""
    lower = floor(where(isnan(places), 0.0, places))
    share = astype(subtract(places, lower), dtype=dtype)
    i = astype(lower, dtype=home(ordered)[0].int64)
    below = take_along_axis(ordered, i, axis=-1)
    above = take_along_axis(ordered, minimum(add(i, 1), ordered.shape[-1] - 1), axis=-1)
    # What lies at an element is that alone: the next one may be infinite, or not a number.
    above = where(greater(share, 0), above, below)
    return add(multiply(below, 1 - share), multiply(above, share))


def median(a: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The middle of the sorted elements over axes, or the mean of the two in the middle, which share the derivative.

    >>> float(median(np.array([3.0, 1.0, 2.0, 10.0])))
    2.5
    """
    no_out("median", out)
    if for_numpy(a):
        return np.median(a, axis, keepdims=keepdims)
    return _taken("median", np.quantile, a, 0.5, axis, "linear", keepdims)


def nanmedian(a: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False,
              keepdims: bool = False) -> Any:
    """The median of the elements that are numbers."""
    no_out("nanmedian", out)
    if for_numpy(a):
        return np.nanmedian(a, axis, keepdims=keepdims)
    return _taken("nanmedian", np.quantile, a, 0.5, axis, "linear", keepdims, skip=True)


def quantile(a: Any, q: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False,
             method: Any = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """Quantiles over axes.

    Arguments: `a`; `q`, between 0 and 1, a number or an array; `axis`; `method`, any of NumPy's; `keepdims`;
    `weights`, for NumPy's plain arrays alone. There is no derivative by `q`.

    Returns: an array whose first axes are those of `q`.

    Errors: TypeError for what has no derivative; ValueError for `q` out of its range, or no elements.

    >>> quantile(np.array([3.0, 1.0, 2.0, 10.0]), [0.0, 0.75])
    array([1.  , 4.75])
    """
    return _asked(np.quantile, np.quantile, a, q, axis, out, method, keepdims, weights)


def percentile(a: Any, q: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False,
               method: Any = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """Percentiles over axes: quantiles with `q` between 0 and 100."""
    return _asked(np.percentile, np.percentile, a, q, axis, out, method, keepdims, weights)


def nanquantile(a: Any, q: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False,
                method: Any = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """Quantiles over axes of the elements that are numbers."""
    return _asked(np.nanquantile, np.quantile, a, q, axis, out, method, keepdims, weights, skip=True)


def nanpercentile(a: Any, q: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False,
                  method: Any = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """Percentiles over axes of the elements that are numbers."""
    return _asked(np.nanpercentile, np.percentile, a, q, axis, out, method, keepdims, weights, skip=True)


def _asked(f: Any, ask: Any, a: Any, q: Any, axis: Axis, out: None, method: Any, keepdims: bool, weights: Any,
           skip: bool = False) -> Any:
    """Answer NumPy's function `f` for its own arrays, and for traced ones by what `ask` says of elements in order."""
    no_out(f.__name__, out)
    if for_numpy(a, q, weights):
        return f(a, q, axis, method=method, keepdims=keepdims, weights=weights)
    if weights is not None:
        raise TypeError(f"{f.__name__} of a traced array takes no weights; put the elements in order by argsort and "
                        "add the weights up with cumulative_sum")
    return _taken(f.__name__, ask, a, q, axis, method, keepdims, skip=skip)


__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]
