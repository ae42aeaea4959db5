"""States: what a model remembers from call to call, as a tree of its own.

A model that normalises its inputs behaves in one way while it is trained and in another when it is used. Which of
them is data, a leaf `training` in the states of each layer that asks for it, so one function switches them all.
"""
from __future__ import annotations

from typing import Any

from .. import tree


def update_state(st: Any, key: str, value: Any) -> Any:
    """Return states in which every leaf called `key`, or tuple of leaves, at any depth, is `value`.

    >>> update_state({"layer_1": {"training": True}, "layer_2": {}}, "training", False)
    {'layer_1': {'training': False}, 'layer_2': {}}
    """
    node = tree.node_of(st)
    if node is None:
        return st
    keys = node.keys(st)
    return node.build(keys, [value if name == key and _is_value(child) else update_state(child, key, value)
                             for name, child in zip(keys, node.children(st), strict=True)])


def _is_value(child: Any) -> bool:
    """Say whether this is one state, a leaf or a tuple of leaves, and not the states of a layer that has that name."""
    return tree.is_leaf(child) or (type(child) is tuple and all(map(tree.is_leaf, child)))


def testmode(st: Any) -> Any:
    """Return states for using a model: `training` is `False` wherever it occurs."""
    return update_state(st, "training", False)


def trainmode(st: Any) -> Any:
    """Return states for training a model: `training` is `True` wherever it occurs."""
    return update_state(st, "training", True)


def istraining(st: Any) -> bool:
    """Say whether the states of a layer are those of training: `False` where it has no `training`.

    >>> istraining({"training": True}), istraining({})
    (True, False)
    """
    node = tree.node_of(st)
    return node is not None and bool(dict(zip(node.keys(st), node.children(st), strict=True)).get("training", False))


__all__ = ["istraining", "testmode", "trainmode", "update_state"]
