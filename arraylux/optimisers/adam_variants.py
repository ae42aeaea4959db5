"""Adam's relatives: what else can be made of the averages of a gradient and of its square.

Adam divides the average m of the gradient by the root of v, the average of its square. Each of its relatives changes
one thing. AdaMax takes the largest recent gradient in the place of the root. AMSGrad never lets v shrink, so that a
rare large gradient is not forgotten. RAdam waits with the division until v has seen enough gradients to be trusted,
NAdam looks one step ahead as Nesterov does, OAdam steps by the change of Adam's step, which calms games of two
players, and AdaBelief measures how far the gradient is from what m had expected of it.
"""
from __future__ import annotations

from typing import Any

from ..rules.pairs import maximum
from .adam import Moments, adam_step, init_moments
from .rule import safe_epsilon, square, zeros_like, zeros_of_square


class RAdam(Moments):
    """Rectified Adam: the step is eta m̂ until v can be trusted, then eta r m̂ / (√v̂ + epsilon).

    rho = rho∞ - 2 t beta2^t / (1 - beta2^t), with rho∞ = 2 / (1 - beta2) - 1, counts how many gradients v has seen,
    in effect. Above 4 the variance of 1 / √v̂ is finite, and r = √((rho - 4) (rho - 2) rho∞ / ((rho∞ - 4) (rho∞ - 2)
    rho)), which rises to 1, makes up for it.

    Arguments, Errors: as for `Adam`.

    States: m, v, the powers (beta1^t, beta2^t) and the number t of the next step.

    Source: Liu et al., "On the variance of the adaptive learning rate and beyond", arXiv:1908.03265, algorithm 2.

    >>> import numpy as np
    >>> rule, x = RAdam(eta=0.5), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-4. ,  0.5])
    """

    def init(self, x: Any) -> Any:
        return *init_moments(x, self.beta), 1

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        m, v, (power1, power2), t = state
        beta1, beta2 = self.beta
        m = beta1 * m + (1 - beta1) * dx
        v = beta2 * v + (1 - beta2) * square(dx)
        most = 2 / (1 - beta2) - 1
        seen = most - 2 * t * power2 / (1 - power2)
        step = self.eta / (1 - power1) * m
        if seen > 4:
            rectifier = ((seen - 4) * (seen - 2) * most / ((most - 4) * (most - 2) * seen)) ** 0.5
            step = rectifier * step / ((v / (1 - power2)) ** 0.5 + safe_epsilon(dx.dtype, self.epsilon))
        return (m, v, (power1 * beta1, power2 * beta2), t + 1), step


class AdaMax(Moments):
    """AdaMax: u = max(beta2 u, |g|), and the step is eta m̂ / (u + epsilon).

    The average of the square is an average of |g|^p for p = 2, under a root. Here p is infinite, and the root of that
    average a decaying maximum, which needs no correction.

    Arguments, Errors: as for `Adam`.

    States: m and u, arrays like the parameter, and beta1^t for the next step.

    Source: Kingma, Ba, "Adam: a method for stochastic optimization", arXiv:1412.6980, algorithm 2.

    >>> import numpy as np
    >>> rule, x = AdaMax(eta=0.25), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-0.25,  0.25])
    """

    def init(self, x: Any) -> Any:
        return zeros_like(x), zeros_of_square(x), self.beta[0]

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        m, u, power = state
        beta1, beta2 = self.beta
        m = beta1 * m + (1 - beta1) * dx
        u = maximum(beta2 * u, abs(dx))
        step = self.eta / (1 - power) * m / (u + safe_epsilon(dx.dtype, self.epsilon))
        return (m, u, power * beta1), step


