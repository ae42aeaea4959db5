"""The ufuncs of scipy.special on tracers, known by their names since SciPy need not be there, and NumPy's sinc."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..nn.smooth import sigmoid, softplus
from ..rules import elementwise, special
from ..tracer.tables import NUMPY_FUNCTIONS, UFUNCS
from .ufuncs import as_array


def _log_expit(x: Any) -> Any:
    return -softplus(-x)


def _ndtr(x: Any) -> Any:
    return 0.5 * special.erfc(x * (-1 / math.sqrt(2)))


def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None,
                neginf: float | None = None) -> Any:
    return special.nan_to_num(as_array(x), nan=nan, posinf=posinf, neginf=neginf)


_SCIPY: dict[str, Any] = {
    "cbrt": elementwise.cbrt, "erfc": special.erfc, "erfinv": special.erfinv, "expit": sigmoid,
    "expm1": elementwise.expm1, "gammaln": special.gammaln, "log1p": elementwise.log1p, "log_expit": _log_expit,
    "logit": special.logit, "ndtr": _ndtr, "psi": special.digamma,
}
UFUNCS.update({(name, "__call__"): f for name, f in _SCIPY.items()})
NUMPY_FUNCTIONS.update({np.sinc: lambda x: special.sinc(as_array(x)), np.nan_to_num: _nan_to_num})
