"""Every optimiser beside PyTorch's over 20 steps (tests/data/make_optimisers.py), and what else rules promise."""
from operator import attrgetter
from pathlib import Path

import array_api_strict as strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import memory, optimisers, tree
from arraylux.component import ComponentArray
from arraylux.optimisers import (
    AccumGrad,
    AdaBelief,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    ClipGrad,
    ClipNorm,
    Descent,
    Lion,
    MixedPrecision,
    Momentum,
    NAdam,
    Nesterov,
    OAdam,
    OptimiserChain,
    RAdam,
    RMSProp,
    Rprop,
    Rule,
    SignDecay,
    WeightDecay,
    adjust,
    rule,
    setup,
    update,
)

DATA = np.load(Path(__file__).parent / "data" / "optimisers.npz")

RULES = {
    "descent": Descent(0.1),
    "decay": OptimiserChain(WeightDecay(0.05), Descent(0.1)),
    "momentum": Momentum(0.05, 0.8),
    "nesterov": Nesterov(0.05, 0.8),
    "rmsprop": RMSProp(0.01, 0.9, 1e-3),
    "rmsprop_centred": RMSProp(0.01, 0.9, 1e-3, centred=True),
    "rprop": Rprop(0.01, (0.5, 1.2), (1e-3, 0.03)),
    "adam": Adam(0.01, (0.8, 0.95), 1e-3),
    "adamw": AdamW(0.01, (0.8, 0.95), 0.1, 1e-3),
    "adamax": AdaMax(0.01, (0.8, 0.95), 0),
    "nadam": NAdam(0.01, (0.8, 0.95), 0),
    "adagrad": AdaGrad(0.1, 1e-3),
    "adadelta": AdaDelta(0.9, 1e-3),
    "clip_grad": OptimiserChain(ClipGrad(0.5), Descent(0.1)),
    "clip_norm": OptimiserChain(ClipNorm(2), Descent(0.1)),
    "lion": Lion(0.01, (0.8, 0.95)),
    "oadam": OAdam(0.01, (0.5, 0.9), 1e-3),
    "amsgrad": AMSGrad(0.01, (0.8, 0.95), 1e-3),
    "adabelief": AdaBelief(0.01, (0.8, 0.95), 1e-3),
}
ALL = {**RULES, "radam": RAdam(0.01, (0.8, 0.95), 0), "sign_decay": OptimiserChain(SignDecay(0.1), Momentum(0.1)),
       "accum": OptimiserChain(AccumGrad(3), Adam(0.1)), "accum_last": OptimiserChain(ClipNorm(1), AccumGrad(2)),
       "mixed": MixedPrecision(Adam(0.1)),
       "mixed_chain": MixedPrecision(OptimiserChain(ClipNorm(1), AccumGrad(2), Lion()))}
every_rule = pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())


def path_of(rule, make, dtype):
    """Return the parameters after each step with the stored gradients, in a tree of two arrays."""
    ps = {"a": make(DATA["start"][:2], dtype), "b": [make(DATA["start"][2:], dtype)]}
    state, path = setup(rule, ps), []
    for g in DATA["grads"]:
        grads = {"a": make(g[:2], dtype), "b": [make(g[2:], dtype)]}
        state, ps = update(state, ps, grads)
        path.append(np.concatenate([np.asarray(ps["a"]), np.asarray(ps["b"][0])]))
    return np.stack(path)


def whole(rule, make, dtype):
    """Return the same with one array, which is what clipping by the norm needs."""
    x = make(DATA["start"], dtype)
    state, path = setup(rule, x), []
    for g in DATA["grads"]:
        state, x = update(state, x, make(g, dtype))
        path.append(np.asarray(x))
    return np.stack(path)


def numpy_array(x, dtype):
    return x.astype(dtype)


def strict_array(x, dtype):
    return strict.asarray(x.tolist(), dtype=getattr(strict, dtype))


# ----------------------------------------------------------------------------------------------- beside PyTorch

