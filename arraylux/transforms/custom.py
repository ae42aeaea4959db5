"""Rules of your own: `custom_vjp`, `custom_jvp`, `stop_gradient`, `checkpoint`.

A function whose derivative is better known than computed can bring its own rule, in either mode; the other mode is
the transpose of it. `stop_gradient` says that there is no derivative. `checkpoint` trades memory for time: its rule
is to run the function again when the derivative is asked for.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..backend import kind
from ..tracer.core import Constant, Form, Primitive, Tracer, strip
from ..tracer.declare import zeros_like
from ..tracer.dual import Dual, dual
from ..tracer.tape import Tape, Var, transpose, walk
from .leaves import name_of

Function = Callable[..., Any]


class _Call(Primitive):
    """A user's function as one row of the tape; the rule for it is in the row's keywords."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, multiple=True, registered=False)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        cotangents: Sequence[Any] = params["rule"](g, y)
        return cotangents


def _highest(leaves: Sequence[Any]) -> Any:
    """Return the tracer of the highest level among some leaves, or `None`."""
    top = None
    for x in leaves:
        if isinstance(x, (Dual, Var)) and (top is None or x.trace.level > top.trace.level):
            top = x
    return top


def _lower(leaves: Sequence[Any], trace: Any) -> list[Any]:
    """Return the leaves as they are below a level."""
    return [x.value if isinstance(x, Tracer) and (x.trace is trace or type(x) is Constant) else x for x in leaves]


def _record(call: _Call, leaves: Sequence[Any], tape: Tape, outputs: Sequence[Any], rule: Function) -> list[Any]:
    """Write one row for a whole function call, and return its results as tracers."""
    parents = tuple([x.index if isinstance(x, Var) and x.trace is tape else -1 for x in leaves])
    floats = [i for i, y in enumerate(outputs) if hasattr(y, "dtype") and kind(y.dtype) in "fc"]
    rows = tape.rows
    first = len(rows)
    if floats:
        rows.extend([None] * (len(floats) - 1))
        rows.append((call, parents, tuple([Form(outputs[i]) for i in floats]), (), {"rule": rule}))
    results = list(outputs)
    for k, i in enumerate(floats):
        results[i] = Var(outputs[i], tape, first + k)
    return results


