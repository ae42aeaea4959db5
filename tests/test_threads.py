"""Threads: the same numbers as without, errors and settings that cross over, and when there are none."""
from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import arraylux as lux
from arraylux import memory, threads

SIZE = 4 * threads.PART


@pytest.fixture(autouse=True)
def count():
    before = threads._state["count"]
    yield
    threads.set_num_threads(None)
    threads._state["count"] = before


def parts_of(size, unit=1):
    """Return the parts into which a range is spread, and the threads that took them."""
    found, who = [], set()
    gate = threading.Barrier(min(threads.get_num_threads(), max(1, min(size, size * unit // threads.PART))))

    def run(start, stop):
        found.append((start, stop))
        who.add(threading.get_ident())
        gate.wait(10)                                    # all parts run at the same time, each on a thread of its own

    threads.spread(run, size, unit)
    return sorted(found), len(who)


def test_parts_make_up_the_range():
    threads.set_num_threads(3)
    assert parts_of(SIZE) == ([(0, SIZE // 3), (SIZE // 3, 2 * SIZE // 3), (2 * SIZE // 3, SIZE)], 3)
    assert parts_of(8, threads.PART) == ([(0, 2), (2, 5), (5, 8)], 3)
    assert parts_of(2, 10 * threads.PART) == ([(0, 1), (1, 2)], 2)
    assert parts_of(2 * threads.PART - 1) == ([(0, 2 * threads.PART - 1)], 1)      # not worth a second thread
    threads.set_num_threads(1)
    assert parts_of(SIZE) == ([(0, SIZE)], 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_numbers_to_the_last_bit(dtype):
    x = np.random.default_rng(0).normal(size=(SIZE + 5,)).astype(dtype)

    def f(x):
        return np.sum(np.tanh(x) * np.exp(-x * x) + np.sin(x) * x / (1 + x * x) + 2.0 * x)

    found = []
    for n in (1, 2, 5):
        threads.set_num_threads(n)
        found.append(lux.value_and_grad(f)(x))
    for value, gradient in found[1:]:
        assert value == found[0][0]
        np.testing.assert_array_equal(gradient, found[0][1])


def test_errors_and_settings_cross_over():
    threads.set_num_threads(2)

    def fail(start, stop):
        if start:
            raise KeyError("second part")

    with pytest.raises(KeyError, match="second part"):
        threads.spread(fail, SIZE)
    x = np.ones(SIZE)
    x[-1] = 0.0
    with np.errstate(divide="ignore"):
        assert np.isinf(memory.call(np.log, x)[-1])
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        memory.call(np.log, x)


def test_a_part_that_spreads_again_does_so_on_its_own_thread():
    threads.set_num_threads(2)
    seen = []

    def inner(start, stop):
        seen.append((start, stop))

    threads.spread(lambda start, stop: threads.spread(inner, SIZE) if start else None, SIZE)
    assert seen == [(0, SIZE)]


def test_how_many(monkeypatch):
    for name in threads._ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    threads.set_num_threads(None)
    assert threads.get_num_threads() == 4
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    threads.set_num_threads(None)
    assert threads.get_num_threads() == 3
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "64")
    threads.set_num_threads(None)
    assert threads.get_num_threads() == 4                # no more than there are cores
    with pytest.raises(ValueError, match="count must be a positive number"):
        threads.set_num_threads(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_makes_threads_of_its_own():
    threads.set_num_threads(2)
    x = np.ones(SIZE)
    memory.call(np.exp, x)
    child = os.fork()
    if not child:
        os._exit(0 if memory.call(np.exp, x)[-1] == np.exp(1.0) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_threads_that_miss_a_late_function_at_the_same_time_all_find_it():
    # in a process of its own, where nothing has been loaded yet
    code = """
import threading
import numpy as np, arraylux as lux
gate, found = threading.Barrier(8), []
def work():
    gate.wait()
    found.append(float(lux.grad(lambda x: np.kron(x, x).sum() + np.nanmax(x))(np.ones(1))[0]))
workers = [threading.Thread(target=work) for _ in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(found == [3.0] * 8)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True", done.stderr
