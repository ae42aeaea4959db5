"""Images of another size: `upsample_nearest`, linear interpolation, and `pixel_shuffle`.

Interpolation is linear in the image, and goes axis by axis: along each it is a product with a matrix whose rows have
two weights. So it needs no rules of its own, forward and back it is the work of BLAS. To repeat every element is the
transpose of a sum over windows, and shuffled pixels are a change of shape.

Where the new elements lie between the old ones is a matter of convention: with `align_corners` first and last elements
keep their places; without, elements are cells of equal size that fill the same frame, and their centres count.
"""
from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..backend import real_dtype
from ..rules.indexing import take
from ..rules.products import matmul
from ..rules.shaping import permute_dims, reshape
from ..tracer.core import home
from .folding import expand, positive
from .pooling import images, not_empty, repeated

Shape = tuple[int, ...]


def weighted(x: Any, weights: Any, axis: int) -> Any:
    """Return sums of the elements along one axis, with the weights in a row of a NumPy matrix for each."""
    xp, device = home(x)
    m, n = weights.shape
    before, after = tuple(x.shape[:axis]), tuple(x.shape[axis + 1:])
    dtype = x.dtype if xp.isdtype(x.dtype, "real floating") else real_dtype(x.dtype)
    matrix = xp.asarray(weights, dtype=dtype, device=device)
    if not after:
        return reshape(matmul(reshape(x, (math.prod(before), n)), matrix.T), (*before, m))
    y = matmul(matrix, reshape(x, (math.prod(before), n, math.prod(after))))
    return reshape(y, (*before, m, *after))


def expand_scale(name: str, axes: int, scale: Any, size: Any) -> tuple[Any, Any]:
    """Return scale and size with a number for each spatial axis, and `None` for the one that is not given."""
    if (scale is None) == (size is None):
        raise ValueError(f"{name}: give either scale or size, but not both, got scale={scale!r} and size={size!r}")
    if scale is None:
        return None, expand(f"{name}: size", size, axes)
    factors = tuple(scale) if isinstance(scale, (tuple, list)) else (scale,) * axes
    if len(factors) != axes or not all(isinstance(f, (int, float)) and 0 < f < math.inf for f in factors):
        raise ValueError(f"{name}: scale must be a positive number, or {axes} of them for {axes} spatial axes, got "
                         f"{scale!r}")
    return factors, None


def new_size(name: str, old: Shape, scale: Any, size: Any) -> Shape:
    """Return the lengths of the spatial axes that are asked for by a scale or directly."""
    factors, size = expand_scale(name, len(old), scale, size)
    found: Shape = size or tuple([math.floor(n * f) for n, f in zip(old, factors, strict=True)])
    if min(found) < 1:
        raise ValueError(f"{name}: nothing is left of spatial axes {old} at the scale {scale!r}; use a larger one")
    return found


