"""Pooling layers: images become smaller, and what is where in them matters less.

There are three ways to make one number of many (the largest, the mean, a norm), and three ways to say of which: a
window that moves by a stride, as many windows as results are wanted, or one window for the whole image. None of them
has parameters or states.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..nn.adaptive import adaptive_lpnormpool, adaptive_maxpool, adaptive_meanpool
from ..nn.folding import check_window, expand
from ..nn.pooling import check_power, check_reach, lpnormpool, maxpool, meanpool, settings_of
from .checks import not_floating
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerError, LayerTypeError, LayerValueError

if TYPE_CHECKING:
    from dataclasses import KW_ONLY

Shape = tuple[int, ...]


class _Pooling(AbstractLuxLayer):
    """What all pooling layers share: a function of images, and how its errors find their way."""

    def _pooled(self, x: Any) -> Any:
        raise NotImplementedError

    def _axes(self) -> int | None:
        """Return how many spatial axes there must be, `None` for any number."""
        return None

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        axes = self._axes()
        try:
            if axes is not None and len(x.shape) != 2 + axes:
                raise ValueError
            return self._pooled(x), st
        except (AttributeError, TypeError, ValueError) as error:
            raise not_floating(self, x) or self._wrong_axes(x) or located(self, error) from None

    def _wrong_axes(self, x: Any) -> LayerError | None:
        axes, shape = self._axes(), tuple(x.shape)
        if axes is None or len(shape) == 2 + axes:
            return None
        sizes = ", ".join(["size"] * axes)
        way_out = "a single image becomes a batch by x[None]" if len(shape) == 1 + axes else "reshape it"
        return LayerValueError(self, f"x has the shape {shape}, expected (batch, channels, {sizes}); {way_out}")


def located(layer: Any, error: Exception) -> LayerError:
    """Return an error of the function that a layer calls as the layer's own."""
    kind = LayerTypeError if isinstance(error, TypeError) else LayerValueError
    return kind(layer, str(error).partition(": ")[2] or str(error))


def _window_of(name: str, numbers: Any, what: str) -> Shape:
    if not isinstance(numbers, (tuple, list)) or not numbers:
        raise ValueError(f"{name}: {what} must be a tuple with a length for each spatial axis, as (2, 2) for images, "
                         f"got {numbers!r}")
    return expand(f"{name}: {what}", tuple(numbers), len(numbers))


# --- windows that move --------------------------------------------------------------------------------------------
class _Windowed(_Pooling):
    window: Shape
    _: KW_ONLY
    stride: Any = None
    padding: Any = 0
    dilation: Any = 1

    def __post_init__(self) -> None:
        name = type(self).__name__
        window = _window_of(name, self.window, "window")
        settings = settings_of(name, len(window), window, self.stride, self.padding, self.dilation)
        for key, value in ("window", settings["kernel"]), *[(key, settings[key]) for key in (
                "stride", "padding", "dilation")]:
            object.__setattr__(self, key, value)

    def _axes(self) -> int:
        return len(self.window)

    def _settings(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}

    def outputsize(self, x: Any, rng: Any) -> Any:
        size = check_window(type(self).__name__, tuple(x.shape[2:]), self.window, **self._settings())
        return (x.shape[1], *size)

    def _options(self) -> dict[str, Any]:
        def short(numbers: Shape, default: int | None) -> Any:
            if all(n == numbers[0] for n in numbers):
                return None if numbers[0] == default else numbers[0]
            return numbers
        return {"stride": None if self.stride == self.window else short(self.stride, None),
                "pad": short(self.padding, 0), "dilation": short(self.dilation, 1)}

    def description(self) -> str:
        return call_form(type(self).__name__, self.window, **self._options())


