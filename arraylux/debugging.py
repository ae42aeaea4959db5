"""Seeing what is recorded: the tape of a function as a readable table.

A tape is easiest understood by looking at one. `print_tape` runs a function on tracers of a third kind, which neither
differentiate nor remember, but write down each primitive as it runs: where its arguments come from, what it returns,
and what a gradient would have to keep for it.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TextIO

import numpy as np

from . import tree
from .tracer.core import Constant, Form, Primitive, Trace, Tracer
from .transforms.leaves import as_input, name_of


class _Log(Trace):
    """The rows that are written down, and the arrays that have been counted as kept."""

    __slots__ = ("counted", "rows")

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.rows: list[tuple[str, str, str, int]] = []      # operation, arguments, result, bytes kept
        self.counted: list[Any] = []


class _Spy(Tracer):
    """A value and the row that it came from."""

    __slots__ = ()

    def __init__(self, value: Any, trace: _Log, index: int) -> None:
        self.value = value
        self.trace = trace
        self.index = index

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        log = self.trace
        own = [isinstance(a, Tracer) and a.trace is log for a in args]
        values = [a.value if mine or type(a) is Constant else a for a, mine in zip(args, own, strict=True)]
        y = primitive(*values, **params)
        kept = primitive.keep([a.index if mine else -1 for a, mine in zip(args, own, strict=True)], y, values)
        words = [f"%{a.index}" if mine else _short(a) for a, mine in zip(args, own, strict=True)]
        words += [f"{name}={_short(value)}" for name, value in params.items()]
        results = y if primitive.multiple else (y,)
        log.rows.append((primitive.__name__, ", ".join(words), "; ".join(map(_form, results)), _count(kept, log)))
        spies = tuple([_Spy(part, log, len(log.rows) - 1) for part in results])
        return spies if primitive.multiple else spies[0]


def _form(x: Any) -> str:
    return f"{str(x.dtype).rpartition('.')[2]} {tuple(x.shape)}"


def _short(x: Any) -> str:
    return _form(x) if hasattr(x, "shape") and hasattr(x, "dtype") and x.shape != () else str(x)


def _count(kept: Any, log: _Log) -> int:
    """Return the bytes of the arrays that only now are kept."""
    total = 0
    for x in tree.leaves(kept):
        if isinstance(x, np.ndarray) and not any(x is other for other in log.counted):
            log.counted.append(x)
            total += x.nbytes
        elif not isinstance(x, (np.ndarray, Form)) and hasattr(x, "nbytes"):
            total += int(x.nbytes)
    return total


def print_tape(f: Callable[..., Any], *args: Any, file: TextIO | None = None) -> None:
    """Print what a gradient of `f` would record: one row for each primitive.

    Arguments: `f`, a function of trees of arrays; `args`, its arguments, all of whose floating-point leaves are
    watched; `file`, where to print to, by default the standard output.

    Returns: nothing. `%3` in the table is the result of row 3; `kept` is what the reverse pass has to remember, in
    bytes, arrays that an earlier row keeps, and the inputs, not counted again.

    Errors: those of `f`.

    >>> print_tape(lambda x: np.sum(np.tanh(x) * 2.0), np.ones(3))
    row  operation  arguments                      result          kept
      0  input      args.0                         float64 (3,)       0
      1  tanh       %0                             float64 (3,)      24
      2  multiply   %1, 2.0                        float64 (3,)       0
      3  sum        %2, axis=None, keepdims=False  float64 ()         0
    in all 24 bytes are kept
    """
    log = _Log(f"print_tape of {name_of(f)}")

    def watch(path: str, x: Any) -> Any:
        value = as_input(x)
        if value is None:
            return x
        log.rows.append(("input", path, _form(value), 0))
        log.counted.append(value)
        return _Spy(value, log, len(log.rows) - 1)

    watched = tree.map_with_path(watch, args, path="args")
    try:
        f(*watched)
    finally:
        log.close()
    texts = [("operation", "arguments", "result"), *[row[:3] for row in log.rows]]
    width = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = [f"row  {'operation':{width[0]}}  {'arguments':{width[1]}}  {'result':{width[2]}}  {'kept':>6}"]
    lines += [f"{i:3}  {name:{width[0]}}  {words:{width[1]}}  {result:{width[2]}}  {kept:6}"
              for i, (name, words, result, kept) in enumerate(log.rows)]
    lines.append(f"in all {sum(row[3] for row in log.rows)} bytes are kept")
    print("\n".join(lines), file=file)
