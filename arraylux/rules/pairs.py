"""Chapter 2: elementwise functions of two arrays, `where` and `clip`.

Two partial derivatives make a rule; broadcasting is undone by the declaration itself. The care is at the ties and
the zeros: where a function has a corner the two sides share, and where a formula would say 0/0 it is written so that
it never divides.
"""
from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from typing import Any

from ..backend import library
from ..tracer.core import strip
from ..tracer.declare import Binary, Custom, Flat, Linear, adjoint, fit, fit_tangent, zeros_like
from ..tracer.fitting import times
from .elementwise import astype, exp, isinf, log, signbit, square

add = Binary("add", None, None, ("", ""))
subtract = Binary("subtract", None, lambda y, a, b: -1.0, ("", ""))
multiply = Binary("multiply", lambda y, a, b: b, lambda y, a, b: a, ("1", "0"))
remainder = Binary("remainder", None, lambda y, a, b: -floor_divide(a, b), ("", "01"))


def _one_over(b: Any) -> Any:
    """Return 1 / b; of a Python zero what an array gives, an infinity."""
    return math.copysign(math.inf, b) if isinstance(b, (int, float)) and b == 0 else 1 / b


class _Divide(Binary):
    """A quotient y = a / b. Its two cotangents, g / b and -(g / b) y, share their division."""

    __slots__ = ()

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        a, b = args
        left = self(g, adjoint(b))
        right = fit(-times(left, adjoint(y)), b) if parents[1] >= 0 else None
        return (left if a is None else fit(left, a)) if parents[0] >= 0 else None, right


divide = _Divide("divide", lambda y, a, b: _one_over(b), lambda y, a, b: -y / b, ("1", "1y"))

equal = Flat("equal")
not_equal = Flat("not_equal")
less = Flat("less")
less_equal = Flat("less_equal")
greater = Flat("greater")
greater_equal = Flat("greater_equal")
logical_and = Flat("logical_and")
logical_or = Flat("logical_or")
logical_xor = Flat("logical_xor")
bitwise_and = Flat("bitwise_and")
bitwise_or = Flat("bitwise_or")
bitwise_xor = Flat("bitwise_xor")
bitwise_left_shift = Flat("bitwise_left_shift")
bitwise_right_shift = Flat("bitwise_right_shift")
floor_divide: Flat = Flat("floor_divide")
nextafter = Flat("nextafter")


class _Where(Linear):
    """A choice between two arrays: linear in both of them together."""

    __slots__ = ()

    def __call__(self, condition: Any, x1: Any, x2: Any, /) -> Any:
        return super().__call__(condition, x1, x2)


where: _Where = _Where("where", {1: lambda g, condition, x, y: fit(where(condition, g, 0), x),
                                 2: lambda g, condition, x, y: fit(where(condition, 0, g), y)}, keeps="0")


def _nonzero(x: Any) -> Any:
    """Return x with 1 in place of 0, as a divisor or under a logarithm."""
    return where(equal(x, 0), 1, x)


def _pow_base(y: Any, a: Any, b: Any) -> Any:
    if isinstance(b, (int, float, complex)):
        return 0 if b == 0 else b * pow(a, b - 1)
    zero = equal(b, 0)
    return where(zero, 0, times(b, pow(a, where(zero, 1, b - 1))))


def _log_base(a: Any) -> Any:
    """Return the logarithm of a base, 0 for a base of zero."""
    if isinstance(a, (int, float)):
        return math.log(a) if a > 0 else 0.0 if a == 0 else math.nan
    return cmath.log(a) if isinstance(a, complex) and a else log(_nonzero(a))


class _Pow(Binary):
    """Powers: a square is a primitive of its own, since x ** 2 is by far the most frequent."""

    __slots__ = ()

    def __call__(self, a: Any, b: Any) -> Any:
        if isinstance(b, (int, float)) and b == 2:
            return square(a)
        return super().__call__(a, b)


