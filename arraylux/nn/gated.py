"""Activations that take more than the number itself: a slope that is drawn, or a gate that another number holds."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..random import replicate
from ..rules.elementwise import astype
from ..rules.indexing import getitem
from ..rules.pairs import where
from ..rules.shaping import along
from ..tracer.core import home
from ..tracer.fitting import times
from .activations import leakyrelu, sigmoid


def rrelu(x: Any, lower: float = 1 / 8, upper: float = 1 / 3, rng: Any = None) -> Any:
    """Randomised leaky relu: leakyrelu with a slope that is drawn for each element from U(lower, upper).

    Arguments: `x`; `lower` and `upper`, the bounds of the slopes below zero; `rng`, the generator, which is left as it
    is, so that the same one draws the same slopes again. Without it all have the mean slope, which is what the paper
    does with a trained network.

    Errors: ValueError if the bounds are not in order.

    Source: B. Xu et al., "Empirical evaluation of rectified activations in convolutional network", arXiv:1505.00853.

    >>> rrelu(np.array([-24.0, 1.0]))
    array([-5.5,  1. ])
    """
    if not lower <= upper:
        raise ValueError(f"rrelu: the slopes are from lower to upper, got lower={lower} and upper={upper}")
    if rng is None:
        return leakyrelu(x, (lower + upper) / 2)
    xp, device = home(x)
    drawn = lower + (upper - lower) * replicate(rng).random(tuple(x.shape), dtype=np.float32)
    return times(x, where(x > 0, 1, astype(xp.asarray(drawn, device=device), dtype=x.dtype)))


def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: a sigmoid(b), where a and b are the two halves of x along an axis.

    Errors: ValueError if x has no such axis, or its length is odd.

    Source: Y. Dauphin et al., "Language modeling with gated convolutional networks", ICML 2017.

    >>> glu(np.array([4.0, 6.0, 0.0, 100.0]))
    array([2., 6.])
    """
    shape = tuple(x.shape)
    if not -len(shape) <= axis < len(shape) or shape[axis] % 2:
        raise ValueError(f"glu: x must have an axis {axis} of even length, whose halves are the line and its gate, got "
                         f"shape {shape}")
    half = shape[axis] // 2
    a, b = (getitem(x, along(axis % len(shape), part)) for part in (slice(0, half), slice(half, None)))
    return times(a, sigmoid(b))


__all__ = ["glu", "rrelu"]
