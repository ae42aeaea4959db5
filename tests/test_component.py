"""ComponentArray: a tree that is a vector, checked against the same sums done by hand on plain arrays."""
import copy
import pickle
import re
from typing import NamedTuple

import array_api_strict as strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import tree
from arraylux.component import ComponentArray
from arraylux.julia_repr import julia_repr

# What Julia 1.12 printed for the first Dense(10 => 5) of seed 0.
PRINTED_BY_JULIA = (
    "ComponentVector{Float32}(weight = Float32[-0.48351604 0.29944378 0.44048923 0.52216566 0.20001544 0.14378412 "
    "4.831728f-6 0.53108513 -0.30674055 0.034259237; -0.049033877 -0.42427677 0.27051237 0.40789896 -0.43846488 "
    "-0.17706363 -0.032581452 0.46514037 0.19584312 0.23992884; 0.4501613 0.48263645 -0.29908532 -0.18695378 "
    "-0.110237636 -0.44184566 0.40354213 0.25278288 0.18056089 -0.35231933; 0.05218965 -0.09701933 0.27035677 "
    "0.12589002 -0.2956183 0.34717596 -0.421895 -0.1307367 0.36829442 -0.30972943; 0.20277861 -0.5152452 -0.22635894 "
    "0.18841727 0.29828638 0.21690919 -0.04265763 -0.41919124 0.07148273 -0.45247707], bias = Float32[-0.04199602, "
    "-0.093925126, -0.0007736237, -0.19397983, 0.0066712513])")

f32 = np.float32


class Pair(NamedTuple):
    left: object
    right: object


def dense():
    return ComponentArray({"weight": np.arange(6, dtype=f32).reshape(2, 3), "bias": np.asarray([10, 20], dtype=f32)})


def deep():
    """A tree with every kind of container: nested, empty, list, tuple, named tuple, and a 0-d array."""
    return ComponentArray({
        "layer_1": {"weight": np.arange(6.0).reshape(2, 3), "bias": np.asarray([6.0, 7.0])},
        "layer_2": {},
        "cells": [{"scale": np.asarray(8.0)}, (np.asarray([9.0]), np.asarray([[10.0], [11.0]]))],
        "pair": Pair(np.asarray([12.0]), {"x": np.asarray([13.0])})})


# ---------------------------------------------------------------------------------------------- printing

def test_prints_what_julia_prints():
    numbers = np.asarray([float(x.replace("f", "e")) for x in re.findall(r"-?\d\.\d+(?:f-\d)?", PRINTED_BY_JULIA)], f32)
    assert numbers.shape == (55,)
    ps = ComponentArray({"weight": numbers[:50].reshape(5, 10), "bias": numbers[50:]})
    assert repr(ps) == PRINTED_BY_JULIA
    assert str(ps) == PRINTED_BY_JULIA


@pytest.mark.parametrize(("x", "text"), [
    (f32(0.58720636), "0.58720636f0"),
    (np.asarray([-0.4051151, -0.4593922, 0.92155594, 1.1871622], f32),
     "Float32[-0.4051151, -0.4593922, 0.92155594, 1.1871622]"),
    (np.asarray([0.4552384158732863, 0.02964765308691042]), "[0.4552384158732863, 0.02964765308691042]"),
    (np.asarray([[0, 3, 5, 7], [0, 4, 6, 8]]), "[0 3 5 7; 0 4 6 8]"),
    (f32(9.3742405e-5), "9.3742405f-5"),
    (f32(0.00010546902), "0.00010546902f0"),
    (np.asarray([1e5, 1e6, 1e-4, 1e-5, -0.0]), "[100000.0, 1.0e6, 0.0001, 1.0e-5, -0.0]"),
    (np.asarray([np.nan, np.inf, -np.inf], f32), "Float32[NaN, Inf, -Inf]"),
    (f32(np.nan), "NaN32"),
    (np.asarray([999.0, 1000.0], np.float16), "Float16[999.0, 1.0e3]"),
    (np.float16(0.5), "Float16(0.5)"),
    (2.0, "2.0"),
    (3, "3"),
    (True, "true"),
    (np.asarray([True, False]), "Bool[1, 0]"),
    (np.asarray([1, 2], np.int32), "Int32[1, 2]"),
    (np.asarray([1 + 2j, 3 - 1j]), "ComplexF64[1.0 + 2.0im, 3.0 - 1.0im]"),
    (np.complex64(1 - 2j), "1.0f0 - 2.0f0im"),
    (np.zeros(0, f32), "Float32[]"),
    (np.zeros((0, 3), f32), "Matrix{Float32}(undef, 0, 3)"),
    (np.ones((2, 1)), "[1.0; 1.0;;]"),
    (np.asarray([[[1, 5], [2, 6]], [[3, 7], [4, 8]]]), "[1 2; 3 4;;; 5 6; 7 8]"),
    (np.ones((1, 2, 1), f32), "Float32[1.0 1.0;;;]"),
    (np.zeros((1, 1, 1, 2)), "[0.0;;;; 0.0]"),
])
def test_julia_repr(x, text):
    assert julia_repr(x) == text


