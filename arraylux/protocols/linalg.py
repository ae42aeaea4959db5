"""NumPy's linear algebra, each function with NumPy's signature.

The functions of `np.linalg` that NumPy took over from the standard have its signature already. The older ones name
axes where the standard takes the last two, and `norm` is both norms of the standard in one.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ..backend import kind
from ..rules import (
    determinants,
    eigen,
    elementwise,
    least_squares,
    linalg,
    norms,
    pairs,
    products,
    reducing,
    shaping,
    spectral,
)
from ..tracer.core import bare, home
from ..tracer.tables import NUMPY_FUNCTIONS
from .values import as_array


def _to_the_end(x: Any, axis1: int, axis2: int) -> Any:
    return shaping.moveaxis(x, (axis1, axis2), (-2, -1))


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return linalg.trace(_to_the_end(a, axis1, axis2), offset=offset, dtype=dtype)


def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return linalg.diagonal(_to_the_end(a, axis1, axis2), offset=offset)


def _diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 2:
        return linalg.diagonal(v, offset=k)
    (xp, device), rows = home(v), v.shape[0] + abs(k)
    padded = shaping.concat([v, xp.zeros(abs(k), dtype=v.dtype, device=device)])
    here = xp.eye(rows, k=k, dtype=xp.bool, device=device)
    return pairs.where(here, shaping.expand_dims(padded, -1 if k >= 0 else 0), 0.0)


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    y = linalg.cross(shaping.moveaxis(as_array(a), axisa, -1), shaping.moveaxis(as_array(b), axisb, -1))
    return shaping.moveaxis(y, -1, axisc)


def _multi_dot(arrays: Sequence[Any]) -> Any:
    return reduce(products.matmul, [as_array(x) for x in arrays])


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and ord is None:
        return norms.vector_norm(x, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"np.linalg.norm: the order {ord!r} is one of matrices, but axis={axis} of shape "
                             f"{tuple(x.shape)} holds vectors; pass two axes or a number")
        return norms.vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(f"np.linalg.norm: norms are of vectors or matrices, got axis={axis} for shape "
                         f"{tuple(x.shape)}; pass one axis or two")
    y = norms.matrix_norm(_to_the_end(x, *axes), ord="fro" if ord is None else ord)
    return shaping.expand_dims(y, tuple([a % x.ndim for a in axes])) if keepdims else y


def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    return least_squares.pinv(a, rtol=rcond if rtol is None else rtol)


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    return spectral.svd(a, full_matrices=full_matrices) if compute_uv else spectral.svdvals(a)


def _matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if tol is None:
        return norms.matrix_rank(A, rtol=rtol)
    return reducing.count_nonzero(pairs.greater(spectral.svdvals(A), shaping.expand_dims(as_array(tol), -1)), axis=-1)


def _qr(a: Any, mode: str = "reduced") -> Any:
    return spectral.qr(a).R if mode == "r" else spectral.qr(a, mode=mode)


def _eig(a: Any) -> Any:
    """NumPy's results are real where all eigenvalues of real matrices are."""
    (w, v), (xp, _) = eigen.eig(a), home(a)
    if kind(a.dtype) == "c" or bool(xp.any(xp.imag(bare(w)) != 0)):
        return eigen.EigResult(w, v)
    return eigen.EigResult(elementwise.real(w), elementwise.real(v))


def _eigvals(a: Any) -> Any:
    return _eig(a).eigenvalues


def _cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = spectral.svdvals(x)
        return pairs.divide(s[..., -1], s[..., 0]) if p == -2 else pairs.divide(s[..., 0], s[..., -1])
    return pairs.multiply(_norm(x, p, (-2, -1)), _norm(linalg.inv(x), p, (-2, -1)))


def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = as_array(a), as_array(b)
    if axes is not None:
        moved = [i % a.ndim for i in axes]
        a = shaping.permute_dims(a, (*[i for i in range(a.ndim) if i not in moved], *moved))
    shape = a.shape[b.ndim:]
    if not math.prod(a.shape[:b.ndim]) == b.size == math.prod(shape):
        raise ValueError(f"np.linalg.tensorsolve: shapes {tuple(a.shape)} and {tuple(b.shape)} pose {b.size} equations "
                         f"for {math.prod(shape)} unknowns; there must be as many of one as of the other")
    matrix = shaping.reshape(a, (b.size, b.size))
    return shaping.reshape(linalg.solve(matrix, shaping.reshape(b, (-1,))), shape)


def _tensorinv(a: Any, ind: int = 2) -> Any:
    rows, columns = a.shape[:ind], a.shape[ind:]
    y = linalg.inv(shaping.reshape(a, (math.prod(rows), math.prod(columns))))
    return shaping.reshape(y, (*columns, *rows))


# One triangle is read for the other; here the symmetric part is taken, which for symmetric matrices is the same.
def _eigh(a: Any, UPLO: str = "L") -> Any:
    return spectral.eigh(a)


def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return spectral.eigvalsh(a)


NUMPY_FUNCTIONS.update({
    np.trace: _trace, np.diagonal: _diagonal, np.diag: _diag, np.cross: _cross, np.linalg.norm: _norm,
    np.linalg.pinv: _pinv, np.linalg.svd: _svd, np.linalg.multi_dot: _multi_dot, np.linalg.matrix_rank: _matrix_rank,
    np.linalg.eigh: _eigh, np.linalg.eigvalsh: _eigvalsh,
    np.linalg.inv: lambda a: linalg.inv(a), np.linalg.det: lambda a: determinants.det(a),
    np.linalg.slogdet: lambda a: determinants.slogdet(a),
    np.linalg.solve: lambda a, b: linalg.solve(as_array(a), as_array(b)),
    np.linalg.matrix_power: lambda a, n: linalg.matrix_power(a, n),
    np.linalg.qr: _qr, np.linalg.eig: _eig, np.linalg.eigvals: _eigvals, np.linalg.cond: _cond,
    np.linalg.tensorsolve: _tensorsolve, np.linalg.tensorinv: _tensorinv,
    np.linalg.lstsq: lambda a, b, rcond=None: least_squares.lstsq(as_array(a), as_array(b), rcond),
    np.linalg.cholesky: lambda a, /, *, upper=False: linalg.cholesky(a, upper=upper),
    np.linalg.svdvals: spectral.svdvals, np.linalg.matrix_norm: norms.matrix_norm,
    np.linalg.vector_norm: norms.vector_norm, np.linalg.cross: linalg.cross,
    np.linalg.diagonal: linalg.diagonal, np.linalg.trace: linalg.trace,
    np.linalg.outer: lambda x1, x2, /: linalg.outer(as_array(x1), as_array(x2)),
    np.linalg.matmul: lambda x1, x2, /: products.matmul(as_array(x1), as_array(x2)),
    np.linalg.matrix_transpose: shaping.matrix_transpose,
    np.linalg.tensordot: lambda x1, x2, /, *, axes=2: products.tensordot(as_array(x1), as_array(x2), axes=axes),
    np.linalg.vecdot: lambda x1, x2, /, *, axis=-1: products.vecdot(as_array(x1), as_array(x2), axis=axis),
})
