"""The axes of a flat vector: which of its numbers belong to which name, and in what shape.

Many arrays with names and shapes can live one after the other in one vector. To find them again it is enough to
know the layout, and the layout is the same for the parameters, their gradient, and every step between them. It is
therefore an object of its own, made once, shared by all vectors that have it, and compared by identity first.

Arithmetic does not care about the names: a sum of two such vectors is one sum of flat vectors, if their layouts
agree. `FlatVector` is that half of a ComponentArray, with Python's operators and NumPy's ufuncs.
"""
from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .backend import library
from .tree import Key, describe


class Axes:
    """The layout of a flat vector.

    `kind` is the container that has this layout: `dict` for a ComponentArray, or a tuple class. `keys` are its names.
    `parts` says what stands under each name: a shape for an array, Axes for a container, `None` for anything else.
    `spans` lists the same parts with start and stop; `size` is the length of the vector.
    """

    __slots__ = ("_hash", "index", "keys", "kind", "parts", "size", "spans")

    def __init__(self, kind: type, keys: tuple[Key, ...], parts: tuple[Any, ...]):
        self.kind, self.keys, self.parts = kind, keys, parts
        self.index = {key: number for number, key in enumerate(keys)}
        self.spans: list[tuple[int, int, Any]] = []
        self.size = 0
        for part in parts:
            start = self.size
            if part is not None:
                self.size += part.size if isinstance(part, Axes) else math.prod(part)
            self.spans.append((start, self.size, part))
        self._hash = hash((kind, keys, parts))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Axes) and self._hash == other._hash and self.kind is other.kind
                                 and self.keys == other.keys and self.parts == other.parts)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return axes_of, (self.kind, self.keys, self.parts)

    def __repr__(self) -> str:
        return "(" + ", ".join(f"{key}: {part}" for key, part in zip(self.keys, self.parts, strict=True)) + ")"


@lru_cache(maxsize=1024)
def axes_of(kind: type, keys: tuple[Key, ...], parts: tuple[Any, ...]) -> Axes:
    """Return the Axes with these names and parts, the same object as long as it is remembered.

    >>> axes_of(dict, ("weight", "bias"), ((2, 3), (2,))).spans
    [(0, 6, (2, 3)), (6, 8, (2,))]
    """
    return Axes(kind, keys, parts)


def _operators(op: Callable[[Any, Any], Any]) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    def forward(self: Any, other: Any) -> Any:
        other = self._operand(other)
        return other if other is NotImplemented else type(self)(op(self.flat, other), self.axes)

    def reflected(self: Any, other: Any) -> Any:
        other = self._operand(other)
        return other if other is NotImplemented else type(self)(op(other, self.flat), self.axes)
    return forward, reflected


class FlatVector:
    """The arithmetic of vectors with axes.

    A class that inherits it keeps `axes`, says what `flat` is, and is made of the two: `kind(flat, axes)`.
    """

    __slots__ = ()
    axes: Axes

    @property
    def flat(self) -> Any:
        """The vector of all numbers."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int]:
        return (self.axes.size,)

    @property
    def size(self) -> int:
        return self.axes.size

    @property
    def ndim(self) -> int:
        return 1

    @property
    def dtype(self) -> Any:
        return self.flat.dtype

    def __len__(self) -> int:
        return self.axes.size

    def _vector(self, other: Any) -> Any:
        """Return the flat vector of an operand with axes, and any other operand as it is."""
        if not isinstance(other, FlatVector):
            return other
        if other.axes is not self.axes and other.axes != self.axes:
            raise ValueError(f"ComponentArray: arithmetic needs the same axes on both sides, got {self.axes} "
                             f"and {other.axes}")
        return other.flat

    def _operand(self, other: Any) -> Any:
        other = self._vector(other)
        shape = () if isinstance(other, (int, float, complex)) else getattr(other, "shape", None)
        if shape not in (None, (), self.shape):
            raise ValueError(f"ComponentArray: arithmetic needs a number or a vector of shape {self.shape}, "
                             f"got {describe(other)}")
        return NotImplemented if shape is None else other

    __add__, __radd__ = _operators(operator.add)
    __sub__, __rsub__ = _operators(operator.sub)
    __mul__, __rmul__ = _operators(operator.mul)
    __truediv__, __rtruediv__ = _operators(operator.truediv)
    __pow__, __rpow__ = _operators(operator.pow)

    def __matmul__(self, other: Any) -> Any:
        return self.flat @ self._vector(other)

    def __neg__(self) -> Any:
        kind: Any = type(self)
        return kind(-self.flat, self.axes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FlatVector):
            return NotImplemented
        if self.axes != other.axes:
            return False
        same = self.flat == other.flat
        return bool(library(same).all(same))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.flat, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if "out" in options:
            options["out"] = tuple(map(self._vector, options["out"]))
        result = getattr(ufunc, method)(*map(self._vector, inputs), **options)
        is_vector = method == "__call__" and getattr(result, "shape", None) == self.shape
        kind: Any = type(self)
        return kind(result, self.axes) if is_vector else result
