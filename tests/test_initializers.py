"""Initialisers against Lux's printed weights, formulas worked by hand, and SciPy's distributions."""

from __future__ import annotations

import inspect
import math
import pickle

import numpy as np
import pytest
import scipy.stats

from arraylux import initializers as init
from arraylux.initializers.truncated import quantile
from arraylux.random import Xoshiro

# Printed by Lux in "Julia & Lux for the Uninitiated": Dense(10 => 5), set up after Random.seed!(rng, 0).
DENSE_WEIGHT = [
    [-0.48351604, 0.29944378, 0.44048923, 0.52216566, 0.20001544, 0.14378412,
     4.831728e-6, 0.53108513, -0.30674055, 0.034259237],
    [-0.049033877, -0.42427677, 0.27051237, 0.40789896, -0.43846488, -0.17706363,
     -0.032581452, 0.46514037, 0.19584312, 0.23992884],
    [0.4501613, 0.48263645, -0.29908532, -0.18695378, -0.110237636, -0.44184566,
     0.40354213, 0.25278288, 0.18056089, -0.35231933],
    [0.05218965, -0.09701933, 0.27035677, 0.12589002, -0.2956183, 0.34717596,
     -0.421895, -0.1307367, 0.36829442, -0.30972943],
    [0.20277861, -0.5152452, -0.22635894, 0.18841727, 0.29828638, 0.21690919,
     -0.04265763, -0.41919124, 0.07148273, -0.45247707],
]
DENSE_BIAS = [-0.04199602, -0.093925126, -0.0007736237, -0.19397983, 0.0066712513]

GENERATORS = [np.random.default_rng, Xoshiro]
BY_FANS = [init.glorot_uniform, init.glorot_normal, init.kaiming_uniform, init.kaiming_normal]
WIDTHS = ["16", "32", "64", "C32", "C64"]
DTYPES = [np.float16, np.float32, np.float64, np.complex64, np.complex128]


def test_default_dense_layer_starts_from_lux_weights():
    rng = Xoshiro(0)
    weight = init.kaiming_uniform(rng, (5, 10), gain=init.calculate_gain("identity"))
    bias = init.uniform_bias(rng, (5,), fan_in=10)
    assert weight.tolist() == np.float32(DENSE_WEIGHT).tolist()
    assert bias.tolist() == np.float32(DENSE_BIAS).tolist()
    assert weight.dtype == bias.dtype == np.float32
    assert weight.flags.c_contiguous


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((7,), (1, 7)), ((5, 10), (10, 5)), ((16, 3, 5, 5), (75, 400)), ((8, 0), (1, 8))],
)
def test_fans(shape, expected):
    assert init.fans(shape) == expected


@pytest.mark.parametrize("make", GENERATORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("function", "deviation"),
    [  # for shape (40, 20, 3, 5): fan_in = 300, fan_out = 600
        (init.glorot_uniform, math.sqrt(2 / 900)),
        (init.glorot_normal, math.sqrt(2 / 900)),
        (init.kaiming_uniform, math.sqrt(2 / 300)),
        (init.kaiming_normal, math.sqrt(2 / 300)),
    ],
)
def test_spread_follows_the_fans(function, deviation, dtype, make):
    weight = function(make(1), (40, 20, 3, 5), dtype=dtype)
    assert weight.shape == (40, 20, 3, 5)
    assert weight.dtype == dtype
    wide = weight.astype(np.complex128)
    assert abs(wide.mean()) < 5 * deviation / math.sqrt(weight.size)
    assert math.sqrt((np.abs(wide) ** 2).mean()) == pytest.approx(deviation, rel=0.02)
    parts = [wide.real, wide.imag] if weight.dtype.kind == "c" else [wide.real]
    for part in parts:
        assert part.std() == pytest.approx(deviation / math.sqrt(len(parts)), rel=0.03)
        if function in (init.glorot_uniform, init.kaiming_uniform):
            bound = math.sqrt(3 / len(parts)) * deviation
            assert 0.99 * bound < np.abs(part).max() <= bound * (1 + 2**-11)
        else:
            assert np.abs(part).max() > 3 * part.std()


