"""Statistics: NumPy's values for every variant, with holes in the data, and derivatives that the holes do not spoil."""
from __future__ import annotations

import numpy as np
import pytest
from likenumpy import check

import arraylux as lux
from arraylux.rules import statistics

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4))
HOLES = np.where(RNG.uniform(size=X.shape) < 0.3, np.nan, X)
HOW = [{}, {"axis": 1}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"keepdims": True}]


def both(name, args, **how):
    """Compare a function with NumPy's, then its derivative by the numbers alone with differences."""
    check(lambda *a: getattr(statistics, name)(*a, **how), args, jumps=True,
          like=lambda *a: getattr(np, name)(*a, **how))
    x = args[0]
    here = ~np.isnan(x)

    def by_numbers(v, *rest):
        xp = lux.array_namespace(v)
        return getattr(statistics, name)(xp.index_set(xp.asarray(x), v, index=here), *rest, **how)
    lux.testing.check_grads(by_numbers, [x[here], *args[1:]], order=1)


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("name", ["nansum", "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd"])
def test_holes_are_passed_over(name, how):
    both(name, [HOLES], **how)
    if name not in ("nanmax", "nanmin"):
        both(name, [HOLES * (1 + 0.5j)], **how)


@pytest.mark.parametrize("how", [{}, {"axis": 1}, {"axis": -1}])
def test_running_sums_and_more(how):
    both("nancumsum", [HOLES], **how)
    both("nancumprod", [HOLES], **how)
    both("nanvar", [HOLES], ddof=1, **how)
    both("nanstd", [HOLES], ddof=0.5, **how)
    both("ptp", [X], **how)
    both("nansum", [HOLES.astype(np.float64)], dtype=np.float64, **how)


def test_the_gradient_in_a_hole_is_zero():
    x = np.array([1.0, np.nan, 3.0])
    for name, expected in (("nansum", [1, 0, 1]), ("nanprod", [3, 0, 1]), ("nanmean", [0.5, 0, 0.5]),
                           ("nanmax", [0, 0, 1]), ("nanmin", [1, 0, 0]), ("nanvar", [-1, 0, 1]),
                           ("nanstd", [-0.5, 0, 0.5]), ("nancumsum", [3, 0, 1])):
        found = lux.grad(lambda x, name=name: getattr(statistics, name)(x).sum())(x)
        np.testing.assert_allclose(found, expected, err_msg=name)
    np.testing.assert_array_equal(lux.grad(statistics.nanstd)(np.array([2.0, np.nan, 2.0])), [0, 0, 0])


def test_nothing_but_holes():
    x = np.full((2, 3), np.nan)
    for name, expected in (("nansum", 0), ("nanprod", 1), ("nanmean", np.nan), ("nanmax", np.nan), ("nanvar", np.nan)):
        found = lux.vjp(lambda x, name=name: getattr(statistics, name)(x, axis=1), x)[0]
        np.testing.assert_array_equal(found, [expected] * 2)


def test_single_precision_stays():
    for name in ("nansum", "nanmean", "nanmax", "nanstd", "ptp", "average"):
        y, g = lux.value_and_grad(getattr(statistics, name))(X.astype(np.float32))
        assert y.dtype == g.dtype == np.float32, name


W = RNG.uniform(0.5, 1.5, X.shape)


@pytest.mark.parametrize(("weights", "how"), [
    (None, {}), (None, {"axis": 1, "keepdims": True}), (W, {}), (W, {"axis": 1}), (W[0, 0], {"axis": -1}),
    (W[0], {"axis": (1, 2), "keepdims": True}), (W[:, 0].T.copy(), {"axis": (2, 0)})])
@pytest.mark.parametrize("returned", [False, True])
def test_average(weights, how, returned):
    args = [X] if weights is None else [X, weights]
    check(lambda x, w=None: statistics.average(x, weights=w, returned=returned, **how), args,
          like=lambda x, w=None: np.average(x, weights=w, returned=returned, **how))


def test_average_of_whole_weights_and_of_weights_that_do_not_fit():
    check(lambda x: statistics.average(x, 2, [1, 2, 3, 4]), [X], like=lambda x: np.average(x, 2, [1, 2, 3, 4]))
    for bad in (lambda x: statistics.average(x, 1, [1, 2]), lambda x: statistics.average(x, None, [1, 2, 3])):
        with pytest.raises(ValueError, match="fit neither"):
            lux.vjp(bad, X)


ROWS, MORE = RNG.normal(size=(3, 5)), RNG.normal(size=(2, 5))


@pytest.mark.parametrize(("args", "how"), [
    ([ROWS], {}), ([ROWS, MORE], {}), ([ROWS.T, MORE.T], {"rowvar": False}), ([ROWS[0]], {}), ([ROWS[0], ROWS[1]], {}),
    ([ROWS + 1j * MORE[:1]], {}), ([ROWS[:1].T], {"rowvar": False})])
def test_cov_and_corrcoef(args, how):
    check(lambda *a: statistics.corrcoef(*a, **how), args, like=lambda *a: np.corrcoef(*a, **how), jumps=True)
    for more in ({}, {"bias": True}, {"ddof": 2}):
        check(lambda *a, more=more: statistics.cov(*a, **how, **more), args,
              like=lambda *a, more=more: np.cov(*a, **how, **more))
    if how.get("rowvar", True):
        for more in ({"fweights": [1, 2, 0, 3, 1]}, {"aweights": W[0, 0, 0] + np.arange(5.0)},
                     {"fweights": [1, 2, 0, 3, 1], "aweights": np.arange(1.0, 6.0)}):
            check(lambda *a, more=more: statistics.cov(*a, **how, **more), args,
                  like=lambda *a, more=more: np.cov(*a, **how, **more))


def test_cov_by_weights_and_second_order():
    check(lambda m, w: statistics.cov(m, aweights=w), [ROWS, np.arange(1.0, 6.0)],
          like=lambda m, w: np.cov(m, aweights=w))
    lux.testing.check_grads(lambda x: statistics.corrcoef(x)[0, 1:], [ROWS])
    lux.testing.check_grads(lambda x: statistics.nanstd(x, axis=1), [ROWS])
    with pytest.raises(ValueError, match="5 samples need a vector of as many weights"):
        lux.vjp(lambda m: statistics.cov(m, fweights=[1, 2]), ROWS)
    with pytest.raises(ValueError, match="in rows"):
        lux.vjp(statistics.cov, X)
