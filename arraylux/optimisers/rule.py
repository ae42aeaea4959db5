"""What an optimisation rule is: a recipe that turns a gradient into a step, and nothing else.

A rule holds its hyper-parameters and no arrays. What it has to remember of earlier gradients, such as a momentum, is
handed to it and handed back: `state = rule.init(x)`, then for each gradient `state, step = rule.apply(state, x, dx)`,
and `x - step` is the new parameter. Since nothing is changed in place, a rule can be shared, compared, adjusted and
replayed, and a training step stays a function of its arguments.

Hyper-parameters are plain Python numbers, so that they take on the precision of the arrays they meet. The formulas
use little more than operators, so the arrays can be those of any library, or tracers. Most rules treat every number of
an array by itself; they say so by being `Elementwise`, and large arrays then make their step in blocks.
"""
from __future__ import annotations

import math
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np

from .. import memory
from .. import tree as trees
from ..backend import kind, real_dtype
from ..record import Record, replace
from ..tracer.core import home

BLOCK = 2**17                   # elements: some arrays of this length fit into a cache
LARGE = 16 * BLOCK              # elements: from here on steps in blocks are faster, with 10^7 elements twice as fast


class Rule(Record):
    """The base class of all rules; each is a record whose fields are its hyper-parameters.

    A rule of your own defines `apply`, and `init` if it has a state.

    Errors: TypeError for a hyper-parameter that the rule does not have.
    """

    elementwise = False             # whether each number's step depends on that number's gradients alone

    def init(self, x: Any) -> Any:
        """Return the state before the first gradient of the parameter `x`: None if the rule needs no state."""
        return None

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """Return the new state and the step to subtract from the parameter `x`, given its gradient `dx`.

        A step of None leaves the parameter as it is.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define apply(state, x, dx)")

    def update(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """Return the new state and the new parameter, given its gradient `dx`."""
        if self.elementwise and type(x) is np.ndarray is type(dx) and x.size > LARGE:
            result = _update_in_blocks(self, state, x, dx)
            if result is not None:
                return result
        state, step = self.apply(state, x, dx)
        return state, x if step is None else x - step

    def names(self) -> tuple[str, ...]:
        """Return the names of the hyper-parameters."""
        return self._fields

    def adjusted(self, changes: dict[str, Any]) -> Rule:
        """Return the rule with those of the changes that concern it."""
        return replace(self, **{name: changes[name] for name in self.names() if name in changes})


class Elementwise(Rule):
    """The base class of rules that treat every number of an array by itself.

    Their state is made of arrays in the shape of the parameter, and of numbers that are the same for all of it.
    """

    elementwise = True


def _update_in_blocks(rule: Rule, state: Any, x: Any, dx: Any) -> tuple[Any, Any] | None:
    """Return what `rule.update` does, worked out block by block; None where the arrays can't be cut.

    A formula of a dozen operations makes as many arrays. Of a block they are small and use the same memory again and
    again, where those of a million elements each would be new pages from the operating system. Only the results are
    large; they are written into memory that nobody uses any more.
    """
    old, structure = trees.flatten(state)
    cut = [type(leaf) is np.ndarray for leaf in old]
    arrays = [x, dx, *[leaf for leaf, is_cut in zip(old, cut, strict=True) if is_cut]]
    if not all(array.shape == x.shape and array.flags.c_contiguous for array in arrays):
        return None
    new = [memory.empty(x.shape, leaf.dtype) if is_cut else leaf for leaf, is_cut in zip(old, cut, strict=True)]
    result = memory.empty(x.shape, x.dtype)
    old, into = ([leaf.reshape(-1) if is_cut else leaf for leaf, is_cut in zip(leaves, cut, strict=True)]
                 for leaves in (old, new))
    whole, x, dx, flat = x, x.reshape(-1), dx.reshape(-1), result.reshape(-1)
    for start in range(0, x.size, BLOCK):
        part = slice(start, start + BLOCK)
        before = [leaf[part] if is_cut else leaf for leaf, is_cut in zip(old, cut, strict=True)]
        after, step = rule.apply(trees.unflatten(structure, before), x[part], dx[part])
        if type(step) is np.ndarray and step.dtype == x.dtype:
            np.subtract(x[part], step, out=flat[part])
        elif step is None:
            result = whole                      # as for all other blocks
        else:
            return None                         # a tracer, or a dtype that the caller has to hear of
        for i, leaf in enumerate(trees.leaves(after)):
            if cut[i]:
                into[i][part] = leaf
            else:
                new[i] = leaf
    return trees.unflatten(structure, new), result


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


def check_pair(rule: Rule, name: str, below: float = 1) -> None:
    """Make sure that a hyper-parameter is a pair of numbers, each at least 0 and less than `below`.

    Errors: as for `check`.
    """
    value = getattr(rule, name)
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{type(rule).__name__}: {name} is {value!r}, expected a pair such as (0.9, 0.999)")
    check(rule, name, below)


@lru_cache(typed=True)         # typed: some libraries' dtypes warn when they are compared with NumPy's
def safe_epsilon(dtype: Any, epsilon: float) -> float:
    """Return `epsilon`, but for float16 at least 1e-7, since less than 6e-8 is zero there; zero stays zero.

    >>> safe_epsilon(np.dtype("float16"), 1e-8), safe_epsilon(np.dtype("float32"), 1e-8)
    (1e-07, 1e-08)
    """
    return max(epsilon, 1e-7) if epsilon and str(dtype).endswith("float16") else epsilon


def zeros_like(x: Any, start: float = 0.0) -> Any:
    """Return an array like a parameter, which may be traced, filled with `start`."""
    xp, device = home(x)
    return xp.full(x.shape, start, dtype=x.dtype, device=device)


def zeros_of_square(x: Any, start: float = 0.0) -> Any:
    """Return the same for sums of |x|²: real if `x` is complex."""
    xp, device = home(x)
    dtype = real_dtype(x.dtype) if kind(x.dtype) == "c" else x.dtype
    return xp.full(x.shape, start, dtype=dtype, device=device)


def square(dx: Any) -> Any:
    """Return |dx|², which is real for complex numbers too."""
    return abs(dx) ** 2 if kind(dx.dtype) == "c" else dx * dx
