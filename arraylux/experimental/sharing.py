"""Tied weights: layers that have the same parameters.

An array that stands at several places of the parameters is one parameter. Its gradient is the sum of the gradients at
its places, and the optimiser, which finds it again by its identity, adds them up and makes one step for all. So to
tie layers together is to put the same arrays under several names.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .. import tree
from ..component import ComponentArray


def share_parameters(ps: Any, sharing: Iterable[Sequence[str]], new_parameters: Sequence[Any] | None = None) -> Any:
    """Return parameters in which several layers have the same arrays.

    Arguments: `ps`, a tree of dicts, lists and tuples; `sharing`, groups of places to be tied together, as in
    `(("encoder.layer_1", "decoder.layer_1"),)`: whole layers, or single arrays; `new_parameters`, for each group what
    all its places get, `None` for what the first of them has.

    Returns: a new tree. An optimiser whose state is set up with it, and so a `TrainState`, updates what is shared as
    one. Whatever copies arrays one by one unties them: a ComponentArray does, and so does reading from a file.

    Errors: KeyError for a place that is not there; ValueError if groups overlap, or if what is tied together differs
    in keys or shapes; TypeError for a ComponentArray.

    >>> import numpy as np
    >>> ps = {"a": {"weight": np.ones(2)}, "b": {"weight": np.zeros(2)}}
    >>> tied = share_parameters(ps, (("a", "b"),))
    >>> tied["b"]["weight"] is ps["a"]["weight"]
    True
    """
    if any(isinstance(node, ComponentArray) for node in _nodes(ps)):
        raise TypeError("share_parameters: a ComponentArray has a place of its own for every number, so nothing in it "
                        "can be shared; share in ps.to_dict()")
    groups = [tuple(group) for group in sharing]
    places = [place for group in groups for place in group]
    for i, place in enumerate(places):
        for other in places[:i]:
            if f"{place}.".startswith(f"{other}.") or f"{other}.".startswith(f"{place}."):
                raise ValueError(f"share_parameters: {other!r} and {place!r} are in the groups twice; groups must not "
                                 "overlap, so join them or leave one out")
    if new_parameters is not None and len(new_parameters) != len(groups):
        raise ValueError(f"share_parameters: {len(new_parameters)} new parameters came for {len(groups)} groups, "
                         "expected one for each")
    for number, group in enumerate(groups):
        shared = _at(ps, group[0]) if new_parameters is None else new_parameters[number]
        for place in group:
            _compare(shared, _at(ps, place), group[0], place)
            ps = _put(ps, place.split("."), shared)
    return ps


def _nodes(x: Any) -> list[Any]:
    node = tree.node_of(x)
    return [] if node is None else [x, *[inner for child in node.children(x) for inner in _nodes(child)]]


def _at(ps: Any, place: str) -> Any:
    here = ps
    for word in place.split("."):
        children = _children(here)
        if word not in children:
            raise KeyError(f"share_parameters: there is no {word!r} of {place!r} in the parameters; at this place they "
                           f"have {', '.join(children) or 'nothing'}")
        here = children[word]
    return here


def _children(x: Any) -> dict[str, Any]:
    node = tree.node_of(x)
    return {} if node is None else dict(zip(map(str, node.keys(x)), node.children(x), strict=True))


def _compare(shared: Any, old: Any, first: str, place: str) -> None:
    def compare(path: str, x: Any, y: Any) -> None:
        if getattr(x, "shape", None) != getattr(y, "shape", None):
            raise ValueError(f"share_parameters: {path} is {tree.describe(y)}, expected {tree.describe(x)} as in what "
                             f"it is tied to, {first}; tie layers of the same dimensions")
    try:
        tree.map_with_path(compare, shared, old, path=place)
    except ValueError as error:
        if str(error).startswith("share"):
            raise
        raise ValueError(f"share_parameters: {place!r} can't be tied to {first!r}: {error}") from None


def _put(ps: Any, words: list[str], new: Any) -> Any:
    """Return a tree with something else at one place; the tree itself stays as it was."""
    if not words:
        return new
    node = tree.node_of(ps)
    assert node is not None
    return node.build(node.keys(ps), [_put(child, words[1:], new) if name == words[0] else child
                                      for name, child in _children(ps).items()])


__all__ = ["share_parameters"]
