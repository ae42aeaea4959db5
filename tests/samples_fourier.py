"""Samples of the chapter on Fourier transforms: odd and even lengths, one point, every norm, empty arrays."""
from __future__ import annotations

from typing import Any

import numpy as np
from domains import Sample, shaped

NORMS = ("backward", "ortho", "forward")
AXES = (((4,), (0,)), ((2, 3), (1,)), ((2, 3), (0, 1)), ((3, 1, 2), (2, 0)), ((0, 3), (1,)))

FOURIER: dict[str, list[Sample]] = {
    **{name: shaped(*[(shape, {"axes": axes, "norm": NORMS[i % 3]}) for i, (shape, axes) in enumerate(AXES)])
       for name in ("fftn", "ifftn")},
    "rfft": shaped(*[(shape, {"axis": axis, "norm": norm}) for shape, axis, norm in (
        ((4,), 0, "backward"), ((5,), 0, "forward"), ((2, 3), 1, "ortho"), ((3, 2, 2), 0, "forward"),
        ((1,), 0, "backward"), ((2,), 0, "ortho"), ((0, 4), 1, "backward"))], complex_too=False),
    "irfft": shaped(*[(shape, {"n": n, "axis": axis, "norm": norm}) for shape, n, axis, norm in (
        ((3,), 4, 0, "backward"), ((3,), 5, 0, "forward"), ((2, 2), 3, 1, "ortho"), ((3, 2, 2), 5, 0, "forward"),
        ((1,), 1, 0, "backward"), ((2,), 2, 0, "ortho"), ((0, 3), 4, 1, "backward"))]),
}

# --- NumPy's functions on traced arrays: the calls that are tried ------------------------------------
RNG = np.random.default_rng(7)
M, Z = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4))
ONE = [((M,), {}), ((M, 5, 0, "ortho"), {})]
MANY = [((M,), {}), ((M, (2, 5), (0, 1), "forward"), {})]
ONE_COMPLEX, MANY_COMPLEX = [*ONE, ((Z,), {"n": 3})], [*MANY, ((Z,), {"axes": (1, 0)})]
SHIFTS = [((M,), {}), ((Z, 1), {})]
FOURIER_CALLS: dict[Any, list[Any]] = {
    **dict.fromkeys((np.fft.rfft, np.fft.ihfft), ONE),
    **dict.fromkeys((np.fft.fft, np.fft.ifft, np.fft.irfft, np.fft.hfft), ONE_COMPLEX),
    **dict.fromkeys((np.fft.rfftn, np.fft.rfft2), MANY),
    **dict.fromkeys((np.fft.fftn, np.fft.ifftn, np.fft.irfftn, np.fft.fft2, np.fft.ifft2, np.fft.irfft2),
                    MANY_COMPLEX),
    **dict.fromkeys((np.fft.fftshift, np.fft.ifftshift), SHIFTS),
}
