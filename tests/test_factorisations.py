"""Triangular equations, the factors of elimination, least squares: SciPy's values, and derivatives by differences."""
from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.linalg
from likenumpy import check
from samples_linalg import symmetric, with_values

import arraylux as lux
from arraylux.backend import to_numpy
from arraylux.rules import spectral, triangular
from arraylux.rules.triangular import WORTHWHILE
from arraylux.tracer.core import Constant, Tracer

RNG = np.random.default_rng(8)
A, B, V = with_values(3, 3).sample(RNG), RNG.normal(size=(3, 2)), RNG.normal(size=3)
STACK, Z = with_values(2, 3, 3).sample(RNG), with_values(3, 3).sample(RNG, True)
LARGE = with_values(WORTHWHILE, WORTHWHILE, gap=0.2).sample(RNG) + 4 * np.eye(WORTHWHILE)


def la(*arrays):
    return lux.array_namespace(*arrays).linalg


# --- triangular equations -------------------------------------------------------------------------------------------
OPTIONS = [{}, {"lower": True}, {"trans": 1}, {"trans": "C", "lower": True}, {"trans": "T", "unit_diagonal": True},
           {"lower": True, "unit_diagonal": True, "trans": 2}, {"trans": "N"}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("a", [A, Z, LARGE], ids=["real", "complex", "large"])
def test_solve_triangular(a, options):
    for b in (RNG.normal(size=len(a)), RNG.normal(size=(len(a), 2))):
        check(lambda a, b: la(a, b).solve_triangular(a, b, **options), [a, b],
              like=lambda a, b: scipy.linalg.solve_triangular(a, b, **options))


def test_stacks_of_triangles_broadcast():
    for a, b in ((STACK, B), (A, np.stack([B, B + 1])), (np.stack([LARGE, LARGE.T]), LARGE[:, :2])):
        check(lambda a, b: la(a, b).solve_triangular(a, b, lower=True), [a, b],
              like=lambda a, b: np.linalg.solve(np.tril(a), b))


def test_the_other_triangle_has_no_gradient():
    x = lux.grad(lambda a: la(a).solve_triangular(a, V, lower=True).sum())(A)
    np.testing.assert_array_equal(np.triu(x, 1), 0 * A)
    x = lux.grad(lambda a: la(a).solve_triangular(a, V, unit_diagonal=True).sum())(A)
    np.testing.assert_array_equal(np.tril(x), 0 * A)


def test_substitution_does_without_scipy(monkeypatch):
    expected = scipy.linalg.solve_triangular(LARGE, LARGE, lower=True)
    lu, piv = scipy.linalg.lu_factor(LARGE)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    np.testing.assert_allclose(triangular.solve_triangular(LARGE, LARGE, lower=True), expected, rtol=1e-10, atol=1e-12)
    found = triangular.lu_factor(LARGE)
    np.testing.assert_allclose(found.lu, lu, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(found.piv, piv)


@pytest.mark.parametrize("lower", [True, False])
def test_cho_solve(lower):
    x = symmetric(3, 3).sample(np.random.default_rng(1))
    c = scipy.linalg.cholesky(x, lower=lower)
    np.testing.assert_allclose(triangular.cho_solve((c, lower), B), np.linalg.solve(x, B), rtol=1e-12)
    z = x + 1j * (np.tril(A, -1) - np.tril(A, -1).T) / 4
    c = scipy.linalg.cholesky(z, lower=lower)
    np.testing.assert_allclose(triangular.cho_solve((c, lower), V), np.linalg.solve(z, V), rtol=1e-12)

    def f(x, b):
        linalg = la(x, b)
        return linalg.cho_solve((linalg.cholesky(x, upper=not lower), lower), b)

    check(f, [x, B], like=lambda x, b: np.linalg.solve((x + x.T) / 2, b))


# --- the factors of elimination -------------------------------------------------------------------------------------
@pytest.mark.parametrize("a", [A, Z, LARGE], ids=["real", "complex", "large"])
def test_lu_has_scipys_factors(a):
    for name in ("lu", "lu_factor"):
        for found, wanted in zip(getattr(triangular, name)(a), getattr(scipy.linalg, name)(a), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("a", [A, Z, STACK], ids=["real", "complex", "stack"])
def test_derivatives_of_factors(a):
    def product(a):
        p, low, up = la(a).lu(a)
        assert isinstance(p, Constant) is isinstance(a, Tracer)
        return p @ low @ up                              # the identity

    check(product, [a], like=lambda a: a)
    lux.testing.check_grads(lambda a: la(a).lu(a)[1:], [a], order=2)


@pytest.mark.parametrize("trans", [0, 1, 2])
def test_lu_solve(trans):
    for a in (A, Z, STACK):
        for b in (V, B):
            def f(a, b):
                return la(a, b).lu_solve(la(a, b).lu_factor(a), b, trans=trans)

            turned = (lambda a: a, lambda a: a.mT, lambda a: a.conj().mT)[trans]
            check(f, [a, b], like=lambda a, b, turned=turned: np.linalg.solve(turned(a), b))
    lux.testing.check_grads(f, [A, B], order=2)


def test_singular_matrices_have_factors_too():
    a = np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 1.0], [0.0, 4.0, 4.0]])
    lu, piv = triangular._eliminate(a)
    order = triangular.row_order(piv)
    np.testing.assert_allclose((np.tril(lu, -1) + np.eye(3)) @ np.triu(lu), a[order], atol=1e-15)
    assert triangular.lu_factor(np.array([[1, 2], [4, 2]])).lu.tolist() == [[4.0, 2.0], [0.25, 1.5]]


