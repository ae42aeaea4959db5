"""The methods of `numpy.ndarray` for a tracer, with its names, defaults and positional order."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .tables import FUNCTIONS

_numpy: Any = np                               # whose functions come back to an array that has its protocols


def _no_out(out: Any) -> None:
    if out is not None:
        raise TypeError("a traced array cannot use out=, since its values are never written into another; use the "
                        "returned value")


class Methods:
    """The methods of an array."""

    __slots__ = ()

    if TYPE_CHECKING:                          # what a tracer has from its other halves
        T: Any
        ndim: Any
        shape: Any

        def __mul__(self, other: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def become(self, other: Any) -> None: ...

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["sum"](self, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["prod"](self, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["mean"](self if dtype is None else self.astype(dtype), axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["max"](self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["min"](self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
            correction: float | None = None) -> Any:
        _no_out(out)
        return FUNCTIONS["var"](self if dtype is None else self.astype(dtype), axis=axis,
                                correction=ddof if correction is None else correction, keepdims=keepdims)

    def std(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
            correction: float | None = None) -> Any:
        _no_out(out)
        return FUNCTIONS["std"](self if dtype is None else self.astype(dtype), axis=axis,
                                correction=ddof if correction is None else correction, keepdims=keepdims)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["all"](self, axis=axis, keepdims=keepdims)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["any"](self, axis=axis, keepdims=keepdims)

    # CuPy passes a dtype too, which says how it is to count.
    def argmax(self, axis: Any = None, out: Any = None, *, keepdims: bool = False, dtype: Any = None) -> Any:
        _no_out(out)
        return FUNCTIONS["argmax"](self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, out: Any = None, *, keepdims: bool = False, dtype: Any = None) -> Any:
        _no_out(out)
        return FUNCTIONS["argmin"](self, axis=axis, keepdims=keepdims)

    def argsort(self, axis: Any = -1, kind: str | None = None, order: Any = None, *,
                stable: bool | None = None) -> Any:
        return _numpy.argsort(self, axis, kind, order, stable=stable)

    def argpartition(self, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Any:
        return _numpy.argpartition(self, kth, axis, "introselect", order)

    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        _no_out(out)
        x = self.reshape(-1) if axis is None else self
        return FUNCTIONS["cumulative_sum"](x, axis=0 if axis is None else axis, dtype=dtype)

    def cumprod(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        _no_out(out)
        x = self.reshape(-1) if axis is None else self
        return FUNCTIONS["cumulative_prod"](x, axis=0 if axis is None else axis, dtype=dtype)

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:
        _no_out(out)
        return FUNCTIONS["clip"](self, min, max)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        _no_out(out)
        return FUNCTIONS["round"](self) if decimals == 0 else FUNCTIONS["round"](self * 10.0**decimals) / 10.0**decimals

    def take(self, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
        _no_out(out)
        return _numpy.take(self, indices, axis, None, mode)

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        _no_out(out)
        return _numpy.compress(condition, self, axis)

    def choose(self, *choices: Any, out: Any = None, mode: str = "raise") -> Any:
        _no_out(out)
        return _numpy.choose(self, choices[0] if len(choices) == 1 else choices, None, mode)

    def nonzero(self) -> Any:
        return FUNCTIONS["nonzero"](self)

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Any:
        return FUNCTIONS["searchsorted"](self, v, side=side, sorter=sorter)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        return _numpy.diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
        _no_out(out)
        return _numpy.trace(self, offset, axis1, axis2, dtype)

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        return FUNCTIONS["repeat"](self, repeats, axis=axis)

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        new = shape[0] if len(shape) == 1 else shape
        if order == "C":
            return FUNCTIONS["reshape"](self, new)
        if order != "F":
            raise ValueError("a traced array lies in no order in memory, so reshape takes order='C' or 'F', got "
                             f"{order!r}")
        new = (new,) if isinstance(new, int) else tuple(new)            # first axis fastest: the other way round
        return FUNCTIONS["reshape"](self.T, new[::-1]).T

    def __round__(self, decimals: int = 0) -> Any:
        return self.round(decimals)

    def ravel(self, order: str = "C") -> Any:
        return self.reshape((-1,), order=order)

    def flatten(self, order: str = "C") -> Any:
        return self.reshape((-1,), order=order)

    def squeeze(self, axis: Any = None) -> Any:
        return FUNCTIONS["squeeze"](self, axis if axis is not None
                                    else tuple(i for i, n in enumerate(self.shape) if n == 1))

    def transpose(self, *axes: Any) -> Any:
        if not axes or axes == (None,):
            return self.T
        return FUNCTIONS["permute_dims"](self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        axes = list(range(self.ndim))
        axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
        return FUNCTIONS["permute_dims"](self, tuple(axes))

    def dot(self, b: Any, out: Any = None) -> Any:
        _no_out(out)
        return FUNCTIONS["dot"](self, b)

    def conj(self) -> Any:
        return FUNCTIONS["conj"](self)

    conjugate = conj

    def astype(self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True,
               *, device: Any = None) -> Any:
        return FUNCTIONS["astype"](self, dtype)

    def copy(self, order: str = "C") -> Any:
        return FUNCTIONS["copied"](self)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        return FUNCTIONS["to_device"](self, device)

    # --- methods that NumPy has for arrays in place: the handle turns into the new array, as by item assignment ---
    def fill(self, value: Any) -> None:
        self[...] = value

    def sort(self, axis: int = -1, kind: str | None = None, order: Any = None, *, stable: bool | None = None) -> None:
        self.become(_numpy.sort(self, axis, kind, order, stable=stable))

    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
        self.become(_numpy.partition(self, kth, axis, "introselect", order))

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        _numpy.put(self, indices, values, mode)
