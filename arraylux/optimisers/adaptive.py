"""A learning rate for each number: AdaGrad, RMSProp and AdaDelta.

A parameter whose gradients are large wants a small learning rate, and the other way round. The root mean square of a
parameter's own gradients tells its scale, so these rules divide by it. AdaGrad sums the squares of all gradients, and
its steps get ever shorter; RMSProp forgets old ones, so that it can follow a loss that changes; AdaDelta measures its
own steps too, and needs no learning rate at all.
"""
from __future__ import annotations

from typing import Any

from ..rules.pairs import maximum
from .rule import Elementwise, Rule, check, safe_epsilon, square, zeros_like, zeros_of_square


class AdaGrad(Elementwise):
    """AdaGrad: a = a + g², and the step is eta g / (√a + epsilon).

    Arguments: `eta`, the learning rate; `epsilon`, which keeps the quotient finite (at least 1e-7 for float16).

    States: a, an array like the parameter, epsilon at first.

    Errors: ValueError for a negative or infinite eta or epsilon.

    Source: Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    Journal of Machine Learning Research 12, 2011.

    >>> import numpy as np
    >>> rule, x = AdaGrad(eta=0.5), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-0.5,  0.5])
    """

    eta: float = 0.1
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check(self, "eta")
        check(self, "epsilon")

    def init(self, x: Any) -> Any:
        return zeros_of_square(x, safe_epsilon(x.dtype, self.epsilon))

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        state = state + square(dx)
        return state, self.eta * dx / (state**0.5 + safe_epsilon(dx.dtype, self.epsilon))


class RMSProp(Elementwise):
    """RMSProp: q = rho q + (1 - rho) g², and the step is eta g / (√q + epsilon).

    Arguments: `eta`, the learning rate; `rho`, how much of the average is kept from step to step; `epsilon`, which
    keeps the quotient finite (at least 1e-7 for float16); `centred`, whether to divide by the standard deviation of
    the gradient, √(q - l²), where l is the average of the gradient itself.

    States: q, an array like the parameter, zero at first; and l if centred, otherwise None.

    Errors: ValueError for a negative or infinite eta or epsilon, a rho outside [0, 1), or an adjustment of `centred`,
    for which the state would be missing.

    Source: Hinton, "Neural networks for machine learning", lecture 6e, 2012; centred: Graves, "Generating sequences
    with recurrent neural networks", arXiv:1308.0850, equations 38 to 45.

    >>> import numpy as np
    >>> rule, x = RMSProp(eta=0.5, rho=0.75), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-1.,  1.])
    """

    eta: float = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8
    centred: bool = False

    def __post_init__(self) -> None:
        check(self, "eta")
        check(self, "rho", below=1)
        check(self, "epsilon")

    def init(self, x: Any) -> Any:
        return zeros_of_square(x), zeros_like(x) if self.centred else None

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        q, mean = state
        q = variance = self.rho * q + (1 - self.rho) * square(dx)
        if self.centred:
            mean = self.rho * mean + (1 - self.rho) * dx
            variance = maximum(q - square(mean), 0.0)       # rounding may take it below
        return (q, mean), self.eta * dx / (variance**0.5 + safe_epsilon(dx.dtype, self.epsilon))

    def adjusted(self, changes: dict[str, Any]) -> Rule:
        if changes.get("centred", self.centred) != self.centred:
            raise ValueError(f"RMSProp: centred is {self.centred} and can't be adjusted, since the state depends on "
                             "it; make a new state with setup(rule, ps)")
        return super().adjusted(changes)


class AdaDelta(Elementwise):
    """AdaDelta: the step is g √(d + epsilon) / √(a + epsilon), a and d being averages of squared gradients and steps.

    a = rho a + (1 - rho) g² comes before the step, d = rho d + (1 - rho) step² after it. The step so has the unit of
    the parameter, whatever the unit of the loss.

    Arguments: `rho`, how much of the averages is kept from step to step; `epsilon`, which starts the steps and keeps
    the quotient finite (at least 1e-7 for float16).

    States: a and d, arrays like the parameter, zero at first.

    Errors: ValueError for a rho outside [0, 1), or a negative or infinite epsilon.

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701, algorithm 1.

    >>> import numpy as np
    >>> rule, x = AdaDelta(rho=0.75, epsilon=1e-4), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-0.02,  0.02])
    """

    rho: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check(self, "rho", below=1)
        check(self, "epsilon")

    def init(self, x: Any) -> Any:
        return zeros_of_square(x), zeros_of_square(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        a, d = state
        epsilon = safe_epsilon(dx.dtype, self.epsilon)
        a = self.rho * a + (1 - self.rho) * square(dx)
        step = dx * ((d + epsilon) ** 0.5 / (a + epsilon) ** 0.5)
        return (a, self.rho * d + (1 - self.rho) * square(step)), step
