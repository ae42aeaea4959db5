"""Item assignment: `y[i] = x` in loops, of all kinds of values, through nested transformations and levels."""
from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

import arraylux as lux
from arraylux.backend import device_of, to_numpy
from arraylux.testing import check_grads
from arraylux.tracer.core import Constant, Tracer, strip

RNG = np.random.default_rng(6)
V = np.array([1.0, 2.0, 3.0, 4.0])
PLACES = np.array([2, 0, 2, 2])


def derivative(f, mode):
    """Return the derivative of a function of a number, by forward (F) or reverse (R) mode."""
    return lux.grad(f) if mode == "R" else lambda x: lux.jvp(f, (x,), (1.0,))[1]


def zeros_by_namespace(x, shape):
    return lux.array_namespace(x).zeros(shape, dtype=x.dtype)


def zeros_by_numpy(x, shape):
    return np.zeros_like(x, shape=shape)


def empty_by_numpy(x, shape):
    return np.empty_like(x, shape=shape)


@pytest.mark.parametrize("zeros", [zeros_by_namespace, zeros_by_numpy, empty_by_numpy])
def test_filling_an_array_in_a_loop(zeros):
    # powers of x: y[k] = y[k-1] x, so sum(y) = x + x^2 + ... + x^n
    def f(x):
        y = zeros(x, (5,))
        y[0] = x
        for k in range(1, 5):
            y[k] = y[k - 1] * x
        return y.sum()

    x = 0.7
    k = np.arange(1, 6)
    assert float(f(lux.constant(np.asarray(x)))) == pytest.approx(np.sum(x**k))
    assert float(lux.grad(f)(x)) == pytest.approx(np.sum(k * x ** (k - 1)))
    assert float(lux.jvp(f, (x,), (1.0,))[1]) == pytest.approx(np.sum(k * x ** (k - 1)))
    assert float(lux.grad(lux.grad(f))(x)) == pytest.approx(np.sum(k * (k - 1) * x ** (k - 2.0)))


def in_loops(x):
    y = np.zeros_like(x)
    y[...] = x
    y[0] = x[1] * x[2]
    for i in range(3):
        y[..., i] *= 2
        y[1, i] += x[i, 0]
        y[i] -= y[2 - i] * 0.5
    y[x > 0.5] += x[0, 0]
    y[np.array([0, 0, 2])] = y[np.array([1, 2, 1])] ** 2
    y[::2, 1:] /= 3.0
    y[1:2] **= 2
    y[[0, 2], [1, 1]] = x[0, :2]
    y[2] = 1.0
    y[0, 0] = 5
    return y * x


def test_assignments_of_all_kinds():
    x = np.array([[0.9, -0.3, 0.4], [0.2, 0.8, -0.6], [0.7, 0.1, -0.2]])
    np.testing.assert_allclose(lux.jvp(in_loops, (x,), (x,))[0], in_loops(x),
                               rtol=1e-14)          # NumPy's own assignment
    lux.testing.check_grads(in_loops, [x], order=2)


@pytest.mark.parametrize("mix", ["".join(m) for m in itertools.product("FR", repeat=2)])
def test_assignment_in_nested_transformations(mix):
    def f(x):
        y = np.zeros_like(x, shape=(3,))
        y[0] = x * x
        y[1:] = x
        y[2] *= y[0]                                 # x, x^2, x^3
        return y[0] * y[1] + y[2]                    # 2 x^3

    for mode in mix:
        f = derivative(f, mode)
    assert float(f(1.5)) == pytest.approx(12 * 1.5)


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product("FR", repeat=2)))
def test_a_value_of_an_inner_level_assigned_into_an_outer_handle(outer, inner):
    # y is made outside of the inner transformation and holds outer values; inside, an inner value goes into it.
    def f(x):
        y = np.zeros_like(x, shape=(2,))
        y[0] = x * x

        def g(z):
            inside = y.copy()
            inside[1] = z * z * x
            return inside[0] * inside[1]             # x^3 z^2

        return derivative(g, inner)(x)               # 2 x^4

    assert float(derivative(f, outer)(2.0)) == pytest.approx(8 * 8.0)


def test_a_handle_that_took_an_inner_value_is_a_leak_outside():
    def f(x):
        y = np.zeros_like(x, shape=(2,))

        def g(z):
            y[0] = z
            return z * z

        lux.grad(g)(x)
        return y.sum()

    with pytest.raises(RuntimeError, match="leaked out of grad of g"):
        lux.grad(f)(2.0)


