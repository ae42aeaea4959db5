"""Chapter 4: running sums and products.

A running sum is linear; its transpose runs backwards. A running product is a recurrence y[i] = x[i] y[i-1], and so
are its tangent and its cotangent, each with a second term. Such recurrences are solved by doubling: log2(n) rounds
of multiplications, and no division anywhere, so zeros among the factors need no special case at any order.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tracer.core import home
from ..tracer.declare import Custom, Linear, adjoint, zeros_like
from ..tracer.fitting import times
from .pairs import add
from .reducing import Axis, axes_of, count_of, expand, in_dtype
from .reducing import sum as sum_
from .shaping import along, concat, counted, flip, permute_dims, reshape


def cut(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """Return x[start:stop] along one axis."""
    return x[along(axis, slice(start, stop))]


def shift(x: Any, axis: int, by: int, fill: float) -> Any:
    """Move x along an axis by `by` places, forgetting what leaves and filling what opens."""
    size = x.shape[axis]
    kept = cut(x, axis, None, size - by) if by > 0 else cut(x, axis, -by, None)
    opened = cut(zeros_like(x), axis, 0, abs(by)) + fill
    return concat([opened, kept] if by > 0 else [kept, opened], axis=axis)


def recurrence(a: Any, b: Any, axis: int) -> Any:
    """Solve s[i] = a[i] s[i-1] + b[i] along an axis, with s[-1] = 0."""
    by = 1
    while by < b.shape[axis]:
        b = add(b, times(a, shift(b, axis, by, 0)))
        a = a * shift(a, axis, by, 1)
        by *= 2
    return b


def _before(x: Any, axis: int) -> Any:
    """Return the product of all elements before each one, itself excluded."""
    return cumulative_product(shift(x, axis, 1, 1), axis=axis) if x.shape[axis] else x


def _push_product(tangents: Sequence[Any], y: Any, x: Any, *, axis: int) -> Any:
    return recurrence(x, times(_before(x, axis), tangents[0]), axis)


def _pull_product(g: Any, y: Any, x: Any, *, axis: int) -> Any:
    if not x.shape[axis]:
        return (g,)
    following = flip(shift(adjoint(x), axis, -1, 0), axis=axis)
    return (times(adjoint(_before(x, axis)), flip(recurrence(following, flip(g, axis=axis), axis), axis=axis)),)


def _backwards(g: Any, x: Any, *, axis: int) -> Any:
    return flip(_running_sum(flip(g, axis=axis), axis=axis), axis=axis)


_running_sum = Linear("cumulative_sum", _backwards, numpy=np.cumsum)
cumulative_product = Custom("cumulative_prod", jvp=_push_product, vjp=_pull_product, keeps="0", numpy=np.cumprod)


def _axis(x: Any, axis: int | None) -> int:
    if axis is None and x.ndim != 1:
        raise ValueError(f"a running sum or product of an array of shape {tuple(x.shape)} needs an axis; only for one "
                         "dimension can it be left out")
    return counted(axis or 0, x.ndim)


def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """Running sum along an axis; with `include_initial` it starts with a zero."""
    axis = _axis(x, axis)
    y = in_dtype(_running_sum, x, dtype, axis=axis)
    return concat([_first(y, axis, 0), y], axis=axis) if include_initial else y


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """Running product along an axis; with `include_initial` it starts with a one."""
    axis = _axis(x, axis)
    y = in_dtype(cumulative_product, x, dtype, axis=axis)
    return concat([_first(y, axis, 1), y], axis=axis) if include_initial else y


def _first(y: Any, axis: int, value: int) -> Any:
    xp, device = home(y)
    return xp.full((*y.shape[:axis], 1, *y.shape[axis + 1:]), value, dtype=y.dtype, device=device)


# --- the product of all elements ------------------------------------------------------------------------------------
def _others(x: Any, axis: Axis) -> Any:
    """Return, for each element, the product of all others that it is multiplied with."""
    axes = axes_of(x, axis)
    order = (*[i for i in range(x.ndim) if i not in axes], *axes)
    kept = tuple([x.shape[i] for i in order[:x.ndim - len(axes)]])
    flat = reshape(permute_dims(x, order), (*kept, count_of(x, axis)))
    last = len(kept)
    others = _before(flat, last) * flip(_before(flip(flat, axis=last), last), axis=last)
    back = sorted(range(x.ndim), key=lambda i: order[i])
    return permute_dims(reshape(others, tuple([x.shape[i] for i in order])), tuple(back))


def _push_prod(tangents: Sequence[Any], y: Any, x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return sum_(times(_others(x, axis), tangents[0]), axis=axis, keepdims=keepdims)


def _pull_prod(g: Any, y: Any, x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return (times(expand(g, x, axis, keepdims), adjoint(_others(x, axis))),)


_prod = Custom("prod", jvp=_push_prod, vjp=_pull_prod, keeps="0")


def prod(x: Any, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """Product over axes; a zero among the factors is differentiated as it should be."""
    return in_dtype(_prod, x, dtype, axis=axis, keepdims=keepdims)


__all__ = ["cumulative_prod", "cumulative_sum", "prod"]
