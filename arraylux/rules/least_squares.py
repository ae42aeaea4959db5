"""Chapter 14a: least squares.

Where an equation has no solution, the pseudoinverse finds the x whose a x comes closest to b, and where it has many,
the shortest of them. Both depend on the rank: the derivative is that among matrices of the same rank, which is all
there is, for at a matrix of lower rank the pseudoinverse jumps.
"""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library
from ..tracer.core import bare, home, strip
from ..tracer.declare import Custom
from .elementwise import abs, astype, square
from .linalg import traced
from .pairs import add, greater, subtract
from .products import conjugate_transpose, matmul
from .reducing import count_nonzero, sum
from .shaping import expand_dims, squeeze
from .spectral import svdvals

LstsqResult = namedtuple("LstsqResult", ["x", "residuals", "rank", "s"])


def _push_pinv(tangents: Sequence[Any], y: Any, x: Any, rtol: Any) -> Any:
    t = tangents[0]
    yh, th = conjugate_transpose(y), conjugate_transpose(t)
    beside = matmul(y, matmul(yh, subtract(th, matmul(matmul(th, x), y))))
    above = matmul(matmul(subtract(th, matmul(y, matmul(x, th))), yh), y)
    return subtract(add(beside, above), matmul(y, matmul(t, y)))


def _pull_pinv(g: Any, y: Any, x: Any, rtol: Any) -> Any:
    yh, gh = conjugate_transpose(y), conjugate_transpose(g)
    beside = matmul(matmul(subtract(gh, matmul(x, matmul(y, gh))), y), yh)
    above = matmul(yh, matmul(y, subtract(gh, matmul(matmul(gh, y), x))))
    return (subtract(add(beside, above), matmul(yh, matmul(g, yh))),)


def _run_pinv(x: Any, *, rtol: Any) -> Any:
    return library(x).linalg.pinv(x) if rtol is None else library(x).linalg.pinv(x, rtol=rtol)


_pinv = Custom("pinv", jvp=_push_pinv, vjp=_pull_pinv, keeps="0y", run=_run_pinv)


def pinv(x: Any, /, *, rtol: Any = None) -> Any:
    """The pseudoinverse; singular values below `rtol` times the largest count as zero.

    Its derivative is that among matrices of the same rank.

    Source: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate" (1973), equation 4.12.
    """
    return _pinv(x, rtol=strip(rtol))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> LstsqResult:
    """The x that makes the sum of squares of b - a x smallest, and of several the shortest.

    Arguments: `a`, (..., m, n); `b`, one vector (m,) or matrices (..., m, k); `rcond`, singular values below so many
    times the largest count as zero (`None`: the larger of m and n times the dtype's epsilon, -1: that epsilon).

    Returns: `(x, residuals, rank, s)` as NumPy's: the solution (n,) or (..., n, k); the sums of squares that remain,
    empty unless m > n = rank; the rank, which has no derivative; the singular values of a.

    Source: Golub and Pereyra (1973), as for `pinv`.

    >>> lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0])).residuals
    array([2.])
    """
    if not traced(a, b) and isinstance(a, np.ndarray) and a.ndim == 2:
        return LstsqResult(*np.linalg.lstsq(a, b, rcond))
    (xp, _), (rows, columns) = home(a), a.shape[-2:]
    epsilon = float(xp.finfo(a.dtype).eps)
    rtol = epsilon * max(rows, columns) if rcond is None else epsilon if rcond < 0 else rcond
    right = expand_dims(b, -1) if len(b.shape) == 1 else b
    x = matmul(pinv(a, rtol=rtol), right)
    s = svdvals(a)
    rank = astype(count_nonzero(greater(s, s[..., :1] * rtol), axis=-1), dtype=xp.int32)
    left = subtract(right, matmul(a, x))
    residuals = sum(square(abs(left) if kind(left.dtype) == "c" else left), axis=-2)
    if rows <= columns or bool(xp.any(bare(rank) < columns)):
        residuals = residuals[..., :0]
    x = squeeze(x, -1) if len(b.shape) == 1 else x
    return LstsqResult(x, residuals, rank, s)


__all__ = ["lstsq", "pinv"]
