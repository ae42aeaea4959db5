"""Borders and windows: `pad` and `sliding_window_view`.

A window that slides along an axis reads most elements several times, so the transpose adds its pictures up where they
overlap: one addition of whole slices for each place in the window, never one for each element. A border is a part of
the array itself, read once more (mirrored, repeated, wrapped around), or a number that is known from it.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import device_of, library
from ..tracer.batch import BATCHING, Mapping
from ..tracer.core import Primitive
from ..tracer.declare import Linear
from ..tracer.fitting import times
from .creation import asarray
from .elementwise import astype
from .indexing import index_set, take
from .numpylike import arrays, for_numpy
from .pairs import add, subtract
from .products import tensordot
from .quantiles import median
from .reducing import max, mean, min
from .shaping import along, broadcast_to, concat, counted, moveaxis

Shape = tuple[int, ...]
Widths = list[tuple[int, int]]


# --- windows ----------------------------------------------------------------------------------------------------------
def _run_windows(x: Any, *, window: Shape, axes: Shape) -> Any:
    for size, axis in zip(window, axes, strict=True):
        count = x.shape[axis] - size + 1
        x = library(x).stack([x[along(axis, slice(k, k + count))] for k in range(size)], axis=-1)
    return x


def _numpy_windows(x: Any, *, window: Shape, axes: Shape) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, window, axes)


def _run_overlap(g: Any, *, shape: Shape, window: Shape, axes: Shape) -> Any:
    for size, axis in zip(window[::-1], axes[::-1], strict=True):
        count = g.shape[axis]
        total = library(g).zeros((*g.shape[:axis], count + size - 1, *g.shape[axis + 1:-1]), dtype=g.dtype,
                                 device=device_of(g))
        if size <= count:
            for k in range(size):
                total[along(axis, slice(k, k + count))] += g[..., k]
        else:                                           # few long windows: one addition for each of them
            rows = library(g).moveaxis(g, (axis, -1), (0, axis + 1))
            for k in range(count):
                total[along(axis, slice(k, k + size))] += rows[k, ...]
        g = total
    return g


_windows: Linear = Linear("sliding_windows", lambda g, x, window, axes: _overlap(g, shape=x.shape, window=window,
                                                                               axes=axes),
                          run=_run_windows, numpy=_numpy_windows)
_overlap: Linear = Linear("overlap_add", lambda g, x, shape, window, axes: _windows(g, window=window, axes=axes),
                          run=_run_overlap)


def _map_windows(primitive: Primitive, args: Any, stacked: Any, params: dict[str, Any], trace: Mapping) -> Any:
    """Many samples at once: the axes are counted one further."""
    shape = {"shape": (trace.samples, *params["shape"])} if "shape" in params else {}
    return primitive(*args, window=params["window"], axes=tuple([a + 1 for a in params["axes"]]), **shape)


BATCHING.update({"sliding_windows": _map_windows, "overlap_add": _map_windows})


def sliding_window_view(x: Any, window_shape: int | Shape, axis: int | Shape | None = None, *, subok: bool = False,
                        writeable: bool = False) -> Any:
    """All windows of a shape that slide over an array, by steps of one.

    Arguments: `x`; `window_shape`, the length of the window along each axis, or along those that `axis` names.

    Returns: an array whose last axes are those of the windows; each axis that is slid along is shorter by the length of
    the window less one. It is read, never written: on NumPy it is a view.

    Errors: ValueError for a window that does not fit.

    >>> sliding_window_view(np.array([1.0, 2.0, 3.0, 4.0]), 3)
    array([[1., 2., 3.],
           [2., 3., 4.]])
    """
    x, = arrays(x)
    window = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    axes = tuple([counted(a, x.ndim) for a in axes])
    if len(axes) != len(window):
        raise ValueError(f"sliding_window_view: a window of shape {window} needs as many axes, got {len(axes)} of an "
                         f"array of shape {tuple(x.shape)}; name them by axis=")
    left = list(x.shape)
    for size, a in zip(window, axes, strict=True):
        left[a] -= size - 1
        if size < 1 or left[a] < 1:
            raise ValueError(f"sliding_window_view: a window of shape {window} along the axes {axes} does not fit into "
                             f"an array of shape {tuple(x.shape)}")
    return _windows(x, window=window, axes=axes)


# --- borders ------------------------------------------------------------------------------------------------------
_STATISTICS = {"maximum": max, "minimum": min, "mean": mean, "median": median}
_PLACES = ("edge", "reflect", "symmetric", "wrap")
_OPTIONS = {"constant": "constant_values", "linear_ramp": "end_values", "reflect": "reflect_type",
            "symmetric": "reflect_type", **dict.fromkeys(_STATISTICS, "stat_length")}


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Put borders around an array.

    Arguments: `array`; `pad_width`, how many elements before and after: one number, `(before, after)`, a pair for each
    axis, or a dict of those by axis. `mode`, what the borders are: `"constant"`, with `constant_values`; the values at
    the `"edge"`; a `"linear_ramp"` to `end_values`; the `"maximum"`, `"minimum"`, `"mean"` or `"median"` of the
    `stat_length` elements next to them; the array mirrored at the edge (`"reflect"`, or `"symmetric"` with the edge
    itself twice; `reflect_type="odd"` mirrors the values as well); or its other end (`"wrap"`).

    Returns: the larger array.

    Errors: ValueError for a mode or an option that there is not, or widths that do not fit.

    >>> pad(np.array([1.0, 2.0, 3.0]), (2, 1), "reflect")
    array([3., 2., 1., 2., 3., 2.])
    """
    if mode not in (*_OPTIONS, *_PLACES):
        known = ", ".join(sorted({*_OPTIONS, *_PLACES}))
        raise ValueError(f"pad: mode {mode!r} has no derivative; the modes are {known}")
    if set(kwargs) - {_OPTIONS.get(mode)}:
        raise ValueError(f"pad: mode {mode!r} has no option {', '.join(sorted(kwargs))}")
    if for_numpy(array, *kwargs.values()):
        return np.pad(array, pad_width, mode, **kwargs)
    x, = arrays(array)
    widths = _widths(pad_width, tuple(x.shape))
    option = next(iter(kwargs.values()), 0 if mode in ("constant", "linear_ramp") else None)
    if mode == "constant" and isinstance(option, (int, float, complex)):
        return _surrounded(x, widths, option)
    options = [(option, option)] * x.ndim if option is None or isinstance(option, str) else _pairs(option, x)
    for axis, (width, choice) in enumerate(zip(widths, options, strict=True)):
        if width != (0, 0):
            parts = _borders(x, axis, width, mode, choice)
            x = concat([part for part in (parts[0], x, parts[1]) if part.shape[axis]], axis=axis)
    return x


