"""Chapter 15: norms, and the rank.

Norms are made of absolute values, sums, maxima and roots, and their rules follow from those. The one care is zero,
where a norm has a kink: its derivative there is 0, the middle of all slopes.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..backend import library
from ..tracer.core import strip
from ..tracer.declare import Flat
from .elementwise import abs, astype, sqrt, square
from .linalg import traced
from .pairs import equal, not_equal, pow, where
from .reducing import Axis, axes_of, expand, max, min, sum
from .spectral import svdvals


def _root(x: Any, f: Callable[[Any], Any]) -> Any:
    """Return a root, with the derivative 0 at 0."""
    zero = equal(x, 0)
    return where(zero, 0.0, f(where(zero, 1.0, x)))


def vector_norm(x: Any, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Any:
    """The norm of order `ord` over axes, which together count as one; its derivative at zero is zero."""
    if not traced(x):
        return library(x).linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    size = abs(x)
    if ord == math.inf:
        return max(size, axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(astype(not_equal(x, 0), dtype=size.dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(size, axis=axis, keepdims=keepdims)
    if ord == 2:
        return _root(sum(square(size), axis=axis, keepdims=keepdims), sqrt)
    return _root(sum(pow(size, ord), axis=axis, keepdims=keepdims), lambda total: pow(total, 1 / ord))


# For each order that sums rows or columns: the axis of the sums, and what is chosen among them.
_SUMS: dict[Any, tuple[int, Any]] = {1: (-2, max), -1: (-2, min), math.inf: (-1, max), -math.inf: (-1, min)}
_SPECTRAL: dict[Any, Any] = {2: max, -2: min, "nuc": sum}


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: float | str = "fro") -> Any:
    """The norm of matrices: Frobenius', of the largest sum (1, inf), or of singular values (2, "nuc")."""
    if not traced(x):
        return library(x).linalg.matrix_norm(x, keepdims=keepdims, ord=ord)
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in _SUMS:
        axis, choose = _SUMS[ord]
        y = choose(sum(abs(x), axis=axis, keepdims=True), axis=(-2, -1), keepdims=keepdims)
    elif ord in _SPECTRAL:
        y = _SPECTRAL[ord](svdvals(x), axis=-1)
    else:
        raise ValueError(f"matrix_norm knows the orders 'fro', 'nuc', 1, -1, 2, -2, inf and -inf, got ord={ord!r}")
    return expand(y, x, axes_of(x, (-2, -1)), False) if keepdims and ord in _SPECTRAL else y


def _run_rank(x: Any, *, rtol: Any = None) -> Any:
    return library(x).linalg.matrix_rank(x) if rtol is None else library(x).linalg.matrix_rank(x, rtol=rtol)


_matrix_rank = Flat("matrix_rank", run=_run_rank)


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Any:
    """How many singular values of each matrix are larger than rtol times the largest."""
    return _matrix_rank(x, rtol=strip(rtol))


__all__ = ["matrix_norm", "matrix_rank", "vector_norm"]
