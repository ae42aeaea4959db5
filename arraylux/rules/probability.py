"""Chapter 8a: special functions of probability: gamma and beta, the normal distribution, entropies, power transforms.

SciPy has them, and their derivatives are closed forms of each other: of gamma the digamma function times itself, of a
distribution function its density. Where only one argument has such a form, the others say so when they are traced.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..tracer.core import Primitive
from ..tracer.declare import Binary, Unary, fit, fit_tangent
from ..tracer.fitting import times
from .creation import asarray
from .elementwise import abs, exp, log, log1p, sqrt, square
from .pairs import add, clip, divide, equal, less_equal, multiply, pow, subtract, where
from .special import digamma, erf, gammaln, provided

ROOT_PI, ROOT_TWO_PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)


def without(name: str, argument: str) -> Callable[..., Any]:
    """Return, in the place of a partial derivative that has no closed form, what says so."""
    def raise_for(y: Any, *args: Any) -> Any:
        raise TypeError(f"{name} has no derivative by its argument {argument!r}; keep it constant by "
                        "stop_gradient, or give the function a rule with custom_vjp or custom_jvp")
    return raise_for


def on_arrays(partial: Callable[..., Any]) -> Callable[..., Any]:
    """Let a partial derivative see arrays where numbers came: its functions of them are then of the right library."""
    def call(y: Any, *args: Any) -> Any:
        return partial(y, *[a if hasattr(a, "dtype") else asarray(a, like=y, dtype=y.dtype) for a in args])
    return call


class ByLast(Primitive):
    """An elementwise function of several arguments with a derivative by the last of them."""

    __slots__ = ("missing", "partial")

    def __init__(self, name: str, partial: Callable[..., Any], count: int) -> None:
        super().__init__(name, provided(name), keeps="".join([str(i) for i in range(count)]))
        self.partial = on_arrays(partial)
        self.missing = without(name, "before the last")

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if any(t is not None for t in tangents[:-1]):
            self.missing(y)
        return fit_tangent(times(tangents[-1], self.partial(args[-1], *args)), y)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        if any(j >= 0 for j in parents[:-1]):
            self.missing(y)
        return [*[None] * (len(args) - 1), fit(times(g, self.partial(args[-1], *args)), args[-1])]


def unary(name: str, partial: Callable[..., Any], keeps: str = "0") -> Unary:
    return Unary(name, partial, keeps, run=provided(name))


def binary(name: str, partial_a: Callable[..., Any], partial_b: Callable[..., Any]) -> Binary:
    return Binary(name, on_arrays(partial_a), on_arrays(partial_b), ("01y", "01y"), run=provided(name))


# --- gamma and beta -----------------------------------------------------------------------------------------------
def _log_density(a: Any, x: Any) -> Any:
    """Return the logarithm of the density of the gamma distribution."""
    return subtract(subtract(multiply(subtract(a, 1), log(x)), x), gammaln(a))


def _beta_density(y: Any, a: Any, b: Any, x: Any) -> Any:
    power = add(multiply(subtract(a, 1), log(x)), multiply(subtract(b, 1), log1p(-x)))
    return exp(subtract(power, betaln(a, b)))


gamma = unary("gamma", lambda y, x: y * digamma(x), "0y")
rgamma = unary("rgamma", lambda y, x: -y * digamma(x), "0y")
beta = binary("beta", lambda y, a, b: multiply(y, subtract(digamma(a), digamma(add(a, b)))),
              lambda y, a, b: multiply(y, subtract(digamma(b), digamma(add(a, b)))))
betaln = binary("betaln", lambda y, a, b: subtract(digamma(a), digamma(add(a, b))),
                lambda y, a, b: subtract(digamma(b), digamma(add(a, b))))
binom = binary("binom", lambda y, n, k: multiply(y, subtract(digamma(add(n, 1)), digamma(add(subtract(n, k), 1)))),
               lambda y, n, k: multiply(y, subtract(digamma(add(subtract(n, k), 1)), digamma(add(k, 1)))))
poch = binary("poch", lambda y, z, m: multiply(y, subtract(digamma(add(z, m)), digamma(z))),
              lambda y, z, m: multiply(y, digamma(add(z, m))))
gammainc = binary("gammainc", without("gammainc", "a"), lambda y, a, x: exp(_log_density(a, x)))
gammaincc = binary("gammaincc", without("gammaincc", "a"), lambda y, a, x: -exp(_log_density(a, x)))
betainc = ByLast("betainc", _beta_density, 3)
zeta: Binary = binary("zeta", without("zeta", "x"), lambda y, x, q: multiply(-1.0 * x, zeta(add(x, 1), q)))

# --- the normal distribution and the error function's kin ---------------------------------------------------------
log_ndtr = unary("log_ndtr", lambda y, x: exp(-0.5 * square(x) - y) / ROOT_TWO_PI, "0y")
ndtri = unary("ndtri", lambda y, x: exp(0.5 * square(y)) * ROOT_TWO_PI, "y")
ndtri_exp = unary("ndtri_exp", lambda y, x: exp(0.5 * square(y) + x) * ROOT_TWO_PI, "0y")
erfcx = unary("erfcx", lambda y, x: 2 * x * y - 2 / ROOT_PI, "0y")
erfi = unary("erfi", lambda y, x: exp(square(x)) * (2 / ROOT_PI))
erfcinv = unary("erfcinv", lambda y, x: exp(square(y)) * (-ROOT_PI / 2), "y")
dawsn = unary("dawsn", lambda y, x: 1 - 2 * x * y, "0y")
owens_t = binary(
    "owens_t",
    lambda y, h, a: exp(-0.5 * square(h)) * erf(multiply(a, h) / math.sqrt(2)) * (-0.5 / ROOT_TWO_PI),
    lambda y, h, a: divide(exp(multiply(-0.5 * square(h), 1 + square(a))), (1 + square(a)) * (2 * math.pi)))


# --- entropies and losses -----------------------------------------------------------------------------------------
def _steepness(delta: Any, r: Any) -> Any:
    return sqrt(1 + square(divide(r, delta)))


def _pseudo_huber_width(y: Any, delta: Any, r: Any) -> Any:
    s = _steepness(delta, r)
    return subtract(multiply(delta, 2 * s - 2), divide(square(r), multiply(delta, s)))


def _nonzero(x: Any) -> Any:
    return where(equal(x, 0), 1, x)


xlogy = binary("xlogy", lambda y, a, b: log(b), lambda y, a, b: divide(a, b))
xlog1py = binary("xlog1py", lambda y, a, b: log1p(b), lambda y, a, b: divide(a, add(b, 1)))
entr = unary("entr", lambda y, x: -log(x) - 1)
rel_entr = binary("rel_entr", lambda y, a, b: log(divide(a, b)) + 1, lambda y, a, b: -divide(a, b))
kl_div = binary("kl_div", lambda y, a, b: log(divide(a, b)), lambda y, a, b: 1 - divide(a, b))
huber = binary("huber", lambda y, delta, r: where(less_equal(abs(r), delta), 0, subtract(abs(r), delta)),
               lambda y, delta, r: clip(r, -delta, delta))
pseudo_huber = binary("pseudo_huber", _pseudo_huber_width, lambda y, delta, r: divide(r, _steepness(delta, r)))


# --- power transforms ---------------------------------------------------------------------------------------------
def _by_exponent(y: Any, log_x: Any, k: Any) -> Any:
    """Return the derivative by k of y = (x^k - 1) / k; at k = 0, where y is the logarithm, its limit."""
    slope = divide(subtract(multiply(add(multiply(k, y), 1), log_x), y), _nonzero(k))
    return where(equal(k, 0), square(log_x) / 2, slope)


def _inverse_by_exponent(z: Any, y: Any, k: Any) -> Any:
    safe = _nonzero(k)
    inside = add(multiply(safe, y), 1)
    slope = subtract(divide(y, multiply(safe, inside)), divide(log(inside), square(safe)))
    return multiply(z, where(equal(k, 0), -square(y) / 2, slope))


boxcox = binary("boxcox", lambda y, x, k: pow(x, subtract(k, 1)), lambda y, x, k: _by_exponent(y, log(x), k))
boxcox1p = binary("boxcox1p", lambda y, x, k: pow(add(x, 1), subtract(k, 1)),
                  lambda y, x, k: _by_exponent(y, log1p(x), k))
inv_boxcox = binary("inv_boxcox", lambda z, y, k: pow(z, subtract(1, k)), _inverse_by_exponent)
inv_boxcox1p = binary("inv_boxcox1p", lambda z, y, k: pow(add(z, 1), subtract(1, k)),
                      lambda z, y, k: _inverse_by_exponent(add(z, 1), y, k))

__all__ = [
    "beta", "betainc", "betaln", "binom", "boxcox", "boxcox1p", "dawsn", "entr", "erfcinv", "erfcx", "erfi", "gamma",
    "gammainc", "gammaincc", "huber", "inv_boxcox", "inv_boxcox1p", "kl_div", "log_ndtr", "ndtri", "ndtri_exp",
    "owens_t", "poch", "pseudo_huber", "rel_entr", "rgamma", "xlog1py", "xlogy", "zeta"]
