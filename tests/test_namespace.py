"""The public functions of the namespace: NumPy's values for every variant of their arguments, traced or not."""
from __future__ import annotations

import re

import numpy as np
import pytest
from likenumpy import check, is_floating, ones, parts, same
from samples_beyond import CALLS as CALLS_BEYOND
from samples_beyond import CALLS_OF_OTHERS

import arraylux as lux
from arraylux.backend import library, to_numpy
from arraylux.inspection import Inspection
from arraylux.namespace import Namespace
from arraylux.rules.extras import Extras
from arraylux.tracer.core import strip

RNG = np.random.default_rng(0)
ARRAYS = {
    "S": np.asarray(1.5), "V": RNG.uniform(0.5, 2.0, 4), "M": RNG.uniform(0.5, 2.0, (2, 3)),
    "N": RNG.normal(size=(2, 3)), "U": RNG.uniform(-0.9, 0.9, (2, 3)), "Q": RNG.normal(size=(3, 3)),
    "T": RNG.uniform(0.5, 2.0, (2, 3, 4)), "Z": RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3)),
    "F": RNG.uniform(0.5, 2.0, (2, 3)).astype(np.float32), "P": np.array([2, 0, 1]), "J": np.array([[1, 0, 1]]),
    "B": np.array([[True, False, True], [False, False, True]])}
V, M, N, P = (ARRAYS[name] for name in "VMNP")

