"""Precision of trees, and arithmetic on them: every kind of leaf, what is shared, other libraries, traced arrays."""
import sys

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux.component import ComponentArray
from arraylux.layers import Chain, Dense, Dropout, setup
from arraylux.precision import precision_of

pytestmark = pytest.mark.filterwarnings("error")


def a_tree():
    return {"w": np.ones((2, 3), np.float32), "b": [np.ones(2), (np.ones(1, np.float16),)], "n": np.arange(3),
            "flag": np.array([True]), "z": np.ones(2, np.complex128), "p": 0.5, "none": None, "name": "x",
            "rng": np.random.default_rng(0), "layer": Dense(2, 3)}


@pytest.mark.parametrize(("f", "real", "full"), [(lux.f32, "float32", "complex64"), (lux.f64, "float64", "complex128")])
def test_every_kind_of_leaf(f, real, full):
    before = a_tree()
    after = f(before)
    assert {after["w"].dtype, after["b"][0].dtype, after["b"][1][0].dtype} == {np.dtype(real)}
    assert after["z"].dtype == full and isinstance(after["b"][1], tuple)
    for name in ("n", "flag", "p", "none", "name", "rng", "layer"):
        assert after[name] is before[name]
    assert (after["w"] is before["w"]) == (real == "float32")             # what has the dtype already is not copied
    assert before["b"][0].dtype == np.float64
    assert f(after) is after


def test_halves():
    assert lux.f16({"w": np.array([1 + 2.0**-11])})["w"] == 1.0
    assert lux.f16(np.ones(2)).dtype == np.float16
    with pytest.raises(TypeError, match=r"tree\.z is complex, and there are no complex numbers made of float16; use"):
        lux.f16(a_tree())


def test_bfloat16(monkeypatch):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    found = lux.bf16({"w": np.array([1.0, 1 + 2.0**-9], np.float32)})["w"]
    assert found.dtype == ml_dtypes.bfloat16 and found.tolist() == [1.0, 1.0]
    assert lux.f32(found).dtype == np.float32 and precision_of(found) == "bfloat16"


def test_bfloat16_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(ImportError, match=r"bfloat16 in NumPy needs the package ml_dtypes; install it: pip install"):
        lux.bf16(np.ones(2))


def test_component_arrays_train_states_and_shared_arrays():
    model = Chain(Dense(2, 3), Dropout(0.5))
    ps, st = setup(np.random.default_rng(0), model)
    flat = lux.f64(ComponentArray(ps))
    assert isinstance(flat, ComponentArray) and flat.dtype == np.float64
    np.testing.assert_array_equal(flat.layer_1.weight, ps["layer_1"]["weight"])
    assert lux.f32(flat) == ComponentArray(ps)
    tstate = lux.f64(lux.training.TrainState(model, ps, st, lux.optimisers.Adam(0.1)))
    assert tstate.optimizer_state["layer_1"]["weight"].state[0].dtype == np.float64 and tstate.model is model
    _, loss, _, _ = lux.training.single_train_step(lux.AutoTape(), lux.MSELoss(), (np.ones((4, 2)), np.ones((4, 3))),
                                                   tstate)
    assert loss.dtype == np.float64
    shared = np.ones(2)
    moved = lux.f32({"a": shared, "b": [shared]})
    assert moved["a"] is moved["b"][0]


def test_other_libraries_and_traced_arrays():
    x = array_api_strict.asarray([1.0, 2.0], device=array_api_strict.Device("device1"))
    y = lux.f32([x])[0]
    assert y.dtype == array_api_strict.float32 and y.device == x.device
    assert lux.f64(array_api_strict.astype(x, array_api_strict.complex64)).dtype == array_api_strict.complex128
    with pytest.raises(TypeError, match=r"tree is an array of array_api_strict, which has no float16; use f32 or f64"):
        lux.f16(x)
    found = lux.grad(lambda x: (lux.f32({"x": x})["x"] ** 2).sum())(np.array([3.0]))
    assert found == 6.0 and found.dtype == np.float64


# --- match_eltype -----------------------------------------------------------------------------------------------------
PS = {"w": np.ones((1, 2), np.float32), "b": None}


