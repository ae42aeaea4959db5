"""Losses: one number that says how far predictions are from their targets.

Every loss is a value that can be called in two ways: `loss(y_pred, y)` is the number, and
`loss(model, ps, st, (x, y))` is what training wants of an objective, the number, the new states and statistics.

>>> import numpy as np
>>> MSELoss(agg="sum")(np.array([1.0, 2.0]), np.array([0.0, 0.0]))
np.float64(5.0)
"""
from typing import TYPE_CHECKING

from ..late import loader
from .base import Loss
from .classification import CrossEntropyLoss
from .regression import L1Loss, L2Loss, MAELoss, MSELoss

if TYPE_CHECKING:
    from .binary import BinaryCrossEntropyLoss, BinaryFocalLoss
    from .contrastive import DiceCoeffLoss, SiameseContrastiveLoss
    from .divergences import FocalLoss, KLDivergenceLoss, PoissonLoss
    from .margins import HingeLoss, SquaredHingeLoss
    from .robust import GenericLossFunction, HuberLoss, MSLELoss

_CHAPTERS = {
    "binary": ("BinaryCrossEntropyLoss", "BinaryFocalLoss"),
    "contrastive": ("DiceCoeffLoss", "SiameseContrastiveLoss"),
    "divergences": ("FocalLoss", "KLDivergenceLoss", "PoissonLoss"),
    "margins": ("HingeLoss", "SquaredHingeLoss"),
    "robust": ("GenericLossFunction", "HuberLoss", "MSLELoss"),
}
__getattr__ = loader(__name__, _CHAPTERS)

__all__ = ["BinaryCrossEntropyLoss", "BinaryFocalLoss", "CrossEntropyLoss", "DiceCoeffLoss", "FocalLoss",
           "GenericLossFunction", "HingeLoss", "HuberLoss", "KLDivergenceLoss", "L1Loss", "L2Loss", "Loss", "MAELoss",
           "MSELoss", "MSLELoss", "PoissonLoss", "SiameseContrastiveLoss", "SquaredHingeLoss"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
