"""The two primitives of attention: the weights of all heads, and the mean of the values under them.

Of all that is made on the way from queries and keys to the weights nothing but the weights themselves is kept for the
reverse pass, and their derivative needs no more: that of a softmax is weights * (t - the mean of t under the weights).

Heads are read and written where they lie, between tokens and features, by products of strided matrices in place of
copies.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import library
from ..memory import LARGE, empty
from ..rules.products import matmul
from ..rules.reducing import sum
from ..rules.shaping import moveaxis
from ..tracer.core import Primitive
from ..tracer.fitting import add_tangents, fit, fit_tangent, times
from ..tracer.pointwise import Bilinear


def _swapped(x: Any) -> Any:
    """Swap the axes of tokens and heads, without a copy where the library has views."""
    return x.swapaxes(-3, -2) if type(x) is np.ndarray else moveaxis(x, -3, -2)


def _blank(shape: tuple[int, ...], dtype: Any) -> Any:
    return empty(shape, dtype) if math.prod(shape) > LARGE else np.empty(shape, dtype)


def _by_tokens(a: Any, b: Any) -> Any:
    """Return the products of the matrices of each head, laid out (..., tokens, heads, features)."""
    if not type(a) is type(b) is np.ndarray:
        return _swapped(matmul(a, b))
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    y = _blank((*lead[:-1], a.shape[-2], lead[-1], b.shape[-1]), np.result_type(a, b))
    np.matmul(a, b, out=_swapped(y))
    return y


def _by_heads(a: Any, b: Any) -> Any:
    """Return the products a b^T of each head for a and b laid out (..., tokens, heads, features), heads first."""
    a, b = _swapped(a), _swapped(b).mT
    if not type(a) is type(b) is np.ndarray:
        return matmul(a, b)
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.matmul(a, b, out=_blank((*lead, a.shape[-2], b.shape[-1]), np.result_type(a, b)))


# --- the weights ----------------------------------------------------------------------------------------------------
def _run_weights(q: Any, k: Any, bias: Any = None, *, scale: float) -> Any:
    xp = library(q)
    scores = xp.matmul(xp.moveaxis(q * scale, -3, -2), xp.moveaxis(k, -3, -2).mT)
    if bias is not None:
        scores = scores + bias
    top = xp.max(scores, axis=-1, keepdims=True)
    e = xp.exp(scores - xp.where(xp.isfinite(top), top, xp.zeros_like(top)))
    total = xp.sum(e, axis=-1, keepdims=True)
    return e / xp.where(total == 0, xp.ones_like(total), total)


def _np_run_weights(q: Any, k: Any, bias: Any = None, *, scale: float) -> Any:
    if not type(q) is type(k) is np.ndarray or not isinstance(bias, (np.ndarray, np.generic, type(None))):
        return _run_weights(q, k, bias, scale=scale)
    y = _by_heads(q * scale, k)
    if bias is not None:
        inside = bias.dtype == y.dtype and np.broadcast_shapes(y.shape, bias.shape) == y.shape
        y = np.add(y, bias, out=y if inside else None)
    top = np.maximum.reduce(y, axis=-1, keepdims=True)
    finite = np.isfinite(top).all()
    y -= top if finite else np.where(np.isfinite(top), top, 0)
    np.exp(y, out=y)
    total = np.dot(y, np.ones(y.shape[-1], y.dtype))[..., None]     # a product adds twice as fast as a sum
    y /= total if finite else np.where(total == 0, 1, total)
    return y


def _against_mean(weights: Any, t: Any) -> Any:
    """Return weights * (t - the mean of t under the weights): the derivative of a softmax, in both directions."""
    if type(weights) is type(t) is np.ndarray and weights.shape == t.shape and weights.dtype == t.dtype:
        y = np.subtract(t, np.vecdot(weights, t)[..., None], out=_blank(t.shape, t.dtype))
        y *= weights
        return y
    weighted = times(weights, t)
    return weighted - times(weights, sum(weighted, axis=-1, keepdims=True))


class _Weights(Primitive):
    """softmax(scale q k^T + bias) by heads: for q (..., n, h, d) and k (..., m, h, d) an array (..., h, n, m)."""

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (q, k), (t_q, t_k) = args[:2], tangents[:2]
        parts = [None if t is None else times(_by_heads(a, b), params["scale"])
                 for t, a, b in ((t_q, t_q, k), (t_k, q, t_k))]
        return _against_mean(y, fit_tangent(add_tangents([*parts, *tangents[2:]]), y))

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        slopes, scale = _against_mean(y, g), params["scale"]
        found: list[Any] = [None] * len(args)
        if parents[0] >= 0:
            found[0] = times(_by_tokens(slopes, _swapped(args[1])), scale)
        if parents[1] >= 0:
            found[1] = times(_by_tokens(slopes.mT, _swapped(args[0])), scale)
        if len(args) > 2 and parents[2] >= 0:
            found[2] = slopes
        return [c if c is None else fit(c, like) for c, like in zip(found, args, strict=True)]


attention_weights = _Weights("attention_weights", run=_run_weights, numpy=_np_run_weights, keeps="01y")


# --- the mean under them --------------------------------------------------------------------------------------------
def _usable(g: Any) -> Any:
    """Return a cotangent that BLAS can multiply: not a number that is repeated by a view."""
    return g.copy() if type(g) is np.ndarray and not g.flags.writeable else g


# For weights (..., h, n, m) and values (..., m, h, d) an array (..., n, h, d).
weighted_values = Bilinear(
    "weighted_values",
    lambda g, weights, v: _by_heads(_usable(g), v),
    lambda g, weights, v: _by_tokens(weights.mT, _swapped(_usable(g))),
    run=lambda weights, v: _by_tokens(weights, _swapped(v)))


__all__ = ["attention_weights", "weighted_values"]
