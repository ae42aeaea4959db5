"""What all transformations share: which leaves of an argument are differentiated, and how results are unwrapped."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import tree
from ..backend import is_array, kind
from ..tracer.core import Constant, Trace, Tracer, bare, home
from ..tracer.declare import zeros_like


def as_input(x: Any) -> Any:
    """Return a leaf as an array if it can be differentiated (a float or complex array or number), else `None`."""
    if type(x) is np.ndarray:
        return x if x.dtype.kind in "fc" else None
    dtype = getattr(x, "dtype", None)
    if dtype is not None:
        if not isinstance(x, Tracer) and not is_array(x):
            return None
        return (x.value if type(x) is Constant else x) if kind(dtype) in "fc" else None
    return np.asarray(x) if isinstance(x, (float, complex)) else None


def name_of(f: Callable[..., Any]) -> str:
    """Return the name of a function, for messages."""
    return getattr(f, "__name__", None) or type(f).__name__


def check_numbers(origin: str, numbers: Sequence[int], count: int) -> None:
    """Raise unless each number is that of one of `count` positional arguments, and none is named twice."""
    for n in numbers:
        if not -count <= n < count:
            raise TypeError(f"{origin}: argument {n} is to be differentiated, but only {count} positional arguments "
                            "came; pass it by position, or change argnums")
    if len({n % count for n in numbers}) < len(numbers):
        raise ValueError(f"{origin}: argnums={tuple(numbers)} names an argument twice; name each once")


def no_inputs(transform: str, what: str, leaves: Sequence[Any]) -> TypeError:
    """Return the error for an argument in which nothing can be differentiated."""
    found = ", ".join(tree.describe(x) for x in leaves[:3]) or "no leaves"
    return TypeError(f"{transform} needs {what} to hold at least one floating-point array or float, got {found}; "
                     "integers have no derivative: convert them, as with x.astype(float)")


def complex_argument(f: Callable[..., Any]) -> ValueError:
    """Return the error for a Jacobian with respect to complex numbers."""
    return ValueError(f"jacobian of {name_of(f)}: the argument is complex, where one matrix does not describe the "
                      "derivative; use jvp or vjp")


def complex_rows(f: Callable[..., Any]) -> ValueError:
    """Return the error for a Jacobian by rows whose rows would lose their imaginary parts."""
    return ValueError(f"jacobian of {name_of(f)}: the result is complex, and one cotangent for each element finds the "
                      'real part of its derivative alone; use forward mode ("fwd", AutoDual())')


def unwrap(x: Any, trace: Trace) -> Any:
    """Return what a result is outside of its transformation: the value of one of its tracers, else `x` itself."""
    if isinstance(x, Tracer):
        if x.owner is trace:
            x = x.value
        if type(x) is Constant:
            x = x.value
    return x


def owned(g: Any) -> Any:
    """Return a derivative as an array of its own: a broadcast view of one number is written out."""
    if type(g) is np.ndarray:
        return g if g.flags.writeable else g.copy()
    return g.value if type(g) is Constant else g


def owned_apart(found: list[Any], inputs: list[Any], others: Sequence[Any]) -> list[Any]:
    """Return derivatives as arrays of their own, none of which shares its memory with another or with `others`.

    Where one is `None` it is zeros like the input. The rule of a sum hands one cotangent to both of its arguments;
    whoever then changed one gradient in place would change the other too.
    """
    seen = {id(g) if g.base is None else id(g.base) for g in others if type(g) is np.ndarray}
    result = []
    for g, x in zip(found, inputs, strict=True):
        if type(g) is np.ndarray:
            base = g.base
            memory = id(g) if base is None else id(base)
            if memory in seen or (base is not None and not g.flags.writeable):
                g = g.copy()
            else:
                seen.add(memory)
        elif g is None:
            g = zeros_like(x)
        elif type(g) is Constant:
            g = g.value
        result.append(g)
    return result


def unit_vectors(x: Any, shape: tuple[int, ...], start: int = 0, stop: int | None = None) -> Any:
    """Return the arrays of a shape with a single one, stacked, from number `start` up to `stop`, in the dtype of x."""
    xp, device = home(x)
    size = math.prod(shape)
    stop = size if stop is None else min(stop, size)
    rows = xp.eye(stop - start, size, k=start, dtype=x.dtype, device=device)
    return xp.reshape(rows, (stop - start, *shape))


def ones_of(y: Any) -> Any:
    """Return the number 1 with the dtype, library and device of a scalar."""
    if isinstance(bare(y), (np.generic, np.ndarray)):
        return y.dtype.type(1)
    xp, device = home(y)
    return xp.ones((), dtype=y.dtype, device=device)