@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", [numpy_array, strict_array])
@pytest.mark.parametrize("name", RULES)
def test_twenty_steps(name, make, dtype):
    expected = DATA[f"{name}_{dtype}" if f"{name}_{dtype}" in DATA else f"{name}_float64"]
    found = (whole if name == "clip_norm" else path_of)(RULES[name], make, dtype)
    assert found.dtype == dtype
    # PyTorch adds 1e-6 to the norm before it divides by it.
    rtol = 5e-6 if dtype == "float32" else 1e-6 if name == "clip_norm" else 1e-12
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_radam(dtype):
    steps = np.diff(whole(ALL["radam"], numpy_array, dtype), axis=0, prepend=DATA["start"][None])
    expected = np.diff(DATA[f"radam_{dtype}"], axis=0, prepend=DATA["start"][None])
    expected[4] = -DATA["radam_fifth"]
    np.testing.assert_allclose(steps, expected, rtol=1e-12, atol=1e-6 if dtype == "float32" else 1e-14)


# --------------------------------------------------------------------------------------------------- by hand

def test_defaults():
    beta = (0.9, 0.999)
    assert RMSProp() == RMSProp(0.001, 0.9, 1e-8, False)
    assert Rprop() == Rprop(0.001, (0.5, 1.2), (1e-6, 50))
    assert Lion() == Lion(0.001, beta)
    for kind in (RAdam, AdaMax, NAdam, AMSGrad):
        assert kind() == kind(0.001, beta, 1e-8)
    assert OAdam() == OAdam(0.001, (0.5, 0.9), 1e-8)
    assert AdaBelief() == AdaBelief(0.001, beta, 1e-16)
    assert AdaGrad() == AdaGrad(0.1, 1e-8)
    assert AdaDelta() == AdaDelta(0.9, 1e-8)
    assert SignDecay() == SignDecay(1e-3)
    assert ClipGrad() == ClipGrad(10)


def test_lion_keeps_its_memory_as_in_the_paper():
    # m = 0.25 * 4 = 1, so that the second step's average is 0.5 * 1 - 0.5 * 0.5 > 0, and m = 0.75 * 1 - 0.25 * 0.5.
    x, g = np.asarray([0.0]), np.asarray([4.0])
    state, step = Lion(1.0, (0.5, 0.75)).apply(np.zeros(1), x, g)
    assert (state, step) == (1, 1)
    state, step = Lion(1.0, (0.5, 0.75)).apply(state, x, np.asarray([-0.5]))
    assert (state, step) == (0.625, 1)


def test_rprop_lengths():
    # The length 1 grows to 2, is halved where the sign flips, rests, and stays; it never leaves [0.75, 3].
    rule, x = Rprop(1.0, (0.5, 2.0), (0.75, 3.0)), np.zeros(1)
    state, steps = rule.init(x), []
    for g in (1, 5, -1, -1, -1, -1, 1, -1, 0, 1):
        state, step = rule.apply(state, x, np.asarray([float(g)]))
        steps.append(float(step[0]))
    assert steps == [1, 2, 0, -1, -2, -3, 0, -1.5, 0, 1.5]


def test_decay_and_clipping_of_complex_numbers():
    g = np.asarray([3 + 4j, 0, 0.3j])
    np.testing.assert_allclose(ClipGrad(1).apply(None, g, g)[1], [0.6 + 0.8j, 0, 0.3j], rtol=1e-15)
    np.testing.assert_allclose(SignDecay(0.5).apply(None, g, g)[1], [3.3 + 4.4j, 0, 0.8j], rtol=1e-15)


@pytest.mark.parametrize("rule", [AdaMax(0.5, epsilon=0), RMSProp(0.5, 0, epsilon=0), AdaGrad(0.5, epsilon=0),
                                  NAdam(0.5, (0.0, 0.0), epsilon=0), Lion(0.5), Rprop(0.5), OAdam(0.25, epsilon=0),
                                  AMSGrad(0.5, (0.0, 0.0), epsilon=0)], ids=repr)
def test_first_steps_of_complex_numbers_keep_their_direction(rule):
    x, g = np.zeros(2, np.complex128), np.asarray([3 + 4j, -10j])
    if isinstance(rule, NAdam):                 # its n̂ is beta2 v
        rule = NAdam(0.5 * 0.5**0.5, (0.0, 0.5), epsilon=0)
    step = rule.apply(rule.init(x), x, g)[1]
    np.testing.assert_allclose(step, [0.3 + 0.4j, -0.5j], rtol=1e-14)


