"""Losses: one number that says how far predictions are from their targets.

Every loss is a value that can be called in two ways: `loss(y_pred, y)` is the number, and
`loss(model, ps, st, (x, y))` is what training wants of an objective, the number, the new states and statistics.

>>> import numpy as np
>>> MSELoss(agg="sum")(np.array([1.0, 2.0]), np.array([0.0, 0.0]))
np.float64(5.0)
"""
from .base import Loss
from .classification import CrossEntropyLoss
from .regression import L1Loss, L2Loss, MAELoss, MSELoss

__all__ = ["CrossEntropyLoss", "L1Loss", "L2Loss", "Loss", "MAELoss", "MSELoss"]
