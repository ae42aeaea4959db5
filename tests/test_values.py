"""Subtle values: derivatives at kinks, ties, zeros and infinities, where libraries disagree.

Each case names what others answer there (as they did in 2025: JAX 0.10, torch 2.13, autograd 1.9), and holds what this
package answers, in both modes.
"""
from __future__ import annotations

import itertools

import numpy as np
import pytest

import arraylux as lux

INF, NAN = np.inf, np.nan


def of(name, **kwargs):
    """A function of the standard, by name."""
    return lambda *xs: getattr(lux.array_namespace(*xs), name)(*xs, **kwargs)


def literal_where(x):
    xp = lux.array_namespace(x)
    return xp.where(x > 0, xp.sqrt(x), 0.0)


def double_where(x):
    xp = lux.array_namespace(x)
    safe = xp.where(x > 0, x, 1.0)
    return xp.where(x > 0, xp.sqrt(safe), 0.0)


# What others answer; the function; its arguments; the gradient of the sum of its results by each argument.
TABLE = {
    "abs at 0 (JAX 1, torch and autograd 0)": (of("abs"), [0.0], [0.0]),
    "abs at -0.0": (of("abs"), [-0.0], [0.0]),
    "abs of complex 0 (all 0)": (of("abs"), [0j], [0j]),
    "sign at 0 (all 0)": (of("sign"), [0.0], [0.0]),
    "sqrt at 0 (inf, autograd ZeroDivisionError)": (of("sqrt"), [0.0], [INF]),
    "log at 0 (inf)": (of("log"), [0.0], [INF]),
    "reciprocal at 0 (-inf)": (of("reciprocal"), [0.0], [-INF]),
    "asin at 1 (inf)": (of("asin"), [1.0], [INF]),
    "cbrt at 0 (inf)": (np.cbrt, [0.0], [INF]),
    "division by a Python zero (inf, autograd ZeroDivisionError)": (lambda x: x / 0, [2.0], [INF]),
    "division by a negative Python zero": (lambda x: x / -0.0, [2.0], [-INF]),
    "x**2.0 at 0": (lambda x: x**2.0, [0.0], [0.0]),
    "x**2 at 0": (lambda x: x**2, [0.0], [0.0]),
    "x**1.0 at 0": (lambda x: x**1.0, [0.0], [1.0]),
    "x**0.0 at 0 (JAX nan, torch 0)": (lambda x: x**0.0, [0.0], [0.0]),
    "x**0 at 0": (lambda x: x**0, [0.0], [0.0]),
    "x**b with an array b of 0, 1, 2, 3 at 0": (lambda x: x ** np.array([0.0, 1.0, 2.0, 3.0]), [np.zeros(4)],
                                                [[0.0, 1.0, 0.0, 0.0]]),
    "x**0.5 at 0 (inf)": (lambda x: x**0.5, [0.0], [INF]),
    "x**-1 at -2": (lambda x: x**-1, [-2.0], [-0.25]),
    "(-2)**3 by the base": (lambda x: x**3, [-2.0], [12.0]),
    "(-2)**b by b (all nan)": (lambda b: (-2.0) ** b, [3.0], [NAN]),
    "array (-2)**b by b (all nan)": (of("pow"), [-2.0, 3.0], [12.0, NAN]),
    "0**2 by both (all 0, 0)": (of("pow"), [0.0, 2.0], [0.0, 0.0]),
    "0**b by b, a Python base": (lambda b: 0.0**b, [2.0], [0.0]),
    "0**0 by both": (of("pow"), [0.0, 0.0], [0.0, 0.0]),
    "maximum of equals (all 1/2)": (of("maximum"), [2.0, 2.0], [0.5, 0.5]),
    "minimum of equals (all 1/2)": (of("minimum"), [2.0, 2.0], [0.5, 0.5]),
    "maximum with 0 at 0 (all 1/2)": (lambda x: lux.array_namespace(x).maximum(x, 0), [0.0], [0.5]),
    "fmax with nan on the left": (np.fmax, [NAN, 2.0], [0.0, 1.0]),
    "fmin with nan on the right": (np.fmin, [1.0, NAN], [1.0, 0.0]),
    "fmax of equals": (np.fmax, [2.0, 2.0], [0.5, 0.5]),
    "max with ties (all 1/2)": (of("max"), [np.array([1.0, 3.0, 3.0])], [[0.0, 0.5, 0.5]]),
    "min with ties (all 1/3)": (of("min"), [np.array([1.0, 1.0, 1.0])], [[1 / 3, 1 / 3, 1 / 3]]),
    "max along an axis with ties": (of("max", axis=1), [np.array([[1.0, 1.0], [2.0, 0.0]])],
                                    [[[0.5, 0.5], [1.0, 0.0]]]),
    "max of infinities": (of("max"), [np.array([INF, INF, 0.0])], [[0.5, 0.5, 0.0]]),
    "clip at its edges (JAX 1/2, torch 1, autograd 0)": (of("clip"), [np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), -1.0, 1.0],
                                                         [[0.0, 1.0, 1.0, 1.0, 0.0], 1.0, 1.0]),
    "clip between Python numbers": (lambda x: x.clip(-1, 1), [np.array([-2.0, -1.0, 1.0, 2.0])],
                                    [[0.0, 1.0, 1.0, 0.0]]),
    "the same with where inside, too": (double_where, [np.array([-1.0, 4.0])], [[0.0, 0.25]]),
    "prod of 0, 2, 3 (autograd nan)": (of("prod"), [np.array([0.0, 2.0, 3.0])], [[6.0, 0.0, 0.0]]),
    "prod with two zeros": (of("prod"), [np.array([0.0, 2.0, 0.0])], [[0.0, 0.0, 0.0]]),
    "cumulative_prod of 2, 0, 3 (autograd has no rule)": (of("cumulative_prod"), [np.array([2.0, 0.0, 3.0])],
                                                          [[1.0, 8.0, 0.0]]),
    "std of equals (JAX and autograd nan, torch 0)": (of("std"), [np.ones(3)], [[0.0, 0.0, 0.0]]),
    "std of equals along an axis": (of("std", axis=0), [np.array([[1.0, 0.0], [1.0, 2.0]])],
                                    [[[0.0, -0.5], [0.0, 0.5]]]),
    "var of equals": (of("var"), [np.ones(3)], [[0.0, 0.0, 0.0]]),
    "norm at 0 (JAX and autograd nan, torch 0)": (np.linalg.norm, [np.zeros(2)], [[0.0, 0.0]]),
    "hypot at the origin (JAX 1/2, torch and autograd nan)": (of("hypot"), [0.0, 0.0], [0.0, 0.0]),
    "hypot of huge numbers": (of("hypot"), [3e200, 4e200], [0.6, 0.8]),
    "atan2 at the origin (JAX and autograd nan, torch 0)": (of("atan2"), [0.0, 0.0], [0.0, 0.0]),
    "atan2 of huge numbers": (of("atan2"), [3e200, 4e200], [4 / 25e200, -3 / 25e200]),
    "logaddexp of -inf, -inf (all nan)": (of("logaddexp"), [-INF, -INF], [0.5, 0.5]),
    "logaddexp of inf, inf (JAX 1)": (of("logaddexp"), [INF, INF], [0.5, 0.5]),
    "logaddexp of inf, 0": (of("logaddexp"), [INF, 0.0], [1.0, 0.0]),
    "logaddexp of 0, -inf": (of("logaddexp"), [0.0, -INF], [1.0, 0.0]),
    "logaddexp of -inf and a Python -inf": (lambda x: np.logaddexp(x, -INF), [-INF], [0.5]),
    "logaddexp far apart": (of("logaddexp"), [0.0, 1000.0], [0.0, 1.0]),
    "remainder 7, 3 (all 1, -2)": (of("remainder"), [7.0, 3.0], [1.0, -2.0]),
    "remainder -7, 3": (of("remainder"), [-7.0, 3.0], [1.0, 3.0]),
    "copysign at -0.0": (of("copysign"), [-0.0, 2.0], [-1.0, 0.0]),
    "softmax with -inf": (lambda x: lux.array_namespace(x).softmax(x)[0], [np.array([0.0, -INF])], [[0.0, 0.0]]),
    "logsumexp with -inf": (of("logsumexp"), [np.array([1.0, -INF])], [[1.0, 0.0]]),
    "logsumexp of huge numbers": (of("logsumexp"), [np.array([1000.0, 1000.0])], [[0.5, 0.5]]),
    "log_softmax far apart": (lambda x: lux.array_namespace(x).log_softmax(x)[0], [np.array([0.0, 1000.0])],
                              [[1.0, -1.0]]),
    "tanh far out": (of("tanh"), [800.0], [0.0]),
    "erf far out": (of("erf"), [40.0], [0.0]),
    "expm1 near 0": (of("expm1"), [1e-20], [1.0]),
    "a repeated index (scatter adds)": (lambda x: x[np.array([0, 0, 2])], [np.arange(3.0)], [[2.0, 0.0, 1.0]]),
}


