"""Chapter 14b: the exponential of a matrix.

exp(A) = exp(A / 2^s)^(2^s): a matrix is halved until it is small, a quotient of polynomials (Padé's) gives the
exponential of that, and s squarings give the rest. No rule is written here. What differentiates this program as it
stands computes the Fréchet derivative by the recurrences that Al-Mohy and Higham found for it, for about three
exponentials, where the block matrix [[A, E], [0, A]] of the textbooks costs eight.

Source: Higham, "The scaling and squaring method for the matrix exponential revisited" (2005), algorithm 2.3; Al-Mohy
and Higham, "Computing the Fréchet derivative of the matrix exponential, with an application to condition number
estimation" (2009), table 6.1.
"""
from __future__ import annotations

import math
from typing import Any

from ..backend import kind
from ..tracer.core import bare, home, strip
from .creation import cast
from .elementwise import abs
from .linalg import solve
from .pairs import add, greater, multiply, subtract, where
from .products import matmul
from .reducing import max, sum
from .shaping import expand_dims
from .triangular import require_square

# For each degree of the polynomials: the largest norm for which they, and their derivatives, are exact to rounding.
LIMITS = {3: 1.08e-2, 5: 2.00e-1, 7: 7.83e-1, 9: 1.78, 13: 4.74}


def _coefficients(m: int) -> list[float]:
    """Return those of Padé's polynomial p of degree m: exp(x) is about p(x) / p(-x)."""
    return [float(math.factorial(2 * m - j) // (math.factorial(j) * math.factorial(m - j))) for j in range(m + 1)]


def _combine(powers: list[Any], coefficients: list[float]) -> Any:
    total = None
    for power, c in zip(powers, coefficients, strict=True):
        total = power * c if total is None else add(total, power * c)
    return total


def _odd_and_even(a: Any, one: Any, m: int) -> tuple[Any, Any]:
    """Return the odd and the even part of the polynomial of degree m of a matrix."""
    b = _coefficients(m)
    square = matmul(a, a)
    powers = [one, square]
    while len(powers) <= (3 if m == 13 else m // 2):
        powers.append(matmul(powers[-1], square))
    if m < 13:
        return matmul(a, _combine(powers, b[1::2])), _combine(powers, b[0::2])
    high = powers[1:]                                    # the powers 8, 10 and 12 by way of the sixth
    odd = add(matmul(powers[3], _combine(high, b[9::2])), _combine(powers, b[1:9:2]))
    even = add(matmul(powers[3], _combine(high, b[8::2])), _combine(powers, b[0:8:2]))
    return matmul(a, odd), even


def expm(a: Any, /) -> Any:
    """The exponential of square matrices.

    Arguments: `a`, (..., n, n).

    Returns: exp(a), of the same shape.

    Errors: ValueError for matrices that are not square.

    >>> import numpy as np
    >>> expm(np.array([[0.0, 1.0], [0.0, 0.0]]))
    array([[1., 1.],
           [0., 1.]])
    """
    require_square("expm", a)
    xp, device = home(a)
    if not math.prod(bare(a).shape):
        return a
    a = a if kind(a.dtype) in "fc" else cast(a, xp.float64)
    size = max(sum(abs(strip(a)), axis=-2), axis=-1)     # the norm of each matrix
    plain = bare(size)
    largest = float(xp.max(xp.where(xp.isfinite(plain), plain, xp.zeros_like(plain))))
    one = xp.eye(a.shape[-1], dtype=a.dtype, device=device)
    degree = next((m for m, limit in LIMITS.items() if largest <= limit), 13)
    halvings = math.ceil(math.log2(largest / LIMITS[13])) if largest > LIMITS[13] else 0
    # Each matrix is halved as often as its own norm asks for: a small one would lose digits by more.
    often = [expand_dims(greater(size, LIMITS[13] * 2.0 ** i), (-2, -1)) for i in range(halvings)]
    for large in often:
        a = multiply(a, where(large, xp.asarray(0.5, dtype=a.dtype, device=device), 1.0))
    odd, even = _odd_and_even(a, one, degree)
    y = solve(subtract(even, odd), add(even, odd))
    for large in often:
        y = where(large, matmul(y, y), y)
    return y


__all__ = ["expm"]
