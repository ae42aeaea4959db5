"""Images turned by an angle, and the derivative by the angle.

Nothing is moved: every place of the result asks where it was before the turn, and reads the image there.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..rules.elementwise import astype, cos, sin
from ..rules.pairs import add, subtract
from ..rules.shaping import broadcast_to, reshape, stack
from ..tracer.core import home
from ..tracer.fitting import times
from .sampling import grid_sample


def imrotate(x: Any, angle: Any, *, mode: str = "bilinear", rotation_center: tuple[float, float] | None = None) -> Any:
    """Rotate images counter-clockwise, as they are seen with the first row on top.

    Arguments: `x` (batch, channels, height, width); `angle`, in radians, a number or an array of the shape () or
    (batch,); `mode`, `"bilinear"` or `"nearest"`, which has no derivative by the angle; `rotation_center`, row and
    column of the place that stays, fractions being between elements: by default the middle of the image.

    Returns: an array of the shape of x, with zeros where the image has nothing.

    Errors: ValueError if x does not have these axes, for another shape of the angle, or an unknown mode; TypeError if
    x is not floating point.

    >>> imrotate(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.pi / 2)[0, 0].round(12)
    array([[2., 4.],
           [1., 3.]])
    """
    shape, turns = tuple(x.shape), tuple(getattr(angle, "shape", ()))
    if len(shape) != 4 or 0 in shape[2:]:
        raise ValueError(f"imrotate: x must be images (batch, channels, height, width), got the shape {shape}")
    if turns not in ((), shape[:1]):
        raise ValueError(f"imrotate: angle must be one number, or an array ({shape[0]},) with one for each image, got "
                         f"the shape {turns}")
    (batch, _, height, width), (xp, device) = shape, home(x)
    row, column = ((height - 1) / 2, (width - 1) / 2) if rotation_center is None else rotation_center
    down, right = (xp.asarray(places, dtype=x.dtype, device=device)
                   for places in (np.arange(height)[:, None] - row, np.arange(width)[None, :] - column))
    angle = astype(angle, dtype=x.dtype) if hasattr(angle, "dtype") else xp.asarray(angle, dtype=x.dtype, device=device)
    angle = reshape(angle, (-1, 1, 1))
    c, s = cos(angle), sin(angle)
    before = (add(subtract(times(c, right), times(s, down)), column),
              add(add(times(s, right), times(c, down)), row))
    # where grid_sample looks for it: from -1 to 1 between the outer edges, the last axis first
    grid = stack([times(place, 2 / n) + (1 / n - 1) for place, n in zip(before, (width, height), strict=True)], axis=-1)
    return grid_sample(x, broadcast_to(grid, (batch, height, width, 2)), mode=mode)


__all__ = ["imrotate"]
