"""Losses: published values, formulas worked by hand, derivatives in both modes, and bad input."""
import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux.losses import CrossEntropyLoss, L1Loss, L2Loss, Loss, MAELoss, MSELoss
from arraylux.testing import check_grads

NEAR, ONE_TO_THREE = np.array([1.1, 1.9, 3.1]), np.array([1.0, 2.0, 3.0])
HALF_RIGHT, BITS = np.array([0.9, 0.1, 0.1, 0.9]), np.array([1.0, 1.0, 0.0, 0.0])

# Five samples of three classes, as in the documentation of Lux's CrossEntropyLoss.
LOGITS = np.arange(-7.0, 8.0).reshape(5, 3)
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
LABELS = np.array([0, 1, 2, 1, 0])
ONE_HOT = np.eye(3)[LABELS]
RNG = np.random.default_rng(0)


# --- published values ---------------------------------------------------------------------------------------------
SINGLE = PROBABILITIES.astype(np.float32)               # Lux's values are those of single precision, epsilon included


@pytest.mark.parametrize("loss, y_pred, y, value", [
    (MSELoss(), NEAR, ONE_TO_THREE, 0.01), (MAELoss(), NEAR, ONE_TO_THREE, 0.1),
    (MSELoss(), HALF_RIGHT, BITS, 0.41), (MAELoss(), HALF_RIGHT, BITS, 0.5),
    (CrossEntropyLoss(), SINGLE, ONE_HOT.astype(np.float32), 1.6076053),
    (CrossEntropyLoss(), SINGLE, LABELS, 1.6076053),
    (CrossEntropyLoss(label_smoothing=0.15), SINGLE, ONE_HOT.astype(np.float32), 1.5776052),
    (CrossEntropyLoss(label_smoothing=0.15), SINGLE, LABELS, 1.5776052),
    (CrossEntropyLoss(epsilon=2.0**-23), PROBABILITIES, LABELS, 1.6076053),
])
def test_published_values(loss, y_pred, y, value):
    got = loss(y_pred, y)
    assert got.dtype == y_pred.dtype and got.shape == ()
    assert float(got) == pytest.approx(value, rel=1.5e-7)


# The logits of a sample are t, t + 1, t + 2, and its label is 0, 1, 2, 1, 0.
SPREAD = np.log(1 + np.exp(-1) + np.exp(-2))


@pytest.mark.parametrize("alpha, value", [(None, SPREAD + 1.2), (0.15, SPREAD + 0.85 * 1.2 + 0.15)])
@pytest.mark.parametrize("y", [LABELS, ONE_HOT])
def test_cross_entropy_of_logits_by_hand(y, alpha, value):
    loss = CrossEntropyLoss(logits=True, label_smoothing=alpha)
    assert float(loss(LOGITS, y)) == pytest.approx(value, rel=1e-14)
    assert float(loss(LOGITS.astype(np.float32), y)) == pytest.approx(value, rel=1e-6)
    without_epsilon = CrossEntropyLoss(epsilon=0.0, label_smoothing=alpha)
    assert float(without_epsilon(PROBABILITIES, y)) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("loss, y_pred, y", [
    (MSELoss(), NEAR, ONE_TO_THREE), (MAELoss(agg="sum"), NEAR, ONE_TO_THREE),
    (CrossEntropyLoss(), PROBABILITIES, ONE_HOT), (CrossEntropyLoss(), PROBABILITIES, LABELS),
    (CrossEntropyLoss(logits=True), LOGITS, ONE_HOT), (CrossEntropyLoss(logits=True), LOGITS, LABELS),
    (CrossEntropyLoss(logits=True, label_smoothing=0.15), LOGITS, LABELS)])
def test_losses_use_the_standard_alone(loss, y_pred, y):
    argnums = (0, 1) if y.dtype.kind == "f" else (0,)
    value, grads = lux.value_and_grad(loss, argnums)(array_api_strict.asarray(y_pred), array_api_strict.asarray(y))
    wanted, wanted_grads = lux.value_and_grad(loss, argnums)(y_pred, y)
    assert type(value).__module__.startswith("array_api_strict")
    assert float(value) == pytest.approx(float(wanted), rel=1e-14)
    for grad, wanted_grad in zip(grads, wanted_grads, strict=True):
        np.testing.assert_allclose(np.from_dlpack(grad), wanted_grad, rtol=1e-13)


