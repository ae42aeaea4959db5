"""Standardising as one primitive: subtract the mean, divide by the standard deviation, scale and shift.

Every normalisation is y = (x - mean) / sigma * scale + bias with sigma^2 = var + epsilon; they differ in the axes over
which mean and variance are taken. Written as seven operations it would go through memory as often, and keep most of
what it made for the reverse pass. As one primitive it keeps x, which is there anyway, and the few numbers that mean
and variance are. With z = (x - mean) / sigma and h = g scale, its reverse rule is

    dx = (h - mean(h) - z mean(h z)) / sigma:

adding a constant to x, or making it longer, does not change y, so what comes back has no part in these two directions.
NumPy's versions go through x in blocks that stay in the cache, and leave sums to BLAS.

Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
shift", ICML 2015, section 3.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import library
from ..memory import LARGE, empty
from ..rules.elementwise import sqrt
from ..rules.pairs import subtract
from ..rules.reducing import sum
from ..tracer.core import Form, Primitive
from ..tracer.fitting import add_tangents, fit, fit_tangent, numpy_sum_to, times

BLOCK = 65_536                  # elements: a few such blocks of float32 fit into a core's cache

Axes = tuple[int, ...]


def _count(x: Any, axes: Axes) -> int:
    """Return how many numbers each mean is taken of; 1 if there are none, whose sum 0 is then their mean."""
    n: int = math.prod([x.shape[a] for a in axes])
    return max(n, 1)


def _run(x: Any, scale: Any = None, bias: Any = None, *, axes: Axes, epsilon: float, centre: bool) -> Any:
    xp, n = library(x), _count(x, axes)
    mean = xp.sum(x, axis=axes, keepdims=True) / n
    mean = mean if centre else xp.zeros_like(mean)
    y = x - mean
    var = xp.sum(y * y, axis=axes, keepdims=True) / n
    y = y / xp.sqrt(var + epsilon)
    y = y if scale is None else y * scale
    return y if bias is None else y + bias, mean, var


class _Standardise(Primitive):
    """(x - mean) / sqrt(var + epsilon) * scale + bias, with its mean and variance over `axes`.

    Scale and bias, which may be missing, line up with the last axes of x. Without `centre` the mean is taken for zero,
    and the variance is the mean square. Returns y, and mean and variance with axes of length 1.
    """

    __slots__ = ()

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        x, *affine = args
        kept = [Form(a) if i or parents[0] < 0 else a for i, a in enumerate(affine)]
        return (Form(y[0]), *y[1:]), (x, *kept)

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        y, mean, var = y
        x, scale, _ = _three(args)
        dx, dscale, dbias = _three(tangents)
        axes, n = params["axes"], _count(x, params["axes"])
        rstd = 1 / sqrt(var + params["epsilon"])
        c = subtract(x, mean)
        parts, dmean, dvar = [dbias], None, None
        if dx is not None:
            dvar = sum(times(c, dx), axis=axes, keepdims=True) * (2 / n)
            if params["centre"]:
                dmean = sum(dx, axis=axes, keepdims=True) / n
                dx = subtract(dx, dmean)
            dz = times(subtract(dx, times(c, rstd * rstd * dvar * 0.5)), rstd)
            parts.append(dz if scale is None else times(dz, scale))
        if dscale is not None:
            parts.append(times(times(c, rstd), dscale))
        return fit_tangent(add_tangents(parts), y), dmean, dvar

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        (gy, gmean, gvar), (_, mean, var), (x, scale, bias) = g, y, _three(args)
        axes, centre, n = params["axes"], params["centre"], _count(x, params["axes"])
        if gmean is None and gvar is None and parents[0] >= 0 and _quick(x, scale, gy):
            return _np_pull(gy, x, scale, mean, _reciprocal_root(var, params["epsilon"]), axes, centre)[:len(parents)]
        rstd = 1 / sqrt(var + params["epsilon"])
        c = subtract(x, mean)
        to_x, dscale, dbias = [], None, None
        if gy is not None:
            z = times(c, rstd)
            if parents[0] >= 0:
                h = gy if scale is None else times(gy, scale)
                level = sum(h, axis=axes, keepdims=True) / n
                slope = sum(times(h, z), axis=axes, keepdims=True) / n
                h = subtract(h, level) if centre else h
                to_x.append(times(subtract(h, times(z, slope)), rstd))
            if scale is not None and parents[1] >= 0:
                dscale = fit(times(gy, z), scale)
            if bias is not None and parents[2] >= 0:
                dbias = fit(gy, bias)
        if parents[0] >= 0:
            to_x += [None if gmean is None or not centre else gmean / n,
                     None if gvar is None else times(c, gvar * (2 / n))]
        dx = add_tangents(to_x)
        return (None if dx is None else fit_tangent(dx, x), dscale, dbias)[:len(parents)]


def _three(args: Sequence[Any]) -> tuple[Any, Any, Any]:
    """Return what belongs to x, the scale and the bias, `None` for those that are missing."""
    x, scale, bias = (*args, None, None)[:3]
    return x, scale, bias


# --- on NumPy's arrays ----------------------------------------------------------------------------------------------
def _quick(x: Any, scale: Any, other: Any) -> bool:
    """Say whether these are NumPy arrays of one dtype that BLAS knows, and x can be cut along its first axis."""
    if type(x) is not np.ndarray or x.dtype.char not in "fd" or not x.size:
        return False
    if scale is not None and not 0 < scale.ndim < x.ndim:
        return False
    return all(a is None or (type(a) is np.ndarray and a.dtype == x.dtype) for a in (scale, other))


def _each_block(run: Callable[[slice], Any], x: Any) -> list[Any]:
    """Return `run` of each block of rows."""
    rows = max(1, BLOCK * len(x) // x.size)
    return [run(slice(start, start + rows)) for start in range(0, len(x), rows)]


def _blank(x: Any) -> Any:
    return empty(x.shape, x.dtype) if x.size > LARGE else np.empty(x.shape, x.dtype)


def _trailing(x: Any, axes: Axes, scale: Any) -> int:
    """Return how many of the last axes are normalised, with one scale for all of their elements."""
    k = 0
    while x.ndim - 1 - k in axes and (scale is None or scale.ndim <= k or scale.shape[-1 - k] == 1):
        k += 1
    return k


def _sums(x: Any, k: int) -> Any:
    """Sum over the last k axes, which stay as axes of length 1."""
    if not k:
        return x
    n = math.prod(x.shape[-k:])
    return np.dot(x.reshape(-1, n), np.ones(n, x.dtype)).reshape(x.shape[:-k] + (1,) * k)


def _dots(a: Any, b: Any, k: int) -> Any:
    """Sum products over the last k axes, which stay as axes of length 1."""
    if not k:
        return a * b
    n = math.prod(a.shape[-k:])
    return np.vecdot(a.reshape(-1, n), b.reshape(-1, n)).reshape(a.shape[:-k] + (1,) * k)


def _rest(a: Any, k: int, axes: Axes) -> Any:
    """Sum over the axes that are left when the last k have been summed over."""
    return a if k == len(axes) else np.add.reduce(a, axis=axes, keepdims=True)


def _reciprocal_root(var: Any, epsilon: float) -> Any:
    rstd = var + epsilon
    np.sqrt(rstd, out=rstd)
    return np.reciprocal(rstd, out=rstd)


def _at(a: Any, rows: slice) -> Any:
    """Return what belongs to some rows of x of numbers that may be the same for all rows."""
    return a if len(a) == 1 else a[rows]


def _np_run(x: Any, scale: Any = None, bias: Any = None, *, axes: Axes, epsilon: float, centre: bool) -> Any:
    if not _quick(x, scale, bias):
        return _run(x, scale, bias, axes=axes, epsilon=epsilon, centre=centre)
    x, y = np.ascontiguousarray(x), _blank(x)
    k, n, across = _trailing(x, axes, None), _count(x, axes), 0 in axes
    form = tuple([1 if a in axes else size for a, size in enumerate(x.shape)])
    mean = _rest(_sums(x, k), k, axes) / n if centre else np.zeros(form, x.dtype)

    def squares(rows: slice) -> Any:
        c = np.subtract(x[rows], _at(mean, rows), out=y[rows]) if centre else x[rows]
        return _rest(_dots(c, c, k), k, axes)

    found = _each_block(squares, x)
    var = np.add.reduce(found).reshape(form) if across else np.concatenate(found)
    var /= n
    rstd = _reciprocal_root(var, epsilon)
    _each_block(lambda rows: _stretch(y[rows] if centre else x[rows], y[rows], _at(rstd, rows), scale, bias), x)
    return y, mean, var


def _stretch(c: Any, y: Any, rstd: Any, scale: Any, bias: Any) -> None:
    """Write into `y` centred numbers over their standard deviation, scaled and shifted."""
    if scale is None:
        np.multiply(c, rstd, out=y)
    elif scale.size * rstd.size < y.size:           # all factors are few: one pass for both
        np.multiply(c, rstd * scale, out=y)
    else:
        np.multiply(c, rstd, out=y)
        y *= scale
    if bias is not None:
        y += bias


def _np_pull(g: Any, x: Any, scale: Any, mean: Any, rstd: Any, axes: Axes, centre: bool) -> tuple[Any, Any, Any]:
    """Return the cotangents of x, of the scale and of the bias."""
    g, x, dx = np.ascontiguousarray(g), np.ascontiguousarray(x), _blank(x)
    by_element = scale is not None and axes == tuple(range(x.ndim - scale.ndim, x.ndim))
    if not by_element or scale.shape != x.shape[-scale.ndim:]:
        return dx, *_pull_planes(g, x, dx, scale, mean, rstd, axes, centre)
    found = _each_block(lambda rows: _pull_rows(g[rows], x[rows], dx[rows], scale, mean[rows], rstd[rows], centre), x)
    dscale, dbias = [parts[0] if len(parts) == 1 else np.add.reduce(parts) for parts in zip(*found, strict=True)]
    return dx, dscale, dbias


def _pull_planes(g: Any, x: Any, dx: Any, scale: Any, mean: Any, rstd: Any, axes: Axes,
                 centre: bool) -> tuple[Any, Any]:
    """Write the cotangent of x: what can be summed first is, before the scale comes in."""
    k, n = _trailing(x, axes, scale), _count(x, axes)
    total = _sums(g, k)

    def products(rows: slice) -> Any:
        c = np.subtract(x[rows], _at(mean, rows), out=dx[rows]) if centre else x[rows]
        return _dots(g[rows], c, k)

    aligned = np.concatenate(_each_block(products, x))
    dscale = dbias = None
    factor = rstd
    if scale is not None:
        dbias, dscale = numpy_sum_to(total, shape=scale.shape), numpy_sum_to(aligned * rstd, shape=scale.shape)
        total, aligned, factor = total * scale, aligned * scale, rstd * scale
    slope, level = _rest(aligned, k, axes) * (rstd**3 / n), _rest(total, k, axes) * (rstd / n)

    def write(rows: slice) -> None:
        c = np.multiply(dx[rows] if centre else x[rows], _at(slope, rows), out=dx[rows])
        if centre:
            c += _at(level, rows)
        np.subtract(g[rows] * _at(factor, rows), c, out=c)

    _each_block(write, x)
    return dscale, dbias


def _pull_rows(g: Any, x: Any, dx: Any, scale: Any, mean: Any, rstd: Any, centre: bool) -> tuple[Any, Any]:
    """Write the cotangent of x where each element of a row has a scale of its own: all sums are products of BLAS."""
    n, weight = scale.size, scale.reshape(-1)
    g, x, dx, mean, rstd = (a.reshape(-1, n) if a.size == x.size else a.reshape(-1, 1) for a in (g, x, dx, mean, rstd))
    c = np.subtract(x, mean, out=dx) if centre else x
    t = g * c
    dscale = np.dot(rstd[:, 0], t).reshape(scale.shape)
    dbias = numpy_sum_to(g, shape=(n,)).reshape(scale.shape)
    np.multiply(c, np.dot(t, weight)[:, None] * (rstd * rstd / n), out=dx)
    if centre:
        dx += np.dot(g, weight / n)[:, None]
    np.multiply(g, weight, out=t)
    np.subtract(t, dx, out=dx)
    dx *= rstd
    return dscale, dbias


standardise = _Standardise("standardise", run=_run, numpy=_np_run, keeps="01y", multiple=True)

__all__ = ["standardise"]
