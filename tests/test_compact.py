"""Compact layers and the stateful holder: what the parts become, states, printing, refusals."""
import copy
import pickle

import array_api_strict
import numpy as np
import pytest
from test_layers import assert_same, words

import arraylux as lux
from arraylux import nn, tree
from arraylux.component import ComponentArray
from arraylux.layers import Chain, Dense, Dropout, setup

pytestmark = pytest.mark.filterwarnings("error")


def rng():
    return np.random.default_rng(0)


@lux.compact(dense=Dense(3, 4), scale=np.full(4, 2.0, np.float32))
def scaled(x, *, dense, scale):
    return dense(x) * scale


@lux.compact(block=Chain(Dense(3, 3), Dropout(0.5)), calls=0, total=lux.non_trainable(np.zeros(3, np.float32)))
def counted(x, *, block, calls, total):
    x = block(block(x))
    return lux.with_state(x, {"calls": calls + 1, "total": x.sum(0)})


@lux.compact(w1=Dense(1, 8), w2=[Dense(8, 8) for _ in range(3)], w3=Dense(8, 1), act=nn.relu)
def mlp(x, *, w1, w2, w3, act):
    embed = act(w1(x))
    for w in w2:
        embed = act(w(embed))
    return w3(embed)


@lux.compact(w=lux.init_fn(lambda rng: rng.standard_normal((2, 3)).astype(np.float32), "parameter"),
             noise=lux.init_fn(lambda rng: rng.random(2), "state"),
             pair=(np.ones(2, np.float32), np.zeros(2, np.float32)), mode="fast", steps=np.arange(3))
def mixed(x, ps, *, w, noise, pair, mode, steps):
    assert mode == "fast" and steps.tolist() == [0, 1, 2] and noise.shape == (2,) and ps["w"] is w
    return x @ w.T * pair[0] + pair[1]


MODELS = [scaled, counted, mixed]


def rows(dtype=np.float32):
    return np.random.default_rng(1).standard_normal((5, 3)).astype(dtype)


# --- the contract ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_contract(model):
    ps, st = setup(rng(), model)
    x = rows()
    before = copy.deepcopy((x, ps, st))
    y, after = model(x, ps, st)
    assert_same((y, after), model(x, ps, st))
    assert_same((x, ps, st), before)
    assert tree.flatten(st)[1] == tree.flatten(after)[1] and y.dtype == np.float32
    assert lux.parameterlength(model) == lux.parameterlength(ps) and lux.statelength(model) == lux.statelength(st)
    assert pickle.loads(pickle.dumps(model)) is model and copy.deepcopy(model) is model and len({model, model}) == 1
    assert lux.outputsize(model, x, rng()) == y.shape[1:]
    flat = ComponentArray(ps)
    assert_same(model(x, flat, st)[0], y)
    if model is not mixed:
        gradient = lux.grad(lambda p: model(x, p, st)[0].sum())
        assert_same(tree.leaves(gradient(flat)), tree.leaves(gradient(ps)))


def test_it_computes_what_the_function_says():
    ps, st = setup(rng(), scaled)
    dense, x = ps["dense"], rows()
    np.testing.assert_allclose(scaled(x, ps, st)[0], 2 * (x @ dense["weight"].T + dense["bias"]), rtol=1e-6)
    weights = np.random.default_rng(2).standard_normal((5, 4)).astype(np.float32)
    found = lux.grad(lambda ps: (scaled(x, ps, st)[0] * weights).sum())(ps)
    np.testing.assert_allclose(found["scale"], ((x @ dense["weight"].T + dense["bias"]) * weights).sum(0), rtol=1e-5)
    np.testing.assert_allclose(found["dense"]["weight"], (2 * weights).T @ x, rtol=1e-5)
    np.testing.assert_allclose(found["dense"]["bias"], 2 * weights.sum(0), rtol=1e-5)


def test_it_computes_on_other_libraries():
    ps, st = setup(rng(), scaled)
    move = array_api_strict.asarray
    y, _ = scaled(move(rows()), tree.map(move, ps), st)
    np.testing.assert_allclose(np.asarray(y), scaled(rows(), ps, st)[0], rtol=1e-5)


def test_what_the_parts_become():
    ps, st = setup(rng(), mixed)
    assert list(ps) == ["w", "pair"] and list(st) == ["noise", "mode", "steps"]
    assert ps["w"].shape == (2, 3) and isinstance(ps["pair"], tuple) and st["mode"] == "fast"
    ps, st = setup(rng(), mlp)
    assert list(ps) == ["w1", "w2", "w3"] and len(ps["w2"]) == 3 and st["act"] is nn.relu
    assert (ps["w2"][0]["weight"] != ps["w2"][1]["weight"]).any()
    assert lux.compact(a={})(lambda x, *, a: x).initialstates(rng()) == {"a": {}}


