"""Chapter 9: making arrays.

Arrays that a traced function makes for itself have no derivative, but traced values may be assigned into them, so
they come as constants: plain arrays in a tracer's clothes. `asarray` of a list that holds tracers stacks them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind, library
from ..tracer.core import Tracer, constant, home, strip
from ..tracer.declare import settled
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
        y = x if dtype is None or x.dtype == dtype else cast(x, dtype)
        return copied(y) if copy and y is x else y
    if holds_tracer(x):
        weak = first_tracer(x).dtype if dtype is None else dtype        # Python's numbers take the dtype of the others
        return stack([asarray(item, like=like, dtype=dtype if hasattr(item, "dtype") or holds_tracer(item) else weak)
                      for item in x])
    xp, device = home(like)
    return xp.asarray(x, dtype=dtype, device=device, copy=copy)


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """An array with the shape and dtype of x and one value, which may be traced."""
    dtype = x.dtype if dtype is None else dtype
    if isinstance(fill_value, Tracer):
        return broadcast_to(cast(fill_value, dtype), x.shape)
    xp, here = home(x)
    y = xp.full(x.shape, fill_value, dtype=dtype, device=device or here)
    return constant(y) if isinstance(x, Tracer) else y


def _like(name: str) -> Callable[..., Any]:
    def make(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
        xp, here = home(x)
        y = getattr(xp, name)(x.shape, dtype=x.dtype if dtype is None else dtype, device=device or here)
        return constant(y) if isinstance(x, Tracer) else y
    make.__name__ = name + "_like"
    make.__doc__ = f"An array of the shape and dtype of x, as `{name}` makes it."
    return make


zeros_like = _like("zeros")
ones_like = _like("ones")
empty_like = _like("empty")


def linspace(start: Any, stop: Any, num: int, *, like: Any, dtype: Any = None, endpoint: bool = True) -> Any:
    """`num` equally spaced numbers from start to stop, either of which may be traced."""
    xp, device = home(like)
    if not holds_tracer([start, stop]):
        return xp.linspace(strip(start), strip(stop), num, dtype=dtype, device=device, endpoint=endpoint)
    dtypes = [end.dtype for end in (start, stop) if isinstance(end, Tracer) and kind(end.dtype) in "fc"]
    steps = xp.linspace(0.0, 1.0, num, dtype=dtype or next(iter(dtypes), None), device=device, endpoint=endpoint)
    ndim = max([len(getattr(end, "shape", ())) for end in (start, stop)])
    steps = xp.reshape(steps, (-1, *(1,) * ndim))
    return add(times(start, 1 - steps), times(stop, steps))


def cast(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    """Return an array in another dtype, a copy of it if asked for."""
    if not isinstance(x, Tracer):
        return x.astype(dtype, copy=copy) if isinstance(x, np.ndarray) else library(x).astype(x, dtype, copy=copy)
    return x if x.dtype == dtype and not copy else settled(astype(x, dtype=dtype))


def copied(x: Any) -> Any:
    """Return a copy of a traced array."""
    if kind(x.dtype) != "b":
        return positive(x)
    y = astype(x, dtype=x.dtype)                                    # truth values have no `positive`
    return y if isinstance(y, Tracer) else constant(y)


def to_device(x: Any, device: Any) -> Any:
    """Return a traced array that is on this device already; it cannot move."""
    here = home(x)[1]
    if here == device:
        return x
    raise ValueError(f"a traced array cannot change its device from {here} to {device} inside the function "
                     "that is differentiated; move the inputs before")


__all__ = ["asarray", "cast", "copied", "empty_like", "full_like", "holds_tracer", "linspace", "ones_like",
           "zeros_like"]
