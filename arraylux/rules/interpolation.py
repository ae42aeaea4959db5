"""Curves that are given by samples or by pieces: `interp`, `gradient`, `trapezoid`, `polyval`, `select`.

Between two samples a curve is a straight line, so its value is linear in the samples and its derivative is the slope;
at a sample the line on the right counts. Differences and sums of such samples stand for derivatives and integrals. All
of it is arithmetic on neighbours, and so are its derivatives.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tracer.core import home, strip
from ..tracer.declare import zeros_like
from ..tracer.fitting import times
from .creation import asarray
from .elementwise import astype
from .indexing import argsort, searchsorted, take
from .numpylike import arrays, floating, for_numpy
from .pairs import add, clip, divide, greater, less, remainder, subtract, where
from .reducing import sum
from .shaping import along, broadcast_to, concat, counted, reshape


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None) -> Any:
    """Interpolate linearly between samples.

    Arguments: `x`, where to; `xp`, where the samples are, rising; `fp`, their values, which may be complex; `left` and
    `right`, the values beyond the first and the last sample, which are those of these samples if not given; `period`,
    of a curve that repeats, whose samples come in any order. There are derivatives by `x`, `xp`, `fp`, `left` and
    `right`.

    Returns: an array like `x`, in double precision as NumPy's.

    Errors: ValueError for samples that are no two vectors of one length.

    >>> float(interp(2.5, [1.0, 2.0, 3.0], [10.0, 20.0, 40.0]))
    30.0
    """
    if for_numpy(x, xp, fp, left, right, period):
        return np.interp(x, xp, fp, left, right, period)
    x, xp, fp = arrays(x, xp, fp)
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.shape[0]:
        raise ValueError(f"interp needs the places and the values of its samples as two vectors of one length, got "
                         f"shapes {tuple(xp.shape)} and {tuple(fp.shape)}")
    library = home(x)[0]
    x, xp = astype(x, dtype=library.float64), astype(xp, dtype=library.float64)
    fp = astype(fp, dtype=library.result_type(fp.dtype, library.float64))
    if period is not None:
        period, left, right = abs(float(period)), None, None
        x, xp = remainder(x, period), remainder(xp, period)
        order = argsort(xp)
        xp, fp = take(xp, order), take(fp, order)
        xp = concat([subtract(xp[-1:], period), xp, add(xp[:1], period)])
        fp = concat([fp[-1:], fp, fp[:1]])
    n = xp.shape[0]
    left = fp[0] if left is None else asarray(left, like=x)
    right = fp[n - 1] if right is None else asarray(right, like=x)
    if n == 1:
        inside = add(times(x, 0.0), fp[0])
    else:
        i = reshape(clip(subtract(searchsorted(strip(xp), strip(x), side="right"), 1), 0, n - 2), (-1,))
        x0, x1, f0, f1 = [reshape(take(v, j), x.shape) for v in (xp, fp) for j in (i, add(i, 1))]
        inside = add(f0, times(subtract(x, x0), divide(subtract(f1, f0), subtract(x1, x0))))
    return where(less(x, xp[0]), left, where(greater(x, xp[n - 1]), right, inside))


# --- differences and sums of samples ----------------------------------------------------------------------------------
def gradient(f: Any, *varargs: Any, axis: int | Sequence[int] | None = None, edge_order: Any = 1) -> Any:
    """The derivative of a curve that is given by samples, along each axis: NumPy's `gradient`.

    Arguments: `f`, the samples; `varargs`, the distance of neighbours, one for all axes or one for each, or the places
    of the samples along each axis; `axis`, which axes (all, if not given); `edge_order`, 1 or 2, the order of the
    differences at the ends.

    Returns: an array like `f`, or a tuple of such for several axes.

    Errors: ValueError for too few samples, or places that do not fit.

    >>> gradient(np.array([1.0, 2.0, 4.0, 7.0]))
    array([1. , 1.5, 2.5, 3. ])
    """
    if for_numpy(f, *varargs):
        return np.gradient(f, *varargs, axis=axis, edge_order=edge_order)
    f, *steps = arrays(f, *varargs)
    f = floating(f)
    axes = range(f.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = [counted(a, f.ndim) for a in axes]
    if not steps:
        steps = [asarray(1.0, like=f, dtype=f.dtype)]
    if len(steps) == 1 and not steps[0].ndim:
        steps = steps * len(axes)
    if len(steps) != len(axes) or edge_order not in (1, 2):
        raise ValueError(f"gradient takes one distance for all axes, or one for each of {len(axes)}, and edge_order 1 "
                         f"or 2; got {len(varargs)} distances and edge_order={edge_order}")
    found = tuple([_slopes(f, step, a, edge_order) for step, a in zip(steps, axes, strict=True)])
    return found[0] if len(found) == 1 else found


def _slopes(f: Any, step: Any, axis: int, edge_order: int) -> Any:
    """Return the derivative along one axis: in the middle of two pieces, the nearer one's slope counts for more."""
    n = f.shape[axis]
    if n <= edge_order or (step.ndim and tuple(step.shape) != (n,)):
        raise ValueError(f"gradient: axis {axis} of shape {tuple(f.shape)} needs more than {edge_order} samples, and "
                         f"as many places as samples; got places of shape {tuple(step.shape)}")

    def part(x: Any, start: int | None, stop: int | None) -> Any:
        return x[along(axis, slice(start, stop))]

    width = subtract(step[1:], step[:-1]) if step.ndim else broadcast_to(step, (n - 1,))
    width = reshape(width, (1,) * axis + (-1,) + (1,) * (f.ndim - axis - 1))
    slope = divide(subtract(part(f, 1, None), part(f, None, -1)), width)
    left, before = part(width, None, -1), part(slope, None, -1)
    right, after = part(width, 1, None), part(slope, 1, None)
    middle = divide(add(times(right, before), times(left, after)), add(left, right))
    first, last = part(slope, None, 1), part(slope, -1, None)
    if edge_order == 2:
        bend = divide(subtract(before, after), add(left, right))
        first = add(first, times(part(bend, None, 1), part(left, None, 1)))
        last = subtract(last, times(part(bend, -1, None), part(right, -1, None)))
    return astype(concat([first, middle, last], axis=axis), dtype=f.dtype)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of a curve that is given by samples `y` at `x`, or at distances `dx`, by the trapezoidal rule.

    >>> float(trapezoid(np.array([1.0, 2.0, 4.0]), dx=0.5))
    2.25
    """
    if for_numpy(y, x, dx):
        return np.trapezoid(y, x, dx, axis)
    y, x = arrays(y, x)
    width = dx
    if x is not None:
        at = counted(axis, x.ndim) if x.ndim > 1 else 0
        width = subtract(x[along(at, slice(1, None))], x[along(at, slice(None, -1))])
    axis = counted(axis, y.ndim)
    if x is not None and x.ndim == 1:
        width = reshape(width, (-1,) + (1,) * (y.ndim - axis - 1))
    both = add(y[along(axis, slice(1, None))], y[along(axis, slice(None, -1))])
    return sum(times(times(both, width), 0.5), axis=axis)


def polyval(p: Any, x: Any) -> Any:
    """The polynomial with the coefficients `p`, that of the highest power first, at `x`.

    >>> float(polyval([1.0, 0.0, 2.0], 3.0))
    11.0
    """
    if for_numpy(p, x):
        return np.polyval(p, x)
    p, x = arrays(p, x)
    y = zeros_like(x)
    for i in range(p.shape[0]):
        y = add(times(y, x), p[i])
    return y


# --- choices ------------------------------------------------------------------------------------------------------
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Elements of the first choice whose condition is true, or of the default."""
    if for_numpy(condlist, choicelist, default):
        return np.select(condlist, choicelist, default)
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"select needs one choice for each condition, got {len(choicelist)} choices and "
                         f"{len(condlist)} conditions")
    *conditions, first = arrays(*condlist, next(c for c in (*choicelist, default) if hasattr(c, "dtype")))
    y = default if hasattr(default, "dtype") else asarray(default, like=first, dtype=first.dtype)
    for condition, choice in zip(conditions[::-1], choicelist[::-1], strict=True):
        y = where(strip(condition), choice, y)
    return y


__all__ = ["gradient", "interp", "polyval", "select", "trapezoid"]
