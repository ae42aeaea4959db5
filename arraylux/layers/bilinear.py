"""Layers that multiply in other ways than the dense one: feature by feature, and two inputs with each other.

`Scale` is a dense layer whose weight is a diagonal: no feature sees another. `Bilinear` has a matrix for each output,
which says how two inputs go together.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..initializers import ones32, uniform_bias, zeros32
from ..nn.activations import identity
from ..nn.products import bilinear
from ..rules.pairs import add, multiply
from .checks import mixed_libraries, not_floating, wrong_keys, wrong_shape
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerError, LayerTypeError, LayerValueError

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


def _positive(owner: str, name: str, n: Any) -> int:
    if not hasattr(n, "__index__") or isinstance(n, bool) or n < 1:
        raise ValueError(f"{owner}: {name} must be a positive integer, got {n!r}")
    return int(n)


def _checked_activation(owner: str, activation: Any) -> None:
    if not callable(activation):
        raise TypeError(f"{owner}: activation must be a function of an array, got {activation!r}; options come by "
                        f"name, as in {owner}(..., use_bias=False)")


class Scale(AbstractLuxLayer):
    """Element-wise scale and bias, activation(x * weight + bias).

    Arguments:
        dims: the shape of a sample or of its last axes, `Scale(3, 4)` or `Scale((3, 4))`; a function at the end is the
            activation.
        activation: a function of an array.
        init_weight, init_bias: called as `init(rng, dims)`.
        use_bias: whether there is a bias.

    Parameters: `weight` (*dims), initially one; `bias` (*dims), initially zero. States: none.

    Returns: for x (..., *dims), an array of that shape, in the common dtype of x and the parameters; where x has
    length 1, it is repeated.

    Errors: ValueError if a dimension is not positive, if x does not fit dims, or for a parameter of another shape;
    TypeError if x is no floating-point array, or from another library than the parameters; KeyError if a parameter is
    missing or one too many.

    >>> import numpy as np
    >>> from arraylux import nn
    >>> Scale(3, 4, nn.relu)
    Scale(3, 4, relu)            # 24 parameters
    >>> Scale(2)(np.ones((1, 2)), {"weight": np.array([2.0, 3.0]), "bias": np.array([0.0, 1.0])}, {})[0]
    array([[2., 4.]])
    """

    dims: tuple[int, ...]
    activation: Callable[..., Any]
    init_weight: Callable[..., Any]
    init_bias: Callable[..., Any]
    use_bias: bool

    def __init__(self, *dims: Any, activation: Callable[..., Any] = identity, init_weight: Callable[..., Any] = ones32,
                 init_bias: Callable[..., Any] = zeros32, use_bias: bool = True) -> None:
        if dims and callable(dims[-1]):
            *dims, activation = dims                                            # type: ignore[assignment]
        if len(dims) == 1 and isinstance(dims[0], (tuple, list)):
            dims = tuple(dims[0])
        if not dims:
            raise TypeError("Scale needs the shape to scale, as in Scale(10)")
        _checked_activation("Scale", activation)
        values = (tuple([_positive("Scale", "each of dims", n) for n in dims]), activation, init_weight, init_bias,
                  use_bias)
        for name, value in zip(self._fields, values, strict=True):
            object.__setattr__(self, name, value)

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        weight = {"weight": self.init_weight(rng, self.dims)}
        return {**weight, "bias": self.init_bias(rng, self.dims)} if self.use_bias else weight

    def parameterlength(self) -> int:
        return math.prod(self.dims) * (1 + self.use_bias)

    def statelength(self) -> int:
        return 0

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        misfit = self._misfit(x, ps)
        if misfit is not None:
            raise misfit
        y = multiply(x, ps["weight"])
        y = add(y, ps["bias"]) if self.use_bias else y
        return (y if self.activation is identity else self.activation(y)), st

    def _misfit(self, x: Any, ps: Any) -> LayerError | None:
        shapes = {"weight": self.dims, "bias": self.dims} if self.use_bias else {"weight": self.dims}
        misfit = wrong_keys(self, "ps", ps, shapes) or not_floating(self, x)
        if misfit is not None:
            return misfit
        last = tuple(x.shape)[-len(self.dims):]
        if len(last) < len(self.dims) or any(n not in (1, m) for n, m in zip(last, self.dims, strict=True)):
            expected = ", ".join(map(str, self.dims))
            return LayerValueError(self, f"x has the shape {tuple(x.shape)}, expected (..., {expected}); reshape it, "
                                         "or change dims")
        return wrong_shape(self, ps, shapes) or mixed_libraries(self, x, ps)

    def description(self) -> str:
        return call_form("Scale", *self.dims, None if self.activation is identity else self.activation,
                         use_bias=None if self.use_bias else False)


class Bilinear(AbstractLuxLayer):
    """Bilinear layer of two inputs, activation(x weight[o] y + bias[o]) for each output o.

    Arguments:
        in_dims: lengths of the last axes of both inputs, a pair, or one integer if they are alike.
        out_dims: length of the last axis of the output.
        activation: a function of an array.
        init_weight: called as `init_weight(rng, (out_dims, in1, in2))`; `None` for the uniform distribution on
            +-1/sqrt(in1).
        init_bias: called as `init_bias(rng, (out_dims,))`; `None` for the same distribution.
        use_bias: whether there is a bias.

    Parameters: `weight` (out_dims, in1, in2); `bias` (out_dims,): PyTorch's. States: none.

    Returns: for a tuple (x, y) of arrays (..., in1) and (..., in2), an array (..., out_dims); a single array is both
    inputs.

    Errors: ValueError if a dimension is not positive, or if inputs or parameters have other shapes; TypeError if an
    input is no floating-point array, or from another library than the parameters; KeyError if a parameter is missing
    or one too many.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = Bilinear((3, 4), 5)
    >>> model
    Bilinear((3, 4) => 5)        # 65 parameters
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> model((np.ones((2, 3)), np.ones((2, 4))), ps, st)[0].shape
    (2, 5)
    """

    in_dims: Any
    out_dims: int
    activation: Callable[..., Any] = identity
    _: KW_ONLY
    init_weight: Callable[..., Any] | None = None
    init_bias: Callable[..., Any] | None = None
    use_bias: bool = True

    def __post_init__(self) -> None:
        pair = tuple(self.in_dims) if isinstance(self.in_dims, (tuple, list)) else (self.in_dims,) * 2
        if len(pair) != 2:
            raise ValueError("Bilinear: in_dims must be a pair of integers, or one for both inputs, got "
                             f"{self.in_dims!r}")
        object.__setattr__(self, "in_dims", tuple([_positive("Bilinear", "each of in_dims", n) for n in pair]))
        object.__setattr__(self, "out_dims", _positive("Bilinear", "out_dims", self.out_dims))
        _checked_activation("Bilinear", self.activation)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        weight = (self.out_dims, *self.in_dims)
        return {"weight": weight, "bias": (self.out_dims,)} if self.use_bias else {"weight": weight}

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        makers = {"weight": self.init_weight, "bias": self.init_bias}
        return {name: uniform_bias(rng, shape, fan_in=self.in_dims[0]) if (make := makers[name]) is None
                else make(rng, shape) for name, shape in self._shapes().items()}

    def parameterlength(self) -> int:
        return sum(map(math.prod, self._shapes().values()))

    def statelength(self) -> int:
        return 0

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        first, second = self._pair(x)
        misfit = self._misfit(first, second, ps)
        if misfit is not None:
            raise misfit
        z = bilinear(first, second, ps["weight"], ps["bias"] if self.use_bias else None)
        return (z if self.activation is identity else self.activation(z)), st

    def _pair(self, x: Any) -> tuple[Any, Any]:
        if not isinstance(x, tuple):
            return x, x
        if len(x) != 2:
            raise LayerTypeError(self, f"x is a tuple of {len(x)}, expected a pair of arrays, or one array for both "
                                       "inputs")
        return x

    def _misfit(self, x: Any, y: Any, ps: Any) -> LayerError | None:
        shapes = self._shapes()
        misfit = (wrong_keys(self, "ps", ps, shapes) or not_floating(self, x)
                  or not_floating(self, y, "the second input"))
        if misfit is not None:
            return misfit
        n, m = self.in_dims
        if x.shape[-1:] != (n,) or y.shape[-1:] != (m,) or x.shape[:-1] != y.shape[:-1]:
            return LayerValueError(self, f"the inputs have the shapes {tuple(x.shape)} and {tuple(y.shape)}, expected "
                                         f"(..., {n}) and (..., {m}) with the same axes before the last; reshape them, "
                                         "or change in_dims")
        return wrong_shape(self, ps, shapes) or mixed_libraries(self, x, ps) or mixed_libraries(self, y, ps)

    def description(self) -> str:
        return call_form("Bilinear", f"({self.in_dims[0]}, {self.in_dims[1]}) => {self.out_dims}",
                         None if self.activation is identity else self.activation,
                         use_bias=None if self.use_bias else False)


__all__ = ["Bilinear", "Scale"]
