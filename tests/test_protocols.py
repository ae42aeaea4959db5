"""NumPy's own functions on traced arrays: every entry of the tables that NumPy asks."""
from __future__ import annotations

import numpy as np
import pytest
from likenumpy import check, is_floating, parts, same
from samples_beyond import NUMPY_CALLS
from samples_fourier import FOURIER_CALLS
from samples_linalg import LINALG_CALLS, SYMMETRIC_CALLS
from samples_numpy import BEYOND
from samples_sorting import SORTING_CALLS
from samples_special import FROM_SCIPY, SPECIAL_CALLS

import arraylux as lux
from arraylux.tracer.tables import NUMPY_FUNCTIONS, UFUNCS

RNG = np.random.default_rng(1)
V, M, T = RNG.uniform(0.5, 2.0, 4), RNG.uniform(0.5, 2.0, (2, 3)), RNG.uniform(0.5, 2.0, (2, 3, 4))
N = RNG.choice([-1.0, 1.0], (2, 3)) * RNG.uniform(0.2, 0.9, (2, 3))
Z = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
S = np.asarray(1.5)
PLACES = np.array([2, 0, 1])
MASK = np.array([[True, False, True], [False, False, True]])


def narrows(args, kwargs):
    """Say whether a call asks for single precision, in which finite differences say nothing."""
    return any(a is np.float32 for a in (*args, *kwargs.values()))


# --- ufuncs -----------------------------------------------------------------------------------------------------------
JUMPS = {np.ceil, np.floor, np.trunc, np.rint, np.sign, np.floor_divide, np.heaviside, np.nextafter, np.spacing}
ARGUMENTS = {
    np.arccosh: (M + 1,), np.arcsin: (N,), np.arccos: (N,), np.arctanh: (N,), np.conjugate: (Z,), np.matmul: (M, T),
    np.vecdot: (M, N), np.logical_not: (MASK,), np.logical_and: (MASK, MASK), np.logical_or: (MASK, M > 1),
    np.logical_xor: (MASK, MASK[0]), np.invert: (PLACES,), np.bitwise_and: (PLACES, PLACES),
    np.bitwise_or: (PLACES, 1), np.bitwise_xor: (PLACES, 3), np.left_shift: (PLACES, 2), np.right_shift: (PLACES, 1),
    np.gcd: (PLACES, 4), np.lcm: (PLACES, PLACES + 1), np.ldexp: (M, PLACES)}
ARGUMENTS.update({getattr(np, name): args for name, args in (                          # new in NumPy 2.2
    ("matvec", (T, V)), ("vecmat", (Z[0], np.stack([Z.T, Z.T])))) if hasattr(np, name)})
CALLED = sorted({f for f, method in UFUNCS if method == "__call__" and isinstance(f, np.ufunc)},
                key=lambda f: f.__name__)


@pytest.mark.parametrize("ufunc", CALLED, ids=lambda f: f.__name__)
def test_ufuncs(ufunc):
    if ufunc in ARGUMENTS:
        calls = [ARGUMENTS[ufunc]]
    elif ufunc.nin == 1:
        calls = [(M,)]
    else:
        calls = [(M, N[0] + 2.0), (M, 1.5), (1.5, M), (np.float64(1.5), M), (M, [1.1, 2.2, 3.3]), ([1.1, 2.2, 3.3], M)]
    for args in calls:
        check(ufunc, args, jumps=ufunc in JUMPS)
        constants = [lux.constant(a) if isinstance(a, np.ndarray) else a for a in args]
        for found, wanted in zip(parts(ufunc(*constants)), parts(ufunc(*args)), strict=True):
            same(found, wanted)