@pytest.mark.parametrize(("params", "x", "expected"), [
    (np.float32, np.float64, np.float32), (np.float32, np.int64, np.float32), (np.float64, np.int32, np.float64),
    (np.float16, np.float64, np.float16), (np.float16, np.float32, np.float16), (np.float16, np.int8, np.float16),
    (np.float64, np.float32, np.float32), (np.float32, np.float32, np.float32), (np.float32, np.bool_, np.bool_),
    (np.float32, np.complex128, np.complex64), (np.complex64, np.float64, np.float32),
    (np.int32, np.float64, np.float64),
])
def test_match_eltype_brings_inputs_down(params, x, expected):
    given = np.ones(2, x)
    found = lux.match_eltype(None, {"w": np.ones(2, params)}, {}, given)
    assert found.dtype == expected and (found is given) == (x == expected)


def test_handling_of_a_mismatch():
    x, model = np.ones((1, 2)), Dense(2, 1)
    one, two = lux.match_eltype(model, PS, {}, {"a": x, "p": 1.0}, x[0])
    assert one["a"].dtype == np.float32 == two.dtype and one["p"] == 1.0 and x.dtype == np.float64
    assert lux.match_eltype(model, PS, {}, x, handling="none") is x
    sentence = r"Dense\(2 => 1\): x\.a is float64 array of shape \(1, 2\), the parameters are float32; convert it"
    with pytest.warns(UserWarning, match=sentence) as caught:
        assert lux.match_eltype(model, PS, {}, {"a": x}, handling="warn")["a"] is x
    assert caught[0].filename == __file__
    with pytest.raises(TypeError, match=sentence):
        lux.match_eltype(model, PS, {}, {"a": x}, handling="error")
    with pytest.raises(ValueError, match=r"match_eltype: handling must be .* got 'raise'"):
        lux.match_eltype(model, PS, {}, x, handling="raise")


# --- arithmetic on trees ----------------------------------------------------------------------------------------------
def test_sums_zeros_and_copies():
    x = a_tree()
    zero = lux.recursive_make_zero(x)
    assert zero["p"] == 0.0 and zero["none"] is None and zero["name"] == "x" and zero["rng"] is x["rng"]
    assert not zero["w"].any() and zero["w"].dtype == np.float32 and not zero["n"].any() and not zero["z"].any()
    assert lux.recursive_make_zero([2, True, 1j, np.inf]) == [0, True, 0j, 0.0]
    total = lux.recursive_add({"w": x["w"], "p": 0.5, "none": None, "on": True}, {"w": x["w"], "p": 1, "none": None,
                                                                                  "on": False})
    assert (total["w"] == 2).all() and total["p"] == 1.5 and total["none"] is None and total["on"] is True
    with pytest.raises(ValueError, match=r"the trees differ at tree: expected keys \['a'\], got keys \['b'\]"):
        lux.recursive_add({"a": 1}, {"b": 1})
    twin = lux.recursive_copy(x)
    twin["w"] += 1
    assert (x["w"] == 1).all() and twin["rng"] is x["rng"]
    assert lux.recursive_map(lambda a, b: a * b, {"a": [2]}, {"a": [3]}) == {"a": [6]}
    flat = ComponentArray({"a": np.ones(2), "b": np.ones(1)})
    assert lux.recursive_add(flat, flat) == 2 * flat and lux.recursive_make_zero(flat) == 0 * flat
    copied = lux.recursive_copy(flat)
    copied.a = 5.0
    assert flat.a[0] == 1.0
    assert lux.grad(lambda x: lux.recursive_add({"x": x}, {"x": x})["x"].sum())(np.ones(2)).tolist() == [2.0, 2.0]


def test_common_dtype():
    for leaves, expected in (([np.ones(1, np.float32), np.ones(1, np.float64)], np.float64), ([True, None], np.bool_),
                             ([np.ones(1, np.float16), np.ones(1, np.int8), True], np.float16), ([1], np.int64),
                             ([np.ones(1, np.float32), 1.0], np.float64), ([np.array([True])], np.bool_),
                             ([np.ones(1, np.float32), "x", np.random.default_rng(0)], np.float32), ([], np.bool_),
                             ([np.ones(1, np.complex64), np.ones(1)], np.complex128)):
        assert lux.recursive_eltype({"a": leaves}) == expected
    strict = array_api_strict.asarray([1.0], dtype=array_api_strict.float32)
    assert lux.recursive_eltype([strict, True]) == array_api_strict.float32
    assert lux.recursive_eltype([array_api_strict.asarray([True])]) == array_api_strict.bool
    with pytest.raises(TypeError, match=r"holds arrays of array_api_strict and of numpy; move all of them to one"):
        lux.recursive_eltype([strict, np.ones(1)])
    seen = []
    lux.grad(lambda x: seen.append(lux.recursive_eltype({"x": x})) or x.sum())(np.ones(2, np.float32))
    assert seen == [np.float32]