@pytest.mark.parametrize("function", BY_FANS)
def test_gain_is_a_factor(function):
    single, double = (function(Xoshiro(0), (6, 7), dtype=np.float64, gain=gain) for gain in (1.0, 2.0))
    np.testing.assert_allclose(double, 2 * single, rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "gain"),
    [("identity", 1), ("sigmoid", 1), ("gelu", 1), ("relu", 2), ("tanh", 5 / 3), ("selu", 0.75),
     ("leakyrelu", math.sqrt(1 / 3))],
)
def test_calculate_gain_is_lux_table(name, gain):
    def activation(x):
        return x

    activation.__name__ = name
    assert init.calculate_gain(name) == init.calculate_gain(activation) == pytest.approx(gain, rel=1e-15)
    assert init.calculate_gain(None) == 1


def test_calculate_gain_takes_the_slope_of_leakyrelu():
    assert init.calculate_gain("leakyrelu", 0.01) == math.sqrt(2 / 1.0001)


# Truncated normal


@pytest.mark.parametrize("p", [1e-300, 1e-30, 1e-9, 0.01, 0.0749, 0.0751, 0.3, 0.5, 0.7, 0.999, 1 - 2**-53])
def test_quantile_is_scipys(p):
    np.testing.assert_allclose(quantile(p), scipy.stats.norm.ppf(p), rtol=4e-15, atol=1e-16)


def test_quantile_is_finite_and_smooth_everywhere():
    p = np.concatenate([[0.0], np.geomspace(1e-300, 0.5, 2001), 1 - np.geomspace(0.5, 1e-16, 500), [1.0]])
    x = quantile(p)
    assert np.isfinite(x).all()
    assert (np.diff(x) >= 0).all()


@pytest.mark.parametrize("make", GENERATORS)
@pytest.mark.parametrize(
    ("mean", "std", "lo", "hi"),
    [(0, 1, -2, 2), (0.5, 0.1, 0.45, 1), (0, 1, 1.9, 2), (0, 1, 8, 9), (0, 1, -9, -8), (-3, 2, 0, math.inf)],
)
def test_truncated_normal_has_its_distribution(mean, std, lo, hi, make):
    drawn = init.truncated_normal(make(3), 20_000, dtype=np.float64, mean=mean, std=std, lo=lo, hi=hi)
    assert drawn.shape == (20_000,)
    assert lo <= drawn.min() < drawn.max() <= hi
    expected = scipy.stats.truncnorm((lo - mean) / std, (hi - mean) / std, loc=mean, scale=std)
    assert scipy.stats.kstest(drawn, expected.cdf).pvalue > 0.01


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_truncated_normal_in_narrow_dtypes(dtype):
    drawn = init.truncated_normal(Xoshiro(0), (100, 100), dtype=dtype, std=0.02, lo=-0.04, hi=0.04)
    assert drawn.dtype == dtype
    assert np.abs(drawn).max() <= dtype(0.04)


# Matrices with a pattern


@pytest.mark.parametrize("make", GENERATORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 4), (3, 8), (8, 3), (3, 2, 2, 3), (20, 2, 3)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape, dtype, make):
    weight = init.orthogonal(make(0), shape, dtype=dtype, gain=3.0)
    assert weight.shape == shape
    assert weight.dtype == dtype
    matrix = weight.reshape(shape[0], -1).astype(np.complex128) / 3
    rows, columns = matrix.shape
    product = matrix @ matrix.conj().T if rows <= columns else matrix.conj().T @ matrix
    np.testing.assert_allclose(product, np.eye(min(rows, columns)), atol=5 * float(np.finfo(dtype).eps))


def test_orthogonal_is_uniform():
    # Of a random rotation or reflection of the plane, each element has mean 0, each determinant chance 1/2.
    rng = np.random.default_rng(0)
    matrices = np.stack([init.orthogonal(rng, (2, 2), dtype=np.float64) for _ in range(2000)])
    assert np.abs(matrices.mean(axis=0)).max() < 0.06
    assert abs((np.linalg.det(matrices) > 0).mean() - 0.5) < 0.04