def test_accumulated_gradients():
    ps = {"x": np.ones(1, np.float32), "y": np.full(1, 2, np.float32)}
    start = setup(OptimiserChain(AccumGrad(2), WeightDecay(0.01), Descent(0.1)), ps)
    state, new = update(start, ps, {"x": np.full(1, 33, np.float32), "y": np.zeros(1, np.float32)})
    assert new["x"] is ps["x"]
    state, new = update(state, new, {"x": np.zeros(1, np.float32), "y": np.full(1, 444, np.float32)})
    np.testing.assert_allclose([new["x"], new["y"]], [[-0.651], [-20.202002]], rtol=1e-6)
    again, _ = update(start, ps, {"x": np.full(1, 33, np.float32), "y": np.zeros(1, np.float32)})
    assert again["x"].state[0][1] == 1 and start["x"].state[0][1] == 0
    assert state["x"].state[0][1] == 0


def test_accumulated_gradients_are_those_of_the_whole_batch():
    # Three means of parts of equal size are the mean of the whole, also in the memory of a momentum.
    x = np.asarray([1.0, -2.0])
    parts, plain = setup(OptimiserChain(AccumGrad(3), Momentum(0.1)), x), setup(Momentum(0.1), x)
    found = expected = x
    for g in DATA["grads"][:18, 0, :2].reshape(6, 3, 2):
        plain, expected = update(plain, expected, g.mean(axis=0))
        for part in g:
            parts, found = update(parts, found, part)
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float16", "complex64"])
def test_mixed_precision_is_the_rule_in_its_own_precision(dtype):
    name = "float64"
    x = DATA["start"].astype(dtype)
    precise = x.astype(np.result_type(dtype, name))
    mixed, plain = setup(MixedPrecision(Adam(1e-4), name), x), setup(Adam(1e-4), precise)
    for g in DATA["grads"].astype(dtype):
        mixed, x = update(mixed, x, g)
        plain, precise = update(plain, precise, g.astype(precise.dtype))
        assert x.dtype == dtype
        np.testing.assert_array_equal(mixed.state[0], precise)
        np.testing.assert_array_equal(x, precise.astype(dtype))


def test_mixed_precision_that_waits_returns_the_array_itself():
    x = np.asarray([1 / 3])                     # which float32 can't hold
    state = setup(MixedPrecision(OptimiserChain(AccumGrad(2), Descent())), x)
    assert update(state, x, np.ones(1))[1] is x


def test_half_precision_stays_finite():
    x = np.zeros(3, np.float16)
    g = np.asarray([0, 6e-8, 100], np.float16)
    for kind in (Adam, AdamW, RAdam, AdaMax, NAdam, AMSGrad, OAdam, AdaBelief, AdaGrad, AdaDelta, RMSProp, Lion, Rprop):
        state, new = setup(kind(), x), x
        for _ in range(6):
            state, new = update(state, new, g)
        assert np.isfinite(new).all(), kind


def test_centred_rmsprop_of_a_gradient_that_stays():
    # q - l² tends to 0 from above; in floating point it may come out below.
    state, x = setup(RMSProp(0.001, 0.5, centred=True), np.zeros(50, np.float32)), np.zeros(50, np.float32)
    for _ in range(60):
        state, x = update(state, x, np.linspace(0.1, 3, 50, dtype=np.float32))
    assert np.isfinite(x).all()


# ------------------------------------------------------------------------------------------------ all rules alike

@every_rule
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_precision_is_kept(rule, dtype):
    ps = {"a": np.ones(3, dtype), "b": np.ones((), dtype)}
    grads = tree.map(lambda x: np.asarray(x / 2), ps)
    state = setup(rule, ps)
    for _ in range(6):
        state, ps = update(state, ps, grads)
    assert ps["a"].dtype == ps["b"].dtype == dtype
    assert ps["b"].shape == () and type(ps["b"]) is np.ndarray
    if "Mixed" not in repr(rule):
        assert {x.dtype for x in tree.leaves(state) if hasattr(x, "dtype")} <= {ps["a"].dtype, ps["a"].real.dtype}


@every_rule
@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_another_library(rule, device):
    device = strict.Device(device)
    ps = {"w": strict.asarray([1.0, -2.0, 0.0], dtype=strict.float32, device=device)}
    x, state = np.asarray([1.0, -2.0, 0.0], np.float32), setup(rule, ps)
    expected = setup(rule, x)
    for numbers in ([3.0, 0.5, -1.0], [-2.0, 0.0, 3.0], [1.0, 1.0, 1.0]):
        state, ps = update(state, ps, {"w": strict.asarray(numbers, dtype=strict.float32, device=device)})
        expected, x = update(expected, x, np.asarray(numbers, np.float32))
    assert ps["w"].device == device and ps["w"].dtype == strict.float32
    np.testing.assert_allclose(np.asarray(strict.asarray(ps["w"], device=strict.Device("CPU_DEVICE"))), x, rtol=1e-6)


