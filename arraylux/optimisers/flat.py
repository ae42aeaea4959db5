"""All parameters as one vector, and as one list.

A line search, a solver of SciPy's or a hyper-network wants the parameters as a vector. `destructure` gives it, with a
function that builds the tree around another vector. What counts are the arrays that `setup` would train: floating
point, and one that stands at several places once.
"""
from __future__ import annotations

import math
from typing import Any

from .. import tree as trees
from ..backend import kind
from ..rules.elementwise import astype, real
from ..rules.indexing import getitem
from ..rules.shaping import concat, reshape
from ..tracer.core import home


def trainables(tree: Any, *, path: bool = False) -> list[Any]:
    """Return the arrays of floating-point numbers in a tree, one that stands at several places once.

    Arguments: `tree`, such as parameters; `path`, whether to return pairs of path and array, such as
    `("layer_1.weight", weight)`.

    >>> import numpy as np
    >>> trainables({"weight": np.ones(2), "steps": [np.asarray(3), np.zeros(1)]}, path=True)
    [('weight', array([1., 1.])), ('steps.1', array([0.]))]
    """
    found: list[Any] = []

    def visit(place: str, leaf: Any) -> Any:
        if hasattr(leaf, "shape") and hasattr(leaf, "dtype") and kind(leaf.dtype) in "fc":
            found.append((place.removeprefix("."), leaf) if path else leaf)
        return leaf

    trees.map_once(visit, tree, path="")
    return found


class Restructure:
    """What `destructure` returns beside the vector: called with a vector, it builds the tree around its numbers.

    Each array gets back its shape and dtype (of complex numbers for a real array, the real part). What can't be trained
    is taken from the tree that was given to `destructure`, or from `like`, a tree of the same form.
    """

    __slots__ = ("size", "tree")

    def __init__(self, tree: Any, size: int):
        self.tree, self.size = tree, size

    def __repr__(self) -> str:
        return f"Restructure({self.size} numbers)"

    def __call__(self, flat: Any, like: Any = None) -> Any:
        """Return the tree with the numbers of a vector.

        Errors: ValueError if the vector has another length, or `like` another form than the tree.
        """
        if getattr(flat, "shape", None) != (self.size,):
            raise ValueError(f"the tree was made from a vector of shape ({self.size},), got {trees.describe(flat)}")
        done: dict[int, Any] = {}
        start = 0

        def take(leaf: Any, other: Any) -> Any:
            nonlocal start
            if not (hasattr(leaf, "dtype") and kind(leaf.dtype) in "fc"):
                return other
            if id(leaf) not in done:
                stop = start + math.prod(leaf.shape)
                piece = reshape(getitem(flat, slice(start, stop)), leaf.shape)
                start = stop
                if kind(piece.dtype) == "c" and kind(leaf.dtype) == "f":
                    piece = real(piece)
                done[id(leaf)] = piece if piece.dtype == leaf.dtype else astype(piece, dtype=leaf.dtype)
            return done[id(leaf)]

        return trees.map(take, self.tree, self.tree if like is None else like)


def destructure(tree: Any) -> tuple[Any, Restructure]:
    """Return all numbers of a tree as one vector, and the function that builds the tree around such a vector.

    Arguments: `tree`, such as parameters; its arrays are taken in order, in their common dtype.

    Returns: `(flat, restructure)`. `restructure(vector)` is a tree like the one given; `restructure(vector, other)`
    takes what can't be trained from another tree. Both directions can be differentiated. A ComponentArray, whose
    vector is there already, does the same without copies.

    Errors: TypeError if there is no array of floating-point numbers.

    >>> import numpy as np
    >>> flat, restructure = destructure({"weight": np.ones((1, 2)), "bias": np.zeros(1)})
    >>> flat
    array([1., 1., 0.])
    >>> restructure(2 * flat)
    {'weight': array([[2., 2.]]), 'bias': array([0.])}
    """
    arrays = trainables(tree)
    if not arrays:
        raise TypeError("destructure: found no array of floating-point numbers in the tree; convert them, as in "
                        "x.astype('float32')")
    dtype = home(arrays[0])[0].result_type(*[x.dtype for x in arrays])
    parts = [reshape(x, (-1,)) if x.dtype == dtype else astype(reshape(x, (-1,)), dtype=dtype) for x in arrays]
    return concat(parts), Restructure(tree, sum(math.prod(x.shape) for x in arrays))
