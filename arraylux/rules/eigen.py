"""Chapter 13a: eigenvalues of matrices that need not be symmetric.

Seen in the basis of the eigenvectors, the change V^-1 dA V of a matrix has the change of the eigenvalues on its
diagonal, and beside it, divided by the gaps, how the vectors turn into each other. Nothing here is orthogonal, so a
vector's length and phase have to be chosen: libraries make them of length 1, and the phase is left as it is.
"""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from ..backend import library
from ..tracer.declare import Custom, adjoint, fit
from ..tracer.fitting import times
from .creation import cast
from .linalg import diagonal, solve, traced
from .pairs import add, subtract
from .products import conjugate_transpose, matmul
from .reducing import sum
from .shaping import expand_dims
from .spectral import diagonal_matrix, over_gaps
from .triangular import require_square

EigResult = namedtuple("EigResult", ["eigenvalues", "eigenvectors"])


def _complex(x: Any) -> Any:
    """Return a plain array in its complex dtype; NumPy's results are real where all eigenvalues are."""
    xp = library(x)
    return cast(x, xp.result_type(x.dtype, xp.complex64), copy=False)


def _find(x: Any, name: str) -> Any:
    found = getattr(library(x).linalg, name, None)
    if found is None:
        raise NotImplementedError(f"{library(x).__name__} has no linalg.{name}; take eigh of a symmetric matrix, or "
                                  "move the array to NumPy with cpu_device()")
    return found(x)


def _along(v: Any, t: Any) -> Any:
    """Return the part of each column of t that lies along that column of v."""
    return times(v, expand_dims(sum(times(adjoint(v), t), axis=-2), -2))


def _push_eig(tangents: Sequence[Any], y: Any, x: Any) -> Any:
    w, v = y
    inner = solve(v, matmul(tangents[0], v))
    turned = matmul(v, over_gaps(inner, w))
    return diagonal(inner), subtract(turned, _along(v, turned))


def _pull_eig(g: Any, y: Any, x: Any) -> Any:
    (w, v), (gw, gv) = y, g
    inner = None if gw is None else diagonal_matrix(gw)
    if gv is not None:
        turned = over_gaps(matmul(conjugate_transpose(v), subtract(gv, _along(v, gv))), adjoint(w))
        inner = turned if inner is None else add(inner, turned)
    return (fit(solve(conjugate_transpose(v), matmul(inner, conjugate_transpose(v))), x),)


_eig = Custom("eig", jvp=_push_eig, vjp=_pull_eig, keeps="y", multiple=True,
              run=lambda x: tuple([_complex(part) for part in _find(x, "eig")]))


def eig(x: Any, /) -> EigResult:
    """Eigenvalues, in no order, and eigenvectors, in columns, of square matrices.

    Both are complex always, as the standard says (`np.linalg.eig` makes them real where all eigenvalues are). The
    vectors have length 1, and their derivatives neither length nor phase to change (v^H dv = 0): for real vectors that
    is the derivative; the phase of a complex vector is the library's choice, so only what does not depend on it has
    one. The derivative of a vector whose eigenvalue is shared is NaN, unless what is asked for does not depend on it.

    Arguments: `x`, (..., n, n).

    Returns: `(eigenvalues, eigenvectors)`, (..., n) and (..., n, n).

    Source: Giles, "An extended collection of matrix derivative results" (2008), section 3.1; for the length Boeddeker,
    Hanebrink, Drude, Heymann and Haeb-Umbach, "On the computation of complex-valued gradients" (2017).
    """
    require_square("eig", x)
    return EigResult(*_eig(x))


def eigvals(x: Any, /) -> Any:
    """Eigenvalues of square matrices, complex always and in no order.

    Where they are differentiated they are computed with the vectors, which their derivative needs.
    """
    require_square("eigvals", x)
    return _eig(x)[0] if traced(x) else _complex(_find(x, "eigvals"))


__all__ = ["eig", "eigvals"]