@every_rule
def test_nothing_that_was_handed_in_changes(rule):
    ps, grads = {"a": np.asarray([1.0, 2.0])}, {"a": np.asarray([0.5, -1.0])}
    state, _ = update(setup(rule, ps), ps, grads)
    arrays = [x for x in tree.leaves([ps, grads, state]) if isinstance(x, np.ndarray)]
    before = [x.copy() for x in arrays]
    for x in arrays:
        x.flags.writeable = False
    first, second = update(state, ps, grads), update(state, ps, grads)
    for x, y in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(x, y)
    for x, y in zip(tree.leaves(first), tree.leaves(second), strict=True):
        assert np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y


@pytest.mark.parametrize("name", [name for name in ALL if "ClipNorm" not in repr(ALL[name])])
def test_a_component_array_is_its_leaves(name):
    plain = {"dense": {"weight": DATA["start"][:2].astype("f"), "bias": DATA["start"][2].astype("f")}}
    flat = ComponentArray(plain)
    state, flat_state = setup(ALL[name], plain), setup(ALL[name], flat)
    for _ in range(5):
        grads = tree.map(lambda x: np.sin(3 * x), plain)
        state, plain = update(state, plain, grads)
        flat_state, flat = update(flat_state, flat, np.sin(3 * flat))
    assert flat == ComponentArray(plain)


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_large_arrays_make_the_same_step_in_blocks(rule, dtype, monkeypatch):
    monkeypatch.setattr(optimisers.rule, "LARGE", 10)
    monkeypatch.setattr(optimisers.rule, "BLOCK", 4)
    rng = np.random.default_rng(0)
    x, grads = (rng.standard_normal((n, 3, 5)).astype(dtype) for n in (2, 5))
    grads = grads[:, None] * np.ones((2, 1, 1), dtype)
    in_blocks, at_once = (setup(rule, x),) * 2
    new = expected = x
    for g in grads:
        monkeypatch.setattr(optimisers.rule, "LARGE", 10)
        in_blocks, new = update(in_blocks, new, g)
        monkeypatch.setattr(optimisers.rule, "LARGE", 1000)
        at_once, expected = update(at_once, expected, g)
        np.testing.assert_array_equal(new, expected)
        for a, b in zip(tree.leaves(in_blocks), tree.leaves(at_once), strict=True):
            np.testing.assert_array_equal(a, b)
    assert new.dtype == dtype


def test_blocks_do_not_need_memory_of_others(monkeypatch):
    monkeypatch.setattr(optimisers.rule, "LARGE", memory.LARGE)
    x = np.zeros(2 * memory.LARGE, np.float32)
    kept, state = [x], setup(Adam(0.5), x)
    states = [state]
    for _ in range(4):
        state, x = update(state, x, np.ones_like(x))
        kept.append(x)
        states.append(state)
    np.testing.assert_allclose([x[0] for x in kept], [0, -0.5, -1, -1.5, -2], rtol=1e-6)
    np.testing.assert_allclose([s.state[0][-1] for s in states], 1 - 0.9 ** np.arange(5), rtol=1e-5)


@pytest.mark.parametrize("order", ["T", "slice"])
def test_arrays_that_can_not_be_cut(order, monkeypatch):
    monkeypatch.setattr(optimisers.rule, "LARGE", 10)
    x = np.arange(32.0).reshape(4, 8).T if order == "T" else np.arange(64.0)[::2]
    _, new = update(setup(Momentum(0.5), x), x, np.ones_like(x))
    np.testing.assert_array_equal(new, x - 0.5)


