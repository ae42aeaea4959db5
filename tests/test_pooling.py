"""Pooling against PyTorch's numbers and sums by hand; layers; what they refuse."""

import array_api_strict
import numpy as np
import pytest
import torch_pooling
from samples_pooling import largest

import arraylux as lux
from arraylux import memory
from arraylux.layers import Chain, setup
from arraylux.layers.errors import LayerError
from arraylux.nn import windowed
from arraylux.nn.folding import SamePad
from arraylux.tracer.core import PRIMITIVES

pytestmark = pytest.mark.filterwarnings("error")

LAYERS = [
    lux.MaxPool((2, 2)), lux.MaxPool((3, 3), stride=2, padding=1), lux.MeanPool((2, 3), padding="same"),
    lux.MeanPool((3, 3), stride=1, padding=1, count_include_pad=False), lux.LPPool((2, 2), p=3),
    lux.AdaptiveMaxPool((3, 2)), lux.AdaptiveMeanPool((4, 5)), lux.AdaptiveLPPool((2, 2)), lux.GlobalMaxPool(),
    lux.GlobalMeanPool(), lux.GlobalLPPool(p=4),
]


def image(*shape, seed=0, dtype=np.float64):
    return torch_pooling.smooth(np.random.default_rng(seed), *shape).astype(dtype)


# --- PyTorch's numbers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("library", ["numpy", "numpy in small blocks", "array_api_strict"])
@pytest.mark.parametrize("case", torch_pooling.numbers_of(("maxpool", "meanpool", "lpnormpool", "adaptive")),
                         ids=torch_pooling.label)
def test_values_and_gradients_are_those_of_torch(case, library, dtype, monkeypatch):
    if "small" in library:
        monkeypatch.setattr(windowed, "BLOCK", 20)
        monkeypatch.setattr(memory, "LARGE", 10)
    torch_pooling.check(case, library.split()[0], dtype)


# --- numbers by hand ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_axis_by_axis_is_all_at_once(axes):
    # The numbers are far from different, so that the order of equal ones counts.
    x = np.random.default_rng(axes).integers(0, 3, (2, 3, *(9, 10, 11)[:axes])).astype(float)
    for kernel, stride, padding in ((9, 1, 4), (5, 2, 2)):
        window = {"kernel": (kernel,) * axes, "stride": (stride,) * axes, "padding": (padding,) * 2 * axes,
                  "dilation": (1,) * axes}
        y, pullback = lux.vjp(lambda x, k=kernel, s=stride, p=padding: lux.maxpool(x, k, stride=s, padding=p), x)
        np.testing.assert_array_equal(y, largest(x, **window))
        g = np.random.default_rng(0).normal(size=y.shape)
        direct = PRIMITIVES["put_max"](g, x, y, **window)
        np.testing.assert_allclose(pullback(g)[0], direct, rtol=0, atol=1e-12)


def test_the_first_of_equal_elements_counts():
    for f in (lambda x: lux.maxpool(x, 2), lambda x: lux.adaptive_maxpool(x, (1, 2))):
        np.testing.assert_array_equal(lux.grad(lambda x, f=f: f(x).sum())(np.zeros((1, 1, 2, 4))),
                                      [[[[1, 0, 1, 0], [0, 0, 0, 0]]]])
    shared = lux.grad(lambda x: lux.adaptive_maxpool(x, 1).sum())(np.zeros((1, 1, 2, 2)))
    np.testing.assert_array_equal(shared, np.full((1, 1, 2, 2), 0.25))


