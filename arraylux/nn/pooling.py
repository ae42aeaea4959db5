"""Pooling: one number for each window of an image, the largest or the mean of what it sees.

The largest number of a window is one of its elements, so for a given image pooling is linear: a tangent is picked
where the number was, a cotangent is put back there, and these two are each other's transpose. Sums over windows are
linear as they stand, and means and norms are made of them. A window at the border sees less: padding stands for
nothing where the largest is wanted, and for zeros in a sum. Both kinds can be done axis by axis, which is cheaper for
large windows.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

from ..backend import device_of, kind, library
from ..rules.batching import everywhere
from ..rules.elementwise import abs, sqrt, square
from ..rules.pairs import divide, equal, pow, where
from ..rules.shaping import reshape
from ..tracer.batch import BATCHING, Mapping
from ..tracer.core import Primitive, home, strip
from ..tracer.declare import Custom, Linear
from ..tracer.fitting import times
from . import windowed
from .folding import check_window, expand, expand_padding, places

Shape = tuple[int, ...]
LARGE = 16                      # elements of a window from which on it is pooled axis by axis


def seen(size: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Iterator[tuple[Any, Any]]:
    """Yield for each element of a window, row by row, at which places it is within the image, and what it meets."""
    count = places(size, kernel, stride, padding, dilation)
    for tap in itertools.product(*map(range, kernel)):
        at, image = [], []
        for t, n, c, s, before, d in zip(tap, size, count, stride, padding[::2], dilation, strict=True):
            offset = t * d - before
            first, last = -(min(offset, 0) // s), min(c - 1, (n - 1 - offset) // s)
            at.append(slice(first, last + 1))
            image.append(slice(first * s + offset, last * s + offset + 1, s))
        if all(a.start < a.stop for a in at):
            yield (..., *at), (..., *image)


# --- any library --------------------------------------------------------------------------------------------------
def _places_of(x: Any, window: dict[str, Shape]) -> Shape:
    return (*x.shape[:2], *places(x.shape[2:], **window))


def _run_max(x: Any, **window: Shape) -> Any:
    xp = library(x)
    y = xp.full(_places_of(x, window), -math.inf, dtype=x.dtype, device=device_of(x))
    for at, image in seen(x.shape[2:], **window):
        y[at] = xp.maximum(y[at], x[image])
    return y


def _winning(x: Any, y: Any, window: dict[str, Shape]) -> Iterator[tuple[Any, Any, Any]]:
    """Yield places, what they meet, and where that is the first element that is as large as the result."""
    xp = library(x)
    left = xp.ones(y.shape, dtype=xp.bool, device=device_of(y))
    for at, image in seen(x.shape[2:], **window):
        wins = xp.logical_and(x[image] == y[at], left[at])
        left[at] = xp.logical_xor(left[at], wins)
        yield at, image, wins


def _run_pick(t: Any, x: Any, y: Any, **window: Shape) -> Any:
    xp = library(t)
    picked = xp.zeros(y.shape, dtype=t.dtype, device=device_of(t))
    for at, image, wins in _winning(x, y, window):
        picked[at] = xp.where(wins, t[image], picked[at])
    return picked


def _run_put(g: Any, x: Any, y: Any, **window: Shape) -> Any:
    xp = library(g)
    total = xp.zeros(x.shape, dtype=g.dtype, device=device_of(g))
    zero = xp.zeros((), dtype=g.dtype, device=device_of(g))
    for at, image, wins in _winning(x, y, window):
        total[image] += xp.where(wins, g[at], zero)
    return total


def _run_sum(x: Any, *, size: Shape, **window: Shape) -> Any:
    y = library(x).zeros(_places_of(x, window), dtype=x.dtype, device=device_of(x))
    for at, image in seen(size, **window):
        y[at] += x[image]
    return y


def _run_share(g: Any, *, size: Shape, **window: Shape) -> Any:
    total = library(g).zeros((*g.shape[:2], *size), dtype=g.dtype, device=device_of(g))
    for at, image in seen(size, **window):
        total[image] += g[at]
    return total


# --- NumPy --------------------------------------------------------------------------------------------------------
def _taps(size: Shape, window: dict[str, Shape]) -> list[tuple[Any, Any]]:
    """Return the pairs of `seen` as indices of arrays that have their spatial axes in front."""
    return [(at[1:], image[1:]) for at, image in seen(size, **window)]


def _np_max(x: Any, **window: Shape) -> Any:
    return windowed.largest(x, places(x.shape[2:], **window), _taps(x.shape[2:], window))


def _np_put(g: Any, x: Any, y: Any, **window: Shape) -> Any:
    if g.dtype.itemsize > 8:
        return _run_put(g, x, y, **window)
    return windowed.put_back(g, x, y, _taps(x.shape[2:], window))


def _np_sum(x: Any, *, size: Shape, **window: Shape) -> Any:
    return windowed.add_up(x, places(size, **window), _taps(size, window))


def _np_share(g: Any, *, size: Shape, **window: Shape) -> Any:
    return windowed.add_up(g, size, [(image, at) for at, image in _taps(size, window)])


# --- the primitives -----------------------------------------------------------------------------------------------
_pick: Linear = Linear("pick_max", lambda g, t, x, y, **window: _put(g, x, y, **window), keeps="12", run=_run_pick)
_put: Linear = Linear("put_max", lambda t, g, x, y, **window: _pick(t, x, y, **window), keeps="12", run=_run_put,
                      numpy=_np_put)
_max = Custom("max_pool", jvp=lambda t, y, x, **window: _pick(t[0], strip(x), strip(y), **window),
              vjp=lambda g, y, x, **window: (_put(g, strip(x), strip(y), **window),), keeps="0y", run=_run_max,
              numpy=_np_max)
_sum: Linear = Linear("sum_pool", lambda g, x, **window: _share(g, **window), run=_run_sum, numpy=_np_sum)
_share: Linear = Linear("share_pool", lambda g, x, **window: _sum(g, **window), run=_run_share, numpy=_np_share)


def _more_images(primitive: Primitive, args: list[Any], stacked: list[bool], params: Any, trace: Mapping) -> Any:
    """Count samples as more of the batch."""
    full = [everywhere(a, s, trace) for a, s in zip(args, stacked, strict=True)]
    y = primitive(*[reshape(a, (a.shape[0] * a.shape[1], *a.shape[2:])) for a in full], **params)
    return reshape(y, (*full[0].shape[:2], *y.shape[1:]))


BATCHING.update(dict.fromkeys(("max_pool", "pick_max", "put_max", "sum_pool", "share_pool"), _more_images))


def _by_axis(f: Callable[..., Any], x: Any, window: dict[str, Shape]) -> Any:
    """Pool along all axes at once, or along one after the other, from the last on: equal elements then come in the
    same order."""
    kernel = window["kernel"]
    if math.prod(kernel) <= LARGE:
        return f(x, **window)
    for axis in reversed(range(len(kernel))):
        only = {key: tuple([n if i == axis else 1 for i, n in enumerate(window[key])])
                for key in ("kernel", "stride", "dilation")}
        only["padding"] = tuple([n if i // 2 == axis else 0 for i, n in enumerate(window["padding"])])
        x = f(x, **only)
    return x


def _sums(x: Any, **window: Shape) -> Any:
    return _sum(x, size=tuple(x.shape[2:]), **window)


def repeated(x: Any, times_each: Shape) -> Any:
    """Return each element as often as this along each spatial axis: the transpose of sums over windows."""
    axes = len(times_each)

    def grown(x: Any, **window: Shape) -> Any:
        size = tuple([n * k for n, k in zip(x.shape[2:], window["kernel"], strict=True)])
        return _share(x, size=size, **window)

    return _by_axis(grown, x, {"kernel": times_each, "stride": times_each, "padding": (0,) * 2 * axes,
                               "dilation": (1,) * axes})


# --- windows ------------------------------------------------------------------------------------------------------
def maxpool(x: Any, window: int | Shape, *, stride: int | Shape | None = None, padding: Any = 0,
            dilation: int | Shape = 1) -> Any:
    """The largest number in each window.

    Arguments: `x` (batch, channels, *size), real; `window`, its length, a number or one for each spatial axis;
    `stride`, how far it goes from place to place (`None`: its length); `padding`, how far it reaches beyond the
    border, where there is nothing: a number, one for each axis, two for each axis (before, after, before, ...),
    `"valid"`, `"same"` or `SamePad()`; `dilation`, the distance of its elements.

    Returns: an array (batch, channels, *places) with (size + padding - dilation (window - 1) - 1) // stride + 1 places
    along each axis. Of equal elements the first has the derivative.

    Errors: ValueError if a setting has the wrong form or the window does not fit; TypeError if x is not real floating
    point.

    >>> import numpy as np
    >>> maxpool(np.array([[[1.0, 4.0, 3.0, 2.0]]]), 2)
    array([[[4., 3.]]])
    """
    settings = _fitting("maxpool", x, "f", window, stride, padding, dilation)
    check_reach("maxpool", settings)
    return _by_axis(_max, x, settings)


def meanpool(x: Any, window: int | Shape, *, stride: int | Shape | None = None, padding: Any = 0,
             dilation: int | Shape = 1, count_include_pad: bool = True) -> Any:
    """The mean of the numbers in each window.

    Arguments: as for `maxpool`, and x may be complex; the padding is zeros, which count as elements of the window
    unless `count_include_pad` is `False`.

    Returns: an array (batch, channels, *places). Errors: as for `maxpool`.

    >>> import numpy as np
    >>> meanpool(np.array([[[1.0, 4.0, 3.0, 2.0]]]), 2)
    array([[[2.5, 2.5]]])
    """
    settings = _fitting("meanpool", x, "fc", window, stride, padding, dilation)
    total = _by_axis(_sums, x, settings)
    if count_include_pad or not any(settings["padding"]):
        return times(total, 1 / math.prod(settings["kernel"]))
    check_reach("meanpool", settings)
    xp, device = home(x)
    return divide(total, _by_axis(_sums, xp.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=device), settings))


def lpnormpool(x: Any, p: float, window: int | Shape, *, stride: int | Shape | None = None, padding: Any = 0,
               dilation: int | Shape = 1) -> Any:
    """The p-norm of the numbers in each window, the p-th root of the sum of |x|^p; its derivative at zero is zero.

    Arguments: as for `maxpool`, with zeros as padding; `p`, a positive number.

    Returns: an array (batch, channels, *places). Errors: as for `maxpool`; ValueError if p is not positive.

    >>> import numpy as np
    >>> lpnormpool(np.array([[[3.0, 4.0, 5.0, 12.0]]]), 2, 2)
    array([[[ 5., 13.]]])
    """
    check_power("lpnormpool", p)
    settings = _fitting("lpnormpool", x, "f", window, stride, padding, dilation)
    return norm_of_sums(x, p, lambda powers: _by_axis(_sums, powers, settings))


def norm_of_sums(x: Any, p: float, add: Callable[[Any], Any]) -> Any:
    """Return the root of the sum of powers, with a safe detour around the infinite slope of a root at zero."""
    total = add(square(x) if p == 2 else pow(abs(x), p))
    zero = equal(total, 0)
    safe = where(zero, 1.0, total)
    return where(zero, 0.0, sqrt(safe) if p == 2 else pow(safe, 1 / p))


# --- settings -----------------------------------------------------------------------------------------------------
def images(name: str, x: Any, kinds: str = "fc") -> None:
    """Raise unless x is an array (batch, channels, *size) of floating-point numbers."""
    if kind(x.dtype) not in kinds:
        expected = "floating-point" if "c" in kinds else "real floating-point"
        raise TypeError(f"{name}: x has dtype {x.dtype}, expected a {expected} one; convert it, as with "
                        "x.astype('float32')")
    if len(x.shape) < 3:
        raise ValueError(f"{name}: x has the shape {tuple(x.shape)}, expected (batch, channels, *size); an image "
                         "without these axes gets them by x[None, None]")


def not_empty(name: str, x: Any) -> None:
    """Raise ValueError if a spatial axis has no elements."""
    if min(x.shape[2:]) < 1:
        raise ValueError(f"{name}: x of shape {tuple(x.shape)} has an empty spatial axis, so there is nothing to read")


def settings_of(name: str, axes: int, window: Any, stride: Any, padding: Any, dilation: Any) -> dict[str, Shape]:
    """Return the settings of a window, each with as many numbers as it has for all spatial axes."""
    kernel, apart = expand(f"{name}: window", window, axes), expand(f"{name}: dilation", dilation, axes)
    step = kernel if stride is None else expand(f"{name}: stride", stride, axes)
    return {"kernel": kernel, "stride": step, "padding": expand_padding(name, padding, kernel, step, apart),
            "dilation": apart}


def _fitting(name: str, x: Any, kinds: str, *settings: Any) -> dict[str, Shape]:
    images(name, x, kinds)
    not_empty(name, x)
    window = settings_of(name, len(x.shape) - 2, *settings)
    check_window(name, tuple(x.shape[2:]), **window)
    return window


def check_power(name: str, p: Any) -> None:
    """Raise ValueError unless p can be the power of a norm."""
    if not isinstance(p, (int, float)) or not 0 < p < math.inf:
        raise ValueError(f"{name}: p must be a positive number, got {p!r}; the limit for large p is maxpool")


def check_reach(name: str, window: dict[str, Shape]) -> None:
    """Raise ValueError if a window could lie outside of the image, where there is nothing to choose from."""
    reach = [d * (k - 1) + 1 for k, d in zip(window["kernel"], window["dilation"], strict=True)]
    if any(n >= reach[i // 2] for i, n in enumerate(window["padding"])):
        raise ValueError(f"{name}: padding {window['padding']} must be smaller than the window, dilation included, "
                         f"{tuple(reach)}: a window beyond the border sees nothing; use less padding")


__all__ = ["lpnormpool", "maxpool", "meanpool"]
