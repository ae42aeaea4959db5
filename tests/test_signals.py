"""Signals: NumPy's values in every mode, whichever vector is longer, and gradients by hand."""
from __future__ import annotations

import numpy as np
import pytest
from likenumpy import check

import arraylux as lux
from arraylux.rules.signals import convolve, correlate, unwrap

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("n", "m"), [(6, 3), (6, 4), (3, 6), (4, 7), (4, 4), (5, 1), (1, 1), (5, 5)])
@pytest.mark.parametrize("imaginary", [0, 0.5j])
def test_convolve_and_correlate(n, m, mode, imaginary):
    a, v = RNG.normal(size=n) + imaginary, RNG.normal(size=m) + imaginary * RNG.normal(size=m)
    check(lambda a, v: convolve(a, v, mode), [a, v], like=lambda a, v: np.convolve(a, v, mode))
    check(lambda a, v: correlate(a, v, mode), [a, v], like=lambda a, v: np.correlate(a, v, mode))


def test_gradients_by_hand():
    a, v = np.array([1.0, 2.0, 3.0]), np.array([5.0, 7.0])
    of_a, of_v = lux.grad(lambda a, v: convolve(a, v).sum(), argnums=(0, 1))(a, v)
    np.testing.assert_array_equal(of_a, [12.0] * 3)
    np.testing.assert_array_equal(of_v, [6.0] * 2)
    of_a, of_v = lux.grad(lambda a, v: correlate(a, v).sum(), argnums=(0, 1))(a, v)
    np.testing.assert_array_equal(of_a, [5.0, 12.0, 7.0])
    np.testing.assert_array_equal(of_v, [3.0, 5.0])


def test_second_order_and_single_precision():
    a, v = RNG.normal(size=6), RNG.normal(size=3)
    lux.testing.check_grads(lambda a, v: correlate(convolve(a, v, "same"), v) ** 2, [a, v])
    assert lux.grad(lambda a: convolve(a, a).sum())(a.astype(np.float32)).dtype == np.float32


def test_what_is_no_signal():
    for f in (convolve, correlate):
        for bad, mode, message in ((np.zeros((2, 2)), "full", "two vectors"), (np.zeros(0), "full", "with elements"),
                                   (np.zeros(2), "circular", 'mode is "full"')):
            with pytest.raises(ValueError, match=message):
                lux.vjp(lambda a, f=f, mode=mode: f(a, np.ones(2), mode), bad)


@pytest.mark.parametrize(("x", "how"), [
    (np.array([0.0, 2.0, 5.0, 9.0, 3.0, -7.0]), {}), (RNG.uniform(-9, 9, (3, 5)), {}),
    (RNG.uniform(-9, 9, (3, 5)), {"axis": 0}), (RNG.uniform(-9, 9, 8), {"discont": 5.0}),
    (RNG.uniform(-9, 9, 8), {"period": 4.0}), (np.array([0.0, 2.0, 4.0, 2.0]), {"period": 4.0}),
    (RNG.uniform(-9, 9, 8).astype(np.float32), {"discont": 1.0}), (np.zeros(1), {})])
def test_unwrap(x, how):
    jumps = x.dtype == np.float32 or x.shape == (4,)
    check(lambda x: unwrap(x, **how), [x], like=lambda x: np.unwrap(x, **how), jumps=jumps)


def test_the_derivative_of_a_phase_does_not_jump():
    np.testing.assert_array_equal(lux.grad(lambda x: unwrap(x)[-1])(np.array([0.0, 3.0, -3.0])), [0, 0, 1])