def upsample_nearest(x: Any, scale: Any = None, *, size: int | Shape | None = None) -> Any:
    """Repeat elements: each of the new ones is the old one at, or just before, its place.

    Arguments: `x` (batch, channels, *size); `scale`, how many times larger it becomes, a number or one for each
    spatial axis (fractions are rounded down to whole sizes); or `size`, the new lengths of the spatial axes.

    Returns: an array (batch, channels, *new size).

    Errors: ValueError if neither or both of `scale` and `size` are given, or they are not positive; TypeError if x is
    not floating point.

    >>> upsample_nearest(np.array([[[1.0, 2.0]]]), 2)
    array([[[1., 1., 2., 2.]]])
    """
    old, new = tuple(x.shape[2:]), _checked("upsample_nearest", x, scale, size)
    if all(m % n == 0 for n, m in zip(old, new, strict=True)):
        return repeated(x, tuple([m // n for n, m in zip(old, new, strict=True)]))
    xp, device = home(x)
    for axis, m in enumerate(new, 2):
        x = take(x, xp.asarray(np.arange(m) * x.shape[axis] // m, device=device), axis=axis)
    return x


def upsample_linear(x: Any, scale: Any = None, *, size: int | Shape | None = None, align_corners: bool = False) -> Any:
    """Interpolate sequences (batch, channels, length) linearly; arguments as for `upsample_bilinear`.

    >>> upsample_linear(np.array([[[0.0, 1.0]]]), size=3, align_corners=True)
    array([[[0. , 0.5, 1. ]]])
    """
    return _linear("upsample_linear", 1, x, scale, size, align_corners)


def upsample_bilinear(x: Any, scale: Any = None, *, size: int | Shape | None = None,
                      align_corners: bool = False) -> Any:
    """Interpolate images (batch, channels, height, width) linearly along both axes.

    Arguments: `x`, `scale`, `size` as for `upsample_nearest`; `align_corners`, whether the first and last elements
    keep their places. Without it element i of m is at (i + 1/2) n / m - 1/2 between those of the old axis of length
    n, or at its nearest end.

    Returns: an array (batch, channels, *new size).

    Errors: as for `upsample_nearest`, and ValueError if x does not have these axes.

    >>> upsample_bilinear(np.array([[[[0.0, 4.0]]]]), 2)[0, 0]
    array([[0., 1., 3., 4.],
           [0., 1., 3., 4.]])
    """
    return _linear("upsample_bilinear", 2, x, scale, size, align_corners)


def upsample_trilinear(x: Any, scale: Any = None, *, size: int | Shape | None = None,
                       align_corners: bool = False) -> Any:
    """Interpolate volumes (batch, channels, depth, height, width) linearly; arguments as for `upsample_bilinear`.

    >>> upsample_trilinear(np.array([[[[[0.0, 1.0]]]]]), size=(1, 1, 3), align_corners=True)[0, 0]
    array([[[0. , 0.5, 1. ]]])
    """
    return _linear("upsample_trilinear", 3, x, scale, size, align_corners)


def _checked(name: str, x: Any, scale: Any, size: Any) -> Shape:
    images(name, x)
    not_empty(name, x)
    return new_size(name, tuple(x.shape[2:]), scale, size)


def _linear(name: str, axes: int, x: Any, scale: Any, size: Any, align_corners: bool) -> Any:
    if len(x.shape) != axes + 2:
        raise ValueError(f"{name}: x must have the axes batch, channels and {axes} spatial ones, got the shape "
                         f"{tuple(x.shape)}; upsample_linear is for one spatial axis, upsample_bilinear for two, "
                         "upsample_trilinear for three")
    for axis, m in enumerate(_checked(name, x, scale, size), 2):
        if m != x.shape[axis]:
            x = weighted(x, _interpolation(x.shape[axis], m, align_corners), axis)
    return x


@lru_cache(maxsize=64)
def _interpolation(n: int, m: int, align_corners: bool) -> Any:
    """Return the weights of n old elements for each of m new ones, (m, n)."""
    i = np.arange(m)
    place = i * (n - 1) / max(m - 1, 1) if align_corners else np.clip((i + 0.5) * n / m - 0.5, 0, n - 1)
    left = np.minimum(np.floor(place).astype(int), max(n - 2, 0))
    weights = np.zeros((m, n))
    weights[i, left] = 1 - (place - left)
    if n > 1:
        weights[i, left + 1] = place - left
    weights.flags.writeable = False
    return weights


def pixel_shuffle(x: Any, upscale_factor: int) -> Any:
    """Make images r times larger along each spatial axis of r^axes times as many channels.

    Arguments: `x` (batch, channels r^axes, *size), with the places within a pixel in the order of rows as the fastest
    part of the channels, as in PyTorch; `upscale_factor`, the number r.

    Returns: an array (batch, channels, *(r size)).

    Errors: ValueError if the channels are not divisible by r^axes.

    Source: W. Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network", CVPR 2016, equation 4.

    >>> pixel_shuffle(np.array([[[1.0, 3.0], [2.0, 4.0]]]), 2)
    array([[[1., 2., 3., 4.]]])
    """
    images("pixel_shuffle", x)
    r, size = positive("pixel_shuffle: upscale_factor", upscale_factor), tuple(x.shape[2:])
    axes, (samples, channels) = len(size), x.shape[:2]
    if channels % r**axes:
        raise ValueError(f"pixel_shuffle: x of shape {tuple(x.shape)} has {channels} channels, which is not divisible "
                         f"by {r}^{axes} = {r**axes}")
    x = reshape(x, (samples, channels // r**axes, *(r,) * axes, *size))
    x = permute_dims(x, (0, 1, *[i for a in range(axes) for i in (2 + axes + a, 2 + a)]))
    return reshape(x, (samples, channels // r**axes, *[n * r for n in size]))


__all__ = ["pixel_shuffle", "upsample_bilinear", "upsample_linear", "upsample_nearest", "upsample_trilinear"]
