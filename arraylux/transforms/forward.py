"""Forward mode for users: `jvp`.

One run on dual numbers gives a function's value and its derivative along one direction, for about twice the cost of
the function, whatever the number of its results.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..backend import kind
from ..tracer.core import Trace
from ..tracer.declare import zeros_like
from ..tracer.dual import Dual
from .leaves import as_input, name_of, ones_of, owned, unwrap


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Evaluate `f` and its derivative along a direction.

    Arguments: `f`, from trees of arrays to a tree of arrays; `primals`, the list or tuple of its arguments;
    `tangents`, one tree like each primal: the direction. `None` in place of a tangent stands for zero, and must stand
    for leaves that are not floating point.

    Returns: `(y, dy)`, two trees of one structure; in `dy` leaves that are not floating point are `None`.

    Errors: ValueError if a tangent does not have the form of its primal.

    >>> import numpy as np
    >>> jvp(lambda x: x ** 2, (np.array([1.0, 3.0]),), (np.array([1.0, 10.0]),))[1]
    array([ 2., 60.])
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(f"jvp takes its primals and tangents as two tuples, got {tree.describe(primals)} and "
                        f"{tree.describe(tangents)}; write jvp(f, (x,), (v,))")
    if len(primals) != len(tangents):
        raise ValueError(f"jvp needs a tangent for each primal, got {len(primals)} primals and {len(tangents)} "
                         "tangents")
    trace = Trace(f"jvp of {name_of(f)}")

    def watch(path: str, x: Any, t: Any) -> Any:
        value = as_input(x)
        if t is None:
            return x
        if value is None:
            raise ValueError(f"{path} must be None, since its primal ({tree.describe(x)}) is not floating point")
        t = ones_of(value) * t if isinstance(t, (int, float, complex)) and not hasattr(t, "dtype") else t
        if tuple(t.shape) != tuple(value.shape) or t.dtype != value.dtype:
            raise ValueError(f"{path} must be a {tree.describe(value)} like its primal, got a {tree.describe(t)}")
        dual = Dual(value, t, trace)
        dual.index = 0                                   # an input: it may be written to, whatever its memory is
        return dual

    args = [x if t is None else tree.map_with_path(watch, x, t, path=f"tangents.{i}")
            for i, (x, t) in enumerate(zip(primals, tangents, strict=True))]
    try:
        out = f(*args)
    finally:
        trace.close()
    outputs, structure = tree.flatten(out)
    values = [unwrap(o, trace) for o in outputs]
    derivatives = [owned(o.tangent) if isinstance(o, Dual) and o.owner is trace else _zero(v)
                   for o, v in zip(outputs, values, strict=True)]
    return tree.unflatten(structure, values), tree.unflatten(structure, derivatives)


def _zero(y: Any) -> Any:
    x = as_input(y)
    return zeros_like(x) if x is not None and kind(x.dtype) in "fc" else None
