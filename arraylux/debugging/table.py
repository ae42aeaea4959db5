"""The tape as a readable table: what is recorded of a function, and what a gradient would have to keep.

A tape is easiest understood by looking at one. `print_tape` runs a function on tracers of a kind of their own, which
neither differentiate nor remember, but write down each primitive as it runs: where its arguments come from, what it
returns, and what its reverse rule would read.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import numpy as np

from .. import tree
from ..tracer.core import Constant, Form, Primitive, Trace, Tracer
from ..transforms.leaves import as_input, name_of
from .places import here


class Row:
    """What is written down of an input or of a primitive that ran.

    `operation`, its name; `parents`, the results that came in, by number; `words`, all arguments and keywords as text;
    `forms`, dtype and shape of each result; `kept`, the bytes that the row adds to what a gradient keeps; `line` and
    `layer`, where in the user's program it ran.
    """

    __slots__ = ("forms", "kept", "layer", "line", "operation", "parents", "words")

    def __init__(self, operation: str, parents: list[int], words: list[str], forms: list[str], kept: int = 0,
                 line: str = "", layer: str = "") -> None:
        self.operation = operation
        self.parents = parents
        self.words = words
        self.forms = forms
        self.kept = kept
        self.line = line
        self.layer = layer


class Log(Trace):
    """The rows, for each result the row that it is of and its label, and the arrays that have been counted as kept."""

    __slots__ = ("counted", "labels", "origins", "rows")

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.rows: list[Row] = []
        self.origins: list[int] = []
        self.labels: list[str] = []                 # `%3`, or `%3.1` for the second of several results of row 3
        self.counted: list[Any] = []

    def add(self, row: Row, results: Sequence[Any]) -> list[Spy]:
        """Write a row, and return its results as tracers."""
        number, first = len(self.rows), len(self.labels)
        self.rows.append(row)
        self.origins += [number] * len(results)
        self.labels += [f"%{number}.{i}" for i in range(len(results))] if len(results) > 1 else [f"%{number}"]
        return [Spy(part, self, first + i) for i, part in enumerate(results)]


class Spy(Tracer):
    """A value and the number of the result that it is."""

    __slots__ = ()

    def __init__(self, value: Any, trace: Log, index: int) -> None:
        self.value = value
        self.owner = trace
        self.index = index

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        log = self.owner
        parents = [a.index if isinstance(a, Tracer) and a.owner is log else -1 for a in args]
        values = [a.value if j >= 0 or type(a) is Constant else a for a, j in zip(args, parents, strict=True)]
        y = primitive(*values, **params)
        results = y if primitive.multiple else (y,)
        words = [log.labels[j] if j >= 0 else _short(a) for a, j in zip(args, parents, strict=True)]
        words += [f"{name}={_short(value)}" for name, value in params.items()]
        kept = _count(primitive.keep(parents, y, values), log)
        row = Row(primitive.__name__, [j for j in parents if j >= 0], words, [_form(part) for part in results], kept,
                  *here())
        spies = log.add(row, results)
        return tuple(spies) if primitive.multiple else spies[0]


def _form(x: Any) -> str:
    return f"{str(x.dtype).rpartition('.')[2]} {tuple(x.shape)}"


def _short(x: Any) -> str:
    if isinstance(x, type):                              # a dtype, as in np.float64
        return x.__name__
    return _form(x) if hasattr(x, "shape") and hasattr(x, "dtype") and x.shape != () else str(x)


def _count(kept: Any, log: Log) -> int:
    """Return the bytes of the arrays that only now are kept."""
    total = 0
    for x in tree.leaves(kept):
        if isinstance(x, np.ndarray) and not any(x is other for other in log.counted):
            log.counted.append(x)
            total += x.nbytes
        elif not isinstance(x, (np.ndarray, Form)) and hasattr(x, "nbytes"):
            total += int(x.nbytes)
    return total


def log_of(f: Callable[..., Any], args: Sequence[Any], origin: str) -> tuple[Log, list[int]]:
    """Run a function on spies; return the log, and the numbers of the results that the function returned."""
    log = Log(f"{origin} of {name_of(f)}")

    def watch(path: str, x: Any) -> Any:
        value = as_input(x)
        if value is None:
            return x
        log.counted.append(value)
        return log.add(Row("input", [], [path], [_form(value)]), [value])[0]

    watched = tree.map_with_path(watch, tuple(args), path="args")
    try:
        out = f(*watched)
    finally:
        log.close()
    return log, [x.index for x in tree.leaves(out) if isinstance(x, Spy) and x.owner is log]


def print_tape(f: Callable[..., Any], *args: Any, file: TextIO | None = None, lines: bool = False) -> None:
    """Print what a gradient of `f` would record: one row for each primitive.

    Arguments: `f`, a function of trees of arrays; `args`, its arguments, all of whose floating-point leaves are
    watched; `file`, where to print to, by default the standard output; `lines`, whether to show for each row the line
    of the program that it was recorded at.

    Returns: nothing. `%3` in the table is the result of row 3, `%3.1` the second of its several results; `kept` is
    what the reverse pass has to remember, in bytes, arrays that an earlier row keeps, and the inputs, not counted
    again.

    Errors: those of `f`.

    >>> print_tape(lambda x: np.sum(np.tanh(x) * 2.0), np.ones(3))
    row  operation  arguments                      result          kept
      0  input      args.0                         float64 (3,)       0
      1  tanh       %0                             float64 (3,)      24
      2  multiply   %1, 2.0                        float64 (3,)       0
      3  sum        %2, axis=None, keepdims=False  float64 ()         0
    in all 24 bytes are kept
    """
    log, _ = log_of(f, args, "print_tape")
    table = [("operation", "arguments", "result")]
    table += [(row.operation, ", ".join(row.words), "; ".join(row.forms)) for row in log.rows]
    width = [max(map(len, column)) for column in zip(*table, strict=True)]
    cells = ["  ".join(f"{text:{n}}" for text, n in zip(texts, width, strict=True)) for texts in table]
    last = ["  line", *[f"  {os.path.basename(row.line)}".rstrip() for row in log.rows]]
    print(f"row  {cells[0]}  {'kept':>6}{last[0] if lines else ''}", file=file)
    for i, row in enumerate(log.rows):
        print(f"{i:3}  {cells[i + 1]}  {row.kept:6}{last[i + 1] if lines else ''}", file=file)
    print(f"in all {sum(row.kept for row in log.rows)} bytes are kept", file=file)
