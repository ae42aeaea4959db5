"""Functions that NumPy has beyond the standard: what the chapters on them share.

On NumPy's own arrays such a function is NumPy's. On all others it is written with the functions of the chapters before,
so that it has its derivatives from them and runs on every library of the standard. Each has NumPy's signature.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backend import is_array, kind
from ..tracer.core import Tracer, home
from .creation import asarray
from .elementwise import astype
from .reducing import Axis, axes_of
from .shaping import counted, permute_dims, reshape


def _members(x: Any) -> Iterator[Any]:
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _members(item)
    else:
        yield x


def for_numpy(*args: Any) -> bool:
    """Say whether NumPy's own function can take these arguments: no tracer and no other library's array is in them."""
    return all(isinstance(x, (np.ndarray, np.generic)) or not (isinstance(x, Tracer) or is_array(x))
               for x in _members(args))


def arrays(*args: Any) -> list[Any]:
    """Return numbers, lists and arrays as arrays of the one library that is among them; `None` stays."""
    found = [x for x in _members(args) if isinstance(x, Tracer) or is_array(x)]
    like = next((x for x in found if isinstance(x, Tracer)), found[0] if found else np.asarray(0.0))
    return [x if x is None or isinstance(x, Tracer) or is_array(x) else asarray(x, like=like) for x in args]


def floating(x: Any) -> Any:
    """Return an array of integers or booleans in double precision, any other as it is."""
    return x if kind(x.dtype) in "fc" else astype(x, dtype=home(x)[0].float64)


def no_out(name: str, out: Any) -> None:
    """Raise for NumPy's `out=`."""
    if out is not None:
        raise TypeError(f"{name} cannot use out=, since values are never written into another array; use the "
                        "returned value")


def flattened(x: Any, axis: Axis) -> Any:
    """Return x with all the axes that a reduction names merged into one, the last."""
    if axis is not None:                                # which `axes_of` leaves to the library
        axis = tuple([counted(a, x.ndim) for a in (axis if isinstance(axis, tuple) else (axis,))])
        if len(set(axis)) < len(axis):
            raise ValueError(f"an axis comes twice in {axis}")
    axes = axes_of(x, axis)
    rest = [i for i in range(x.ndim) if i not in axes]
    moved = x if axes == tuple(range(len(rest), x.ndim)) else permute_dims(x, (*rest, *axes))
    return reshape(moved, (*[x.shape[i] for i in rest], int(np.prod([x.shape[i] for i in axes], dtype=int))))


def reduced_shape(x: Any, axis: Axis, keepdims: bool) -> tuple[int, ...]:
    """Return the shape of a reduction of x."""
    axes = axes_of(x, axis)
    return tuple([1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes])
