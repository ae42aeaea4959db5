"""Parameters as one vector and back, and the list of what is trained."""
import array_api_strict as strict
import numpy as np
import pytest

import arraylux as lux
from arraylux.optimisers import Descent, destructure, setup, trainables

WEIGHT, BIAS = np.arange(6.0).reshape(2, 3), np.asarray([10.0, 20.0])


def forest():
    shared = np.asarray([7.0, 8.0])
    return {"dense": {"weight": WEIGHT, "bias": BIAS}, "tied": [shared, (shared, np.asarray([1, 2]))],
            "scale": np.asarray(5.0), "name": "net"}


def test_there_and_back():
    tree = forest()
    flat, restructure = destructure(tree)
    assert flat.tolist() == [0, 1, 2, 3, 4, 5, 10, 20, 7, 8, 5]
    assert repr(restructure) == "Restructure(11 numbers)"
    new = restructure(-flat)
    np.testing.assert_array_equal(new["dense"]["weight"], -WEIGHT)
    np.testing.assert_array_equal(new["dense"]["bias"], -BIAS)
    assert new["tied"][0] is new["tied"][1][0] and new["tied"][0].tolist() == [-7, -8]
    assert new["tied"][1][1] is tree["tied"][1][1]
    assert new["scale"].shape == () and new["scale"] == -5
    assert new["name"] == "net"
    assert type(new["tied"]) is list and type(new["tied"][1]) is tuple


def test_dtypes_are_promoted_and_restored():
    tree = {"a": np.asarray([1.0], np.float32), "b": np.asarray([2j], np.complex64), "c": np.asarray([3.0], np.float16)}
    flat, restructure = destructure(tree)
    assert flat.dtype == np.complex64 and flat.tolist() == [1, 2j, 3]
    new = restructure(flat * (1 + 1j))
    assert [new[k].dtype for k in "abc"] == [np.float32, np.complex64, np.float16]
    assert [new[k].tolist() for k in "abc"] == [[1], [-2 + 2j], [3]]


def test_what_can_not_be_trained_may_come_from_another_tree():
    flat, restructure = destructure({"w": BIAS, "steps": 3, "n": np.asarray([1])})
    new = restructure(flat, {"w": BIAS, "steps": 4, "n": np.asarray([2])})
    assert (new["steps"], new["n"].tolist(), new["w"].tolist()) == (4, [2], [10, 20])
    with pytest.raises(ValueError, match="the trees differ"):
        restructure(flat, {"w": BIAS})


def test_errors():
    flat, restructure = destructure(forest())
    for bad in (flat[:-1], flat[None], 3.0):
        with pytest.raises(ValueError, match=r"made from a vector of shape \(11,\), got"):
            restructure(bad)
    with pytest.raises(TypeError, match="destructure: found no array of floating-point numbers"):
        destructure({"n": np.asarray([1]), "s": "x"})


def test_both_ways_are_differentiable_twice():
    flat, restructure = destructure(forest())

    def energy(vector):
        tree = restructure(vector)
        again, _ = destructure(tree)
        return (again**3).sum() + (tree["dense"]["weight"] @ np.ones(3) * tree["tied"][1][0]).sum()

    x = np.linspace(0.1, 1.0, flat.size)
    step, numeric = 1e-6, []
    for e in np.eye(flat.size):
        numeric.append((energy(x + step * e) - energy(x - step * e)) / (2 * step))
    np.testing.assert_allclose(lux.grad(energy)(x), numeric, rtol=1e-8)
    hessian = np.diag(6 * x)
    for row in range(2):
        hessian[3 * row:3 * row + 3, 8 + row] = hessian[8 + row, 3 * row:3 * row + 3] = 1
    np.testing.assert_allclose(lux.hessian(energy)(x), hessian, rtol=1e-12, atol=1e-12)


def test_another_library_and_its_device():
    device = strict.Device("device1")
    tree = {"a": strict.ones((2, 1), dtype=strict.float32, device=device), "b": strict.zeros(1, device=device)}
    flat, restructure = destructure(tree)
    assert flat.device == device and flat.dtype == strict.float64 and flat.shape == (3,)
    new = restructure(2 * flat)
    assert new["a"].device == device and new["a"].dtype == strict.float32 and new["a"].shape == (2, 1)


def test_component_array():
    ps = lux.ComponentArray({"w": WEIGHT, "b": BIAS})
    flat, restructure = destructure(ps)
    np.testing.assert_array_equal(flat, ps.flat)
    assert restructure(2 * flat) == 2 * ps


def test_trainables():
    tree = forest()
    pairs = trainables(tree, path=True)
    assert [path for path, _ in pairs] == ["dense.weight", "dense.bias", "tied.0", "scale"]
    assert all(a is b for (_, a), b in zip(pairs, trainables(tree), strict=True))
    assert trainables(tree)[2] is tree["tied"][0]
    assert trainables(WEIGHT)[0] is WEIGHT
    assert trainables({"n": np.asarray([1]), "x": None}) == []


def test_trainables_are_what_setup_trains():
    state = setup(Descent(), forest())
    assert state["dense"]["bias"] is not None and state["tied"][1][1] is None and state["name"] is None


def test_trainables_can_be_differentiated():
    # The gradient of half the sum of squares of all that is trained, as in a penalty, is the parameter itself.
    ps = {"w": WEIGHT, "rest": [BIAS]}
    g = lux.grad(lambda ps: sum(0.5 * (x**2).sum() for x in trainables(ps)))(ps)
    np.testing.assert_array_equal(g["w"], WEIGHT)
    np.testing.assert_array_equal(g["rest"][0], BIAS)
