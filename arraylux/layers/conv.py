"""Convolutional layers: a small dense layer at every place of an image, with the same weights everywhere.

Images are (batch, channels, *size) with any number of spatial axes, weights (out, in / groups, *kernel) as in PyTorch.
Settings are brought into one form when a layer is made (a number becomes one for each axis, `SamePad()` the numbers
that it stands for), so a call only asks whether everything fits, and looks for the trouble if it does not.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import kind
from ..initializers import calculate_gain, fans, kaiming_uniform, uniform_bias
from ..nn.activations import identity
from ..nn.convolution import convolve, convolve_input, expand_output_padding, transposed_size
from ..nn.folding import SamePad, check_window, expand, expand_padding, positive
from ..rules.shaping import flip
from .checks import mixed_libraries, not_floating, wrong_keys, wrong_shape
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerError, LayerValueError

if TYPE_CHECKING:
    from dataclasses import KW_ONLY

Shape = tuple[int, ...]


class _Convolutional(AbstractLuxLayer):
    """What Conv and ConvTranspose share: all but the direction."""

    kernel_size: Shape
    in_channels: int
    out_channels: int
    activation: Callable[..., Any] = identity
    _: KW_ONLY
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1
    use_bias: bool = True
    init_weight: Callable[..., Any] | None = None
    init_bias: Callable[..., Any] | None = None
    cross_correlation: bool = True

    def __post_init__(self) -> None:
        name = type(self).__name__
        if not isinstance(self.kernel_size, (tuple, list)) or not self.kernel_size:
            raise ValueError(f"{name}: kernel_size must be a tuple with a length for each spatial axis, as (3, 3) for "
                             f"images, got {self.kernel_size!r}")
        if not callable(self.activation):
            raise TypeError(f"{name}: activation must be a function of an array, got {self.activation!r}; options are "
                            f"given by name, as in {name}((3, 3), 1, 16, stride=2)")
        axes = len(self.kernel_size)
        settings: dict[str, Any] = {key: expand(f"{name}: {key}", getattr(self, key), axes) for key in (
            "kernel_size", "stride", "dilation")}
        settings |= {key: positive(f"{name}: {key}", getattr(self, key)) for key in (
            "in_channels", "out_channels", "groups")}
        if settings["in_channels"] % settings["groups"] or settings["out_channels"] % settings["groups"]:
            raise ValueError(f"{name}: {self.in_channels} input and {self.out_channels} output channels must both be "
                             f"divisible by groups, got {self.groups}")
        settings["padding"] = self._padding(settings["kernel_size"], settings["stride"], settings["dilation"])
        for key, value in settings.items():
            object.__setattr__(self, key, value)

    def _padding(self, kernel: Shape, stride: Shape, dilation: Shape) -> Shape:
        return expand_padding(type(self).__name__, self.padding, kernel, stride, dilation)

    def _weight_shape(self) -> Shape:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def _size(self, size: Shape) -> Shape:
        """Return the lengths of the result's spatial axes, or raise ValueError if nothing is left of them."""
        return check_window(type(self).__name__, size, self.kernel_size, self.stride, self.padding, self.dilation)

    def _run(self, x: Any, *weights: Any) -> Any:
        self._size(x.shape[2:])
        return convolve(x, *weights, stride=self.stride, padding=self.padding, dilation=self.dilation,
                        groups=self.groups)

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        shape = self._weight_shape()
        if self.init_weight is None:
            weight = kaiming_uniform(rng, shape, gain=calculate_gain(self.activation))
        else:
            weight = self.init_weight(rng, shape)
        if not self.use_bias:
            return {"weight": weight}
        if self.init_bias is None:
            return {"weight": weight, "bias": uniform_bias(rng, (self.out_channels,), fan_in=fans(shape)[0])}
        return {"weight": weight, "bias": self.init_bias(rng, (self.out_channels,))}

    def parameterlength(self) -> int:
        return math.prod(self._weight_shape()) + self.out_channels * self.use_bias

    def statelength(self) -> int:
        return 0

    def outputsize(self, x: Any, rng: Any) -> Any:
        return (self.out_channels, *self._size(tuple(x.shape[2:])))

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        try:                                # whatever does not fit ends below, where it is found out what it was
            weight, rank = ps["weight"], 2 + len(self.kernel_size)
            if (len(ps.keys()) != 1 + self.use_bias or kind(x.dtype) not in "fc" or len(x.shape) != rank
                    or x.shape[1] != self.in_channels or weight.shape != self._weight_shape()):
                raise TypeError
            if not self.cross_correlation:
                weight = flip(weight, axis=tuple(range(2, rank)))
            if self.use_bias:
                bias = ps["bias"]
                if bias.shape != (self.out_channels,):
                    raise TypeError
                y = self._run(x, weight, bias)
            else:
                y = self._run(x, weight)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            misfit = self._misfit(x, ps)
            if misfit is None:
                raise
            raise misfit from None
        return (y if self.activation is identity else self.activation(y)), st

    def _misfit(self, x: Any, ps: Any) -> LayerError | None:
        shapes: dict[str, Shape] = {"weight": self._weight_shape(), "bias": (self.out_channels,)}
        if not self.use_bias:
            del shapes["bias"]
        return (wrong_keys(self, "ps", ps, shapes) or not_floating(self, x) or self._wrong_image(x)
                or wrong_shape(self, ps, shapes) or mixed_libraries(self, x, ps))

    def _wrong_image(self, x: Any) -> LayerError | None:
        shape, axes = tuple(x.shape), len(self.kernel_size)
        if len(shape) != 2 + axes or shape[1] != self.in_channels:
            way_out = ("a single image becomes a batch by x[None]" if len(shape) == 1 + axes
                       else "move the channels in front of the spatial axes, as with numpy.moveaxis(x, -1, 1)"
                       if len(shape) == 2 + axes and shape[-1] == self.in_channels
                       else "reshape it, or make in_channels the length of its second axis")
            sizes = ", ".join(["size"] * axes)
            return LayerValueError(self, f"x has the shape {shape}, expected (batch, {self.in_channels}, {sizes}); "
                                         f"{way_out}")
        try:
            self._size(shape[2:])
        except ValueError as error:
            return LayerValueError(self, str(error).partition(": ")[2])
        return None

    def description(self) -> str:
        def short(numbers: Shape, default: int) -> Any:
            if all(n == numbers[0] for n in numbers):
                return None if numbers[0] == default else numbers[0]
            return numbers
        return call_form(
            type(self).__name__, self.kernel_size, f"{self.in_channels} => {self.out_channels}",
            None if self.activation is identity else self.activation, pad=short(self.padding, 0),
            stride=short(self.stride, 1), dilation=short(self.dilation, 1),
            outpad=short(getattr(self, "output_padding", (0,)), 0), groups=None if self.groups == 1 else self.groups,
            use_bias=None if self.use_bias else False, cross_correlation=None if self.cross_correlation else False)