def test_padding_is_nothing_to_a_maximum_and_zeros_to_a_mean():
    x = np.full((1, 1, 3), -2.0)
    np.testing.assert_array_equal(lux.maxpool(x, 3, stride=1, padding=1), x)
    np.testing.assert_allclose(lux.meanpool(x, 3, stride=1, padding=1), [[[-4 / 3, -2, -4 / 3]]])
    np.testing.assert_allclose(lux.meanpool(x, 3, stride=1, padding=1, count_include_pad=False), x)
    np.testing.assert_allclose(lux.lpnormpool(x, 1, 3, stride=1, padding=1), [[[4, 6, 4]]])
    np.testing.assert_array_equal(lux.maxpool(np.array([[[1.0, 2.0, 5.0, 3.0]]]), 2, stride=1, padding="same"),
                                  [[[2, 5, 5, 3]]])
    np.testing.assert_array_equal(lux.maxpool(np.array([[[1.0, 2.0, 5.0, 3.0]]]), 2, stride=1, padding=SamePad()),
                                  [[[1, 2, 5, 5]]])


def test_nothing_is_lost_of_nan_and_infinity():
    x = np.array([[[1.0, np.nan, -np.inf, -np.inf, 0.0, np.inf]]])
    np.testing.assert_array_equal(lux.maxpool(x, 2), [[[np.nan, -np.inf, np.inf]]])
    _, pullback = lux.vjp(lambda x: lux.maxpool(x, 2), np.array([[[1.0, 2.0, 4.0, 3.0]]]))
    np.testing.assert_array_equal(pullback(np.array([[[np.inf, np.nan]]]))[0], [[[0, np.inf, np.nan, 0]]])


def test_norms_at_zero_have_the_slope_zero():
    for p in (1, 2, 3, 2.5):
        for f in (lambda x, p=p: lux.lpnormpool(x, p, 2), lambda x, p=p: lux.adaptive_lpnormpool(x, p, 1)):
            y, dx = lux.value_and_grad(lambda x, f=f: f(x).sum())(np.zeros((1, 1, 2)))
            assert y == 0 and not np.any(dx)
    x = np.array([[[3.0, -4.0, -5.0, 12.0]]])
    np.testing.assert_allclose(lux.lpnormpool(x, 2, 2), [[[5, 13]]])
    np.testing.assert_allclose(lux.adaptive_lpnormpool(x, 3, 1), [[[(27 + 64 + 125 + 12**3) ** (1 / 3)]]])
    np.testing.assert_allclose(lux.adaptive_lpnormpool(x[..., :3], 1, 2), [[[7, 9]]])


@pytest.mark.parametrize("f", [
    lambda x: lux.maxpool(x, 3, stride=2, padding=1), lambda x: lux.maxpool(x, 5, stride=1, padding=2),
    lambda x: lux.meanpool(x, (2, 3), stride=1), lambda x: lux.lpnormpool(x, 3, 2),
    lambda x: lux.adaptive_maxpool(x, (3, 2)), lambda x: lux.adaptive_meanpool(x, (3, 2)),
    lambda x: lux.adaptive_lpnormpool(x, 2, (3, 2)), lambda x: lux.adaptive_lpnormpool(x, 2, 1)])
def test_second_derivatives(f):
    lux.testing.check_grads(lambda x: f(x) ** 2, [image(1, 2, 5, 4)])


@pytest.mark.parametrize("f", [
    lambda x: lux.maxpool(x, 3, stride=2, padding=1), lambda x: lux.meanpool(x, 2, stride=1)])
def test_many_samples_at_once(f):
    x = image(3, 2, 2, 5, 4)
    np.testing.assert_array_equal(lux.vmap(f)(x), np.stack([f(a) for a in x]))
    g = lux.grad(lambda a: (f(a) ** 2).sum())
    np.testing.assert_allclose(lux.vmap(g)(x), np.stack([g(a) for a in x]), rtol=1e-12)


