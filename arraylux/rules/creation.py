"""Chapter 9: making arrays.

Arrays that a traced function makes for itself have no derivative, but traced values may be assigned into them, so
they come as constants: plain arrays in a tracer's clothes. `asarray` of a list that holds tracers stacks them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import device_of, library
from ..tracer.core import Tracer, constant, strip
from ..tracer.fitting import times
from .elementwise import astype, positive
from .pairs import add
from .shaping import broadcast_to, stack


def holds_tracer(x: Any) -> bool:
    """Say whether a number, array or nested list is or contains a tracer."""
    if isinstance(x, (list, tuple)):
        return any(holds_tracer(item) for item in x)
    return isinstance(x, Tracer)


def first_tracer(x: Any) -> Any:
    """Return the first tracer in a nested list, or `None`."""
    if isinstance(x, (list, tuple)):
        return next((found for found in map(first_tracer, x) if found is not None), None)
    return x if isinstance(x, Tracer) else None


def asarray(x: Any, /, *, like: Any, dtype: Any = None, copy: bool | None = None) -> Any:
    """Return x as an array of the library and on the device of `like`; a list with tracers in it is stacked."""
    if isinstance(x, Tracer):
        y = x if dtype is None or x.dtype == dtype else astype(x, dtype=dtype)
        return positive(y) if copy and y is x else y
    if holds_tracer(x):
        weak = first_tracer(x).dtype if dtype is None else dtype        # Python's numbers take the dtype of the others
        return stack([asarray(item, like=like, dtype=dtype if hasattr(item, "dtype") or holds_tracer(item) else weak)
                      for item in x])
    plain = strip(like)
    return library(plain).asarray(x, dtype=dtype, device=device_of(plain), copy=copy)


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """An array with the shape and dtype of x and one value, which may be traced."""
    plain = strip(x)
    dtype = plain.dtype if dtype is None else dtype
    if isinstance(fill_value, Tracer):
        return broadcast_to(astype(fill_value, dtype=dtype), plain.shape)
    y = library(plain).full(plain.shape, fill_value, dtype=dtype, device=device or device_of(plain))
    return constant(y) if isinstance(x, Tracer) else y


def _like(name: str) -> Callable[..., Any]:
    def make(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
        plain = strip(x)
        y = getattr(library(plain), name)(plain.shape, dtype=plain.dtype if dtype is None else dtype,
                                          device=device or device_of(plain))
        return constant(y) if isinstance(x, Tracer) else y
    make.__name__ = name + "_like"
    make.__doc__ = f"An array of the shape and dtype of x, as `{name}` makes it."
    return make


zeros_like = _like("zeros")
ones_like = _like("ones")
empty_like = _like("empty")


def linspace(start: Any, stop: Any, num: int, *, like: Any, dtype: Any = None, endpoint: bool = True) -> Any:
    """`num` equally spaced numbers from start to stop, either of which may be traced."""
    plain = strip(like)
    xp = library(plain)
    if not holds_tracer([start, stop]):
        return xp.linspace(strip(start), strip(stop), num, dtype=dtype, device=device_of(plain), endpoint=endpoint)
    dtype = dtype or first_tracer([start, stop]).dtype
    steps = xp.linspace(0.0, 1.0, num, dtype=dtype, device=device_of(plain), endpoint=endpoint)
    return add(times(start, 1 - steps), times(stop, steps))


def cast(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    """Return an array in another dtype, a copy of it if asked for."""
    if not isinstance(x, Tracer):
        return x.astype(dtype, copy=copy) if isinstance(x, np.ndarray) else library(x).astype(x, dtype, copy=copy)
    return x if x.dtype == dtype and not copy else astype(x, dtype=dtype)


def to_device(x: Any, device: Any) -> Any:
    """Return a traced array that is on this device already; it cannot move."""
    plain = strip(x)
    if device_of(plain) == device:
        return x
    raise ValueError(f"a traced array cannot change its device from {device_of(plain)} to {device} inside the function "
                     "that is differentiated; move the inputs before")


__all__ = ["asarray", "cast", "empty_like", "full_like", "holds_tracer", "linspace", "ones_like", "zeros_like"]
