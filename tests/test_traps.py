"""What cannot be right raises one sentence: in-place operations, conversions, functions without a rule."""
from __future__ import annotations

import math
import re

import numpy as np
import pytest

import arraylux as lux
from arraylux.tracer.core import strip

RNG = np.random.default_rng(4)
M = RNG.uniform(0.5, 2.0, (2, 3))
MASK = np.array([[True, False, True], [False, False, True]])


def add_in_place(x):
    a = M.copy()
    a += x
    return a


def assign_into_plain(x):
    a = np.zeros(3)
    a[0] = x[0, 0]
    return a


def assign_slice_into_plain(x):
    a = np.zeros((2, 3))
    a[:] = x
    return a


TRAPS = {
    "a += x": (add_in_place, "np.add cannot use out=.*write a = a . x"),
    "np.sin(x, out=a)": (lambda x: np.sin(x, out=M.copy()), "np.sin cannot use out=.*returned value"),
    "np.sin(x, a)": (lambda x: np.sin(x, M.copy()), "np.sin cannot use out="),
    "np.add(x, 1, where=m)": (lambda x: np.add(x, 1.0, where=MASK), "np.add cannot use where=.*xp.where"),
    "np.add(x, 1, dtype=d)": (lambda x: np.add(x, 1.0, dtype=np.float32), "np.add cannot use dtype=.*astype"),
    "np.sum(x, out=a)": (lambda x: np.sum(x, axis=0, out=np.zeros(3)), "np.sum cannot use out="),
    "np.sum(x, 0, None, a)": (lambda x: np.sum(x, 0, None, np.zeros(3)), "a traced array cannot use out="),
    "x.max(0, out=a)": (lambda x: x.max(0, out=np.zeros(3)), "a traced array cannot use out=.*returned value"),
    "np.sum(x, where=m)": (lambda x: np.sum(x, where=MASK), "np.sum cannot use where="),
    "np.max(x, initial=0)": (lambda x: np.max(x, initial=0.0), "np.max cannot use initial="),
    "np.add.reduce(x, initial=1)": (lambda x: np.add.reduce(x, initial=1.0), "np.add cannot use initial="),
    "np.add.reduce(x, where=m)": (lambda x: np.add.reduce(x, where=MASK), "np.add cannot use where="),
    "np.take(x, i, mode='clip')": (lambda x: np.take(x, [9], mode="clip"), "np.take cannot use mode="),
    "np.add.at(a, i, x)": (lambda x: np.add.at(M.copy(), 0, x[0]), r"np.add.at has no rule.*index_add\(a, x, index"),
    "np.add.reduceat(x, i)": (lambda x: np.add.reduceat(x, [0, 1]), "np.add.reduceat has no rule"),
    "np.power.reduce(x)": (lambda x: np.power.reduce(x), "np.power.reduce has no rule.*loop over the rows"),
    "np.full_like(a, x)": (lambda x: np.full_like(M, x[0, 0]), "cannot be written into a plain .* array.*zeros_like"),
    "a[i] = x": (assign_into_plain, r"traced array would lose its derivative.*np.zeros_like\(x\)"),
    "a[:] = x": (assign_slice_into_plain, r"a\[i\] = x.*np.zeros_like\(x\)"),
    "math.sin(x)": (lambda x: math.sin(x[0, 0]), r"float\(\) of a traced array would lose its derivative.*xp.sin"),
    "float(x)": (lambda x: float(x[0, 0]), "stop_gradient"),
    "complex(x)": (lambda x: complex(x[0, 0]), r"complex\(\) of a traced array would lose its derivative"),
    "x.item()": (lambda x: x[0, 0].item(), r"item\(\) of a traced array would lose its derivative"),
    "x.tolist()": (lambda x: x.tolist(), r"tolist\(\) of a traced array would lose its derivative"),
    "np.asarray(x)": (lambda x: np.asarray(x), "a NumPy array of a traced array would lose its derivative"),
    "np.array(x)": (lambda x: np.array(x), "would lose its derivative"),
    "np.array([x, x])": (lambda x: np.array([x, x]), "np.array.*use xp.stack"),
    "np.array([x[0, 0], 1.0])": (lambda x: np.array([x[0, 0], 1.0]), "would lose its derivative"),
    "np.asarray(x, dtype=object)": (lambda x: np.asarray(x, dtype=object), "would lose its derivative"),
    "rng.normal(x)": (lambda x: np.random.default_rng(0).normal(x), "would lose its derivative"),
    "np.histogram(x)": (lambda x: np.histogram(x), r"np.histogram has no rule for traced arrays.*np.bincount"),
    "a ufunc of one's own": (lambda x: np.frompyfunc(abs, 1, 1)(x), r"abs .vectorized. has no rule.*custom_vjp"),
    "np.save(f, x)": (lambda x: np.save("file", x), "np.save has no rule for traced arrays.*lux.save"),
    "np.lib.scimath.sqrt(x)": (lambda x: np.lib.scimath.sqrt(x), "np.lib.scimath.sqrt has no rule"),
    "np.bitwise_count(x)": (lambda x: np.bitwise_count(x), "np.bitwise_count has no rule.*stop_gradient"),
    "np.linalg.norm(x, 3)": (lambda x: np.linalg.norm(x, 3), "got ord=3"),
    "x.reshape(order='A')": (lambda x: x.reshape(-1, order="A"), "order='C' or 'F', got 'A'"),
    "np.ravel(x, 'K')": (lambda x: np.ravel(x, "K"), "order='C' or 'F', got 'K'"),
    "x.to_device('gpu')": (lambda x: x.to_device("gpu"), "cannot change its device from cpu to gpu"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_are_errors(trap):
    f, message = TRAPS[trap]
    for transform in (lambda f: lux.vjp(f, M), lambda f: lux.jvp(f, (M,), (M,))):
        with pytest.raises((TypeError, ValueError)) as caught:
            transform(f)
        error = caught.value.__cause__ or caught.value      # NumPy puts an exception of its own on top at a[0] = x
        assert re.search(message, str(error)) and "\n" not in str(error)


def test_no_object_arrays_arise():
    def f(x):
        for y in (M + x, M @ x.T, M * x, np.float64(2.0) * x, np.dot(M, x.T), [1.0, 2.0, 3.0] * x,
                  np.where(MASK, x, 1.0), np.concatenate([x, M]), np.stack([x, M]), np.vstack([M, x]), x > M,
                  np.greater(M, x)):
            assert strip(y).dtype.kind in "fb"
        return x.sum()

    lux.grad(f)(M)


def test_constants_have_no_derivative_to_lose():
    c = lux.constant(np.asarray(1.5))
    assert float(c) == complex(c) == c.item() == c.tolist() == 1.5 and math.sin(c) == math.sin(1.5)
    assert np.asarray(lux.constant(M), dtype=np.float32).dtype == np.float32
    a = np.zeros((2, 3))
    a[:] = lux.constant(M)
    np.testing.assert_array_equal(a, M)


def test_keywords_that_say_nothing_pass():
    # where=True and out=None are NumPy's defaults
    assert float(lux.grad(lambda x: np.add(x, 1.0, where=True).sum())(M)[0, 0]) == 1.0
    assert float(lux.grad(lambda x: np.sum(x, out=None))(M)[0, 0]) == 1.0