METHODS = {
    (np.add, "reduce"): [((T,), {}), ((T, 1), {}), ((T,), {"axis": (0, 2), "keepdims": True}), ((T,), {"axis": None}),
                         ((M, 0, np.float32), {})],
    (np.multiply, "reduce"): [((T,), {}), ((M, 1), {})],
    (np.maximum, "reduce"): [((T,), {"axis": -1}), ((T,), {})], (np.minimum, "reduce"): [((T,), {"axis": None})],
    (np.logical_and, "reduce"): [((M,), {})], (np.logical_or, "reduce"): [((M, 1), {})],
    (np.logaddexp, "reduce"): [((T,), {"axis": (0, 1)})], (np.hypot, "reduce"): [((M,), {"axis": None})],
    (np.add, "accumulate"): [((T,), {}), ((T, 1), {}), ((T,), {"axis": -1})],
    (np.multiply, "accumulate"): [((T,), {}), ((M,), {"axis": 1})],
    (np.multiply, "outer"): [((M, V), {}), ((V, S), {}), ((S, M), {}), ((V, [1.0, 2.0]), {})],
    (np.ldexp, "outer"): [((V, PLACES), {})],
}
WHOLE = {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.gcd, np.lcm, np.left_shift, np.right_shift}
GRID = np.arange(6).reshape(2, 3)
for entry in sorted({e for e in UFUNCS if e[1] != "__call__"} - set(METHODS), key=str):
    x = GRID if entry[0] in WHOLE else M
    METHODS[entry] = [((x,), {}), ((x,), {"axis": 1})]
    if entry[1] == "outer":
        METHODS[entry] = [((x, x[0] + (1 if x is GRID else 0.13)), {})]


@pytest.mark.parametrize("entry", METHODS, ids=lambda e: f"{e[0].__name__}.{e[1]}")
def test_methods_of_ufuncs(entry):
    for args, kwargs in METHODS[entry]:
        check(getattr(*entry), args, kwargs, jumps=narrows(args, kwargs) or entry[0] in JUMPS)


@pytest.mark.parametrize("name", FROM_SCIPY)
def test_functions_of_scipy_arrive_as_ufuncs(name):
    special = pytest.importorskip("scipy.special")
    check(getattr(special, name), FROM_SCIPY[name])


def test_the_error_function_arrives_and_others_have_no_rule():
    special = pytest.importorskip("scipy.special")
    check(special.erf, (M,))
    with pytest.raises(TypeError, match=r"scipy\.special\.airy has no rule for traced arrays; .*custom_vjp"):
        lux.grad(lambda x: special.airy(x)[0].sum())(M)
    with pytest.raises(TypeError, match=r"gammainc has no derivative by its argument 'a'; .*stop_gradient"):
        lux.grad(lambda a: special.gammainc(a, M).sum())(M)
    with pytest.raises(TypeError, match=r"betainc has no derivative by its argument .*stop_gradient"):
        lux.jvp(lambda a: special.betainc(a, 1.0, M / 3), (M,), (M,))


def test_every_ufunc_of_the_table_is_tried():
    called = [*CALLED, "erf", "_zeta", "digamma", *FROM_SCIPY]       # SciPy names two of them otherwise than CuPy
    assert {(f, "__call__") for f in called} | set(METHODS) == set(UFUNCS)


# --- functions --------------------------------------------------------------------------------------------------------
REDUCED = [((T,), {}), ((T, 1), {}), ((T,), {"axis": (0, -1), "keepdims": True}), ((M, None), {"keepdims": True})]
CAST = [*REDUCED, ((M, 0, np.float32), {}), ((M,), {"dtype": complex})]
VARIED = [*REDUCED, ((T, 1, None, None, 1), {}), ((T,), {"ddof": 1}), ((T, 0), {"correction": 1}),
          ((M, 0, np.float32), {})]
PICKED = [((T,), {}), ((T, 1), {}), ((T,), {"axis": 0, "keepdims": True})]
TRUTH = [((M > 1,), {}), ((M, 1), {}), ((M - M[0],), {"axis": 0, "keepdims": True})]
RUNNING = [((T,), {}), ((T, 1), {}), ((T,), {"axis": -1}), ((S,), {}), ((V, 0, np.float32), {})]
INITIAL = [((V,), {}), ((T,), {"axis": 1, "include_initial": True})]
LIKE = [((M,), {}), ((M, np.float32), {}), ((M,), {"shape": (2,)})]
ROUNDED = [((M,), {}), ((M, 1), {}), ((M,), {"decimals": 2})]

