"""Sound as networks hear it: the strength of each frequency, moment by moment.

A short-time Fourier transform cuts a signal into frames that overlap, fades each in and out by a window, and transforms
it. Its squared size is the spectrogram; a filterbank on the mel scale, where equal steps sound equally far apart, makes
a few dozen numbers of its hundreds of frequencies; and decibels make ratios of them differences.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import kind
from ..rules.elementwise import abs, astype, exp, imag, log10, real, square
from ..rules.fourier import irfft, rfft
from ..rules.indexing import getitem
from ..rules.pairs import add, divide, maximum, pow, subtract
from ..rules.reducing import max
from ..rules.shaping import reshape
from ..rules.windows import pad
from ..tracer.core import bare, home
from ..tracer.fitting import times
from .folding import fold, unfold


def hann_window(n: int, *, periodic: bool = True, dtype: Any = np.float32) -> Any:
    """Return Hann's window (n,), sin(pi i / n)^2; without `periodic` the last of its numbers is the first again.

    >>> hann_window(4)
    array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    return hamming_window(n, periodic=periodic, alpha=0.5, beta=0.5, dtype=dtype)


def hamming_window(n: int, *, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46,
                   dtype: Any = np.float32) -> Any:
    """Return Hamming's window (n,), alpha - beta cos(2 pi i / n), which does not fade to zero; see `hann_window`.

    Errors: ValueError if n is not positive.

    >>> hamming_window(3, periodic=False)
    array([0.08, 1.  , 0.08], dtype=float32)
    """
    if n < 1:
        raise ValueError(f"a window has at least one number, got n={n!r}")
    period = n if periodic or n == 1 else n - 1
    return (alpha - beta * np.cos(2 * np.pi * np.arange(n) / period)).astype(dtype)