def test_aliases():
    assert L2Loss is MSELoss and L1Loss is MAELoss


# --- aggregates ---------------------------------------------------------------------------------------------------
def test_aggregates():
    np.testing.assert_allclose(MSELoss(agg=None)(NEAR, ONE_TO_THREE), [0.01, 0.01, 0.01])
    assert float(MSELoss(agg="sum")(NEAR, ONE_TO_THREE)) == pytest.approx(0.03)
    assert float(MAELoss(agg=np.max)(HALF_RIGHT, BITS)) == pytest.approx(0.9)
    assert CrossEntropyLoss(agg=None, logits=True)(LOGITS, LABELS).shape == (5,)
    assert float(CrossEntropyLoss(agg="sum")(PROBABILITIES, LABELS)) == pytest.approx(5 * 1.6076053)
    with pytest.raises(ValueError, match='"mean", "sum", None or a function'):
        MSELoss(agg="median")


@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
def test_squares_of_complex_numbers_are_those_of_their_size(convert):
    y_pred, y = convert(np.array([3 + 4j, 1j])), convert(np.array([0j, 0j]))
    for agg, value in (("mean", 13.0), ("sum", 26.0)):
        assert float(MSELoss(agg)(y_pred, y)) == pytest.approx(value)
    np.testing.assert_allclose(np.from_dlpack(lux.grad(MSELoss())(y_pred, y)), [3 + 4j, 1j])


def test_losses_are_values():
    assert MSELoss() == MSELoss("mean") != MSELoss("sum")
    assert repr(MSELoss()) == "MSELoss(agg='mean')"
    assert hash(CrossEntropyLoss(logits=True)) == hash(CrossEntropyLoss(logits=True))


def test_a_loss_of_your_own():
    class Quartic(Loss):
        def compare(self, y_pred, y):
            return (y_pred - y) ** 4

    assert float(Quartic(agg="sum")(np.array([3.0]), np.array([1.0]))) == 16.0
    with pytest.raises(NotImplementedError, match="Loss does not define compare"):
        Loss()(NEAR, ONE_TO_THREE)


def test_as_an_objective():
    def model(x, ps, st):
        return ps["a"] * x, {"calls": st["calls"] + 1}

    x = np.array([1.0, 2.0])
    value, st, stats = MSELoss()(model, {"a": 2.0}, {"calls": 4}, (x, np.zeros(2)))
    assert (float(value), st, stats) == (10.0, {"calls": 5}, {})


# --- derivatives --------------------------------------------------------------------------------------------------
def test_derivative_of_the_squared_error():
    grad = lux.grad(MSELoss(), argnums=(0, 1))(np.array([1.0, 5.0]), np.array([0.0, 2.0]))
    np.testing.assert_array_equal(grad[0], [1.0, 3.0])             # 2 d / n
    np.testing.assert_array_equal(grad[1], [-1.0, -3.0])


def test_derivative_of_the_absolute_error_is_a_sign():
    grad = lux.grad(MAELoss(agg="sum"))(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0]))
    np.testing.assert_array_equal(grad, [-1.0, 0.0, 1.0])


@pytest.mark.parametrize("y", [LABELS, ONE_HOT])
def test_derivative_of_cross_entropy_is_softmax_minus_target(y):
    grad = lux.grad(CrossEntropyLoss(agg="sum", logits=True))(LOGITS, y)
    np.testing.assert_allclose(grad, PROBABILITIES - ONE_HOT, atol=1e-15)


@pytest.mark.parametrize("agg", ["mean", "sum", None])
@pytest.mark.parametrize("loss", [MSELoss, MAELoss])
def test_regression_in_both_modes(loss, agg):
    y_pred, y = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4))
    check_grads(loss(agg=agg), [y_pred, y])
    check_grads(loss(agg=agg), [y_pred + 1j * y, y_pred])


