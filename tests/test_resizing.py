"""Resizing, padding and sampling of images against PyTorch's numbers and NumPy's; layers; what they refuse."""

import array_api_strict
import numpy as np
import pytest
import torch_pooling

import arraylux as lux
from arraylux.layers import Chain
from arraylux.layers.errors import LayerError

pytestmark = pytest.mark.filterwarnings("error")

LAYERS = [lux.Upsample(scale=2), lux.Upsample(2, "bilinear"), lux.Upsample("bilinear", size=(7, 5), align_corners=True),
          lux.Upsample(size=(4, 6)), lux.Upsample((2, 1.5), mode="nearest"), lux.PixelShuffle(2)]


def image(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


# --- PyTorch's numbers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("library", ["numpy", "array_api_strict"])
@pytest.mark.parametrize("case", torch_pooling.numbers_of(("upsample", "pixel_shuffle", "pad", "grid_sample")),
                         ids=torch_pooling.label)
def test_values_and_gradients_are_those_of_torch(case, library, dtype):
    torch_pooling.check(case, library, dtype)


# --- resizing -----------------------------------------------------------------------------------------------------
def test_align_corners_is_honoured_by_function_and_layer():
    x = np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
    aligned = [[0, 1 / 3, 2 / 3, 1], [2 / 3, 1, 4 / 3, 5 / 3], [4 / 3, 5 / 3, 2, 7 / 3], [2, 7 / 3, 8 / 3, 3]]
    cells = [[0, 0.25, 0.75, 1], [0.5, 0.75, 1.25, 1.5], [1.5, 1.75, 2.25, 2.5], [2, 2.25, 2.75, 3]]
    for corners, expected in ((True, aligned), (False, cells)):
        np.testing.assert_allclose(lux.upsample_bilinear(x, 2, align_corners=corners)[0, 0], expected, atol=1e-15)
        layer = lux.Upsample("bilinear", scale=2, align_corners=corners)
        np.testing.assert_allclose(layer(x, {}, {})[0][0, 0], expected, atol=1e-15)


def test_linear_interpolation_keeps_a_plane():
    h, w = np.meshgrid(np.linspace(0, 1, 4), np.linspace(0, 1, 5), indexing="ij")
    y = lux.upsample_bilinear((2 * h - w)[None, None], size=(9, 12), align_corners=True)
    h, w = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 12), indexing="ij")
    np.testing.assert_allclose(y[0, 0], 2 * h - w, atol=1e-14)
    x = image(1, 2, 3, 4, 5)
    for size in ((3, 4, 5), (6, 1, 5)):
        np.testing.assert_array_equal(lux.upsample_trilinear(x, size=size)[..., :0], np.zeros((1, 2, *size))[..., :0])
    np.testing.assert_array_equal(lux.upsample_trilinear(x, 1), x)
    np.testing.assert_allclose(lux.upsample_linear(x[0, :, :, 0] + 2j, 2), lux.upsample_linear(x[0, :, :, 0], 2) + 2j)


def test_nearest_is_a_repetition_for_whole_scales():
    x = image(2, 3, 4, 5)
    np.testing.assert_array_equal(lux.upsample_nearest(x, (2, 3)), x.repeat(2, axis=2).repeat(3, axis=3))
    np.testing.assert_array_equal(lux.upsample_nearest(x, 1.5), x[:, :, [0, 0, 1, 2, 2, 3]][..., [0, 0, 1, 2, 2, 3, 4]])


def test_pixels_are_shuffled_by_rows():
    x = np.arange(8.0).reshape(1, 4, 1, 2)
    np.testing.assert_array_equal(lux.pixel_shuffle(x, 2), [[[[0, 2, 1, 3], [4, 6, 5, 7]]]])
    np.testing.assert_array_equal(lux.pixel_shuffle(np.arange(6.0).reshape(1, 6, 1), 3), [[[0, 1, 2], [3, 4, 5]]])
    np.testing.assert_array_equal(lux.pixel_shuffle(np.arange(8.0).reshape(1, 8, 1, 1, 1), 2),
                                  np.arange(8.0).reshape(1, 1, 2, 2, 2))


# --- padding ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "mode"), [
    ("zeros", "constant"), ("reflect", "reflect"), ("symmetric", "symmetric"), ("circular", "wrap"),
    ("repeat", "edge")])
