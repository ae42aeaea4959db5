"""The public functions of the namespace: NumPy's values for every variant of their arguments, traced or not."""
from __future__ import annotations

import numpy as np
import pytest

import arraylux as lux
from arraylux.backend import is_array, kind, to_numpy
from arraylux.namespace import Namespace
from arraylux.tracer.core import Tracer, strip

RNG = np.random.default_rng(0)
V, M, T = RNG.uniform(0.5, 2.0, 4), RNG.uniform(0.5, 2.0, (2, 3)), RNG.uniform(0.5, 2.0, (2, 3, 4))
S, N = np.asarray(1.5), RNG.normal(size=(2, 3))
I = np.array([3, 1, 2])
B = np.array([[True, False, True], [False, False, True]])
Z = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
SQUARE = RNG.normal(size=(3, 3))

# Name, positional arguments, keywords. NumPy has the standard's functions by the same names.
CALLS = [
    *[(name, (x,), {}) for x in (M, S) for name in (
        "abs acos acosh asin asinh atan ceil conj cos cosh exp expm1 floor isfinite isinf isnan log log10 log1p log2 negative "
        "positive real reciprocal round sign signbit sin sinh sqrt square tan tanh trunc").split() if (
        name not in ("acos", "asin", "acosh"))],
    *[(name, (M / 2.1,), {}) for name in ("acos", "asin", "atanh")], ("acosh", (M + 1,), {}), ("imag", (Z,), {}),
    ("real", (Z,), {}), ("conj", (Z,), {}), ("abs", (Z,), {}), ("sign", (Z,), {}),
    ("logical_not", (B,), {}), ("bitwise_invert", (I,), {}),
    *[(name, args, {}) for name in "add atan2 copysign divide hypot logaddexp maximum minimum multiply pow remainder "
      "subtract equal not_equal less less_equal greater greater_equal floor_divide nextafter".split()
      for args in ((M, N[0] + 3.0), (M, 2.0), (3.0, M), (S, M))],
    *[(name, (I, 2), {}) for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
                                      "bitwise_right_shift", "floor_divide", "remainder", "equal")],
    *[(name, (B, B[0]), {}) for name in ("logical_and", "logical_or", "logical_xor")],
    *[(name, (x,), {"axis": axis, "keepdims": keepdims}) for name in ("sum", "prod", "mean", "var", "std", "max", "min")
      for x, axis in ((M, None), (T, 1), (T, (0, -1)), (V, -1)) for keepdims in (False, True)],
    *[(name, (T,), {"axis": axis, "correction": c}) for name in ("var", "std") for axis in (None, 2) for c in (1, 0.5)],
    *[(name, (x,), {"dtype": dtype}) for name in ("sum", "prod") for x, dtype in (
        (M, np.float32), (I, np.float64), (M.astype(np.float32), np.float64), (I, None))],
    *[(name, (B,), {"axis": axis, "keepdims": k}) for name in ("all", "any") for axis in (None, 1) for k in (False, True)],
    *[(name, (T,), {"axis": axis, "keepdims": k}) for name in ("argmax", "argmin") for axis in (None, 1) for k in (False, True)],
    *[(name, (T,), {"axis": axis, "include_initial": initial}) for name in ("cumulative_sum", "cumulative_prod")
      for axis in (0, -1) for initial in (False, True)],
    *[(name, (V,), kw) for name in ("cumulative_sum", "cumulative_prod") for kw in ({}, {"dtype": np.float32},
                                                                                   {"include_initial": True})],
    ("count_nonzero", (M,), {}), ("count_nonzero", (B,), {"axis": 1}), ("nonzero", (np.array([0.0, 2.0]),), {}),
    ("argsort", (M,), {}), ("argsort", (M,), {"axis": 0, "stable": True}), ("searchsorted", (np.sort(V), N), {}),
    ("searchsorted", (np.sort(V), V), {"side": "right"}),
    ("where", (B, M, N), {}), ("where", (B, M, 0.0), {}), ("where", (B, 1.0, M), {}), ("where", (B, M[:1], S), {}),
    ("clip", (N, None, None), {}), ("clip", (N, -0.5, 0.5), {}), ("clip", (N, -0.5, None), {}), ("clip", (N,), {"min": None, "max": 0.25}),
    ("clip", (N, N - 1.0, N[0] + 0.1), {}), ("clip", (N, -0.3, M), {}),
    ("broadcast_to", (V, (2, 4)), {}), ("broadcast_to", (S, (3,)), {}), ("broadcast_to", (M, (2, 3)), {}),
    ("concat", ([M, N],), {}), ("concat", ([M, N],), {"axis": -1}), ("concat", ([M, V],), {"axis": None}), ("concat", ((M,),), {}),
    ("stack", ([M, N],), {}), ("stack", ((M, N, M),), {"axis": -1}), ("stack", ([M, N],), {"axis": 1}),
    ("unstack", (T,), {}), ("unstack", (T,), {"axis": -2}),
    ("diff", (V,), {}), ("diff", (T,), {"axis": 0}), ("diff", (T,), {"n": 2}), ("diff", (T,), {"n": 0}),
    ("diff", (M,), {"prepend": N}), ("diff", (M,), {"append": N[:, :1], "axis": 1}), ("diff", (V,), {"n": 6}),
    ("expand_dims", (M,), {"axis": 0}), ("expand_dims", (M,), {"axis": -1}), ("expand_dims", (M,), {"axis": (0, 2)}),
    ("expand_dims", (M,), {"axis": (-1, -3)}),
    ("flip", (T,), {}), ("flip", (T,), {"axis": 1}), ("flip", (T,), {"axis": (0, -1)}),
    ("matrix_transpose", (T,), {}), ("matrix_transpose", (M,), {}),
    ("meshgrid", (V, I * 1.0), {}), ("meshgrid", (V, I * 1.0, M[0]), {"indexing": "ij"}), ("meshgrid", (V, I * 1.0, M[0]), {}),
    ("meshgrid", (V,), {}), ("meshgrid", (S, V), {}),
    ("moveaxis", (T, 0, -1), {}), ("moveaxis", (T, (0, 1), (2, 0)), {}), ("moveaxis", (T, -1, 1), {}),
    ("permute_dims", (T, (2, 0, 1)), {}), ("permute_dims", (T, (-1, -3, 1)), {}),
    ("repeat", (M, 2), {}), ("repeat", (M, 3), {"axis": 1}), ("repeat", (M, np.array([1, 2, 0])), {"axis": 1}), ("repeat", (M, 0), {"axis": 0}),
    ("repeat", (V, np.array([0, 1, 2, 1])), {}),
    ("reshape", (M, (3, 2)), {}), ("reshape", (M, (-1,)), {}), ("reshape", (T, (4, -1)), {}), ("reshape", (S, (1,)), {}),
    ("roll", (M, 1), {}), ("roll", (T, (1, -2)), {"axis": (0, 2)}), ("roll", (T, 2), {"axis": (0, 1)}), ("roll", (V, -3), {"axis": 0}),
    ("squeeze", (M[:, None],), {"axis": 1}), ("squeeze", (M[None, :, None],), {"axis": (0, -2)}),
    ("tile", (M, (2, 1)), {}), ("tile", (M, (2,)), {}), ("tile", (V, (2, 3)), {}), ("tile", (S, (2,)), {}), ("tile", (M, (0, 2)), {}),
    ("tril", (SQUARE,), {}), ("tril", (T,), {"k": -1}), ("triu", (T,), {"k": 1}), ("triu", (M,), {}),
    ("take", (M, I - 1), {"axis": 1}), ("take", (V, np.array([0, -1])), {}), ("take", (M, I[:2] - 1), {"axis": -1}),
    ("take_along_axis", (M, np.argsort(M)), {}), ("take_along_axis", (M, np.array([[1, 0, 1]])), {"axis": 0}),
    ("take_along_axis", (T, np.array([[[2], [0]]])), {"axis": 1}),
    ("matmul", (M, T), {}), ("matmul", (M, I * 1.0), {}), ("matmul", (V, V), {}), ("vecdot", (M, N), {}), ("vecdot", (M, N), {"axis": 0}),
    ("vecdot", (Z, M), {}), ("vecdot", (M, Z), {}), ("vecdot", (M, N[0]), {}),
    ("tensordot", (M, T), {}), ("tensordot", (M, T), {"axes": ((0, 1), (0, 1))}), ("tensordot", (M, V), {"axes": 0}),
    ("tensordot", (M, T), {"axes": ([1], [1])}), ("tensordot", (M, M), {"axes": ((-1,), (-1,))}), ("tensordot", (M, SQUARE), {"axes": 1}),
    ("zeros_like", (M,), {}), ("ones_like", (M,), {"dtype": np.int64}), ("full_like", (M, 2.5), {}), ("full_like", (I, 2), {}),
    ("astype", (M, np.float32), {}), ("astype", (M, np.int64), {}), ("astype", (M, np.complex128), {}),
    ("broadcast_arrays", (M, V[:3], S), {}), ("dot", (M, SQUARE), {}), ("dot", (M, S), {}),
    ("dot", (V, V), {}), ("dot", (M, np.moveaxis(T, 1, 1)), {}), ("dot", (M, 2.0), {}),
]
ELSEWHERE = {"erf", "softmax", "log_softmax", "logsumexp", "getitem", "index_set", "index_add"}       # not NumPy's
MADE = {"arange", "empty", "empty_like", "eye", "full", "ones", "zeros", "asarray", "linspace", "isdtype", "result_type"}


