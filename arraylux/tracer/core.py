"""Primitives, tracers and levels: the whole idea of differentiating a program by running it.

A `Primitive` is an array function that also knows its derivative. On plain arrays it just runs. A `Tracer` is an
array that some transformation watches; it holds a value, and the `Trace` that watches it. Each trace draws a
*level* from a counter when its transformation starts. When a primitive meets tracers, those of the highest level
are unwrapped, the primitive is called again (so lower levels serve themselves), and the answer is wrapped. That
recursion is all there is to nesting: a transformation that starts inside another has a higher level, so a tracer
only ever holds values of lower levels, and no derivative can be taken for another's. There is no stack of traces
and no global state, so threads and exceptions need no care.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import backend
from .interface import ArrayInterface

fresh_level = itertools.count(1).__next__

PRIMITIVES: dict[str, Primitive] = {}


class Trace:
    """One run of one transformation: its level, and the words that say who started it."""

    __slots__ = ("level", "open", "origin")

    def __init__(self, origin: str) -> None:
        self.level = fresh_level()
        self.origin = origin
        self.open = True

    def close(self) -> None:
        """Mark the end of the run: a tracer used after this has leaked out of its function."""
        self.open = False


def leaked(origin: str) -> RuntimeError:
    """Return the error for a tracer that is used after its transformation has ended."""
    return RuntimeError(
        f"a traced array leaked out of {origin} and was used after that call had ended; return it from the function "
        "(grad and value_and_grad take has_aux=True for that) instead of storing it elsewhere")


class Tracer(ArrayInterface):
    """An array that a transformation watches.

    The kinds of tracer share one layout, so that item assignment can turn a handle of one kind into another: `value` (a
    plain array or a tracer of a lower level), `owner`, the trace that watches it, and then `tangent` for a `Dual`,
    `index` (the row on the tape) for a `Var`. `part` marks what an index has read from another tracer.
    """

    __slots__ = ("index", "owner", "part", "tangent", "value")

    batched = False                                 # whether `value` has an axis that the tracer does not show
    carries = ""                                    # what its kind has beside a value and a trace

    value: Any
    owner: Any
    tangent: Any
    index: int

    @property
    def level(self) -> int:
        level: int = self.owner.level
        return level

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """Run a primitive in which this tracer's level is the highest."""
        raise NotImplementedError

    def become(self, other: Any) -> None:
        """Turn this handle into `other`, as item assignment does."""
        if not isinstance(other, Tracer):
            other = constant(other)
        self.__class__ = other.__class__
        self.value = other.value
        self.owner = other.owner
        if other.carries:
            setattr(self, other.carries, getattr(other, other.carries))