def test_padding_is_that_of_numpy(name, mode):
    f, x = getattr(lux, f"pad_{name}"), image(2, 3, 4, 5)
    for padding, axes, widths in ((2, None, [(0, 0), (0, 0), (2, 2), (2, 2)]), ((1, 3), None, [(0, 0), (0, 0), (1, 1),
                                                                                             (3, 3)]),
                                  ((1, 0, 2, 3), None, [(0, 0), (0, 0), (1, 0), (2, 3)]),
                                  ((1, 2), 1, [(0, 0), (1, 2), (0, 0), (0, 0)]),
                                  (1, (0, -1), [(1, 1), (0, 0), (0, 0), (1, 1)])):
        np.testing.assert_array_equal(f(x, padding, axes=axes), np.pad(x, widths, mode))
        strict = f(array_api_strict.asarray(x), padding, axes=axes)
        np.testing.assert_array_equal(np.asarray(strict), np.pad(x, widths, mode))
    lux.testing.check_grads(lambda x: f(x, 1) ** 2, [x[:1, :1]])


def test_padding_that_does_not_fit():
    x = image(1, 1, 3)
    for call, sentence in (
            (lambda: lux.pad_reflect(x, 3), r"^pad_reflect: padding \(3, 3\) along axis 2 reaches further than x of "
                                            r"shape \(1, 1, 3\) does, 2 at most"),
            (lambda: lux.pad_circular(x, (1, 4)), r"^pad_circular: padding \(1, 4\) along axis 2 .* 3 at most"),
            (lambda: lux.pad_zeros(x, (1, 2, 3)), "^pad_zeros: padding must be a whole number of at least 0"),
            (lambda: lux.pad_zeros(x, -1), "^pad_zeros: padding must be a whole number of at least 0"),
            (lambda: lux.pad_repeat(x[0], 1), r"^pad_repeat: x has the shape \(1, 3\), expected .*; say which axes")):
        with pytest.raises(ValueError, match=sentence):
            call()


# --- sampling -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
def test_sampling_at_the_elements_is_the_image(convert):
    x = image(2, 3, 4, 5)
    h, w = np.meshgrid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 5), indexing="ij")
    grid = np.broadcast_to(np.stack([w, h], axis=-1), (2, 4, 5, 2)).copy()
    for mode in ("bilinear", "nearest"):
        for padding in ("border", "zeros"):
            # just inside, since rounding may otherwise put the last place behind the last element
            y = lux.grid_sample(convert(x), convert(grid * (1 - 1e-14)), mode=mode, padding_mode=padding,
                                align_corners=True)
            np.testing.assert_allclose(np.asarray(y), x, atol=1e-12)


def test_sampling_far_outside():
    x = np.ones((1, 1, 2, 2))
    grid = np.array([[[[1e30, 0.0], [-1e30, 1e30], [0.0, -3.0]]]])
    for mode in ("bilinear", "nearest"):
        np.testing.assert_array_equal(lux.grid_sample(x, grid, mode=mode), np.zeros((1, 1, 1, 3)))
        np.testing.assert_array_equal(lux.grid_sample(x, grid, mode=mode, padding_mode="border"), np.ones((1, 1, 1, 3)))


def test_second_derivatives():
    x, grid = image(1, 2, 3, 4), image(1, 3, 2, 2, seed=1) * 0.5
    for padding in ("zeros", "border"):
        lux.testing.check_grads(lambda x, grid, p=padding: lux.grid_sample(x, grid, padding_mode=p) ** 2, [x, grid])
    for f in (lambda x: lux.upsample_bilinear(x, 2), lambda x: lux.upsample_nearest(x, size=(5, 8)),
              lambda x: lux.upsample_bilinear(x, size=(2, 7), align_corners=True)):
        lux.testing.check_grads(lambda x, f=f: f(x) ** 2, [x])


def test_many_samples_at_once():
    x, grid = image(3, 1, 2, 3, 4), image(3, 1, 3, 2, 2, seed=1) * 0.5
    for f, args in ((lux.grid_sample, (x, grid)), (lambda x: lux.upsample_bilinear(x, 2), (x,)),
                    (lambda x: lux.upsample_nearest(x, size=(5, 8)), (x,)), (lambda x: lux.pad_reflect(x, 1), (x,)),
                    (lambda x: lux.pixel_shuffle(x, 1), (x,))):
        expected = np.stack([f(*sample) for sample in zip(*args, strict=True)])
        np.testing.assert_allclose(lux.vmap(f)(*args), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("change", "error", "sentence"), [
    ({"grid": image(1, 2, 2)}, ValueError, r"grid must have the shape \(1, places, places, 2\), got \(1, 2, 2\)"),
    ({"grid": image(2, 2, 2, 2)}, ValueError, r"grid must have the shape \(1, places"),
    ({"grid": np.zeros((1, 2, 2, 2), int)}, TypeError, "grid has dtype int64, expected a real floating-point one"),
    ({"mode": "cubic"}, ValueError, "mode must be 'bilinear' or 'nearest', got 'cubic'"),
    ({"padding_mode": "reflection"}, ValueError, "padding_mode must be 'zeros' or 'border', got 'reflection'"),
    ({"x": np.zeros((1, 1, 2, 2), int)}, TypeError, "x has dtype int64"),
])
def test_sampling_that_does_not_fit(change, error, sentence):
    with pytest.raises(error, match="^grid_sample: .*" + sentence):
        lux.grid_sample(**{"x": image(1, 1, 2, 2), "grid": image(1, 2, 2, 2), **change})


