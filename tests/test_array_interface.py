"""A tracer is an array to everyone: operators, methods, attributes, and the namespace protocol."""
from __future__ import annotations

import operator
from types import SimpleNamespace

import array_api_compat
import numpy as np
import pytest
from likenumpy import check

import arraylux as lux
from arraylux.tracer.core import Tracer, strip
from tools import live_arrays

RNG = np.random.default_rng(3)
V, M, T = RNG.uniform(0.5, 2.0, 4), RNG.uniform(0.5, 2.0, (2, 3)), RNG.uniform(0.5, 2.0, (2, 3, 4))
N = RNG.choice([-1.0, 1.0], (2, 3)) * RNG.uniform(0.2, 0.9, (2, 3))
PLACES = np.array([2, 0, 1])

# --- operators --------------------------------------------------------------------------------------------------------
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod, operator.floordiv]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
OTHERS = {"int": 2, "float": 1.5, "np.float64": np.float64(1.5), "np.float32": np.float32(1.5), "0-d": np.asarray(1.5),
          "row": N[0] + 2, "column": N[:, :1] + 2, "list": [1.1, 2.2, 3.3], "more axes": N + np.full((2, 1, 1), 2.0)}


@pytest.mark.parametrize("op", ARITHMETIC, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", OTHERS)
def test_arithmetic(op, other):
    for f in (lambda x: op(x, OTHERS[other]), lambda x: op(OTHERS[other], x)):
        check(f, (M,), jumps=op in (operator.floordiv, operator.mod))


@pytest.mark.parametrize("op", COMPARISONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", ["int", "float", "np.float64", "row", "more axes"])
def test_comparisons_are_constants(op, other):
    other = OTHERS[other]

    def f(x):
        for y, expected in ((op(x, other), op(M, other)), (op(other, x), op(other, M)), (op(x, x), op(M, M))):
            assert type(y) is type(lux.constant(M))
            np.testing.assert_array_equal(y, expected)
        return x.sum()

    lux.grad(f)(M)
    lux.jvp(f, (M,), (M,))


def test_matmul():
    for a, b in ((M, N.T), (M, V[:3]), (V[:2], M), (N, T), (V, V)):
        check(operator.matmul, (a, b))
    check(lambda x: [[1.0, 2.0]] @ x, (M,))
    check(lambda x: x @ [[1.0], [2.0], [3.0]], (M,))


def test_operators_of_one_argument():
    for op in (operator.neg, operator.pos, operator.abs):
        check(op, (N,))


def test_integer_constants_have_their_operators():
    c = lux.constant(PLACES)
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        np.testing.assert_array_equal(op(c, 3), op(PLACES, 3))
    for op in (operator.and_, operator.or_, operator.xor):
        np.testing.assert_array_equal(op(3, c), op(3, PLACES))
    np.testing.assert_array_equal(~c, ~PLACES)
    assert [10, 20, 30][c[0]] == 30 and M[c[1], 0] == M[0, 0] and list(range(c[0])) == [0, 1]


# --- methods and attributes -------------------------------------------------------------------------------------------
METHODS = [
    "x.sum()", "x.sum(0)", "x.sum(axis=(0, 1))", "x.sum(1, None, None, True)", "x.mean(0)",
    "x.mean(axis=1, keepdims=True)", "x.prod(0)", "x.max(0)", "x.min(1)", "x.max(1, None, True)",
    "x.min(keepdims=True)", "x.var(0)", "x.var(0, ddof=1)", "x.std(1)", "x.std(axis=0, ddof=1, keepdims=True)",
    "x.cumsum()", "x.cumsum(0)", "x.cumprod()", "x.cumprod(1)", "x.clip(0.6, 1.2)", "x.clip(min=0.6)",
    "x.clip(max=1.2)", "x.take([0, 1, 1], 0)", "x.take(3)", "x.repeat(2)", "x.repeat([1, 2], 0)", "x.reshape(3, 2)",
    "x.reshape((3, 2))", "x.reshape(-1)", "x.reshape([6, 1])", "x.reshape(np.int64(6))", "x.ravel()", "x.flatten()",
    "x[None].squeeze()", "x[None].squeeze(0)", "x.transpose()", "x.transpose(1, 0)", "x.transpose((1, 0))",
    "x.transpose([1, 0])", "x.transpose(None)", "x.swapaxes(0, -1)", "x[0].transpose(0)", "x.dot(x.T)", "x.dot(2.0)",
    "x.T", "x.mT", "x[:, None].T", "x.real", "x.imag", "x.conj()", "x.conjugate()", "x.astype(complex)", "x.copy()",
    "x.mean(dtype=complex)", "x.all()", "x.any(1)", "x.all(axis=0, keepdims=True)", "x.argmax(0)", "x.argmin()",
    "x.argsort()", "x.argsort(0)", "x[1]", "x[..., 0]", "x[x > 1]", "[*x]", "len(x)", "x.shape", "x.size", "x.ndim",
    "x.dtype", "x.device",
]
JUMPING = ["x.round()", "x.round(1)", "x.astype(int)", "x.astype('float32')", "x.var(dtype='float32')",
           "x.std(0, 'float32')", "x.sum(dtype=np.float32)", "x.mean(0, np.float32)", "x.to_device('cpu')"]


@pytest.mark.parametrize("expression", [*METHODS, *JUMPING])
def test_methods(expression):
    check(lambda x: eval(expression, {"x": x, "np": np}), (M,), jumps=expression in JUMPING)


def test_vectors_are_sequences_and_numbers_are_not():
    def f(x):
        assert len(x) == 4 and [float(strip(v)) for v in x] == V.tolist() and V[2] in x and 7.0 not in x
        first, *_, last = x
        return first * last + sum(v * v for v in x[1:3])

    np.testing.assert_allclose(lux.grad(f)(V), [V[3], 2 * V[1], 2 * V[2], V[0]])

    def scalar(x):
        for refused in (len, iter, list):
            with pytest.raises(TypeError, match="without dimensions"):
                refused(x)
        return x

    lux.grad(scalar)(1.0)


def test_what_tracers_say_of_themselves():
    seen = {}

    def f(x):
        seen.update(repr=repr(x), str=str(x), format=f"{x:.2f}", plain=f"{x}", truth=bool(x > 0), int=int(x * 10))
        with pytest.raises(TypeError, match="unhashable"):
            hash(x)
        return x

    lux.grad(f)(1.25)
    assert seen["repr"].startswith("Var(level=") and "1.25" in seen["repr"] and seen["plain"] == seen["str"]
    assert seen["format"] == "1.25" and seen["truth"] is True and seen["int"] == 12
    lux.jvp(f, (1.25,), (1.0,))
    assert seen["repr"].startswith("Dual(level=") and "tangent=" in seen["repr"]
    assert repr(lux.constant(np.asarray(1.5))) == "constant(array(1.5))"


def test_the_value_decides_branches():
    def f(x):
        return x * x if x > 0 else -x

    assert float(lux.grad(f)(3.0)) == 6.0 and float(lux.grad(f)(-3.0)) == -1.0


# --- the namespace protocol -------------------------------------------------------------------------------------------
def standardise(x):
    """A function as others write it, by array-api-compat alone."""
    xp = array_api_compat.array_namespace(x)
    assert array_api_compat.is_array_api_obj(x)
    centred = x - xp.broadcast_to(xp.mean(x, axis=-1, keepdims=True), x.shape)
    size = xp.sqrt(xp.sum(centred**2, axis=-1, keepdims=True) / array_api_compat.size(x[0, ...]))
    ramp = xp.astype(xp.arange(x.shape[-1], device=array_api_compat.device(x)), x.dtype)
    y = xp.zeros(x.shape, dtype=x.dtype, device=array_api_compat.device(x))
    y[...] = centred / size
    return xp.concat([xp.vecdot(y, ramp), xp.max(y, axis=-1)])


def test_a_third_partys_function_of_the_standard():
    check(standardise, (M,))
    lux.testing.check_grads(standardise, [M], order=2)


def test_array_namespace():
    def f(x):
        xp = array_api_compat.array_namespace(x, x)
        assert xp is lux.array_namespace(x) and xp.__name__ == "arraylux[numpy]"
        assert x.__array_namespace__(api_version="2024.12") is xp
        assert xp.float32 is np.float32 and xp.pi == np.pi and xp.isdtype(x.dtype, "real floating")
        assert not array_api_compat.is_numpy_array(x) and array_api_compat.is_array_api_obj(x)
        assert array_api_compat.is_writeable_array(x) and not array_api_compat.is_lazy_array(x)
        assert array_api_compat.device(x) == "cpu" and array_api_compat.to_device(x, "cpu") is x
        return xp.sum(x)

    lux.grad(f)(M)
    assert repr(lux.array_namespace(M)) == "<namespace arraylux[numpy]>"


def test_a_namespace_of_plain_arrays_makes_plain_arrays():
    xp = lux.array_namespace(M)
    for y in (xp.zeros(3), xp.sin(M), xp.asarray([1.0]), xp.zeros_like(M), xp.linspace(0.0, 1.0, 3)):
        assert type(y) is np.ndarray and not isinstance(y, Tracer)


# --- what the standard's own tests ask --------------------------------------------------------------------------------
@pytest.mark.parametrize("traced", [False, True])
def test_a_namespace_says_what_it_is(traced):
    def f(x):
        xp = lux.array_namespace(x if traced else M)
        assert xp.__array_api_version__ == "2025.12"
        info = xp.__array_namespace_info__()
        assert info.devices() == ("cpu",) and info.default_device() == "cpu" and info.capabilities()["boolean indexing"]
        assert info.default_dtypes()["real floating"] == np.float64 and set(info.dtypes(kind="bool")) == {"bool"}
        assert xp.can_cast(x, xp.complex128) and not xp.can_cast(x, xp.float32) and not xp.can_cast(xp.int8, xp.uint8)
        assert xp.finfo(x).bits == 64 and xp.iinfo(xp.ones(2, dtype=xp.int8)).max == 127
        assert xp.result_type(x, xp.complex64) == np.complex128 and xp.isdtype(x.dtype, ("real floating", "bool"))
        return xp.sum(x)

    lux.grad(f)(M)


def test_several_results_come_as_tuples():
    def f(x):
        xp = lux.array_namespace(x)
        grids, wide = xp.meshgrid(x, V[:3], indexing="ij"), xp.broadcast_arrays(x, M[:, :1])
        assert type(grids) is type(wide) is tuple
        return xp.sum(grids[0] * grids[1]) + xp.sum(wide[0] ** 2)

    np.testing.assert_allclose(lux.grad(f)(V), V[:3].sum() + 4 * V)


def test_copies_are_apart_from_what_they_copy():
    def f(x):
        xp = lux.array_namespace(x)
        mask, numbers = xp.asarray([True, False]), xp.asarray([1, 2])
        for original in (mask, numbers, x):
            for copy in (original.copy(), np.copy(original), xp.asarray(original, copy=True)):
                before = strip(original).tolist()
                copy[0] = 0
                assert isinstance(copy, Tracer) and strip(copy)[0] == 0 and strip(original).tolist() == before
        for same in (xp.asarray(x), xp.asarray(x, copy=False), xp.from_dlpack(x)):
            assert same is x
        return xp.sum(xp.asarray(x, copy=True) * mask[0])

    np.testing.assert_array_equal(lux.grad(f)(V), np.ones(4))


def test_dlpack():
    def f(x):
        xp = lux.array_namespace(x)
        made = xp.from_dlpack(M)
        assert isinstance(made, Tracer) and strip(made).base is not None and np.shares_memory(strip(made), M)
        np.testing.assert_array_equal(np.from_dlpack(made), M)
        assert x.__dlpack_device__() == M.__dlpack_device__()
        with pytest.raises(TypeError, match="a DLPack capsule of a traced array would lose its derivative"):
            np.from_dlpack(x)
        for move in (xp.from_dlpack, xp.asarray, lambda x, device: xp.astype(x, xp.float64, device=device)):
            with pytest.raises(ValueError, match="cannot change its device from cpu to gpu"):
                move(x, device="gpu")
            assert isinstance(move(x, device="cpu"), Tracer)
        return xp.sum(xp.from_dlpack(x, device="cpu", copy=True) ** 2)

    np.testing.assert_allclose(lux.grad(f)(M), 2 * M)
    xp = lux.array_namespace(M)
    assert type(xp.from_dlpack(M)) is np.ndarray


def test_cupys_kernels_find_no_capsule():
    array = type("ndarray", (), {"__module__": "cupy", "shape": (3,), "dtype": np.dtype(float)})
    assert not hasattr(lux.constant(array()), "__dlpack__") and hasattr(lux.constant(M), "__dlpack__")


def test_isin_inverted():
    xp = lux.array_namespace(PLACES)
    np.testing.assert_array_equal(xp.isin(PLACES, np.array([2]), invert=True), [False, True, True])


# --- the namespaces with which those tests are run --------------------------------------------------------------------
@pytest.mark.parametrize("watch", [live_arrays._on_tape(), live_arrays._as_dual()])
def test_live_arrays(watch):
    traced = lux.array_namespace(watch(V))
    xp = live_arrays.LiveNamespace(traced, watch, "live")
    live = type(watch(V))
    results = [xp.zeros(3), xp.asarray([1.0]), xp.arange(3.0), xp.fft.fft(xp.ones(4)), xp.linalg.qr(xp.eye(2)).Q,
               xp.unstack(xp.ones(2))[0], xp.floor(xp.ones(2)), xp.linspace(0, 1, 3), xp.from_dlpack(V)]
    assert all(type(x) is live for x in results)
    for x in (xp.asarray([1, 2]), xp.isnan(xp.ones(2)), xp.argmax(watch(V))):
        assert type(x) is type(lux.constant(V))
    assert xp.float32 is np.float32 and xp.finfo(xp.float32).bits == 32

    careless = live_arrays.LiveNamespace(SimpleNamespace(sin=lambda x: np.sin(strip(x))), watch, "careless")
    with pytest.raises(AssertionError, match="sin of traced arrays lost their derivative"):
        careless.sin(watch(V))
