"""What all initialisers share: their form, their draws, and the counting of inputs and outputs.

The order in which an array is filled is decided here, and only here. Arrays drawn from a ``Xoshiro`` are
filled first axis fastest, as Julia fills them, so that a layer starts from the very weights that Lux gives
it. Arrays are in C order in memory all the same.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..random import is_xoshiro

Shape = tuple[int, ...]
Initializer = Callable[..., Any]

SUPPORTED = ("float16", "float32", "float64", "complex64", "complex128")


def initializer(function: Callable[..., Any]) -> Initializer:
    """Give ``function(rng, shape, **options)`` the common form.

    Without generator and shape, it returns itself with the options filled in. With them, the shape is made a
    tuple of integers, and a dtype among the options a supported ``numpy.dtype``.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def initialize(rng: Any = None, shape: Any = None, **options: Any) -> Any:
        if "dtype" in options:
            if "dtype" not in signature.parameters:
                raise TypeError(f"{function.__name__} always gives the dtype of its name, but got dtype="
                                f"{options['dtype']!r}; leave it out, or use the function named after it")
            options["dtype"] = _dtype(options["dtype"])
        if shape is None:
            if rng is not None:
                raise TypeError(f"{function.__name__} takes a generator and a shape, but got no shape; pass "
                                "both, or neither for a function of (rng, shape)")
            signature.bind_partial(**options)  # a misspelt option is found here, not when it is used
            return functools.partial(initialize, **options)
        return function(rng, as_shape(shape), **options)

    return initialize


def as_shape(shape: Any) -> Shape:
    """Return a shape as a tuple of integers; an integer n is the shape (n,)."""
    try:
        lengths = tuple(map(operator.index, shape if isinstance(shape, Sequence) else (shape,)))
    except TypeError:
        raise TypeError(f"shape must be an integer or a tuple of integers, but got {shape!r}") from None
    if any(length < 0 for length in lengths):
        raise ValueError(f"shape must not be negative, but got {shape!r}; give each axis at least 0")
    return lengths


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return how many inputs each output of a weight sums over, and how many outputs each input reaches.

    Arguments:
        shape: (out, in) of a dense layer, (out, in / groups, *kernel) of a convolution; (n,) is taken as
            (n, 1).

    Returns:
        fan_in, fan_out, both at least 1.

    >>> fans((5, 10))
    (10, 5)
    >>> fans((16, 3, 5, 5))
    (75, 400)
    """
    outputs, inputs, *kernel = (*shape, 1, 1)[: max(2, len(shape))]
    taps = math.prod(kernel)
    return max(1, inputs * taps), max(1, outputs * taps)


def uniform(rng: Any, shape: Shape, dtype: Any) -> Any:
    """Draw uniform numbers from [0, 1); of a complex number, both parts.

    Errors:
        TypeError: ``rng`` is no generator.
    """
    if dtype == np.float16:  # cut off after 11 bits, lest a float32 just below 1 is rounded to it
        return (np.floor(uniform(rng, shape, np.float32) * 2048) / 2048).astype(np.float16)
    return _draw(rng, "random", shape, dtype)


def normal(rng: Any, shape: Shape, dtype: Any) -> Any:
    """Draw normal numbers z of mean 0 with E|z|^2 = 1: of a complex number, both parts have variance 1/2.

    Errors:
        TypeError: ``rng`` is no generator.
    """
    if dtype == np.float16:
        return _draw(rng, "standard_normal", shape, np.float32).astype(np.float16)
    drawn = _draw(rng, "standard_normal", shape, dtype)
    return drawn * math.sqrt(0.5) if drawn.dtype.kind == "c" else drawn


def _draw(rng: Any, method: str, shape: Shape, dtype: Any) -> Any:
    as_julia = is_xoshiro(rng)
    if not as_julia and not isinstance(rng, np.random.Generator):
        raise TypeError("rng must be a numpy.random.Generator or an arraylux.random.Xoshiro, but got a "
                        f"{type(rng).__name__}; numpy.random.default_rng(0) or Xoshiro(0) makes one")
    draw = functools.partial(getattr(rng, method), **({"order": "F"} if as_julia else {}))
    dtype = np.dtype(dtype)
    if dtype.kind != "c":
        return np.ascontiguousarray(draw(shape, dtype=dtype)).reshape(shape)
    real, imaginary = draw((2, *shape), dtype=np.finfo(dtype).dtype)
    return np.ascontiguousarray(real + 1j * imaginary).reshape(shape)


def _dtype(dtype: Any) -> Any:
    found = np.dtype(dtype)
    if found.name not in SUPPORTED:
        raise TypeError(f"dtype must be one of {', '.join(SUPPORTED)}, but got {found}")
    return found
