"""Layers that normalise: numbers of mean 0 and variance 1, then a learned scale and bias, and an activation.

What they compute is in `nn.normalisation`. The layers hold the settings and the parameters; `BatchNorm`, and
`InstanceNorm` if asked to, also averages of means and variances over the batches of training. Those are states: each
call in training returns new ones, and a model that is used (see `testmode`) normalises by them.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind, library
from ..initializers import ones32, zeros32
from ..nn.activations import identity
from ..nn.normalisation import batchnorm, groupnorm, instancenorm
from ..tracer.core import bare
from .checks import mixed_libraries, not_floating, wrong_keys, wrong_shape
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerError, LayerTypeError, LayerValueError

Shape = tuple[int, ...]


class Normalisation(AbstractLuxLayer):
    """What the layers of this chapter share: how they are drawn and called, and how trouble is found.

    To write one, define `shapes_of_parameters`, `normalise` (without the activation) and `problem`.
    """

    def shapes_of_parameters(self) -> dict[str, Shape]:
        """Return the shape of each parameter."""
        raise NotImplementedError

    def normalise(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        """Return the normalised x and the new state."""
        raise NotImplementedError

    def problem(self, x: Any, st: Any) -> str | None:
        """Return what is wrong with the shape of x, if anything is."""
        raise NotImplementedError

    def shapes_of_states(self) -> dict[str, Shape]:
        """Return the shape of each state; `()` stands for `training`."""
        return {}

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        return {name: getattr(self, f"init_{name}", ones32)(rng, shape)
                for name, shape in self.shapes_of_parameters().items()}

    def initialstates(self, rng: Any) -> dict[str, Any]:
        start = {"running_mean": np.zeros, "running_var": np.ones}
        return {name: start[name](shape, np.float32) if shape else True
                for name, shape in self.shapes_of_states().items()}

    def parameterlength(self) -> int:
        return sum(map(math.prod, self.shapes_of_parameters().values()))

    def statelength(self) -> int:
        return sum(map(math.prod, self.shapes_of_states().values()))

    def outputsize(self, x: Any, rng: Any) -> Any:
        return tuple(x.shape[1:])

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        shapes, states = self.shapes_of_parameters(), self.shapes_of_states()
        try:                                # whatever does not fit ends below, where it is found out what it was
            if (len(ps.keys()) != len(shapes) or len(st.keys()) != len(states) or kind(x.dtype) != "f"
                    or any(ps[name].shape != shape for name, shape in shapes.items())
                    or any(shape and (st[name].shape != shape or library(bare(st[name])) is not library(bare(x)))
                           for name, shape in states.items())
                    or self.problem(x, st)):
                raise TypeError
            y, st = self.normalise(x, ps, st)
        except (AttributeError, KeyError, TypeError):
            misfit = self._misfit(x, ps, st)
            if misfit is None:
                raise
            raise misfit from None
        activation = self.setting("activation")
        return (y if activation is identity else activation(y)), st

    def _misfit(self, x: Any, ps: Any, st: Any) -> LayerError | None:
        shapes, states = self.shapes_of_parameters(), self.shapes_of_states()
        misfit = wrong_keys(self, "ps", ps, shapes) or wrong_keys(self, "st", st, states) or not_floating(self, x)
        if misfit is not None:
            return misfit
        if kind(x.dtype) == "c":
            return LayerTypeError(self, f"x has dtype {x.dtype}, expected a real one; normalise its real and imaginary "
                                        "parts by themselves")
        problem = self.problem(x, st)
        if problem:
            return LayerValueError(self, problem)
        averages = {name: shape for name, shape in states.items() if shape}
        return (wrong_shape(self, ps, shapes) or wrong_shape(self, st, averages) or mixed_libraries(self, x, ps)
                or mixed_libraries(self, x, {name: st[name] for name in averages}))

    def check_fields(self, **positive: Any) -> None:
        """Check what all of these layers are made with; `positive` must be positive integers.

        Errors: ValueError, TypeError.
        """
        name = type(self).__name__
        for field, n in positive.items():
            if not hasattr(n, "__index__") or isinstance(n, bool) or n < 1:
                raise ValueError(f"{name}: {field} must be a positive integer, got {n!r}")
        activation, epsilon = self.setting("activation"), self.setting("epsilon")
        if not callable(activation):
            raise TypeError(f"{name}: activation must be a function of an array, got {activation!r}; options come "
                            f"after it or by name, as in {name}(8, affine=False)")
        if not epsilon >= 0:
            raise ValueError(f"{name}: epsilon must be a number from 0, got {epsilon!r}")

    def setting(self, name: str) -> Any:
        """Return a field that each of these layers has."""
        return vars(self)[name]

    def described(self, *size: Any, **options: Any) -> str:
        """Return the layer on one line, with its activation if it has one."""
        activation = self.setting("activation")
        return call_form(type(self).__name__, *size, None if activation is identity else activation, **options)


def _affine(layer: Any, shape: Shape) -> dict[str, Shape]:
    return {"scale": shape, "bias": shape} if layer.affine else {}


def _averages(layer: Any) -> dict[str, Shape]:
    tracked = {"running_mean": (layer.chs,), "running_var": (layer.chs,)} if layer.track_stats else {}
    return {**tracked, "training": ()}


def _wrong_channels(x: Any, chs: int, rank: int) -> str | None:
    shape = tuple(x.shape)
    if len(shape) >= rank and shape[1] == chs:
        return None
    axes = "(batch, channel, ...)" if rank == 2 else "(batch, channel, pixels, ...)"
    return (f"x has the shape {shape}, expected {axes} with {chs} channels; "
            + ("move its last axis to place 1" if len(shape) > 2 and shape[-1] == chs else "reshape it, or change chs"))


def _by_channel(norm: Callable[..., Any], layer: Any, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
    """Normalise with running averages, if the layer keeps them."""
    training, tracked = st["training"], layer.track_stats
    scale, bias = (ps["scale"], ps["bias"]) if layer.affine else (None, None)
    old = (st["running_mean"], st["running_var"]) if tracked else (None, None)
    y, mean, var = norm(x, scale, bias, *old, training, momentum=layer.momentum, epsilon=layer.epsilon)
    return y, {"running_mean": mean, "running_var": var, "training": training} if tracked else st


class BatchNorm(Normalisation):
    """Normalise each channel over the batch and its pixels.

    Arguments:
        chs: the number of channels, axis 1 of x.
        activation: a function of an array.
        init_bias, init_scale: called as `init(rng, (chs,))`.
        affine: whether there are a scale and a bias.
        track_stats: whether averages are kept, to normalise by when the model is used; without, each batch is
            normalised by itself.
        epsilon: what is added to the variance.
        momentum: the share of a batch in the new averages.

    Parameters: `scale`, `bias` (chs,). States: `running_mean`, `running_var` (chs,), the latter of unbiased variances;
    `training`, initially `True`.

    Returns: for x (batch, chs, ...), an array like x, and the new state. It is training that normalises by the batch.

    Errors: ValueError for x of other channels, or of a batch of less than 2 while training; TypeError if x is not real
    floating point; KeyError for parameters or states of another layer.

    Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015.

    >>> BatchNorm(64)
    BatchNorm(64, affine=true, track_stats=true)  # 128 parameters, plus 129 non-trainable
    """

    chs: int
    activation: Callable[..., Any] = identity
    init_bias: Callable[..., Any] = zeros32
    init_scale: Callable[..., Any] = ones32
    affine: bool = True
    track_stats: bool = True
    epsilon: float = 1e-5
    momentum: float = 0.1

    def __post_init__(self) -> None:
        self.check_fields(chs=self.chs)

    def shapes_of_parameters(self) -> dict[str, Shape]:
        return _affine(self, (self.chs,))

    def shapes_of_states(self) -> dict[str, Shape]:
        return _averages(self)

    def normalise(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        return _by_channel(batchnorm, self, x, ps, st)

    def problem(self, x: Any, st: Any) -> str | None:
        if st["training"] and len(x.shape) > 1 and x.shape[0] < 2:
            return (f"x of shape {tuple(x.shape)} is a batch of {x.shape[0]}, expected 2 samples at least to train "
                    "with; use testmode(st), or a layer that does not mix samples, as GroupNorm")
        return _wrong_channels(x, self.chs, 2)

    def description(self) -> str:
        return self.described(self.chs, affine=self.affine, track_stats=self.track_stats)


class InstanceNorm(BatchNorm):
    """Normalise each channel of each sample over its pixels.

    Arguments: as for `BatchNorm`, but without parameters and averages unless `affine` and `track_stats` ask for them.

    Parameters: `scale`, `bias` (chs,), if affine. States: `training`, initially `True`; if tracked, `running_mean` and
    `running_var` (chs,), averages over samples.

    Returns: for x (batch, chs, pixels, ...), an array like x, and the new state.

    Errors: as for `BatchNorm`; ValueError if a channel has a single pixel while training.

    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization: the missing ingredient for fast stylization",
    arXiv:1607.08022.

    >>> InstanceNorm(64, affine=True)
    InstanceNorm(64, affine=true, track_stats=false)  # 128 parameters, plus 1 non-trainable
    """

    affine: bool = False
    track_stats: bool = False

    def normalise(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        return _by_channel(instancenorm, self, x, ps, st)

    def problem(self, x: Any, st: Any) -> str | None:
        if st["training"] and len(x.shape) > 2 and math.prod(x.shape[2:]) < 2:
            return f"x of shape {tuple(x.shape)} has 1 pixel for each channel, expected 2 at least; use testmode(st)"
        return _wrong_channels(x, self.chs, 3)


class GroupNorm(Normalisation):
    """Normalise each group of consecutive channels of each sample, all pixels together.

    Arguments: `groups`, how many groups the `chs` channels are divided into; the others as for `BatchNorm`.

    Parameters: `scale`, `bias` (chs,), if affine. States: none.

    Returns: for x (batch, chs, ...), an array like x.

    Errors: ValueError if `groups` does not divide `chs`, or for x of other channels; TypeError if x is not real
    floating point.

    Source: Y. Wu, K. He, "Group normalization", ECCV 2018.

    >>> from arraylux import nn
    >>> GroupNorm(64, 4, nn.relu)
    GroupNorm(64, 4, relu, affine=true)  # 128 parameters
    """

    chs: int
    groups: int
    activation: Callable[..., Any] = identity
    init_bias: Callable[..., Any] = zeros32
    init_scale: Callable[..., Any] = ones32
    affine: bool = True
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        self.check_fields(chs=self.chs, groups=self.groups)
        if self.chs % self.groups:
            raise ValueError(f"GroupNorm: {self.chs} channels can't be divided into {self.groups} groups of one size; "
                             "choose a divisor")

    def shapes_of_parameters(self) -> dict[str, Shape]:
        return _affine(self, (self.chs,))

    def normalise(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        scale, bias = (ps["scale"], ps["bias"]) if self.affine else (None, None)
        return groupnorm(x, scale, bias, self.groups, epsilon=self.epsilon), st

    def problem(self, x: Any, st: Any) -> str | None:
        return _wrong_channels(x, self.chs, 2)

    def description(self) -> str:
        return self.described(self.chs, self.groups, affine=self.affine)


__all__ = ["BatchNorm", "GroupNorm", "InstanceNorm", "Normalisation"]