# Calls that mean the same to NumPy, to other libraries and to this package: `xp` stands for one of them.
CALLS = [
    *[f"xp.{name}({x})" for x in "MSZ" for name in (
        "abs", "atan", "conj", "cos", "cosh", "exp", "expm1", "isfinite", "isinf", "isnan", "log", "log10", "log1p",
        "log2", "negative", "positive", "real", "reciprocal", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh",
        "asinh", "round")],
    *[f"xp.{name}({x})" for x in "NS" for name in ("ceil", "floor", "trunc", "signbit")],
    *[f"xp.{name}(U)" for name in ("acos", "asin", "atanh")], "xp.acosh(T + 1)", "xp.imag(Z)",
    "xp.logical_not(B)", "xp.bitwise_invert(P)",
    *[f"xp.{name}({args})" for args in ("M, N + 4", "M, N[0, ...] + 4", "M, 2.0", "3.0, M", "S, M") for name in (
        "add", "atan2", "copysign", "divide", "hypot", "logaddexp", "maximum", "minimum", "multiply", "pow",
        "remainder", "subtract", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
        "floor_divide", "nextafter")],
    *[f"xp.{name}(P, 2)" for name in (
        "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift",
        "floor_divide", "equal")],
    *[f"xp.{name}(B, B[0, ...])" for name in ("logical_and", "logical_or", "logical_xor")],
    # reductions
    *[f"xp.{name}({args}, keepdims={keepdims})" for name in (
        "sum", "prod", "mean", "var", "std", "max", "min", "argmax")
      for args in ("M", "T, axis=1", "V, axis=-1", "S") for keepdims in (False, True)],
    *[f"xp.{name}(T, axis=(0, -1))" for name in ("sum", "prod", "mean", "var", "std", "max", "min")],
    *[f"xp.{name}(T, axis={axis}, correction={c})" for name in ("var", "std") for axis in (None, 2) for c in (1, 0.5)],
    *[f"xp.{name}({args})" for name in ("sum", "prod") for args in (
        "M, dtype=xp.float32", "P, dtype=xp.float64", "F, dtype=xp.float64", "P", "F", "Z, axis=0")],
    *[f"xp.{name}(B, axis={axis}, keepdims={k})" for name in ("all", "any") for axis in (None, 1) for k in (0, 1)],
    *[f"xp.{name}({args})" for name in ("cumulative_sum", "cumulative_prod") for args in (
        "V", "T, axis=0", "T, axis=-1", "T, axis=1, include_initial=True", "V, include_initial=True",
        "V, dtype=xp.float32")],
    "xp.argmin(T, axis=0)", "xp.count_nonzero(M)", "xp.count_nonzero(B, axis=1)", "xp.nonzero(B)", "xp.argsort(M)",
    "xp.argsort(M, axis=0, stable=True)", "xp.searchsorted(V * 0 + 1, N)",
    "xp.searchsorted(V * 0 + 1, V, side='right')", "xp.sort(M)", "xp.sort(T, axis=0)", "xp.isin(P, J)",
    *[f"xp.unique_{what}({x})" for what in ("all", "counts", "inverse", "values") for x in "MP"],
    # choices
    "xp.where(B, M, N)", "xp.where(B, M, 0.0)", "xp.where(B, 1.0, M)", "xp.where(B, M[:1, ...], S)",
    "xp.clip(N, None, None)", "xp.clip(N, -0.5, 0.5)", "xp.clip(N, -0.5, None)", "xp.clip(N, min=None, max=0.25)",
    "xp.clip(N, N - 1.0, N[0, ...] + 3)", "xp.clip(N, -0.3, M)",
    # shapes
    "xp.broadcast_to(V, (2, 4))", "xp.broadcast_to(S, (3,))", "xp.broadcast_to(M, (2, 3))",
    "xp.broadcast_arrays(M, P, S)", "xp.concat([M, N])", "xp.concat([M, N], axis=-1)", "xp.concat([M, V], axis=None)",
    "xp.concat((M,))", "xp.stack([M, N])", "xp.stack((M, N, M), axis=-1)", "xp.stack([M, N], axis=1)", "xp.unstack(T)",
    "xp.unstack(T, axis=-2)", "xp.diff(V)", "xp.diff(T, axis=0)", "xp.diff(T, n=2)", "xp.diff(T, n=0)",
    "xp.diff(V, n=6)", "xp.diff(M, prepend=N)", "xp.diff(M, append=N[:, :1], axis=1)", "xp.expand_dims(M, axis=0)",
    "xp.expand_dims(M, axis=-1)", "xp.expand_dims(M, axis=(0, 2))", "xp.expand_dims(M, axis=(-1, -3))", "xp.flip(T)",
    "xp.flip(T, axis=1)", "xp.flip(T, axis=(0, -1))", "xp.matrix_transpose(T)", "xp.matrix_transpose(M)",
    "xp.meshgrid(V)", "xp.meshgrid(V, V[:3])", "xp.meshgrid(V, M[0, ...], V, indexing='ij')",
    "xp.meshgrid(V, M[0, ...], V)", "xp.moveaxis(T, 0, -1)", "xp.moveaxis(T, (0, 1), (2, 0))", "xp.moveaxis(T, -1, 1)",
    "xp.permute_dims(T, (2, 0, 1))", "xp.permute_dims(T, (-1, -3, 1))", "xp.repeat(M, 2)", "xp.repeat(M, 3, axis=1)",
    "xp.repeat(M, P, axis=1)", "xp.repeat(M, 0, axis=0)", "xp.repeat(M, [1, 0, 2], axis=-1)", "xp.reshape(M, (3, 2))",
    "xp.reshape(M, (-1,))", "xp.reshape(T, (4, -1))", "xp.reshape(S, (1,))", "xp.roll(M, 1)",
    "xp.roll(T, (1, -2), axis=(0, 2))", "xp.roll(T, 2, axis=(0, 1))", "xp.roll(V, -3, axis=0)",
    "xp.squeeze(M[:, None, :], axis=1)", "xp.squeeze(M[None, :, None, :], axis=(0, -2))", "xp.tile(M, (2, 1))",
    "xp.tile(M, (2,))", "xp.tile(V, (2, 3))", "xp.tile(S, (2,))", "xp.tile(M, (0, 2))", "xp.tril(Q)",
    "xp.tril(T, k=-1)", "xp.triu(T, k=1)", "xp.triu(M)",
    # elements
    "xp.take(M, P, axis=1)", "xp.take(V, P)", "xp.take(M, P[:2], axis=-1)", "xp.take_along_axis(M, xp.argsort(M))",
    "xp.take_along_axis(M, J, axis=0)", "xp.take_along_axis(T, J[:, :, None] * 2, axis=1)",
    # products
    "xp.matmul(M, T)", "xp.matmul(M, Q)", "xp.matmul(V, V)", "xp.matmul(Z, Q)", "xp.vecdot(M, N)",
    "xp.vecdot(M, N, axis=0)", "xp.vecdot(Z, M)", "xp.vecdot(M, Z)", "xp.vecdot(M, N[0, ...])",
    "xp.vecdot(T, M[:, :, None], axis=-2)", "xp.tensordot(M, T)", "xp.tensordot(M, T, axes=((0, 1), (0, 1)))",
    "xp.tensordot(M, V, axes=0)", "xp.tensordot(M, T, axes=([1], [1]))", "xp.tensordot(M, M, axes=((-1,), (-1,)))",
    "xp.tensordot(M, Q, axes=1)", "xp.dot(M, Q)", "xp.dot(M, S)", "xp.dot(V, V)", "xp.dot(N, xp.moveaxis(T, 0, 0))",
    "xp.dot(M, 2.0)",
    "xp.sinc(N)", "xp.nan_to_num(M)", "xp.nan_to_num(Z)", "xp.nan_to_num(F)",
    # dtypes, and arrays like others
    "xp.astype(M, xp.float32)", "xp.astype(M, xp.int64)", "xp.astype(M, xp.complex128)", "xp.zeros_like(M)",
    "xp.ones_like(M, dtype=xp.int64)", "xp.full_like(M, 2.5)", "xp.full_like(P, 2)", *CALLS_BEYOND,
]
ELSEWHERE = {"erf", "softmax", "log_softmax", "logsumexp", "getitem", "index_set", "index_add", "top_k", "digamma",
             "erfc", "erfinv", "expit", "gammaln", "logit", "polygamma", *CALLS_OF_OTHERS}   # not NumPy's
