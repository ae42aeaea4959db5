"""Visiting the layers of a model, each with its parameters and states, and putting others in their place.

A model, its parameters and its states are three trees of one form. To freeze all layers of a kind, to start some of
them from zero or to replace one is to walk the three together and build three new ones.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from ..component import ComponentArray
from ..layers.contract import AbstractLuxLayer


def layer_map(f: Callable[..., tuple[Any, Any, Any]], model: Any, ps: Any, st: Any) -> tuple[Any, Any, Any]:
    """Apply a function to every layer of a model that has no layers inside.

    Arguments: `f`, called as `f(layer, ps, st, path)`, which returns a triple `(layer, ps, st)`; its path is a string
    such as `"layer_2.dense"`, the place of its parameters. `model`, a layer, or a tree of layers; `ps`, `st`, its
    parameters and states.

    Returns: the triple `(model, ps, st)` of what `f` returned; what was handed in is not changed. A layer that has
    layers inside but parameters in another form than theirs, such as `WeightNorm`, counts as one without.

    Errors: TypeError if `f` returns no triple; KeyError if the parameters or states are not those of the model.

    >>> import numpy as np
    >>> from arraylux.layers import Chain, Dense, setup
    >>> from arraylux.experimental import freeze
    >>> model = Chain(Dense(2, 3), Chain(Dense(3, 3), np.tanh))
    >>> def freeze_inner(layer, ps, st, path):
    ...     return freeze(layer, ps, st) if path.startswith("layer_2") and ps else (layer, ps, st)
    >>> layer_map(freeze_inner, model, *setup(np.random.default_rng(0), model))[0]
    Chain(
        layer_1 = Dense(2 => 3),                      # 9 parameters
        layer_2 = Chain(
            layer_1 = FrozenLayer(Dense(3 => 3)),
            layer_2 = WrappedFunction(tanh),
        ),
    )         # Total: 9 parameters,
              #        plus 12 states.
    """
    flat = isinstance(ps, ComponentArray)
    model, ps, st = _visit(f, model, ps.to_dict() if flat else ps, st, "")
    return model, ComponentArray(ps) if flat else ps, st


def _visit(f: Any, layers: Any, ps: Any, st: Any, path: str) -> tuple[Any, Any, Any]:
    if isinstance(layers, AbstractLuxLayer):
        inside = layers.inner_layers()
        if inside is None:
            found = f(layers, ps, st, path)
            if not isinstance(found, tuple) or len(found) != 3:
                raise TypeError(f"layer_map: at {path or 'the model'} the function returned {tree.describe(found)}, "
                                "expected the triple (layer, ps, st)")
            return found
        inside, ps, st = _visit(f, inside, ps, st, path)
        return layers.with_inner_layers(inside), ps, st
    node = tree.node_of(layers)
    if node is None:
        raise TypeError(f"layer_map: {path or 'the model'} is {tree.describe(layers)}, expected a layer, or a dict, "
                        "list or tuple of layers")
    keys, new = node.keys(layers), []
    for key, layer in zip(keys, node.children(layers), strict=True):
        here = f"{path}.{key}" if path else str(key)
        new.append(_visit(f, layer, _child(ps, key, here, "ps"), _child(st, key, here, "st"), here))
    return tuple([_with(tree_of, keys, children)
                  for tree_of, children in zip((layers, ps, st), zip(*new, strict=True), strict=True)])


def _child(x: Any, key: tree.Key, path: str, what: str) -> Any:
    try:
        return x[key]
    except (KeyError, IndexError, TypeError):
        raise KeyError(f"layer_map: {what} has nothing at {path}, where the model has a layer; setup(rng, model) makes "
                       "trees that fit") from None


def _with(old: Any, keys: Any, children: Any) -> Any:
    """Return a container with other children under some keys; a compact layer has parameters beside them."""
    node = tree.node_of(old)
    assert node is not None
    now = {**dict(zip(node.keys(old), node.children(old), strict=True)), **dict(zip(keys, children, strict=True))}
    return node.build(tuple(now), list(now.values()))


__all__ = ["layer_map"]
