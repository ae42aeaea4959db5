"""Lux's names for the two modes: `AutoDual` and `AutoTape`, and the products that take one of them.

Lux picks a differentiation package by a value such as `AutoForwardDiff()`. Here there are two modes of one package,
and the same kind of value names them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..record import Record
from .forward import jvp
from .reverse import vjp


class AutoDual(Record):
    """Forward mode, by dual numbers.

    >>> AutoDual()
    AutoDual()
    """


class AutoTape(Record):
    """Reverse mode, by a tape.

    >>> AutoTape()
    AutoTape()
    """


def jacobian_vector_product(f: Callable[[Any], Any], ad: AutoDual, x: Any, v: Any) -> Any:
    """Return the derivative of `f` at `x` along `v`: the Jacobian times a vector.

    Arguments: `f`, from a tree of arrays to a tree of arrays; `ad`, the mode, `AutoDual()`; `x`, where; `v`, the
    direction, a tree like `x`.

    Returns: a tree like `f(x)`.

    Errors: TypeError for another mode; ValueError if `v` does not have the form of `x`.

    >>> import numpy as np
    >>> jacobian_vector_product(lambda x: x * x / 2, AutoDual(), np.array([3.0, 4.0]), np.ones(2))
    array([3., 4.])
    """
    if not isinstance(ad, AutoDual):
        raise TypeError(f"jacobian_vector_product runs in forward mode, AutoDual(), got {ad!r}")
    return jvp(f, (x,), (v,))[1]


def vector_jacobian_product(f: Callable[[Any], Any], ad: AutoTape, x: Any, v: Any) -> Any:
    """Return the product of a vector with the Jacobian of `f` at `x`.

    Arguments: `f`, from a tree of arrays to a tree of arrays; `ad`, the mode, `AutoTape()`; `x`, where; `v`, a tree
    like `f(x)`.

    Returns: a tree like `x`.

    Errors: TypeError for another mode; ValueError if `v` does not have the form of `f(x)`.

    >>> import numpy as np
    >>> vector_jacobian_product(lambda x: x * x / 2, AutoTape(), np.array([3.0, 4.0]), np.ones(2))
    array([3., 4.])
    """
    if not isinstance(ad, AutoTape):
        raise TypeError(f"vector_jacobian_product runs in reverse mode, AutoTape(), got {ad!r}")
    return vjp(f, x)[1](v)[0]
