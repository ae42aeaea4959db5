"""Rules that change the gradient before another rule makes a step of it: decay and clipping.

Decay pulls parameters towards zero, by a part of themselves or by the same amount for all; clipping keeps a single
enormous gradient, as recurrent networks produce them, from throwing the parameters far away. Neither needs to know
which rule comes next: a chain joins them, as in `OptimiserChain(ClipNorm(1), Momentum(0.1))`.
"""
from __future__ import annotations

import math
from typing import Any

from ..backend import kind, library
from ..rules.elementwise import astype, sign
from ..rules.pairs import clip, maximum
from ..tree import describe
from .rule import Elementwise, Rule, check


class WeightDecay(Elementwise):
    """Weight decay, or L2 regularisation: adds lambda_ x to the gradient, the gradient of lambda_ / 2 times ‖x‖².

    Arguments: `lambda_`, the rate of decay (with an underscore, because `lambda` is a word of Python's).

    States: none.

    Errors: ValueError for a negative or infinite lambda_.

    >>> WeightDecay(0.5).apply(None, 4.0, 1.0)
    (None, 3.0)
    """

    lambda_: float = 5e-4

    def __post_init__(self) -> None:
        check(self, "lambda_")

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        return state, dx + self.lambda_ * x


class SignDecay(Elementwise):
    """Sign decay, or L1 regularisation: adds lambda_ sign(x) to the gradient, the gradient of lambda_ times sum(|x|).

    All parameters are drawn to zero at the same pace, so that the unimportant ones arrive there.

    Arguments: `lambda_`, the rate of decay.

    States: none.

    Errors: ValueError for a negative or infinite lambda_.

    >>> import numpy as np
    >>> SignDecay(0.5).apply(None, np.asarray([4.0, -0.1]), np.asarray([1.0, 1.0]))[1]
    array([1.5, 0.5])
    """

    lambda_: float = 1e-3

    def __post_init__(self) -> None:
        check(self, "lambda_")

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        return state, dx + self.lambda_ * sign(x)


class ClipGrad(Elementwise):
    """Limits each number of the gradient to [-delta, delta], and a complex one to that modulus.

    The gradient's direction changes; `ClipNorm` keeps it.

    Arguments: `delta`, the largest size.

    States: none.

    Errors: ValueError for a delta that is not positive.

    >>> import numpy as np
    >>> ClipGrad(2).apply(None, np.zeros(3), np.asarray([3.0, -4.0, 1.0]))[1]
    array([ 2., -2.,  1.])
    """

    delta: float = 10.0

    def __post_init__(self) -> None:
        check(self, "delta")
        if not self.delta > 0:
            raise ValueError(f"ClipGrad: delta is {self.delta}, expected a positive number")

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        if kind(dx.dtype) == "c":
            return state, dx * (self.delta / maximum(abs(dx), self.delta))
        return state, clip(dx, -self.delta, self.delta)


class ClipNorm(Rule):
    """Scales a gradient whose norm is larger than omega down to that norm.

    The norm is that of each array by itself, not of all parameters together. For the norm of all of them, train a
    ComponentArray: it is one array.

    Arguments: `omega`, the largest norm; `p`, the exponent of the norm, 2 or any other positive number or infinity;
    `throw`, whether a norm that is not finite is an error.

    States: none.

    Errors: ValueError for an omega or p that is not positive, and when the norm is infinite or NaN.

    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", arXiv:1211.5063,
    algorithm 1.

    >>> import numpy as np
    >>> ClipNorm(1).apply(None, np.zeros(2), np.asarray([3.0, 4.0]))[1]
    array([0.6, 0.8])
    """

    omega: float = 10.0
    p: float = 2.0
    throw: bool = True

    def __post_init__(self) -> None:
        check(self, "omega")
        if not (self.omega > 0 and self.p > 0):
            raise ValueError(f"ClipNorm: omega is {self.omega} and p is {self.p}, expected positive numbers")

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        norm = p_norm(dx, self.p)
        if self.throw and not math.isfinite(norm):
            raise ValueError(f"ClipNorm: the {self.p}-norm of the gradient, {describe(dx)}, is {norm}; look for an "
                             "overflow or a division by zero in the loss, or let it pass with throw=False")
        return state, dx if norm <= self.omega else dx * (self.omega / norm)


def p_norm(x: Any, p: float) -> float:
    """Return the p-norm of an array, summed in float32 at least.

    >>> import numpy as np
    >>> p_norm(np.asarray([-3.0, 4.0]), 1), p_norm(np.asarray([-3.0, 4.0]), math.inf)
    (7.0, 4.0)
    """
    if 0 in x.shape:
        return 0.0
    xp = library(x)
    if str(x.dtype).endswith("float16"):
        x = astype(x, dtype=xp.float32)
    if p == 2:                      # one pass, without an array of sizes
        x = xp.reshape(x, (-1,))
        return math.sqrt(abs(complex(xp.vecdot(x, x))))
    sizes = abs(x)
    if p == math.inf:
        return float(xp.max(sizes))
    norm: float = float(xp.sum(sizes**p)) ** (1 / p)
    return norm
