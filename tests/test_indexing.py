"""Reading and writing elements by every kind of index, and many slices of one array."""
from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

import arraylux as lux
from arraylux.tracer.tape import Scatter

RNG = np.random.default_rng(2)
X = RNG.normal(size=(3, 4, 5))
W = RNG.normal(size=(3, 4, 5))
V = np.array([1.0, 2.0, 3.0, 4.0])

# What may stand between the brackets of x[...]: `p` are places with repeats, `m` masks.
NAMES = {"np": np, "p": np.array([2, 0, 2, 2]), "m": W > 0, "m0": np.array([True, False, True]), "m1": W[:, :, 0] > 0,
         "m2": np.array([True, False, True, False])}
INDICES = [
    "1", "-1", "1, 2", "1, 2, 3", ":", "::-1", "2:0:-1", "..., 5:0:-2", "1:", "3:", "...", "()", "..., 0", "0, ..., -1",
    "np.int64(1)", "np.asarray(2)", "m", "m0", "m1", ":, m2", "np.zeros((3, 4), bool)", "True", "p", "[0, 0, 2]",
    "np.array([-1, -1, 0])", "np.array([[0, 1], [2, 2]])", "p, p", "np.array([[0], [2]]), np.array([[1, 1, 3]])",
    "p, :, 1", ":, p", "1:, p, p", "p, :, p", "m0, 1", "np.array([], int)", "np.ix_([0, 2], [1, 1], [0, 4])"]
WITH_NEW_AXES = ["None", "None, ..., None", ":, None, 1:", "1, None, :, None, 2", "None, 1, None", "p, None, 1",
                 "..., None"]


def index_of(text):
    """Return the index that stands between brackets."""
    return eval(f"np.s_[{text}]", NAMES)


@pytest.mark.parametrize("text", INDICES + WITH_NEW_AXES)
def test_reading(text):
    index = index_of(text)
    weights = RNG.normal(size=X[index].shape)
    expected = np.zeros_like(X)
    np.add.at(expected, index, weights)                                  # the definition of the transpose
    y, pullback = lux.vjp(lambda x: x[index], X)
    np.testing.assert_array_equal(y, X[index])
    np.testing.assert_allclose(pullback(weights)[0], expected, rtol=1e-14)
    np.testing.assert_array_equal(lux.jvp(lambda x: x[index], (X,), (W,))[1], W[index])
    lux.testing.check_grads(lambda x: (x * x)[index] * x[index], [X], order=2)


@pytest.mark.parametrize("text", INDICES)
def test_writing(text):
    index = index_of(text)

    def write(x, v):
        y = x * 1.0
        y[index] = v
        return y

    # Linear in both. A place that is named twice keeps the last write, so the others have no derivative.
    value = RNG.normal(size=X[index].shape)
    expected, tangent, kept, last = X.copy(), W.copy(), np.ones_like(X), np.full(X.shape, -1)
    numbers = np.arange(value.size).reshape(value.shape)
    expected[index], tangent[index], kept[index], last[index] = value, 2 * value, 0.0, numbers
    y, pullback = lux.vjp(write, X, value)
    to_x, to_v = pullback(W)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_allclose(to_x, W * kept)
    np.testing.assert_allclose(to_v, W[index] * (last[index] == numbers))
    np.testing.assert_array_equal(lux.jvp(write, (X, value), (W, 2 * value))[1], tangent)


# --- many slices of one array -----------------------------------------------------------------------------------------
def rows_of(x):
    return [x[i] for i in range(x.shape[0])]


@pytest.mark.parametrize("split", [rows_of, list, lambda x: np.split(x, x.shape[0]),
                                   lambda x: [x[i:i + 1] for i in range(x.shape[0])],
                                   lambda x: [np.take(x, [i], axis=0) for i in range(x.shape[0])]],
                         ids=["x[i]", "iteration", "np.split", "x[i:i+1]", "np.take"])
def test_many_slices_share_one_buffer(split, monkeypatch):
    made = []
    dense = Scatter.dense
    monkeypatch.setattr(Scatter, "dense", lambda self: (made.append(1), dense(self))[1])
    x = RNG.normal(size=(300, 100))

    def f(x):
        total = 0.0
        for part in split(x):
            total = total + (part * part).sum()
        return total

    lux.grad(f)(x[:2])                                                   # fills caches
    made.clear()
    tracemalloc.start()
    g = lux.grad(f)(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(g, 2 * x)
    assert len(made) <= 1
    assert peak < 6 * x.nbytes                                           # 300 whole cotangents would be 300 times


def test_slices_and_the_whole_in_any_order():
    parts = [lambda x: x[0] * 2.0, lambda x: x.sum(), lambda x: x[1:].sum() * 3.0, lambda x: x[[0, 0, 3]].sum(),
             lambda x: (x * x).sum()]
    by_hand = [np.eye(4)[0] * 2, np.ones(4), np.array([0.0, 3, 3, 3]), np.array([2.0, 0, 0, 1]), 2 * V]
    for order in itertools.permutations(range(5), 3):
        g = lux.grad(lambda x, order=order: sum((parts[k](x) for k in order), start=0.0))(V)
        np.testing.assert_allclose(g, sum(by_hand[k] for k in order), err_msg=str(order))


def test_the_same_slice_twice_and_the_callers_cotangent():
    g = np.ones(2)
    _, pullback = lux.vjp(lambda x: (x[:2], x[:2], x[1:3]), V)
    for _ in range(2):
        np.testing.assert_array_equal(pullback((g, g, g))[0], [2.0, 3.0, 1.0, 0.0])
    np.testing.assert_array_equal(g, [1.0, 1.0])


# --- take, take_along_axis --------------------------------------------------------------------------------------------
def test_take_and_take_along_axis():
    _, pullback = lux.vjp(lambda x: lux.array_namespace(x).take(x, np.array([1, 1, 3]), axis=1), X)
    np.testing.assert_array_equal(pullback(np.ones((3, 3, 5)))[0].sum((0, 2)), [0.0, 30.0, 0.0, 15.0])

    def sort(x):
        xp = lux.array_namespace(x)
        return xp.take_along_axis(x, xp.argsort(x, axis=1), axis=1)

    x = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    g = np.array([[1.0, 10.0, 100.0], [1.0, 10.0, 100.0]])
    np.testing.assert_array_equal(lux.vjp(sort, x)[1](g)[0], [[100.0, 1.0, 10.0], [1.0, 100.0, 10.0]])
    lux.testing.check_grads(lambda x: sort(x) ** 2, [x], order=2)


def test_bad_indices_say_so():
    for index, error in ((9, IndexError), ((0, 0), IndexError), (np.array([7]), IndexError), (1.5, IndexError),
                         ("a", IndexError)):
        with pytest.raises(error):
            lux.grad(lambda x, index=index: x[index].sum())(V)
    with pytest.raises(ValueError, match="broadcast"):
        lux.grad(lambda x: _filled(x).sum())(V)


def _filled(x):
    y = np.zeros_like(x)
    y[:2] = x
    return y
