"""Chapter 11: sorting and sets.

To sort is to reorder, and for a given order that is linear: a tangent is reordered as the values were, a cotangent is
put back by the inverse order. So a traced array is sorted by `argsort`, whose result is all that the reverse rule
keeps; equal values stay in the order in which they came, which makes their derivatives well defined. The different
values of an array are some of its elements, picked by their places; places and numbers of them have no derivative.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import library
from ..tracer.core import Tracer
from ..tracer.declare import Flat, Linear
from .indexing import argsort, take, take_along_axis
from .shaping import along, counted, reshape

reorder: Linear = Linear(
    "reorder", lambda g, x, order, axis: reorder(g, argsort(order, axis=axis), axis=axis), keeps="1",
    run=lambda x, order, *, axis: library(x).take_along_axis(x, order, axis=axis))


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Put the elements along an axis in rising order, or with `descending` in falling order."""
    axis = counted(axis, x.ndim)
    if isinstance(x, Tracer):
        return reorder(x, argsort(x, axis=axis, descending=descending), axis=axis)
    if not isinstance(x, np.ndarray):
        return library(x).sort(x, axis=axis, descending=descending, stable=stable)
    y = np.sort(x, axis=axis, stable=stable)
    return np.flip(y, axis) if descending else y


def top_k(x: Any, k: int, /, *, axis: int = -1) -> tuple[Any, Any]:
    """The k largest elements along an axis, the largest first, and their places.

    The values have a derivative, the places are a plain array. Of equal elements the first are taken.

    Errors: ValueError if there are less than k elements.

    >>> top_k(np.array([1.0, 4.0, 3.0, 2.0]), 2)
    (array([4., 3.]), array([1, 2]))
    """
    axis = counted(axis, x.ndim)
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"top_k: axis {axis} of shape {tuple(x.shape)} has {x.shape[axis]} elements; k must be from 0 "
                         f"to that, got {k}")
    places = argsort(x, axis=axis, descending=True, stable=True)[along(axis, slice(0, k))]
    return take_along_axis(x, places, axis=axis), places


_isin = Flat("isin")
_unique_all = Flat("unique_all")
_unique_counts = Flat("unique_counts")
_unique_inverse = Flat("unique_inverse")
_unique_values = Flat("unique_values", numpy=lambda x: np.unique(x, equal_nan=False))   # in order, as the others


def unique_all(x: Any, /) -> Any:
    """The different values of x, where each comes first, where each element's value is among them, how often it comes.

    The values are elements of x and have their derivatives: of equal elements that of the first.
    """
    found = _unique_all(x)
    return found._replace(values=take(reshape(x, (-1,)), found.indices)) if isinstance(x, Tracer) else found


def unique_counts(x: Any, /) -> Any:
    """The different values of x, and how often each comes."""
    found = _unique_counts(x)
    return found._replace(values=unique_all(x).values) if isinstance(x, Tracer) else found


def unique_inverse(x: Any, /) -> Any:
    """The different values of x, and where each element's value is among them."""
    found = _unique_inverse(x)
    return found._replace(values=unique_all(x).values) if isinstance(x, Tracer) else found


def unique_values(x: Any, /) -> Any:
    """The different values of x."""
    return unique_all(x).values if isinstance(x, Tracer) else _unique_values(x)


def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Any:
    """Say which elements of x1 are among those of x2; with `invert`, which are not."""
    return _isin(x1, x2, invert=invert)


__all__ = ["isin", "sort", "top_k", "unique_all", "unique_counts", "unique_inverse", "unique_values"]
