"""Initialisers that choose the spread of the weights by the layer's number of inputs and outputs.

Let the n inputs of a linear layer have mean square q, and its weights mean 0 and variance v. Each output is
a sum of n products, so its mean square is n v q, and keeps q if v = 1 / fan_in. Backwards the same holds
with fan_out. Glorot and Bengio take the mean of both; He et al. (Kaiming) take fan_in and put in a gain for
what the activation function takes away: relu sets half of its inputs to zero, and a gain of sqrt(2) makes
up for it.

A uniform distribution on (-b, b) has variance b^2 / 3, hence the sqrt(3) between the two kinds. Complex
weights w have E|w|^2 equal to the variance given, half of it in each part.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .draw import Shape, fans, initializer, normal, uniform


@initializer
def glorot_uniform(rng: Any, shape: Shape, *, dtype: Any = np.float32, gain: float = 1.0) -> Any:
    """Draw from U(-b, b) with b = gain * sqrt(6 / (fan_in + fan_out)).

    Arguments:
        rng: numpy.random.Generator or Xoshiro.
        shape: see ``fans``.
        dtype: float16, float32, float64, complex64 or complex128.
        gain: factor for all weights.

    Returns:
        NumPy array of that shape and dtype.

    Errors:
        TypeError: ``rng`` is no generator, the shape has no integers, the dtype is not supported.

    Source:
        X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
        AISTATS 2010, eq. 16.

    >>> glorot_uniform(np.random.default_rng(0), (2, 3)).shape
    (2, 3)
    """
    return _symmetric(rng, shape, dtype, gain * math.sqrt(6 / sum(fans(shape))))


@initializer
def glorot_normal(rng: Any, shape: Shape, *, dtype: Any = np.float32, gain: float = 1.0) -> Any:
    """Draw from N(0, s^2) with s = gain * sqrt(2 / (fan_in + fan_out)).

    Arguments, result and errors as for ``glorot_uniform``.

    Source:
        X. Glorot, Y. Bengio, AISTATS 2010, eq. 12.
    """
    return _normal(rng, shape, dtype, gain * math.sqrt(2 / sum(fans(shape))))


@initializer
def kaiming_uniform(rng: Any, shape: Shape, *, dtype: Any = np.float32, gain: float = math.sqrt(2)) -> Any:
    """Draw from U(-b, b) with b = gain * sqrt(3 / fan_in).

    With a ``Xoshiro`` these are, to the last bit, Lux's float32 weights; ``calculate_gain`` gives the gain
    of its Dense and Conv layers. Arguments, result and errors as for ``glorot_uniform``.

    Source:
        K. He et al., "Delving deep into rectifiers", ICCV 2015, eq. 10.

    >>> small = kaiming_uniform(gain=1.0)
    >>> bool(abs(small(np.random.default_rng(0), (64, 300))).max() <= 0.1)
    True
    """
    return _symmetric(rng, shape, dtype, math.sqrt(3) * gain / math.sqrt(fans(shape)[0]))


@initializer
def kaiming_normal(rng: Any, shape: Shape, *, dtype: Any = np.float32, gain: float = math.sqrt(2)) -> Any:
    """Draw from N(0, s^2) with s = gain / sqrt(fan_in).

    Arguments, result and errors as for ``glorot_uniform``.

    Source:
        K. He et al., ICCV 2015, eq. 10.
    """
    return _normal(rng, shape, dtype, gain / math.sqrt(fans(shape)[0]))


@initializer
def uniform_bias(rng: Any, shape: Shape, *, fan_in: int, dtype: Any = np.float32) -> Any:
    """Draw a bias from U(-b, b) with b = 1 / sqrt(fan_in), the default of Dense and Conv.

    Arguments:
        rng: numpy.random.Generator or Xoshiro.
        shape: (out,).
        fan_in: of the layer's weight, which the bias's own shape does not tell.
        dtype: as for ``glorot_uniform``.

    Returns:
        NumPy array of that shape and dtype.

    Errors:
        As for ``glorot_uniform``.

    >>> uniform_bias(np.random.default_rng(0), (5,), fan_in=10).shape
    (5,)
    """
    return _symmetric(rng, shape, dtype, 1 / math.sqrt(max(1, fan_in)))


def calculate_gain(activation: Any, slope: float = math.sqrt(5)) -> float:
    """Return the gain that Lux's Dense and Conv use in ``kaiming_uniform`` for an activation function.

    | activation | Lux, and here | PyTorch |
    | --- | --- | --- |
    | relu | 2 | sqrt(2) |
    | tanh, tanh_fast | 5/3 | 5/3 |
    | leakyrelu | sqrt(2 / (1 + slope^2)) | the same |
    | selu | 3/4 | 3/4 |
    | identity, sigmoid, any other, None | 1 | 1 for identity and sigmoid |

    PyTorch's Linear and Conv do not ask for their activation; they draw as if it were leakyrelu of slope
    sqrt(5).

    Arguments:
        activation: a function, told by its ``__name__``, or its name.
        slope: of leakyrelu for negative numbers.

    >>> calculate_gain("relu")
    2.0
    """
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", "identity")
    gains = {"relu": 2.0, "tanh": 5 / 3, "tanh_fast": 5 / 3, "leakyrelu": math.sqrt(2 / (1 + slope**2)),
             "selu": 0.75}
    return gains.get(name, 1.0)


def _symmetric(rng: Any, shape: Shape, dtype: Any, bound: float) -> Any:
    """Draw from U(-bound, bound)."""
    if np.dtype(dtype).kind == "c":
        bound *= math.sqrt(0.5)
        centre: complex = 0.5 + 0.5j
    else:
        centre = 0.5
    # In float32 at least; the order of the operations is Lux's, which decides the last bit.
    drawn = uniform(rng, shape, np.result_type(dtype, np.float32))
    return ((drawn - centre) * 2 * bound).astype(dtype, copy=False)


def _normal(rng: Any, shape: Shape, dtype: Any, deviation: float) -> Any:
    """Draw from N(0, deviation^2)."""
    drawn = normal(rng, shape, np.result_type(dtype, np.float32))
    return (drawn * deviation).astype(dtype, copy=False)
