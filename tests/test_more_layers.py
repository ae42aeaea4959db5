"""Containers, wrappers, and layers that scale, multiply and rearrange: the contract, values by hand, refusals."""
import copy
import json
import operator
import pickle
from pathlib import Path

import array_api_strict
import numpy as np
import pytest
from test_layers import assert_same, check_other_libraries, words

import arraylux as lux
from arraylux import nn, tree
from arraylux.component import ComponentArray
from arraylux.layers import Chain, Dense, Dropout, NoOpLayer, setup
from arraylux.layers.bilinear import Bilinear, Scale
from arraylux.layers.branching import BranchLayer, Maxout, PairwiseFusion, Parallel, SkipConnection
from arraylux.layers.errors import LayerError
from arraylux.layers.helpers import ReshapeLayer, ReverseSequence, SelectDim
from arraylux.layers.wrapping import AlternatePrecision, RepeatedLayer
from arraylux.random import Xoshiro

pytestmark = pytest.mark.filterwarnings("error")


def pair_sum(pair):
    return pair[0] + pair[1]


def first_of(pair):
    return pair[0]


def second_times_third(a, b, c):
    return b * c


JOINT = Chain(pair_sum, Dense(4, 3))
LAYERS = [
    SkipConnection(Dense(4, 4), operator.add), SkipConnection(Chain(Dense(4, 4), Dropout(0.5)), JOINT),
    Parallel(operator.add, Dense(4, 2), Dense(4, 2)), Parallel(JOINT, a=Dense(4, 4), b=Dropout(0.5), name="Twins"),
    BranchLayer(Dense(4, 2), Dropout(0.5), Dense(4, 4), fusion=second_times_third),
    BranchLayer(a=Dense(4, 4), b=NoOpLayer(), fusion=JOINT),
    PairwiseFusion(operator.add, Dense(4, 4, nn.tanh), Dense(4, 4)), Maxout(Dense(4, 3), Dense(4, 3)),
    Maxout(lambda: Dense(4, 3), 3), RepeatedLayer(Chain(Dense(4, 4, nn.tanh), Dropout(0.2)), repeats=3),
    RepeatedLayer(Chain(pair_sum, Dense(4, 4, nn.tanh)), repeats=2, input_injection=True),
    AlternatePrecision(np.float64, Dense(4, 3)), Scale(4), Scale(4, nn.relu, use_bias=False), Bilinear(4, 3),
    Bilinear((4, 4), 6, nn.tanh, use_bias=False), ReshapeLayer((2, 2)), ReshapeLayer((-1, 1)), SelectDim(1, 2),
    SelectDim(-1, [0, -1]), ReverseSequence(), ReverseSequence(0),
]
named = pytest.mark.parametrize("model", LAYERS, ids=lambda model: model.description())


