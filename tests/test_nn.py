"""The affine map against einsum, and dropout: its numbers, its generator, its derivative."""
import array_api_strict
import numpy as np
import pytest

from arraylux import grad, jvp, nn, vjp
from arraylux.random import Xoshiro

pytestmark = pytest.mark.filterwarnings("error")


# --- the affine map -----------------------------------------------------------------------------------------------
def affine_data(batch=(4,), dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)

    def draw(*shape):
        z = rng.standard_normal(shape)
        return (z + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else z).astype(dtype)
    return draw(*batch, 3), draw(2, 3), draw(2)


def test_fused_dense_by_hand():
    x = np.array([[1.0, 2.0, 3.0]])
    weight = np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])
    np.testing.assert_array_equal(nn.fused_dense(x, weight), [[-2, 4]])
    np.testing.assert_array_equal(nn.fused_dense(x, weight, np.array([10.0, 20.0])), [[8, 24]])
    np.testing.assert_array_equal(nn.fused_dense(x[0], weight), [-2, 4])

    def loss(x, weight, bias):
        return (nn.fused_dense(x, weight, bias) * np.array([1.0, 10.0])).sum()
    dx, dweight, dbias = grad(loss, argnums=(0, 1, 2))(x, weight, np.zeros(2))
    np.testing.assert_array_equal(dx, [[21, 10, -1]])
    np.testing.assert_array_equal(dweight, [[1, 2, 3], [10, 20, 30]])
    np.testing.assert_array_equal(dbias, [1, 10])


