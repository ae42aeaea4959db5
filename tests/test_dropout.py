"""The layers that drop: what they keep of mean and variance, what they remember, and copies of generators."""
import copy
import pickle

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import grad, nn, tree
from arraylux.layers import Chain, NoOpLayer, setup
from arraylux.layers.errors import LayerError
from arraylux.random import Xoshiro, replicate

pytestmark = pytest.mark.filterwarnings("error")

GENERATORS = pytest.mark.parametrize("make", [np.random.default_rng, Xoshiro], ids=["numpy", "xoshiro"])
ONES = np.ones((20, 30), np.float32)
# The limit of selu far below zero, from its published constants.
ALPHA = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


# --- alpha dropout --------------------------------------------------------------------------------------------------
@GENERATORS
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_by_the_formula_of_its_paper(make, p):
    x, q = np.random.default_rng(7).standard_normal((40, 30)), 1 - p
    a = (q + ALPHA**2 * q * (1 - q)) ** -0.5                    # q is the probability of being kept
    b = -a * (1 - q) * ALPHA
    mask = nn.dropout(make(3), x, p, True)[1] != 0
    y, rng = nn.alpha_dropout(make(3), x, p, True)
    np.testing.assert_allclose(y, a * np.where(mask, x, ALPHA) + b, rtol=1e-7)
    np.testing.assert_array_equal(nn.alpha_dropout(make(3), x, p, True)[0], y)
    assert (nn.alpha_dropout(rng, x, p, True)[0] != y).any()
    np.testing.assert_allclose(grad(lambda x: nn.alpha_dropout(make(3), x, p, True)[0].sum())(x), a * mask)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).standard_normal(200_000)
    for p in (0.05, 0.3, 0.6):
        y, _ = nn.alpha_dropout(np.random.default_rng(1), x, p, True)
        assert abs(y.mean()) < 0.01 and abs(y.var() - 1) < 0.02


def test_alpha_dropout_at_its_ends_and_elsewhere():
    rng = np.random.default_rng(0)
    y, same = nn.alpha_dropout(rng, ONES, 0.5, False)
    assert y is ONES and same is rng
    np.testing.assert_array_equal(nn.alpha_dropout(rng, ONES, 1, True)[0], np.zeros_like(ONES))
    np.testing.assert_array_equal(nn.alpha_dropout(rng, ONES, 0.0, True)[0], ONES)
    strict = array_api_strict.asarray(ONES, device=array_api_strict.Device("device1"))
    y, _ = nn.alpha_dropout(rng, strict, 0.5, True)
    assert y.device == strict.device and y.dtype == array_api_strict.float32
    for dtype in (np.float16, np.float64):
        assert nn.alpha_dropout(rng, ONES.astype(dtype), 0.5, True)[0].dtype == dtype
    assert lux.AlphaDropout(0) == NoOpLayer()


# --- one mask for all steps -----------------------------------------------------------------------------------------
def test_a_mask_is_kept_until_a_new_one_is_asked_for():
    model = lux.VariationalHiddenDropout(0.5)
    ps, st = setup(np.random.default_rng(0), model)
    assert st["mask"] is None and st["update_mask"] is True
    y, first = model(ONES, ps, st)
    np.testing.assert_array_equal(y, ONES * first["mask"])
    assert first["update_mask"] is False and set(np.unique(y)) == {0.0, 2.0}
    again, second = model(2 * ONES, ps, first)
    np.testing.assert_array_equal(again, 2 * y)
    assert second["mask"] is first["mask"]
    other, _ = model(ONES, ps, lux.update_state(second, "update_mask", True))
    assert (other != y).any()
    used, still = model(ONES, ps, lux.testmode(second))
    np.testing.assert_array_equal(used, ONES)
    np.testing.assert_array_equal(still["mask"], second["mask"])


def test_a_mask_can_be_given_to_the_function():
    mask = np.array([0.0, 2.0], np.float32)
    y, same, rng = nn.dropout(None, np.ones((3, 2), np.float32), 0.5, True, dims=1, mask=mask[None])
    np.testing.assert_array_equal(y, [[0, 2]] * 3)
    assert same.base is mask and rng is None
    assert nn.dropout(None, ONES, 0.5, False, mask=mask)[1] is mask


