"""Layers: the contract that all of them keep, and what each of them computes."""
import copy
import pickle

import array_api_strict
import numpy as np
import pytest

import arraylux.layers as ll
from arraylux import grad, jvp, nn, tree
from arraylux.component import ComponentArray
from arraylux.initializers import ones32, zeros32
from arraylux.layers import Chain, Dense, Dropout, FlattenLayer, NoOpLayer, WrappedFunction, setup
from arraylux.random import Xoshiro

pytestmark = pytest.mark.filterwarnings("error")


class Residual(ll.AbstractLuxContainerLayer):
    block: object
    extra: object = NoOpLayer()
    sublayers = ("block", "extra")

    def __call__(self, x, ps, st):
        y, block = self.block(x, ps["block"], st["block"])
        z, extra = self.extra(x, ps["extra"], st["extra"])
        return y + z, {"block": block, "extra": extra}


class Wrapped(ll.AbstractLuxWrapperLayer):
    layer: object
    wrapped = "layer"


LAYERS = [
    Dense(4, 4), Dense(4, 4, nn.relu), Dense(4, 4, nn.gelu, use_bias=False), Dropout(0.3), Dropout(0.3, dims=1),
    NoOpLayer(), FlattenLayer(), WrappedFunction(nn.tanh), Chain(),
    Chain(Dense(4, 6, nn.tanh), Dropout(0.5), nn.softplus, Dense(6, 4)),
    Chain(a=Chain(Dense(4, 4), Dropout(0.2)), b=Dense(4, 2)), Residual(Dense(4, 4), Dropout(0.5)), Wrapped(Dense(4, 4)),
]
named = pytest.mark.parametrize("model", LAYERS, ids=lambda model: model.description())


def rows(dtype=np.float64, n=5, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 4)).astype(dtype)


def words(rng):
    return rng.bit_generator.state["state"] if isinstance(rng, np.random.Generator) else rng.state


def assert_same(a, b):
    for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True):
        if hasattr(x, "dtype"):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        else:
            assert words(x) == words(y) if hasattr(x, "random") else x == y


# --- the contract -------------------------------------------------------------------------------------------------
@named
@pytest.mark.parametrize("make_rng", [np.random.default_rng, Xoshiro])
def test_calls_are_pure(model, make_rng):
    ps, st = setup(make_rng(0), model)
    x = rows(np.float32)
    before = copy.deepcopy((x, ps, st))
    y, st_new = model(x, ps, st)
    again, st_again = model(x, ps, st)
    assert_same((x, ps, st), before)
    assert_same((y, st_new), (again, st_again))
    assert tree.flatten(st)[1] == tree.flatten(st_new)[1]
    assert y.dtype == np.float32
    y += 1
    assert_same((ps, st), before[1:])


@named
def test_dtypes_are_kept_and_not_narrowed(model):
    ps, st = setup(np.random.default_rng(0), model)
    assert all(leaf.dtype == np.float32 for leaf in tree.leaves(ps))
    assert model(rows(np.float64), ps, st)[0].dtype == np.float64
    doubles = tree.map(lambda leaf: leaf.astype(np.float64), ps)
    assert model(rows(np.float64), doubles, st)[0].dtype == np.float64
    halves = tree.map(lambda leaf: leaf.astype(np.float16), ps)
    assert model(rows(np.float16), halves, st)[0].dtype == np.float16


@named
def test_counts_agree_with_what_is_drawn(model):
    ps, st = setup(np.random.default_rng(0), model)
    assert ll.parameterlength(model) == ll.parameterlength(ps) == sum(leaf.size for leaf in tree.leaves(ps))
    assert ll.statelength(model) == ll.statelength(st) == len(tree.leaves(st))


def test_counts_by_hand():
    assert ll.parameterlength(Dense(10, 5)) == 55
    assert ll.parameterlength(Dense(10, 5, use_bias=False)) == 50
    assert ll.parameterlength(Chain(Dense(784, 64), Dense(64, 10))) == 50_240 + 650
    assert ll.statelength(Dropout(0.5)) == 2
    assert ll.statelength({"mean": np.zeros((2, 3)), "training": True, "mask": None}) == 8
    assert ll.parameterlength([Dense(1, 1), (Dense(2, 1),)]) == 5


def test_what_a_container_draws_itself_is_counted():
    class Scaled(ll.AbstractLuxContainerLayer):
        layer: Dense
        sublayers = ("layer",)

        def initialparameters(self, rng):
            return {**super().initialparameters(rng), "scale": np.ones(3, np.float32)}

        def initialstates(self, rng):
            return {**super().initialstates(rng), "training": True}

    class Counted(ll.AbstractLuxWrapperLayer):
        layer: Dense
        wrapped = "layer"

        def initialstates(self, rng):
            return {"layer": super().initialstates(rng), "calls": 0}
    assert ll.parameterlength(Scaled(Dense(2, 3))) == 9 + 3 and ll.statelength(Scaled(Dense(2, 3))) == 1
    assert ll.parameterlength(Counted(Dense(2, 3))) == 9 and ll.statelength(Counted(Dense(2, 3))) == 1


