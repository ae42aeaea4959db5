"""Lux's names for the two modes: `AutoDual` and `AutoTape`, and the products that take one of them.

Lux picks a differentiation package by a value such as `AutoForwardDiff()`. Here there are two modes of one package,
and the same kind of value names them.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..backend import kind
from ..record import Record
from ..rules.shaping import broadcast_to, expand_dims, moveaxis, reshape
from ..tree import describe
from .forward import jvp
from .leaves import as_input, complex_argument, complex_rows, no_inputs, unit_vectors
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


def batched_jacobian(f: Callable[[Any], Any], ad: AutoDual | AutoTape, x: Any) -> Any:
    """Return the Jacobian of each sample of a batch, for a function that treats the samples apart.

    Arguments: `f`, from an array (batch, ...) to an array (batch, ...), in which no sample of the result depends on
    another sample of the argument; `ad`, the mode: `AutoDual()` pushes a direction for each element of an input
    sample, `AutoTape()` pulls a cotangent for each element of an output sample, all together and whatever the batch;
    `x`, an array (batch, ...).

    Returns: an array (batch, m, n), with m elements of an output sample and n of an input sample.

    Errors: TypeError for another mode or an argument that is not floating point; ValueError if the argument or the
    result has no batch axis, or if they differ in it, for a complex argument, or a complex result with `AutoTape()`.

    >>> import numpy as np
    >>> batched_jacobian(lambda x: x ** 2, AutoDual(), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[[2., 0.],
            [0., 4.]],
    <BLANKLINE>
           [[6., 0.],
            [0., 8.]]])
    """
    if not isinstance(ad, (AutoDual, AutoTape)):
        raise TypeError(f"batched_jacobian runs in a mode, AutoDual() or AutoTape(), got {ad!r}")
    value = as_input(x)
    if value is None:
        raise no_inputs("batched_jacobian", "its argument", [x])
    if len(value.shape) < 2:
        raise ValueError(f"batched_jacobian: the argument must be an array (batch, ...) of samples, got {describe(x)}; "
                         "for a single sample use jacobian")
    if kind(value.dtype) == "c":
        raise complex_argument(f)
    from .mapping import vmap

    if isinstance(ad, AutoTape):
        y, pullback = vjp(f, value)
        if kind(_checked(y, value).dtype) == "c":
            raise complex_rows(f)
        units = _same_for_all(y)
        return moveaxis(_flat_samples(vmap(lambda unit: pullback(unit)[0])(units), 2), 0, 1)
    units = _same_for_all(value)
    return moveaxis(_flat_samples(vmap(lambda unit: _checked(jvp(f, (value,), (unit,))[1], value))(units), 2), 0, 2)


def _checked(y: Any, x: Any) -> Any:
    """Return a result after checking that it has the batch axis of the argument."""
    if len(getattr(y, "shape", ())) < 2 or y.shape[0] != x.shape[0]:
        raise ValueError(f"batched_jacobian: the function must return an array with the {x.shape[0]} samples of its "
                         f"argument and at least one axis more, got {describe(y)}")
    return y


def _same_for_all(x: Any) -> Any:
    """Return, for each element of a sample, an array like x that is one there in every sample, and zero elsewhere."""
    units = expand_dims(unit_vectors(x, x.shape[1:]), 1)
    return broadcast_to(units, (units.shape[0], *x.shape))


def _flat_samples(x: Any, kept: int) -> Any:
    """Fold all axes after the first `kept` into one."""
    return reshape(x, (*x.shape[:kept], math.prod(x.shape[kept:])))
