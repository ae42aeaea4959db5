"""A tree in words: its containers, numbers and strings as JSON, its arrays in a table beside it.

A file format for arrays knows names and numbers, and nothing of what a training program holds besides: tuples, flags,
the rules of an optimiser, the state of a random generator. All of that is small and fits into a text. Each node of the
text is a dict with one entry, whose key says what it is; whoever reads it builds only what is listed here, so that a
file can't run a program.
"""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import optimisers, tree
from .backend import is_array, kind, to_numpy
from .component import ComponentArray
from .optimisers import Leaf, Rule
from .random import Xoshiro

Arrays = dict[str, Any]
BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


def joined(path: str, key: Any) -> str:
    """Return the dotted place of a child."""
    return f"{path}.{key}" if path else str(key)


# --- writing ----------------------------------------------------------------------------------------------------------
class Writer:
    """Makes the outline of a tree; `arrays` fills with its arrays by name.

    What stands at several places, a tied weight or what an optimiser knows of it, is written once.
    """

    def __init__(self) -> None:
        self.arrays: Arrays = {}
        self.seen: dict[int, tuple[Any, Any]] = {}          # the object is kept, so that its id stays its own
        self.leaves = 0

    def outline(self, x: Any, path: str = "") -> Any:
        """Return the outline of what stands at a place.

        Errors: TypeError naming the place of something that can't be written.
        """
        if id(x) in self.seen:
            return self.seen[id(x)][1]
        if isinstance(x, Leaf):
            self.seen[id(x)] = x, {"again": self.leaves}
            self.leaves += 1
            return {"leaf": self._pairs(x, path)}
        if isinstance(x, ComponentArray):
            return {"components": self._pairs(x, path)}
        if isinstance(x, Rule):
            fields = [[name, self.outline(getattr(x, name), joined(path, name))] for name in x._fields]
            return {"rule": [type(x).__name__, fields]}
        if isinstance(x, (Xoshiro, np.random.Generator, np.random.RandomState)):
            return {"generator": self.outline(_state_of(x, path), path)}
        if tree.node_of(x) is not None:
            if isinstance(x, tuple) and hasattr(x, "_fields"):
                return {"named": [type(x).__name__, self._pairs(x, path)]}
            return {"list" if isinstance(x, list) else "tuple" if isinstance(x, tuple) else "dict":
                    self._pairs(x, path)}
        if x is None or (isinstance(x, (bool, int, float, str)) and not isinstance(x, np.generic)):
            return {"value": x}
        if is_array(x) and kind(x.dtype) != "o":
            return self._array(x, path)
        raise TypeError(f"save cannot write {path or 'the tree'}, {tree.describe(x)}; a tree to save holds arrays, "
                        "numbers, strings, None, generators and the rules of optimisers")

    def _pairs(self, x: Any, path: str) -> list[Any]:
        node: Any = tree.node_of(x)
        keys = node.keys(x)
        for key in keys:
            if not isinstance(key, (str, int)):
                raise TypeError(f"save cannot write {path or 'the tree'} with the key {key!r}, {tree.describe(key)}; "
                                "keys are strings or integers")
        return [[key, self.outline(child, joined(path, key))]
                for key, child in zip(keys, node.children(x), strict=True)]

    def _array(self, x: Any, path: str) -> Any:
        name = base = path or "array"
        number = 1
        while name in self.arrays or name == "__metadata__":        # a key with a dot looks like two
            number += 1
            name = f"{base}#{number}"
        plain = np.ascontiguousarray(to_numpy(x)).reshape(x.shape)
        plain = plain.astype(plain.dtype.newbyteorder("="), copy=False)
        found = {"array": name}
        if plain.dtype == np.complex128:                            # for which the format has no word
            plain, found = plain.reshape(*x.shape, 1).view(np.float64), {"complex": name}
        self.arrays[name] = plain
        self.seen[id(x)] = x, found
        return found


def _state_of(rng: Any, path: str) -> Any:
    """Return what a generator will be made of again, as a tree."""
    if isinstance(rng, Xoshiro):
        return {"class": "Xoshiro", "state": rng.state}
    if isinstance(rng, np.random.RandomState):
        return {"class": "RandomState", "state": rng.get_state(legacy=False)}
    bits = rng.bit_generator
    if type(bits).__name__ not in BIT_GENERATORS:
        raise TypeError(f"save cannot write {path or 'the tree'}, a generator of {type(bits).__name__}; it knows "
                        f"{', '.join(BIT_GENERATORS)}")
    seed = getattr(bits.seed_seq, "state", None)                    # from which `spawn` makes new generators
    return {"class": type(bits).__name__, "state": bits.state, "seed": seed}


# --- reading ----------------------------------------------------------------------------------------------------------
class Reader:
    """Builds the tree of an outline, with the arrays of `arrays`."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.leaves: list[Any] = []

    def build(self, outline: Any) -> Any:
        """Return the tree.

        Errors: ValueError for a word that this version doesn't know.
        """
        (word, content), = outline.items()
        if word == "value":
            return content
        if word == "array":
            return self.arrays[content]
        if word == "complex":
            return self.arrays[content].view(np.complex128)[..., 0]
        if word == "again":
            return self.leaves[content]
        if word == "leaf":
            number = len(self.leaves)
            self.leaves.append(None)
            self.leaves[number] = Leaf(**self._children(content))
            return self.leaves[number]
        if word == "rule":
            return _rule(content[0], self._children(content[1]))
        if word == "generator":
            return _generator(self.build(content))
        if word == "named":
            children = self._children(content[1])
            return namedtuple(content[0], children)(**children)     # the class itself is the program's own
        children = self._children(content)
        if word == "components":
            return ComponentArray(children)
        if word in ("list", "tuple"):
            return list(children.values()) if word == "list" else tuple(children.values())
        if word != "dict":
            raise ValueError(f"the file has a node {word!r}, which this version of arraylux doesn't know; read it with "
                             "the version that wrote it")
        return children

    def _children(self, pairs: Any) -> Any:
        return {key: self.build(child) for key, child in pairs}


def _rules(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _rules(child)


def _rule(name: str, fields: dict[str, Any]) -> Rule:
    found = getattr(optimisers, name, None)
    if not (isinstance(found, type) and issubclass(found, Rule)):
        found = next((kind for kind in _rules(Rule) if kind.__name__ == name), None)
    if found is None:
        raise ValueError(f"the file has an optimisation rule {name!r}, which there is none of; import the module that "
                         "defines it")
    rule: Rule = object.__new__(found)
    for field, value in fields.items():
        object.__setattr__(rule, field, value)
    rule.__post_init__()
    return rule


def _generator(parts: dict[str, Any]) -> Any:
    name, state = parts["class"], parts["state"]
    if name == "Xoshiro":
        rng = Xoshiro(0)
        rng.state = state
        return rng
    if name == "RandomState":
        old = np.random.RandomState()
        old.set_state(state)
        return old
    if name not in BIT_GENERATORS:
        raise ValueError(f"the file has a generator of {name!r}, which there is none of in this version of NumPy")
    seed = parts["seed"]
    bits = getattr(np.random, name)(0 if seed is None else np.random.SeedSequence(**seed))
    bits.state = state
    return np.random.Generator(bits)


