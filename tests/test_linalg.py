"""Linear algebra: values and signatures against NumPy, derivatives at the points where they are delicate."""
from __future__ import annotations

import math

import numpy as np
import pytest
import rulecheck
from cases import Case
from likenumpy import check
from samples_linalg import SYMMETRIC_CALLS, symmetric, with_values

import arraylux as lux
from arraylux.backend import to_numpy
from arraylux.rules import determinants, least_squares, linalg, norms, spectral
from arraylux.tracer.core import Tracer

RNG = np.random.default_rng(3)
A, TALL = with_values(3, 3).sample(RNG), with_values(4, 2).sample(RNG)
T, V = RNG.uniform(0.5, 2.0, (2, 3, 4)), RNG.uniform(0.5, 2.0, 3)


# --- NumPy's functions ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2)])
@pytest.mark.parametrize("f", SYMMETRIC_CALLS, ids=lambda f: f.__name__)
def test_functions_of_symmetric_matrices(f, shape):
    x = symmetric(*shape).sample(np.random.default_rng(1))
    for kwargs in SYMMETRIC_CALLS[f]:
        check(lambda x, f=f, kwargs=kwargs: f((x + x.mT) / 2, **kwargs), [x])


# --- the standard's functions, on every kind of array ---------------------------------------------------------------
def standard(x, a, b, v):
    """Everything that the standard's extension has, of real matrices, summed up to one number each."""
    la = lux.array_namespace(x, a, b, v).linalg
    s = x + la.matrix_transpose(x)
    parts = [la.cross(v, a[0, :]), la.diagonal(a, offset=1), la.matmul(a, b), la.matrix_power(a, -2), la.outer(v, v),
             la.tensordot(a, a), la.trace(a), la.vecdot(a, v), la.det(a), la.inv(a), la.pinv(b),
             la.slogdet(a).logabsdet, la.solve(a, v), la.solve(a, b), la.cholesky(la.matmul(s, s)),
             la.cholesky(la.matmul(s, s), upper=True), la.eigh(s).eigenvalues, la.eigh(s).eigenvectors ** 2,
             la.eigvalsh(s), la.qr(b).Q ** 2, la.qr(la.matrix_transpose(b)).R ** 2, la.svd(b, full_matrices=False).S,
             la.svd(a).U ** 2, la.svdvals(b), la.vector_norm(v), la.vector_norm(v, ord=3),
             *(la.matrix_norm(b, ord=ord) for ord in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf))]
    xp = lux.array_namespace(x, a, b, v)
    return xp.stack([xp.sum(part) for part in parts])


INPUTS = symmetric(3, 3).sample(RNG), with_values(3, 3).sample(RNG), with_values(3, 2).sample(RNG), V


def test_the_standards_functions():
    lux.testing.check_grads(standard, INPUTS, order=2)


def test_the_standards_functions_on_other_libraries():
    xp = pytest.importorskip("array_api_strict")
    inputs = tuple(xp.asarray(x) for x in INPUTS)
    y, pullback = lux.vjp(standard, *inputs)
    expected, expected_pullback = lux.vjp(standard, *INPUTS)
    np.testing.assert_allclose(to_numpy(y), expected, rtol=1e-12)
    g = np.linspace(-1.0, 1.0, len(expected))
    for found, wanted in zip(pullback(xp.asarray(g)), expected_pullback(g), strict=True):
        np.testing.assert_allclose(to_numpy(found), wanted, rtol=1e-10, atol=1e-12)


def test_names_that_are_not_listed_are_the_librarys():
    assert lux.array_namespace(A).linalg.LinAlgError is np.linalg.LinAlgError


def test_ranks_are_plain():
    seen = []

    def f(x):
        seen.append(lux.array_namespace(x).linalg.matrix_rank(x))
        return x.sum()

    lux.grad(f)(TALL)
    assert not isinstance(seen[0], Tracer) and int(seen[0]) == 2


def test_results_have_names():
    x = np.diag([4.0, 1.0])
    la = lux.array_namespace(x).linalg
    assert la.eigh(x)._fields == ("eigenvalues", "eigenvectors")
    assert la.svd(x)._fields == ("U", "S", "Vh")
    assert la.qr(x)._fields == ("Q", "R")
    assert la.slogdet(x)._fields == ("sign", "logabsdet")


# --- complex vectors: functions that do not depend on their phases ---------------------------------------------------
def projector(x):
    w, v = spectral.eigh(x)
    first = v[..., :1]
    return first @ linalg.conjugate_transpose(first) + (v * w[..., None, :] ** 3) @ linalg.conjugate_transpose(v)