# Names whose values jump, so that differences say nothing, and calls that narrow to single precision.
STEPS = {"argsort", "astype", "ceil", "floor", "floor_divide", "nextafter", "round", "sign", "trunc"}


def is_input(a):
    """Say whether an argument is an array or a list of arrays (and no shape or axis)."""
    return is_array(a) or (isinstance(a, (list, tuple)) and is_array(a[0]))


def label(call):
    name, args, kwargs = call
    shown = ["x".join(map(str, np.shape(a))) or "0d" if is_input(a) and not isinstance(a, (list, tuple)) else
             f"{len(a)} arrays" if is_input(a) else str(a) for a in args]
    return f"{name}({', '.join([*shown, *(f'{k}={v}' for k, v in kwargs.items() if not isinstance(v, np.ndarray))])})"


def parts(y):
    return list(y) if isinstance(y, (tuple, list)) else [y]


def run(call, *inputs):
    """Call a function of the namespace with other inputs in the place of the arrays."""
    name, args, kwargs = call
    supply = iter(inputs)
    xp = lux.array_namespace(*lux.tree.leaves(inputs))
    return parts(getattr(xp, name)(*[next(supply) if is_input(a) else a for a in args], **kwargs))


def test_every_function_is_called():
    names = {name for name in vars(Namespace) if not name.startswith("_")}
    assert names - {name for name, _, _ in CALLS} == ELSEWHERE | MADE


