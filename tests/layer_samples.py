"""Samples of every layer, for the walk in test_every_layer.py: a layer, inputs that suit it, and inputs that do not."""
from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import arraylux as lux
from arraylux import nn
from arraylux.initializers import randn32

Inputs = Callable[[int], Any]                # from the size of the batch to a tree of arrays


class Sample(NamedTuple):
    """A layer and what is true of it."""

    layer: Any
    inputs: Inputs
    wrong: tuple[Inputs, ...] = ()           # of the wrong number of axes, channels, features, ...: refused
    integers: bool = False                   # whether integers in place of floating-point numbers are welcome
    apart: bool = True                       # whether, in test mode, no sample has anything to do with another
    least: int = 0                           # the smallest batch that can be trained with
    batch_axis: int = 0                      # of inputs and results
    unsaid: tuple[int, ...] = ()             # sizes that are not in print
    own: bool = False                        # whether it is of a user's class, who looks for mistakes or does not


SEEDS = itertools.count()                    # one for each of these functions, so that no two give the same numbers


def normal(*shape: int) -> Inputs:
    seed = next(SEEDS)
    return lambda n: np.random.default_rng(seed).standard_normal((n, *shape))


def moments(time: int, *shape: int) -> Inputs:
    make = normal(time, *shape)
    return lambda n: np.moveaxis(make(n), 0, 1).copy()


def numbers(high: int, *shape: int) -> Inputs:
    seed = next(SEEDS)
    return lambda n: np.random.default_rng(seed).integers(0, high, (n, *shape))


def both(*inputs: Inputs) -> Inputs:
    return lambda n: tuple([make(n) for make in inputs])


def later(x: Inputs, *carry: Inputs) -> Inputs:
    return both(x, both(*carry))


def number(n: int) -> Any:
    return np.asarray(1.0)


def causal(tokens: int) -> Inputs:
    return lambda n: np.broadcast_to(np.tri(tokens, dtype=bool), (n, 1, tokens, tokens)).copy()


# --- layers of other people: a container, a wrapper, a cell, a compact layer --------------------------------------
class Residual(lux.AbstractLuxContainerLayer):
    block: Any
    sublayers = ("block",)

    def __call__(self, x, ps, st):
        y, block = self.block(x, ps["block"], st["block"])
        return x + y, {"block": block}


class Doubled(lux.AbstractLuxWrapperLayer):
    layer: Any
    wrapped = "layer"


class Leaky(lux.AbstractRecurrentCell):
    dims: int

    def initialparameters(self, rng):
        return {"rate": np.full(self.dims, 0.3, np.float32)}

    def __call__(self, x, ps, st):
        x, carry = x if isinstance(x, tuple) else (x, (x,))
        h = ps["rate"] * x + (1 - ps["rate"]) * carry[0]
        return (h, (h,)), st


@lux.compact(dense=lux.Dense(4, 3), drop=lux.Dropout(0.3), scale=np.full(3, 2, np.float32), calls=0)
def counted(x, *, dense, drop, scale, calls):
    return lux.with_state(drop(dense(x)) * scale, {"calls": calls + 1})


@lux.compact(name="Pair", first=[lux.Dense(4, 4, nn.tanh), lux.Dense(4, 3)], table=lux.non_trainable(np.ones(3, "f4")))
def pair(x, *, first, table):
    return first[1](first[0](x)) * table


def sum_of_pair(xs):
    return xs[0] + xs[1]


ROWS, IMAGE, SEQUENCE = normal(4), normal(3, 5, 6), normal(5, 3)
NO_ROWS = (normal(5), number)                                               # for layers of four features
NO_IMAGES = (normal(2, 5, 6), normal(3))                                    # for those of three channels
NO_PIXELS = (normal(2, 5, 6), normal(3), normal(3, 5), normal(3, 5, 6, 2))  # and of images alone
NO_POOLS = (normal(3), normal(3, 5), normal(3, 5, 6, 2), normal(3, 0, 6))
NO_SEQUENCES = (normal(5, 2), normal(0, 3), normal())                       # for recurrences of three features
JOINT = lux.Chain(sum_of_pair, lux.Dense(4, 3))

