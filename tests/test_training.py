"""Training: steps held against steps worked by hand in both modes, and the promise that nothing changes in place."""
import copy
import pickle

import numpy as np
import pytest

from arraylux import tree
from arraylux.component import ComponentArray
from arraylux.layers import Chain, Dense
from arraylux.losses import CrossEntropyLoss, MSELoss
from arraylux.nn.activations import relu
from arraylux.optimisers import Adam, Descent, Momentum
from arraylux.training import (
    TrainState,
    adjust,
    apply_gradients,
    compute_gradients,
    single_train_step,
)
from arraylux.transforms.backends import AutoDual, AutoTape

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 10)).astype(np.float32)
Y = RNG.standard_normal((20, 5)).astype(np.float32)
WEIGHT = RNG.standard_normal((5, 10)).astype(np.float32)
BIAS = RNG.standard_normal(5).astype(np.float32)


def linear_state(optimizer, wrap=dict):
    return TrainState(Dense(10, 5), wrap({"weight": WEIGHT.copy(), "bias": BIAS.copy()}), {}, optimizer)


def gradient_by_hand(weight, bias):
    """The derivative of the mean of the squares of X W^T + b - Y."""
    d = X @ weight.T + bias - Y
    return 2 * d.T @ X / d.size, 2 * d.sum(axis=0) / d.size, (d**2).mean()


