"""Each primitive in the words of ONNX: one operator of that standard, or a handful.

A translation gets a `Graph` to write into, the recorded step and the names of its arguments, and returns the name of
the result. Where the standard asks for lists of numbers (axes, shapes) it wants them as constants, which `graph.ints`
makes. The operators are those of version 20 of the standard's main set.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from .program import FREE, Step


class Graph(Protocol):
    """What is written into (see `onnx`)."""

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Write an operator, and return the name of its result."""

    def constant(self, x: Any, dtype: Any) -> str:
        """Return the name of a constant."""

    def ints(self, numbers: Any) -> str:
        """Return the name of a list of integers."""


Translation = Callable[[Graph, Step, list[str]], str]
OPERATORS: dict[str, Translation] = {}


def _named(operator: str) -> Translation:
    return lambda graph, step, names: graph.node(operator, *names)


for _ours, _theirs in {
        "negative": "Neg", "positive": "Identity", "abs": "Abs", "sign": "Sign", "sqrt": "Sqrt", "exp": "Exp",
        "log": "Log", "reciprocal": "Reciprocal", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin",
        "acos": "Acos", "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "asinh": "Asinh",
        "acosh": "Acosh", "atanh": "Atanh", "ceil": "Ceil", "floor": "Floor", "round": "Round", "isnan": "IsNaN",
        "isinf": "IsInf", "logical_not": "Not", "erf": "Erf", "sigmoid": "Sigmoid", "softplus": "Softplus",
        "relu": "Relu", "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "pow": "Pow",
        "maximum": "Max", "minimum": "Min", "equal": "Equal", "less": "Less", "less_equal": "LessOrEqual",
        "greater": "Greater", "greater_equal": "GreaterOrEqual", "logical_and": "And", "logical_or": "Or",
        "logical_xor": "Xor", "where": "Where", "matmul": "MatMul"}.items():
    OPERATORS[_ours] = _named(_theirs)

# Those whose arguments must all have the dtype of the result; where there are several, a number or another dtype may
# have come with an array.
ARITHMETIC = {"add", "subtract", "multiply", "divide", "pow", "maximum", "minimum", "clip", "matmul", "dense", "concat",
              "stack", "hypot", "conv", "conv_input", "standardise", "attention_weights", "weighted_values",
              "rotate_pairs"}
COMPARISONS = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}


def _translates(name: str) -> Callable[[Translation], Translation]:
    def enter(f: Translation) -> Translation:
        OPERATORS[name] = f
        return f
    return enter


def _formula(f: Callable[..., str]) -> Translation:
    """Return a translation of functions of one array, `f(graph, x, number)`, where `number(2.0)` is a constant."""
    def translate(graph: Graph, step: Step, names: list[str]) -> str:
        return f(graph, names[0], lambda value: graph.constant(value, step.results[0].dtype))
    return translate


def _half_of(graph: Graph, x: str, u: str, number: Any) -> str:
    """x/2 (1 + u)."""
    return graph.node("Mul", graph.node("Mul", x, number(0.5)), graph.node("Add", u, number(1.0)))


def _logcosh(graph: Graph, x: str, number: Any) -> str:
    size = graph.node("Abs", x)
    rest = graph.node("Softplus", graph.node("Mul", size, number(-2.0)))
    return graph.node("Sub", graph.node("Add", size, rest), number(math.log(2)))


OPERATORS |= {
    "square": lambda graph, step, names: graph.node("Mul", names[0], names[0]),
    "not_equal": lambda graph, step, names: graph.node("Not", graph.node("Equal", *names)),
    "expm1": _formula(lambda graph, x, number: graph.node("Sub", graph.node("Exp", x), number(1.0))),
    "log1p": _formula(lambda graph, x, number: graph.node("Log", graph.node("Add", x, number(1.0)))),
    "log2": _formula(lambda graph, x, number: graph.node("Div", graph.node("Log", x), number(math.log(2)))),
    "log10": _formula(lambda graph, x, number: graph.node("Div", graph.node("Log", x), number(math.log(10)))),
    "swish": _formula(lambda graph, x, number: graph.node("Mul", x, graph.node("Sigmoid", x))),
    "gelu": lambda graph, step, names: graph.node("Gelu", *names, approximate="tanh"),
    "gelu_erf": _formula(lambda graph, x, number: _half_of(
        graph, x, graph.node("Erf", graph.node("Mul", x, number(math.sqrt(0.5)))), number)),
    "logcosh": _formula(_logcosh),
    "negative_part": _formula(lambda graph, x, number: graph.node("Min", x, number(0.0))),
    "relu6": _formula(lambda graph, x, number: graph.node("Clip", x, number(0.0), number(6.0))),
    "hardtanh": _formula(lambda graph, x, number: graph.node("Clip", x, number(-1.0), number(1.0))),
    "hypot": lambda graph, step, names: graph.node(
        "Sqrt", graph.node("Add", *[graph.node("Mul", name, name) for name in names])),
}