class Constant(Tracer):
    """A plain array in a tracer's clothes: level 0, derivative zero.

    Arrays that a traced function makes for itself (`xp.zeros(3)`) are constants, so that traced values can be
    assigned into them.
    """

    __slots__ = ()

    def _is_constant(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"constant({self.value!r})"

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        y = primitive(*[a.value if isinstance(a, Tracer) else a for a in args], **params)
        return tuple(constant(part) for part in y) if isinstance(y, tuple) else constant(y)


class _Ground:
    """The trace of constants: level 0, below every transformation."""

    level = 0
    origin = "no transformation"


_GROUND = _Ground()


def constant(x: Any) -> Constant:
    """Wrap a plain array so that it can stand where code expects a traced one; its derivative is zero."""
    if isinstance(x, Constant):
        return x
    c = Constant()
    c.value = x
    c.owner = _GROUND
    return c


def strip(x: Any) -> Any:
    """Return the values inside any number of tracers, without what they would differentiate.

    That is a plain array, or a batch of them where one is mapped over: functions for plain arrays alone need `home`.
    """
    while isinstance(x, Tracer) and not x.batched:
        x = x.value
    return x


def bare(x: Any) -> Any:
    """Return the plain array at the bottom, whose shape is not that of `x` where a batch is mapped over."""
    while isinstance(x, Tracer):
        x = x.value
    return x


def home(x: Any) -> tuple[Any, Any]:
    """Return the library and the device of an array, whatever traces it."""
    plain = bare(x)
    return backend.library(plain), backend.device_of(plain)


class Form:
    """What is kept of an array whose values the reverse pass does not need: its shape and dtype."""

    __slots__ = ("dtype", "shape")

    def __init__(self, like: Any) -> None:
        self.shape: tuple[int, ...] = like.shape
        self.dtype: Any = like.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Primitive:
    """A differentiable array function: arrays are positional arguments, everything else is a keyword.

    Subclasses give the rules: `push` carries tangents forward, `pull` carries a cotangent back. Rules are written
    with primitives and operators, so they can be differentiated in their turn. `keeps` names what `pull` reads:
    `"y"` the result, `"0"`, `"1"`, ... an argument; of every other argument it sees a `Form`.

    `run` is the function on plain arrays: a callable, or `None` for the function of that name in the array's own
    library; `numpy` is a quicker one for NumPy's arrays. `fresh` promises that nobody else holds what `pull` returns.
    """

    __slots__ = ("__name__", "_table", "fresh", "keeps", "multiple", "numpy", "run")

    def __init__(self, name: str, run: Callable[..., Any] | None = None, *, numpy: Callable[..., Any] | None = None,
                 keeps: str = "", multiple: bool = False, registered: bool = True) -> None:
        self.__name__ = name
        self.run = run
        self.numpy = numpy
        self.keeps = keeps
        self.multiple = multiple                     # the result is a tuple of arrays
        self.fresh = False
        self._table: dict[type, Callable[..., Any]] = {}
        if registered:
            if name in PRIMITIVES:
                raise ValueError(f"there is a primitive {name!r} already")
            PRIMITIVES[name] = self

    def __repr__(self) -> str:
        return f"<primitive {self.__name__}>"

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """Forward rule: the tangent of `y`, given one tangent (or `None` for zero) for each argument."""
        raise NotImplementedError

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        """Reverse rule: a cotangent for each argument, given that of `y`.

        `None` stands for zero, and where `parents` has -1 (the argument is not on this tape) nothing is read.
        """
        raise NotImplementedError

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        """Choose what of the result and the arguments stays on the tape for `pull`."""
        keeps = self.keeps
        kept = tuple([a if str(i) in keeps else (Form(a) if j >= 0 else None)
                      for i, (a, j) in enumerate(zip(args, parents, strict=True))])
        if self.multiple:
            return tuple(part if "y" in keeps else Form(part) for part in y), kept
        return (y if "y" in keeps else None), kept

    def on_plain(self, x: Any) -> Callable[..., Any]:
        """Return the function for plain arrays of the class of `x`."""
        return self._table.get(type(x)) or self._find(x)

    def _find(self, x: Any) -> Callable[..., Any]:
        found = self.run
        if isinstance(x, Tracer):
            found = self._lift
        elif self.numpy is not None and isinstance(x, (np.ndarray, np.generic, int, float, complex, type(None))):
            found = self.numpy
        elif found is None:
            found = getattr(backend.library(0.0 if x is None else x), self.__name__)     # None: only numbers came
        self._table[type(x)] = found
        return found

    def _lift(self, x: Any, **params: Any) -> Any:
        return x.lift(self, (x,), params)

    def __call__(self, *args: Any, **params: Any) -> Any:
        if len(args) == 1:
            return (self._table.get(type(args[0])) or self._find(args[0]))(*args, **params)
        top = None
        for a in args:
            if isinstance(a, Tracer) and (top is None or a.owner.level > top.owner.level):
                top = a
        if top is not None:
            return top.lift(self, args, params)
        first = args[0] if args else None
        if isinstance(first, (int, float, complex)):
            first = next((a for a in args if not isinstance(a, (int, float, complex))), None)
        return self.on_plain(first)(*args, **params)
