"""Chapter 13: eigenvalues, singular values, and orthogonal factors.

The vectors of a decomposition turn into each other at a rate of one over the gap between their values, so their
derivatives break down where two values meet; the values alone are differentiable through the vectors as they stand,
without any gap. Hence `eigvalsh` and `svdvals` have rules of their own, which are right for equal values and for
zeros too. The derivative of a vector whose value is shared is NaN, unless what is asked for does not depend on it.

Source: Giles, "An extended collection of matrix derivative results" (2008); for complex numbers Wan and Zhang,
"Automatic differentiation for complex valued SVD" (2019).
"""
from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from ..backend import kind, library
from ..tracer.core import home
from ..tracer.declare import Custom, add_tangents, adjoint, zeros_like
from ..tracer.fitting import times
from .elementwise import conj, logical_not, negative, real
from .linalg import diagonal, hermitian, traced
from .pairs import add, equal, logical_and, not_equal, subtract, where
from .products import conjugate_transpose, matmul
from .reducing import all, sum
from .shaping import concat, expand_dims, tril, triu
from .triangular import divide_by

EighResult = namedtuple("EighResult", ["eigenvalues", "eigenvectors"])
SVDResult = namedtuple("SVDResult", ["U", "S", "Vh"])
QRResult = namedtuple("QRResult", ["Q", "R"])


def real_part(x: Any) -> Any:
    """Return the real part of a complex array, a real one as it is."""
    return real(x) if kind(x.dtype) == "c" else x


def imaginary_part(x: Any) -> Any:
    """Return i times the imaginary part."""
    return subtract(x, conj(x)) * 0.5


def identity(x: Any) -> Any:
    """Return a mask of the main diagonal, as large as the last axis of x."""
    xp, device = home(x)
    return xp.eye(x.shape[-1], dtype=xp.bool, device=device)


def diagonal_matrix(x: Any) -> Any:
    """Return the matrices that have the last axis of x on their diagonals."""
    return where(identity(x), expand_dims(x, -2), 0.0)


def _over(m: Any, d: Any, aside: Any = None) -> Any:
    """Return m / d. Where d is 0, it is 0 if m is 0 as well or the place is set aside, else NaN."""
    zero = equal(d, 0)
    lost = logical_and(zero, not_equal(m, 0))
    if aside is not None:
        lost = logical_and(lost, logical_not(aside))
    return times(where(lost, math.nan, where(zero, 0.0, 1 / where(zero, 1.0, d))), m)


def over_gaps(m: Any, values: Any, squares: bool = False) -> Any:
    """Return m[i, j] / (values[j] - values[i]), or by the gap between their squares; 0 on the diagonal."""
    row, column = expand_dims(values, -2), expand_dims(values, -1)
    gap = subtract(row, column)
    return _over(m, times(gap, add(row, column)) if squares else gap, identity(values))


def _skew(x: Any) -> Any:
    return subtract(x, conjugate_transpose(x))


