"""Chapter 8b: Bessel functions, integrals without a closed form, hypergeometric functions.

Bessel functions are differentiated into their neighbours, integrals into what stands under the integral sign,
hypergeometric functions into those with parameters one higher. Quotients like J1(x) / x have a value at zero, and are
given it there.
"""
from __future__ import annotations

import math
from typing import Any

from ..tracer.declare import Binary, Unary
from .elementwise import exp, log, sign, sin, square
from .pairs import add, divide, equal, multiply, subtract, where
from .probability import ByLast, binary, unary, without
from .special import Family, provided


def _over(y: Any, x: Any, at_zero: float) -> Any:
    """Return y / x with the value that it has at zero."""
    zero = equal(x, 0)
    return where(zero, at_zero, divide(y, where(zero, 1, x)))


# --- Bessel functions of the orders 0 and 1 -----------------------------------------------------------------------
j0: Unary = unary("j0", lambda y, x: -j1(x))
j1: Unary = unary("j1", lambda y, x: j0(x) - _over(y, x, 0.5), "0y")
y0: Unary = unary("y0", lambda y, x: -y1(x))
y1: Unary = unary("y1", lambda y, x: y0(x) - y / x, "0y")
i0: Unary = unary("i0", lambda y, x: i1(x))
i1: Unary = unary("i1", lambda y, x: i0(x) - _over(y, x, 0.5), "0y")
i0e: Unary = unary("i0e", lambda y, x: i1e(x) - multiply(sign(x), y), "0y")
i1e: Unary = unary("i1e", lambda y, x: i0e(x) - multiply(sign(x), y) - _over(y, x, 0.5), "0y")
k0: Unary = unary("k0", lambda y, x: -k1(x))
k1: Unary = unary("k1", lambda y, x: -k0(x) - y / x, "0y")
k0e: Unary = unary("k0e", lambda y, x: y - k1e(x), "0y")
k1e: Unary = unary("k1e", lambda y, x: y - k0e(x) - y / x, "0y")


# --- of any order -------------------------------------------------------------------------------------------------
def _neighbours(name: str, below: float, above: float) -> Binary:
    """Return a function whose derivative is a sum of those with an order one lower and one higher."""
    def partial(y: Any, v: Any, x: Any) -> Any:
        return add(multiply(below, itself(subtract(v, 1), x)), multiply(above, itself(add(v, 1), x)))

    itself = binary(name, without(name, "v"), partial)
    return itself


jv = _neighbours("jv", 0.5, -0.5)
yv = _neighbours("yv", 0.5, -0.5)
yn = _neighbours("yn", 0.5, -0.5)
iv = _neighbours("iv", 0.5, 0.5)
kv = _neighbours("kv", -0.5, -0.5)
kn = _neighbours("kn", -0.5, -0.5)

# --- integrals ----------------------------------------------------------------------------------------------------
exp1 = unary("exp1", lambda y, x: -exp(-x) / x)
expi = unary("expi", lambda y, x: exp(x) / x)
expn: Binary = binary("expn", without("expn", "n"), lambda y, n, x: -expn(subtract(n, 1), x))
spence = unary("spence", lambda y, x: -_over(log(x), x - 1, 1.0))
ellipk: Unary = unary("ellipk", lambda y, m: _over(ellipe(m) / (1 - m) - y, 2 * m, math.pi / 8), "0y")
ellipe: Unary = unary("ellipe", lambda y, m: _over(y - ellipk(m), 2 * m, -math.pi / 8), "0y")
wrightomega = unary("wrightomega", lambda y, x: y / (1 + y), "y")

# --- angles in degrees, and differences ---------------------------------------------------------------------------
_DEGREE = math.pi / 180
sindg: Unary = unary("sindg", lambda y, x: cosdg(x) * _DEGREE)
cosdg: Unary = unary("cosdg", lambda y, x: sindg(x) * -_DEGREE)
tandg = unary("tandg", lambda y, x: (1 + square(y)) * _DEGREE, "y")
cotdg = unary("cotdg", lambda y, x: (1 + square(y)) * -_DEGREE, "y")
cosm1 = unary("cosm1", lambda y, x: -sin(x))
exp10 = unary("exp10", lambda y, x: y * math.log(10), "y")

# --- hypergeometric functions -------------------------------------------------------------------------------------
hyp0f1: Binary = binary("hyp0f1", without("hyp0f1", "v"), lambda y, v, x: divide(hyp0f1(add(v, 1), x), v))
hyp1f1: ByLast = ByLast("hyp1f1", lambda y, a, b, x: divide(multiply(a, hyp1f1(add(a, 1), add(b, 1), x)), b), 3)
hyp2f1: ByLast = ByLast("hyp2f1", lambda y, a, b, c, x: divide(
    multiply(multiply(a, b), hyp2f1(add(a, 1), add(b, 1), add(c, 1), x)), c), 4)

_exprel, _hyp1f1 = provided("exprel"), provided("hyp1f1")


def _run_exprel(x: Any, *, order: int) -> Any:
    return _exprel(x) if order == 0 else _hyp1f1(order + 1.0, order + 2.0, x) / (order + 1)


_exprels = Family("exprel", keeps="0", run=_run_exprel)


def exprel(x: Any, /) -> Any:
    """(exp(x) - 1) / x, and 1 at 0; exact at and near 0 in all its derivatives."""
    return _exprels(x, order=0)


__all__ = [
    "cosdg", "cosm1", "cotdg", "ellipe", "ellipk", "exp1", "exp10", "expi", "expn", "exprel", "hyp0f1", "hyp1f1",
    "hyp2f1", "i0", "i0e", "i1", "i1e", "iv", "j0", "j1", "jv", "k0", "k0e", "k1", "k1e", "kn", "kv", "sindg",
    "spence", "tandg", "wrightomega", "y0", "y1", "yn", "yv"]