@named
def test_layers_are_values(model):
    twin = pickle.loads(pickle.dumps(model))
    assert twin == model and hash(twin) == hash(model) and repr(twin) == repr(model)
    assert copy.deepcopy(model) == model and copy.copy(model) == model
    assert model != Dense(7, 7)
    with pytest.raises(AttributeError):
        model.anything = 1


@named
def test_outputsize(model):
    x = rows(np.float32)
    rng = np.random.default_rng(0)
    before = copy.deepcopy(words(rng))
    ps, st = setup(np.random.default_rng(0), model)
    assert ll.outputsize(model, x, rng) == model(x, ps, st)[0].shape[1:]
    assert words(rng) == before


def test_outputsize_of_more_axes():
    rng = np.random.default_rng(0)
    assert ll.outputsize(Dense(4, 3), np.zeros((2, 7, 4)), rng) == (7, 3)
    assert ll.outputsize(Chain(FlattenLayer(N=2), Dense(12, 3)), np.zeros((2, 5, 3, 4)), rng) == (5, 3)


@named
def test_component_arrays_serve_as_parameters(model):
    ps, st = setup(np.random.default_rng(0), model)
    flat = ComponentArray(ps)
    assert_same(model(rows(np.float32), ps, st)[0], model(rows(np.float32), flat, st)[0])
    gradient = grad(lambda p: model(rows(np.float32), p, st)[0].sum())
    if ll.parameterlength(model):
        found = gradient(flat)
        assert isinstance(found, ComponentArray)
        assert_same(tree.leaves(found), tree.leaves(gradient(ps)))


def check_other_libraries(model, rows):
    """The same numbers on another library's arrays, on both of its devices."""
    ps, st = setup(np.random.default_rng(0), model)
    expected, _ = model(rows, ps, st)
    for device in (None, array_api_strict.Device("device1")):
        def move(leaf, device=device):
            return array_api_strict.asarray(leaf, device=device)
        x, moved = tree.map(move, (rows, ps))
        y, _ = model(x, moved, st)
        assert y.device == x.device and y.dtype == array_api_strict.float32
        y = array_api_strict.asarray(y, device=array_api_strict.Device("CPU_DEVICE"))
        np.testing.assert_allclose(np.asarray(y), expected, rtol=1e-5, atol=1e-6)


@named
def test_other_libraries_and_devices(model):
    check_other_libraries(model, rows(np.float32))


@pytest.mark.parametrize("model", [
    Chain(Dense(4, 5, nn.tanh), Dense(5, 3, nn.swish, use_bias=False), nn.softmax),
    Chain(Dense(4, 3, nn.gelu), Dropout(0.5), Dense(3, 2)),
    Residual(Dense(4, 4, nn.sigmoid), Wrapped(Dense(4, 4, nn.mish))),
], ids=["chain", "dropout", "residual"])
def test_gradients_against_finite_differences(model):
    ps, st = setup(np.random.default_rng(0), model)
    ps = tree.map(lambda leaf: leaf.astype(np.float64), ps)
    x = rows()
    weights = np.random.default_rng(9).standard_normal(model(x, ps, st)[0].shape)

    def loss(ps, x):
        return (model(x, ps, st)[0] * weights).sum()
    dps, dx = grad(loss, argnums=(0, 1))(ps, x)
    assert tree.flatten(dps)[1] == tree.flatten(ps)[1]
    leaves, structure = tree.flatten((ps, x))
    for place, (gradient, leaf) in enumerate(zip(tree.leaves((dps, dx)), leaves, strict=True)):
        for index in np.ndindex(leaf.shape):
            sides = []
            for h in (1e-5, -1e-5):
                moved = [a.copy() for a in leaves]
                moved[place][index] += h
                sides.append(loss(*tree.unflatten(structure, moved)))
            assert gradient[index] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-6, abs=1e-9)
    _, forward = jvp(loss, (ps, x), (dps, dx))
    assert forward == pytest.approx(sum((g**2).sum() for g in tree.leaves((dps, dx))), rel=1e-12)


