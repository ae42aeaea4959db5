"""Where the first NaN was born: every fact of the message, both modes, and that nothing is left behind."""
from __future__ import annotations

import re
import threading
import warnings

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux.layers import AbstractLuxContainerLayer, AbstractLuxLayer, AbstractLuxWrapperLayer
from arraylux.tracer import tape
from arraylux.tracer.core import PRIMITIVES, Primitive
from arraylux.tracer.dual import Dual
from arraylux.tracer.pointwise import Pair

XP = lux.array_namespace(np.zeros(1))


def message(f, *args, infinities=False):
    """Return what is said of the first NaN in a call."""
    with pytest.raises(FloatingPointError) as caught, lux.debug_nans(infinities=infinities):
        f(*args)
    text = str(caught.value)
    assert "\n" not in text
    return text


def line(f, offset):
    return f"{f.__code__.co_filename}:{f.__code__.co_firstlineno + offset}"


# --- what the message says ----------------------------------------------------------------------------------------
def test_a_function_of_a_plain_array():
    def f(x):
        y = x + 1
        return XP.log(y)

    text = message(f, np.array([1.0, -2.0, 3.0], np.float32))
    assert text.startswith("log gave a NaN at [1] (argument 0: float32 (3,) from -1 to 4), at ")
    assert f"at {line(f, 2)}; keep what comes in" in text


@pytest.mark.parametrize("transform", [
    lambda f, x: lux.grad(f)(x),
    lambda f, x: lux.jvp(f, (x,), (x,)),
    lambda f, x: lux.hvp(f, x, x),
    lambda f, x: lux.grad(lambda x: lux.grad(f)(x).sum())(x),
    lambda f, x: lux.vjp(f, x),
    lambda f, x: lux.grad(lux.checkpoint(f))(x),
])
def test_a_function_of_traced_arrays(transform):
    def f(x):
        return XP.sum(XP.log(x))

    text = message(transform, f, np.array([[1.0, 2.0], [3.0, -1.0]]))
    assert text.startswith("log gave a NaN at [1, 1] (argument 0: float64 (2, 2) from -1 to 3), at " + line(f, 1))


def test_two_arguments():
    text = message(lux.grad(lambda x: np.sum(x / (x - x))), np.zeros(2))
    assert text.startswith("divide gave a NaN at [0] (argument 0: float64 (2,) of 0; argument 1: float64 (2,) of 0)")


def test_numbers_without_axes():
    assert message(lux.grad(lambda x: np.log(x - 2)), 1.0).startswith("log gave a NaN (argument 0: float64 () of -1)")


def test_an_infinity():
    x = np.array([0.0, 800.0])
    with lux.debug_nans(), np.errstate(over="ignore"):
        assert XP.exp(x)[1] == np.inf
    text = message(XP.exp, x, infinities=True)
    assert text.startswith("exp gave an infinity at [1] (argument 0: float64 (2,) from 0 to 800)")


def test_a_nan_made_of_infinities():
    x = np.array([np.inf, 1.0])
    assert message(lambda: XP.subtract(x, x)).endswith("; an infinity came in, and debug_nans(infinities=True) says "
                                                       "where that was born")
    assert message(lambda: XP.subtract(x, x), infinities=True).endswith("an infinity came in, which was in the data")


# --- rules --------------------------------------------------------------------------------------------------------
def test_a_reverse_rule_says_where_it_was_recorded():
    def f(x):
        y = np.sqrt(x)
        return np.sum(y)

    text = message(lux.grad(f), np.array([4.0, 0.0]), infinities=True)
    assert text.startswith("the reverse rule of sqrt gave an infinity at [1] (cotangent: float64 (2,) of 1; result: "
                           f"float64 (2,) from 0 to 2), recorded at {line(f, 1)}; keep what comes in where the deriv")


def test_a_where_after_the_call_does_not_help():
    text = message(lux.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0))), np.array([4.0, 0.0]))
    assert text.startswith("the reverse rule of sqrt gave a NaN at [1] (cotangent: float64 (2,) from 0 to 1; ")
    with lux.debug_nans(infinities=True):               # before it, it does
        lux.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0)))(np.array([4.0, 0.0]))


