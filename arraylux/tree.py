"""Trees: nested dicts, lists and tuples with arrays at their leaves.

Parameters, states, gradients and optimiser states are all trees, so one small module can move, add, count or
differentiate any of them. A tree is taken apart by `flatten` into a list of leaves and a `Structure`, a hashable
value that knows how to put new leaves back. Everything that is not a dict, list, tuple, named tuple or registered
class is a leaf, `None` included.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

Key = str | int


class Node:
    """How one container class is opened and closed."""

    __slots__ = ("build", "children", "keys")

    def __init__(self, keys: Callable[[Any], tuple[Key, ...]], children: Callable[[Any], Sequence[Any]],
                 build: Callable[[tuple[Key, ...], list[Any]], Any]) -> None:
        self.keys = keys
        self.children = children
        self.build = build


class Structure(NamedTuple):
    """The shape of a tree without its leaves: class, keys, and a structure or `None` (a leaf) for each child."""

    kind: type
    keys: tuple[Key, ...]
    children: tuple[Structure | None, ...]


def _indices(node: Sequence[Any]) -> tuple[Key, ...]:
    return tuple(range(len(node)))


_NODES: dict[type, Node] = {
    dict: Node(tuple, lambda d: tuple(d.values()), lambda keys, children: dict(zip(keys, children, strict=True))),
    list: Node(_indices, lambda node: node, lambda keys, children: children),
    tuple: Node(_indices, lambda node: node, lambda keys, children: tuple(children)),
}
_LEAVES: set[type] = set()          # classes already seen to be leaves, so that the search is made once for each


def register(kind: type, keys: Callable[[Any], tuple[Key, ...]], children: Callable[[Any], Sequence[Any]],
             build: Callable[[tuple[Key, ...], list[Any]], Any]) -> None:
    """Make a class of your own a container that trees look into.

    Arguments: `kind`, the class; `keys(node)`, the names of its children; `children(node)`, the children in that
    order; `build(keys, children)`, a new node with other children.
    """
    _NODES[kind] = Node(keys, children, build)
    _LEAVES.discard(kind)


def node_of(tree: Any) -> Node | None:
    """Return how `tree` is opened, or `None` if it is a leaf."""
    kind = type(tree)
    node = _NODES.get(kind)
    if node is None and kind not in _LEAVES:
        node = _learn(kind)
    return node


def _learn(kind: type) -> Node | None:
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        node = Node(lambda t: tuple(t._fields), lambda t: t, lambda keys, children: kind(*children))
    else:
        parent = next((base for base in kind.__mro__[1:] if base in _NODES and base is not tuple), None)
        if parent is None:
            _LEAVES.add(kind)
            return None
        node = _NODES[parent]
    _NODES[kind] = node
    return node


def is_leaf(tree: Any) -> bool:
    """Say whether `tree` is a leaf (an array, a number, `None`, ...) and not a container."""
    return node_of(tree) is None


def flatten(tree: Any) -> tuple[list[Any], Structure | None]:
    """Take a tree apart.

    Returns: the leaves in the order of the containers' own keys, and the structure to rebuild it (`None` for a leaf).

    >>> flatten({"weight": 1.0, "inner": [2.0, (3.0,)]})[0]
    [1.0, 2.0, 3.0]
    """
    leaves: list[Any] = []
    return leaves, _open(tree, leaves)


def _open(tree: Any, leaves: list[Any]) -> Structure | None:
    node = node_of(tree)
    if node is None:
        leaves.append(tree)
        return None
    children: list[Structure | None] = []
    for child in node.children(tree):
        if type(child) in _LEAVES:                       # most children: without a call
            leaves.append(child)
            children.append(None)
        else:
            children.append(_open(child, leaves))
    return Structure(type(tree), node.keys(tree), tuple(children))


def unflatten(structure: Structure | None, leaves: Sequence[Any]) -> Any:
    """Put leaves back into a structure made by `flatten`.

    Errors: ValueError if there are too few or too many leaves.
    """
    if structure is None and len(leaves) == 1:
        return leaves[0]
    supply = iter(leaves)
    try:
        tree = _close(structure, supply)
    except StopIteration:
        raise ValueError(f"too few leaves ({len(leaves)}) for this structure") from None
    if next(supply, supply) is not supply:
        raise ValueError(f"too many leaves ({len(leaves)}) for this structure")
    return tree


def _close(structure: Structure | None, supply: Iterator[Any]) -> Any:
    if structure is None:
        return next(supply)
    children = [next(supply) if child is None else _close(child, supply) for child in structure.children]
    return _NODES[structure.kind].build(structure.keys, children)


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of a tree as a list.

    >>> leaves({"a": [1, None], "b": ()})
    [1, None]
    """
    found: list[Any] = []
    _collect(tree, found)
    return found