@pytest.mark.parametrize("make", GENERATORS)
def test_sparse_init_has_equally_many_zeros_in_every_column(make):
    weight = init.sparse_init(make(0), (30, 200), sparsity=0.41, std=0.5)
    assert weight.dtype == np.float32
    assert ((weight == 0).sum(axis=0) == 13).all()  # 12.3, rounded up
    assert weight[weight != 0].std() == pytest.approx(0.5, rel=0.05)
    assert np.abs((weight == 0).mean(axis=1) - 13 / 30).max() < 0.15  # anywhere in the column
    assert not init.sparse_init(make(0), (3, 4), sparsity=1).any()
    assert init.sparse_init(make(0), (3, 4), sparsity=0, dtype=np.complex64).all()


def test_identity_init():
    assert init.identity_init(None, 3).tolist() == [0, 0, 0]
    assert init.identity_init(None, (2, 3), gain=2.0).tolist() == [[2, 0, 0], [0, 2, 0]]
    assert init.identity_init(None, (3, 3), shift=1).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert init.identity_init(None, (3, 3), shift=(1, 1), dtype=np.complex64).tolist() == np.eye(3).tolist()
    assert init.identity_init(None, (2, 3), shift=(0, -1)).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_identity_init_of_a_convolution_passes_images_on():
    weight = init.identity_init(None, (3, 2, 3, 4), dtype=np.float64)
    image = np.random.default_rng(0).normal(size=(2, 6, 7))
    padded = np.pad(image, ((0, 0), (1, 1), (2, 1)))  # as many in all as the kernel has taps, less one
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 4), axis=(1, 2))
    output = np.einsum("oikl,ihwkl->ohw", weight, windows)
    assert output[:2].tolist() == image.tolist()
    assert not output[2].any()
    shifted = init.identity_init(None, (2, 2, 3, 4), shift=(0, 0, 1, -1))
    assert np.argwhere(shifted).tolist() == [[0, 0, 2, 1], [1, 1, 2, 1]]


# Plain arrays


@pytest.mark.parametrize(("suffix", "dtype"), list(zip(WIDTHS, DTYPES, strict=True)))
@pytest.mark.parametrize("make", GENERATORS)
def test_plain_arrays_have_the_dtype_of_their_name(suffix, dtype, make):
    zeros, ones, uniform, normal = (
        getattr(init, kind + suffix)(make(0), (100, 100)) for kind in ("zeros", "ones", "rand", "randn")
    )
    for array in (zeros, ones, uniform, normal):
        assert array.dtype == dtype
        assert array.shape == (100, 100)
    assert not zeros.any()
    assert (ones == 1).all()
    for part in [uniform.real, uniform.imag] if uniform.dtype.kind == "c" else [uniform]:
        assert 0 <= part.min() < 0.01
        assert 0.99 < part.max() < 1
        assert part.astype(float).mean() == pytest.approx(0.5, abs=0.01)
    assert (np.abs(normal).astype(float) ** 2).mean() == pytest.approx(1, rel=0.05)
    assert abs(normal.astype(complex).mean()) < 0.04
    if normal.dtype.kind == "c":
        assert normal.imag.std() == pytest.approx(math.sqrt(0.5), rel=0.05)


def test_xoshiro_fills_arrays_as_julia_does():
    # rand(Xoshiro(0), 5, 3) as Julia prints it: the first column, then the second.
    drawn = init.rand64(Xoshiro(0), (5, 3))
    assert drawn[:, 0].tolist() == [0.4552384158732863, 0.5476424498276177, 0.7733535276924052,
                                    0.9405848223512736, 0.02964765308691042]
    parts = init.randC64(Xoshiro(0), (5,))
    assert parts[0] == 0.4552384158732863 + 0.5476424498276177j
    assert parts[1] == 0.7733535276924052 + 0.9405848223512736j


# The common form


EVERY = {name: getattr(init, name) for name in init.__all__ if name not in ("calculate_gain", "fans")}
REQUIRED = {"sparse_init": {"sparsity": 0.5}, "uniform_bias": {"fan_in": 4}}


def test_the_list_of_names_is_lux_list():
    assert set(init.__all__) == {
        "glorot_uniform", "glorot_normal", "kaiming_uniform", "kaiming_normal", "truncated_normal",
        "orthogonal", "sparse_init", "identity_init", "uniform_bias", "calculate_gain", "fans",
        *(kind + width for kind in ("zeros", "ones", "rand", "randn") for width in WIDTHS),
    }