@_translates("clip")
def _clip(graph: Graph, step: Step, names: list[str]) -> str:
    x = names[0]
    for operator, name, bound in zip(("Max", "Min"), names[1:], step.args[1:], strict=True):
        x = x if bound is None else graph.node(operator, x, name)
    return x


@_translates("astype")
def _astype(graph: Graph, step: Step, names: list[str]) -> str:
    return graph.node("Cast", names[0], to=step.results[0].dtype)


# --- shapes ---------------------------------------------------------------------------------------------------------
@_translates("reshape")
def _reshape(graph: Graph, step: Step, names: list[str]) -> str:
    shape, old = list(step.results[0].shape), step.args[0].shape
    if shape.count(FREE) > 1:                       # only one can be found out; 0 says that an axis is as it was
        for i in range(min(len(shape), len(old))):
            if shape[i] == old[i] == FREE and shape.count(FREE) > 1:
                shape[i] = 0
    if shape.count(FREE) > 1:
        raise ValueError("export_onnx: a reshape makes two axes that depend on the size of the batch; export it for "
                         "the size of the example alone, with batch=None")
    return graph.node("Reshape", names[0], graph.ints(shape))


@_translates("broadcast_to")
def _broadcast_to(graph: Graph, step: Step, names: list[str]) -> str:
    shape, old = step.results[0].shape, step.args[0].shape
    old = (1,) * (len(shape) - len(old)) + tuple(old)
    if any(n == FREE and before != FREE for n, before in zip(shape, old, strict=True)):
        raise ValueError("export_onnx: an array is repeated for each sample of the batch, whose size is not fixed; "
                         "export it for the size of the example alone, with batch=None")
    return graph.node("Expand", names[0], graph.ints([1 if n == FREE else n for n in shape]))


@_translates("permute_dims")
def _permute_dims(graph: Graph, step: Step, names: list[str]) -> str:
    axes = list(step.params["axes"])
    return graph.node("Transpose", names[0], perm=axes) if axes else graph.node("Identity", names[0])


@_translates("concat")
def _concat(graph: Graph, step: Step, names: list[str]) -> str:
    return graph.node("Concat", *names, axis=step.params["axis"])


@_translates("stack")
def _stack(graph: Graph, step: Step, names: list[str]) -> str:
    axis = step.params["axis"] % len(step.results[0].shape)
    return graph.node("Concat", *[graph.node("Unsqueeze", name, graph.ints([axis])) for name in names], axis=axis)


@_translates("flip")
def _flip(graph: Graph, step: Step, names: list[str]) -> str:
    axis, rank = step.params["axis"], len(step.args[0].shape)
    axes = range(rank) if axis is None else [axis] if isinstance(axis, int) else axis
    return _sliced(graph, names[0], [(a % rank, -1, -(2**62), -1) for a in axes])


def _sliced(graph: Graph, x: str, parts: list[tuple[int, int, int, int]]) -> str:
    """Return the parts of x given by axis, start, stop and step."""
    if not parts:
        return x
    axes, *bounds = [graph.ints(numbers) for numbers in zip(*parts, strict=True)]
    start, stop, step = bounds
    return graph.node("Slice", x, start, stop, axes, step)