@pytest.mark.parametrize("case", TABLE)
def test_first_derivatives(case):
    f, args, expected = TABLE[case]
    args = [np.asarray(a) for a in args]
    with np.errstate(all="ignore"):
        y, pullback = lux.vjp(f, *args)
        backward = pullback(np.ones_like(y))
        for i, (x, wanted) in enumerate(zip(args, expected, strict=True)):
            np.testing.assert_allclose(backward[i], wanted, rtol=1e-13, err_msg=f"reverse mode by argument {i}")
            assert np.shape(backward[i]) == x.shape
            forward = np.empty(x.shape, x.dtype)
            for place in np.ndindex(x.shape):
                tangents = [np.zeros_like(a) for a in args]
                tangents[i][place] = 1.0
                # a zero tangent times an infinite derivative is not a number; so only this one is watched
                forward[place] = np.sum(lux.jvp(f, args, [t if j == i else None for j, t in enumerate(tangents)])[1])
            if x.size == 1 or np.all(np.isfinite(expected[i])):
                np.testing.assert_allclose(forward, wanted, rtol=1e-13, err_msg=f"forward mode by argument {i}")


def test_a_branch_that_is_not_chosen_spoils_the_gradient():
    # where(x > 0, sqrt(x), 0) at -1: everybody's reverse mode says nan, which is 0 times the nan of the other branch.
    # Forward mode chooses among tangents. The remedy is a second where, around the argument, as in double_where.
    with np.errstate(invalid="ignore"):
        assert np.isnan(lux.grad(literal_where)(-1.0))
        assert lux.jvp(literal_where, (-1.0,), (1.0,)) == (0.0, 0.0)


