"""Steps that heed the sign of the gradient and not its size: Rprop and Lion.

Where gradients vanish or explode, their signs still point the right way. Rprop, made for gradients of the whole data
set, keeps a step length for each number, longer as long as the sign stays and shorter when it flips. Lion, made for
batches, takes the sign of an average of gradients: all steps have the length eta, and its memory is a single array.

A complex number has a direction in the place of a sign, z / |z|.
"""
from __future__ import annotations

import math
from typing import Any

from ..backend import kind
from ..rules.elementwise import conj, real, sign
from ..rules.pairs import clip, greater, less, where
from .rule import Elementwise, check, check_pair, zeros_like, zeros_of_square


class Rprop(Elementwise):
    """Resilient propagation: each number has a step length of its own, and the step is that length times sign(g).

    The length is multiplied by the second of `ell` where the sign of the gradient is that of the last one, and by the
    first where it has flipped; there the number rests for one step, and its gradient counts as 0 for the next.

    Arguments: `eta`, the length at first; `ell`, the two factors, one below and one above 1; `gamma`, the least and the
    greatest length.

    States: the last gradient, zero at first, and the lengths, arrays like the parameter.

    Errors: ValueError for a negative or infinite eta, or a pair that is negative or descends.

    Source: Riedmiller, Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm",
    1993, without backtracking, as in Igel, Hüsken, "Improving the Rprop learning algorithm", 2000 (iRprop-).

    >>> import numpy as np
    >>> rule, x, g = Rprop(eta=0.5), np.zeros(2), np.asarray([-8.0, 1.0])
    >>> state, step = rule.apply(rule.init(x), x, g)
    >>> step, rule.apply(state, x, abs(g))[1]
    (array([-0.5,  0.5]), array([0. , 0.6]))
    """

    eta: float = 0.001
    ell: tuple[float, float] = (0.5, 1.2)
    gamma: tuple[float, float] = (1e-6, 50.0)

    def __post_init__(self) -> None:
        check(self, "eta")
        for name in ("ell", "gamma"):
            check_pair(self, name, below=math.inf)
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"Rprop: {name} is {(low, high)}, expected the smaller number first")

    def init(self, x: Any) -> Any:
        return zeros_like(x), zeros_of_square(x, self.eta)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        last, length = state
        agree = sign(real(conj(last) * dx)) if kind(dx.dtype) == "c" else sign(last) * sign(dx)
        down, up = self.ell
        length = where(greater(agree, 0), length * up, where(less(agree, 0), length * down, length))
        length = clip(length, *self.gamma)
        dx = where(less(agree, 0), 0.0, dx)
        return (dx, length), length * sign(dx)


class Lion(Elementwise):
    """Lion, evolved sign momentum: the step is eta sign(beta1 m + (1 - beta1) g), then m = beta2 m + (1 - beta2) g.

    The step weighs the newest gradient more than the memory does. Its length is eta whatever the gradients, so eta
    wants to be some three to ten times smaller than Adam's.

    Arguments: `eta`, the learning rate; `beta`, the decay rates of the average in the step and of the memory.

    States: m, an array like the parameter, zero at first.

    Errors: ValueError for a negative or infinite eta, or a beta outside [0, 1).

    Source: Chen et al., "Symbolic discovery of optimization algorithms", arXiv:2302.06675, algorithm 2, without its
    decoupled weight decay.

    >>> import numpy as np
    >>> rule, x = Lion(eta=0.25), np.zeros(3)
    >>> rule.apply(rule.init(x), x, np.asarray([-8.0, 1.0, 0.0]))[1]
    array([-0.25,  0.25,  0.  ])
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        check(self, "eta")
        check_pair(self, "beta")

    def init(self, x: Any) -> Any:
        return zeros_like(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        beta1, beta2 = self.beta
        step = self.eta * sign(beta1 * state + (1 - beta1) * dx)
        return beta2 * state + (1 - beta2) * dx, step
