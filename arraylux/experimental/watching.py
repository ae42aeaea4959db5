"""Layers under observation: which one failed, and where in the model numbers stopped being numbers.

`debug_mode` wraps every layer of a model; parameters and states fit as before. Each call is then looked at from both
sides: what goes in and comes out, and on the way back what cotangents arrive and which are sent on. It finds the layer.
`debug_nans` finds the operation and the line, at a higher price.
"""
from __future__ import annotations

import logging
from typing import Any

from .. import tree
from ..backend import kind, library
from ..debugging.births import numbers
from ..layers.containers import as_layer
from ..layers.contract import AbstractLuxLayer, AbstractLuxWrapperLayer
from ..transforms.custom import custom_vjp

_log = logging.getLogger("arraylux.debug")


class DebugLayer(AbstractLuxWrapperLayer):
    """A layer that is watched; `debug_mode` makes one of every layer of a model.

    Arguments: `layer`; `nan_check`, where to look for NaN: "forward" (input, parameters, states, result), "backward"
    (the cotangents of result, input and parameters), "both" or "none"; `error_check`, whether an exception is to say
    in a note which layer it comes from; `location`, the place in the model, for messages.

    Parameters, States: those of the layer.

    Each call is logged to the logger `arraylux.debug` at level DEBUG.

    Errors: FloatingPointError for a NaN; what the layer raises.

    >>> import numpy as np
    >>> model = debug_mode(lambda x: np.log(x))
    >>> with np.errstate(invalid="ignore"):
    ...     model(np.array([-1.0]), {}, {})
    Traceback (most recent call last):
    FloatingPointError: NaN in the result of layer WrappedFunction(<lambda>) at location model
    """

    layer: Any
    nan_check: str = "both"
    error_check: bool = True
    location: str = "model"

    wrapped = "layer"

    def __post_init__(self) -> None:
        if not isinstance(self.layer, AbstractLuxLayer):
            raise TypeError(f"DebugLayer: expected a layer, got a {type(self.layer).__name__}; debug_mode(model) wraps "
                            "a whole model")
        if self.nan_check not in ("forward", "backward", "both", "none"):
            raise ValueError('DebugLayer: nan_check must be "forward", "backward", "both" or "none", got '
                             f"{self.nan_check!r}")

    def inner_layers(self) -> Any:
        return None                     # nobody is to walk past the watch

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        where = f"layer {self.layer.description()} at location {self.location}"
        _log.debug("entering %s with %s", where, tree.map(tree.describe, x))
        self._look(where, {"input": x, "parameters": ps, "states": st})
        x, ps = self._hook(x, f"cotangent of the input of {where}"), self._hook(
            ps, f"cotangent of a parameter of {where}")
        try:
            y, st = self.layer(x, ps, st)
        except Exception as error:
            if self.error_check:
                error.add_note(f"raised by {where}")
            raise
        self._look(where, {"result": y, "new states": st})
        _log.debug("leaving %s with %s", where, tree.map(tree.describe, y))
        return self._hook(y, f"cotangent of the result of {where}"), st

    def _look(self, where: str, what: dict[str, Any]) -> None:
        if self.nan_check in ("forward", "both"):
            for name, x in what.items():
                _raise_for_nan(x, f"{name} of {where}")

    def _hook(self, x: Any, what: str) -> Any:
        """Return x, with a look at its cotangent when that comes by."""
        if self.nan_check in ("forward", "none"):
            return x

        def back(_: Any, g: Any) -> tuple[Any]:
            _raise_for_nan(g, what)
            return (g,)
        same = custom_vjp(lambda x: x)
        same.defvjp(lambda x: (x, None), back)
        return tree.map(lambda leaf: same(leaf) if hasattr(leaf, "dtype") and kind(leaf.dtype) in "fc" else leaf, x)


def _raise_for_nan(x: Any, what: str) -> None:
    for part in numbers(tree.leaves(x)):
        xp = library(part)
        if bool(xp.any(xp.isnan(part))):
            raise FloatingPointError(f"NaN in the {what}")


def debug_mode(model: Any, *, nan_check: str = "both", error_check: bool = True) -> Any:
    """Return a model every layer of which is watched; the parameters and states of the model fit it as they are.

    Arguments: `model`, a layer or a function; `nan_check`, `error_check` as for `DebugLayer`. It is slow: use it to
    find the layer, and the model itself afterwards.

    >>> from arraylux.layers import Chain, Dense
    >>> debug_mode(Chain(Dense(2, 3)))
    Chain(
        layer_1 = DebugLayer(
            layer = Dense(2 => 3),                    # 9 parameters
        ),
    )         # Total: 9 parameters,
              #        plus 0 states.
    """
    def watch(path: str, layer: Any) -> Any:
        inside = layer.inner_layers()
        if inside is None:
            return DebugLayer(layer, nan_check, error_check, path)
        return layer.with_inner_layers(tree.map_with_path(watch, inside, path=path))
    return watch("model", as_layer(model, "debug_mode: the model"))


__all__ = ["DebugLayer", "debug_mode"]
