"""The ufuncs of scipy.special on tracers, known by their names since SciPy need not be there, and NumPy's few."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..nn.smooth import softplus
from ..rules import bessel, elementwise, pairs, probability, special
from ..tracer.tables import NUMPY_FUNCTIONS, UFUNCS
from .values import as_array


def _log_expit(x: Any) -> Any:
    return -softplus(-x)


def _ndtr(x: Any) -> Any:
    return 0.5 * special.erfc(x * (-1 / math.sqrt(2)))


def _exp2(x: Any) -> Any:
    return pairs.pow(2.0, x)


def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None,
                neginf: float | None = None) -> Any:
    return special.nan_to_num(as_array(x), nan=nan, posinf=posinf, neginf=neginf)


def _i0(x: Any) -> Any:
    return bessel.i0(as_array(x))


SCIPY: dict[str, Any] = {
    "_zeta": probability.zeta,                                  # the ufunc inside of SciPy's function zeta
    "cbrt": elementwise.cbrt, "digamma": special.digamma, "erfc": special.erfc, "erfinv": special.erfinv,
    "exp2": _exp2, "expit": special.sigmoid, "expm1": elementwise.expm1, "gammaln": special.gammaln,
    "log1p": elementwise.log1p, "log_expit": _log_expit, "logit": special.logit, "ndtr": _ndtr,
    "psi": special.digamma,
    **{name: getattr(chapter, name) for chapter in (bessel, probability) for name in chapter.__all__},
}
UFUNCS.update({(name, "__call__"): f for name, f in SCIPY.items()})
NUMPY_FUNCTIONS.update({np.i0: _i0, np.nan_to_num: _nan_to_num, np.sinc: lambda x: special.sinc(as_array(x))})
