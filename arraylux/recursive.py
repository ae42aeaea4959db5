"""Arithmetic on whole trees: sums, zeros and copies of parameters, by the names that Lux has for them.

A tree of arrays adds, copies and vanishes leaf by leaf. Each of these is one line with `tree.map`, which is also how
to write the next one.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import tree as trees
from .backend import is_array, library
from .rules.pairs import add
from .tracer.core import Tracer, bare
from .tracer.declare import zeros_like


def recursive_map(f: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """Apply `f` to the leaves that stand at the same place of one or more trees.

    Errors: ValueError naming the place where the trees differ.

    >>> recursive_map(lambda a, b: a - b, {"x": 3, "y": [5]}, {"x": 1, "y": [1]})
    {'x': 2, 'y': [4]}
    """
    return trees.map(f, tree, *rest)


def recursive_add(x: Any, y: Any) -> Any:
    """Add two trees, such as the gradients of two batches; what is no number is taken from the first.

    Errors: ValueError naming the place where the trees differ.

    >>> recursive_add({"weight": np.ones(2), "training": True}, {"weight": np.ones(2), "training": True})
    {'weight': array([2., 2.]), 'training': True}
    """
    return trees.map(lambda a, b: add(a, b) if _is_number(a) and _is_number(b) else a, x, y)


def recursive_copy(tree: Any) -> Any:
    """Return a tree with arrays of its own; an array at several places stays one array, other leaves are kept."""
    def leaf(path: str, x: Any) -> Any:
        return library(x).asarray(x, copy=True) if is_array(x) and not isinstance(x, np.generic) else x
    return trees.map_once(leaf, tree)


def recursive_make_zero(tree: Any) -> Any:
    """Return a tree with zero in the place of every number and array of numbers; other leaves are kept.

    >>> recursive_make_zero({"weight": np.ones(2), "gain": 2.5, "activation": None})
    {'weight': array([0., 0.]), 'gain': 0.0, 'activation': None}
    """
    return trees.map_once(lambda path, x: x if not _is_number(x) else 0 if isinstance(x, int) else zeros_like(x), tree)


def recursive_eltype(tree: Any) -> Any:
    """Return the dtype that all numbers of a tree have in common, promoted as in arithmetic.

    Python's numbers count as int64, float64 or complex128; truth values, `None` and all that is no number count as
    bool, which any other dtype takes in. A traced array has the dtype of its numbers.

    Errors: TypeError if the arrays are of several libraries, or if they can't be promoted.

    >>> recursive_eltype({"mean": np.ones(2, np.float32), "count": np.asarray([3], np.int16), "training": True})
    dtype('float32')
    """
    leaves = trees.leaves(tree)
    arrays = [x for x in leaves if isinstance(x, Tracer) or is_array(x)]
    xp = library(bare(arrays[0])) if arrays else np
    for x in arrays:
        if library(bare(x)) is not xp:
            raise TypeError(f"recursive_eltype: the tree holds arrays of {xp.__name__} and of "
                            f"{library(bare(x)).__name__}; move all of them to one device")
    plain = [getattr(xp, {int: "int64", float: "float64", complex: "complex128"}[type(x)]) for x in leaves
             if type(x) in (int, float, complex)]
    dtypes = [*[x.dtype for x in arrays], *plain]
    wide = [dtype for dtype in dtypes if "bool" not in str(dtype)]          # no promotion of bool in the standard
    return xp.result_type(*wide) if wide else np.dtype(bool) if xp is np else xp.bool


def _is_number(x: Any) -> bool:
    return isinstance(x, Tracer) or is_array(x) or (isinstance(x, (int, float, complex)) and not isinstance(x, bool))


__all__ = ["recursive_add", "recursive_copy", "recursive_eltype", "recursive_make_zero", "recursive_map"]
