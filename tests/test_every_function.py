"""One walk over every loss, every rule of the optimisers and every activation: what all of a kind promise.

A class or function that is exported without a sample in the tables here fails the walk.
"""
import copy
import pickle

import array_api_strict as strict
import numpy as np
import pytest
from cases import inner
from test_layers import assert_same

import arraylux as lux
from arraylux import losses, nn, optimisers, tree
from arraylux.component import ComponentArray
from arraylux.losses import Loss
from arraylux.nn import activations, gated
from arraylux.optimisers import Rule
from arraylux.record import replace
from arraylux.testing import check_grads

pytestmark = pytest.mark.filterwarnings("error")

DEVICE = strict.Device("device1")


def moved(x):
    """Return a tree with its arrays on the second device of another library."""
    return tree.map(lambda leaf: strict.asarray(leaf, device=DEVICE) if isinstance(leaf, np.ndarray) else leaf, x)


def back(x):
    """Return the array of that device as one of NumPy's."""
    assert isinstance(x, type(strict.ones(1))) and x.device == DEVICE
    return np.asarray(strict.asarray(x, device=strict.Device("CPU_DEVICE")))


def missing(module, kind, samples, abstract):
    found = {getattr(module, name) for name in module.__all__}
    found = {cls for cls in found if isinstance(cls, type) and issubclass(cls, kind)}
    return {cls.__name__ for cls in found} - {type(sample).__name__ for sample in samples} - abstract.keys()


# --- losses -------------------------------------------------------------------------------------------------------
RNG = np.random.default_rng(0)
NUMBERS, OTHERS = RNG.standard_normal((2, 4, 3))
POSITIVE, COUNTS = RNG.uniform(0.5, 2.0, (2, 4, 3))
SHARES, TARGET_SHARES = (p / p.sum(axis=-1, keepdims=True) for p in RNG.uniform(0.2, 1.0, (2, 4, 3)))
CHANCES, BITS = RNG.uniform(0.1, 0.9, (4, 3)), (RNG.random((4, 3)) < 0.5).astype(float)
SIGNS = 2 * BITS - 1


def quartic(a, b):
    return (a - b) ** 4


LOSSES = [(losses.L1Loss(), NUMBERS, OTHERS), (losses.L2Loss(), NUMBERS, OTHERS), (losses.MAELoss(), NUMBERS, OTHERS),
          (losses.MSELoss(), NUMBERS, OTHERS), (losses.HuberLoss(delta=0.7), NUMBERS, OTHERS),
          (losses.MSLELoss(), POSITIVE, COUNTS), (losses.PoissonLoss(), POSITIVE, COUNTS),
          (losses.GenericLossFunction(quartic), NUMBERS, OTHERS),
          (losses.CrossEntropyLoss(logits=True), NUMBERS, TARGET_SHARES),
          (losses.CrossEntropyLoss(label_smoothing=0.1), SHARES, TARGET_SHARES),
          (losses.FocalLoss(), SHARES, TARGET_SHARES), (losses.KLDivergenceLoss(), SHARES, TARGET_SHARES),
          (losses.BinaryCrossEntropyLoss(logits=True), NUMBERS, BITS), (losses.BinaryCrossEntropyLoss(), CHANCES, BITS),
          (losses.BinaryFocalLoss(), CHANCES, BITS), (losses.DiceCoeffLoss(), CHANCES, BITS),
          (losses.HingeLoss(), NUMBERS, SIGNS), (losses.SquaredHingeLoss(), NUMBERS, SIGNS),
          (losses.SiameseContrastiveLoss(), POSITIVE, BITS)]
every_loss = pytest.mark.parametrize(("loss", "y_pred", "y"), LOSSES, ids=[repr(loss) for loss, *_ in LOSSES])
NO_LOSSES = {"Loss": "what a loss is: it does not say what it compares"}


def test_every_loss_has_a_sample():
    assert not missing(losses, Loss, [loss for loss, *_ in LOSSES], NO_LOSSES)


