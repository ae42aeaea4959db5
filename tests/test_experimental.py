"""Changing a model that exists: freezing, mapping over layers, tied weights, layers under observation."""
import logging
import operator

import array_api_strict
import numpy as np
import pytest
from test_layers import assert_same

import arraylux as lux
from arraylux import nn, optimisers, tree
from arraylux.component import ComponentArray
from arraylux.experimental import (
    DebugLayer,
    FrozenLayer,
    debug_mode,
    freeze,
    layer_map,
    share_parameters,
    unfreeze,
)
from arraylux.layers import Chain, Dense, Dropout, setup
from arraylux.layers.branching import Parallel, SkipConnection
from arraylux.layers.recurrence import BidirectionalRNN, Recurrence, StatefulRecurrentCell
from arraylux.layers.recurrent import LSTMCell, RNNCell
from arraylux.layers.weight_norm import WeightNorm
from arraylux.training import TrainState, single_train_step

pytestmark = pytest.mark.filterwarnings("error")


def rng():
    return np.random.default_rng(0)


def rows(n=4):
    return np.random.default_rng(1).standard_normal((5, n)).astype(np.float32)


def plain(ps):
    return ps if isinstance(ps, dict) else ps.to_dict()


# --- freezing ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("flat", [False, True], ids=["dict", "ComponentArray"])
@pytest.mark.parametrize("which", [("weight",), ("bias",), None, "weight"])
def test_freezing_and_back(which, flat):
    model = Dense(4, 3, nn.tanh)
    ps, st = setup(rng(), model)
    ps = ComponentArray(ps) if flat else ps
    frozen, rest, held = freeze(model, ps, st, which=which)
    names = {"weight", "bias"} if which is None else {which} if isinstance(which, str) else set(which)
    assert set(held) == {"frozen_params", "states"} and set(held["frozen_params"]) == names
    assert set(rest.keys()) == {"weight", "bias"} - names
    y, after = frozen(rows(), rest, held)
    assert_same((y, after), (model(rows(), ps, st)[0], held))
    back, old, states = unfreeze(frozen, rest, after)
    assert back == model and states == st and set(old.keys()) == set(ps.keys())
    assert all((old[name] == ps[name]).all() for name in ps) and type(old) is type(ps)
    assert freeze(model, which=which) == frozen and unfreeze(frozen) == model
    assert tree.flatten(setup(rng(), frozen))[1] == tree.flatten((plain(rest), held))[1]
    assert lux.parameterlength(frozen) == sum(p.size for p in tree.leaves(rest)) == 15 - lux.statelength(frozen)
    assert lux.outputsize(frozen, rows(), rng()) == (3,)


def test_frozen_parameters_are_not_trained():
    model = Chain(freeze(Dense(4, 3), which=("weight",)), Dense(3, 1))
    ps, st = setup(rng(), model)
    tstate = TrainState(model, ps, st, optimisers.Descent(0.1))
    data = rows(), rows(1)
    for _ in range(3):
        grads, _, _, tstate = single_train_step(lux.AutoTape(), lux.MSELoss(), data, tstate)
    assert list(grads["layer_1"]) == ["bias"]
    assert_same(tstate.states, st)
    assert (tstate.parameters["layer_1"]["bias"] != ps["layer_1"]["bias"]).all()


def test_frozen_layers_in_print():
    assert repr(FrozenLayer(Dense(2, 2), ("weight",))) == (
        "FrozenLayer(Dense(2 => 2), (:weight,))  # 2 parameters, plus 4 non-trainable")
    assert FrozenLayer(Dense(2, 2), ("weight", "bias")).description() == "FrozenLayer(Dense(2 => 2), (:weight, :bias))"
    assert FrozenLayer(Dense(2, 2)).description() == "FrozenLayer(Dense(2 => 2))"


