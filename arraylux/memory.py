"""Memory for large results: what nobody uses any more is used again.

A fresh large array costs more than the arithmetic that fills it. The operating system hands out its pages one fault at
a time, and takes them back as soon as they are freed, so that a training step pays for the same memory again and
again: with arrays of a million elements two thirds of a gradient's time. The results of large elementwise operations
are therefore written into arrays that this module keeps, and hands out again once nobody else holds them.

Whether somebody does is Python's own reference count, which knows of every view and every buffer too. Each thread has
arrays of its own, up to `LIMIT` bytes; `release` gives them back.
"""
from __future__ import annotations

import sys
from _thread import _local  # what threading.local is, without the rest of that module
from typing import Any

import numpy as np

LARGE = 65_536                  # elements: from here on a call may ask for memory here
LIMIT = 256 * 2**20             # bytes for each thread

_probe = [np.empty(0)]
_HELD_HERE = sys.getrefcount(_probe[0])       # of an array that only its list holds, as `empty` asks for it


class _Store(_local):
    """The arrays of one thread, by shape and dtype."""

    def __init__(self) -> None:
        self.arrays: dict[tuple[tuple[int, ...], Any], list[Any]] = {}
        self.bytes = 0


_store = _Store()


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return an array whose values are not set, and which nobody else holds."""
    arrays = _store.arrays.setdefault((shape, dtype), [])
    for i in range(len(arrays)):
        if sys.getrefcount(arrays[i]) == _HELD_HERE and _unchanged(arrays[i], shape, dtype):
            return arrays[i]
    array = np.empty(shape, dtype)
    if _store.bytes + array.nbytes > LIMIT:
        release()
    if _store.bytes + array.nbytes <= LIMIT:
        _store.bytes += array.nbytes
        _store.arrays.setdefault((shape, dtype), []).append(array)
    return array


def _unchanged(array: Any, shape: tuple[int, ...], dtype: Any) -> bool:
    """Say whether an array is still what it was made as: an earlier user may have set its shape or flags."""
    same: bool = array.shape == shape and array.dtype == dtype
    return same and array.flags.writeable and array.flags.c_contiguous


def release() -> None:
    """Give back the arrays of this thread that are not in use; those in use are forgotten, and freed by their users."""
    _store.arrays.clear()
    _store.bytes = 0


def call(ufunc: Any, *args: Any) -> Any:
    """Call a NumPy ufunc with a large array among its arguments, its result in memory of this module.

    Where the result's form is not plain to see (arguments that broadcast, mixed dtypes), this is the mere call; so it
    is for arrays in another order than NumPy's usual one, which their result then has too.
    """
    form = None
    for x in args:
        if type(x) is np.ndarray:
            if x.dtype.kind != "f" or not x.flags.c_contiguous or (form is not None and (x.shape, x.dtype) != form):
                return ufunc(*args)
            form = (x.shape, x.dtype)
        elif type(x) is not float and type(x) is not int:
            return ufunc(*args)
    if form is None or not isinstance(ufunc, np.ufunc) or ufunc.signature is not None:
        return ufunc(*args)
    return ufunc(*args, out=empty(*form))


if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
    LARGE = sys.maxsize         # without exact reference counts nothing is kept
