"""Many small matrix products at once: one for each entry of the batch axes, which stand first.

NumPy's own product does it for the last two axes, and these are that product with the axes named: which is summed over,
which count the products. A batch axis of length 1 is used again for each entry of the other array's.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..rules.elementwise import conj
from ..rules.products import matmul
from ..rules.shaping import expand_dims, matrix_transpose, permute_dims, squeeze


def batched_matmul(x: Any, y: Any, *, lhs_contracting_axis: int = -1, rhs_contracting_axis: int = -2,
                   lhs_batching_axes: Sequence[int] | None = None,
                   rhs_batching_axes: Sequence[int] | None = None) -> Any:
    """Matrix products, one for each entry of the batch axes.

    Arguments: `x`, `y`, arrays with one free axis each, that is not summed over and no batch axis;
    `lhs_contracting_axis`, `rhs_contracting_axis`, the axes of x and y that are summed over, of one length;
    `lhs_batching_axes`, `rhs_batching_axes`, those that count the products, in one order, of equal length or of length
    1 in one array: by default all axes but the last two.

    Returns: an array (*batch, free axis of x, free axis of y).

    Errors: ValueError if the axes do not fit together.

    >>> import numpy as np
    >>> x, y = np.ones((5, 2, 3)), np.ones((3, 4, 5))
    >>> batched_matmul(x, y, rhs_contracting_axis=0, rhs_batching_axes=[2]).shape
    (5, 2, 4)
    """
    x, batch = _ordered("x", x, lhs_contracting_axis, lhs_batching_axes, last=True)
    y, other = _ordered("y", y, rhs_contracting_axis, rhs_batching_axes, last=False)
    pairs = zip(reversed(batch), reversed(other), strict=False)
    if x.shape[-1] != y.shape[-2] or any(n != m and 1 not in (n, m) for n, m in pairs):
        raise ValueError(f"batched_matmul: the axes that are summed over have the lengths {x.shape[-1]} and "
                         f"{y.shape[-2]}, the batch axes {batch} and {other}, expected equal ones, or 1 for a batch "
                         "axis; name the axes by lhs_contracting_axis and the like")
    return matmul(x, y)


def _ordered(name: str, x: Any, contracting: int, batching: Sequence[int] | None,
             last: bool) -> tuple[Any, tuple[int, ...]]:
    """Return a matrix for each entry of the batch, summed over along its last axis or the one before."""
    n = len(x.shape)
    named = [contracting, *(range(n - 2) if batching is None else batching)]
    axes = [axis + n if axis < 0 else axis for axis in named]
    free = [axis for axis in range(n) if axis not in axes]
    if len(set(axes)) != len(axes) or not all(0 <= axis < n for axis in axes) or len(free) != 1:
        raise ValueError(f"batched_matmul: {name} of shape {tuple(x.shape)} must have one axis beside the one that is "
                         f"summed over, {contracting}, and the batch axes, {named[1:]}")
    order = (*axes[1:], *free, axes[0]) if last else (*axes[1:], axes[0], *free)
    x = x if order == tuple(range(n)) else permute_dims(x, order)
    return x, tuple(x.shape[:-2])


def batched_vec(x: Any, v: Any) -> Any:
    """Products of matrices and vectors, one for each entry of the batch axes.

    Arguments: `x` (..., m, n); `v` (..., n) or (n,).

    Returns: an array (..., m).

    Errors: ValueError if the shapes do not fit together.

    >>> import numpy as np
    >>> batched_vec(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    array([[1.],
           [4.]])
    """
    if len(x.shape) < 2 or not len(v.shape) or x.shape[-1] != v.shape[-1]:
        raise ValueError(f"batched_vec: the last axes of x {tuple(x.shape)}, matrices (..., m, n), and of v "
                         f"{tuple(v.shape)}, vectors (..., n), must be equally long")
    return squeeze(matmul(x, expand_dims(v, -1)), -1)


def batched_transpose(x: Any) -> Any:
    """Return each matrix (..., m, n) of a batch transposed, (..., n, m)."""
    return matrix_transpose(x)


def batched_adjoint(x: Any) -> Any:
    """Return each matrix (..., m, n) of a batch transposed, (..., n, m), with the complex conjugate of its numbers."""
    return conj(matrix_transpose(x))


__all__ = ["batched_adjoint", "batched_matmul", "batched_transpose", "batched_vec"]