@pytest.mark.parametrize("name", EVERY)
def test_settings_come_first_or_with_the_shape(name):
    function, options = EVERY[name], REQUIRED.get(name, {})
    prepared = function(**options)
    for make in GENERATORS:
        direct = function(make(5), (4, 6), **options)
        assert np.array_equal(prepared(make(5), (4, 6)), direct)
        assert np.array_equal(pickle.loads(pickle.dumps(prepared))(make(5), [4, 6]), direct)
        assert direct.flags.c_contiguous
    assert function.__name__ == name
    assert function.__doc__
    assert list(inspect.signature(function).parameters)[:2] == ["rng", "shape"]


def test_prepared_settings_can_be_added_to():
    prepared = init.kaiming_uniform(gain=2.0)(dtype=np.float64)
    direct = init.kaiming_uniform(Xoshiro(0), (3,), gain=2.0, dtype=np.float64)
    assert np.array_equal(prepared(Xoshiro(0), 3), direct)


def test_empty_shapes():
    for name, function in EVERY.items():
        assert function(np.random.default_rng(0), (0, 3), **REQUIRED.get(name, {})).shape == (0, 3)
        assert function(Xoshiro(0), (3, 0), **REQUIRED.get(name, {})).shape == (3, 0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: init.kaiming_uniform(gian=1.0), TypeError, "gian"),
        (lambda: init.kaiming_uniform(Xoshiro(0), (2, 3), gian=1.0), TypeError, "gian"),
        (lambda: init.zeros32(dtype=np.float64), TypeError, "zeros32 always gives the dtype of its name"),
        (lambda: init.randn32(Xoshiro(0), 3, dtype="float32"), TypeError, "randn32 always gives the dtype"),
        (lambda: init.glorot_normal(Xoshiro(0)), TypeError, "glorot_normal takes a generator and a shape"),
        (lambda: init.glorot_normal(0, (2, 3)), TypeError, r"got a int; numpy.random.default_rng\(0\)"),
        (lambda: init.rand32(np.random, (2, 3)), TypeError, "got a module"),
        (lambda: init.rand32(None, (2, 3)), TypeError, "got a NoneType"),
        (lambda: init.rand32(Xoshiro(0), (2, 3.0)), TypeError, r"tuple of integers, but got \(2, 3.0\)"),
        (lambda: init.zeros32(Xoshiro(0), "ab"), TypeError, "tuple of integers, but got 'ab'"),
        (lambda: init.zeros32(Xoshiro(0), (2, -3)), ValueError, r"negative, but got \(2, -3\)"),
        (lambda: init.glorot_uniform(Xoshiro(0), 3, dtype=np.int32), TypeError, "complex128, but got int32"),
        (lambda: init.glorot_uniform(dtype=np.longdouble), TypeError, "dtype must be one of float16"),
        (lambda: init.truncated_normal(Xoshiro(0), 3, dtype=np.complex64), TypeError, "dtype is complex64"),
        (lambda: init.truncated_normal(Xoshiro(0), 3, std=-1), ValueError, "positive, but got -1"),
        (lambda: init.truncated_normal(Xoshiro(0), 3, lo=2, hi=1), ValueError, "got lo=2 and hi=1"),
        (lambda: init.truncated_normal(Xoshiro(0), 3, lo=50, hi=60), ValueError, "practically never lie"),
        (lambda: init.orthogonal(Xoshiro(0), (3,)), ValueError, r"at least 2 axes, but got \(3,\)"),
        (lambda: init.sparse_init(Xoshiro(0), 3, sparsity=0.5), ValueError, r"\(out, in\), but got \(3,\)"),
        (lambda: init.sparse_init(Xoshiro(0), (3, 4)), TypeError, "sparsity"),
        (lambda: init.sparse_init(Xoshiro(0), (3, 4), sparsity=1.2), ValueError, "from 0 to 1, but got 1.2"),
        (lambda: init.sparse_init(Xoshiro(0), (3, 4), sparsity=0.2, std=-1), ValueError, "not be negative"),
        (lambda: init.identity_init(None, (3, 4), shift=(1, 2, 3)), ValueError, r"got \(1, 2, 3\)"),
    ],
)
def test_errors_say_what_was_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()
