"""Special functions: numbers from tables, delicate points, and what happens without SciPy."""
from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import arraylux as lux
from arraylux.rules import special

PI, EULER, ZETA3 = math.pi, 0.57721566490153286, 1.2020569031595943


def slope(f, x):
    """The derivative of an elementwise function at a number, the same by both modes."""
    x = np.array([x])
    forward = lux.jvp(f, (x,), (np.ones(1),))[1]
    np.testing.assert_array_equal(forward, lux.vjp(f, x)[1](np.ones(1))[0])
    return float(forward[0])


def derivative(f, order):
    """The derivative of some order of an elementwise function, by nested forward modes."""
    if order == 0:
        return f
    below = derivative(f, order - 1)
    return lambda x: lux.jvp(below, (x,), (np.ones_like(x),))[1]


# A function; where; its derivative there, from Abramowitz and Stegun or by hand.
@pytest.mark.parametrize(("name", "x", "expected"), [
    ("erfc", 0.0, -2 / math.sqrt(PI)), ("erfc", 1.0, -2 / math.sqrt(PI) / math.e), ("erfc", 30.0, 0.0),
    ("erfinv", 0.0, math.sqrt(PI) / 2), ("erfinv", 0.8427007929497149, math.sqrt(PI) / 2 * math.e),
    ("gammaln", 1.0, -EULER), ("gammaln", 2.0, 1 - EULER), ("gammaln", 0.5, -EULER - 2 * math.log(2)),
    ("gammaln", -0.5, 2 - EULER - 2 * math.log(2)),
    ("digamma", 1.0, PI**2 / 6), ("digamma", 0.5, PI**2 / 2), ("digamma", 2.0, PI**2 / 6 - 1),
    ("logit", 0.5, 4.0), ("logit", 0.2, 6.25), ("logit", 1e-20, 1e20),
    ("sinc", 0.0, 0.0), ("sinc", 1.0, -1.0), ("sinc", 0.5, -4 / PI), ("sinc", 1e-8, -(PI**2) / 3 * 1e-8),
    ("nan_to_num", 2.0, 1.0), ("nan_to_num", math.nan, 0.0), ("nan_to_num", -math.inf, 0.0),
])
def test_derivatives(name, x, expected):
    assert slope(lambda x: getattr(lux.array_namespace(x), name)(x), x) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("f", "x", "expected"), [
    (special.gammaln, 1.0, [-EULER, PI**2 / 6, -2 * ZETA3, PI**4 / 15]),
    (special.sinc, 0.0, [0.0, -(PI**2) / 3, 0.0, PI**4 / 5, 0.0, -(PI**6) / 7]),
    (special.sinc, 1.0, [-1.0, 2.0, PI**2 - 6, 24 - 4 * PI**2]),
    (special.sinc, 20.0, [1 / 20, -2 / 400, 6 / 8000 - PI**2 / 20]),
])
def test_higher_derivatives(f, x, expected):
    found = [float(derivative(f, order + 1)(np.array(x))) for order in range(len(expected))]
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


def test_polygamma_counts_from_digamma():
    x = np.array([1.0, 0.5])
    np.testing.assert_allclose(special.polygamma(0, x), [-EULER, -EULER - 2 * math.log(2)], rtol=1e-14)
    np.testing.assert_allclose(special.polygamma(2, x), [-2 * ZETA3, -14 * ZETA3], rtol=1e-14)


def test_sinc_is_smooth_where_its_two_formulas_meet():
    for order in range(1, 6):
        edge = (order + 1) / PI
        below, above = (derivative(special.sinc, order)(np.array(edge + d)) for d in (-1e-13, 1e-13))
        scale = PI**order
        assert abs(below - above) < 1e-11 * scale


def test_logit_keeps_its_digits_near_one_half():
    d = 1e-12
    x = np.array([0.5 + d, 0.25, 0.75, 1e-300])
    expected = [4 * (x[0] - 0.5), -math.log(3), math.log(3), math.log(1e-300)]
    np.testing.assert_allclose(special.logit(x), expected, rtol=1e-15)


def test_nan_to_num():
    x = np.array([np.nan, np.inf, -np.inf, 2.0], dtype=np.float32)
    np.testing.assert_array_equal(special.nan_to_num(x), np.nan_to_num(x))
    assert special.nan_to_num(x).dtype == np.float32
    z = np.array([complex(np.nan, 1.0), complex(2.0, np.inf), complex(-np.inf, np.nan)])
    np.testing.assert_array_equal(special.nan_to_num(z, nan=1.0, posinf=5.0, neginf=-6.0),
                                  np.nan_to_num(z, nan=1.0, posinf=5.0, neginf=-6.0))
    np.testing.assert_array_equal(special.nan_to_num(np.array([1, 2])), [1, 2])
    gradient = lux.grad(lambda x: np.sum(np.nan_to_num(x, posinf=1.0, neginf=-1.0) ** 2))
    np.testing.assert_array_equal(gradient(x), [0, 0, 0, 4])


