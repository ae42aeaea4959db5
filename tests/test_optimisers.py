"""Optimisers: rules against formulas worked by hand and closed forms, and what setup and update promise of trees."""
import copy
import pickle
import warnings
from typing import NamedTuple

import array_api_strict as strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import tree
from arraylux.component import ComponentArray
from arraylux.optimisers import (
    Adam,
    AdamW,
    ClipNorm,
    Descent,
    Leaf,
    Momentum,
    Nesterov,
    OptimiserChain,
    Rule,
    WeightDecay,
    adjust,
    freeze,
    setup,
    thaw,
    update,
)

RULES = [Descent(), Momentum(), Nesterov(), Adam(), AdamW(lambda_=0.1), AdamW(lambda_=0.1, couple=False),
         OptimiserChain(), OptimiserChain(WeightDecay(0.1), ClipNorm(1), Momentum(0.1))]


class Pair(NamedTuple):
    left: object
    right: object


def run(rule, x, grads):
    """Return the parameters after each of some steps, and the last state."""
    x = np.asarray(x, dtype=np.float64)
    state, path = setup(rule, x), []
    for g in grads:
        state, x = update(state, x, np.broadcast_to(np.asarray(g, dtype=np.float64), x.shape))
        path.append(x)
    return path, state


# ------------------------------------------------------------------------------------------------- the rules

def test_defaults():
    assert Descent() == Descent(eta=0.1)
    assert Momentum() == Momentum(eta=0.01, rho=0.9)
    assert Nesterov() == Nesterov(eta=0.001, rho=0.9)
    assert Adam() == Adam(eta=0.001, beta=(0.9, 0.999), epsilon=1e-8)
    assert AdamW() == AdamW(0.001, (0.9, 0.999), 0.0, 1e-8, couple=True)
    assert WeightDecay() == WeightDecay(lambda_=5e-4)
    assert ClipNorm() == ClipNorm(omega=10, p=2, throw=True)


def test_descent():
    path, state = run(Descent(0.1), [1, 2], [(10, -20), (1, 1)])
    assert np.allclose(path, [[0, 4], [-0.1, 3.9]], rtol=1e-15)
    assert state == Leaf(Descent(0.1), None, False)


def test_momentum():
    # v = 0.1 * 1 = 0.1, then 0.5 * 0.1 + 0.1 * 2 = 0.25
    path, state = run(Momentum(0.1, 0.5), [1], [1, 2])
    assert np.allclose(path, [[0.9], [0.65]], rtol=1e-15)
    assert np.allclose(state.state, [0.25], rtol=1e-15)


def test_momentum_with_critical_damping():
    # The heavy ball on x²/2 has x[t+1] = (1 + rho - eta) x[t] - rho x[t-1]. With rho = (1 - sqrt(eta))² the two roots
    # of its characteristic polynomial fall together at r = 1 - sqrt(eta), so x[t] = (1 + (1 - r) t) r^t from x = 1.
    x = np.asarray([1.0])
    state = setup(Momentum(0.01, 0.81), x)
    for _ in range(50):
        state, x = update(state, x, x)
    assert np.isclose(x[0], (1 + 0.1 * 50) * 0.9**50, rtol=1e-12)


def test_nesterov():
    # step = 1.9 * 0.001 * g - 0.81 v, then v = 0.9 v - 0.001 g
    path, state = run(Nesterov(), [0, 0], [(16, 88)])
    assert np.allclose(state.state, [-0.016, -0.088], rtol=1e-15)
    assert np.allclose(path[-1], [-0.0304, -0.1672], rtol=1e-14)
    path, state = run(Nesterov(), [0, 0], [(16, 88), (16, 0)])
    assert np.allclose(state.state, [-0.0304, -0.0792], rtol=1e-14)
    assert np.allclose(path[1] - path[0], [-(0.0304 + 0.01296), -0.07128], rtol=1e-13)