def test_an_outer_value_assigned_into_an_inner_array():
    def f(x):
        return lux.grad(lambda z: _pair(z, x, z).prod())(x)              # d/dz (x z) at z = x, which is x

    assert float(lux.grad(f)(3.0)) == 1.0


def _pair(like, a, b):
    y = np.zeros_like(like, shape=(2,))
    y[0], y[1] = a, b
    return y


def test_repeated_places_the_last_write_stays():
    def f(v):
        y = np.zeros_like(v, shape=(3,))
        y[PLACES] = v
        return y

    y, pullback = lux.vjp(f, V)
    np.testing.assert_array_equal(y, [2.0, 0.0, 4.0])
    np.testing.assert_array_equal(pullback(np.array([1.0, 10.0, 100.0]))[0], [0.0, 1.0, 0.0, 100.0])
    np.testing.assert_array_equal(lux.jvp(f, (V,), (V,))[1], [2.0, 0.0, 4.0])


def test_index_set_and_index_add():
    xp = lux.array_namespace(V)
    x, v = np.array([1.0, 1.0, 1.0]), V
    np.testing.assert_array_equal(xp.index_set(x, 7.0, index=1), [1.0, 7.0, 1.0])
    np.testing.assert_array_equal(xp.index_add(x, v, index=PLACES), [3.0, 1.0, 9.0])
    assert x.tolist() == [1.0, 1.0, 1.0]
    to_x, to_v = lux.vjp(lambda x, v: xp.index_add(x, v, index=PLACES), x, v)[1](np.array([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(to_x, [1.0, 10.0, 100.0])
    np.testing.assert_array_equal(to_v, [100.0, 1.0, 100.0, 100.0])
    assert float(lux.grad(lambda s: xp.index_add(x, s, index=PLACES).sum())(2.0)) == 4.0


@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 1), (1, 4), (1, 1, 4)])
def test_values_are_broadcast(shape):
    def f(v):
        y = np.zeros_like(v, shape=(2, 3, 4))
        y[1] = v
        return y * np.arange(24.0).reshape(2, 3, 4)

    v = RNG.normal(size=shape)
    g = lux.vjp(f, v)[1](np.ones((2, 3, 4)))[0]
    counts = np.arange(12.0, 24.0).reshape(3, 4)
    expected = {(): counts.sum(), (1,): [counts.sum()], (4,): counts.sum(0), (3, 1): counts.sum(1, keepdims=True),
                (1, 4): counts.sum(0, keepdims=True), (1, 1, 4): counts.sum(0)[None, None]}[shape]
    np.testing.assert_allclose(g, expected)
    np.testing.assert_array_equal(lux.jvp(f, (v,), (np.ones_like(v),))[1], f(lux.constant(np.ones_like(v))).value)


def test_assignment_casts_to_the_dtype_of_the_array():
    def narrow(x):
        y = np.zeros_like(x, dtype=np.float32, shape=(2,))
        y[0] = x
        assert y.dtype == np.float32
        return y.sum()

    assert lux.grad(narrow)(2.0).dtype == np.float64 and float(lux.grad(narrow)(2.0)) == 1.0

    def integers(x):
        y = lux.array_namespace(x).arange(3)
        y[0] = x * 2.7
        assert y.dtype == np.int64 and strip(y)[0] == 5
        return y.sum() * x

    assert float(lux.grad(integers)(2.0)) == 8.0                         # integers have no derivative

    def complex_(x):
        y = lux.array_namespace(x).zeros(2, dtype=np.complex128)
        y[0] = x
        y[1] = 1j * x
        return (abs(y) ** 2).sum()

    assert float(lux.grad(complex_)(3.0)) == pytest.approx(12.0)
    with pytest.raises(TypeError,
                       match="complex values cannot be written into an array of dtype float64; take their real part"):
        lux.grad(lambda x: _pair(x, x, x * 1j).sum())(1.0)


def test_lists_and_numbers_are_assigned():
    def f(x):
        y = np.zeros_like(x, shape=(4,))
        y[:2] = [x, 2 * x]
        y[2:] = (1.0, 2.0)
        y[3] = 7
        return y

    y, dy = lux.jvp(f, (3.0,), (1.0,))
    np.testing.assert_array_equal(y, [3.0, 6.0, 1.0, 7.0])
    np.testing.assert_array_equal(dy, [1.0, 2.0, 0.0, 0.0])


