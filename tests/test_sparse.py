"""Sparse Jacobians: as many directions as colours, and the numbers of the dense one."""
from __future__ import annotations

import numpy as np
import pytest

import arraylux as lux
from arraylux.transforms.sparse import colours_of

N = 12
BAND = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) <= 1
X = np.linspace(-1.0, 2.0, N)


def burgers(u):
    """A step of Burgers' equation on a line: each element knows its neighbours."""
    left, right = np.concatenate([u[:1] * 0, u[:-1]]), np.concatenate([u[1:], u[:1] * 0])
    return u * (right - left) + 0.1 * (right - 2 * u + left)


def test_a_band_of_three_diagonals_needs_three_colours():
    rows, columns = BAND.nonzero()
    assert colours_of(columns, rows, N).max() + 1 == 3
    arrow = np.eye(N, dtype=bool)
    arrow[0] = True                                      # one full row: every column of its own colour, two by rows
    rows, columns = arrow.nonzero()
    assert colours_of(columns, rows, N).max() + 1 == N
    assert colours_of(rows, columns, N).max() + 1 == 2


@pytest.mark.parametrize("mode", [None, "fwd", "rev"])
def test_the_numbers_of_the_dense_jacobian(mode):
    sparse = pytest.importorskip("scipy.sparse")
    dense = lux.jacobian(burgers)(X)
    np.testing.assert_allclose(lux.jacobian(burgers, mode, sparsity=BAND)(X), dense, rtol=1e-14)
    for form in (sparse.csr_array, sparse.coo_matrix):
        found = lux.jacobian(burgers, mode, sparsity=form(BAND))(X)
        assert found.nnz == BAND.sum()
        np.testing.assert_allclose(found.toarray(), dense, rtol=1e-14)
    assert lux.jacobian(burgers, mode, sparsity=BAND)(X.astype(np.float32)).dtype == np.float32
    shaped = lux.jacobian(lambda u: burgers(u.reshape(N)).reshape(4, 3), mode, sparsity=BAND)(X.reshape(3, 4))
    np.testing.assert_allclose(shaped, dense, rtol=1e-14)
    np.testing.assert_array_equal(lux.jacobian(burgers, mode, sparsity=np.zeros((N, N)))(X), np.zeros((N, N)))


def test_few_directions_go_through(monkeypatch):
    directions = []

    def counted(u):
        directions.append(u)
        return burgers(u)

    lux.jacobian(counted, "fwd", sparsity=BAND)(X)
    assert directions[0].tangent.owner.samples == 3


def test_in_a_derivative():
    def total(x):
        return lux.jacobian(burgers, sparsity=BAND)(x).sum()

    lux.testing.check_grads(total, [X])
    np.testing.assert_allclose(lux.grad(total)(X), lux.grad(lambda x: lux.jacobian(burgers)(x).sum())(X), atol=1e-13)


def test_on_another_library():
    strict = pytest.importorskip("array_api_strict")
    strict.reset_array_api_strict_flags()
    x = strict.asarray(X, device=strict.Device("device1"))
    found = lux.jacobian(lambda u: u * u, sparsity=np.eye(N))(x)
    assert found.device == x.device
    assert bool(strict.all(found == strict.eye(N, dtype=x.dtype, device=x.device) * 2 * x))


def test_a_pattern_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"a column for each of the argument.*got the shape \(3, 3\)"):
        lux.jacobian(burgers, sparsity=np.eye(3))(X)
    with pytest.raises(ValueError, match=r"a row for each element of the result.*got the shape \(3, 12\)"):
        lux.jacobian(burgers, sparsity=np.ones((3, N)))(X)
    with pytest.raises(TypeError, match="with sparsity the argument must be one floating-point array, got a dict"):
        lux.jacobian(lambda p: p["a"], sparsity=np.eye(3))({"a": X})