FUNCTIONS = {
    np.sum: CAST, np.prod: CAST, np.mean: CAST, np.max: REDUCED, np.amax: REDUCED, np.min: REDUCED, np.amin: REDUCED,
    np.var: VARIED, np.std: VARIED, np.all: TRUTH, np.any: TRUTH, np.argmax: PICKED, np.argmin: PICKED,
    np.cumsum: RUNNING, np.cumprod: RUNNING,
    # shapes
    np.transpose: [((T,), {}), ((T, (1, 0, 2)), {}), ((M,), {"axes": [1, 0]})],
    np.permute_dims: [((T, (2, 0, 1)), {})], np.swapaxes: [((T, 0, -1), {})], np.ravel: [((T,), {})],
    np.reshape: [((M, (3, 2)), {}), ((M, -1), {}), ((M,), {"shape": (6,)})], np.matrix_transpose: [((T,), {})],
    np.squeeze: [((M[None],), {}), ((M[:, None],), {"axis": 1})],
    np.expand_dims: [((M, 1), {}), ((M,), {"axis": (0, -1)})],
    np.moveaxis: [((T, 0, -1), {}), ((T,), {"source": (0, 1), "destination": (1, 2)})],
    np.broadcast_to: [((V, (2, 4)), {}), ((S, 3), {})], np.broadcast_arrays: [((M, V[:3], S), {})],
    np.flip: [((T,), {}), ((T, 1), {}), ((T,), {"axis": (0, 2)})], np.tile: [((M, 2), {}), ((M, (2, 1, 2)), {})],
    np.repeat: [((M, 2), {}), ((M, [1, 2, 0], 1), {}), ((M, PLACES), {"axis": 1})],
    np.roll: [((M, 1), {}), ((M, 1, 1), {}), ((T, (1, 2)), {"axis": (0, 1)}), ((M, (1, 2), 1), {}), ((M, (1, 2)), {})],
    np.tril: [((T,), {}), ((M, 1), {})], np.triu: [((T,), {}), ((M,), {"k": -1})],
    np.meshgrid: [((V, V[:2]), {}), ((V, V[:2]), {"indexing": "ij"}),
                  ((V, V[:2], V[:3]), {"sparse": True}), ((V, V[:2]), {"sparse": True, "indexing": "ij"})],
    np.shape: [((M,), {})], np.ndim: [((M,), {})], np.size: [((M,), {}), ((M, 1), {})],
    # joining and parting
    np.concatenate: [(([M, N],), {}), (([M, N], 1), {}), (((M, V),), {"axis": None}), (([V, [1.0, 2.0]],), {}),
                     (([M, N],), {"dtype": np.float32})],
    np.stack: [(([M, N],), {}), (([M, N],), {"axis": -1}), (([S, 2.0],), {}), (([M, N],), {"dtype": np.float32})],
    np.vstack: [(([V, V],), {}), (((M, N, N[0]),), {})], np.hstack: [(([V, V],), {}), (([M, N],), {}), (([S, S],), {})],
    np.diff: [((T,), {}), ((T, 2), {}), ((T, 1, 0), {}), ((M, 1, 0), {"prepend": 0.0, "append": M[:1]}),
              ((V,), {"prepend": [1.0, 2.0]})],
    # elements
    np.take: [((M, PLACES), {}), ((M, [0, 1, 0], 1), {}), ((M, np.array([[0, 1], [1, 0]])), {"axis": 0}),
              ((M, 1, 1), {})],
    np.take_along_axis: [((M, np.argsort(M), 1), {}), ((M, PLACES, None), {}),
                         ((M, np.array([[0, 1, 0]])), {"axis": 0})],
    np.where: [((MASK, M, N), {}), ((MASK, M, 0.0), {}), ((MASK, 1, M), {}), ((M > 1, M, N[0]), {}), ((M,), {})],
    np.clip: [((N, -0.5, 0.5), {}), ((N, None, 0.5), {}), ((N, N - 1, N[0] + 0.1), {}), ((N, 0.0, None), {}),
              ((N,), {"min": -0.5, "max": 0.5})],
    np.argsort: [((M,), {}), ((M, 0), {}), ((M, None), {"kind": "stable"})],
    np.nonzero: [((M,), {})], np.count_nonzero: [((M,), {}), ((M, 1), {})],
    np.searchsorted: [((np.sort(V), V), {}), ((np.sort(V), 1.0), {})],
    # products
    np.dot: [((M, N.T), {}), ((V, V), {}), ((M, 2.0), {}), ((2.0, M), {}), ((T, V), {}), ((N, T.swapaxes(1, 1)), {}),
             ((S, M), {})],
    np.tensordot: [((M, T), {}), ((M, T, 2), {}), ((M, N), {"axes": ([1], [1])}), ((M, N, 0), {})],
    np.outer: [((V, M), {}), ((V, [1.0, 2.0]), {}), ((S, V), {})],
    **LINALG_CALLS, **FOURIER_CALLS, **SORTING_CALLS, **SPECIAL_CALLS, **BEYOND, **NUMPY_CALLS,
    # copies, parts of numbers, new arrays
    np.copy: [((M,), {})], np.real: [((M,), {}), ((Z,), {})], np.imag: [((Z,), {}), ((M,), {})],
    np.round: ROUNDED, np.around: ROUNDED,
    np.zeros_like: LIKE, np.ones_like: LIKE,
    np.full_like: [((M, 2.0), {}), ((M, 2), {"dtype": int}), ((M, 1.5), {"shape": 3})],
    np.linspace: [((S, 2.0, 5), {}), ((0.0, S), {"num": 3, "endpoint": False}), ((S, S * 3, 4), {}),
                  ((V, 3.0, 3), {"axis": 1}), ((V, [3.0, 4.0, 5.0, 6.0], 3, True, True), {}),
                  ((S, 2.0, 3), {"dtype": np.float32})],
    # questions
    np.isclose: [((M, M + 1e-12), {})], np.allclose: [((M, M), {}), ((M, M + 1), {})], np.array_equal: [((M, M), {})],
    np.iscomplexobj: [((M,), {}), ((Z,), {})], np.isrealobj: [((M,), {}), ((Z,), {})],
    np.result_type: [((M, np.float32), {})], np.can_cast: [((M.dtype, np.float32), {})],
}
FUNCTIONS.update({getattr(np, name): calls for name, calls in {                  # new in NumPy 2.1
    "cumulative_sum": INITIAL, "cumulative_prod": INITIAL, "unstack": [((T,), {"axis": 1})],
    "astype": [((M, np.float32), {}), ((M, int), {}), ((M, complex), {})]}.items() if hasattr(np, name)})