MADE = {"arange", "empty", "empty_like", "eye", "full", "ones", "zeros", "asarray", "linspace", "isdtype",
        "result_type", "finfo", "iinfo", "can_cast", "from_dlpack", "linalg", "fft", "special", "broadcast_shapes"}
# Values that jump, so that differences say nothing, and single precision, in which they are noise.
JUMPING = re.compile(r"ceil|floor|trunc|round|nextafter|sign\((?!Z)|argsort|unique|float32|\(F|int64")


def arguments(expression):
    """Return the names of the arrays in a call."""
    return [name for name in ARRAYS if re.search(rf"\b{name}\b", expression)]


def function(expression):
    """Return a call as a function of its arrays, in the namespace of this package."""
    names = arguments(expression)
    return lambda *xs: eval(expression, {"xp": lux.array_namespace(*xs), **dict(zip(names, xs, strict=True))})


def test_every_function_is_called():
    names = {name for part in (Namespace, Inspection, Extras) for name in vars(part) if not name.startswith("_")}
    assert names - {name for call in CALLS for name in re.findall(r"xp\.(\w+)\(", call)} == ELSEWHERE | MADE


@pytest.mark.parametrize("expression", CALLS)
def test_values_and_derivatives(expression):
    check(function(expression), [ARRAYS[name] for name in arguments(expression)],
          jumps=bool(JUMPING.search(expression)),
          like=lambda *xs: eval(expression, {"xp": library(M), **ARRAYS}))


