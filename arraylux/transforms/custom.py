"""Rules of your own: `custom_vjp` and `custom_jvp`.

A function whose derivative is better known than computed can bring its own rule, in either mode; the other mode is
the transpose of it.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..backend import kind
from ..rules.reducing import sum
from ..tracer.batch import Batch
from ..tracer.core import Tracer
from ..tracer.declare import zeros_like
from ..tracer.dual import Dual, dual
from ..tracer.tape import Var, transpose
from .calls import Call, Samples, batches, check_closed, floating, highest, lower, record, stacked
from .leaves import name_of

Function = Callable[..., Any]


def in_order(f: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return arguments of which some came by name in the order of the function's parameters."""
    if not kwargs:
        return args
    from inspect import signature

    bound = signature(f).bind(*args, **kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise TypeError(f"{name_of(f)} takes {', '.join(bound.kwargs)} by name alone, where a rule of its own has no "
                        "place for it; make it a parameter that can come in order")
    return bound.args


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
        self._call = Call(name_of(f))

    def defvjp(self, forward: Function, backward: Function) -> None:
        """Set the rule."""
        self._forward, self._backward = forward, backward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = in_order(self._f, args, kwargs)
        leaves, structure = tree.flatten(args)
        top = highest(leaves)
        if top is None:
            return self._f(*args)
        if self._forward is None or self._backward is None:
            name = name_of(self._f)
            raise TypeError(f"custom_vjp function {name} has no rule yet; call {name}.defvjp(forward, backward) first")
        if isinstance(top, Batch):
            return self._over(Samples(leaves, structure, top.owner))
        trace, backward = top.owner, self._backward
        values = lower(leaves, trace)
        out, residuals = self._forward(*tree.unflatten(structure, values))
        outputs, structure_out = tree.flatten(out)
        check_closed("custom_vjp", self._f, outputs, trace)
        floats = floating(outputs)

        def rule(g: Sequence[Any], _: Any) -> list[Any]:
            cotangents: list[Any] = [None] * len(outputs)
            for i, c in zip(floats, g, strict=True):
                cotangents[i] = zeros_like(outputs[i]) if c is None else c
            return self._spread(backward(residuals, tree.unflatten(structure_out, cotangents)), args, values)

        if isinstance(top, Var):
            results = record(self._call, leaves, trace, outputs, rule)
        else:
            tangents = [x.tangent if isinstance(x, Dual) and x.owner is trace else None for x in leaves]
            found = transpose(lambda *g: rule(g, None), [zeros_like(outputs[i]) for i in floats], tangents,
                              name_of(self._f))
            check_closed("custom_vjp", self._f, found, trace)
            results = list(outputs)
            for i, t in zip(floats, found, strict=True):
                results[i] = dual(outputs[i], t, trace)
        return tree.unflatten(structure_out, results)

    def _over(self, samples: Samples) -> Any:
        """Call within a mapping: on whole stacks, with the rule of each sample."""
        forward, backward = self._forward, self._backward
        assert forward is not None and backward is not None

        def stacked_backward(residuals: Any, g: Any) -> tuple[Any, ...]:
            inner = samples.again()
            arguments = samples.arguments(inner, samples.stacks)
            found = self._spread(backward(batches(residuals, inner), batches(g, inner)), arguments,
                                 tree.leaves(arguments))
            stacks = [None if c is None else stacked(c, inner) for c in found]
            return tuple([c if own or c is None else sum(c, axis=0)
                          for c, own in zip(stacks, samples.own, strict=True)])

        mapped = custom_vjp(samples.over(lambda args: self._f(*args)))
        mapped.defvjp(samples.over(lambda args: forward(*args)), stacked_backward)
        stacks = mapped(*samples.stacks)
        check_closed("custom_vjp", self._f, tree.leaves(stacks), samples.trace)
        return batches(stacks, samples.trace)

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
        self._call = Call(name_of(f))

    def defjvp(self, rule: Function) -> Function:
        """Set the rule; can be used as a decorator."""
        self._rule = rule
        return rule

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = in_order(self._f, args, kwargs)
        leaves, structure = tree.flatten(args)
        top = highest(leaves)
        if top is None:
            return self._f(*args)
        if self._rule is None:
            name = name_of(self._f)
            raise TypeError(f"custom_jvp function {name} has no rule yet; call {name}.defjvp(rule) first")
        trace = top.owner
        if isinstance(top, Batch):
            return self._over(Samples(leaves, structure, trace), self._rule)
        values = lower(leaves, trace)
        primals = tree.unflatten(structure, values)
        own = [i for i, x in enumerate(leaves) if isinstance(x, Tracer) and x.owner is trace]

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
            check_closed("custom_jvp", self._f, outputs + tangents, trace)
            return tree.unflatten(structure_out, [dual(y, t, trace) for y, t in zip(outputs, tangents, strict=True)])
        outputs, structure_out, _ = push(*[zeros_like(values[i]) for i in own])
        check_closed("custom_jvp", self._f, outputs, trace)
        floats = floating(outputs)

        def rule(g: Sequence[Any], _: Any) -> list[Any]:
            def linear(*moved: Any) -> list[Any]:
                tangents = push(*moved)[2]
                return [tangents[i] for i in floats]

            found = transpose(linear, [zeros_like(values[i]) for i in own], g, name_of(self._f))
            cotangents: list[Any] = [None] * len(leaves)
            for i, c in zip(own, found, strict=True):
                cotangents[i] = c
            return cotangents

        return tree.unflatten(structure_out, record(self._call, leaves, trace, outputs, rule))

    def _over(self, samples: Samples, rule: Function) -> Any:
        """Call within a mapping: on whole stacks, with the rule of each sample."""
        def stacked_rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
            inner = samples.again()
            moved = [batches(t, inner) if own else t for t, own in zip(tangents, samples.own, strict=True)]
            both = rule(samples.arguments(inner, primals), tree.unflatten(samples.structure, moved))
            return tree.map(lambda y: stacked(y, inner), both)

        mapped = custom_jvp(samples.over(lambda args: self._f(*args)))
        mapped.defjvp(stacked_rule)
        stacks = mapped(*samples.stacks)
        check_closed("custom_jvp", self._f, tree.leaves(stacks), samples.trace)
        return batches(stacks, samples.trace)


__all__ = ["custom_jvp", "custom_vjp"]
