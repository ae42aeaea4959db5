"""Embeddings: vectors in place of things that are no numbers, such as words and places in a sequence.

A word has a vector of its own, a row of a table that is trained (`Embedding`). A position has one that is computed,
from waves of many lengths (`SinusoidalPositionalEmbedding`); or it is not embedded at all, but turns the queries and
keys of attention by an angle (`RotaryPositionalEmbedding`).
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind
from ..initializers import rand32
from ..nn.gathering import not_integers, out_of_place, rows_at
from ..nn.positions import apply_rotary_embedding, compute_rotary_embedding_params, sinusoidal_embedding
from ..tracer.core import home
from .checks import mixed_libraries, not_floating, wrong_keys, wrong_shape
from .contract import AbstractLuxLayer
from .display import call_form
from .errors import LayerTypeError, LayerValueError


class Embedding(AbstractLuxLayer):
    """A table of vectors, looked up by number.

    Arguments:
        in_dims: how many vectors there are, or a tuple of lengths for a table of several axes.
        out_dims: the length of a vector.
        init_weight: called as `init_weight(rng, (*in_dims, out_dims))`; `None` for uniform draws from [0, 1).

    Parameters: `weight` (*in_dims, out_dims). States: none.

    Returns: for integers x of any shape, counting from 0, an array (*x.shape, out_dims); for a table of several axes x
    is a tuple of as many such arrays, all of one shape.

    Errors: ValueError if a dimension is not positive, an index outside of the table, or the weight of another shape;
    TypeError if x is not of integers.

    >>> from arraylux.layers import setup
    >>> model = Embedding(1000, 8)
    >>> model
    Embedding(1000 => 8)         # 8_000 parameters
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> y, st = model(np.array([[3, 1, 4], [1, 5, 9]]), ps, st)
    >>> y.shape
    (2, 3, 8)
    """

    in_dims: int | tuple[int, ...]
    out_dims: int
    init_weight: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.in_dims, list):
            object.__setattr__(self, "in_dims", tuple(self.in_dims))
        if not self._sizes or any(not hasattr(n, "__index__") or n < 1 for n in (*self._sizes, self.out_dims)):
            raise ValueError(f"Embedding: in_dims must be a positive integer or a tuple of them, and out_dims one, got "
                             f"{self.in_dims!r} and {self.out_dims!r}")

    @property
    def _sizes(self) -> tuple[int, ...]:
        return self.in_dims if isinstance(self.in_dims, tuple) else (self.in_dims,)

    @property
    def _shape(self) -> tuple[int, ...]:
        return (*self._sizes, self.out_dims)

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        return {"weight": (rand32 if self.init_weight is None else self.init_weight)(rng, self._shape)}

    def parameterlength(self) -> int:
        return math.prod(self._shape)

    def statelength(self) -> int:
        return 0

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        x = tuple(x) if isinstance(x, list) else x
        misfit = wrong_keys(self, "ps", ps, ("weight",)) or wrong_shape(self, ps, {"weight": self._shape})
        if misfit is not None:
            raise misfit
        if (problem := not_integers(x)) is not None:
            raise LayerTypeError(self, problem)
        for indices in x if isinstance(x, tuple) else (x,):
            if hasattr(indices, "dtype") and (misfit := mixed_libraries(self, indices, ps)) is not None:
                raise misfit
        if (problem := self._count(x) or out_of_place(x, self._sizes)) is not None:
            raise LayerValueError(self, problem)
        return rows_at(ps["weight"], x), st

    def _count(self, x: Any) -> str | None:
        came = len(x) if isinstance(x, tuple) else 1
        if came == len(self._sizes):
            return None
        return (f"a table of {len(self._sizes)} axes needs a tuple of as many arrays of integers, got {came}; give one "
                "for each of in_dims")

    def description(self) -> str:
        return call_form("Embedding", f"{self.in_dims} => {self.out_dims}")


class SinusoidalPositionalEmbedding(AbstractLuxLayer):
    """Sine and cosine of each number times frequencies that are spaced evenly on a logarithmic scale.

    Arguments:
        dims: the length of the embedding, even: half of it sines, half cosines.
        min_freq, max_freq: the lowest and the highest frequency, in radians for each unit of x.
        scale: the amplitude, sqrt(2 / dims) unless given, which makes vectors of length 1.
        full_turns: whether frequencies count full turns and not radians.

    Parameters: none. States: `sigmas` (dims / 2,), the frequencies, from the highest to the lowest.

    Returns: for x of any shape, positions for instance, an array (*x.shape, dims): all sines, then all cosines.

    Errors: ValueError if dims is not even and positive, or a frequency not positive; TypeError if x has no numbers.

    >>> from arraylux.layers import setup
    >>> model = SinusoidalPositionalEmbedding(4, scale=1.0)
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> model(np.array([0.0, 1.0], np.float32), ps, st)[0].round(3)
    array([[0.   , 0.   , 1.   , 1.   ],
           [0.841, 0.   , 0.54 , 1.   ]], dtype=float32)
    """

    dims: int
    min_freq: float = 1e-4
    max_freq: float = 1.0
    scale: float | None = None
    full_turns: bool = False

    def __post_init__(self) -> None:
        if not hasattr(self.dims, "__index__") or self.dims < 2 or self.dims % 2:
            raise ValueError(f"SinusoidalPositionalEmbedding: dims must be an even positive integer, got {self.dims!r}")
        if not (self.min_freq > 0 and self.max_freq > 0):
            raise ValueError(f"SinusoidalPositionalEmbedding: min_freq and max_freq must be positive, got "
                             f"{self.min_freq} and {self.max_freq}")

    def initialstates(self, rng: Any) -> dict[str, Any]:
        sigmas = np.exp(np.linspace(math.log(self.max_freq), math.log(self.min_freq), self.dims // 2))
        return {"sigmas": (sigmas * (2 * math.pi if self.full_turns else 1)).astype(np.float32)}

    def parameterlength(self) -> int:
        return 0

    def statelength(self) -> int:
        return self.dims // 2

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        if hasattr(x, "dtype") and kind(x.dtype) == "i":
            xp, device = home(x)
            x = xp.asarray(x, dtype=st["sigmas"].dtype, device=device)
        misfit = (wrong_keys(self, "st", st, ("sigmas",)) or not_floating(self, x)
                  or wrong_shape(self, st, {"sigmas": (self.dims // 2,)}) or mixed_libraries(self, x, st))
        if misfit is not None:
            raise misfit
        scale = math.sqrt(2 / self.dims) if self.scale is None else self.scale
        return sinusoidal_embedding(x, st["sigmas"], scale), st

    def description(self) -> str:
        return call_form("SinusoidalPositionalEmbedding", self.dims)


class RotaryPositionalEmbedding(AbstractLuxLayer):
    """Turn pairs of features of queries or keys by angles that grow with the position.

    Arguments:
        dim: the number of features of a head, even.
        max_sequence_length: how many positions there are.
        base: the angle of pair i at position p is p base^(-2 i / dim).
        low_memory_variant: whether the states have each angle once, and not for both features of its pair.

    Parameters: none. States: `cos_cache`, `sin_cache` (max_sequence_length, dim / 2), or (max_sequence_length, dim).

    Returns: for x (batch, tokens, heads, dim), or a tuple of that and positions (tokens,) or (batch, tokens), integers,
    an array like x; feature i makes a pair with feature i + dim / 2.

    Errors: ValueError if dim is not even and positive, x has other features or more tokens than there are positions, or
    a position is outside of them; TypeError if x is not real floating-point, or positions are no integers.

    Source: J. Su et al., "RoFormer: enhanced transformer with rotary position embedding", arXiv:2104.09864.

    >>> from arraylux.layers import setup
    >>> model = RotaryPositionalEmbedding(32, max_sequence_length=128)
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> y, st = model(np.ones((2, 10, 4, 32), np.float32), ps, st)
    >>> y.shape
    (2, 10, 4, 32)
    """

    dim: int
    max_sequence_length: int = 4096
    base: float = 10_000.0
    low_memory_variant: bool = True

    def __post_init__(self) -> None:
        if not hasattr(self.dim, "__index__") or self.dim < 2 or self.dim % 2 or self.max_sequence_length < 1:
            raise ValueError(f"RotaryPositionalEmbedding: dim must be an even positive integer and max_sequence_length "
                             f"a positive one, got {self.dim!r} and {self.max_sequence_length!r}")

    def initialstates(self, rng: Any) -> dict[str, Any]:
        return compute_rotary_embedding_params(self.dim, self.max_sequence_length, base=self.base,
                                               low_memory_variant=self.low_memory_variant)

    def parameterlength(self) -> int:
        return 0

    def statelength(self) -> int:
        return self.max_sequence_length * self.dim * (1 if self.low_memory_variant else 2)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        x, positions = x if isinstance(x, tuple) and len(x) == 2 else (x, None)
        misfit = (wrong_keys(self, "st", st, ("cos_cache", "sin_cache")) or not_floating(self, x)
                  or mixed_libraries(self, x, st))
        if misfit is not None:
            raise misfit
        if len(x.shape) < 3 or x.shape[-1] != self.dim:
            raise LayerValueError(self, f"x has the shape {tuple(x.shape)}, expected (batch, tokens, heads, "
                                        f"{self.dim}); split the features into heads by a reshape")
        try:
            return apply_rotary_embedding(x, **st, positions=positions), st
        except TypeError as error:
            raise LayerTypeError(self, str(error)) from error
        except ValueError as error:
            raise LayerValueError(self, str(error)) from error

    def description(self) -> str:
        return call_form("RotaryPositionalEmbedding", self.dim)


__all__ = ["Embedding", "RotaryPositionalEmbedding", "SinusoidalPositionalEmbedding"]
