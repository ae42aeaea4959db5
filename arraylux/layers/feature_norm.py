"""Layers that normalise the features of each element by themselves: no sample, and no time step, sees another one.

They are what sequence models use, since they need neither a batch nor averages kept from training.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..initializers import ones32, zeros32
from ..nn.activations import identity
from ..nn.normalisation import layernorm, rmsnorm
from .normalisation import Normalisation, Shape


class _FeatureNorm(Normalisation):
    """What the two have in common: their size is the shape of the features."""

    def __post_init__(self) -> None:
        shape = self.setting("shape")
        shape = (shape,) if hasattr(shape, "__index__") else tuple(shape)
        if not shape:
            raise ValueError(f"{type(self).__name__}: shape must have an axis at least, the length of the features")
        self.check_fields(**{f"shape[{i}]": n for i, n in enumerate(shape)})
        object.__setattr__(self, "shape", tuple([int(n) for n in shape]))

    def problem(self, x: Any, st: Any) -> str | None:
        features = self.setting("shape")
        if tuple(x.shape[-len(features):]) == features:
            return None
        expected = ", ".join(map(str, features))
        return f"x has the shape {tuple(x.shape)}, expected (..., {expected}); reshape it, or choose another shape"


class LayerNorm(_FeatureNorm):
    """Normalise the features of each element: the last axes of x.

    Arguments:
        shape: of the features, an integer or a tuple.
        activation: a function of an array.
        epsilon: what is added to the variance.
        dims: the axes to normalise over; `None` for those of the features.
        affine: whether there are a scale and a bias.
        init_bias, init_scale: called as `init(rng, shape)`.

    Parameters: `scale`, `bias` (*shape). States: none.

    Returns: for x (..., *shape), an array like x.

    Errors: ValueError if x does not end in this shape, or has no axis of `dims`; TypeError if x is not real floating
    point.

    Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450.

    >>> LayerNorm(512)
    LayerNorm((512,), affine=true)  # 1_024 parameters
    """

    shape: int | Shape
    activation: Callable[..., Any] = identity
    epsilon: float = 1e-5
    dims: int | Shape | None = None
    affine: bool = True
    init_bias: Callable[..., Any] = zeros32
    init_scale: Callable[..., Any] = ones32

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.dims, list):
            object.__setattr__(self, "dims", tuple(self.dims))

    def shapes_of_parameters(self) -> dict[str, Shape]:
        shape = self.setting("shape")
        return {"scale": shape, "bias": shape} if self.affine else {}

    def problem(self, x: Any, st: Any) -> str | None:
        dims = (self.dims,) if isinstance(self.dims, int) else self.dims or ()
        rank = len(x.shape)
        if not all(-rank <= d < rank for d in dims):
            return f"x has the shape {tuple(x.shape)}, expected all the axes {dims}; choose other dims"
        return super().problem(x, st)

    def normalise(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        dims = self.dims
        if not self.affine:
            return layernorm(x, dims=tuple(range(-len(self.setting("shape")), 0)) if dims is None else dims,
                             epsilon=self.epsilon), st
        return layernorm(x, ps["scale"], ps["bias"], dims=dims, epsilon=self.epsilon), st

    def description(self) -> str:
        return self.described(self.setting("shape"), affine=self.affine, dims=self.dims)


class RMSNorm(_FeatureNorm):
    """Divide the features of each element by the root of their mean square: the last axes of x.

    Arguments: as for `LayerNorm`; there is no bias, and no mean that is subtracted.

    Parameters: `scale` (*shape), if affine. States: none.

    Returns, Errors: as for `LayerNorm`.

    Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.

    >>> RMSNorm(512)
    RMSNorm((512,), affine=true)  # 512 parameters
    """

    shape: int | Shape
    activation: Callable[..., Any] = identity
    epsilon: float = 1e-5
    affine: bool = True
    init_scale: Callable[..., Any] = ones32

    def shapes_of_parameters(self) -> dict[str, Shape]:
        return {"scale": self.setting("shape")} if self.affine else {}

    def normalise(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        dims = tuple(range(-len(self.setting("shape")), 0))
        return rmsnorm(x, ps["scale"] if self.affine else None, dims=dims, epsilon=self.epsilon), st

    def description(self) -> str:
        return self.described(self.setting("shape"), affine=self.affine)


__all__ = ["LayerNorm", "RMSNorm"]
