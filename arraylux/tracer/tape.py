"""Reverse mode: the tape.

A `Var` is a value and the number of its row on a `Tape`, a flat list of the primitives that ran, in the order in
which they ran (a Wengert list). That order is a topological one, so the reverse pass is a loop over the rows from
the last to the first: no graph, no recursion, no sorting. Each row holds only what its reverse rule reads, and the
loop can give it back as it goes.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

from .. import backend
from ..memory import LARGE, call
from .core import PRIMITIVES, Constant, Form, Primitive, Trace, Tracer, home, leaked

# A row: the primitive, the row of each argument (-1 for one that is not on this tape), the kept result, the kept
# arguments, the keywords. Inputs have the row `None`, and so have all but the last result of a primitive with several.
Row = tuple[Primitive, tuple[int, ...], Any, tuple[Any, ...], dict[str, Any]]


class Tape(Trace):
    """The rows that one reverse-mode transformation records."""

    __slots__ = ("inputs", "rows")

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.rows: Any = []
        self.inputs = 0

    def watch(self, value: Any) -> Var:
        """Put an input on the tape; all inputs come before the first operation."""
        index = self.inputs
        self.inputs = index + 1
        self.rows.append(None)
        return Var(value, self, index)

    def close(self) -> None:
        """End recording, and hand no row to a tracer that leaked out."""
        super().close()
        self.rows = _ClosedRows(self.origin)


class _ClosedRows:
    """Stands where the rows of an ended tape were, so that recording needs no check of its own.

    It does not know its tape: a cycle of references for every gradient would keep the garbage collector busy.
    """

    __slots__ = ("origin",)

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def __len__(self) -> NoReturn:
        raise leaked(self.origin)


class Var(Tracer):
    """A value and its row on a tape."""

    __slots__ = ()
    carries = "index"

    def __init__(self, value: Any, trace: Tape, index: int) -> None:
        self.value = value
        self.owner = trace
        self.index = index

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        trace = self.owner
        if len(args) == 1 and not primitive.multiple:           # most calls, so without the loops below
            value = self.value
            y = primitive.on_plain(value)(value, **params)      # or a tracer's way, if the value is one
            rows = trace.rows
            index = len(rows)
            x = value if "0" in primitive.keeps else Form(value)
            rows.append((primitive, (self.index,), y if "y" in primitive.keeps else None, (x,), params))
            return Var(y, trace, index)
        values, parents = [], []
        for a in args:
            own = isinstance(a, Tracer) and a.owner is trace
            values.append(a.value if own or type(a) is Constant else a)
            parents.append(a.index if own else -1)
        y = primitive(*values, **params)
        rows = trace.rows
        if primitive.multiple:
            first = len(rows)
            rows.extend([None] * (len(y) - 1))
            rows.append((primitive, tuple(parents), *primitive.keep(parents, y, values), params))
            return tuple([Var(part, trace, first + i) for i, part in enumerate(y)])
        index = len(rows)
        rows.append((primitive, tuple(parents), *primitive.keep(parents, y, values), params))
        return Var(y, trace, index)

    def _is_input(self) -> bool:
        inputs: int = self.owner.inputs
        return self.index < inputs

    def __repr__(self) -> str:
        return f"Var(level={self.level}, value={self.value!r})"


class Scatter:
    """A cotangent that is zero but for the places of an index: what the reverse rule of `x[index]` returns.

    Kept apart until the walk meets it, so that T slices of one array accumulate in O(T): into one buffer if their
    cotangents are plain arrays, and if they are tracers by one primitive for all of them.
    """

    __slots__ = ("base", "form", "indices", "parts")

    def __init__(self, form: Any, index: Any, g: Any) -> None:
        self.form = form
        self.base: Any = None                        # a whole array to add the parts to, zeros if there is none
        self.indices = [index]
        self.parts = [g]

    def dense(self) -> Any:
        """Return the whole cotangent."""
        base, parts = self.base, self.parts
        owned = base is None
        if owned:
            xp, device = home(parts[0])
            base = xp.zeros(self.form.shape, dtype=self.form.dtype, device=device)
        if owned and len(parts) == 1 and not isinstance(parts[0], Tracer):
            return self.add_to(base)
        return PRIMITIVES["scatter"](base, *parts, indices=tuple(self.indices))

    def add_to(self, target: Any) -> Any:
        """Add a single plain part to an array that nobody else holds, in place."""
        add_at(target, self.indices[0], self.parts[0])
        return target

    def join(self, other: Any) -> Scatter:
        """Take over another cotangent, a whole array or another `Scatter`."""
        if type(other) is Scatter:
            self.parts += other.parts
            self.indices += other.indices
            other = other.base
        if other is not None:
            self.base = other if self.base is None else PRIMITIVES["add"](self.base, other)
        return self


def is_basic(index: Any) -> bool:
    """Say whether an index is made of integers, slices, `None` and `...` alone, so that no place comes twice."""
    items = index if type(index) is tuple else (index,)
    return all(i is None or i is Ellipsis or (isinstance(i, (int, slice)) and not isinstance(i, bool)) for i in items)


def add_at(target: Any, index: Any, v: Any) -> None:
    """Add to the places of a plain array that an index names, in place, as often as each is named."""
    if is_basic(index):
        target[index] += v
    else:
        backend.scatter_add(target, index, v)


def accumulate(cotangents: list[Any], owned: set[int], row: int, c: Any) -> None:
    """Add `c` to the cotangent of a row; `owned` holds the rows whose cotangent is a buffer that nobody else sees."""
    old = cotangents[row]
    if old is None:
        cotangents[row] = c
    elif type(c) is Scatter:
        if type(old) is Scatter and old.base is None and not isinstance(old.parts[0], Tracer):
            old = old.dense()
            owned.add(row)
        if row in owned and not isinstance(old, (Tracer, np.generic)) and not isinstance(c.parts[0], Tracer):
            cotangents[row] = c.add_to(old)
        else:
            cotangents[row] = c.join(old)
            owned.discard(row)
    elif type(old) is Scatter:
        cotangents[row] = old.join(c)
    elif row in owned and type(old) is type(c):
        old += c
        cotangents[row] = old
    else:
        large = type(old) is np.ndarray and old.size > LARGE
        cotangents[row] = call(np.add, old, c) if large else PRIMITIVES["add"](old, c)
        owned.add(row)


def walk(rows: list[Any], seeds: Iterable[tuple[int, Any]], inputs: int, consume: bool) -> list[Any]:
    """Carry cotangents from the results on a tape back to its inputs.

    Arguments: `rows` of a tape whose first `inputs` rows are the inputs; `seeds`, pairs of a row and its cotangent;
    `consume`, whether to give each row back once it has been used (the tape can then be walked only once).

    Returns: the cotangents of the inputs, `None` for zero.
    """
    cotangents: list[Any] = [None] * len(rows)
    owned: set[int] = set()
    for row, g in seeds:
        accumulate(cotangents, owned, row, g)
    i = len(rows)
    while i > inputs:
        i -= 1
        row = rows[i]
        if row is None:
            continue
        if consume:
            rows[i] = None
        primitive, parents, y, args, params = row
        if primitive.multiple:
            g = _gather(cotangents, i, len(y))
        else:
            g = cotangents[i]
            cotangents[i] = None
            if type(g) is Scatter:
                g = g.dense()
        if g is None:
            continue
        found = primitive.pull(g, parents, y, args, params)
        for k, parent in enumerate(parents):
            if parent >= 0 and (c := found[k]) is not None:
                if cotangents[parent] is None:
                    cotangents[parent] = c
                    if primitive.fresh:
                        owned.add(parent)
                else:
                    accumulate(cotangents, owned, parent, c)
    return [g.dense() if type(g) is Scatter else g for g in cotangents[:inputs]]


def _gather(cotangents: list[Any], last: int, count: int) -> tuple[Any, ...] | None:
    """Take the cotangents of all results of one primitive; `None` if all are zero."""
    first = last + 1 - count
    g = tuple([c.dense() if type(c) is Scatter else c for c in cotangents[first:last + 1]])
    cotangents[first:last + 1] = [None] * count
    return None if all(c is None for c in g) else g


def transpose(f: Callable[..., Any], inputs: Sequence[Any], cotangents: Sequence[Any], origin: str) -> list[Any]:
    """Apply the transpose of a linear function to cotangents.

    Arguments: `f`, linear in all its arguments, returning a sequence of arrays (`None` for zero); `inputs`, arrays of
    the shapes of its arguments; `cotangents`, one for each result.

    Returns: a cotangent for each input, `None` for zero.
    """
    tape = Tape(origin)
    results = f(*[tape.watch(x) for x in inputs])
    rows = tape.rows
    tape.close()
    seeds = [(y.index, g) for y, g in zip(results, cotangents, strict=True)
             if isinstance(y, Var) and y.owner is tape and g is not None]
    return walk(rows, seeds, len(inputs), consume=True)
