"""The affine map x W^T + b as one primitive, the work of every dense layer.

Written as three operations (a transpose, a product, a sum) an affine map would be recorded as three, each with its
own share of the tracer's time and, for the sum, an array of its own. As one primitive it adds the bias in place.
Backwards it is two products and a sum, of which only those are computed that somebody asked for; leading axes are
folded into one, so that the gradient of the weight is a single product however many batch axes there are.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import library
from ..rules.products import matmul
from ..rules.shaping import reshape, sum_to
from ..tracer.core import Form, Primitive
from ..tracer.declare import add_tangents, adjoint, fit, fit_tangent


def _run(x: Any, weight: Any, bias: Any = None) -> Any:
    xp = library(x)
    for other in (weight, bias):
        if other is not None and type(other) is not type(x) and library(other) is not xp:
            raise TypeError(f"fused_dense: x is an array of {xp.__name__}, weight or bias one of "
                            f"{library(other).__name__}; move them to one device")
    if len(x.shape) > 2:
        return xp.reshape(_run(_folded(x), weight, bias), (*x.shape[:-1], weight.shape[0]))
    y = xp.matmul(x, weight.T)
    if bias is None:
        return y
    if bias.dtype != y.dtype:
        return y + bias
    y += bias
    return y


def _np_run(x: Any, weight: Any, bias: Any = None) -> Any:
    if type(weight) is not np.ndarray or type(bias) not in (np.ndarray, type(None)) or x.ndim > 2:
        return _run(x, weight, bias)
    y = np.dot(x, weight.T)
    if bias is None:
        return y
    return np.add(y, bias, out=y) if bias.dtype is y.dtype and y.ndim else y + bias


def _folded(x: Any) -> Any:
    """Return x as a matrix: its last axis, and all others folded into one."""
    if len(x.shape) == 2:
        return x
    return reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _form(x: Any, dtype: Any) -> Any:
    """Return what the reverse rule must know of an argument whose values it does not read: nothing, if the cotangent
    comes out in the right dtype by itself."""
    return None if x.dtype == dtype else Form(x)


class _Dense(Primitive):
    """x W^T + b for x (..., in), W (out, in) and, if there is one, b (out,)."""

    __slots__ = ()

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        x, weight, *bias = args
        dtype = y.dtype
        return None, (x if parents[1] >= 0 else _form(x, dtype), weight if parents[0] >= 0 else _form(weight, dtype),
                      *[_form(b, dtype) for b in bias])

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        x, weight = args[:2]
        dx, dweight, *dbias = tangents
        parts = [None if dx is None else self(dx, weight), None if dweight is None else self(x, dweight), *dbias]
        return fit_tangent(add_tangents(parts), y)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        x, weight = args[:2]
        dx = dweight = dbias = None
        if parents[0] >= 0:
            dx = matmul(g, adjoint(weight))
        g = _folded(g)
        if parents[1] >= 0:
            dweight = matmul(g.T, adjoint(_folded(x)))
        if len(parents) > 2 and parents[2] >= 0:
            dbias = sum_to(g, shape=(g.shape[-1],))
        return [c if c is None or like is None else fit(c, like)
                for c, like in zip((dx, dweight, dbias), args, strict=False)]


dense = _Dense("dense", run=_run, numpy=_np_run)


def fused_dense(x: Any, weight: Any, bias: Any = None) -> Any:
    """Affine map of the last axis, x @ weight.T + bias.

    Arguments: `x` (..., in); `weight` (out, in); `bias` (out,) or `None`.

    Returns: an array (..., out) of the arguments' common dtype.

    Errors: ValueError if the shapes do not fit together.

    >>> import numpy as np
    >>> fused_dense(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0], [0.0, 3.0]]), np.array([10.0, 20.0]))
    array([[13., 26.]])
    """
    if len(weight.shape) != 2 or not len(x.shape) or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"fused_dense: the last axis of x {tuple(x.shape)} must be as long as that of weight "
                         f"{tuple(weight.shape)}, a matrix (out, in); transpose the weight if it is (in, out)")
    if bias is None:
        return dense(x, weight)
    if tuple(bias.shape) != (weight.shape[0],):
        raise ValueError(f"fused_dense: bias must have the shape {(weight.shape[0],)} to go with a weight of shape "
                         f"{tuple(weight.shape)}, got {tuple(bias.shape)}; reshape it")
    return dense(x, weight, bias)


__all__ = ["dense", "fused_dense"]
