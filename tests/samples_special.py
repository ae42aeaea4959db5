"""Samples of the special functions that have no place in another chapter."""
from __future__ import annotations

from typing import Any

import numpy as np
from domains import Sample, anything, between, exactly, positive, unary, unit

POLES = between(-1.8, -1.2)
SPECIAL: dict[str, list[Sample]] = {
    "erfc": unary(anything, complex_too=False), "erfinv": unary(unit, complex_too=False),
    "gammaln": [*unary(positive, complex_too=False), Sample((POLES(3),), {})],
    "logit": [*unary(between(0.05, 0.95), complex_too=False)],
    "polygamma": [Sample((domain(*shape),), {"order": order}) for domain, shape, order in (
        (positive, (2, 3), 0), (positive, (3,), 1), (positive, (), 2), (positive, (0, 2), 0), (POLES, (3,), 0))],
    "sinc": [*[Sample((anything(*shape),), {"order": order}, complex_too=True) for shape, order in (
        ((2, 3), 0), ((3,), 1), ((), 2), ((4,), 3), ((0, 2), 0))],
        *[Sample((exactly(0.0, 1e-5, -0.3, 1.0),), {"order": order}) for order in (0, 1, 2)]],
}

# --- NumPy's and SciPy's functions on traced arrays: the calls that are tried ------------------------------------
FROM_SCIPY = ("cbrt", "erfc", "erfinv", "expit", "expm1", "gammaln", "log1p", "log_expit", "logit", "ndtr", "psi")
M = np.random.default_rng(6).uniform(0.1, 0.9, (2, 3))
SPECIAL_CALLS: dict[Any, list[Any]] = {
    np.sinc: [((M,), {}), ((M - 0.5j,), {})],
    np.nan_to_num: [((M,), {}), ((M, True), {"nan": 2.0}), ((M + 0.5j,), {"posinf": 3.0})],
}
