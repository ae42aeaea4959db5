"""Losses of classification: how surprised a distribution over classes is by what came.

If a model gives the class that came the probability p, the surprise is -log p: nothing for a class that was certain,
without bound for one that was ruled out. Cross-entropy is its mean under the targets.

The care is in logarithms of probabilities near zero. Predictions that come as logits never become probabilities:
log p = z - log(sum(exp z)) stays within the range of the numbers, and the derivative of the loss is the plainest there
is, the softmax of the logits minus the targets.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library
from ..nn.operations import xlogy
from ..rules.elementwise import astype, exp, log
from ..rules.indexing import getitem, index_add
from ..rules.pairs import equal, subtract, where
from ..rules.reducing import sum
from ..rules.shaping import expand_dims
from ..rules.special import log_softmax
from ..tracer.core import Primitive, Tracer, home, strip
from ..tracer.fitting import add_tangents, fit, times
from ..tree import describe
from .base import Loss, above_zero, check_epsilon, check_smoothing


# --- labels: integers in place of distributions -------------------------------------------------------------------
def are_labels(targets: Any, predictions: Any) -> bool:
    """Say whether targets are labels, which lack the axis of the classes."""
    return len(targets.shape) < len(predictions.shape)


def at_labels(labels: Any, axis: int) -> tuple[Any, ...]:
    """Return the index that picks from predictions, with the classes along `axis`, the elements of the labels."""
    (xp, device), ndim = home(labels), len(labels.shape)
    grid = [xp.reshape(xp.arange(size, device=device), (-1,) + (1,) * (ndim - i - 1))
            for i, size in enumerate(labels.shape)]
    return (*grid[:axis], labels, *grid[axis:])


def one_hot(labels: Any, like: Any, axis: int) -> Any:
    """Return labels as distributions of the shape and dtype of `like`: 1 at the label along an axis, 0 elsewhere."""
    xp, device = home(labels)
    classes = xp.arange(like.shape[axis], dtype=labels.dtype, device=device)
    classes = xp.reshape(classes, (-1,) + (1,) * (len(like.shape) - axis - 1))
    return astype(equal(expand_dims(labels, axis), classes), dtype=like.dtype)


# --- cross-entropy of logits --------------------------------------------------------------------------------------
def _expected(log_p: Any, targets: Any, axis: int) -> Any:
    """Return the mean of `log_p` under each target."""
    if are_labels(targets, log_p):
        return getitem(log_p, at_labels(targets, axis))
    log_p = where(equal(targets, 0), 0, log_p)                 # a class of probability 0 and target 0 adds 0, not NaN
    return sum(times(targets, log_p), axis=axis)


class _CrossEntropy(Primitive):
    """Cross-entropy of logits and of targets that are distributions or labels.

    Returns two arrays: the cross-entropies, and log p, from which both rules are made. The derivative of the latter is
    that of `log_softmax`; it is asked for where a derivative is differentiated again.
    """

    __slots__ = ()

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (t_logits, t_targets), (_, log_p), targets, axis = tangents, y, args[1], params["axis"]
        t_log_p, parts = None, []
        if t_logits is not None:
            t_log_p = subtract(t_logits, sum(times(exp(log_p), t_logits), axis=axis, keepdims=True))
            parts.append(-_expected(t_log_p, targets, axis))
        if t_targets is not None:
            parts.append(-sum(times(t_targets, log_p), axis=axis))
        return add_tangents(parts), t_log_p

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        (g_loss, g_log_p), (_, log_p), (logits, targets), axis = g, y, args, params["axis"]
        p = exp(log_p)
        parts, to_targets = [], None
        if g_log_p is not None:
            parts.append(subtract(g_log_p, times(p, sum(g_log_p, axis=axis, keepdims=True))))
        if g_loss is not None:
            wide = expand_dims(g_loss, axis)
            if are_labels(targets, log_p):
                parts.append(index_add(times(p, wide), -g_loss, index=at_labels(targets, axis)))
            else:
                expected = times(p, sum(targets, axis=axis, keepdims=True))
                parts.append(times(subtract(expected, targets), wide))
            if parents[1] >= 0:
                to_targets = fit(times(-wide, log_p), targets)
        return fit(add_tangents(parts), logits) if parents[0] >= 0 else None, to_targets


def _run_cross_entropy(logits: Any, targets: Any, *, axis: int) -> Any:
    log_p = log_softmax(logits, axis=axis)
    return -_expected(log_p, targets, axis), log_p


def _np_cross_entropy(logits: Any, targets: Any, *, axis: int) -> Any:
    if are_labels(targets, logits):
        return _run_cross_entropy(logits, targets, axis=axis)
    log_p = log_softmax(logits, axis=axis)
    with np.errstate(invalid="ignore"):             # 0 times the logarithm of 0: rare, and repaired if it happens
        expected = library(log_p).vecdot(targets, log_p, axis=axis)
    return -(_expected(log_p, targets, axis) if np.isnan(expected).any() else expected), log_p


cross_entropy = _CrossEntropy("cross_entropy", run=_run_cross_entropy, numpy=_np_cross_entropy, keeps="1y",
                              multiple=True)


class ClassLoss(Loss):
    """What losses of classification share: where the classes are, and targets that are distributions or labels."""

    epsilon: float | None = None
    axis: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_epsilon(self)

    def matching(self, y_pred: Any, y: Any) -> Any:
        self.check_predictions(y_pred, y)
        shape, axis, name = tuple(y_pred.shape), self.axis, type(self).__name__
        if kind(y_pred.dtype) == "c" or not -len(shape) <= axis < len(shape):
            raise ValueError(f"{name}: the predictions must be real and have an axis {axis} for the classes, got "
                             f"{describe(y_pred)}; name another one with axis=")
        if getattr(y, "shape", None) == shape:
            return super().matching(y_pred, y)
        axis %= len(shape)
        samples = shape[:axis] + shape[axis + 1:]
        if getattr(y, "shape", None) != samples or kind(y.dtype) != "i":
            raise ValueError(f"{name}: the targets must be probabilities of the shape {shape} of the predictions, or "
                             f"integer labels of shape {samples}, got {describe(y)}; if the classes are along another "
                             "axis of the predictions, name it with axis=")
        labels = strip(y)
        if labels.size and not isinstance(labels, Tracer):       # those of a batch that is mapped over are not known
            xp, classes = library(labels), shape[axis]
            low, high = int(xp.min(labels)), int(xp.max(labels))
            if low < 0 or high >= classes:
                raise ValueError(f"{name}: the labels of {classes} classes are from 0 to {classes - 1}, got labels "
                                 f"from {low} to {high}")
        return labels

    def distributions(self, y_pred: Any, y: Any, alpha: float | None = None) -> Any:
        """Return targets as distributions, labels one-hot, of which the part `alpha` is spread over all classes."""
        axis = self.axis % len(y_pred.shape)
        y = one_hot(y, y_pred, axis) if are_labels(y, y_pred) else y
        return (1 - alpha) * y + alpha / y_pred.shape[axis] if alpha else y


class CrossEntropyLoss(ClassLoss):
    """Cross-entropy: the mean over samples of -sum(y log p), the sum being over classes.

    Arguments: `agg`, the aggregate over samples (`None`: one number for each); `epsilon`, what is added to a
    probability under the logarithm, by default the spacing of its dtype at 1; `axis`, where the classes are: the last
    axis by default, 1 for images (batch, class, height, width); `logits`, whether predictions come as logits, any real
    numbers, and not as probabilities; `label_smoothing`, the part of each target, between 0 and 1, that is spread
    evenly over all classes.

    Targets are probabilities of the shape of the predictions (one-hot, or soft), or integer labels from 0, of that
    shape without the axis of the classes.

    Errors: ValueError for a label_smoothing outside [0, 1], a negative epsilon, complex predictions, targets that have
    neither shape, or a label that is no class.

    Source: for label smoothing, Szegedy et al., "Rethinking the Inception architecture for computer vision",
    arXiv:1512.00567, section 7.

    >>> logits = np.array([[2.0, 0.0], [0.0, 0.0]])
    >>> round(float(CrossEntropyLoss(logits=True)(logits, np.array([0, 1]))), 6)
    0.410038
    """

    logits: bool = False
    label_smoothing: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_smoothing(self)

    def compare(self, y_pred: Any, y: Any) -> Any:
        axis = self.axis % len(y_pred.shape)
        if self.label_smoothing:
            y = self.distributions(y_pred, y, self.label_smoothing)
        if self.logits:
            return cross_entropy(y_pred, y, axis=axis)[0]
        p = above_zero(y_pred, self.epsilon)
        return -log(getitem(p, at_labels(y, axis))) if are_labels(y, p) else -sum(xlogy(y, p), axis=axis)