def test_nesterov_is_momentum_with_the_gradient_taken_ahead():
    # In the textbook's form v = rho v - eta f'(y + rho v), y = y + v; the parameter here is x = y + rho v.
    eta, rho = 0.1, 0.6
    x, y, v = np.asarray([1.0, -2.0]), np.asarray([1.0, -2.0]), np.zeros(2)
    state = setup(Nesterov(eta, rho), x)
    for _ in range(5):
        v = rho * v - eta * np.sinh(y + rho * v)
        y = y + v
        state, x = update(state, x, np.sinh(x))
        assert np.allclose(x, y + rho * v, rtol=1e-13)


def test_adam():
    # m = 1/2, v = 1/4, both 1 when corrected; then m = -3/4 (corrected -1), v = 19/16 (corrected 19/7).
    path, state = run(Adam(0.1, (0.5, 0.75), 0), [0], [1, -2])
    assert np.allclose(path, [[-0.1], [-0.1 + 0.1 * np.sqrt(7 / 19)]], rtol=1e-14)
    m, v, powers = state.state
    assert (m.tolist(), v.tolist(), powers) == ([-0.75], [1.1875], (0.125, 0.421875))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_adam_steps_by_eta_while_the_gradient_stays(scale):
    path, _ = run(Adam(0.25, epsilon=0), [0, 0], [(scale, -scale)] * 20)
    assert np.allclose(path, np.arange(1, 21)[:, None] * np.asarray([-0.25, 0.25]), rtol=1e-12)


def test_adam_epsilon_stands_beside_the_root():
    path, _ = run(Adam(1.0, epsilon=0.5), [0], [2])
    assert np.allclose(path, [[-2 / 2.5]], rtol=1e-14)


def test_adam_of_a_zero_gradient():
    assert run(Adam(), [1], [0, 0])[0][-1] == [1]
    x = np.zeros(2, np.float16)
    _, x = update(setup(Adam(), x), x, np.asarray([0, 1e-7], np.float16))
    assert np.isfinite(x).all()


def test_adam_complex():
    x = np.asarray([0j])
    state, x = update(setup(Adam(0.5, epsilon=0), x), x, np.asarray([3 + 4j]))
    assert np.allclose(x, [-0.3 - 0.4j], rtol=1e-14)
    assert np.allclose(state.state[1], 0.025, rtol=1e-12)
    assert state.state[1].dtype == np.float64


def test_adamw():
    # Adam's first step is the sign of the gradient; the decay is 0.5 * 4 = 2.
    assert np.allclose(run(AdamW(0.1, lambda_=0.5, epsilon=0), [4], [-3])[0], [[4 - 0.1 * (-1 + 2)]], rtol=1e-14)
    assert np.allclose(run(AdamW(0.1, lambda_=0.5, epsilon=0, couple=False), [4], [-3])[0], [[4 + 0.1 - 2]], rtol=1e-14)
    same, _ = run(AdamW(0.1), [4, 1], [(1, -2), (3, 4)])
    assert np.array_equal(same, run(Adam(0.1), [4, 1], [(1, -2), (3, 4)])[0])


def test_chain_with_weight_decay():
    rule = OptimiserChain(WeightDecay(0.01), Descent(0.1))
    ps = {"x": np.asarray([1], np.float32), "y": np.asarray([2], np.float32)}
    grads = {"x": np.asarray([16.5], np.float32), "y": np.asarray([222], np.float32)}
    _, ps = update(setup(rule, ps), ps, grads)
    assert np.allclose(ps["x"], -0.651, rtol=1e-6)
    assert np.allclose(ps["y"], -20.202002, rtol=1e-7)


def test_empty_chain_is_descent_by_one():
    assert run(OptimiserChain(), [5], [2])[0][0] == [3]


def test_chain_clips_before_momentum():
    path, state = run(OptimiserChain(ClipNorm(1), Momentum(0.5, 0.5)), [0, 0], [(3, 4), (0.6, 0)])
    assert np.allclose(path[0], [-0.3, -0.4], rtol=1e-14)
    assert np.allclose(path[1] - path[0], [-(0.15 + 0.3), -0.2], rtol=1e-14)
    assert state.state[0] is None