@every_loss
def test_losses_are_numbers_of_the_dtype_of_the_predictions(loss, y_pred, y):
    for dtype in (np.float32, np.float64):
        args = y_pred.astype(dtype), y.astype(dtype)
        before = copy.deepcopy(args)
        value, gradient = lux.value_and_grad(loss)(*args)
        assert value.dtype == gradient.dtype == dtype and value.shape == () and gradient.shape == y_pred.shape
        assert np.isfinite(value) and np.isfinite(gradient).all()
        assert_same(loss(*args), value)
        assert_same(args, before)
        on_device = lux.value_and_grad(loss)(*moved(args))
        for found, expected in zip(on_device, (value, gradient), strict=True):
            assert back(found).dtype == dtype
            np.testing.assert_allclose(back(found), expected, rtol=20 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)


@every_loss
def test_derivatives_of_losses(loss, y_pred, y):
    check_grads(loss, [y_pred, y], order=1)
    check_grads(replace(loss, agg=None), [y_pred, y], order=1)
    t, u = np.random.default_rng(1).standard_normal((2, *y.shape))
    comparisons = replace(loss, agg=None)
    value, forward = lux.jvp(comparisons, (y_pred, y), (t, u))
    g = np.random.default_rng(2).standard_normal(value.shape)
    pulled = lux.vjp(comparisons, y_pred, y)[1](g)
    assert inner(g, forward) == pytest.approx(inner(pulled, (t, u)), rel=1e-11)


@every_loss
def test_aggregates(loss, y_pred, y):
    comparisons = replace(loss, agg=None)(y_pred, y)
    assert float(replace(loss, agg="mean")(y_pred, y)) == pytest.approx(float(comparisons.mean()), rel=1e-14)
    assert float(replace(loss, agg="sum")(y_pred, y)) == pytest.approx(float(comparisons.sum()), rel=1e-14)
    np.testing.assert_array_equal(replace(loss, agg=np.square)(y_pred, y), comparisons**2)
    with pytest.raises(ValueError, match=rf"^{type(loss).__name__}: agg is 'median', expected"):
        replace(loss, agg="median")


@every_loss
def test_losses_refuse_what_does_not_fit(loss, y_pred, y):
    name = type(loss).__name__
    for wrong, target in ((y_pred, y[:2]), (y_pred[:, :2], y), (y_pred, y[..., None]), (y_pred, y.tolist()),
                          (y_pred.astype(int), y), (y_pred.tolist(), y)):
        with pytest.raises((TypeError, ValueError), match=f"^{name}: ") as caught:
            loss(wrong, target)
        assert "\n" not in str(caught.value)
    for here, there in ((y_pred, strict.asarray(y)), (strict.asarray(y_pred), y)):
        with pytest.raises(TypeError, match=f"^{name}: the predictions are an array of .*, the targets one of .*; "):
            loss(here, there)
    with pytest.raises(TypeError, match=f"^{name} is called with"):
        loss(y_pred)


@every_loss
def test_losses_are_values_and_objectives(loss, y_pred, y):
    for twin in (pickle.loads(pickle.dumps(loss)), copy.copy(loss), copy.deepcopy(loss)):
        assert twin == loss and hash(twin) == hash(loss) and repr(twin) == repr(loss)
    assert type(loss).__name__ in repr(loss) and loss != replace(loss, agg="sum")
    value, st, statistics = loss(lux.NoOpLayer(), {}, {"kept": 1}, (y_pred, y))
    assert (value, st, statistics) == (loss(y_pred, y), {"kept": 1}, {})


@every_loss
def test_losses_of_samples_one_by_one(loss, y_pred, y):
    expected = [loss(a[None], b[None]) for a, b in zip(y_pred, y, strict=True)]
    np.testing.assert_allclose(lux.vmap(lambda a, b: loss(a[None], b[None]))(y_pred, y), expected, rtol=1e-13)


