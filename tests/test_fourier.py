"""Fourier transforms: NumPy's numbers, gradients worked by hand, and what is refused."""
from __future__ import annotations

import numpy as np
import pytest

import arraylux as lux

RNG = np.random.default_rng(3)
REAL, COMPLEX = RNG.normal(size=(3, 4, 5)), RNG.normal(size=(3, 4, 5)) + 1j * RNG.normal(size=(3, 4, 5))
ONE = [{}, {"n": 3}, {"n": 8, "axis": 0}, {"axis": -2, "norm": "ortho"}, {"n": 6, "norm": "forward"}, {"n": 1}]
MANY = [{}, {"axes": (0,)}, {"axes": (-1, 0), "norm": "ortho"}, {"s": (2, 9), "axes": (0, 2)},
        {"s": (4, 4), "axes": (1, 2), "norm": "forward"}, {"s": (3, 3, 3), "axes": (0, 1, 2)}]
CALLS = [(name, keywords) for names, sets in (
    ("fft ifft rfft irfft hfft ihfft", ONE), ("fftn ifftn rfftn irfftn", MANY),
    ("fftshift ifftshift", [{}, {"axes": 1}, {"axes": (0, -1)}])) for name in names.split() for keywords in sets]


def inputs_of(name):
    return [REAL] if name in ("rfft", "rfftn", "ihfft") else [REAL, COMPLEX]


@pytest.mark.parametrize(("name", "keywords"), CALLS)
def test_values_are_numpys_for_plain_and_traced_arrays(name, keywords):
    for x in inputs_of(name):
        expected = getattr(np.fft, name)(x, **keywords)
        seen = []

        def f(x, seen=seen):
            seen.append(getattr(lux.array_namespace(x).fft, name)(x, **keywords))
            seen.append(getattr(np.fft, name)(x, **keywords))
            return seen[-1]

        y, _ = lux.jvp(f, (x,), (x,))
        for found in (getattr(lux.array_namespace(x).fft, name)(x, **keywords), y, *[a.value for a in seen]):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "keywords"), CALLS)
def test_gradients(name, keywords):
    for x in inputs_of(name):
        # A transform is linear: its derivative along t is NumPy's transform of t, and <g, F t> = <F' g, t>.
        t = RNG.normal(size=x.shape) + (1j * RNG.normal(size=x.shape) if x.dtype.kind == "c" else 0.0)
        expected = getattr(np.fft, name)(t, **keywords)
        y, pullback = lux.vjp(lambda x: getattr(np.fft, name)(x, **keywords), x)
        g = np.asarray(RNG.normal(size=y.shape) + 1j * RNG.normal(size=y.shape)).astype(y.dtype) \
            if y.dtype.kind == "c" else RNG.normal(size=y.shape)
        cotangent = pullback(g)[0]
        assert cotangent.dtype == x.dtype
        assert cotangent.shape == x.shape
        assert np.vdot(g, expected).real == pytest.approx(np.vdot(cotangent, t).real, abs=1e-11)


@pytest.mark.parametrize("name", ["fft2", "ifft2", "rfft2", "irfft2"])
def test_two_dimensions(name):
    x = REAL if name == "rfft2" else COMPLEX
    f = getattr(np.fft, name)
    y, dy = lux.jvp(lambda x: f(x, (3, 6), norm="ortho"), (x,), (2 * x,))
    np.testing.assert_allclose(y, f(x, (3, 6), norm="ortho"), atol=1e-12)
    np.testing.assert_allclose(dy, 2 * y, atol=1e-12)


def test_gradients_worked_by_hand():
    x = np.array([1.0, -2.0, 3.0, 0.5])
    # Parseval: sum |F x|^2 = n sum x^2.
    np.testing.assert_allclose(lux.grad(lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2))(x), 8 * x, atol=1e-13)
    # Bin 1 of four points has the real part x0 - x2 and the imaginary part x3 - x1.
    np.testing.assert_allclose(lux.grad(lambda x: np.fft.rfft(x)[1].real)(x), [1, 0, -1, 0], atol=1e-15)
    np.testing.assert_allclose(lux.grad(lambda x: np.fft.rfft(x).imag[1])(x), [0, -1, 0, 1], atol=1e-15)
    # The first of n points is (Y0 + 2 Re Y1 + ...) / n, where the bin n / 2 of an even n stands for itself alone.
    bins = np.array([1 + 1j, 2 - 1j, 0.5 + 0j])
    np.testing.assert_allclose(lux.grad(lambda y: np.fft.irfft(y, n=5)[0])(bins), [0.2, 0.4, 0.4], atol=1e-16)
    np.testing.assert_allclose(lux.grad(lambda y: np.fft.irfft(y, n=4)[0])(bins), [0.25, 0.5, 0.25], atol=1e-16)
    # Elements that were cut off do not count; those after them are as many zeros.
    np.testing.assert_allclose(lux.grad(lambda x: np.fft.fft(x, n=2)[0].real)(x), [1, 1, 0, 0], atol=1e-16)
    np.testing.assert_allclose(lux.grad(lambda x: np.fft.fft(x, n=8)[4].real)(x), [1, -1, 1, -1], atol=1e-15)


