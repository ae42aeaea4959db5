"""The printed form of models, character by character as Lux prints it.

The layers of other families that stand in Lux's examples are stood in for by layers which have nothing but a line, a
number of parameters and a number of states.
"""
import functools
import operator

import numpy as np
import pytest

from arraylux.layers import (
    AbstractLuxContainerLayer,
    AbstractLuxLayer,
    AbstractLuxWrapperLayer,
    Chain,
    Dense,
    Dropout,
    FlattenLayer,
    NoOpLayer,
    WrappedFunction,
    display_name,
)
from arraylux.layers.display import call_form
from arraylux.nn import leakyrelu, relu, tanh

pytestmark = pytest.mark.filterwarnings("error")


class Printed(AbstractLuxLayer):
    """A layer that prints itself as `line`."""

    line: str
    parameters: int = 0
    states: int = 0

    def description(self):
        return self.line

    def parameterlength(self):
        return self.parameters

    def statelength(self):
        return self.states


def batch_norm(channels, activation=""):
    return Printed(f"BatchNorm({channels}{activation}, affine=true, track_stats=true)", 2 * channels, 2 * channels + 1)


class Parallel(AbstractLuxContainerLayer):
    """A container that prints a function beside its layers, as Lux's Parallel does."""

    connection: object
    layer_1: object
    layer_2: object
    sublayers = ("layer_1", "layer_2")

    def printed_children(self):
        return {"connection": self.connection, **super().printed_children()}


class Blocks(AbstractLuxContainerLayer):
    w1: object
    w2: object
    w3: object
    sublayers = ("w1", "w2", "w3")


class Wrapper(AbstractLuxWrapperLayer):
    layer: object
    wrapped = "layer"


def test_a_chain_with_states():
    model = Chain(Dense(784, 64), batch_norm(64, ", relu"), Dense(64, 10), batch_norm(10))
    assert repr(model) == """\
Chain(
    layer_1 = Dense(784 => 64),                   # 50_240 parameters
    layer_2 = BatchNorm(64, relu, affine=true, track_stats=true),  # 128 parameters, plus 129 non-trainable
    layer_3 = Dense(64 => 10),                    # 650 parameters
    layer_4 = BatchNorm(10, affine=true, track_stats=true),  # 20 parameters, plus 21 non-trainable
)         # Total: 51_038 parameters,
          #        plus 150 states."""


def test_a_named_chain():
    model = Chain(Dense(2, 3, relu), batch_norm(3), Dense(3, 2), name="MyFancyChain")
    assert repr(model) == """\
MyFancyChain(
    layer_1 = Dense(2 => 3, relu),                # 9 parameters
    layer_2 = BatchNorm(3, affine=true, track_stats=true),  # 6 parameters, plus 7 non-trainable
    layer_3 = Dense(3 => 2),                      # 8 parameters
)         # Total: 23 parameters,
          #        plus 7 states."""
    assert display_name(model) == "MyFancyChain"


def test_a_chain_in_a_chain():
    model = Chain(d1=Dense(2, 4, tanh), d3=Chain(l1=Dense(4, 2), l2=Dense(2, 4)), d2=Dense(4, 2))
    assert repr(model) == """\
Chain(
    d1 = Dense(2 => 4, tanh),                     # 12 parameters
    d3 = Chain(
        l1 = Dense(4 => 2),                       # 10 parameters
        l2 = Dense(2 => 4),                       # 12 parameters
    ),
    d2 = Dense(4 => 2),                           # 10 parameters
)         # Total: 44 parameters,
          #        plus 0 states."""


def test_equal_neighbours_share_a_line():
    assert repr(Parallel(operator.add, Dense(2, 1), Dense(2, 1))) == """\
Parallel(
    connection = add,
    layer_(1-2) = Dense(2 => 1),                  # 6 (3 x 2) parameters
)         # Total: 6 parameters,
          #        plus 0 states."""
    assert repr(Chain(NoOpLayer(), NoOpLayer(), NoOpLayer())) == """\
Chain(
    layer_(1-3) = NoOpLayer(),
)         # Total: 0 parameters,
          #        plus 0 states."""