def rotation(x):
    u, s, vh = spectral.svd(x, full_matrices=False)
    return (u * s[..., None, :] ** 2) @ vh + (u @ vh)


@pytest.mark.parametrize(("f", "domain"), [
    (projector, symmetric(3, 3)), (projector, symmetric(2, 2, 2)), (rotation, with_values(3, 3)),
    (rotation, with_values(3, 2)), (rotation, with_values(2, 3)), (rotation, with_values(2, 2, 3))])
def test_functions_of_complex_vectors(f, domain):
    case = Case(f, (domain.sample(np.random.default_rng(4), True),), {}, (0,), f.__name__)
    for one in (rulecheck.check_forward, rulecheck.check_adjoint, rulecheck.check_second_order):
        one(case)


# --- delicate points --------------------------------------------------------------------------------------------------
EYE = np.eye(2)
ONE_TWO = np.array([[1.0, 2.0], [2.0, 4.0]])                 # singular, of rank 1
POINTS = {
    # By hand: the gradient of a determinant is the transposed adjugate, whatever the rank.
    "det of rank n - 1": (determinants.det, ONE_TWO, [[4.0, -2.0], [-2.0, 1.0]]),
    "det of rank n - 2": (determinants.det, np.diag([3.0, 0.0, 0.0]), np.zeros((3, 3))),
    "det of a diagonal": (determinants.det, np.diag([2.0, 0.0, 5.0]), np.diag([0.0, 10.0, 0.0])),
    "det by numpy": (np.linalg.det, ONE_TWO, [[4.0, -2.0], [-2.0, 1.0]]),
    # Sums of values of a symmetric matrix: the trace, and twice the matrix for the sum of squares.
    "sum of equal eigenvalues": (lambda x: spectral.eigvalsh(x).sum(), EYE, EYE),
    "squares of equal eigenvalues": (lambda x: (spectral.eigvalsh(x) ** 2).sum(), 3 * EYE, 6 * EYE),
    "equal eigenvalues of eigh": (lambda x: spectral.eigh(x).eigenvalues.sum(), EYE, EYE),
    # The sum of squares of the singular values is the sum of squares of the elements.
    "squares of equal singular values": (lambda x: (spectral.svdvals(x) ** 2).sum(), 2 * EYE, 4 * EYE),
    "squares of singular values, one zero": (lambda x: (spectral.svdvals(x) ** 2).sum(), ONE_TWO, 2 * ONE_TWO),
    "singular values of svd": (lambda x: (spectral.svd(x).S ** 2).sum(), ONE_TWO, 2 * ONE_TWO),
    "a large singular value beside a zero": (lambda x: spectral.svdvals(x)[0], ONE_TWO, ONE_TWO / 5),
    # Norms.
    "vector norm of 0": (norms.vector_norm, np.zeros(2), [0.0, 0.0]),
    "vector norm of order 3 of 0": (lambda x: norms.vector_norm(x, ord=3), np.zeros(2), [0.0, 0.0]),
    "vector norm of order 1 of 0": (lambda x: norms.vector_norm(x, ord=1), np.zeros(2), [0.0, 0.0]),
    "vector norm": (norms.vector_norm, np.array([3.0, -4.0]), [0.6, -0.8]),
    "largest with ties": (lambda x: norms.vector_norm(x, ord=math.inf), np.array([2.0, -2.0, 1.0]), [0.5, -0.5, 0.0]),
    "np.linalg.norm of 0": (np.linalg.norm, np.zeros((2, 2)), np.zeros((2, 2))),
    "np.linalg.norm with ties": (lambda x: np.linalg.norm(x, np.inf), np.ones(3), [1 / 3, 1 / 3, 1 / 3]),
    "Frobenius norm of 0": (norms.matrix_norm, np.zeros((2, 2)), np.zeros((2, 2))),
    "spectral norm": (lambda x: norms.matrix_norm(x, ord=2), np.diag([3.0, 1.0]), np.diag([1.0, 0.0])),
    # x = 2: L = sqrt(2), L' = 1 / (2 sqrt 2); off the diagonal the gradient is shared by both elements.
    "cholesky of one": (lambda x: linalg.cholesky(x).sum(), np.array([[2.0]]), [[0.5 / math.sqrt(2)]]),
    "cholesky below the diagonal": (lambda x: linalg.cholesky(x)[1, 0], EYE, [[0.0, 0.5], [0.5, 0.0]]),
    "inverse of a diagonal": (lambda x: linalg.inv(x).sum(), np.diag([2.0, 4.0]),
                              [[-1 / 4, -1 / 8], [-1 / 8, -1 / 16]]),
    "logdet": (lambda x: determinants.slogdet(x).logabsdet, np.diag([2.0, -4.0]), np.diag([0.5, -0.25])),
    "pinv of rank 1": (lambda x: least_squares.pinv(x)[0, 0], np.diag([2.0, 0.0]), np.diag([-0.25, 0.0])),
}