def test_prints_nested():
    assert repr(deep()) == (
        "ComponentVector{Float64}(layer_1 = (weight = [0.0 1.0 2.0; 3.0 4.0 5.0], bias = [6.0, 7.0]), layer_2 = (), "
        "cells = ((scale = 8.0), ([9.0], [10.0; 11.0;;])), pair = ([12.0], (x = [13.0])))")
    assert repr(ComponentArray({})) == "ComponentVector{Float32}()"


# ------------------------------------------------------------------------------------ the vector and its views

def test_one_vector_in_the_order_of_the_tree():
    ps = dense()
    assert ps.flat.tolist() == [0, 1, 2, 3, 4, 5, 10, 20]
    assert ps.dtype == f32
    assert (len(ps), ps.size, ps.shape, ps.ndim) == (8, 8, (8,), 1)
    assert deep().flat.tolist() == list(range(14))


def test_construction_copies():
    w = np.ones(2, f32)
    ps = ComponentArray({"w": w})
    ps.w[0] = 5
    assert w.tolist() == [1, 1]


def test_components_are_views():
    ps = dense()
    assert np.shares_memory(ps.weight, ps.flat)
    ps.weight[1, 2] = -1
    ps["bias"][...] = 7
    ps.flat[0] = 100
    assert ps.flat.tolist() == [100, 1, 2, 3, 4, -1, 7, 7]
    assert ps.weight[0, 0] == 100


def test_nested_components_are_views():
    ps = deep()
    assert isinstance(ps.layer_1, ComponentArray)
    ps.layer_1.bias[0] = -6
    ps.cells[0].scale[...] = -8
    ps.cells[1][1][1, 0] = -11
    ps.pair.right.x = -13
    assert ps.flat.tolist() == [0, 1, 2, 3, 4, 5, -6, 7, -8, 9, 10, -11, 12, -13]
    assert ps.layer_1.flat.tolist() == [0, 1, 2, 3, 4, 5, -6, 7]
    assert isinstance(ps.cells, tuple)
    assert isinstance(ps.pair, Pair)


def test_assignment_writes_into_the_vector():
    ps = deep()
    flat = ps.flat
    ps.layer_1.bias = 0.5
    ps["layer_1"]["weight"] = np.ones((2, 3), f32)
    ps.cells = [{"scale": 2.0}, (3.0, 4.0)]
    ps.pair = Pair([5.0], {"x": 6.0})
    assert ps.flat is flat
    assert flat.tolist() == [1, 1, 1, 1, 1, 1, 0.5, 0.5, 2, 3, 4, 4, 5, 6]
    ps.layer_1 = {"weight": np.zeros((2, 3)), "bias": np.ones(2)}
    assert flat[:8].tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    with pytest.raises(ValueError, match=r"layer_1: expected keys \['weight', 'bias'\], got keys \['weight'\]"):
        ps.layer_1 = {"weight": np.zeros((2, 3))}
    with pytest.raises(ValueError, match="broadcast"):
        ps.layer_1.bias = np.zeros(3)


