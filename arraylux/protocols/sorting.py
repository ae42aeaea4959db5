"""NumPy's sorting and set functions, each with NumPy's signature."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..rules import shaping, sorting
from ..tracer.core import strip
from ..tracer.tables import NUMPY_FUNCTIONS
from .ufuncs import as_array


def _sort(a: Any, axis: int | None = -1, kind: str | None = None, order: Any = None, *,
          stable: bool | None = None) -> Any:
    if order is not None:
        raise TypeError(f"np.sort of a traced array has no fields to order by, got order={order!r}; sort by argsort "
                        "and take_along_axis")
    a = shaping.reshape(as_array(a), (-1,)) if axis is None else as_array(a)
    return sorting.sort(a, axis=-1 if axis is None else axis)


def _on_values(f: Any) -> Any:
    """Let a NumPy function without a derivative see the plain arrays."""
    def call(*args: Any, **kwargs: Any) -> Any:
        return f(*[strip(a) for a in args], **kwargs)
    return call


NUMPY_FUNCTIONS.update({np.sort: _sort, np.isin: _on_values(np.isin), np.unique: _on_values(np.unique)})
for _name in ("unique_all", "unique_counts", "unique_inverse", "unique_values"):
    if hasattr(np, _name):
        NUMPY_FUNCTIONS[getattr(np, _name)] = _on_values(getattr(np, _name))
