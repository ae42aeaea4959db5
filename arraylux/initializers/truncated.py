"""The normal distribution cut off on both sides, drawn by inverting its distribution function.

If u is uniform on (0, 1), then the x with P(X < x) = u is a draw of X. To draw X between two limits, let u
be uniform between the limits' own probabilities. That costs one uniform number a draw, however unlikely the
interval is, where drawing again until it is hit would take for ever. It needs the quantile function, the
inverse of the normal distribution function, which has no closed form; Wichura's rational approximations
give it to some 16 digits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .draw import Shape, initializer, uniform

# Numerator and denominator of Wichura's PPND16, highest power first: of q^2 in the centre, and of
# sqrt(-log p) in the nearer and the farther tail.
CENTRE = (
    [2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608],
    [5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0],
)
NEAR = (
    [7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734],
    [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0],
)
FAR = (
    [2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772],
    [2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0],
)


@initializer
def truncated_normal(rng: Any, shape: Shape, *, dtype: Any = np.float32, mean: float = 0.0, std: float = 1.0,
                     lo: float = -2.0, hi: float = 2.0) -> Any:
    """Draw from N(mean, std^2), given that the draw lies in [lo, hi].

    Arguments:
        rng: numpy.random.Generator or Xoshiro.
        shape: any.
        dtype: float16, float32 or float64; computed in float64, then rounded.
        mean, std: of the normal distribution before it is cut off.
        lo, hi: the limits, as numbers (not in units of std); may be infinite.

    Returns:
        NumPy array of that shape and dtype.

    Errors:
        TypeError: ``rng`` is no generator, the dtype is complex. ValueError: std is not positive, lo is not
        below hi, or the distribution has no weight between them that float64 can tell from zero.

    Source:
        M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
        Appl. Stat. 37 (1988).

    >>> x = truncated_normal(np.random.default_rng(0), (1000,), std=0.02, lo=-0.04, hi=0.04)
    >>> bool(abs(x).max() <= 0.04)
    True
    """
    if np.dtype(dtype).kind == "c":
        raise TypeError(f"truncated_normal draws real numbers, but dtype is {dtype}; "
                        "draw the real and the imaginary part by themselves")
    if not std > 0:
        raise ValueError(f"std must be positive, but got {std}; it is a standard deviation")
    if not lo < hi:
        raise ValueError(f"lo must be below hi, but got lo={lo} and hi={hi}")
    low, high = (lo - mean) / std, (hi - mean) / std
    # Small probabilities have more digits than those near 1, so an interval on the right is reflected.
    sign = -1.0 if low + high > 0 else 1.0
    first, last = sorted((sign * low, sign * high))
    below, above = _probability(first), _probability(last)
    if not below < above:
        raise ValueError(f"normal draws of mean {mean} and std {std} practically never lie between lo={lo} "
                         f"and hi={hi}; move the limits towards the mean")
    p = below + (above - below) * uniform(rng, shape, np.float64)
    draws = mean + sign * std * quantile(p)
    return np.clip(draws, lo, hi).astype(dtype, copy=False)


def quantile(p: Any) -> Any:
    """Return the x below which a normal number lies with probability p: a float64 array, at most 38.5."""
    q = np.asarray(p, dtype=np.float64) - 0.5
    tail = np.maximum(np.minimum(p, 1.0 - p), 5e-324)  # keeps x finite
    r = np.sqrt(-np.log(tail))
    beyond = np.where(r <= 5, _ratio(NEAR, r - 1.6), _ratio(FAR, r - 5))
    return np.where(np.abs(q) <= 0.425, q * _ratio(CENTRE, 0.180625 - q * q), np.copysign(beyond, q))


def _ratio(coefficients: tuple[list[float], list[float]], x: Any) -> Any:
    numerator, denominator = coefficients
    return np.polyval(numerator, x) / np.polyval(denominator, x)


def _probability(x: float) -> float:
    """Return the probability that a normal number lies below x, with all digits also far on the left."""
    return 0.5 * math.erfc(-x / math.sqrt(2))