SAMPLES = [
    # --- affine maps
    Sample(lux.Dense(4, 3), ROWS, NO_ROWS),
    Sample(lux.Dense(4, 3, nn.gelu, use_bias=False), normal(2, 4), NO_ROWS),
    Sample(lux.Scale(4), ROWS, NO_ROWS),
    Sample(lux.Scale(2, 4, nn.tanh, use_bias=False), normal(2, 4), NO_ROWS),
    Sample(lux.Bilinear((4, 3), 5), both(ROWS, normal(3)), (both(ROWS, normal(4)), ROWS, both(ROWS), number)),
    Sample(lux.Bilinear(4, 3, nn.tanh, use_bias=False), ROWS, NO_ROWS),
    Sample(lux.WeightNorm(lux.Dense(4, 3), ("weight",)), ROWS, NO_ROWS),
    Sample(lux.WeightNorm(lux.Conv((3,), 3, 2), ("weight", "bias"), (1, 0)), normal(3, 5), (normal(2, 5), normal(3))),
    # --- functions, and other arrangements of the same numbers
    Sample(lux.WrappedFunction(nn.tanh), ROWS, integers=True),
    Sample(lux.NoOpLayer(), ROWS, integers=True),
    Sample(lux.FlattenLayer(), IMAGE, (number,), integers=True),
    Sample(lux.FlattenLayer(N=2), IMAGE, (normal(4), number), integers=True),
    Sample(lux.ReshapeLayer((2, -1)), ROWS, (normal(5), number), integers=True),
    Sample(lux.SelectDim(1, 2), IMAGE, (normal(2, 3), normal(), number), integers=True),
    Sample(lux.SelectDim(-1, (0, 3)), ROWS, (normal(3), number), integers=True),
    Sample(lux.ReverseSequence(), SEQUENCE, (number,), integers=True),
    Sample(lux.ReverseSequence(0), ROWS, (number,), integers=True, apart=False),
    # --- dropout
    Sample(lux.Dropout(0.3), ROWS),
    Sample(lux.Dropout(0.3, dims=(0, 1)), IMAGE, (normal(),)),
    Sample(lux.AlphaDropout(0.3), ROWS),
    Sample(lux.VariationalHiddenDropout(0.3), ROWS),
    # --- containers and wrappers
    Sample(lux.Chain(lux.Dense(4, 6, nn.tanh), lux.Dropout(0.5), nn.softplus, lux.Dense(6, 3)), ROWS, NO_ROWS),
    Sample(lux.Chain(), ROWS, integers=True),
    Sample(lux.SkipConnection(lux.Dense(4, 4), operator.add), ROWS, NO_ROWS),
    Sample(lux.SkipConnection(lux.Dropout(0.5), JOINT), ROWS, (normal(5),)),
    Sample(lux.Parallel(operator.mul, a=lux.Dense(4, 2), b=lux.Dense(4, 2)), ROWS, (*NO_ROWS, both(ROWS))),
    Sample(lux.Parallel(None, lux.Dense(4, 2), lux.Dropout(0.5)), both(ROWS, normal(3)),
           (both(normal(5), ROWS), number)),
    Sample(lux.BranchLayer(lux.Dense(4, 2), lux.NoOpLayer()), ROWS, NO_ROWS),
    Sample(lux.BranchLayer(lux.Dense(4, 4), lux.Dropout(0.5), fusion=JOINT), ROWS, NO_ROWS),
    Sample(lux.PairwiseFusion(operator.add, lux.Dense(4, 4, nn.tanh), lux.Dense(4, 4)),
           both(ROWS, normal(4), normal(4)), (both(ROWS, ROWS), both(normal(5), ROWS, ROWS), number)),
    Sample(lux.Maxout(lambda: lux.Dense(4, 3), 3), ROWS, NO_ROWS),
    Sample(lux.RepeatedLayer(lux.Dense(4, 4, nn.tanh), repeats=3), ROWS, NO_ROWS),
    Sample(lux.RepeatedLayer(lux.Chain(sum_of_pair, lux.Dense(4, 4, nn.tanh)), repeats=2, input_injection=True), ROWS,
           NO_ROWS),
    Sample(lux.AlternatePrecision("float64", lux.Dense(4, 3)), ROWS, NO_ROWS),
    Sample(lux.FrozenLayer(lux.Dense(4, 3), ("weight",)), ROWS, NO_ROWS),
    Sample(lux.DebugLayer(lux.Dense(4, 3)), ROWS, NO_ROWS),
    Sample(counted, ROWS, NO_ROWS),
    Sample(pair, ROWS, NO_ROWS),
    Sample(Residual(lux.Dense(4, 4)), ROWS, NO_ROWS, own=True),
    Sample(Doubled(lux.Dense(4, 3)), ROWS, NO_ROWS, own=True),
    # --- convolutions
    Sample(lux.Conv((3,), 3, 4, nn.tanh, padding=1), normal(3, 5), (normal(2, 5), normal(3), normal(3, 5, 5))),
    Sample(lux.Conv((3, 2), 3, 6, stride=2, groups=3, use_bias=False), IMAGE, NO_PIXELS),
    Sample(lux.Conv((2, 2), 3, 2, dilation=2, padding=lux.SamePad(), cross_correlation=False), IMAGE, NO_PIXELS),
    Sample(lux.ConvTranspose((3, 3), 3, 2, nn.tanh, stride=2, output_padding=1), IMAGE, NO_PIXELS),
    Sample(lux.ConvTranspose((2,), 4, 2, groups=2), normal(4, 5), (normal(3, 5), normal(4))),
    # --- pooling and resizing
    Sample(lux.MaxPool((2, 3), stride=2, padding=1), IMAGE, NO_POOLS),
    Sample(lux.MeanPool((2, 2), padding=1, count_include_pad=False), IMAGE, NO_POOLS),
    Sample(lux.LPPool((2,), p=3, dilation=2), normal(3, 5), (IMAGE, normal(3), normal(3, 1))),
    Sample(lux.AdaptiveMaxPool((2, 4)), IMAGE, NO_POOLS),
    Sample(lux.AdaptiveMeanPool((4,)), normal(3, 5), (IMAGE, normal(3), normal(3, 0))),
    Sample(lux.AdaptiveLPPool((2, 3), p=4), IMAGE, NO_POOLS),
    Sample(lux.GlobalMaxPool(), IMAGE, (normal(3), normal(3, 0), number)),
    Sample(lux.GlobalMeanPool(), IMAGE, (normal(3), normal(3, 0), number)),
    Sample(lux.GlobalLPPool(p=3), IMAGE, (normal(3), normal(3, 0), number)),
    Sample(lux.Upsample(2), IMAGE, (normal(3), number)),
    Sample(lux.Upsample("bilinear", scale=(2, 3)), IMAGE, NO_POOLS),
    Sample(lux.Upsample("linear", size=7, align_corners=True), normal(3, 5), (IMAGE, normal(3), number)),
    Sample(lux.PixelShuffle(2), normal(8, 3, 2), (normal(6, 3, 2), normal(8), number)),
    # --- normalisation
    Sample(lux.BatchNorm(3), IMAGE, (normal(2, 5, 6), normal(5), number), least=2),
    Sample(lux.BatchNorm(4, nn.tanh, track_stats=False), ROWS, (normal(3), number), apart=False, least=2),
    Sample(lux.BatchNorm(4, affine=False), ROWS, (normal(3), number), least=2),
    Sample(lux.InstanceNorm(3), IMAGE, (*NO_IMAGES, number)),
    Sample(lux.InstanceNorm(3, nn.tanh, affine=True, track_stats=True), IMAGE, (*NO_IMAGES, number)),
    Sample(lux.GroupNorm(6, 3, nn.tanh), normal(6, 4), (normal(5, 4), number)),
    Sample(lux.LayerNorm((3, 2)), normal(4, 3, 2), (normal(2, 3), normal(), number)),
    Sample(lux.LayerNorm(4, affine=False), ROWS, NO_ROWS),
    Sample(lux.RMSNorm(4, nn.tanh), ROWS, NO_ROWS),
    # --- embeddings and attention
    Sample(lux.Embedding(6, 3), numbers(6, 2), (normal(2), lambda n: np.full(n, 6), lambda n: np.full(n, -1))),
    Sample(lux.Embedding((3, 4), 5), both(numbers(3), numbers(4)), (numbers(3), both(numbers(3), normal()))),
    Sample(lux.SinusoidalPositionalEmbedding(6), normal(2), integers=True),
    Sample(lux.RotaryPositionalEmbedding(4, 7), normal(5, 2, 4), (normal(5, 2, 3), normal(8, 2, 4), normal(4)),
           unsaid=(7,)),
    Sample(lux.RotaryPositionalEmbedding(4, 7, low_memory_variant=False), both(normal(5, 2, 4), numbers(7, 5)),
           (both(normal(5, 2, 4), normal(5)), both(normal(5, 2, 4), numbers(60, 5))), unsaid=(7,)),
    Sample(lux.MultiHeadAttention(4, nheads=2), normal(5, 4), (normal(5, 3), normal(), both(normal(5, 4))),
           unsaid=(2,)),
    Sample(lux.MultiHeadAttention((4, 6, 3), nheads=3, is_causal=True, attention_dropout_probability=0.3),
           normal(5, 4), (normal(5, 3), normal())),
    Sample(lux.MultiHeadAttention(((4, 3, 2), (4, 6), 5), nheads=2, dense_kwargs={"use_bias": True}),
           both(normal(5, 4), normal(5, 3), normal(5, 2), causal(5)),
           (both(normal(5, 4), normal(5, 3), normal(4, 2)), both(normal(5, 4), normal(5, 4), normal(5, 2)))),
    # --- recurrence
    Sample(lux.RNNCell(3, 4), later(normal(3), normal(4)), (later(normal(3), normal(3)), both(normal(3), normal(4)))),
    Sample(lux.RNNCell(3, 4, nn.softplus, use_bias=False, init_state=randn32), normal(3),
           (normal(2), normal(5, 3), number), apart=False),
    Sample(lux.LSTMCell(3, 4, train_state=True, train_memory=True), normal(3), (normal(2), normal(5, 3), number)),
    Sample(lux.LSTMCell(3, 2), later(normal(3), normal(2), normal(2)),
           (later(normal(3), normal(2)), later(normal(3), normal(2), normal(3)))),
    Sample(lux.GRUCell(3, 4), later(normal(3), normal(4)), (later(normal(3)), later(normal(2), normal(4)))),
    Sample(lux.GRUCell(3, 4, use_bias=False, train_state=True), normal(3), (normal(2), normal(5, 3), number)),
    Sample(lux.Recurrence(lux.LSTMCell(3, 2)), SEQUENCE, NO_SEQUENCES),
    Sample(lux.Recurrence(lux.GRUCell(3, 2), ordering=lux.TimeLastIndex(), return_sequence=True), moments(5, 3),
           (moments(5, 2), moments(0, 3)), batch_axis=1),
    Sample(lux.Recurrence(Leaky(3), return_sequence=True), SEQUENCE, (normal(0, 3),), integers=True, own=True),
    Sample(lux.StatefulRecurrentCell(lux.RNNCell(3, 4, train_state=True)), normal(3),
           (normal(2), normal(5, 3), number)),
    Sample(lux.BidirectionalRNN(lux.GRUCell(3, 2)), SEQUENCE, NO_SEQUENCES),
    Sample(lux.BidirectionalRNN(lux.LSTMCell(3, 2), lux.RNNCell(3, 2), merge_mode=None), SEQUENCE, NO_SEQUENCES),
    Sample(Leaky(3), later(normal(3), normal(3)), integers=True, own=True),
]

# What is no layer by itself.
ABSTRACT = {
    "AbstractLuxLayer": "what a layer is: it does not say what it computes",
    "AbstractLuxContainerLayer": "a layer of layers that does not say in which order it calls them",
    "AbstractLuxWrapperLayer": "a layer around one that its subclass names",
    "AbstractRecurrentCell": "a layer for one moment that does not say what it computes",
}