@pytest.mark.parametrize("logits", [True, False])
@pytest.mark.parametrize("alpha", [None, 0.2])
@pytest.mark.parametrize("shape, axis", [((4, 3), -1), ((3,), 0), ((2, 3, 2, 2), 1)])
def test_cross_entropy_in_both_modes(shape, axis, alpha, logits):
    loss = CrossEntropyLoss(logits=logits, axis=axis, label_smoothing=alpha)
    y_pred = RNG.uniform(0.2, 1.0, shape)
    soft = RNG.uniform(0.2, 1.0, shape)                         # its sum over classes is not 1
    labels = RNG.integers(0, 3, soft.sum(axis=axis).shape)
    check_grads(loss, [y_pred, soft])
    check_grads(lambda p: loss(p, labels), [y_pred])
    check_grads(lambda p: CrossEntropyLoss(agg=None, logits=logits, axis=axis)(p, labels), [y_pred])
    check_grads(lambda t: loss(y_pred, t), [soft])


def test_the_classes_may_be_along_any_axis():
    for loss in (CrossEntropyLoss(axis=0, label_smoothing=0.15), CrossEntropyLoss(axis=-2, label_smoothing=0.15)):
        assert float(loss(PROBABILITIES.T, LABELS)) == pytest.approx(1.5776052)     # smoothed over 3, not over 5
        assert float(loss(PROBABILITIES.T, ONE_HOT.T)) == pytest.approx(1.5776052)


def test_images_are_classified_pixel_by_pixel():
    z, labels = RNG.standard_normal((2, 3, 4, 5)), RNG.integers(0, 3, (2, 4, 5))
    value = CrossEntropyLoss(logits=True, axis=1)(z, labels)
    by_hand = [np.log(np.exp(z[n, :, i, j]).sum()) - z[n, labels[n, i, j], i, j]
               for n in range(2) for i in range(4) for j in range(5)]
    assert float(value) == pytest.approx(np.mean(by_hand), rel=1e-13)


# --- the ends of the range ----------------------------------------------------------------------------------------
def test_logits_of_any_size():
    value, grad = lux.value_and_grad(CrossEntropyLoss(logits=True))(np.array([1000.0, -1000.0]), np.array(1))
    assert float(value) == 2000.0
    np.testing.assert_array_equal(grad, [1.0, -1.0])


@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
@pytest.mark.parametrize("y", [np.array([0, 1]), np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])])
def test_a_class_that_is_ruled_out_and_does_not_come_costs_nothing(y, convert):
    logits = np.array([[0.0, 0.0, -np.inf], [0.0, 0.0, 0.0]])
    value, grad = lux.value_and_grad(CrossEntropyLoss(agg="sum", logits=True))(convert(logits), convert(y))
    assert float(value) == pytest.approx(np.log(2) + np.log(3))
    third = 1 / 3
    np.testing.assert_allclose(np.from_dlpack(grad), [[-0.5, 0.5, 0.0], [third, third - 1, third]], atol=1e-15)


@pytest.mark.parametrize("epsilon", [None, 0.0])
@pytest.mark.parametrize("y", [np.array([0]), np.array([[1.0, 0.0]])])
def test_zero_times_the_logarithm_of_zero_is_zero(y, epsilon):
    value, grad = lux.value_and_grad(CrossEntropyLoss(epsilon=epsilon))(np.array([[1.0, 0.0]]), y)
    assert float(value) == pytest.approx(0.0, abs=1e-15)
    np.testing.assert_allclose(grad, [[-1.0, 0.0]])


def test_epsilon_keeps_an_impossible_class_finite():
    p = np.array([[0.0, 1.0]], np.float32)
    assert float(CrossEntropyLoss()(p, np.array([0]))) == pytest.approx(23 * np.log(2), rel=1e-6)     # eps is 2^-23
    assert float(CrossEntropyLoss(epsilon=0.5)(p, np.array([0]))) == pytest.approx(np.log(2))


def test_half_precision_does_not_overflow_on_the_way():
    y_pred = np.zeros(100, np.float16)
    y_pred[0] = 300                                             # its square is more than float16 can hold
    value, grad = lux.value_and_grad(MSELoss())(y_pred, np.zeros(100, np.float16))
    assert value.dtype == grad.dtype == np.float16 and float(value) == 900.0 and float(grad[0]) == 6.0