def rows(dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal((5, 4)).astype(dtype)


# --- the contract -------------------------------------------------------------------------------------------------
@named
@pytest.mark.parametrize("make_rng", [np.random.default_rng, Xoshiro])
def test_calls_are_pure(model, make_rng):
    ps, st = setup(make_rng(0), model)
    x = rows(np.float32)
    before = copy.deepcopy((x, ps, st))
    y, after = model(x, ps, st)
    assert_same((y, after), model(x, ps, st))
    assert_same((x, ps, st), before)
    assert tree.flatten(st)[1] == tree.flatten(after)[1]
    assert y.dtype == np.float32


@named
def test_dtypes_are_kept(model):
    ps, st = setup(np.random.default_rng(0), model)
    assert all(leaf.dtype == np.float32 for leaf in tree.leaves(ps))
    for dtype in (np.float16, np.float32, np.float64):
        moved = tree.map(lambda leaf, dtype=dtype: leaf.astype(dtype), ps)
        assert model(rows(dtype), moved, st)[0].dtype == dtype


@named
def test_counts_and_sizes_agree_with_what_is_drawn_and_computed(model):
    ps, st = setup(np.random.default_rng(0), model)
    assert lux.parameterlength(model) == lux.parameterlength(ps)
    assert lux.statelength(model) == lux.statelength(st)
    if model != ReverseSequence(0):
        assert lux.outputsize(model, rows(np.float32), np.random.default_rng(0)) == model(
            rows(np.float32), ps, st)[0].shape[1:]


@named
def test_layers_are_values(model):
    assert hash(copy.copy(model)) == hash(model) and copy.copy(model) == model
    twin = pickle.loads(pickle.dumps(model))
    assert twin == model and repr(twin) == repr(model)
    assert model != Dense(7, 7)
    with pytest.raises(AttributeError):
        model.anything = 1


@named
def test_component_arrays_serve_as_parameters(model):
    ps, st = setup(np.random.default_rng(0), model)
    flat = ComponentArray(ps)
    assert_same(model(rows(np.float32), ps, st)[0], model(rows(np.float32), flat, st)[0])
    if lux.parameterlength(model):
        gradient = lux.grad(lambda p: model(rows(np.float32), p, st)[0].sum())
        assert_same(tree.leaves(gradient(flat)), tree.leaves(gradient(ps)))


@named
def test_other_libraries_and_devices(model):
    check_other_libraries(model, rows(np.float32))


@named
def test_gradients_in_both_modes_and_twice(model):
    ps, st = setup(np.random.default_rng(0), model)
    ps, x = lux.f64(ps), rows()
    weights = np.random.default_rng(9).standard_normal(model(x, ps, st)[0].shape)

    def loss(both):
        return (model(both[1], both[0], st)[0] ** 2 * weights).sum()
    direction = tree.map(lambda leaf: np.random.default_rng(1).standard_normal(leaf.shape), (ps, x))

    def along(h):
        return tree.map(lambda a, d: a + h * d, (ps, x), direction)
    h = 1e-6
    gradient = lux.grad(loss)((ps, x))
    slope = sum((g * d).sum() for g, d in zip(tree.leaves(gradient), tree.leaves(direction), strict=True))
    assert slope == pytest.approx((loss(along(h)) - loss(along(-h))) / (2 * h), rel=1e-6, abs=1e-7)
    assert lux.jvp(loss, ((ps, x),), (direction,))[1] == pytest.approx(slope, rel=1e-12)

    def slope_along(both):
        return lux.jvp(loss, (both,), (direction,))[1]
    second = lux.jvp(slope_along, ((ps, x),), (direction,))[1]
    assert second == pytest.approx((slope_along(along(h)) - slope_along(along(-h))) / (2 * h), rel=1e-5, abs=1e-6)


# --- containers ---------------------------------------------------------------------------------------------------
X = np.array([[1.0, 4.0]])


def call(model, x, rng=None):
    ps, st = setup(rng, model)
    return model(x, ps, st)[0]


def test_skip_connection_by_hand():
    np.testing.assert_array_equal(call(SkipConnection(np.square, np.subtract), X), [[0.0, 12.0]])       # f(x) first
    np.testing.assert_array_equal(call(SkipConnection(np.square, Chain(first_of)), X), [[1.0, 16.0]])   # gets the pair
    ps, st = setup(np.random.default_rng(0), SkipConnection(Dropout(0.5), Chain(first_of, Dense(2, 2))))
    assert list(ps) == list(st) == ["layers", "connection"] and set(st["layers"]) == {"rng", "training"}
    ps, st = setup(np.random.default_rng(0), SkipConnection(Dense(2, 2), np.add))
    assert set(ps) == {"weight", "bias"} and st == {}


def test_parallel_by_hand():
    model = Parallel(np.subtract, np.square, np.sqrt)
    np.testing.assert_array_equal(call(model, X), [[0.0, 14.0]])
    np.testing.assert_array_equal(call(model, (X, 4 * X)), [[-1.0, 12.0]])
    a, b = call(Parallel(None, np.square, np.sqrt), X)
    np.testing.assert_array_equal(a, [[1.0, 16.0]])
    np.testing.assert_array_equal(b, [[1.0, 2.0]])
    assert call(Parallel(None, np.square), (X,))[0].shape == X.shape
    ps, _ = setup(np.random.default_rng(0), Parallel(JOINT, a=Dense(4, 4), b=Dense(4, 4)))
    assert list(ps) == ["layers", "connection"] and list(ps["layers"]) == ["a", "b"]
    assert list(setup(np.random.default_rng(0), Parallel(connection=np.add, a=Dense(4, 4)))[0]) == ["a"]


def test_branch_layer_by_hand():
    np.testing.assert_array_equal(call(BranchLayer(np.square, np.sqrt, fusion=np.subtract), X), [[0.0, 14.0]])
    found = call(BranchLayer(first_of, NoOpLayer()), (X, 2 * X))            # the tuple goes to every layer whole
    np.testing.assert_array_equal(found[0], X)
    assert isinstance(found, tuple) and isinstance(found[1], tuple)
    ps, _ = setup(np.random.default_rng(0), BranchLayer(Dense(4, 4), Dense(4, 4), fusion=JOINT))
    assert list(ps) == ["layers", "fusion"]


def test_pairwise_fusion_by_hand():
    model = PairwiseFusion(np.subtract, np.square, np.sqrt)                 # the layer's result comes first
    np.testing.assert_array_equal(call(model, (np.array([5.0]), np.array([9.0]), np.array([1.0]))), [3.0])
    np.testing.assert_array_equal(call(PairwiseFusion(np.subtract, np.square), np.array([5.0])), [20.0])


def test_maxout_by_hand():
    np.testing.assert_array_equal(call(Maxout(np.square, np.sqrt, NoOpLayer()), np.array([0.25, 2.0])), [0.5, 4.0])
    ps, _ = setup(np.random.default_rng(0), Maxout(lambda: Dense(2, 3), 4))
    assert list(ps) == ["layer_1", "layer_2", "layer_3", "layer_4"]
    assert (ps["layer_1"]["weight"] != ps["layer_2"]["weight"]).any()
    assert Maxout(lambda: Dense(2, 3), 2) == Maxout(Dense(2, 3), Dense(2, 3))


def test_order_and_names_make_a_difference():
    a, b = Dense(2, 2), Dense(2, 2, nn.relu)
    assert Parallel(None, a=a, b=b) != Parallel(None, b=b, a=a)
    assert Parallel(None, a, b) != Parallel(np.add, a, b) and Parallel(None, a) != BranchLayer(a)
    assert Parallel(None, {"a": a, "b": b}) == Parallel(None, a=a, b=b)


def test_printed_forms():
    assert repr(Parallel(operator.add, Dense(2, 1), Dense(2, 1))) == """\
Parallel(
    connection = add,
    layer_(1-2) = Dense(2 => 1),                  # 6 (3 x 2) parameters
)         # Total: 6 parameters,
          #        plus 0 states."""
    assert repr(BranchLayer(Dense(2, 1), Dense(2, 3), fusion=operator.mul, name="Fork")) == """\
Fork(
    layer_1 = Dense(2 => 1),                      # 3 parameters
    layer_2 = Dense(2 => 3),                      # 9 parameters
    fusion = mul,
)         # Total: 12 parameters,
          #        plus 0 states."""
    assert repr(RepeatedLayer(Dense(2, 2))) == """\
RepeatedLayer{nrepeats = 10, input_injection = false}(
    model = Dense(2 => 2),                        # 6 parameters
)         # Total: 6 parameters,
          #        plus 0 states."""
    assert repr(AlternatePrecision("bfloat16", Dense(2, 2))).startswith("AlternatePrecision{BFloat16}(\n    layer = ")
    assert repr(Maxout(Dense(2, 2), name="Max")).startswith("Max(\n    layer_1 = Dense(2 => 2),  ")


@pytest.mark.parametrize(("layer", "line"), [
    (Scale(2), "Scale(2)"), (Scale(2, 3, nn.relu), "Scale(2, 3, relu)"), (Scale(2, use_bias=False),
                                                                          "Scale(2, use_bias=false)"),
    (Bilinear((2, 3), 5), "Bilinear((2, 3) => 5)"), (Bilinear(3, 1, nn.tanh), "Bilinear((3, 3) => 1, tanh)"),
    (ReshapeLayer((2, 2)), "ReshapeLayer(output_dims = (:, 2, 2))"),
    (SelectDim(1, -1), "SelectDim(dim = 1, index = -1)"),
    (ReverseSequence(), "ReverseSequence()"), (ReverseSequence(2), "ReverseSequence(dim=2)"),
])
def test_one_line_forms(layer, line):
    assert layer.description() == line


# --- wrappers -----------------------------------------------------------------------------------------------------
def test_repeated_layer_by_hand():
    model = RepeatedLayer(lambda x: 2 * x + 1, repeats=3)
    np.testing.assert_array_equal(call(model, np.array([1.0])), [15.0])
    np.testing.assert_array_equal(call(RepeatedLayer(pair_sum, repeats=4, input_injection=True), X), 5 * X)
    model = RepeatedLayer(Dropout(0.5), repeats=2)
    ps, st = setup(np.random.default_rng(0), model)
    _, after = model(np.ones(100), ps, st)
    twice = np.random.default_rng(0)
    twice.random()
    assert words(after["rng"]) != words(st["rng"]) and set(after) == set(st)
    y, one = Dropout(0.5)(np.ones(100), {}, st)
    z, two = Dropout(0.5)(y, {}, one)
    np.testing.assert_array_equal(model(np.ones(100), ps, st)[0], z)
    assert words(two["rng"]) == words(after["rng"])


def test_alternate_precision():
    seen = []
    model = AlternatePrecision(np.float64, lambda x: seen.append(x.dtype) or x)
    assert call(model, np.ones(2, np.float32)).dtype == np.float32 and seen == [np.float64]
    y = call(AlternatePrecision("float16", NoOpLayer()), np.array([1 + 2.0**-12]))
    assert y == 1.0 and y.dtype == np.float64
    y = call(AlternatePrecision("float32", NoOpLayer()), np.array([1j + 2.0**-40 + 1]))
    assert y.dtype == np.complex128 and y == 1j + 1
    assert call(model, np.ones(2, np.int64)).dtype == np.int64
    assert AlternatePrecision(np.dtype("float32"), nn.relu) == AlternatePrecision("float32", nn.relu)
    assert AlternatePrecision(array_api_strict.float32, nn.relu) == AlternatePrecision("float32", nn.relu)


# --- Scale and Bilinear ---------------------------------------------------------------------------------------------
def test_scale_by_hand():
    ps, st = setup(np.random.default_rng(0), Scale(2, 3))
    np.testing.assert_array_equal(ps["weight"], np.ones((2, 3)))
    np.testing.assert_array_equal(ps["bias"], np.zeros((2, 3)))
    ps = {"weight": np.array([2.0, -1.0]), "bias": np.array([0.5, 0.0])}
    x = np.array([[[1.0, 2.0]], [[0.0, -3.0]]])
    np.testing.assert_array_equal(Scale(2)(x, ps, st)[0], [[[2.5, -2.0]], [[0.5, 3.0]]])
    np.testing.assert_array_equal(Scale((2,), activation=nn.relu)(x, ps, st)[0], [[[2.5, 0.0]], [[0.5, 3.0]]])
    np.testing.assert_array_equal(Scale(2)(x[..., :1], ps, st)[0], [[[2.5, -1.0]], [[0.5, 0.0]]])
    assert Scale(2, nn.relu) == Scale(2, activation=nn.relu) != Scale(2)


CASES = json.loads((Path(__file__).parent / "data" / "bilinear.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(np.shape(case["weight"])))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("xp", [np, array_api_strict], ids=["numpy", "strict"])
def test_bilinear_against_pytorch(case, dtype, xp):
    x, y, weight, bias, g = (xp.asarray(case[name], dtype=getattr(xp, dtype))
                             for name in ("x", "y", "weight", "bias", "g"))
    n, m = weight.shape[1:]
    model = Bilinear((n, m), weight.shape[0])
    z, _ = model((x, y), {"weight": weight, "bias": bias}, {})
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(np.asarray(z), np.asarray(case["z"]), **tolerance)
    assert z.dtype == getattr(xp, dtype)
    without, _ = Bilinear((n, m), weight.shape[0], use_bias=False)((x, y), {"weight": weight}, {})
    np.testing.assert_allclose(np.asarray(without), np.asarray(case["z"]) - np.asarray(case["bias"]), **tolerance)

    def loss(ps, x, y):
        return lux.array_namespace(x).sum(model((x, y), ps, {})[0] * g)
    dps, dx, dy = lux.grad(loss, argnums=(0, 1, 2))({"weight": weight, "bias": bias}, x, y)
    for found, name in ((dps["weight"], "dweight"), (dps["bias"], "dbias"), (dx, "dx"), (dy, "dy")):
        np.testing.assert_allclose(np.asarray(found), np.asarray(case[name]), **tolerance)


def test_bilinear_is_drawn_as_documented():
    ps, _ = setup(np.random.default_rng(0), Bilinear((25, 3), 200))
    for p in ps.values():
        assert abs(p).max() <= 0.2 < abs(p).max() * 1.05 and abs(p.mean()) < 0.02
    ps, _ = setup(np.random.default_rng(0), Bilinear(2, 2, init_weight=lux.initializers.ones32,
                                                     init_bias=lux.initializers.zeros32))
    np.testing.assert_array_equal(ps["weight"], np.ones((2, 2, 2)))
    np.testing.assert_array_equal(ps["bias"], np.zeros(2))
    with pytest.raises(ValueError, match=r"bilinear: x \(2, 3\) and y \(2, 3\) must have the same axes"):
        lux.bilinear(np.ones((2, 3)), np.ones((2, 3)), np.ones((4, 3, 2)))
    with pytest.raises(ValueError, match=r"bilinear: bias must have the shape \(4,\)"):
        lux.bilinear(np.ones((2, 3)), np.ones((2, 2)), np.ones((4, 3, 2)), np.ones(3))


# --- rearranging ----------------------------------------------------------------------------------------------------
def test_rearranging_by_hand():
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(call(ReshapeLayer((4, 3)), x), x.reshape(2, 4, 3))
    np.testing.assert_array_equal(call(ReshapeLayer((2, -1)), x), x.reshape(2, 2, 6))
    np.testing.assert_array_equal(call(ReshapeLayer(12), x), x.reshape(2, 12))
    assert call(ReshapeLayer((3, -1)), np.zeros((0, 6))).shape == (0, 3, 2)
    np.testing.assert_array_equal(call(SelectDim(2, 1), x), x[:, :, 1])
    np.testing.assert_array_equal(call(SelectDim(0, -1), x), x[1])
    np.testing.assert_array_equal(call(SelectDim(1, range(2)), x), x[:, :2])
    np.testing.assert_array_equal(call(SelectDim(-2, np.array([2, -3])), x), x[:, [2, 0]])
    np.testing.assert_array_equal(call(ReverseSequence(), x), x[:, ::-1])
    np.testing.assert_array_equal(call(ReverseSequence(-1), x), x[..., ::-1])
    np.testing.assert_array_equal(call(ReverseSequence(), x[0, 0]), x[0, 0, ::-1])
    assert SelectDim(1, [0]) == SelectDim(1, (0,)) != SelectDim(1, 0)


# --- what can not be built or called --------------------------------------------------------------------------------
@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda: Parallel(np.add), TypeError, r"Parallel needs at least one layer"),
    (lambda: Parallel(3, nn.relu), TypeError, r"Parallel: connection must be a function or a layer, got 3"),
    (lambda: Parallel(None, 3.0), TypeError, r"Parallel: layer_1 is a float, expected a layer or a function"),
    (lambda: BranchLayer(nn.relu, a=nn.relu), TypeError, r"BranchLayer: layers came by position and by keyword"),
    (lambda: SkipConnection(Dense, np.add), TypeError, r"SkipConnection: layers is the class Dense"),
    (lambda: PairwiseFusion(None, nn.relu), TypeError, r"PairwiseFusion: connection must be a function .* got None"),
    (lambda: PairwiseFusion(Dense(2, 2), nn.relu), TypeError, r"such as numpy\.add, got Dense"),
    (lambda: Maxout(lambda: Dense(2, 2), 0), ValueError, r"Maxout: the number of alternatives must be positive, got 0"),
    (lambda: Maxout(Dense(2, 2), 3), TypeError, r"Maxout: before a number comes a function that makes a layer"),
    (lambda: RepeatedLayer(nn.relu, repeats=0), ValueError, r"repeats must be a positive integer, got 0"),
    (lambda: RepeatedLayer(3), TypeError, r"RepeatedLayer: model is a int"),
    (lambda: AlternatePrecision(np.int32, nn.relu), TypeError, r"AlternatePrecision: dtype must be a real floating-po"),
    (lambda: AlternatePrecision(None, nn.relu), TypeError, r"got None"),
    (lambda: AlternatePrecision("complex64", nn.relu), TypeError, r"got 'complex64'"),
    (lambda: Scale(), TypeError, r"Scale needs the shape to scale, as in Scale\(10\)"),
    (lambda: Scale(2, 0), ValueError, r"Scale: each of dims must be a positive integer, got 0"),
    (lambda: Scale(2, activation=3), TypeError, r"Scale: activation must be a function of an array, got 3"),
    (lambda: Bilinear((2, 3, 4), 2), ValueError, r"Bilinear: in_dims must be a pair of integers"),
    (lambda: Bilinear(2, -1), ValueError, r"Bilinear: out_dims must be a positive integer, got -1"),
    (lambda: Bilinear(2, 2, True), TypeError, r"Bilinear: activation must be a function of an array, got True"),
    (lambda: ReshapeLayer((2, 0)), ValueError, r"ReshapeLayer: dims must be positive integers, one of which may be -1"),
    (lambda: ReshapeLayer((-1, -1)), ValueError, r"got \(-1, -1\); the batch axis is not one of them"),
    (lambda: SelectDim(1, 0.5), TypeError, r"SelectDim: dim must be an integer and i an integer or a tuple of them"),
    (lambda: ReverseSequence("time"), TypeError, r"ReverseSequence: dim must be an integer, or None for axis 1"),
])
def test_what_can_not_be_built(make, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)