def test_refusals_of_freezing():
    model = Dense(2, 3)
    ps, st = setup(rng(), model)
    with pytest.warns(UserWarning, match=r"freeze: which names no parameter, so the layer is returned as it is"):
        assert freeze(model, which=()) is model
    with pytest.warns(UserWarning, match=r"freeze: which names no parameter"):
        assert freeze(model, ps, st, which=())[1] is ps
    with pytest.raises(ValueError, match=r"FrozenLayer: Dense has no parameter 'gain'; it has 'weight', 'bias'"):
        freeze(model, ps, st, which=("gain",))
    with pytest.raises(ValueError, match=r"no parameter 'gain'"):
        setup(rng(), freeze(model, which=("gain",)))
    with pytest.raises(TypeError, match=r"freeze: expected both parameters and states, or neither; .* come as which"):
        freeze(model, ("weight",))
    with pytest.raises(TypeError, match=r"freeze: expected a layer, got a dict; .* there is optimisers\.freeze"):
        freeze(ps)
    with pytest.raises(TypeError, match=r"FrozenLayer: expected a layer, got a function"):
        FrozenLayer(nn.relu)
    with pytest.raises(TypeError, match=r"unfreeze: expected a FrozenLayer, got Dense"):
        unfreeze(model)
    with pytest.raises(TypeError, match=r"unfreeze: expected both parameters and states, or neither"):
        unfreeze(freeze(model), ps)
    frozen, rest, held = freeze(model, ps, st, which="weight")
    with pytest.raises(KeyError, match=r"st must be a dict with the keys 'frozen_params', 'states', got none"):
        frozen(rows(2), rest, {})
    with pytest.raises(ValueError, match=r"^Chain\.layer_1\.layer \(Dense\(2 => 3\)\): x has the shape \(5, 4\)"):
        Chain(frozen)(rows(4), {"layer_1": rest}, {"layer_1": held})


# --- mapping ----------------------------------------------------------------------------------------------------------
@lux.compact(dense=Dense(4, 4), list=[Dense(4, 4), Dropout(0.5)], scale=np.ones(4, np.float32), calls=0)
def block(x, *, dense, list, scale, calls):
    return lux.with_state(list[1](list[0](dense(x))) * scale, {"calls": calls + 1})


MODEL = Chain(SkipConnection(Chain(Dense(4, 4), nn.tanh), operator.add),
              Parallel(Chain(operator.itemgetter(0), Dense(4, 4)), a=Dense(4, 4), b=Dropout(0.5)), block,
              WeightNorm(Dense(4, 2), ("weight",)))
PLACES = ["layer_1.layer_1", "layer_1.layer_2", "layer_2.layers.a", "layer_2.layers.b", "layer_2.connection.layer_1",
          "layer_2.connection.layer_2", "layer_3.dense", "layer_3.list.0", "layer_3.list.1", "layer_4"]


@pytest.mark.parametrize("flat", [False, True], ids=["dict", "ComponentArray"])
def test_layer_map_visits_every_layer_with_its_parameters(flat):
    ps, st = setup(rng(), MODEL)
    seen = {}

    def look(layer, ps, st, path):
        seen[path] = layer
        assert lux.parameterlength(layer) == lux.parameterlength(ps)
        assert lux.statelength(layer) == lux.statelength(st)
        return layer, tree.map(lambda p: 2 * p, ps), st
    given = ComponentArray(ps) if flat else ps
    model, new, states = layer_map(look, MODEL, given, st)
    assert list(seen) == PLACES and seen["layer_3.list.1"] == Dropout(0.5)
    assert isinstance(seen["layer_4"], WeightNorm)
    assert repr(model) == repr(MODEL) and isinstance(new, ComponentArray) == flat
    assert_same(states, st)
    doubled = tree.map(lambda p: 2 * p, ps)
    doubled["layer_3"]["scale"] = ps["layer_3"]["scale"]           # what belongs to no layer inside stays as it is
    assert_same(plain(new), doubled)
    assert_same(MODEL(rows(), ps, st)[0], model(rows(), ps, st)[0])


def test_layer_map_freezes_by_kind():
    ps, st = setup(rng(), MODEL)

    def freeze_dense(layer, ps, st, path):
        return freeze(layer, ps, st, which=("weight",)) if isinstance(layer, Dense) else (layer, ps, st)
    model, rest, held = layer_map(freeze_dense, MODEL, ps, st)
    assert_same(model(rows(), rest, held)[0], MODEL(rows(), ps, st)[0])
    assert lux.parameterlength(model) == lux.parameterlength(rest) == lux.parameterlength(ps) - 5 * 16
    assert tree.flatten(setup(rng(), model)[0])[1] == tree.flatten(rest)[1]

    def thaw(layer, ps, st, path):
        return unfreeze(layer, ps, st) if isinstance(layer, FrozenLayer) else (layer, ps, st)
    model, back, states = layer_map(thaw, model, rest, held)
    assert_same(states, st)
    assert lux.parameterlength(back) == lux.parameterlength(ps)
    assert_same(model(rows(), back, states)[0], MODEL(rows(), ps, st)[0])


