"""Losses of regression: how far numbers are from numbers.

A squared error is most of all sensitive to the worst predictions, and its best constant prediction is the mean of the
targets; an absolute error weighs all deviations alike, and its best constant prediction is the median.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library
from ..rules.elementwise import abs, conj, imag, real, square
from ..rules.pairs import subtract
from ..rules.reducing import sum
from ..tracer.declare import Custom
from ..tracer.fitting import times
from .base import Loss


def _run_mean_square(x: Any) -> Any:
    xp = library(x)
    return xp.mean(xp.real(x) ** 2 + xp.imag(x) ** 2 if kind(x.dtype) == "c" else x * x)


def _np_mean_square(x: Any) -> Any:
    if x.dtype.char in "fdFD":
        return np.vdot(x, x).real / x.size
    return np.mean(np.square(x, dtype=np.float32)).astype(x.dtype)        # squares of float16 overflow at 256


def _push_mean_square(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    t = tangents[0]
    return sum(real(times(conj(x), t)) if kind(x.dtype) == "c" else times(x, t)) * (2 / x.size)


# The mean of |x|². Small regressions spend their time on overhead, so it is one operation and not three.
mean_square = Custom("mean_square", jvp=_push_mean_square, vjp=lambda g, y, x: (times(x, g * (2 / x.size)),), keeps="0",
                     run=_run_mean_square, numpy=_np_mean_square)


class MSELoss(Loss):
    """Mean squared error: the mean of |y_pred - y|². Also called `L2Loss`.

    Arguments: `agg`, the aggregate of the squares: `"mean"`, `"sum"`, `None`, or a function.

    >>> round(float(MSELoss()(np.array([1.1, 1.9, 3.1]), np.array([1.0, 2.0, 3.0]))), 6)
    0.01
    """

    def evaluate(self, y_pred: Any, y: Any) -> Any:
        if self.agg == "mean":
            return mean_square(subtract(y_pred, self.matching(y_pred, y)))
        return super().evaluate(y_pred, y)

    def compare(self, y_pred: Any, y: Any) -> Any:
        d = subtract(y_pred, y)
        return square(real(d)) + square(imag(d)) if kind(d.dtype) == "c" else square(d)


class MAELoss(Loss):
    """Mean absolute error: the mean of |y_pred - y|, with the derivative 0 where they are equal. Also called `L1Loss`.

    Arguments: `agg`, the aggregate of the absolute values: `"mean"`, `"sum"`, `None`, or a function.

    >>> round(float(MAELoss()(np.array([1.1, 1.9, 3.1]), np.array([1.0, 2.0, 3.0]))), 6)
    0.1
    """

    def compare(self, y_pred: Any, y: Any) -> Any:
        return abs(subtract(y_pred, y))


L2Loss = MSELoss
L1Loss = MAELoss