@pytest.mark.parametrize("batch", [(), (4,), (0,), (2, 4), (2, 1, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_fused_dense_for_every_batch_shape(batch, dtype):
    x, weight, bias = affine_data(batch, dtype)
    expected = np.einsum("...i,oi->...o", x, weight) + bias
    y, pullback = vjp(nn.fused_dense, x, weight, bias)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=1e-5 if dtype == np.float32 else 1e-13)
    g = affine_data(batch, dtype, seed=1)[0][..., :2]
    dx, dweight, dbias = pullback(g)
    tolerance = {"rtol": 1e-4 if dtype == np.float32 else 1e-12, "atol": 1e-6}
    np.testing.assert_allclose(dx, np.einsum("...o,oi->...i", g, weight.conj()), **tolerance)
    np.testing.assert_allclose(dweight, np.einsum("no,ni->oi", g.reshape(-1, 2), x.conj().reshape(-1, 3)), **tolerance)
    np.testing.assert_allclose(dbias, g.reshape(-1, 2).sum(0), **tolerance)
    assert dx.dtype == dweight.dtype == dbias.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_the_two_modes_of_fused_dense_are_adjoint(dtype):
    primals, tangents = affine_data((2, 4), dtype), affine_data((2, 4), dtype, seed=1)
    for chosen in [(0, 1, 2), (0,), (1,), (2,), (0, 2)]:
        direction = tuple(t if i in chosen else None for i, t in enumerate(tangents))
        y, dy = jvp(nn.fused_dense, primals, direction)
        g = affine_data((2, 4), dtype, seed=2)[0][..., :2]
        cotangents = vjp(nn.fused_dense, *primals)[1](g)
        right = sum(np.vdot(cotangents[i], tangents[i]).real for i in chosen)
        assert np.vdot(g, dy).real == pytest.approx(right, rel=1e-12)
        assert dy.shape == y.shape and dy.dtype == y.dtype


def test_second_derivatives_of_fused_dense():
    x, weight, bias = affine_data((4,))

    def loss(weight, bias):
        return (nn.fused_dense(x, weight, bias) ** 3).sum()

    def squared_gradient(weight, bias):
        dweight, dbias = grad(loss, argnums=(0, 1))(weight, bias)
        return (dweight**2).sum() + (dbias**2).sum()
    found = grad(squared_gradient)(weight, bias)
    for i, j in [(0, 0), (1, 2)]:
        step = np.zeros_like(weight)
        step[i, j] = 1e-6
        difference = (squared_gradient(weight + step, bias) - squared_gradient(weight - step, bias)) / 2e-6
        assert found[i, j] == pytest.approx(difference, rel=1e-7)
    both = jvp(lambda w: grad(loss)(w, bias), (weight,), (weight,))[1]
    np.testing.assert_allclose(both, 2 * grad(loss)(weight, bias) - 2 * grad(loss)(weight, bias)
                               + np.einsum("no,ni,nj,oj->oi", 6 * (x @ weight.T + bias), x, x, weight))


def test_fused_dense_promotes_and_casts_back():
    x, weight, bias = affine_data((4,))
    y, pullback = vjp(nn.fused_dense, x, weight.astype(np.float32), bias.astype(np.float32))
    assert y.dtype == np.float64
    assert [c.dtype for c in pullback(y)] == [np.float64, np.float32, np.float32]
    assert nn.fused_dense(x.astype(np.float32), weight.astype(np.float32), bias).dtype == np.float64
    real, complexed = x, weight.astype(np.complex128)
    assert vjp(nn.fused_dense, real, complexed)[1](np.ones((4, 2), complex))[0].dtype == np.float64


def test_fused_dense_leaves_its_arguments_alone():
    data = affine_data((2, 4))
    before = [a.copy() for a in data]
    y = nn.fused_dense(*data)
    y += 1
    grad(lambda *a: nn.fused_dense(*a).sum(), argnums=(0, 1, 2))(*data)
    for a, b in zip(data, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_fused_dense_elsewhere():
    x, weight, bias = (array_api_strict.asarray(a) for a in affine_data((2, 4)))
    y, pullback = vjp(nn.fused_dense, x, weight, bias)
    expected = vjp(nn.fused_dense, *affine_data((2, 4)))
    np.testing.assert_allclose(np.asarray(y), expected[0])
    for c, d in zip(pullback(y), expected[1](expected[0]), strict=True):
        assert type(c) is type(x)
        np.testing.assert_allclose(np.asarray(c), d)


def test_fused_dense_errors():
    x, weight, _ = affine_data((4,))
    with pytest.raises(ValueError, match=r"axis of x \(4, 3\) must be as long as that of weight \(3, 2\).*transpose"):
        nn.fused_dense(x, weight.T)
    with pytest.raises(ValueError, match=r"bias must have the shape \(2,\).*got \(4, 2\)"):
        nn.fused_dense(x, weight, np.zeros((4, 2)))
    with pytest.raises(TypeError, match=r"x is an array of numpy, weight or bias one of array_api_strict; move"):
        nn.fused_dense(x, array_api_strict.asarray(weight))


# --- dropout ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rng", [np.random.default_rng(3), Xoshiro(3)], ids=["numpy", "xoshiro"])
def test_dropout_draws_from_a_copy(rng):
    x = np.ones((50, 40), np.float32)
    y, mask, advanced = nn.dropout(rng, x, 0.3, True)
    again, _, _ = nn.dropout(rng, x, 0.3, True)
    other, _, _ = nn.dropout(advanced, x, 0.3, True)
    np.testing.assert_array_equal(y, again)
    assert (y != other).any()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)} and y.dtype == mask.dtype == np.float32
    assert abs((y == 0).mean() - 0.3) < 0.04                  # 2000 draws: 4 standard deviations
    np.testing.assert_array_equal(y, x * mask)


def test_dropout_draws_what_lux_draws():
    # The first numbers of Julia's rand(Xoshiro(0), Float32, 2, 2) are 0.4858, 0.4057, 0.0174, 0.0685.
    _, mask, _ = nn.dropout(Xoshiro(0), np.ones((2, 2), np.float32), 0.1, True)
    np.testing.assert_array_equal(mask != 0, [[True, True], [False, False]])


def test_dropout_of_whole_channels():
    rng = np.random.default_rng(0)
    y, mask, _ = nn.dropout(rng, np.ones((8, 6, 3, 3)), 0.5, True, dims=(0, 1))
    assert mask.shape == (8, 6, 1, 1) and y.shape == (8, 6, 3, 3)
    assert nn.dropout(rng, np.ones((8, 6)), 0.5, True, dims=-1)[1].shape == (1, 6)


def test_dropout_outside_of_training_and_at_its_ends():
    rng = np.random.default_rng(0)
    x = np.arange(4.0)
    y, mask, same = nn.dropout(rng, x, 0.5, False)
    assert y is x and mask is None and same is rng
    np.testing.assert_array_equal(nn.dropout(rng, x, 0, True)[0], x)
    np.testing.assert_array_equal(nn.dropout(rng, x, 1, True)[0], np.zeros(4))


def test_dropout_is_differentiable_and_follows_the_library():
    rng = np.random.default_rng(0)
    x = np.arange(6, dtype=np.float32)
    _, mask, _ = nn.dropout(rng, x, 0.5, True)
    np.testing.assert_array_equal(grad(lambda x: nn.dropout(rng, x, 0.5, True)[0].sum())(x), mask)
    strict = array_api_strict.asarray(x, device=array_api_strict.Device("device1"))
    y, strict_mask, _ = nn.dropout(rng, strict, 0.5, True)
    assert y.device == strict_mask.device == strict.device and y.dtype == array_api_strict.float32
    z = nn.dropout(rng, x.astype(np.complex64), 0.5, True)[0]
    assert z.dtype == np.complex64


def test_dropout_errors():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"p is the probability of a zero and must be within \[0, 1\], got 1.5"):
        nn.dropout(rng, np.ones(3), 1.5, True)
    with pytest.raises(TypeError, match=r"x has dtype int64.*astype"):
        nn.dropout(rng, np.ones(3, np.int64), 0.5, True)
    with pytest.raises(ValueError, match=r"shape \(3,\) has no axis 1"):
        nn.dropout(rng, np.ones(3), 0.5, True, dims=(0, 1))