def test_layer_map_replaces_layers_and_takes_trees():
    model = {"a": Dense(2, 3), "b": (Dense(3, 3), Dropout(0.5))}

    def without_dropout(layer, ps, st, path):
        return (lux.NoOpLayer(), {}, {}) if isinstance(layer, Dropout) else (layer, ps, st)
    new, _, st = layer_map(without_dropout, model, *setup(rng(), model))
    assert new == {"a": Dense(2, 3), "b": (Dense(3, 3), lux.NoOpLayer())} and st == {"a": {}, "b": ({}, {})}
    assert layer_map(lambda *layer: layer[:3], Dense(2, 3), {"x": 1}, {}) == (Dense(2, 3), {"x": 1}, {})


def test_what_holds_a_layer_of_one_kind_is_visited_as_one():
    for model in (Recurrence(LSTMCell(2, 3)), StatefulRecurrentCell(LSTMCell(2, 3)), BidirectionalRNN(RNNCell(2, 3))):
        ps, st = setup(rng(), model)
        found, _, _ = layer_map(lambda layer, ps, st, path: (freeze(layer), ps, st), model, ps, st)
        assert found == freeze(model)
        x = np.ones((2, 2) if isinstance(model, StatefulRecurrentCell) else (2, 5, 2), np.float32)
        assert_same(debug_mode(model)(x, ps, st)[0], model(x, ps, st)[0])


def test_refusals_of_layer_map():
    model = Chain(a=Dense(2, 3))
    ps, st = setup(rng(), model)
    with pytest.raises(TypeError, match=r"layer_map: at a the function returned None, expected the triple"):
        layer_map(lambda *given: None, model, ps, st)
    with pytest.raises(KeyError, match=r"layer_map: ps has nothing at a, where the model has a layer; setup"):
        layer_map(lambda *given: given[:3], model, {}, st)
    with pytest.raises(KeyError, match=r"layer_map: st has nothing at a"):
        layer_map(lambda *given: given[:3], model, ps, None)
    with pytest.raises(TypeError, match=r"layer_map: a is a float, expected a layer, or a dict"):
        layer_map(lambda *given: given[:3], {"a": 1.0}, ps, st)


# --- tied weights -----------------------------------------------------------------------------------------------------
def test_tied_weights_have_one_gradient_and_one_update():
    model = Chain(a=Dense(2, 2, nn.tanh, use_bias=False), b=Dense(2, 2, use_bias=False))
    ps, st = setup(rng(), model)
    ps = lux.f64(ps)
    tied = share_parameters(ps, (("a", "b"),))
    assert tied["b"]["weight"] is tied["a"]["weight"] is ps["a"]["weight"] is not ps["b"]["weight"]
    x, y = rows(2).astype(np.float64), rows(2)[::-1].astype(np.float64)
    tstate = TrainState(model, tied, st, optimisers.Momentum(0.1, 0.9))
    w, velocity = ps["a"]["weight"], 0.0
    for _ in range(4):
        _, _, _, tstate = single_train_step(lux.AutoTape(), lux.MSELoss(), (x, y), tstate)
        h = np.tanh(x @ w.T)                                            # the sum of both places' gradients, by hand
        r = 2 * (h @ w.T - y) / y.size
        gradient = r.T @ h + ((r @ w) * (1 - h**2)).T @ x
        velocity = 0.9 * velocity + 0.1 * gradient
        w = w - velocity
        now = tstate.parameters
        assert now["a"]["weight"] is now["b"]["weight"]
        np.testing.assert_allclose(now["a"]["weight"], w, rtol=1e-10)


def test_groups_of_places():
    model = Chain(d1=Dense(2, 4), d3=Chain(l1=Dense(4, 2), l2=Dense(2, 4)), d2=Dense(4, 2))
    ps, _ = setup(rng(), model)
    tied = share_parameters(ps, (("d3.l2", "d1"), ("d2", "d3.l1")))
    assert tied["d1"] is tied["d3"]["l2"] is ps["d3"]["l2"] and tied["d3"]["l1"] is tied["d2"] is ps["d2"]
    assert list(tied) == list(ps) and ps["d1"] is not tied["d1"]
    new = {"weight": np.zeros((4, 2)), "bias": np.ones(4)}
    tied = share_parameters(ps, (("d3.l2", "d1"),), (new,))
    assert tied["d1"] is tied["d3"]["l2"] is new
    assert share_parameters(ps, ()) is ps
    single = share_parameters([ps["d1"], ps["d3"]["l2"]], (("0.bias", "1.bias"),))
    assert single[0]["bias"] is single[1]["bias"] and single[0]["weight"] is not single[1]["weight"]