pow = _Pow("pow", _pow_base, lambda y, a, b: y * _log_base(a), ("01", "0y"))
hypot = Binary("hypot", lambda y, a, b: divide(a, _nonzero(y)), lambda y, a, b: divide(b, _nonzero(y)), ("0y", "1y"))


def _over_square(a: Any, b: Any, top: Any) -> Any:
    """Return top / (a^2 + b^2), 0 at the origin, without overflow."""
    h = _nonzero(hypot(a, b))
    return divide(top, h) / h


atan2 = Binary("atan2", lambda y, a, b: _over_square(a, b, b), lambda y, a, b: -_over_square(a, b, a), ("01", "01"))


def _share(a: Any, b: Any, y: Any) -> Any:
    """Return exp(a) / (exp(a) + exp(b)): 1/2 where a and b are the same infinity."""
    zero = zeros_like(y)
    same = logical_and(equal(a, b), isinf(y))
    return exp(-logaddexp(zero, subtract(where(same, zero, b), where(same, zero, a))))


def _logaddexp(a: Any, b: Any) -> Any:
    xp = library(b if isinstance(a, (int, float)) else a)
    return xp.logaddexp(a, b)


logaddexp = Binary("logaddexp", lambda y, a, b: _share(a, b, y), lambda y, a, b: _share(b, a, y), ("01y", "01y"),
                   run=_logaddexp)


def _wins(a: Any, b: Any, y: Any) -> Any:
    """Return 1 where a > b, 1/2 where a equals b, else 0."""
    return 0.5 * (astype(greater(a, b), dtype=y.dtype) + astype(greater_equal(a, b), dtype=y.dtype))


maximum = Binary("maximum", lambda y, a, b: _wins(a, b, y), lambda y, a, b: _wins(b, a, y), ("01y", "01y"))
minimum = Binary("minimum", lambda y, a, b: _wins(b, a, y), lambda y, a, b: _wins(a, b, y), ("01y", "01y"))

copysign = Binary("copysign", lambda y, a, b: 1 - 2 * astype(not_equal(signbit(a), signbit(y)), dtype=y.dtype),
                  lambda y, a, b: 0, ("0y", ""))


def _inside(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Return where the result is `low` and where it is `high`, either of which may be `None`."""
    below = less(x, low) if low is not None else None
    if low is not None and high is not None:
        x = where(below, strip(low), strip(x))                  # raised to `low` first: `high` wins where they cross
    above = greater(x, high) if high is not None else None
    return below, above


def _push_clip(tangents: Any, y: Any, x: Any, low: Any, high: Any) -> Any:
    below, above = _inside(x, low, high)
    t = zeros_like(y) if tangents[0] is None else fit_tangent(tangents[0], y)
    if below is not None:
        t = where(below, 0 if tangents[1] is None else tangents[1], t)
    if above is not None:
        t = where(above, 0 if tangents[2] is None else tangents[2], t)
    return t


def _pull_clip(g: Any, y: Any, x: Any, low: Any, high: Any) -> Any:
    below, above = _inside(x, low, high)
    inner, to_low, to_high = g, None, None
    if below is not None:
        inner, to_low = where(below, 0, inner), where(below, g, 0)
    if above is not None:
        inner, to_high = where(above, 0, inner), where(above, g, 0)
        to_low = None if to_low is None else where(above, 0, to_low)
    return (fit(inner, x), to_low if to_low is None or not hasattr(low, "shape") else fit(to_low, low),
            to_high if to_high is None or not hasattr(high, "shape") else fit(to_high, high))


# The derivative is 1 on the whole closed interval, its ends included, so that projected gradients keep moving.
_clip = Custom("clip", jvp=_push_clip, vjp=_pull_clip, keeps="012")


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """Limit the elements of x to [min, max]; the derivative is 1 inside the closed interval."""
    return x if min is None and max is None else _clip(x, min, max)


__all__ = ["add", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
           "clip", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less",
           "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply",
           "nextafter", "not_equal", "pow", "remainder", "subtract", "where"]