@pytest.mark.parametrize("call", CALLS, ids=label)
def test_values_are_those_of_numpy(call):
    name, args, kwargs = call
    expected = parts(getattr(np, name)(*args, **kwargs))
    inputs = [a for a in args if is_input(a)]
    results = [run(call, *inputs)]

    def watched(*traced):
        results.append(run(call, *traced))
        return [y for y in results[-1] if isinstance(y, Tracer)]

    tangents = lux.tree.map(lambda a: np.ones_like(a) if a.dtype.kind in "fc" else None, inputs)
    lux.jvp(watched, inputs, tangents)
    if any(t is not None for t in lux.tree.leaves(tangents)):
        lux.vjp(watched, *inputs)
    for result in results:
        for found, wanted in zip(result, expected, strict=True):
            assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
            np.testing.assert_allclose(strip(found), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("call", [c for c in CALLS if c[0] not in STEPS and "dtype" not in c[2] and any(
    isinstance(y, (np.ndarray, np.generic)) and y.dtype.kind in "fc" for y in parts(getattr(np, c[0])(*c[1], **c[2])))], ids=label)
def test_derivatives(call):
    lux.testing.check_grads(lambda *inputs: run(call, *inputs), [a for a in call[1] if is_input(a)], order=1)


# --- what the standard makes from nothing -----------------------------------------------------------------------------
MADE_CALLS = [
    ("arange", (4,), {}), ("arange", (1, 7, 2), {}), ("arange", (0.0, 1.0, 0.25), {"dtype": np.float32}), ("eye", (3,), {}),
    ("eye", (2, 4), {"k": 1}), ("full", ((2,), 1.5), {}), ("full", (3, 2), {"dtype": np.float32}), ("ones", ((2, 3),), {}),
    ("zeros", (3,), {"dtype": np.int64}), ("asarray", ([[1.0, 2.0], [3.0, 4.0]],), {}), ("asarray", (M,), {"dtype": np.float32}),
    ("asarray", (2,), {}), ("asarray", (M,), {"copy": True}), ("linspace", (0.0, 1.0, 5), {}),
    ("linspace", (1, 2, 4), {"endpoint": False}), ("isdtype", (np.dtype("float32"), "real floating"), {}),
    ("result_type", (M, np.float32), {}), ("result_type", (M.astype(np.float32), 1.0), {})]


@pytest.mark.parametrize("call", MADE_CALLS, ids=label)
def test_what_is_made_has_numpys_values(call):
    name, args, kwargs = call
    expected = getattr(np, name)(*args, **kwargs)
    for found in (getattr(lux.array_namespace(M), name)(*args, **kwargs),
                  getattr(lux.array_namespace(lux.constant(M)), name)(*args, **kwargs)):
        if isinstance(expected, np.ndarray):
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(strip(found), expected)
        else:
            assert found == expected


def test_empty_has_the_form_asked_for():
    xp = lux.array_namespace(lux.constant(M))
    for y, dtype in ((xp.empty((2, 3)), np.float64), (xp.empty_like(M), np.float64), (xp.empty_like(M, dtype=np.int64), np.int64)):
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
    stacked = lux.grad(lambda x: (lux.array_namespace(x).asarray([[x, 2.0], [3.0, x * x]]) * np.array([[1.0, 2], [3, 4]])).sum())
    assert float(stacked(3.0)) == pytest.approx(1 + 4 * 6)


def test_single_precision_stays_among_python_numbers():
    x = np.float32(2.0) * np.ones(3, np.float32)
    xp = lux.array_namespace(lux.constant(x))
    for y in (xp.asarray([lux.constant(x[0]), 1.5]), xp.full((2,), lux.constant(x[0])), xp.linspace(0.0, lux.constant(x[0]), 3),
              xp.zeros_like(lux.constant(x))):
        assert y.dtype == np.float32


def test_wider_arrays_in_a_list_are_not_narrowed():
    one, two = lux.constant(np.ones((), np.float32)), lux.constant(np.full((), 1 / 3))
    y = lux.array_namespace(one).asarray([one, two, 0.5])
    assert y.dtype == np.float64 and float(strip(y)[1]) == 1 / 3


# --- axes and dtypes --------------------------------------------------------------------------------------------------
OUT_OF_RANGE = [("sum", {"axis": 2}), ("prod", {"axis": -3}), ("mean", {"axis": (0, 2)}), ("max", {"axis": 2}), ("var", {"axis": 2}),
                ("std", {"axis": -3}), ("cumulative_sum", {"axis": 2}), ("cumulative_prod", {"axis": -3}), ("flip", {"axis": 2}),
                ("roll", {"shift": 1, "axis": 2}), ("expand_dims", {"axis": 3}), ("squeeze", {"axis": 2}), ("unstack", {"axis": 2}),
                ("permute_dims", {"axes": (0, 2)}), ("diff", {"axis": 2}), ("repeat", {"repeats": 2, "axis": 2}),
                ("take", {"indices": I - 1, "axis": 2}), ("take_along_axis", {"indices": np.zeros((2, 3), int), "axis": 2}),
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
    for call in (lambda: xp.moveaxis(M, 2, 0), lambda: xp.moveaxis(M, 0, -3), lambda: xp.tensordot(M, M, axes=((2,), (0,)))):
        with pytest.raises(IndexError, match="out of bounds"):
            call()


@pytest.mark.parametrize("axis", [np.int64(1), (np.int64(0), 1)])
def test_axes_may_be_numpy_integers(axis):
    for name in ("sum", "prod", "max", "var", "logsumexp"):
        f = lambda x, name=name: getattr(lux.array_namespace(x), name)(x, axis=axis)
        lux.testing.check_grads(f, [M], order=1)


@pytest.mark.parametrize("dtype", [float, np.float64, "float64", np.dtype("float64"), complex])
def test_casts_to_any_spelling_of_a_floating_dtype_keep_the_derivative(dtype):
    for cast in (lambda x: x.astype(dtype), lambda x: np.astype(x, dtype), lambda x: lux.array_namespace(x).astype(x, dtype),
                 lambda x: x.sum(dtype=dtype), lambda x: np.mean(x, dtype=dtype)):
        assert float(lux.grad(lambda x, cast=cast: cast(x * x).real.sum())(np.float32(3.0))) == 6.0


@pytest.mark.parametrize("dtype", [int, bool, np.int32, "int64"])
def test_casts_to_integers_are_plain(dtype):
    seen = []
    lux.grad(lambda x: (seen.append(x.astype(dtype)), x * 0.0)[1])(3.0)
    assert not isinstance(seen[0], Tracer) and seen[0].dtype == np.dtype(dtype)


def test_argsort_descending_is_stable():
    xp = lux.array_namespace(M)
    np.testing.assert_array_equal(xp.argsort(np.array([1.0, 3.0, 1.0, 2.0]), descending=True), [1, 3, 0, 2])
    np.testing.assert_array_equal(xp.argsort(lux.constant(np.array([[1.0, 3.0], [2.0, 0.0]])), axis=0, descending=True), [[1, 0], [0, 1]])


def test_clip_by_keywords():
    xp = lux.array_namespace(N)
    np.testing.assert_array_equal(xp.clip(N, min=0.0), np.maximum(N, 0.0))
    np.testing.assert_array_equal(xp.clip(N, max=0.0), np.minimum(N, 0.0))


def test_softmax_of_integers():
    xp = lux.array_namespace(I)
    e = np.exp([3.0, 1.0, 2.0])
    np.testing.assert_allclose(xp.softmax(I), e / e.sum(), rtol=1e-14)
    np.testing.assert_allclose(xp.log_softmax(I), np.log(e / e.sum()), rtol=1e-14)


def test_libraries_do_not_mix():
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="two libraries, numpy and array_api_strict"):
        lux.array_namespace(M, strict.asarray([1.0]))
    with pytest.raises(TypeError, match="at least one array"):
        lux.array_namespace(1.0, None)


# --- other libraries --------------------------------------------------------------------------------------------------
def ones(tree):
    """Ones in the place of all floating-point arrays, `None` in the place of others."""
    return lux.tree.map(lambda a: lux.array_namespace(a).ones_like(a) if a is not None and kind(a.dtype) in "fc" else None, tree)


def both_modes(call, inputs):
    """The results of a call, their tangents along ones, and the cotangents of the inputs for ones."""
    f = lambda *x: [y for y in run(call, *x) if hasattr(y, "shape")]
    y, dy = lux.jvp(f, inputs, ones(inputs))
    if all(t is None for t in lux.tree.leaves(ones(inputs))):
        return [y, dy]
    return [y, dy, lux.vjp(f, *inputs)[1](ones(dy))]


@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_other_libraries(device):
    # Every call that array-api-strict takes, which knows the standard alone, is differentiated there as on NumPy.
    strict = pytest.importorskip("array_api_strict")

    def moved(a):
        if isinstance(a, type):
            return getattr(strict, np.dtype(a).name)
        return strict.asarray(a, device=strict.Device(device)) if isinstance(a, np.ndarray) else a

    ran = 0
    for name, args, kwargs in CALLS:
        args_there, kwargs_there = lux.tree.map(moved, (args, kwargs))
        try:
            getattr(strict, name)(*args_there, **kwargs_there)
        except (TypeError, ValueError, AttributeError, IndexError):
            continue                                                    # NumPy allows more than the standard
        ran += 1
        expected = both_modes((name, args, kwargs), [a for a in args if is_input(a)])
        inputs = [b for a, b in zip(args, args_there, strict=True) if is_input(a)]
        found = both_modes((name, args_there, kwargs_there), inputs)
        for a, b in zip(lux.tree.leaves(found), lux.tree.leaves(expected), strict=True):
            if b is not None:
                assert a.device == strict.Device(device), name
                np.testing.assert_allclose(to_numpy(a), b, rtol=1e-12, atol=1e-14, err_msg=name)
    assert ran > 200
