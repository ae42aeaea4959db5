"""Samples of the chapter on sorting and sets."""
from __future__ import annotations

from typing import Any

import numpy as np
from domains import Sample, anything, exactly, ints

SORTING: dict[str, list[Sample]] = {
    "reorder": [Sample((anything(*shape), order), {"axis": axis}, complex_too=True) for shape, order, axis in (
        ((3,), ints(2, 0, 1), 0), ((2, 3), ints([1, 2, 0], [2, 1, 0]), 1), ((2, 2), ints([1, 0], [0, 1]), 0),
        ((1,), ints(0), 0), ((2, 0), ints([], []), 1))],
}
SETS: dict[str, list[Sample]] = {
    "isin": [Sample((ints(0, 1, 2), ints(2, 0)), {}), Sample((ints([0, 1], [2, 3]), ints(2)), {})],
    **{name: [Sample((exactly(2.0, 0.0, 1.0),), {})] for name in (
        "unique_all", "unique_counts", "unique_inverse", "unique_values")},
}

# --- NumPy's functions on traced arrays: the calls that are tried ------------------------------------
M = np.random.default_rng(8).permutation(12).reshape(3, 4) * 0.5
SORTING_CALLS: dict[Any, list[Any]] = {
    np.sort: [((M,), {}), ((M, 0), {"kind": "stable"}), ((M, None), {"stable": True})],
    np.isin: [((M, [0.5, 1.0]), {}), ((M, M[0]), {"invert": True})], np.unique: [((M,), {})],
    **{getattr(np, name): [((M,), {})] for name in ("unique_all", "unique_counts", "unique_inverse", "unique_values")},
}