@pytest.mark.parametrize(("rule", "g", "expected"), [
    (ClipNorm(1), [3, 4], [0.6, 0.8]),
    (ClipNorm(5), [3, 4], [3, 4]),
    (ClipNorm(3.5, p=1), [3, -4], [1.5, -2]),
    (ClipNorm(2, p=np.inf), [3, -4], [1.5, -2]),
    (ClipNorm(1), [0, 0], [0, 0]),
    (ClipNorm(1, p=np.inf), [], []),
    (ClipNorm(10), [3 + 4j, 12j], [30 / 13 + 40j / 13, 120j / 13]),
])
def test_clip_norm(rule, g, expected):
    g = np.asarray(g)
    assert np.allclose(rule.apply(None, g, g)[1], expected, rtol=1e-14)


def test_clip_norm_of_half_precision():
    # 300² is more than float16 can hold, the norm is not.
    g = np.asarray([300, 400], np.float16)
    clipped = ClipNorm(50).apply(None, g, g)[1]
    assert clipped.dtype == np.float16
    assert np.allclose(clipped, [30, 40], rtol=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_clip_norm_of_what_is_not_finite(bad):
    ps = {"layer_1": {"weight": np.ones(2)}}
    grads = {"layer_1": {"weight": np.asarray([1, bad])}}
    rule = OptimiserChain(ClipNorm(), Descent())
    with pytest.raises(ValueError, match=rf"update: at params\.layer_1\.weight: ClipNorm: .* is {bad}.*throw=False"):
        update(setup(rule, ps), ps, grads)
    loose = ClipNorm(throw=False)
    assert np.isnan(loose.apply(None, 0, np.asarray([1.0, np.nan]))[1]).all()


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Descent(-0.1), "Descent: eta is -0.1, expected 0 <= eta < inf"),
    (lambda: Descent(np.inf), "Descent: eta is inf"),
    (lambda: Momentum(np.nan), "Momentum: eta is nan"),
    (lambda: Momentum(rho=1), "Momentum: rho is 1, expected 0 <= rho < 1"),
    (lambda: Nesterov(rho=-0.5), "Nesterov: rho is -0.5"),
    (lambda: Nesterov(-1), "Nesterov: eta is -1"),
    (lambda: Adam(-1), "Adam: eta is -1"),
    (lambda: Adam(beta=(0.9, 1.0)), r"Adam: beta is \(0.9, 1.0\), expected 0 <= beta < 1"),
    (lambda: Adam(epsilon=-1e-8), "Adam: epsilon is -1e-08"),
    (lambda: AdamW(lambda_=-1), "AdamW: lambda_ is -1"),
    (lambda: AdamW(beta=(-0.1, 0.9)), "AdamW: beta is"),
    (lambda: WeightDecay(-1), "WeightDecay: lambda_ is -1"),
    (lambda: ClipNorm(0), "ClipNorm: omega is 0"),
    (lambda: ClipNorm(p=-2), "ClipNorm: .*p is -2"),
    (lambda: adjust(Descent(), -1), "Descent: eta is -1"),
])
def test_values_out_of_range(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Descent(etta=0.1), r"Descent has no argument 'etta'; did you mean 'eta'\? \(known: eta\)"),
    (lambda: Adam(betas=(0.9, 0.99)), r"did you mean 'beta'\? \(known: eta, beta, epsilon\)"),
    (lambda: Descent(lr=0.1), r"Descent has no argument 'lr' \(known: eta\)"),
    (lambda: Descent("0.1"), "Descent: eta is '0.1', expected a number"),
    (lambda: Adam(beta=0.9), "Adam: beta is 0.9, expected a pair"),
    (lambda: OptimiserChain(Descent(), "Adam"), "expected rules such as .*, got a str"),
    (lambda: adjust(Momentum(), rhu=0.5), r"adjust: Momentum has no hyper-parameter 'rhu'; did you mean 'rho'\?"),
    (lambda: adjust(WeightDecay(), 0.1), r"WeightDecay has no hyper-parameter 'eta' \(known: lambda_\)"),
    (lambda: adjust(setup(Adam(), np.ones(1)), betta=0), r"Adam has no hyper-parameter 'betta'; did you mean 'beta'\?"),
])
def test_names_and_types_that_are_wrong(make, words):
    with pytest.raises(TypeError, match=words):
        make()


