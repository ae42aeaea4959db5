"""Many at once: a tracer that hides a leading axis.

A `Batch` is a stack of arrays of one shape that poses as one of them: what is written for one sample runs on all
samples in one go. A primitive that meets one runs once, on the whole stack, by a rule that says what becomes of the
extra axis (`rules/batching.py`); without a rule it runs once for each sample. Nothing is differentiated here. But
since levels nest, tangents or cotangents may be batches too, and then a whole Jacobian comes out of one pass.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .core import Constant, Primitive, Trace, Tracer, leaked


class Mapping(Trace):
    """One run of a mapped function: how many samples there are."""

    __slots__ = ("samples",)

    def __init__(self, origin: str, samples: int) -> None:
        super().__init__(origin)
        self.samples = samples


# A rule: (primitive, values, which of them are stacked, keywords, the mapping) -> the result, stacked.
Rule = Callable[[Primitive, list[Any], list[bool], dict[str, Any], Mapping], Any]
BATCHING: dict[str, Rule] = {}


class Batch(Tracer):
    """Arrays of one shape, stacked along the first axis of `value`."""

    __slots__ = ()
    batched = True

    def __init__(self, value: Any, trace: Mapping) -> None:
        self.value = value
        self.owner = trace

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape[1:]  # type: ignore[no-any-return]

    def lift(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        trace = self.owner
        if not trace.open:
            raise leaked(trace.origin)
        values, stacked = [], []
        for a in args:
            own = isinstance(a, Tracer) and a.owner is trace
            values.append(a.value if own or type(a) is Constant else a)
            stacked.append(own)
        rule = BATCHING.get(primitive.__name__) or BATCHING["default"]
        y = rule(primitive, values, stacked, params, trace)
        return tuple([Batch(part, trace) for part in y]) if isinstance(y, tuple) else Batch(y, trace)

    def _plain(self) -> NoReturn:
        raise TypeError(f"{self.owner.origin} maps over {self.owner.samples} samples at once, so this array has no "
                        "single value to branch on, to convert or to index a plain array with; choose with xp.where, "
                        "index with xp.take, or loop over the samples")

    def _lossy(self, what: str, instead: str) -> NoReturn:
        self._plain()

    def _is_input(self) -> bool:
        return True                                      # a stack may be a view of what came in, in another order

    def __repr__(self) -> str:
        return f"Batch(level={self.level}, samples={self.owner.samples}, value={self.value!r})"
