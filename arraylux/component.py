"""A ComponentArray is a tree of parameters that is one flat vector at the same time.

Layers want parameters by name, `ps["weight"]`; solvers, line searches and optimisers want a vector they can add
and scale. Both can have it if all arrays of the tree are stored one after the other in a single vector: a name then
stands for a view, a slice of the vector seen in the shape of its array.

While a function is differentiated the arrays of a tree are tracers, which can't be written into one NumPy vector.
A ComponentArray of such arrays keeps them as they are and joins them when somebody asks for the vector.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Sequence
from typing import Any

import numpy as np

from . import memory
from . import tree as trees
from .axes import Axes, FlatVector, axes_of
from .backend import kind as dtype_kind
from .backend import library
from .julia_repr import TYPE_NAMES, julia_repr
from .tree import Key


class ComponentArray(FlatVector):
    """A tree of arrays stored in one flat vector.

    Arguments: `tree`, a nested dict whose leaves are arrays, with lists and tuples inside if you like (both are
    given back as tuples); its arrays are copied into the vector, in their common dtype. Or, with `axes`: `tree` is
    a flat vector to be seen through the axes of another ComponentArray, `ComponentArray(x, ps.axes)`, uncopied.

    Access is that of a dict (`ps["weight"]`, `"bias" in ps`, `get`, `keys`, `values`, `items`, iteration over the
    keys) and by attribute (`ps.layer_1.weight`; a name that is also a method or that starts with an underscore has
    to be asked for by key). What comes back is a view, and assigning to a name writes into it. `flat` is the vector,
    as is `numpy.asarray(ps)`; `shape`, `size`, `dtype`, `ndim` and `len` are the vector's. Arithmetic with numbers,
    flat vectors and arrays of the same axes, and NumPy's ufuncs, act on the vector and return a ComponentArray.
    `==` between two of them is one bool: same axes and all numbers equal.

    Arrays of other libraries, and tracers, are kept as given; `flat` is then joined anew whenever it is asked for,
    so that writing into it does not reach the components.

    Errors: TypeError naming the leaf that is not an array; KeyError, AttributeError naming the known components;
    ValueError for a vector of another length, or for arithmetic between different axes.

    Source: ComponentArrays.jl, whose printed form it has.

    >>> ps = ComponentArray({"weight": np.eye(2, dtype=np.float32), "bias": np.zeros(2, dtype=np.float32)})
    >>> ps.bias = 0.5
    >>> 2 * ps
    ComponentVector{Float32}(weight = Float32[2.0 0.0; 0.0 2.0], bias = Float32[1.0, 1.0])
    >>> ps.flat
    array([1. , 0. , 0. , 1. , 0.5, 0.5], dtype=float32)
    """

    # Either the vector or the components hold the numbers. With NumPy both do, the components being views. Of another
    # library's vector it is not known whether slices are views, so it is dropped once a component has been handed out.
    __slots__ = ("_children", "_flat", "axes")
    _children: list[Any] | None
    _flat: Any

    def __init__(self, tree: Any, axes: Axes | None = None):
        if axes is None:
            if not isinstance(tree, (dict, ComponentArray)):
                raise TypeError(f"ComponentArray: expected a dict of arrays, got {trees.describe(tree)}; give the "
                                "array a name, as in ComponentArray({'weight': w})")
            trees.map_with_path(_check_leaf, tree)
            built = _build(tuple(tree.keys()), tuple(tree.values()))
            _fill(self, built.axes, built._flat, built._children)
        elif getattr(tree, "shape", None) == (axes.size,):
            # Opening a tree must compute nothing, since that may happen after a tracer's run has ended.
            _fill(self, axes, tree, None if type(tree) is np.ndarray else _split(tree, axes))
        else:
            raise ValueError(f"ComponentArray: these axes need a vector of shape ({axes.size},), "
                             f"got {trees.describe(tree)}")

    @property
    def flat(self) -> Any:
        """The vector of all numbers."""
        if self._flat is not None:
            return self._flat
        leaves = trees.leaves(self)
        if not all(hasattr(leaf, "dtype") for leaf in leaves):
            trees.map_with_path(_check_leaf, self)
        xp = library(next((leaf for leaf in leaves if type(leaf) is not np.ndarray), leaves[0]))
        return xp.concat([xp.reshape(leaf, (-1,)) for leaf in leaves])

    def _components(self) -> list[Any]:
        children = self._children
        if children is None:
            children = _split(self._flat, self.axes)
            _set(self, "_children", children)
        elif type(self._flat) is not np.ndarray:
            _set(self, "_flat", None)
        return children

    def __getitem__(self, key: Key) -> Any:
        if key not in self.axes.index:
            raise KeyError(self._unknown(key))
        return self._components()[self.axes.index[key]]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"ComponentArray has no attribute {name!r}")
        if name not in self.axes.index:
            raise AttributeError(self._unknown(name))
        return self[name]

    def __setitem__(self, key: Key, value: Any) -> None:
        if key not in self.axes.index:
            raise KeyError(self._unknown(key))
        number, children = self.axes.index[key], self._components()

        def assign(path: str, here: Any, new: Any) -> Any:
            if self._flat is not None:
                here[...] = new
                return here
            if getattr(new, "shape", None) != getattr(here, "shape", None):
                raise ValueError(f"ComponentArray: {path} needs {trees.describe(here)}, got {trees.describe(new)}")
            return new
        written = trees.map_with_path(assign, children[number], value, path=str(key))
        if self._flat is None:
            children[number] = written

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(ComponentArray, name) or name not in self.axes.index:
            raise AttributeError(f"{self._unknown(name)}; names of methods can be set by key only")
        self[name] = value

    def _unknown(self, key: Key) -> str:
        return f"ComponentArray has no component {key!r}; it has {', '.join(map(str, self.axes.keys)) or 'none'}"

    def __contains__(self, key: object) -> bool:
        return key in self.axes.index

    def __iter__(self) -> Iterator[Key]:
        return iter(self.axes.keys)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(str, self.axes.keys)]

    def keys(self) -> KeysView[Key]:
        """Return the names of the components."""
        return self.axes.index.keys()

    def values(self) -> tuple[Any, ...]:
        """Return the components."""
        return tuple(self._components())

    def items(self) -> tuple[tuple[Key, Any], ...]:
        """Return pairs of name and component."""
        return tuple(zip(self.axes.keys, self._components(), strict=True))

    def get(self, key: Key, default: Any = None) -> Any:
        """Return the component called `key`, or `default` if there is none."""
        return self[key] if key in self.axes.index else default

    def to_dict(self) -> dict[Key, Any]:
        """Return the tree as nested dicts; the arrays are still views of the vector."""
        return {key: _plain(child) for key, child in self.items()}

    def copy(self) -> ComponentArray:
        """Return a ComponentArray with numbers of its own."""
        if type(self._flat) is np.ndarray:
            return ComponentArray(self._flat.copy(), self.axes)
        copied: ComponentArray = trees.map(
            lambda leaf: library(leaf).asarray(leaf, copy=True) if hasattr(leaf, "dtype") else leaf, self)
        return copied

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        if self._flat is None:
            return _build, (self.axes.keys, self._components())
        return ComponentArray, (self._flat, self.axes)

    def __repr__(self) -> str:
        dtype = "" if self._flat is None else str(self._flat.dtype)
        return f"ComponentVector{f'{{{TYPE_NAMES.get(dtype, dtype)}}}' if dtype else ''}{_show(self)}"


def stored_vector(tree: Any) -> np.ndarray[Any, Any] | None:
    """Return the NumPy vector that a ComponentArray is stored in; None for anything that isn't stored so."""
    return tree._flat if isinstance(tree, ComponentArray) and type(tree._flat) is np.ndarray else None