def test_common_dtype():
    assert ComponentArray({"a": np.ones(1, f32), "b": np.ones(1)}).dtype == np.float64
    assert ComponentArray({"a": np.ones(1, np.float16), "b": {"c": {}}}).dtype == np.float16
    half = ComponentArray({"a": np.ones(1, np.float16), "b": {"c": {}}})
    assert tree.map(lambda a: a, half).dtype == np.float16
    assert ComponentArray({"a": np.ones(1, np.int64)}).dtype == np.int64
    assert ComponentArray({"a": np.ones(1, np.complex64), "b": np.ones(1, f32)}).dtype == np.complex64


def test_empty():
    ps = ComponentArray({})
    assert (ps.shape, ps.dtype, list(ps)) == ((0,), f32, [])
    assert ComponentArray({"layer_1": {}}).layer_1.size == 0
    assert tree.unflatten(tree.flatten(ps)[1], []) == ps


def test_asarray_is_the_vector():
    ps = dense()
    assert np.asarray(ps) is ps.flat
    assert np.asarray(ps, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(ps), ps.flat)
    assert np.linalg.norm(ComponentArray({"a": np.asarray([3.0]), "b": np.asarray([4.0])})) == 5.0


def test_over_a_vector():
    ps = dense()
    x = np.arange(8.0)
    other = ComponentArray(x, ps.axes)
    assert other.flat is x
    assert other.bias.tolist() == [6, 7]
    with pytest.raises(ValueError, match=r"need a vector of shape \(8,\), got float64 array of shape \(7,\)"):
        ComponentArray(x[:7], ps.axes)


# ----------------------------------------------------------------------------------------------- like a dict

def test_like_a_dict():
    ps = dense()
    assert list(ps) == list(ps.keys()) == ["weight", "bias"]
    assert "bias" in ps
    assert "flat" not in ps
    assert ps.get("bias") is ps["bias"]
    assert ps.get("scale") is None
    assert ps.get("scale", 3) == 3
    assert [v.shape for v in ps.values()] == [(2, 3), (2,)]
    assert {k: v.size for k, v in ps.items()} == {"weight": 6, "bias": 2}
    assert dict(ps)["bias"] is ps.bias
    assert {**ps}.keys() == {"weight", "bias"}
    assert "weight" in dir(ps)


def test_names_that_are_methods_are_reached_by_key():
    ps = ComponentArray({"keys": np.ones(1), "flat": np.ones(2), "_x": np.ones(3)})
    assert ps["keys"].shape == (1,)
    assert ps["flat"].shape == (2,)
    assert ps["_x"].shape == (3,)
    assert ps.flat.shape == (6,)
    ps["keys"] = 4
    assert ps.flat[0] == 4
    with pytest.raises(AttributeError, match="by key only"):
        ps.flat = 3


def test_unknown_names():
    ps = dense()
    with pytest.raises(KeyError, match="no component 'wieght'; it has weight, bias"):
        ps["wieght"]
    with pytest.raises(KeyError, match="no component 'wieght'"):
        ps["wieght"] = 1
    with pytest.raises(AttributeError, match="no component 'wieght'; it has weight, bias"):
        _ = ps.wieght
    with pytest.raises(AttributeError, match="no component 'wieght'"):
        ps.wieght = 1
    assert not hasattr(ps, "scale")


def test_to_dict():
    ps = deep()
    plain = ps.to_dict()
    assert type(plain) is type(plain["layer_1"]) is type(plain["cells"][0]) is type(plain["pair"].right) is dict
    assert plain["layer_2"] == {}
    assert np.shares_memory(plain["cells"][1][0], ps.flat)
    assert ComponentArray(plain) == ps


@pytest.mark.parametrize(("leaf", "what"), [(None, "None"), ("x", "a str"), (3, "a int"), (1.5, "a float"),
                                            (np.asarray(["a"]), "<U1 array|str")])
def test_leaves_must_be_arrays(leaf, what):
    with pytest.raises(TypeError, match=rf"tree\.layer_1\.bias is .*({what}).*expected an array of numbers"):
        ComponentArray({"layer_1": {"weight": np.ones(1), "bias": leaf}})


def test_root_must_be_a_dict():
    with pytest.raises(TypeError, match=r"expected a dict of arrays, got float64 array of shape \(2,\)"):
        ComponentArray(np.ones(2))


# ---------------------------------------------------------------------------------------------- arithmetic

