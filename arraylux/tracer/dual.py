"""Forward mode: dual numbers.

A `Dual` is a value and its tangent, the derivative of the value along one direction. Pushing a dual number through
a program computes the program and a Jacobian-vector product side by side, with nothing to remember. A tangent of
zero is not written down: such a value is simply not wrapped.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .core import Constant, Primitive, Trace, Tracer, leaked


class Dual(Tracer):
    """A value and its tangent, which has the value's shape and dtype."""

    __slots__ = ()
    carries = "tangent"

    def __init__(self, value: Any, tangent: Any, trace: Trace) -> None:
        self.value = value
        self.tangent = tangent
        self.owner = trace

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        trace = self.owner
        if not trace.open:
            raise leaked(trace.origin)
        values, tangents = [], []
        for a in args:
            own = isinstance(a, Tracer) and a.owner is trace
            values.append(a.value if own or type(a) is Constant else a)
            tangents.append(a.tangent if own else None)
        y = primitive(*values, **params)
        tangent = primitive.push(tangents, y, values, params)
        if primitive.multiple:
            return y if tangent is None else tuple([dual(a, t, trace) for a, t in zip(y, tangent, strict=True)])
        return dual(y, tangent, trace)

    def _is_input(self) -> bool:
        return hasattr(self, "index")                    # which `jvp` sets for those that it makes

    def __repr__(self) -> str:
        return f"Dual(level={self.level}, value={self.value!r}, tangent={self.tangent!r})"


def dual(value: Any, tangent: Any, trace: Trace) -> Any:
    """Return a `Dual`, or the bare value where the tangent is zero (`None`)."""
    return value if tangent is None else Dual(value, tangent, trace)
