"""Small operations that layers and losses are written with: logarithms that may meet zero, gates cut from one array.

Each is a line or two of other functions, and has a name because of the one place where the plain line goes wrong: zero
times the logarithm of zero, a length that does not divide, the answer to "am I being differentiated".
"""
from __future__ import annotations

from typing import Any

from .. import tree as trees
from ..rules.elementwise import log, sqrt
from ..rules.indexing import getitem
from ..rules.pairs import divide, equal, less_equal, logical_and, where
from ..rules.shaping import along, counted
from ..tracer.core import Tracer
from ..tracer.dual import Dual
from ..tracer.fitting import times
from ..tracer.tape import Var


def xlogx(x: Any) -> Any:
    """Return x log(x), with the value 0 where x is 0, and the derivative 0 there instead of minus infinity.

    >>> import numpy as np
    >>> xlogx(np.array([0.0, 1.0, np.e]))
    array([0.        , 0.        , 2.71828183])
    """
    return times(x, log(where(equal(x, 0), 1, x)))


def xlogy(x: Any, y: Any) -> Any:
    """Return x log(y), with the value 0 and the derivatives 0 where x is 0 and log(y) is no number.

    >>> import numpy as np
    >>> xlogy(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    array([0., 0.])
    """
    zero = logical_and(equal(x, 0), less_equal(y, 0))
    return where(zero, 0, times(x, log(where(zero, 1, y))))


def rsqrt(x: Any) -> Any:
    """Return 1 / sqrt(x).

    >>> import numpy as np
    >>> rsqrt(np.array([4.0, 0.25]))
    array([0.5, 2. ])
    """
    return divide(1, sqrt(x))


def multigate(x: Any, n: int, *, axis: int = -1) -> tuple[Any, ...]:
    """Cut an array into n equal parts along an axis, such as the gates of a recurrent cell.

    Errors: ValueError if x has no such axis, or its length is not divisible by n.

    >>> import numpy as np
    >>> multigate(np.arange(6.0), 3)
    (array([0., 1.]), array([2., 3.]), array([4., 5.]))
    """
    shape = tuple(x.shape)
    if not -len(shape) <= axis < len(shape) or n < 1 or shape[axis] % n:
        raise ValueError(f"multigate: x must have an axis {axis} whose length is divisible by n = {n}, got the shape "
                         f"{shape}")
    axis, width = counted(axis, len(shape)), shape[axis] // n
    return tuple([getitem(x, along(axis, slice(i * width, (i + 1) * width))) for i in range(n)])


def within_gradient(x: Any) -> bool:
    """Say whether an array in a tree is being differentiated, in either mode.

    It is for what must differ between training and use and has no state to ask; a layer asks `training` in its states.

    >>> import numpy as np
    >>> from arraylux import grad
    >>> within_gradient(np.ones(2))
    False
    >>> grad(lambda x: x.sum() if within_gradient(x) else 0 * x.sum())(np.ones(2))
    array([1., 1.])
    """
    return any(_is_differentiated(leaf) for leaf in trees.leaves(x))


def _is_differentiated(x: Any) -> bool:
    while isinstance(x, Tracer):
        if isinstance(x, (Dual, Var)):
            return True
        x = x.value
    return False


__all__ = ["multigate", "rsqrt", "within_gradient", "xlogx", "xlogy"]
