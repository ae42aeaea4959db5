"""A model that keeps its parameters and states, for code that calls a function of x.

Layers are pure: what a call changes, it returns. A solver of differential equations, a plot or a function of another
library has no place for that and wants to call f(x). `StatefulLuxLayer` is the one object here that changes when it is
called; what it holds is in plain sight, and can be taken out again.
"""
from __future__ import annotations

from typing import Any

from .. import tree
from . import contract, display
from .display import display_name


class StatefulLuxLayer:
    """A model with its parameters and its present states: `y = smodel(x)`.

    Arguments: `model`, a layer; `ps`, its parameters, or `None` if they come with every call; `st`, its states.

    `smodel(x)` and `smodel(x, ps)` return the result alone, and `smodel.st` becomes the new states. `model`, `ps` and
    `st` may be read and replaced. `testmode`, `trainmode`, `update_state` and devices return another holder, with
    other states or arrays; `parameterlength` and `statelength` count those of the model.

    Errors: ValueError if there are no parameters.

    >>> import numpy as np
    >>> from arraylux.layers import Dense, setup
    >>> model = Dense(2, 3)
    >>> smodel = StatefulLuxLayer(model, *setup(np.random.default_rng(0), model))
    >>> smodel(np.ones((5, 2), np.float32)).shape
    (5, 3)
    """

    __slots__ = ("model", "ps", "st")

    def __init__(self, model: Any, ps: Any, st: Any) -> None:
        self.model, self.ps, self.st = model, ps, st

    def __call__(self, x: Any, ps: Any = None) -> Any:
        parameters = self.ps if ps is None else ps
        if parameters is None:
            raise ValueError(f"StatefulLuxLayer: {display_name(self.model)} has no parameters yet; set them, "
                             "as in smodel.ps = ps, or call smodel(x, ps)")
        y, self.st = self.model(x, parameters, self.st)
        return y

    def parameterlength(self) -> int:
        """Count the parameters of the model."""
        return contract.parameterlength(self.model)

    def statelength(self) -> int:
        """Count the states of the model."""
        return contract.statelength(self.model)

    def printed_children(self) -> dict[str, Any]:
        """Return what is printed inside."""
        return {"model": self.model}

    def __repr__(self) -> str:
        return display.show(self)


# As a tree it has the names of its trees; the model rides along as the class of leaf that everything leaves alone.
tree.register(StatefulLuxLayer, lambda smodel: ("model", "ps", "st"),
              lambda smodel: (smodel.model, smodel.ps, smodel.st), lambda keys, children: StatefulLuxLayer(*children))

__all__ = ["StatefulLuxLayer"]
