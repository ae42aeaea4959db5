"""Gradient descent, and descent with a memory of its direction.

The gradient points uphill, so a step against it goes down: `x - eta * g`. In a narrow valley that zigzags between
the slopes. A momentum averages the zigzag away: v = rho v + eta g remembers earlier gradients, each of them forgotten
at the rate rho, and along the valley's floor, where all gradients agree, it grows to 1 / (1 - rho) times the plain
step. Nesterov's momentum takes the gradient where the momentum is about to carry the parameters, which brakes it
before it overshoots.
"""
from __future__ import annotations

from typing import Any

from .rule import Elementwise, check, zeros_like


class Descent(Elementwise):
    """Gradient descent: the step is eta g.

    Arguments: `eta`, the learning rate.

    States: none.

    Errors: ValueError for a negative or infinite eta.

    >>> Descent(0.5).apply(None, 1.0, 4.0)
    (None, 2.0)
    """

    eta: float = 0.1

    def __post_init__(self) -> None:
        check(self, "eta")

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        return state, self.eta * dx


class Momentum(Elementwise):
    """Gradient descent with momentum: v = rho v + eta g, and the step is v.

    Arguments: `eta`, the learning rate; `rho`, how much of the momentum is kept from step to step.

    States: v, an array like the parameter, zero at first.

    Errors: ValueError for a negative or infinite eta, or a rho outside [0, 1).

    Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.

    >>> Momentum(eta=0.5, rho=0.5).apply(2.0, 0.0, 4.0)
    (3.0, 3.0)
    """

    eta: float = 0.01
    rho: float = 0.9

    def __post_init__(self) -> None:
        check(self, "eta")
        check(self, "rho", below=1)

    def init(self, x: Any) -> Any:
        return zeros_like(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        v = self.rho * state + self.eta * dx
        return v, v


class Nesterov(Elementwise):
    """Gradient descent with Nesterov's momentum: the step is (1 + rho) eta g - rho² v, then v = rho v - eta g.

    Here v points downhill. The parameters stand where the momentum will have carried them, so that the gradient is
    taken ahead of time without a second evaluation.

    Arguments: `eta`, the learning rate; `rho`, how much of the momentum is kept from step to step.

    States: v, an array like the parameter, zero at first.

    Errors: ValueError for a negative or infinite eta, or a rho outside [0, 1).

    Source: Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983, in the
    form of Bengio, Boulanger-Lewandowski, Pascanu, "Advances in optimizing recurrent networks", arXiv:1212.0901.

    >>> Nesterov(eta=0.5, rho=0.5).apply(-2.0, 0.0, 4.0)
    (-3.0, 3.5)
    """

    eta: float = 0.001
    rho: float = 0.9

    def __post_init__(self) -> None:
        check(self, "eta")
        check(self, "rho", below=1)

    def init(self, x: Any) -> Any:
        return zeros_like(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        step = ((1 + self.rho) * self.eta) * dx - self.rho**2 * state
        return self.rho * state - self.eta * dx, step
