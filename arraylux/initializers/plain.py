"""Plain arrays of a fixed dtype: zeros, ones, uniform and normal draws, after Lux's names.

The name tells the dtype: 16, 32, 64 are float16, float32, float64; C32 and C64 are complex numbers of two
such floats, NumPy's complex64 and complex128. Lux's C16 has no counterpart, for NumPy has no complex number
of two float16.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .draw import Initializer, Shape, initializer, normal, uniform


def _fixed(name: str, what: str, fill: Callable[[Any, Shape, Any], Any], dtype: Any) -> Initializer:
    """Make the initialiser of that name: ``fill`` with that dtype and no other."""

    def plain(rng: Any, shape: Shape) -> Any:
        return fill(rng, shape, dtype)

    plain.__name__ = plain.__qualname__ = name
    plain.__doc__ = f"Return {what} of dtype {np.dtype(dtype).name}: ``{name}(rng, shape)``."
    return initializer(plain)


def _zeros(rng: Any, shape: Shape, dtype: Any) -> Any:
    return np.zeros(shape, dtype=dtype)


def _ones(rng: Any, shape: Shape, dtype: Any) -> Any:
    return np.ones(shape, dtype=dtype)


zeros16 = _fixed("zeros16", "an array of zeros", _zeros, np.float16)
zeros32 = _fixed("zeros32", "an array of zeros", _zeros, np.float32)
zeros64 = _fixed("zeros64", "an array of zeros", _zeros, np.float64)
zerosC32 = _fixed("zerosC32", "an array of zeros", _zeros, np.complex64)
zerosC64 = _fixed("zerosC64", "an array of zeros", _zeros, np.complex128)

ones16 = _fixed("ones16", "an array of ones", _ones, np.float16)
ones32 = _fixed("ones32", "an array of ones", _ones, np.float32)
ones64 = _fixed("ones64", "an array of ones", _ones, np.float64)
onesC32 = _fixed("onesC32", "an array of ones", _ones, np.complex64)
onesC64 = _fixed("onesC64", "an array of ones", _ones, np.complex128)

rand16 = _fixed("rand16", "uniform draws from [0, 1)", uniform, np.float16)
rand32 = _fixed("rand32", "uniform draws from [0, 1)", uniform, np.float32)
rand64 = _fixed("rand64", "uniform draws from [0, 1)", uniform, np.float64)
randC32 = _fixed("randC32", "uniform draws from [0, 1)", uniform, np.complex64)
randC64 = _fixed("randC64", "uniform draws from [0, 1)", uniform, np.complex128)

randn16 = _fixed("randn16", "standard normal draws", normal, np.float16)
randn32 = _fixed("randn32", "standard normal draws", normal, np.float32)
randn64 = _fixed("randn64", "standard normal draws", normal, np.float64)
randnC32 = _fixed("randnC32", "standard normal draws", normal, np.complex64)
randnC64 = _fixed("randnC64", "standard normal draws", normal, np.complex128)
