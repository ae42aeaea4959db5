"""How rules are declared: mostly in one line, for both modes.

An elementwise function gives its partial derivatives; a linear one its transpose; a bilinear one the two products
that are its adjoints; a function that is flat (or integer-valued) nothing at all. Only what is none of these writes
both rules out.

Complex numbers follow the adjoint convention: reverse rules are adjoints under Re<a, b> = Re sum(conj(a) b), so the
gradient of a real loss points in the direction of steepest ascent.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from .core import Primitive, Tracer, constant, strip
from .fitting import add_tangents as add_tangents
from .fitting import adjoint as adjoint
from .fitting import fit as fit
from .fitting import fit_tangent as fit_tangent
from .fitting import zeros_like as zeros_like
from .pointwise import Bilinear as Bilinear
from .pointwise import Binary as Binary
from .pointwise import Unary as Unary
from .tape import transpose


class Linear(Primitive):
    """A function linear in some of its arguments.

    `transposes` gives, for each of those positions, `transpose(g, *args, **params)`: the cotangent of that argument.
    A function that is linear in several arguments is linear in all of them together (`where`, not `multiply`).
    """

    __slots__ = ("transposes",)

    def __init__(self, name: str, transpose: Callable[..., Any] | dict[int, Callable[..., Any]], keeps: str = "",
                 run: Callable[..., Any] | None = None, numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, run, numpy=numpy, keeps=keeps)
        self.transposes = transpose if isinstance(transpose, dict) else {0: transpose}

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        moved = list(args)
        for i in self.transposes:
            moved[i] = zeros_like(args[i]) if tangents[i] is None else tangents[i]
        return self(*moved, **params)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        if len(args) == 1:
            return (self.transposes[0](g, args[0], **params),)
        return [self.transposes[i](g, *args, **params) if j >= 0 and i in self.transposes else None
                for i, j in enumerate(parents)]


class Flat(Primitive):
    """A function whose derivative is zero wherever it has one, or whose values are integers or booleans.

    Its result is a plain array, or a batch of them where one is mapped over, and never differentiated.
    """

    __slots__ = ()

    def __call__(self, *args: Any, **params: Any) -> Any:
        plain = [strip(a) if isinstance(a, Tracer) else a for a in args]
        first = None
        for a in plain:
            if isinstance(a, Tracer):
                return super().__call__(*plain, **params)
            if first is None and not isinstance(a, (int, float, complex, list, tuple)):
                first = a
        return self.on_plain(first)(*plain, **params)


def settled(y: Any) -> Any:
    """Return a result that has no derivative, an array or a tuple of them, as constants; tracers stay as they are."""
    if isinstance(y, Tracer):
        return y
    if not isinstance(y, tuple):
        return constant(y)
    parts = [settled(part) for part in y]
    return type(y)(*parts) if hasattr(y, "_fields") else tuple(parts)


def settle(f: Callable[..., Any]) -> Any:
    """Return a function without a derivative as a method that answers traced arrays with constants.

    Code written to the standard asks all of its arrays for their namespace: a mask or an order that was made of
    traced arrays has to name the one that they name.
    """
    @wraps(f)
    def call(*args: Any, **params: Any) -> Any:
        y = f(*args, **params)
        for a in args:
            if isinstance(a, Tracer):
                return settled(y)
        return y
    return staticmethod(call)


class Custom(Primitive):
    """A function with both rules written out; either may be missing, and is then the transpose of the other.

    `jvp(tangents, y, *args, **params)` returns the tangent of `y`; `vjp(g, y, *args, **params)` a cotangent for each
    array argument.
    """

    __slots__ = ("jvp", "vjp")

    def __init__(self, name: str, *, jvp: Callable[..., Any] | None = None, vjp: Callable[..., Any] | None = None,
                 keeps: str = "", multiple: bool = False, run: Callable[..., Any] | None = None,
                 numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, run, numpy=numpy, keeps=keeps, multiple=multiple)
        self.jvp = jvp
        self.vjp = vjp

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if self.jvp is not None:
            return self.jvp(tangents, y, *args, **params)
        return self.jvp_from_vjp(tangents, y, args, params)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        if self.vjp is not None:
            cotangents: Sequence[Any] = self.vjp(g, y, *args, **params)
            return cotangents
        return self.vjp_from_jvp(g, parents, y, args, params)

    def jvp_from_vjp(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """The forward rule as the transpose of the reverse rule."""
        if self.vjp is None:
            raise NotImplementedError(f"{self.__name__} has no derivative rule")
        vjp = self.vjp
        if self.multiple:
            likes = [zeros_like(part) for part in y]
            return tuple(transpose(lambda *g: vjp(g, y, *args, **params), likes, tangents, self.__name__))
        return transpose(lambda g: vjp(g, y, *args, **params), [zeros_like(y)], tangents, self.__name__)[0]

    def vjp_from_jvp(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
                     params: dict[str, Any]) -> Sequence[Any]:
        """The reverse rule as the transpose of the forward rule."""
        if self.jvp is None:
            raise NotImplementedError(f"{self.__name__} has no derivative rule")
        jvp = self.jvp
        places = [i for i, j in enumerate(parents) if j >= 0]

        def linear(*inputs: Any) -> Any:
            tangents: list[Any] = [None] * len(args)
            for i, t in zip(places, inputs, strict=True):
                tangents[i] = t
            t = jvp(tangents, y, *args, **params)
            return t if self.multiple else (t,)

        found = transpose(linear, [zeros_like(args[i]) for i in places], g if self.multiple else (g,), self.__name__)
        cotangents: list[Any] = [None] * len(args)
        for i, c in zip(places, found, strict=True):
            cotangents[i] = c
        return cotangents
