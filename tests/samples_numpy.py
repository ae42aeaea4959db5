"""Calls of NumPy's functions beyond the standard, on which the door of `tests/test_protocols.py` is tried."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

RNG = np.random.default_rng(21)
V, W, M, T = RNG.uniform(0.5, 2, 4), RNG.normal(size=3), RNG.uniform(0.5, 2, (2, 3)), RNG.normal(size=(2, 3, 4))
N = RNG.normal(size=(2, 3))
Z = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
S = np.asarray(1.5)
PLACES = np.array([2, 0, 1])
SPARSE = np.array([0.0, 0.0, 1.5, 0.0, 2.5, 0.0])
MASK = np.array([[True, False, True], [False, False, True]])

TURNED: dict[Any, list[Any]] = {
    np.rollaxis: [((T, 2), {}), ((T, 0, 3), {}), ((T, 2, 1), {}), ((T, 0), {"start": -1})],
    np.rot90: [((M,), {}), ((M, 2), {}), ((T, 3, (1, 2)), {}), ((T,), {"k": -1, "axes": (0, 2)}), ((M, 4), {})],
    np.fliplr: [((T,), {})], np.flipud: [((T,), {})],
    np.resize: [((M, (3, 4)), {}), ((M, 4), {}), ((V,), {"new_shape": (2, 2)})],
    np.atleast_1d: [((S,), {}), ((M,), {}), ((S, V), {})], np.atleast_2d: [((S,), {}), ((V,), {}), ((S, T), {})],
    np.atleast_3d: [((S,), {}), ((V,), {}), ((M,), {}), ((T, V), {})],
}
JOINED: dict[Any, list[Any]] = {
    np.append: [((M, N), {}), ((M, [1.0, 2.0]), {}), ((M, N, 1), {}), ((M, N), {"axis": 0}), ((S, S), {})],
    np.block: [(([V, V],), {}), (([[M, M], [N, N]],), {}), (([[M, np.ones((2, 1))], [V[:3], S]],), {}),
               (([[[M]], [[N]]],), {}), (([M],), {})],
    np.column_stack: [(([V, V],), {}), (([V[:2], M],), {})],
    np.dstack: [(([V, V],), {}), (([M, N],), {}), (([T, M],), {})],
    np.array_split: [((V, 3), {}), ((T, [1, 3], 2), {}), ((M,), {"indices_or_sections": 2, "axis": 1})],
    np.split: [((V, 2), {}), ((T, [1, 3], 2), {}), ((T,), {"indices_or_sections": 2, "axis": -1})],
    np.vsplit: [((M, 2), {}), ((T, [1]), {})], np.hsplit: [((V, 2), {}), ((T, 3), {}), ((M, [1]), {})],
    np.dsplit: [((T, 2), {}), ((T, [1, 2]), {})],
}
PICKED: dict[Any, list[Any]] = {
    np.compress: [(([True, False, True], M, 1), {}), (([0, 1], M), {"axis": 0}), ((MASK.ravel(), M), {})],
    np.extract: [((MASK, M), {}), ((M > 1, M), {})],
    np.trim_zeros: [((SPARSE,), {}), ((SPARSE, "f"), {}), ((SPARSE,), {"trim": "b"}), ((np.zeros(3),), {})],
    np.partition: [((T, 1), {}), ((T, 1, 0), {}), ((M, 2), {"axis": None}), ((V, (0, 2)), {})],
    np.argpartition: [((V, 3), {}), ((M, 0, None), {})],
    np.sort_complex: [((V,), {}), ((Z,), {})],
    np.delete: [((V, 1), {}), ((M, [0, 2], 1), {}), ((M, slice(0, 2)), {}), ((T, MASK[0]), {"axis": 1}), ((V, -1), {})],
    np.insert: [((V, 1, 5.0), {}), ((V, [0, 4], [1.0, 2.0]), {}), ((M, 1, W, 0), {}), ((M, 1, N[:, 0], 1), {}),
                ((M, [1], N[:, :1], 1), {}), ((M, [0, 3], 9.0), {"axis": 1}), ((M, slice(0, 2), 7.0), {}),
                ((V, [2, 2], V[:2]), {}), ((V, [-1], S), {}), ((V, MASK[0], [1.0, 2.0]), {}), ((V, [], []), {})],
    np.choose: [((PLACES, [V[:3], W, 3.0]), {}), ((MASK.astype(int), [M, N]), {}),
                ((PLACES, [V[:3], W], None, "wrap"), {}), ((PLACES, [V[:3], W]), {"mode": "clip"})],
    np.piecewise: [((N, [N < 0, N >= 0], [lambda x: x**2, np.sin]), {}), ((N, [N < 0], [lambda x: -x, 3.0]), {}),
                   ((W, W > 0, [lambda x, k: k * x]), {"k": 2.0}), ((S, [S > 0], [np.exp]), {})],
    np.argwhere: [((SPARSE,), {})], np.flatnonzero: [((SPARSE,), {})], np.lexsort: [(((V, SPARSE[:4]),), {})],
    np.nanargmax: [((M,), {}), ((M, 0), {})], np.nanargmin: [((M,), {}), ((M, 1), {"keepdims": True})],
    np.ix_: [((PLACES, [0, 1]), {})], np.tril_indices_from: [((M,), {}), ((M, 1), {})],
    np.triu_indices_from: [((M,), {"k": -1})], np.diag_indices_from: [((np.ones((2, 2)),), {})],
    np.ravel_multi_index: [(((PLACES, PLACES), (3, 4)), {})], np.unravel_index: [((PLACES, (2, 2)), {})],
}
COUNTED: dict[Any, list[Any]] = {
    np.angle: [((Z,), {}), ((Z, True), {}), ((N,), {})], np.real_if_close: [((M,), {}), ((Z,), {}), ((M + 0j,), {})],
    np.logspace: [((S, 2.0, 4), {}), ((0.0, V), {"num": 3, "base": 2.0, "endpoint": False}), ((0.0, S, 3), {"base": V}),
                  ((S, 2.0), {"num": 4, "dtype": np.float32})],
    np.geomspace: [((S, 4.0, 4), {}), ((-V, -3.0), {"num": 3, "axis": 1})],
    np.ediff1d: [((M,), {}), ((V, 9.0), {}), ((V,), {"to_begin": [1.0, 2.0], "to_end": V})],
    np.inner: [((V, V), {}), ((M, N), {}), ((2.0, M), {}), ((T, V), {})],
    np.vdot: [((M, N), {}), ((Z, Z), {}), ((Z, M), {}), ((V, [1.0, 2.0, 3.0, 4.0]), {})],
    np.diagflat: [((V,), {}), ((M, 1), {}), ((V,), {"k": -2})],
    np.bincount: [((PLACES,), {}), ((np.array([0, 2, 0, 1]), V), {}), ((PLACES,), {"weights": W, "minlength": 5})],
    np.apply_along_axis: [((lambda r: r * r.sum(), 1, T), {}), ((np.sum, 0, M), {}),
                          ((lambda r, k: np.outer(r, r) * k, 0, M), {"k": 2.0})],
    np.apply_over_axes: [((np.sum, T, [0, 2]), {}), ((np.max, M, 1), {})],
    np.array_equiv: [((M, M), {})], np.iscomplex: [((Z,), {})], np.isreal: [((M,), {})], np.isneginf: [((M,), {})],
    np.isposinf: [((M,), {})], np.fix: [((N * 3,), {})],
    np.digitize: [((V, [0.8, 1.2]), {}), ((S, [1.0, 2.0], True), {})],
    np.common_type: [((M, Z), {})], np.min_scalar_type: [((S,), {})], np.may_share_memory: [((M, N), {})],
    np.shares_memory: [((M, N), {})], np.array2string: [((M,), {})], np.array_repr: [((M,), {})],
    np.array_str: [((M,), {})], np.einsum_path: [(("ij,jk->ik", M, M.T), {})],
}
POLYNOMIALS: dict[Any, list[Any]] = {
    np.polyadd: [((V, W), {}), ((W, V), {}), ((V, 2.0), {})], np.polysub: [((V, W), {}), (([1.0], V), {})],
    np.polymul: [((V, W), {}), ((V, 2.0), {})], np.polydiv: [((V, W[:2]), {}), ((W[:2], V), {})],
    np.polyder: [((V,), {}), ((V, 2), {})],
    np.polyint: [((V,), {}), ((V, 2), {"k": [1.0, 2.0]}), ((V,), {"k": S})],
    np.poly: [((V,), {}), (([1.0, 2.0],), {}), ((np.array([[2.0, 1.0], [-0.5, 3.0]]),), {}), ((Z[0],), {})],
    np.roots: [((np.array([1.0, -2.0, 3.0, -2.5]),), {})],
    np.vander: [((V,), {}), ((V, 3), {}), ((V,), {"N": 3, "increasing": True})],
    np.polyfit: [((V, np.sin(V), 2), {}), ((V, np.stack([V, V**3], 1), 1), {"w": [1.0, 2.0, 1.0, 3.0]}),
                 ((V, V**3, 1, None, False, [1.0, 2.0, 1.0, 3.0]), {})],
}
DOUBLED = np.array([1.5, 0.5, 1.5, 2.5, 0.5])
SETS: dict[Any, list[Any]] = {
    np.union1d: [((DOUBLED, V), {}), ((DOUBLED, [0.25, 0.5]), {})],
    np.intersect1d: [((DOUBLED, [0.5, 9.0, 2.5]), {}), ((DOUBLED[1:4], [0.5, 1.5], True, True), {})],
    np.setdiff1d: [((DOUBLED, [0.5, 9.0]), {}), ((V, V[:2]), {"assume_unique": True})],
    np.setxor1d: [((DOUBLED, [0.5, 9.0]), {}), ((V[:3], V[2:]), {"assume_unique": True})],
}
GAPS = np.array([[1.5, np.nan, 0.5, 2.5], [0.25, 3.5, np.nan, 1.0]])
STATISTICS: dict[Any, list[Any]] = {
    np.einsum: [(("ij,jk->ik", M, M.T), {}), (("ii", M[:, :2]), {}), (("...i,i->...", M, W), {"optimize": True})],
    np.kron: [((M, N), {}), ((V, M), {})],
    np.gradient: [((V,), {}), ((T, 0.5), {"axis": 1}), ((M,), {}), ((V, np.array([0.0, 1.0, 3.0, 4.0])), {}),
                  ((V,), {"edge_order": 2})],
    np.interp: [((W, np.arange(4.0), V), {}), ((S, [0.0, 1.0, 2.0, 3.0], V, -1.0), {"right": 9.0}),
                ((V * 3, np.arange(4.0), V), {"period": 4.5})],
    np.polyval: [((V, W), {}), ((V, 2.0), {})],
    np.select: [(([N < -0.5, N > 0.5], [M, M**2]), {}), (([N > 0], [M], 7.0), {})],
    np.trapezoid: [((V,), {}), ((M,), {"dx": 0.5, "axis": 0}), ((V, np.sort(V)), {})],
    np.median: [((V,), {}), ((T, 1), {}), ((T,), {"axis": (0, 2), "keepdims": True})],
    np.quantile: [((V, 0.3), {}), ((T, [0.1, 0.9], 2), {}), ((M,), {"q": 0.5, "method": "lower"})],
    np.percentile: [((V, 30), {}), ((T,), {"q": [10, 90], "axis": (0, 1)})],
    np.nanmedian: [((GAPS,), {}), ((GAPS, 1), {})], np.nanquantile: [((GAPS, 0.3, 1), {})],
    np.nanpercentile: [((GAPS, 40.0), {}), ((GAPS,), {"q": 25, "axis": 0})],
    np.convolve: [((V, W), {}), ((V, W, "same"), {}), ((V, W), {"mode": "valid"})],
    np.correlate: [((V, W), {}), ((V, W, "full"), {})], np.unwrap: [((W * 9,), {}), ((N * 9,), {"axis": 0})],
    np.average: [((M,), {}), ((M, 1, W), {}), ((M,), {"weights": M + 1, "returned": True})],
    np.cov: [((M,), {}), ((M, N, False), {}), ((V,), {"ddof": 0}), ((M,), {"aweights": [1.0, 2.0, 3.0]})],
    np.corrcoef: [((M,), {}), ((V, V**2), {})], np.ptp: [((V,), {}), ((T, 1), {"keepdims": True})],
    np.nancumprod: [((GAPS,), {}), ((GAPS, 1), {})], np.nancumsum: [((GAPS,), {}), ((GAPS, 0), {})],
    **{f: [((GAPS,), {}), ((GAPS, 1), {}), ((GAPS,), {"axis": 0, "keepdims": True})] for f in (
        np.nanmax, np.nanmean, np.nanmin, np.nanprod, np.nanstd, np.nansum, np.nanvar)},
    np.pad: [((M, 1), {}), ((V, (2, 1), "reflect"), {}), ((M, ((1, 0), (0, 2))), {"constant_values": 3.0})],
    sliding_window_view: [((V, 2), {}), ((M, (2, 2)), {}), ((T, 2, 1), {})],
}
BEYOND = {**STATISTICS, **SETS, **TURNED, **JOINED, **PICKED, **COUNTED, **POLYNOMIALS}