def test_rules_are_immutable_values():
    rule = Momentum(np.float32(0.5))
    assert type(rule.eta) is float
    assert rule == Momentum(0.5)
    assert hash(rule) == hash(Momentum(0.5))
    with pytest.raises(AttributeError):
        rule.eta = 1
    for rule in RULES:
        assert pickle.loads(pickle.dumps(rule)) == rule == copy.deepcopy(rule)


def test_a_rule_of_your_own():
    class Sign(Rule):
        def apply(self, state, x, dx):
            return state, np.sign(dx)

    assert run(Sign(), [1, 2], [(3, -4)])[0][0].tolist() == [0, 3]
    with pytest.raises(NotImplementedError, match="Rule does not define apply"):
        run(Rule(), [1], [1])


# ------------------------------------------------------------------------------------------- precision, libraries

@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("rule", [*RULES, Descent(np.float64(0.1)), Momentum(np.asarray(0.1))], ids=repr)
def test_precision_is_kept(rule, dtype):
    ps = {"a": np.ones(3, dtype), "b": np.ones((), dtype)}
    grads = tree.map(lambda x: np.asarray(x / 2), ps)
    state = setup(rule, ps)
    for _ in range(2):
        state, ps = update(state, ps, grads)
    assert ps["a"].dtype == ps["b"].dtype == dtype
    assert ps["b"].shape == ()
    assert type(ps["b"]) is np.ndarray
    kept = {np.dtype(dtype), np.ones(1, dtype).real.dtype}
    assert {x.dtype for x in tree.leaves(state) if hasattr(x, "dtype")} <= kept


@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
@pytest.mark.parametrize("rule", [*RULES, ClipNorm(0.1), ClipNorm(0.1, p=np.inf)], ids=repr)
def test_arrays_of_another_library(rule, device):
    device = strict.Device(device)
    x, g = np.asarray([[1.0, -2.0]], np.float32), np.asarray([[3.0, 0.5]], np.float32)
    ps = {"w": strict.asarray(x.tolist(), dtype=strict.float32, device=device)}
    grads = {"w": strict.asarray(g.tolist(), dtype=strict.float32, device=device)}
    state, expected_state = setup(rule, ps), setup(rule, x)
    for _ in range(3):
        state, ps = update(state, ps, grads)
        expected_state, x = update(expected_state, x, g)
    assert ps["w"].device == device
    assert ps["w"].dtype == strict.float32
    assert np.allclose(np.asarray(strict.asarray(ps["w"], device=strict.Device("CPU_DEVICE"))), x, rtol=1e-6)


def test_component_array_of_another_library():
    ps = ComponentArray({"w": strict.asarray([1.0, 2.0]), "b": strict.asarray([3.0])})
    state = setup(Descent(0.5), ps)
    assert type(state["w"]) is Leaf
    _, new = update(state, ps, ps)
    assert isinstance(new, ComponentArray)
    assert new == ps / 2


def test_derivative_with_respect_to_the_learning_rate():
    # x - eta g, so the derivative of its sum with respect to eta is minus the sum of g.
    x, g = np.asarray([1.0, 2.0]), np.asarray([3.0, 5.0])
    assert lux.grad(lambda eta: update(setup(Descent(eta), x), x, g)[1].sum())(np.asarray(0.1)) == -8


