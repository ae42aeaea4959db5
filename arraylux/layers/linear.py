"""Dense layers: every output a weighted sum of all inputs.

Samples are rows and each output has its row of the weight, so a layer is x W^T + b. It is called far more often than
it is built, so a call asks in one go whether everything fits, and looks for the trouble only if it does not.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import kind
from ..initializers import calculate_gain, kaiming_uniform, uniform_bias
from ..nn.activations import identity
from ..nn.dense import dense
from .checks import mixed_libraries, not_floating, wrong_keys, wrong_shape
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerError, LayerValueError


class Dense(AbstractLuxLayer):
    """Fully connected layer, activation(x @ weight.T + bias).

    Arguments:
        in_dims, out_dims: lengths of the last axis of input and output.
        activation: a function of an array.
        init_weight: called as `init_weight(rng, (out_dims, in_dims))`; `None` for `kaiming_uniform` with the gain
            that `calculate_gain` finds for the activation.
        init_bias: called as `init_bias(rng, (out_dims,))`; `None` for the uniform distribution on
            +-1/sqrt(in_dims).
        use_bias: whether there is a bias.

    Parameters: `weight` (out_dims, in_dims); `bias` (out_dims,). States: none.

    Returns: for x (..., in_dims), an array (..., out_dims) of the common dtype of x and the parameters.

    Errors: ValueError if a dimension is not positive, x has another last axis, or a parameter another shape;
    TypeError if x is no floating-point array, or from another library than the parameters; KeyError if a
    parameter is missing or one too many.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = Dense(10, 5)
    >>> model
    Dense(10 => 5)               # 55 parameters
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> y, st = model(np.ones((20, 10), dtype=np.float32), ps, st)
    >>> y.shape
    (20, 5)
    """

    in_dims: int
    out_dims: int
    activation: Callable[..., Any] = identity
    init_weight: Callable[..., Any] | None = None
    init_bias: Callable[..., Any] | None = None
    use_bias: bool = True

    def __post_init__(self) -> None:
        for name, n in (("in_dims", self.in_dims), ("out_dims", self.out_dims)):
            if not hasattr(n, "__index__") or n < 1:
                raise ValueError(f"Dense: {name} must be a positive integer, got {n!r}")
            object.__setattr__(self, name, int(n))
        if not callable(self.activation):
            raise TypeError(f"Dense: activation must be a function of an array, got {self.activation!r}; options come "
                            "after it or by name, as in Dense(10, 5, use_bias=False)")

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        shape = (self.out_dims, self.in_dims)
        if self.init_weight is None:
            weight = kaiming_uniform(rng, shape, gain=calculate_gain(self.activation))
        else:
            weight = self.init_weight(rng, shape)
        if not self.use_bias:
            return {"weight": weight}
        if self.init_bias is None:
            return {"weight": weight, "bias": uniform_bias(rng, (self.out_dims,), fan_in=self.in_dims)}
        return {"weight": weight, "bias": self.init_bias(rng, (self.out_dims,))}

    def parameterlength(self) -> int:
        return self.out_dims * (self.in_dims + self.use_bias)

    def statelength(self) -> int:
        return 0

    def outputsize(self, x: Any, rng: Any) -> Any:
        return (*x.shape[1:-1], self.out_dims)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        try:                                # whatever does not fit ends below, where it is found out what it was
            weight = ps["weight"]
            if (len(ps.keys()) != 1 + self.use_bias or kind(x.dtype) not in "fc" or x.shape[-1] != self.in_dims
                    or weight.shape != (self.out_dims, self.in_dims)):
                raise TypeError
            if self.use_bias:
                bias = ps["bias"]
                if bias.shape != (self.out_dims,):
                    raise TypeError
                y = dense(x, weight, bias)
            else:
                y = dense(x, weight)
        except (AttributeError, IndexError, KeyError, TypeError):
            misfit = self._misfit(x, ps)
            if misfit is None:
                raise
            raise misfit from None
        return (y if self.activation is identity else self.activation(y)), st

    def _misfit(self, x: Any, ps: Any) -> LayerError | None:
        shapes = {"weight": (self.out_dims, self.in_dims), "bias": (self.out_dims,)}
        if not self.use_bias:
            del shapes["bias"]
        return (wrong_keys(self, "ps", ps, shapes) or not_floating(self, x) or self._wrong_features(x)
                or wrong_shape(self, ps, shapes) or mixed_libraries(self, x, ps))

    def _wrong_features(self, x: Any) -> LayerError | None:
        shape = tuple(x.shape)
        if shape[-1:] == (self.in_dims,):
            return None
        way_out = ("transpose it, rows are samples" if len(shape) == 2 and shape[0] == self.in_dims
                   else "reshape it, or make in_dims the length of its last axis")
        return LayerValueError(self, f"x has the shape {shape}, expected (..., {self.in_dims}); {way_out}")

    def description(self) -> str:
        return call_form("Dense", f"{self.in_dims} => {self.out_dims}",
                         None if self.activation is identity else self.activation,
                         use_bias=None if self.use_bias else False)


__all__ = ["Dense"]
