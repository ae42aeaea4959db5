"""The linear algebra of the Array API standard, by name, for arrays that may be traced.

It is the attribute `linalg` of a namespace: `array_namespace(x).linalg.solve(a, b)`. Names that are not listed here
are the library's own.
"""
from __future__ import annotations

from typing import Any

from .rules import determinants, linalg, norms, products, shaping, spectral


class Linalg:
    """The functions of the standard's extension `linalg` for one array library."""

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
    det = staticmethod(determinants.det)
    inv = staticmethod(linalg.inv)
    pinv = staticmethod(spectral.pinv)
    slogdet = staticmethod(determinants.slogdet)
    solve = staticmethod(linalg.solve)

    # --- decompositions ---------------------------------------------------------------------------------------------
    cholesky = staticmethod(linalg.cholesky)
    eigh = staticmethod(spectral.eigh)
    eigvalsh = staticmethod(spectral.eigvalsh)
    qr = staticmethod(spectral.qr)
    svd = staticmethod(spectral.svd)
    svdvals = staticmethod(spectral.svdvals)

    # --- norms --------------------------------------------------------------------------------------------------------
    matrix_norm = staticmethod(norms.matrix_norm)
    matrix_rank = staticmethod(norms.matrix_rank)
    vector_norm = staticmethod(norms.vector_norm)


__all__ = ["Linalg"]
