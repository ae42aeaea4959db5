"""Namespaces for the standard's own test suite in which every array that the suite makes is a tracer.

The suite makes its arrays with the functions of a namespace, and works on with what those return. So it is enough to
wrap the namespace of traced arrays: what it returns goes on a tape, or becomes a dual number, if it is floating point,
and is a constant if it is not. Nothing that arraylux computes is changed on the way; and since such a wrapper would
hide that a function has lost a derivative, it raises where one has.

One thing is changed: the suite reads every number that it compares with `float(x)` or `complex(x)`, which a traced
array refuses, since a derivative would be lost by it. A test has no derivative to lose, so here the two answer with the
value. All other conversions (to a NumPy array, `item()`, a DLPack capsule) still refuse.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import arraylux
from arraylux.tracer.core import Constant, Trace, Tracer, bare, constant
from arraylux.tracer.dual import Dual
from arraylux.tracer.tape import Tape, Var

ENOUGH_ROWS = 10_000
# Functions whose floating-point results have the derivative zero; a matrix has it as the power of zero.
FLAT = {"ceil", "empty_like", "floor", "floor_divide", "full_like", "matrix_power", "nextafter", "ones_like", "round",
        "sign", "trunc", "zeros_like"}


def _on_tape() -> Callable[[Any], Any]:
    tape = Tape("the array API tests")

    def watch(value: Any) -> Any:
        if len(tape.rows) > ENOUGH_ROWS:        # nobody walks this tape back, and memory is not endless
            tape.rows.clear()
        tape.rows.append(None)
        return Var(value, tape, len(tape.rows) - 1)

    return watch


def _as_dual() -> Callable[[Any], Any]:
    trace = Trace("the array API tests")
    return lambda value: Dual(value, np.ones_like(value), trace)


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, (list, tuple)):
        for part in x:
            yield from _leaves(part)
    else:
        yield x


def _is_dead(x: Any) -> bool:
    """Say whether x is floating point and has no derivative."""
    x = x.value if isinstance(x, Constant) else x
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"


def _revived(x: Any, watch: Callable[[Any], Any]) -> Any:
    """Return a result with every array in it as a tracer: a live one if it is floating point, else a constant."""
    if _is_dead(x):
        return watch(bare(x))
    if isinstance(x, (np.ndarray, np.generic)):
        return constant(x)
    if isinstance(x, (list, tuple)) and any(isinstance(part, (Tracer, np.ndarray, np.generic)) for part in x):
        parts = [_revived(part, watch) for part in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    return x


class LiveNamespace:
    """A namespace whose functions return tracers alone."""

    def __init__(self, plain: Any, watch: Callable[[Any], Any], name: str) -> None:
        self._plain = plain
        self._watch = watch
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._plain, name)
        if name in ("linalg", "fft") and not callable(found):               # the extension `fft` has a function `fft`
            return LiveNamespace(found, self._watch, f"{self.__name__}.{name}")
        if not callable(found) or isinstance(found, type):
            return found

        @functools.wraps(found, updated=())
        def live(*args: Any, **kwargs: Any) -> Any:
            y = found(*args, **kwargs)
            if name not in FLAT and any(isinstance(x, (Var, Dual)) for x in _leaves(args)) \
                    and any(map(_is_dead, _leaves(y))):
                raise AssertionError(f"{name} of traced arrays lost their derivative")
            return _revived(y, self._watch)

        return live


def namespace(mode: str) -> Any:
    """Return the namespace to test: of `plain` arrays, or with all arrays on a `tape` or `dual` numbers."""
    if mode == "plain":
        return arraylux.array_namespace(np.zeros(1))
    watch = {"tape": _on_tape, "dual": _as_dual}[mode]()
    Tracer.__float__ = lambda self: float(bare(self))  # type: ignore[method-assign]
    Tracer.__complex__ = lambda self: complex(bare(self))  # type: ignore[method-assign]
    return LiveNamespace(arraylux.array_namespace(watch(np.zeros(1))), watch, f"arraylux[numpy, {mode}]")
