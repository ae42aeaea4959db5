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
M = np.random.default_rng(6).uniform(0.1, 0.9, (2, 3))
V, WHOLE = np.array([0.4, 1.2, 2.5]), np.array([0, 1, 2])
ONE = {
    "cbrt": M, "cosdg": M, "cosm1": M, "cotdg": 40 * M, "dawsn": M, "ellipe": M, "ellipk": M, "entr": M, "erfc": M,
    "erfcinv": M, "erfcx": M, "erfi": M, "erfinv": M, "exp1": M, "exp10": M, "exp2": M, "expi": M, "expit": M,
    "expm1": M, "exprel": M, "gamma": M, "gammaln": M, "i0": M, "i0e": M, "i1": M, "i1e": M, "j0": M, "j1": M,
    "k0": M, "k0e": M, "k1": M, "k1e": M, "log1p": M, "log_expit": M, "log_ndtr": M, "logit": M, "ndtr": M,
    "ndtri": M, "ndtri_exp": -M, "psi": M, "rgamma": M, "sindg": M, "spence": M, "tandg": M, "wrightomega": M,
    "y0": M, "y1": M}
SEVERAL: dict[str, Any] = {
    "beta": (M, V), "betaln": (V, M), "binom": (V + 1, 0.5), "boxcox": (M, V), "boxcox1p": (M, 0.5),
    "huber": (0.7, V), "inv_boxcox": (M, V), "inv_boxcox1p": (M, 0.5), "kl_div": (M, V), "owens_t": (M, V),
    "poch": (V, M), "pseudo_huber": (M, V), "rel_entr": (V, M), "xlog1py": (M, V), "xlogy": (M, V)}
BY_LAST: dict[str, Any] = {                                   # differentiated by the last argument alone
    "betainc": (1.5, 2.5, M), "expn": (WHOLE + 1, M[0]), "gammainc": (WHOLE + 1, V), "gammaincc": (2, V),
    "hyp0f1": (1.5, V), "hyp1f1": (1, 2, V), "hyp2f1": (1, 2, 3, M), "iv": (WHOLE, V), "jv": (0.5, V), "kn": (1, V),
    "kv": (WHOLE, V), "yn": (2, V), "yv": (0.5, V), "zeta": (WHOLE + 2, V)}
FROM_SCIPY: dict[str, Any] = {**{name: (x,) for name, x in ONE.items()}, **SEVERAL, **BY_LAST}
SPECIAL_CALLS: dict[Any, list[Any]] = {
    np.i0: [((M,), {}), ((V - 1.0,), {}), ((1.5 * M[0, 0],), {})],
    np.sinc: [((M,), {}), ((M - 0.5j,), {})],
    np.nan_to_num: [((M,), {}), ((M, True), {"nan": 2.0}), ((M + 0.5j,), {"posinf": 3.0})],
}
