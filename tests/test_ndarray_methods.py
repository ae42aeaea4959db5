"""A traced array has what an ndarray has: every method and attribute is served, or refused in words.

The kernels of CuPy hand themselves to a traced array: what stands here for one has a name, as those have.
"""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from likenumpy import check, same

import arraylux as lux
from arraylux.tracer.absent import Absent, Missing
from arraylux.tracer.core import Tracer

RNG = np.random.default_rng(41)
V, M, T = RNG.uniform(0.5, 2.0, 4), RNG.uniform(0.5, 2.0, (2, 3)), RNG.normal(size=(2, 3, 4))
Z = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
PLACES = np.array([2, 0, 1])

CALLS = {
    "all": [(M,)], "any": [(M, 1)], "argmax": [(T, 1)], "argmin": [(T,)], "argpartition": [(V, 1)],
    "argsort": [(M,), (M, 0), (M, None)], "astype": [(M, np.float64)],
    "choose": [(PLACES, [V[:3], V[1:], M[0]]), (PLACES, V[:3], V[1:], M[0])],
    "clip": [(M, 0.8, 1.5)], "compress": [(M, [True, False, True], 1)], "conj": [(Z,)], "conjugate": [(Z,)],
    "copy": [(M,)], "cumprod": [(M,), (T, 1)], "cumsum": [(M,), (T, 1)], "diagonal": [(T,), (T, 1, 1, 2)],
    "dot": [(M, M.T), (V, V)], "flatten": [(T,)], "max": [(T, 1)], "mean": [(T, (0, 1))], "min": [(T,)],
    "nonzero": [(M,)], "prod": [(M, 0)], "ravel": [(M,)], "repeat": [(M, 2, 1)], "reshape": [(M, 3, 2), (M, (6,))],
    "round": [(M,)], "searchsorted": [(np.sort(V), 1.0), (np.sort(V), V, "right")], "squeeze": [(M[None],)],
    "std": [(M,), (T, 1, None, None, 1)], "sum": [(T,), (T, 1)], "swapaxes": [(T, 0, 2)], "trace": [(T,), (T, 1, 1, 2)],
    "take": [(M, PLACES), (M, [0, 1], 1)], "transpose": [(T,), (T, 2, 0, 1), (T, (1, 0, 2))], "var": [(M, 1)],
    "__divmod__": [(M, 0.3)], "__rdivmod__": [(M, 3.0)], "__contains__": [(M, M[0, 0]), (M, 9.0)],
}
ABSENT = {name for name, value in vars(Absent).items() if isinstance(value, Missing)}
ATTRIBUTES = ("T", "dtype", "imag", "itemsize", "mT", "nbytes", "ndim", "real", "shape", "size")
# In test_numpy_door.py, in test_array_interface.py, in test_traps.py.
ELSEWHERE = {"fill", "partition", "put", "sort", "device", "to_device", "item", "tolist"}


def test_every_name_is_served_or_refused_in_words():
    names = {name for name in dir(np.ndarray) if not name.startswith("_")}
    assert names == {name for name in {*CALLS, *ATTRIBUTES} if not name.startswith("_")} | ELSEWHERE | ABSENT


@pytest.mark.parametrize("name", CALLS)
def test_methods(name):
    def call(x, *rest):
        traced = any(isinstance(leaf, Tracer) for leaf in lux.tree.leaves(list(rest)))
        return getattr(lux.constant(x) if traced and not isinstance(x, Tracer) else x, name)(*rest)

    for args in CALLS[name]:
        check(call, args, jumps=name in ("round", "__divmod__", "__rdivmod__"))


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes(name):
    for x in (M, Z, T):
        same(getattr(lux.constant(x), name), getattr(x, name))


@pytest.mark.parametrize("name", sorted(ABSENT))
def test_what_is_absent_says_what_to_use(name):
    def f(x):
        assert not hasattr(x, name)
        return getattr(x, name)

    with pytest.raises(AttributeError, match=rf"a traced array has no '{name}'; .*[a-z]"):
        lux.vjp(f, M)
    assert not hasattr(lux.constant(M), name)


def test_round_of_a_scalar():
    check(lambda x: round(x[0, 1], 1) * x[0, 0], (M,), jumps=True)


def test_the_first_axis_fastest():
    for shape in ((-1,), (3, 2), (4, 3, -1)):
        x = T if len(shape) == 3 else M
        check(lambda x, shape=shape: x.reshape(shape, order="F"), (x,))
        check(lambda x, shape=shape: np.reshape(x, shape, order="F"), (x,))
    check(lambda x: x.ravel("F"), (T,))
    check(lambda x: x.flatten(order="F"), (T,))
    check(lambda x: np.ravel(x, "F"), (T,))