def test_a_chain_differentiates_twice():
    model = Chain(Dense(4, 3, nn.tanh), Dense(3, 1))
    ps, st = setup(np.random.default_rng(0), model)
    ps = tree.map(lambda leaf: leaf.astype(np.float64), ps)
    x, v = rows(), rows(seed=1)

    def slope_along(x):
        return jvp(lambda x: model(x, ps, st)[0], (x,), (v,))[1].sum()
    h = 1e-5
    second = jvp(slope_along, (x,), (v,))[1]
    assert second == pytest.approx((slope_along(x + h * v) - slope_along(x - h * v)) / (2 * h), rel=1e-7)
    assert (grad(slope_along)(x) * v).sum() == pytest.approx(second, rel=1e-12)


# --- setup, states, trees of layers -------------------------------------------------------------------------------
def test_setup_of_trees_of_layers():
    ps, st = setup(np.random.default_rng(0), {"a": [Dense(2, 3), NoOpLayer()], "b": (Dropout(0.5),)})
    assert ps["a"][0]["weight"].shape == (3, 2) and ps["a"][1] == {} and ps["b"] == ({},)
    assert st["a"] == [{}, {}] and st["b"][0]["training"] is True
    with pytest.raises(TypeError, match=r"model\.b is a float, expected a layer, or a dict, list or tuple of layers"):
        setup(np.random.default_rng(0), {"a": Dense(2, 3), "b": 1.0})
    assert ll.contains_lux_layer({"a": [1, Dense(2, 3)]}) and not ll.contains_lux_layer([1, nn.relu])


def test_setup_draws_as_lux_does():
    # Dense(10 => 5) of seed 0, as Lux's first tutorial prints it.
    ps, _ = setup(Xoshiro(0), Dense(10, 5))
    np.testing.assert_array_equal(ps["weight"][:, 0], np.array(
        [-0.48351604, -0.049033877, 0.4501613, 0.05218965, 0.20277861], np.float32))
    np.testing.assert_array_equal(ps["weight"][0, :4], np.array(
        [-0.48351604, 0.29944378, 0.44048923, 0.52216566], np.float32))
    np.testing.assert_array_equal(ps["bias"], np.array(
        [-0.04199602, -0.093925126, -0.0007736237, -0.19397983, 0.0066712513], np.float32))
    assert ps["weight"].flags.c_contiguous


def test_setup_draws_weight_then_bias():
    drawn = Xoshiro(7)
    ps, _ = setup(drawn, Dense(3, 2, nn.relu))
    fresh = Xoshiro(7)
    weight = (fresh.random((2, 3), dtype=np.float32, order="F") - np.float32(0.5)) * 2 * (2 * np.sqrt(3 / 3))
    bias = (fresh.random(2, dtype=np.float32) - np.float32(0.5)) * 2 / np.sqrt(3)
    np.testing.assert_allclose(ps["weight"], weight, rtol=1e-6)
    np.testing.assert_allclose(ps["bias"], bias, rtol=1e-6)
    assert words(drawn) == words(fresh)


def test_initialisers_of_dense():
    ps, _ = setup(np.random.default_rng(0), Dense(3, 2, init_weight=ones32, init_bias=zeros32))
    np.testing.assert_array_equal(ps["weight"], np.ones((2, 3)))
    np.testing.assert_array_equal(ps["bias"], np.zeros(2))
    spread = setup(np.random.default_rng(0), Dense(300, 200, nn.tanh))[0]["weight"]
    assert abs(spread).max() == pytest.approx(5 / 3 * np.sqrt(3 / 300), rel=1e-3)


def test_states_are_switched_at_any_depth():
    model = Chain(Dropout(0.5), Chain(Dropout(0.5), Dense(2, 2)), Residual(Dropout(0.1)))
    _, st = setup(np.random.default_rng(0), model)
    flags = [leaf for leaf in tree.leaves(ll.testmode(st)) if isinstance(leaf, bool)]
    assert flags == [False] * 3
    assert all(leaf for leaf in tree.leaves(ll.trainmode(ll.testmode(st))) if isinstance(leaf, bool))
    assert [leaf for leaf in tree.leaves(st) if isinstance(leaf, bool)] == [True] * 3
    assert ll.update_state({"a": [{"k": 1}, {"k": {"k": 2}}]}, "k", 5) == {"a": [{"k": 5}, {"k": {"k": 5}}]}
    assert ll.testmode({}) == {}


def test_apply_and_stateless_apply():
    model = Chain(Dense(4, 3), nn.relu)
    ps, st = setup(np.random.default_rng(0), model)
    y, _ = model(rows(), ps, st)
    assert_same(ll.apply(model, rows(), ps, st)[0], y)
    assert_same(ll.stateless_apply(model, rows(), ps), y)
    with pytest.raises(ValueError, match=r"stateless_apply: Chain keeps 2 states, which would be lost"):
        ll.stateless_apply(Chain(Dropout(0.5)), rows(), {"layer_1": {}})


