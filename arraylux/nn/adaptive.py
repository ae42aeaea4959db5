"""Adaptive pooling: as many windows as results are wanted, however large the image.

Window i of m reaches from floor(i n / m) to ceil((i + 1) n / m): together they cover the image, neighbours overlap by
one element at most, and their lengths differ by no more than two. With one window that is the whole image; where m
divides n it is ordinary pooling. Otherwise one axis is done after the other, sums as products with a matrix of zeros
and ones.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..rules.indexing import getitem
from ..rules.reducing import max, mean, sum
from ..rules.shaping import along, stack
from .folding import expand
from .pooling import check_power, images, maxpool, meanpool, norm_of_sums, not_empty
from .resizing import weighted

Shape = tuple[int, ...]


def adaptive_maxpool(x: Any, output_size: int | Shape) -> Any:
    """The largest number in each of `output_size` windows that cover the image.

    Arguments: `x` (batch, channels, *size), real; `output_size`, a number or one for each spatial axis.

    Returns: an array (batch, channels, *output_size). Of equal elements the first has the derivative where
    `output_size` divides the size of x, and they share it otherwise, or if there is but one window.

    Errors: ValueError if `output_size` is not positive, or x has no spatial axes or none but empty ones; TypeError if
    x is not real floating point.

    >>> adaptive_maxpool(np.array([[[1.0, 4.0, 3.0, 2.0, 5.0]]]), 2)
    array([[[4., 5.]]])
    """
    count, even = _counted("adaptive_maxpool", x, output_size, "f")
    if all_in_one(count):
        return max(x, axis=_spatial(x), keepdims=True)
    if even is not None:
        return maxpool(x, even)
    for axis, m in enumerate(count, 2):
        x = stack([max(getitem(x, along(axis, slice(start, stop))), axis=axis)
                   for start, stop in _spans(x.shape[axis], m).tolist()], axis=axis)
    return x


def adaptive_meanpool(x: Any, output_size: int | Shape) -> Any:
    """The mean of the numbers in each of `output_size` windows that cover the image.

    Arguments, returns, errors: as for `adaptive_maxpool`; x may be complex.

    >>> adaptive_meanpool(np.array([[[1.0, 4.0, 3.0, 2.0, 5.0]]]), 2)
    array([[[2.66666667, 3.33333333]]])
    """
    count, even = _counted("adaptive_meanpool", x, output_size, "fc")
    if all_in_one(count):
        return mean(x, axis=_spatial(x), keepdims=True)
    return meanpool(x, even) if even is not None else _products(x, count, True)


def adaptive_lpnormpool(x: Any, p: float, output_size: int | Shape) -> Any:
    """The p-norm of the numbers in each of `output_size` windows that cover the image.

    Arguments, returns, errors: as for `adaptive_maxpool`; `p` as for `lpnormpool`.

    >>> adaptive_lpnormpool(np.array([[[3.0, 4.0, 12.0]]]), 2, 1)
    array([[[13.]]])
    """
    check_power("adaptive_lpnormpool", p)
    count, _ = _counted("adaptive_lpnormpool", x, output_size, "f")
    add: Callable[[Any], Any] = ((lambda powers: sum(powers, axis=_spatial(x), keepdims=True)) if all_in_one(count)
                                 else lambda powers: _products(powers, count, False))
    return norm_of_sums(x, p, add)


def all_in_one(count: Shape) -> bool:
    """Say whether there is one window only."""
    return count == (1,) * len(count)


def _spatial(x: Any) -> Shape:
    return tuple(range(2, len(x.shape)))


def _counted(name: str, x: Any, output_size: Any, kinds: str) -> tuple[Shape, Shape | None]:
    """Return how many windows there are along each axis, and their lengths if they are all of one size."""
    images(name, x, kinds)
    size = tuple(x.shape[2:])
    count = expand(f"{name}: output_size", output_size, len(size))
    not_empty(name, x)
    even = all(n % m == 0 for n, m in zip(size, count, strict=True))
    return count, tuple([n // m for n, m in zip(size, count, strict=True)]) if even else None


def _spans(n: int, m: int) -> Any:
    """Return where each window starts and stops, (m, 2)."""
    i = np.arange(m)
    return np.stack([i * n // m, -(-(i + 1) * n // m)], axis=1)


@lru_cache(maxsize=64)
def _members(n: int, m: int, means: bool) -> Any:
    """Return a matrix (m, n) that adds up the elements of each window, or takes their mean."""
    spans, place = _spans(n, m), np.arange(n)
    inside = ((place >= spans[:, :1]) & (place < spans[:, 1:])).astype(np.float64)
    return inside / inside.sum(axis=1, keepdims=True) if means else inside


def _products(x: Any, count: Shape, means: bool) -> Any:
    for axis, m in enumerate(count, 2):
        x = weighted(x, _members(x.shape[axis], m, means), axis)
    return x


__all__ = ["adaptive_lpnormpool", "adaptive_maxpool", "adaptive_meanpool"]
