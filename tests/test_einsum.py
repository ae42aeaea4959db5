"""Sums of products by letters: NumPy's values for every kind of subscripts, and derivatives worked by hand."""
from __future__ import annotations

import numpy as np
import pytest
from likenumpy import check

import arraylux as lux
from arraylux.rules.einsum import einsum, kron

RNG = np.random.default_rng(0)


def array(*shape):
    return RNG.normal(size=shape)


EXPRESSIONS = [
    # one operand
    ("i->", [(3,)]), ("ij->ji", [(2, 3)]), ("ij", [(2, 3)]), ("ba", [(2, 3)]), ("ij->", [(2, 3)]), ("ij->j", [(2, 3)]),
    ("ii", [(3, 3)]), ("ii->i", [(3, 3)]), ("iij->ij", [(3, 3, 2)]), ("iji->j", [(3, 2, 3)]), ("iii->i", [(2, 2, 2)]),
    ("...ij->...ji", [(4, 2, 3)]), ("...->...", [(2, 3)]), ("...i->...", [(2, 3)]), ("i...", [(2, 3)]), ("->", [()]),
    ("...ii->...i", [(2, 3, 3)]), ("ij -> i", [(0, 3)]), ("ij->i", [(3, 0)]), ("iijj->ij", [(2, 2, 3, 3)]),
    # two
    ("i,i->", [(3,), (3,)]), ("i,i->i", [(3,), (3,)]), ("i,j->ij", [(3,), (2,)]), ("i,j->ji", [(3,), (2,)]),
    ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk", [(2, 3), (3, 4)]), ("ij,kj->ki", [(2, 3), (4, 3)]),
    ("ij,j", [(2, 3), (3,)]), ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]), ("bi,bi->b", [(5, 3), (5, 3)]),
    ("abij,abjk->bika", [(2, 5, 2, 3), (2, 5, 3, 4)]), ("ij,ij->", [(2, 3), (2, 3)]), ("ij,kl->", [(2, 3), (4, 2)]),
    ("ij,kl->ilkj", [(2, 3), (4, 2)]), ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
    ("...ij,...jk->...ik", [(5, 1, 2, 3), (4, 3, 2)]), ("...,...->...", [(2, 3), (3,)]), ("i...,i", [(2, 3), (2,)]),
    ("ij,ij->i", [(2, 3), (2, 1)]), ("ij,jk->ik", [(2, 1), (3, 4)]), ("ii,i->i", [(3, 3), (3,)]), (",i->i", [(), (3,)]),
    (",", [(), ()]), ("bhqd,bhkd->bhqk", [(2, 3, 4, 5), (2, 3, 6, 5)]), ("ij,jk->ik", [(2, 0), (0, 3)]),
    # more
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]), ("i,j,k->kji", [(2,), (3,), (4,)]), ("i,ij,j->", [(2,), (2, 3), (3,)]),
    ("bn,anm,bm->ba", [(2, 3), (4, 3, 5), (2, 5)]), ("a,a,a,a->a", [(3,), (3,), (3,), (3,)]),
    ("...i,ij,...j->...", [(4, 2), (2, 3), (4, 3)]), ("ij,jk,kl,lm,mi->", [(2, 3), (3, 4), (4, 2), (2, 5), (5, 2)]),
]


@pytest.mark.parametrize(("subscripts", "shapes"), EXPRESSIONS)
@pytest.mark.parametrize("optimize", [True, False])
def test_numpys_values(subscripts, shapes, optimize):
    arrays = [array(*shape) for shape in shapes]
    check(lambda *xs: einsum(subscripts, *xs, optimize=optimize), arrays,
          like=lambda *xs: np.asarray(np.einsum(subscripts, *xs)) if any(xs[0].shape) else np.einsum(subscripts, *xs))


@pytest.mark.parametrize("optimize", ["optimal", ["einsum_path", (1, 2), (0, 1)], ["einsum_path", (0, 1, 2)]])
def test_an_order_of_ones_own(optimize):
    arrays = [array(2, 3), array(3, 4), array(4, 2)]
    check(lambda *xs: einsum("ij,jk,kl->li", *xs, optimize=optimize), arrays,
          like=lambda *xs: np.einsum("ij,jk,kl->li", *xs))


@pytest.mark.parametrize("call", [
    lambda f, a, b: f(a, [0, 1], b, [1, 2]), lambda f, a, b: f(a, [0, 1], b, [1, 2], [2, 0]),
    lambda f, a, b: f(a, [30, 1], b, [1, 2]), lambda f, a, b: f(a, [Ellipsis, 1], b, [1, 2], [2, Ellipsis])])
def test_lists_of_numbers(call):
    check(lambda a, b: call(einsum, a, b), [array(2, 3), array(3, 4)], like=lambda a, b: call(np.einsum, a, b))


def test_complex_numbers_and_second_order():
    z = [array(2, 3) + 1j * array(2, 3), array(3, 2) + 1j * array(3, 2)]
    check(lambda a, b: einsum("ij,ji->i", a, b), z, like=lambda a, b: np.einsum("ij,ji->i", a, b))
    lux.testing.check_grads(lambda a, b: einsum("ij,jk,ik->i", a, b, einsum("ij,jk", a, b)), [array(2, 3), array(3, 2)])


def test_gradients_by_hand():
    # the bilinear form x' A y has the gradients A y, x y' and A' x
    x, a, y = array(2), array(2, 3), array(3)
    found = lux.grad(lambda *args: einsum("i,ij,j->", *args), argnums=(0, 1, 2))(x, a, y)
    for g, expected in zip(found, (a @ y, np.outer(x, y), a.T @ x), strict=True):
        np.testing.assert_allclose(g, expected, rtol=1e-14)
    # a trace has the identity
    np.testing.assert_array_equal(lux.grad(lambda a: einsum("ii", a))(np.ones((3, 3))), np.eye(3))


def test_single_precision_stays():
    x = array(2, 3).astype(np.float32)
    y, g = lux.value_and_grad(lambda x: einsum("ij,kj->", x, x))(x)
    assert y.dtype == g.dtype == np.float32


@pytest.mark.parametrize(("subscripts", "shapes", "message"), [
    ("ij,jk", [(2, 3)], "names 2 operands, but 1 came"), ("ij", [(2, 3, 4)], "names 2 axes; name every axis"),
    ("ijk", [(2, 3)], "names 3 axes"), ("ij,jk->ik", [(2, 3), (4, 5)], "'j' of the operands have lengths 3 and 4"),
    ("ij->k", [(2, 3)], "'k' in the result"), ("ij->ii", [(2, 3)], "'i' in the result must come once"),
    ("ii", [(2, 3)], "lengths 2 and 3"), ("ii", [(1, 3)], "takes a diagonal"), ("i?", [(2, 3)], "neither"),
    ("...i->i", [(2, 3)], "must name them too"), ("......i", [(2, 3)], "neither a letter nor one")])
def test_subscripts_that_do_not_fit(subscripts, shapes, message):
    with pytest.raises(ValueError, match=message):
        lux.jvp(lambda *xs: einsum(subscripts, *xs), tuple(array(*s) for s in shapes),
                tuple(array(*s) for s in shapes))


@pytest.mark.parametrize(("a", "b"), [((2,), (3,)), ((2, 3), (3, 2)), ((3,), (2, 2)), ((2, 1, 3), (2,)), ((), (3,)),
                                      ((0, 2), (2, 2))])
def test_kron(a, b):
    check(kron, [array(*a), array(*b)], like=np.kron)