# The slots are filled past `__setattr__`, which is for components.
_set = object.__setattr__


def _fill(array: ComponentArray, axes: Axes, flat: Any, children: list[Any] | None) -> None:
    _set(array, "axes", axes)
    _set(array, "_flat", flat)
    _set(array, "_children", children)


def _build(keys: tuple[Key, ...], children: Sequence[Any]) -> ComponentArray:
    """Make a ComponentArray of components: joined at once if all are NumPy arrays, otherwise kept as they are."""
    blocks: list[Any] = []
    array = object.__new__(ComponentArray)
    if {*map(type, children)} == {np.ndarray}:                   # by far the usual case
        axes = axes_of(dict, keys, tuple([child.shape for child in children]))
        _fill(array, axes, _join([child.ravel() for child in children], axes.size), None)
        return array
    axes = axes_of(dict, keys, tuple([_measure(child, blocks) for child in children]))
    if {*map(type, blocks)} <= {np.ndarray}:
        _fill(array, axes, _join(blocks, axes.size) if blocks else np.zeros(0, np.float32), None)
    else:
        _fill(array, axes, None, [_adopt(child) for child in children])
    return array


def _join(blocks: list[Any], size: int) -> Any:
    """Return vectors joined to one; a large one, such as each step's gradient, in memory that is used again."""
    if size <= memory.LARGE:
        return np.concatenate(blocks)
    return np.concatenate(blocks, out=memory.empty((size,), np.result_type(*blocks)))