class custom_vjp:
    """A function with a reverse rule of its own.

    Arguments: `f`, from arrays (or trees of them) to an array (or a tree).

    After `f.defvjp(forward, backward)`: `forward(*args)` returns `(y, residuals)`, and `backward(residuals, g)` a tuple
    with one cotangent (tree) for each argument, `None` for zero. In forward mode the transpose of `backward` is used.

    Errors: TypeError if it is differentiated before `defvjp`; ValueError if `backward` returns a wrong number of
    cotangents or a wrong shape.

    >>> @custom_vjp
    ... def clipped(x):                  # the identity, with its gradient limited to [-1, 1]
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (g.clip(-1, 1),))
    >>> from arraylux import grad
    >>> grad(lambda x: 5 * clipped(x))(2.0)
    np.float64(1.0)
    """

    def __init__(self, f: Function) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._forward: Function | None = None
        self._backward: Function | None = None
        self._call = _Call(name_of(f))

    def defvjp(self, forward: Function, backward: Function) -> None:
        """Set the rule."""
        self._forward, self._backward = forward, backward

    def __call__(self, *args: Any) -> Any:
        leaves, structure = tree.flatten(args)
        top = _highest(leaves)
        if top is None:
            return self._f(*args)
        if self._forward is None or self._backward is None:
            name = name_of(self._f)
            raise TypeError(f"custom_vjp function {name} has no rule yet; call {name}.defvjp(forward, backward) first")
        trace, backward = top.trace, self._backward
        values = _lower(leaves, trace)
        out, residuals = self._forward(*tree.unflatten(structure, values))
        outputs, structure_out = tree.flatten(out)
        floats = [i for i, y in enumerate(outputs) if hasattr(y, "dtype") and kind(y.dtype) in "fc"]

        def rule(g: Sequence[Any], _: Any) -> list[Any]:
            cotangents: list[Any] = [None] * len(outputs)
            for i, c in zip(floats, g, strict=True):
                cotangents[i] = zeros_like(outputs[i]) if c is None else c
            return self._spread(backward(residuals, tree.unflatten(structure_out, cotangents)), args, values)

        if isinstance(top, Var):
            results = _record(self._call, leaves, trace, outputs, rule)
        else:
            tangents = [x.tangent if isinstance(x, Dual) and x.trace is trace else None for x in leaves]
            found = transpose(lambda *g: rule(g, None), [zeros_like(outputs[i]) for i in floats], tangents,
                              name_of(self._f))
            results = list(outputs)
            for i, t in zip(floats, found, strict=True):
                results[i] = dual(outputs[i], t, trace)
        return tree.unflatten(structure_out, results)

    def _spread(self, cotangents: Any, args: tuple[Any, ...], values: list[Any]) -> list[Any]:
        """Return one cotangent for each leaf of the arguments, after checking what the rule returned."""
        if not isinstance(cotangents, (tuple, list)) or len(cotangents) != len(args):
            got = len(cotangents) if isinstance(cotangents, (tuple, list)) else tree.describe(cotangents)
            raise ValueError(f"the backward rule of {name_of(self._f)} must return a tuple of {len(args)} cotangents, "
                             f"one for each argument, got {got}")
        found: list[Any] = []
        for arg, c in zip(args, cotangents, strict=True):
            if c is None:
                found += [None] * len(tree.leaves(arg))
            else:
                aligned = tree.map(lambda _, part: part, arg, c, path="the cotangents")
                found += tree.leaves(aligned)
        for x, c in zip(values, found, strict=True):
            if c is not None and hasattr(x, "shape") and tuple(c.shape) != tuple(x.shape):
                raise ValueError(f"the backward rule of {name_of(self._f)} returned a {tree.describe(c)} for an "
                                 f"argument that is a {tree.describe(x)}; a cotangent has the shape of its argument")
        return found


class custom_jvp:
    """A function with a forward rule of its own.

    Arguments: `f`, from arrays (or trees of them) to an array (or a tree).

    After `f.defjvp(rule)`: `rule(primals, tangents)` takes two tuples and returns `(y, dy)`; it must be linear in the
    tangents. In reverse mode the transpose of it is used.

    Errors: TypeError if it is differentiated before `defjvp`.

    >>> @custom_jvp
    ... def cube(x):
    ...     return x ** 3
    >>> @cube.defjvp
    ... def rule(primals, tangents):
    ...     return primals[0] ** 3, 3 * primals[0] ** 2 * tangents[0]
    >>> from arraylux import grad
    >>> grad(cube)(2.0)
    np.float64(12.0)
    """

    def __init__(self, f: Function) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._rule: Function | None = None
        self._call = _Call(name_of(f))

    def defjvp(self, rule: Function) -> Function:
        """Set the rule; can be used as a decorator."""
        self._rule = rule
        return rule

    def __call__(self, *args: Any) -> Any:
        leaves, structure = tree.flatten(args)
        top = _highest(leaves)
        if top is None:
            return self._f(*args)
        if self._rule is None:
            name = name_of(self._f)
            raise TypeError(f"custom_jvp function {name} has no rule yet; call {name}.defjvp(rule) first")
        trace = top.trace
        values = _lower(leaves, trace)
        primals = tree.unflatten(structure, values)
        own = [i for i, x in enumerate(leaves) if isinstance(x, Tracer) and x.trace is trace]

        def push(*moved: Any) -> tuple[list[Any], Any, list[Any]]:
            tangents = [zeros_like(v) if hasattr(v, "dtype") and kind(v.dtype) in "fc" else None for v in values]
            for i, t in zip(own, moved, strict=True):
                tangents[i] = t
            assert self._rule is not None
            y, dy = self._rule(primals, tree.unflatten(structure, tangents))
            outputs, structure_out = tree.flatten(y)
            return outputs, structure_out, tree.leaves(dy)

        if isinstance(top, Dual):
            outputs, structure_out, tangents = push(*[leaves[i].tangent for i in own])
            return tree.unflatten(structure_out, [dual(y, t, trace) for y, t in zip(outputs, tangents, strict=True)])
        outputs, structure_out, _ = push(*[zeros_like(values[i]) for i in own])
        floats = [i for i, y in enumerate(outputs) if hasattr(y, "dtype") and kind(y.dtype) in "fc"]

        def rule(g: Sequence[Any], _: Any) -> list[Any]:
            def linear(*moved: Any) -> list[Any]:
                tangents = push(*moved)[2]
                return [tangents[i] for i in floats]

            found = transpose(linear, [zeros_like(values[i]) for i in own], g, name_of(self._f))
            cotangents: list[Any] = [None] * len(leaves)
            for i, c in zip(own, found, strict=True):
                cotangents[i] = c
            return cotangents

        return tree.unflatten(structure_out, _record(self._call, leaves, trace, outputs, rule))