class OAdam(Moments):
    """Optimistic Adam: the step is 2 a - a', where a is Adam's step and a' the one before it.

    Where two networks play against each other, as in a GAN, gradients turn in circles and descent spirals outwards.
    Betting that the next gradient will be like this one, and taking back the bet made last, lets it spiral inwards.

    Arguments: as for `Adam`; `beta` is (0.5, 0.9) by default.

    States: as for `Adam`, and a'.

    Errors: as for `Adam`.

    Source: Daskalakis, Ilyas, Syrgkanis, Zeng, "Training GANs with optimism", arXiv:1711.00141, algorithm 1.

    >>> import numpy as np
    >>> rule, x = OAdam(eta=0.25), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-0.5,  0.5])
    """

    beta: tuple[float, float] = (0.5, 0.9)

    def init(self, x: Any) -> Any:
        return *init_moments(x, self.beta), zeros_like(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        *moments, last = state
        moments, step = adam_step(self.eta, self.beta, self.epsilon, moments, dx)
        return (*moments, step), 2 * step - last


class NAdam(Moments):
    """Adam with Nesterov's momentum: the step is eta m̃ / (√n̂ + epsilon), where m̃ looks one step ahead.

    m̃ = beta1 m / (1 - beta1^(t+1)) + (1 - beta1) g / (1 - beta1^t) and n̂ = beta2 v / (1 - beta2^t). The newest gradient
    counts twice, in m and by itself.

    Arguments, States, Errors: as for `Adam`.

    Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016, algorithm 2, with a constant schedule of beta1.

    >>> import numpy as np
    >>> rule, x = NAdam(eta=0.25), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-0.3686,  0.3686])
    """

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        m, v, (power1, power2) = state
        beta1, beta2 = self.beta
        m = beta1 * m + (1 - beta1) * dx
        v = beta2 * v + (1 - beta2) * square(dx)
        ahead = beta1 / (1 - beta1 * power1) * m + (1 - beta1) / (1 - power1) * dx
        root = (v * beta2 / (1 - power2)) ** 0.5
        step = self.eta * ahead / (root + safe_epsilon(dx.dtype, self.epsilon))
        return (m, v, (power1 * beta1, power2 * beta2)), step


class AMSGrad(Moments):
    """AMSGrad: Adam's averages without correction, and the step eta m / (√w + epsilon), w being the largest v so far.

    Arguments, Errors: as for `Adam`.

    States: m, v and w, arrays like the parameter, epsilon at first.

    Source: Reddi, Kale, Kumar, "On the convergence of Adam and beyond", arXiv:1904.09237, algorithm 2.

    >>> import numpy as np
    >>> rule, x = AMSGrad(eta=0.25, beta=(0.5, 0.75)), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-0.25,  0.25])
    """

    def init(self, x: Any) -> Any:
        start = safe_epsilon(x.dtype, self.epsilon)
        return zeros_like(x, start), zeros_of_square(x, start), zeros_of_square(x, start)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        m, v, largest = state
        beta1, beta2 = self.beta
        m = beta1 * m + (1 - beta1) * dx
        v = beta2 * v + (1 - beta2) * square(dx)
        largest = maximum(largest, v)
        return (m, v, largest), self.eta * m / (largest**0.5 + safe_epsilon(dx.dtype, self.epsilon))


class AdaBelief(Moments):
    """AdaBelief: Adam, with the average s of (g - m)² in the place of that of g².

    m is what is expected of the gradient; where it comes as expected, s is small and the step is long. The step is
    eta m̂ / (√ŝ + epsilon), with s = beta2 s + (1 - beta2) (g - m)² + epsilon.

    Arguments: as for `Adam`; `epsilon` is 1e-16 by default.

    States, Errors: as for `Adam`.

    Source: Zhuang et al., "AdaBelief optimizer", arXiv:2010.07468, algorithm 2.

    >>> import numpy as np
    >>> rule, x = AdaBelief(eta=0.25, beta=(0.5, 0.75)), np.zeros(2)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0]))[1].round(4)
    array([-0.5,  0.5])
    """

    epsilon: float = 1e-16

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        m, s, (power1, power2) = state
        beta1, beta2 = self.beta
        epsilon = safe_epsilon(dx.dtype, self.epsilon)
        m = beta1 * m + (1 - beta1) * dx
        s = beta2 * s + (1 - beta2) * square(dx - m) + epsilon
        step = self.eta / (1 - power1) * m / ((s / (1 - power2)) ** 0.5 + epsilon)
        return (m, s, (power1 * beta1, power2 * beta2)), step