def _widths(pad_width: Any, shape: Shape) -> Widths:
    """Return how many elements come before and after along each axis."""
    if isinstance(pad_width, dict):
        pairs = [(0, 0)] * len(shape)
        for axis, width in pad_width.items():
            pairs[counted(axis, len(shape))] = (width, width) if isinstance(width, int) else tuple(width)
        pad_width = pairs
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (len(shape), 2))
        right = widths.dtype.kind in "iu" and bool((widths >= 0).all())
    except ValueError:
        right = False
    if not right:
        raise ValueError(f"pad: pad_width is a whole number, (before, after), or one such pair for each axis of shape "
                         f"{shape}, none negative; got {pad_width!r}")
    return [(int(before), int(after)) for before, after in widths]


def _pairs(option: Any, x: Any) -> Sequence[tuple[Any, Any]]:
    """Return an option for both borders of each axis; its values may be traced."""
    if for_numpy(option):
        return [(pair[0], pair[1]) for pair in np.broadcast_to(np.asarray(option), (x.ndim, 2)).tolist()]
    values = broadcast_to(asarray(option, like=x), (x.ndim, 2))
    return [(values[i, 0], values[i, 1]) for i in range(x.ndim)]


def _surrounded(x: Any, widths: Widths, value: complex) -> Any:
    """Return x inside an array of one value."""
    shape = tuple([before + n + after for n, (before, after) in zip(x.shape, widths, strict=True)])
    middle = tuple([slice(before, before + n) for n, (before, _) in zip(x.shape, widths, strict=True)])
    whole = asarray(np.broadcast_to(np.asarray(value), shape), like=x, dtype=x.dtype, copy=True)
    return index_set(whole, x, index=middle)


def _borders(x: Any, axis: int, width: tuple[int, int], mode: Any, option: Any) -> list[Any]:
    """Return what comes before and after x along one axis."""
    n = x.shape[axis]
    if n == 0 and mode != "constant":
        raise ValueError(f"pad: axis {axis} of shape {tuple(x.shape)} is empty, so mode {mode!r} has nothing to go by; "
                         'use mode="constant"')
    if mode in _PLACES:
        return _read_again(x, axis, width, mode, option)
    borders = []
    for size, choice, at_end in zip(width, option, (False, True), strict=True):
        shape = (*x.shape[:axis], size, *x.shape[axis + 1:])
        if mode == "constant":
            value = astype(asarray(choice, like=x), dtype=x.dtype)
        elif mode == "linear_ramp":
            edge = x[along(axis, slice(n - 1, n) if at_end else slice(0, 1))]
            steps = np.arange(1, size + 1) if at_end else np.arange(size, 0, -1)
            part = asarray((steps / np.maximum(size, 1)).reshape((-1,) + (1,) * (x.ndim - axis - 1)), like=x,
                           dtype=x.dtype)
            value = add(edge, times(subtract(astype(asarray(choice, like=x), dtype=x.dtype), edge), part))
        else:
            length = n if choice is None else np.minimum(n, choice)
            value = _STATISTICS[mode](x[along(axis, slice(n - length, n) if at_end else slice(0, length))], axis=axis,
                                      keepdims=True)
        borders.append(broadcast_to(value, shape))
    return borders


def _read_again(x: Any, axis: int, width: tuple[int, int], mode: Any, kind: tuple[str | None, str | None]) -> list[Any]:
    """Return borders that are elements of x. Which ones, NumPy is asked, by letting it pad their numbers."""
    n = x.shape[axis]
    if kind[0] == "odd":                                # sums of elements: what it makes of unit vectors
        matrix = np.pad(np.eye(n), (width, (0, 0)), mode, reflect_type="odd")
        parts = [asarray(np.ascontiguousarray(m), like=x, dtype=x.dtype) for m in (matrix[:width[0]],
                                                                                  matrix[width[0] + n:])]
        return [moveaxis(tensordot(m, x, axes=((1,), (axis,))), 0, axis) for m in parts]
    places = np.pad(np.arange(n), width, mode)
    return [take(x, asarray(p, like=x), axis=axis) for p in (places[:width[0]], places[width[0] + n:])]


__all__ = ["pad", "sliding_window_view"]