def test_a_variance_that_is_divided_by_zero_is_not_a_number():
    for f in (lambda x: x.var(ddof=1), lambda x: x.std(ddof=1)):
        with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
            value, g = lux.value_and_grad(f)(np.ones(1))
        assert np.isnan(value) and np.isnan(g)


# --- second derivatives: exact ones, at the points where they are easily lost -----------------------------------------
SECOND = {
    "x**2 at 0": (lambda x: x**2, 0.0, 2.0),
    "x**2.0 at 0": (lambda x: x**2.0, 0.0, 2.0),
    "x**3 at 0": (lambda x: x**3, 0.0, 0.0),
    "x**3.0 at -1": (lambda x: x**3.0, -1.0, -6.0),
    "x**1.0 at 0": (lambda x: x**1.0, 0.0, 0.0),
    "x**0.0 at 0": (lambda x: x**0.0, 0.0, 0.0),
    "x**b with an array b of 2 at 0": (lambda x: x ** np.asarray(2.0), 0.0, 2.0),
    "x*x*x at 0": (lambda x: x * x * x, 0.0, 0.0),
    "abs(x)*x at 0": (lambda x: abs(x) * x, 0.0, 0.0),
    "logaddexp(x, 0) at 0": (lambda x: np.logaddexp(x, 0.0), 0.0, 0.25),
    "logaddexp(x, x) at 1": (lambda x: np.logaddexp(x, x), 1.0, 0.0),
    "logaddexp(x, -x) at 0": (lambda x: np.logaddexp(x, -x), 0.0, 1.0),
    "logaddexp of equal infinities": (lambda x: np.logaddexp(x, x), -INF, 0.0),
    "hypot(x, 1) at 0": (lambda x: np.hypot(x, 1.0), 0.0, 1.0),
    "hypot(x, 0) at 2": (lambda x: np.hypot(x, 0.0), 2.0, 0.0),
    "atan2(x, 1) at 0": (lambda x: np.arctan2(x, 1.0), 0.0, 0.0),
    "prod of x, x at 0": (lambda x: np.prod(np.stack([x, x])), 0.0, 2.0),
    "prod of x, x, x, 5 at 0": (lambda x: np.prod(np.stack([x, x, x, x * 0 + 5.0])), 0.0, 0.0),
    "cumulative_prod of 2, x, x at 0": (lambda x: np.cumprod(np.stack([x * 0 + 2.0, x, x]))[-1], 0.0, 4.0),
    "maximum(x, x)**2 at 1": (lambda x: np.maximum(x, x) ** 2, 1.0, 2.0),
    "max of x, -x squared at 0 (the tie shares)": (lambda x: np.max(np.stack([x, x])) ** 2, 3.0, 2.0),
    "clip(x, 0, 1)**2 at 1": (lambda x: np.clip(x, 0.0, 1.0) ** 2, 1.0, 2.0),
    "where(x >= 0, x**2, 0) at 0": (lambda x: np.where(x >= 0, x**2, 0.0), 0.0, 2.0),
    "var of x, -x": (lambda x: np.var(np.stack([x, -x])), 0.0, 2.0),
    "std of x, -x at 1": (lambda x: np.std(np.stack([x, -x])), 1.0, 0.0),
    "x**2 / norm at 3": (lambda x: x**2 / np.linalg.norm(np.stack([x, x * 0])), 3.0, 0.0),
}


