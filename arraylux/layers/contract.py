"""The contract between a layer and everything else: what a layer is, and what can be done with any of them.

A layer is an immutable description; it holds no arrays. `setup` draws its parameters `ps` and its states `st`, two
nested dicts, and calling it is a pure function, `y, st = layer(x, ps, st)`. Whatever changes is therefore in plain
sight: parameters can be differentiated, averaged or saved like any tree of arrays, and a stochastic layer called
twice with the same state gives the same answer twice.

To write a layer, derive from `AbstractLuxLayer`, a record: annotated names are its fields. Define `initialparameters`,
`initialstates` if there are any, and `__call__`. If it consists of other layers, derive from
`AbstractLuxContainerLayer` and name the fields they are in.
"""
from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from .. import tree
from ..backend import device_of, library
from ..random import replicate
from ..record import Record
from . import display
from .display import display_name
from .states import testmode


class AbstractLuxLayer(Record):
    """A layer without layers inside.

    Define `__call__(self, x, ps, st)`, which returns the result and the new state (with the keys of the old one), and
    what it needs of the following, which by default say that there are no parameters and no states.

    >>> import numpy as np
    >>> class Scaling(AbstractLuxLayer):
    ...     features: int
    ...     def initialparameters(self, rng):
    ...         return {"scale": np.ones(self.features, np.float32)}
    ...     def __call__(self, x, ps, st):
    ...         return x * ps["scale"], st
    >>> Scaling(3)
    Scaling(3)                   # 3 parameters
    """

    def initialparameters(self, rng: Any) -> Any:
        """Draw the parameters: a dict of arrays."""
        return {}

    def initialstates(self, rng: Any) -> Any:
        """Draw the states: a dict of whatever changes from call to call without being trained."""
        return {}

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        """Apply the layer: `y, st = layer(x, ps, st)`."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes; define __call__(self, x, ps, "
                                  "st)")

    def parameterlength(self) -> int:
        """Count the parameters; without drawing them, if a layer defines this."""
        return parameterlength(self.initialparameters(np.random.default_rng(0)))

    def statelength(self) -> int:
        """Count the states; without drawing them, if a layer defines this."""
        return statelength(self.initialstates(np.random.default_rng(0)))

    def outputsize(self, x: Any, rng: Any) -> Any:
        """Find the shape of the result by a run on a batch of size 0; without one, if a layer defines this."""
        ps, st = setup(replicate(rng), self)
        y, _ = self(tree.map(_emptied, x), ps, testmode(st))
        return tree.map(lambda leaf: tuple(leaf.shape[1:]), y)

    def description(self) -> str:
        """Return the layer on one line: its class, and what it was made with."""
        return display.call_form(type(self).__name__, *[getattr(self, name) for name in self._fields])

    def printed_children(self) -> dict[str, Any]:
        """Return what is printed inside of the layer, by name: layers and functions."""
        return {}

    def inner_layers(self) -> Any:
        """Return the layers inside: a tree of them with the keys of the parameters and states, `None` for none."""
        return None

    def with_inner_layers(self, layers: Any) -> Any:
        """Return a layer like this one around other layers, a tree like that of `inner_layers`."""
        raise NotImplementedError(f"{type(self).__name__} has no layers inside that could be exchanged")

    def __repr__(self) -> str:
        return display.show(self)


class AbstractLuxContainerLayer(AbstractLuxLayer):
    """A layer made of layers.

    `sublayers` names the fields that hold them. Parameters and states are dicts with exactly these names; only
    `__call__` is left to be written. A field may hold a layer, or a dict, list or tuple of layers.

    >>> from arraylux.layers import Dense
    >>> class Residual(AbstractLuxContainerLayer):
    ...     block: Dense
    ...     sublayers = ("block",)
    ...     def __call__(self, x, ps, st):
    ...         y, block = self.block(x, ps["block"], st["block"])
    ...         return x + y, {"block": block}
    >>> Residual(Dense(3, 3))
    Residual(
        block = Dense(3 => 3),                        # 12 parameters
    )         # Total: 12 parameters,
              #        plus 0 states.
    """

    sublayers: ClassVar[Any] = ()

    def inner_layers(self) -> Any:
        return {name: getattr(self, name) for name in self.sublayers}

    def with_inner_layers(self, layers: Any) -> Any:
        return _changed(self, layers)

    def initialparameters(self, rng: Any) -> Any:
        return initialparameters(rng, self.inner_layers())

    def initialstates(self, rng: Any) -> Any:
        return initialstates(rng, self.inner_layers())

    def parameterlength(self) -> int:
        # A layer may draw more than its layers do; what it has is then counted by drawing it.
        if type(self).initialparameters is not AbstractLuxContainerLayer.initialparameters:
            return super().parameterlength()
        return parameterlength(self.inner_layers())

    def statelength(self) -> int:
        if type(self).initialstates is not AbstractLuxContainerLayer.initialstates:
            return super().statelength()
        return statelength(self.inner_layers())

    def description(self) -> str:
        return display_name(self)

    def printed_children(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.sublayers}


class AbstractLuxWrapperLayer(AbstractLuxLayer):
    """A layer around another one, with the parameters and states of that one.

    `wrapped` names the field that holds it. Called, it calls the layer inside, unless it defines `__call__`.
    """

    wrapped: ClassVar[str] = ""

    def inner_layers(self) -> Any:
        return getattr(self, self.wrapped)

    def with_inner_layers(self, layers: Any) -> Any:
        return _changed(self, {self.wrapped: layers})

    def initialparameters(self, rng: Any) -> Any:
        return initialparameters(rng, getattr(self, self.wrapped))

    def initialstates(self, rng: Any) -> Any:
        return initialstates(rng, getattr(self, self.wrapped))

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        y, st = getattr(self, self.wrapped)(x, ps, st)
        return y, st

    def parameterlength(self) -> int:
        if type(self).initialparameters is not AbstractLuxWrapperLayer.initialparameters:
            return super().parameterlength()
        return parameterlength(getattr(self, self.wrapped))

    def statelength(self) -> int:
        if type(self).initialstates is not AbstractLuxWrapperLayer.initialstates:
            return super().statelength()
        return statelength(getattr(self, self.wrapped))

    def description(self) -> str:
        return display_name(self)

    def printed_children(self) -> dict[str, Any]:
        inner = getattr(self, self.wrapped)
        return dict(inner) if isinstance(inner, dict) else {self.wrapped: inner}


def _changed(layer: Any, fields: dict[str, Any]) -> Any:
    """Return a layer with other values in some fields, past a constructor that may not take fields at all."""
    twin = object.__new__(type(layer))
    vars(twin).update({**vars(layer), **fields})
    return twin


# --- from a description to numbers --------------------------------------------------------------------------------
def setup(rng: Any, model: Any) -> tuple[Any, Any]:
    """Draw the parameters and states of a model.

    Arguments: `rng`, a generator, which is advanced; `model`, a layer, or a dict, list or tuple of layers.

    Returns: `(ps, st)`, two trees: for a layer of layers, dicts with the names of its layers.

    Errors: TypeError if there is something else than layers in `model`.

    >>> import numpy as np
    >>> from arraylux.layers import Chain, Dense
    >>> ps, st = setup(np.random.default_rng(0), Chain(Dense(2, 3), Dense(3, 1)))
    >>> ps["layer_1"]["weight"].shape, st
    ((3, 2), {'layer_1': {}, 'layer_2': {}})
    """
    return initialparameters(rng, model), initialstates(rng, model)


def initialparameters(rng: Any, model: Any) -> Any:
    """Draw the parameters of a model; arguments and errors as for `setup`."""
    return _map_layers(model, lambda layer: layer.initialparameters(rng))


def initialstates(rng: Any, model: Any) -> Any:
    """Draw the states of a model; arguments and errors as for `setup`."""
    return _map_layers(model, lambda layer: layer.initialstates(rng))


def _map_layers(model: Any, f: Any) -> Any:
    def visit(path: str, leaf: Any) -> Any:
        if not isinstance(leaf, AbstractLuxLayer):
            raise TypeError(f"{path} is {tree.describe(leaf)}, expected a layer, or a dict, list or tuple of layers; "
                            "wrap a function with WrappedFunction")
        return f(leaf)
    return tree.map_with_path(visit, model, path="model")


def parameterlength(x: Any) -> int:
    """Count the parameters of a layer, or the numbers in a tree of arrays.

    >>> from arraylux.layers import Dense
    >>> parameterlength(Dense(10, 5))
    55
    """
    if hasattr(x, "parameterlength"):
        return int(x.parameterlength())
    return sum(leaf.parameterlength() if isinstance(leaf, AbstractLuxLayer) else _size(leaf) for leaf in tree.leaves(x))


def statelength(x: Any) -> int:
    """Count the states of a layer, or of a tree of states: the numbers in its arrays, and 1 for any other leaf."""
    if hasattr(x, "statelength"):
        return int(x.statelength())
    return sum(leaf.statelength() if isinstance(leaf, AbstractLuxLayer) else _size(leaf) for leaf in tree.leaves(x))


def _size(leaf: Any) -> int:
    return math.prod(leaf.shape) if hasattr(leaf, "shape") else 1


def contains_lux_layer(x: Any) -> bool:
    """Say whether `x` is a layer, or a tree with one in it."""
    return any(isinstance(leaf, AbstractLuxLayer) for leaf in tree.leaves(x))


def outputsize(model: Any, x: Any, rng: Any) -> Any:
    """Find the shape that a model makes of an input, without computing anything.

    Arguments: `model`, a layer; `x`, an input with its batch axis, or a tree of inputs (the values do not matter);
    `rng`, a generator, which is left as it is.

    Returns: the shape of the result without the batch axis, or a tree of shapes.

    >>> import numpy as np
    >>> from arraylux.layers import Chain, Dense, FlattenLayer
    >>> outputsize(Chain(FlattenLayer(), Dense(784, 10)), np.zeros((64, 28, 28)), np.random.default_rng(0))
    (10,)
    """
    return model.outputsize(x, rng)


def _emptied(x: Any) -> Any:
    return library(x).zeros((0, *x.shape[1:]), dtype=x.dtype, device=device_of(x))


# --- calling ------------------------------------------------------------------------------------------------------
def apply(model: Any, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
    """Call a model: `apply(model, x, ps, st)` is `model(x, ps, st)`."""
    y, st = model(x, ps, st)
    return y, st


def stateless_apply(model: Any, x: Any, ps: Any) -> Any:
    """Call a model that keeps no state, and return its result alone.

    Errors: ValueError if it does keep state.
    """
    st = initialstates(np.random.default_rng(0), model)
    if tree.leaves(st):
        raise ValueError(f"stateless_apply: {display_name(model)} keeps {statelength(st)} states, which would be lost; "
                         "call y, st = model(x, ps, st)")
    return model(x, ps, st)[0]


__all__ = ["AbstractLuxContainerLayer", "AbstractLuxLayer", "AbstractLuxWrapperLayer", "apply", "contains_lux_layer",
           "initialparameters", "initialstates", "outputsize", "parameterlength", "setup", "statelength",
           "stateless_apply"]