def test_a_forward_rule():
    def f(x):
        return np.sqrt(x)

    text = message(lambda x: lux.jvp(f, (x,), (np.ones(1),)), np.zeros(1), infinities=True)
    assert text.startswith("the forward rule of sqrt gave an infinity at [0] (tangent 0: float64 (1,) of 1; result: "
                           f"float64 (1,) of 0; argument 0: float64 (1,) of 0), at {line(f, 1)}; keep")


def test_the_rule_of_a_rule():
    # d/dx x^1.5 is finite at 0, the derivative of that is not
    power = lux.grad(lambda x: x ** 1.5)
    with lux.debug_nans(infinities=True):
        assert power(0.0) == 0.0
    assert re.match(r"the reverse rule of pow gave an infinity \(cotangent: .*\), recorded in the reverse rule of pow, "
                    r"recorded at .*test_nans\.py:\d+; ", message(lux.grad(power), 0.0, infinities=True))
    assert message(lambda: lux.jvp(power, (0.0,), (1.0,)), infinities=True).startswith("the reverse rule of pow")
    assert message(lambda: lux.jvp(lambda x: lux.jvp(lambda x: x ** 1.5, (x,), (1.0,))[1], (0.0,), (1.0,)),
                   infinities=True).startswith("the forward rule of pow")


def test_short_ways_past_the_primitives_are_seen():
    big = np.full((2, 2), 1e200)
    text = message(lux.grad(lambda x: np.sum((x @ big) @ big)), np.full((2, 2), 1e-250), infinities=True)
    assert text.startswith("the reverse rule of matmul gave an infinity at [0, 0] (cotangent: float64 (2, 2) of 2e+200")
    text = message(lux.grad(lambda b: np.sum((np.zeros((3, 2)) + b) * 1e308)), np.zeros(2), infinities=True)
    assert text.startswith("the reverse rule of add gave an infinity")          # a sum over the axis of length 3


def test_sums_of_cotangents_are_seen():
    text = message(lux.grad(lambda x: np.sum(x * 1e308 + x * 1e308)), np.zeros(2), infinities=True)
    assert text.startswith("the sum of the cotangents of an array that is used twice gave an infinity at [0] "
                           "(cotangents: float64 (2,) of 1e+308, float64 (2,) of 1e+308), after the reverse rule of "
                           "multiply, recorded at ")
    text = message(lux.grad(lambda x: np.sum(x[:2] * 1e308) + np.sum(x[1:] * 1e308)), np.zeros(3), infinities=True)
    assert "gave an infinity at [1] " in text


def test_rules_of_the_users_own_are_looked_at_step_by_step():
    @lux.custom_vjp
    def f(x):
        return x

    def backward(x, g):
        return (g * XP.log(x),)

    f.defvjp(lambda x: (x, x), backward)
    text = message(lux.grad(lambda x: np.sum(f(x))), np.array([-1.0]))
    assert text.startswith("log gave a NaN at [0]") and f"at {line(backward, 1)}" in text
    f.defvjp(lambda x: (x, x), lambda x, g: (np.full_like(g, np.nan),))
    assert message(lux.grad(lambda x: np.sum(f(x))), np.array([-1.0])).startswith("the reverse rule of f gave a NaN")


def test_checkpoint_names_the_step_that_runs_again():
    def f(x):
        return np.sum(np.sqrt(x))

    text = message(lux.grad(lux.checkpoint(f)), np.zeros(2), infinities=True)
    assert text.startswith("the reverse rule of sqrt gave") and f"recorded at {line(f, 1)};" in text


# --- layers -------------------------------------------------------------------------------------------------------
class Residual(AbstractLuxContainerLayer):
    blocks: tuple[AbstractLuxLayer, ...]
    sublayers = ("blocks",)

    def __call__(self, x, ps, st):
        y, first = self.blocks[0](x, ps["blocks"][0], st["blocks"][0])
        return XP.log(x) + y, {"blocks": (first,)}


class Around(AbstractLuxWrapperLayer):
    inner: AbstractLuxLayer
    wrapped = "inner"


DENSE = lux.Dense(2, 2, XP.log, init_weight=lambda rng, shape: -np.ones(shape), use_bias=False)
SAME = lux.WrappedFunction(lambda x: XP.log(x - 1))