# --- every layer ----------------------------------------------------------------------------------------------------
LAYERS = [lux.Dropout(0.3), lux.Dropout(0.3, dims=(0,)), lux.AlphaDropout(0.3), lux.VariationalHiddenDropout(0.3),
          lux.VariationalHiddenDropout(0.3, dims=[1]), Chain(lux.AlphaDropout(0.5), lux.VariationalHiddenDropout(0.5))]
EACH = pytest.mark.parametrize("model", LAYERS, ids=lambda model: model.description())


def words(leaf):
    return str(leaf.bit_generator.state) if isinstance(leaf, np.random.Generator) else leaf


@EACH
@GENERATORS
def test_calls_are_pure(model, make):
    ps, st = setup(make(0), model)
    before, x = copy.deepcopy(st), ONES.copy()
    for mode in (lux.trainmode, lux.testmode):
        (y, new), (again, new_again) = model(x, ps, mode(st)), model(x, ps, mode(st))
        np.testing.assert_array_equal(y, again)
        assert y.dtype == np.float32
        assert tree.flatten(new)[1] == tree.flatten(st)[1]
        for a, b in zip(tree.leaves(new), tree.leaves(new_again), strict=True):
            np.testing.assert_array_equal(words(a), words(b))
    assert [words(a) for a in tree.leaves(st)] == [words(b) for b in tree.leaves(before)]
    np.testing.assert_array_equal(x, ONES)
    np.testing.assert_array_equal(y, ONES)
    assert lux.statelength(model) == lux.statelength(st) and lux.parameterlength(model) == 0
    assert pickle.loads(pickle.dumps(model)) == model


def test_printed_form():
    assert repr(lux.AlphaDropout(0.1)) == "AlphaDropout(0.1)"
    assert repr(lux.VariationalHiddenDropout(0.1, dims=(0, 1))) == "VariationalHiddenDropout(0.1, dims=(0, 1))"


@pytest.mark.parametrize(("model", "x", "error", "sentence"), [
    (lux.Dropout(0.5), ONES.astype(int), TypeError, r"x has dtype int64, expected a floating-point"),
    (lux.Dropout(0.5, dims=2), ONES, ValueError, r"x of shape \(20, 30\) has no axis 2"),
    (lux.AlphaDropout(0.5), ONES.astype(complex), TypeError, r"x has dtype complex128, expected a real floating-point"),
    (lux.VariationalHiddenDropout(0.5), ONES.astype(int), TypeError, r"x has dtype int64, expected a floating-point"),
])
def test_errors_name_the_place(model, x, error, sentence):
    ps, st = setup(np.random.default_rng(0), Chain(model))
    with pytest.raises(error, match=r"^Chain\.layer_1 \(.*Dropout\(0\.5.*\)\): " + sentence) as e:
        Chain(model)(x, ps, st)
    assert isinstance(e.value, LayerError) and "\n" not in str(e.value)


def test_a_mask_that_does_not_fit():
    model = lux.VariationalHiddenDropout(0.5)
    ps, st = setup(np.random.default_rng(0), model)
    _, st = model(ONES, ps, st)
    with pytest.raises(ValueError, match=r"the mask has the shape \(20, 30\), expected \(7, 30\) for x of shape "
                                         r"\(7, 30\); .*update_state\(st, 'update_mask', True\)"):
        model(ONES[:7], ps, st)


@pytest.mark.parametrize("layer", [lux.Dropout, lux.AlphaDropout, lux.VariationalHiddenDropout])
@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_probabilities(layer, p):
    with pytest.raises(ValueError, match=rf"^{layer.__name__}: p is the probability .* within \[0, 1\], got {p}"):
        layer(p)
    with pytest.raises(ValueError, match=r"^alpha_dropout: p is the probability"):
        nn.alpha_dropout(None, ONES, p, True)


# --- copies of generators -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bits", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_replicas_draw_and_spawn_alike(bits):
    rng = np.random.Generator(getattr(np.random, bits)(5))
    rng.random(3)
    rng.integers(5, dtype=np.int32)                             # leaves half a word behind
    twin = replicate(rng)
    assert type(twin.bit_generator) is type(rng.bit_generator)
    children = [child.random() for child in twin.spawn(2)]
    assert [child.random() for child in rng.spawn(2)] == children           # the twin's children are not the first's
    np.testing.assert_array_equal(twin.integers(100, size=5, dtype=np.int32), rng.integers(100, size=5, dtype=np.int32))
    np.testing.assert_array_equal(twin.standard_normal(1000), rng.standard_normal(1000))
