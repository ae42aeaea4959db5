"""Normalisation: keep the numbers inside a network at mean 0 and variance 1, whatever the layers before do.

The kinds differ in which numbers share a mean. For images (batch, channel, height, width): batch normalisation takes
it over the batch and all pixels of a channel, instance normalisation over the pixels of one channel of one image, group
normalisation over several channels of one image; for sequences, layer normalisation takes it over the features of each
element. The first makes samples depend on each other, so for use it needs averages kept from training: they come in as
arguments and go out as results. All end in a learned scale and bias, and an activation.

Half-precision numbers are computed with in single precision, and rounded at the end.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind
from ..rules.elementwise import astype, sqrt
from ..rules.pairs import add
from ..rules.reducing import mean as mean_of
from ..rules.shaping import reshape
from ..tracer.core import home, strip
from ..tracer.fitting import times
from .activations import identity
from .standardise import standardise

Activation = Callable[..., Any]


def batchnorm(x: Any, scale: Any = None, bias: Any = None, running_mean: Any = None, running_var: Any = None,
              training: bool = True, activation: Activation = identity, momentum: float = 0.1,
              epsilon: float = 1e-5) -> tuple[Any, Any, Any]:
    """Normalise each channel over the batch and its pixels.

    Arguments: `x` (batch, channel, ...); `scale` and `bias` (channel,), or `None`; `running_mean` and `running_var`
    (channel,), averages over earlier batches, or `None`; `training`, whether to normalise by this batch and not by
    those averages; `momentum`, the share of this batch in the new averages; `epsilon`, what is added to the variance.

    Returns: `(y, running_mean, running_var)`: an array like x, and the new averages, which have no derivative. The
    variance in them is the unbiased one.

    Errors: ValueError if a parameter or average does not have the shape (channel,), or if there is a scale without a
    bias; TypeError if x is not real floating point.

    Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015, algorithm 1.

    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> y, running_mean, _ = batchnorm(x, running_mean=np.zeros(2), running_var=np.ones(2))
    >>> y.round(4), running_mean
    (array([[-1., -1.],
           [ 1.,  1.]]), array([0.2, 2. ]))
    """
    _check_channels("batchnorm", x, 2, scale=scale, bias=bias, running_mean=running_mean, running_var=running_var)
    if not training and running_mean is not None:
        return _by_averages(x, scale, bias, running_mean, running_var, activation, epsilon), running_mean, running_var
    axes = (0, *range(2, len(x.shape)))
    n = math.prod([x.shape[a] for a in axes])
    if training:
        _check_count("batchnorm", n, x, "channel")
    y, mean, var = _standardised(x, _channels(scale, x), _channels(bias, x), axes, epsilon)
    if training and running_mean is not None:
        running_mean = _average(running_mean, mean, momentum)
        running_var = _average(running_var, var, momentum, n / (n - 1))
    return _activated(activation, y), running_mean, running_var


def instancenorm(x: Any, scale: Any = None, bias: Any = None, running_mean: Any = None, running_var: Any = None,
                 training: bool = True, activation: Activation = identity, momentum: float = 0.1,
                 epsilon: float = 1e-5) -> tuple[Any, Any, Any]:
    """Normalise each channel of each sample over its pixels.

    Arguments, Returns, Errors: as for `batchnorm`, but x has an axis at least behind the channels. The averages are
    those over the batch of each sample's mean and unbiased variance.

    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization: the missing ingredient for fast stylization",
    arXiv:1607.08022.

    >>> instancenorm(np.array([[[1.0, 3.0], [10.0, 30.0]]]))[0].round(4)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    _check_channels("instancenorm", x, 3, scale=scale, bias=bias, running_mean=running_mean, running_var=running_var)
    if not training and running_mean is not None:
        return _by_averages(x, scale, bias, running_mean, running_var, activation, epsilon), running_mean, running_var
    axes = tuple(range(2, len(x.shape)))
    n = math.prod(x.shape[2:])
    if training:
        _check_count("instancenorm", n, x, "channel of a sample")
    y, mean, var = _standardised(x, _channels(scale, x), _channels(bias, x), axes, epsilon)
    if training and running_mean is not None and x.shape[0] > 0:            # no samples leave the averages as they are
        running_mean = _average(running_mean, mean_of(strip(mean), axis=0), momentum)
        running_var = _average(running_var, mean_of(strip(var), axis=0), momentum, n / (n - 1))
    return _activated(activation, y), running_mean, running_var


