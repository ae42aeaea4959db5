"""Sorting and sets: orders and derivatives that can be read off, ties among them."""
from __future__ import annotations

import numpy as np
import pytest

import arraylux as lux

WEIGHTS = np.array([1.0, 10.0, 100.0, 1000.0])


def sorted_sum(x, **keywords):
    return lux.array_namespace(x).sum(lux.array_namespace(x).sort(x, **keywords) * WEIGHTS)


# What is sorted, how, and the weight that each element meets at its new place.
@pytest.mark.parametrize(("x", "keywords", "expected"), [
    ([3.0, 1.0, 4.0, 2.0], {}, [100.0, 1.0, 1000.0, 10.0]),
    ([3.0, 1.0, 4.0, 2.0], {"descending": True}, [10.0, 1000.0, 1.0, 100.0]),
    ([2.0, 1.0, 2.0, 1.0], {}, [100.0, 1.0, 1000.0, 10.0]),
    ([2.0, 1.0, 2.0, 1.0], {"descending": True}, [1.0, 100.0, 10.0, 1000.0]),
    ([2.0, 1.0, 2.0, 1.0], {"stable": False}, [100.0, 1.0, 1000.0, 10.0]),
    ([3.0, 1.0, np.nan, 2.0], {"axis": 0}, [100.0, 1.0, 1000.0, 10.0]),
])
def test_each_cotangent_goes_where_its_value_came_from(x, keywords, expected):
    x = np.array(x)
    np.testing.assert_array_equal(lux.grad(lambda x: sorted_sum(x, **keywords))(x), expected)
    _, tangent = lux.jvp(lambda x: lux.array_namespace(x).sort(x, **keywords), (x,), (np.array(expected),))
    np.testing.assert_array_equal(tangent, WEIGHTS)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_values_with_and_without_a_trace(axis, descending):
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    x[0, 1, 2] = np.nan
    expected = np.sort(x, axis=axis)
    expected = np.flip(expected, axis) if descending else expected
    plain = lux.array_namespace(x).sort(x, axis=axis, descending=descending)
    traced = lux.vjp(lambda x: lux.array_namespace(x).sort(x, axis=axis, descending=descending), x)[0]
    np.testing.assert_array_equal(plain, expected)
    np.testing.assert_array_equal(traced, expected)


def test_second_order():
    x = np.array([[3.0, -1.0, 0.5], [2.0, 0.0, 4.0]])
    lux.testing.check_grads(lambda x: np.sort(x, axis=0) ** 2 * np.sort(x, axis=None)[:3], [x], order=2)


def test_numpys_sort():
    x = np.array([[3.0, 1.0], [2.0, 4.0]], dtype=np.float32)
    y, tangent = lux.jvp(lambda x: np.sort(x, None, "stable"), (x,), (x,))
    np.testing.assert_array_equal(y, [1, 2, 3, 4])
    assert y.dtype == tangent.dtype == np.float32
    with pytest.raises(TypeError, match="no fields to order by, got order='a'"):
        lux.grad(lambda x: np.sum(np.sort(x, order="a")))(x)


def test_sort_of_complex_numbers_is_by_the_real_part_first():
    x = np.array([2 + 1j, 1 + 5j, 2 - 1j])
    np.testing.assert_array_equal(lux.grad(lambda x: np.sum(np.sort(x).imag * WEIGHTS[:3]))(x), [100j, 1j, 10j])


def test_top_k():
    x = np.array([[1.0, 4.0, 3.0, 4.0], [0.0, -1.0, -2.0, 5.0]])
    seen = []

    def f(x):
        values, places = lux.array_namespace(x).top_k(x, 2)
        seen.append(places)
        return (values * np.array([1.0, 10.0])).sum()
    np.testing.assert_array_equal(lux.grad(f)(x), [[0, 1, 0, 10], [10, 0, 0, 1]])
    np.testing.assert_array_equal(seen[0], [[1, 3], [3, 0]])
    assert type(seen[0]) is np.ndarray
    values, places = lux.array_namespace(x).top_k(x, 1, axis=0)
    np.testing.assert_array_equal(values, [[1, 4, 3, 5]])
    np.testing.assert_array_equal(places, [[0, 0, 0, 1]])
    assert lux.array_namespace(x).top_k(x, 0)[0].shape == (2, 0)


