"""Borders and windows: NumPy's values for every mode, and gradients that count how often an element is read."""
from __future__ import annotations

import numpy as np
import pytest
from likenumpy import check

import arraylux as lux
from arraylux.rules.windows import pad, sliding_window_view

RNG = np.random.default_rng(0)
X = RNG.permutation(12).reshape(3, 4) + RNG.uniform(0.0, 0.5, (3, 4))

PADS = [
    *[(X, widths, {"mode": mode}) for mode in (
        "constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum", "minimum", "mean", "median")
      for widths in (1, (2, 1), ((0, 2), (1, 0)), ((1,), (2,)), {1: 2}, {-1: (0, 1), 0: 2}, 0)],
    *[(X, ((1, 7), (9, 2)), {"mode": mode}) for mode in ("edge", "reflect", "symmetric", "wrap")],
    *[(X, ((1, 5), (6, 0)), {"mode": mode, "reflect_type": kind}) for mode in ("reflect", "symmetric")
      for kind in ("even", "odd")],
    *[(X, 2, {"mode": mode, "stat_length": n}) for mode in ("maximum", "minimum", "mean", "median")
      for n in (1, 2, (1, 9), ((1, 2), (3, 1)))],
    *[(X, 2, {"constant_values": v}) for v in (1.5, (1.0, 2.0), ((1, 2), (3, 4)))],
    *[(X, (2, 3), {"mode": "linear_ramp", "end_values": v}) for v in (1.5, (1.0, 2.0), ((1, 2), (3, 4)))],
    (X[0, 0], 0, {}), (X[:0], ((1, 2), (0, 0)), {}), (X[:0], ((0, 0), (1, 1)), {"mode": "edge"}),
    (X + 1j, 1, {}), (X + 1j, 1, {"mode": "reflect", "reflect_type": "odd"}), (X[:1], 2, {"mode": "reflect"}),
    (X.astype(np.float32), 1, {"mode": "linear_ramp"}), (X.astype(np.float32), 2, {"constant_values": (1.0, 2.0)}),
]


@pytest.mark.parametrize(("x", "widths", "how"), PADS)
def test_pad_has_numpys_values(x, widths, how):
    check(lambda x: pad(x, widths, **how), [x], like=lambda x: np.pad(x, widths, **how), jumps=x.dtype != np.float64)


def test_borders_that_are_traced():
    # each corner belongs to the border of the last axis
    x, v = X[:2, :2], np.array([[1.0, 2.0], [3.0, 4.0]])
    check(lambda x, v: pad(x, 1, constant_values=v), [x, v], like=lambda x, v: np.pad(x, 1, constant_values=v))
    check(lambda x, v: pad(x, 1, "linear_ramp", end_values=v[0]), [x, v],
          like=lambda x, v: np.pad(x, 1, "linear_ramp", end_values=v[0]))
    assert float(lux.grad(lambda c: pad(x, 1, constant_values=c).sum())(2.0)) == 12.0


@pytest.mark.parametrize(("mode", "expected"), [
    ("constant", [1, 1, 1]), ("edge", [3, 1, 3]), ("reflect", [2, 3, 2]), ("symmetric", [2, 3, 2]),
    ("wrap", [2, 3, 2]), ("mean", [7 / 3] * 3), ("maximum", [1, 1, 5]), ("median", [1, 5, 1])])
def test_the_gradient_counts_how_often_an_element_is_read(mode, expected):
    found = lux.grad(lambda x: pad(x, 2, mode).sum())(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: pad(x, 1, "empty"), "mode 'empty' has no derivative"), (lambda x: pad(x, -1), "none negative"),
    (lambda x: pad(x, (1, 2, 3)), "pad_width is a whole"), (lambda x: pad(x, 1.5), "pad_width is a whole"),
    (lambda x: pad(x, 1, "edge", end_values=1), "has no option end_values"),
    (lambda x: pad(x[:0], 1, "wrap"), "has nothing to go by")])
def test_pad_with_what_it_cannot_take(call, message):
    with pytest.raises(ValueError, match=message):
        lux.vjp(call, X)


WINDOWS = [
    ((5,), 3, None), ((5,), 5, None), ((5,), 1, 0), ((3, 4), (2, 3), None), ((3, 4), 2, 1), ((3, 4), (2,), (-2,)),
    ((3, 4), (2, 2), (1, 0)), ((6,), (2, 3), (0, 0)), ((2, 5, 3), (4, 2), (1, 2)), ((0, 4), 2, 1), ((), (), None)]


@pytest.mark.parametrize(("shape", "window", "axis"), WINDOWS)
def test_windows_have_numpys_values(shape, window, axis):
    check(lambda x: sliding_window_view(x, window, axis), [RNG.normal(size=shape)],
          like=lambda x: np.lib.stride_tricks.sliding_window_view(x, window, axis))


def test_windows_count_and_add():
    # of 6 numbers in windows of 3 the inner ones are read three times
    count = lux.grad(lambda x: sliding_window_view(x, 3).sum())(np.zeros(6))
    np.testing.assert_array_equal(count, [1, 2, 3, 3, 2, 1])
    # few long windows
    count = lux.grad(lambda x: sliding_window_view(x, 5).sum())(np.zeros(6))
    np.testing.assert_array_equal(count, [1, 2, 2, 2, 2, 1])


def test_an_average_over_windows_is_a_convolution():
    x, w = RNG.normal(size=8), RNG.normal(size=3)
    def smooth(x, w):
        return (sliding_window_view(x, 3) * w).sum(axis=-1)
    np.testing.assert_allclose(lux.vjp(smooth, x, w)[0], np.correlate(x, w), rtol=1e-13)
    lux.testing.check_grads(smooth, [x, w])


@pytest.mark.parametrize(("window", "axis", "message"), [
    ((2,), None, "needs as many axes"), (5, 0, "does not fit"), (0, 0, "does not fit")])
def test_windows_that_do_not_fit(window, axis, message):
    with pytest.raises(ValueError, match=message):
        sliding_window_view(X, window, axis)
