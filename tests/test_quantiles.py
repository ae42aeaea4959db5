"""Medians and quantiles: NumPy's values by every method, and gradients that can be read off."""
from __future__ import annotations

import numpy as np
import pytest
from likenumpy import check

import arraylux as lux
from arraylux.rules.quantiles import median, nanmedian, nanpercentile, nanquantile, percentile, quantile

RNG = np.random.default_rng(0)
X = RNG.permutation(24).reshape(2, 3, 4) + RNG.uniform(0.0, 0.5, (2, 3, 4))
HOLES = np.where(X % 5 < 1, np.nan, X)                  # a different number in each row
METHODS = ["inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen",
           "weibull", "linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"]
HOW = [{}, {"axis": 1}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (2, 0), "keepdims": True},
       {"keepdims": True}]


@pytest.mark.parametrize("how", HOW, ids=str)
def test_axes(how):
    check(lambda x: median(x, **how), [X], like=lambda x: np.median(x, **how))
    check(lambda x: nanmedian(x, **how), [HOLES], like=lambda x: np.nanmedian(x, **how), jumps=True)
    for q in (0.3, [0.25, 0.6], [[0.0], [1.0]]):
        check(lambda x, q=q: quantile(x, q, **how), [X], like=lambda x, q=q: np.quantile(x, q, **how))
        if np.ndim(q) > 1 and isinstance(how.get("axis"), tuple):
            continue                                    # where np.nanquantile puts the axes of q last
        check(lambda x, q=q: nanquantile(x, q, **how), [HOLES], jumps=True,
              like=lambda x, q=q: np.nanquantile(x, q, **how))


@pytest.mark.parametrize("method", METHODS)
def test_methods(method):
    q = [0.0, 10, 33.3, 50, 77, 100]
    check(lambda x: percentile(x, q, 0, method=method), [X[0]], like=lambda x: np.percentile(x, q, 0, method=method))
    check(lambda x: nanpercentile(x, q, -1, method=method), [HOLES], jumps=True,
          like=lambda x: np.nanpercentile(x, q, -1, method=method))


def test_shares_of_the_gradient():
    x = np.array([3.0, 1.0, 2.0, 10.0])
    np.testing.assert_array_equal(lux.grad(median)(x), [0.5, 0.0, 0.5, 0.0])
    np.testing.assert_array_equal(lux.grad(lambda x: quantile(x, 0.75))(x), [0.75, 0.0, 0.0, 0.25])
    np.testing.assert_array_equal(lux.grad(lambda x: quantile(x, 0.75, method="higher"))(x), [0.0, 0.0, 0.0, 1.0])
    np.testing.assert_array_equal(lux.grad(median)(x[:3]), [0.0, 0.0, 1.0])
    _, tangent = lux.jvp(lambda x: nanmedian(x), (np.array([np.nan, 1.0, 5.0]),), (np.array([100.0, 1.0, 3.0]),))
    assert float(tangent) == 2.0
    np.testing.assert_array_equal(lux.grad(nanmedian)(np.array([np.nan, 1.0, 5.0])), [0.0, 0.5, 0.5])


def test_second_order():
    lux.testing.check_grads(lambda x: quantile(x ** 2, [0.2, 0.9], axis=-1) ** 2, [X / 10])


def test_what_is_not_a_number():
    x = np.array([[1.0, np.nan, 2.0], [1.0, np.inf, 2.0]])
    found = lux.vjp(lambda x: median(x, axis=1), x)[0]
    np.testing.assert_array_equal(found, [np.nan, 2.0])
    np.testing.assert_array_equal(lux.vjp(lambda x: nanmedian(x, axis=0), np.full((2, 3), np.nan))[0], [np.nan] * 3)


@pytest.mark.parametrize("q", [0.3, np.float32(0.3), np.float64(0.3), [0.3]])
def test_dtypes_are_numpys(q):
    x = X.astype(np.float32)
    for f, like in ((quantile, np.quantile), (nanquantile, np.nanquantile)):
        y, pullback = lux.vjp(lambda x, f=f: f(x, q), x)
        assert y.dtype == like(x, q).dtype
        assert pullback(np.ones(y.shape, y.dtype))[0].dtype == np.float32


def test_bad_calls():
    for bad, message in ((lambda x: quantile(x, x[0, 0, 0]), "no derivative by q"),
                         (lambda x: quantile(x, 0.5, weights=[1] * 24), "takes no weights"),
                         (lambda x: median(x, out=np.zeros(())), "cannot use out="),
                         (lambda x: median(x * 1j), "no order")):
        with pytest.raises(TypeError, match=message):
            lux.vjp(bad, X)
    with pytest.raises(ValueError, match="of no elements"):
        lux.vjp(median, np.zeros((0, 2)))
    with pytest.raises(ValueError, match="out of bounds"):
        lux.vjp(lambda x: median(x, axis=3), X)
    with pytest.raises(ValueError, match="comes twice"):
        lux.vjp(lambda x: median(x, axis=(1, -2)), X)
    with pytest.raises(ValueError, match="range"):
        lux.vjp(lambda x: quantile(x, 1.5), X)
    np.testing.assert_allclose(quantile([1, 2, 3], 0.5, method="inverted_cdf", weights=[1, 1, 8]), 3)
