"""Was it born here? What a function returned, held against what it was given.

A NaN in a result is the fault of the function that returned it only if none came in; an infinity only if neither an
infinity nor a NaN came in. An infinity in the data is no fault at all, but a NaN made of it is (inf - inf).
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import backend
from ..tracer.core import Tracer, bare
from ..tracer.dual import Dual
from ..tracer.tape import Scatter


def numbers(x: Any) -> Iterator[Any]:
    """Yield the plain floating-point arrays in what goes into a primitive or a rule, or comes out of it."""
    if isinstance(x, (tuple, list)):
        for part in x:
            yield from numbers(part)
    elif isinstance(x, dict):
        yield from numbers(list(x.values()))
    elif type(x) is Scatter:
        yield from numbers([x.base, *x.parts])
    elif isinstance(x, Tracer):
        yield from numbers(x.value)
        if isinstance(x, Dual):
            yield from numbers(x.tangent)
    elif backend.is_array(x):
        if backend.kind(x.dtype) in "fc":
            yield x
    elif isinstance(x, (float, complex)):
        yield np.asarray(x)


def _marks(test: str, x: Any) -> Any:
    return getattr(backend.library(x), test)(x)


def _any(test: str, x: Any) -> bool:
    return any(bool(backend.library(part).any(_marks(test, part))) for part in numbers(x))


def look(infinities: bool, found: Any, who: str, given: dict[str, Any], place: Callable[[], str], hint: str) -> None:
    """Raise if a NaN, or an infinity if these are watched for, is in what `who` found and was not in what was given.

    Arguments: `given`, what was given to it, by names for the message; `place`, says where, if it comes to that;
    `hint`, the way out.
    """
    with np.errstate(all="ignore"):
        if _any("isnan", found):
            if _any("isnan", given):
                return
            test, what = "isnan", "a NaN"
        elif infinities and _any("isinf", found):
            if _any("isnan", given) or _any("isinf", given):
                return
            test, what = "isinf", "an infinity"
        else:
            return
        if _any("isinf", given):
            hint = "an infinity came in, " + ("which was in the data" if infinities else
                                              "and debug_nans(infinities=True) says where that was born")
        facts = "; ".join([f"{name}: {text}" for name, x in given.items() if (text := _describe(x))])
        raise FloatingPointError(f"{who} gave {what}{_first(test, found)} ({facts}), {place()}; {hint}")


def _first(test: str, found: Any) -> str:
    """Return the place of the first marked element, as in ` at [0, 2]`."""
    marks = next(marks for x in numbers(found) if (marks := backend.to_numpy(_marks(test, x))).any())
    return f" at {np.argwhere(marks)[0].tolist()}" if marks.ndim else ""


def _describe(x: Any) -> str:
    """Return the dtype, the shape and the range of an array; of several, one after the other; of other things nothing.

    >>> _describe(np.float32([-1, 2])), _describe((2.0, None)), _describe(np.arange(3))
    ('float32 (2,) from -1 to 2', '2', 'int64 (3,) from 0 to 2')
    """
    if isinstance(x, (tuple, list)):
        return ", ".join([text for part in x if (text := _describe(part))])
    plain = bare(x)
    if isinstance(plain, (int, float, complex)) and not hasattr(plain, "shape"):
        return f"{plain:g}"
    if not backend.is_array(plain):
        return ""
    form = f"{str(plain.dtype).rpartition('.')[2]} {tuple(plain.shape)}"
    if backend.kind(plain.dtype) not in "fi" or 0 in plain.shape:
        return form
    xp = backend.library(plain)
    low, high = float(xp.min(plain)), float(xp.max(plain))
    return f"{form} of {low:g}" if low == high else f"{form} from {low:g} to {high:g}"
