"""The primitives of neural networks in the words of ONNX: affine maps, convolutions, pools, norms, attention.

Their settings say the same in another order: padding before all axes and then after all of them, weights as they are.
What has several steps there is written out, as in the definition of the primitive.
"""
from __future__ import annotations

import math
from typing import Any

from .operators import OPERATORS, Graph, reduced
from .program import Step


def _dense(graph: Graph, step: Step, names: list[str]) -> str:
    x, weight, *bias = names
    if len(step.args[0].shape) == 2:
        return graph.node("Gemm", x, weight, *bias, transB=1)
    y = graph.node("MatMul", x, graph.node("Transpose", weight, perm=[1, 0]))
    return graph.node("Add", y, bias[0]) if bias else y


def _window(step: Step, kernel: Any) -> dict[str, Any]:
    params = step.params
    padding = params["padding"]
    return {"kernel_shape": list(kernel), "strides": list(params["stride"]), "dilations": list(params["dilation"]),
            "pads": [*padding[::2], *padding[1::2]]}


def _conv(graph: Graph, step: Step, names: list[str]) -> str:
    return graph.node("Conv", *names, group=step.params["groups"], **_window(step, step.args[1].shape[2:]))


def _conv_input(graph: Graph, step: Step, names: list[str]) -> str:
    window = _window(step, step.args[1].shape[2:])
    pads, count = window["pads"], len(window["strides"])
    reach = [(n - 1) * s + d * (k - 1) + 1 - before - after for n, s, d, k, before, after in zip(
        step.args[0].shape[2:], window["strides"], window["dilations"], window["kernel_shape"], pads[:count],
        pads[count:], strict=True)]
    extra = [size - n for size, n in zip(step.params["size"], reach, strict=True)]
    return graph.node("ConvTranspose", *names, group=step.params["groups"], output_padding=extra, **window)


def _max_pool(graph: Graph, step: Step, names: list[str]) -> str:
    return graph.node("MaxPool", *names, **_window(step, step.params["kernel"]))


def _sum_pool(graph: Graph, step: Step, names: list[str]) -> str:
    kernel = step.params["kernel"]
    mean = graph.node("AveragePool", *names, count_include_pad=1, **_window(step, kernel))
    return graph.node("Mul", mean, graph.constant(math.prod(kernel), step.results[0].dtype))


def _standardise(graph: Graph, step: Step, names: list[str]) -> str:
    x, *affine = names
    axes, epsilon, shape = step.params["axes"], step.params["epsilon"], step.args[0].shape
    dtype = step.results[0].dtype
    last = tuple(range(len(shape) - len(axes), len(shape)))
    if step.params["centre"] and affine and axes == last and all(
            tuple(a.shape) == tuple(shape[axes[0]:]) for a in step.args[1:]):
        return graph.node("LayerNormalization", x, *affine, axis=axes[0], epsilon=epsilon)
    away = graph.node("Sub", x, reduced(graph, "ReduceMean", x, axes, True)) if step.params["centre"] else x
    var = reduced(graph, "ReduceMean", graph.node("Mul", away, away), axes, True)
    y = graph.node("Div", away, graph.node("Sqrt", graph.node("Add", var, graph.constant(epsilon, dtype))))
    for operator, name in zip(("Mul", "Add"), affine, strict=False):
        y = graph.node(operator, y, name)
    return y


def _by_heads(rank: int, transposed: bool = False) -> list[int]:
    """Return the order of axes that takes (..., tokens, heads, features) to (..., heads, tokens, features)."""
    lead = [*range(rank - 3), rank - 2]
    return [*lead, rank - 1, rank - 3] if transposed else [*lead, rank - 3, rank - 1]


def _attention_weights(graph: Graph, step: Step, names: list[str]) -> str:
    q, k, *bias = names
    rank_q, rank_k = [len(a.shape) for a in step.args[:2]]
    q = graph.node("Mul", q, graph.constant(step.params["scale"], step.results[0].dtype))
    scores = graph.node("MatMul", graph.node("Transpose", q, perm=_by_heads(rank_q)),
                        graph.node("Transpose", k, perm=_by_heads(rank_k, transposed=True)))
    if not bias:
        return graph.node("Softmax", scores, axis=-1)
    weights = graph.node("Softmax", graph.node("Add", scores, bias[0]), axis=-1)
    nothing = graph.constant(0.0, step.results[0].dtype)         # for a query that may look nowhere: 0/0 over there
    return graph.node("Where", graph.node("IsNaN", weights), nothing, weights)


def _weighted_values(graph: Graph, step: Step, names: list[str]) -> str:
    weights, v = names
    mean = graph.node("MatMul", weights, graph.node("Transpose", v, perm=_by_heads(len(step.args[1].shape))))
    return graph.node("Transpose", mean, perm=_by_heads(len(step.results[0].shape)))


def _rotate_pairs(graph: Graph, step: Step, names: list[str]) -> str:
    x, c, s = names
    half = step.args[0].shape[-1] // 2
    a, b = [graph.node("Slice", x, graph.ints([start]), graph.ints([start + half]), graph.ints([-1]))
            for start in (0, half)]
    first = graph.node("Sub", graph.node("Mul", a, c), graph.node("Mul", b, s))
    second = graph.node("Add", graph.node("Mul", b, c), graph.node("Mul", a, s))
    return graph.node("Concat", first, second, axis=-1)


OPERATORS |= {"dense": _dense, "conv": _conv, "conv_input": _conv_input, "max_pool": _max_pool, "sum_pool": _sum_pool,
              "standardise": _standardise, "attention_weights": _attention_weights,
              "weighted_values": _weighted_values, "rotate_pairs": _rotate_pairs}

__all__ = ["OPERATORS"]
