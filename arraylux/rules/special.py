"""Chapter 8: the error function, and softmax with its kin.

Exponentials are shifted by their maximum before they are summed, so that nothing overflows. The rules are written on
the result: the derivative of a softmax needs the softmax alone.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import library
from ..tracer.declare import Custom, Unary
from ..tracer.fitting import times
from .elementwise import exp, square
from .pairs import subtract
from .reducing import Axis, expand, sum


def _run_erf(x: Any) -> Any:
    """SciPy's erf or CuPy's; without SciPy, Python's own for each element."""
    module = type(x).__module__.partition(".")[0]
    if module == "cupy":
        from cupyx.scipy import special

        return special.erf(x)
    xp = library(x)
    if xp is not np:
        if module == "torch" or module.startswith("jax"):
            return _foreign_erf(module, x)
        flat = [math.erf(float(v)) for v in xp.reshape(x, (-1,))]
        return xp.reshape(xp.asarray(flat, dtype=x.dtype, device=x.device), x.shape)
    try:
        from scipy import special
    except ImportError:
        return np.vectorize(math.erf, otypes=[np.result_type(x, np.float16)])(x)
    return special.erf(x)


def _foreign_erf(module: str, x: Any) -> Any:
    if module == "torch":
        import torch

        return torch.erf(x)
    import jax

    return jax.scipy.special.erf(x)


erf = Unary("erf", lambda y, x: exp(-square(x)) * (2 / math.sqrt(math.pi)), run=_run_erf)


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


__all__ = ["erf", "log_softmax", "logsumexp", "softmax"]
