"""Losses of yes-or-no questions: each prediction is one probability, each target 0, 1, or something between.

The surprise is -log p if the answer is yes and -log(1 - p) if it is no. For a logit z, with p = 1 / (1 + e^-z), the two
make one formula, max(z, 0) - z y + log(1 + e^-|z|), that neither overflows nor cancels, and its derivative is p - y.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import library
from ..nn.activations import sigmoid
from ..nn.operations import xlogy
from ..rules.elementwise import log
from ..rules.pairs import add, pow, subtract
from ..tracer.declare import Binary
from ..tracer.fitting import times
from .base import Loss, above_zero, check_epsilon, check_positive, check_smoothing


def _run_binary_cross_entropy(z: Any, y: Any) -> Any:
    xp = library(z)
    return xp.maximum(z, xp.zeros_like(z)) - z * y + xp.log1p(xp.exp(-xp.abs(z)))


def _np_binary_cross_entropy(z: Any, y: Any) -> Any:
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))


binary_cross_entropy = Binary("binary_cross_entropy", lambda loss, z, y: subtract(sigmoid(z), y),
                              lambda loss, z, y: -z, keeps=("01", "0"), run=_run_binary_cross_entropy,
                              numpy=_np_binary_cross_entropy)


class BinaryCrossEntropyLoss(Loss):
    """Binary cross-entropy: the mean of -y log p - (1 - y) log(1 - p).

    Arguments: `agg`, the aggregate; `epsilon`, what is added to probabilities under the logarithm, by default the
    spacing of their dtype at 1; `label_smoothing`, the part of each target, between 0 and 1, that is split evenly
    between yes and no; `logits`, whether predictions come as logits, any real numbers, and not as probabilities.

    Errors: ValueError for a label_smoothing outside [0, 1], or a negative epsilon.

    >>> logits = np.array([2.0, -1.0, np.pi])
    >>> round(float(BinaryCrossEntropyLoss(logits=True)(logits, np.array([1, 0, 1]))), 6)
    0.160832
    """

    epsilon: float | None = None
    label_smoothing: float | None = None
    logits: bool = False

    kinds = "f"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_epsilon(self)
        check_smoothing(self)

    def compare(self, y_pred: Any, y: Any) -> Any:
        alpha = self.label_smoothing
        y = (1 - alpha) * y + alpha / 2 if alpha else y
        if self.logits:
            return binary_cross_entropy(y_pred, y)
        yes, no = above_zero(y_pred, self.epsilon), above_zero(1 - y_pred, self.epsilon)
        return -add(xlogy(y, yes), xlogy(1 - y, no))


class BinaryFocalLoss(Loss):
    """Binary cross-entropy in which what is predicted well counts less: the mean of -(1 - p)^gamma log p.

    Here p is the probability that was given to the answer that came, y y_pred + (1 - y) (1 - y_pred).

    Arguments: `agg`, the aggregate; `gamma`, how much less, from 0 (all count the same); `epsilon`, what is added to p
    and to 1 - p, by default the spacing of their dtype at 1.

    Errors: ValueError for a negative gamma or epsilon.

    Source: T.-Y. Lin et al., "Focal loss for dense object detection", ICCV 2017, equation 4.

    >>> round(float(BinaryFocalLoss()(np.array([0.9, 0.5]), np.array([1, 1]))), 6)       # 0.01 and 0.25 of -log p
    0.08717
    """

    gamma: float = 2.0
    epsilon: float | None = None

    kinds = "f"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "gamma", self.gamma, "from 0")
        check_epsilon(self)

    def compare(self, y_pred: Any, y: Any) -> Any:
        p = add(times(y, y_pred), times(1 - y, 1 - y_pred))
        return focal(p, self.gamma, self.epsilon)


def focal(p: Any, gamma: float, epsilon: float | None) -> Any:
    """Return -(1 - p)^gamma log p: the surprise at what had the probability p, times a power of what p lacks."""
    return -times(pow(above_zero(1 - p, epsilon), gamma), log(above_zero(p, epsilon)))


__all__ = ["BinaryCrossEntropyLoss", "BinaryFocalLoss", "focal"]
