"""Convolution on NumPy: block by block, with the batch as the last axis.

A convolution is a matrix product, weight times columns, where a column is what one window sees. Written down whole,
the columns are many times the image. Here they are written for a block of places at a time, small enough to stay in
the cache, where writing them costs little; so the reverse rules write them again instead of keeping them.

Inside, axes are ordered (channels, *size, batch). Then whatever a tap meets along a row of places lies in one piece of
memory, however small the image, and copying it runs at the speed of memory. Results are returned as views of that
order, (batch, channels, *size) to everyone: elementwise functions keep it, so the next layer finds its input in order.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import memory
from .folding import check_library, interior, numpy_windows, padded_size, places, taps

Shape = tuple[int, ...]
BLOCK = 2**18                   # elements of columns in a block: a megabyte of float32
SMALL = 10**6                   # multiplications up to which BLAS takes its path for small matrices


def _empty(shape: Shape, dtype: Any) -> Any:
    return memory.empty(shape, dtype) if math.prod(shape) > memory.LARGE else np.empty(shape, dtype)


def _batch_last(x: Any, dtype: Any, padding: Shape = ()) -> Any:
    """Return (batch, channels, *size) as (channels, *size, batch) in one piece, with its padding."""
    moved = x.transpose(*range(1, x.ndim), 0)
    if not any(padding):
        return np.ascontiguousarray(moved, dtype)
    y = np.zeros((x.shape[1], *padded_size(x.shape[2:], padding), x.shape[0]), dtype)
    y[(*interior(x.shape[2:], padding), slice(None))] = moved
    return y


def _batch_first(x: Any) -> Any:
    """Return (channels, *size, batch) as a view (batch, channels, *size)."""
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def _blocks(count: Shape, column: int) -> Iterator[tuple[slice, ...]]:
    """Yield slices of the places, in each of which the columns take about BLOCK elements.

    `column` is how many elements there are for one place. A block is a run along one axis: whole along those behind
    it, and a single place along those before it, so that it is in one piece.
    """
    axis = 0
    while axis < len(count) - 1 and column * math.prod(count[axis + 1:]) > BLOCK:
        axis += 1
    step = max(1, BLOCK // max(1, column * math.prod(count[axis + 1:])))
    for before in itertools.product(*[range(n) for n in count[:axis]]):
        for start in range(0, count[axis], step):
            yield (*[slice(i, i + 1) for i in before], slice(start, min(start + step, count[axis])),
                   *[slice(0, n) for n in count[axis + 1:]])


def _multiply(a: Any, b: Any, out: Any) -> None:
    """Write a @ b, for stacks of matrices of which those in `a` are small, into `out`.

    Large products with a matrix of few rows are slow: BLAS packs them first. In pieces small enough for its other path
    they take about half the time. A column times a row it had better not be given at all.
    """
    (m, k), n = a.shape[-2:], b.shape[-1]
    width = SMALL // (m * k) // 64 * 64
    if k == 1:
        np.multiply(a, b, out=out)
    elif len(a) > 1 or not 0 < width < n:
        np.matmul(a, b, out=out)
    else:
        whole = n // width * width
        np.matmul(a, _pieces(b, width, whole), out=_pieces(out, width, whole))
        if whole < n:
            np.matmul(a, b[..., whole:], out=out[..., whole:])


def _multiply_transposed(a: Any, b: Any) -> Any:
    """Return a @ b^T for stacks of matrices with long rows, in pieces as above.

    That path has no quick way for rows times rows, unless they are very long: then b is better turned round first.
    """
    (_, m, n), k = a.shape, b.shape[1]
    width = SMALL // max(1, m * k) // 64 * 64
    if len(a) > 1 or not 0 < width < n:
        return np.matmul(a, b.mT)
    whole, turned = n // width * width, b.mT if width >= 1024 else np.ascontiguousarray(b.mT)
    products = np.matmul(_pieces(a, width, whole), turned[0, :whole].reshape(-1, width, k))
    return np.add.reduce(products, axis=0) + np.matmul(a[..., whole:], turned[:, whole:])


def _pieces(x: Any, width: int, whole: int) -> Any:
    """Return the first `whole` columns of a matrix as a stack of matrices with `width` columns."""
    return x[0, :, :whole].reshape(x.shape[1], -1, width).transpose(1, 0, 2)


def _piece(x: Any, block: tuple[slice, ...], groups: int) -> Any:
    """Return a block of (channels, *places, batch) as matrices (groups, channels / groups, places * batch)."""
    return x[(slice(None), *block)].reshape(groups, len(x) // groups, -1)


def _columns(x: Any, kernel: Shape, count: Shape, stride: Shape, dilation: Shape, groups: int) -> Iterator[Any]:
    """Yield each block and its columns (groups, channels / groups * taps, places * batch), in memory used again."""
    windows = numpy_windows(x, 1, kernel, count, stride, dilation)
    rows, samples = len(x) * math.prod(kernel), x.shape[-1]
    front, columns = (slice(None),) * (1 + len(kernel)), np.empty(0)
    for block in _blocks(count, rows * samples):
        seen = windows[front + block]
        if columns.shape != seen.shape:                      # at the first block, and at the last if it is smaller
            columns = _empty(seen.shape, x.dtype)
        np.copyto(columns, seen)
        yield block, columns.reshape(groups, rows // groups, -1)


def convolve(x: Any, weight: Any, bias: Any = None, *, stride: Shape, padding: Shape, dilation: Shape,
             groups: int) -> Any:
    """Weight times columns."""
    check_library("conv", x, weight, bias)
    dtype = np.result_type(x, weight) if bias is None else np.result_type(x, weight, bias)
    kernel = weight.shape[2:]
    count = places(x.shape[2:], kernel, stride, padding, dilation)
    y = _empty((len(weight), *count, len(x)), dtype)
    rows = np.ascontiguousarray(weight, dtype).reshape(groups, len(weight) // groups, -1)
    for block, columns in _columns(_batch_last(x, dtype, padding), kernel, count, stride, dilation, groups):
        piece = _piece(y, block, groups)
        _multiply(rows, columns, piece)
        if bias is not None:
            piece += bias.reshape(groups, -1, 1)
    return _batch_first(y)


def convolve_weight(x: Any, g: Any, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape,
                    groups: int) -> Any:
    """Columns times cotangents, summed over places and batch."""
    dtype = np.result_type(x, g)
    x, g = _batch_last(x, dtype, padding), _batch_last(g, dtype)
    total = np.zeros((groups, len(x) // groups * math.prod(kernel), len(g) // groups), dtype)
    for block, columns in _columns(x, kernel, g.shape[1:-1], stride, dilation, groups):
        total += _multiply_transposed(columns, _piece(g, block, groups))
    return np.ascontiguousarray(total.mT).reshape(len(g), len(x) // groups, *kernel)


def convolve_input(g: Any, weight: Any, bias: Any = None, *, size: Shape, stride: Shape, padding: Shape,
                   dilation: Shape, groups: int) -> Any:
    """Weight transposed times cotangents: columns, added up where the windows overlap."""
    check_library("conv_transpose", g, weight, bias)
    dtype = np.result_type(g, weight) if bias is None else np.result_type(g, weight, bias)
    kernel = weight.shape[2:]
    rest = tuple([d * (k - 1) - padding[2 * i + end] for i, (k, d) in enumerate(zip(kernel, dilation, strict=True))
                  for end in (0, 1)])
    if len(weight) == groups > 1 and weight.shape[1] == 1 and max(stride) == 1 and min(rest) >= 0:
        # Depthwise, the other way round: with the weight flipped this is a convolution, and three times as quick.
        return convolve(g, np.flip(weight, tuple(range(2, weight.ndim))), bias, stride=stride, padding=rest,
                        dilation=dilation, groups=groups)
    g = _batch_last(g, dtype)
    channels, samples, count = weight.shape[1] * groups, g.shape[-1], g.shape[1:-1]
    rows = np.ascontiguousarray(np.asarray(weight, dtype).reshape(groups, len(weight) // groups, -1).mT)
    total = np.zeros((channels, *padded_size(size, padding), samples), dtype)
    columns = np.empty(0)
    for block in _blocks(count, channels * math.prod(kernel) * samples):
        run = tuple([b.stop - b.start for b in block])
        shape = (channels, math.prod(kernel), *run, samples)
        if columns.shape != shape:
            columns = _empty(shape, dtype)
        _multiply(rows, _piece(g, block, groups), columns.reshape(*rows.shape[:2], -1))
        origin = tuple([slice(b.start * s, None) for b, s in zip(block, stride, strict=True)])
        below = total[(slice(None), *origin)]
        for i, tap in enumerate(taps(kernel, run, stride, dilation)):
            below[(slice(None), *tap)] += columns[:, i]
    if any(padding):
        total = total[(*interior(size, padding), slice(None))]
    if bias is not None:
        total += bias.reshape(-1, *(1,) * (total.ndim - 1))
    return _batch_first(total)


__all__ = ["convolve", "convolve_input", "convolve_weight"]