def test_parameters_start_as_copies():
    start = np.ones(2, np.float32)
    model = lux.compact(w=start, held=lux.non_trainable(start))(lambda x, *, w, held: x * w + held)
    ps, st = setup(rng(), model)
    ps["w"] += 1
    st["held"] += 1
    np.testing.assert_array_equal(start, [1.0, 1.0])
    np.testing.assert_array_equal(setup(rng(), model)[0]["w"], [1.0, 1.0])


def test_states_are_handed_on():
    ps, st = setup(rng(), counted)
    x = np.ones((4, 3), np.float32)
    y, after = counted(x, ps, st)
    block = Chain(Dense(3, 3), Dropout(0.5))
    z, inner = block(x, ps["block"], st["block"])         # the layer that is called twice goes on where it left off
    z, inner = block(z, ps["block"], inner)
    np.testing.assert_array_equal(y, z)
    assert words(inner["layer_2"]["rng"]) == words(after["block"]["layer_2"]["rng"])
    assert after["calls"] == 1 and counted(x, ps, after)[1]["calls"] == 2
    np.testing.assert_array_equal(after["total"], y.sum(0))
    still = lux.testmode(st)
    assert still["block"]["layer_2"]["training"] is False
    assert_same(counted(x, ps, still)[1]["block"], still["block"])


def test_training():
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    ps, st = setup(rng(), mlp)
    tstate = lux.training.TrainState(mlp, ps, st, lux.optimisers.Adam(0.01))
    losses = []
    for _ in range(200):
        _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), lux.MSELoss(), (x, x**2), tstate)
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 50


# --- in print -------------------------------------------------------------------------------------------------------
def test_printed_form():
    assert repr(mlp) == """\
@compact(
    w1 = Dense(1 => 8),                           # 16 parameters
    w2 = list(
        (0-2) = Dense(8 => 8),                    # 216 (72 x 3) parameters
    ),
    w3 = Dense(8 => 1),                           # 9 parameters
    act = relu,
    def mlp(x, *, w1, w2, w3, act):
        embed = act(w1(x))
        for w in w2:
            embed = act(w(embed))
        return w3(embed)
)         # Total: 241 parameters,
          #        plus 1 states."""


def test_printed_form_of_arrays_and_nested_layers():
    @lux.compact(x=np.ones(32), w=np.ones((4, 3), np.float32), c=np.ones((1, 2, 3)), n=np.ones(()), inner=scaled,
                 on=True)
    def model(y, *, x, w, c, n, inner, on):
        return inner(y)

    assert repr(model) == """\
@compact(
    x = 32-element Vector{Float64},
    w = 4\u00d73 Matrix{Float32},
    c = 1\u00d72\u00d73 Array{Float64, 3},
    n = 0-dimensional Array{Float64, 0},
    inner = @compact(
        dense = Dense(3 => 4),                    # 16 parameters
        scale = 4-element Vector{Float32},
        def scaled(x, *, dense, scale):
            return dense(x) * scale
    ),
    on = true,
    def model(y, *, x, w, c, n, inner, on):
        return inner(y)
)         # Total: 71 parameters,
          #        plus 1 states."""


def test_printed_form_by_name():
    def make(n):
        return lux.compact(w=np.ones((n, n), np.float32), name=f"Model({n})")(lambda x, *, w: x @ w)

    assert repr(make(32)) == "Model(32)                    # 1_024 parameters"
    assert repr(Chain(w1=make(32), w2=Dense(32, 1))).splitlines()[1] == (
        "    w1 = Model(32),                               # 1_024 parameters")


def test_printed_form_of_other_parts():
    def two(rng):
        return np.ones(2)
    model = lux.compact(w=np.ones(3), mode="fast", held=lux.non_trainable(np.zeros(2)), v=lux.init_fn(two), k=2)(
        lambda x, *, w, mode, held, v, k: x)
    assert repr(model) == """\
@compact(
    w = 3-element Vector{Float64},
    mode = 'fast',
    held = non_trainable(2-element Vector{Float64}),
    v = init_fn(two, parameter),
    k = 2,
)         # Total: 5 parameters,
          #        plus 4 states."""


