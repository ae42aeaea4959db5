"""Less of the derivative: `stop_gradient` and `checkpoint`.

`stop_gradient` says that there is no derivative. `checkpoint` trades memory for time: its rule is to run the function
again when the derivative is asked for.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..tracer.batch import Batch
from ..tracer.core import Tracer
from ..tracer.tape import Tape, Var, walk
from .calls import Call, Samples, batches, check_closed, floating, highest, lower, record
from .leaves import name_of

Function = Callable[..., Any]


def stop_gradient(x: Any) -> Any:
    """Return a tree with the same values and no derivative.

    Arguments: `x`, a tree of arrays, traced or not.

    Returns: the tree with plain arrays at its leaves.

    >>> from arraylux import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    return tree.map(_stopped, x)


def _stopped(x: Any) -> Any:
    if isinstance(x, Batch):                             # what is mapped over stays so, and may hold other tracers
        return Batch(_stopped(x.value), x.owner)
    return _stopped(x.value) if isinstance(x, Tracer) else x


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
    call = Call(f"checkpoint of {name_of(f)}")

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = tree.flatten((args, kwargs))
        top = highest(leaves)
        if isinstance(top, Batch):
            samples = Samples(leaves, structure, top.owner)
            mapped = checkpoint(samples.over(lambda both: f(*both[0], **both[1])))
            stacks = mapped(*samples.stacks)
            check_closed("checkpoint", f, tree.leaves(stacks), top.owner)
            return batches(stacks, top.owner)
        if not isinstance(top, Var):                     # forward mode keeps nothing anyway
            return f(*args, **kwargs)
        trace = top.owner
        before = len(trace.rows)
        values = lower(leaves, trace)
        inner_args, inner_kwargs = tree.unflatten(structure, values)
        outputs, structure_out = tree.flatten(f(*inner_args, **inner_kwargs))
        check_closed("checkpoint", f, outputs, trace, len(trace.rows) != before)
        own = [i for i, x in enumerate(leaves) if isinstance(x, Var) and x.owner is trace]
        floats = floating(outputs)

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
                     if c is not None and isinstance(results[i], Var) and results[i].owner is tape]
            found = walk(rows, seeds, len(own), consume=True)
            cotangents: list[Any] = [None] * len(leaves)
            for i, c in zip(own, found, strict=True):
                cotangents[i] = c
            return cotangents

        return tree.unflatten(structure_out, record(call, leaves, trace, outputs, rule))

    return checkpointed


__all__ = ["checkpoint", "stop_gradient"]
