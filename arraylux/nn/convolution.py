"""Convolutions: the same small weight at every place of an image.

A convolution y = conv(x, w) adds products of three indices, and so do its two reverse rules, as one can see from
<g, conv(x, w)>, the sum over all places, taps and channels of g, x and w: leave g out and it is the convolution, leave
x out and it is the transposed convolution, leave w out and it is the correlation of x and g, which is the gradient of
the weight. So there are three primitives, each linear in both of its arguments, and the reverse rules of each are the
other two. That makes a closed family: derivatives of any order are convolutions, and a layer that upsamples by a
transposed convolution needs no rules of its own.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..backend import library
from ..rules.reducing import sum
from ..rules.shaping import flip, reshape
from ..tracer.core import Form, Primitive
from ..tracer.declare import add_tangents, adjoint, fit, fit_tangent
from . import columns
from .folding import (
    SamePad,
    check_library,
    check_window,
    expand,
    expand_padding,
    gather,
    overlap,
    places,
    positive,
)

Shape = tuple[int, ...]


class _Convolution(Primitive):
    """A product of two arrays, linear in each, to which a bias for each channel may be added.

    `left(g, b, **form)` and `right(g, a, **form)` are the cotangents of the two arrays; `form` has the settings of
    the window, the lengths `size` of the image's spatial axes, and those of the `kernel`.
    """

    __slots__ = ("form", "left", "right")

    def __init__(self, name: str, form: Callable[..., dict[str, Shape]], left: Callable[..., Any],
                 right: Callable[..., Any], run: Callable[..., Any], numpy: Callable[..., Any]) -> None:
        super().__init__(name, run, numpy=numpy)
        self.form = form
        self.left = left
        self.right = right
        self.fresh = True

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        a, b, *bias = args
        return None, (a if parents[1] >= 0 else Form(a), b if parents[0] >= 0 else Form(b), *map(Form, bias))

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (a, b), (da, db, *dbias) = args[:2], tangents
        parts = [None if da is None else self(da, b, **params), None if db is None else self(a, db, **params),
                 *[None if t is None else reshape(t, (-1, *(1,) * (len(y.shape) - 2))) for t in dbias]]
        return fit_tangent(add_tangents(parts), y)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        a, b = args[:2]
        form = self.form(a, b, **params)
        found = [self.left(g, b, **form) if parents[0] >= 0 else None,
                 self.right(g, a, **form) if parents[1] >= 0 else None]
        if len(parents) > 2:
            axes = (0, *range(2, len(g.shape)))
            found.append(sum(g, axis=axes) if parents[2] >= 0 else None)
        return [c if c is None else fit(c, like) for c, like in zip(found, args, strict=True)]


# --- any library --------------------------------------------------------------------------------------------------
# Matrices are (groups, channels / groups * taps, places), with the batch in front of them.
def _in_groups(x: Any, groups: int, batch: tuple[int, ...]) -> Any:
    """Return x (batch, channels, ...) as matrices (batch, groups, channels / groups, ...)."""
    rest = x.shape[len(batch) + 1:]
    return library(x).reshape(x, (*batch, groups, x.shape[len(batch)] // groups, math.prod(rest)))


def _columns_of(x: Any, kernel: Shape, groups: int, **window: Shape) -> Any:
    seen = gather(x, kernel, **window)
    samples, channels, k, *count = seen.shape
    return library(x).reshape(seen, (samples, groups, channels // groups * k, math.prod(count)))


def _biased(y: Any, bias: Any) -> Any:
    return y if bias is None else y + library(y).reshape(bias, (-1, *(1,) * (len(y.shape) - 2)))


def _run(x: Any, weight: Any, bias: Any = None, *, groups: int, **window: Shape) -> Any:
    check_library("conv", x, weight, bias)
    xp = library(x)
    y = xp.matmul(_in_groups(weight, groups, ()), _columns_of(x, weight.shape[2:], groups, **window))
    count = places(x.shape[2:], weight.shape[2:], **window)
    return _biased(xp.reshape(y, (x.shape[0], weight.shape[0], *count)), bias)


def _run_input(g: Any, weight: Any, bias: Any = None, *, size: Shape, groups: int, **window: Shape) -> Any:
    check_library("conv_transpose", g, weight, bias)
    xp, samples = library(g), g.shape[0]
    seen = xp.matmul(_in_groups(weight, groups, ()).mT, _in_groups(g, groups, (samples,)))
    shape = (samples, weight.shape[1] * groups, math.prod(weight.shape[2:]), *g.shape[2:])
    return _biased(overlap(xp.reshape(seen, shape), size, weight.shape[2:], **window), bias)


def _run_weight(x: Any, g: Any, *, kernel: Shape, groups: int, **window: Shape) -> Any:
    xp = library(x)
    products = xp.matmul(_in_groups(g, groups, (g.shape[0],)), _columns_of(x, kernel, groups, **window).mT)
    return xp.reshape(xp.sum(products, axis=0), (g.shape[1], x.shape[1] // groups, *kernel))


# --- the three primitives -----------------------------------------------------------------------------------------
def _convolve(x: Any, weight: Any, *, size: Shape, kernel: Shape, **window: Any) -> Any:
    return convolve(x, weight, **window)


def _convolve_input(g: Any, weight: Any, *, size: Shape, kernel: Shape, **window: Any) -> Any:
    return convolve_input(g, weight, size=size, **window)


def _convolve_weight(x: Any, g: Any, *, size: Shape, kernel: Shape, **window: Any) -> Any:
    return convolve_weight(x, g, kernel=kernel, **window)


convolve = _Convolution(
    "conv", lambda x, weight, **window: {"size": tuple(x.shape[2:]), "kernel": tuple(weight.shape[2:]), **window},
    lambda c, weight, **form: _convolve_input(c, adjoint(weight), **form),
    lambda c, x, **form: _convolve_weight(adjoint(x), c, **form), _run, columns.convolve)
convolve_input = _Convolution(
    "conv_input", lambda g, weight, **window: {"kernel": tuple(weight.shape[2:]), **window},
    lambda c, weight, **form: _convolve(c, adjoint(weight), **form),
    lambda c, g, **form: _convolve_weight(c, adjoint(g), **form), _run_input, columns.convolve_input)
convolve_weight = _Convolution(
    "conv_weight", lambda x, g, **window: {"size": tuple(x.shape[2:]), **window},
    lambda c, g, **form: _convolve_input(adjoint(g), c, **form),
    lambda c, x, **form: _convolve(adjoint(x), c, **form), _run_weight, columns.convolve_weight)


# --- functions ----------------------------------------------------------------------------------------------------
def conv(x: Any, weight: Any, bias: Any = None, *, stride: int | Shape = 1, padding: Any = 0,
         dilation: int | Shape = 1, groups: int = 1, cross_correlation: bool = True) -> Any:
    """Convolution over one, two, three or more spatial axes.

    Arguments: `x` (batch, in, *size); `weight` (out, in / groups, *kernel); `bias` (out,) or `None`. `stride` and
    `dilation`: a number, or one for each spatial axis. `padding` with zeros: a number, one for each axis, two for each
    axis (before, after, before, ...), `"valid"` for none, `"same"` or `SamePad()` for a result of the size of x divided
    by the stride. `groups`: inputs and outputs are cut into so many groups that know nothing of each other, in / groups
    inputs each; with groups = in the convolution is depthwise. `cross_correlation=False` flips the weight, which is
    what mathematics calls a convolution, and Lux's default.

    Returns: an array (batch, out, *places) of the arguments' common dtype, with (size + padding - dilation (kernel - 1)
    - 1) // stride + 1 places along each axis.

    Errors: ValueError if shapes or settings do not fit together.

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    >>> import numpy as np
    >>> conv(np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[1.0, -1.0]]]), padding=(1, 0))
    array([[[-1., -1., -2., -4.]]])
    """
    size = _spatial("conv", x, weight)
    window = _settings("conv", weight, stride, padding, dilation, groups)
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError(f"conv: x {tuple(x.shape)} has {x.shape[1]} channels and weight {tuple(weight.shape)} is for "
                         f"{weight.shape[1] * groups} in {groups} groups; the weight's shape is (out, in / groups, "
                         "*kernel), with out and in divisible by groups")
    _check_bias("conv", bias, weight.shape[0])
    check_window("conv", size, tuple(weight.shape[2:]), *[window[k] for k in ("stride", "padding", "dilation")])
    weight = weight if cross_correlation else flip(weight, axis=tuple(range(2, len(weight.shape))))
    return convolve(x, weight, **window) if bias is None else convolve(x, weight, bias, **window)


def conv_transpose(x: Any, weight: Any, bias: Any = None, *, stride: int | Shape = 1, padding: Any = 0,
                   output_padding: int | Shape = 0, dilation: int | Shape = 1, groups: int = 1,
                   cross_correlation: bool = True) -> Any:
    """Transposed convolution: the gradient of a convolution with respect to its input, as a function.

    Arguments: as for `conv`, with the roles of inputs and outputs exchanged: `x` (batch, in, *places); `weight`
    (in, out / groups, *kernel); `bias` (out,). What `padding` adds to the image of that convolution is cut off here;
    `output_padding`, smaller than the stride, makes the result larger at the end of each axis, since a convolution
    with a stride has results of one size for images of several.

    Returns: an array (batch, out, *size) with (places - 1) stride + dilation (kernel - 1) + 1 - padding +
    output_padding elements along each axis.

    Errors: ValueError if shapes or settings do not fit together.

    >>> import numpy as np
    >>> conv_transpose(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]), stride=2)
    array([[[ 1., 10.,  2., 20.]]])
    """
    count = _spatial("conv_transpose", x, weight)
    window = _settings("conv_transpose", weight, stride, padding, dilation, groups)
    if x.shape[1] != weight.shape[0] or weight.shape[0] % groups:
        raise ValueError(f"conv_transpose: x {tuple(x.shape)} has {x.shape[1]} channels and weight "
                         f"{tuple(weight.shape)} is for {weight.shape[0]} in {groups} groups; the weight's shape is "
                         "(in, out / groups, *kernel), with in and out divisible by groups")
    _check_bias("conv_transpose", bias, weight.shape[1] * groups)
    extra = expand_output_padding("conv_transpose", output_padding, window["stride"])
    size = transposed_size(count, tuple(weight.shape[2:]), window["stride"], window["padding"], window["dilation"],
                           extra)
    weight = weight if cross_correlation else flip(weight, axis=tuple(range(2, len(weight.shape))))
    args = (x, weight) if bias is None else (x, weight, bias)
    return convolve_input(*args, size=size, **window)


def expand_output_padding(name: str, output_padding: Any, stride: Shape) -> Shape:
    """Return how much is added at the end of each axis."""
    extra = expand(f"{name}: output_padding", output_padding, len(stride), 0)
    if any(e >= s for e, s in zip(extra, stride, strict=True)):
        raise ValueError(f"{name}: output_padding {extra} must be smaller than the stride {stride}: it chooses among "
                         "the sizes that a convolution with this stride takes to the size of x")
    return extra


def transposed_size(count: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, extra: Shape) -> Shape:
    """Return the size of an image on which a window has so many places, or raise ValueError if nothing is left."""
    size = tuple([(n - 1) * s + d * (k - 1) + 1 + e - before - after for n, k, s, d, e, before, after in zip(
        count, kernel, stride, dilation, extra, padding[::2], padding[1::2], strict=True)])
    if min(size) < 1:
        raise ValueError(f"conv_transpose: padding {padding} cuts off all of the result for x with spatial axes "
                         f"{count}; use less padding or a larger kernel")
    return size


def _settings(name: str, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> dict[str, Any]:
    kernel = tuple(weight.shape[2:])
    stride, dilation = [expand(f"{name}: {key}", n, len(kernel)) for key, n in (
        ("stride", stride), ("dilation", dilation))]
    padding = expand_padding(name, padding, kernel, stride, dilation, transposed=name == "conv_transpose")
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": positive(f"{name}: groups", groups)}


def _spatial(name: str, x: Any, weight: Any) -> Shape:
    if len(x.shape) < 3 or len(x.shape) != len(weight.shape):
        raise ValueError(f"{name}: x must have the axes (batch, channels, *size) and weight as many, got shapes "
                         f"{tuple(x.shape)} and {tuple(weight.shape)}; a single image becomes a batch by x[None]")
    return tuple(x.shape[2:])


def _check_bias(name: str, bias: Any, channels: int) -> None:
    if bias is not None and tuple(bias.shape) != (channels,):
        raise ValueError(f"{name}: bias must have the shape {(channels,)}, one number for each channel of the result, "
                         f"got {tuple(bias.shape)}; reshape it")


__all__ = ["SamePad", "conv", "conv_transpose"]
