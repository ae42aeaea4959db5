"""Rules made of rules: several in a row, many gradients for one step, and a more precise copy of the parameters.

A chain hands the outcome of one rule to the next as if it were the gradient. At its head, `AccumGrad` keeps gradients
to itself until it has enough of them for a mean, so that a batch too large for the memory is taken in parts. And a
step that is small beside a half-precision parameter would be lost in rounding; `MixedPrecision` adds it to a copy of
the parameter in which it isn't.
"""
from __future__ import annotations

import operator
from typing import Any

from ..backend import kind
from ..record import replace
from ..rules.elementwise import astype
from ..tracer.core import home
from ..tree import describe
from .rule import Elementwise, Rule, zeros_like


class OptimiserChain(Rule):
    """Several rules in a row, each given the outcome of the one before as its gradient.

    Arguments: `rules`. Without any, the gradient itself is the step, as with `Descent(1)`.

    States: the tuple of the rules' states.

    Errors: TypeError for something that is no rule; ValueError for a `MixedPrecision`, which goes around the chain.

    >>> from arraylux.optimisers import ClipNorm, WeightDecay
    >>> OptimiserChain(ClipNorm(1), WeightDecay(0.5))
    OptimiserChain(ClipNorm(omega=1.0, p=2.0, throw=True), WeightDecay(lambda_=0.5))
    """

    rules: tuple[Rule, ...]

    def __init__(self, *rules: Rule):
        for rule in rules:
            if not isinstance(rule, Rule):
                raise TypeError(f"OptimiserChain: expected rules such as Descent(0.1), got {describe(rule)}")
            if isinstance(rule, MixedPrecision):
                raise ValueError("OptimiserChain: a MixedPrecision among its rules would keep only part of the step in "
                                 "its precision; put it around the chain, MixedPrecision(OptimiserChain(...))")
        object.__setattr__(self, "rules", rules)
        self.__post_init__()

    def __post_init__(self) -> None:
        object.__setattr__(self, "elementwise", all(rule.elementwise for rule in self.rules))

    def __repr__(self) -> str:
        return f"OptimiserChain({', '.join(map(repr, self.rules))})"

    def init(self, x: Any) -> Any:
        return tuple([rule.init(x) for rule in self.rules])

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        states = []
        for rule, old in zip(self.rules, state, strict=True):
            if dx is None:
                states.append(old)
                continue
            new, dx = rule.apply(old, x, dx)
            states.append(new)
        return tuple(states), dx

    def update(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        if self.elementwise or not self.rules[-1].elementwise:
            return super().update(state, x, dx)
        # A norm needs the whole array; the rules after the last such one may do without.
        split = 1 + max(i for i, rule in enumerate(self.rules) if not rule.elementwise)
        head, tail = (OptimiserChain(*rules) for rules in (self.rules[:split], self.rules[split:]))
        first, dx = head.apply(state[:split], x, dx)
        if dx is None:
            return (*first, *state[split:]), x
        last, x = tail.update(state[split:], x, dx)
        return (*first, *last), x

    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.names()))

    def adjusted(self, changes: dict[str, Any]) -> Rule:
        return OptimiserChain(*(rule.adjusted(changes) for rule in self.rules))


class AccumGrad(Elementwise):
    """Lets the mean of n gradients pass, and nothing in between: for the head of a chain.

    Until the n-th gradient has come, the parameters and the states of the rules that follow stay as they are.

    Arguments: `n`, how many gradients make one step.

    States: the sum of the gradients so far, divided by n, and their number.

    Errors: TypeError, ValueError for an n that is not a whole number from 1.

    >>> import numpy as np
    >>> rule, x = AccumGrad(2), np.zeros(1)
    >>> state, nothing = rule.apply(rule.init(x), x, np.asarray([33.0]))
    >>> nothing, rule.apply(state, x, np.asarray([1.0]))[1]
    (None, array([17.]))
    """

    n: int = 2

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not hasattr(self.n, "__index__"):
            raise TypeError(f"AccumGrad: n is {self.n!r}, expected a whole number such as 4")
        if self.n < 1:
            raise ValueError(f"AccumGrad: n is {self.n}, expected at least 1")
        object.__setattr__(self, "n", operator.index(self.n))       # NumPy's integers become Python's

    def init(self, x: Any) -> Any:
        return zeros_like(x), 0

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        mean, count = state
        mean = dx / self.n if count == 0 else mean + dx / self.n
        return ((mean, count + 1), None) if count + 1 < self.n else ((mean, 0), mean)


class MixedPrecision(Rule):
    """Trains a copy of each array in another precision, and rounds it to the array after each step.

    Arguments: `rule`, which makes the steps of the copy (a chain, if there are several); `dtype`, the name of the
    copy's dtype, by default `"float32"`, the one for float16 and bfloat16. For complex arrays it is the dtype of the
    real part.

    States: the copy, and the state of the rule for it.

    Errors: TypeError for something that is no rule; ValueError for another dtype.

    Source: Micikevicius et al., "Mixed precision training", arXiv:1710.03740, section 3.1.

    >>> import numpy as np
    >>> from arraylux.optimisers import Descent
    >>> rule, x = MixedPrecision(Descent(1.0)), np.asarray([1.0], "float16")
    >>> state = rule.init(x)
    >>> for _ in range(8):                              # each step is a quarter of the spacing of float16 numbers
    ...     state, x = rule.update(state, x, np.asarray([-(2.0**-12)], "float16"))
    >>> float(x[0]) - 1 == 2.0**-9
    True
    """

    rule: Rule
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if not isinstance(self.rule, Rule):
            raise TypeError(f"MixedPrecision: expected a rule such as Adam(0.001), got {describe(self.rule)}")
        if self.dtype not in ("float32", "float64"):
            raise ValueError(f'MixedPrecision: dtype is {self.dtype!r}, expected "float32" or "float64"')

    def _precise(self, x: Any) -> Any:
        names = {"float32": "complex64", "float64": "complex128"}
        name = names[self.dtype] if kind(x.dtype) == "c" else self.dtype
        return astype(x, dtype=getattr(home(x)[0], name))

    def init(self, x: Any) -> Any:
        copy = self._precise(x)
        return copy, self.rule.init(copy)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        state, new = self.update(state, x, dx)
        return state, x - new

    def update(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        copy, inner = state
        inner, new = self.rule.update(inner, copy, self._precise(dx))
        return (new, inner), x if new is copy else astype(new, dtype=x.dtype)

    def names(self) -> tuple[str, ...]:
        return self.rule.names()

    def adjusted(self, changes: dict[str, Any]) -> Rule:
        return replace(self, rule=self.rule.adjusted(changes))
