"""Layers around one layer: the same parameters used again and again, and the same parameters in other numbers.

Neither has parameters or states of its own. They have those of the layer inside, under the names of that layer.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..precision import convert, dtype_named, precision_of
from .containers import as_layer
from .contract import AbstractLuxWrapperLayer
from .display import display_name
from .errors import LayerError

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


class _Around(AbstractLuxWrapperLayer):
    """A wrapper that calls its layer in its own way."""

    def _inside(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        """Call the layer inside; an error on its way out learns its name."""
        try:
            y, st = getattr(self, self.wrapped)(x, ps, st)
        except LayerError as error:
            error.within(display_name(self), self.wrapped)
            raise
        return y, st


class RepeatedLayer(_Around):
    """One layer applied several times, with the same parameters: a deep network of few numbers.

    Arguments:
        model: the layer.
        repeats: how many times.
        input_injection: whether every call also sees the input of all, as the second of a pair (y, x).

    Parameters, States: those of the layer. The state goes from call to call.

    Returns: model(model(... model(x))); with input_injection, y starts as x, and then y = model((y, x)).

    Errors: ValueError if repeats is no positive integer.

    Source: S. Bai, J. Z. Kolter, V. Koltun, "Deep equilibrium models", NeurIPS 2019, whose weight-tied network this is.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = RepeatedLayer(lambda pair: 0.5 * pair[0] + pair[1], repeats=3, input_injection=True)
    >>> model(np.array([1.0]), *setup(None, model))[0]
    array([1.875])
    """

    model: Any
    _: KW_ONLY
    repeats: int = 10
    input_injection: bool = False

    wrapped = "model"

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", as_layer(self.model, "RepeatedLayer: model"))
        if not hasattr(self.repeats, "__index__") or isinstance(self.repeats, bool) or self.repeats < 1:
            raise ValueError(f"RepeatedLayer: repeats must be a positive integer, got {self.repeats!r}")

    @property
    def name(self) -> str:
        """What is printed: the class, and how the layer is repeated."""
        injected = str(self.input_injection).lower()
        return f"RepeatedLayer{{nrepeats = {self.repeats}, input_injection = {injected}}}"

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        y = x
        for _ in range(self.repeats):
            y, st = self._inside((y, x) if self.input_injection else y, ps, st)
        return y, st


class AlternatePrecision(_Around):
    """A layer whose input comes in another precision, and whose result goes out in that of the input.

    Arguments:
        dtype: the floating-point dtype for the layer, such as `numpy.float64` or "float64".
        layer: the layer.

    Parameters, States: those of the layer, in the precision in which they were drawn: a layer computes in the common
    dtype of its input and its parameters.

    Returns: what the layer makes of x in that dtype, in the dtype of x.

    Errors: TypeError if dtype is no real floating-point dtype, or one that the array library of x does not have.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = AlternatePrecision("float64", lambda x: x + 2.0**-40 - 1)
    >>> model(np.ones(1, np.float32), *setup(None, model))[0] == np.float32(2.0**-40)
    array([ True])
    """

    dtype: Any
    layer: Any

    wrapped = "layer"

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", dtype_named(self.dtype, "AlternatePrecision: dtype"))
        object.__setattr__(self, "layer", as_layer(self.layer, "AlternatePrecision: layer"))

    @property
    def name(self) -> str:
        """What is printed: the class and the precision."""
        return f"AlternatePrecision{{{self.dtype.replace('float', 'Float').replace('b', 'B')}}}"

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        before = precision_of(x)
        y, st = self._inside(convert(x, self.dtype, "x"), ps, st)
        return (y if before is None else convert(y, before, "y")), st


__all__ = ["AlternatePrecision", "RepeatedLayer"]
