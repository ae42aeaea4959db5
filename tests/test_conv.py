"""Convolutions against PyTorch's numbers (tests/data/make_conv.py) and sums by hand; layers; what they refuse."""
import json
import math
import pickle
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import memory
from arraylux.layers import Chain, setup
from arraylux.layers.conv import Conv, ConvTranspose
from arraylux.layers.errors import LayerError
from arraylux.nn import columns, relu
from arraylux.nn.convolution import conv, conv_transpose
from arraylux.nn.folding import SamePad, fold, unfold
from arraylux.random import Xoshiro

pytestmark = pytest.mark.filterwarnings("error")

DATA = dict(np.load(Path(__file__).parent / "data" / "conv.npz"))
CASES = json.loads(str(DATA["cases"]))
FUNCTIONS = {"conv": conv, "conv_transpose": conv_transpose}


def numbers(case, *names, dtype=np.float64, convert=np.asarray):
    return [convert(DATA[f"{case}_{name}"].astype(dtype)) for name in names]


def close(found, expected, dtype):
    expected = np.asarray(expected)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=0,
                               atol=scale * (5e-6 if dtype == np.float32 else 2e-7))


# --- PyTorch's numbers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("library", ["numpy", "numpy in small blocks", "array_api_strict"])
@pytest.mark.parametrize("case", [i for i, c in enumerate(CASES) if c["name"] in FUNCTIONS],
                         ids=lambda i: f"{CASES[i]['name']}{CASES[i]['settings']}")
def test_values_and_gradients_are_those_of_torch(case, library, dtype, monkeypatch):
    convert = array_api_strict.asarray if library == "array_api_strict" else np.asarray
    if "small" in library:
        monkeypatch.setattr(columns, "BLOCK", 20)
        monkeypatch.setattr(columns, "SMALL", 64 * 100)
    f, settings = FUNCTIONS[CASES[case]["name"]], CASES[case]["settings"]
    x, weight, bias, g = numbers(case, "x", "weight", "bias", "g", dtype=dtype, convert=convert)
    y, pullback = lux.vjp(lambda *args: f(*args, **settings), x, weight, bias)
    found = [y, *pullback(g)]
    expected = numbers(case, "y", "dx", "dweight", "dbias")
    for a, b, like in zip(found, expected, (x, x, weight, bias), strict=True):
        assert a.dtype == like.dtype and type(a) is type(like)
        close(a, b, dtype)
    close(f(x, weight, **settings), np.asarray(y) - np.asarray(bias).reshape(-1, *(1,) * (y.ndim - 2)), dtype)


@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
@pytest.mark.parametrize("case", [i for i, c in enumerate(CASES) if c["name"] == "unfold"])
def test_unfold_and_fold_are_those_of_torch(case, convert):
    x, = numbers(case, "x", convert=convert)
    y = unfold(x, **CASES[case]["settings"])
    expected, back = numbers(case, "y", "back")
    np.testing.assert_array_equal(np.asarray(y), expected)
    close(fold(y, x.shape[2:], **CASES[case]["settings"]), back, np.float64)


# --- by hand ------------------------------------------------------------------------------------------------------
def test_a_sum_written_out():
    x, weight = np.arange(12.0).reshape(1, 1, 3, 4), np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    expected = [[0 + 10 + 400 + 5000, 1 + 20 + 500 + 6000, 2 + 30 + 600 + 7000],
                [4 + 50 + 800 + 9000, 5 + 60 + 900 + 10000, 6 + 70 + 1000 + 11000]]
    np.testing.assert_array_equal(conv(x, weight)[0, 0], expected)
    flipped = conv(x, weight[..., ::-1, ::-1], cross_correlation=False)
    np.testing.assert_array_equal(flipped[0, 0], expected)