@pytest.mark.parametrize(("model", "path"), [
    (DENSE, "Dense(2 => 2, log, use_bias=false)"),
    (lux.Chain(lux.NoOpLayer(), DENSE), "Chain.layer_2 (Dense(2 => 2, log, use_bias=false))"),
    (lux.Chain(encoder=lux.Chain(lux.NoOpLayer(), DENSE, name="Inner"), name="Model"),
     "Model.encoder.layer_2 (Dense(2 => 2, log, use_bias=false))"),
    (lux.Chain(SAME, SAME), "Chain.layer_2 (WrappedFunction(<lambda>))"),       # one layer, two names
    (Residual((DENSE,)), "Residual.blocks.0 (Dense(2 => 2, log, use_bias=false))"),
    (Around(DENSE), "Around.inner (Dense(2 => 2, log, use_bias=false))"),
])
def test_the_layer_that_ran(model, path):
    ps, st = lux.setup(np.random.default_rng(0), model)
    assert f", in {path}; " in message(lambda: model(np.full((1, 2), 2.0), ps, st))


def test_a_layers_own_code():
    model = lux.Chain(lux.NoOpLayer(), Residual((lux.NoOpLayer(),)))
    ps, st = lux.setup(np.random.default_rng(0), model)
    text = message(lambda: model(np.full((1, 2), -2.0), ps, st))
    assert f"at {line(Residual.__call__, 2)}, in Chain.layer_2 (Residual); " in text


def test_the_layer_of_a_reverse_rule():
    model = lux.Chain(lux.NoOpLayer(), lux.Dense(2, 2, XP.sqrt))
    ps, st = lux.setup(np.random.default_rng(0), model)
    zero = lux.tree.map(np.zeros_like, ps)
    text = message(lux.grad(lambda p: np.sum(model(np.ones((1, 2), np.float32), p, st)[0])), zero, infinities=True)
    assert text.startswith("the reverse rule of sqrt gave an infinity")
    assert ", in Chain.layer_2 (Dense(2 => 2, sqrt)); " in text


# --- what is not born ---------------------------------------------------------------------------------------------
def test_what_was_in_the_data_is_not_born():
    x = np.array([np.nan, np.inf, -1.0])
    with lux.debug_nans(infinities=True):
        y = lux.grad(lambda x: np.sum(x * 2 + x))(x)
        assert np.isposinf(XP.where(x < 0, np.inf, 0.0)[2])                     # a number is data, too
        assert XP.max(XP.asarray([1.0, -np.inf])) == 1.0
        np.testing.assert_array_equal(lux.softmax(np.array([0.0, -np.inf])), [1.0, 0.0])
    np.testing.assert_array_equal(y, [3.0, 3.0, 3.0])


def test_what_a_rule_masks_inside_is_not_born():
    with lux.debug_nans(infinities=True):
        lux.grad(lambda x: np.sum(x ** np.array([0.0, 2.0])))(np.zeros(2))
        lux.grad(lambda x: np.std(x))(np.ones(3))
        lux.grad(lambda x: np.sum(np.logaddexp(x, x)))(np.array([1e4, -1e4]))


def test_integers_booleans_and_empty_arrays():
    with lux.debug_nans(infinities=True):
        assert XP.sum(XP.add(np.arange(3), 1)) == 6
        assert not XP.any(XP.isnan(np.zeros((0, 2))))
        assert XP.exp(np.zeros((0, 2))).shape == (0, 2)


def test_plain_numpy_is_not_ours_to_see():
    with lux.debug_nans(), np.errstate(invalid="ignore"):
        assert np.isnan(np.log(-1.0))


def test_other_libraries_and_complex_numbers():
    x = array_api_strict.asarray([1.0, -1.0])
    assert message(lambda: lux.array_namespace(x).log(x)).startswith("log gave a NaN at [1] (argument 0: float64 (2,) ")
    z = np.array([0j])
    assert message(lambda: XP.divide(z, z)).startswith("divide gave a NaN at [0] (argument 0: complex128 (1,);")


def test_mapped_functions():
    def f(x):
        return XP.log(x)

    text = message(lambda x: lux.vmap(f)(x), np.array([1.0, -1.0]))
    assert text.startswith("log gave a NaN at [1]") and line(f, 1) in text