def test_layers_in_a_dict():
    model = Blocks(Dense(1, 128), {str(i): Dense(128, 128) for i in (1, 2, 3)}, Dense(128, 1))
    assert repr(model) == """\
Blocks(
    w1 = Dense(1 => 128),                         # 256 parameters
    w2 = dict(
        (1-3) = Dense(128 => 128),                # 49_536 (16_512 x 3) parameters
    ),
    w3 = Dense(128 => 1),                         # 129 parameters
)         # Total: 49_921 parameters,
          #        plus 0 states."""


def test_equal_blocks_multiply_what_is_in_them():
    norm, dense = Printed("Norm(3)", 6, 7), Dense(3, 1)
    block = Chain(norm, norm, dense)
    model = Chain(a1=block, a2=block, a4=block, b=dense, c=dense, d_1=dense, d_2=Dense(3, 1, use_bias=False))
    assert repr(model) == """\
Chain(
    a(1-2) = Chain(
        layer_(1-2) = Norm(3),                    # 24 (6 x 4) parameters, plus 28 (7 x 4) non-trainable
        layer_3 = Dense(3 => 1),                  # 8 (4 x 2) parameters
    ),
    a4 = Chain(
        layer_(1-2) = Norm(3),                    # 12 (6 x 2) parameters, plus 14 (7 x 2) non-trainable
        layer_3 = Dense(3 => 1),                  # 4 parameters
    ),
    b = Dense(3 => 1),                            # 4 parameters
    c = Dense(3 => 1),                            # 4 parameters
    d_1 = Dense(3 => 1),                          # 4 parameters
    d_2 = Dense(3 => 1, use_bias=false),          # 3 parameters
)         # Total: 63 parameters,
          #        plus 42 states."""


def test_a_wrapper_prints_what_is_inside():
    assert repr(Wrapper(Dense(2, 2))) == """\
Wrapper(
    layer = Dense(2 => 2),                        # 6 parameters
)         # Total: 6 parameters,
          #        plus 0 states."""
    assert repr(Wrapper({"a": Dense(2, 2)})).startswith("""\
Wrapper(
    a = Dense(2 => 2),                            # 6 parameters
""")


def test_a_layer_by_itself():
    assert repr(Printed("Linear(3 => 1)", 3)) == "Linear(3 => 1)               # 3 parameters"
    assert repr(Printed("FrozenLayer(Dense(2 => 2), (:weight,))", 2, 4)) == (
        "FrozenLayer(Dense(2 => 2), (:weight,))  # 2 parameters, plus 4 non-trainable")
    assert repr(Dense(10, 5)) == "Dense(10 => 5)               # 55 parameters"


@pytest.mark.parametrize(("layer", "line"), [
    (Dense(2, 3, relu), "Dense(2 => 3, relu)"), (Dense(5, 5, use_bias=False), "Dense(5 => 5, use_bias=false)"),
    (Dense(2, 3, np.tanh, use_bias=False), "Dense(2 => 3, tanh, use_bias=false)"),
    (Dense(2, 3, functools.partial(leakyrelu, a=0.2)), "Dense(2 => 3, leakyrelu)"), (Dropout(0.5), "Dropout(0.5)"),
    (Dropout(0.5, dims=(0, 1)), "Dropout(0.5, dims=(0, 1))"), (NoOpLayer(), "NoOpLayer()"),
    (FlattenLayer(), "FlattenLayer()"), (FlattenLayer(2), "FlattenLayer(N=2)"),
    (WrappedFunction(relu), "WrappedFunction(relu)"), (Chain(Dense(2, 3)), "Chain"),
])
def test_one_line_forms(layer, line):
    assert layer.description() == line
    if "#" not in repr(layer):
        assert repr(layer) == line


def test_a_layer_of_ones_own_prints_its_fields():
    class Linear(AbstractLuxLayer):
        in_dims: int
        out_dims: int
        biased: bool

        def initialparameters(self, rng):
            return {"weight": rng.random((self.out_dims, self.in_dims)), "gain": np.ones(())}

    assert repr(Linear(3, 1, False)) == "Linear(3, 1, false)          # 4 parameters"
    assert repr(AbstractLuxLayer()) == "AbstractLuxLayer()"
    assert call_form("Conv", (3, 3), "1 => 16", relu, stride=2, groups=None) == "Conv((3, 3), 1 => 16, relu, stride=2)"