def test_a_handle_is_no_view_and_arguments_stay_as_they_are():
    a = V.copy()

    def f(x):
        alias, copied, part, raised = x, x.copy(), x[:2], +x
        x[0] = 10.0
        assert float(strip(alias)[0]) == 10.0                            # two names for one array
        assert float(strip(copied)[0]) == 1.0 and float(strip(part)[0]) == 1.0 and float(strip(raised)[0]) == 1.0
        return (x * x).sum()

    np.testing.assert_array_equal(lux.grad(f)(a), [0.0, 4.0, 6.0, 8.0])
    np.testing.assert_array_equal(a, V)
    assert float(lux.jvp(f, (a,), (np.ones(4),))[1]) == 18.0


VIEWS = {
    "a row": lambda A: A[0].__setitem__(1, 5.0), "a slice": lambda A: A[:1].__setitem__((0, 1), 5.0),
    "a part of a part": lambda A: A[0][:2].__setitem__(1, 5.0), "part of another shape": lambda A:
    A.reshape(-1)[:2].__setitem__(1, 5.0)}


@pytest.mark.parametrize("view", VIEWS)
def test_writing_through_a_view_is_refused(view):
    def on_input(x):
        VIEWS[view](x)
        return x.sum()

    def on_made(x):
        A = np.zeros_like(x)
        A[1] = x[0]
        VIEWS[view](A)
        return A.sum()

    def on_result(x):
        A = x * 2.0
        VIEWS[view](A)
        return A.sum()

    x = np.arange(6.0).reshape(2, 3).copy()
    for f in (on_input, on_made, on_result):
        def forward(x, f=f):
            return lux.jvp(f, (x,), (x,))

        def twice(x, f=f):
            return lux.grad(lambda x: lux.grad(f)(x).sum())(x)

        for derivative in (lux.grad(f), forward, twice):
            with pytest.raises(TypeError, match=r"A\[0, 1\] = v and not A\[0\]\[1\] = v"):
                derivative(x)


def test_writing_into_what_nobody_else_holds():
    def f(x):
        made = np.zeros_like(np.concatenate([x, x])).reshape(2, 3)[:, ::-1]     # in another order, but no other name
        made[0] = x
        copied = x[1:].copy()
        copied[0] = 0.0
        picked = x[np.array([0, 1])]
        picked[0] = 1.0
        y = x * x
        x[0] = 7.0
        return made.sum() * x.sum() + copied.sum() + picked.sum() + y.sum()

    for x in (np.arange(3.0), np.arange(6.0)[::2], np.arange(6.0).reshape(2, 3)[1]):      # inputs may be views
        gradient = lux.grad(f)(x)
        np.testing.assert_array_equal(gradient, lux.grad(f)(x.copy()))
        x0, x1, x2 = x
        total, rest = x0 + x1 + x2, 7.0 + x1 + x2
        np.testing.assert_allclose(gradient, [rest + 2 * x0, rest + total + 1 + 2 * x1, rest + total + 1 + 2 * x2])
        np.testing.assert_allclose(lux.jvp(f, (x,), (np.ones(3),))[1], gradient.sum())


def test_a_copy_asked_for_is_one():
    def f(x):
        xp = lux.array_namespace(x)
        y = xp.asarray(x, copy=True)
        y[0] = 0.0
        z = xp.astype(x, x.dtype)
        z[1] = 0.0
        return (x * y * z).sum()

    np.testing.assert_allclose(lux.grad(f)(V), [0.0, 0.0, 27.0, 48.0])


def test_what_is_made_takes_traced_values_and_stays_plain_outside():
    kept = []

    def f(x):
        y = lux.array_namespace(x).zeros(2)
        assert type(y) is Constant
        y[0] = 1.0
        assert type(y) is Constant
        y[1] = x
        assert isinstance(y, Tracer) and type(y) is not Constant
        kept.append(type(x))
        return y.sum()

    assert float(lux.grad(f)(1.0)) == 1.0
    assert float(lux.jvp(f, (1.0,), (1.0,))[1]) == 1.0
    value, g = lux.value_and_grad(lambda x: lux.array_namespace(x).ones(3).sum())(1.0)
    assert not isinstance(value, Tracer) and value == 3.0 and g == 0.0


def test_writing_keeps_old_values_for_those_who_read_them_before():
    # z = y[0]^2 was computed from the old y, so its derivative must use it
    def f(x):
        y = x * 1.0
        z = y[0] * y[0]
        y[0] = y[1] * 100.0
        return z + y[0]

    np.testing.assert_array_equal(lux.grad(f)(np.array([3.0, 1.0])), [6.0, 100.0])