F = np.ones((2, 3), np.float32)
B_PS = setup(np.random.default_rng(0), Bilinear((3, 2), 4))[0]
S_PS = setup(np.random.default_rng(0), Scale(3))[0]


@pytest.mark.parametrize(("model", "x", "ps", "error", "sentence"), [
    (Parallel(None, np.abs, np.abs), (F,), {"layer_1": {}, "layer_2": {}}, ValueError,
     r"Parallel: x is a tuple of 1, expected one array or a tuple of 2, one for each layer; BranchLayer hands"),
    (PairwiseFusion(np.add, np.abs), (F,), {"layer_1": {}}, ValueError,
     r"x is a tuple of 1, expected one array or a tuple of 2, the start and one for each layer"),
    (Maxout(Dense(3, 2), Dense(3, 4)), F, setup(np.random.default_rng(0), Maxout(Dense(3, 2), Dense(3, 4)))[0],
     TypeError, r"Maxout: the layers' results have the shapes \(2, 2\), \(2, 4\), expected one shape"),
    (SkipConnection(np.abs, Chain(np.abs)), F, {}, KeyError, r"ps must be a dict with the keys 'layers', 'connection'"),
    (Parallel(None, np.abs), F, {"layer_2": {}}, KeyError, r"ps must be a dict with the keys 'layer_1', got 'layer_2'"),
    (Scale(4), F, setup(np.random.default_rng(0), Scale(4))[0], ValueError,
     r"Scale\(4\): x has the shape \(2, 3\), expected \(\.\.\., 4\); reshape it"),
    (Scale(3), F.astype(int), S_PS, TypeError, r"x has dtype int64, expected a floating-point one"),
    (Scale(3), F, {"weight": S_PS["weight"]}, KeyError, r"ps must be a dict with the keys 'weight', 'bias'"),
    (Scale(3), F, {**S_PS, "bias": np.ones(2)}, ValueError, r"parameter bias must have the shape \(3,\)"),
    (Scale(3), array_api_strict.asarray(F), S_PS, TypeError, r"x is an array of array_api_strict, parameter weight"),
    (Bilinear((3, 2), 4), F, B_PS, ValueError,
     r"the inputs have the shapes \(2, 3\) and \(2, 3\), expected \(\.\.\., 3\) and \(\.\.\., 2\) with the same axes"),
    (Bilinear((3, 2), 4), (F, F[:1, :2]), B_PS, ValueError, r"\(2, 3\) and \(1, 2\)"),
    (Bilinear((3, 2), 4), (F, F, F), B_PS, TypeError, r"x is a tuple of 3, expected a pair of arrays"),
    (Bilinear((3, 2), 4), (F, [1.0]), B_PS, TypeError, r"the second input is a list, expected a floating-point array"),
    (Bilinear((3, 2), 4), (F, array_api_strict.asarray(F[:, :2])), B_PS, TypeError, r"an array of array_api_strict"),
    (ReshapeLayer((2, 2)), F, {}, ValueError, r"x has the shape \(2, 3\), expected samples of 4 numbers; add a batch"),
    (ReshapeLayer((2, -1)), F, {}, ValueError, r"expected samples of 2 numbers, or a multiple of it"),
    (ReshapeLayer((2,)), [1.0], {}, TypeError, r"x is a list, expected an array; convert it"),
    (SelectDim(2, 0), F, {}, ValueError, r"x has the shape \(2, 3\), expected one with an axis 2; change dim"),
    (SelectDim(1, 3), F, {}, ValueError, r"expected an axis 1 with the element 3; count from 0"),
    (ReverseSequence(1), F[0], {}, ValueError, r"ReverseSequence\(dim=1\): x has the shape \(3,\), expected one with"),
    (ReverseSequence(), np.float32(1), {}, ValueError, r"x has the shape \(\), expected one with an axis 0"),
])
def test_what_can_not_be_called(model, x, ps, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        model(x, ps, setup(np.random.default_rng(0), model)[1])
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("model", "path"), [
    (SkipConnection(Dense(3, 2), np.add), "SkipConnection.layers"),
    (SkipConnection(NoOpLayer(), Chain(first_of, Dense(4, 2))), "SkipConnection.connection.layer_2"),
    (Parallel(None, a=NoOpLayer(), b=Dense(4, 2), name="Twins"), "Twins.b"),
    (BranchLayer(Dense(4, 2)), "BranchLayer.layer_1"), (PairwiseFusion(np.add, Dense(4, 2)), "PairwiseFusion.layer_1"),
    (AlternatePrecision("float32", Chain(Dense(4, 2))), "AlternatePrecision{Float32}.layer.layer_1"),
    (RepeatedLayer(Dense(4, 2), repeats=2), "RepeatedLayer{nrepeats = 2, input_injection = false}.model"),
])
def test_errors_name_the_place(model, path):
    ps, st = setup(np.random.default_rng(0), model)
    x = np.ones((2, 5), np.float32)
    with pytest.raises(ValueError, match=r"x has the shape \(2, 5\)") as caught:
        model(x, ps, st)
    assert str(caught.value).startswith(f"{path} (Dense(")


@pytest.mark.parametrize("model", [m for m in LAYERS if lux.statelength(m) == 0 and not isinstance(m, ReverseSequence)],
                         ids=lambda model: model.description())
def test_a_mapping_over_samples_is_a_batch(model):
    ps, st = setup(np.random.default_rng(0), model)
    found = lux.vmap(lambda row: model(row[None], ps, st)[0][0])(rows(np.float32))
    np.testing.assert_allclose(found, model(rows(np.float32), ps, st)[0], rtol=1e-5, atol=1e-6)
