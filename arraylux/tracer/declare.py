"""How rules are declared: mostly in one line, for both modes.

An elementwise function gives its partial derivatives; a linear one its transpose; a bilinear one the two products
that are its adjoints; a function that is flat (or integer-valued) nothing at all. Only what is none of these writes
both rules out. Functions of one and two arguments record themselves on a tape by a short path of their own: small
arrays are dominated by the tracer's own time, and elementwise functions are most of what runs.

Complex numbers follow the adjoint convention: reverse rules are adjoints under Re<a, b> = Re sum(conj(a) b), so the
gradient of a real loss points in the direction of steepest ascent.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backend import device_of, kind, library
from .core import PRIMITIVES, Form, Primitive, Tracer, strip
from .tape import Var, transpose

_NO_PARAMS: dict[str, Any] = {}
Partial = Callable[..., Any]


def adjoint(d: Any) -> Any:
    """Return the conjugate of a partial derivative that is complex, a real one as it is."""
    dtype = getattr(d, "dtype", None)
    if dtype is None:
        return d.conjugate() if isinstance(d, complex) else d
    return PRIMITIVES["conj"](d) if kind(dtype) == "c" else d


def times(a: Any, b: Any) -> Any:
    """Return a * b, also where `a` is a plain array whose library refuses a tracer on the right."""
    return a * b if type(a) is type(b) else PRIMITIVES["multiply"](a, b)


def fit(c: Any, form: Any) -> Any:
    """Give a cotangent the shape and dtype of `form`: sum over broadcast axes, take the real part, cast."""
    if c.shape != form.shape:
        c = PRIMITIVES["sum_to"](c, shape=form.shape)
    if c.dtype != form.dtype:
        if kind(c.dtype) == "c" and kind(form.dtype) != "c":
            c = PRIMITIVES["real"](c)
        if c.dtype != form.dtype:
            c = PRIMITIVES["astype"](c, dtype=form.dtype)
    return c


def fit_tangent(t: Any, y: Any) -> Any:
    """Give a tangent the shape and dtype of the result `y`: broadcast and cast."""
    if t.shape != y.shape:
        t = PRIMITIVES["broadcast_to"](t, shape=y.shape)
    return t if t.dtype == y.dtype else PRIMITIVES["astype"](t, dtype=y.dtype)


def add_tangents(parts: Sequence[Any]) -> Any:
    """Sum the tangents that are not zero (`None`); `None` if all are."""
    total = None
    for t in parts:
        if t is not None:
            total = t if total is None else PRIMITIVES["add"](total, t)
    return total


class Unary(Primitive):
    """An elementwise function of one array: `partial(y, x)` is its derivative."""

    __slots__ = ("keeps_x", "keeps_y", "partial")

    def __init__(self, name: str, partial: Partial, keeps: str = "0", run: Callable[..., Any] | None = None,
                 numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, run, numpy=numpy, keeps=keeps)
        self.partial = partial
        self.keeps_x = "0" in keeps
        self.keeps_y = "y" in keeps

    def _find(self, x: Any) -> Callable[..., Any]:
        if isinstance(x, Tracer):
            found = self._record if type(x) is Var else self._lift
            self._table[type(x)] = found
            return found
        return super()._find(x)

    def __call__(self, x: Any) -> Any:
        return (self._table.get(type(x)) or self._find(x))(x)

    def _lift(self, x: Any) -> Any:
        return x.lift(self, (x,), _NO_PARAMS)

    def _record(self, x: Any) -> Any:
        value = x.value
        trace = x.trace
        y = (self._table.get(type(value)) or self._find(value))(value)
        rows = trace.rows
        index = len(rows)
        rows.append((self, (x.index,), y if self.keeps_y else None, (value if self.keeps_x else None,), _NO_PARAMS))
        return Var(y, trace, index)

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        return times(tangents[0], self.partial(y, args[0]))

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        return (times(g, adjoint(self.partial(y, args[0]))),)


class Binary(Primitive):
    """An elementwise function of two arrays that broadcast: two partial derivatives, `None` for the constant 1."""

    __slots__ = ("_pairs", "keeps_a", "keeps_b", "keeps_y", "partials")

    def __init__(self, name: str, partial_a: Partial | None, partial_b: Partial | None, keeps: tuple[str, str],
                 run: Callable[..., Any] | None = None, numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, run, numpy=numpy, keeps="".join(keeps))
        self.partials = (partial_a, partial_b)
        # What is kept depends on which arguments are traced: the three cases are (a), (b) and both.
        self.keeps_y = ("y" in keeps[0], "y" in keeps[1], "y" in self.keeps)
        self.keeps_a = ("0" in keeps[0], "0" in keeps[1], "0" in self.keeps)
        self.keeps_b = ("1" in keeps[0], "1" in keeps[1], "1" in self.keeps)
        self._pairs: dict[tuple[type, type], Callable[..., Any]] = {}

    def __call__(self, a: Any, b: Any) -> Any:
        return (self._pairs.get((type(a), type(b))) or self._find_pair(a, b))(a, b)

    def _find_pair(self, a: Any, b: Any) -> Callable[..., Any]:
        left, right = isinstance(a, Tracer), isinstance(b, Tracer)
        found: Callable[..., Any]
        if not (left or right):
            found = self.on_plain(b if isinstance(a, (int, float, complex)) else a)
        elif type(a) is Var and type(b) is Var:
            found = self._record_both
        elif type(a) is Var and not right:
            found = self._record_left
        elif type(b) is Var and not left:
            found = self._record_right
        else:
            found = self._lift
        self._pairs[type(a), type(b)] = found
        return found

    def _lift(self, a: Any, b: Any) -> Any:
        return Primitive.__call__(self, a, b)

    def _record_left(self, a: Any, b: Any) -> Any:
        value = a.value
        return self._write(a.trace, (a.index, -1), value, b, 0,
                           (self._pairs.get((type(value), type(b))) or self._find_pair(value, b))(value, b))

    def _record_right(self, a: Any, b: Any) -> Any:
        value = b.value
        return self._write(b.trace, (-1, b.index), a, value, 1,
                           (self._pairs.get((type(a), type(value))) or self._find_pair(a, value))(a, value))

    def _record_both(self, a: Any, b: Any) -> Any:
        trace = a.trace
        if trace is not b.trace:
            return Primitive.__call__(self, a, b)
        left, right = a.value, b.value
        return self._write(trace, (a.index, b.index), left, right, 2,
                           (self._pairs.get((type(left), type(right))) or self._find_pair(left, right))(left, right))

    def _write(self, trace: Any, parents: tuple[int, int], a: Any, b: Any, case: int, y: Any) -> Var:
        if not self.keeps_a[case]:
            a = None if case == 1 or (a.shape == y.shape and a.dtype == y.dtype) else Form(a)
        if not self.keeps_b[case]:
            b = None if case == 0 or (b.shape == y.shape and b.dtype == y.dtype) else Form(b)
        rows = trace.rows
        index = len(rows)
        rows.append((self, parents, y if self.keeps_y[case] else None, (a, b), _NO_PARAMS))
        return Var(y, trace, index)

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        case = 2 if parents[0] >= 0 and parents[1] >= 0 else (0 if parents[0] >= 0 else 1)
        keeps = (self.keeps_a[case], self.keeps_b[case])
        return (y if self.keeps_y[case] else None), tuple([
            a if k else (Form(a) if j >= 0 else None) for a, j, k in zip(args, parents, keeps, strict=True)])

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        parts = [t if t is None or partial is None else times(t, partial(y, *args))
                 for t, partial in zip(tangents, self.partials, strict=True)]
        return fit_tangent(add_tangents(parts), y)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        a, b = args
        left = right = None
        if parents[0] >= 0:
            partial = self.partials[0]
            left = g if partial is None else times(g, adjoint(partial(y, a, b)))
            if a is not None and (left.shape != a.shape or left.dtype != a.dtype):
                left = fit(left, a)
        if parents[1] >= 0:
            partial = self.partials[1]
            right = g if partial is None else times(g, adjoint(partial(y, a, b)))
            if b is not None and (right.shape != b.shape or right.dtype != b.dtype):
                right = fit(right, b)
        return left, right


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
        t = self(*moved, **params)
        return t if t.dtype == y.dtype else PRIMITIVES["astype"](t, dtype=y.dtype)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        return [self.transposes[i](g, *args, **params) if j >= 0 and i in self.transposes else None
                for i, j in enumerate(parents)]


class Bilinear(Primitive):
    """A product: linear in each of two arguments, with an adjoint for each, `left(g, a, b)` and `right(g, a, b)`.

    `left` reads the values of `b` and `right` those of `a`; of its own argument each sees the form.
    """

    __slots__ = ("adjoints",)

    def __init__(self, name: str, left: Callable[..., Any], right: Callable[..., Any],
                 run: Callable[..., Any] | None = None, numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, run, numpy=numpy, keeps="01")
        self.adjoints = (left, right)

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        a, b = args
        return None, (a if parents[1] >= 0 else Form(a), b if parents[0] >= 0 else Form(b))

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        a, b = args
        left, right = tangents
        t = add_tangents([None if left is None else self(left, b, **params),
                          None if right is None else self(a, right, **params)])
        return fit_tangent(t, y)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        return [fit(rule(g, *args, **params), x) if j >= 0 else None
                for rule, j, x in zip(self.adjoints, parents, args, strict=True)]


class Flat(Primitive):
    """A function whose derivative is zero wherever it has one, or whose values are integers or booleans.

    Its result is a plain array, never a tracer.
    """

    __slots__ = ()

    def __call__(self, *args: Any, **params: Any) -> Any:
        plain = [strip(a) for a in args]
        first = next((a for a in plain if not isinstance(a, (int, float, complex))), None)
        return self.on_plain(first)(*plain, **params)


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


def zeros_like(x: Any) -> Any:
    """Return zeros of the shape, dtype, library and device of `x`, whatever traces it."""
    plain = strip(x)
    if isinstance(plain, (int, float, complex)) and not hasattr(plain, "shape"):
        return 0.0 * plain
    return library(plain).zeros(plain.shape, dtype=plain.dtype, device=device_of(plain))