@pytest.mark.parametrize("sides", ["full", "valid"])
def test_one_row_is_numpys_convolution(sides):
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal(9), rng.standard_normal(4)
    padding = 3 if sides == "full" else "valid"
    y = conv(x[None, None], weight[None, None], padding=padding, cross_correlation=False)
    np.testing.assert_allclose(y[0, 0], np.convolve(x, weight, sides), rtol=1e-13)
    up = conv_transpose(x[None, None], weight[None, None])
    np.testing.assert_allclose(up[0, 0], np.convolve(x, weight, "full"), rtol=1e-13)
    down = conv_transpose(x[None, None], weight[None, None], cross_correlation=False)
    np.testing.assert_allclose(down[0, 0], np.convolve(x, weight[::-1], "full"), rtol=1e-13)


def test_a_convolution_is_a_product_with_columns():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2))
    window = {"stride": (2, 1), "padding": (1, 0, 2, 1), "dilation": (1, 2)}
    y = conv(x, weight, **window)
    product = weight.reshape(4, -1) @ unfold(x, (3, 2), **window)
    np.testing.assert_allclose(y, product.reshape(y.shape), rtol=1e-12)


@pytest.mark.parametrize("size", range(5, 12))
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [3, 4])
def test_the_same_size(size, stride, kernel):
    x, weight = np.ones((1, 1, size)), np.ones((1, 1, kernel))
    for padding in ("same", SamePad()):
        y = conv(x, weight, stride=stride, padding=padding)
        assert y.shape[2] == math.ceil(size / stride)
        assert conv_transpose(x, weight, stride=stride, padding=padding).shape[2] == size * stride
    # The low side gets one more in Lux, the high side in PyTorch: how many ones the first window sees.
    assert conv(x, weight, padding="same")[0, 0, 0] == kernel - (kernel - 1) // 2
    assert conv(x, weight, padding=SamePad())[0, 0, 0] == kernel - kernel // 2


def test_depthwise_is_one_convolution_for_each_channel():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((6, 1, 3, 2))
    y = conv(x, weight, groups=3)
    for channel in range(3):
        own = slice(2 * channel, 2 * channel + 2)
        np.testing.assert_allclose(y[:, own], conv(x[:, channel:channel + 1], weight[own]), rtol=1e-12)


def test_results_keep_the_precision_of_what_came():
    x, weight = np.ones((1, 1, 3), np.float32), np.ones((1, 1, 2), np.float32)
    assert conv(x, weight).dtype == np.float32
    assert conv(x.astype(np.float64), weight).dtype == np.float64
    assert conv(x, weight, np.ones(1)).dtype == np.float64
    assert conv(x.astype(np.complex64), weight).dtype == np.complex64


@pytest.mark.parametrize("f", [conv, conv_transpose])
def test_no_samples(f):
    y, pullback = lux.vjp(f, np.ones((0, 2, 4, 4)), np.ones((2, 2, 3, 3)), np.ones(2))
    assert y.shape == ((0, 2, 2, 2) if f is conv else (0, 2, 6, 6))
    dx, dweight, dbias = pullback(np.ones(y.shape))
    assert dx.shape == (0, 2, 4, 4) and not dweight.any() and not dbias.any()


