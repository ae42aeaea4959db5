"""Layers that draw random numbers, from a generator that is part of their state."""
from __future__ import annotations

from typing import Any

from ..nn.dropout import check_probability, dropout
from ..random import replicate
from .basic import NoOpLayer
from .contract import AbstractLuxLayer
from .display import call_form


def state_generator(rng: Any) -> Any:
    """Return a generator for a layer's state: a copy of `rng`, which makes one draw so that the next copy differs."""
    rng.random()
    return replicate(rng)


class Dropout(AbstractLuxLayer):
    """While training, set elements to zero with probability p and divide the others by 1 - p.

    Arguments:
        p: the probability of a zero. `Dropout(0)` does nothing at all, and is a `NoOpLayer`.
        dims: the axes along which the mask varies, one or a tuple; `None` for all of them. `(0, 1)` drops whole
            channels of images (batch, channel, height, width).

    States: `rng`, the generator that the next mask is drawn from; `training`, initially `True`.

    Returns: an array like x, and the state with an advanced generator; x itself if not training (see `testmode`).

    Errors: ValueError if p is not within [0, 1] or x has no axis of `dims`; TypeError if x is not floating point.

    Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = Dropout(0.5)
    >>> ps, st = setup(np.random.default_rng(1), model)
    >>> model(np.ones(6), ps, st)[0]
    array([2., 2., 0., 0., 2., 2.])
    """

    p: float
    dims: int | tuple[int, ...] | None = None

    def __new__(cls, p: float, dims: int | tuple[int, ...] | None = None) -> Any:
        return NoOpLayer() if p == 0 else object.__new__(cls)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.p, self.dims

    def __post_init__(self) -> None:
        check_probability("Dropout", self.p)
        if isinstance(self.dims, list):
            object.__setattr__(self, "dims", tuple(self.dims))

    def initialstates(self, rng: Any) -> dict[str, Any]:
        return {"rng": state_generator(rng), "training": True}

    def statelength(self) -> int:
        return 2

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        y, _, rng = dropout(st["rng"], x, self.p, st["training"], self.dims)
        return y, {"rng": rng, "training": st["training"]}

    def description(self) -> str:
        return call_form("Dropout", self.p, dims=self.dims)


__all__ = ["Dropout", "state_generator"]