class MaxPool(_Windowed):
    """The largest number in each window.

    Arguments:
        window: a tuple with a length for each spatial axis.
        stride: how far the window goes from place to place, a number or one for each axis; `None` for its length.
        padding: how far it reaches beyond the border, where there is nothing: a number, one for each axis, two for
            each axis (before, after, before, ...), `"valid"`, or `"same"` or `SamePad()`.
        dilation: the distance of the window's elements, a number or one for each axis.

    Parameters, states: none.

    Returns: for x (batch, channels, *size), an array (batch, channels, *places) with (size + padding - dilation
    (window - 1) - 1) // stride + 1 places along each axis.

    Errors: ValueError if the settings do not fit together, or x has other axes or is smaller than the window;
    TypeError if x is no real floating-point array.

    >>> import numpy as np
    >>> model = MaxPool((3, 3), stride=2, padding=1)
    >>> model
    MaxPool((3, 3), stride=2, pad=1)
    >>> model(np.ones((8, 3, 28, 28), dtype=np.float32), {}, {})[0].shape
    (8, 3, 14, 14)
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        check_reach("MaxPool", {"kernel": self.window, **self._settings()})

    def _pooled(self, x: Any) -> Any:
        return maxpool(x, self.window, **self._settings())


class MeanPool(_Windowed):
    """The mean of the numbers in each window.

    Arguments: as for `MaxPool`; `count_include_pad`, whether the padding counts as zeros or not at all.

    Parameters, states: none. Returns, errors: as for `MaxPool`; x may be complex.

    >>> MeanPool((2, 2))
    MeanPool((2, 2))
    """

    count_include_pad: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.count_include_pad:
            check_reach("MeanPool", {"kernel": self.window, **self._settings()})

    def _pooled(self, x: Any) -> Any:
        return meanpool(x, self.window, **self._settings(), count_include_pad=self.count_include_pad)

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "count_include_pad": None if self.count_include_pad else False}


class LPPool(_Windowed):
    """The p-norm of the numbers in each window, the p-th root of the sum of |x|^p.

    Arguments: as for `MaxPool`; `p`, a positive number.

    Parameters, states: none. Returns, errors: as for `MaxPool`; ValueError if p is not positive.

    >>> LPPool((2, 2), p=3)
    LPPool((2, 2), p=3)
    """

    p: float = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_power("LPPool", self.p)

    def _pooled(self, x: Any) -> Any:
        return lpnormpool(x, self.p, self.window, **self._settings())

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "p": None if self.p == 2 else self.p}


# --- as many windows as results are wanted ------------------------------------------------------------------------
class _Adaptive(_Pooling):
    output_size: Shape

    def __post_init__(self) -> None:
        object.__setattr__(self, "output_size", _window_of(type(self).__name__, self.output_size, "output_size"))

    def _axes(self) -> int:
        return len(self.output_size)

    def outputsize(self, x: Any, rng: Any) -> Any:
        return (x.shape[1], *self.output_size)


class AdaptiveMaxPool(_Adaptive):
    """The largest number in each of as many windows as results are wanted.

    Arguments: `output_size`, a tuple with a length for each spatial axis. Window i of m reaches from floor(i n / m) to
    ceil((i + 1) n / m), as in PyTorch (in Lux all windows are of one size, and may leave out the end).

    Parameters, states: none. Returns: for x (batch, channels, *size), an array (batch, channels, *output_size).

    Errors: ValueError if `output_size` is not positive, or x has other axes or empty ones; TypeError if x is no real
    floating-point array.

    >>> import numpy as np
    >>> AdaptiveMaxPool((3, 2))(np.ones((8, 16, 7, 5)), {}, {})[0].shape
    (8, 16, 3, 2)
    """

    def _pooled(self, x: Any) -> Any:
        return adaptive_maxpool(x, self.output_size)


class AdaptiveMeanPool(_Adaptive):
    """The mean of the numbers in each of as many windows as results are wanted; the rest as for `AdaptiveMaxPool`."""

    def _pooled(self, x: Any) -> Any:
        return adaptive_meanpool(x, self.output_size)


class AdaptiveLPPool(_Adaptive):
    """The p-norm of the numbers in each of as many windows as results are wanted; the rest as for `AdaptiveMaxPool`,
    with `p` as for `LPPool`."""

    _: KW_ONLY
    p: float = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_power("AdaptiveLPPool", self.p)

    def _pooled(self, x: Any) -> Any:
        return adaptive_lpnormpool(x, self.p, self.output_size)

    def description(self) -> str:
        return call_form("AdaptiveLPPool", self.output_size, p=None if self.p == 2 else self.p)


# --- one window for the whole image -------------------------------------------------------------------------------
class GlobalMaxPool(_Pooling):
    """The largest number of each channel.

    Parameters, states: none. Returns: for x (batch, channels, *size), an array (batch, channels, 1, ...). Errors: as
    for `AdaptiveMaxPool`.

    >>> import numpy as np
    >>> GlobalMaxPool()(np.ones((8, 16, 7, 5)), {}, {})[0].shape
    (8, 16, 1, 1)
    """

    def _pooled(self, x: Any) -> Any:
        return adaptive_maxpool(x, 1)

    def outputsize(self, x: Any, rng: Any) -> Any:
        return (x.shape[1], *(1,) * (len(x.shape) - 2))


class GlobalMeanPool(GlobalMaxPool):
    """The mean of each channel; the rest as for `GlobalMaxPool`."""

    def _pooled(self, x: Any) -> Any:
        return adaptive_meanpool(x, 1)


class GlobalLPPool(GlobalMaxPool):
    """The p-norm of each channel; the rest as for `GlobalMaxPool`, with `p` as for `LPPool`."""

    _: KW_ONLY
    p: float = 2

    def __post_init__(self) -> None:
        check_power("GlobalLPPool", self.p)

    def _pooled(self, x: Any) -> Any:
        return adaptive_lpnormpool(x, self.p, 1)

    def description(self) -> str:
        return call_form("GlobalLPPool", p=None if self.p == 2 else self.p)


__all__ = ["AdaptiveLPPool", "AdaptiveMaxPool", "AdaptiveMeanPool", "GlobalLPPool", "GlobalMaxPool", "GlobalMeanPool",
           "LPPool", "MaxPool", "MeanPool", "located"]
