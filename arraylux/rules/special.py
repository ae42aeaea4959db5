"""Chapter 8: special functions: the error function, gamma, sinc, and softmax with its kin.

Most derivatives are closed forms of the functions themselves. Two of the functions have none, and belong to families
instead: the derivative of each member is the next one, so that one rule holds at every order. Exponentials are
shifted by their maximum before they are summed, so that nothing overflows; the rules of softmax are written on the
result, since its derivative needs the softmax alone. What NumPy does not have comes from SciPy, if it is there.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import device_of, kind, library, to_numpy
from ..tracer.core import Primitive, home
from ..tracer.declare import Custom, Unary
from ..tracer.fitting import adjoint, times
from .elementwise import astype, exp, imag, isnan, real, square
from .pairs import equal, subtract, where
from .reducing import Axis, expand, sum


def provided(name: str, without: Callable[[float], float] | None = None) -> Callable[..., Any]:
    """Return a special function by SciPy's name, for the arrays of any library.

    CuPy, torch and JAX have their own; all others take SciPy's, or without SciPy Python's for each element.
    """
    def run(*args: Any) -> Any:
        x = next((a for a in reversed(args) if hasattr(a, "dtype")), args[-1])
        own = _own_functions(type(x).__module__.partition(".")[0])
        if own is not None:
            return getattr(own, name)(*args)
        plain = isinstance(x, (np.ndarray, np.generic, int, float))
        y = _scipy(name, without)(*(args if plain else [to_numpy(a) if hasattr(a, "dtype") else a for a in args]))
        if not plain:
            return library(x).asarray(y, dtype=x.dtype, device=device_of(x))
        half = getattr(x, "dtype", None) == np.float16              # for which SciPy has no functions of its own
        return y.astype(np.float16) if half else y
    return run


def _own_functions(module: str) -> Any:
    """Return the special functions that an array library brings along, `None` if it does not."""
    if module == "cupy":
        from cupyx.scipy import special
    elif module == "torch":
        from torch import special
    elif module.startswith("jax"):
        from jax.scipy import special
    else:
        return None
    return special


def _scipy(name: str, without: Callable[[float], float] | None) -> Callable[..., Any]:
    try:
        from scipy import special
    except ImportError:
        if without is None:
            raise ImportError(f"{name} is a function of SciPy's, which is not installed: pip install scipy") from None
        f = without
        return lambda x: np.vectorize(f, otypes=[np.result_type(x, np.float16)])(x)
    found: Callable[..., Any] = getattr(special, name)
    return found


# --- the error function ---------------------------------------------------------------------------------------------
erf = Unary("erf", lambda y, x: exp(-square(x)) * (2 / math.sqrt(math.pi)), run=provided("erf", math.erf))
erfc = Unary("erfc", lambda y, x: exp(-square(x)) * (-2 / math.sqrt(math.pi)), run=provided("erfc", math.erfc))
erfinv = Unary("erfinv", lambda y, x: exp(square(y)) * (math.sqrt(math.pi) / 2), keeps="y", run=provided("erfinv"))


# --- families closed under differentiation --------------------------------------------------------------------------
class Family(Primitive):
    """Functions numbered by `order`, each the derivative of the one before."""

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        return times(tangents[0], self(args[0], order=params["order"] + 1))

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        return (times(g, adjoint(self(args[0], order=params["order"] + 1))),)


def _run_polygamma(x: Any, *, order: int) -> Any:
    y = _digamma(x) if order == 0 else _higher_polygamma(order, x)
    return y if y.dtype == x.dtype else astype(y, dtype=x.dtype)


def _run_sinc(x: Any, *, order: int) -> Any:
    xp = library(x)
    u = math.pi * x
    near = xp.abs(u) < order + 1 if order else u == 0
    one = xp.ones_like(u)
    far = xp.where(near, one, u)
    sine, cosine = xp.sin(far), xp.cos(far)
    turns = (sine, cosine, -sine, -cosine)
    y = sine / far
    for n in range(1, order + 1):                   # u f = sin u, differentiated n times: u f(n) + n f(n-1) = sin(n) u
        y = (turns[n % 4] - n * y) / far
    close = one if order == 0 else _sinc_series(xp.where(near, u, xp.zeros_like(u)), order)
    return xp.where(near, close, y) * math.pi**order


def _sinc_series(u: Any, order: int) -> Any:
    """Taylor's series of a derivative of sin(u) / u by Horner's rule, exact to rounding for |u| < order + 1."""
    first = order % 2                               # the powers that are left have the parity of the order
    total = 0.0 * u
    for power in range(first + 20 + 4 * order, -1, -2):
        sign = -1.0 if (power + order) // 2 % 2 else 1.0
        total = total * u * u + sign / (math.factorial(power) * (power + order + 1))
    return total * u if first else total


_digamma, _higher_polygamma = provided("digamma"), provided("polygamma")
_polygamma = Family("polygamma", keeps="0", run=_run_polygamma)
_sinc = Family("sinc", keeps="0", run=_run_sinc)


def _lgamma(x: float) -> float:
    return math.inf if x <= 0 and x % 1 == 0 else math.lgamma(x)


gammaln = Unary("gammaln", lambda y, x: digamma(x), run=provided("gammaln", _lgamma))


def digamma(x: Any, /) -> Any:
    """The derivative of `gammaln`, the logarithm of the gamma function."""
    return _polygamma(x, order=0)


def polygamma(n: int, x: Any, /) -> Any:
    """The n-th derivative of `digamma`."""
    return _polygamma(x, order=n)


def sinc(x: Any, /) -> Any:
    """sin(pi x) / (pi x), and 1 at 0; exact at and near 0 in all its derivatives.

    >>> sinc(np.array([0.0, 0.5, 1.5]))
    array([ 1.        ,  0.63661977, -0.21220659])
    """
    return _sinc(x, order=0)


# --- odds, and numbers that are none ----------------------------------------------------------------------------------
def _run_sigmoid(x: Any) -> Any:
    xp = library(x)
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(e), e) / (1 + e)


def _np_sigmoid(x: Any) -> Any:
    with np.errstate(over="ignore"):                # an overflow gives 1 / (1 + inf) = 0, which is right
        y = np.exp(-x)
    y += 1
    return np.reciprocal(y, out=y if type(y) is np.ndarray else None)


sigmoid = Unary("sigmoid", lambda y, x: y * (1 - y), keeps="y", run=_run_sigmoid, numpy=_np_sigmoid)


def _run_logit(x: Any) -> Any:
    # Near one half, where x / (1 - x) is close to 1, its logarithm would have no digits left.
    xp = library(x)
    middle = xp.abs(x - 0.5) < 0.25
    half = xp.full_like(x, 0.5)
    return xp.where(middle, 2 * xp.atanh(2 * (xp.where(middle, x, half) - 0.5)),
                    xp.log(xp.where(middle, half, x) / (1 - xp.where(middle, half, x))))


logit = Unary("logit", lambda y, x: 1 / (x * (1 - x)), run=_run_logit)


def nan_to_num(x: Any, /, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Replace NaN by a number, and the infinities by numbers or the largest that there are.

    Where something was replaced the derivative is zero.
    """
    if kind(x.dtype) == "c":
        parts = [astype(nan_to_num(part, nan=nan, posinf=posinf, neginf=neginf), dtype=x.dtype)
                 for part in (real(x), imag(x))]
        return parts[0] + 1j * parts[1]
    if kind(x.dtype) != "f":
        return x
    largest = float(home(x)[0].finfo(x.dtype).max)
    y = where(isnan(x), nan, x)
    y = where(equal(x, math.inf), largest if posinf is None else posinf, y)
    return where(equal(x, -math.inf), -largest if neginf is None else neginf, y)


