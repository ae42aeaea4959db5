"""NumPy's statistics, signals and sums by indices, which the rules' chapters have with NumPy's signatures."""
from __future__ import annotations

from importlib import import_module

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..rules import windows
from ..tracer.tables import NUMPY_FUNCTIONS

_CHAPTERS = {
    "einsum": ("einsum", "kron"),
    "interpolation": ("gradient", "interp", "polyval", "select", "trapezoid"),
    "quantiles": ("median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"),
    "signals": ("convolve", "correlate", "unwrap"),
    "statistics": ("average", "corrcoef", "cov", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod",
                   "nanstd", "nansum", "nanvar", "ptp"),
    "windows": ("pad",),
}

NUMPY_FUNCTIONS[sliding_window_view] = windows.sliding_window_view
for _chapter, _names in _CHAPTERS.items():
    _module = import_module(f"arraylux.rules.{_chapter}")
    NUMPY_FUNCTIONS.update({getattr(np, name): getattr(_module, name) for name in _names})