# --- dtypes -------------------------------------------------------------------------------------------------------
def test_single_precision_stays_single():
    p, z = PROBABILITIES.astype(np.float32), LOGITS.astype(np.float32)
    cases = [(MSELoss(), p, ONE_HOT.astype(np.int64)), (MAELoss(), p, ONE_HOT.astype(bool)), (MSELoss("sum"), p, p),
             (CrossEntropyLoss(label_smoothing=0.1), p, LABELS), (CrossEntropyLoss(), p, LABELS.astype(np.uint8)),
             (CrossEntropyLoss(logits=True), z, LABELS), (CrossEntropyLoss(logits=True), z, ONE_HOT.astype(np.int32))]
    for loss, y_pred, y in cases:
        value, grad = lux.value_and_grad(loss)(y_pred, y)
        assert value.dtype == grad.dtype == np.float32, loss


def test_double_precision_targets_are_not_narrowed():
    value, grad = lux.value_and_grad(MSELoss())(np.ones(2, np.float32), np.array([1.0, 1.0 + 1e-9]))
    assert value.dtype == np.float64 and float(value) == pytest.approx(5e-19) and grad.dtype == np.float32


def test_inputs_are_not_written_to():
    z, y = LOGITS.copy(), ONE_HOT.copy()
    for loss in (MSELoss(), CrossEntropyLoss(logits=True)):
        lux.grad(loss, argnums=(0, 1))(z, y)
    np.testing.assert_array_equal(z, LOGITS)
    np.testing.assert_array_equal(y, ONE_HOT)


# --- bad input ----------------------------------------------------------------------------------------------------
def test_shapes_that_differ():
    with pytest.raises(ValueError, match=r"MSELoss: .* shape \(3, 1\) of the predictions, got float64 .* \(3,\)"):
        MSELoss()(np.ones((3, 1)), np.ones(3))
    with pytest.raises(ValueError, match=r"MAELoss: .* got a list"):
        MAELoss()(np.ones(3), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"shape \(5, 3\) of .*, or integer labels of shape \(5,\), got int64"):
        CrossEntropyLoss()(PROBABILITIES, np.zeros(3, int))
    with pytest.raises(ValueError, match=r"integer labels of shape \(5,\), got float64 array of shape \(5,\)"):
        CrossEntropyLoss()(PROBABILITIES, np.zeros(5))


@pytest.mark.parametrize("labels, range_", [([0, 1, 2, 3, 0], "0 to 3"), ([-1, 0, 0, 0, 0], "-1 to 0")])
def test_labels_that_are_no_class(labels, range_):
    for loss, y_pred in ((CrossEntropyLoss(logits=True), LOGITS), (CrossEntropyLoss(), PROBABILITIES)):
        with pytest.raises(ValueError, match=f"labels of 3 classes are from 0 to 2, got labels from {range_}"):
            loss(y_pred, np.array(labels))


def test_predictions_that_are_not_floating_point():
    with pytest.raises(TypeError, match="floating-point array, got int64 array"):
        MSELoss()(np.ones(3, int), np.ones(3))
    with pytest.raises(TypeError, match="floating-point array, got a float"):
        MSELoss()(1.0, 1.0)
    with pytest.raises(ValueError, match="must be real and have an axis -1"):
        CrossEntropyLoss()(LOGITS + 0j, LABELS)
    with pytest.raises(ValueError, match="have an axis 2"):
        CrossEntropyLoss(axis=2)(LOGITS, LABELS)


@pytest.mark.parametrize("alpha", [-0.1, 1.5, float("nan")])
def test_label_smoothing_out_of_range(alpha):
    with pytest.raises(ValueError, match=r"label_smoothing is .* from 0 to 1"):
        CrossEntropyLoss(label_smoothing=alpha)


def test_a_negative_epsilon():
    with pytest.raises(ValueError, match="epsilon is -1e-08"):
        CrossEntropyLoss(epsilon=-1e-8)


def test_other_calls():
    for args in ((NEAR,), (NEAR, NEAR, NEAR), (len, {}, {}, NEAR), ()):
        with pytest.raises(TypeError, match=r"called with \(y_pred, y\), or with \(model, ps, st, \(x, y\)\)"):
            MSELoss()(*args)
