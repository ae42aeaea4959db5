"""Connectionist temporal classification: sums over all paths, one by one, and PyTorch's losses and gradients."""
import itertools
import math
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux.nn import ctc_loss
from arraylux.testing import check_grads

DATA = np.load(Path(__file__).with_name("data") / "losses.npz")
LOGITS, LABELS, FRAMES, LENGTHS = (DATA[f"ctc_{key}"] for key in ("logits", "labels", "frames", "lengths"))
WEIGHTS = np.array([1.0, 2.0, -0.5])
ONE = np.random.default_rng(0).standard_normal((5, 3))


def path_by_path(logits, labels, blank):
    """Spell every path of classes, and add up the probabilities of those that spell the labels."""
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        if [k for k, _ in itertools.groupby(path) if k != blank] == labels:
            total += math.prod(p[t, k] for t, k in enumerate(path))
    return -math.log(total)


@pytest.mark.parametrize("blank", [0, 1, 2, -1])
@pytest.mark.parametrize("pattern", ["", "a", "aa", "ab", "aba", "abab", "aab"])
def test_sums_over_all_paths(pattern, blank):
    letters = [k for k in range(3) if k != blank % 3]
    labels = [letters["ab".index(c)] for c in pattern]
    got = ctc_loss(ONE, np.array(labels, dtype=int), blank=blank)
    assert got.shape == () and float(got) == pytest.approx(path_by_path(ONE, labels, blank % 3), rel=1e-13)


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-13), (np.float32, 1e-5)])
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
def test_losses_and_gradients_are_those_of_torch(convert, dtype, tolerance):
    def f(logits):
        losses = ctc_loss(logits, convert(LABELS), input_lengths=convert(FRAMES), target_lengths=LENGTHS.tolist())
        return (losses * convert(WEIGHTS.astype(dtype))).sum(), losses

    x = convert(LOGITS.astype(dtype))
    (_, losses), grad = lux.value_and_grad(f, has_aux=True)(x)
    assert str(grad.dtype).endswith(np.dtype(dtype).name)
    np.testing.assert_allclose(np.asarray(losses), DATA["ctc_losses"], rtol=tolerance)
    np.testing.assert_allclose(np.asarray(grad), DATA["ctc_gradient"], rtol=100 * tolerance, atol=tolerance)
    assert not np.asarray(grad)[1, 7:].any()                            # frames of padding


def test_both_modes_to_second_order():
    check_grads(lambda x: ctc_loss(x, LABELS, input_lengths=FRAMES, target_lengths=LENGTHS), [LOGITS], order=2)
    check_grads(lambda x: ctc_loss(x, np.array([1, 1, 0])), [ONE], order=2)


def test_what_is_padding_does_not_matter():
    def f(logits, labels):
        return ctc_loss(logits, labels, input_lengths=[4, 5], target_lengths=[2, 1])

    rng = np.random.default_rng(1)
    logits, labels = rng.standard_normal((2, 5, 4)), np.array([[0, 1, -100], [2, 3, 99]])
    padded = logits.copy()
    padded[0, 4:] = 1e3
    np.testing.assert_array_equal(f(logits, labels), f(padded, np.array([[0, 1, 0], [2, 0, 1]])))
    alone = [ctc_loss(logits[0, :4], labels[0, :2]), ctc_loss(logits[1], labels[1, :1])]
    np.testing.assert_allclose(f(logits, labels), alone, rtol=1e-14)
    single = ctc_loss(logits[0], labels[0], input_lengths=4, target_lengths=2)
    assert float(single) == pytest.approx(float(alone[0]), rel=1e-14)


def test_logits_of_any_size():
    logits = np.array([[1e4, 0, -1e4], [0, 2e4, 0], [0, -1e4, 1e4]])
    value, grad = lux.value_and_grad(ctc_loss)(logits, np.array([0, 1]))
    assert float(value) == 0.0
    np.testing.assert_array_equal(grad, np.zeros((3, 3)))
    value, grad = lux.value_and_grad(ctc_loss)(logits, np.array([1, 0]))
    assert float(value) == 2e4                              # the best path is 1, 1, 0: 1e4 + 0 + 1e4 below the maxima
    np.testing.assert_array_equal(grad, [[1, -1, 0], [0, 0, 0], [-1, 0, 1]])
    value, grad = lux.value_and_grad(ctc_loss)(np.array([[0.0, -np.inf, 0.0], [0.0, 0.0, -np.inf]]), np.array([0, 1]))
    assert float(value) == pytest.approx(2 * math.log(2))
    np.testing.assert_allclose(grad, [[-0.5, 0, 0.5], [0.5, -0.5, 0]], atol=1e-15)


