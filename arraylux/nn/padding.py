"""Borders around images: zeros, another number, or more of the image itself.

What a convolution sees beyond the border decides what it makes of it. Zeros are a dark frame; a mirror, the nearest
element or the opposite side continue the image. NumPy has had all of them for long, as modes of `pad`; these are the
names that networks know them by, with the spatial axes as the default.
"""
from __future__ import annotations

from typing import Any

from ..rules.shaping import counted
from ..rules.windows import pad
from .folding import expand

Shape = tuple[int, ...]


def _padded(name: str, x: Any, padding: Any, axes: Any, mode: str, **options: Any) -> Any:
    ndim = len(x.shape)
    if axes is None:
        if ndim < 3:
            raise ValueError(f"{name}: x has the shape {tuple(x.shape)}, expected (batch, channels, *size); say which "
                             "axes to pad by axes=")
        axes = tuple(range(2, ndim))
    axes = tuple([counted(a, ndim) for a in ((axes,) if isinstance(axes, int) else axes)])
    both = isinstance(padding, (tuple, list)) and len(padding) == 2 * len(axes)
    sides = expand(f"{name}: padding", padding, len(axes) * (1 + both), 0)
    widths = dict(zip(axes, zip(sides[::2], sides[1::2], strict=True) if both else ((n, n) for n in sides),
                      strict=True))
    furthest = {"reflect": 1, "symmetric": 0, "wrap": 0}.get(mode)
    for axis, width in widths.items():
        if furthest is not None and max(width) > x.shape[axis] - furthest:
            raise ValueError(f"{name}: padding {width} along axis {axis} reaches further than x of shape "
                             f"{tuple(x.shape)} does, {x.shape[axis] - furthest} at most; pad less, or twice")
    return pad(x, [widths.get(a, (0, 0)) for a in range(ndim)], mode, **options)


def pad_constant(x: Any, padding: int | Shape, value: float = 0.0, *, axes: int | Shape | None = None) -> Any:
    """Surround x by one number.

    Arguments: `x`, any array; `padding`, how many elements: a number, one for each axis, or two for each axis (before,
    after, before, ...); `value`; `axes`, along which (`None`: the spatial axes of x (batch, channels, *size)).

    Returns: the larger array.

    Errors: ValueError if `padding` has the wrong form or x no such axes.

    >>> import numpy as np
    >>> pad_constant(np.array([[[1.0, 2.0]]]), (1, 2), 7.0)
    array([[[7., 1., 2., 7., 7.]]])
    """
    return _padded("pad_constant", x, padding, axes, "constant", constant_values=value)


def pad_zeros(x: Any, padding: int | Shape, *, axes: int | Shape | None = None) -> Any:
    """Surround x by zeros; arguments as for `pad_constant`.

    >>> import numpy as np
    >>> pad_zeros(np.array([[[1.0, 2.0]]]), 1)
    array([[[0., 1., 2., 0.]]])
    """
    return _padded("pad_zeros", x, padding, axes, "constant")


def pad_reflect(x: Any, padding: int | Shape, *, axes: int | Shape | None = None) -> Any:
    """Continue x by its mirror image, with the mirror on its outermost elements; arguments as for `pad_constant`.

    Errors: as there; ValueError if `padding` is as large as x.

    >>> import numpy as np
    >>> pad_reflect(np.array([[[1.0, 2.0, 3.0]]]), 2)
    array([[[3., 2., 1., 2., 3., 2., 1.]]])
    """
    return _padded("pad_reflect", x, padding, axes, "reflect")


def pad_symmetric(x: Any, padding: int | Shape, *, axes: int | Shape | None = None) -> Any:
    """Continue x by its mirror image, with the mirror at its edge; arguments as for `pad_constant`.

    Errors: as there; ValueError if `padding` is larger than x.

    >>> import numpy as np
    >>> pad_symmetric(np.array([[[1.0, 2.0, 3.0]]]), 2)
    array([[[2., 1., 1., 2., 3., 3., 2.]]])
    """
    return _padded("pad_symmetric", x, padding, axes, "symmetric")


def pad_circular(x: Any, padding: int | Shape, *, axes: int | Shape | None = None) -> Any:
    """Continue x by its other end, as if it were a ring; arguments as for `pad_constant`.

    Errors: as there; ValueError if `padding` is larger than x.

    >>> import numpy as np
    >>> pad_circular(np.array([[[1.0, 2.0, 3.0]]]), 1)
    array([[[3., 1., 2., 3., 1.]]])
    """
    return _padded("pad_circular", x, padding, axes, "wrap")


def pad_repeat(x: Any, padding: int | Shape, *, axes: int | Shape | None = None) -> Any:
    """Continue x by its outermost elements; arguments as for `pad_constant`.

    >>> import numpy as np
    >>> pad_repeat(np.array([[[1.0, 2.0]]]), 2)
    array([[[1., 1., 1., 2., 2., 2.]]])
    """
    return _padded("pad_repeat", x, padding, axes, "edge")


__all__ = ["pad_circular", "pad_constant", "pad_reflect", "pad_repeat", "pad_symmetric", "pad_zeros"]