@pytest.mark.parametrize("name", ["erfc", "erfinv", "gammaln", "digamma", "logit", "sinc"])
def test_single_precision_stays(name):
    x = np.array([0.3, 0.6], dtype=np.float32)
    f = getattr(special, name)
    y, dy = lux.jvp(f, (x,), (x,))
    assert f(x).dtype == y.dtype == dy.dtype == lux.vjp(f, x)[1](x)[0].dtype == np.float32


def test_scipys_functions_of_traced_arrays():
    scipy = pytest.importorskip("scipy.special")
    assert slope(scipy.psi, 1.0) == pytest.approx(PI**2 / 6)
    assert slope(scipy.expit, 0.0) == 0.25
    assert slope(scipy.log_expit, 0.0) == 0.5
    assert slope(scipy.ndtr, 0.0) == pytest.approx(1 / math.sqrt(2 * PI))
    assert slope(scipy.log1p, 1.0) == 0.5


def test_without_scipy(monkeypatch):
    x = np.array([0.5, 1.0, 0.0])
    monkeypatch.setitem(sys.modules, "scipy", None)
    np.testing.assert_allclose(special.erf(x), [0.5204998778130465, 0.8427007929497149, 0], rtol=1e-15)
    np.testing.assert_allclose(special.erfc(x), [0.4795001221869535, 0.15729920705028513, 1], rtol=1e-14)
    np.testing.assert_allclose(special.gammaln(x), [math.log(PI) / 2, 0, math.inf], rtol=1e-14)
    assert special.erfc(x.astype(np.float32)).dtype == np.float32
    assert special.erfc(np.zeros((0, 2))).shape == (0, 2)
    for name in ("erfinv", "digamma"):
        with pytest.raises(ImportError, match=f"{name} is a function of SciPy's, .*: pip install scipy"):
            getattr(special, name)(x)
    with pytest.raises(ImportError, match="polygamma is a function of SciPy's"):
        special.polygamma(1, x)
    with pytest.raises(ImportError, match="pip install scipy"):
        lux.grad(lambda x: lux.array_namespace(x).sum(special.gammaln(x)))(x)


def test_on_the_strict_standard():
    strict = pytest.importorskip("array_api_strict")
    strict.reset_array_api_strict_flags()
    device = strict.Device("device1")
    x = strict.asarray([0.25, math.nan, math.inf, 0.0], device=device)

    def f(x):
        xp = lux.array_namespace(x)
        return xp.sum(xp.sinc(xp.nan_to_num(x, nan=1.0, posinf=0.5)) + xp.erfc(x[0]) * xp.gammaln(x[0] + 1.0))
    expected = (math.cos(PI / 4) - math.sin(PI / 4) / (PI / 4)) / 0.25
    expected += 4 * (math.erfc(0.25) * (special.digamma(np.array(1.25)))
                     - 2 / math.sqrt(PI) * math.exp(-1 / 16) * math.lgamma(1.25))
    g = lux.grad(f)(x)
    assert g.device == device
    np.testing.assert_allclose([float(v) for v in g], [expected, 0, 0, 0], rtol=1e-13, atol=1e-15)
    z = lux.array_namespace(x).nan_to_num(strict.asarray([1 + 2j, complex(math.nan, 3.0)]))
    assert [complex(v) for v in z] == [1 + 2j, 3j]


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv", "gammaln", "digamma"])
def test_half_precision_stays_half(name):
    f = getattr(lux.array_namespace(np.ones(1)), name)
    x = np.array([0.25, 0.5], np.float16)
    y, dy = lux.jvp(f, (x,), (np.ones(2, np.float16),))
    assert y.dtype == np.float16 and dy.dtype == np.float16
    np.testing.assert_allclose(y, f(x.astype(np.float64)), rtol=2e-3)
    assert lux.grad(lambda x: f(x).sum())(x).dtype == np.float16


def test_the_extension_has_scipys_names():
    x = np.array([0.25, 0.5])
    names = lux.array_namespace(x).special
    phi = np.exp(-x**2 / 2) / math.sqrt(2 * PI)
    np.testing.assert_allclose(lux.grad(lambda x: names.ndtr(x).sum())(x), phi, rtol=1e-14)
    assert lux.array_namespace(lux.constant(x)).special.psi is names.psi
    with pytest.raises(AttributeError, match="no special function 'kelvin' with a derivative"):
        names.kelvin(x)


def test_expit_of_the_namespace():
    x = np.array([-800.0, -1.5, 0.0, 2.0, 800.0])
    xp = lux.array_namespace(x)
    np.testing.assert_allclose(xp.expit(x), [0.0, 0.18242552380635635, 0.5, 0.8807970779778823, 1.0], rtol=1e-15)
    np.testing.assert_allclose(lux.grad(lambda x: lux.array_namespace(x).expit(x).sum())(x),
                               [0.0, 0.14914645207033284, 0.25, 0.10499358540350662, 0.0], rtol=1e-14)
