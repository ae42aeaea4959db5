"""A model as a straight line: the primitives that run, in their order, and what each of them takes.

A function is run once on arrays that note down every primitive they meet, comparisons and lookups too, as nothing here
is differentiated. What was computed from parameters alone stays a number and becomes a constant. The line holds for all
inputs of these shapes; to find out what of it depends on the size of the batch, a second run takes one of another size,
and the two lines are laid over one another: a length that differs is `FREE`.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .. import tree
from ..backend import is_array, library
from ..tracer.core import Constant, Primitive, Trace, Tracer

FREE = -1                       # a length that is not fixed: that of the batch, or one that is made of it


class Result:
    """A result of an earlier step (or an input), by number, with its shape and dtype."""

    __slots__ = ("dtype", "number", "shape")

    def __init__(self, number: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.number = number
        self.shape = shape
        self.dtype = dtype


class Step:
    """One primitive that ran: its name, its arguments (a `Result`, an array or a number each), its keywords, and its
    results; `multiple` says whether it returns a tuple."""

    __slots__ = ("args", "multiple", "name", "params", "results")

    def __init__(self, name: str, args: list[Any], params: dict[str, Any], results: list[Result],
                 multiple: bool) -> None:
        self.name = name
        self.args = args
        self.params = params
        self.results = results
        self.multiple = multiple


class Program(Trace):
    """The steps of one run, with the results that are its inputs and its outputs."""

    __slots__ = ("count", "inputs", "outputs", "steps")

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.count = 0
        self.steps: list[Step] = []
        self.inputs: list[Result] = []
        self.outputs: list[Any] = []

    def new(self, x: Any) -> Result:
        self.count += 1
        return Result(self.count - 1, tuple(x.shape), x.dtype)


class Noted(Tracer):
    """An array that writes down the primitives it meets. It hides its values, as a batch does: they are an example."""

    __slots__ = ()
    batched = True

    def __init__(self, value: Any, trace: Program, number: int) -> None:
        self.value = value
        self.owner = trace
        self.index = number

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        program: Program = self.owner

        def note(x: Any) -> Any:
            return Result(x.index, tuple(x.shape), x.dtype) if isinstance(x, Noted) else _bare(x)
        y = primitive(*map(_bare, args), **{name: _each(_bare, x) for name, x in params.items()})
        parts = y if isinstance(y, tuple) else (y,)
        results = [program.new(part) for part in parts]
        program.steps.append(Step(primitive.__name__, [note(a) for a in args],
                                  {name: _each(note, x) for name, x in params.items()}, results, isinstance(y, tuple)))
        noted = [Noted(part, program, result.number) for part, result in zip(parts, results, strict=True)]
        return tuple(noted) if isinstance(y, tuple) else noted[0]

    def _plain(self) -> NoReturn:
        raise TypeError(f"{self.owner.origin} writes down one run for all inputs, so this array has no single value to "
                        "branch on, to convert or to index a plain array with; choose with where, look up with take")

    def _lossy(self, what: str, instead: str) -> NoReturn:
        self._plain()


def _bare(x: Any) -> Any:
    return x.value if isinstance(x, (Noted, Constant)) else x


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return tuple([f(part) for part in x]) if type(x) is tuple else f(x)


def record(f: Callable[[Any], Any], x: Any, origin: str) -> Program:
    """Return what runs in f(x), for a tree x of arrays; other leaves of it are handed over as they are.

    Errors: TypeError if the result holds anything but arrays and `None`; those of `f`.
    """
    program = Program(origin)

    def watch(leaf: Any) -> Any:
        if not is_array(leaf):
            return leaf
        program.inputs.append(program.new(leaf))
        return Noted(leaf, program, program.inputs[-1].number)
    for path, leaf in _places(f(tree.map(watch, x))):
        if leaf is not None and not isinstance(leaf, (Noted, Constant)) and not is_array(leaf):
            raise TypeError(f"{origin}: the result has {tree.describe(leaf)} at {path}, expected arrays")
        if isinstance(leaf, Noted):
            program.outputs.append(Result(leaf.index, tuple(leaf.shape), leaf.dtype))
        elif leaf is not None:
            program.outputs.append(_bare(leaf))
    _drop_unused(program)
    return program


def _places(x: Any) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    tree.map_with_path(lambda path, leaf: found.append((path, leaf)), x, path="y")
    return found


def _drop_unused(program: Program) -> None:
    used = {x.number for x in program.outputs if isinstance(x, Result)}
    kept = []
    for step in reversed(program.steps):
        if used & {result.number for result in step.results}:
            kept.append(step)
            parts = [*step.args, *[part for x in step.params.values() for part in (x if type(x) is tuple else (x,))]]
            used |= {part.number for part in parts if isinstance(part, Result)}
    program.steps = kept[::-1]


# --- two runs over one another --------------------------------------------------------------------------------------
def merged(one: Program, other: Program, origin: str) -> Program:
    """Return a program with `FREE` wherever a length is another one in a run on a batch of another size.

    Errors: ValueError if the runs differ in more than lengths.
    """
    both = Program(origin)
    both.inputs = [_merge(a, b, origin) for a, b in zip(one.inputs, other.inputs, strict=True)]
    if [step.name for step in one.steps] != [step.name for step in other.steps]:
        raise ValueError(f"{origin}: what runs depends on the size of the batch; export it for the size of the example "
                         "alone, with batch=None")
    for a, b in zip(one.steps, other.steps, strict=True):
        where = f"{origin}: an argument of {a.name}"
        args = [_merge(x, y, where) for x, y in zip(a.args, b.args, strict=True)]
        params = {name: _merge(x, b.params[name], where) for name, x in a.params.items()}
        results = [_merge(x, y, where) for x, y in zip(a.results, b.results, strict=True)]
        both.steps.append(Step(a.name, args, params, results, a.multiple))
    both.outputs = [_merge(a, b, f"{origin}: a result") for a, b in zip(one.outputs, other.outputs, strict=True)]
    return both


def _merge(a: Any, b: Any, where: str) -> Any:
    if isinstance(a, Result):
        return Result(a.number, _merge(a.shape, b.shape, where), a.dtype)
    if type(a) is tuple and len(a) == len(b):
        return tuple([FREE if isinstance(x, int) and isinstance(y, int) and x != y else _merge(x, y, where)
                      for x, y in zip(a, b, strict=True)])
    if a is b or (is_array(a) and a.shape == b.shape and bool(library(a).all(a == b))) or (not is_array(a) and a == b):
        return a
    raise ValueError(f"{where}, {_words(a)}, depends on the size of the batch; export it for the size of the example "
                     "alone, with batch=None")


def _words(x: Any) -> str:
    return tree.describe(x) if is_array(x) else repr(x)


