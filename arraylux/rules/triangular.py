"""Chapter 12a: triangles, and the equations that they pose.

A triangular system is solved by substitution, at a third of the cost of a general one, so whoever solves often with
one matrix factorises it first. The derivative of the factors is found in the same way for all of them: seen from
within (L^-1 dA U^-1), the change of a product splits into a part for each factor. The reverse rule of a solution is
a solution with the adjoint triangle. All functions work on stacks of matrices, which lie in the last two axes.
"""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import device_of, kind, library, real_dtype, to_numpy
from ..tracer.core import home, strip
from ..tracer.declare import Custom, Flat, add_tangents, fit, fit_tangent, zeros_like
from .creation import cast
from .elementwise import astype, negative
from .indexing import argsort
from .pairs import add, equal, subtract
from .products import conjugate_transpose, matmul
from .shaping import broadcast_to, expand_dims, squeeze, tril, triu
from .sorting import reorder

LUFactors = namedtuple("LUFactors", ["lu", "piv"])
LUResult = namedtuple("LUResult", ["P", "L", "U"])


def _lapack(x: Any) -> Any:
    """Return SciPy's linear algebra or CuPy's double of it, which take one matrix at a time; `None` without one."""
    if type(x).__module__.partition(".")[0] == "cupy":
        import cupyx.scipy.linalg

        return cupyx.scipy.linalg
    if not isinstance(x, np.ndarray):
        return None
    try:
        import scipy.linalg
    except ImportError:
        return None
    return scipy.linalg


def require_square(name: str, x: Any) -> None:
    """Raise unless the last two axes are those of square matrices."""
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{name} takes square matrices in the last two axes, got shape {tuple(x.shape)}")


# --- triangular equations -------------------------------------------------------------------------------------------
# From this size on substitution is faster than a general solution; below, a call for each matrix costs more than it
# saves.
WORTHWHILE = 32


def _half(x: Any, lower: bool, unit: bool) -> Any:
    """Return the triangle, without a diagonal that counts as ones."""
    return tril(x, k=-int(unit)) if lower else triu(x, k=int(unit))


def _run_triangular(a: Any, b: Any, *, lower: bool, unit: bool) -> Any:
    xp = library(a)
    if a.shape[-1] >= WORTHWHILE and (lapack := _lapack(a)) is not None:
        lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = (xp.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (a, b))
        y = xp.empty(b.shape, dtype=xp.result_type(a, b, np.float32))
        for i in np.ndindex(lead):
            y[i] = lapack.solve_triangular(a[i], b[i], lower=lower, unit_diagonal=unit, check_finite=False)
        return y
    triangle = _half(a, lower, unit)
    if unit:
        triangle = triangle + xp.eye(a.shape[-1], dtype=a.dtype, device=device_of(a))
    return xp.linalg.solve(triangle, b)


def _push_triangular(tangents: Sequence[Any], y: Any, a: Any, b: Any, lower: bool, unit: bool) -> Any:
    da, right = tangents
    if da is not None:
        moved = matmul(_half(da, lower, unit), y)
        right = negative(moved) if right is None else subtract(right, moved)
    return fit_tangent(triangular(a, right, lower=lower, unit=unit), y)


def _pull_triangular(g: Any, y: Any, a: Any, b: Any, lower: bool, unit: bool) -> Any:
    right = triangular(conjugate_transpose(a), g, lower=not lower, unit=unit)
    left = negative(_half(matmul(right, conjugate_transpose(y)), lower, unit))
    return fit(left, a), None if b is None else fit(right, b)


triangular: Custom = Custom("solve_triangular", jvp=_push_triangular, vjp=_pull_triangular, keeps="0y",
                            run=_run_triangular)


def divide_by(b: Any, a: Any, *, lower: bool) -> Any:
    """Return b a^-1, the solution on the other side, for a triangle a."""
    return conjugate_transpose(triangular(conjugate_transpose(a), conjugate_transpose(b), lower=not lower, unit=False))