# --- refusals -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda: lux.compact(a=1)(lambda x: x), TypeError, r"compact: the function is <lambda>\(x\), expected x, or x "),
    (lambda: lux.compact(a=1)(lambda x, *, b: x), TypeError, r"\(x, \*, b\), expected .*def <lambda>\(x, \*, a\)"),
    (lambda: lux.compact()(lambda x, y, z: x), TypeError, r"\(x, y, z\), expected x, or x and ps"),
    (lambda: lux.compact(a=1)(lambda *x, a: x), TypeError, r"\(\*x, a\), expected"),
    (lambda: lux.compact(a=1)(lambda x, *, a, **b: x), TypeError, r"\(x, \*, a, \*\*b\), expected"),
    (lambda: lux.compact(a=1)(Dense(2, 2)), TypeError, r"compact: expected a function to decorate, got a Dense"),
    (lambda: lux.compact(a=[Dense(2, 2), nn.relu])(lambda x, *, a: x), TypeError,
     r"compact: a holds layers and a function, expected layers alone; wrap a function with WrappedFunction"),
    (lambda: lux.init_fn(3), TypeError, r"init_fn: expected a function of a generator, got a int"),
    (lambda: lux.init_fn(np.sin, "weight"), ValueError, r'init_fn: what must be "parameter" or "state", got .weight.'),
])
def test_what_can_not_be_built(make, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_what_can_not_be_called():
    ps, st = setup(rng(), scaled)
    with pytest.raises(ValueError, match=r"^scaled\.dense \(Dense\(3 => 4\)\): x has the shape \(5, 2\)"):
        scaled(rows()[:, :2], ps, st)
    with pytest.raises(ValueError, match=r"^Chain\.layer_1\.w2\.1 \(Dense\(8 => 8\)\): parameter weight must have"):
        whole, states = setup(rng(), Chain(mlp))
        whole["layer_1"]["w2"][1]["weight"] = np.ones((2, 2))
        Chain(mlp)(np.ones((2, 1), np.float32), whole, states)
    with pytest.raises(KeyError, match=r"ps must be a dict with the keys 'dense', 'scale', got 'dense'"):
        scaled(rows(), {"dense": ps["dense"]}, st)
    with pytest.raises(KeyError, match=r"st must be a dict with the keys 'block', 'calls', 'total', got none"):
        counted(rows(), setup(rng(), counted)[0], {})
    wrong = lux.compact(a=1, w=np.ones(2))(lambda x, *, a, w: lux.with_state(x, {"w": 1}))
    with pytest.raises(KeyError, match=r"with_state changes 'w', which is no state; the states are a"):
        wrong(rows(), *setup(rng(), wrong))


# --- the stateful holder ----------------------------------------------------------------------------------------------
def test_stateful_lux_layer():
    model = Chain(Dense(3, 3), Dropout(0.5))
    ps, st = setup(rng(), model)
    smodel = lux.StatefulLuxLayer(model, ps, st)
    x = np.ones((20, 3), np.float32)
    y, after = model(x, ps, st)
    np.testing.assert_array_equal(smodel(x), y)
    assert_same(smodel.st, after)
    assert (smodel(x) != y).any()
    doubled = tree.map(lambda p: 2 * p, ps)
    still = lux.testmode(smodel)
    assert smodel.st["layer_2"]["training"] is True and still.st["layer_2"]["training"] is False
    np.testing.assert_array_equal(still(x, doubled), 2 * still(x))
    assert lux.trainmode(still).st["layer_2"]["training"] is True
    assert lux.parameterlength(smodel) == 12 and lux.statelength(smodel) == 2
    assert lux.cpu_device()(smodel) is smodel and lux.f64(smodel).ps["layer_1"]["weight"].dtype == np.float64
    assert repr(lux.StatefulLuxLayer(Dense(2, 2), None, {})) == """\
StatefulLuxLayer(
    model = Dense(2 => 2),                        # 6 parameters
)         # Total: 6 parameters,
          #        plus 0 states."""
    twin = pickle.loads(pickle.dumps(still))
    np.testing.assert_array_equal(twin(x), still(x))


def test_stateful_lux_layer_differentiates():
    model = Chain(Dense(2, 3, nn.tanh), Dense(3, 1))
    ps, st = setup(rng(), model)
    smodel = lux.StatefulLuxLayer(model, None, st)
    with pytest.raises(ValueError, match=r"^StatefulLuxLayer: Chain has no parameters yet; set them"):
        smodel(rows()[:, :2])
    x = rows()[:, :2]
    found = lux.grad(lambda ps: smodel(x, ps).sum())(ps)
    assert_same(found, lux.grad(lambda ps: model(x, ps, st)[0].sum())(ps))
    smodel.ps = ps
    assert_same(lux.grad(lambda x: smodel(x).sum())(x), lux.grad(lambda x: model(x, ps, st)[0].sum())(x))
