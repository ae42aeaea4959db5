"""Functions beyond the standard, by name: what a namespace of this package offers besides.

They take the names that NumPy or SciPy gives them, or that networks know them by.
"""
from __future__ import annotations

from importlib import import_module
from typing import Any

from . import indexing, sorting, special


class Late:
    """A function of a chapter that is loaded when it is first asked for."""

    def __init__(self, chapter: str) -> None:
        self.chapter = chapter

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, namespace: Any, owner: type) -> Any:
        return self if namespace is None else self.function()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function()(*args, **kwargs)

    def function(self) -> Any:
        return getattr(import_module(f".{self.chapter}", __package__), self.name)


class Extras:
    """The functions of a namespace that are not in the Array API standard."""

    digamma = staticmethod(special.digamma)
    erf = special.erf
    erfc = special.erfc
    erfinv = special.erfinv
    expit = special.sigmoid
    gammaln = special.gammaln
    getitem = staticmethod(indexing.getitem)
    index_add = staticmethod(indexing.index_add)
    index_set = staticmethod(indexing.index_set)
    log_softmax = staticmethod(special.log_softmax)
    logit = special.logit
    logsumexp = staticmethod(special.logsumexp)
    nan_to_num = staticmethod(special.nan_to_num)
    polygamma = staticmethod(special.polygamma)
    sinc = staticmethod(special.sinc)
    softmax = staticmethod(special.softmax)
    top_k = staticmethod(sorting.top_k)

    # --- NumPy's functions beyond the standard, and sums over segments -------------------------------------------
    average = Late("statistics")
    convolve = Late("signals")
    corrcoef = Late("statistics")
    correlate = Late("signals")
    cov = Late("statistics")
    einsum = Late("einsum")
    gradient = Late("interpolation")
    interp = Late("interpolation")
    kron = Late("einsum")
    median = Late("quantiles")
    nancumprod = Late("statistics")
    nancumsum = Late("statistics")
    nanmax = Late("statistics")
    nanmean = Late("statistics")
    nanmedian = Late("quantiles")
    nanmin = Late("statistics")
    nanpercentile = Late("quantiles")
    nanprod = Late("statistics")
    nanquantile = Late("quantiles")
    nanstd = Late("statistics")
    nansum = Late("statistics")
    nanvar = Late("statistics")
    pad = Late("windows")
    percentile = Late("quantiles")
    polyval = Late("interpolation")
    ptp = Late("statistics")
    quantile = Late("quantiles")
    segment_max = Late("segments")
    segment_mean = Late("segments")
    segment_min = Late("segments")
    segment_sum = Late("segments")
    select = Late("interpolation")
    sliding_window_view = Late("windows")
    trapezoid = Late("interpolation")
    unwrap = Late("signals")
