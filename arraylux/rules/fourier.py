"""Chapter 10: Fourier transforms.

A Fourier transform is a matrix whose inverse is its adjoint but for a factor, and the three norms only say which of
the two directions carries it. So the transpose of a transform is the opposite transform in the opposite norm, and no
factor is ever written out. The transforms of real arrays keep half of a spectrum whose other half is its mirror image:
in their transposes the bins that stand for two count twice, or half. Padding and truncating are steps of their own,
concatenations and slices whose rules stand in the chapter on shapes.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library, real_dtype
from ..tracer.core import home
from ..tracer.declare import Linear, fit
from ..tracer.fitting import adjoint, times
from .elementwise import astype
from .shaping import along, concat, counted, roll

_OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
Axes = int | Sequence[int] | None


def _as_complex(x: Any) -> Any:
    """Return x as a complex array of its precision: the standard transforms no other."""
    if kind(x.dtype) == "c":
        return x
    xp = home(x)[0]
    return astype(x, dtype=xp.result_type(x.dtype, xp.complex64))


def _run_fftn(x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
    return library(x).fft.fftn(_as_complex(x), axes=axes, norm=norm)


def _run_ifftn(x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
    return library(x).fft.ifftn(_as_complex(x), axes=axes, norm=norm)


def _run_rfft(x: Any, *, axis: int, norm: str) -> Any:
    return library(x).fft.rfft(x, axis=axis, norm=norm)


def _run_irfft(x: Any, *, n: int, axis: int, norm: str) -> Any:
    return library(x).fft.irfft(_as_complex(x), n=n, axis=axis, norm=norm)


def _weighted(half: Any, n: int, axis: int, weight: float) -> Any:
    """Multiply those bins of half a spectrum that stand for two by a weight.

    Frequency zero, and n / 2 for an even n, are their own mirror images.
    """
    xp, device = home(half)
    ones = xp.ones(n // 2 + 1, dtype=real_dtype(half.dtype), device=device)
    k = xp.arange(n // 2 + 1, device=device)
    weights = xp.where(xp.logical_and(k > 0, 2 * k < n), weight * ones, ones)
    return times(half, xp.reshape(weights, (-1,) + (1,) * (half.ndim - axis - 1)))


def _pull_rfft(g: Any, x: Any, *, axis: int, norm: str) -> Any:
    n = x.shape[axis]
    return _irfft(_weighted(g, n, axis, 0.5), n=n, axis=axis, norm=_OPPOSITE[norm])


def _pull_irfft(g: Any, x: Any, *, n: int, axis: int, norm: str) -> Any:
    return fit(_weighted(_rfft(g, axis=axis, norm=_OPPOSITE[norm]), n, axis, 2.0), x)


_fftn: Linear = Linear("fftn", lambda g, x, axes, norm: fit(_ifftn(g, axes=axes, norm=_OPPOSITE[norm]), x),
                       run=_run_fftn, numpy=lambda x, *, axes, norm: np.fft.fftn(x, axes=axes, norm=norm))
_ifftn: Linear = Linear("ifftn", lambda g, x, axes, norm: fit(_fftn(g, axes=axes, norm=_OPPOSITE[norm]), x),
                        run=_run_ifftn, numpy=lambda x, *, axes, norm: np.fft.ifftn(x, axes=axes, norm=norm))
_rfft: Linear = Linear("rfft", _pull_rfft, run=_run_rfft)
_irfft: Linear = Linear("irfft", _pull_irfft, run=_run_irfft)


# --- lengths, axes and norms ----------------------------------------------------------------------------------------
def _resized(x: Any, n: int, axis: int) -> Any:
    """Truncate x along an axis to n elements, or pad it with zeros."""
    size = x.shape[axis]
    if n <= size:
        return x if n == size else x[along(axis, slice(0, n))]
    xp, device = home(x)
    shape = (*x.shape[:axis], n - size, *x.shape[axis + 1:])
    return concat([x, xp.zeros(shape, dtype=x.dtype, device=device)], axis=axis)


def _points(n: int, axis: int) -> int:
    if n < 1:
        raise ValueError(f"a Fourier transform along axis {axis} of {n} points has no result; it needs one point at "
                         "least (a real inverse of m bins has 2 (m - 1) points unless n says otherwise)")
    return int(n)


def _norm(norm: str | None) -> str:
    norm = "backward" if norm is None else norm
    if norm not in _OPPOSITE:
        raise ValueError(f'the norm of a Fourier transform is "backward", "ortho" or "forward", got {norm!r}')
    return norm


def _lengths(x: Any, s: Sequence[int] | None, axes: Axes) -> tuple[tuple[int, ...], list[int]]:
    """Return the axes, counted from the front, and how many points each is to have."""
    if axes is None:
        axes = range(x.ndim) if s is None else range(-len(s), 0)
    places = tuple([counted(a, x.ndim) for a in ((axes,) if isinstance(axes, int) else axes)])
    if s is None:
        return places, [x.shape[a] for a in places]
    if len(s) != len(places):
        raise ValueError(f"a Fourier transform needs a length in s for each of its axes, got s={tuple(s)} for the axes "
                         f"{places} of shape {tuple(x.shape)}")
    return places, [x.shape[a] if n == -1 else n for n, a in zip(s, places, strict=True)]


def _transform(primitive: Linear, x: Any, s: Sequence[int] | None, axes: Axes, norm: str | None) -> Any:
    places, sizes = _lengths(x, s, axes)
    for axis, n in zip(places, sizes, strict=True):
        x = _resized(x, _points(n, axis), axis)
    return primitive(x, axes=places, norm=_norm(norm)) if places else _as_complex(x)


# --- complex transforms ---------------------------------------------------------------------------------------------
def fft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Any:
    """Fourier transform along an axis, of the first n elements (padded with zeros if there are fewer)."""
    return _transform(_fftn, x, None if n is None else (n,), (axis,), norm)


def ifft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Any:
    """Inverse of `fft`."""
    return _transform(_ifftn, x, None if n is None else (n,), (axis,), norm)


def fftn(x: Any, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward") -> Any:
    """Fourier transform along several axes: all, or the last ones for which `s` gives lengths."""
    return _transform(_fftn, x, s, axes, norm)


def ifftn(x: Any, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward") -> Any:
    """Inverse of `fftn`."""
    return _transform(_ifftn, x, s, axes, norm)


# --- transforms of real arrays --------------------------------------------------------------------------------------
def rfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Any:
    """The n // 2 + 1 bins of the transform of a real array that are not mirror images of others."""
    if kind(x.dtype) == "c":
        raise TypeError(f"a Fourier transform of real arrays got the dtype {x.dtype}; use fft or fftn, or take the "
                        "real part")
    axis = counted(axis, x.ndim)
    return _rfft(_resized(x, _points(x.shape[axis] if n is None else n, axis), axis), axis=axis, norm=_norm(norm))


def irfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Any:
    """The n real numbers (2 (m - 1), if not given) whose `rfft` has the m bins x."""
    axis = counted(axis, x.ndim)
    n = _points(2 * (x.shape[axis] - 1) if n is None else n, axis)
    return _irfft(_resized(x, n // 2 + 1, axis), n=n, axis=axis, norm=_norm(norm))


def rfftn(x: Any, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward") -> Any:
    """Fourier transform of a real array along several axes: `rfft` along the last, `fft` along the others."""
    places, sizes = _lengths(x, s, axes)
    y = rfft(x, n=sizes[-1], axis=places[-1], norm=norm)
    return _transform(_fftn, y, sizes[:-1], places[:-1], norm)


def irfftn(x: Any, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward") -> Any:
    """Inverse of `rfftn`."""
    places, sizes = _lengths(x, s, axes)
    y = _transform(_ifftn, x, sizes[:-1], places[:-1], norm)
    return irfft(y, n=None if s is None else sizes[-1], axis=places[-1], norm=norm)


def hfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Any:
    """The n real bins of the transform of an array that is its own conjugate mirror image, given half of it."""
    return irfft(adjoint(x), n=n, axis=axis, norm=_OPPOSITE[_norm(norm)])


def ihfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Any:
    """Inverse of `hfft`."""
    return adjoint(rfft(x, n=n, axis=axis, norm=_OPPOSITE[_norm(norm)]))


# --- the order of bins ----------------------------------------------------------------------------------------------
def fftshift(x: Any, /, *, axes: Axes = None) -> Any:
    """Move frequency zero to the middle."""
    places, sizes = _lengths(x, None, axes)
    return roll(x, tuple([n // 2 for n in sizes]), axis=places) if places else x


def ifftshift(x: Any, /, *, axes: Axes = None) -> Any:
    """Inverse of `fftshift`."""
    places, sizes = _lengths(x, None, axes)
    return roll(x, tuple([-(n // 2) for n in sizes]), axis=places) if places else x


__all__ = ["fft", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft",
           "rfftn"]