def test_derivative_through_a_step():
    # One step on |x|² is x - 2 eta x.
    ps = ComponentArray({"x": np.asarray([1.0, 2.0])})
    state = setup(Momentum(0.1), ps)
    after = lux.grad(lambda p: update(state, p, lux.grad(lambda q: (q.x**2).sum())(p))[1].flat.sum())(ps)
    assert np.allclose(after.x, 0.8, rtol=1e-15)


# ------------------------------------------------------------------------------------------------------ trees

def forest():
    """Parameters in every kind of container, with leaves that can't be trained."""
    return {"dense": {"weight": np.ones((2, 3), np.float32), "bias": np.zeros(2, np.float32)},
            "empty": {},
            "cells": [np.ones(2), (np.ones(1, np.complex64), np.asarray([1, 2]))],
            "pair": Pair(np.ones(1), None),
            "count": 3}


def test_setup_gives_every_trainable_array_a_leaf():
    state = setup(Momentum(), forest())
    assert type(state["dense"]["weight"]) is Leaf
    assert state["dense"]["weight"].state.shape == (2, 3)
    assert state["dense"]["weight"].state.dtype == np.float32
    assert state["empty"] == {}
    assert type(state["cells"]) is list
    assert type(state["cells"][1]) is tuple
    assert type(state["cells"][1][0]) is Leaf
    assert state["cells"][1][1] is state["count"] is state["pair"]["right"] is None
    assert type(state["pair"]["left"]) is Leaf


def test_setup_wants_a_rule_first():
    with pytest.raises(TypeError, match=r"setup: expected a rule such as .* got a dict as the rule"):
        setup({"x": np.ones(1)}, Descent())
    with pytest.raises(TypeError, match="expected a rule"):
        setup(Descent, np.ones(1))


