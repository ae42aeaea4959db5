"""Small operations, batched products and rotations against NumPy's and SciPy's numbers; the questions about GPUs."""
import sys
import types

import array_api_strict as strict
import numpy as np
import pytest
import scipy.ndimage
import scipy.special

import arraylux as lux
from arraylux import devices, gpus, grad, jvp, nn, vmap
from arraylux.testing import check_grads

pytestmark = pytest.mark.filterwarnings("error")

RNG = np.random.default_rng(0)


# --- small operations ---------------------------------------------------------------------------------------------
def test_logarithms_that_meet_zero():
    x, y = np.array([0.0, 0.0, 0.5, 2.0]), np.array([0.0, 3.0, 0.25, 4.0])
    np.testing.assert_allclose(nn.xlogy(x, y), scipy.special.xlogy(x, y))
    np.testing.assert_allclose(nn.xlogx(x), scipy.special.xlogy(x, x))
    np.testing.assert_allclose(grad(lambda x: nn.xlogx(x).sum())(x), [0, 0, np.log(0.5) + 1, np.log(2) + 1])
    dx, dy = grad(lambda x, y: nn.xlogy(x, y).sum(), argnums=(0, 1))(x, y)
    np.testing.assert_allclose(dx, [0, np.log(3), np.log(0.25), np.log(4)])
    np.testing.assert_allclose(dy, [0, 0, 2, 0.5])
    check_grads(nn.xlogx, [y[1:]], order=2)
    check_grads(nn.rsqrt, [y[1:]], order=2)
    np.testing.assert_allclose(nn.rsqrt(y[1:]), y[1:]**-0.5)
    np.testing.assert_allclose(np.asarray(nn.xlogx(strict.asarray(x))), nn.xlogx(x))
    assert nn.rsqrt(x.astype(np.float32)[2:]).dtype == nn.xlogx(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_multigate_is_split(axis):
    x = RNG.standard_normal((4, 6))
    for found, expected in zip(nn.multigate(x, 2, axis=axis), np.split(x, 2, axis), strict=True):
        np.testing.assert_array_equal(found, expected)
    check_grads(lambda x: nn.multigate(x, 2, axis=axis)[1]**2, [x], order=2)


@pytest.mark.parametrize(("n", "axis"), [(4, -1), (0, 0), (2, 2)])
def test_multigate_refuses(n, axis):
    with pytest.raises(ValueError, match="multigate: x must have an axis"):
        nn.multigate(np.ones((4, 6)), n, axis=axis)


def test_within_gradient():
    seen = []

    def f(x):
        seen.append((nn.within_gradient(x), nn.within_gradient({"a": [x], "b": 1.0}), nn.within_gradient(np.ones(2))))
        return (x * x).sum()
    x = np.ones((3, 2))
    f(x)
    vmap(f)(x)
    assert seen == [(False, False, False)] * 2
    seen.clear()
    grad(f)(x)
    jvp(f, (x,), (x,))
    vmap(grad(f))(x)
    grad(lambda x: vmap(f)(x).sum())(x)
    assert len(seen) >= 4 and set(seen) == {(True, True, False)}


def test_istraining_follows_the_mode():
    _, st = lux.setup(np.random.default_rng(0), lux.Dropout(0.5))
    assert lux.istraining(st) and not lux.istraining(lux.testmode(st))
    assert not lux.istraining({}) and not lux.istraining(None)


# --- batched products ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("shapes", "axes", "expected"), [
    (((5, 2, 3), (5, 3, 4)), {}, "bik,bkj->bij"),
    (((5, 2, 3), (1, 3, 4)), {}, "bik,bkj->bij"),
    (((2, 3), (5, 3, 4)), {}, "ik,bkj->bij"),
    (((3, 2, 5), (4, 3, 5)), {"lhs_contracting_axis": 0, "rhs_contracting_axis": 1, "lhs_batching_axes": [2],
                              "rhs_batching_axes": [-1]}, "kib,jkb->bij"),
    (((5, 6, 3, 2), (6, 4, 3, 5)), {"lhs_contracting_axis": 2, "rhs_contracting_axis": 2, "lhs_batching_axes": [0, 1],
                                    "rhs_batching_axes": [3, 0]}, "bcki,cjkb->bcij"),
])
def test_batched_products_are_sums(shapes, axes, expected):
    x, y = (RNG.standard_normal(shape) for shape in shapes)
    total = np.einsum(expected, np.broadcast_to(x, x.shape), np.repeat(y, 5, 0) if y.shape[0] == 1 else y)
    np.testing.assert_allclose(nn.batched_matmul(x, y, **axes), total, atol=1e-13)
    np.testing.assert_allclose(np.asarray(nn.batched_matmul(strict.asarray(x), strict.asarray(y), **axes)), total,
                               atol=1e-13)
    check_grads(lambda x, y: nn.batched_matmul(x, y, **axes), [x, y], order=1)


def test_batched_vectors_and_transposes():
    x, v = RNG.standard_normal((5, 2, 3)), RNG.standard_normal((5, 3))
    np.testing.assert_allclose(nn.batched_vec(x, v), np.einsum("bij,bj->bi", x, v))
    np.testing.assert_allclose(nn.batched_vec(x, v[0]), x @ v[0])
    check_grads(nn.batched_vec, [x, v], order=2)
    z = x + 1j * x[::-1]
    np.testing.assert_array_equal(nn.batched_transpose(z), np.swapaxes(z, 1, 2))
    np.testing.assert_array_equal(nn.batched_adjoint(z), np.swapaxes(z, 1, 2).conj())