def test_a_layer_without_call_says_so():
    with pytest.raises(NotImplementedError, match=r"AbstractLuxLayer does not say what it computes; define __call__"):
        ll.AbstractLuxLayer()(rows(), {}, {})


# --- each layer -----------------------------------------------------------------------------------------------------
def test_dense_by_hand():
    ps = {"weight": np.array([[1.0, 2.0], [0.0, -1.0]]), "bias": np.array([0.5, 0.0])}
    x = np.array([[1.0, 1.0], [2.0, 0.0]])
    np.testing.assert_array_equal(Dense(2, 2)(x, ps, {})[0], [[3.5, -1.0], [2.5, 0.0]])
    np.testing.assert_array_equal(Dense(2, 2, nn.relu)(x, ps, {})[0], [[3.5, 0.0], [2.5, 0.0]])
    np.testing.assert_array_equal(Dense(2, 2, use_bias=False)(x, {"weight": ps["weight"]}, {})[0], [[3, -1], [2, 0]])
    np.testing.assert_array_equal(Dense(2, 2)(x[None, :, None], ps, {})[0], [[[[3.5, -1.0]], [[2.5, 0.0]]]])
    np.testing.assert_array_equal(Dense(2, 2)(x[0], ps, {})[0], [3.5, -1.0])
    assert Dense(np.int64(2), np.prod([1, 2])) == Dense(2, 2)


def test_chain_runs_in_order():
    model = Chain(lambda x: x + 1, [lambda x: 2 * x, (np.sqrt, NoOpLayer())])
    assert model(np.array([1.0]), *setup(None, model))[0] == 2.0
    assert model.keys() == ("layer_1", "layer_2", "layer_3", "layer_4")
    assert [type(layer) for layer in model] == [WrappedFunction] * 3 + [NoOpLayer]


def test_chain_as_a_container():
    first, second, third = Dense(2, 3), Dense(3, 3), Chain(Dense(3, 1))
    model = Chain(first, second, third)
    assert model[0] == model["layer_1"] == model.layer_1 == first
    assert model[-1] is third and len(model) == 3 and list(model) == [first, second, third]
    assert model[1:3] == Chain(layer_2=second, layer_3=third) and model[1:3].keys() == ("layer_2", "layer_3")
    assert Chain({"a": first}) == Chain(a=first) != Chain(b=first)
    assert Chain() == Chain(NoOpLayer()) == model[5:]
    assert Chain(first, name="A") != Chain(first)
    ps, st = setup(np.random.default_rng(0), model[1:3])
    assert list(ps) == list(st) == ["layer_2", "layer_3"]


def test_flatten():
    x = np.arange(48.0).reshape(2, 3, 2, 4)
    np.testing.assert_array_equal(FlattenLayer()(x, {}, {})[0], x.reshape(2, 24))
    np.testing.assert_array_equal(FlattenLayer(1)(x, {}, {})[0], x)
    np.testing.assert_array_equal(FlattenLayer(2)(x, {}, {})[0], x.reshape(2, 3, 8))
    assert FlattenLayer()(np.zeros((0, 3, 4)), {}, {})[0].shape == (0, 12)
    assert FlattenLayer()(np.zeros(5), {}, {})[0].shape == (5, 1)


@pytest.mark.parametrize("rng", [np.random.default_rng(0), Xoshiro(0)])
def test_dropout_advances_its_state(rng):
    model = Chain(Dropout(0.5), Dropout(0.5))
    ps, st = setup(rng, model)
    x = np.ones((20, 20), np.float32)
    first = Dropout(0.5)(x, {}, st["layer_1"])[0]
    assert (first != Dropout(0.5)(x, {}, st["layer_2"])[0]).any()       # each layer has numbers of its own
    y, moved = model(x, ps, st)
    assert (y != model(x, ps, moved)[0]).any()
    assert set(np.unique(y)) == {0.0, 4.0} and abs((y == 0).mean() - 0.75) < 0.1
    still, kept = model(x, ps, ll.testmode(st))
    np.testing.assert_array_equal(still, x)
    assert_same(kept, ll.testmode(st))


def test_dropout_state_is_drawn_as_lux_draws_it():
    rng = Xoshiro(0)
    _, st = setup(rng, Dropout(0.5))
    once = Xoshiro(0)
    once.random()
    assert st["rng"] == rng == once and st["rng"] is not rng and st["training"] is True


def test_dropout_of_nothing_and_of_everything():
    assert Dropout(0) == NoOpLayer() and isinstance(Dropout(0.0), NoOpLayer)
    model = Dropout(1)
    np.testing.assert_array_equal(model(np.ones(3), *setup(np.random.default_rng(0), model))[0], np.zeros(3))
    assert Dropout(0.5, dims=[0, 1]) == Dropout(0.5, dims=(0, 1))