def test_devices_and_precision_keep_what_is_tied():
    ps = share_parameters({"a": {"w": np.ones(2)}, "b": {"w": np.ones(2)}}, (("a.w", "b.w"),))
    for moved in (lux.f32(ps), lux.cpu_device()(ps), lux.recursive_copy(ps), lux.recursive_make_zero(ps)):
        assert moved["a"]["w"] is moved["b"]["w"]


@pytest.mark.parametrize(("ps", "sharing", "new", "error", "sentence"), [
    ({"a": 1}, (("a", "b"),), None, KeyError, r"there is no 'b' of 'b' in the parameters; at this place they have a"),
    ({"a": {"w": 1}}, (("a.w.x", "a"),), None, ValueError,
     r"'a\.w\.x' and 'a' are in the groups twice; groups must not overlap"),
    ({"a": 1, "b": 1}, (("a", "b"), ("b",)), None, ValueError, r"'b' and 'b' are in the groups twice"),
    ({"a": {"w": np.ones(2)}, "b": {"v": np.ones(2)}}, (("a", "b"),), None, ValueError,
     r"share_parameters: 'b' can't be tied to 'a': the trees differ at b: expected keys \['w'\], got keys \['v'\]"),
    ({"a": {"w": np.ones(2)}, "b": {"w": np.ones(3)}}, (("a", "b"),), None, ValueError,
     r"b\.w is float64 array of shape \(3,\), expected float64 array of shape \(2,\) as in what it is tied to, a"),
    ({"a": 1, "b": 1}, (("a", "b"),), (), ValueError, r"0 new parameters came for 1 groups, expected one for each"),
    (ComponentArray({"a": np.ones(2)}), (("a",),), None, TypeError,
     r"a ComponentArray has a place of its own for every number, .*; share in ps\.to_dict"),
    ({"x": ComponentArray({"a": np.ones(2)})}, (("x.a",),), None, TypeError, r"share in ps\.to_dict"),
])
def test_refusals_of_sharing(ps, sharing, new, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        share_parameters(ps, sharing, new)
    assert "\n" not in str(caught.value)


# --- under observation ------------------------------------------------------------------------------------------------
def test_debug_mode_changes_nothing_else():
    ps, st = setup(rng(), MODEL)
    model = debug_mode(MODEL)
    assert_same(model(rows(), ps, st), MODEL(rows(), ps, st))
    assert tree.flatten(setup(rng(), model))[1] == tree.flatten((ps, st))[1]
    for of in (lambda ps, m: m(rows(), ps, st)[0].sum(), lambda ps, m: (m(rows(), ps, st)[0] ** 2).mean()):
        assert_same(lux.grad(of)(ps, model), lux.grad(of)(ps, MODEL))
    tangent = lux.jvp(lambda x: model(x, ps, st)[0], (rows(),), (rows(),))[1]
    assert_same(tangent, lux.jvp(lambda x: MODEL(x, ps, st)[0], (rows(),), (rows(),))[1])
    assert repr(debug_mode(Chain(Dense(2, 3)))).splitlines()[1] == "    layer_1 = DebugLayer("
    watched = [layer.location for layer in (model["layer_1"].layers[0], model["layer_2"].layers["b"], model["layer_4"])]
    assert watched == ["model.layer_1.layer_1", "model.layer_2.layers.b", "model.layer_4"]
    attention = lux.MultiHeadAttention(4)
    ps, st = setup(rng(), attention)
    x = np.ones((2, 3, 4), np.float32)
    assert_same(debug_mode(attention)(x, ps, st), attention(x, ps, st))


def test_the_first_layer_with_a_nan_is_named():
    model = debug_mode(Chain(Dense(2, 3), Chain(np.sqrt, Dense(3, 1))))
    ps, st = setup(rng(), model)
    with np.errstate(invalid="ignore"), pytest.raises(FloatingPointError, match=(
            r"^NaN in the result of layer WrappedFunction\(sqrt\) at location model\.layer_2\.layer_1$")):
        model(-100 * np.ones((1, 2), np.float32) * np.sign(ps["layer_1"]["weight"].sum(1)[0]), ps, st)
    bad = np.array([[np.nan, 1.0]], np.float32)
    with pytest.raises(FloatingPointError, match=r"NaN in the input of layer Dense\(2 => 3\) at location model\.la"):
        model(bad, ps, st)
    ps["layer_1"]["bias"][0] = np.nan
    with pytest.raises(FloatingPointError, match=r"NaN in the parameters of layer Dense\(2 => 3\)"):
        model(np.ones((1, 2), np.float32), ps, st)
    quiet = debug_mode(Chain(Dense(2, 3)), nan_check="backward")
    assert np.isnan(quiet(bad, {"layer_1": ps["layer_1"]}, {"layer_1": {}})[0]).any()


def test_a_nan_that_is_born_on_the_way_back_is_found():
    @lux.custom_vjp
    def broken(x):
        return x * 2
    broken.defvjp(lambda x: (x * 2, None), lambda _, g: (g * np.nan,))
    model = Chain(Dense(2, 3), broken, Dense(3, 1))
    ps, st = setup(rng(), model)
    x = np.ones((1, 2), np.float32)

    def loss(ps, model):
        return model(x, ps, st)[0].sum()
    for check in ("both", "backward"):
        with pytest.raises(FloatingPointError, match=(
                r"^NaN in the cotangent of the input of layer WrappedFunction\(broken\) at location model\.layer_2$")):
            lux.grad(loss)(ps, debug_mode(model, nan_check=check))
    for check in ("forward", "none"):
        assert np.isnan(lux.grad(loss)(ps, debug_mode(model, nan_check=check))["layer_1"]["weight"]).all()
    with pytest.raises(FloatingPointError, match=r"NaN in the cotangent of the result of layer Dense\(3 => 1\)"):
        lux.grad(lambda ps: debug_mode(model)(x, ps, st)[0].sum() * np.nan)(ps)


def test_errors_say_where_they_come_from(caplog):
    def fail(x):
        raise RuntimeError("out of order")
    model = Chain(Dense(2, 3), Chain(a=nn.relu, b=fail))
    ps, st = setup(rng(), model)
    with pytest.raises(RuntimeError, match="out of order") as caught:
        debug_mode(model)(np.ones((1, 2)), ps, st)
    assert caught.value.__notes__ == ["raised by layer WrappedFunction(fail) at location model.layer_2.b"]
    with pytest.raises(RuntimeError) as caught:
        debug_mode(model, error_check=False)(np.ones((1, 2)), ps, st)
    assert not hasattr(caught.value, "__notes__")
    with caplog.at_level(logging.DEBUG, logger="arraylux.debug"):
        debug_mode(Dense(2, 3))(np.ones((1, 2), np.float32), ps["layer_1"], {})
    assert [record.getMessage() for record in caplog.records] == [
        "entering layer Dense(2 => 3) at location model with float32 array of shape (1, 2)",
        "leaving layer Dense(2 => 3) at location model with float32 array of shape (1, 3)"]


def test_debug_mode_on_other_libraries_and_samples():
    model = Chain(Dense(2, 3, nn.tanh), Dense(3, 1))
    ps, st = setup(rng(), model)
    x = rows(2)
    move = array_api_strict.asarray
    gradient = lux.grad(lambda ps: debug_mode(model)(move(x), ps, st)[0].sum())(tree.map(move, ps))
    expected = lux.grad(lambda ps: model(x, ps, st)[0].sum())(ps)
    for found, right in zip(tree.leaves(gradient), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(np.asarray(found), right, rtol=1e-5)

    def of_one(row, model):
        return model(row, ps, st)[0].sum()
    watched = lux.vmap(lambda row: lux.grad(of_one)(row, debug_mode(model)))(x)
    np.testing.assert_allclose(watched, lux.vmap(lambda row: lux.grad(of_one)(row, model))(x), rtol=1e-6)


def test_refusals_of_debugging():
    with pytest.raises(NotImplementedError, match=r"Dense has no layers inside that could be exchanged"):
        Dense(2, 2).with_inner_layers({})
    with pytest.raises(TypeError, match=r"DebugLayer: expected a layer, got a function; debug_mode\(model\) wraps"):
        DebugLayer(nn.relu)
    with pytest.raises(ValueError, match=r'nan_check must be "forward", "backward", "both" or "none", got .up.'):
        debug_mode(Dense(2, 2), nan_check="up")
    with pytest.raises(TypeError, match=r"debug_mode: the model is a float"):
        debug_mode(1.0)
