"""Small arithmetic of rules: conjugates, and cotangents and tangents brought into the form of what they belong to."""
from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..backend import kind
from ..memory import LARGE, call
from .core import PRIMITIVES, home


def adjoint(d: Any) -> Any:
    """Return the conjugate of a partial derivative that is complex, a real one as it is."""
    dtype = getattr(d, "dtype", None)
    if dtype is None:
        return d.conjugate() if isinstance(d, complex) else d
    return PRIMITIVES["conj"](d) if kind(dtype) == "c" else d


def times(a: Any, b: Any) -> Any:
    """Return a * b, also where `a` is a plain array whose library refuses a tracer on the right."""
    return a * b if type(a) is type(b) else PRIMITIVES["multiply"](a, b)


def scale(g: Any, d: Any, *kept: Any) -> Any:
    """Return g * conj(d) for a partial derivative d; if it is large, in the memory of d unless that is a kept array."""
    if type(d) is np.ndarray is type(g) and d.dtype.kind == "f":
        if d.size <= LARGE:
            return g * d
        fresh = g.dtype == d.dtype and g.shape == d.shape and d.base is None and not any(d is x for x in kept)
        return np.multiply(g, d, out=d) if fresh and d.flags.writeable else call(np.multiply, g, d)
    return times(g, adjoint(d))


_add_up: Any = np.add.reduce


@lru_cache(maxsize=64)
def _ones(n: int, dtype: Any) -> Any:
    ones = np.ones(n, dtype)
    ones.flags.writeable = False
    return ones


def numpy_sum_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    """Sum a NumPy array over the axes along which an array of this shape was repeated."""
    new = x.ndim - len(shape)
    if x.shape[new:] == shape:
        if new == 1 and x.ndim == 2 and x.dtype.char in "fd":   # BLAS adds rows three times as fast as NumPy
            return np.dot(_ones(len(x), x.dtype), x)
        return _add_up(x, axis=0 if new == 1 else tuple(range(new)))
    axes = (*range(new), *[i + new for i, n in enumerate(shape) if n == 1 and x.shape[i + new] != 1])
    return _add_up(x, axis=axes).reshape(shape)


def fit(c: Any, form: Any) -> Any:
    """Give a cotangent the shape and dtype of `form`: sum over broadcast axes, take the real part, cast."""
    if c.shape != form.shape:
        c = numpy_sum_to(c, shape=form.shape) if type(c) is np.ndarray else PRIMITIVES["sum_to"](c, shape=form.shape)
    if c.dtype != form.dtype:
        if kind(c.dtype) == "c" and kind(form.dtype) != "c":
            c = PRIMITIVES["real"](c)
        if c.dtype != form.dtype:
            c = PRIMITIVES["astype"](c, dtype=form.dtype)
    return c


def fit_tangent(t: Any, y: Any) -> Any:
    """Give a tangent the shape and dtype of the result `y`: broadcast and cast."""
    if t.shape != y.shape:
        t = PRIMITIVES["broadcast_to"](t, shape=y.shape)
    return t if t.dtype == y.dtype else PRIMITIVES["astype"](t, dtype=y.dtype)


def add_tangents(parts: Sequence[Any]) -> Any:
    """Sum the tangents that are not zero (`None`); `None` if all are."""
    total = None
    for t in parts:
        if t is not None:
            total = t if total is None else PRIMITIVES["add"](total, t)
    return total


def zeros_like(x: Any) -> Any:
    """Return zeros of the shape, dtype, library and device of `x`, whatever traces it."""
    if isinstance(x, (int, float, complex)) and not hasattr(x, "shape"):
        return 0j if isinstance(x, complex) else 0.0            # not 0 * x, since x may be infinite
    xp, device = home(x)
    return xp.zeros(x.shape, dtype=x.dtype, device=device)