# --- what the standard makes from nothing -----------------------------------------------------------------------------
MADE_CALLS = [
    "xp.arange(4)", "xp.arange(1, 7, 2)", "xp.arange(0.0, 1.0, 0.25, dtype=xp.float32)", "xp.eye(3)",
    "xp.eye(2, 4, k=1)",
    "xp.full((2,), 1.5)", "xp.full(3, 2, dtype=xp.float32)", "xp.ones((2, 3))", "xp.zeros(3, dtype=xp.int64)",
    "xp.asarray([[1.0, 2.0], [3.0, 4.0]])", "xp.asarray(M, dtype=xp.float32)", "xp.asarray(2)",
    "xp.asarray(M, copy=True)",
    "xp.linspace(0.0, 1.0, 5)", "xp.linspace(1, 2, 4, endpoint=False)", "xp.isdtype(F.dtype, 'real floating')",
    "xp.result_type(M, xp.float32)", "xp.result_type(F, 1.0)", "xp.can_cast(F, xp.float64)",
    "xp.can_cast(M, xp.float32)", "xp.from_dlpack(M)"]


@pytest.mark.parametrize("expression", MADE_CALLS)
def test_what_is_made_has_numpys_values(expression):
    expected = eval(expression, {"xp": library(M), **ARRAYS})
    for xp in (lux.array_namespace(M), lux.array_namespace(lux.constant(M))):
        same(eval(expression, {"xp": xp, **ARRAYS}), expected)


def test_arrays_made_of_traced_ones_name_the_same_namespace():
    def f(x):
        xp = lux.array_namespace(x)
        one = xp.asarray(1)
        parts = [x > 1, np.float64(1.0) >= x, xp.isnan(x), xp.floor(x), xp.sign(x), xp.argsort(x), xp.any(x > 1),
                 *xp.nonzero(x), xp.astype(x, xp.int64), xp.asarray(x, dtype=xp.int64), xp.full(2, one, dtype=xp.int32),
                 xp.full_like(x, one, dtype=xp.int32), xp.searchsorted(x, x), *xp.unique_all(x), xp.isin(x, x)]
        assert all(y.__array_namespace__() is xp for y in parts)
        return xp.sum(x)

    lux.grad(f)(V)
    lux.jvp(f, (V,), (V,))


def test_limits_of_dtypes_and_of_arrays():
    xp = lux.array_namespace(lux.constant(M))
    for x in (xp.float32, np.ones(2, np.float32), lux.constant(np.ones(2, np.float32))):
        assert xp.finfo(x).bits == 32
    for i in (xp.int16, np.ones(2, np.int16)):
        assert xp.iinfo(i).max == 32767


def test_empty_has_the_form_asked_for():
    xp = lux.array_namespace(lux.constant(M))
    for y, dtype in ((xp.empty((2, 3)), np.float64), (xp.empty_like(M), np.float64),
                     (xp.empty_like(M, dtype=np.int64), np.int64)):
        assert (y.shape, y.dtype) == ((2, 3), dtype)


def test_traced_values_in_what_is_made():
    # grad of sum(c * made(x)) is the sum of the weights that x stands at
    def filled(x):
        xp = lux.array_namespace(x)
        return ((xp.full((2, 3), x) + xp.full_like(xp.asarray(M), x)) * M).sum()

    assert float(lux.grad(filled)(0.5)) == pytest.approx(2 * M.sum())
    weights = np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
    ends = lux.grad(lambda a, b: (lux.array_namespace(a).linspace(a, b, 5) * weights).sum(), argnums=(0, 1))(1.0, 2.0)
    t = np.linspace(0, 1, 5)
    np.testing.assert_allclose(ends, (weights @ (1 - t), weights @ t))
    half_open = lux.grad(lambda b: lux.array_namespace(b).linspace(0.0, b, 4, endpoint=False).sum())(2.0)
    assert float(half_open) == pytest.approx(0.25 + 0.5 + 0.75)
    stacked = lux.grad(lambda x: (lux.array_namespace(x).asarray([[x, 2.0], [3.0, x * x]]) * np.array([[1.0, 2],
        [3, 4]])).sum())
    assert float(stacked(3.0)) == pytest.approx(1 + 4 * 6)


