"""Dropout: set random elements to zero while training, so that no unit can rely on another one.

What is kept is scaled up by 1 / (1 - p), which leaves the mean as it was, and the trained network needs no change.
The generator is data like everything else: it is copied before it draws, and the copy is returned.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import kind, real_dtype
from ..random import replicate
from ..rules.elementwise import astype
from ..tracer.core import home


def dropout(rng: Any, x: Any, p: float, training: bool,
            dims: int | tuple[int, ...] | None = None) -> tuple[Any, Any, Any]:
    """Multiply x by a random mask of zeros and 1 / (1 - p).

    Arguments: `rng`, a generator, which is left as it is; `x`, a floating-point array of any shape; `p`, the
    probability of a zero; `training`, without which x is returned; `dims`, the axes along which the mask varies
    (`None`: all; `(0, 1)` for images (batch, channel, height, width) drops whole channels).

    Returns: `(y, mask, rng)`: the product, the mask (`None` if not training) with the dtype of x, and the
    generator to draw the next mask from.

    Errors: ValueError if p is not within [0, 1] or x has no axis of `dims`; TypeError if x is not floating point.

    Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).

    >>> y, mask, _ = dropout(np.random.default_rng(0), np.ones(4), 0.5, training=True)
    >>> y
    array([2., 2., 2., 0.])
    """
    check_probability("dropout", p)
    if not training:
        return x, None, rng
    if kind(x.dtype) not in "fc":
        raise TypeError(f"dropout: x has dtype {x.dtype}, expected a floating-point one; convert it, as with "
                        "x.astype('float32')")
    rng = replicate(rng)
    kept = rng.random(_mask_shape(x.shape, dims), dtype=np.float32) > p
    xp, device = home(x)
    dtype = real_dtype(x.dtype) if kind(x.dtype) == "c" else x.dtype
    mask = astype(xp.asarray(kept, device=device), dtype=dtype)
    if p < 1:
        mask /= 1 - p
    return x * mask, mask, rng


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


__all__ = ["check_probability", "dropout"]