class Conv(_Convolutional):
    """Convolution, activation(conv(x, weight) + bias).

    Arguments:
        kernel_size: a tuple with a length for each spatial axis.
        in_channels, out_channels: lengths of the second axis of input and output.
        activation: a function of an array.
        stride: how far the window goes from place to place, a number or one for each axis.
        padding: zeros around x: a number, one for each axis, two for each axis (before, after, before, ...),
            `"valid"`, or `"same"` or `SamePad()` for a result of the size of x divided by the stride.
        dilation: the distance of the window's taps, a number or one for each axis.
        groups: into how many groups channels are cut that know nothing of each other; `in_channels` for a depthwise
            convolution.
        use_bias: whether there is a bias.
        init_weight: called as `init_weight(rng, shape)`; `None` for `kaiming_uniform` with the gain that
            `calculate_gain` finds for the activation.
        init_bias: called as `init_bias(rng, (out_channels,))`; `None` for the uniform distribution on
            +-1/sqrt(inputs of each output).
        cross_correlation: `False` flips the kernel, as mathematics does, and Lux unless it is told otherwise.

    Parameters: `weight` (out_channels, in_channels / groups, *kernel_size); `bias` (out_channels,). States: none.

    Returns: for x (batch, in_channels, *size), an array (batch, out_channels, *places) of the common dtype of x and
    the parameters, with (size + padding - dilation (kernel - 1) - 1) // stride + 1 places along each axis.

    Errors: ValueError if the settings do not fit together, x has another number of axes or channels or is smaller
    than the window, or a parameter another shape; TypeError if x is no floating-point array, or from another library
    than the parameters; KeyError if a parameter is missing or one too many.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> from arraylux.nn import relu
    >>> model = Conv((3, 3), 1, 16, relu, stride=2)
    >>> model
    Conv((3, 3), 1 => 16, relu, stride=2)  # 160 parameters
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> y, st = model(np.ones((8, 1, 28, 28), dtype=np.float32), ps, st)
    >>> y.shape
    (8, 16, 13, 13)
    """


class ConvTranspose(_Convolutional):
    """Transposed convolution, activation(conv_transpose(x, weight) + bias): a larger image from a smaller one.

    Arguments: as for `Conv`. What `padding` adds to the image of a convolution is cut off here, and with `SamePad()`
    the result is as large as x times the stride. `output_padding`, a number or one for each axis, smaller than the
    stride, makes the result larger at the end of each axis.

    Parameters: `weight` (in_channels, out_channels / groups, *kernel_size); `bias` (out_channels,). States: none.

    Returns: for x (batch, in_channels, *size), an array (batch, out_channels, *places) of the common dtype of x and
    the parameters, with (size - 1) stride + dilation (kernel - 1) + 1 - padding + output_padding places.

    Errors: as for `Conv`; ValueError too if `output_padding` is not smaller than the stride.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = ConvTranspose((4, 4), 8, 3, stride=2, padding=SamePad())
    >>> model
    ConvTranspose((4, 4), 8 => 3, pad=1, stride=2)  # 387 parameters
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> model(np.ones((1, 8, 7, 7), dtype=np.float32), ps, st)[0].shape
    (1, 3, 14, 14)
    """

    output_padding: Any = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "output_padding", expand_output_padding(
            "ConvTranspose", self.output_padding, self.stride))

    def _padding(self, kernel: Shape, stride: Shape, dilation: Shape) -> Shape:
        return expand_padding(type(self).__name__, self.padding, kernel, stride, dilation, transposed=True)

    def _weight_shape(self) -> Shape:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def _size(self, size: Shape) -> Shape:
        return transposed_size(size, self.kernel_size, self.stride, self.padding, self.dilation, self.output_padding)

    def _run(self, x: Any, *weights: Any) -> Any:
        return convolve_input(x, *weights, size=self._size(x.shape[2:]), stride=self.stride, padding=self.padding,
                              dilation=self.dilation, groups=self.groups)


__all__ = ["Conv", "ConvTranspose", "SamePad"]
