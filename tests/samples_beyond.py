"""Samples of the functions beyond the standard, and calls of them that mean the same to NumPy and to this package."""
from __future__ import annotations

from typing import Any

import numpy as np
from domains import Sample, anything, distinct, ints

SIGNALS = (((4,), (2,)), ((2,), (4,)), ((3,), (3,)), ((1,), (3,)))
BEYOND: dict[str, list[Sample]] = {
    "sliding_windows": [
        Sample((anything(*shape),), {"window": window, "axes": axes}, complex_too=True) for shape, window, axes in (
            ((5,), (3,), (0,)), ((4,), (4,), (0,)), ((3, 4), (2, 3), (0, 1)), ((3, 4), (2,), (1,)),
            ((6,), (2, 3), (0, 0)), ((0, 4), (2,), (1,)), ((), (), ()))],
    "overlap_add": [
        Sample((anything(*g),), {"shape": shape, "window": window, "axes": axes}, complex_too=True)
        for g, shape, window, axes in (
            ((3, 3), (5,), (3,), (0,)), ((1, 4), (4,), (4,), (0,)), ((2, 2, 2, 3), (3, 4), (2, 3), (0, 1)),
            ((3, 3, 2), (3, 4), (2,), (1,)), ((3, 2, 3), (6,), (2, 3), (0, 0)), ((0, 3, 2), (0, 4), (2,), (1,)),
            ((2, 4, 3), (5, 4), (3,), (0,)), ((2, 4, 5), (6, 4), (5,), (0,)))],
    "segment_sum": [
        Sample((anything(*shape), ids), {"n": n}, complex_too=True) for shape, ids, n in (
            ((4,), ints(1, 0, 1, 3), 4), ((3, 2), ints(0, 0, 2), 3), ((2, 0), ints(0, 1), 2), ((0, 2), ints(), 2))],
    "segment_max": [
        Sample((distinct(*shape), ids), {"n": n}) for shape, ids, n in (
            ((4,), ints(1, 0, 1, 2), 3), ((4, 2), ints(0, 1, 0, 0), 2), ((2, 0), ints(0, 1), 2))],
    "convolve": [Sample((anything(*a), anything(*b)), {}, complex_too=True) for a, b in SIGNALS],
    "correlate_windows": [Sample((anything(*a), anything(*b)), {}, complex_too=True) for a, b in (
        ((4,), (2,)), ((3,), (3,)), ((4,), (1,)), ((5,), (4,)))],
}

# The arrays are those of test_namespace.py.
CALLS = [
    "xp.einsum('ij,kj->ik', M, N)", "xp.einsum('ii', Q)", "xp.einsum('...i,ij->...j', T[:, :, :3], Q)",
    "xp.einsum('ij,jk,k->', M, Q, M[0, ...])", "xp.kron(M, V)", "xp.kron(M, Q)",
    "xp.pad(M, 1)", "xp.pad(M, ((1, 0), (2, 2)), 'reflect')", "xp.pad(M, 2, 'linear_ramp', end_values=1.0)",
    "xp.pad(V, (1, 3), 'edge')", "xp.pad(V, 2, 'mean')", "xp.pad(V, 2, mode='wrap')",
    "xp.interp(M, V * 0 + xp.cumulative_sum(V), V ** 2)", "xp.interp(U, V[:1], V[:1])", "xp.gradient(V)",
    "xp.gradient(T, 0.5, axis=1, edge_order=2)", "xp.gradient(T)", "xp.gradient(V, xp.cumulative_sum(V))",
    "xp.trapezoid(T)", "xp.trapezoid(V, xp.cumulative_sum(V))", "xp.polyval(V, M)",
    "xp.select([B, N > 0], [M, N], 0.5)",
    *[f"xp.{name}({args})" for name in ("median", "nanmedian", "ptp", "nansum", "nanprod", "nanmean", "nanmax",
                                        "nanmin", "nanvar", "nanstd")
      for args in ("M", "T, axis=1", "T, axis=(0, 2), keepdims=True")],
    *[f"xp.{name}({args})" for name in ("quantile", "nanquantile") for args in ("M, 0.3", "T, [0.1, 0.9], axis=-1")],
    *[f"xp.{name}(M, 30, axis=0)" for name in ("percentile", "nanpercentile")],
    *[f"xp.{name}(M, {axis})" for name in ("nancumsum", "nancumprod") for axis in (None, 1)],
    "xp.average(M)", "xp.average(M, weights=M)", "xp.average(T, 2, V)", "xp.cov(M)", "xp.cov(M, N)",
    "xp.cov(Q, aweights=M[0, ...])", "xp.corrcoef(Q)", "xp.convolve(V, V[:2])", "xp.correlate(V, V[:2], 'same')",
    "xp.unwrap(N * 9)",
]
CALLS_OF_OTHERS = {"segment_sum", "segment_mean", "segment_max", "segment_min", "sliding_window_view"}    # not in np

# --- NumPy's functions on traced arrays: the calls that are tried ------------------------------------
RNG = np.random.default_rng(4)
V, W, M, N = RNG.uniform(0.5, 2.0, 4), RNG.uniform(0.5, 2.0, 3), RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))
T, RISING = RNG.normal(size=(2, 3, 4)), np.cumsum(V)
SUMMED: list[Any] = [((T,), {}), ((T, 1), {}), ((T, (0, 2)), {"keepdims": True})]
NUMPY_CALLS: dict[Any, list[Any]] = {
    np.einsum: [(("ij,kj->ik", M, N), {}), (("i,ij", M[:, 0], N), {"optimize": True}), ((M, [0, 1], N, [0, 1]), {})],
    np.kron: [((M, V), {}), ((V, 2.0), {})], np.interp: [((M, RISING, V), {}), ((M, RISING, V), {"left": 1.0})],
    np.gradient: [((T,), {"axis": 1}), ((V, RISING), {})], np.polyval: [((V, M), {}), (([1.0, 2.0], M), {})],
    np.trapezoid: [((T,), {}), ((V, RISING), {}), ((T, None, 2.0, 0), {})],
    np.select: [(([M > 0, M > 1], [M, N]), {}), (([M > 0], [M], 5.0), {})],
    np.pad: [((M, 1), {}), ((M, (1, 2), "edge"), {}), ((M, 1), {"mode": "reflect"}),
             ((M, 1), {"constant_values": 2.0})],
    np.median: SUMMED, np.nanmedian: SUMMED, np.ptp: SUMMED, np.average: [*SUMMED[:2], ((V,), {"weights": RISING})],
    **{f: [((M, q), {}), ((M, q, 1), {"method": "hazen"})] for f, q in (
        (np.quantile, 0.3), (np.nanquantile, 0.3), (np.percentile, 40), (np.nanpercentile, 40))},
    **dict.fromkeys((np.nansum, np.nanprod, np.nanmean, np.nanmax, np.nanmin, np.nanvar, np.nanstd), SUMMED),
    **{f: [((T,), {}), ((T, 1), {})] for f in (np.nancumsum, np.nancumprod)},
    np.cov: [((M,), {}), ((M, N), {"bias": True})], np.corrcoef: [((T[0],), {}), ((T[0], T[1]), {})],
    np.convolve: [((V, W), {}), ((V, W, "same"), {}), ((V, [1.0, 2.0]), {"mode": "valid"})],
    np.correlate: [((V, W), {}), ((W, V, "full"), {})],
    np.unwrap: [((9 * M,), {}), ((9 * M, None, 0), {"period": 4.0})],
    np.lib.stride_tricks.sliding_window_view: [((M, 2, 1), {}), ((M, (2, 2)), {})],
}
