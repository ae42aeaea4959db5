"""Windows that slide over images, `unfold` and its transpose `fold`: the geometry of convolutions.

A window has a kernel size and reaches the next place by a stride; dilation spreads its taps apart, and padding puts
zeros around the image. All of that is here, for one, two, three axes or any number of them. `unfold` writes what each
window sees into a column, so that a convolution is a matrix product with those columns; `fold` adds columns up where
windows overlap, which is the transpose. Both cost one operation on whole arrays for each tap of the window.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backend import device_of, library
from ..record import Record
from ..tracer.declare import Linear

Shape = tuple[int, ...]


class SamePad(Record):
    """As much padding as makes the result as large as x divided by the stride, rounded up.

    Where it can't be the same on both sides, the low side gets one more, as in Lux; `padding="same"` gives it to the
    high side, as PyTorch does. For a transposed convolution the result is as large as x times the stride.
    """


# --- settings -----------------------------------------------------------------------------------------------------
def expand(name: str, n: Any, axes: int, least: int = 1) -> Shape:
    """Return one whole number for each spatial axis, from a number or a sequence of them."""
    numbers = (n,) * axes if hasattr(n, "__index__") else tuple(n) if isinstance(n, (tuple, list)) else ()
    if len(numbers) != axes or not all(hasattr(i, "__index__") and i >= least for i in numbers):
        raise ValueError(f"{name} must be a whole number of at least {least}, or {axes} of them for {axes} spatial "
                         f"axes, got {n!r}")
    return tuple([int(i) for i in numbers])


def positive(name: str, n: Any) -> int:
    """Return a setting that is one whole number."""
    if not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"{name} must be a positive integer, got {n!r}")
    return int(n)


def expand_padding(name: str, padding: Any, kernel: Shape, stride: Shape, dilation: Shape,
                   transposed: bool = False) -> Shape:
    """Return the zeros before and after each spatial axis: (before, after, before, after, ...)."""
    axes = len(kernel)
    if isinstance(padding, SamePad) or padding == "same":
        total = [d * (k - 1) + (1 - s if transposed else 0) for k, s, d in zip(kernel, stride, dilation, strict=True)]
        if min(total) < 0:
            raise ValueError(f"{name}: padding for the same size needs a kernel that is no smaller than the stride, "
                             f"got the kernel {kernel} and the stride {stride}; give numbers, and output_padding")
        extra = [n % 2 if isinstance(padding, SamePad) else 0 for n in total]
        return tuple([side for n, e in zip(total, extra, strict=True) for side in (n // 2 + e, n - n // 2 - e)])
    if padding == "valid":
        return (0,) * (2 * axes)
    if isinstance(padding, (tuple, list)) and len(padding) == 2 * axes:
        return expand(f"{name}: padding", padding, 2 * axes, 0)
    if isinstance(padding, str):
        raise ValueError(f'{name}: padding must be a number, a tuple, "same", "valid" or SamePad(), got {padding!r}')
    return tuple([n for n in expand(f"{name}: padding", padding, axes, 0) for _ in range(2)])


def padded_size(size: Shape, padding: Shape) -> Shape:
    """Return the lengths of the spatial axes with the padding."""
    return tuple([n + before + after for n, before, after in zip(size, padding[::2], padding[1::2], strict=True)])


def places(size: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    """Return how many places a window has along each spatial axis."""
    return tuple([(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(
        padded_size(size, padding), kernel, stride, dilation, strict=True)])


def check_window(name: str, size: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    """Return the number of places, or raise ValueError if the window does not fit once."""
    count = places(size, kernel, stride, padding, dilation)
    if min(count) < 1:
        reach = tuple([d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)])
        raise ValueError(f"{name}: a window of size {reach}, dilation included, does not fit into x with spatial axes "
                         f"{size} and padding {padding}; use a smaller kernel or more padding")
    return count


def check_library(name: str, x: Any, *others: Any) -> None:
    """Raise TypeError if weight or bias are arrays of another library than x."""
    for other in others:
        if other is not None and type(other) is not type(x) and library(other) is not library(x):
            raise TypeError(f"{name}: x is an array of {library(x).__name__}, weight or bias one of "
                            f"{library(other).__name__}; move them to one device")


# --- windows of plain arrays --------------------------------------------------------------------------------------
def surrounded(x: Any, padding: Shape) -> Any:
    """Return x (samples, channels, *size) inside its zeros."""
    if not any(padding):
        return x
    size = padded_size(x.shape[2:], padding)
    y = library(x).zeros((*x.shape[:2], *size), dtype=x.dtype, device=device_of(x))
    y[interior(x.shape[2:], padding)] = x
    return y


def interior(size: Shape, padding: Shape) -> tuple[Any, ...]:
    """Return the index of an image within its padding."""
    return (..., *[slice(before, before + n) for n, before in zip(size, padding[::2], strict=True)])


def taps(kernel: Shape, count: Shape, stride: Shape, dilation: Shape) -> Iterator[tuple[slice, ...]]:
    """Yield for each tap of the window which elements of the padded image it meets, at all places."""
    for tap in itertools.product(*map(range, kernel)):
        yield tuple([slice(t * d, t * d + s * (n - 1) + 1, s)
                     for t, n, s, d in zip(tap, count, stride, dilation, strict=True)])


def gather(x: Any, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Any:
    """Return what all windows see: (samples, channels, taps, *places)."""
    count = places(x.shape[2:], kernel, stride, padding, dilation)
    x = surrounded(x, padding)
    return library(x).stack([x[(..., *tap)] for tap in taps(kernel, count, stride, dilation)], axis=2)


def numpy_windows(x: Any, first: int, kernel: Shape, count: Shape, stride: Shape, dilation: Shape) -> Any:
    """Return what all windows see as a view of a NumPy array whose spatial axes start at `first` and have their
    padding: the axes of the kernel and those of the places stand where the spatial axes were."""
    last = first + len(kernel)
    steps = x.strides[first:last]
    strides = (*x.strides[:first], *[s * d for s, d in zip(steps, dilation, strict=True)],
               *[s * n for s, n in zip(steps, stride, strict=True)], *x.strides[last:])
    shape = (*x.shape[:first], *kernel, *count, *x.shape[last:])
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def overlap(columns: Any, size: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Any:
    """Add what windows hold, (samples, channels, taps, *places), where they were taken from: the transpose of
    `gather`."""
    total = library(columns).zeros((*columns.shape[:2], *padded_size(size, padding)), dtype=columns.dtype,
                                   device=device_of(columns))
    for i, tap in enumerate(taps(kernel, columns.shape[3:], stride, dilation)):
        total[(..., *tap)] += columns[:, :, i, ...]
    return total[interior(size, padding)] if any(padding) else total


# --- unfold and fold ----------------------------------------------------------------------------------------------
def _run_unfold(x: Any, *, kernel: Shape, **settings: Shape) -> Any:
    columns = gather(x, kernel, **settings)
    samples, channels, k, *count = columns.shape
    return library(x).reshape(columns, (samples, channels * k, math.prod(count)))


def _np_unfold(x: Any, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Any:
    count = places(x.shape[2:], kernel, stride, padding, dilation)
    windows = numpy_windows(surrounded(x, padding), 2, kernel, count, stride, dilation)
    columns = np.empty((x.shape[0], x.shape[1] * math.prod(kernel), math.prod(count)), x.dtype)
    np.copyto(columns.reshape(windows.shape), windows)
    return columns


def _run_fold(columns: Any, *, size: Shape, kernel: Shape, **settings: Shape) -> Any:
    count, k = places(size, kernel, **settings), math.prod(kernel)
    columns = library(columns).reshape(columns, (columns.shape[0], columns.shape[1] // k, k, *count))
    return overlap(columns, size, kernel, **settings)


_unfold: Linear = Linear("unfold", lambda g, x, **window: _fold(g, size=tuple(x.shape[2:]), **window), run=_run_unfold,
                         numpy=_np_unfold)
_fold: Linear = Linear("fold", lambda g, x, size, **window: _unfold(g, **window), run=_run_fold)


def _window(name: str, axes: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> dict[str, Shape]:
    kernel, stride = expand(f"{name}: kernel_size", kernel_size, axes), expand(f"{name}: stride", stride, axes)
    dilation = expand(f"{name}: dilation", dilation, axes)
    return {"kernel": kernel, "stride": stride, "dilation": dilation,
            "padding": expand_padding(name, padding, kernel, stride, dilation)}


def unfold(x: Any, kernel_size: int | Shape, *, stride: int | Shape = 1, padding: Any = 0,
           dilation: int | Shape = 1) -> Any:
    """Write what each window of an image sees into a column (im2col).

    Arguments: `x` (batch, channels, *size); `kernel_size`, `stride`, `padding` and `dilation` as for `conv`.

    Returns: an array (batch, channels * taps, places); channels come first, then taps row by row, as in PyTorch.

    Errors: ValueError if a setting has the wrong form, or the window does not fit.

    >>> unfold(np.arange(4.0).reshape(1, 1, 4), 2)
    array([[[0., 1., 2.],
            [1., 2., 3.]]])
    """
    window = _window("unfold", _axes("unfold", x), kernel_size, stride, padding, dilation)
    check_window("unfold", tuple(x.shape[2:]), **window)
    return _unfold(x, **window)


def fold(x: Any, output_size: Shape, kernel_size: int | Shape, *, stride: int | Shape = 1, padding: Any = 0,
         dilation: int | Shape = 1) -> Any:
    """Add columns up to an image, where windows overlap: the transpose of `unfold` (col2im).

    Arguments: `x` (batch, channels * taps, places); `output_size`, the lengths of the image's spatial axes; the others
    as for `conv`.

    Returns: an array (batch, channels, *output_size).

    Errors: ValueError if a setting has the wrong form, or x not the shape that `unfold` gives for such an image.

    >>> fold(np.ones((1, 2, 3)), (4,), 2)
    array([[[1., 2., 2., 1.]]])
    """
    size = tuple(output_size)
    window = _window("fold", len(size), kernel_size, stride, padding, dilation)
    count, k = check_window("fold", size, **window), math.prod(window["kernel"])
    if len(x.shape) != 3 or x.shape[1] % k or x.shape[2] != math.prod(count):
        raise ValueError(f"fold: x must have the shape (batch, {k} * channels, {math.prod(count)}) for images of size "
                         f"{size} and windows of size {window['kernel']}, got {tuple(x.shape)}")
    return _fold(x, size=size, **window)


def _axes(name: str, x: Any) -> int:
    if len(x.shape) < 3:
        raise ValueError(f"{name}: x has the shape {tuple(x.shape)}, expected (batch, channels, *size); an image "
                         "without these axes gets them by x[None, None]")
    return len(x.shape) - 2


__all__ = ["SamePad", "fold", "unfold"]