def derivative(f, mode):
    """Return the derivative of a function of a number, by forward (F) or reverse (R) mode."""
    return lux.grad(f) if mode == "R" else lambda x: lux.jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize("mix", ["".join(m) for m in itertools.product("FR", repeat=2)])
@pytest.mark.parametrize("case", SECOND)
def test_second_derivatives(case, mix):
    f, x, expected = SECOND[case]
    for mode in mix:
        f = derivative(f, mode)
    with np.errstate(all="ignore"):
        assert float(f(x)) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("name", ["prod", "cumulative_prod"])
@pytest.mark.parametrize("x", [[2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 2.0, 0.0, 4.0], [0.0, 0.0, 0.0]], ids=str)
def test_products_at_zeros_against_differences(name, x):
    # (In torch 2.13 the second derivative of cumprod at a zero is wrong.)
    lux.testing.check_grads(lambda x: (getattr(lux.array_namespace(x), name)(x) * 1.7).sum(), [np.array(x)], order=3)


def test_hessian_of_prod_with_a_zero():
    # f = a b c at (0, 2, 3): the only entries that are not zero are f_ab = c, f_ac = b
    hessian = lux.hessian(lambda x: x.prod())(np.array([0.0, 2.0, 3.0]))
    np.testing.assert_allclose(hessian, [[0.0, 3.0, 2.0], [3.0, 0.0, 0.0], [2.0, 0.0, 0.0]], atol=1e-15)


def test_the_largest_of_nans_has_no_derivative_and_warns_of_nothing():
    x = np.array([1.0, NAN, 3.0])
    for extreme in (np.max, np.min):
        assert np.isnan(lux.grad(extreme)(x)).all() and np.isnan(lux.jvp(extreme, (x,), (x,))[1])


# --- dtypes and forms -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("f", [
    np.mean, np.sum, np.std, np.var, np.prod, lambda x: (x * 2.0 + 1).sum(), lambda x: (x / 3 - 1j.real).sum(),
    lambda x: (2.0**x).sum(), lambda x: np.logaddexp2(x, 1.0).sum(), lambda x: np.exp2(x).sum(),
    lambda x: np.cbrt(x).sum(),
    lambda x: np.hypot(x, 2.0).sum(), lambda x: np.arctan2(1.0, x).sum(), lambda x: np.where(x > 0, x, 0.0).sum(),
    lambda x: np.clip(x, -1.0, 1.0).sum(), lambda x: np.maximum(x, 0.0).sum(), lambda x: np.logaddexp(0.0, x).sum(),
    lambda x: np.degrees(x).sum(), lambda x: np.linalg.norm(x), lambda x: np.log2(abs(x)).sum(), lambda x: (x**3).sum(),
    lambda x: (x**-1.5).sum(), lambda x: lux.array_namespace(x).softmax(x)[0],
    lambda x: np.round(x * 1.0, 2).sum() + x[0],
    lambda x: lux.array_namespace(x).logsumexp(x), lambda x: lux.array_namespace(x).erf(x).sum(),
    lambda x: np.copysign(x, -1.0).sum(),
    lambda x: np.remainder(x, 3.0).sum(), lambda x: np.full_like(x, 2.0)[0] * x[0],
    lambda x: np.linspace(x[0], 1.0, 3).sum()])
def test_single_precision_stays(f):
    # (autograd gives float64 gradients through mean and sum)
    x = np.array([0.5, 1.5, 2.5], np.float32)
    value, g = lux.value_and_grad(f)(x)
    y, dy = lux.jvp(f, (x,), (np.ones_like(x),))
    assert {value.dtype, g.dtype, y.dtype, dy.dtype} == {np.dtype("float32")}


def test_float_power_is_double_as_in_numpy():
    x = np.array([2.0], np.float32)
    y, dy = lux.jvp(lambda x: np.float_power(x, 2), (x,), (np.ones_like(x),))
    assert y.dtype == dy.dtype == np.float_power(x, 2).dtype and float(dy[0]) == 4.0
    assert lux.grad(lambda x: np.float_power(x, 3).sum())(x).dtype == np.float32


@pytest.mark.parametrize("f", [np.sum, np.prod, lambda x: (x * x).sum(), lambda x: (x @ x.T).sum(),
                               lambda x: np.cumsum(x).sum(),
                               lambda x: np.concatenate([x, x]).sum(), lambda x: x[:, :1].sum()])
def test_empty_arrays(f):
    x = np.zeros((0, 3))
    assert lux.grad(f)(x).shape == (0, 3)
    assert lux.jvp(f, (x,), (x,))[1] == 0.0