def test_long_sequences_stay_within_single_precision():
    rng = np.random.default_rng(2)
    logits, labels = rng.standard_normal((2, 600, 8)), rng.integers(0, 7, (2, 250))
    value, grad = lux.value_and_grad(lambda x: ctc_loss(x, labels).sum())(logits.astype(np.float32))
    wanted, wanted_grad = lux.value_and_grad(lambda x: ctc_loss(x, labels).sum())(logits)
    assert float(value) == pytest.approx(float(wanted), rel=1e-5)
    np.testing.assert_allclose(grad, wanted_grad, atol=2e-3)
    np.testing.assert_allclose(wanted_grad.sum(axis=-1), 0, atol=1e-10)     # every frame is in one class


@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
def test_labels_that_do_not_fit_into_the_frames(convert):
    for labels in ([0, 1, 0], [1, 1]):                      # equal labels need a blank between them
        value, grad = lux.value_and_grad(ctc_loss)(convert(ONE[:2]), convert(np.array(labels)))
        assert float(value) == np.inf and not np.asarray(grad).any()


def test_samples_may_be_mapped_over():
    logits, labels = LOGITS[:, :7], LABELS
    np.testing.assert_allclose(lux.vmap(ctc_loss)(logits, labels), ctc_loss(logits, labels), rtol=1e-14)
    wanted = lux.grad(lambda x: ctc_loss(x, labels).sum())(logits)
    np.testing.assert_allclose(lux.vmap(lux.grad(ctc_loss))(logits, labels), wanted, atol=1e-14)


def test_inputs_are_not_written_to():
    x, labels = LOGITS.copy(), LABELS.copy()
    lux.grad(lambda x: ctc_loss(x, labels, target_lengths=LENGTHS).sum())(x)
    assert np.array_equal(x, LOGITS) and np.array_equal(labels, LABELS)
    assert ctc_loss(LOGITS[:0], LABELS[:0]).shape == (0,)


@pytest.mark.parametrize("args, settings, error, words", [
    ((LOGITS.astype(int), LABELS), {}, TypeError, "logits must be a real floating-point array, got int64 array"),
    ((LOGITS + 0j, LABELS), {}, TypeError, "logits must be a real floating-point array, got complex128 array"),
    ((LOGITS, LABELS * 1.0), {}, TypeError, "labels must be an array of integers, got float64 array"),
    ((LOGITS, [0, 1]), {}, TypeError, "labels must be an array of integers, got a list"),
    ((LOGITS, LABELS[0]), {}, ValueError, r"expected logits \(batch, time, classes\) with labels \(batch, length\)"),
    ((LOGITS[:2], LABELS), {}, ValueError, r"got float64 .* \(2, 9, 5\) with int64 array of shape \(3, 4\)"),
    ((LOGITS[:, :0], LABELS), {}, ValueError, "at least one frame"),
    ((LOGITS, LABELS), {"blank": 5}, ValueError, "blank is 5, expected one of the 5 classes"),
    ((LOGITS, LABELS), {"blank": LABELS[0, 0]}, ValueError, "is the blank and cannot be among the labels"),
    ((LOGITS, LABELS + 5), {}, ValueError, "labels of 5 classes are from 0 to 4"),
    ((LOGITS, LABELS - 4), {}, ValueError, "labels of 5 classes are from 0 to 4"),
    ((LOGITS, LABELS), {"input_lengths": [9, 9]}, ValueError, "input_lengths must be 3 integers"),
    ((LOGITS, LABELS), {"input_lengths": [9.0, 9, 9]}, ValueError, "input_lengths must be 3 integers"),
    ((LOGITS, LABELS), {"input_lengths": [0, 9, 9]}, ValueError, "input_lengths must be from 1 to 9, .* from 0 to 9"),
    ((LOGITS, LABELS), {"target_lengths": [5, 1, 1]}, ValueError, "target_lengths must be from 0 to 4"),
])
def test_bad_input(args, settings, error, words):
    with pytest.raises(error, match=f"^ctc_loss: .*{words}"):
        ctc_loss(*args, **settings)
