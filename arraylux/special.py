"""Special functions, as an extension of the namespace: where SciPy looks for its functions of other arrays.

The standard has no such extension yet. SciPy, when it is told to look at namespaces (SCIPY_ARRAY_API=1), already asks
for one before it gives up and makes a NumPy array of its argument. The functions are the ones that answer SciPy's
ufuncs, in the same table and by the same names.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .rules.special import sinc
from .tracer.tables import UFUNCS, load_late


class Special:
    """The functions of scipy.special that have a derivative, by name."""

    sinc = staticmethod(sinc)                                   # which is NumPy's, and no ufunc

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found = UFUNCS.get((name, "__call__"))
        if found is None:
            load_late()
            found = UFUNCS.get((name, "__call__"))
        if found is None:
            raise AttributeError(f"there is no special function {name!r} with a derivative")
        return found


__all__ = ["Special"]
