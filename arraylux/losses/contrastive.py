"""Losses that compare wholes: pairs by their distance, and sets by their overlap.

A network that maps alike things near each other is trained on pairs, of which it is known whether they belong together:
such pairs are pulled together, others pushed apart until they are far enough. Masks of images are compared as sets, by
twice the size of what they share over the sum of their sizes, which does not care how much of the image is neither.
"""
from __future__ import annotations

from typing import Any

from ..nn.activations import relu
from ..rules.elementwise import square
from ..rules.pairs import add, divide, subtract
from ..rules.reducing import sum
from ..tracer.fitting import times
from .base import Loss, check_positive


class SiameseContrastiveLoss(Loss):
    """Contrastive loss of distances y_pred: the mean of (1 - y) y_pred² + y max(0, margin - y_pred)².

    Arguments: `agg`, the aggregate; `margin`, the distance from which a pair that does not belong together is left
    alone, in the unit of the predictions. Targets are 0 for pairs that belong together, 1 for others.

    Errors: ValueError for a negative margin.

    Source: R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006,
    equation 4, without its factor 1/2.

    >>> import numpy as np
    >>> SiameseContrastiveLoss(agg="sum")(np.array([0.5, 0.5, 3.0]), np.array([0, 1, 1]))
    np.float64(0.5)
    """

    margin: float = 1.0

    kinds = "f"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "margin", self.margin, "from 0")

    def compare(self, y_pred: Any, y: Any) -> Any:
        return add(times(1 - y, square(y_pred)), times(y, square(relu(self.margin - y_pred))))


class DiceCoeffLoss(Loss):
    """Dice loss of masks: the mean over samples of 1 - (2 sum(y y_pred) + smooth) / (sum(y_pred²) + sum(y²) + smooth).

    The sums are over all axes but the first, which counts the samples; of a vector, which is one sample, over all.

    Arguments: `agg`, the aggregate over samples; `smooth`, which keeps the quotient of two empty masks at 1.

    Errors: ValueError for a negative smooth.

    Source: F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net: fully convolutional neural networks for volumetric medical
    image segmentation", 3DV 2016, section 3.

    >>> import numpy as np
    >>> DiceCoeffLoss(smooth=0.0)(np.array([1.0, 1.0, 0.0]), np.array([0, 1, 1]))
    np.float64(0.5)
    """

    smooth: float = 1.0

    kinds = "f"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "smooth", self.smooth, "from 0")

    def compare(self, y_pred: Any, y: Any) -> Any:
        axes = tuple(range(1, len(y_pred.shape))) or None
        shared = sum(times(y_pred, y), axis=axes)
        sizes = add(sum(square(y_pred), axis=axes), sum(square(y), axis=axes))
        return subtract(1, divide(2 * shared + self.smooth, sizes + self.smooth))


__all__ = ["DiceCoeffLoss", "SiameseContrastiveLoss"]
