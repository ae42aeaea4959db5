"""Chapter 1: elementwise functions of one array.

Each line is a function and its derivative, written with the result `y` where that is cheaper than the argument `x`
(tanh' = 1 - y^2), and so kept on the tape instead of it. Functions that are flat almost everywhere, or whose values
are no real numbers, have the derivative zero and give back plain arrays.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..backend import kind, library
from ..tracer.core import strip
from ..tracer.declare import Custom, Flat, Linear, Unary, fit
from ..tracer.fitting import times

negative = Unary("negative", lambda y, x: -1, keeps="")
positive = Linear("positive", lambda g, x: g)
square = Unary("square", lambda y, x: 2.0 * x)
sqrt = Unary("sqrt", lambda y, x: 0.5 / y, keeps="y")
cbrt = Unary("cbrt", lambda y, x: 1 / (3 * y * y), keeps="y")            # not in the standard: for np.cbrt
reciprocal = Unary("reciprocal", lambda y, x: -y * y, keeps="y")
exp = Unary("exp", lambda y, x: y, keeps="y")
expm1 = Unary("expm1", lambda y, x: y + 1, keeps="y")
log = Unary("log", lambda y, x: 1 / x)
log1p = Unary("log1p", lambda y, x: 1 / (1 + x))
log2 = Unary("log2", lambda y, x: 1 / (x * math.log(2)))
log10 = Unary("log10", lambda y, x: 1 / (x * math.log(10)))
sin = Unary("sin", lambda y, x: cos(x))
cos: Unary = Unary("cos", lambda y, x: -sin(x))
tan = Unary("tan", lambda y, x: 1 + y * y, keeps="y")
asin = Unary("asin", lambda y, x: 1 / sqrt(1 - x * x))
acos = Unary("acos", lambda y, x: -1 / sqrt(1 - x * x))
atan = Unary("atan", lambda y, x: 1 / (1 + x * x))
sinh = Unary("sinh", lambda y, x: cosh(x))
cosh: Unary = Unary("cosh", lambda y, x: sinh(x))
tanh = Unary("tanh", lambda y, x: 1.0 - y * y, keeps="y")
asinh = Unary("asinh", lambda y, x: 1 / sqrt(1 + x * x))
acosh = Unary("acosh", lambda y, x: 1 / (sqrt(x - 1) * sqrt(x + 1)))   # two roots: right on the whole complex plane
atanh = Unary("atanh", lambda y, x: 1 / (1 - x * x))

ceil = Flat("ceil")
floor = Flat("floor")
trunc = Flat("trunc")
round = Flat("round")
isfinite = Flat("isfinite")
isinf = Flat("isinf")
isnan = Flat("isnan")
signbit = Flat("signbit")
logical_not = Flat("logical_not")
bitwise_invert = Flat("bitwise_invert")

# Complex numbers are pairs of reals: these are linear over the reals, with adjoints under Re<a, b>.
conj: Linear = Linear("conj", lambda g, x: conj(g))
real = Linear("real", lambda g, x: astype(g, dtype=x.dtype))
imag = Linear("imag", lambda g, x: fit(g * 1j, x))


def _cast(x: Any, *, dtype: Any) -> Any:
    return x.astype(dtype) if hasattr(x, "astype") else library(x).astype(x, dtype)


def _uncast(g: Any, x: Any, *, dtype: Any) -> Any:
    if kind(g.dtype) == "c" and kind(x.dtype) != "c":
        g = real(g)
    return astype(g, dtype=x.dtype)


class _Astype(Linear):
    """A change of dtype: linear between floating dtypes, flat where it ends in integers or booleans."""

    __slots__ = ()

    def __call__(self, x: Any, *, dtype: Any) -> Any:
        return super().__call__(x if kind(dtype) in "fc" else strip(x), dtype=dtype)


astype: _Astype = _Astype("astype", _uncast, run=_cast)


class _Abs(Unary):
    """|x|: the sign for real x (0 at 0); for complex x the projection on the direction x / |x|."""

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        t = tangents[0]
        return real(times(conj(sign(args[0])), t)) if kind(t.dtype) == "c" else times(t, sign(args[0]))

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        return (times(g, sign(args[0])),)


abs = _Abs("abs", lambda y, x: sign(x))


def _radius(x: Any) -> Any:
    """Return |x| with 1 in place of 0, as a divisor."""
    r = abs(x)
    return r + astype(r == 0, dtype=r.dtype)


def _push_sign(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    t, inverse = tangents[0], 1 / _radius(x)
    return times(t, inverse) - times(y * inverse, real(times(conj(y), t)))


class _Sign(Custom):
    """x / |x|, and 0 at 0: flat for real x, a rotation for complex x."""

    __slots__ = ()

    def __call__(self, x: Any) -> Any:
        return super().__call__(x if kind(x.dtype) == "c" else strip(x))


sign: _Sign = _Sign("sign", jvp=_push_sign, vjp=lambda g, y, x: (_push_sign([g], y, x),), keeps="0y")

__all__ = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atanh",
    "bitwise_invert",
    "cbrt",
    "ceil",
    "conj",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "floor",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "log",
    "log1p",
    "log2",
    "log10",
    "logical_not",
    "negative",
    "positive",
    "real",
    "reciprocal",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
]