def _collect(tree: Any, found: list[Any]) -> None:
    node = node_of(tree)
    if node is None:
        found.append(tree)
        return
    for child in node.children(tree):
        _collect(child, found)


def map(f: Callable[..., Any], tree: Any, *rest: Any, path: str = "tree") -> Any:
    """Apply `f` to every leaf of a tree, or to the leaves of several trees that stand at the same place.

    Arguments: `f`, called as `f(leaf, *others)`; `tree`, whose containers the result has; `rest`, trees with the
    same keys (what stands at a leaf of `tree` is handed over whole); `path`, the first word of an error message.

    Errors: ValueError naming the place where the trees differ.

    >>> map(lambda a, b: a + b, {"x": 1, "y": [2]}, {"y": [20], "x": 10})
    {'x': 11, 'y': [22]}
    """
    return map_with_path(lambda _, *leaves: f(*leaves), tree, *rest, path=path)


def map_with_path(f: Callable[..., Any], tree: Any, *rest: Any, path: str = "tree") -> Any:
    """Apply `f(path, leaf, *others)` to every leaf; its path is a string such as `tree.layer_1.weight`."""
    node = node_of(tree)
    if node is None:
        return f(path, tree, *rest)
    keys = node.keys(tree)
    families = [dict(zip(keys, node.children(tree), strict=True))]
    for other in rest:
        twin = node_of(other)
        found = {} if twin is None else dict(zip(twin.keys(other), twin.children(other), strict=True))
        if twin is None or found.keys() != families[0].keys():
            got = describe(other) if twin is None else f"keys {list(found)}"
            raise ValueError(f"the trees differ at {path}: expected keys {list(keys)}, got {got}")
        families.append(found)
    return node.build(keys, [map_with_path(f, *(family[key] for family in families), path=f"{path}.{key}")
                             for key in keys])


def map_once(f: Callable[[str, Any], Any], tree: Any, *, path: str = "tree") -> Any:
    """Apply `f(path, leaf)` to every leaf, and keep what is the same the same.

    What stands at several places is asked for once, and is one object again in the result, so that arrays that are
    shared stay shared. A container none of whose leaves has changed is returned as it is.

    >>> shared = [1.0]
    >>> new = map_once(lambda path, x: x + 1, {"a": shared, "b": shared})
    >>> new, new["a"] is new["b"]
    ({'a': [2.0], 'b': [2.0]}, True)
    """
    done: dict[int, tuple[Any, Any]] = {}

    def visit(here: Any, path: str) -> Any:
        if id(here) in done:
            return done[id(here)][1]
        node = node_of(here)
        if node is None:
            new = f(path, here)
        else:
            keys, old = node.keys(here), list(node.children(here))
            children = [visit(child, f"{path}.{key}") for key, child in zip(keys, old, strict=True)]
            # A node is rebuilt only if it must be: a ComponentArray would copy its vector.
            same = all(a is b for a, b in zip(old, children, strict=True))
            new = here if same else node.build(keys, children)
        done[id(here)] = here, new                  # holding the node, so that nothing else gets its id meanwhile
        return new
    return visit(tree, path)


def describe(leaf: Any) -> str:
    """Say in a few words what a leaf is, for messages: `float32 array of shape (2, 3)`, or its class."""
    if hasattr(leaf, "shape") and hasattr(leaf, "dtype"):
        return f"{str(leaf.dtype).rpartition('.')[2]} array of shape {tuple(leaf.shape)}"
    return "None" if leaf is None else f"a {type(leaf).__name__}"
