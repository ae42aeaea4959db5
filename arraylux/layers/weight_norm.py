"""Weight normalisation: the length and the direction of each row of a weight, trained apart.

A gradient step on w changes both at once. With w = g v / |v| the gradient of v is orthogonal to v, so that only g
decides how long a row is. It is a change of parameters and not of the function: any layer can be wrapped.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to_numpy
from ..rules.norms import vector_norm
from ..tracer.fitting import times
from .checks import wrong_keys
from .contract import AbstractLuxLayer, AbstractLuxWrapperLayer, initialparameters
from .display import display_name


class WeightNorm(AbstractLuxWrapperLayer):
    """A layer whose parameters are lengths and directions: w = g v / |v|.

    Arguments:
        layer: the layer to wrap.
        which_params: the names of the parameters that are normalised.
        dims: for each of them, the axis whose elements have a length of their own; `None` for axis 0, that of the
            outputs.

    Parameters: `normalized`, a dict with `weight_g` (the lengths, of length 1 along all other axes) and `weight_v` (of
    the shape of the parameter) for each name `weight`; `unnormalized`, a dict of the other parameters. States: those of
    the layer.

    Returns: what the layer returns.

    Errors: ValueError for a name that is no parameter of the layer, and if there is a length of zero to begin with.

    Source: T. Salimans, D. P. Kingma, "Weight normalization: a simple reparameterization to accelerate training of deep
    neural networks", NeurIPS 2016, equation 2.

    >>> from arraylux.layers import Dense
    >>> WeightNorm(Dense(2, 3), ("weight",))
    WeightNorm(
        layer = Dense(2 => 3),                        # 9 parameters
    )         # Total: 12 parameters,
              #        plus 0 states.
    """

    layer: Any
    which_params: tuple[str, ...]
    dims: tuple[int, ...] | None = None
    wrapped = "layer"

    def __post_init__(self) -> None:
        if not isinstance(self.layer, AbstractLuxLayer):
            raise TypeError(f"WeightNorm: layer is a {type(self.layer).__name__}, expected a layer, as in "
                            'WeightNorm(Dense(2, 3), ("weight",))')
        names = (self.which_params,) if isinstance(self.which_params, str) else tuple(self.which_params)
        object.__setattr__(self, "which_params", names)
        if self.dims is not None:
            dims = (self.dims,) if isinstance(self.dims, int) else tuple(self.dims)
            object.__setattr__(self, "dims", dims)
            if len(dims) != len(names):
                raise ValueError(f"WeightNorm: dims has {len(dims)} axes, expected one for each of the {len(names)} "
                                 "parameters")

    def inner_layers(self) -> Any:
        return None                         # its parameters are not those of the layer

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        ps = initialparameters(rng, self.layer)
        normalized: dict[str, Any] = {}
        for name, axis in self._axes():
            if name not in ps:
                raise ValueError(f"WeightNorm: {display_name(self.layer)} has no parameter {name!r}; it has "
                                 f"{', '.join(map(repr, ps)) or 'none'}")
            lengths = _length(ps[name], axis)
            if not np.all(to_numpy(lengths)):
                raise ValueError(f"WeightNorm: parameter {name!r} of {display_name(self.layer)} is zero along axis "
                                 f"{axis}, expected numbers that have a direction; normalise another one, or choose "
                                 "another initialiser")
            normalized |= {f"{name}_g": lengths, f"{name}_v": ps[name]}
        return {"normalized": normalized,
                "unnormalized": {name: p for name, p in ps.items() if name not in self.which_params}}

    def parameterlength(self) -> int:
        return AbstractLuxLayer.parameterlength(self)

    def outputsize(self, x: Any, rng: Any) -> Any:
        return self.layer.outputsize(x, rng)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        misfit = (wrong_keys(self, "ps", ps, ("normalized", "unnormalized")) or wrong_keys(
            self, "ps['normalized']", ps["normalized"], [f"{name}_{p}" for name in self.which_params for p in "gv"]))
        if misfit is not None:
            raise misfit
        whole, parts = dict(ps["unnormalized"].items()), ps["normalized"]
        for name, axis in self._axes():
            v = parts[f"{name}_v"]
            whole[name] = times(v, parts[f"{name}_g"] / _length(v, axis))
        y, st = self.layer(x, whole, st)
        return y, st

    def _axes(self) -> Any:
        return zip(self.which_params, self.dims or (0,) * len(self.which_params), strict=True)


def _length(v: Any, axis: int) -> Any:
    """Return the lengths of what lies along all axes but this one."""
    return vector_norm(v, axis=tuple([i for i in range(len(v.shape)) if i != axis % len(v.shape)]), keepdims=True)


__all__ = ["WeightNorm"]