def test_single_precision_stays_among_python_numbers():
    x = np.float32(2.0) * np.ones(3, np.float32)
    xp = lux.array_namespace(lux.constant(x))
    for y in (xp.asarray([lux.constant(x[0]), 1.5]), xp.full((2,), lux.constant(x[0])),
              xp.linspace(0.0, lux.constant(x[0]), 3),
              xp.zeros_like(lux.constant(x))):
        assert y.dtype == np.float32


def test_wider_arrays_in_a_list_are_not_narrowed():
    one, two = lux.constant(np.ones((), np.float32)), lux.constant(np.full((), 1 / 3))
    y = lux.array_namespace(one).asarray([one, two, 0.5])
    assert y.dtype == np.float64 and float(strip(y)[1]) == 1 / 3


# --- axes and dtypes --------------------------------------------------------------------------------------------------
OUT_OF_RANGE = [("sum", {"axis": 2}), ("prod", {"axis": -3}), ("mean", {"axis": (0, 2)}), ("max", {"axis": 2}),
                ("var", {"axis": 2}),
                ("std", {"axis": -3}), ("cumulative_sum", {"axis": 2}), ("cumulative_prod", {"axis": -3}),
                ("flip", {"axis": 2}),
                ("roll", {"shift": 1, "axis": 2}), ("expand_dims", {"axis": 3}), ("squeeze", {"axis": 2}),
                ("unstack", {"axis": 2}),
                ("permute_dims", {"axes": (0, 2)}), ("diff", {"axis": 2}), ("repeat", {"repeats": 2, "axis": 2}),
                ("take", {"indices": P - 1, "axis": 2}), ("take_along_axis",
                                                          {"indices": np.zeros((2, 3), int), "axis": 2}),
                ("argmax", {"axis": 2}), ("softmax", {"axis": 2}), ("logsumexp", {"axis": -3})]


@pytest.mark.parametrize(("name", "kwargs"), OUT_OF_RANGE, ids=lambda v: v if isinstance(v, str) else "")
def test_an_axis_that_is_not_there(name, kwargs):
    kwargs = dict(kwargs)
    args = [kwargs.pop(k) for k in ("repeats", "shift", "indices", "axes") if k in kwargs]
    for x in (M, lux.constant(M)):
        with pytest.raises((IndexError, ValueError), match=r"out of (bounds|range)|duplicate|squeeze"):
            getattr(lux.array_namespace(x), name)(x, *args, **kwargs)


def test_moveaxis_and_tensordot_of_an_axis_that_is_not_there():
    xp = lux.array_namespace(M)
    for call in (lambda: xp.moveaxis(M, 2, 0), lambda: xp.moveaxis(M, 0, -3),
                 lambda: xp.tensordot(M, M, axes=((2,), (0,)))):
        with pytest.raises(IndexError, match="out of bounds"):
            call()


@pytest.mark.parametrize("axis", [np.int64(1), (np.int64(0), 1)])
def test_axes_may_be_numpy_integers(axis):
    for name in ("sum", "prod", "max", "var", "logsumexp"):
        lux.testing.check_grads(lambda x, name=name: getattr(lux.array_namespace(x), name)(x, axis=axis), [M], order=1)


@pytest.mark.parametrize("dtype", [float, np.float64, "float64", np.dtype("float64"), complex])
def test_casts_to_any_spelling_of_a_floating_dtype_keep_the_derivative(dtype):
    for cast in (lambda x: x.astype(dtype), lambda x: np.astype(x, dtype),
                 lambda x: lux.array_namespace(x).astype(x, dtype),
                 lambda x: x.sum(dtype=dtype), lambda x: np.mean(x, dtype=dtype)):
        assert float(lux.grad(lambda x, cast=cast: cast(x * x).real.sum())(np.float32(3.0))) == 6.0