# --- softmax ------------------------------------------------------------------------------------------------------
def _shifted(x: Any, axis: Axis) -> tuple[Any, Any, Any]:
    """Return the library, the maximum along the axes (0 where that is infinite), and x less that maximum."""
    xp = library(x)
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    return xp, top, x - top


def _run_logsumexp(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    xp, top, shifted = _shifted(x, axis)
    y = xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True)) + top
    return y if keepdims else xp.squeeze(y, axis=tuple(range(x.ndim)) if axis is None else axis)


def _run_softmax(x: Any, *, axis: Axis) -> Any:
    xp, _, shifted = _shifted(x, axis)
    e = xp.exp(shifted)
    return e / xp.sum(e, axis=axis, keepdims=True)


def _run_log_softmax(x: Any, *, axis: Axis) -> Any:
    xp, _, shifted = _shifted(x, axis)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def _np_softmax(x: Any, *, axis: Axis) -> Any:
    e = np.exp(np.subtract(x, _np_top(x, axis)))
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


def _np_log_softmax(x: Any, *, axis: Axis) -> Any:
    shifted = np.subtract(x, _np_top(x, axis))
    return np.subtract(shifted, np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True)))


def _np_top(x: Any, axis: Axis) -> Any:
    top = np.maximum.reduce(x, axis=axis, keepdims=True)
    return top if np.isfinite(top).all() else np.where(np.isfinite(top), top, np.zeros_like(top))


def _push_softmax(tangents: Sequence[Any], y: Any, x: Any, *, axis: Axis) -> Any:
    weighted = times(y, tangents[0])
    return weighted - times(y, sum(weighted, axis=axis, keepdims=True))


def _pull_softmax(g: Any, y: Any, x: Any, *, axis: Axis) -> Any:
    weighted = times(g, y)
    return (weighted - times(y, sum(weighted, axis=axis, keepdims=True)),)


def _push_logsumexp(tangents: Sequence[Any], y: Any, x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return sum(times(softmax(x, axis=axis), tangents[0]), axis=axis, keepdims=keepdims)


def _pull_logsumexp(g: Any, y: Any, x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return (times(expand(g, x, axis, keepdims), softmax(x, axis=axis)),)


_softmax = Custom("softmax", jvp=_push_softmax, vjp=_pull_softmax, keeps="y", run=_run_softmax, numpy=_np_softmax)
_log_softmax = Custom("log_softmax", keeps="y", run=_run_log_softmax, numpy=_np_log_softmax,
                      jvp=lambda t, y, x, axis: subtract(t[0], sum(times(exp(y), t[0]), axis=axis, keepdims=True)),
                      vjp=lambda g, y, x, axis: (subtract(g, times(exp(y), sum(g, axis=axis, keepdims=True))),))
_logsumexp = Custom("logsumexp", jvp=_push_logsumexp, vjp=_pull_logsumexp, keeps="0", run=_run_logsumexp)


def softmax(x: Any, /, *, axis: Axis = -1) -> Any:
    """exp(x) / sum(exp(x)) along an axis."""
    return _softmax(x, axis=axis)


def log_softmax(x: Any, /, *, axis: Axis = -1) -> Any:
    """The logarithm of the softmax along an axis, computed without taking the logarithm of a small number."""
    return _log_softmax(x, axis=axis)


def logsumexp(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over axes."""
    return _logsumexp(x, axis=axis, keepdims=keepdims)


__all__ = ["digamma", "erf", "erfc", "erfinv", "gammaln", "log_softmax", "logit", "logsumexp", "nan_to_num",
           "polygamma", "sigmoid", "sinc", "softmax"]
