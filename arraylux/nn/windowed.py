"""Pooling on NumPy: block by block, with the spatial axes in front.

In an image as it usually lies in memory, whatever one element of a window meets are short rows with gaps, and NumPy
spends more time on getting from row to row than on the numbers. So a block of channels, small enough to stay in the
cache, is copied with its spatial axes in front: each row is then as long as the block has channels, without gaps, and
the copies cost less than they save. Results lie in memory as the image does, which is often with the batch as the
last axis, since that is how convolutions write theirs.
"""
from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import memory

BLOCK = 2**18                   # elements of a block: a megabyte of float32


def _blocks(x: Any) -> Iterator[tuple[slice, ...]]:
    """Yield slices of the batch or of the channels, whichever lies further apart."""
    axis = 1 if len(x) == 1 or (x.shape[1] > 1 and x.strides[1] > x.strides[0]) else 0
    if x.size:
        step = max(1, BLOCK * x.shape[axis] // x.size)
        for start in range(0, x.shape[axis], step):
            yield (*[slice(None)] * axis, slice(start, start + step))


def _batch_last(x: Any) -> bool:
    """Say whether elements of different samples lie closer together than those of different channels."""
    nearer: bool = len(x) > 1 and x.shape[1] > 1 and x.strides[0] < x.strides[1]
    return nearer


def _like(x: Any, size: tuple[int, ...], dtype: Any) -> Any:
    """Return memory for images of another size that lie in memory as those of x do."""
    samples, channels = x.shape[:2]
    shape = (channels, *size, samples) if _batch_last(x) else (samples, channels, *size)
    y = memory.empty(shape, dtype) if math.prod(shape) > memory.LARGE else np.empty(shape, dtype)
    return y.transpose(y.ndim - 1, *range(y.ndim - 1)) if _batch_last(x) else y


def _turned(x: Any, batch_last: bool) -> Any:
    """Return a view with the spatial axes in front."""
    return x.transpose(*range(2, x.ndim), *((1, 0) if batch_last else (0, 1)))


def _in_front(x: Any, batch_last: bool) -> Any:
    return np.ascontiguousarray(_turned(x, batch_last))


def largest(x: Any, count: tuple[int, ...], taps: list[tuple[Any, Any]]) -> Any:
    """The largest number in each window; each of `taps` says at which places an element of the window meets what."""
    y, last = _like(x, count, x.dtype), _batch_last(x)
    for block in _blocks(x):
        image = _in_front(x[block], last)
        found = np.full((*count, *image.shape[-2:]), -np.inf, x.dtype)
        for at, met in taps:
            np.maximum(found[at], image[met], out=found[at])
        _turned(y[block], last)[...] = found
    return y


def put_back(g: Any, x: Any, y: Any, taps: list[tuple[Any, Any]]) -> Any:
    """Put cotangents where the largest numbers were, at the first of equal ones.

    A number is multiplied by 1 or 0 as if its bits were an integer's: exact, and without a NaN for infinity times 0.
    """
    total, last = _like(x, x.shape[2:], g.dtype), _batch_last(x)
    integer = np.dtype(f"i{g.dtype.itemsize}")
    for block in _blocks(x):
        image, found, back = [_in_front(a[block], last) for a in (x, y, g)]
        sums = np.zeros(image.shape, g.dtype)
        left, part = np.ones(found.shape, bool), np.empty(found.shape, g.dtype)
        for at, met in taps:
            wins = image[met] == found[at]
            wins &= left[at]
            left[at] ^= wins
            np.multiply(back.view(integer)[at], wins, out=part.view(integer)[at])
            where = sums[met]
            where += part[at]
        _turned(total[block], last)[...] = sums
    return total


def add_up(x: Any, size: tuple[int, ...], taps: list[tuple[Any, Any]]) -> Any:
    """Add what is at the second index of each pair to the first, for images of another size."""
    y, last = _like(x, size, x.dtype), _batch_last(x)
    for block in _blocks(x):
        image = _in_front(x[block], last)
        sums = np.zeros((*size, *image.shape[-2:]), x.dtype)
        for at, met in taps:
            where = sums[at]
            where += image[met]
        _turned(y[block], last)[...] = sums
    return y


__all__ = ["add_up", "largest", "put_back"]
