"""Frozen layers: some parameters of a layer are held still by making them states.

Gradients are taken of parameters, and optimisers change parameters; states are neither. A parameter that is moved from
one tree to the other is out of training without anybody else having to know. (The other way is a mask in the
optimiser: `optimisers.freeze` leaves the trees as they are, and still computes the gradient.)
"""
from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..component import ComponentArray
from ..layers.checks import wrong_keys
from ..layers.contract import AbstractLuxLayer, initialparameters, initialstates
from ..layers.display import display_name
from ..layers.errors import LayerError


class FrozenLayer(AbstractLuxLayer):
    """A layer some of whose parameters are states; `freeze` makes it.

    Arguments: `layer`, the layer; `which`, the names of the parameters to freeze, as they stand at the top of the
    layer's own parameters, or `None` for all.

    Parameters: those of the layer that are not frozen. States: `frozen_params`, a dict of the others, and `states`,
    the states of the layer.

    Errors: ValueError for a name that is no parameter of the layer.

    >>> from arraylux.layers import Dense
    >>> FrozenLayer(Dense(2, 2), ("weight",))
    FrozenLayer(Dense(2 => 2), (:weight,))  # 2 parameters, plus 4 non-trainable
    """

    layer: Any
    which: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.layer, AbstractLuxLayer):
            raise TypeError(f"FrozenLayer: expected a layer, got a {type(self.layer).__name__}; to freeze parts of an "
                            "optimiser's state there is optimisers.freeze")
        object.__setattr__(self, "which", _names(self.which))

    def _split(self, ps: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the parameters that stay, and the frozen ones."""
        which = tuple(ps.keys()) if self.which is None else self.which
        for name in which:
            if name not in ps:
                raise ValueError(f"FrozenLayer: {display_name(self.layer)} has no parameter {name!r}; it has "
                                 f"{', '.join(map(repr, ps.keys())) or 'none'}")
        return {name: p for name, p in ps.items() if name not in which}, {name: ps[name] for name in which}

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        return self._split(initialparameters(rng, self.layer))[0]

    def initialstates(self, rng: Any) -> dict[str, Any]:
        frozen = self._split(initialparameters(rng, self.layer))[1]
        return {"frozen_params": frozen, "states": initialstates(rng, self.layer)}

    def outputsize(self, x: Any, rng: Any) -> Any:
        return self.layer.outputsize(x, rng)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        misfit = wrong_keys(self, "st", st, ("frozen_params", "states"))
        if misfit is None and not hasattr(ps, "items"):
            misfit = wrong_keys(self, "ps", ps, self.initialparameters(np.random.default_rng(0)))
        if misfit is not None:
            raise misfit
        try:
            y, states = self.layer(x, {**dict(ps.items()), **dict(st["frozen_params"].items())}, st["states"])
        except LayerError as error:
            error.within("FrozenLayer", "layer")
            raise
        return y, {"frozen_params": st["frozen_params"], "states": states}

    def description(self) -> str:
        if self.which is None:
            return f"FrozenLayer({self.layer.description()})"
        names = ", ".join([f":{name}" for name in self.which]) + ("," if len(self.which) == 1 else "")
        return f"FrozenLayer({self.layer.description()}, ({names}))"


def freeze(layer: Any, ps: Any = None, st: Any = None, *, which: Iterable[str] | None = None) -> Any:
    """Take parameters of a layer out of training.

    Arguments: `layer`; `ps`, `st`, its present parameters and states, if the frozen layer is to go on with them;
    `which`, the names of the parameters, `None` for all. Without any name the layer is returned as it is, with a
    UserWarning.

    Returns: a `FrozenLayer`; or with `ps` and `st` a triple `(layer, ps, st)`, in which the arrays are the old ones.

    Errors: TypeError if there is no layer, or only one of ps and st; ValueError for a name that is no parameter.

    >>> import numpy as np
    >>> from arraylux.layers import Dense, setup
    >>> model = Dense(2, 3)
    >>> frozen, ps, st = freeze(model, *setup(np.random.default_rng(0), model), which=("weight",))
    >>> list(ps), list(st["frozen_params"])
    (['bias'], ['weight'])
    """
    if not isinstance(layer, AbstractLuxLayer):
        raise TypeError(f"freeze: expected a layer, got a {type(layer).__name__}; to freeze parts of an optimiser's "
                        "state there is optimisers.freeze")
    if (ps is None) != (st is None):
        raise TypeError("freeze: expected both parameters and states, or neither; the names of the parameters come as "
                        'which, as in freeze(layer, which=("weight",))')
    names = _names(which)
    if names == ():
        warnings.warn("freeze: which names no parameter, so the layer is returned as it is; leave it out to freeze all",
                      stacklevel=2)
        return layer if ps is None else (layer, ps, st)
    frozen = FrozenLayer(layer, names)
    if ps is None:
        return frozen
    rest, held = frozen._split(ps)
    return frozen, _like(rest, ps), {"frozen_params": held, "states": st}


def unfreeze(layer: Any, ps: Any = None, st: Any = None) -> Any:
    """Put frozen parameters back into training: the inverse of `freeze`.

    Arguments: `layer`, a `FrozenLayer`; `ps`, `st`, its parameters and states, if it is to go on with them.

    Returns: the layer inside; or with `ps` and `st` a triple `(layer, ps, st)`.

    Errors: TypeError if the layer is not frozen, or if only one of ps and st is given.
    """
    if not isinstance(layer, FrozenLayer):
        raise TypeError(f"unfreeze: expected a FrozenLayer, got {layer!r}; layer_map visits the layers of a model")
    if (ps is None) != (st is None):
        raise TypeError("unfreeze: expected both parameters and states, or neither")
    if ps is None:
        return layer.layer
    return layer.layer, _like({**dict(ps.items()), **dict(st["frozen_params"].items())}, ps), st["states"]


def _names(which: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if which is None else (which,) if isinstance(which, str) else tuple(which)


def _like(ps: dict[str, Any], old: Any) -> Any:
    """Return parameters as a ComponentArray if they were one."""
    return ComponentArray(ps) if isinstance(old, ComponentArray) else ps


__all__ = ["FrozenLayer", "freeze", "unfreeze"]