@pytest.mark.parametrize(("call", "sentence"), [
    (lambda: nn.batched_matmul(np.ones((5, 2, 3)), np.ones((5, 2, 3))), "summed over have the lengths 3 and 2"),
    (lambda: nn.batched_matmul(np.ones((5, 2, 3)), np.ones((4, 3, 2))), r"batch axes \(5,\) and \(4,\)"),
    (lambda: nn.batched_matmul(np.ones((5, 2, 3)), np.ones((5, 3, 2)), lhs_batching_axes=[]), "must have one axis"),
    (lambda: nn.batched_matmul(np.ones(3), np.ones((3, 2))), "must have one axis"),
    (lambda: nn.batched_matmul(np.ones((2, 3)), np.ones((3, 2)), lhs_contracting_axis=4), "must have one axis"),
    (lambda: nn.batched_vec(np.ones((2, 3)), np.ones(2)), "batched_vec: the last axes"),
])
def test_products_refuse_what_does_not_fit(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


# --- rotations ----------------------------------------------------------------------------------------------------
def rotated(x, angle, centre, order):
    """Return SciPy's rotation of one image."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s], [-s, c]])
    return scipy.ndimage.affine_transform(x, turn, centre - turn @ centre, order=order, mode="grid-constant")


@pytest.mark.parametrize("angle", [0.3, -2.0])
@pytest.mark.parametrize("centre", [None, (1.0, 4.5)])
@pytest.mark.parametrize(("mode", "order"), [("bilinear", 1), ("nearest", 0)])
def test_rotations(angle, centre, mode, order):
    x = RNG.standard_normal((2, 3, 5, 8))
    found = nn.imrotate(x, angle, mode=mode, rotation_center=centre)
    middle = np.array([2.0, 3.5] if centre is None else centre)
    expected = [[rotated(channel, angle, middle, order) for channel in sample] for sample in x]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    on_strict = nn.imrotate(strict.asarray(x), angle, mode=mode, rotation_center=centre)
    np.testing.assert_allclose(np.asarray(on_strict), expected, atol=1e-12)


def test_rotations_by_quarters_and_of_each_image_by_itself():
    x = RNG.standard_normal((3, 2, 4, 4))
    np.testing.assert_allclose(nn.imrotate(x, np.pi / 2), np.rot90(x, axes=(2, 3)), atol=1e-12)
    angles = np.array([0.1, 0.2, 0.3])
    found = nn.imrotate(x, angles)
    for i, angle in enumerate(angles):
        np.testing.assert_allclose(found[i:i + 1], nn.imrotate(x[i:i + 1], angle), atol=1e-14)
    check_grads(nn.imrotate, [x, angles], order=1)
    check_grads(nn.imrotate, [x, np.asarray(0.7)], order=1)
    assert nn.imrotate(x.astype(np.float32), 0.3).dtype == np.float32


@pytest.mark.parametrize(("x", "angle", "sentence"), [
    (np.ones((2, 3, 4)), 0.1, "imrotate: x must be images"),
    (np.ones((2, 1, 3, 4)), np.ones(3), "imrotate: angle must be one number, or an array"),
])
def test_rotations_refuse(x, angle, sentence):
    with pytest.raises(ValueError, match=sentence):
        nn.imrotate(x, angle)


# --- questions about GPUs -----------------------------------------------------------------------------------------
@pytest.fixture
def one_gpu(monkeypatch):
    """A module `cupy` with one GPU, whose generator is NumPy's and whose current device is written down."""
    cupy, used = types.ModuleType("cupy"), []

    class Device:
        def __init__(self, number):
            self.number = number

        def use(self):
            used.append(self.number)

        def __enter__(self):
            used.append("in")

        def __exit__(self, *_):
            used.append("out")

    cupy.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=lambda: 1), Device=Device)
    cupy.random = types.SimpleNamespace(default_rng=lambda seed: used.append(f"seed {seed}"))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return used


def test_a_gpu_is_chosen_and_asked_for_numbers(one_gpu):
    lux.set_device(lux.CUDADevice(0))
    lux.default_device_rng(lux.CUDADevice(0), 7)
    assert one_gpu == [0, "in", "seed 7", "out"]
    for call in (lux.set_device, lux.default_device_rng):
        with pytest.raises(RuntimeError, match=r"CUDADevice\(1\) can't be used here"):
            call(lux.CUDADevice(1))


def test_without_a_gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(gpus.importlib.util, "find_spec", lambda name: None)
    assert lux.loaded(lux.cpu_device()) and not lux.loaded(lux.CUDADevice(0))
    assert lux.supported_gpu_backends() == ("CUDA",)
    assert lux.get_device_type({"a": np.ones(2), "b": 3}) is devices.CPUDevice and lux.get_device_type(3) is None
    np.testing.assert_array_equal(lux.default_device_rng(lux.cpu_device(), 5).random(3),
                                  np.random.default_rng(5).random(3))
    with pytest.raises(RuntimeError, match="set_device: CUDADevice"):
        lux.set_device(lux.CUDADevice(0))
    with pytest.raises(TypeError, match="set_device: expected a GPU"):
        lux.set_device(lux.cpu_device())
