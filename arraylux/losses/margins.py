"""Losses with a margin: once a prediction is right by enough, it is left alone.

Targets are signs, 1 and -1, and predictions numbers whose sign is the answer; y times y_pred is how right they are. A
hinge loss grows with what is missing to 1, and is 0 with the derivative 0 from there on, so only the samples near the
boundary between the classes, or on its wrong side, shape it: the support vectors.
"""
from __future__ import annotations

from typing import Any

from ..nn.activations import relu
from ..rules.elementwise import square
from ..tracer.fitting import times
from .base import Loss


class HingeLoss(Loss):
    """Hinge loss: the mean of max(0, 1 - y y_pred).

    Arguments: `agg`, the aggregate. Targets are 1 and -1.

    Source: C. Cortes, V. Vapnik, "Support-vector networks", Machine Learning 20 (1995).

    >>> import numpy as np
    >>> HingeLoss(agg="sum")(np.array([2.0, 0.5, -1.0]), np.array([1, 1, 1]))
    np.float64(2.5)
    """

    kinds = "f"

    def compare(self, y_pred: Any, y: Any) -> Any:
        return relu(1 - times(y, y_pred))


class SquaredHingeLoss(Loss):
    """Squared hinge loss: the mean of max(0, 1 - y y_pred)², which has a continuous derivative.

    Arguments: `agg`, the aggregate. Targets are 1 and -1.

    >>> import numpy as np
    >>> SquaredHingeLoss(agg="sum")(np.array([2.0, 0.5, -1.0]), np.array([1, 1, 1]))
    np.float64(4.25)
    """

    kinds = "f"

    def compare(self, y_pred: Any, y: Any) -> Any:
        return square(relu(1 - times(y, y_pred)))


__all__ = ["HingeLoss", "SquaredHingeLoss"]