def solve_triangular(a: Any, b: Any, /, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """The solution x of a x = b, where of the square matrices a only one triangle is read.

    Arguments: `a`, (..., n, n); `b`, one vector (n,) or matrices (..., n, k); `trans`, 0 or "N" for a, 1 or "T" for
    its transpose, 2 or "C" for its conjugate transpose; `lower`, whether the triangle of `a` is the lower one;
    `unit_diagonal`, whether its diagonal counts as ones and is not read either.

    Returns: x, with the shape of b; the gradient for the other triangle is zero.

    Errors: ValueError for matrices that are not square or an unknown `trans`; NumPy's LinAlgError for a zero on the
    diagonal.

    >>> solve_triangular(np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([2.0, 9.0]), lower=True)
    array([1., 2.])
    """
    require_square("solve_triangular", a)
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f'solve_triangular: trans is one of 0, 1, 2, "N", "T", "C", got {trans!r}')
    if trans not in (0, "N"):
        a, lower = a.mT if trans in (1, "T") else conjugate_transpose(a), not lower
    return _columns(lambda b: triangular(a, b, lower=bool(lower), unit=bool(unit_diagonal)), b)


def _columns(solve: Any, b: Any) -> Any:
    """Solve for one vector as for a matrix of one column."""
    return squeeze(solve(expand_dims(b, -1)), -1) if len(b.shape) == 1 else solve(b)


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, /) -> Any:
    """The solution x of a x = b, given Cholesky's factor of a.

    Arguments: `c_and_lower`, the factor c (..., n, n) and whether it is the lower one, a = c c^H, or the upper one,
    a = c^H c; `b`, one vector (n,) or matrices (..., n, k).

    >>> cho_solve((np.array([[2.0, 0.0], [1.0, 1.0]]), True), np.array([4.0, 2.0]))
    array([1., 0.])
    """
    c, lower = c_and_lower
    first, second = (0, 2) if lower else (2, 0)
    return solve_triangular(c, solve_triangular(c, b, trans=first, lower=lower), trans=second, lower=lower)


# --- the factors of Gaussian elimination ----------------------------------------------------------------------------
def _size(x: Any) -> Any:
    """Return what LAPACK takes for the size of an element when it looks for the largest."""
    xp = library(x)
    return xp.abs(xp.real(x)) + xp.abs(xp.imag(x)) if kind(x.dtype) == "c" else xp.abs(x)


def _eliminate(a: Any) -> Any:
    """Gaussian elimination: below each pivot, the largest that is left in its column, stand the multiples taken off."""
    xp, n, device = library(a), a.shape[-1], device_of(a)
    rows, piv = xp.arange(n, device=device), xp.zeros(a.shape[:-1], dtype=real_dtype(a.dtype), device=device)
    for k in range(n):
        place = k + xp.argmax(_size(a[..., k:, k]), axis=-1, keepdims=True)
        swapped = xp.where(rows == k, place, xp.where(rows == place, rows[k], rows))
        a = xp.take_along_axis(a, swapped[..., None], axis=-2)
        pivot = a[..., k:k + 1, k]
        multiples = a[..., k + 1:, k] / xp.where(pivot == 0, xp.ones_like(pivot), pivot)
        a[..., k + 1:, k] = multiples
        a[..., k + 1:, k + 1:] -= multiples[..., None] * a[..., k:k + 1, k + 1:]
        piv[..., k:k + 1] = cast(place, piv.dtype)
    return a, piv


def _run_lu(a: Any) -> Any:
    """Return both factors in one matrix and, for each step, the row that was swapped with it.

    The numbers of the rows are floating-point numbers, since all results of a primitive have a derivative: here 0.
    """
    lapack, xp = _lapack(a), library(a)
    if lapack is None:
        return _eliminate(a)
    lu, piv = xp.empty_like(a), xp.empty_like(a[..., 0], dtype=real_dtype(a.dtype))
    for i in np.ndindex(a.shape[:-2]):
        lu[i], piv[i] = lapack.lu_factor(a[i], check_finite=False)
    return lu, piv


def _run_row_order(piv: Any) -> Any:
    swaps = to_numpy(piv)
    order = np.empty(swaps.shape, np.int64)
    for i in np.ndindex(swaps.shape[:-1]):
        rows = list(range(swaps.shape[-1]))
        for j, k in enumerate(swaps[i].astype(np.int64).tolist()):
            rows[j], rows[k] = rows[k], rows[j]
        order[i] = rows
    return library(piv).asarray(order, device=device_of(piv))