@pytest.mark.parametrize("k", [-1, 5])
def test_top_k_refuses_what_is_not_there(k):
    with pytest.raises(ValueError, match=rf"axis 1 of shape \(2, 4\) has 4 elements; k must be .* got {k}"):
        lux.array_namespace(np.zeros((2, 4))).top_k(np.zeros((2, 4)), k)


def test_questions_about_sets_have_no_derivative():
    x = np.array([2.0, 0.0, 2.0, 1.0])

    def f(x):
        xp = lux.array_namespace(x)
        for found in (xp.isin(x, x[:1]), np.isin(x, x[:1]), ~xp.isin(x, x[:1], invert=True)):
            np.testing.assert_array_equal(found, [True, False, True, False])
        np.testing.assert_array_equal(np.unique(x, return_counts=True)[1], [1, 1, 2])
        np.testing.assert_array_equal(xp.unique_counts(x).counts, [1, 1, 2])
        np.testing.assert_array_equal(xp.unique_inverse(x).inverse_indices, [2, 0, 2, 1])
        np.testing.assert_array_equal(xp.unique_all(x).indices, [1, 3, 0])
        np.testing.assert_array_equal(xp.searchsorted(xp.unique_values(x), x), [2, 0, 2, 1])
        return xp.sum(x)
    np.testing.assert_array_equal(lux.grad(f)(x), np.ones(4))


def test_the_values_of_a_set_have_those_of_the_elements_that_come_first():
    x = np.array([2.0, 0.0, 2.0, 1.0])
    weights = np.array([1.0, 10.0, 100.0])
    of = lux.array_namespace
    for unique in (np.unique, np.unique_values, lambda x: np.unique(x, return_index=True, return_counts=True)[0],
                   lambda x: of(x).unique_values(x), lambda x: of(x).unique_all(x).values,
                   lambda x: of(x).unique_counts(x).values, lambda x: of(x).unique_inverse(x)[0]):
        g = lux.grad(lambda x, unique=unique: (unique(x) * weights).sum())(x)
        np.testing.assert_array_equal(g, [100, 1, 0, 10])
        values, tangents = lux.jvp(unique, (x,), (np.arange(4.0),))
        np.testing.assert_array_equal(values, [0, 1, 2])
        np.testing.assert_array_equal(tangents, [1, 3, 0])
    rows = np.array([[1.0, 2.0], [0.0, 5.0], [1.0, 2.0]])
    g = lux.grad(lambda x: (np.unique(x, axis=0) * np.array([[1.0, 2.0], [3.0, 4.0]])).sum())(rows)
    np.testing.assert_array_equal(g, [[3, 4], [1, 2], [0, 0]])


def test_on_the_strict_standard():
    strict = pytest.importorskip("array_api_strict")
    strict.reset_array_api_strict_flags()
    device = strict.Device("device1")
    x = strict.asarray([3.0, 1.0, 4.0, 2.0], device=device)
    weights = strict.asarray(WEIGHTS, device=device)
    for descending, expected in ((False, [100, 1, 1000, 10]), (True, [10, 1000, 1, 100])):
        def f(x, descending=descending):
            xp = lux.array_namespace(x)
            return xp.sum(xp.sort(x, descending=descending) * weights)
        g = lux.grad(f)(x)
        assert g.device == device
        assert [float(v) for v in g] == expected
        assert float(f(x)) == float(lux.value_and_grad(f)(x)[0])
    values, places = lux.array_namespace(x).top_k(x, 2)
    assert [float(v) for v in values] == [4.0, 3.0]
    assert [int(i) for i in places] == [2, 0]
