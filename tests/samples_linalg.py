"""Samples for linear algebra: matrices that stay away from singular ones, and from equal eigenvalues."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from domains import Domain, Sample, anything, exactly


def with_values(*shape: int, gap: float = 1.0) -> Domain:
    """Matrices with the singular values gap, 2 gap, 3 gap, ... and random singular vectors."""
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        u, s, vh = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
        return (u * (gap * np.arange(s.shape[-1], 0, -1))) @ vh
    return Domain(shape, draw)


def symmetric(*shape: int) -> Domain:
    """Symmetric matrices with the eigenvalues 1, 2, 3, ..."""
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        q = np.linalg.qr(rng.normal(size=shape))[0]
        return (q * np.arange(1.0, shape[-1] + 1)) @ q.swapaxes(-1, -2)
    return Domain(shape, draw)


def real_values(*shape: int) -> Domain:
    """Matrices that are not symmetric, with the eigenvalues 1, 2, 3, ..."""
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        v = with_values(*shape).draw(rng, shape)
        return (v * np.arange(1.0, shape[-1] + 1)) @ np.linalg.inv(v)
    return Domain(shape, draw)


def square(complex_too: bool = True) -> list[Sample]:
    return [Sample((with_values(*shape),), {}, complex_too) for shape in ((3, 3), (2, 3, 3), (1, 1))]


def of(domain: Any, *shapes: tuple[int, ...], complex_too: bool = True, **params: Any) -> list[Sample]:
    return [Sample((domain(*shape),), params, complex_too) for shape in shapes]


SYSTEMS = (((3, 3), (3, 2)), ((2, 3, 3), (3, 1)), ((3, 3), (2, 3, 1)), ((2, 1, 2, 2), (3, 2, 1)))
LINALG: dict[str, list[Sample]] = {
    "inv": square(), "det": [*square(), *of(anything, (2, 2), (3, 3))],
    "adjugate": square(), "slogdet": square(),
    "solve": [Sample((with_values(*a), anything(*b)), {}, True) for a, b in SYSTEMS],
    "cholesky": of(symmetric, (3, 3), (2, 2, 2), (1, 1)),
    # The phases of complex vectors are the library's choice: what does not depend on them is in test_linalg.py.
    "eigh": of(symmetric, (3, 3), (2, 2, 2), (1, 1), complex_too=False),
    "eigvalsh": of(symmetric, (3, 3), (2, 2, 2)),
    "svd": of(with_values, (3, 3), (4, 2), (2, 3), (2, 3, 2), complex_too=False),
    "svdvals": of(with_values, (3, 3), (4, 2), (2, 3), (2, 3, 2)),
    "solve_triangular": [Sample((with_values(*a), anything(*b)), {"lower": lower, "unit": unit}, True)
                         for (a, b), lower, unit in zip(SYSTEMS, (True, False, True, False),
                                                        (False, False, True, True), strict=True)],
    "lu": of(with_values, (3, 3), (2, 3, 3), (1, 1), (2, 1, 4, 4)),
    # Vectors of length 1 whose sign alone is free; complex ones and larger complements are in test_linalg.py.
    "eig": of(real_values, (3, 3), (2, 2, 2), (1, 1), complex_too=False),
    "complement": of(with_values, (3, 2), (2, 4, 3), (2, 1), complex_too=False),
    "pinv": of(with_values, (3, 3), (4, 2), (2, 3), (2, 3, 2), rtol=None),
    "qr": of(with_values, (3, 3), (4, 2), (2, 3, 2)),
}
LINALG_FLAT: dict[str, list[Sample]] = {
    "row_order": [Sample((exactly(2.0, 2.0, 2.0),), {})],
    "matrix_rank": of(with_values, (3, 3), (2, 3, 2))}

# --- NumPy's functions, for test_protocols.py -------------------------------------------------------------------------
RNG = np.random.default_rng(3)
A, B = with_values(3, 3).sample(RNG), with_values(2, 3, 3).sample(RNG)
TALL, WIDE = with_values(4, 2).sample(RNG), with_values(2, 2, 3).sample(RNG)
T = RNG.uniform(0.5, 2.0, (2, 3, 4))
V, W = RNG.uniform(0.5, 2.0, 3), RNG.uniform(0.5, 2.0, 3)
Z = with_values(3, 3).sample(RNG, True)
REAL, SIX, V4 = real_values(2, 3, 3).sample(RNG), with_values(6, 6).sample(RNG), RNG.normal(size=4)
TURNING = np.array([[1.0, -2.0], [0.5, 1.5]])                 # two eigenvalues that are not real
LINALG_CALLS: dict[Any, list[Any]] = {
    np.trace: [((T,), {}), ((T, 1, 2, 0), {}), ((A,), {"offset": -1}), ((A,), {"offset": 5})],
    np.diagonal: [((T,), {}), ((T, -1, 1, 2), {}), ((WIDE,), {"offset": 1, "axis1": -2, "axis2": -1}), ((A, 3), {})],
    np.diag: [((V,), {}), ((V, 2), {}), ((V,), {"k": -1}), ((TALL,), {}), ((A, 1), {})],
    np.cross: [((V, W), {}), ((A, V), {}), ((A, B), {"axis": -1}), ((T, T + 1), {"axis": 1}),
               ((A, A.T), {"axisa": 0, "axisc": 0})],
    np.linalg.norm: [
        ((A,), {}), ((T,), {}), ((V, 2), {}), ((T,), {"axis": (0, 1), "keepdims": True}), ((Z,), {"axis": 0}),
        ((V, math.inf), {}), ((V, -math.inf), {}), ((V, 1), {}), ((V, 0), {}), ((V, 3), {}), ((Z, 1.5, 1), {}),
        ((A, 1), {}), ((A, -1), {}), ((A, math.inf), {}), ((A, -math.inf), {}), ((A, 2), {}), ((A, -2), {}),
        ((Z, "fro"), {}), ((Z, "nuc"), {}), ((T, "nuc", (0, 2), True), {}), ((T, 1, (2, 0)), {}),
        ((T, -2, (1, 2)), {})],
    np.linalg.pinv: [((TALL,), {}), ((WIDE,), {}), ((A, 1e-3), {}), ((A,), {"rtol": 1e-3})],
    np.linalg.svd: [((TALL, False), {}), ((WIDE,), {"full_matrices": False}), ((A,), {}), ((TALL[:2],), {}),
                    ((WIDE,), {"compute_uv": False})],
    np.linalg.multi_dot: [(([A, TALL[:3], TALL.T],), {}), (([V, A, W],), {})],
    np.linalg.matrix_rank: [((TALL,), {}), ((np.ones((3, 3)),), {}), ((A, 1.5), {}), ((WIDE,), {"tol": [1.5, 0.5]})],
    np.linalg.lstsq: [((TALL, V4), {}), ((TALL, RNG.normal(size=(4, 2)), None), {}), ((TALL.T, V[:2]), {}),
                      ((A, A[0], -1), {})],
    np.linalg.eig: [((REAL,), {})], np.linalg.eigvals: [((REAL,), {}), ((TURNING,), {}), ((Z,), {})],
    np.linalg.cond: [((A,), {}), ((TALL, -2), {}), ((WIDE,), {"p": 2}),
                     *(((B, p), {}) for p in ("fro", 1, -1, math.inf, -math.inf))],
    np.linalg.tensorsolve: [((SIX.reshape(2, 3, 3, 2), RNG.normal(size=(2, 3))), {}),
                            ((SIX.reshape(3, 2, 6).swapaxes(1, 2), RNG.normal(size=6)), {"axes": (0, 2)})],
    np.linalg.tensorinv: [((SIX.reshape(2, 3, 3, 2),), {}), ((SIX.reshape(6, 3, 2), 1), {})],
    np.linalg.inv: [((A,), {}), ((B,), {}), ((Z,), {})], np.linalg.det: [((A,), {}), ((B,), {}), ((Z,), {})],
    np.linalg.slogdet: [((A,), {}), ((B,), {}), ((Z,), {})],
    np.linalg.solve: [((A, V), {}), ((A, TALL[:3]), {}), ((B, V), {}), ((B, A), {}), ((A, [1.0, 2.0, 3.0]), {}),
                      (([[2.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]], V), {})],
    np.linalg.matrix_power: [((A, n), {}) for n in (0, 1, 2, 5, -1, -3)],
    np.linalg.qr: [((TALL,), {}), ((WIDE,), {}), ((A, "complete"), {}), ((Z, "reduced"), {}), ((TALL, "r"), {}),
                   ((with_values(3, 2).sample(RNG), "complete"), {})],
    np.linalg.svdvals: [((TALL,), {}), ((WIDE,), {})],
    np.linalg.matrix_norm: [((B,), {}), ((B,), {"ord": 2, "keepdims": True}), ((T,), {"ord": math.inf})],
    np.linalg.vector_norm: [((B,), {}), ((B,), {"axis": (0, 1), "keepdims": True}), ((T,), {"axis": 1, "ord": 3})],
    np.linalg.cross: [((V, W), {}), ((T, T + 1), {"axis": 1})],
    np.linalg.diagonal: [((WIDE,), {}), ((WIDE,), {"offset": 1})],
    np.linalg.trace: [((B,), {}), ((WIDE,), {"offset": -1})],
    np.linalg.outer: [((V, W), {}), ((V, [1.0, 2.0]), {})], np.linalg.matmul: [((A, B), {})],
    np.linalg.matrix_transpose: [((T,), {})], np.linalg.vecdot: [((A, V), {}), ((Z, A), {"axis": 0})],
    np.linalg.tensordot: [((A, TALL[:3]), {"axes": 1}), ((A, A), {})],
}
# These see the symmetric part of a matrix, where NumPy sees one triangle; on symmetric matrices they are compared.
SYMMETRIC_CALLS: dict[Any, list[Any]] = {
    np.linalg.cholesky: [{}, {"upper": True}], np.linalg.eigh: [{}, {"UPLO": "L"}], np.linalg.eigvalsh: [{}],
}
