"""Divergences: how far a predicted distribution is from the one that was seen.

Cross-entropy counts two things, how uncertain the targets are by themselves, and what the predictions get wrong on top
of it. The Kullback-Leibler divergence is the second alone, and 0 for a perfect prediction. Focal loss weighs classes by
what their predictions lack, so that the many easy samples don't drown the few hard ones. Where targets are counts, the
surprise is that of a Poisson distribution.
"""
from __future__ import annotations

from typing import Any

from ..nn.operations import xlogy
from ..rules.indexing import getitem
from ..rules.pairs import equal, subtract, where
from ..rules.reducing import sum
from ..tracer.fitting import times
from .base import Loss, above_zero, check_epsilon, check_positive, check_smoothing
from .binary import focal
from .classification import ClassLoss, are_labels, at_labels


class KLDivergenceLoss(ClassLoss):
    """Kullback-Leibler divergence: the mean over samples of sum(y log(y / p)), the sum being over classes.

    Arguments: `agg`, the aggregate over samples (`None`: one number for each); `epsilon`, what is added to the
    predicted probabilities p under the logarithm, by default the spacing of their dtype at 1; `axis`, where the classes
    are; `label_smoothing`, the part of each target, between 0 and 1, that is spread evenly over all classes.

    Targets are probabilities of the shape of the predictions, or integer labels, as for `CrossEntropyLoss`.

    Errors: those of `CrossEntropyLoss`.

    Source: S. Kullback, R. Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22 (1951).

    >>> import numpy as np
    >>> round(float(KLDivergenceLoss()(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))), 6)     # log 2
    0.693147
    """

    label_smoothing: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_smoothing(self)

    def compare(self, y_pred: Any, y: Any) -> Any:
        y = self.distributions(y_pred, y, self.label_smoothing)
        return sum(subtract(xlogy(y, y), xlogy(y, above_zero(y_pred, self.epsilon))), axis=self.axis)


class FocalLoss(ClassLoss):
    """Cross-entropy in which what is predicted well counts less: the mean of sum(-y (1 - p)^gamma log p) over classes.

    Arguments: `agg`, the aggregate over samples (`None`: one number for each); `epsilon`, what is added to p and to
    1 - p, by default the spacing of their dtype at 1; `axis`, where the classes are; `gamma`, how much less, from 0
    (the cross-entropy).

    Targets are probabilities of the shape of the predictions, or integer labels, as for `CrossEntropyLoss`.

    Errors: those of `CrossEntropyLoss`, and ValueError for a negative gamma.

    Source: T.-Y. Lin et al., "Focal loss for dense object detection", ICCV 2017, equation 4.

    >>> import numpy as np
    >>> round(float(FocalLoss()(np.array([[0.5, 0.5]]), np.array([0]))), 6)             # log(2) / 4
    0.173287
    """

    gamma: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "gamma", self.gamma, "from 0")

    def compare(self, y_pred: Any, y: Any) -> Any:
        if are_labels(y, y_pred):
            return focal(getitem(y_pred, at_labels(y, self.axis % len(y_pred.shape))), self.gamma, self.epsilon)
        p = where(equal(y, 0), 0.5, y_pred)             # a class of target 0 adds 0, whatever probability it was given
        return sum(times(y, focal(p, self.gamma, self.epsilon)), axis=self.axis)


class PoissonLoss(Loss):
    """Surprise at counts y where y_pred were expected, up to a constant: the mean of y_pred - y log(y_pred).

    Arguments: `agg`, the aggregate; `epsilon`, what is added to predictions under the logarithm, by default the spacing
    of their dtype at 1. Predictions must be positive.

    Errors: ValueError for a negative epsilon.

    >>> import numpy as np
    >>> round(float(PoissonLoss()(np.array([1.0, 3.0, 3.0]), np.array([1, 2, 3]))), 6)
    0.502313
    """

    epsilon: float | None = None

    kinds = "f"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_epsilon(self)

    def compare(self, y_pred: Any, y: Any) -> Any:
        return subtract(y_pred, xlogy(y, above_zero(y_pred, self.epsilon)))


__all__ = ["FocalLoss", "KLDivergenceLoss", "PoissonLoss"]
