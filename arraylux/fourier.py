"""The standard's `fft` extension, by name, for arrays that may be traced.

`array_namespace(x).fft` is one of these: transforms whose rules stand in rules/fourier.py, and the frequencies that
the array's own library makes.
"""
from __future__ import annotations

from typing import Any

from .rules import fourier
from .rules.elementwise import astype
from .tracer.core import constant


class Fourier:
    """The Fourier transforms of the standard for one array library.

    >>> import numpy as np
    >>> xp = Fourier(np, traced=False)
    >>> xp.rfft(np.array([1.0, 2.0, 3.0]))
    array([ 6. +0.j       , -1.5+0.8660254j])
    """

    def __init__(self, plain: Any, traced: bool) -> None:
        self._library = plain
        self._traced = traced

    def __repr__(self) -> str:
        return f"<namespace arraylux[{self._library.__name__}].fft>"

    fft = staticmethod(fourier.fft)
    fftn = staticmethod(fourier.fftn)
    fftshift = staticmethod(fourier.fftshift)
    hfft = staticmethod(fourier.hfft)
    ifft = staticmethod(fourier.ifft)
    ifftn = staticmethod(fourier.ifftn)
    ifftshift = staticmethod(fourier.ifftshift)
    ihfft = staticmethod(fourier.ihfft)
    irfft = staticmethod(fourier.irfft)
    irfftn = staticmethod(fourier.irfftn)
    rfft = staticmethod(fourier.rfft)
    rfftn = staticmethod(fourier.rfftn)

    def _made(self, y: Any, dtype: Any) -> Any:
        y = y if dtype is None else astype(y, dtype=dtype)
        return constant(y) if self._traced else y

    def fftfreq(self, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
        """The frequencies of the n bins of `fft`, for samples at a distance of d."""
        return self._made(self._library.fft.fftfreq(n, d=d, device=device), dtype)

    def rfftfreq(self, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
        """The frequencies of the n // 2 + 1 bins of `rfft`, for samples at a distance of d."""
        return self._made(self._library.fft.rfftfreq(n, d=d, device=device), dtype)