def test_second_order_through_a_convolution():
    kernel = np.array([1.0, 0.5, -0.25, 0.0, 0.0])

    def smooth(x):
        xp = lux.array_namespace(x)
        return xp.sum(xp.fft.irfft(xp.fft.rfft(x) * np.fft.rfft(kernel), n=5) ** 3)
    lux.testing.check_grads(smooth, [RNG.normal(size=5)], order=2)


def test_single_precision_stays():
    x = REAL.astype(np.float32)

    def f(x):
        y = np.fft.fft(x, norm="ortho")
        assert y.dtype == np.complex64
        z = np.fft.irfft(np.fft.rfftn(y.real))
        assert z.dtype == np.float32
        return np.sum(np.abs(np.fft.ifft(np.fft.ihfft(z)))) + np.sum(np.abs(y))
    assert lux.grad(f)(x).dtype == np.float32
    assert lux.grad(lambda z: np.sum(np.abs(np.fft.hfft(z))))(COMPLEX.astype(np.complex64)).dtype == np.complex64


def test_frequencies():
    def f(x):
        xp = lux.array_namespace(x)
        k = xp.fft.rfftfreq(6, d=0.5)
        assert isinstance(k, lux.tracer.core.Tracer)
        k[0] = x[0]
        return xp.sum(k) + xp.sum(xp.fft.fftfreq(4, dtype=xp.float32))
    np.testing.assert_allclose(lux.grad(f)(np.ones(2)), [1, 0])
    np.testing.assert_allclose(lux.array_namespace(REAL).fft.rfftfreq(6, d=0.5), [0, 1 / 3, 2 / 3, 1])
    assert type(lux.array_namespace(REAL).fft.fftfreq(4)) is np.ndarray
    assert lux.array_namespace(REAL).fft.fftfreq(4, dtype=np.float32).dtype == np.float32


def test_on_the_strict_standard():
    strict = pytest.importorskip("array_api_strict")
    strict.reset_array_api_strict_flags()
    device = strict.Device("device1")
    x = strict.asarray(REAL, device=device)

    def f(x):
        fft = lux.array_namespace(x).fft
        y = fft.ihfft(fft.hfft(fft.fftshift(fft.fftn(x, s=(6, 2), axes=(0, -1)))), n=7)
        return fft.irfftn(fft.rfftn(lux.array_namespace(x).real(y), s=(3, 3)))

    def g(x):
        y = np.fft.ihfft(np.fft.hfft(np.fft.fftshift(np.fft.fftn(x, s=(6, 2), axes=(0, -1)))), n=7)
        return np.fft.irfftn(np.fft.rfftn(np.real(y), s=(3, 3), axes=(-2, -1)))
    y, pullback = lux.vjp(f, x)
    expected, pullback_numpy = lux.vjp(g, REAL)
    np.testing.assert_allclose(np.from_dlpack(y.to_device(strict.Device("CPU_DEVICE"))), expected, atol=1e-12)
    c = pullback(y)[0]
    assert c.device == device
    np.testing.assert_allclose(np.from_dlpack(c.to_device(strict.Device("CPU_DEVICE"))),
                               pullback_numpy(expected)[0], atol=1e-11)
    assert lux.array_namespace(x).fft.fftfreq(4, device=device).device == device


@pytest.mark.parametrize(("name", "args", "keywords", "error", "words"), [
    ("fft", (REAL,), {"norm": "half"}, ValueError, '"backward", "ortho" or "forward", got \'half\''),
    ("hfft", (REAL,), {"norm": "half"}, ValueError, "got 'half'"),
    ("fft", (REAL,), {"n": 0}, ValueError, "along axis 2 of 0 points"),
    ("fft", (np.zeros((2, 0)),), {}, ValueError, "along axis 1 of 0 points"),
    ("irfft", (REAL[..., :1],), {}, ValueError, "along axis 2 of 0 points"),
    ("rfft", (COMPLEX,), {}, TypeError, "complex128; use fft"),
    ("fftn", (REAL,), {"s": (3,), "axes": (0, 1)}, ValueError, r"s=\(3,\) for the axes \(0, 1\)"),
    ("fft", (REAL,), {"axis": 3}, np.exceptions.AxisError, "axis 3 is out of bounds"),
])
def test_refused(name, args, keywords, error, words):
    with pytest.raises(error, match=words):
        getattr(lux.array_namespace(*args).fft, name)(*args, **keywords)
    with pytest.raises(error, match=words):
        lux.vjp(lambda x: getattr(lux.array_namespace(x).fft, name)(x, **keywords), *args)


def test_no_axes_and_no_dimensions():
    fft = lux.array_namespace(REAL).fft
    assert fft.fftn(np.array(2.0)).dtype == np.complex128
    assert fft.fftshift(np.array(2.0)) == 2.0
    assert repr(fft) == "<namespace arraylux[numpy].fft>"
