"""Functions of one and of two arrays, which record themselves on a tape by a short path of their own.

Small arrays are dominated by the tracer's own time, and elementwise functions and products are most of what runs; so
these do without the general way of `Primitive.__call__` and `Var.lift`: the classes of the arguments choose, by a
table, between NumPy's function and writing a row. Whatever is rare (two levels at once, dual numbers) still takes the
general way.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..memory import LARGE, call
from .core import Form, Primitive, Tracer
from .fitting import add_tangents, fit, fit_tangent, scale, times
from .tape import Var

_NO_PARAMS: dict[str, Any] = {}
Partial = Callable[..., Any]


class Unary(Primitive):
    """An elementwise function of one array: `partial(y, x)` is its derivative."""

    __slots__ = ("keeps_x", "keeps_y", "partial")

    def __init__(self, name: str, partial: Partial, keeps: str = "0", run: Callable[..., Any] | None = None,
                 numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, run, numpy=numpy, keeps=keeps)
        self.partial = partial
        self.fresh = True
        self.keeps_x = "0" in keeps
        self.keeps_y = "y" in keeps

    def _find(self, x: Any) -> Callable[..., Any]:
        if type(x) is Var:
            self._table[Var] = self._record
            return self._record
        return super()._find(x)

    def __call__(self, x: Any) -> Any:
        return (self._table.get(type(x)) or self._find(x))(x)

    def _record(self, x: Any) -> Any:
        value = x.value
        trace = x.owner
        run = self._table.get(type(value)) or self._find(value)
        y = call(run, value) if value.size > LARGE else run(value)
        rows = trace.rows
        index = len(rows)
        rows.append((self, (x.index,), y if self.keeps_y else None, (value if self.keeps_x else None,), _NO_PARAMS))
        return Var(y, trace, index)

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        return times(tangents[0], self.partial(y, args[0]))

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        return (scale(g, self.partial(y, args[0]), y, args[0]),)


class Pair(Primitive):
    """A function of two arrays. A table from the classes of the two to what runs is its whole dispatch.

    `keeps` names what each of the two reverse rules reads; what is kept depends on which arguments are traced.
    """

    __slots__ = ("_pairs", "keeps_a", "keeps_b", "keeps_y")

    def __init__(self, name: str, keeps: tuple[str, str], run: Callable[..., Any] | None = None,
                 numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, run, numpy=numpy, keeps="".join(keeps))
        # The three cases: only the first argument is traced, only the second, both.
        self.keeps_y = ("y" in keeps[0], "y" in keeps[1], "y" in self.keeps)
        self.keeps_a = ("0" in keeps[0], "0" in keeps[1], "0" in self.keeps)
        self.keeps_b = ("1" in keeps[0], "1" in keeps[1], "1" in self.keeps)
        self._pairs: dict[tuple[type, type], Callable[..., Any]] = {}

    def __call__(self, a: Any, b: Any) -> Any:
        return (self._pairs.get((type(a), type(b))) or self._find_pair(a, b))(a, b)

    def _find_pair(self, a: Any, b: Any) -> Callable[..., Any]:
        left, right = isinstance(a, Tracer), isinstance(b, Tracer)
        found: Callable[..., Any]
        if isinstance(a, (list, tuple)) or isinstance(b, (list, tuple)):
            found = self._unlisted
        elif not (left or right):
            found = self.on_plain(b if isinstance(a, (int, float, complex)) else a)
        elif (type(a) is Var or not left) and (type(b) is Var or not right):
            found = self._record
        else:
            found = self._lift_pair
        self._pairs[type(a), type(b)] = found
        return found

    def _lift_pair(self, a: Any, b: Any) -> Any:
        return Primitive.__call__(self, a, b)

    def _unlisted(self, a: Any, b: Any) -> Any:
        """Take a list of numbers for the array that NumPy makes of it."""
        return self(*[np.asarray(x) if isinstance(x, (list, tuple)) else x for x in (a, b)])

    def _record(self, a: Any, b: Any) -> Any:
        i = j = -1
        case = 0
        if type(a) is Var:
            trace, i, a = a.owner, a.index, a.value
            size = a.size
            if type(b) is Var:
                if b.owner is not trace:
                    return Primitive.__call__(self, Var(a, trace, i), b)
                j, b, case = b.index, b.value, 2
        else:
            trace, j, b, case = b.owner, b.index, b.value, 1
            size = b.size
        run = self._pairs.get((type(a), type(b))) or self._find_pair(a, b)
        y = call(run, a, b) if size > LARGE else run(a, b)
        if not self.keeps_a[case]:
            a = self._form(a, y, i < trace.inputs) if i >= 0 else None
        if not self.keeps_b[case]:
            b = self._form(b, y, j < trace.inputs) if j >= 0 else None
        rows = trace.rows
        index = len(rows)
        rows.append((self, (i, j), y if self.keeps_y[case] else None, (a, b), _NO_PARAMS))
        return Var(y, trace, index)

    def _form(self, x: Any, y: Any, is_input: bool) -> Any:
        """Return what is kept of an argument whose values nobody reads: nothing, if it has the form of the result.

        An input of the tape is there anyway, and is its own form.
        """
        return None if x.shape == y.shape and x.dtype == y.dtype else x if is_input else Form(x)

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        case = 2 if parents[0] >= 0 and parents[1] >= 0 else (0 if parents[0] >= 0 else 1)
        keeps = (self.keeps_a[case], self.keeps_b[case])
        return (y if self.keeps_y[case] else None), tuple([
            a if k else (Form(a) if j >= 0 else None) for a, j, k in zip(args, parents, keeps, strict=True)])


class Binary(Pair):
    """An elementwise function of two arrays that broadcast: two partial derivatives, `None` for the constant 1."""

    __slots__ = ("partials",)

    def __init__(self, name: str, partial_a: Partial | None, partial_b: Partial | None, keeps: tuple[str, str],
                 run: Callable[..., Any] | None = None, numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, keeps, run, numpy)
        self.partials = (partial_a, partial_b)
        self.fresh = partial_a is not None and partial_b is not None

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
            left = g if partial is None else scale(g, partial(y, a, b), y, a, b)
            if a is not None and (left.shape != a.shape or left.dtype != a.dtype):
                left = fit(left, a)
        if parents[1] >= 0:
            partial = self.partials[1]
            right = g if partial is None else scale(g, partial(y, a, b), y, a, b)
            if b is not None and (right.shape != b.shape or right.dtype != b.dtype):
                right = fit(right, b)
        return left, right


class Bilinear(Pair):
    """A product: linear in each of two arguments, with an adjoint for each, `left(g, a, b)` and `right(g, a, b)`.

    `left` reads the values of `b` and `right` those of `a`; of its own argument each sees the form.
    """

    __slots__ = ("adjoints",)

    def __init__(self, name: str, left: Callable[..., Any], right: Callable[..., Any],
                 run: Callable[..., Any] | None = None, numpy: Callable[..., Any] | None = None) -> None:
        super().__init__(name, ("1", "0"), run, numpy)
        self.adjoints = (left, right)
        self.fresh = True

    def _form(self, x: Any, y: Any, is_input: bool) -> Any:
        return x if is_input else Form(x)

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        a, b = args
        left, right = tangents
        t = add_tangents([None if left is None else self(left, b), None if right is None else self(a, right)])
        return fit_tangent(t, y)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        a, b = args
        left = right = None
        if parents[0] >= 0:
            left = self.adjoints[0](g, a, b)
            if left.shape != a.shape or left.dtype != a.dtype:
                left = fit(left, a)
        if parents[1] >= 0:
            right = self.adjoints[1](g, a, b)
            if right.shape != b.shape or right.dtype != b.dtype:
                right = fit(right, b)
        return left, right