# --- steps --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("wrap", [dict, ComponentArray])
@pytest.mark.parametrize("ad", [AutoTape(), AutoDual()])
def test_steps_of_gradient_descent_by_hand(ad, wrap):
    tstate, weight, bias = linear_state(Descent(0.1), wrap), WEIGHT.astype(float), BIAS.astype(float)
    for step in range(1, 4):
        dweight, dbias, loss_by_hand = gradient_by_hand(weight, bias)
        weight, bias = weight - 0.1 * dweight, bias - 0.1 * dbias
        grads, loss, stats, tstate = single_train_step(ad, MSELoss(), (X, Y), tstate)
        assert float(loss) == pytest.approx(loss_by_hand, rel=1e-6) and loss.dtype == np.float32
        assert type(grads) is wrap is type(tstate.parameters)
        np.testing.assert_allclose(grads["weight"], dweight, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(grads["bias"], dbias, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(tstate.parameters["weight"], weight, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(tstate.parameters["bias"], bias, rtol=1e-5, atol=1e-6)
        assert grads["weight"].dtype == tstate.parameters["weight"].dtype == np.float32
        assert (stats, tstate.states, tstate.step) == ({}, {}, step)


def test_a_step_is_its_two_halves():
    before = linear_state(Momentum(0.1))
    grads, loss, _, half = compute_gradients(AutoTape(), MSELoss(), (X, Y), before)
    assert half.parameters is before.parameters and half.optimizer_state is before.optimizer_state and half.step == 0
    after = apply_gradients(half, grads)
    grads2, loss2, _, after2 = single_train_step(AutoTape(), MSELoss(), (X, Y), before)
    assert loss == loss2 and after.step == after2.step == 1
    np.testing.assert_array_equal(grads["weight"], grads2["weight"])
    np.testing.assert_array_equal(after.parameters["weight"], after2.parameters["weight"])


@pytest.mark.parametrize("wrap", [dict, ComponentArray])
def test_a_step_changes_nothing_that_it_was_given(wrap):
    tstate = linear_state(Adam(0.1), wrap)
    parts = tstate.parameters, tstate.optimizer_state
    before = copy.deepcopy(parts)
    for _ in range(3):
        single_train_step(AutoTape(), MSELoss(), (X, Y), tstate)
    assert tstate.step == 0 and tstate.parameters is parts[0] and tstate.optimizer_state is parts[1]
    for old, new in zip(tree.leaves(before), tree.leaves(parts), strict=True):
        np.testing.assert_array_equal(old, new)


def test_gradients_do_not_change_afterwards():
    tstate = linear_state(Descent(0.1), ComponentArray)
    grads, _, _, tstate = single_train_step(AutoTape(), MSELoss(), (X, Y), tstate)
    kept = grads.copy()
    single_train_step(AutoTape(), MSELoss(), (X, Y), tstate)
    assert grads == kept


def test_parameters_by_name_and_as_one_vector_train_alike():
    states = [linear_state(Adam(0.01), wrap) for wrap in (dict, ComponentArray)]
    for _ in range(50):
        states = [single_train_step(AutoTape(), MSELoss(), (X, Y), tstate)[3] for tstate in states]
    for name in ("weight", "bias"):
        np.testing.assert_allclose(states[0].parameters[name], states[1].parameters[name], rtol=1e-5)


def test_a_classifier_learns():
    model = Chain(Dense(2, 16, relu), Dense(16, 2))
    ps, st = model.initialparameters(np.random.default_rng(1)), model.initialstates(np.random.default_rng(1))
    tstate, loss = TrainState(model, ps, st, Adam(0.05)), CrossEntropyLoss(logits=True)
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    labels = np.array([0, 1, 1, 0])                             # exclusive or
    for _ in range(200):
        _, value, _, tstate = single_train_step(AutoTape(), loss, (x, labels), tstate)
    assert float(value) < 0.05 and tstate.step == 200
    z, _ = model(x, tstate.parameters, tstate.states)
    np.testing.assert_array_equal(z.argmax(axis=1), labels)


# --- objectives ---------------------------------------------------------------------------------------------------
def centred(x, ps, st):
    """A model with a state that depends on traced numbers: the running mean of its results."""
    y = ps["a"] * x
    return y, {"mean": 0.5 * st["mean"] + 0.5 * y.mean()}


@pytest.mark.parametrize("ad", [AutoTape(), AutoDual()])
def test_states_and_statistics_come_back_as_plain_arrays(ad):
    def objective(model, ps, st, data):
        y, st = model(data, ps, st)
        return (y * y).sum(), st, {"largest": y.max(), "note": "as it is"}

    tstate = TrainState(centred, {"a": np.array([2.0])}, {"mean": np.array(1.0)}, Descent(0.25))
    grads, loss, stats, tstate = single_train_step(ad, objective, np.array([1.0, 3.0]), tstate)
    assert float(loss) == 40.0 and float(grads["a"][0]) == 40.0 and float(tstate.parameters["a"][0]) == -8.0
    assert isinstance(tstate.states["mean"], (np.ndarray, np.generic)) and float(tstate.states["mean"]) == 2.5
    assert isinstance(stats["largest"], (np.ndarray, np.generic)) and float(stats["largest"]) == 6.0
    assert stats["note"] == "as it is"


@pytest.mark.parametrize("ad", [AutoTape(), AutoDual()])
@pytest.mark.parametrize("result, error, message", [
    (lambda ps, st: ps["a"].sum(), TypeError, "triple .loss, new states, statistics., got float64 array of shape"),
    (lambda ps, st: (ps["a"].sum(), st), TypeError, "got a tuple; return loss, st, {}"),
    (lambda ps, st: (ps["a"] * 2, st, {}), ValueError, r"a scalar as its loss, got a float64 array of shape \(2,\)"),
    (lambda ps, st: (ps["a"].sum(), {}, {}), ValueError, r"states expected the names \['mean'\], got the names \[\]"),
    (lambda ps, st: (ps["a"].sum(), None, {}), ValueError, r"at states expected the names \['mean'\], got None"),
    (lambda ps, st: (ps["a"].sum(), {"mean": {"x": 0}}, {}), ValueError, "states.mean expected a float, got the names"),
])
def test_objectives_that_break_the_contract(ad, result, error, message):
    tstate = TrainState(None, {"a": np.ones(2)}, {"mean": 0.0}, Descent())
    with pytest.raises(error, match=message):
        single_train_step(ad, lambda model, ps, st, data: result(ps, st), None, tstate)


def test_a_loss_that_is_not_aggregated():
    with pytest.raises(ValueError, match=r"got a float32 array of shape \(20, 5\); take its mean or sum"):
        single_train_step(AutoTape(), MSELoss(agg=None), (X, Y), linear_state(Descent()))


def test_an_unknown_mode():
    for ad in (AutoTape, "tape", None):
        with pytest.raises(TypeError, match=r"AutoTape\(\) or AutoDual\(\), got "):
            compute_gradients(ad, MSELoss(), (X, Y), linear_state(Descent()))


def test_gradients_of_another_form():
    with pytest.raises(ValueError, match="bias"):
        apply_gradients(linear_state(Descent()), {"weight": WEIGHT})


# --- the TrainState -----------------------------------------------------------------------------------------------
def test_a_train_state_needs_a_rule():
    for other in (Descent, 0.01, None):
        with pytest.raises(TypeError, match="the optimizer must be a rule"):
            TrainState(None, {"a": np.ones(1)}, {}, other)


def test_a_train_state_is_fixed():
    tstate = linear_state(Descent())
    with pytest.raises(AttributeError, match="cannot be changed"):
        tstate.step = 3


def test_adjust_keeps_what_the_optimiser_remembers():
    tstate = linear_state(Momentum(0.1, 0.9))
    _, _, _, tstate = single_train_step(AutoTape(), MSELoss(), (X, Y), tstate)
    adjusted = adjust(tstate, 0.01, rho=0.5)
    assert adjusted.optimizer == Momentum(0.01, 0.5) == adjusted.optimizer_state["bias"].rule
    assert (tstate.optimizer, tstate.step, adjusted.step) == (Momentum(0.1, 0.9), 1, 1)
    assert adjusted.parameters is tstate.parameters
    velocity = tstate.optimizer_state["bias"].state
    np.testing.assert_array_equal(adjusted.optimizer_state["bias"].state, velocity)
    dbias = gradient_by_hand(tstate.parameters["weight"], tstate.parameters["bias"])[1]
    _, _, _, after = single_train_step(AutoTape(), MSELoss(), (X, Y), adjusted)
    np.testing.assert_allclose(after.parameters["bias"], tstate.parameters["bias"] - 0.5 * velocity - 0.01 * dbias,
                               rtol=1e-5)
    with pytest.raises(TypeError, match="no hyper-parameter 'gamma'"):
        adjust(tstate, gamma=1.0)


def test_training_goes_on_where_it_ended():
    whole = linear_state(Adam(0.01))
    for _ in range(4):
        _, _, _, whole = single_train_step(AutoTape(), MSELoss(), (X, Y), whole)
    half = linear_state(Adam(0.01))
    for _ in range(2):
        _, _, _, half = single_train_step(AutoTape(), MSELoss(), (X, Y), half)
    again = TrainState(Dense(10, 5), half.parameters, half.states, Adam(0.01), half.optimizer_state, half.step)
    for tstate in (again, pickle.loads(pickle.dumps(half)), copy.deepcopy(half)):
        for _ in range(2):
            _, _, _, tstate = single_train_step(AutoTape(), MSELoss(), (X, Y), tstate)
        assert tstate.step == 4
        np.testing.assert_array_equal(tstate.parameters["weight"], whole.parameters["weight"])


def test_a_train_state_is_a_tree():
    tstate = linear_state(Momentum(0.1))
    doubled = tree.map(lambda leaf: 2 * leaf if isinstance(leaf, np.ndarray) else leaf, tstate)
    assert type(doubled) is TrainState and doubled.model is tstate.model and doubled.optimizer is tstate.optimizer
    np.testing.assert_array_equal(doubled.parameters["weight"], 2 * WEIGHT)


def test_it_is_printed_like_a_model():
    tstate = TrainState(Dense(10, 5), {"weight": WEIGHT, "bias": BIAS}, {"mean": BIAS, "training": True}, Descent(0.01))
    assert repr(tstate) == """TrainState(
    Dense(10 => 5)               # 55 parameters
    number of parameters: 55
    number of states: 6
    optimizer: Descent(eta=0.01)
    step: 0
)"""
