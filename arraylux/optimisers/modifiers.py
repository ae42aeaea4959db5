"""Rules that change the gradient before another rule makes a step of it, and the chain that joins them.

Weight decay pulls parameters towards zero; clipping keeps a single enormous gradient, as recurrent networks
produce them, from throwing the parameters far away. Neither needs to know which rule comes next. A chain hands
the outcome of one rule to the next as if it were the gradient: `OptimiserChain(ClipNorm(1), Momentum(0.1))`.
"""
from __future__ import annotations

import math
from typing import Any

from ..backend import library
from ..rules.elementwise import astype
from ..tree import describe
from .rule import Rule, check


class WeightDecay(Rule):
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
    xp, sizes = library(x), abs(x)
    if str(x.dtype).endswith("float16"):
        sizes = astype(sizes, dtype=xp.float32)
    if p == math.inf:
        return float(xp.max(sizes))
    norm: float = float(xp.sum(sizes**p)) ** (1 / p)
    return norm


class OptimiserChain(Rule):
    """Several rules in a row, each given the outcome of the one before as its gradient.

    Arguments: `rules`. Without any, the gradient itself is the step, as with `Descent(1)`.

    States: the tuple of the rules' states.

    Errors: TypeError for something that is no rule.

    >>> OptimiserChain(ClipNorm(1), WeightDecay(0.5))
    OptimiserChain(ClipNorm(omega=1.0, p=2.0, throw=True), WeightDecay(lambda_=0.5))
    """

    rules: tuple[Rule, ...]

    def __init__(self, *rules: Rule):
        for rule in rules:
            if not isinstance(rule, Rule):
                raise TypeError(f"OptimiserChain: expected rules such as Descent(0.1), got {describe(rule)}")
        object.__setattr__(self, "rules", rules)

    def __repr__(self) -> str:
        return f"OptimiserChain({', '.join(map(repr, self.rules))})"

    def init(self, x: Any) -> Any:
        return tuple([rule.init(x) for rule in self.rules])

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        states = []
        for rule, old in zip(self.rules, state, strict=True):
            new, dx = rule.apply(old, x, dx)
            states.append(new)
        return tuple(states), dx

    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.names()))

    def adjusted(self, changes: dict[str, Any]) -> Rule:
        return OptimiserChain(*(rule.adjusted(changes) for rule in self.rules))
