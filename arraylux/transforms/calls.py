"""A whole function call as one step: what `custom_vjp`, `custom_jvp` and `checkpoint` have in common.

Such a call looks for the highest level among the leaves of its arguments. If that is a tape, it writes one row with a
rule of its own; if it is a mapping over samples, it becomes a call of the same kind on whole stacks, one level below,
so that its rule holds for each sample.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..backend import is_array, kind
from ..rules.shaping import broadcast_to
from ..tracer.batch import Batch, Mapping
from ..tracer.core import Constant, Form, Primitive, Trace, Tracer
from ..tracer.dual import Dual
from ..tracer.tape import Tape, Var
from .leaves import name_of

Function = Callable[..., Any]


class Call(Primitive):
    """A user's function as one row of the tape; the rule for it is in the row's keywords."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, multiple=True, registered=False)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        cotangents: Sequence[Any] = params["rule"](g, y)
        return cotangents


def highest(leaves: Sequence[Any]) -> Any:
    """Return the tracer of the highest level among some leaves, or `None`."""
    top = None
    for x in leaves:
        if isinstance(x, (Dual, Var, Batch)) and (top is None or x.owner.level > top.owner.level):
            top = x
    return top


def lower(leaves: Sequence[Any], trace: Any) -> list[Any]:
    """Return the leaves as they are below a level."""
    return [x.value if isinstance(x, Tracer) and (x.owner is trace or type(x) is Constant) else x for x in leaves]


def floating(outputs: Sequence[Any]) -> list[int]:
    """Return the places of the results that can have a derivative."""
    return [i for i, y in enumerate(outputs) if hasattr(y, "dtype") and kind(y.dtype) in "fc"]


def check_closed(what: str, f: Function, results: Sequence[Any], trace: Trace, found: bool = False) -> None:
    """Raise if results that were computed below a level still have tracers of it: they came by a closure."""
    if found or any(isinstance(y, Tracer) and y.level >= trace.level for y in results):
        raise ValueError(f"{what}: {name_of(f)} uses a traced array that is not among its arguments, so its derivative "
                         "would be lost; pass that array as an argument")


def record(call: Call, leaves: Sequence[Any], tape: Tape, outputs: Sequence[Any], rule: Function) -> list[Any]:
    """Write one row for a whole function call, and return its results as tracers."""
    parents = tuple([x.index if isinstance(x, Var) and x.owner is tape else -1 for x in leaves])
    floats = floating(outputs)
    rows = tape.rows
    first = len(rows)
    if floats:
        rows.extend([None] * (len(floats) - 1))
        rows.append((call, parents, tuple([Form(outputs[i]) for i in floats]), (), {"rule": rule}))
    results = list(outputs)
    for k, i in enumerate(floats):
        results[i] = Var(outputs[i], tape, first + k)
    return results


# --- calls within a mapping over samples ------------------------------------------------------------------------------
def stacked(y: Any, trace: Mapping) -> Any:
    """Return a result as a stack, the same for all samples if it does not depend on them."""
    if isinstance(y, Batch) and y.owner is trace:
        return y.value
    y = y.value if type(y) is Constant else y
    return broadcast_to(y, (trace.samples, *y.shape)) if isinstance(y, Tracer) or is_array(y) else y


def batches(stacks: Any, trace: Mapping) -> Any:
    """Return a tree of stacks as what the mapped function sees."""
    return tree.map(lambda y: Batch(y, trace) if isinstance(y, Tracer) or is_array(y) else y, stacks)


class Samples:
    """A call within a mapping: which leaves of its arguments are batches, and how functions run on their stacks."""

    def __init__(self, leaves: Sequence[Any], structure: tree.Structure | None, trace: Mapping) -> None:
        self.own = [isinstance(x, Batch) and x.owner is trace for x in leaves]
        self.stacks = lower(leaves, trace)
        self.structure = structure
        self.trace = trace

    def again(self) -> Mapping:
        """Return a new mapping over the same samples."""
        return Mapping(self.trace.origin, self.trace.samples)

    def arguments(self, inner: Mapping, stacks: Sequence[Any]) -> Any:
        """Return the arguments of one sample, as batches of a mapping."""
        leaves = [Batch(x, inner) if own else x for x, own in zip(stacks, self.own, strict=True)]
        return tree.unflatten(self.structure, leaves)

    def over(self, f: Function) -> Function:
        """Return a function of arguments as one of their leaves' stacks, whose results are stacks."""
        def call(*stacks: Any) -> Any:
            inner = self.again()
            return tree.map(lambda y: stacked(y, inner), f(self.arguments(inner, stacks)))
        return call


__all__ = ["Call", "Samples", "batches", "check_closed", "floating", "highest", "lower", "record", "stacked"]