def _measure(child: Any, blocks: list[Any]) -> Any:
    """Return what axes say of a component, and add the vectors it consists of to `blocks`."""
    kind: Any = type(child)
    if kind is np.ndarray:
        blocks.append(child.ravel())
        return child.shape
    if kind is ComponentArray:
        if child._flat is None:
            blocks.append(child)
        elif child.axes.size:       # without numbers its dtype has no say in the common one
            blocks.append(child._flat)
        return child.axes
    node = trees.node_of(child)
    if node is not None:
        kind = dict if isinstance(child, dict) else tuple if isinstance(child, list) else kind
        parts = [_measure(grandchild, blocks) for grandchild in node.children(child)]
        return axes_of(kind, tuple(node.keys(child)), tuple(parts))
    shape = getattr(child, "shape", None)
    blocks.append(np.asarray(child).ravel() if isinstance(child, (np.ndarray, np.generic)) else child)
    return None if shape is None else tuple(shape)


def _adopt(child: Any) -> Any:
    """Return a component as a ComponentArray keeps it: dicts as ComponentArrays, lists as tuples."""
    if isinstance(child, dict):
        return _build(tuple(child), tuple(child.values()))
    return _remake(child, tuple if isinstance(child, list) else type(child), _adopt)


def _plain(child: Any) -> Any:
    return child.to_dict() if isinstance(child, ComponentArray) else _remake(child, type(child), _plain)


def _remake(child: Any, kind: type, f: Callable[[Any], Any]) -> Any:
    """Return a container as one of class `kind` with `f` of its children, and anything else as it is."""
    node = trees.node_of(child)
    if node is None or isinstance(child, ComponentArray):
        return child
    return _container(kind, tuple(node.keys(child)), [f(grandchild) for grandchild in node.children(child)])


def _container(kind: type, keys: tuple[Key, ...], children: list[Any]) -> Any:
    return trees.unflatten(trees.Structure(kind, keys, (None,) * len(keys)), children)


def _split(flat: Any, axes: Axes) -> list[Any]:
    """Return the components of a vector: each slice in its shape, or as the container that lives there."""
    reshape = np.ndarray.reshape if type(flat) is np.ndarray else library(flat).reshape
    return [reshape(flat[start:stop], part) if type(part) is tuple else _nest(flat[start:stop], part)
            for start, stop, part in axes.spans]


def _nest(piece: Any, axes: Axes) -> Any:
    return ComponentArray(piece, axes) if axes.kind is dict else _container(axes.kind, axes.keys, _split(piece, axes))


def _check_leaf(path: str, leaf: Any) -> None:
    if not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")) or dtype_kind(leaf.dtype) == "o":
        raise TypeError(f"ComponentArray: {path} is {trees.describe(leaf)}, expected an array of numbers; leave it out "
                        "or convert it, as in numpy.asarray(1.0, dtype='float32')")


def _show(child: Any) -> str:
    if isinstance(child, ComponentArray):
        return "(" + ", ".join(f"{key} = {_show(grandchild)}" for key, grandchild in child.items()) + ")"
    node = trees.node_of(child)
    if node is not None:
        shown = [_show(grandchild) for grandchild in node.children(child)]
        return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"
    return julia_repr(child) if isinstance(child, np.ndarray) else repr(child)


trees.register(ComponentArray, lambda array: array.axes.keys, lambda array: array._components(), _build)
