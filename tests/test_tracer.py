"""The tracer itself: levels and nesting, leaks, threads, exceptions, memory, very long programs."""
from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import arraylux as lux
from arraylux.tracer.core import PRIMITIVES, Constant, Primitive, strip
from arraylux.tracer.tape import Tape


def by_grad(f):
    return lux.grad(f)


def by_jvp(f):
    return lambda x: lux.jvp(f, (x,), (1.0,))[1]


MODES = {"F": by_jvp, "R": by_grad}


@pytest.mark.parametrize("mix", ["".join(m) for n in (1, 2, 3) for m in itertools.product("FR", repeat=n)])
def test_every_mix_of_modes_to_third_order(mix):
    # f = sin(x) x^2: the derivatives by hand
    x = 0.7
    s, c = np.sin(x), np.cos(x)
    by_hand = {1: c * x**2 + 2 * x * s, 2: -s * x**2 + 4 * x * c + 2 * s, 3: -c * x**2 - 6 * x * s + 6 * c}
    def f(x):
        return np.sin(x) * x * x
    for mode in mix:
        f = MODES[mode](f)
    assert float(f(x)) == pytest.approx(by_hand[len(mix)], rel=1e-13)


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product("FR", repeat=2)))
def test_perturbations_are_not_confused(outer, inner):
    # d/dx [x * d/dy (x + y)] = 1; a tracer that mixes up the two levels answers 2
    def f(x):
        return x * MODES[inner](lambda y: x + y)(1.0)
    assert float(MODES[outer](f)(3.0)) == 1.0


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product("FR", repeat=2)))
def test_inner_function_may_use_outer_variables(outer, inner):
    # g(x) = d/dy (x^2 y^3) at y = x is 3 x^4; its derivative is 12 x^3
    def f(x):
        return MODES[inner](lambda y: x * x * y * y * y)(x)
    assert float(MODES[outer](f)(2.0)) == pytest.approx(12 * 8)


@pytest.mark.parametrize("mode", "FR")
def test_a_leaked_tracer_is_named(mode):
    kept = []

    def leaky(x):
        kept.append(x * 2)
        return x * x

    MODES[mode](leaky)(1.0)
    with pytest.raises(RuntimeError, match=r"leaked out of .* of leaky .* has_aux=True"):
        np.sin(kept[0])
    with pytest.raises(RuntimeError, match="leaked out"):
        kept[0] + 1.0


def test_an_exception_leaves_nothing_behind():
    def broken(x):
        y = np.sin(x)
        raise ZeroDivisionError(str(y.shape))

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            lux.grad(broken)(1.0)
    assert float(lux.grad(np.sin)(0.0)) == 1.0
    assert float(lux.jvp(lambda x: lux.grad(np.sin)(x), (0.0,), (1.0,))[1]) == 0.0


def test_a_tracer_that_escaped_by_an_exception_is_a_leak_too():
    kept = []

    def broken(x):
        kept.append(x)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lux.grad(broken)(1.0)
    with pytest.raises(RuntimeError, match="leaked"):
        kept[0] * 2


def test_threads_do_not_meet():
    start = threading.Barrier(4)
    results: dict[int, list[float]] = {k: [] for k in range(4)}

    def work(k):
        start.wait()
        for i in range(50):
            x = 0.1 * (k + 1) + 0.01 * i
            results[k].append(float(lux.grad(lux.grad(lambda x: np.sin(x) * x))(x)))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k in range(4):
        x = 0.1 * (k + 1) + 0.01 * np.arange(50)
        np.testing.assert_allclose(results[k], 2 * np.cos(x) - x * np.sin(x), rtol=1e-12)


def test_a_million_operations():
    # Without recursion, in forward and in reverse: y = x a^n, so dy/dx = a^n.
    n, a = 1_000_000, 1 + 1e-7

    def chain(x):
        for _ in range(n):
            x = x * a
        return x

    assert float(lux.grad(chain)(1.0)) == pytest.approx(a**n, rel=1e-9)


def test_the_reverse_pass_gives_back_what_it_has_used():
    alive = []

    @lux.custom_vjp
    def first(x):
        return x

    held = []

    def backward(_, g):
        held.append(sum(ref() is not None for ref in alive))
        return (g,)

    first.defvjp(lambda x: (x, None), backward)

    def f(x):
        y = first(x)
        for _ in range(100):
            y = np.exp(y * 0.1)
            alive.append(weakref.ref(strip(y)))
        return y.sum()

    x = np.zeros(4)
    lux.grad(f)(x)
    assert len(alive) == 100
    assert held[0] <= 2                        # the last local variable of f, not the hundred rows
    _, pullback = lux.vjp(f, x)                # a pullback can be called again, so it keeps its rows
    held.clear()
    pullback(1.0)
    assert held[0] >= 100


def test_only_what_a_rule_reads_is_kept():
    tape = Tape("test")
    x = tape.watch(np.ones(3))
    PRIMITIVES["add"](x, np.ones(3))
    PRIMITIVES["multiply"](x, np.full(3, 2.0))
    PRIMITIVES["exp"](x)
    rows = tape.rows[1:]
    assert rows[0][2] is None and rows[0][3] == (None, None)
    assert rows[1][2] is None and rows[1][3][0] is None and rows[1][3][1][0] == 2.0
    assert rows[2][2] is not None and rows[2][3] == (None,)


def test_dead_branches_cost_no_cotangent():
    calls = []

    @lux.custom_vjp
    def watched(x):
        return x

    watched.defvjp(lambda x: (x, None), lambda _, g: (calls.append(1), (g,))[1])

    def f(x):
        watched(x)                             # not part of the result
        return x * x

    assert float(lux.grad(f)(3.0)) == 6.0
    assert calls == []


def test_constants_are_at_level_zero():
    c = lux.constant(np.ones(3))
    assert isinstance(c, Constant) and c.level == 0
    assert float(np.asarray(c).sum()) == 3.0 and float(c.sum()) == 3.0
    assert isinstance(c + 1.0, Constant)
    y, dy = lux.jvp(lambda x: (x * c).sum(), (np.ones(3),), (np.ones(3),))
    assert type(y) is not Constant and float(dy) == 3.0


def test_primitive_names_are_unique():
    with pytest.raises(ValueError, match="there is a primitive 'sin' already"):
        Primitive("sin")


def test_results_outside_are_plain_arrays():
    x = np.arange(3.0)
    y, pullback = lux.vjp(lambda x: np.sin(x), x)
    assert type(y) is np.ndarray and type(pullback(np.ones(3))[0]) is np.ndarray
    assert type(lux.grad(lambda x: x.sum())(x)) is np.ndarray
    g = lux.grad(lambda x: x.sum())(x)
    g[0] = 7.0                                 # an array of its own, not a read-only view of one number
    assert g[1] == 1.0


def test_a_gradient_leaves_no_cycles_to_collect():
    import gc

    x = np.arange(3.0)
    f = lux.value_and_grad(lambda x: np.sum(np.sin(x[:2]) * x[1:]))
    f(x)
    gc.collect()
    gc.disable()
    try:
        f(x)
        lux.hvp(lambda x: np.sum(np.sin(x) * x), x, x)
        assert gc.collect() == 0
    finally:
        gc.enable()


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
