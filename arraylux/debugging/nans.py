"""Where the first NaN was born: `debug_nans`, a context in which primitives and their rules look at what they return.

A NaN spreads: a loss that is one says nothing of the operation, three layers and a reverse pass earlier, that made it.
The one to blame turned numbers that were none into one that is, so everything that runs has to be looked at, before
and after. To look all the time would cost as much as the arithmetic. Therefore the tracer knows nothing of this
chapter: while a context is open four of its functions are replaced by others that look, and the tables in which
primitives remember what to call are emptied, so that they are filled anew with functions that look, too.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

import numpy as np

from ..tracer import tape
from ..tracer.core import PRIMITIVES, Primitive, Tracer
from ..tracer.dual import Dual
from ..tracer.pointwise import Pair
from ..tracer.tape import Row, Scatter, Tape
from .births import look, numbers
from .places import here, words


class _Watch:
    """What one open context looks for, and where it is."""

    __slots__ = ("infinities", "last", "rule")

    def __init__(self, infinities: bool) -> None:
        self.infinities = infinities
        self.rule = ""              # the rule that runs; what it does inside is its own affair, its result is looked at
        self.last = ""              # the reverse rule that ran last


_watch: ContextVar[_Watch | None] = ContextVar("debug_nans", default=None)


def _watching() -> _Watch | None:
    """Return the innermost open context of this thread, if what runs now is to be looked at."""
    watch = _watch.get()
    return None if watch is None or watch.rule else watch


# --- forward, on plain arrays -------------------------------------------------------------------------------------
_INSIDE = "keep what comes in where the function is defined and finite, as with clip, maximum, or where before the call"
_find = Primitive._find


def _find_watched(self: Primitive, x: Any) -> Callable[..., Any]:
    found = _find(self, x)
    if not isinstance(x, Tracer):
        found = self._table[type(x)] = _looking(self, found)
    return found


def _floats(params: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords that hold floating-point numbers: an infinity may come in by them, too."""
    return {name: value for name, value in params.items() if any(True for _ in numbers(value))}


def _looking(primitive: Primitive, run: Callable[..., Any]) -> Callable[..., Any]:
    def run_and_look(*args: Any, **params: Any) -> Any:
        watch = _watching()
        if watch is None:
            return run(*args, **params)
        with np.errstate(all="ignore"):                          # or NumPy's warning would come first
            y = run(*args, **params)
        given = {f"argument {i}": a for i, a in enumerate(args)} | _floats(params)
        look(watch.infinities, y, primitive.__name__, given, lambda: words(*here()), _INSIDE)
        return y

    return run_and_look


# --- rules --------------------------------------------------------------------------------------------------------
class _Watched:
    """A primitive whose rules look at what they return; `place` says where it was recorded, if it was."""

    __slots__ = ("fresh", "multiple", "place", "primitive")

    def __init__(self, primitive: Primitive, place: str = "") -> None:
        self.primitive = primitive
        self.multiple = primitive.multiple
        self.fresh = primitive.fresh
        self.place = place

    def __call__(self, *args: Any, **params: Any) -> Any:
        return self.primitive(*args, **params)

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        watch = _watching()
        if watch is None:
            return self.primitive.push(tangents, y, args, params)
        who = f"the forward rule of {self.primitive.__name__}"
        place = words(*here())
        found = self._run(watch, self.primitive.push, who, place, tangents, y, args, params)
        given = {f"tangent {i}": t for i, t in enumerate(tangents)} | _kept(y, args, params)
        look(watch.infinities, found, who, given, lambda: place, _SLOPE)
        return found

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        watch = _watching()
        if watch is None:
            return self.primitive.pull(g, parents, y, args, params)
        who = f"the reverse rule of {self.primitive.__name__}"
        place = f"recorded {self.place}"
        watch.last = f"{who}, {place}"
        found = self._run(watch, self.primitive.pull, who, place, g, parents, y, args, params)
        look(watch.infinities, found, who, {"cotangent": g} | _kept(y, args, params), lambda: place, _SLOPE)
        return found

    def _run(self, watch: _Watch, rule: Callable[..., Any], who: str, place: str, *given: Any) -> Any:
        if PRIMITIVES.get(self.primitive.__name__) is not self.primitive:
            return rule(*given)                     # a rule of the user's own: its steps are looked at one by one
        return _quietly(watch, f"in {who}, {place}", rule, *given)


def _quietly(watch: _Watch, rule: str, run: Callable[..., Any], *given: Any) -> Any:
    """Run a rule without looking at what it does inside, where a `where` may well hide a NaN."""
    watch.rule = rule
    try:
        with np.errstate(all="ignore"):
            return run(*given)
    finally:
        watch.rule = ""


