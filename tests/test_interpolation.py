"""Curves by samples and by pieces: NumPy's values, slopes that are known, and what happens beyond the ends."""
from __future__ import annotations

import numpy as np
import pytest
from likenumpy import check

import arraylux as lux
from arraylux.rules.interpolation import gradient, interp, polyval, select, trapezoid

RNG = np.random.default_rng(0)
AT = np.array([0.0, 0.7, 1.5, 3.0, 3.2])
VALUES = RNG.normal(size=5)
X = np.array([[-0.4, 0.3, 1.0], [2.9, 3.1, 4.0]])


@pytest.mark.parametrize("how", [{}, {"left": -7.0}, {"left": 1.0, "right": 2.0}])
def test_interp(how):
    check(lambda x, xp, fp: interp(x, xp, fp, **how), [X, AT, VALUES], like=lambda *a: np.interp(*a, **how))
    check(lambda x, fp: interp(x, AT, fp, **how), [X, VALUES + 1j], like=lambda x, fp: np.interp(x, AT, fp, **how))
    check(lambda x: interp(x, [0.0], [2.0], **how), [X], like=lambda x: np.interp(x, [0.0], [2.0], **how))
    check(lambda fp: interp(0.3, AT, fp, **how), [VALUES], like=lambda fp: np.interp(0.3, AT, fp, **how))
    check(lambda x: interp(x, AT, VALUES, **how), [X[:0]], like=lambda x: np.interp(x, AT, VALUES, **how))


@pytest.mark.parametrize("period", [2.5, 10.0, -4.0])
def test_interp_of_what_repeats(period):
    xp = np.array([1.3, -0.1, 0.95, 2.05, 0.35])
    check(lambda x, xp, fp: interp(x, xp, fp, period=period), [X, xp, VALUES],
          like=lambda *a: np.interp(*a, period=period))


def test_interp_at_samples_and_beyond():
    at = np.array([0.0, 1.0, 3.0])
    values = np.array([5.0, 6.0, 2.0])
    slopes = lux.grad(lambda x: interp(x, at, values).sum())
    np.testing.assert_array_equal(slopes(np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 4.0])), [0, 1, 1, -2, -2, 0])
    weights = lux.grad(lambda fp: interp(np.array([-1.0, 1.5, 9.0]), at, fp).sum())
    np.testing.assert_array_equal(weights(values), [1.0, 0.75, 1.25])
    ends = lux.grad(lambda a, b: interp(np.array([-1.0, 1.5, 9.0, 9.0]), at, values, a, b).sum(), argnums=(0, 1))
    assert [float(g) for g in ends(0.0, 0.0)] == [1.0, 2.0]
    lux.testing.check_grads(lambda x, xp, fp: interp(x, xp, fp) ** 2, [X, AT, VALUES])
    with pytest.raises(ValueError, match="two vectors of one length"):
        lux.vjp(lambda fp: interp(0.5, at, fp), VALUES)


F = RNG.normal(size=(5, 4, 3))
PLACES = [np.cumsum(RNG.uniform(0.3, 1.0, n)) for n in F.shape]


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize(("steps", "axis"), [
    ((), None), ((0.5,), None), ((0.5, 2.0, 3.0), None), (PLACES, None), ((PLACES[0], 2.0, PLACES[2]), None), ((), 1),
    ((PLACES[2],), -1), ((2.0,), (0, 2)), (PLACES[:2], (0, 1))])
def test_gradient(steps, axis, edge_order):
    def f(np_or_lux, x, *steps):
        return np_or_lux(x, *steps, axis=axis, edge_order=edge_order)
    check(lambda x, *steps: f(gradient, x, *steps), [F, *steps], like=lambda x, *steps: f(np.gradient, x, *steps))


def test_gradient_of_a_parabola_and_of_single_precision():
    x = np.array([0.0, 0.5, 2.0, 3.0])
    y, _ = lux.vjp(lambda f: gradient(f, x, edge_order=2), x ** 2)
    np.testing.assert_allclose(y, 2 * x, atol=1e-14)
    assert lux.vjp(lambda f: gradient(f, x), x.astype(np.float32))[0].dtype == np.float32
    step = lux.grad(lambda h: gradient(x, h).sum())(2.0)
    assert float(step) == pytest.approx(-np.gradient(x).sum() / 4)
    lux.testing.check_grads(lambda f, x: gradient(f, x) ** 2, [F[:, 0, 0], PLACES[0]])


@pytest.mark.parametrize(("call", "message"), [
    (lambda f: gradient(f, 1.0, 2.0), "one for each of 3"), (lambda f: gradient(f, edge_order=3), "edge_order"),
    (lambda f: gradient(f[:1], axis=0), "more than 1 samples"),
    (lambda f: gradient(f, F[0, 0], axis=0), "as many places")])
def test_gradient_of_too_little(call, message):
    with pytest.raises(ValueError, match=message):
        lux.vjp(call, F)


@pytest.mark.parametrize(("args", "how"), [
    ([F], {}), ([F], {"dx": 0.5}), ([F], {"axis": 0}), ([F, PLACES[2]], {}), ([F, PLACES[1]], {"axis": 1}),
    ([F, F], {}), ([F, F[0]], {"axis": -1})])
def test_trapezoid(args, how):
    check(lambda *a: trapezoid(*a, **how), args, like=lambda *a: np.trapezoid(*a, **how))


def test_trapezoid_weighs_the_ends_by_half():
    np.testing.assert_array_equal(lux.grad(trapezoid)(np.zeros(4)), [0.5, 1.0, 1.0, 0.5])


def test_polyval():
    check(polyval, [VALUES, X], like=np.polyval)
    check(lambda x: polyval([1, 0, 2], x), [X + 1j], like=lambda x: np.polyval([1, 0, 2], x))
    check(lambda p: polyval(p, 0.5), [VALUES], like=lambda p: np.polyval(p, 0.5))
    x = np.array([2.0, 3.0])
    np.testing.assert_array_equal(lux.grad(lambda x: polyval([1.0, 0.0, 0.0, 5.0], x).sum())(x), 3 * x ** 2)
    lux.testing.check_grads(polyval, [VALUES, X[0]])


def test_select():
    conditions = [X < 0.0, X < 1.5, X > 3.5]
    for f in (select, np.select):
        with pytest.raises(ValueError, match=r"condition|length"):
            f(conditions, [X])
    check(lambda x, y: select(conditions, [x, y, 7.0], y * x), [X, X ** 2],
          like=lambda x, y: np.select(conditions, [x, y, 7.0], y * x))
    check(lambda x: select(conditions, [1.0, x, x + 1]), [X], like=lambda x: np.select(conditions, [1.0, x, x + 1]))
    single = lux.vjp(lambda x: select([x > 0], [x], 0.5), X.astype(np.float32))[0]
    assert single.dtype == np.float32