@pytest.mark.parametrize("dtype", [int, bool, np.int32, "int64"])
def test_casts_to_integers_are_constants(dtype):
    seen = []
    lux.grad(lambda x: (seen.append(x.astype(dtype)), x * 0.0)[1])(3.0)
    assert type(seen[0]) is type(lux.constant(M)) and seen[0].dtype == np.dtype(dtype)


def test_argsort_descending_is_stable():
    xp = lux.array_namespace(M)
    np.testing.assert_array_equal(xp.argsort(np.array([1.0, 3.0, 1.0, 2.0]), descending=True), [1, 3, 0, 2])
    np.testing.assert_array_equal(xp.argsort(lux.constant(np.array([[1.0, 3.0], [2.0, 0.0]])), axis=0,
                                             descending=True), [[1, 0], [0, 1]])


def test_clip_by_keywords():
    xp = lux.array_namespace(N)
    np.testing.assert_array_equal(xp.clip(N, min=0.0), np.maximum(N, 0.0))
    np.testing.assert_array_equal(xp.clip(N, max=0.0), np.minimum(N, 0.0))


def test_softmax_of_integers():
    xp = lux.array_namespace(P)
    e = np.exp([3.0, 1.0, 2.0])
    np.testing.assert_allclose(xp.softmax(P), e / e.sum(), rtol=1e-14)
    np.testing.assert_allclose(xp.log_softmax(P), np.log(e / e.sum()), rtol=1e-14)


def test_libraries_do_not_mix():
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="two libraries, numpy and array_api_strict"):
        lux.array_namespace(M, strict.asarray([1.0]))
    with pytest.raises(TypeError, match="at least one array"):
        lux.array_namespace(1.0, None)


# --- other libraries --------------------------------------------------------------------------------------------------
def both_modes(f, inputs):
    """The results of a call, their tangents along ones, and the cotangents of the inputs for ones."""
    def floating(*xs):
        return [y for y in parts(f(*xs)) if is_floating(strip(y))]

    y, dy = lux.jvp(floating, inputs, ones(inputs))
    return [*parts(f(*inputs)), *y, *dy, *(lux.vjp(floating, *inputs)[1](ones(y)) if is_floating(inputs) and y else [])]


@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_other_libraries(device):
    # Every call that array-api-strict takes, which knows the standard alone, is differentiated there as on NumPy.
    strict = pytest.importorskip("array_api_strict")
    home = strict.Device(device)
    moved = {name: strict.asarray(a, device=home) for name, a in ARRAYS.items()}
    ran = 0
    for expression in CALLS:
        try:
            eval(expression, {"xp": strict, **moved})
        except (TypeError, ValueError, AttributeError, IndexError):
            continue                                                    # NumPy allows more than the standard
        ran += 1
        names = arguments(expression)
        found = both_modes(function(expression), [moved[name] for name in names])
        expected = both_modes(function(expression), [ARRAYS[name] for name in names])
        for a, b in zip(found, expected, strict=True):
            if b is not None:
                assert a.device == home, expression
                single = str(a.dtype) in ("array_api_strict.float32", "array_api_strict.complex64")
                np.testing.assert_allclose(to_numpy(a), b, rtol=2e-6 if single else 1e-12, atol=1e-14,
                                           err_msg=expression)
    assert ran > 300


def test_broadcast_shapes():
    xp = lux.array_namespace(M)
    assert xp.broadcast_shapes((2, 1), (3,), ()) == (2, 3) and xp.broadcast_shapes() == ()
    with pytest.raises(ValueError, match="cannot be broadcast"):
        xp.broadcast_shapes((2,), (3,))


def test_a_mean_of_more_halves_than_float16_can_count():
    n = 2**17                                               # of which a share, 2^-17, is a number of float16
    g = lux.grad(lambda x: x.mean())(np.ones(n, np.float16))
    assert g.dtype == np.float16
    np.testing.assert_array_equal(g, 2.0**-17)