def test_arithmetic_with_numbers_vectors_and_its_like():
    ps, x = dense(), np.arange(6, dtype=f32).reshape(2, 3)
    vector = np.arange(8, dtype=f32)
    assert (2 * ps + 1).weight.tolist() == (2 * x + 1).tolist()
    assert (1 - ps / 2).weight.tolist() == (1 - x / 2).tolist()
    assert (ps**2).bias.tolist() == [100, 400]
    assert (2**ps).weight.tolist() == (2**x).tolist()
    assert (1 / (ps + 1)).bias.tolist() == [f32(1) / f32(11), f32(1) / f32(21)]
    assert (ps - ps).flat.tolist() == [0] * 8
    assert (-ps).bias.tolist() == [-10, -20]
    assert (ps + vector).bias.tolist() == [16, 27]
    assert (vector - ps).bias.tolist() == [-4, -13]
    assert (f32(2) * ps).bias.tolist() == [20, 40]
    assert (np.asarray(2, f32) * ps).bias.tolist() == [20, 40]
    for result in (2 * ps, ps / 2, vector + ps, ps * vector, f32(2) * ps, ps**2, ps + ps, -ps):
        assert isinstance(result, ComponentArray)
        assert result.dtype == f32
        assert result.axes is ps.axes
    assert ps @ ps == 0 + 1 + 4 + 9 + 16 + 25 + 100 + 400
    assert (2 * np.eye(8, dtype=f32) @ ps).bias.tolist() == [20, 40]
    assert ps == dense()


def test_in_place_operators_make_a_new_array():
    ps = dense()
    old = ps
    ps += 1
    assert old == dense()
    assert ps.bias.tolist() == [11, 21]


def test_ufuncs():
    ps = dense()
    assert np.sqrt(ps).weight[1, 1] == 2
    assert np.maximum(ps, 3).weight.tolist() == [[3, 3, 3], [3, 4, 5]]
    assert np.greater(ps, 3).bias.tolist() == [True, True]
    assert np.add.reduce(ps) == np.sum(ps) == 45
    out = dense()
    np.multiply(ps, 2, out=out)
    assert out.bias.tolist() == [20, 40]


def test_arithmetic_needs_the_same_axes():
    ps = dense()
    other = ComponentArray({"weight": np.ones((3, 2), f32), "bias": np.ones(2, f32)})
    with pytest.raises(ValueError, match=r"same axes on both sides, got \(weight: \(2, 3\).*weight: \(3, 2\)"):
        ps + other
    with pytest.raises(ValueError, match="same axes"):
        np.add(ps, other)
    with pytest.raises(ValueError, match=r"a vector of shape \(8,\), got float64 array of shape \(2,\)"):
        ps * np.ones(2)
    with pytest.raises(TypeError):
        ps + {"weight": 1}


def test_equality_is_one_bool():
    ps = dense()
    assert (ps == dense()) is True
    assert (ps == ps + 1) is False
    assert ps != ComponentArray({"bias": ps.bias, "weight": ps.weight})
    assert ps != ps.to_dict()
    assert ComponentArray({"x": np.asarray([np.nan])}) != ComponentArray({"x": np.asarray([np.nan])})
    with pytest.raises(TypeError, match="unhashable"):
        hash(ps)


# ------------------------------------------------------------------------------------- copies and pickles

@pytest.mark.parametrize("duplicate", [ComponentArray.copy, copy.copy, copy.deepcopy, ComponentArray,
                                       lambda ps: pickle.loads(pickle.dumps(ps))])
def test_copies_have_numbers_of_their_own(duplicate):
    ps = deep()
    twin = duplicate(ps)
    assert twin == ps
    assert twin.axes is ps.axes
    twin.layer_1.bias = -1
    assert twin.flat[6] == -1
    assert ps == deep()


def test_pickle_of_a_part_holds_the_part():
    part = pickle.loads(pickle.dumps(deep().layer_1))
    assert part.flat.tolist() == list(range(8))
    assert part.bias.tolist() == [6, 7]


def test_axes_are_shared_and_compared_by_value():
    a, b = deep().axes, deep().axes
    assert a is b
    fresh = type(a)(a.kind, a.keys, a.parts)
    assert fresh == a
    assert hash(fresh) == hash(a)
    assert fresh != dense().axes


# ------------------------------------------------------------------------------------------------ as a tree

