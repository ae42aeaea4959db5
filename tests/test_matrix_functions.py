"""The exponential of matrices, and eigenvalues of those that are not symmetric."""
from __future__ import annotations

import math

import numpy as np
import pytest
import rulecheck
import scipy.linalg
from cases import Case
from likenumpy import check
from samples_linalg import real_values, with_values

import arraylux as lux
from arraylux.rules import eigen, triangular
from arraylux.rules.matrix_functions import LIMITS, expm
from arraylux.tracer.core import Tracer
from arraylux.tracer.tables import NUMPY_FUNCTIONS

RNG = np.random.default_rng(9)
A, Z = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))


def of_norm(norm, x=A):
    return x * (norm / np.abs(x).sum(axis=0).max())


# --- the exponential ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("x", [A, Z], ids=["real", "complex"])
@pytest.mark.parametrize("norm", [0.0, 1e-3, *(0.9 * limit for limit in LIMITS.values()), 6.0, 30.0])
def test_expm_is_scipys(norm, x):
    x = of_norm(norm, x)
    y = scipy.linalg.expm(x)
    np.testing.assert_allclose(expm(x), y, rtol=1e-12, atol=1e-13 * np.abs(y).max())
    e = x.conj().T
    value, derivative = lux.jvp(expm, (x,), (e,))
    np.testing.assert_allclose(value, y, rtol=1e-12, atol=1e-13 * np.abs(y).max())
    expected = scipy.linalg.expm_frechet(x, e, compute_expm=False)
    np.testing.assert_allclose(derivative, expected, rtol=1e-11, atol=1e-12 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("x", [A, Z, of_norm(0.1), np.stack([of_norm(0.01), of_norm(9.0), of_norm(40.0)])],
                         ids=["real", "complex", "small", "stack"])
def test_derivatives_of_expm(x):
    x = x / 3
    check(lambda x: lux.array_namespace(x).linalg.expm(x), [x], like=scipy.linalg.expm)
    lux.testing.check_grads(expm, [x], order=2)


def test_expm_by_hand():
    t = 0.7
    turned = expm(np.array([[0.0, -t], [t, 0.0]]))
    np.testing.assert_allclose(turned, [[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]], rtol=1e-15)
    np.testing.assert_allclose(expm(np.diag([-1.0, 20.0])), np.diag(np.exp([-1.0, 20.0])), rtol=5e-14)
    # The adjoint of the derivative at x is that at x^T, so the gradient of the trace is exp(x)^T.
    np.testing.assert_allclose(lux.grad(lambda x: np.trace(expm(x)))(A), scipy.linalg.expm(A).T, rtol=1e-12)


def test_small_matrices_beside_large_ones_lose_nothing():
    x = np.stack([of_norm(1e-3), of_norm(500.0, A - A.T)])
    np.testing.assert_allclose(expm(x)[0], scipy.linalg.expm(x[0]), rtol=1e-15)
    np.testing.assert_allclose(expm(x)[1], scipy.linalg.expm(x[1]), rtol=1e-10)


def test_expm_of_what_is_odd():
    assert expm(np.zeros((0, 0))).shape == (0, 0) and expm(np.zeros((0, 3, 3))).shape == (0, 3, 3)
    assert expm(np.eye(2, dtype=np.float32)).dtype == np.float32 and expm(np.eye(2, dtype=int)).dtype == np.float64
    y = expm(np.stack([A, np.full((3, 3), np.nan)]))
    np.testing.assert_allclose(y[0], scipy.linalg.expm(A), rtol=1e-13)
    assert np.isnan(y[1]).all()
    with pytest.raises(ValueError, match=r"expm takes square matrices .*got shape \(2, 3\)"):
        expm(np.ones((2, 3)))


# --- eigenvalues ----------------------------------------------------------------------------------------------------
def test_eigenvalues_are_complex_as_the_standard_says():
    x = real_values(3, 3).sample(RNG)
    xp = lux.array_namespace(x)
    w, v = xp.linalg.eig(x)
    assert w.dtype == v.dtype == xp.linalg.eigvals(x).dtype == np.complex128
    assert xp.linalg.eig(x.astype(np.float32)).eigenvalues.dtype == np.complex64
    np.testing.assert_allclose(np.sort(w.real), [1.0, 2.0, 3.0], rtol=1e-12)
    np.testing.assert_allclose(x @ v, v * w, atol=1e-13)


def test_numpys_functions_are_real_where_numpys_are():
    for x, dtype in ((real_values(3, 3).sample(RNG), np.float64), (np.array([[1.0, -2.0], [0.5, 1.5]]), np.complex128)):
        seen = []

        def f(x, seen=seen):
            seen.append(np.linalg.eig(x))
            return x.sum()

        lux.grad(f)(x)
        for found, wanted in zip(seen[0], np.linalg.eig(x), strict=True):
            assert isinstance(found, Tracer) and found.dtype == wanted.dtype == dtype
            np.testing.assert_allclose(found.value, wanted, rtol=1e-13)


def projectors(x):
    """What does not depend on the phases of the vectors: a projector on each."""
    w, v = eigen.eig(x)
    return (v[..., :, None, :] * v[..., None, :, :].conj()) * w[..., None, None, :] ** 2


@pytest.mark.parametrize("f", [projectors, eigen.eigvals])
@pytest.mark.parametrize("x", [np.array([[1.0, -2.0], [0.5, 1.5]]), Z, np.stack([Z, Z.T + 2])],
                         ids=["a turn", "complex", "stack"])
def test_functions_of_complex_vectors(f, x):
    case = Case(f, (x,), {}, (0,), f.__name__)
    for one in (rulecheck.check_forward, rulecheck.check_adjoint, rulecheck.check_second_order):
        one(case)


def test_sums_of_eigenvalues_by_hand():
    # tr(x), tr(x^2), and the eigenvalues of a triangle, which are its diagonal.
    np.testing.assert_allclose(lux.grad(lambda x: eigen.eigvals(x).real.sum())(A), np.eye(3), atol=1e-13)
    np.testing.assert_allclose(lux.grad(lambda x: (eigen.eigvals(x) ** 2).real.sum())(A), 2 * A.T, atol=1e-12)
    # d w = u^H dx v / u^H v: left vectors (0, 1) and (1, -1), right vectors (1, 1) and (1, 0).
    x = np.array([[1.0, 1.0], [0.0, 2.0]])
    w = np.linalg.eigvals(x)
    found = lux.grad(lambda x: eigen.eigvals(x)[int(np.argmax(w))].real)(x)
    np.testing.assert_allclose(found, [[0.0, 0.0], [1.0, 1.0]], atol=1e-14)


def test_equal_eigenvalues():
    # Of the identity every vector is one: the values have a derivative, the vectors have none.
    np.testing.assert_allclose(lux.grad(lambda x: eigen.eig(x).eigenvalues.real.sum())(np.eye(2)), np.eye(2))
    assert np.isnan(lux.grad(lambda x: eigen.eig(x).eigenvectors[0, 1].real)(np.eye(2))).any()


def test_a_library_without_eigenvalues_is_named(monkeypatch):
    monkeypatch.delattr(np.linalg, "eig")
    with pytest.raises(NotImplementedError, match=r"numpy has no linalg\.eig; take eigh"):
        eigen.eig(A)


# --- many matrices at once --------------------------------------------------------------------------------------------
STACK, RIGHT = np.stack([A, 20 * A.T, A @ A]), RNG.normal(size=(3, 3))
TALL = np.stack([with_values(4, 2).sample(RNG) for _ in range(3)])
MAPPED = {
    "expm": (expm, STACK), "eig": (lambda x: projectors(x).real, STACK), "cond": (np.linalg.cond, STACK),
    "lu": (lambda x: tuple(triangular.lu(x))[1:], STACK), "diag": (np.diag, RIGHT),
    "lu_solve": (lambda a, b: triangular.lu_solve(triangular.lu_factor(a), b), STACK, RIGHT),
    "solve_triangular": (triangular.solve_triangular, STACK, RIGHT),
    "tensorsolve": (np.linalg.tensorsolve, STACK, RIGHT),
    "lstsq": (lambda a: tuple(np.linalg.lstsq(a, np.ones(4)))[:2], TALL),
    "svd": (lambda x: np.linalg.svd(x).U[:, 2:] @ np.linalg.svd(x).U[:, 2:].T, TALL),
    "matrix_rank": (lambda x: np.linalg.matrix_rank(x, tol=1.5) * x, TALL)}


@pytest.mark.parametrize("name", MAPPED)
def test_mapped_functions(name):
    f, *inputs = MAPPED[name]

    def loss(*xs):
        return sum((y ** 2).sum() for y in lux.tree.leaves(f(*xs)))

    for g in (f, lux.grad(loss)):
        expected = [lux.tree.leaves(g(*sample)) for sample in zip(*inputs, strict=True)]
        for found, wanted in zip(lux.tree.leaves(lux.vmap(g)(*inputs)), zip(*expected, strict=True), strict=True):
            np.testing.assert_allclose(found, np.stack(wanted), rtol=1e-9, atol=1e-9 * np.abs(wanted).max())


# --- NumPy's linear algebra as a whole ------------------------------------------------------------------------------
def test_every_function_of_numpys_linear_algebra_is_served():
    asked = [f for name, f in vars(np.linalg).items() if not name.startswith("_") and hasattr(f, "_implementation")]
    assert len(asked) >= 30
    assert [f.__name__ for f in asked if f not in NUMPY_FUNCTIONS] == []


def test_what_is_refused_names_a_way():
    x = with_values(3, 3).sample(RNG)
    for f, message in ((lambda x: np.linalg.qr(x, mode="raw"), "pass mode='reduced'"),
                       (lambda x: np.linalg.tensorsolve(x, np.ones(2)), r"shapes \(3, 3\) and \(2,\).*as many")):
        with pytest.raises(ValueError, match=message):
            lux.vjp(f, x)
