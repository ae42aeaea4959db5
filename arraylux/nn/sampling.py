"""Reading an image at any places: `grid_sample`, the heart of spatial transformers.

Between the elements of an image its value is interpolated from those at the corners around a place, with weights that
depend on the place; so the result has derivatives by the image and by the places. The corners are rows of a matrix
(places, channels), which are taken by their numbers, and written back by them in the reverse pass. A place beyond the
border is either dark or moved to the border.
"""
from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..backend import kind
from ..rules.elementwise import astype, floor, round
from ..rules.indexing import take
from ..rules.pairs import add, clip, logical_and, subtract
from ..rules.shaping import expand_dims, moveaxis, reshape
from ..tracer.core import home
from ..tracer.fitting import times
from .pooling import images

MODES = ("bilinear", "nearest")
PADDINGS = ("zeros", "border")


def grid_sample(x: Any, grid: Any, *, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool = False) -> Any:
    """Read images at given places.

    Arguments: `x` (batch, channels, *size); `grid` (batch, *places, axes), the coordinates of each place, the last
    spatial axis of x first (for images: x to the right, y down), from -1 at one end to 1 at the other. `mode`:
    `"bilinear"` interpolates along every axis, `"nearest"` reads the nearest element. `padding_mode`, what is beyond
    the border: `"zeros"`, or what is at the `"border"`. `align_corners`: whether -1 and 1 are the centres of the
    outermost elements, or their outer edges.

    Returns: an array (batch, channels, *places).

    Errors: ValueError if the shapes do not fit together, or for an unknown mode; TypeError if x is not floating point
    or `grid` not real.

    Source: M. Jaderberg et al., "Spatial transformer networks", NeurIPS 2015, section 3.3.

    >>> image = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> grid_sample(image, np.array([[[[0.0, -1.0], [1.0, 0.0]]]]), align_corners=True)
    array([[[[1.5, 3. ]]]])
    """
    _check(x, grid, mode, padding_mode)
    size, outside = tuple(x.shape[2:]), padding_mode == "zeros"
    corners = []                                      # for each axis: the elements around a place, and their weights
    for axis, n in enumerate(size):
        place = _place(grid[..., len(size) - 1 - axis], n, align_corners)
        if not outside:
            place = clip(place, 0.0, n - 1.0)
        corners.append(_around(place, n, mode, outside))
    rows = reshape(moveaxis(x, 1, -1), (x.shape[0] * math.prod(size), x.shape[1]))
    xp, device = home(x)
    shape = (-1, *(1,) * (len(grid.shape) - 2))
    sample = xp.asarray(np.arange(x.shape[0]).reshape(shape), device=device)
    y = None
    for chosen in itertools.product(*corners):
        row, weight = sample, None
        for n, (element, share) in zip(size, chosen, strict=True):
            row = add(times(row, n), element)
            weight = share if weight is None else times(weight, share)
        values = reshape(take(rows, reshape(row, (-1,)), axis=0), (*grid.shape[:-1], x.shape[1]))
        part = times(values, expand_dims(weight, -1))
        y = part if y is None else add(y, part)
    return moveaxis(y, -1, 1)


def _place(coordinate: Any, n: int, align_corners: bool) -> Any:
    """Return where a coordinate from -1 to 1 is among n elements, counted from 0."""
    if align_corners:
        return times(coordinate + 1.0, (n - 1) / 2)
    return times(coordinate + 1.0, n / 2) - 0.5


def _around(place: Any, n: int, mode: str, outside: bool) -> list[tuple[Any, Any]]:
    """Return the elements to read, each with its weight; those that are not there have the weight zero."""
    if mode == "nearest":
        nearest = clip(round(place), -1.0, float(n))
        found = [(nearest, None)]
    else:
        left = clip(floor(place), -2.0, float(n))
        right_share = subtract(place, left)
        found = [(left, subtract(1.0, right_share)), (left + 1.0, right_share)]
    xp, _ = home(place)
    corners = []
    for element, share in found:
        inside = logical_and(element >= 0.0, element <= n - 1.0)
        there = astype(inside, dtype=place.dtype)
        corners.append((astype(clip(element, 0.0, n - 1.0), dtype=xp.int64),
                        there if share is None else times(share, there) if outside else share))
    return corners


def _check(x: Any, grid: Any, mode: str, padding_mode: str) -> None:
    images("grid_sample", x)
    axes = len(x.shape) - 2
    if kind(grid.dtype) != "f":
        raise TypeError(f"grid_sample: grid has dtype {grid.dtype}, expected a real floating-point one")
    if len(grid.shape) != axes + 2 or grid.shape[-1] != axes or grid.shape[0] != x.shape[0] or min(x.shape[2:]) < 1:
        raise ValueError(f"grid_sample: for x (batch, channels, *size) of shape {tuple(x.shape)} grid must have the "
                         f"shape ({x.shape[0]}, {'places, ' * axes}{axes}), got {tuple(grid.shape)}")
    for name, value, known in (("mode", mode, MODES), ("padding_mode", padding_mode, PADDINGS)):
        if value not in known:
            raise ValueError(f"grid_sample: {name} must be {' or '.join(map(repr, known))}, got {value!r}")


__all__ = ["grid_sample"]
