"""Layers that draw random numbers, from a generator that is part of their state."""
from __future__ import annotations

from typing import Any

from ..nn.dropout import alpha_dropout, check_probability, dropout
from ..random import replicate
from .basic import NoOpLayer
from .checks import not_floating, wrong_keys
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerError, LayerTypeError, LayerValueError


def state_generator(rng: Any) -> Any:
    """Return a generator for a layer's state: a copy of `rng`, which makes one draw so that the next copy differs."""
    rng.random()
    return replicate(rng)


def _located(layer: Any, error: Exception, x: Any, st: Any, *states: str) -> LayerError:
    """Return what went wrong as an error of the layer: its states, its input, or what a function of `nn` had to say."""
    misfit = wrong_keys(layer, "st", st, ("rng", "training", *states)) or not_floating(layer, x)
    if misfit is not None:
        return misfit
    kind = LayerTypeError if isinstance(error, TypeError) else LayerValueError
    function, _, problem = str(error).partition(": ")
    return kind(layer, problem or function)


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
        check_probability(type(self).__name__, self.p)
        if isinstance(self.dims, list):
            object.__setattr__(self, "dims", tuple(self.dims))

    def initialstates(self, rng: Any) -> dict[str, Any]:
        return {"rng": state_generator(rng), "training": True}

    def statelength(self) -> int:
        return 2

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        try:
            y, _, rng = dropout(st["rng"], x, self.p, st["training"], self.dims)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _located(self, error, x, st) from None
        return y, {"rng": rng, "training": st["training"]}

    def description(self) -> str:
        return call_form(type(self).__name__, self.p, dims=self.dims)


class AlphaDropout(AbstractLuxLayer):
    """Dropout for networks of `selu`: while training, it keeps mean 0 and variance 1 of its input.

    Arguments: `p`, the probability with which an element is dropped. `AlphaDropout(0)` is a `NoOpLayer`.

    States: `rng`, the generator to draw from; `training`, initially `True`.

    Returns: an array like x, and the state with an advanced generator; x itself if not training (see `testmode`).

    Errors: ValueError if p is not within [0, 1]; TypeError if x is not real floating point.

    Source: G. Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017, section 2, "New dropout technique".

    >>> AlphaDropout(0.1)
    AlphaDropout(0.1)
    """

    p: float

    def __new__(cls, p: float) -> Any:
        return NoOpLayer() if p == 0 else object.__new__(cls)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.p,)

    def __post_init__(self) -> None:
        check_probability("AlphaDropout", self.p)

    def initialstates(self, rng: Any) -> dict[str, Any]:
        return {"rng": state_generator(rng), "training": True}

    def statelength(self) -> int:
        return 2

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        try:
            y, rng = alpha_dropout(st["rng"], x, self.p, st["training"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _located(self, error, x, st) from None
        return y, {"rng": rng, "training": st["training"]}


class VariationalHiddenDropout(Dropout):
    """Dropout with the same mask in every call, as the steps of a recurrence want it, until a new one is asked for.

    Arguments: `p`, `dims` as for `Dropout`.

    States: `rng`, `training` as for `Dropout`; `mask`, which is `None` until the first call; `update_mask`, initially
    `True`, whether the next call draws a new mask: ask for one with `update_state(st, "update_mask", True)`.

    Returns: an array like x, and the state with the mask; x itself if not training.

    Errors: as for `Dropout`, and ValueError if the mask does not fit x.

    Source: Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks",
    NeurIPS 2016.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = VariationalHiddenDropout(0.5)
    >>> ps, st = setup(np.random.default_rng(1), model)
    >>> y, st = model(np.ones(6), ps, st)
    >>> bool((model(np.ones(6), ps, st)[0] == y).all())
    True
    """

    def initialstates(self, rng: Any) -> dict[str, Any]:
        return {"rng": state_generator(rng), "training": True, "update_mask": True, "mask": None}

    def statelength(self) -> int:
        return 4

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        try:
            training, old = st["training"], st["mask"]
            y, mask, rng = dropout(st["rng"], x, self.p, training, self.dims, None if st["update_mask"] else old)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _located(self, error, x, st, "update_mask", "mask") from None
        if not training:
            return y, st
        return y, {"rng": rng, "training": training, "update_mask": False, "mask": mask}


__all__ = ["AlphaDropout", "Dropout", "VariationalHiddenDropout", "state_generator"]
