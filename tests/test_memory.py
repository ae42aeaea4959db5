"""Memory that is used again: never while anybody holds it, and never by another thread."""
from __future__ import annotations

import threading

import numpy as np
import pytest

import arraylux as lux
from arraylux import memory

N = memory.LARGE + 1


@pytest.fixture(autouse=True)
def fresh_store():
    memory.release()
    yield
    memory.release()


def address(x):
    return x.__array_interface__["data"][0]


@pytest.mark.skipif(memory.LARGE > 2**60, reason="this interpreter has no exact reference counts")
def test_memory_is_used_again_when_nobody_holds_it():
    x = memory.empty((N,), np.dtype(float))
    first = address(x)
    assert address(memory.empty((N,), np.dtype(float))) != first           # still held
    del x
    assert address(memory.empty((N,), np.dtype(float))) == first
    assert address(memory.empty((N,), np.dtype(np.float32))) != first
    assert address(memory.empty((N + 1,), np.dtype(float))) != first


@pytest.mark.parametrize("hold", [lambda x: x[3:5], lambda x: x.reshape(1, -1).T, memoryview, lambda x: [x],
                                  lambda x: (lambda: x), np.asarray, lambda x: x.__array_interface__ and iter(x)],
                         ids=["slice", "transpose", "buffer", "list", "closure", "asarray", "iterator"])
def test_whatever_holds_it_keeps_it(hold):
    x = memory.empty((N,), np.dtype(float))
    first = address(x)
    held = hold(x)
    del x
    others = [memory.empty((N,), np.dtype(float)) for _ in range(3)]
    assert first not in [address(y) for y in others]
    del held


def test_an_array_whose_form_was_changed_is_not_handed_out():
    x = memory.empty((N,), np.dtype(float))
    first = address(x)
    x.flags.writeable = False
    del x
    assert address(memory.empty((N,), np.dtype(float))) != first


def test_results_stay_as_they_are_while_more_is_computed():
    x = np.linspace(0.0, 1.0, N)
    f = lux.value_and_grad(lambda x: np.sum(np.sin(x) * np.exp(x)))
    kept = [f(x * k)[1] for k in range(4)]
    for k, g in enumerate(kept):
        np.testing.assert_allclose(g, np.exp(x * k) * (np.sin(x * k) + np.cos(x * k)), rtol=1e-12, atol=1e-13)
    assert len({address(g) for g in kept}) == 4


def test_a_pullback_keeps_what_it_needs():
    x = np.linspace(0.0, 1.0, N)
    _, pullback = lux.vjp(lambda x: np.exp(np.sin(x)), x)
    for _ in range(3):
        lux.grad(lambda x: np.sum(np.exp(x)))(x)                 # would write into its rows if they were free
        np.testing.assert_allclose(pullback(np.ones(N))[0], np.exp(np.sin(x)) * np.cos(x), rtol=1e-12)


def test_each_thread_has_memory_of_its_own():
    x = np.linspace(0.0, 1.0, N)
    expected = np.cos(x) * 2
    wrong = []

    def work():
        for _ in range(20):
            g = lux.grad(lambda x: np.sum(np.sin(x) * 2.0))(x)
            if not np.allclose(g, expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_the_store_stays_within_its_limit(monkeypatch):
    monkeypatch.setattr(memory, "LIMIT", 3 * 8 * N)
    held = [memory.empty((N,), np.dtype(float)) for _ in range(10)]
    assert memory._store.bytes <= 3 * 8 * N
    assert len({address(x) for x in held}) == 10


@pytest.mark.parametrize("args", [
    (np.ones((3, 1)), np.ones((1, 4))), (np.ones(3), np.ones(3, np.float32)), (np.arange(3), np.ones(3)),
    (np.ones(3, complex), 2.0), (np.ones(3), np.float32(2)), (2.0, np.ones(3)), (np.ones(3), True)])
def test_a_call_gives_what_the_ufunc_gives(args):
    expected = np.multiply(*args)
    found = memory.call(np.multiply, *args)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)
