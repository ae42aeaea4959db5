"""Dropout: set random elements to zero while training, so that no unit can rely on another one.

What is kept is scaled up by 1 / (1 - p), which leaves the mean as it was, and the trained network needs no change.
Alpha dropout does the like for `selu`, which wants the variance left as it was too, and whose zero is not 0. The
generator is data like everything else: it is copied before it draws, and the copy is returned.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import kind, real_dtype
from ..random import replicate
from ..rules.elementwise import astype
from ..rules.pairs import where
from ..tracer.core import home
from ..tracer.fitting import times, zeros_like

FAR_SELU = -1.7580993408473766          # -scale alpha, the limit of selu


def dropout(rng: Any, x: Any, p: float, training: bool,
            dims: int | tuple[int, ...] | None = None, mask: Any = None) -> tuple[Any, Any, Any]:
    """Multiply x by a random mask of zeros and 1 / (1 - p).

    Arguments: `rng`, a generator, which is left as it is; `x`, a floating-point array of any shape; `p`, the
    probability of a zero; `training`, without which x is returned; `dims`, the axes along which the mask varies
    (`None`: all; `(0, 1)` for images (batch, channel, height, width) drops whole channels); `mask`, one to use again
    instead of drawing.

    Returns: `(y, mask, rng)`: the product, the mask (as it came, if not training) with the dtype of x, and the
    generator to draw the next mask from.

    Errors: ValueError if p is not within [0, 1], x has no axis of `dims`, or `mask` does not have the shape that would
    be drawn; TypeError if x is not floating point.

    Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).

    >>> y, mask, _ = dropout(np.random.default_rng(0), np.ones(4), 0.5, training=True)
    >>> y
    array([2., 2., 2., 0.])
    """
    check_probability("dropout", p)
    if kind(x.dtype) not in "fc":
        raise TypeError(f"dropout: x has dtype {x.dtype}, expected a floating-point one; convert it, as with "
                        "x.astype('float32')")
    shape = _mask_shape(x.shape, dims)
    if not training:
        return x, mask, rng
    if mask is not None:
        if tuple(mask.shape) != shape:
            raise ValueError(f"dropout: the mask has the shape {tuple(mask.shape)}, expected {shape} for x of shape "
                             f"{tuple(x.shape)}; draw a new one with mask=None, or by "
                             "update_state(st, 'update_mask', True)")
        return times(x, mask), mask, rng
    kept, rng = _drawn(rng, x, shape, p)
    dtype = real_dtype(x.dtype) if kind(x.dtype) == "c" else x.dtype
    mask = astype(kept, dtype=dtype)
    if p < 1:
        mask /= 1 - p
    return x * mask, mask, rng


def alpha_dropout(rng: Any, x: Any, p: float, training: bool) -> tuple[Any, Any]:
    """Set random elements to what `selu` gives far below zero; then keep mean 0 and variance 1 by a scale and a shift.

    Arguments: `rng`, a generator, which is left as it is; `x`, a real floating-point array of any shape; `p`, the
    probability with which an element is dropped; `training`, without which x is returned.

    Returns: `(y, rng)`: an array like x (of zeros, if p is 1), and the generator to draw from next.

    Errors: ValueError if p is not within [0, 1]; TypeError if x is not real floating point.

    Source: G. Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017, section 2, "New dropout technique".

    >>> y, _ = alpha_dropout(np.random.default_rng(0), np.zeros(4), 0.5, training=True)
    >>> y.round(4)
    array([ 0.7792,  0.7792,  0.7792, -0.7792])
    """
    check_probability("alpha_dropout", p)
    if kind(x.dtype) != "f":
        raise TypeError(f"alpha_dropout: x has dtype {x.dtype}, expected a real floating-point one; convert it, as "
                        "with x.astype('float32')")
    if not training:
        return x, rng
    kept, rng = _drawn(rng, x, x.shape, p)
    if p == 1:
        return zeros_like(x), rng
    stretch = 1 / math.sqrt((1 - p) * (1 + p * FAR_SELU**2))
    return where(kept, x, FAR_SELU) * stretch - stretch * p * FAR_SELU, rng


def _drawn(rng: Any, x: Any, shape: tuple[int, ...], p: float) -> tuple[Any, Any]:
    """Return which elements are kept, an array of truth values where x is, and an advanced copy of the generator."""
    rng = replicate(rng)
    kept = rng.random(tuple(shape), dtype=np.float32) > p
    xp, device = home(x)
    return xp.asarray(kept, device=device), rng


def check_probability(name: str, p: float) -> None:
    """Raise ValueError unless p is a probability."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p is the probability of a zero and must be within [0, 1], got {p}")


def _mask_shape(shape: tuple[int, ...], dims: int | tuple[int, ...] | None) -> tuple[int, ...]:
    if dims is None:
        return tuple(shape)
    axes = (dims,) if isinstance(dims, int) else dims
    for axis in axes:
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"dropout: x of shape {tuple(shape)} has no axis {axis} for the mask to vary along; "
                             "choose dims among its axes")
    varying = [axis % len(shape) for axis in axes]
    return tuple([n if axis in varying else 1 for axis, n in enumerate(shape)])


__all__ = ["alpha_dropout", "check_probability", "dropout"]