@pytest.mark.parametrize("f", [lambda x: lux.maxpool(x, 3, stride=2, padding=1), lambda x: lux.meanpool(x, 2)])
def test_the_order_in_memory_does_not_matter_and_stays(f):
    x = image(4, 3, 6, 6)
    y, pullback = lux.vjp(f, x)
    g = image(*y.shape, seed=1)
    batch_last = np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0)
    other, back = lux.vjp(f, batch_last)
    np.testing.assert_array_equal(other, y)
    np.testing.assert_array_equal(back(g)[0], pullback(g)[0])
    assert other.strides[0] == other.itemsize and back(np.copy(other, "K"))[0].strides[0] == other.itemsize
    one = image(1, 70, 3, 3)
    np.testing.assert_array_equal(f(one[:, ::-1]), f(one)[:, ::-1])


def test_complex_and_half_precision():
    x = image(1, 2, 4, 4)
    np.testing.assert_allclose(lux.meanpool(x + 2j * x, 2), (1 + 2j) * lux.meanpool(x, 2))
    np.testing.assert_allclose(lux.adaptive_meanpool(x + 2j * x, 3), (1 + 2j) * lux.adaptive_meanpool(x, 3))
    half = x.astype(np.float16)
    dx = lux.grad(lambda x: lux.maxpool(x, 2).sum())(half)
    assert dx.dtype == np.float16 and dx.sum() == 8


# --- layers -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_layers_are_pure_and_as_large_as_they_say(layer, dtype, convert):
    torch_pooling.check_layer(layer, convert(image(2, 3, 7, 6, dtype=dtype)))


def test_layers_are_the_functions():
    x = image(2, 3, 7, 6)
    for layer, expected in (
            (LAYERS[1], lux.maxpool(x, 3, stride=2, padding=1)), (LAYERS[2], lux.meanpool(x, (2, 3), padding="same")),
            (LAYERS[3], lux.meanpool(x, 3, stride=1, padding=1, count_include_pad=False)),
            (LAYERS[4], lux.lpnormpool(x, 3, 2)), (LAYERS[5], lux.adaptive_maxpool(x, (3, 2))),
            (LAYERS[6], lux.adaptive_meanpool(x, (4, 5))), (LAYERS[7], lux.adaptive_lpnormpool(x, 2, 2)),
            (LAYERS[8], x.max(axis=(2, 3), keepdims=True)), (LAYERS[9], x.mean(axis=(2, 3), keepdims=True)),
            (LAYERS[10], (x**4).sum(axis=(2, 3), keepdims=True) ** 0.25)):
        np.testing.assert_allclose(layer(x, {}, {})[0], expected, rtol=1e-14)


def test_layers_are_printed_as_in_lux():
    assert list(map(repr, LAYERS)) == [
        "MaxPool((2, 2))", "MaxPool((3, 3), stride=2, pad=1)", "MeanPool((2, 3), pad=(0, 1, 1, 1))",
        "MeanPool((3, 3), stride=1, pad=1, count_include_pad=false)", "LPPool((2, 2), p=3)",
        "AdaptiveMaxPool((3, 2))", "AdaptiveMeanPool((4, 5))", "AdaptiveLPPool((2, 2))", "GlobalMaxPool()",
        "GlobalMeanPool()", "GlobalLPPool(p=4)"]
    assert repr(lux.MaxPool((2, 3), stride=(1, 2), dilation=2)) == "MaxPool((2, 3), stride=(1, 2), dilation=2)"


def test_pooling_in_a_network():
    model = Chain(lux.Conv((3, 3), 1, 4, lux.relu), lux.MaxPool((2, 2)), lux.Conv((3, 3), 4, 8), lux.GlobalMeanPool(),
                  lux.FlattenLayer(), lux.Dense(8, 2))
    ps, st = setup(np.random.default_rng(0), model)
    x = np.random.default_rng(1).normal(size=(3, 1, 12, 12)).astype(np.float32)
    grads = lux.grad(lambda ps: (model(x, ps, st)[0] ** 2).sum())(ps)
    assert all(np.isfinite(leaf).all() and np.any(leaf) for leaf in lux.tree.leaves(grads))
    assert lux.outputsize(model, x, np.random.default_rng(0)) == (2,)


