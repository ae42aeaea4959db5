"""Steps that adapt to the size of the gradient: Adam, and Adam with weight decay of its own.

One learning rate rarely suits all parameters: some gradients are a thousand times larger than others. Adam keeps two
running averages for each number, of the gradient (m) and of its square (v), and divides one by the root of the
other. The quotient is about 1 in size where successive gradients agree, however small they are, and near 0 where
they contradict each other, so that `eta` becomes the length of a step rather than a factor of it.

Both averages start at zero and are too small at first. The sum of the weights they have seen after t steps is
1 - beta^t, so they are divided by it.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .rule import Elementwise, check, check_pair, safe_epsilon, square, zeros_like, zeros_of_square

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


def init_moments(x: Any, beta: tuple[float, float]) -> tuple[Any, Any, tuple[float, float]]:
    """Return m = 0, v = 0, and the powers beta^t of the first step, t = 1."""
    return zeros_like(x), zeros_of_square(x), beta


def adam_step(eta: float, beta: tuple[float, float], epsilon: float, state: Any, dx: Any) -> tuple[Any, Any]:
    """Return the new state and Adam's step.

    The powers of beta are counted in Python's floats: in a half-precision array 0.999^t would not move.
    """
    m, v, (power1, power2) = state
    beta1, beta2 = beta
    m = beta1 * m + (1 - beta1) * dx
    v = beta2 * v + (1 - beta2) * square(dx)
    step = eta / (1 - power1) * m / ((v / (1 - power2)) ** 0.5 + safe_epsilon(dx.dtype, epsilon))
    return (m, v, (power1 * beta1, power2 * beta2)), step


class Moments(Elementwise):
    """The hyper-parameters of Adam and its relatives, and the averages with which they start.

    Arguments: `eta`, the learning rate; `beta`, the decay rates of the two averages; `epsilon`, which keeps the
    quotient finite (at least 1e-7 for float16).

    Errors: ValueError for a negative or infinite eta or epsilon, or a beta outside [0, 1).
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check(self, "eta")
        check_pair(self, "beta")
        check(self, "epsilon")

    def init(self, x: Any) -> Any:
        return init_moments(x, self.beta)


class Adam(Moments):
    """Adam: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g², and the step is eta m̂ / (√v̂ + epsilon).

    m̂ = m / (1 - beta1^t) and v̂ = v / (1 - beta2^t) after t steps; for complex parameters g² is |g|².

    Arguments: `eta`, the learning rate; `beta`, the decay rates of the two averages; `epsilon`, which keeps the
    quotient finite (at least 1e-7 for float16).

    States: m and v, arrays like the parameter, and the powers (beta1^t, beta2^t) of the next step.

    Errors: ValueError for a negative or infinite eta or epsilon, or a beta outside [0, 1).

    Source: Kingma, Ba, "Adam: a method for stochastic optimization", arXiv:1412.6980, algorithm 1.

    >>> import numpy as np
    >>> rule, x = Adam(eta=0.25), np.zeros(3)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0, 1e3]))[1].round(4)
    array([-0.25,  0.25,  0.25])
    """

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        return adam_step(self.eta, self.beta, self.epsilon, state, dx)


class AdamW(Elementwise):
    """Adam with decoupled weight decay: the step is eta (a + lambda_ x), where a is Adam's step for eta = 1.

    Decay that is added to the gradient would be divided by √v̂ like the gradient itself, so that parameters with
    large gradients would hardly decay. Here it acts on the parameter past the averages.

    Arguments: `eta`, `beta`, `epsilon` as for `Adam`; `lambda_`, the rate of decay (0 by default, so choose one);
    `couple`, whether eta scales the decay too (False: the step is eta a + lambda_ x).

    States: as for `Adam`.

    Errors: ValueError for a negative or infinite eta, lambda_ or epsilon, or a beta outside [0, 1).

    Source: Loshchilov, Hutter, "Decoupled weight decay regularization", arXiv:1711.05101, algorithm 2; its schedule
    multiplier is 1 here, and eta the product of the two rates if `couple` is true.

    >>> import numpy as np
    >>> rule, x = AdamW(eta=0.25, lambda_=0.5), np.asarray([4.0])
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0]))[1].round(4)
    array([0.25])
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    lambda_: float = 0.0
    epsilon: float = 1e-8
    _: KW_ONLY
    couple: bool = True

    def __post_init__(self) -> None:
        check(self, "eta")
        check_pair(self, "beta")
        check(self, "lambda_")
        check(self, "epsilon")

    def init(self, x: Any) -> Any:
        return init_moments(x, self.beta)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        state, step = adam_step(self.eta, self.beta, self.epsilon, state, dx)
        decay = self.eta * self.lambda_ if self.couple else self.lambda_
        return state, step + decay * x
