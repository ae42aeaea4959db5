"""Chapter 12: matrices, and the equations that they pose.

The derivative of an inverse is -Y dX Y, and all that solves equations reuses its own result in this way: no rule here
factorises a matrix that the function has not factorised already, except a solution, which solves once more with the
adjoint matrix. All functions work on stacks of matrices, which lie in the last two axes.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backend import library
from ..tracer.core import Tracer, home
from ..tracer.declare import Custom, fit, fit_tangent
from .elementwise import negative, positive
from .indexing import getitem
from .pairs import add, multiply, subtract
from .products import conjugate_transpose, matmul
from .reducing import sum
from .shaping import broadcast_arrays, broadcast_to, counted, expand_dims, reshape, roll, squeeze, tril
from .triangular import divide_by, triangular


def traced(*arrays: Any) -> bool:
    """Say whether any of these is a tracer; if none is, a function may leave its work to the library."""
    return any(isinstance(x, Tracer) for x in arrays)


def hermitian(x: Any) -> Any:
    """Return the symmetric (for complex numbers Hermitian) part of each matrix."""
    return add(x, conjugate_transpose(x)) * 0.5


# --- parts and products of matrices -------------------------------------------------------------------------------
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonal of each matrix, `offset` places above the main one."""
    if not traced(x):
        return library(x).linalg.diagonal(x, offset=offset)
    rows, columns = x.shape[-2:]
    start = offset if offset >= 0 else -offset * columns
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    # In row-major order the elements of a diagonal lie columns + 1 places apart.
    places = slice(start, start + (length - 1) * (columns + 1) + 1, columns + 1) if length else slice(0, 0)
    return getitem(reshape(x, (*x.shape[:-2], rows * columns)), (Ellipsis, places))


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sum of a diagonal of each matrix."""
    if not traced(x):
        return library(x).linalg.trace(x, offset=offset, dtype=dtype)
    return sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def outer(a: Any, b: Any, /) -> Any:
    """The products of all elements of one vector with all of another."""
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer takes two vectors, got shapes {tuple(a.shape)} and {tuple(b.shape)}; for stacks of "
                         "vectors write a[..., :, None] * b[..., None, :]")
    return multiply(expand_dims(a, -1), expand_dims(b, 0))


def cross(a: Any, b: Any, /, *, axis: int = -1) -> Any:
    """The cross product of vectors of three elements along an axis."""
    if not traced(a, b):
        return library(a).linalg.cross(a, b, axis=axis)
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ValueError(f"cross takes vectors of three elements, got shapes {tuple(a.shape)} and {tuple(b.shape)} "
                         f"with the vectors along axis {axis}")
    a, b = broadcast_arrays(a, b)
    i = counted(axis, a.ndim)
    return subtract(multiply(roll(a, -1, axis=i), roll(b, -2, axis=i)),
                    multiply(roll(a, -2, axis=i), roll(b, -1, axis=i)))


def matrix_power(x: Any, n: int, /) -> Any:
    """The n-th power of square matrices, by repeated squaring; for negative n that of the inverse."""
    if not traced(x) or n == 0:
        if not traced(x):
            return library(x).linalg.matrix_power(x, n)
        xp, device = home(x)
        return broadcast_to(xp.eye(x.shape[-1], dtype=x.dtype, device=device), x.shape)
    if n < 0:
        x, n = inv(x), -n
    power = None
    while n:
        if n & 1:
            power = positive(x) if power is None else matmul(power, x)
        n >>= 1
        x = matmul(x, x) if n else x
    return power


# --- inverses and solutions ---------------------------------------------------------------------------------------
def _push_inv(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    return negative(matmul(y, matmul(tangents[0], y)))


def _pull_inv(g: Any, y: Any, x: Any) -> Any:
    back = conjugate_transpose(y)
    return (negative(matmul(back, matmul(g, back))),)


_inv = Custom("inv", jvp=_push_inv, vjp=_pull_inv, keeps="y", run=lambda x: library(x).linalg.inv(x))


def inv(x: Any, /) -> Any:
    """The inverse of square matrices."""
    return _inv(x)


def _push_solve(tangents: Sequence[Any], y: Any, a: Any, b: Any) -> Any:
    da, right = tangents
    if da is not None:
        moved = matmul(da, y)
        right = negative(moved) if right is None else subtract(right, moved)
    return fit_tangent(_solve(a, right), y)


def _pull_solve(g: Any, y: Any, a: Any, b: Any) -> Any:
    right = _solve(conjugate_transpose(a), g)
    return fit(negative(matmul(right, conjugate_transpose(y))), a), None if b is None else fit(right, b)


_solve: Custom = Custom("solve", jvp=_push_solve, vjp=_pull_solve, keeps="0y",
                        run=lambda a, b: library(a).linalg.solve(a, b))


def solve(a: Any, b: Any, /) -> Any:
    """The solution x of a x = b for square matrices a; b is one vector or a stack of matrices."""
    if b.ndim == 1:
        return squeeze(_solve(a, expand_dims(b, -1)), -1)
    return _solve(a, b)


# --- Cholesky's factor ----------------------------------------------------------------------------------------------
def _lower_half(x: Any) -> Any:
    """Return the lower triangle with half of the diagonal: with its adjoint it adds up to a symmetric x."""
    return add(tril(x), tril(x, k=-1)) * 0.5


def _push_cholesky(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    half = triangular(y, hermitian(tangents[0]), lower=True, unit=False)
    return matmul(y, _lower_half(divide_by(half, conjugate_transpose(y), lower=False)))


def _pull_cholesky(g: Any, y: Any, x: Any) -> Any:
    inner = _lower_half(matmul(conjugate_transpose(y), g))
    half = triangular(conjugate_transpose(y), inner, lower=False, unit=False)
    return (hermitian(divide_by(half, y, lower=True)),)


_cholesky = Custom("cholesky", jvp=_push_cholesky, vjp=_pull_cholesky, keeps="y",
                   run=lambda x: library(x).linalg.cholesky(hermitian(x)))


def cholesky(x: Any, /, *, upper: bool = False) -> Any:
    """Cholesky's factor L of positive definite matrices x = L L^H; with `upper` its adjoint.

    It is that of the symmetric part of x, so its gradient is symmetric.

    Source: Murray, "Differentiation of the Cholesky decomposition" (2016), equations 8 and 10.
    """
    y = _cholesky(x)
    return conjugate_transpose(y) if upper else y


__all__ = ["cholesky", "cross", "diagonal", "inv", "matrix_power", "outer", "solve", "trace"]