row_order = Flat("row_order", run=_run_row_order)                 # from one swap for each step to the whole permutation


def _in_order(x: Any, order: Any) -> Any:
    """Return the rows of each matrix in another order."""
    lead = np.broadcast_shapes(tuple(x.shape[:-2]), tuple(order.shape[:-1]))
    x = broadcast_to(x, (*lead, *x.shape[-2:]))
    return reorder(x, broadcast_to(expand_dims(order, -1), (*lead, x.shape[-2], 1)), axis=len(lead))


def _push_lu(tangents: Sequence[Any], y: Any, a: Any) -> Any:
    lu, piv = y
    moved = _in_order(tangents[0], row_order(piv))
    inner = divide_by(triangular(lu, moved, lower=True, unit=True), lu, lower=False)
    low = tril(inner, k=-1)
    return add_tangents([low, matmul(tril(lu, k=-1), low), matmul(triu(inner), triu(lu))]), zeros_like(piv)


def _pull_lu(g: Any, y: Any, a: Any) -> Any:
    (lu, piv), g = y, g[0]
    if g is None:
        return (None,)
    low, back = tril(g, k=-1), conjugate_transpose(lu)
    inner = add(tril(add(low, matmul(triu(back, k=1), low)), k=-1), triu(matmul(triu(g), tril(back))))
    moved = divide_by(triangular(back, inner, lower=False, unit=True), back, lower=True)
    return (_in_order(moved, argsort(row_order(piv))),)


_lu = Custom("lu", jvp=_push_lu, vjp=_pull_lu, keeps="y", multiple=True, run=_run_lu)


def lu_factor(a: Any, /) -> LUFactors:
    """The triangular factors of square matrices, for `lu_solve`.

    Arguments: `a`, (..., n, n).

    Returns: `(lu, piv)` as SciPy's: `lu` holds U and, below its diagonal, L without its ones; row i was swapped with
    row piv[i], which has no derivative.

    Errors: ValueError for matrices that are not square.

    Source: de Hoog, Anderssen and Lukas, "Differentiation of matrix functionals using triangular factorization"
    (2011), section 2.

    >>> lu_factor(np.array([[1.0, 2.0], [2.0, 2.0]])).piv
    array([1, 1])
    """
    require_square("lu_factor", a)
    lu, piv = _lu(a if kind(a.dtype) in "fc" else cast(a, library(a).float64))
    return LUFactors(lu, astype(strip(piv), dtype=home(piv)[0].int64))


def lu_solve(lu_and_piv: tuple[Any, Any], b: Any, /, trans: int = 0) -> Any:
    """The solution x of a x = b, given what `lu_factor` made of a.

    Arguments: `lu_and_piv`, the two results of `lu_factor(a)`; `b`, one vector (n,) or matrices (..., n, k); `trans`,
    1 for a^T x = b, 2 for a^H x = b.

    >>> lu_solve(lu_factor(np.array([[1.0, 2.0], [2.0, 2.0]])), np.array([3.0, 4.0]))
    array([1., 1.])
    """
    lu, piv = lu_and_piv
    order = row_order(piv)

    def solve(b: Any) -> Any:
        if trans == 0:
            y = solve_triangular(lu, _in_order(b, order), lower=True, unit_diagonal=True)
            return solve_triangular(lu, y)
        y = solve_triangular(lu, b, trans=trans)
        return _in_order(solve_triangular(lu, y, trans=trans, lower=True, unit_diagonal=True), argsort(order))

    return _columns(solve, b)


def lu(a: Any, /) -> LUResult:
    """The factors a = P L U of square matrices: a permutation, and two triangles of which L has ones on its diagonal.

    The permutation has no derivative: it is the same for all matrices near a.
    """
    both, piv = lu_factor(a)
    order, (xp, device) = row_order(piv), home(both)
    n = both.shape[-1]
    columns = xp.reshape(xp.arange(n, device=device), (n, 1))
    permutation = astype(equal(columns, expand_dims(order, -2)), dtype=both.dtype)
    low = add(tril(both, k=-1), xp.eye(n, dtype=both.dtype, device=device))
    return LUResult(permutation, low, triu(both))


__all__ = ["cho_solve", "lu", "lu_factor", "lu_solve", "solve_triangular"]
