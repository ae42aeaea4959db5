"""Layers without parameters: a function as a layer, no layer at all, and a change of shape.

They are the shortest examples of the contract: there is nothing to draw, and the state is handed through.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..rules.shaping import reshape
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerValueError


class WrappedFunction(AbstractLuxLayer):
    """A function of arrays as a layer without parameters and states.

    Arguments: `func`, called as `func(x)`.

    Errors: TypeError if `func` can't be called.

    >>> from arraylux import nn
    >>> WrappedFunction(nn.relu)
    WrappedFunction(relu)
    """

    func: Callable[..., Any]

    def __post_init__(self) -> None:
        if not callable(self.func):
            raise TypeError(f"WrappedFunction: func must be a function of one array, got {self.func!r}")

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        return self.func(x), st


class NoOpLayer(AbstractLuxLayer):
    """A layer that returns its input."""

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        return x, st


class FlattenLayer(AbstractLuxLayer):
    """Make one axis of several: of all but the batch axis, or of the last N.

    Arguments: `N`, how many axes, counted from the last; `None` for all but the first. (In Lux, whose batch axis is
    the last, they are the first N: the same axes.)

    Returns: (batch, features) for x (batch, ...); with N = 2, (batch, channel, features) for an image.

    Errors: ValueError if N is not positive, or if x has no more than N axes.

    >>> import numpy as np
    >>> FlattenLayer()(np.zeros((8, 3, 5, 5)), {}, {})[0].shape
    (8, 75)
    >>> FlattenLayer(N=2)(np.zeros((8, 3, 5, 5)), {}, {})[0].shape
    (8, 3, 25)
    """

    N: int | None = None

    def __post_init__(self) -> None:
        if self.N is not None and self.N < 1:
            raise ValueError(f"FlattenLayer: N must be at least 1, or None for all axes but the first, got {self.N}")

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        shape = x.shape
        if len(shape) <= (self.N or 0):
            raise LayerValueError(self, f"x of shape {tuple(shape)} has {len(shape)} axes, expected more than those "
                                        "to flatten; add a batch axis, as with x[None]")
        kept = 1 if self.N is None else len(shape) - self.N
        return reshape(x, (*shape[:kept], math.prod(shape[kept:]))), st

    def description(self) -> str:
        return call_form("FlattenLayer", N=self.N)


__all__ = ["FlattenLayer", "NoOpLayer", "WrappedFunction"]
