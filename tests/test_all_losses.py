"""Every loss: the values that Lux publishes, PyTorch's values and gradients, the ends of the range, and bad input."""
import json
import math
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import losses
from arraylux.losses import (
    BinaryCrossEntropyLoss,
    BinaryFocalLoss,
    CrossEntropyLoss,
    DiceCoeffLoss,
    FocalLoss,
    GenericLossFunction,
    HingeLoss,
    HuberLoss,
    KLDivergenceLoss,
    Loss,
    MSLELoss,
    PoissonLoss,
    SiameseContrastiveLoss,
    SquaredHingeLoss,
)
from arraylux.record import replace
from arraylux.testing import check_grads

DATA = np.load(Path(__file__).with_name("data") / "losses.npz")
CASES = json.loads(str(DATA["cases"]))
ALL = [getattr(losses, name) for name in losses.__all__ if name not in ("Loss", "GenericLossFunction")]

F32 = np.float32
ONE_TO_THREE = np.array([1.0, 2.0, 3.0])
BITS, ANSWERS = np.array([0.9, 0.1, 0.1, 0.9]), np.array([1, 1, 0, 0])
SIGNS = np.array([1.0, -1.0, 1.0, 1.0])
LOGITS = np.arange(-7.0, 8.0).reshape(5, 3)
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
ONE_HOT, HALVES = np.array([[1.0, 0.0], [0.0, 1.0]]), np.full((2, 2), 0.5)
LABELS = np.array([0, 1, 2, 1, 0])


# --- published values ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("loss, y_pred, y, value", [
    (HuberLoss(), [1.1, 2.1, 3.1], ONE_TO_THREE, 0.005),
    (HuberLoss(delta=0.05), [1.1, 2.1, 3.1], ONE_TO_THREE, 0.00375),
    (HuberLoss(), BITS, ANSWERS, 0.205),
    (MSLELoss(), np.array([1.1, 2.2, 3.3], F32), ONE_TO_THREE.astype(F32), 0.009084041),
    (MSLELoss(), np.array([0.9, 1.8, 2.7], F32), ONE_TO_THREE.astype(F32), 0.011100831),
    (MSLELoss(), [345.0, 332.0, 789.0], np.array([123, 456, 789]), 0.38813985859136585),
    (BinaryCrossEntropyLoss(logits=True), np.array([2, -1, np.pi], F32), np.array([1, 0, 1]), 0.160832),
    (BinaryCrossEntropyLoss(), 1 / (1 + np.exp(-np.array([2, -1, np.pi], F32))), np.array([1, 0, 1]), 0.16083185),
    (BinaryFocalLoss(), [[0.268941, 0.5, 0.268941], [0.731059, 0.5, 0.731059]], np.array([[0, 1, 0], [1, 0, 1]]),
     0.0728675615927385),
    (FocalLoss(), PROBABILITIES.astype(F32), np.eye(3, dtype=F32)[LABELS], 1.1277556),
    (FocalLoss(), PROBABILITIES.astype(F32), LABELS, 1.1277556),
    (DiceCoeffLoss(), [1.1, 2.1, 3.1], ONE_TO_THREE, 0.000992391663909964),
    (DiceCoeffLoss(), [0.0, 1.4, 0.5, 1.2], np.array([1, 0.5, 0.3, 2.4]), 0.28),
    (HingeLoss(), [0.1, 0.3, 1, 1.5], SIGNS, 0.55),
    (SquaredHingeLoss(), [0.1, 0.3, 1, 1.5], SIGNS, 0.625),
    (KLDivergenceLoss(), HALVES, ONE_HOT, math.log(2)),
    (KLDivergenceLoss(epsilon=0.0), HALVES, HALVES, 0.0),
    (PoissonLoss(), [1.0, 3.0, 3.0], np.array([1, 2, 3]), 0.502312852219817),
    (PoissonLoss(), [0.4, 0.5, 0.6], np.array([0.1, 0.2, 0.3]), 0.6278353988097339),
    (SiameseContrastiveLoss(), [0.5, 1.5, 2.5], np.array([1, 2, 3]), -4.833333333333333),
    (SiameseContrastiveLoss(margin=2), [0.5, 1.5, 2.5], ONE_TO_THREE, -4.0),
])
def test_published_values(loss, y_pred, y, value):
    y_pred = np.asarray(y_pred)
    got = loss(y_pred, y)
    assert got.dtype == y_pred.dtype and got.shape == ()
    assert float(got) == pytest.approx(value, rel=1e-6 if got.dtype == F32 else 3e-15, abs=1e-15)


