"""What the tables share: arrays from whatever NumPy takes for one, methods as functions, functions without derivative.

A function whose results are integers, truths or text has the derivative zero: NumPy's own is called, with the plain
values in the place of the traced arrays.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Signature, signature
from typing import Any

import numpy as np

from ..rules import creation, elementwise, indexing, shaping
from ..tracer.core import Tracer
from ..tracer.methods import Methods

INTO_PLAIN = ("a traced value cannot be written into a plain NumPy array, since its derivative would be lost; make the "
              "array from a traced one, as np.zeros_like(x) or array_namespace(x).zeros(shape) do")


def as_array(x: Any, dtype: Any = None, ndim: int = 0) -> Any:
    """Return x, which may be a nested list, as an array of some dtype, with new leading axes up to `ndim`."""
    if not hasattr(x, "shape"):
        tracer = creation.first_tracer(x)
        x = np.asarray(x) if tracer is None else creation.asarray(x, like=tracer)
    x = x if dtype is None else elementwise.astype(x, dtype=np.dtype(dtype))
    return x if x.ndim >= ndim else shaping.reshape(x, (1,) * (ndim - x.ndim) + tuple(x.shape))


def flat(x: Any) -> Any:
    """Return the elements of an array, or of a nested list, in one row."""
    return shaping.reshape(as_array(x), (-1,))


def taken(x: Any, places: Any, axis: int = 0) -> Any:
    """Return what is at some places along an axis, which may be numbered by a plain array of NumPy's."""
    return indexing.take(x, creation.asarray(places, like=x), axis=axis)


def plain(x: Any) -> Any:
    """Return nested arguments with plain arrays in the place of the traced ones."""
    if isinstance(x, Tracer):
        return x._plain()
    if isinstance(x, (list, tuple)):
        return type(x)([plain(item) for item in x])
    return {word: plain(value) for word, value in x.items()} if isinstance(x, dict) else x


def on_values(f: Callable[..., Any]) -> Callable[..., Any]:
    """Let a NumPy function without a derivative see the plain arrays."""
    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return f(*plain(args), **plain(kwargs))
    return call


def method(name: str) -> Callable[..., Any]:
    """A function of NumPy's that has the order and the defaults of the method of that name."""
    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(a, name)(*args, **kwargs)
    first, *others = signature(getattr(Methods, name)).parameters.values()
    call.__signature__ = Signature([first.replace(name="a"), *others])  # type: ignore[attr-defined]
    return call
