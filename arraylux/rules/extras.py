"""Functions beyond the standard, by name: what a namespace of this package offers besides.

They take the names that SciPy gives them, or that networks know them by.
"""
from __future__ import annotations

from . import indexing, sorting, special


class Extras:
    """The functions of a namespace that are not in the Array API standard."""

    digamma = staticmethod(special.digamma)
    erf = special.erf
    erfc = special.erfc
    erfinv = special.erfinv
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
