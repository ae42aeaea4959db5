"""Sound: transforms against numbers of PyTorch's (data/make_audio.py), filters against interpolation, decibels."""
from pathlib import Path

import array_api_strict as strict
import numpy as np
import pytest

from arraylux import grad, nn, vmap
from arraylux.testing import check_grads

pytestmark = pytest.mark.filterwarnings("error")

DATA = np.load(Path(__file__).parent / "data" / "audio.npz")
CASES = {"plain": {"n_fft": 8, "hop_length": 2},
         "hann": {"n_fft": 8, "hop_length": 3, "normalized": True, "window": nn.hann_window(8, dtype=np.float64)},
         "odd": {"n_fft": 7, "hop_length": 2, "center": False, "window": nn.hamming_window(7, dtype=np.float64)}}
every_case = pytest.mark.parametrize("name", CASES)


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("n", [1, 6, 7])
def test_windows(n, periodic):
    if n > 1:                                   # PyTorch makes a window of one number 1, whatever its alpha
        np.testing.assert_allclose(nn.hann_window(n, periodic=periodic, dtype=np.float64),
                                   DATA[f"hann_{n}_{periodic}"], atol=1e-15)
        np.testing.assert_allclose(nn.hamming_window(n, periodic=periodic, dtype=np.float64),
                                   DATA[f"hamming_{n}_{periodic}"], atol=1e-15)
    assert nn.hann_window(n, periodic=periodic).dtype == np.float32
    assert nn.hann_window(n, periodic=periodic).shape == (n,)


@every_case
def test_transforms_and_their_gradients(name):
    case, x, weights = CASES[name], DATA["x"], DATA[f"{name}_weights"]
    y = nn.stft(x, **case)
    np.testing.assert_allclose(y, DATA[f"{name}_y"], atol=1e-13)
    np.testing.assert_allclose(nn.spectrogram(x, **case), abs(DATA[f"{name}_y"])**2, atol=1e-12)
    np.testing.assert_allclose(nn.spectrogram(x, **case, power=1), abs(DATA[f"{name}_y"]), atol=1e-12)
    np.testing.assert_allclose(grad(lambda x: (nn.spectrogram(x, **case) * weights).sum())(x), DATA[f"{name}_dx"],
                               atol=1e-12)
    np.testing.assert_allclose(nn.istft(y * (1 + weights**2 / 8), **case), DATA[f"{name}_back"], atol=1e-12)
    single = nn.stft(x.astype(np.float32), **case)
    assert single.dtype == np.complex64 and nn.istft(single, **case).dtype == np.float32
    np.testing.assert_allclose(single, y, atol=2e-5)


@every_case
def test_other_libraries(name):
    case, x = CASES[name], DATA["x"]
    y = nn.stft(strict.asarray(x), **case)
    np.testing.assert_allclose(np.asarray(y), DATA[f"{name}_y"], atol=1e-13)
    np.testing.assert_allclose(np.asarray(nn.istft(y, **case)), x[:, :nn.istft(y, **case).shape[-1]], atol=1e-12)


@every_case
def test_derivatives(name):
    case, x = CASES[name], DATA["x"][0]
    check_grads(lambda x: nn.spectrogram(x, **case), [x], order=2)
    check_grads(lambda x: nn.istft(nn.stft(x, **case) * 1j * nn.stft(x**2, **case), **case), [x], order=1)
    window = np.linspace(0.5, 1.0, case["n_fft"])
    check_grads(lambda w: nn.istft(nn.stft(x, **{**case, "window": w})**2, **{**case, "window": w}), [window], order=1)
    np.testing.assert_allclose(vmap(lambda x: nn.stft(x, **case))(DATA["x"]), DATA[f"{name}_y"], atol=1e-13)


@pytest.mark.parametrize("length", [None, 30, 11])
def test_there_and_back(length):
    x = DATA["x"][:, :28]
    window = nn.hann_window(8, dtype=np.float64)
    found = nn.istft(nn.stft(x, 8, window=window), 8, window=window, length=length)
    expected = x if length is None else np.pad(x, ((0, 0), (0, 2)))[:, :length]
    np.testing.assert_allclose(found[:, :28], expected[:, :28], atol=1e-13)
    assert found.shape[-1] == (28 if length is None else length)


@pytest.mark.parametrize(("fmin", "fmax"), [(0.0, None), (20.0, 3000.0)])
def test_filterbanks_are_triangles_between_equal_steps_of_the_mel_scale(fmin, fmax):
    found = nn.melscale_filterbanks(129, 10, 8000, fmin=fmin, fmax=fmax, dtype=np.float64)
    low, high = (1127.0 * np.log(1 + f / 700) for f in (fmin, 4000.0 if fmax is None else fmax))
    corners = 700 * np.expm1(np.linspace(low, high, 12) / 1127.0)        # 1127 = 2595 / log(10), to four digits
    expected = [np.interp(np.linspace(0, 4000, 129), corners[i:i + 3], [0, 1, 0]) for i in range(10)]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.shape == (10, 129) and found.max() <= 1


def test_decibels():
    x = np.array([1e-12, 1e-3, 0.5, 2.0, 1e3])
    np.testing.assert_allclose(nn.power_to_db(x, top_db=None), 10 * np.log10(np.maximum(x, 1e-10)))
    np.testing.assert_allclose(nn.power_to_db(x, ref=2.0, top_db=40.0),
                               np.maximum(10 * np.log10(x / 2), 10 * np.log10(500) - 40), rtol=1e-14)
    np.testing.assert_allclose(nn.db_to_power(nn.power_to_db(x[1:], ref=3.0), ref=3.0), x[1:], rtol=1e-13)
    check_grads(nn.power_to_db, [x[2:4]], order=2)
    check_grads(nn.db_to_power, [x[2:4]], order=2)
    single = x[:4].astype(np.float32)
    assert nn.power_to_db(single).dtype == nn.db_to_power(single).dtype == np.float32


X, Y = np.ones((2, 20)), np.ones((2, 5, 4), complex)


@pytest.mark.parametrize(("call", "error", "sentence"), [
    (lambda: nn.stft(X.astype(complex), 8), TypeError, "stft: x must be real signals"),
    (lambda: nn.stft(X, 0), ValueError, "stft: n_fft and hop_length must be positive"),
    (lambda: nn.stft(X, 8, hop_length=0), ValueError, "stft: n_fft and hop_length must be positive"),
    (lambda: nn.stft(X, 40), ValueError, "must have at least 21 numbers"),
    (lambda: nn.stft(X, 24, center=False), ValueError, "must have at least 24 numbers"),
    (lambda: nn.stft(X, 8, window=np.ones(7)), ValueError, r"window must have the shape \(8,\)"),
    (lambda: nn.istft(Y, 12), ValueError, r"istft: y must have the shape \(..., 7, frames\)"),
    (lambda: nn.istft(Y, 8, length=40), ValueError, "4 frames cover 6 numbers"),
    (lambda: nn.istft(Y, 8, window=np.zeros(8)), ValueError, "the windows of all frames are zero somewhere"),
    (lambda: nn.hann_window(0), ValueError, "a window has at least one number"),
    (lambda: nn.melscale_filterbanks(5, 0, 8.0), ValueError, "melscale_filterbanks: expected"),
    (lambda: nn.melscale_filterbanks(5, 2, 8.0, fmin=5.0), ValueError, "melscale_filterbanks: expected"),
    (lambda: nn.power_to_db(X, ref=0.0), ValueError, "power_to_db: ref and amin must be positive"),
])
def test_bad_input(call, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)