# --- the rules of the optimisers ----------------------------------------------------------------------------------
RULES = [optimisers.Descent(0.1), optimisers.Momentum(0.1), optimisers.Nesterov(0.1), optimisers.RMSProp(0.1),
         optimisers.RMSProp(0.1, centred=True), optimisers.Rprop(0.1), optimisers.Adam(0.1), optimisers.AdamW(0.1),
         optimisers.AdaMax(0.1), optimisers.NAdam(0.1), optimisers.AMSGrad(0.1), optimisers.OAdam(0.1),
         optimisers.RAdam(0.1), optimisers.AdaBelief(0.1), optimisers.AdaGrad(0.1), optimisers.AdaDelta(),
         optimisers.Lion(0.1), optimisers.WeightDecay(0.1), optimisers.SignDecay(0.1), optimisers.ClipGrad(0.5),
         optimisers.ClipNorm(0.5), optimisers.OptimiserChain(optimisers.ClipNorm(1), optimisers.Adam(0.1)),
         optimisers.OptimiserChain(optimisers.AccumGrad(2), optimisers.Momentum(0.1)), optimisers.AccumGrad(2),
         optimisers.MixedPrecision(optimisers.Adam(0.1), "float64")]
every_rule = pytest.mark.parametrize("rule", RULES, ids=repr)
NO_RULES = {"Rule": "what a rule is: it does not say how it makes a step",
            "Elementwise": "the same, for rules that treat each number by itself"}


def test_every_rule_has_a_sample():
    assert not missing(optimisers, Rule, RULES, NO_RULES)


def problem(dtype):
    """Return parameters and three of their gradients, in a tree."""
    rng = np.random.default_rng(3)

    def draw():
        tree_of = {"a": rng.standard_normal((2, 3)), "b": [rng.standard_normal(4)]}
        if np.dtype(dtype).kind == "c":
            tree_of = tree.map(lambda x: x + 1j * rng.standard_normal(x.shape), tree_of)
        return tree.map(lambda x: x.astype(dtype), tree_of)
    return draw(), [draw() for _ in range(3)]


def steps(rule, ps, gradients):
    """Return state and parameters after all steps."""
    state = optimisers.setup(rule, ps)
    for gradient in gradients:
        state, ps = optimisers.update(state, ps, gradient)
    return state, ps


@every_rule
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.complex128])
def test_steps_change_nothing_and_keep_dtypes(rule, dtype):
    ps, gradients = problem(dtype)
    state, _ = steps(rule, ps, gradients[:1])
    before = copy.deepcopy((state, ps, gradients))
    after, new = optimisers.update(state, ps, gradients[1])
    assert_same((state, ps, gradients), before)
    assert_same((after, new), optimisers.update(state, ps, gradients[1]))
    assert_same((state, ps, gradients), before)
    for old, leaf in zip(tree.leaves(ps), tree.leaves(steps(rule, ps, gradients)[1]), strict=True):
        assert leaf.dtype == dtype and leaf.shape == old.shape and np.isfinite(leaf).all() and (leaf != old).any()


@every_rule
@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_steps_of_another_library_on_its_second_device(rule, dtype):
    ps, gradients = problem(dtype)
    _, expected = steps(rule, ps, gradients)
    state, found = steps(rule, moved(ps), moved(gradients))
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        assert back(a).dtype == dtype
        np.testing.assert_allclose(back(a), b, rtol=2e-5, atol=2e-6)
    for part in tree.leaves((state["a"].state, state["b"][0].state)):
        assert not hasattr(part, "shape") or part.device == DEVICE


@every_rule
def test_component_arrays_make_the_steps_of_dicts(rule):
    ps, gradients = problem(np.float64)
    if "ClipNorm" in repr(rule):                            # of a ComponentArray it takes the norm of all numbers
        rule = optimisers.ClipNorm(1e3)
    _, expected = steps(rule, ps, gradients)
    _, found = steps(rule, ComponentArray(ps), [ComponentArray(gradient) for gradient in gradients])
    assert isinstance(found, ComponentArray)
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


@every_rule
def test_states_in_files(rule, tmp_path):
    ps, gradients = problem(np.float32)
    state, ps = steps(rule, ps, gradients[:2])
    lux.save(tmp_path / "state.safetensors", {"state": state, "ps": ps})
    loaded = lux.load(tmp_path / "state.safetensors")
    assert_same(optimisers.update(loaded["state"], loaded["ps"], gradients[2])[1],
                optimisers.update(state, ps, gradients[2])[1])


