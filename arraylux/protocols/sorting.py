"""NumPy's sorting and set functions, each with NumPy's signature.

The elements of a set are elements of the arrays that it is made from, so they have derivatives as what is taken has.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..rules import shaping, sorting
from ..tracer.tables import NUMPY_FUNCTIONS
from .values import as_array, flat, on_values, plain, taken

_numpy: Any = np


def _sort(a: Any, axis: int | None = -1, kind: str | None = None, order: Any = None, *,
          stable: bool | None = None) -> Any:
    if order is not None:
        raise TypeError(f"np.sort of a traced array has no fields to order by, got order={order!r}; sort by argsort "
                        "and take_along_axis")
    a = flat(a) if axis is None else as_array(a)
    return sorting.sort(a, axis=-1 if axis is None else axis)


# --- sets ---------------------------------------------------------------------------------------------------------
def _unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
            axis: int | None = None, *, equal_nan: bool = True, sorted: bool = True) -> Any:
    ar = as_array(ar)
    _, index, *rest = _numpy.unique(plain(ar), True, return_inverse, return_counts, axis, equal_nan=equal_nan)
    values = taken(flat(ar) if axis is None else ar, index, axis or 0)
    rest = [index, *rest] if return_index else rest
    return (values, *rest) if rest else values


def _union1d(ar1: Any, ar2: Any) -> Any:
    return _unique(shaping.concat([flat(ar1), flat(ar2)]))


def _intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    ar1 = flat(ar1)
    _, first, second = np.intersect1d(plain(ar1), plain(ar2), assume_unique, True)
    values = taken(ar1, first)
    return (values, first, second) if return_indices else values


def _setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    ar1 = flat(ar1) if assume_unique else _unique(ar1)
    return taken(ar1, np.flatnonzero(~np.isin(plain(ar1), plain(ar2))))


def _setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    sides = [flat(ar) if assume_unique else _unique(ar) for ar in (ar1, ar2)]
    values, counts = _unique(shaping.concat(sides), return_counts=True)
    return taken(values, np.flatnonzero(counts == 1))


NUMPY_FUNCTIONS.update({
    np.sort: _sort, np.isin: on_values(np.isin), np.unique: _unique, np.union1d: _union1d,
    np.intersect1d: _intersect1d, np.setdiff1d: _setdiff1d, np.setxor1d: _setxor1d,
})
for _name in ("unique_all", "unique_counts", "unique_inverse", "unique_values"):
    if hasattr(np, _name):
        NUMPY_FUNCTIONS[getattr(np, _name)] = getattr(sorting, _name)