# --- eigenvalues of symmetric matrices ------------------------------------------------------------------------------
def _push_eigh(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    w, v = y
    inner = matmul(conjugate_transpose(v), matmul(hermitian(tangents[0]), v))
    return real_part(diagonal(inner)), matmul(v, over_gaps(inner, w))


def _pull_eigh(g: Any, y: Any, x: Any) -> Any:
    w, v = y
    inner = add_tangents([
        None if g[0] is None else diagonal_matrix(g[0]),
        None if g[1] is None else over_gaps(_skew(matmul(conjugate_transpose(v), g[1])) * 0.5, w)])
    return (matmul(v, matmul(inner, conjugate_transpose(v))),)


_eigh = Custom("eigh", jvp=_push_eigh, vjp=_pull_eigh, keeps="y", multiple=True,
               run=lambda x: tuple(library(x).linalg.eigh(hermitian(x))))


def eigh(x: Any, /) -> EighResult:
    """Eigenvalues, in ascending order, and eigenvectors, in columns, of symmetric (Hermitian) matrices.

    They are those of the symmetric part of x, so gradients are symmetric.
    """
    return EighResult(*_eigh(x))


def _push_eigvalsh(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    v = _eigh(x)[1]
    return real_part(sum(times(adjoint(v), matmul(hermitian(tangents[0]), v)), axis=-2))


def _pull_eigvalsh(g: Any, y: Any, x: Any) -> Any:
    v = _eigh(x)[1]
    return (matmul(times(v, expand_dims(g, -2)), conjugate_transpose(v)),)


_eigvalsh = Custom("eigvalsh", jvp=_push_eigvalsh, vjp=_pull_eigvalsh, keeps="0",
                   run=lambda x: library(x).linalg.eigvalsh(hermitian(x)))


def eigvalsh(x: Any, /) -> Any:
    """Eigenvalues of symmetric (Hermitian) matrices in ascending order; equal ones may be differentiated."""
    return _eigvalsh(x)


# --- singular values ------------------------------------------------------------------------------------------------
def _push_svd(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    u, s, vh = y
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    back = matmul(conjugate_transpose(u), tangents[0])
    forth = matmul(tangents[0], conjugate_transpose(vh))
    inner = matmul(back, conjugate_transpose(vh))
    left, right = times(inner, row), times(column, inner)
    du = matmul(u, over_gaps(add(left, conjugate_transpose(left)), s, squares=True))
    dv = over_gaps(add(right, conjugate_transpose(right)), s, squares=True)
    dvh = matmul(conjugate_transpose(dv), vh)
    if kind(u.dtype) == "c":                             # the phase of a pair of vectors is free: u takes all of it
        du = add(du, times(u, expand_dims(_over(imaginary_part(diagonal(inner)), s), -2)))
    if x.shape[-2] > s.shape[-1]:
        du = add(du, _over(subtract(forth, matmul(u, inner)), row))
    if x.shape[-1] > s.shape[-1]:
        dvh = add(dvh, _over(subtract(back, matmul(inner, vh)), column))
    return du, real_part(diagonal(inner)), dvh


def _pull_svd(g: Any, y: Any, x: Any) -> Any:
    u, s, vh = y
    gu, gs, gvh = g
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    inner = [None if gs is None else diagonal_matrix(gs)]
    outside = []
    if gu is not None:
        turn = matmul(conjugate_transpose(u), gu)
        inner.append(times(over_gaps(_skew(turn), s, squares=True), row))
        if kind(u.dtype) == "c":
            inner.append(diagonal_matrix(_over(imaginary_part(diagonal(turn)), s)))
        if x.shape[-2] > s.shape[-1]:
            outside.append(matmul(_over(subtract(gu, matmul(u, turn)), row), vh))
    if gvh is not None:
        turn = matmul(vh, conjugate_transpose(gvh))
        inner.append(times(column, over_gaps(_skew(turn), s, squares=True)))
        if x.shape[-1] > s.shape[-1]:
            outside.append(matmul(u, _over(subtract(gvh, matmul(conjugate_transpose(turn), vh)), column)))
    return (add_tangents([matmul(u, matmul(add_tangents(inner), vh)), *outside]),)


_svd = Custom("svd", jvp=_push_svd, vjp=_pull_svd, keeps="y", multiple=True,
              run=lambda x: tuple(library(x).linalg.svd(x, full_matrices=False)))


def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    """Singular value decomposition x = U diag(S) Vh, with S in descending order.

    With `full_matrices` U and Vh are square. Which basis their additional vectors are is arbitrary; a derivative means
    something only for what does not depend on that, as U[:, k:] @ U[:, k:].T.
    """
    rows, columns = x.shape[-2:]
    if not full_matrices or rows == columns:
        return SVDResult(*_svd(x))
    if not traced(x):
        return SVDResult(*library(x).linalg.svd(x, full_matrices=True))
    u, s, vh = _svd(x)
    if rows > columns:
        return SVDResult(concat([u, complement(u)], axis=-1), s, vh)
    others = conjugate_transpose(complement(conjugate_transpose(vh)))
    return SVDResult(u, s, concat([vh, others], axis=-2))


def _push_svdvals(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    u, _, vh = _svd(x)
    return real_part(sum(times(adjoint(u), matmul(tangents[0], conjugate_transpose(vh))), axis=-2))


def _pull_svdvals(g: Any, y: Any, x: Any) -> Any:
    u, _, vh = _svd(x)
    return (matmul(times(u, expand_dims(g, -2)), vh),)


def _run_svdvals(x: Any) -> Any:
    return library(x).linalg.svdvals(x)


_svdvals = Custom("svdvals", jvp=_push_svdvals, vjp=_pull_svdvals, keeps="0", run=_run_svdvals)


def svdvals(x: Any, /) -> Any:
    """Singular values in descending order; equal ones and zeros may be differentiated."""
    return _svdvals(x)


# --- orthogonal and triangular factors ------------------------------------------------------------------------------
def _diagonal_part(x: Any) -> Any:
    return diagonal_matrix(real_part(diagonal(x)))


def _independent(r: Any) -> Any:
    """Return triangular factors of independent columns, and NaN for others: of those Q is arbitrary."""
    return where(expand_dims(all(not_equal(diagonal(r), 0), axis=-1), (-2, -1)), r, math.nan)


def _push_qr(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    q, r = y
    t = divide_by(tangents[0], _independent(r), lower=False)
    inner = matmul(conjugate_transpose(q), t)
    upper = add_tangents([triu(inner, k=1), conjugate_transpose(tril(inner, k=-1)), _diagonal_part(inner)])
    return subtract(t, matmul(q, upper)), matmul(upper, r)


def _pull_qr(g: Any, y: Any, x: Any) -> Any:
    q, r = y
    gq, gr = g
    inner = add_tangents([None if gr is None else matmul(gr, conjugate_transpose(r)),
                          None if gq is None else matmul(conjugate_transpose(q), gq) * -1.0])
    upper = triu(inner, k=1)
    symmetric = add_tangents([upper, conjugate_transpose(upper), _diagonal_part(inner)])
    t = add_tangents([matmul(q, symmetric), gq])
    return (divide_by(t, conjugate_transpose(_independent(r)), lower=True),)


_qr = Custom("qr", jvp=_push_qr, vjp=_pull_qr, keeps="y", multiple=True,
             run=lambda x: tuple(library(x).linalg.qr(x, mode="reduced")))


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """Factors x = Q R, with orthonormal columns in Q and an upper triangle in R.

    With the mode "complete" Q is square. Which basis its additional columns are is arbitrary; a derivative means
    something only for what does not depend on that, as Q[:, k:] @ Q[:, k:].T.

    Errors: ValueError for a traced array and any mode but "reduced" and "complete".

    Source: Walter and Lehmann, "Algorithmic differentiation of linear algebra functions with application in optimum
    experimental design" (2010).
    """
    rows, columns = x.shape[-2:]
    if not traced(x):
        return QRResult(*library(x).linalg.qr(x, mode=mode))
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr with mode={mode!r} of a traced array of shape {tuple(x.shape)} has no derivative rule; "
                         "pass mode='reduced' or mode='complete'")
    if rows >= columns:
        q, r = _qr(x)
        if mode == "reduced" or rows == columns:
            return QRResult(q, r)
        below = zeros_like(x[..., columns:, :])
        return QRResult(concat([q, complement(q)], axis=-1), concat([r, below], axis=-2))
    q, r = _qr(x[..., :rows])                           # the columns on the right follow from the square on the left
    return QRResult(q, concat([r, matmul(conjugate_transpose(q), x[..., rows:])], axis=-1))


# --- what is orthogonal to all columns ------------------------------------------------------------------------------
def _slope(x: Any) -> Any:
    """Return the adjoint of the pseudoinverse of a matrix of independent columns."""
    q, r = _qr(x)
    return divide_by(q, conjugate_transpose(_independent(r)), lower=True)


def _push_complement(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    return negative(matmul(_slope(x), matmul(conjugate_transpose(tangents[0]), y)))


def _pull_complement(g: Any, y: Any, x: Any) -> Any:
    return (negative(matmul(y, matmul(conjugate_transpose(g), _slope(x)))),)


# An orthonormal basis y of the space orthogonal to the independent columns of x. It turns with that space, and within
# it not at all: of all bases' derivatives the smallest, and the same as any other's for what is the same in all bases.
complement = Custom("complement", jvp=_push_complement, vjp=_pull_complement, keeps="0y",
                    run=lambda x: library(x).linalg.qr(x, mode="complete")[0][..., x.shape[-1]:])


__all__ = ["eigh", "eigvalsh", "qr", "svd", "svdvals"]
