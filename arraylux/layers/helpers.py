"""Layers that rearrange: another shape, a slice of an axis, an axis back to front.

Like those in `basic` they have neither parameters nor states. Each is a function of one array that stands in a model
under a name, with its arguments in print.
"""
from __future__ import annotations

import math
from typing import Any

from ..rules.indexing import getitem, take
from ..rules.shaping import flip, reshape
from ..tracer.core import home
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerTypeError, LayerValueError


def _shape_of(layer: Any, x: Any) -> tuple[int, ...]:
    """Return the shape of x.

    Errors: TypeError if it has none.
    """
    if not hasattr(x, "shape"):
        raise LayerTypeError(layer, f"x is a {type(x).__name__}, expected an array; convert it, as with "
                                    "numpy.asarray(x)")
    return tuple(x.shape)


class ReshapeLayer(AbstractLuxLayer):
    """Give every sample another shape.

    Arguments: `dims`, the shape of one sample, a tuple of integers; one of them may be -1, for whatever is left.

    Returns: for x (batch, ...), an array (batch, *dims).

    Errors: ValueError if a dimension is neither positive nor the only -1, or if the samples have another size.

    >>> import numpy as np
    >>> ReshapeLayer((2, 2))
    ReshapeLayer(output_dims = (:, 2, 2))
    >>> ReshapeLayer((2, 2))(np.zeros((5, 4)), {}, {})[0].shape
    (5, 2, 2)
    """

    dims: tuple[int, ...]

    def __post_init__(self) -> None:
        dims = tuple(self.dims) if isinstance(self.dims, (list, tuple)) else (self.dims,)
        if not all(hasattr(n, "__index__") and (n > 0 or n == -1) for n in dims) or dims.count(-1) > 1:
            raise ValueError("ReshapeLayer: dims must be positive integers, one of which may be -1, got "
                             f"{self.dims!r}; the batch axis is not one of them")
        object.__setattr__(self, "dims", tuple([int(n) for n in dims]))

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        shape = _shape_of(self, x)
        size, known = math.prod(shape[1:]), math.prod([n for n in self.dims if n != -1])
        if not shape or (size % known if -1 in self.dims else size != known):
            raise LayerValueError(self, f"x has the shape {shape}, expected samples of {known} numbers"
                                        f"{', or a multiple of it' if -1 in self.dims else ''}; add a batch axis, as "
                                        "with x[None], or change dims")
        return reshape(x, (shape[0], *[size // known if n == -1 else n for n in self.dims])), st

    def description(self) -> str:
        dims = [":" if n == -1 else str(n) for n in self.dims]
        return f"ReshapeLayer(output_dims = ({', '.join([':', *dims])}))"


class SelectDim(AbstractLuxLayer):
    """Take one or several elements along an axis.

    Arguments: `dim`, the axis, counted as NumPy does, so that 0 is that of the batch; `i`, an integer, which removes
    the axis, or several, which keep it.

    Returns: x[..., i, ...].

    Errors: ValueError if x has no such axis, or if the axis is too short.

    >>> import numpy as np
    >>> SelectDim(1, -1)(np.arange(6.0).reshape(2, 3), {}, {})[0]
    array([2., 5.])
    >>> SelectDim(1, (0, 2))(np.arange(6.0).reshape(2, 3), {}, {})[0]
    array([[0., 2.],
           [3., 5.]])
    """

    dim: int
    i: int | tuple[int, ...]

    def __post_init__(self) -> None:
        several = tuple(self.i) if hasattr(self.i, "__iter__") else (self.i,)
        if not all(hasattr(n, "__index__") for n in (self.dim, *several)):
            raise TypeError("SelectDim: dim must be an integer and i an integer or a tuple of them, got "
                            f"{self.dim!r} and {self.i!r}")
        object.__setattr__(self, "dim", int(self.dim))
        numbers = tuple([int(n) for n in several])
        object.__setattr__(self, "i", numbers if hasattr(self.i, "__iter__") else numbers[0])

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        axis = _axis(self, x, self.dim)
        length, several = x.shape[axis], self.i if isinstance(self.i, tuple) else (self.i,)
        if not all(-length <= n < length for n in several):
            raise LayerValueError(self, f"x has the shape {tuple(x.shape)}, expected an axis {self.dim} with the "
                                        f"element {self.i}; count from 0")
        if isinstance(self.i, int):
            return getitem(x, (*(slice(None),) * axis, self.i, ...)), st
        xp, device = home(x)
        return take(x, xp.asarray([n % length for n in self.i], device=device), axis=axis), st

    def description(self) -> str:
        return call_form("SelectDim", f"dim = {self.dim}", f"index = {self.i}")


class ReverseSequence(AbstractLuxLayer):
    """Turn an axis back to front.

    Arguments: `dim`, the axis; `None` for axis 1, that of time in sequences (batch, time, features), and for the only
    axis of a vector.

    Returns: an array of the shape of x.

    Errors: ValueError if x has no such axis.

    >>> import numpy as np
    >>> ReverseSequence()(np.arange(6.0).reshape(2, 3), {}, {})[0]
    array([[2., 1., 0.],
           [5., 4., 3.]])
    """

    dim: int | None = None

    def __post_init__(self) -> None:
        if self.dim is not None and not hasattr(self.dim, "__index__"):
            raise TypeError(f"ReverseSequence: dim must be an integer, or None for axis 1, got {self.dim!r}")

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        ndim = len(_shape_of(self, x))
        return flip(x, axis=_axis(self, x, min(1, max(ndim - 1, 0)) if self.dim is None else self.dim)), st

    def description(self) -> str:
        return call_form("ReverseSequence", dim=self.dim)


def _axis(layer: Any, x: Any, axis: int) -> int:
    """Return an axis of x, counted from the first.

    Errors: ValueError if x does not have it.
    """
    shape = _shape_of(layer, x)
    if not -len(shape) <= axis < len(shape):
        raise LayerValueError(layer, f"x has the shape {shape}, expected one with an axis {axis}; change dim, or add "
                                     "axes, as with x[None]")
    return axis % len(shape)


__all__ = ["ReshapeLayer", "ReverseSequence", "SelectDim"]
