"""The smooth curves of neural networks as primitives: sigmoid, softplus, log cosh, swish and gelu.

Each is a textbook formula in which some exponential can overflow or cancel, so each is computed in a form that
cannot: exponentials are taken of numbers below zero only, and a cube only of numbers whose hyperbolic tangent is not
1 already. Each knows its derivative in closed form, and keeps for it whichever of result and argument is enough.
NumPy's versions do the same steps into as few arrays as possible, since for large arrays memory is what costs.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import library
from ..memory import LARGE, empty
from ..rules.elementwise import exp, expm1, square, tanh
from ..rules.pairs import clip
from ..rules.special import erf, sigmoid
from ..tracer.declare import Unary


def _into(y: Any) -> Any:
    """Return `y` as the `out` of a ufunc, `None` if it is a NumPy scalar, which nothing can be written into."""
    return y if type(y) is np.ndarray else None


# --- softplus -----------------------------------------------------------------------------------------------------
def _run_softplus(x: Any) -> Any:
    xp = library(x)
    return xp.log1p(xp.exp(-xp.abs(x))) + xp.maximum(x, xp.zeros_like(x))


def _np_softplus(x: Any) -> Any:
    y = np.exp(-np.abs(x))
    y = np.log1p(y, out=_into(y))
    y += np.maximum(x, 0)
    return y


# With y = log(1 + e^x) the derivative e^x / (1 + e^x) is 1 - e^-y.
softplus = Unary("softplus", lambda y, x: -expm1(-y), keeps="y", run=_run_softplus, numpy=_np_softplus)


# --- log cosh -----------------------------------------------------------------------------------------------------
def _run_logcosh(x: Any) -> Any:
    xp = library(x)
    size = xp.abs(x)
    return size + xp.log1p(xp.square(xp.exp(-size))) - math.log(2)


logcosh = Unary("logcosh", lambda y, x: tanh(x), run=_run_logcosh)


# --- swish --------------------------------------------------------------------------------------------------------
def _swish_slope(y: Any, x: Any) -> Any:
    s = sigmoid(x)
    return s + y * (1 - s)


swish = Unary("swish", _swish_slope, keeps="0y", run=lambda x: x * sigmoid(x))

# --- gelu ---------------------------------------------------------------------------------------------------------
# gelu(x) = x/2 (1 + t) with t = tanh(u), u = c (x + a x^3), u' = c (1 + 3 a x^2), u'' = 6 a c x. Beyond FAR the
# tangent is 1 in any precision and all its derivatives are 0, so x is limited to it wherever t is at work.
C = math.sqrt(2 / math.pi)
A = 0.044715
FAR = 10.0
BLOCK = 65_536


def _np_gelu(x: Any) -> Any:
    near = np.clip(x, -FAR, FAR)
    y = near * near
    y *= A * C
    y += C
    y *= near
    y = np.tanh(y, out=_into(y))
    y += 1
    y *= 0.5
    y *= x
    return y


def _run_gelu(x: Any) -> Any:
    xp = library(x)
    near = xp.clip(x, -FAR, FAR)
    return 0.5 * x * (1 + xp.tanh(C * (near + A * near * near * near)))


def _np_gelu_slope(x: Any) -> Any:
    # Four arrays of scratch: for large x in blocks that stay in the cache, which takes a fifth of the time.
    if x.size <= BLOCK:
        return _gelu_slope_of_block(x)
    y = np.empty(x.size, x.dtype)
    flat = x.reshape(-1)
    for start in range(0, x.size, BLOCK):
        y[start:start + BLOCK] = _gelu_slope_of_block(flat[start:start + BLOCK])
    return y.reshape(x.shape)


def _gelu_slope_of_block(x: Any) -> Any:
    near = np.clip(x, -FAR, FAR)
    squared = near * near
    t = squared * (A * C)
    t += C
    t *= near
    t = np.tanh(t, out=_into(t))
    y = 1 - t * t
    squared *= 3 * A * C
    squared += C
    y *= squared
    y *= near
    y += t
    y += 1
    y *= 0.5
    return y


def _run_gelu_slope(x: Any) -> Any:
    xp = library(x)
    near = xp.clip(x, -FAR, FAR)
    t = xp.tanh(C * (near + A * near * near * near))
    return 0.5 * (1 + t) + 0.5 * near * (1 - t * t) * C * (1 + 3 * A * near * near)


def _gelu_curvature(y: Any, x: Any) -> Any:
    near = clip(x, -FAR, FAR)
    squared = square(near)
    t = tanh(C * near * (1 + A * squared))
    slope = C * (1 + 3 * A * squared)
    first = (1 - square(t)) * slope
    return first + near * (3 * A * C * near * (1 - square(t)) - t * first * slope)


gelu_slope = Unary("gelu_slope", _gelu_curvature, run=_run_gelu_slope, numpy=_np_gelu_slope)
gelu = Unary("gelu", lambda y, x: gelu_slope(x), run=_run_gelu, numpy=_np_gelu)


def _run_gelu_erf(x: Any) -> Any:
    return x * _normal_cdf(x)


def _normal_cdf(x: Any) -> Any:
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


def _normal_pdf(x: Any) -> Any:
    return exp(-0.5 * square(clip(x, -4 * FAR, 4 * FAR))) * math.sqrt(0.5 / math.pi)


# The exact gelu has the form of the other one, x/2 (1 + tanh(u)), with u = artanh(erf(x / sqrt 2)), an odd function of
# which C (x + A x^3) has the first two terms. Seven terms, fitted so that the largest error of (1 + tanh(u)) / 2 is as
# small as it gets (3e-8, half the spacing of single precision at 1), do for float32 what SciPy's error function takes
# six times as long for. Beyond EDGE rounding leaves 0 or 1.
EDGE = 5.8
TERMS = (0.7978849414622851, 0.03633308456406818, -3.259496300088264e-05, -5.530619972438098e-05,
         3.964745658226277e-06, -1.322634494753415e-07, 1.7561741141744123e-09)


def _np_gelu_erf(x: Any) -> Any:
    if type(x) is not np.ndarray or x.dtype != np.float32:
        return _run_gelu_erf(x)
    y = np.empty(x.shape, x.dtype) if x.size <= LARGE else empty(x.shape, x.dtype)
    flat, result = x.reshape(-1), y.reshape(-1)
    for start in range(0, x.size, BLOCK):
        part, near = flat[start:start + BLOCK], np.clip(flat[start:start + BLOCK], -EDGE, EDGE)
        squared = near * near
        u = squared * TERMS[-1]
        for term in TERMS[-2:0:-1]:
            u += term
            u *= squared
        u += TERMS[0]
        u *= near
        np.tanh(u, out=u)
        u += 1
        u *= 0.5
        np.multiply(u, part, out=result[start:start + BLOCK])
    return y


gelu_erf = Unary("gelu_erf", lambda y, x: _normal_cdf(x) + x * _normal_pdf(x), run=_run_gelu_erf, numpy=_np_gelu_erf)

__all__ = ["gelu", "gelu_erf", "logcosh", "sigmoid", "softplus", "swish"]
