"""Whole Jacobians and Hessians, column by column or row by row.

Forward mode gives a Jacobian's columns, one for each input element; reverse mode its rows, one for each output
element. Whichever there are fewer of is the cheaper way. A Hessian is the Jacobian of a gradient, and its product
with one vector needs no Hessian at all.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .. import tree
from ..backend import device_of, kind, library
from ..rules.shaping import reshape, stack
from ..tracer.core import strip
from ..tracer.declare import zeros_like
from .forward import jvp
from .leaves import as_input, name_of, no_inputs, unit_vectors
from .reverse import grad, vjp

Function = Callable[..., Any]
Mode = Literal["fwd", "rev"] | None


def _floats(leaves: list[Any]) -> list[tuple[int, Any]]:
    return [(i, x) for i, x in ((i, as_input(leaf)) for i, leaf in enumerate(leaves)) if x is not None]


def jacobian(f: Function, mode: Mode = None) -> Function:
    """Return a function that computes the Jacobian of `f` with respect to its first argument.

    Arguments: `f`, from a tree of arrays to a tree of arrays; `mode`, `"fwd"` for one pass for each input element,
    `"rev"` for one for each output element, `None` for the fewer of the two.

    Returns: a function with the arguments of `f`. For arrays its result has the shape (*y.shape, *x.shape); for trees
    it is a tree like `y` whose leaves are trees like `x` (`None` where either leaf is not floating point).

    Errors: ValueError for an unknown mode or a complex argument; TypeError if there is nothing to differentiate.

    >>> import numpy as np
    >>> jacobian(lambda x: x[:2] * x[2])(np.array([1.0, 2.0, 3.0]))
    array([[3., 0., 1.],
           [0., 3., 2.]])
    """
    if mode not in (None, "fwd", "rev"):
        raise ValueError(f'jacobian knows the modes "fwd" and "rev", got {mode!r}; leave it out to have it chosen')

    def compute(x: Any, *args: Any, **kwargs: Any) -> Any:
        inputs, structure_x = tree.flatten(x)
        places = _floats(inputs)
        if not places:
            raise no_inputs("jacobian", "its first argument", inputs)
        if any(kind(v.dtype) == "c" for _, v in places):
            raise ValueError(f"jacobian of {name_of(f)}: the argument is complex, where one matrix does not describe "
                             "the derivative; use jvp or vjp")
        y, pullback = vjp(lambda x: f(x, *args, **kwargs), x)
        outputs, structure_y = tree.flatten(y)
        n_in, n_out = sum(v.size for _, v in places), sum(v.size for _, v in _floats(outputs))
        if mode == "fwd" or (mode is None and n_in < n_out):
            blocks = _columns(lambda x: f(x, *args, **kwargs), x, inputs, places, structure_x, outputs)
        else:
            blocks = _rows(pullback, inputs, outputs, structure_y)
        rows = [tree.unflatten(structure_x, row) for row in blocks]
        return tree.unflatten(structure_y, rows)

    return compute


def _rows(pullback: Function, inputs: list[Any], outputs: list[Any], structure: Any) -> list[list[Any]]:
    """Return the blocks d output / d input by one pullback for each output element."""
    blocks: list[list[Any]] = [[None] * len(inputs) for _ in outputs]
    for k, y in _floats(outputs):
        rows = []
        for unit in unit_vectors(y, y.shape):
            cotangents: list[Any] = [None] * len(outputs)
            cotangents[k] = unit
            rows.append(tree.leaves(pullback(tree.unflatten(structure, cotangents))[0]))
        for i, x in _floats(inputs):
            blocks[k][i] = (reshape(stack([row[i] for row in rows]), (*y.shape, *x.shape)) if rows else
                            library(strip(x)).zeros((*y.shape, *x.shape), dtype=y.dtype, device=device_of(strip(x))))
    return blocks


def _columns(f: Function, x: Any, inputs: list[Any], places: list[tuple[int, Any]], structure: Any,
             outputs: list[Any]) -> list[list[Any]]:
    """Return the blocks d output / d input by one push for each input element."""
    blocks: list[list[Any]] = [[None] * len(inputs) for _ in outputs]
    for i, value in places:
        columns = []
        for unit in unit_vectors(value, value.shape):
            tangents: list[Any] = [None if as_input(leaf) is None else zeros_like(as_input(leaf)) for leaf in inputs]
            tangents[i] = unit
            columns.append(tree.leaves(jvp(f, (x,), (tree.unflatten(structure, tangents),))[1]))
        for k, y in _floats(outputs):
            blocks[k][i] = (reshape(stack([column[k] for column in columns], axis=-1), (*y.shape, *value.shape))
                            if columns else library(strip(y)).zeros((*y.shape, *value.shape), dtype=y.dtype,
                                                                    device=device_of(strip(y))))
    return blocks


def hessian(f: Function) -> Function:
    """Return a function that computes the Hessian of a scalar function of its first argument.

    Arguments: `f`, from a tree of arrays to a real scalar.

    Returns: a function with the arguments of `f`; for an array of shape s its result has the shape (*s, *s), for a tree
    it is a tree of trees. Computed forward over reverse: one directional derivative of the gradient for each element.

    Errors: as for `grad` and `jacobian`.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(f), mode="fwd")


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
