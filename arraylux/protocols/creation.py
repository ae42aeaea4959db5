"""NumPy's functions that make an array `like=` a traced one.

Their arrays are of the traced array's library, on its device, and traced values can be assigned into them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..namespace import array_namespace
from ..tracer.tables import LIKE_FUNCTIONS


def _filled(name: str) -> Callable[..., Any]:
    def make(like: Any, shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None) -> Any:
        return getattr(array_namespace(like), name)(shape, dtype=np.dtype(dtype))
    return make


def _full(like: Any, shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Any:
    return array_namespace(like).full(shape, fill_value, dtype=dtype)


def _array(like: Any, object: Any, dtype: Any = None, *, copy: bool | None = True, order: str = "K",
           subok: bool = False, ndmin: int = 0) -> Any:
    y = array_namespace(like).asarray(object, dtype=dtype if dtype is None else np.dtype(dtype), copy=copy)
    return y.reshape((1,) * (ndmin - y.ndim) + tuple(y.shape)) if y.ndim < ndmin else y


def _asarray(like: Any, a: Any, dtype: Any = None, order: str | None = None, *, device: Any = None,
             copy: bool | None = None) -> Any:
    return _array(like, a, dtype, copy=copy)


def _from_numpy(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make an array as NumPy does, and move it to where the traced one is."""
    def make(like: Any, *args: Any, **kwargs: Any) -> Any:
        return array_namespace(like).asarray(f(*args, **kwargs))
    return make


LIKE_FUNCTIONS.update({
    np.zeros: _filled("zeros"), np.ones: _filled("ones"), np.empty: _filled("empty"), np.full: _full,
    np.array: _array, np.asarray: _asarray, np.asanyarray: _asarray,
    np.ascontiguousarray: lambda like, a, dtype=None: _array(like, a, dtype, ndmin=1, copy=None),
    np.asfortranarray: lambda like, a, dtype=None: _asarray(like, a, dtype),
    np.require: lambda like, a, dtype=None, requirements=None: _asarray(like, a, dtype),
})
LIKE_FUNCTIONS.update({f: _from_numpy(f) for f in (
    np.arange, np.eye, np.identity, np.tri, np.fromfunction, np.fromiter, np.frombuffer, np.fromfile, np.fromstring,
    np.loadtxt, np.genfromtxt)})