def test_flatten_and_unflatten():
    ps = deep()
    leaves, structure = tree.flatten(ps)
    assert [leaf.shape for leaf in leaves] == [(2, 3), (2,), (), (1,), (2, 1), (1,), (1,)]
    assert structure.kind is ComponentArray
    twin = tree.unflatten(structure, leaves)
    assert twin == ps
    assert twin.axes is ps.axes
    assert not np.shares_memory(twin.flat, ps.flat)
    assert np.shares_memory(twin.layer_1.weight, twin.flat)


def test_map():
    ps = dense()
    double = tree.map(lambda a, b: a + b, ps, ps.to_dict())
    assert isinstance(double, ComponentArray)
    assert double.bias.tolist() == [20, 40]
    sums = tree.map(np.sum, ps)
    assert sums.flat.tolist() == [15, 30]
    assert sums.weight.shape == ()


def test_leaves_that_are_no_arrays_are_kept():
    grads = tree.map(lambda a: None if a.ndim == 1 else a, dense())
    assert grads.bias is None
    assert grads["weight"].shape == (2, 3)
    assert tree.leaves(grads)[1] is None
    assert copy.deepcopy(grads).bias is None
    assert grads.copy().bias is None
    assert repr(grads) == "ComponentVector(weight = Float32[0.0 1.0 2.0; 3.0 4.0 5.0], bias = None)"
    with pytest.raises(TypeError, match=r"tree\.bias is None"):
        _ = grads.flat
    shapes = tree.map(np.shape, dense())
    assert shapes.weight == (2, 3)


# ------------------------------------------------------------------------------------- derivatives and devices

def test_gradient_of_components():
    ps = dense()
    x = np.asarray([1, 2, 3], f32)
    grads = lux.grad(lambda p: (p.weight @ x + 2 * p["bias"]).sum())(ps)
    assert grads == ComponentArray({"weight": np.asarray([[1, 2, 3], [1, 2, 3]], f32), "bias": np.full(2, 2, f32)})
    assert np.shares_memory(grads.weight, grads.flat)


def test_gradient_of_arithmetic():
    ps = deep()
    assert lux.grad(lambda p: (p * p).flat.sum() / 2)(ps) == ps
    cosine = lux.grad(lambda p: np.sin(p).flat.sum())(ps)
    assert np.allclose(cosine.flat, np.cos(np.arange(14)))
    y, dy = lux.jvp(lambda p: 3 * p, (ps,), (ps,))
    assert y == dy == 3 * ps
    assert lux.vjp(lambda p: p * p, ps)[1](ps)[0] == 2 * ps * ps


def test_assignment_under_differentiation():
    ps = dense()

    def f(p):
        p = p.copy()
        p.bias = 3 * p.bias
        p.weight[0] = 0
        return p.flat.sum()

    grads = lux.grad(f)(ps)
    assert grads.bias.tolist() == [3, 3]
    assert grads.weight.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert ps == dense()

    def g(p):
        p.bias = p.weight
        return p.flat.sum()

    with pytest.raises(ValueError, match=r"bias needs float32 array of shape \(2,\), got .*shape \(2, 3\)"):
        lux.grad(g)(ps)


@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_arrays_of_another_library(device):
    device = strict.Device(device)
    w = strict.asarray([[1.0, 2.0]], dtype=strict.float32, device=device)
    ps = ComponentArray({"layer": {"w": w}, "b": [strict.asarray([3.0], dtype=strict.float32, device=device)]})
    assert ps.layer.w is w
    assert isinstance(ps.b, tuple)
    assert (ps.size, ps.dtype, ps.flat.device) == (3, strict.float32, device)
    twice = 2 * ps + ps.flat
    assert isinstance(twice, ComponentArray)
    assert bool(strict.all(twice.layer.w == 3 * w))
    assert twice.b[0].device == device
    assert twice == ps + ps + ps
    twice.layer.w = w
    assert twice.flat.device == device
    assert bool(strict.all(twice.flat[:2] == w[0, :]))
    assert ps.copy() == ps
    assert ps.copy().layer.w is not w
    with pytest.raises(ValueError, match=r"w needs a?.*shape \(1, 2\), got"):
        twice.layer.w = w[0, :]