# --- what they refuse ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda: lux.MaxPool(2), ValueError, r"^MaxPool: window must be a tuple with a length for each spatial axis, as "
                                         r"\(2, 2\) for images, got 2"),
    (lambda: lux.MaxPool((2, 0)), ValueError, "^MaxPool: window must be a whole number of at least 1"),
    (lambda: lux.MaxPool((2, 2), stride=(1, 1, 1)), ValueError, "^MaxPool: stride must be a whole number of at least"),
    (lambda: lux.MaxPool((2, 2), padding=2), ValueError, "^MaxPool: padding .* must be smaller than the window"),
    (lambda: lux.MeanPool((2, 2), padding=2, count_include_pad=False), ValueError, "^MeanPool: padding .* smaller"),
    (lambda: lux.MaxPool((2, 2), padding="full"), ValueError, '^MaxPool: padding must be a number, a tuple, "same"'),
    (lambda: lux.LPPool((2, 2), p=0), ValueError, "^LPPool: p must be a positive number, got 0; the limit for large p"),
    (lambda: lux.GlobalLPPool(p=-1), ValueError, "^GlobalLPPool: p must be a positive number, got -1"),
    (lambda: lux.AdaptiveLPPool((2,), p="2"), ValueError, "^AdaptiveLPPool: p must be a positive number, got '2'"),
    (lambda: lux.AdaptiveMaxPool((0, 2)), ValueError, "^AdaptiveMaxPool: output_size must be a whole number of at"),
    (lambda: lux.AdaptiveMeanPool(3), ValueError, "^AdaptiveMeanPool: output_size must be a tuple"),
])
def test_settings_that_do_not_fit(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


X = image(2, 3, 4, 5)


@pytest.mark.parametrize(("layer", "x", "error", "sentence"), [
    (lux.MaxPool((2, 2)), X[0], ValueError, r"x has the shape \(3, 4, 5\), expected \(batch, channels, size, size\); a "
                                            r"single image becomes a batch by x\[None\]"),
    (lux.MeanPool((2, 2)), X[:, :, 0, 0], ValueError, r"x has the shape \(2, 3\), expected .*; reshape it"),
    (lux.MaxPool((5, 2)), X, ValueError, r"a window of size \(5, 2\), dilation included, does not fit into x"),
    (lux.MaxPool((2, 2)), X.astype(int), TypeError, "x has dtype int64, expected a floating-point one; convert"),
    (lux.MaxPool((2, 2)), X + 1j, TypeError, "x has dtype complex128, expected a real floating-point one"),
    (lux.LPPool((2, 2)), X.tolist(), TypeError, "x is a list, expected a floating-point array"),
    (lux.AdaptiveMaxPool((2,)), X, ValueError, r"x has the shape \(2, 3, 4, 5\), expected \(batch, channels, size\)"),
    (lux.AdaptiveMeanPool((2, 2)), X[:, :, :0], ValueError, r"x of shape \(2, 3, 0, 5\) has an empty spatial axis"),
    (lux.GlobalMeanPool(), X[:, :, 0, 0], ValueError, r"x has the shape \(2, 3\), expected \(batch, channels, \*size"),
])
def test_input_that_does_not_fit(layer, x, error, sentence):
    model = Chain(layer)
    with pytest.raises(error, match=r"^Chain\.layer_1 \(.*\): " + sentence) as caught:
        model(x, {"layer_1": {}}, {"layer_1": {}})
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)


def test_functions_refuse_too():
    with pytest.raises(ValueError, match=r"^lpnormpool: p must be a positive number, got inf"):
        lux.lpnormpool(X, np.inf, 2)
    with pytest.raises(ValueError, match=r"^meanpool: x has the shape \(4, 5\), expected \(batch, channels, \*size\)"):
        lux.meanpool(X[0, 0], 2)
    with pytest.raises(ValueError, match=r"^meanpool: padding .* must be smaller than the window"):
        lux.meanpool(X, 2, padding=2, count_include_pad=False)