_SLOPE = ("keep what comes in where the derivative is defined and finite, as with clip, maximum, or where before the "
          "call (a where after it does not keep its derivative away)")


def _kept(y: Any, args: Sequence[Any], params: dict[str, Any]) -> dict[str, Any]:
    return {"result": y} | {f"argument {i}": a for i, a in enumerate(args)} | _floats(params)


_lift = Dual.lift


def _lift_watched(self: Dual, primitive: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
    return _lift(self, primitive if _watching() is None else _Watched(primitive), args, params)  # type: ignore[arg-type]


# --- the tape -----------------------------------------------------------------------------------------------------
class _Rows(list[Any]):
    """Rows that know where they were recorded, and are handed out with rules that look."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[int, str] = {}

    def append(self, row: Row | None) -> None:
        if row is not None:
            watch = _watch.get()
            self.places[len(self)] = watch.rule if watch is not None and watch.rule else words(*here())
        super().append(row)

    def __getitem__(self, i: Any) -> Any:
        row = super().__getitem__(i)
        return None if row is None else (_Watched(row[0], self.places[i]), *row[1:])


_start = Tape.__init__
_accumulate = tape.accumulate


def _start_watched(self: Tape, origin: str) -> None:
    _start(self, origin)
    if _watch.get() is not None:
        self.rows = _Rows()


def _accumulate_watched(cotangents: list[Any], owned: set[int], row: int, c: Any) -> None:
    watch, old = _watching(), cotangents[row]
    joined = type(old) is Scatter and len(old.parts) > 1            # these are added up later, by a primitive
    if watch is None or old is None or joined:
        _accumulate(cotangents, owned, row, c)
        return
    # Added up on the side first: the walk writes its own sum over what came in.
    parts = [x.dense() if type(x) is Scatter else x for x in (old, c)]
    place = f"after {watch.last or 'the cotangents of the results'}"
    total = _quietly(watch, f"in a sum of cotangents {place}", PRIMITIVES["add"], *parts)
    look(watch.infinities, total, "the sum of the cotangents of an array that is used twice", {"cotangents": parts},
         lambda: place, "make the loss smaller, as with a mean in place of a sum")
    _accumulate(cotangents, owned, row, c)


# --- the context --------------------------------------------------------------------------------------------------
_REPLACED: tuple[tuple[Any, str, Any, Any], ...] = (
    (Primitive, "_find", _find, _find_watched),
    (Dual, "lift", _lift, _lift_watched),
    (Tape, "__init__", _start, _start_watched),
    (tape, "accumulate", _accumulate, _accumulate_watched),
)
_lock = Lock()
_open: list[_Watch] = []                # the open contexts of all threads


def _install(watched: bool) -> None:
    """Put the functions that look in their places, or the tracer's own again."""
    for owner, name, own, looking in _REPLACED:
        setattr(owner, name, looking if watched else own)
    for primitive in list(PRIMITIVES.values()):
        primitive._table.clear()
        if isinstance(primitive, Pair):
            primitive._pairs.clear()


@contextmanager
def debug_nans(*, infinities: bool = False) -> Iterator[None]:
    """Watch for the first NaN: a context in which the primitive that makes one raises, and says where.

    Arguments: `infinities`, whether to watch for the first infinity as well.

    Inside, every function of arraylux, on plain or traced arrays, and every derivative rule is looked at. The first
    that returns a NaN though none came in raises an error that names it, what came in, the line of your code (for a
    reverse rule, the line that recorded it) and the layer. An infinity, or a NaN, that was in the data is not "born".
    A NaN that a later `where` would hide is: in the derivative it often comes back, as 0 times infinity.

    It can be nested, and used as a decorator. Only the thread that opened it is watched; what a NaN-free program
    computes is not changed, and outside of it nothing is slower. Inside, every result is read once more, and NumPy's
    floating-point warnings of the functions watched are silent. NumPy's functions on plain arrays outside of any
    transformation (`np.log(-1.0)`) do not pass through arraylux, and are not seen; nor are the reverse rules of what
    `vjp` recorded before the context was opened.

    Errors: FloatingPointError, inside of the context.

    >>> from arraylux import grad
    >>> with debug_nans(infinities=True):
    ...     grad(lambda x: np.sum(np.sqrt(x)))(np.array([4.0, 0.0]))         # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: the reverse rule of sqrt gave an infinity at [1] (cotangent: ...), recorded at ...
    """
    watch = _Watch(infinities)
    token = _watch.set(watch)
    with _lock:
        _open.append(watch)
        if len(_open) == 1:
            _install(watched=True)
    try:
        yield
    finally:
        with _lock:
            _open.remove(watch)
            if not _open:
                _install(watched=False)
        _watch.reset(token)