JUMPING = {"round", "around", "astype", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
           "fix", "trim_zeros", "intersect1d", "setdiff1d", "setxor1d", "union1d"}
ELSEWHERE = {np.copyto, np.empty_like, *SYMMETRIC_CALLS,      # in test_traps.py, below, and in test_linalg.py
             np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask}         # in test_numpy_door.py


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_functions(f):
    for args, kwargs in FUNCTIONS[f]:
        check(f, args, kwargs, jumps=f.__name__ in JUMPING or narrows(args, kwargs))


def test_every_function_of_the_table_is_tried():
    assert set(FUNCTIONS) | ELSEWHERE == set(NUMPY_FUNCTIONS)


def test_arrays_like_a_traced_one():
    c = lux.constant(M)
    assert np.empty_like(c).shape == (2, 3) and np.empty_like(c, dtype=np.float32).dtype == np.float32
    assert np.empty_like(c, shape=(4,)).shape == (4,)
    assert float(lux.grad(lambda x: (np.full_like(x, x[1]) * x).sum())(V)[1]) == pytest.approx(V.sum() + V[1])


def test_flat_functions_of_constants_are_plain():
    for f, calls in FUNCTIONS.items():
        for args, kwargs in calls:
            if not any(map(is_floating, args)) or f in (np.shape, np.ndim, np.size):
                continue
            y = f(*[lux.constant(a) if isinstance(a, np.ndarray) else a for a in args], **kwargs)
            for part in parts(y):
                assert isinstance(part, type) or not hasattr(part, "dtype") or isinstance(
                    part, (np.ndarray, np.generic, type(lux.constant(S))))