def test_copies_are_handles_of_their_own():
    for copied in (copy.copy, copy.deepcopy):
        def f(x, copied=copied):
            y = copied(x)
            y[0] = 0.0
            return (x * x + y * y).sum()

        np.testing.assert_array_equal(lux.grad(f)(V), [2 * V[0], *4 * V[1:]])
    with pytest.raises(TypeError, match=r"cannot be pickled.*stop_gradient\(x\)"):
        lux.grad(lambda x: pickle.dumps(x))(V)


# --- CuPy -----------------------------------------------------------------------------------------------------------
class Kernel:
    """What a ufunc of CuPy's shows: its name, and how many arguments it takes."""

    def __init__(self, name, nin):
        self.name, self.nin = name, nin

    def __call__(self, *args, **kwargs):
        tracer = next(a for a in args if hasattr(a, "__cupy_override_elementwise_kernel__"))
        return tracer.__cupy_override_elementwise_kernel__(self, *args, **kwargs)


class Reduction:
    """What a reduction of CuPy's shows."""

    def __init__(self, name):
        self.name = name

    def __call__(self, x, axis=None, dtype=None, out=None, keepdims=False):
        return x.__cupy_override_reduction_kernel__(self, axis, dtype, out, keepdims)


@pytest.mark.parametrize(("name", "like", "args"), [
    ("cupy_sin", np.sin, (M,)), ("cupy_true_divide", np.divide, (M, 2.0)), ("cupy_arctan2", np.arctan2, (M, M[0])),
    ("cupy_power", np.power, (2.0, M)), ("cupy_absolute", np.absolute, (T,)), ("cupy_sinc", np.sinc, (M,)),
    ("cupy_where", np.where, (M > 1, M, 0.0)), ("cupy_greater", np.greater, (M, 1.0)), ("cupy_i0", np.i0, (M,))])
def test_a_ufunc_of_cupy(name, like, args):
    def f(*given):
        if any(hasattr(a, "__cupy_override_elementwise_kernel__") for a in given):
            return Kernel(name, len(args))(*given)
        return like(*given)

    check(f, args, like=like)


@pytest.mark.parametrize("name", ["cupyx_scipy_special_gammaln", "cupyx_scipy_gamma", "cupyx_scipy_special_digamma"])
def test_a_special_function_of_cupy(name):
    special = pytest.importorskip("scipy.special")
    like = getattr(special, name.rpartition("_")[2])
    check(lambda x: like(x) if isinstance(x, np.ndarray) else Kernel(name, 1)(x), (M,), like=like)


@pytest.mark.parametrize(("name", "like"), [("cupy_sum", np.sum), ("cupy_count_nonzero", np.count_nonzero),
                                            ("cupy_max", np.max)])
def test_a_reduction_of_cupy(name, like):
    for how in ({}, {"axis": 1}, {"axis": 0, "keepdims": True}):
        check(lambda x, how=how: like(x, **how) if isinstance(x, np.ndarray) else Reduction(name)(x, **how), (M,),
              like=lambda x, how=how: like(x, **how))


@pytest.mark.parametrize(("f", "message"), [
    (lambda x: Kernel("my_kernel", 1)(x), "kernel my_kernel of CuPy has no rule .*custom_vjp"),
    (lambda x: Kernel("cupyx_scipy_special_ellipk", 1)(x), "ellipk of CuPy has no rule"),
    (lambda x: Kernel("cupy_sin", 1)(x, np.zeros((2, 3))), "cupy_sin of CuPy cannot use out= .*returned value"),
    (lambda x: Kernel("cupy_sin", 1)(x, out=np.zeros((2, 3))), "cupy_sin of CuPy cannot use out="),
    (lambda x: Kernel("cupy_sin", 1)(x, dtype=np.float32), "cannot use dtype= .*astype"),
    (lambda x: Reduction("my_sum")(x), "kernel my_sum of CuPy has no rule"),
    (lambda x: Reduction("cupy_sum")(x, out=np.zeros(3)), "cupy_sum of CuPy cannot use out="),
])
def test_what_cupy_cannot_have_is_refused_in_words(f, message):
    with pytest.raises(TypeError, match=message):
        lux.grad(f)(M)


def test_nothing_lets_cupy_take_the_values():
    for name in ("__cupy_get_ndarray__", "__cuda_array_interface__", "__array_interface__", "__array_struct__"):
        assert not hasattr(lux.constant(M), name)
