"""Schedules beside PyTorch's schedulers (tests/data/make_optimisers.py), and at their ends."""
from pathlib import Path

import numpy as np
import pytest

import arraylux as lux
from arraylux.optimisers import Adam, Descent, OptimiserChain, WeightDecay
from arraylux.schedules import constant, cosine, exponential_decay, join, linear, one_cycle, piecewise, warmup

DATA = np.load(Path(__file__).parent / "data" / "optimisers.npz")


@pytest.mark.parametrize(("name", "schedule"), [
    ("step", exponential_decay(0.2, 0.5, 6, staircase=True)),
    ("multistep", piecewise(0.2, {4: 0.3, 9: 0.3, 15: 0.3})),
    ("exponential", exponential_decay(0.2, 0.9)),
    ("linear", linear(0.05, 0.2, 8)),
    ("cosine", cosine(0.2, 20, 0.01)),
    ("one_cycle", one_cycle(0.4, 20)),
    ("warmup_cosine", warmup(cosine(0.2, 15), 5, start=0.02)),
])
def test_twenty_steps(name, schedule):
    np.testing.assert_allclose([schedule(step) for step in range(20)], DATA[f"rates_{name}"], rtol=1e-12)


def test_beyond_the_last_step_nothing_changes():
    assert [cosine(1.0, 3, 0.25)(step) for step in (3, 4, 100)] == [0.25] * 3
    assert linear(1.0, 2.0, 3)(100) == 2
    assert one_cycle(1.0, 10, final=0.125)(9) == one_cycle(1.0, 10, final=0.125)(50) == 0.125
    assert warmup(constant(1.0), 3)(100) == 1


def test_exponential_decay_between_its_steps():
    assert exponential_decay(1.0, 0.25, every=4)(2) == 0.5
    assert exponential_decay(1.0, 0.25, every=4, staircase=True)(3) == 1


def test_a_row_of_three():
    schedule = join([constant(1.0), constant(2.0), lambda step: float(step)], [2, 4])
    assert [schedule(step) for step in range(7)] == [1, 1, 2, 2, 0, 1, 2]
    assert join([constant(1.0), linear(0.0, 1.0, 2)], [0])(1) == 0.5


def test_one_cycle_of_few_steps():
    assert one_cycle(1.0, 2)(0) == 1
    assert one_cycle(1.0, 2)(1) == pytest.approx(4e-6)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: cosine(0.1, 0), "cosine: steps is 0, expected a positive number"),
    (lambda: linear(0.1, 0.2, -1), "linear: steps is -1"),
    (lambda: exponential_decay(0.1, 0.5, 0), "exponential_decay: every is 0"),
    (lambda: one_cycle(0.1, 1), "one_cycle: steps is 1 and rise is 0.3"),
    (lambda: one_cycle(0.1, 10, rise=1), "one_cycle: steps is 10 and rise is 1"),
    (lambda: warmup(constant(1.0), 0), "linear: steps is 0"),
    (lambda: join([constant(1.0)], [1]), r"join: 1 schedules came with the boundaries \[1\], expected 0 ascending"),
    (lambda: join([], []), "join: 0 schedules"),
    (lambda: join([constant(1.0)] * 3, [5, 2]), r"boundaries \[5, 2\], expected 2 ascending"),
])
def test_values_out_of_range(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_schedule_in_training():
    # Descent by eta(t) on x²/2 multiplies x by 1 - eta(t).
    def half_square(model, ps, st, data):
        return 0.5 * (ps["x"] ** 2).sum(), st, {}

    schedule = lux.schedules.cosine(0.5, 4)
    tstate = lux.training.TrainState(None, {"x": np.asarray([1.0])}, {}, Descent())
    for _ in range(6):
        tstate = lux.optimisers.adjust(tstate, schedule(tstate.step))
        *_, tstate = lux.training.single_train_step(lux.AutoTape(), half_square, None, tstate)
    factors = [1 - 0.25 * (1 + np.cos(np.pi * t / 4)) for t in range(4)]
    np.testing.assert_allclose(tstate.parameters["x"], [np.prod(factors)], rtol=1e-14)


def test_adjusting_a_train_state():
    tstate = lux.training.TrainState(None, {"x": np.ones(1)}, {"n": 1}, OptimiserChain(WeightDecay(0.1), Adam(0.1)))
    for new in (lux.optimisers.adjust(tstate, 0.5, lambda_=0.2), lux.training.adjust(tstate, 0.5, lambda_=0.2)):
        assert new.optimizer == new.optimizer_state["x"].rule == OptimiserChain(WeightDecay(0.2), Adam(0.5))
        assert new.optimizer_state["x"].state is tstate.optimizer_state["x"].state
        assert (new.parameters, new.states, new.step) == (tstate.parameters, tstate.states, tstate.step)
    assert tstate.optimizer == OptimiserChain(WeightDecay(0.1), Adam(0.1))
    with pytest.raises(TypeError, match="has no hyper-parameter 'rho'"):
        lux.optimisers.adjust(tstate, rho=1)


def test_freezing_in_a_train_state():
    tstate = lux.training.TrainState(None, {"x": np.ones(1), "y": np.ones(1)}, {}, Descent(0.5))
    frozen = lux.optimisers.freeze(tstate, "y")
    after = lux.training.apply_gradients(frozen, {"x": np.ones(1), "y": np.ones(1)})
    assert (after.parameters["x"], after.parameters["y"]) == (0.5, 1)
    after = lux.training.apply_gradients(lux.optimisers.thaw(after), {"x": np.ones(1), "y": np.ones(1)})
    assert (after.parameters["x"], after.parameters["y"]) == (0, 0.5)