def test_setup_warns_if_there_is_nothing_to_train():
    with pytest.warns(UserWarning, match="nothing to train"):
        assert setup(Descent(), {"n": np.asarray([1]), "c": 2}) == {"n": None, "c": None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        setup(Descent(), {"a": {"n": np.asarray([1])}, "b": {}})
    assert len(caught) == 1


def test_update_of_a_forest():
    ps = forest()
    grads = {"dense": {"weight": np.ones((2, 3), np.float32), "bias": np.ones(2, np.float32)}, "empty": {},
             "cells": [np.ones(2), (np.full(1, 1j, np.complex64), None)], "pair": Pair(np.ones(1), None), "count": None}
    state, new = update(setup(Descent(0.5), ps), ps, grads)
    assert list(new) == list(ps)
    assert new["dense"]["weight"].tolist() == [[0.5] * 3] * 2
    assert new["dense"]["bias"].tolist() == [-0.5, -0.5]
    assert type(new["cells"]) is list
    assert new["cells"][0].tolist() == [0.5, 0.5]
    assert new["cells"][1][0].tolist() == [1 - 0.5j]
    assert new["cells"][1][1] is ps["cells"][1][1]
    assert new["pair"] == Pair(np.asarray([0.5]), None)
    assert new["count"] == 3
    assert type(state["cells"]) is list


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_update_is_pure(rule):
    ps = {"a": np.asarray([1.0, 2.0]), "b": [np.asarray([3.0])]}
    grads = {"a": np.asarray([0.5, -1.0]), "b": [np.asarray([2.0])]}
    state, _ = update(setup(rule, ps), ps, grads)
    arrays = [x for x in tree.leaves([ps, grads, state]) if isinstance(x, np.ndarray)]
    before = [x.copy() for x in arrays]
    for x in arrays:
        x.flags.writeable = False
    first = update(state, ps, grads)
    second = update(state, ps, grads)
    assert all(np.array_equal(x, y) for x, y in zip(arrays, before, strict=True))
    assert all(np.array_equal(x, y) for x, y in zip(tree.leaves(first[1]), tree.leaves(second[1]), strict=True))
    assert not any(np.shares_memory(x, y) for x in tree.leaves(first[1]) for y in arrays)


@pytest.mark.parametrize("rule", [r for r in RULES if "ClipNorm" not in repr(r)], ids=repr)
def test_component_array_and_dict_agree(rule):
    rng = np.random.default_rng(0)
    plain = {"dense": {"weight": rng.normal(size=(3, 2)).astype("f"), "bias": rng.normal(size=3).astype("f")},
             "list": [rng.normal(size=()).astype("f")]}
    flat = ComponentArray(plain)
    state, flat_state = setup(rule, plain), setup(rule, flat)
    assert type(flat_state) is Leaf
    for _ in range(3):
        grads = tree.map(lambda x: np.asarray(np.sin(3 * x)), plain)
        state, plain = update(state, plain, grads)
        flat_state, flat = update(flat_state, flat, np.sin(3 * flat))
    assert flat == ComponentArray(plain)
    assert flat.dtype == np.float32


def test_component_array_takes_its_gradient_as_a_dict_too():
    ps = ComponentArray({"w": np.ones((2, 2)), "b": np.zeros(2)})
    grads = {"b": np.asarray([1.0, 2.0]), "w": np.full((2, 2), 4.0)}
    _, new = update(setup(Descent(0.5), ps), ps, grads)
    assert new.axes is ps.axes
    assert new.b.tolist() == [-0.5, -1]
    assert new.w.tolist() == [[-1, -1], [-1, -1]]
    with pytest.raises(ValueError, match=r"update: the gradient of params\.b is None, expected float64 array"):
        update(setup(Descent(0.5), ps), ps, {"b": None, "w": grads["w"]})
    with pytest.raises(ValueError, match=r"update: the trees differ at params: expected keys \['w', 'b'\]"):
        update(setup(Descent(0.5), ps), ps, {"w": grads["w"]})


def test_component_array_inside_a_dict():
    ps = {"net": ComponentArray({"w": np.ones(2)}), "scale": np.ones(1)}
    state = setup(Momentum(0.5), ps)
    assert type(state["net"]) is Leaf
    _, new = update(state, ps, ps)
    assert new["net"].w.tolist() == [0.5, 0.5]
    assert new["scale"].tolist() == [0.5]


def test_clip_norm_of_a_component_array_is_global():
    ps = ComponentArray({"a": np.asarray([3.0]), "b": np.asarray([4.0])})
    _, new = update(setup(ClipNorm(1), ps), ps, ps)
    assert np.allclose(new.flat, [2.4, 3.2], rtol=1e-15)
    plain = ps.to_dict()
    _, new = update(setup(ClipNorm(1), plain), plain, plain)
    assert (new["a"], new["b"]) == (2, 3)


# --------------------------------------------------------------------------------- shared arrays, missing gradients

def test_shared_arrays_make_one_step_with_the_sum_of_their_gradients():
    w = np.asarray([1.0])
    ps = {"enc": {"w": w}, "dec": {"w": w, "b": np.asarray([0.0])}}
    state = setup(Momentum(0.1, 0.5), ps)
    assert state["enc"]["w"] is state["dec"]["w"]
    grads = {"enc": {"w": np.asarray([1.0])}, "dec": {"w": np.asarray([2.0]), "b": np.asarray([1.0])}}
    state, ps = update(state, ps, grads)
    assert ps["enc"]["w"] is ps["dec"]["w"]
    assert state["enc"]["w"] is state["dec"]["w"]
    assert np.allclose(ps["enc"]["w"], 0.7, rtol=1e-15)
    assert np.allclose(state["enc"]["w"].state, 0.3, rtol=1e-15)
    grads["enc"]["w"] = None
    state, ps = update(state, ps, grads)
    assert np.allclose(ps["enc"]["w"], 0.7 - (0.15 + 0.2), rtol=1e-14)
    assert ps["enc"]["w"] is ps["dec"]["w"]
    assert grads["dec"]["w"] == [2]
    for changed in (adjust(state, 0.2), freeze(state), thaw(state), pickle.loads(pickle.dumps(state))):
        assert changed["enc"]["w"] is changed["dec"]["w"]


def test_a_shared_component_array_stays_shared():
    net = ComponentArray({"w": np.asarray([1.0])})
    ps = [net, net]
    _, new = update(setup(Descent(0.1), ps), ps, [net, net])
    assert new[0] is new[1]
    assert np.allclose(new[0].flat, 0.8)


def test_equal_arrays_are_not_shared():
    ps = {"a": np.ones(1), "b": np.ones(1)}
    _, ps = update(setup(Descent(1), ps), ps, {"a": np.ones(1), "b": np.zeros(1)})
    assert (ps["a"], ps["b"]) == (0, 1)


def test_none_skips():
    ps = {"a": {"x": np.ones(1), "y": np.ones(1)}, "b": np.ones(1)}
    state = setup(Momentum(0.5), ps)
    new_state, new = update(state, ps, {"a": None, "b": np.ones(1)})
    assert new["a"]["x"] is ps["a"]["x"]
    assert new_state["a"]["x"] is state["a"]["x"]
    assert new["b"] == [0.5]
    new_state, new = update(state, ps, None)
    assert new["b"] is ps["b"]


# --------------------------------------------------------------------------------------- adjust, freeze, thaw

def test_adjust_keeps_the_memory():
    ps = {"x": np.asarray([1.0])}
    state, ps = update(setup(Momentum(0.1, 0.5), ps), ps, {"x": np.asarray([1.0])})
    old = state
    state = adjust(state, 0.2)
    assert state["x"].rule == Momentum(0.2, 0.5)
    assert state["x"].state is old["x"].state
    assert old["x"].rule == Momentum(0.1, 0.5)
    state = adjust(state, eta=0.3, rho=0.25)
    _, ps = update(state, ps, {"x": np.asarray([1.0])})
    assert np.allclose(ps["x"], 0.9 - (0.25 * 0.1 + 0.3), rtol=1e-14)


def test_adjust_in_chains_and_parts():
    chain = OptimiserChain(WeightDecay(0.1), AdamW(0.1), Descent(0.1))
    assert adjust(chain, 0.5, lambda_=0.2) == OptimiserChain(WeightDecay(0.2), AdamW(0.5, lambda_=0.2), Descent(0.5))
    state = setup(chain, {"a": np.ones(1), "b": np.ones(1), "n": 3})
    state["a"] = adjust(state["a"], 0.5)
    assert state["a"].rule.rules[2] == Descent(0.5)
    assert state["b"].rule == chain
    mixed = {"a": setup(Descent(), np.ones(1)), "b": setup(Momentum(), np.ones(1))}
    assert adjust(mixed, rho=0.5)["b"].rule == Momentum(rho=0.5)
    assert adjust(mixed, rho=0.5)["a"].rule == Descent()
    with pytest.raises(TypeError, match=r"Descent, Momentum has no hyper-parameter 'roh'; did you mean 'rho'"):
        adjust(mixed, roh=0.5)
    with pytest.raises(TypeError, match=r"adjust: expected the state of an optimiser.*got float64 array"):
        adjust({"a": np.ones(1)}, 0.1)


def test_frozen_arrays_keep_still():
    ps = {"layer_1": {"w": np.ones(1), "b": np.ones(1)}, "layer_2": [np.ones(1)]}
    state = setup(Momentum(0.5), ps)
    for frozen in (freeze(state, "layer_1"), {**state, "layer_1": freeze(state["layer_1"])}):
        assert frozen["layer_1"]["w"].frozen
        assert not frozen["layer_2"][0].frozen
        new_state, new = update(frozen, ps, ps)
        assert new["layer_1"]["w"] is ps["layer_1"]["w"]
        assert new_state["layer_1"]["w"].state == 0
        assert new["layer_2"][0] == [0.5]
        _, new = update(thaw(new_state), new, new)
        assert new["layer_1"]["w"] == [0.5]
    assert not state["layer_1"]["w"].frozen
    assert freeze(state, "layer_2.0")["layer_2"][0].frozen
    part = freeze(state, "layer_1.b")["layer_1"]
    assert (part["w"].frozen, part["b"].frozen) == (False, True)
    thawed = thaw(freeze(state), "layer_1")
    assert (thawed["layer_1"]["w"].frozen, thawed["layer_2"][0].frozen) == (False, True)


def test_freezing_one_place_of_a_shared_array_freezes_both():
    w = np.ones(1)
    state = freeze(setup(Descent(), {"a": w, "b": [w]}), "a")
    assert state["a"] is state["b"][0]
    assert state["a"].frozen


def test_what_can_not_be_frozen():
    state = setup(Descent(), {"layer_1": {"w": np.ones(1)}})
    with pytest.raises(KeyError, match=r"freeze: there is no 'bias' of 'layer_1\.bias' in the state.*has w"):
        freeze(state, "layer_1.bias")
    with pytest.raises(KeyError, match=r"thaw: there is no 'layer_2'.*has layer_1"):
        thaw(state, "layer_2")
    with pytest.raises(TypeError, match="freeze: expected the state of an optimiser"):
        freeze(Descent())
    flat = setup(Descent(), ComponentArray({"layer_1": {"w": np.ones(1)}}))
    assert freeze(flat).frozen
    with pytest.raises(ValueError, match=r"components of a ComponentArray.*to_dict\(\)"):
        freeze(flat, "layer_1")


# ------------------------------------------------------------------------------------------------ bad gradients

@pytest.mark.parametrize(("ps", "grads", "words"), [
    ({"l": {"w": np.ones(2)}}, {"l": {}}, r"update: the trees differ at params\.l: the state has keys \['w'\], the "
                                          r"parameters keys \['w'\], the gradients keys \[\]"),
    ({"l": {"w": np.ones(2)}}, {"l": np.ones(2)}, r"differ at params\.l: .*the gradients float64 array of shape"),
    ({"l": [np.ones(2)]}, {"l": [np.ones(2), np.ones(2)]}, r"differ at params\.l: .*the gradients keys \[0, 1\]"),
    ({"l": [np.ones(2)]}, {"l": [np.ones(3)]}, r"update: the gradient of params\.l\.0 is float64 array of shape "
                                               r"\(3,\), expected float64 array of shape \(2,\)"),
    (np.ones(2, "f"), np.ones(2), r"gradient of params is float64 array .* expected float32 array"),
    (np.ones(2), np.ones(2) * 1j, "gradient of params is complex128 array"),
    (np.ones(1), 1.0, "gradient of params is a float, expected float64 array"),
    ({"w": np.ones(1)}, {"w": {"x": np.ones(1)}}, r"gradient of params\.w is a dict"),
])
def test_gradients_that_do_not_fit(ps, grads, words):
    state = setup(Descent(), ps)
    with pytest.raises(ValueError, match=words):
        update(state, ps, grads)


def test_a_state_that_does_not_fit():
    state = setup(Momentum(), {"w": np.ones((2, 1))})
    ps = {"w": np.ones(2)}
    with pytest.raises(ValueError, match=r"state at params\.w does not belong to this parameter.*setup\(rule, ps\)"):
        update(state, ps, ps)
    with pytest.raises(ValueError, match=r"state at params\.w does not belong .* float32 array.* it float64 array"):
        update(setup(Momentum(), ps), {"w": np.ones(2, "f")}, {"w": np.ones(2, "f")})
    with pytest.raises(ValueError, match=r"the trees differ at params\.w: the state has a Leaf, the parameters keys"):
        update(state, {"w": {"x": np.ones(1)}}, {"w": {"x": np.ones(1)}})
    with pytest.raises(ValueError, match=r"differ at params: the state has keys \['w'\], the parameters keys"):
        update(state, {"v": np.ones(2)}, None)
