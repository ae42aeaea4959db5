"""Chapter 7: matrix products.

A product is linear in each factor, and its reverse rule is two more products with the other factor transposed and
conjugated. Vectors count as rows or columns; batch axes broadcast, and are summed over on the way back; a stack of
matrices times one matrix is folded into a single product, which is how a layer's weight gradient becomes one.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import library
from ..tracer.core import Tracer
from ..tracer.declare import Bilinear, adjoint
from .pairs import multiply
from .shaping import counted, expand_dims, moveaxis, permute_dims, reshape


def conjugate_transpose(x: Any) -> Any:
    """Return the conjugate transpose of the last two axes."""
    return adjoint(x.mT)


def _left(g: Any, a: Any, b: Any) -> Any:
    if len(b.shape) == 1:
        return multiply(expand_dims(g, -1) if len(g.shape) else g, adjoint(b))
    if len(a.shape) == 1:
        return reshape(matmul(adjoint(b), expand_dims(g, -1)), b.shape[:-1])
    return matmul(g, conjugate_transpose(b))


def _right(g: Any, a: Any, b: Any) -> Any:
    if len(a.shape) == 1:
        row = adjoint(a)
        return multiply(expand_dims(row, -1), expand_dims(g, -2)) if len(b.shape) > 1 else multiply(g, row)
    if len(b.shape) == 1:
        return reshape(matmul(conjugate_transpose(a), expand_dims(g, -1)), (*a.shape[:-2], a.shape[-1]))
    if len(b.shape) == 2 and len(a.shape) > 2:
        rows = math.prod(a.shape[:-1])
        return matmul(conjugate_transpose(reshape(a, (rows, a.shape[-1]))), reshape(g, (rows, g.shape[-1])))
    return matmul(conjugate_transpose(a), g)


class _Matmul(Bilinear):
    """The matrix product. Two of NumPy's matrices, by far the usual case, go a short way of their own."""

    __slots__ = ()

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        a, b = args
        if type(g) is np.ndarray:
            if not g.flags.writeable:
                g = g.copy()                                # a broadcast view, with which BLAS cannot multiply
            if g.dtype.kind == "f" and len(a.shape) == 2 == len(b.shape) and a.dtype is b.dtype:
                return (np.dot(g, b.T) if parents[0] >= 0 else None,
                        np.dot(a.T, g) if parents[1] >= 0 else None)
        return super().pull(g, parents, y, args, params)


def _np_matmul(a: Any, b: Any) -> Any:
    if a.ndim == 2 == b.ndim and a.dtype.kind == "f":            # the same product, with less ado
        return np.dot(a, b)
    if a.ndim > 2 and b.ndim == 2 and a.flags.c_contiguous:      # one large product instead of a stack of small ones
        return np.dot(a.reshape(math.prod(a.shape[:-1]), a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
    return np.matmul(a, b)


matmul = _Matmul("matmul", _left, _right, numpy=_np_matmul)


def tensordot(a: Any, b: Any, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Any:
    """Sum products over pairs of axes."""
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([counted(i, x.ndim) for i in ([ax] if isinstance(ax, int) else ax)]
                       for x, ax in zip((a, b), axes, strict=True))
    free_a = [i for i in range(a.ndim) if i not in left]
    free_b = [i for i in range(b.ndim) if i not in right]
    n = 1
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ValueError(f"tensordot: axis {i} of shape {tuple(a.shape)} and axis {j} of shape {tuple(b.shape)} "
                             "differ in length")
        n *= a.shape[i]
    shape_a, shape_b = tuple([a.shape[i] for i in free_a]), tuple([b.shape[i] for i in free_b])
    rows = reshape(permute_dims(a, (*free_a, *left)), (math.prod(shape_a), n))
    columns = reshape(permute_dims(b, (*right, *free_b)), (n, math.prod(shape_b)))
    return reshape(matmul(rows, columns), shape_a + shape_b)


def vecdot(a: Any, b: Any, /, *, axis: int = -1) -> Any:
    """Sum of conj(a) * b along an axis."""
    if not isinstance(a, Tracer) and not isinstance(b, Tracer):
        return library(a).vecdot(a, b, axis=axis)
    if a.shape[axis] != b.shape[axis]:
        raise ValueError(f"vecdot: shapes {tuple(a.shape)} and {tuple(b.shape)} differ in length along axis {axis}")
    row, column = expand_dims(moveaxis(adjoint(a), axis, -1), -2), expand_dims(moveaxis(b, axis, -1), -1)
    y = matmul(row, column)
    return reshape(y, y.shape[:-2])


def dot(a: Any, b: Any, /) -> Any:
    """NumPy's dot: a product with a number, else a sum over the last axis of `a` and the last but one of `b`."""
    if not len(np.shape(a) if not hasattr(a, "shape") else a.shape) or not len(
            np.shape(b) if not hasattr(b, "shape") else b.shape):
        return multiply(a, b)
    if len(b.shape) <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=((a.ndim - 1,), (b.ndim - 2,)))


__all__ = ["dot", "matmul", "tensordot", "vecdot"]
