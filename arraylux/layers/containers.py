"""Layers of layers: how models are composed.

A container calls its layers in some order, hands to each the part of the parameters and of the states that has its
name, and gathers the new states under the same names. An error on its way out learns the names too.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .basic import NoOpLayer, WrappedFunction
from .checks import wrong_keys
from .contract import AbstractLuxContainerLayer, AbstractLuxLayer
from .display import display_name
from .errors import LayerError


def as_layer(x: Any, where: str) -> AbstractLuxLayer:
    """Return a layer as it is, a function as a layer.

    Errors: TypeError naming `where` it stood if `x` is neither.
    """
    if isinstance(x, AbstractLuxLayer):
        return x
    if callable(x) and not isinstance(x, type):
        return WrappedFunction(x)
    what = f"the class {x.__name__}" if isinstance(x, type) else f"a {type(x).__name__}"
    raise TypeError(f"{where} is {what}, expected a layer or a function of one array, as in Chain(Dense(2, 3), tanh)")


def _flattened(layers: Any) -> Iterator[Any]:
    for layer in layers:
        if isinstance(layer, (tuple, list)):
            yield from _flattened(layer)
        else:
            yield layer


class Chain(AbstractLuxContainerLayer):
    """Layers one after the other: each gets the result of the one before.

    Arguments:
        layers: layers, functions of one array (they become `WrappedFunction`), and tuples or lists of them, which
            are flattened; they are called `layer_1`, `layer_2`, ... Or a dict of layers with names of your own.
        name: what is printed in place of `Chain`.
        named: layers by keyword, with names of your own, in place of `layers`.

    Parameters, States: dicts with the names of the layers.

    `chain[0]`, `chain["layer_1"]` and `chain.layer_1` are the first layer, `chain[1:3]` a Chain of the second and
    third under their old names; `len`, iteration and `keys` are those of the layers. `Chain()` is one `NoOpLayer`.

    Errors: TypeError for what is no layer; ValueError for a name that Chain needs itself; KeyError, AttributeError
    or IndexError for a layer that is not there. What a layer raises says where in the chain it stands.

    >>> from arraylux import nn
    >>> from arraylux.layers import Dense
    >>> model = Chain(Dense(2, 16, nn.relu), Dense(16, 16), Dense(16, 16), nn.softmax)
    >>> model
    Chain(
        layer_1 = Dense(2 => 16, relu),               # 48 parameters
        layer_(2-3) = Dense(16 => 16),                # 544 (272 x 2) parameters
        layer_4 = WrappedFunction(softmax),
    )         # Total: 592 parameters,
              #        plus 0 states.
    >>> model[1:3].keys()
    ('layer_2', 'layer_3')
    """

    names: tuple[str, ...]
    layers: tuple[Any, ...]
    name: str | None

    def __init__(self, *layers: Any, name: str | None = None, **named: Any) -> None:
        if len(layers) == 1 and isinstance(layers[0], dict) and not named:
            named, layers = layers[0], ()
        if layers and named:
            raise TypeError("Chain: layers came by position and by keyword; give all of them a name, or none")
        if not named:
            named = {f"layer_{i}": layer for i, layer in enumerate(_flattened(layers or (NoOpLayer(),)), 1)}
        for key in named:
            if key in self._fields or hasattr(type(self), key):
                raise ValueError(f"Chain: a layer can't be called {key!r}, which Chain needs itself; choose another "
                                 "name")
        object.__setattr__(self, "names", tuple(named))
        object.__setattr__(self, "sublayers", self.names)
        object.__setattr__(self, "layers", tuple([as_layer(x, f"Chain: {key}") for key, x in named.items()]))
        object.__setattr__(self, "name", name)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        names, states, name = self.names, {}, ""
        try:
            if len(ps.keys()) != len(names) or len(st.keys()) != len(names):
                raise KeyError
            for name, layer in zip(names, self.layers, strict=True):
                x, states[name] = layer(x, ps[name], st[name])
        except LayerError as error:
            error.within(display_name(self), name)
            raise
        except (AttributeError, KeyError, TypeError):
            misfit = wrong_keys(self, "ps", ps, names) or wrong_keys(self, "st", st, names)
            if misfit is None:
                raise
            raise misfit from None
        return x, states

    def with_inner_layers(self, layers: Any) -> Any:
        return Chain(layers, name=self.name)

    def __getitem__(self, key: int | slice | str) -> Any:
        if isinstance(key, str):
            if key not in self.names:
                raise KeyError(self._unknown(key))
            return self.layers[self.names.index(key)]
        if isinstance(key, slice):
            return Chain(dict(zip(self.names[key], self.layers[key], strict=True)))
        try:
            return self.layers[key]
        except IndexError:
            raise IndexError(self._unknown(key)) from None

    def __getattr__(self, key: str) -> Any:
        # Reached for what is no attribute; unpickling asks for special names before there are any layers.
        if key.startswith("__"):
            raise AttributeError(key)
        if key not in self.names:
            raise AttributeError(self._unknown(key))
        return self[key]

    def _unknown(self, key: int | str) -> str:
        return f"{display_name(self)} has no layer {key!r}; it has {len(self)}: {', '.join(self.names)}"

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def keys(self) -> tuple[str, ...]:
        """Return the names of the layers."""
        return self.names


__all__ = ["Chain", "as_layer"]