def test_blocks_of_any_size_give_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    x, weight, bias = rng.standard_normal((3, 2, 4, 7, 6)), rng.standard_normal((4, 2, 2, 3, 2)), np.arange(4.0)

    def all_of_it():
        y, pullback = lux.vjp(lambda *a: conv(*a, stride=(1, 2, 1), padding=(1, 1, 0)), x, weight, bias)
        return [y, *pullback(np.sin(np.arange(y.size)).reshape(y.shape))]
    whole = all_of_it()
    for block in (1, 200, 1000, 5000):
        monkeypatch.setattr(columns, "BLOCK", block)
        for small in (1, 6400, 64 * 96):
            monkeypatch.setattr(columns, "SMALL", small)
            for a, b in zip(all_of_it(), whole, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("width", [64, 1088, 4096])
def test_a_long_row_in_pieces(width, monkeypatch):
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((1, 1, 3000)), rng.standard_normal((2, 1, 3))
    monkeypatch.setattr(columns, "SMALL", width * 6)
    y, pullback = lux.vjp(conv, x, weight)
    g = rng.standard_normal(y.shape)
    dx, dweight = pullback(g)
    for i in range(2):
        np.testing.assert_allclose(y[0, i], np.correlate(x[0, 0], weight[i, 0], "valid"), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(dweight[i, 0], np.correlate(x[0, 0], g[0, i], "valid"), rtol=1e-10)
    expected = np.convolve(g[0, 0], weight[0, 0]) + np.convolve(g[0, 1], weight[1, 0])
    np.testing.assert_allclose(dx[0, 0], expected, rtol=1e-10, atol=1e-12)


def test_what_a_pullback_holds_is_never_written_into():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((8, 4, 12, 12)), rng.standard_normal((4, 4, 3, 3))
    both = lux.value_and_grad(lambda w: (conv(relu(conv(x, w, padding=1)), w) ** 2).sum())
    first = both(weight)
    kept = first[1].copy()
    second = both(weight)
    np.testing.assert_array_equal(first[1], kept)
    np.testing.assert_array_equal(second[1], kept)


def test_mapping_over_samples():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((3, 2, 2, 5, 5)), rng.standard_normal((3, 4, 2, 3, 3))
    each = np.stack([conv(a, weight[0]) for a in x])
    np.testing.assert_allclose(lux.vmap(lambda a: conv(a, weight[0]))(x), each, rtol=1e-12)
    both = np.stack([conv(a, w) for a, w in zip(x, weight, strict=True)])
    np.testing.assert_allclose(lux.vmap(conv)(x, weight), both, rtol=1e-12)
    gradients = lux.vmap(lux.grad(lambda w, a: (conv(a, w) ** 2).sum()), in_axes=(None, 0))(weight[0], x)
    np.testing.assert_allclose(
        gradients, np.stack([lux.grad(lambda w, a=a: (conv(a, w) ** 2).sum())(weight[0]) for a in x]), rtol=1e-12)


def test_third_derivatives():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((1, 1, 4)), rng.standard_normal((1, 1, 2))
    lux.testing.check_grads(lambda x, w: lux.grad(lambda w: (conv(x, w) ** 3).sum())(w), (x, weight), order=2)


# --- what the functions refuse ------------------------------------------------------------------------------------
X, W = np.ones((2, 4, 6, 6)), np.ones((6, 4, 3, 3))


@pytest.mark.parametrize(("call", "sentence"), [
    (lambda: conv(X[0], W), r"^conv: x must have the axes \(batch, channels, \*size\) and weight as many, got shapes "
                            r"\(4, 6, 6\) and \(6, 4, 3, 3\); a single image becomes a batch by x\[None\]$"),
    (lambda: conv(X, W[:, :3]), r"^conv: x \(2, 4, 6, 6\) has 4 channels and weight \(6, 3, 3, 3\) is for 3 in"),
    (lambda: conv(X, W[:5, :2], groups=2), r"^conv: x .* divisible by groups$"),
    (lambda: conv(X, W, groups=0), r"^conv: groups must be a positive integer, got 0$"),
    (lambda: conv(X, W, np.ones(4)), r"^conv: bias must have the shape \(6,\), .* got \(4,\); reshape it$"),
    (lambda: conv(X, W, dilation=3), r"^conv: a window of size \(7, 7\), dilation included, does not fit into x with "
                                     r"spatial axes \(6, 6\) and padding \(0, 0, 0, 0\); use a smaller kernel"),
    (lambda: conv(X, W, stride=0), r"^conv: stride must be a whole number of at least 1, or 2 of them .* got 0$"),
    (lambda: conv(X, W, stride=(1, 2, 3)), r"^conv: stride .* got \(1, 2, 3\)$"),
    (lambda: conv(X, W, padding=-1), r"^conv: padding must be a whole number of at least 0"),
    (lambda: conv(X, W, padding=(1, 2, 3)), r"^conv: padding .* got \(1, 2, 3\)$"),
    (lambda: conv(X, W, padding="full"), r'^conv: padding must be a number, a tuple, "same", "valid" or SamePad\(\)'),
    (lambda: conv_transpose(X, W), r"^conv_transpose: x \(2, 4, 6, 6\) has 4 channels and weight \(6, 4, 3, 3\) is for "
                                   r"6 in 1 groups; the weight's shape is \(in, out / groups, \*kernel\)"),
    (lambda: conv_transpose(X, W[:4], stride=2, output_padding=2), r"output_padding \(2, 2\) must be smaller than the "
                                                                   r"stride \(2, 2\)"),
    (lambda: conv_transpose(X[..., :1, :1], W[:4], padding=2), r"^conv_transpose: padding \(2, 2, 2, 2\) cuts off all"),
    (lambda: conv_transpose(X, W[:4], stride=4, padding="same"), r"^conv_transpose: padding for the same size needs a "
                                                                 r"kernel that is no smaller than the stride"),
    (lambda: unfold(X[0, 0], 2), r"^unfold: x has the shape \(6, 6\), expected \(batch, channels, \*size\)"),
    (lambda: unfold(X, 7), r"^unfold: a window of size \(7, 7\)"),
    (lambda: fold(np.ones((2, 6, 9)), (4, 4), 2), r"^fold: x must have the shape \(batch, 4 \* channels, 9\) for "
                                                  r"images of size \(4, 4\) and windows of size \(2, 2\), got \(2,"),
])
def test_what_the_functions_refuse(call, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("f", [conv, conv_transpose])
def test_arrays_of_two_libraries_are_refused(f):
    strict = array_api_strict.asarray(W[:4])
    for args in ((X, strict), (array_api_strict.asarray(X), W[:4])):
        with pytest.raises(TypeError, match=rf"^{f.__name__}: x is an array of (numpy|array_api_strict), .*; move"):
            f(*args)


# --- layers -------------------------------------------------------------------------------------------------------
LAYERS = [
    Conv((3,), 4, 6, relu), Conv((3, 2), 4, 6, stride=2, padding=(1, 0), use_bias=False),
    Conv((3, 3), 4, 8, groups=4, padding=SamePad(), cross_correlation=False), Conv((2, 2, 2), 4, 2, dilation=2),
    ConvTranspose((3,), 4, 6, relu), ConvTranspose((3, 2), 4, 6, stride=2, output_padding=(1, 0), groups=2),
    ConvTranspose((4, 4), 4, 2, stride=2, padding=SamePad(), use_bias=False, cross_correlation=False),
]


def image(layer, dtype=np.float32):
    shape = (2, layer.in_channels, *(5, 6, 7)[:len(layer.kernel_size)])
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_are_their_functions(layer, convert, dtype):
    ps, st = setup(np.random.default_rng(0), layer)
    ps = {name: convert(a.astype(dtype)) for name, a in ps.items()}
    x = convert(image(layer, dtype))
    before = {name: np.array(a) for name, a in ps.items()}
    y, after = layer(x, ps, st)
    again, _ = layer(x, ps, st)
    f, options = (conv_transpose, {"output_padding": layer.output_padding}) if isinstance(layer, ConvTranspose) else (
        conv, {})
    expected = f(x, ps["weight"], ps.get("bias"), stride=layer.stride, padding=layer.padding, dilation=layer.dilation,
                 groups=layer.groups, cross_correlation=layer.cross_correlation, **options)
    np.testing.assert_array_equal(np.asarray(y), np.asarray(layer.activation(expected)))
    np.testing.assert_array_equal(np.asarray(again), np.asarray(y))
    assert after == st == {} and y.dtype == x.dtype
    assert y.shape == (2, *lux.outputsize(layer, x, np.random.default_rng(0)))
    assert lux.parameterlength(layer) == sum(a.size for a in ps.values()) and lux.statelength(layer) == 0
    np.testing.assert_array_equal(np.asarray(x), image(layer, dtype))
    assert all(np.array_equal(np.asarray(ps[name]), a) for name, a in before.items())


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_layers_differentiate(layer):
    ps, st = setup(np.random.default_rng(0), layer)
    ps = {name: a.astype(np.float64) for name, a in ps.items()}
    lux.testing.check_grads(lambda x, ps: lux.nn.tanh(layer(x, ps, st)[0]), (image(layer, np.float64), ps), order=1)


@pytest.mark.parametrize("rng", [np.random.default_rng(0), Xoshiro(0)], ids=["numpy", "xoshiro"])
def test_parameters_as_they_start(rng):
    ps = Conv((3, 3), 8, 16, groups=2).initialparameters(rng)
    assert ps["weight"].shape == (16, 4, 3, 3) and ps["bias"].shape == (16,)
    assert ps["weight"].dtype == ps["bias"].dtype == np.float32
    # 36 inputs for each output: weights up to sqrt(3/36), biases up to 1/6; 576 draws reach 90 % of it.
    assert 0.9 < np.abs(ps["weight"]).max() / math.sqrt(3 / 36) <= 1
    assert np.abs(ps["bias"]).max() <= 1 / 6
    relus = Conv((3, 3), 8, 16, relu, groups=2).initialparameters(rng)
    assert 0.9 < np.abs(relus["weight"]).max() / (2 * math.sqrt(3 / 36)) <= 1
    own = ConvTranspose((2,), 3, 5, init_weight=lambda rng, shape: np.full(shape, 2.0),
                        init_bias=lambda rng, shape: np.full(shape, 3.0)).initialparameters(rng)
    np.testing.assert_array_equal(own["weight"], np.full((3, 5, 2), 2.0))
    np.testing.assert_array_equal(own["bias"], np.full(5, 3.0))


def test_the_printed_form():
    def form(layer):
        return layer.description()
    assert form(Conv((5, 5), 1, 6, relu)) == "Conv((5, 5), 1 => 6, relu)"
    assert form(Conv((3,), 1, 6, padding=1, stride=2, dilation=3)) == "Conv((3,), 1 => 6, pad=1, stride=2, dilation=3)"
    assert form(Conv((3, 3), 4, 8, stride=(1, 2), padding=(1, 0), groups=4, use_bias=False)) == (
        "Conv((3, 3), 4 => 8, pad=(1, 1, 0, 0), stride=(1, 2), groups=4, use_bias=false)")
    assert form(Conv((2, 2), 1, 1, padding=SamePad(), cross_correlation=False)) == (
        "Conv((2, 2), 1 => 1, pad=(1, 0, 1, 0), cross_correlation=false)")
    assert form(ConvTranspose((4, 4), 8, 3, stride=2, output_padding=1)) == (
        "ConvTranspose((4, 4), 8 => 3, stride=2, outpad=1)")
    assert repr(SamePad()) == "SamePad()"
    layer = Conv((3, 3), 4, 8, padding="same")
    assert layer == Conv([3, 3], 4, 8, padding=1) and pickle.loads(pickle.dumps(layer)) == layer
    assert hash(layer) == hash(Conv((3, 3), 4, 8, padding=(1, 1, 1, 1)))


@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda: Conv(3, 1, 2), ValueError, r"^Conv: kernel_size must be a tuple with a length for each spatial axis, as "
                                        r"\(3, 3\) for images, got 3$"),
    (lambda: Conv((3, 0), 1, 2), ValueError, r"^Conv: kernel_size must be a whole number of at least 1"),
    (lambda: Conv((3,), 0, 2), ValueError, r"^Conv: in_channels must be a positive integer, got 0"),
    (lambda: Conv((3,), 1, 2.0), ValueError, r"^Conv: out_channels must be a positive integer, got 2.0"),
    (lambda: Conv((3,), 1, 2, "relu"), TypeError, r"^Conv: activation must be a function of an array, got 'relu'"),
    (lambda: Conv((3, 3), 4, 6, groups=4), ValueError, r"^Conv: 4 input and 6 output channels must both be divisible "
                                                       r"by groups, got 4$"),
    (lambda: Conv((3, 3), 4, 6, padding="full"), ValueError, r"^Conv: padding must be"),
    (lambda: ConvTranspose((3,), 1, 1, output_padding=1), ValueError, r"^ConvTranspose: output_padding \(1,\) must be "
                                                                      r"smaller than the stride \(1,\)"),
])
def test_layers_that_can_not_be(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


CONV = Conv((3, 3), 2, 4)
PS = setup(np.random.default_rng(0), CONV)[0]
IMAGES = np.ones((1, 2, 5, 5), np.float32)


@pytest.mark.parametrize(("x", "ps", "error", "sentence"), [
    (IMAGES[0], PS, ValueError, r"x has the shape \(2, 5, 5\), expected \(batch, 2, size, size\); a single image be"),
    (IMAGES.transpose(0, 2, 3, 1), PS, ValueError, r"x has the shape \(1, 5, 5, 2\), .*; move the channels in front"),
    (IMAGES[:, :1], PS, ValueError, r"x has the shape \(1, 1, 5, 5\), .*; reshape it, or make in_channels"),
    (IMAGES[..., :2], PS, ValueError, r"a window of size \(3, 3\), dilation included, does not fit into x with spatial "
                                      r"axes \(5, 2\)"),
    (IMAGES.astype(int), PS, TypeError, r"x has dtype int64, expected a floating-point one"),
    (IMAGES.tolist(), PS, TypeError, r"x is a list"),
    (IMAGES, {"weight": PS["weight"]}, KeyError, r"ps must be a dict with the keys 'weight', 'bias', got 'weight'"),
    (IMAGES, {**PS, "weight": PS["weight"][:3]}, ValueError, r"parameter weight must have the shape \(4, 2, 3, 3\)"),
    (IMAGES, {**PS, "bias": PS["bias"][:3]}, ValueError, r"parameter bias must have the shape \(4,\)"),
    (array_api_strict.asarray(IMAGES), PS, TypeError, r"x is an array of array_api_strict, parameter weight one of"),
])
def test_what_a_layer_can_not_work_with(x, ps, error, sentence):
    with pytest.raises(error, match=r"^Conv\(\(3, 3\), 2 => 4\): .*" + sentence) as caught:
        CONV(x, ps, {})
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)
    with pytest.raises(error, match=r"^Chain\.layer_1 \(Conv\(\(3, 3\), 2 => 4\)\): .*" + sentence):
        Chain(CONV)(x, {"layer_1": ps}, {"layer_1": {}})


def test_a_transposed_layer_says_what_is_wrong():
    layer = ConvTranspose((3, 3), 2, 4, padding=2)
    ps, st = setup(np.random.default_rng(0), layer)
    with pytest.raises(ValueError, match=r"^ConvTranspose\(\(3, 3\), 2 => 4, pad=2\): padding \(2, 2, 2, 2\) cuts off"):
        layer(IMAGES[..., :1, :1], ps, st)


def test_elementwise_functions_of_large_images_keep_the_order_of_convolutions():
    x = np.random.default_rng(0).standard_normal((32, 8, 24, 24)).astype(np.float32)
    weight = np.ones((8, 1, 3, 3), np.float32)
    y = conv(x, weight, groups=8)
    assert y.size > memory.LARGE and y.strides[0] == y.itemsize
    assert memory.call(np.tanh, y).strides == memory.call(np.add, y, y).strides == relu(y).strides == y.strides