@every_rule
def test_rules_are_values(rule):
    for twin in (pickle.loads(pickle.dumps(rule)), copy.copy(rule), copy.deepcopy(rule)):
        assert twin == rule and hash(twin) == hash(rule) and repr(twin) == repr(rule)
    assert rule != optimisers.Descent(0.7) and repr(rule).startswith(type(rule).__name__)
    with pytest.raises(AttributeError):
        rule.eta = 1.0
    if "eta" in rule.names():
        assert optimisers.adjust(rule, 0.7) != rule and "eta=0.7" in repr(optimisers.adjust(rule, 0.7))


@every_rule
def test_rules_refuse_gradients_that_do_not_fit(rule):
    ps, gradients = problem(np.float32)
    state, _ = steps(rule, ps, gradients[:1])
    before = copy.deepcopy(state)
    for wrong in ({**gradients[0], "a": np.ones((3, 2), np.float32)}, {**gradients[0], "a": np.ones((2, 3))},
                  {"a": gradients[0]["a"]}, {**gradients[0], "b": gradients[0]["a"]}):
        with pytest.raises(ValueError, match=r"params") as caught:
            optimisers.update(state, ps, wrong)
        assert "\n" not in str(caught.value)
    assert_same(state, before)


# --- activations --------------------------------------------------------------------------------------------------
OF_AXES = {"softmax", "logsoftmax", "log_softmax", "logsumexp", "glu"}             # they look at several numbers
ACTIVATIONS = sorted({*activations.__all__, *gated.__all__})
every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def test_activations_are_exported():
    assert set(ACTIVATIONS) <= set(nn.__all__)
    assert all(getattr(lux, name) is getattr(nn, name) for name in ACTIVATIONS)


@every_activation
def test_activations_keep_dtype_shape_and_input(name):
    f = getattr(nn, name)
    for dtype in (np.float16, np.float32, np.float64):
        x = np.random.default_rng(4).standard_normal((3, 4)).astype(dtype)
        before = x.copy()
        y, pullback = lux.vjp(f, x)
        assert y.dtype == dtype and pullback(y)[0].dtype == dtype and pullback(y)[0].shape == x.shape
        assert name in OF_AXES or y.shape == x.shape
        np.testing.assert_array_equal(x, before)
        np.testing.assert_array_equal(f(x), y)
        if dtype != np.float16:
            np.testing.assert_allclose(back(f(moved(x))), y, rtol=50 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)
    np.testing.assert_allclose(lux.vmap(f)(x), [f(row) for row in x], rtol=1e-14)


@every_activation
def test_derivatives_of_activations(name):
    f = getattr(nn, name)
    x = np.random.default_rng(5).uniform(-4, 4, (5, 6))
    check_grads(f, [x], order=2)
    y, dy = lux.jvp(f, (x,), (np.cos(x),))
    g = np.sin(np.arange(y.size).reshape(y.shape))
    assert inner(g, dy) == pytest.approx(inner(lux.vjp(f, x)[1](g)[0], np.cos(x)), rel=1e-12)


# What these make of infinity is infinity times 0, or infinity by infinity: no number, as in PyTorch and JAX.
NO_NUMBER_AT_INFINITY = {"gelu", "gelu_erf", "gelu_sigmoid", "gelu_tanh", "hardswish", "lisht", "mish", "softsign",
                         "swish"}


@every_activation
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_activations_far_out(name, dtype):
    f, large = getattr(nn, name), np.finfo(dtype).max / 2                # selu makes more of it
    for far in (1e4, large, np.inf):
        if np.isinf(far) and name in NO_NUMBER_AT_INFINITY:
            continue
        for x in np.array([[-far, 0.0], [0.0, far]], dtype):
            if np.isinf(x[1]) and name in OF_AXES:
                continue                                    # infinity beside 0 has no share that is a number
            y, pullback = lux.vjp(f, x)
            assert not np.isnan(y).any() and not np.isnan(pullback(np.ones_like(y))[0]).any()
            assert np.isfinite(y).all() or np.isinf(far)
            if dtype != np.float16:
                np.testing.assert_allclose(np.asarray(f(strict.asarray(x))), y, rtol=1e-6)
