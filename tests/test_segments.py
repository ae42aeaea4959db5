"""Segments: sums that can be done in the head, and every form of the data."""
from __future__ import annotations

import numpy as np
import pytest

import arraylux as lux
from arraylux.rules.segments import segment_max, segment_mean, segment_min, segment_sum

RNG = np.random.default_rng(0)
IDS = np.array([2, 0, 2, 4, 0, 2])


@pytest.mark.parametrize("shape", [(6,), (6, 3), (6, 2, 3), (6, 0)])
@pytest.mark.parametrize("n", [None, 5, 7])
def test_each_segment_is_reduced_by_itself(shape, n):
    x = RNG.normal(size=shape)
    count = n or 5
    groups = [x[i == IDS] for i in range(count)]
    for f, reduce, empty in ((segment_sum, np.sum, 0.0), (segment_mean, np.mean, 0.0), (segment_max, np.max, -np.inf),
                             (segment_min, np.min, np.inf)):
        expected = np.stack([reduce(g, axis=0) if len(g) else np.full(shape[1:], empty) for g in groups])
        for y in (f(x, IDS, n), lux.vjp(lambda x, f=f: f(x, IDS, n), x)[0]):
            np.testing.assert_allclose(y, expected, rtol=1e-14)
            assert y.dtype == np.float64
        if shape[-1]:
            lux.testing.check_grads(lambda x, f=f: f(x, IDS, 5)[np.array([0, 2, 4])] ** 2, [x])


def test_gradients_by_hand():
    g = np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
    def along(f):
        return lux.grad(lambda x: (f(x, IDS)[np.array([0, 2, 4])] * g[np.array([0, 2, 4])]).sum())
    x = np.array([5.0, 1.0, 5.0, 2.0, 3.0, 0.0])
    np.testing.assert_allclose(along(segment_sum)(x), [100.0, 1.0, 100.0, 10000.0, 1.0, 100.0])
    np.testing.assert_allclose(along(segment_mean)(x), [100 / 3, 0.5, 100 / 3, 10000.0, 0.5, 100 / 3])
    np.testing.assert_allclose(along(segment_max)(x), [50.0, 0.0, 50.0, 10000.0, 1.0, 0.0])   # a tie shares
    np.testing.assert_allclose(along(segment_min)(x), [0.0, 1.0, 0.0, 10000.0, 0.0, 100.0])


def test_messages_on_a_graph():
    # The sum of what comes in over the edges is the product with the adjacency matrix.
    source, target = np.array([0, 1, 2, 2, 3]), np.array([1, 2, 0, 3, 3])
    adjacency = np.zeros((4, 4))
    adjacency[target, source] = 1.0
    h = RNG.normal(size=(4, 3))
    y, pullback = lux.vjp(lambda h: segment_sum(h[source], target, 4), h)
    np.testing.assert_allclose(y, adjacency @ h, rtol=1e-14)
    np.testing.assert_allclose(pullback(h)[0], adjacency.T @ h, rtol=1e-14)


def test_lists_and_whole_numbers_and_no_rows():
    np.testing.assert_array_equal(segment_sum([1, 2, 3], [1, 1, 0]), [3, 3])
    assert segment_max(np.array([[1], [5]]), np.array([1, 1]), 3).tolist() == [[np.iinfo(int).min], [5],
                                                                             [np.iinfo(int).min]]
    for f in (segment_sum, segment_max, segment_mean):
        assert f(np.zeros((0, 2)), np.zeros(0, int), 3).shape == (3, 2)
        assert f(np.zeros((0, 2)), np.zeros(0, int)).shape == (0, 2)


@pytest.mark.parametrize(("ids", "n", "message"), [
    ([0, 1], None, "for each row"), ([0.0] * 6, None, "whole number"), (np.zeros((6, 1), int), None, "for each row"),
    ([0, 1, 2, 3, 4, 5], 5, "must be from 0 to 4"), ([0, -1, 0, 0, 0, 0], 3, "lie between -1 and 0")])
def test_numbers_that_are_no_segments(ids, n, message):
    for x in (np.zeros((6, 2)), lux.constant(np.zeros((6, 2)))):
        with pytest.raises(ValueError, match=message):
            segment_sum(x, ids, n)
