"""The linear algebra of the Array API standard, and some of SciPy's, by name, for arrays that may be traced.

It is the attribute `linalg` of a namespace: `array_namespace(x).linalg.solve(a, b)`. Names that are not listed here
are the library's own.
"""
from __future__ import annotations

from typing import Any

from .rules import (
    determinants,
    eigen,
    least_squares,
    linalg,
    matrix_functions,
    norms,
    products,
    shaping,
    spectral,
    triangular,
)
from .tracer.declare import settle


class Linalg:
    """The functions of the standard's extension `linalg`, and some more, for one array library."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def __repr__(self) -> str:
        return f"<namespace arraylux[{self._library.__name__}].linalg>"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library.linalg, name)

    # --- products and parts -----------------------------------------------------------------------------------------
    cross = staticmethod(linalg.cross)
    diagonal = staticmethod(linalg.diagonal)
    matmul = staticmethod(products.matmul)
    matrix_power = staticmethod(linalg.matrix_power)
    matrix_transpose = staticmethod(shaping.matrix_transpose)
    outer = staticmethod(linalg.outer)
    tensordot = staticmethod(products.tensordot)
    trace = staticmethod(linalg.trace)
    vecdot = staticmethod(products.vecdot)

    # --- equations and determinants ---------------------------------------------------------------------------------
    cho_solve = staticmethod(triangular.cho_solve)
    det = staticmethod(determinants.det)
    inv = staticmethod(linalg.inv)
    lstsq = settle(least_squares.lstsq)
    lu_solve = staticmethod(triangular.lu_solve)
    pinv = staticmethod(least_squares.pinv)
    slogdet = staticmethod(determinants.slogdet)
    solve = staticmethod(linalg.solve)
    solve_triangular = staticmethod(triangular.solve_triangular)

    # --- decompositions ---------------------------------------------------------------------------------------------
    cholesky = staticmethod(linalg.cholesky)
    eig = staticmethod(eigen.eig)
    eigh = staticmethod(spectral.eigh)
    eigvals = staticmethod(eigen.eigvals)
    eigvalsh = staticmethod(spectral.eigvalsh)
    lu = settle(triangular.lu)
    lu_factor = settle(triangular.lu_factor)
    qr = staticmethod(spectral.qr)
    svd = staticmethod(spectral.svd)
    svdvals = staticmethod(spectral.svdvals)

    # --- functions of matrices --------------------------------------------------------------------------------------
    expm = staticmethod(matrix_functions.expm)

    # --- norms --------------------------------------------------------------------------------------------------------
    matrix_norm = staticmethod(norms.matrix_norm)
    matrix_rank = staticmethod(norms.matrix_rank)
    vector_norm = staticmethod(norms.vector_norm)


__all__ = ["Linalg"]