@_translates("getitem")
def _getitem(graph: Graph, step: Step, names: list[str]) -> str:
    index, shape = step.params["index"], step.args[0].shape
    items = list(index) if type(index) is tuple else [index]
    used = len([i for i in items if i is not None and i is not Ellipsis])
    place = items.index(Ellipsis) if any(i is Ellipsis for i in items) else len(items)
    items[place:place + 1] = [slice(None)] * (len(shape) - used)
    axis, slices, single, new = 0, [], [], []
    for at, item in enumerate(items):
        if item is None:
            new.append(at - len([i for i in items[:at] if isinstance(i, int)]))
            continue
        if isinstance(item, slice):
            by = 1 if item.step is None else item.step
            start = (0 if by > 0 else -1) if item.start is None else item.start
            stop = (2**62 if by > 0 else -(2**62)) if item.stop is None else item.stop
            if item != slice(None):
                slices.append((axis, start, stop, by))
        elif isinstance(item, int) and not isinstance(item, bool):
            slices.append((axis, item, item + 1 if item != -1 else 2**62, 1))
            single.append(axis)
        else:
            raise ValueError("export_onnx: an array is indexed by an array; look up with take, which has a counterpart")
        axis += 1
    x = _sliced(graph, names[0], slices)
    x = graph.node("Squeeze", x, graph.ints(single)) if single else x
    return graph.node("Unsqueeze", x, graph.ints(new)) if new else graph.node("Identity", x)


@_translates("take")
def _take(graph: Graph, step: Step, names: list[str]) -> str:
    return graph.node("Gather", *names, axis=step.params["axis"])


@_translates("take_along_axis")
def _take_along_axis(graph: Graph, step: Step, names: list[str]) -> str:
    return graph.node("GatherElements", *names, axis=step.params["axis"])


def _triangle(upper: int) -> Translation:
    return lambda graph, step, names: graph.node("Trilu", names[0], graph.constant(step.params["k"], np.int64),
                                                 upper=upper)


OPERATORS |= {"tril": _triangle(0), "triu": _triangle(1)}


# --- reductions -----------------------------------------------------------------------------------------------------
def reduced(graph: Graph, operator: str, x: str, axis: Any, keepdims: bool) -> str:
    """Write a reduction; an `axis` of `None` means all of them."""
    axes = [] if axis is None else [graph.ints([axis] if isinstance(axis, (int, np.integer)) else axis)]
    return graph.node(operator, x, *axes, keepdims=int(keepdims), **({"noop_with_empty_axes": 1} if axis == () else {}))


def _reduction(operator: str) -> Translation:
    return lambda graph, step, names: reduced(graph, operator, names[0], step.params["axis"], step.params["keepdims"])


OPERATORS |= {"sum": _reduction("ReduceSum"), "mean": _reduction("ReduceMean"), "max": _reduction("ReduceMax"),
              "min": _reduction("ReduceMin"), "logsumexp": _reduction("ReduceLogSumExp")}


def _variance(graph: Graph, step: Step, names: list[str]) -> str:
    axis, correction = step.params["axis"], step.params["correction"]
    shape = step.args[0].shape
    axes = range(len(shape)) if axis is None else [axis] if isinstance(axis, int) else axis
    n = math.prod([shape[a] for a in axes])
    if correction and FREE in [shape[a] for a in axes]:
        raise ValueError("export_onnx: a corrected variance over the batch needs its size; export it for the size of "
                         "the example alone, with batch=None")
    away = graph.node("Sub", names[0], reduced(graph, "ReduceMean", names[0], axis, True))
    var = reduced(graph, "ReduceMean", graph.node("Mul", away, away), axis, step.params["keepdims"])
    if not correction:
        return var
    return graph.node("Mul", var, graph.constant(n / (n - correction), step.results[0].dtype))


OPERATORS |= {"var": _variance, "std": lambda graph, step, names: graph.node("Sqrt", _variance(graph, step, names))}


def _place_of(operator: str) -> Translation:
    def translate(graph: Graph, step: Step, names: list[str]) -> str:
        axis, keepdims = step.params.get("axis"), bool(step.params.get("keepdims"))
        if axis is not None:
            return graph.node(operator, names[0], axis=axis, keepdims=int(keepdims))
        flat = graph.node(operator, graph.node("Reshape", names[0], graph.ints([-1])), axis=0, keepdims=0)
        return graph.node("Reshape", flat, graph.ints([1] * len(step.args[0].shape))) if keepdims else flat
    return translate


def _softmax(operator: str, end: str) -> Translation:
    def translate(graph: Graph, step: Step, names: list[str]) -> str:
        axis = step.params["axis"]
        if isinstance(axis, int):
            return graph.node(operator, names[0], axis=axis)
        shifted = graph.node("Sub", names[0], reduced(graph, "ReduceLogSumExp", names[0], axis, True))
        return graph.node(end, shifted)
    return translate


OPERATORS |= {"argmax": _place_of("ArgMax"), "argmin": _place_of("ArgMin"), "softmax": _softmax("Softmax", "Exp"),
              "log_softmax": _softmax("LogSoftmax", "Identity")}
