"""What all losses share: the two ways to call one, the check of the targets, and the aggregate.

A loss compares predictions with targets, element with element or distribution with distribution, and an aggregate,
most often the mean, makes one number of the comparisons. It is a record, so it can be printed, compared and kept in a
configuration.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..backend import is_array, kind, library
from ..record import Record
from ..rules.elementwise import astype
from ..rules.reducing import mean, sum
from ..tracer.core import bare, home
from ..tree import describe

Aggregate = Callable[[Any], Any] | str | None

_AGGREGATES: dict[str, Callable[[Any], Any]] = {"mean": mean, "sum": sum}


class Loss(Record):
    """The base class of the losses; the fields of each are its options.

    A loss of your own defines `compare(y_pred, y)`: an array with one number for each thing that is compared.

    Arguments: `agg`, the aggregate: `"mean"`, `"sum"`, `None` for the comparisons as they are, or a function of their
    array.

    Errors: ValueError for another `agg`.
    """

    agg: Aggregate = "mean"

    kinds: ClassVar[str] = "fc"                     # predictions are real floating-point numbers, or complex ones too

    def __post_init__(self) -> None:
        if not (self.agg is None or callable(self.agg) or self.agg in _AGGREGATES):
            raise ValueError(f'{type(self).__name__}: agg is {self.agg!r}, expected "mean", "sum", None or a function')

    def __call__(self, *args: Any) -> Any:
        """Return `loss(y_pred, y)`, a number; or `loss(model, ps, st, (x, y))`, the triple (number, new states, {}).

        Arguments: `y_pred`, predictions, floating point; `y`, targets. The targets of most losses have the shape of
        the predictions; integers and booleans take the dtype of the predictions. Targets that are traced are
        differentiated like any other argument.

        Errors: ValueError if the shapes don't fit, or for complex predictions of a loss for real ones; TypeError if the
        predictions are not floating point, or for any other arguments.
        """
        if len(args) == 2:
            return self.evaluate(*args)
        if len(args) != 4 or not isinstance(args[3], (tuple, list)) or len(args[3]) != 2:
            raise TypeError(f"{type(self).__name__} is called with (y_pred, y), or with (model, ps, st, (x, y)), got "
                            f"{', '.join(map(describe, args)) or 'no arguments'}")
        model, ps, st, (x, y) = args
        y_pred, st = model(x, ps, st)
        return self.evaluate(y_pred, y), st, {}

    def evaluate(self, y_pred: Any, y: Any) -> Any:
        """Return the aggregate of the comparisons."""
        comparisons = self.compare(y_pred, self.matching(y_pred, y))
        if self.agg is None:
            return comparisons
        return (self.agg if callable(self.agg) else _AGGREGATES[self.agg])(comparisons)

    def compare(self, y_pred: Any, y: Any) -> Any:
        """Return the comparisons before they are aggregated."""
        raise NotImplementedError(f"{type(self).__name__} does not define compare(y_pred, y)")

    def matching(self, y_pred: Any, y: Any) -> Any:
        """Return the targets in the form that `compare` takes: here floating point, in the shape of the predictions."""
        self.check_predictions(y_pred, y)
        if getattr(y, "shape", None) != y_pred.shape:
            raise ValueError(f"{type(self).__name__}: the targets must have the shape {tuple(y_pred.shape)} of the "
                             f"predictions, got {describe(y)}")
        return y if kind(y.dtype) in "fc" else astype(y, dtype=y_pred.dtype)

    def check_predictions(self, y_pred: Any, y: Any) -> None:
        """Raise unless the predictions are floating-point numbers, real where only they make sense, and y is with them.

        Arguments: as for a call. What else is wrong with `y` is left to `matching`.
        """
        if not hasattr(y_pred, "shape") or kind(y_pred.dtype) not in "fc":
            raise TypeError(f"{type(self).__name__}: the predictions must be a floating-point array, got "
                            f"{describe(y_pred)}; convert them, as with numpy.asarray(x, dtype='float32')")
        if kind(y_pred.dtype) not in self.kinds:
            raise ValueError(f"{type(self).__name__}: the predictions must be real, got {describe(y_pred)}; compare "
                            "their real and imaginary parts or their absolute values")
        here, there = bare(y_pred), bare(y)
        if type(here) is not type(there) and is_array(here) and is_array(there) and library(here) is not library(there):
            raise TypeError(f"{type(self).__name__}: the predictions are an array of {library(here).__name__}, the "
                            f"targets one of {library(there).__name__}; move both to one device, as with "
                            "gpu_device()(y)")


def check_epsilon(loss: Any) -> None:
    """Raise ValueError unless the epsilon of a loss is `None` or not negative."""
    if loss.epsilon is not None and not loss.epsilon >= 0:
        raise ValueError(f"{type(loss).__name__}: epsilon is {loss.epsilon}, expected None or a number from 0")


def check_smoothing(loss: Any) -> None:
    """Raise ValueError unless the label smoothing of a loss is `None` or a part of the whole."""
    alpha = loss.label_smoothing
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError(f"{type(loss).__name__}: label_smoothing is {alpha}, expected a number from 0 to 1")


def check_positive(loss: Any, name: str, value: float, least: str = "above 0") -> None:
    """Raise ValueError unless a setting of a loss is positive, or with `least="from 0"` not negative."""
    if not (value > 0 if least == "above 0" else value >= 0):
        raise ValueError(f"{type(loss).__name__}: {name} is {value}, expected a number {least}")


def above_zero(x: Any, epsilon: float | None) -> Any:
    """Return x + epsilon, what logarithms are taken of; by default the epsilon is the spacing of the dtype at 1."""
    return x + (spacing(x) if epsilon is None else epsilon)


def spacing(x: Any) -> float:
    """Return the spacing of an array's dtype at 1, the smallest number that makes a difference there."""
    return float(home(x)[0].finfo(x.dtype).eps)
