"""The methods of `numpy.ndarray` for a tracer, with its names, defaults and positional order."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .tables import FUNCTIONS


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

    def argmax(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["argmax"](self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        _no_out(out)
        return FUNCTIONS["argmin"](self, axis=axis, keepdims=keepdims)

    def argsort(self, axis: int = -1) -> Any:
        return FUNCTIONS["argsort"](self, axis=axis)

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

    def take(self, indices: Any, axis: Any = None, out: Any = None) -> Any:
        _no_out(out)
        return FUNCTIONS["take"](self if axis is not None else self.reshape(-1), indices, axis=axis or 0)

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        return FUNCTIONS["repeat"](self, repeats, axis=axis)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        if order != "C":
            raise ValueError(f"reshape of a traced array knows order='C' alone, got {order!r}; transpose before and "
                             "after")
        return FUNCTIONS["reshape"](self, shape[0] if len(shape) == 1 else shape)

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

    def dot(self, other: Any) -> Any:
        return FUNCTIONS["dot"](self, other)

    def conj(self) -> Any:
        return FUNCTIONS["conj"](self)

    conjugate = conj

    def astype(self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True,
               *, device: Any = None) -> Any:
        return FUNCTIONS["astype"](self, dtype)

    def copy(self, order: str = "C") -> Any:
        return FUNCTIONS["positive"](self)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        return FUNCTIONS["to_device"](self, device)