def stft(x: Any, n_fft: int, *, hop_length: int | None = None, window: Any = None, center: bool = True,
         normalized: bool = False) -> Any:
    """Short-time Fourier transform of real signals.

    Arguments: `x` (..., time); `n_fft`, the length of a frame; `hop_length`, from one frame to the next, by default
    n_fft // 4; `window` (n_fft,), by default ones; `center`, whether frame t is centred at t hop_length, the signal
    being mirrored at its ends, or begins there; `normalized`, whether to divide by sqrt(n_fft).

    Returns: a complex array (..., n_fft // 2 + 1 frequencies, frames).

    Errors: ValueError if a setting is out of range or the signal shorter than a frame; TypeError if x is not real.

    >>> stft(np.ones(8), 4, hop_length=4, center=False).real
    array([[4., 4.],
           [0., 0.],
           [0., 0.]])
    """
    hop = _hop("stft", n_fft, hop_length)
    if kind(x.dtype) != "f" or not len(x.shape):
        raise TypeError(f"stft: x must be real signals (..., time), got shape {tuple(x.shape)} and dtype {x.dtype}")
    least = n_fft // 2 + 1 if center else n_fft
    if x.shape[-1] < least:
        raise ValueError(f"stft: with n_fft={n_fft} and center={center} a signal must have at least {least} numbers, "
                         f"got x of shape {tuple(x.shape)}; pad it with zeros, or use a smaller n_fft")
    window = _window("stft", window, n_fft, x)
    if center:
        x = pad(x, [(0, 0)] * (len(x.shape) - 1) + [(n_fft // 2, n_fft // 2)], "reflect")
    lead, signals = tuple(x.shape[:-1]), reshape(x, (math.prod(x.shape[:-1]), 1, x.shape[-1]))
    frames = unfold(signals, n_fft, stride=hop)
    y = rfft(frames if window is None else times(frames, window), axis=-2, norm="ortho" if normalized else "backward")
    return reshape(y, (*lead, *y.shape[-2:]))


def istft(y: Any, n_fft: int, *, hop_length: int | None = None, window: Any = None, center: bool = True,
          normalized: bool = False, length: int | None = None) -> Any:
    """Signals from their short-time Fourier transform: the inverse of `stft` with the same settings.

    Where frames overlap and do not agree, it is the signal with the nearest transform, by least squares.

    Arguments: `y` (..., n_fft // 2 + 1, frames); `length`, of the signal, by default what the frames cover; the others
    as for `stft`.

    Returns: a real array (..., time).

    Errors: ValueError if a setting is out of range, y has another number of frequencies, or the windows are all zero
    somewhere.

    Source: D. Griffin and J. Lim, "Signal estimation from modified short-time Fourier transform", IEEE Transactions on
    Acoustics, Speech, and Signal Processing 32 (1984), equation 6.

    >>> window = hann_window(4, dtype=np.float64)
    >>> istft(stft(np.arange(1.0, 7.0), 4, window=window), 4, window=window).round(12)
    array([1., 2., 3., 4., 5., 6.])
    """
    hop = _hop("istft", n_fft, hop_length)
    if len(y.shape) < 2 or y.shape[-2] != n_fft // 2 + 1 or y.shape[-1] < 1:
        raise ValueError(f"istft: y must have the shape (..., {n_fft // 2 + 1}, frames) for n_fft={n_fft}, got "
                         f"{tuple(y.shape)}")
    frames = irfft(y, n=n_fft, axis=-2, norm="ortho" if normalized else "backward")
    lead, count = tuple(y.shape[:-2]), int(y.shape[-1])
    covered = n_fft + hop * (count - 1)
    window = _window("istft", window, n_fft, frames)
    xp, device = home(frames)
    weights = xp.ones((n_fft, 1), dtype=frames.dtype, device=device) if window is None else window
    start = n_fft // 2 if center else 0
    stop = covered - start if length is None else start + length
    if not start < stop <= covered:
        raise ValueError(f"istft: {count} frames cover {covered - 2 * start} numbers of a signal, got "
                         f"length={length}; give a length that they cover, or none")
    signal, total = (getitem(reshape(fold(reshape(part, (-1, n_fft, count)), (covered,), n_fft, stride=hop),
                                     (*shape, covered)), (..., slice(start, stop)))
                     for part, shape in ((times(frames, weights), lead),
                                         (times(square(weights), xp.ones((1, count), dtype=frames.dtype,
                                                                         device=device)), ())))
    if bool(xp.any(bare(total) < 1e-11)):
        raise ValueError("istft: the windows of all frames are zero somewhere in the signal, whose numbers there are "
                         "lost; use a smaller hop_length, or center=True")
    return divide(signal, total)


def spectrogram(x: Any, n_fft: int, *, hop_length: int | None = None, window: Any = None, center: bool = True,
                normalized: bool = False, power: float = 2.0) -> Any:
    """Strength of each frequency over time, abs(stft(x, n_fft, ...))^power; arguments and errors as for `stft`.

    Returns: a real array (..., n_fft // 2 + 1 frequencies, frames).

    >>> spectrogram(np.ones(8), 4, hop_length=4, center=False)
    array([[16., 16.],
           [ 0.,  0.],
           [ 0.,  0.]])
    """
    y = stft(x, n_fft, hop_length=hop_length, window=window, center=center, normalized=normalized)
    if power == 2:                                      # a sum of squares, whose derivative at zero is no trouble
        return add(square(real(y)), square(imag(y)))
    return abs(y) if power == 1 else pow(abs(y), power)


def melscale_filterbanks(n_freqs: int, n_mels: int, sample_rate: float, *, fmin: float = 0.0, fmax: float | None = None,
                         dtype: Any = np.float32) -> Any:
    """Triangular filters, equally far apart on the mel scale, 2595 log10(1 + f / 700).

    Arguments: `n_freqs`, the number of frequencies of a spectrogram, n_fft // 2 + 1; `n_mels`, the number of filters;
    `sample_rate`, samples per second; `fmin` and `fmax`, in hertz, between which the filters lie, by default from 0 to
    sample_rate / 2.

    Returns: an array (n_mels, n_freqs), so that `matmul(filterbanks, spectrogram)` is the mel spectrogram.

    Errors: ValueError if a setting is out of range.

    Source: D. O'Shaughnessy, "Speech communication: human and machine", 1987, page 150.

    >>> melscale_filterbanks(5, 2, 8.0).round(2)
    array([[0.  , 0.75, 0.5 , 0.  , 0.  ],
           [0.  , 0.  , 0.5 , 0.75, 0.  ]], dtype=float32)
    """
    fmax = sample_rate / 2 if fmax is None else fmax
    if n_freqs < 2 or n_mels < 1 or not 0 <= fmin < fmax:
        raise ValueError("melscale_filterbanks: expected n_freqs >= 2, n_mels >= 1 and 0 <= fmin < fmax, got "
                         f"n_freqs={n_freqs}, n_mels={n_mels}, fmin={fmin}, fmax={fmax}")
    lowest, highest = (2595 * np.log10(1 + f / 700) for f in (fmin, fmax))
    corners = 700 * (10 ** (np.linspace(lowest, highest, n_mels + 2) / 2595) - 1)
    frequencies, steps = np.linspace(0, sample_rate / 2, n_freqs), np.diff(corners)[:, None]
    rising = (frequencies - corners[:-2, None]) / steps[:-1]
    falling = (corners[2:, None] - frequencies) / steps[1:]
    return np.maximum(0, np.minimum(rising, falling)).astype(dtype)


def power_to_db(x: Any, *, ref: float = 1.0, amin: float = 1e-10, top_db: float | None = 80.0) -> Any:
    """Powers in decibels, 10 log10(x / ref).

    Arguments: `x`; `ref`, the power of 0 dB; `amin`, what smaller powers count as; `top_db`, how far below the largest
    the result may go, or `None`.

    Errors: ValueError if `ref` or `amin` is not positive, or `top_db` negative.

    >>> power_to_db(np.array([1.0, 10.0, 0.0]))
    array([  0.,  10., -70.])
    """
    if not (ref > 0 and amin > 0) or (top_db is not None and top_db < 0):
        raise ValueError("power_to_db: ref and amin must be positive and top_db not negative, got "
                         f"ref={ref}, amin={amin}, top_db={top_db}")
    y = subtract(times(log10(maximum(x, amin)), 10.0), 10.0 * float(np.log10(ref if ref > amin else amin)))
    return y if top_db is None else maximum(y, max(y) - top_db)


def db_to_power(x: Any, *, ref: float = 1.0) -> Any:
    """Powers from decibels, ref 10^(x / 10): the inverse of `power_to_db`.

    >>> db_to_power(np.array([0.0, 20.0])).round(9)
    array([  1., 100.])
    """
    return times(exp(times(x, float(np.log(10.0)) / 10)), ref)


def _hop(name: str, n_fft: int, hop_length: int | None) -> int:
    """Return the hop, which by default is a quarter of a frame."""
    hop = n_fft // 4 or 1 if hop_length is None else hop_length
    if n_fft < 1 or hop < 1:
        raise ValueError(f"{name}: n_fft and hop_length must be positive, got n_fft={n_fft}, hop_length={hop_length}")
    return hop


def _window(name: str, window: Any, n_fft: int, x: Any) -> Any:
    """Return the window as a column beside x, in its dtype."""
    if window is None:
        return None
    if tuple(window.shape) != (n_fft,):
        raise ValueError(f"{name}: window must have the shape ({n_fft},) to go with n_fft={n_fft}, got "
                         f"{tuple(window.shape)}")
    if isinstance(window, np.ndarray):
        xp, device = home(x)
        window = xp.asarray(window, dtype=x.dtype, device=device)
    return reshape(astype(window, dtype=x.dtype), (n_fft, 1))


__all__ = ["db_to_power", "hamming_window", "hann_window", "istft", "melscale_filterbanks", "power_to_db",
           "spectrogram", "stft"]
