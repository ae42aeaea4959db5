"""Activations: values and derivatives against their formulas, written out with Python's math."""
import math
import pickle
from operator import attrgetter
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux
from arraylux import grad, jvp, nn, vjp
from arraylux.random import Xoshiro
from arraylux.testing import check_grads

pytestmark = pytest.mark.filterwarnings("error")


def sig(x):
    return 1 / (1 + math.exp(-x))


def phi(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


SELU = (1.0507009873554805, 1.6732632423543772)

# Each activation as its paper writes it, for numbers of moderate size.
FORMULAS = {
    "identity": lambda x: x,
    "relu": lambda x: max(0, x),
    "relu6": lambda x: min(max(0, x), 6),
    "leakyrelu": lambda x: max(0.01 * x, x),
    "trelu": lambda x: x if x > 1 else 0,
    "hardtanh": lambda x: min(max(-1, x), 1),
    "hardsigmoid": lambda x: min(max(0, (x + 3) / 6), 1),
    "hardswish": lambda x: x * min(max(0, (x + 3) / 6), 1),
    "softshrink": lambda x: math.copysign(max(abs(x) - 0.5, 0), x),
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "celu": lambda x: x if x > 0 else math.exp(x) - 1,
    "selu": lambda x: SELU[0] * (x if x > 0 else SELU[1] * (math.exp(x) - 1)),
    "tanh": math.tanh,
    "sigmoid": sig,
    "logsigmoid": lambda x: math.log(sig(x)),
    "softplus": lambda x: math.log(1 + math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "swish": lambda x: x * sig(x),
    "gelu": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "gelu_erf": lambda x: x * phi(x),
    "mish": lambda x: x * math.tanh(math.log(1 + math.exp(x))),
    "lisht": lambda x: x * math.tanh(x),
    "tanhshrink": lambda x: x - math.tanh(x),
    "logcosh": lambda x: math.log(math.cosh(x)),
}
SMOOTH = ["tanh", "sigmoid", "logsigmoid", "softplus", "swish", "gelu", "gelu_erf", "mish", "lisht", "tanhshrink",
          "logcosh"]
POINTS = np.array([-9.0, -3.7, -1.3, -0.6, -0.2, 0.3, 0.9, 1.1, 2.9, 6.5])


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    expected = [FORMULAS[name](x) for x in POINTS.tolist()]
    f = getattr(nn, name)
    np.testing.assert_allclose(f(POINTS), expected, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(f(POINTS.astype(np.float32)), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose([float(f(x)) for x in POINTS], expected, rtol=1e-13, atol=1e-14)
    strict = f(array_api_strict.asarray(POINTS))
    np.testing.assert_allclose(np.asarray(strict), expected, rtol=1e-13, atol=1e-14)


def test_published_values():
    x = np.array([-1.0, 0.0, 1.0, 2.0])
    np.testing.assert_allclose(nn.gelu(x), [-0.158808, 0.0, 0.841192, 1.954598], atol=1e-6)
    np.testing.assert_allclose(nn.gelu_erf(x), [-0.158655, 0.0, 0.841345, 1.954500], atol=1e-6)
    np.testing.assert_allclose(nn.mish(x), [-0.303401, 0.0, 0.865098, 1.943959], atol=1e-6)
    np.testing.assert_allclose(nn.selu(x), [-1.111331, 0.0, 1.050701, 2.101402], atol=1e-6)
    np.testing.assert_allclose(nn.swish(x), [-0.268941, 0.0, 0.731059, 1.761594], atol=1e-6)


def test_gelu_erf_in_single_precision_has_a_polynomial_of_its_own():
    x = np.concatenate([np.linspace(-9, 9, 90_001), [-1e30, -700.0, -0.0, 700.0, 1e30]]).astype(np.float32)
    exact = np.array([v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in x.tolist()])
    for shaped in (x, x.reshape(1, -1).T, x[::2]):
        y = nn.gelu_erf(shaped)
        assert y.dtype == np.float32 and y.shape == shaped.shape
    error = np.abs(nn.gelu_erf(x) - exact)
    assert np.max(error / np.maximum(np.abs(x), 1)) < 1.8e-7            # three roundings of single precision
    np.testing.assert_allclose(nn.gelu_erf(np.float32(2)), nn.gelu_erf(np.array([2], np.float32))[0], rtol=2e-7)


def slope(f, x, h=1e-5):
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_in_both_modes(name):
    f = getattr(nn, name)
    expected = [slope(FORMULAS[name], x) for x in POINTS.tolist()]
    _, forward = jvp(f, (POINTS,), (np.ones_like(POINTS),))
    backward = grad(lambda x: f(x).sum())(POINTS)
    np.testing.assert_allclose(forward, expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(backward, expected, rtol=1e-9, atol=1e-10)
    strict = array_api_strict.asarray(POINTS)
    y, pullback = vjp(f, strict)
    np.testing.assert_allclose(np.asarray(pullback(array_api_strict.ones(y.shape, dtype=y.dtype))[0]), expected,
                               rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives(name):
    f = getattr(nn, name)
    points = POINTS[1:-1]
    expected = [slope(lambda x: slope(FORMULAS[name], x, 1e-3), x, 1e-3) for x in points.tolist()]
    reverse_over_reverse = grad(lambda x: grad(lambda z: f(z).sum())(x).sum())(points)
    forward_over_reverse = jvp(grad(lambda z: f(z).sum()), (points,), (np.ones_like(points),))[1]
    np.testing.assert_allclose(reverse_over_reverse, expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(forward_over_reverse, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "x", "expected"), [
    ("relu", 0, 0), ("relu6", 0, 0), ("relu6", 6, 0), ("leakyrelu", 0, 0.01), ("trelu", 1, 0), ("hardtanh", -1, 0),
    ("hardtanh", 1, 0), ("hardsigmoid", -3, 0), ("hardsigmoid", 3, 0), ("softshrink", -0.5, 0), ("softshrink", 0.5, 0),
    ("elu", 0, 1), ("celu", 0, 1), ("selu", 0, SELU[0] * SELU[1]), ("softsign", 0, 1), ("hardswish", -3, 0),
    ("logcosh", 0, 0), ("lisht", 0, 0), ("gelu", 0, 0.5), ("swish", 0, 0.5), ("softplus", 0, 0.5),
])
def test_derivatives_at_corners_and_at_zero(name, x, expected):
    f = getattr(nn, name)
    assert float(grad(f)(float(x))) == pytest.approx(expected, abs=1e-15)
    assert float(jvp(f, (float(x),), (1.0,))[1]) == pytest.approx(expected, abs=1e-15)


def test_large_arrays_of_any_layout():
    x = np.random.default_rng(0).standard_normal((300, 700))
    slope_of_gelu = grad(lambda x: nn.gelu(x).sum())
    row = slope_of_gelu(x[7])
    np.testing.assert_array_equal(slope_of_gelu(x)[7], row)
    np.testing.assert_array_equal(slope_of_gelu(x.T)[:, 7], row)
    np.testing.assert_array_equal(slope_of_gelu(x[:, ::-1])[7], row[::-1])


def test_parameters_of_activations():
    x = np.array([-2.0, -0.25, 0.5, 3.0])
    np.testing.assert_allclose(nn.leakyrelu(x, 0.2), [-0.4, -0.05, 0.5, 3.0])
    np.testing.assert_allclose(nn.elu(x, 2.0), [2 * math.expm1(-2), 2 * math.expm1(-0.25), 0.5, 3.0])
    np.testing.assert_allclose(nn.celu(x, 2.0), [2 * math.expm1(-1), 2 * math.expm1(-0.125), 0.5, 3.0])
    np.testing.assert_allclose(nn.trelu(x, 0.5), [0, 0, 0, 3])
    np.testing.assert_allclose(nn.softshrink(x, 1.0), [-1, 0, 0, 2])


# What is left of each activation far out on the left and on the right: x or -x, or a constant.
LIMITS = {
    "identity": ("x", "x"), "relu": (0, "x"), "relu6": (0, 6), "trelu": (0, "x"), "hardtanh": (-1, 1),
    "hardsigmoid": (0, 1), "hardswish": (0, "x"), "softshrink": ("x", "x"), "elu": (-1, "x"), "celu": (-1, "x"),
    "tanh": (-1, 1), "sigmoid": (0, 1), "logsigmoid": ("x", 0), "softplus": (0, "x"), "softsign": (-1, 1),
    "swish": (0, "x"), "gelu": (0, "x"), "gelu_erf": (0, "x"), "mish": (0, "x"), "lisht": ("-x", "x"),
    "tanhshrink": ("x", "x"), "logcosh": ("-x", "x"),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(("dtype", "far"), [(np.float32, 1e30), (np.float64, 1e300), (np.float64, 1000.0)])
def test_far_out_nothing_overflows(name, dtype, far):
    f = getattr(nn, name)
    x = np.array([-far, far], dtype=dtype)
    for y, z, limit in zip(f(x).tolist(), x.tolist(), LIMITS[name], strict=True):
        assert y == pytest.approx({"x": z, "-x": -z}.get(limit, limit), rel=2e-3, abs=1e-12)
    assert np.isfinite(grad(lambda x: f(x).sum())(x)).all()
    assert np.isfinite(np.asarray(f(array_api_strict.asarray(x)))).all()


@pytest.mark.parametrize("name", FORMULAS)
def test_dtype_shape_nan_and_input_are_kept(name):
    f = getattr(nn, name)
    for dtype in (np.float32, np.float64) if name == "gelu_erf" else (np.float16, np.float32, np.float64):
        x = np.array([[-2.0, np.nan, 0.5]], dtype=dtype)
        before = x.copy()
        y = f(x)
        assert y.dtype == dtype and y.shape == (1, 3)
        assert np.isnan(y).tolist() == [[False, True, False]]
        np.testing.assert_array_equal(x, before)
        assert grad(lambda z: f(z).sum())(np.ones((2, 2), dtype)).dtype == dtype
    assert f(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_activations_are_functions_that_pickle():
    for name in FORMULAS:
        f = getattr(nn, name)
        assert f.__name__ == name and pickle.loads(pickle.dumps(f)) is f


# --- names, and activations with more than one input ----------------------------------------------------------------
TORCH = np.load(Path(__file__).with_name("data") / "losses.npz")


def test_every_name_of_nnlib_is_there():
    names = """celu elu gelu gelu_erf gelu_sigmoid gelu_tanh glu hardsigmoid hardswish hardtanh identity leakyrelu lisht
               log_softmax logcosh logsigmoid logsoftmax logsumexp mish relu relu6 rrelu selu sigmoid sigmoid_fast
               softmax softplus softshrink softsign swish tanh tanh_fast tanhshrink thresholdrelu trelu"""
    for name in names.split():
        assert getattr(nn, name) is getattr(arraylux, name)
        assert name in nn.__all__
    assert {name for names in nn._CHAPTERS.values() for name in names} <= set(nn.__all__) <= set(dir(nn))
    assert nn.gelu_sigmoid is nn.gelu_tanh is nn.gelu and nn.thresholdrelu is nn.trelu
    with pytest.raises(AttributeError, match=r"'arraylux\.nn' has no attribute 'nothing'"):
        attrgetter("nothing")(nn)


def test_the_sigmoid_formula_of_gelu_is_the_tanh_formula():
    u = math.sqrt(2 / math.pi) * (POINTS + 0.044715 * POINTS**3)
    np.testing.assert_allclose(nn.gelu_sigmoid(POINTS), [x * sig(2 * v) for x, v in zip(POINTS, u, strict=True)],
                               rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("name", "f"), [
    ("glu", nn.glu), ("glu_1", lambda x: nn.glu(x, axis=1)), ("softmax", nn.softmax), ("logsumexp", nn.logsumexp),
    ("log_softmax_1", lambda x: nn.logsoftmax(x, axis=1)), ("rrelu", nn.rrelu)])
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
def test_values_and_gradients_are_those_of_torch(name, f, convert):
    y, pullback = vjp(f, convert(TORCH["x"]))
    np.testing.assert_allclose(np.asarray(y), TORCH[f"{name}_value"], rtol=1e-13)
    g = TORCH["g"].reshape(-1)[:y.size].reshape(y.shape)
    np.testing.assert_allclose(np.asarray(pullback(convert(g))[0]), TORCH[f"{name}_gradient"], rtol=1e-12, atol=1e-15)
    single = f(convert(TORCH["x"].astype(np.float32)))
    assert str(single.dtype).endswith("float32")
    np.testing.assert_allclose(np.asarray(single), TORCH[f"{name}_value"], rtol=2e-6)


def test_glu_in_both_modes():
    check_grads(nn.glu, [TORCH["x"]], order=2)
    for shape, axis in (((2, 3), -1), ((2,), 1), ((), -1)):
        with pytest.raises(ValueError, match=r"glu: x must have an axis .* of even length"):
            nn.glu(np.zeros(shape), axis)


@pytest.mark.parametrize("make", [np.random.default_rng, Xoshiro])
def test_random_slopes(make):
    x, rng = -np.ones((100, 100), np.float32), make(0)
    before = pickle.dumps(rng)
    y = nn.rrelu(x, rng=rng)
    assert pickle.dumps(rng) == before
    np.testing.assert_array_equal(y, nn.rrelu(x, rng=rng))                  # the same generator, the same slopes
    assert y.dtype == np.float32 and -1 / 3 - 1e-6 <= y.min() < -0.33 and -0.126 < y.max() <= -1 / 8
    assert float(y.mean()) == pytest.approx(-11 / 48, abs=0.005) and float(y.std()) == pytest.approx(
        (1 / 3 - 1 / 8) / math.sqrt(12), rel=0.03)
    np.testing.assert_array_equal(nn.rrelu(-x, rng=rng), -x)
    np.testing.assert_array_equal(grad(lambda x: nn.rrelu(x, rng=rng).sum())(x), -y)
    np.testing.assert_array_equal(nn.rrelu(x, 0.5, 0.5, rng), 0.5 * x)
    strict = nn.rrelu(array_api_strict.asarray(x), rng=rng)
    np.testing.assert_array_equal(np.asarray(strict), y)
    with pytest.raises(ValueError, match="got lower=1 and upper=0"):
        nn.rrelu(x, 1, 0)