@pytest.mark.parametrize("name", ["adam", "rmsprop_centred", "radam", "adabelief", "nadam", "adadelta", "amsgrad"])
def test_training_can_be_differentiated(name):
    # How the parameters after three steps on a sum of fourth powers depend on where they began.
    x = np.asarray([1.0, -0.5, 2.0])

    def trained(x):
        state = setup(ALL[name], x)
        for _ in range(3):
            state, x = update(state, x, 4 * x**3)
        return x.sum()

    step = 1e-6
    slopes = [(trained(x + step * e) - trained(x - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(lux.grad(trained)(x), slopes, rtol=1e-6)


def test_derivative_with_respect_to_eta_of_a_large_array(monkeypatch):
    monkeypatch.setattr(optimisers.rule, "LARGE", 10)
    x = np.ones(20)
    assert lux.grad(lambda eta: update(setup(Momentum(eta), x), x, 2 * x)[1].sum())(np.asarray(0.1)) == -40


# ----------------------------------------------------------------------------------------------------- bad values

@pytest.mark.parametrize(("make", "words"), [
    (lambda: Rprop(-1), "Rprop: eta is -1"),
    (lambda: Rprop(ell=(2, 0.5)), r"Rprop: ell is \(2.0, 0.5\), expected the smaller number first"),
    (lambda: Rprop(gamma=(1, np.inf)), "Rprop: gamma is"),
    (lambda: Lion(beta=(0.9, 1)), r"Lion: beta is \(0.9, 1\), expected 0 <= beta < 1"),
    (lambda: RMSProp(rho=1), "RMSProp: rho is 1"),
    (lambda: AdaGrad(epsilon=-1), "AdaGrad: epsilon is -1"),
    (lambda: AdaDelta(rho=-0.1), "AdaDelta: rho is -0.1"),
    (lambda: RAdam(-1), "RAdam: eta is -1"),
    (lambda: AMSGrad(np.nan), "AMSGrad: eta is nan"),
    (lambda: SignDecay(-1), "SignDecay: lambda_ is -1"),
    (lambda: ClipGrad(0), "ClipGrad: delta is 0"),
    (lambda: AccumGrad(0), "AccumGrad: n is 0, expected at least 1"),
    (lambda: MixedPrecision(Adam(), "float16"), "MixedPrecision: dtype is 'float16'"),
    (lambda: OptimiserChain(MixedPrecision(Adam())), r"put it around the chain, MixedPrecision\(OptimiserChain"),
    (lambda: adjust(RMSProp(), centred=True), "RMSProp: centred is False and can't be adjusted"),
])
def test_values_out_of_range(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Lion(beta=0.9), "Lion: beta is 0.9, expected a pair"),
    (lambda: Rprop(ell=0.5), "Rprop: ell is 0.5, expected a pair"),
    (lambda: AccumGrad(2.5), "AccumGrad: n is 2.5, expected a whole number"),
    (lambda: AccumGrad(True), "AccumGrad: n is True"),
    (lambda: MixedPrecision("float32"), "MixedPrecision: expected a rule such as .*, got a str"),
    (lambda: adjust(MixedPrecision(Lion()), rho=0.5), r"MixedPrecision has no hyper-parameter 'rho'"),
])
def test_types_that_are_wrong(make, words):
    with pytest.raises(TypeError, match=words):
        make()


def test_adjust_reaches_every_rule():
    rule = MixedPrecision(OptimiserChain(AccumGrad(2), RMSProp(0.1, centred=True)))
    assert adjust(rule, 0.5, rho=0.25) == MixedPrecision(OptimiserChain(AccumGrad(2), RMSProp(0.5, 0.25, centred=True)))
    assert adjust(RMSProp(centred=True), 0.5, centred=True).eta == 0.5
    state = setup(rule, {"a": np.ones(1), "b": np.ones(1)})
    new = adjust(state, 0.5)
    assert new["a"].rule is new["b"].rule and new["a"].state is state["a"].state


def test_a_rule_of_your_own_can_wait_and_can_be_chained():
    class Every(Rule):
        def init(self, x):
            return 0

        def apply(self, state, x, dx):
            return state + 1, None if state % 2 == 0 else np.cumsum(dx)

    x = np.zeros(3)
    state, new = update(setup(OptimiserChain(Every(), Descent(1.0)), x), x, np.ones(3))
    assert new is x
    assert update(state, new, np.ones(3))[1].tolist() == [-1, -2, -3]


def test_table_of_contents():
    for name in optimisers.__all__:
        assert hasattr(optimisers, name)
    assert rule.Rule is Rule
    with pytest.raises(AttributeError, match="no attribute 'SGD'"):
        attrgetter("SGD")(optimisers)