def stop_gradient(x: Any) -> Any:
    """Return a tree with the same values and no derivative.

    Arguments: `x`, a tree of arrays, traced or not.

    Returns: the tree with plain arrays at its leaves.

    >>> from arraylux import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    return tree.map(strip, x)


def checkpoint(f: Function) -> Function:
    """Return `f` as a function that keeps nothing but its arguments for the reverse pass, and runs again in it.

    Arguments: `f`, from trees of arrays to a tree of arrays. Whatever it reads of traced arrays must come by its
    arguments, and it must return the same when it is run again: a random generator in it has to be replicated.

    Returns: a function with the arguments and the results of `f`.

    Errors: ValueError if `f` uses a traced array that is not among its arguments.

    Source: Griewank and Walther, Evaluating Derivatives, chapter 12.

    >>> import numpy as np
    >>> from arraylux import grad
    >>> grad(checkpoint(lambda x: np.sum(np.sin(x))))(np.zeros(2))
    array([1., 1.])
    """
    call = _Call(f"checkpoint of {name_of(f)}")

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = tree.flatten((args, kwargs))
        top = _highest(leaves)
        if not isinstance(top, Var):                     # forward mode keeps nothing anyway
            return f(*args, **kwargs)
        trace = top.trace
        before = len(trace.rows)
        values = _lower(leaves, trace)
        inner_args, inner_kwargs = tree.unflatten(structure, values)
        outputs, structure_out = tree.flatten(f(*inner_args, **inner_kwargs))
        if len(trace.rows) != before:
            raise ValueError(f"checkpoint: {name_of(f)} uses a traced array that is not among its arguments, so its "
                             "derivative would be lost; pass that array as an argument")
        own = [i for i, x in enumerate(leaves) if isinstance(x, Var) and x.trace is trace]
        floats = [i for i, y in enumerate(outputs) if hasattr(y, "dtype") and kind(y.dtype) in "fc"]

        def rule(g: Sequence[Any], _: Any) -> list[Any]:
            tape = Tape(f"checkpoint of {name_of(f)}")
            again = list(values)
            for i in own:
                again[i] = tape.watch(values[i])
            again_args, again_kwargs = tree.unflatten(structure, again)
            results = tree.leaves(f(*again_args, **again_kwargs))
            rows = tape.rows
            tape.close()
            seeds = [(results[i].index, c) for i, c in zip(floats, g, strict=True)
                     if c is not None and isinstance(results[i], Var) and results[i].trace is tape]
            found = walk(rows, seeds, len(own), consume=True)
            cotangents: list[Any] = [None] * len(leaves)
            for i, c in zip(own, found, strict=True):
                cotangents[i] = c
            return cotangents

        return tree.unflatten(structure_out, _record(call, leaves, trace, outputs, rule))

    return checkpointed