@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_item_assignment_on_another_library(device):
    strict = pytest.importorskip("array_api_strict")
    home = strict.Device(device)

    def f(x):
        xp = lux.array_namespace(x)
        y = xp.zeros((2, 3), dtype=x.dtype, device=x.device)
        y[0, :] = x
        y[1, ...] = y[0, ...] * 2.0
        y[:, 0] *= x[1]
        y[y > 100.0] = 0.0
        return xp.sum(y * y)

    x = np.array([1.0, 2.0, 3.0])
    g = lux.grad(f)(strict.asarray(x, device=home))
    assert device_of(g) == home
    np.testing.assert_allclose(to_numpy(g), lux.grad(f)(x))
    lux.testing.check_grads(f, [x], order=2)


# --- many slices of one array -----------------------------------------------------------------------------------------
def test_slices_accumulate_in_linear_time_at_every_order():
    T = 60

    def f(x):
        total = 0.0
        for t in range(T):
            total = total + np.sin(x[t]) * x[t]
        return total

    def g(x):
        return lux.grad(f)(x).sum()

    def h(x):
        return lux.grad(g)(x).sum()

    x = np.linspace(0.0, 1.0, T)
    np.testing.assert_allclose(lux.grad(h)(x), -3 * np.sin(x) - x * np.cos(x), rtol=1e-12)
    np.testing.assert_allclose(lux.jvp(h, (x,), (np.ones(T),))[1], (-3 * np.sin(x) - x * np.cos(x)).sum(), rtol=1e-12)
    np.testing.assert_allclose(lux.vmap(lux.grad(f))(np.stack([x, 2 * x]))[1], np.sin(2 * x) + 2 * x * np.cos(2 * x))
    for function, whole in ((g, 3), (h, 12)):            # how many operations give arrays of the length of x
        table = io.StringIO()
        lux.print_tape(function, x, file=table)
        rows = table.getvalue().splitlines()
        assert len(rows) > 5 * T
        assert sum(f"({T},)" in row for row in rows) <= whole


def test_what_was_written_over_everywhere_has_no_derivative_not_even_nan():
    # (the derivative of sqrt at 0 is infinite, and 0 times that is not a number)
    def f(x, mask):
        y = np.sqrt(x * 0.0)
        y[mask] = 2.0 * x[mask]
        return (y * y).sum()

    with np.errstate(divide="ignore", invalid="ignore"):
        for everywhere in (np.full(4, True), lux.constant(np.full(4, True))):
            np.testing.assert_array_equal(lux.grad(lambda x, mask=everywhere: f(x, mask))(V), 8 * V)
        assert np.isnan(lux.grad(lambda x: f(x, np.arange(4) > 0))(V)[0])


def leapfrog(q, p):
    """Ten steps of two planets, written to both arrays in place."""
    for _ in range(10):
        p -= 0.05 * q / np.sum(q * q) ** 1.5
        q += 0.1 * p
        p -= 0.05 * q / np.sum(q * q) ** 1.5


def in_place(x):
    q, p = x[:2] * 1.0, x[2:] * 1.0
    place, momentum = q, p
    leapfrog(q, p)
    turned = np.zeros_like(x, shape=(2, 2))
    alias = turned
    turned += place
    turned @= np.array([[0.0, 1.0], [2.0, 0.0]])
    turned **= 2
    turned /= 3.0
    turned *= momentum
    turned %= 7.0
    total = before = alias.sum()                         # a number: its other name keeps it
    total += before * before
    return total + before


def test_operators_in_place_write_to_all_names_of_an_array():
    assert float(in_place(lux.constant(V))) == in_place(V) == lux.value_and_grad(in_place)(V)[0]
    check_grads(in_place, [V / 3], order=2)
    rows = np.stack([V, V / 2])
    np.testing.assert_allclose(lux.vmap(lux.grad(in_place))(rows), [lux.grad(in_place)(row) for row in rows])


def test_operators_in_place_change_neither_form_nor_argument():
    a = V.copy()

    def f(x):
        y = x
        y += np.ones((2, 4))                             # NumPy would refuse it: a new array then
        assert y.shape == (2, 4) and x.shape == (4,)
        n = z = np.argsort(x)
        n += 1
        n //= 2
        assert n is z and n.dtype == np.argsort(a).dtype
        x *= x
        return (x * y).sum()

    np.testing.assert_allclose(lux.grad(f)(a), 2 * (3 * a**2 + 2 * a))
    np.testing.assert_array_equal(a, V)