def test_a_divergence_from_what_was_ruled_out_is_infinite():
    with np.errstate(divide="ignore"):
        assert KLDivergenceLoss(epsilon=0.0)(ONE_HOT, HALVES) == np.inf


# --- against PyTorch ----------------------------------------------------------------------------------------------
def case(i):
    name, settings = CASES[i]
    arrays = [DATA[f"{i}_{key}"] for key in ("pred", "target", "value", "dpred", "dtarget")]
    return getattr(lux, name)(**settings), arrays


@pytest.mark.parametrize("i", range(len(CASES)), ids=[f"{name} {settings}" for name, settings in CASES])
def test_values_and_gradients_are_those_of_torch(i):
    loss, (y_pred, y, value, *grads) = case(i)
    before = y_pred.copy(), y.copy()
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 2e-5)):
        for convert in (np.asarray, array_api_strict.asarray):
            args = [convert(a.astype(dtype)) for a in (y_pred, y)]
            got, found = lux.value_and_grad(loss, (0, 1))(*args)
            assert type(got).__module__.partition(".")[0] == type(args[0]).__module__.partition(".")[0]
            assert str(got.dtype).endswith(np.dtype(dtype).name)
            assert float(got) == pytest.approx(float(value), rel=tolerance, abs=tolerance)
            for a, wanted in zip(found, grads, strict=True):
                np.testing.assert_allclose(np.asarray(a), wanted, rtol=20 * tolerance, atol=tolerance)
    assert np.array_equal(before[0], y_pred) and np.array_equal(before[1], y)


@pytest.mark.parametrize("i", range(len(CASES)), ids=[name for name, _ in CASES])
def test_both_modes_to_second_order(i):
    loss, (y_pred, y, *_) = case(i)
    check_grads(loss, [y_pred, y], order=2)
    check_grads(replace(loss, agg=None), [y_pred, y])


def test_the_cases_are_all_losses():
    assert {name for name, _ in CASES} | {"L1Loss", "L2Loss", "Loss", "GenericLossFunction"} == set(losses.__all__)
    assert all(getattr(lux, name) is getattr(losses, name) for name in losses.__all__ if name != "Loss")
    assert set(losses.__all__) <= set(dir(losses))
    with pytest.raises(AttributeError, match="no attribute 'NoLoss'"):
        _ = losses.NoLoss


# --- targets ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("loss", [FocalLoss, KLDivergenceLoss, CrossEntropyLoss])
@pytest.mark.parametrize("axis", [-1, 0])
def test_labels_stand_for_one_hot_targets(loss, axis):
    y_pred, one_hot = PROBABILITIES, np.eye(3)[LABELS]
    y_pred, one_hot = (y_pred.T, one_hot.T) if axis == 0 else (y_pred, one_hot)
    by_label, wanted = (lux.value_and_grad(loss(axis=axis))(y_pred, y) for y in (LABELS, one_hot))
    assert float(by_label[0]) == pytest.approx(float(wanted[0]), rel=1e-14)
    np.testing.assert_allclose(by_label[1], wanted[1], rtol=1e-13)


def test_the_divergence_is_what_cross_entropy_has_beyond_the_entropy_of_the_targets():
    y = np.array([[0.2, 0.8, 0.0], [0.1, 0.3, 0.6]])
    p = np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]])
    for alpha in (None, 0.3):
        smooth = y if alpha is None else 0.7 * y + 0.1
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -np.nansum(smooth * np.log(smooth), axis=1).mean()
        settings = {"epsilon": 0.0, "label_smoothing": alpha}
        value = float(KLDivergenceLoss(**settings)(p, y))
        assert value == pytest.approx(float(CrossEntropyLoss(**settings)(p, y)) - entropy, rel=1e-14)
        assert float(KLDivergenceLoss(**settings)(smooth, y)) == pytest.approx(0.0, abs=1e-16)


def test_booleans_and_integers_are_targets():
    for loss, y_pred, y in ((BinaryCrossEntropyLoss(), BITS, ANSWERS), (BinaryFocalLoss(), BITS, ANSWERS),
                            (DiceCoeffLoss(), BITS, ANSWERS), (SiameseContrastiveLoss(), BITS, ANSWERS)):
        wanted = loss(y_pred, y.astype(float))
        assert loss(y_pred, y) == loss(y_pred, y.astype(bool)) == wanted
        assert lux.grad(loss)(y_pred.astype(F32), y.astype(bool)).dtype == F32


