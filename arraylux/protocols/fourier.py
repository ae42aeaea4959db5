"""NumPy's Fourier transforms, each with NumPy's signature."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..rules import fourier
from ..tracer.tables import NUMPY_FUNCTIONS
from .values import as_array

Axes = fourier.Axes


def _single(f: Callable[..., Any]) -> Callable[..., Any]:
    def transform(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
        return f(as_array(a), n=n, axis=axis, norm=norm)
    return transform


def _several(f: Callable[..., Any], last: Sequence[int] | None = None) -> Callable[..., Any]:
    def transform(a: Any, s: Sequence[int] | None = None, axes: Axes = last, norm: str | None = None) -> Any:
        return f(as_array(a), s=s, axes=axes, norm=norm)
    return transform


def _shift(f: Callable[..., Any]) -> Callable[..., Any]:
    def shift(x: Any, axes: Axes = None) -> Any:
        return f(as_array(x), axes=axes)
    return shift


NUMPY_FUNCTIONS.update({
    np.fft.fft: _single(fourier.fft), np.fft.ifft: _single(fourier.ifft), np.fft.rfft: _single(fourier.rfft),
    np.fft.irfft: _single(fourier.irfft), np.fft.hfft: _single(fourier.hfft), np.fft.ihfft: _single(fourier.ihfft),
    np.fft.fftn: _several(fourier.fftn), np.fft.ifftn: _several(fourier.ifftn), np.fft.rfftn: _several(fourier.rfftn),
    np.fft.irfftn: _several(fourier.irfftn), np.fft.fft2: _several(fourier.fftn, (-2, -1)),
    np.fft.ifft2: _several(fourier.ifftn, (-2, -1)), np.fft.rfft2: _several(fourier.rfftn, (-2, -1)),
    np.fft.irfft2: _several(fourier.irfftn, (-2, -1)), np.fft.fftshift: _shift(fourier.fftshift),
    np.fft.ifftshift: _shift(fourier.ifftshift),
})