@pytest.mark.parametrize("point", POINTS)
def test_derivatives_at_delicate_points(point):
    f, x, expected = POINTS[point]
    np.testing.assert_allclose(lux.grad(f)(x), expected, rtol=1e-13, atol=1e-13)
    for place in np.ndindex(x.shape):
        t = np.zeros_like(x)
        t[place] = 1.0
        np.testing.assert_allclose(lux.jvp(f, (x,), (t,))[1], np.asarray(expected)[place], rtol=1e-13, atol=1e-13)


def test_second_derivative_of_a_determinant_at_singular_matrices():
    # det = a d - b c: its second derivatives are 1 by (a, d) and -1 by (b, c), everywhere.
    expected = np.zeros((4, 4))
    expected[0, 3] = expected[3, 0] = 1.0
    expected[1, 2] = expected[2, 1] = -1.0
    for x in (np.zeros((2, 2)), ONE_TWO, EYE):
        hessian = lux.hessian(determinants.det)(x).reshape(4, 4)
        np.testing.assert_allclose(hessian, expected, atol=1e-14)


def test_vectors_of_equal_values_have_no_derivative():
    assert np.isnan(lux.grad(lambda x: spectral.eigh(x).eigenvectors[0, 1])(EYE)).any()
    assert np.isnan(lux.grad(lambda x: spectral.svd(x).U[0, 1])(EYE)).any()
    # What does not depend on the choice of vectors has one: V V^T is the identity always.
    v_vt = lux.grad(lambda x: (spectral.eigh(x).eigenvectors @ spectral.eigh(x).eigenvectors.T).sum())
    np.testing.assert_array_equal(v_vt(EYE), 0 * EYE)


def test_gradients_of_symmetric_functions_are_symmetric():
    x = symmetric(3, 3).sample(np.random.default_rng(2))
    for f in (lambda x: spectral.eigh(x).eigenvectors[0, 0] ** 2, lambda x: spectral.eigvalsh(x)[0],
              lambda x: linalg.cholesky(x)[2, 1]):
        g = lux.grad(f)(x)
        np.testing.assert_allclose(g, g.T, atol=1e-14)


@pytest.mark.parametrize("f", [
    lambda x: linalg.matmul(spectral.qr(x).Q, spectral.qr(x).R), lambda x: determinants.slogdet(x).logabsdet,
])
def test_where_nothing_is_unique_the_value_stays_and_the_derivative_is_nan(f):
    stack = np.stack([EYE, 0 * EYE])
    y, t = lux.jvp(f, (stack,), (np.ones_like(stack),))
    np.testing.assert_array_equal(y, f(stack))
    g = lux.grad(lambda x: f(x)[0].sum() + (0 * f(x)[1]).sum())
    with np.errstate(invalid="ignore"):
        g = g(stack)
    for d in (t, g):
        assert np.isfinite(d[0]).all() and np.isnan(d[1]).any()


def test_a_traced_tolerance_decides_the_rank():
    rank = lux.grad(lambda x, r: 0.0 * x.sum() + norms.matrix_rank(x, rtol=r), argnums=(0, 1))
    np.testing.assert_array_equal(rank(np.diag([1.0, 0.1]), 0.5)[1], 0.0)
    xp = lux.array_namespace(EYE)
    np.testing.assert_allclose(lux.jvp(lambda r: xp.linalg.pinv(np.diag([1.0, 0.1]), rtol=r), (0.5,), (1.0,))[0],
                               np.diag([1.0, 0.0]), atol=1e-15)


# --- errors -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("f", "x", "message"), [
    (lambda x: spectral.qr(x, mode="raw"), TALL, "pass mode='reduced'"),
    (lambda x: linalg.outer(x, x), TALL, "outer takes two vectors"),
    (lambda x: linalg.cross(x, x), TALL, "vectors of three elements"),
    (lambda x: norms.matrix_norm(x, ord=3), TALL, "got ord=3"),
    (lambda x: np.linalg.norm(x, "nuc"), V, "pass two axes"),
    (lambda x: np.linalg.norm(x, 2), T, "pass one axis or two"),
])
def test_errors(f, x, message):
    with pytest.raises(ValueError, match=message):
        lux.vjp(f, x)
