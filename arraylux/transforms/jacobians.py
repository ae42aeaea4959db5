"""Whole Jacobians and Hessians, all columns or all rows at once.

Forward mode gives a Jacobian's columns, one for each input element; reverse mode its rows, one for each output
element. Whichever there are fewer of is the cheaper way. Neither is done by a loop: the unit vectors go through
together, as a batch, so that products of a matrix and many vectors become products of matrices. A Hessian is the
Jacobian of a gradient, and its product with one vector needs no Hessian at all.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from .. import tree
from ..backend import kind
from ..rules.shaping import concat, permute_dims, reshape
from ..tracer.declare import zeros_like
from .forward import jvp
from .leaves import as_input, check_numbers, complex_argument, complex_rows, name_of, no_inputs, unit_vectors
from .mapping import vmap
from .reverse import grad, vjp

Function = Callable[..., Any]
Mode = Literal["fwd", "rev"] | None

AT_ONCE = 2**22             # as many unit vectors go together as have about this many elements, on the larger side


def _floats(leaves: list[Any]) -> list[tuple[int, Any]]:
    return [(i, x) for i, x in ((i, as_input(leaf)) for i, leaf in enumerate(leaves)) if x is not None]


def jacobian(f: Function, mode: Mode = None, *, argnums: int | Sequence[int] = 0, sparsity: Any = None) -> Function:
    """Return a function that computes the Jacobian of `f` with respect to one of its arguments, or several.

    Arguments: `f`, from trees of arrays to a tree of arrays; `mode`, `"fwd"` for a pass with one direction for each
    input element, `"rev"` for one with a cotangent for each output element, `None` for the fewer of the two. Many
    directions take one pass together (see `vmap`); only very large Jacobians take several. `argnums`, the number of the
    argument to differentiate, or several, which then count as one tuple. `sparsity`, for a function from one array to
    one array, a matrix (y.size, x.size), dense or one of scipy.sparse, that is zero where the Jacobian is known to be
    zero: then columns that have no row in common share a direction.

    Returns: a function with the arguments of `f`. For arrays its result has the shape (*y.shape, *x.shape); for trees
    it is a tree like `y` whose leaves are trees like `x` (`None` where either leaf is not floating point). With
    `sparsity` it is a matrix of that kind and shape.

    Errors: ValueError for an unknown mode, a complex argument, a complex result with `"rev"`, or a sparsity of another
    shape; TypeError if there is nothing to differentiate.

    >>> import numpy as np
    >>> jacobian(lambda x: x[:2] * x[2])(np.array([1.0, 2.0, 3.0]))
    array([[3., 0., 1.],
           [0., 3., 2.]])
    """
    if mode not in (None, "fwd", "rev"):
        raise ValueError(f'jacobian knows the modes "fwd" and "rev", got {mode!r}; leave it out to have it chosen')

    several = isinstance(argnums, Sequence)
    numbers = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)

    def compute(*args: Any, **kwargs: Any) -> Any:
        check_numbers(f"jacobian of {name_of(f)}", numbers, len(args))
        x: Any = tuple([args[n] for n in numbers])
        x = x if several else x[0]

        def of_x(x: Any) -> Any:
            moved = list(args)
            for n, part in zip(numbers, x if several else (x,), strict=True):
                moved[n] = part
            return f(*moved, **kwargs)

        of_x.__name__ = name_of(f)
        if sparsity is not None:
            from .sparse import sparse_jacobian

            return sparse_jacobian(of_x, x, sparsity, mode)
        inputs, structure_x = tree.flatten(x)
        places = _floats(inputs)
        if not places:
            raise no_inputs("jacobian", f"argument {argnums}", inputs)
        if any(kind(v.dtype) == "c" for _, v in places):
            raise complex_argument(f)
        n_in = sum(v.size for _, v in places)
        if mode == "fwd" and n_in:
            structure_y, blocks = _columns(of_x, x, inputs, places, structure_x)
        else:
            y, pullback = vjp(of_x, x)
            outputs, structure_y = tree.flatten(y)
            complex_result = any(kind(v.dtype) == "c" for _, v in _floats(outputs))
            if complex_result and mode == "rev":
                raise complex_rows(f)
            if mode is None and n_in and (complex_result or n_in < sum(v.size for _, v in _floats(outputs))):
                structure_y, blocks = _columns(of_x, x, inputs, places, structure_x)
            else:
                blocks = _rows(pullback, inputs, outputs, structure_y)
        rows = [tree.unflatten(structure_x, row) for row in blocks]
        return tree.unflatten(structure_y, rows)

    return compute


def _together(f: Function, like: Any, other: int) -> Any:
    """Return `f` of every unit vector of the form of `like`, stacked: as many at once as are not too large."""
    count = max(1, AT_ONCE // max(1, like.size, other))
    found = [vmap(f)(unit_vectors(like, like.shape, start, start + count))
             for start in range(0, max(1, like.size), count)]
    if len(found) == 1:
        return found[0]
    return tree.map(lambda *parts: parts[0] if parts[0] is None else concat(parts), *found)


def _rows(pullback: Function, inputs: list[Any], outputs: list[Any], structure: Any) -> list[list[Any]]:
    """Return the blocks d output / d input by a cotangent for each output element."""
    blocks: list[list[Any]] = [[None] * len(inputs) for _ in outputs]
    for k, y in _floats(outputs):
        def pull(unit: Any, k: int = k) -> Any:
            cotangents: list[Any] = [None] * len(outputs)
            cotangents[k] = unit
            return tree.leaves(pullback(tree.unflatten(structure, cotangents))[0])

        rows = _together(pull, y, max(x.size for _, x in _floats(inputs)))
        for i, x in _floats(inputs):
            blocks[k][i] = reshape(rows[i], (*y.shape, *x.shape))
    return blocks


def _columns(f: Function, x: Any, inputs: list[Any], places: list[tuple[int, Any]],
             structure: Any) -> tuple[Any, list[list[Any]]]:
    """Return the structure of the result, and the blocks d output / d input by a direction for each input element."""
    columns, structures = [], []
    for i, value in places:
        def push(unit: Any, i: int = i) -> Any:
            tangents = [None if as_input(leaf) is None else zeros_like(as_input(leaf)) for leaf in inputs]
            tangents[i] = unit
            leaves, structure_y = tree.flatten(jvp(f, (x,), (tree.unflatten(structure, tangents),))[1])
            structures.append(structure_y)
            return leaves

        columns.append(_together(push, value, 0))
    blocks: list[list[Any]] = [[None] * len(inputs) for _ in columns[0]]
    for (i, value), found in zip(places, columns, strict=True):
        for k, part in enumerate(found):
            if part is not None:
                moved = permute_dims(part, (*range(1, len(part.shape)), 0))
                blocks[k][i] = reshape(moved, (*part.shape[1:], *value.shape))
    return structures[0], blocks


def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function that computes the Hessian of a scalar function for one of its arguments, or several.

    Arguments: `f`, from trees of arrays to a real scalar; `argnums`, as for `jacobian`.

    Returns: a function with the arguments of `f`; for an array of shape s its result has the shape (*s, *s), for a tree
    it is a tree of trees. Computed forward over reverse: one directional derivative of the gradient for each element.

    Errors: as for `grad` and `jacobian`.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(f, argnums), mode="fwd", argnums=argnums)


def hvp(f: Function, x: Any, v: Any) -> Any:
    """Return the product of the Hessian of a scalar function with a vector, without the Hessian.

    Arguments: `f`, from a tree of arrays to a real scalar; `x`, where; `v`, a tree like `x`.

    Returns: a tree like `x`, for the cost of a few gradients.

    Errors: as for `grad` and `jvp`.

    Source: Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994), equation 5.

    >>> import numpy as np
    >>> hvp(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    return jvp(grad(f), (x,), (v,))[1]
