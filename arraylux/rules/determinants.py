"""Chapter 14: determinants.

The gradient of a determinant is the adjugate, which for an invertible matrix is det(x) times the inverse, but exists
for all: as a product of the factors of a singular value decomposition it needs no division. So it is right where the
determinant is zero, to the second derivative.
"""
from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from ..backend import kind, library
from ..tracer.declare import Custom, adjoint, zeros_like
from .cumulative import prod
from .elementwise import conj
from .linalg import diagonal, inv
from .pairs import add, logical_or, multiply, not_equal, subtract, where
from .products import conjugate_transpose, matmul
from .reducing import sum
from .shaping import expand_dims
from .spectral import diagonal_matrix, identity, imaginary_part, real_part, svd

SlogdetResult = namedtuple("SlogdetResult", ["sign", "logabsdet"])


def _as_matrix(x: Any) -> Any:
    """Return numbers, one for each matrix, in the shape in which they multiply matrices."""
    return expand_dims(x, (-2, -1))


def _inner(a: Any, t: Any) -> Any:
    """Return the trace of a t."""
    return sum(multiply(a.mT, t), axis=(-2, -1))


# --- the adjugate -----------------------------------------------------------------------------------------------------
def _run_adjugate(x: Any) -> Any:
    u, s, vh = svd(x)
    others = prod(where(identity(s), 1.0, expand_dims(s, -2)), axis=-1)
    v = conjugate_transpose(vh) * expand_dims(others, -2)
    return matmul(v, conjugate_transpose(u)) * _as_matrix(_run_det(u) * _run_det(vh))


def _move(t: Any, left: Any, right: Any, s: Any) -> Any:
    """Return how the adjugate of diag(s) moves with t, which is given and returned in the bases left and right."""
    here = identity(s)
    either = logical_or(expand_dims(here, 0), expand_dims(here, 1))
    others = prod(where(either, 1.0, expand_dims(s, (-3, -2))), axis=-1)
    others = where(here, 0.0, others)                    # for i and j the product of all singular values but these two
    inner = matmul(conjugate_transpose(left), matmul(t, right))
    along = sum(multiply(others, expand_dims(diagonal(inner), -2)), axis=-1)
    return matmul(right, matmul(subtract(diagonal_matrix(along), multiply(others, inner)), conjugate_transpose(left)))


def _push_adjugate(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    u, s, vh = svd(x)
    return multiply(_move(tangents[0], u, conjugate_transpose(vh), s), _as_matrix(multiply(det(u), det(vh))))


def _pull_adjugate(g: Any, y: Any, x: Any) -> Any:
    u, s, vh = svd(x)
    phase = adjoint(multiply(det(u), det(vh)))
    return (multiply(_move(g, conjugate_transpose(vh), u, s), _as_matrix(phase)),)


adjugate = Custom("adjugate", jvp=_push_adjugate, vjp=_pull_adjugate, keeps="0", run=_run_adjugate)


# --- the determinant and its logarithm --------------------------------------------------------------------------------
def _run_det(x: Any) -> Any:
    return library(x).linalg.det(x)


_det = Custom("det", keeps="0", run=_run_det, jvp=lambda t, y, x: _inner(adjugate(x), t[0]),
              vjp=lambda g, y, x: (multiply(_as_matrix(g), conjugate_transpose(adjugate(x))),))


def det(x: Any, /) -> Any:
    """The determinant of square matrices; it may be zero."""
    return _det(x)


def _inverse(x: Any, sign: Any) -> Any:
    """Return the inverse: NaN for singular matrices, where the logarithm falls without bound."""
    return inv(where(_as_matrix(not_equal(sign, 0)), x, math.nan))


def _push_slogdet(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    rate = _inner(_inverse(x, y[0]), tangents[0])
    turn = multiply(y[0], imaginary_part(rate)) if kind(rate.dtype) == "c" else zeros_like(y[0])
    return turn, real_part(rate)


def _pull_slogdet(g: Any, y: Any, x: Any) -> Any:
    gs, gl = g
    rate = gl
    if gs is not None and kind(gs.dtype) == "c":
        turn = imaginary_part(multiply(conj(y[0]), gs))
        rate = turn if gl is None else add(turn, gl)
    return (None if rate is None else multiply(_as_matrix(rate), conjugate_transpose(_inverse(x, y[0]))),)


_slogdet = Custom("slogdet", jvp=_push_slogdet, vjp=_pull_slogdet, keeps="0y", multiple=True,
                  run=lambda x: tuple(library(x).linalg.slogdet(x)))


def slogdet(x: Any, /) -> SlogdetResult:
    """The sign of the determinant (for complex numbers its phase) and the logarithm of its absolute value."""
    return SlogdetResult(*_slogdet(x))


__all__ = ["det", "slogdet"]
