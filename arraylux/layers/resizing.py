"""Layers that make images larger: by interpolation, or out of their channels.

A network that draws images has to go from few elements to many. `Upsample` puts new elements between the old ones and
learns nothing; `PixelShuffle` lets the convolution before it compute all of them, as channels, and puts them in place.
Neither has parameters or states.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..nn.folding import positive
from ..nn.resizing import (
    expand_scale,
    new_size,
    pixel_shuffle,
    upsample_bilinear,
    upsample_linear,
    upsample_nearest,
    upsample_trilinear,
)
from .checks import not_floating
from .contract import AbstractLuxLayer
from .display import call_form
from .pooling import located

if TYPE_CHECKING:
    from dataclasses import KW_ONLY

LINEAR = {"linear": upsample_linear, "bilinear": upsample_bilinear, "trilinear": upsample_trilinear}
AXES = {"linear": 1, "bilinear": 2, "trilinear": 3}


class Upsample(AbstractLuxLayer):
    """Images of a larger (or smaller) size.

    Arguments:
        mode: `"nearest"` repeats elements, along any number of spatial axes; `"linear"`, `"bilinear"` and
            `"trilinear"` interpolate along one, two and three. `Upsample(2)`, `Upsample(2, "bilinear")` give the
            scale first.
        scale: how many times larger the image becomes, a number or one for each spatial axis.
        size: the new lengths of the spatial axes, instead of a scale.
        align_corners: whether interpolation leaves the first and last elements in their places; without it elements
            are cells that fill the same frame.

    Parameters, states: none.

    Returns: for x (batch, channels, *size), an array (batch, channels, *new size).

    Errors: ValueError for an unknown mode, if neither or both of `scale` and `size` are given, or x has other axes
    than the mode needs; TypeError if x is no floating-point array.

    >>> import numpy as np
    >>> model = Upsample("bilinear", scale=2)
    >>> model
    Upsample(bilinear, scale=2)
    >>> model(np.ones((8, 3, 5, 7), dtype=np.float32), {}, {})[0].shape
    (8, 3, 10, 14)
    """

    mode: Any = "nearest"
    _: KW_ONLY
    scale: Any = None
    size: Any = None
    align_corners: bool = False

    def __init__(self, *args: Any, **settings: Any) -> None:
        if args and not isinstance(args[0], str):
            super().__init__(*args[1:], scale=args[0], **settings)
        else:
            super().__init__(*args, **settings)

    def __post_init__(self) -> None:
        if self.mode not in ("nearest", *LINEAR):
            raise ValueError(f"Upsample: mode must be one of {', '.join(map(repr, ('nearest', *LINEAR)))}, got "
                             f"{self.mode!r}")
        for name in ("scale", "size"):
            n = getattr(self, name)
            object.__setattr__(self, name, tuple(n) if isinstance(n, list) else n)
        asked = self.scale if self.size is None else self.size
        axes = AXES.get(self.mode) or (len(asked) if isinstance(asked, tuple) else 1)
        expand_scale("Upsample", axes, self.scale, self.size)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        try:
            if self.mode == "nearest":
                return upsample_nearest(x, self.scale, size=self.size), st
            return LINEAR[self.mode](x, self.scale, size=self.size, align_corners=self.align_corners), st
        except (AttributeError, TypeError, ValueError) as error:
            raise not_floating(self, x) or located(self, error) from None

    def outputsize(self, x: Any, rng: Any) -> Any:
        return (x.shape[1], *new_size("Upsample", tuple(x.shape[2:]), self.scale, self.size))

    def description(self) -> str:
        return call_form("Upsample", self.mode, scale=self.scale, size=self.size,
                         align_corners=True if self.align_corners else None)


class PixelShuffle(AbstractLuxLayer):
    """Images r times larger along each spatial axis, of r^axes times as many channels.

    Arguments: `upscale_factor`, the number r.

    Parameters, states: none.

    Returns: for x (batch, channels r^axes, *size), an array (batch, channels, *(r size)).

    Errors: ValueError if r is not positive, or the channels are not divisible by r^axes.

    Source: W. Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network", CVPR 2016.

    >>> import numpy as np
    >>> PixelShuffle(2)(np.ones((8, 12, 5, 7)), {}, {})[0].shape
    (8, 3, 10, 14)
    """

    upscale_factor: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "upscale_factor", positive("PixelShuffle: upscale_factor", self.upscale_factor))

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        try:
            return pixel_shuffle(x, self.upscale_factor), st
        except (AttributeError, TypeError, ValueError) as error:
            raise not_floating(self, x) or located(self, error) from None


__all__ = ["PixelShuffle", "Upsample"]
