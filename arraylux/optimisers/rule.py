"""What an optimisation rule is: a recipe that turns a gradient into a step, and nothing else.

A rule holds its hyper-parameters and no arrays. What it has to remember of earlier gradients, such as a momentum, is
handed to it and handed back: `state = rule.init(x)`, then for each gradient `state, step = rule.apply(state, x, dx)`,
and `x - step` is the new parameter. Since nothing is changed in place, a rule can be shared, compared, adjusted and
replayed, and a training step stays a function of its arguments.

Hyper-parameters are plain Python numbers, so that they take on the precision of the arrays they meet. The formulas
use little more than operators, so the arrays can be those of any library, or tracers.
"""
from __future__ import annotations

import math
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np

from ..backend import kind, library, real_dtype
from ..record import Record, replace


class Rule(Record):
    """The base class of all rules; each is a record whose fields are its hyper-parameters.

    A rule of your own defines `apply`, and `init` if it has a state.

    Errors: TypeError for a hyper-parameter that the rule does not have.
    """

    def init(self, x: Any) -> Any:
        """Return the state before the first gradient of the parameter `x`: None if the rule needs no state."""
        return None

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """Return the new state and the step to subtract from the parameter `x`, given its gradient `dx`."""
        raise NotImplementedError(f"{type(self).__name__} does not define apply(state, x, dx)")

    def names(self) -> tuple[str, ...]:
        """Return the names of the hyper-parameters."""
        return self._fields

    def adjusted(self, changes: dict[str, Any]) -> Rule:
        """Return the rule with those of the changes that concern it."""
        return replace(self, **{name: changes[name] for name in self.names() if name in changes})


def check(rule: Rule, name: str, below: float = math.inf) -> None:
    """Make a hyper-parameter, or each of a pair, a Python float that is at least 0 and less than `below`.

    NumPy's scalars would keep their own precision in a formula, a Python float doesn't. A tracer, for the gradient
    with respect to a hyper-parameter, is let through as it is.

    Errors: TypeError, ValueError naming the rule, the hyper-parameter and its range.
    """
    value = getattr(rule, name)
    pair = isinstance(value, (tuple, list))
    checked = []
    for number in value if pair else [value]:
        if isinstance(number, Real) or (isinstance(number, np.ndarray) and number.ndim == 0):
            number = float(number)
            if not 0 <= number < below:
                raise ValueError(f"{type(rule).__name__}: {name} is {value}, expected 0 <= {name} < {below}")
        elif not hasattr(number, "dtype"):
            raise TypeError(f"{type(rule).__name__}: {name} is {value!r}, expected a number")
        checked.append(number)
    object.__setattr__(rule, name, tuple(checked) if pair else checked[0])


def check_pair(rule: Rule, name: str) -> None:
    """Make sure that a hyper-parameter is a pair of decay rates, each at least 0 and less than 1."""
    value = getattr(rule, name)
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{type(rule).__name__}: {name} is {value!r}, expected a pair such as (0.9, 0.999)")
    check(rule, name, below=1)


@lru_cache(typed=True)         # typed: some libraries' dtypes warn when they are compared with NumPy's
def safe_epsilon(dtype: Any, epsilon: float) -> float:
    """Return `epsilon`, but for float16 at least 1e-7, since less than 6e-8 is zero there; zero stays zero.

    >>> safe_epsilon(np.dtype("float16"), 1e-8), safe_epsilon(np.dtype("float32"), 1e-8)
    (1e-07, 1e-08)
    """
    return max(epsilon, 1e-7) if epsilon and str(dtype).endswith("float16") else epsilon


def zeros_of_square(x: Any) -> Any:
    """Return zeros for sums of |x|²: like `x`, and real if `x` is complex."""
    xp = library(x)
    return xp.zeros_like(x, dtype=real_dtype(x.dtype)) if kind(x.dtype) == "c" else xp.zeros_like(x)


def square(dx: Any) -> Any:
    """Return |dx|², which is real for complex numbers too."""
    return abs(dx) ** 2 if kind(dx.dtype) == "c" else dx * dx