def groupnorm(x: Any, scale: Any, bias: Any, groups: int, activation: Activation = identity,
              epsilon: float = 1e-5) -> Any:
    """Normalise each group of consecutive channels of each sample, all pixels together.

    Arguments: `x` (batch, channel, ...); `scale` and `bias` (channel,), or `None`; `groups`, their number;
    `epsilon`, what is added to the variance.

    Returns: an array like x.

    Errors: ValueError if the channels can't be divided into so many groups of one size, or if a parameter does not
    have the shape (channel,); TypeError if x is not real floating point.

    Source: Y. Wu, K. He, "Group normalization", ECCV 2018, equations 1 to 6.

    >>> groupnorm(np.array([[1.0, 3.0, 10.0, 30.0]]), None, None, groups=2).round(4)
    array([[-1.,  1., -1.,  1.]])
    """
    _check_channels("groupnorm", x, 2, scale=scale, bias=bias)
    batch, channels, *pixels = x.shape
    if groups < 1 or channels % groups:
        raise ValueError(f"groupnorm: {channels} channels (axis 1 of x {tuple(x.shape)}) can't be divided into "
                         f"{groups} groups of one size; choose a divisor")
    members = (groups, channels // groups)
    scale, bias = (None if p is None else reshape(p, (*members, *(1 for _ in pixels))) for p in (scale, bias))
    axes = tuple(range(2, 3 + len(pixels)))
    y, _, _ = _standardised(reshape(x, (batch, *members, *pixels)), scale, bias, axes, epsilon)
    return _activated(activation, reshape(y, x.shape))


def layernorm(x: Any, scale: Any = None, bias: Any = None, activation: Activation = identity,
              dims: int | tuple[int, ...] | None = None, epsilon: float = 1e-5) -> Any:
    """Normalise over the features: over the last axes, which those of the scale are.

    Arguments: `x` (..., *features); `scale` and `bias` (*features), or `None`; `dims`, the axes to normalise over, if
    they are not those of the scale (without a scale: the last one); `epsilon`, what is added to the variance.

    Returns: an array like x.

    Errors: ValueError if x does not end in the shape of the parameters, or has no axis of `dims`; TypeError if x is
    not real floating point.

    Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450, section 3.

    >>> layernorm(np.array([[1.0, 3.0], [10.0, 30.0]])).round(4)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    return _activated(activation, _over_features("layernorm", x, scale, bias, dims, epsilon, centre=True))


def rmsnorm(x: Any, scale: Any = None, dims: int | tuple[int, ...] | None = None, epsilon: float = 1e-5) -> Any:
    """Divide by the root of the mean square over the features, and scale; arguments and errors as for `layernorm`.

    Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019, equation 4.

    >>> rmsnorm(np.array([3.0, 4.0])).round(4)
    array([0.8485, 1.1314])
    """
    return _over_features("rmsnorm", x, scale, None, dims, epsilon, centre=False)


# --- what they share ------------------------------------------------------------------------------------------------
def _over_features(name: str, x: Any, scale: Any, bias: Any, dims: int | tuple[int, ...] | None, epsilon: float,
                   centre: bool) -> Any:
    _check_floating(name, x)
    _check_features(name, x, scale, bias)
    axes = _feature_axes(name, x, scale, dims)
    outer = 0 if scale is None else len(x.shape) - len(scale.shape)
    if not 1 < outer <= axes[0]:
        return _standardised(x, scale, bias, axes, epsilon, centre)[0]
    rows = reshape(x, (math.prod(x.shape[:outer]), *x.shape[outer:]))
    y, _, _ = _standardised(rows, scale, bias, tuple([a - outer + 1 for a in axes]), epsilon, centre)
    return reshape(y, x.shape)


def _feature_axes(name: str, x: Any, scale: Any, dims: int | tuple[int, ...] | None) -> tuple[int, ...]:
    rank = len(x.shape)
    if dims is None:
        dims = tuple(range(-1 if scale is None else -len(scale.shape), 0))
    axes = (dims,) if isinstance(dims, int) else tuple(dims)
    if not axes or not all(-rank <= a < rank for a in axes):
        raise ValueError(f"{name}: x of shape {tuple(x.shape)} can't be normalised over the axes {axes}; choose dims "
                         "among its axes")
    return tuple(sorted({a % rank for a in axes}))


def _standardised(x: Any, scale: Any, bias: Any, axes: tuple[int, ...], epsilon: float,
                  centre: bool = True) -> tuple[Any, Any, Any]:
    """Standardise in single precision at least, with the result in the dtype of x (and of wider parameters)."""
    affine = [p for p in (scale, bias) if p is not None]
    wide = _wide(x)
    if wide is x:
        y, mean, var = standardise(x, *affine, axes=axes, epsilon=epsilon, centre=centre)
        return y, mean, var
    y, mean, var = standardise(wide, *map(_wide, affine), axes=axes, epsilon=epsilon, centre=centre)
    return _narrow(y, x, scale, bias), mean, var


def _by_averages(x: Any, scale: Any, bias: Any, mean: Any, var: Any, activation: Activation, epsilon: float) -> Any:
    """Normalise by averages of earlier batches, which is nothing but a factor and a summand for each channel."""
    wide = _wide(x)
    factor = 1 / sqrt(_wide(var) + epsilon)
    factor = factor if scale is None else times(factor, _wide(scale))
    summand = -times(_wide(mean), factor)
    summand = _channels(summand if bias is None else add(summand, _wide(bias)), x)
    y = times(wide, _channels(factor, x))
    if type(y) is type(summand) is np.ndarray and y.dtype == summand.dtype:
        y += summand
    else:
        y = add(y, summand)
    return _activated(activation, y if wide is x else _narrow(y, x, scale, bias))


def _activated(activation: Activation, y: Any) -> Any:
    return y if activation is identity else activation(y)


def _channels(p: Any, x: Any) -> Any:
    """Line up numbers for each channel with axis 1 of x."""
    return p if p is None or len(x.shape) == 2 else reshape(p, (p.shape[0],) + (1,) * (len(x.shape) - 2))


def _average(old: Any, new: Any, momentum: float, correction: float = 1.0) -> Any:
    """Return the running average with what this batch adds, in its own dtype."""
    new = times(reshape(strip(new), old.shape), momentum * correction)
    mixed = add(times(old, 1 - momentum), new)
    return mixed if mixed.dtype == old.dtype else astype(mixed, dtype=old.dtype)


def _is_half(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.itemsize < 4
    return str(dtype).endswith("float16")                   # float16 and bfloat16, of whichever library


def _wide(x: Any) -> Any:
    return astype(x, dtype=home(x)[0].float32) if _is_half(x.dtype) else x


def _narrow(y: Any, *parts: Any) -> Any:
    """Round to half precision what was made of nothing wider."""
    return astype(y, dtype=parts[0].dtype) if all(p is None or _is_half(p.dtype) for p in parts) else y


def _check_floating(name: str, x: Any) -> None:
    if kind(x.dtype) != "f":
        raise TypeError(f"{name}: x has dtype {x.dtype}, expected a real floating-point one; convert it, as with "
                        "x.astype('float32')")


def _check_channels(name: str, x: Any, rank: int, **parameters: Any) -> None:
    _check_floating(name, x)
    if len(x.shape) < rank:
        raise ValueError(f"{name}: x has the shape {tuple(x.shape)}, expected {rank} axes at least, (batch, channel, "
                         "...); reshape it")
    for what, p in parameters.items():
        if p is not None and tuple(p.shape) != (x.shape[1],):
            raise ValueError(f"{name}: {what} has the shape {tuple(p.shape)}, expected ({x.shape[1]},), one number for "
                             f"each channel (axis 1) of x {tuple(x.shape)}")
    _check_pairs(name, **parameters)


def _check_features(name: str, x: Any, scale: Any, bias: Any) -> None:
    for what, p in (("scale", scale), ("bias", bias)):
        if p is not None and (not p.shape or tuple(x.shape[-len(p.shape):]) != tuple(p.shape)):
            raise ValueError(f"{name}: {what} has the shape {tuple(p.shape)}, expected that of the last axes of x "
                             f"{tuple(x.shape)}; reshape one of them")
    if bias is not None and (scale is None or scale.shape != bias.shape):
        raise ValueError(f"{name}: a bias of shape {tuple(bias.shape)} came with "
                         f"{'no scale' if scale is None else f'a scale of shape {tuple(scale.shape)}'}; give both of "
                         "one shape, or none")


def _check_pairs(name: str, **parameters: Any) -> None:
    for one, other in (("scale", "bias"), ("running_mean", "running_var")):
        if (parameters.get(one) is None) != (parameters.get(other) is None):
            raise ValueError(f"{name}: of {one} and {other} only one came; give both or none")


def _check_count(name: str, n: int, x: Any, what: str) -> None:
    """In training, refuse a variance of less than two numbers."""
    if n < 2:
        raise ValueError(f"{name}: x of shape {tuple(x.shape)} has n = {n} for each {what}, too few for a variance to "
                         "train with; give at least 2, or use training=False")


__all__ = ["batchnorm", "groupnorm", "instancenorm", "layernorm", "rmsnorm"]