# --- layers -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_layers_are_pure_and_as_large_as_they_say(layer, dtype, convert):
    torch_pooling.check_layer(layer, convert(image(2, 4, 3, 6, dtype=dtype)))


def test_layers_are_the_functions():
    x = image(2, 4, 3, 6)
    for layer, expected in zip(LAYERS, (
            lux.upsample_nearest(x, 2), lux.upsample_bilinear(x, 2),
            lux.upsample_bilinear(x, size=(7, 5), align_corners=True), lux.upsample_nearest(x, size=(4, 6)),
            lux.upsample_nearest(x, size=(6, 9)), lux.pixel_shuffle(x, 2)), strict=True):
        np.testing.assert_array_equal(layer(x, {}, {})[0], expected)
    volume = image(1, 2, 2, 3, 2)
    np.testing.assert_array_equal(lux.Upsample(2, "trilinear")(volume, {}, {})[0], lux.upsample_trilinear(volume, 2))
    np.testing.assert_array_equal(lux.Upsample(2, "linear")(volume[0, 0], {}, {})[0],
                                  lux.upsample_linear(volume[0, 0], 2))


def test_layers_are_printed():
    assert list(map(repr, LAYERS)) == [
        "Upsample(nearest, scale=2)", "Upsample(bilinear, scale=2)",
        "Upsample(bilinear, size=(7, 5), align_corners=true)", "Upsample(nearest, size=(4, 6))",
        "Upsample(nearest, scale=(2, 1.5))", "PixelShuffle(2)"]


@pytest.mark.parametrize(("make", "sentence"), [
    (lambda: lux.Upsample("cubic", scale=2), "^Upsample: mode must be one of 'nearest', 'linear', 'bilinear', 'tri"),
    (lambda: lux.Upsample("bilinear"), "^Upsample: give either scale or size, but not both, got scale=None and size=N"),
    (lambda: lux.Upsample(2, size=3), "^Upsample: give either scale or size, but not both, got scale=2 and size=3"),
    (lambda: lux.Upsample(-1), "^Upsample: scale must be a positive number"),
    (lambda: lux.Upsample((2, 2, 2), "bilinear"), "^Upsample: scale must be a positive number, or 2 of them"),
    (lambda: lux.Upsample("bilinear", size=(0, 2)), "^Upsample: size must be a whole number of at least 1"),
    (lambda: lux.PixelShuffle(0), "^PixelShuffle: upscale_factor must be a positive integer, got 0"),
])
def test_settings_that_do_not_fit(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


X = image(2, 3, 4, 5)


@pytest.mark.parametrize(("layer", "x", "error", "sentence"), [
    (lux.Upsample(2, "trilinear"), X, ValueError, r"x must have the axes batch, channels and 3 spatial ones, got the"),
    (lux.Upsample(2), X[:, :, 0, 0], ValueError, r"x has the shape \(2, 3\), expected \(batch, channels, \*size\)"),
    (lux.Upsample(0.1), X, ValueError, r"nothing is left of spatial axes \(4, 5\) at the scale 0\.1"),
    (lux.Upsample((2, 2, 2)), X, ValueError, r"scale must be a positive number, or 2 of them for 2 spatial axes"),
    (lux.Upsample(2), X[:, :, :0], ValueError, "has an empty spatial axis"),
    (lux.Upsample(2), X.astype(int), TypeError, "x has dtype int64, expected a floating-point one"),
    (lux.PixelShuffle(2), X, ValueError, r"x of shape \(2, 3, 4, 5\) has 3 channels, which is not .* by 2\^2 = 4"),
    (lux.PixelShuffle(2), X.tolist(), TypeError, "x is a list, expected a floating-point array"),
])
def test_input_that_does_not_fit(layer, x, error, sentence):
    model = Chain(layer)
    with pytest.raises(error, match=r"^Chain\.layer_1 \(.*\): .*" + sentence) as caught:
        model(x, {"layer_1": {}}, {"layer_1": {}})
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)
