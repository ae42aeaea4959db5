"""Samples of pooling: one to three spatial axes, windows that overlap, that leave gaps, that reach beyond the border.

The numbers of a maximum are a random order of equally spaced ones: far enough apart for finite differences.
"""
from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from domains import Domain, Sample, anything

Shape = tuple[int, ...]


def window(kernel: Shape, stride: Any = None, padding: Any = 0, dilation: int = 1) -> dict[str, Shape]:
    axes = len(kernel)
    return {"kernel": kernel, "stride": kernel if stride is None else (stride,) * axes,
            "padding": padding if isinstance(padding, tuple) else (padding,) * 2 * axes, "dilation": (dilation,) * axes}


CASES: list[tuple[Shape, dict[str, Shape]]] = [
    ((2, 3, 6), window((2,))),
    ((2, 2, 7), window((3,), stride=2, padding=(1, 2))),
    ((2, 2, 4, 5), window((2, 2))),
    ((1, 2, 5, 6), window((3, 2), stride=2, padding=(1, 0, 1, 1))),
    ((2, 1, 5, 6), window((2, 3), stride=1, padding=1, dilation=2)),
    ((2, 3, 5, 4), window((1, 2), stride=3)),
    ((1, 2, 3, 4, 3), window((2, 2, 2), stride=1, padding=1)),
    ((0, 2, 4), window((2,))),
]


def spread(*shape: int) -> Domain:
    n = math.prod(shape)
    return Domain(shape, lambda rng, shape: (rng.permutation(n).reshape(shape) - n / 2) / 8)


def largest(x: Any, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Any:
    """Return the largest number in each window, place by place."""
    count = [(n + before + after - d * (k - 1) - 1) // s + 1 for n, k, s, before, after, d in zip(
        x.shape[2:], kernel, stride, padding[::2], padding[1::2], dilation, strict=True)]
    y = np.full((*x.shape[:2], *count), -np.inf)
    for place in itertools.product(*map(range, count)):
        for tap in itertools.product(*map(range, kernel)):
            i = [p * s + t * d - before for p, s, t, d, before in zip(place, stride, tap, dilation, padding[::2],
                                                                      strict=True)]
            if all(0 <= a < n for a, n in zip(i, x.shape[2:], strict=True)):
                y[(..., *place)] = np.maximum(y[(..., *place)], x[(..., *i)])
    return y


POOLING: dict[str, list[Sample]] = {name: [] for name in ("max_pool", "pick_max", "put_max", "sum_pool", "share_pool")}
for number, (shape, form) in enumerate(CASES):
    x = np.asarray(np.random.default_rng(number).permutation(math.prod(shape)).reshape(shape), float)
    x[x % 5 == 0] = math.prod(shape)                      # equal elements: the first counts
    y = largest(x, **form)
    POOLING["max_pool"].append(Sample((spread(*shape),), form))
    POOLING["pick_max"].append(Sample((anything(*shape), x, y), form, True))
    POOLING["put_max"].append(Sample((anything(*y.shape), x, y), form, True))
    POOLING["sum_pool"].append(Sample((anything(*shape),), {"size": shape[2:], **form}, True))
    POOLING["share_pool"].append(Sample((anything(*y.shape),), {"size": shape[2:], **form}, True))