# --- corners and ends ---------------------------------------------------------------------------------------------
def test_derivatives_of_hinge_losses():
    # The derivative by y_pred is -y, and -2 y (1 - y y_pred), on the wrong side and near the boundary; 0 beyond.
    y_pred, y = np.array([0.5, 0.5, 2.0, 1.0, -1.0]), np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    np.testing.assert_array_equal(lux.grad(HingeLoss("sum"))(y_pred, y), [-1.0, 1.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(lux.grad(SquaredHingeLoss("sum"))(y_pred, y), [-1.0, 3.0, 0.0, 0.0, 0.0])


def test_huber_turns_from_parabola_to_line_at_delta():
    d = np.array([-3.0, -2.0, -0.5, 0.0, 2.0, 5.0])
    value, grad = lux.value_and_grad(HuberLoss("sum", delta=2))(d, np.zeros(6))         # an integer will do
    assert float(value) == 4.0 + 2.0 + 0.125 + 0.0 + 2.0 + 8.0
    np.testing.assert_array_equal(grad, [-2.0, -2.0, -0.5, 0.0, 2.0, 2.0])


def test_one_hot_targets_have_finite_divergences_and_gradients():
    p = np.array([[0.5, 0.5], [0.0, 1.0]])
    for loss in (KLDivergenceLoss(epsilon=0.0), FocalLoss(epsilon=0.0)):
        value, (dp, dy) = lux.value_and_grad(loss, (0, 1))(p, ONE_HOT)
        assert np.isfinite(value) and np.isfinite(dp).all() and np.isfinite(dy).all(), loss
    value, dp = lux.value_and_grad(KLDivergenceLoss(epsilon=0.0))(p, ONE_HOT)
    assert float(value) == pytest.approx(math.log(2) / 2)
    np.testing.assert_allclose(dp, [[-1.0, 0.0], [0.0, -0.5]])


@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
def test_logits_of_any_size(convert):
    z, y = convert(np.array([1e4, -1e4, 1e4, -1e4, 0.0])), convert(np.array([1.0, 0.0, 0.0, 1.0, 0.5]))
    loss = BinaryCrossEntropyLoss(agg=None, logits=True)
    np.testing.assert_array_equal(np.asarray(loss(z, y)), [0.0, 0.0, 1e4, 1e4, np.log(2)])
    grad = lux.grad(BinaryCrossEntropyLoss(agg="sum", logits=True))(z, y)
    np.testing.assert_array_equal(np.asarray(grad), [0.0, 0.0, 1.0, -1.0, 0.0])


def test_small_surprises_keep_their_digits():
    value = BinaryCrossEntropyLoss(logits=True)(np.array([40.0]), np.array([1.0]))
    assert float(value) == pytest.approx(math.exp(-40), rel=1e-15)


@pytest.mark.parametrize("loss", [BinaryCrossEntropyLoss(), BinaryFocalLoss(), BinaryFocalLoss(gamma=0.5),
                                  BinaryFocalLoss(gamma=0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certain_predictions_are_finite(loss, dtype):
    y_pred, y = np.array([1.0, 0.0, 1.0, 0.0], dtype), np.array([1, 0, 0, 1])
    value, grad = lux.value_and_grad(loss)(y_pred, y)
    assert np.isfinite(value) and np.isfinite(grad).all()
    assert float(value) == pytest.approx(-math.log(np.finfo(dtype).eps) / 2, rel=1e-3)        # half of them were wrong


def test_focal_losses_without_focus_are_cross_entropies():
    y = np.array([0.25, 1.0, 0.0, 0.0])
    assert BinaryFocalLoss(gamma=0)(BITS, ANSWERS) == pytest.approx(BinaryCrossEntropyLoss()(BITS, ANSWERS), rel=1e-14)
    one, other = (f(PROBABILITIES, LABELS) for f in (FocalLoss(gamma=0), CrossEntropyLoss()))
    assert one == pytest.approx(other, rel=1e-14)
    assert BinaryFocalLoss(agg=None)(BITS, y).shape == (4,)


def test_dice_sums_over_all_axes_but_the_first():
    y_pred, y = np.random.default_rng(0).random((2, 3, 4, 5)), np.random.default_rng(1).random((2, 3, 4, 5))
    each = DiceCoeffLoss(agg=None)(y_pred, y)
    assert each.shape == (2,)
    for i in range(2):
        assert float(each[i]) == pytest.approx(float(DiceCoeffLoss()(y_pred[i].ravel(), y[i].ravel())), rel=1e-14)
    assert float(DiceCoeffLoss()(np.zeros(3), np.zeros(3))) == 0.0


def test_half_precision_stays_half():
    for loss in ALL:
        y_pred = np.array([[0.25, 0.75]], np.float16)
        value, grad = lux.value_and_grad(loss())(y_pred, np.array([[0.5, 0.5]], np.float16))
        assert value.dtype == grad.dtype == np.float16 and np.isfinite(value), loss


# --- losses of your own -------------------------------------------------------------------------------------------
def test_generic_loss():
    loss = GenericLossFunction(lambda p, y: lux.logcosh(p - y))
    d = np.array([0.5, -2.0, 30.0])
    value, grad = lux.value_and_grad(loss)(d, np.zeros(3))
    assert float(value) == pytest.approx(np.log(np.cosh(d)).mean(), rel=1e-14)
    np.testing.assert_allclose(grad, np.tanh(d) / 3, rtol=1e-14)
    quartic = GenericLossFunction(loss_fn=np.subtract, agg="sum")
    assert quartic(ONE_TO_THREE, np.ones(3)) == 3.0
    assert quartic == GenericLossFunction(np.subtract, "sum") != GenericLossFunction(np.add, "sum")
    assert isinstance(loss, Loss) and "loss_fn=" in repr(loss)
    with pytest.raises(TypeError, match="loss_fn must be a function of \\(y_pred, y\\), got 3"):
        GenericLossFunction(3)


@pytest.mark.parametrize("loss", ALL)
def test_losses_are_objectives_and_values(loss):
    def model(x, ps, st):
        return ps["a"] * x, {"calls": st["calls"] + 1}

    x, y = np.array([[0.2, 0.8]]), np.array([[0.5, 0.5]])
    value, st, stats = loss()(model, {"a": 1.0}, {"calls": 1}, (x, y))
    assert value == loss()(x, y) and (st, stats) == ({"calls": 2}, {})
    assert loss() == loss(agg="mean") != loss(agg="sum") and hash(loss()) == hash(loss())
    assert repr(loss()).startswith(f"{loss.__name__}(agg='mean'")
    assert loss(agg="sum")(x, y) == pytest.approx(loss(agg=None)(x, y).sum())


# --- bad input ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make, words", [
    (lambda: HuberLoss(delta=0), "HuberLoss: delta is 0, expected a number above 0"),
    (lambda: HuberLoss(delta=math.nan), "delta is nan"),
    (lambda: MSLELoss(epsilon=-1.0), r"MSLELoss: epsilon is -1.0, expected None or a number from 0"),
    (lambda: PoissonLoss(epsilon=-1.0), "PoissonLoss: epsilon is -1.0"),
    (lambda: KLDivergenceLoss(epsilon=-1.0), "KLDivergenceLoss: epsilon is -1.0"),
    (lambda: KLDivergenceLoss(label_smoothing=1.1), "KLDivergenceLoss: label_smoothing is 1.1, .* from 0 to 1"),
    (lambda: BinaryCrossEntropyLoss(label_smoothing=-0.1), "BinaryCrossEntropyLoss: label_smoothing is -0.1"),
    (lambda: BinaryCrossEntropyLoss(epsilon=math.nan), "epsilon is nan"),
    (lambda: BinaryFocalLoss(gamma=-1), "BinaryFocalLoss: gamma is -1, expected a number from 0"),
    (lambda: FocalLoss(gamma=-1), "FocalLoss: gamma is -1"),
    (lambda: SiameseContrastiveLoss(margin=-0.5), "SiameseContrastiveLoss: margin is -0.5, expected a number from 0"),
    (lambda: DiceCoeffLoss(smooth=-1), "DiceCoeffLoss: smooth is -1"),
    (lambda: HingeLoss(agg="median"), "HingeLoss: agg is 'median'"),
])
def test_settings_out_of_range(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("loss", [loss for loss in ALL if loss.__name__ not in ("L1Loss", "L2Loss")])
def test_predictions_and_targets_that_do_not_fit(loss):
    name = loss.__name__
    with pytest.raises(ValueError, match=rf"{name}: .*\(2, 3\).*got float64 array of shape \(3, 2\)"):
        loss()(np.full((2, 3), 0.5), np.full((3, 2), 0.5))
    with pytest.raises(TypeError, match=f"{name}: the predictions must be a floating-point array, got int64 array"):
        loss()(np.ones((2, 3), int), np.ones((2, 3)))
    if name not in ("MSELoss", "MAELoss"):
        with pytest.raises(ValueError, match=f"{name}: the predictions must be real"):
            loss()(np.ones((2, 3), complex), np.ones((2, 3)))


@pytest.mark.parametrize("loss", [FocalLoss(), KLDivergenceLoss()])
def test_labels_that_are_no_class(loss):
    with pytest.raises(ValueError, match=f"{type(loss).__name__}: the labels of 3 classes are from 0 to 2, got .* 3"):
        loss(PROBABILITIES, np.array([0, 1, 2, 3, 0]))
    with pytest.raises(ValueError, match="name it with axis="):
        loss(PROBABILITIES.T, LABELS)