def test_on_other_libraries():
    xp = pytest.importorskip("array_api_strict")

    def f(a, b):
        linalg = la(a, b)
        x = [linalg.solve_triangular(a, b, lower=True), linalg.lu_solve(linalg.lu_factor(a), b), linalg.expm(a),
             linalg.lstsq(b, a).x, linalg.eigvals(a)]
        return [sum_of_squares(part) for part in x]

    def sum_of_squares(x):
        return lux.array_namespace(x).sum(abs(x) ** 2)

    for a, b in ((A, B), (STACK, B)):
        y, pullback = lux.vjp(f, xp.asarray(a), xp.asarray(b))
        expected, expected_pullback = lux.vjp(f, a, b)
        np.testing.assert_allclose([to_numpy(part) for part in y], expected, rtol=1e-12)
        g = [np.ones(()) for _ in expected]
        for found, wanted in zip(pullback([xp.asarray(part) for part in g]), expected_pullback(g), strict=True):
            np.testing.assert_allclose(to_numpy(found), wanted, rtol=1e-10, atol=1e-11)


# --- least squares, and what is orthogonal to all columns -------------------------------------------------------------
TALL = with_values(5, 2).sample(RNG)


def test_least_squares_of_less_than_full_rank():
    a, b = np.diag([2.0, 0.0]), np.array([4.0, 3.0])
    # x = (b_0 / a_00, 0): among matrices of rank 1, by hand.
    x, residuals, rank, _ = la(a).lstsq(a, b)
    assert (x.tolist(), residuals.shape, int(rank)) == ([2.0, 0.0], (0,), 1)
    seen = []

    def f(a, b):
        found = la(a, b).lstsq(a, b)
        seen.append((found.rank, found.residuals.shape))
        return found.x[0]

    da, db = lux.grad(f, argnums=(0, 1))(a, b)
    np.testing.assert_allclose(da, [[-1.0, 0.0], [0.75, 0.0]], atol=1e-14)
    np.testing.assert_allclose(db, [0.5, 0.0], atol=1e-14)
    assert isinstance(seen[0][0], Constant) and int(seen[0][0]) == 1 and seen[0][1] == (0,)


def projector(x):
    """The projector on what is orthogonal to the columns, by the whole basis that a decomposition gives."""
    k = min(x.shape[-2:])
    if x.shape[-2] > k:
        bases = [spectral.svd(x).U[..., k:], spectral.qr(x, mode="complete").Q[..., k:]]
    else:
        bases = [spectral.conjugate_transpose(spectral.svd(x).Vh[..., k:, :])]
    return [y @ spectral.conjugate_transpose(y) for y in bases]


@pytest.mark.parametrize("x", [TALL, TALL.T, TALL + 1j * TALL[::-1], np.stack([TALL, TALL[::-1]])],
                         ids=["tall", "wide", "complex", "stack"])
def test_whole_bases_have_the_derivatives_of_what_they_span(x):
    def by_inverse(x):
        if x.shape[-2] < x.shape[-1]:
            x = x.conj().mT
        return [np.eye(x.shape[-2]) - x @ np.linalg.pinv(x)] * len(projector(x))

    count = 2 if x.shape[-2] > x.shape[-1] else 1
    check(projector, [x], like=lambda x: by_inverse(x)[:count])
    lux.testing.check_grads(projector, [x], order=2)


def test_whole_decompositions_of_traced_arrays():
    for x in (TALL, TALL.T):
        y, _ = lux.vjp(lambda x: tuple(spectral.svd(x)), x)
        assert [part.shape for part in y] == [part.shape for part in np.linalg.svd(x)]
        s = np.zeros(x.shape)
        np.fill_diagonal(s, y[1])
        np.testing.assert_allclose(y[0] @ s @ y[2], x, atol=1e-14)
    y, _ = lux.vjp(lambda x: tuple(spectral.qr(x, mode="complete")), TALL)
    np.testing.assert_allclose(y[0], np.linalg.qr(TALL, mode="complete").Q, atol=1e-14)
    np.testing.assert_allclose(y[0] @ y[1], TALL, atol=1e-14)
    np.testing.assert_allclose(y[0] @ y[0].T, np.eye(5), atol=1e-14)


# --- errors -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("call", "message"), [
    (lambda: triangular.solve_triangular(B, V), r"solve_triangular takes square matrices .*got shape \(3, 2\)"),
    (lambda: triangular.solve_triangular(A, V, trans="H"), "trans is one of .*got 'H'"),
    (lambda: triangular.lu_factor(B), "lu_factor takes square matrices"),
    (lambda: triangular.lu(V), r"takes square matrices .*got shape \(3,\)"),
])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_zero_on_the_diagonal_is_an_error():
    for a in (np.tril(LARGE, -1), np.triu(A, 1)):
        with pytest.raises(np.linalg.LinAlgError):
            triangular.solve_triangular(a, np.ones(len(a)), lower=a is not None and a[1, 0] != 0)
