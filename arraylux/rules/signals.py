"""Signals: convolution, correlation, and phases without jumps.

A convolution is linear in each of its two signals, and its adjoints are correlations: what each sample has moved in the
result is read back with the other signal in its own direction. A correlation over whole windows has, in turn, a
convolution for one adjoint and a correlation for the other, so the two primitives here are closed under derivatives.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import device_of, library
from ..tracer.core import strip
from ..tracer.declare import Bilinear, adjoint
from .cumulative import cumulative_sum
from .elementwise import abs
from .numpylike import arrays, floating, for_numpy
from .pairs import add, equal, greater, less, logical_and, remainder, subtract, where
from .shaping import along, concat, counted, diff, flip


def _run_convolve(a: Any, b: Any) -> Any:
    if a.shape[0] < b.shape[0]:
        a, b = b, a
    xp, n = library(a), a.shape[0]
    y = xp.zeros((n + b.shape[0] - 1,), dtype=xp.result_type(a.dtype, b.dtype), device=device_of(a))
    for k in range(b.shape[0]):
        y[k:k + n] += a * b[k]
    return y


def _run_windows(a: Any, b: Any) -> Any:
    """Sum a[i + k] b[k] over k, for each i at which the shorter b lies within a."""
    xp, count = library(a), a.shape[0] - b.shape[0] + 1
    y = xp.zeros((count,), dtype=xp.result_type(a.dtype, b.dtype), device=device_of(a))
    if b.shape[0] > count:
        for i in range(count):
            y[i] = xp.sum(a[i:i + b.shape[0]] * b)
        return y
    for k in range(b.shape[0]):
        y += a[k:k + count] * b[k]
    return y


_convolve: Bilinear = Bilinear("convolve", lambda g, a, b: _windows(g, adjoint(b)),
                               lambda g, a, b: _windows(g, adjoint(a)), run=_run_convolve, numpy=np.convolve)
_windows: Bilinear = Bilinear("correlate_windows", lambda g, a, b: _convolve(g, adjoint(b)),
                              lambda g, a, b: _windows(adjoint(a), g), run=_run_windows,
                              numpy=lambda a, b: np.correlate(a, np.conj(b), "valid"))


def _signals(name: str, a: Any, v: Any, mode: str) -> tuple[Any, Any]:
    a, v = arrays(a, v)
    if len(a.shape) != 1 or len(v.shape) != 1 or not a.shape[0] or not v.shape[0]:
        raise ValueError(f"{name} takes two vectors with elements, got shapes {tuple(a.shape)} and {tuple(v.shape)}")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f'{name}: mode is "full", "same" or "valid", got {mode!r}')
    return a, v


def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """Convolve two vectors: the sums of a[i] v[n - i].

    Arguments: `a`, `v`; `mode`, `"full"` for all sums, `"same"` for as many as the longer vector has elements,
    `"valid"` for those in which the shorter one takes part as a whole.

    Errors: ValueError for what is no vector, or an unknown mode.

    >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]))
    array([ 1., 12., 23., 30.])
    """
    if for_numpy(a, v):
        return np.convolve(a, v, mode)
    a, v = _signals("convolve", a, v, mode)
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    if mode == "valid":
        return _windows(a, flip(v))
    y = _convolve(a, v)
    first = (v.shape[0] - 1) // 2
    return y if mode == "full" else y[first:first + a.shape[0]]


def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """Correlate two vectors: the sums of a[n + i] conj(v[i]); modes as for `convolve`.

    >>> correlate(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]))
    array([21., 32.])
    """
    if for_numpy(a, v):
        return np.correlate(a, v, mode)
    a, v = _signals("correlate", a, v, mode)
    if v.shape[0] > a.shape[0]:                             # then it is the reverse of the other's
        return flip(adjoint(correlate(v, a, mode)))
    return _windows(a, adjoint(v)) if mode == "valid" else convolve(a, flip(adjoint(v)), mode)


def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Any:
    """Take jumps by whole periods out of a phase: its derivative is that of the phase.

    Arguments: `p`; `discont`, the least jump that is taken out, half of the period if not given; `axis`; `period`.

    >>> unwrap(np.array([0.0, 3.0, -2.0]))
    array([0.        , 3.        , 4.28318531])
    """
    if for_numpy(p):
        return np.unwrap(p, discont, axis, period=period)
    p, = arrays(p)
    p = floating(p)
    axis = counted(axis, p.ndim)
    half = period / 2
    steps = diff(strip(p), axis=axis)
    folded = subtract(remainder(add(steps, half), period), half)
    folded = where(logical_and(equal(folded, -half), greater(steps, 0)), half, folded)
    small = less(abs(steps), half if discont is None else max(half, discont))
    shifts = cumulative_sum(where(small, 0.0, subtract(folded, steps)), axis=axis)
    first = p[along(axis, slice(0, 1))]
    return concat([first, add(p[along(axis, slice(1, None))], shifts)], axis=axis)


__all__ = ["convolve", "correlate", "unwrap"]