# --- the context --------------------------------------------------------------------------------------------------
def hooks():
    return Primitive._find, Dual.lift, tape.Tape.__init__, tape.accumulate


def tables():
    return {name: (dict(p._table), dict(p._pairs) if isinstance(p, Pair) else None) for name, p in PRIMITIVES.items()}


def work():
    x = np.array([1.0, 2.0])
    lux.hvp(lambda x: np.sum(np.exp(x @ x) * np.log(x)), x, x)
    return XP.sum(XP.log(x) + 1.0)


def test_outside_everything_is_as_before():
    for primitive in PRIMITIVES.values():
        primitive._table.clear()
        if isinstance(primitive, Pair):
            primitive._pairs.clear()
    before = hooks()
    value = work()
    filled = tables()
    with lux.debug_nans():
        assert work() == value
        assert all(now is not then for now, then in zip(hooks(), before, strict=True))
        assert PRIMITIVES["log"]._table[np.ndarray] is not np.log
    assert hooks() == before and work() == value and tables() == filled
    assert type(tape.Tape("test").rows) is list
    assert lux.grad(lambda x: np.log(x))(np.float64(2.0)) == 0.5
    with np.errstate(invalid="ignore"):
        assert np.isnan(XP.log(np.float64(-1.0)))


def test_after_an_error_and_nested():
    before = hooks()
    x = np.array([-1.0])
    with lux.debug_nans():
        message(XP.log, x, infinities=True)
        with pytest.raises(FloatingPointError):                                 # the outer one goes on
            XP.log(x)
        with np.errstate(over="ignore"):
            XP.exp(x + 1000)                                                    # and watches for NaNs alone
    assert hooks() == before
    with np.errstate(invalid="ignore"):
        assert np.isnan(XP.log(x))[0]


def test_as_a_decorator():
    @lux.debug_nans(infinities=True)
    def f(x):
        return XP.exp(x)

    for _ in range(2):
        with pytest.raises(FloatingPointError, match="exp gave an infinity"):
            f(np.array(1000.0))


def test_ours_comes_before_numpys():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert message(XP.log, np.array([-1.0])).startswith("log gave")
    with np.errstate(all="raise"):
        assert message(XP.log, np.array([-1.0])).startswith("log gave")
        assert message(lux.grad(lambda x: np.sum(np.sqrt(x) * 0.0)), np.zeros(1)).startswith("the reverse rule of sqrt")


def test_only_the_thread_that_opened_it_is_watched():
    found = []

    def other():
        with np.errstate(all="ignore"):
            found.append(XP.log(np.array([-1.0])))
            found.append(lux.grad(lambda x: np.sum(np.sqrt(x)))(np.zeros(1)))
            with lux.debug_nans(), pytest.raises(FloatingPointError):
                XP.log(np.array([-1.0]))

    with lux.debug_nans(infinities=True):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        with pytest.raises(FloatingPointError):                                 # the other thread's leaves ours open
            XP.log(np.array([-1.0]))
    assert np.isnan(found[0][0]) and np.isinf(found[1][0])


def test_a_pullback_used_after_the_context():
    with lux.debug_nans(infinities=True):
        _, pullback = lux.vjp(np.sqrt, np.zeros(1))
        with pytest.raises(FloatingPointError, match="the reverse rule of sqrt"):
            pullback(np.ones(1))
    with np.errstate(divide="ignore"):
        assert pullback(np.ones(1))[0][0] == np.inf


def test_training_steps_are_the_same():
    model = lux.Chain(lux.Dense(2, 8, lux.gelu), lux.Dense(8, 3))
    ps, st = lux.setup(np.random.default_rng(0), model)
    x, y = np.random.default_rng(1).normal(size=(4, 2)).astype(np.float32), np.array([0, 1, 2, 0])
    start = lux.training.TrainState(model, ps, st, lux.optimisers.Adam(0.01))

    def step():
        return lux.training.single_train_step(lux.AutoTape(), lux.CrossEntropyLoss(logits=True), (x, y), start)

    plain = step()
    with lux.debug_nans(infinities=True):
        watched = step()
    lux.tree.map(np.testing.assert_array_equal, plain[0], watched[0])
    assert plain[1] == watched[1]
