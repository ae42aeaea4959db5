"""Losses of regression that are less easily led astray: by outliers, by the size of the numbers, or by both.

A squared error lets the worst prediction speak loudest. Huber's loss stays a square for small errors, where a smooth
minimum is wanted, and goes on as a straight line for large ones. The squared logarithmic error counts ratios: to
predict 2 for 1 is as wrong as 200 for 100.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..record import Record
from ..rules.elementwise import log, square
from ..rules.pairs import clip, divide, subtract
from ..tracer.fitting import times
from .base import Aggregate, Loss, above_zero, check_epsilon, check_positive

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


class HuberLoss(Loss):
    """Huber's loss of d = y_pred - y: d² / 2 where |d| <= delta, delta (|d| - delta / 2) beyond.

    Arguments: `agg`, the aggregate; `delta`, where the parabola becomes a line, in the unit of the predictions.

    Errors: ValueError for a delta that is not positive.

    Source: P. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).

    >>> import numpy as np
    >>> HuberLoss()(np.array([0.0, 3.0]), np.array([1.0, 0.0]))
    np.float64(1.5)
    """

    delta: float = 1.0

    kinds = "f"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "delta", self.delta)

    def compare(self, y_pred: Any, y: Any) -> Any:
        d = subtract(y_pred, y)
        near = clip(d, -self.delta, self.delta)
        return times(near, subtract(d, 0.5 * near))             # inside d d/2, outside delta (|d| - delta/2)


class MSLELoss(Loss):
    """Mean squared logarithmic error: the mean of log((y_pred + epsilon) / (y + epsilon))².

    Arguments: `agg`, the aggregate; `epsilon`, by default the spacing of the dtype of the predictions at 1.
    Predictions and targets must not be negative.

    Errors: ValueError for a negative epsilon.

    >>> import numpy as np
    >>> round(float(MSLELoss()(np.array([2.0, 200.0]), np.array([1.0, 100.0]))), 6)     # (log 2)²
    0.480453
    """

    epsilon: float | None = None

    kinds = "f"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_epsilon(self)

    def compare(self, y_pred: Any, y: Any) -> Any:
        return square(log(divide(above_zero(y_pred, self.epsilon), above_zero(y, self.epsilon))))


class GenericLossFunction(Loss):
    """A loss of your own: the aggregate of `loss_fn(y_pred, y)`.

    Arguments: `loss_fn`, a function of predictions and targets, which come as arrays of one shape, that gives the
    comparisons; `agg`, their aggregate.

    Errors: TypeError for a `loss_fn` that is not a function.

    >>> import numpy as np
    >>> GenericLossFunction(lambda y_pred, y: (y_pred - y) ** 4, agg="sum")(np.array([3.0, 1.0]), np.array([1.0, 0.0]))
    np.float64(17.0)
    """

    _: KW_ONLY
    loss_fn: Callable[[Any, Any], Any]

    def __init__(self, loss_fn: Callable[[Any, Any], Any], agg: Aggregate = "mean") -> None:
        if not callable(loss_fn):
            raise TypeError(f"GenericLossFunction: loss_fn must be a function of (y_pred, y), got {loss_fn!r}")
        Record.__init__(self, agg=agg, loss_fn=loss_fn)

    def compare(self, y_pred: Any, y: Any) -> Any:
        return self.loss_fn(y_pred, y)


__all__ = ["GenericLossFunction", "HuberLoss", "MSLELoss"]
