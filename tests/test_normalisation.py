"""Normalisation against PyTorch's numbers (tests/data/make_normalisation.py), and what each layer promises."""
import copy
import pickle
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import grad, jvp, nn, tree, vjp
from arraylux.backend import to_numpy
from arraylux.layers import Chain, Dense, setup
from arraylux.layers.errors import LayerError
from arraylux.nn import normalisation, standardise

pytestmark = pytest.mark.filterwarnings("error")

with np.load(Path(__file__).parent / "data" / "normalisation.npz") as file:
    TORCH = dict(file)
EPSILONS = {"batchnorm_images": 1e-2, "groupnorm_rows": 1e-3, "layernorm_matrices": 1e-3}
MOMENTA = {"batchnorm_images": 0.3, "instancenorm": 0.2}
CASES = ["batchnorm_rows", "batchnorm_images", "batchnorm_in_use", "instancenorm", "instancenorm_in_use", "groupnorm",
         "groupnorm_rows", "layernorm", "layernorm_matrices", "rmsnorm"]
TOLERANCE = {"float32": {"rtol": 1e-5, "atol": 3e-6}, "float64": {"rtol": 1e-11, "atol": 1e-12}}
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
LIBRARIES = pytest.mark.parametrize("xp", [np, array_api_strict], ids=["numpy", "strict"])


def inputs_of(case, dtype, xp=np):
    names = ("x", "scale", "bias", "g", "mean", "var")
    return [xp.asarray(TORCH[f"{case}/{name}"].astype(dtype)) for name in names]


def function_of(case, mean=None, var=None):
    """The function of a case, of x and parameters, as a tuple of the result and of running averages, if there are."""
    epsilon, name = EPSILONS.get(case, 1e-5), case.split("_")[0]
    f = getattr(normalisation, name)
    if name in ("batchnorm", "instancenorm"):
        return lambda x, scale, bias: f(x, scale, bias, mean, var, not case.endswith("in_use"),
                                        momentum=MOMENTA.get(case, 0.1), epsilon=epsilon)
    if name == "groupnorm":
        return lambda x, scale, bias: (f(x, scale, bias, 2 if case.endswith("rows") else 3, epsilon=epsilon),)
    return lambda x, *affine: (f(x, *affine, epsilon=epsilon),)


@LIBRARIES
@DTYPES
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_those_of_torch(case, dtype, xp):
    x, scale, bias, g, mean, var = inputs_of(case, dtype, xp)
    affine = (scale,) if case == "rmsnorm" else (scale, bias)
    f = function_of(case, mean, var)
    y, pullback = vjp(lambda *args: f(*args)[0], x, *affine)
    found = {"y": y, **dict(zip(("dx", "dscale", "dbias"), pullback(g), strict=False))}
    if case.startswith(("batch", "instance")):
        found |= dict(zip(("new_mean", "new_var"), f(x, *affine)[1:], strict=True))
    for name, a in found.items():
        assert isinstance(a, type(x)) and str(a.dtype).endswith(dtype)
        np.testing.assert_allclose(to_numpy(a), TORCH[f"{case}/{dtype}/{name}"], **TOLERANCE[dtype], err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_blocks_make_no_difference(case, monkeypatch):
    x, scale, bias, g, mean, var = inputs_of(case, "float64")
    affine = (scale,) if case == "rmsnorm" else (scale, bias)
    f = function_of(case, mean, var)
    whole = [f(x, *affine), vjp(lambda *args: f(*args)[0], x, *affine)[1](g)]
    monkeypatch.setattr(standardise, "BLOCK", 1)
    monkeypatch.setattr(standardise, "LARGE", 0)
    parts = [f(x, *affine), vjp(lambda *args: f(*args)[0], x, *affine)[1](g)]
    for a, b in zip(tree.leaves(whole), tree.leaves(parts), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_second_derivatives_by_differences(case):
    x, scale, bias, _, mean, var = inputs_of(case, "float64")
    affine = (scale,) if case == "rmsnorm" else (scale, bias)
    f = function_of(case, mean, var)
    lux.testing.check_grads(lambda *args: (f(*args)[0] ** 3).sum(), [x, *affine], order=2)


# --- by hand --------------------------------------------------------------------------------------------------------
def test_batchnorm_by_hand():
    x = np.array([[1.0, 0.0], [3.0, 4.0], [5.0, 8.0]])
    st = {"running_mean": np.array([1.0, 1.0]), "running_var": np.array([1.0, 2.0]), "training": True}
    ps = {"scale": np.array([1.0, 2.0]), "bias": np.array([0.0, 1.0])}
    layer = lux.BatchNorm(2, epsilon=0.0, momentum=0.5)
    y, new = layer(x, ps, st)
    root = np.sqrt(1.5)                                         # 2 / sqrt(8/3), and 4 / sqrt(32/3)
    np.testing.assert_allclose(y, [[-root, 1 - 2 * root], [0, 1], [root, 1 + 2 * root]], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(new["running_mean"], [2.0, 2.5])
    np.testing.assert_allclose(new["running_var"], [2.5, 9.0])            # (1 + 4) / 2, (2 + 16) / 2: unbiased
    y, same = layer(x, ps, lux.testmode(st))
    np.testing.assert_allclose(y[:, 0], [0, 2, 4])
    np.testing.assert_allclose(y[:, 1], 1 + 2 * (x[:, 1] - 1) / np.sqrt(2))
    assert same["running_mean"] is st["running_mean"] and same["training"] is False


def test_the_others_by_hand():
    x = np.array([[[1.0, 3.0], [10.0, 30.0]]])
    unit = [[[-1, 1], [-1, 1]]]
    np.testing.assert_allclose(normalisation.instancenorm(x, epsilon=0.0)[0], unit)
    np.testing.assert_allclose(normalisation.layernorm(x, epsilon=0.0), unit)
    np.testing.assert_allclose(normalisation.groupnorm(x, None, None, 2, epsilon=0.0), unit)
    whole = (x - 11) / np.sqrt(131.5)                           # 131.5 = (1 + 9 + 100 + 900) / 4 - 11^2
    np.testing.assert_allclose(normalisation.groupnorm(x, None, None, 1, epsilon=0.0), whole)
    np.testing.assert_allclose(normalisation.layernorm(x, dims=(1, 2), epsilon=0.0), whole)
    np.testing.assert_allclose(normalisation.layernorm(x, dims=1, epsilon=0.0), [[[-1, -1], [1, 1]]])
    np.testing.assert_allclose(normalisation.rmsnorm(np.array([3.0, 4.0]), epsilon=0.0), np.array([3, 4]) / 12.5**0.5)


def test_the_mean_is_subtracted_before_anything_is_squared():
    x = (np.random.default_rng(0).standard_normal((64, 3, 50)) + 1e4).astype(np.float32)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean((0, 2), keepdims=True)) / exact.std((0, 2), keepdims=True)
    np.testing.assert_allclose(normalisation.batchnorm(x, epsilon=0.0)[0], exact, atol=5e-3)        # spacing 1e-3
    rows = x.reshape(3, -1)
    exact = rows.astype(np.float64)
    exact = (exact - exact.mean(1, keepdims=True)) / exact.std(1, keepdims=True)
    np.testing.assert_allclose(normalisation.layernorm(rows, epsilon=0.0), exact, atol=5e-3)


def test_half_precision_is_summed_in_single():
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((64, 4, 9)) * 200).astype(np.float16)            # squares are beyond float16
    exact = x.astype(np.float64)
    exact = (exact - exact.mean((0, 2), keepdims=True)) / exact.std((0, 2), keepdims=True)
    ps, st = setup(rng, lux.BatchNorm(4))
    y, new = lux.BatchNorm(4)(x, tree.map(lambda p: p.astype(np.float16), ps), st)
    assert y.dtype == np.float16 and new["running_var"].dtype == np.float32
    np.testing.assert_allclose(y, exact, atol=4e-3)
    np.testing.assert_allclose(new["running_var"], 0.9 + 0.1 * x.astype(np.float64).var((0, 2), ddof=1), rtol=1e-5)
    assert lux.BatchNorm(4)(x, ps, lux.testmode(st))[0].dtype == np.float32
    assert normalisation.layernorm(x).dtype == normalisation.rmsnorm(x).dtype == np.float16
    dx = grad(lambda x: (normalisation.layernorm(x) ** 2).sum())(x)
    assert dx.dtype == np.float16 and np.isfinite(dx).all()


def test_running_averages_keep_their_dtype_and_have_no_derivative():
    rng = np.random.default_rng(0)
    model, x = lux.BatchNorm(3), rng.standard_normal((5, 3))
    ps, st = setup(rng, model)
    (_, new), _ = lux.value_and_grad(lambda ps: ((y := model(x, ps, st))[0].sum(), y[1]), has_aux=True)(ps)
    assert new["running_mean"].dtype == np.float32
    np.testing.assert_allclose(new["running_mean"], 0.1 * x.mean(0), rtol=1e-6)
    zero = jvp(lambda x: model(x, ps, st)[1]["running_mean"], (x,), (x,))[1]
    np.testing.assert_array_equal(zero, np.zeros(3))


def test_vmap_is_a_loop():
    rng = np.random.default_rng(0)
    x, scale, bias = rng.standard_normal((4, 5, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    found = lux.vmap(normalisation.layernorm)(x, scale, bias)
    for i in range(4):
        np.testing.assert_allclose(found[i], normalisation.layernorm(x[i], scale[i], bias[i]), rtol=1e-12)
    one = lux.vmap(lambda x: normalisation.batchnorm(x, scale[0], bias[0])[0])(x)
    np.testing.assert_allclose(one[2], normalisation.batchnorm(x[2], scale[0], bias[0])[0], rtol=1e-12)
    slopes = lux.vmap(grad(lambda x: (normalisation.layernorm(x, scale[0], bias[0]) ** 3).sum()))(x)
    np.testing.assert_allclose(slopes[1], grad(lambda x: (normalisation.layernorm(x, scale[0], bias[0]) ** 3).sum())(
        x[1]), rtol=1e-10)


# --- layers ---------------------------------------------------------------------------------------------------------
IMAGES, ROWS, SEQUENCES = (4, 6, 3, 3), (5, 6), (2, 7, 6)
LAYERS = [
    (lux.BatchNorm(6), IMAGES), (lux.BatchNorm(6, nn.relu, affine=False), ROWS),
    (lux.BatchNorm(6, track_stats=False), (*SEQUENCES[::2], 3)), (lux.InstanceNorm(6), IMAGES),
    (lux.InstanceNorm(6, nn.tanh, affine=True, track_stats=True), IMAGES), (lux.GroupNorm(6, 3), IMAGES),
    (lux.GroupNorm(6, 2, nn.gelu, affine=False), ROWS), (lux.LayerNorm(6), SEQUENCES),
    (lux.LayerNorm((7, 6), nn.relu), SEQUENCES), (lux.LayerNorm(6, dims=(1, 2), affine=False), SEQUENCES),
    (lux.LayerNorm((7, 6), dims=1), SEQUENCES), (lux.RMSNorm(6), SEQUENCES),
    (lux.RMSNorm((7, 6), nn.relu, affine=False), SEQUENCES), (lux.WeightNorm(Dense(6, 4), "weight"), ROWS),
    (lux.WeightNorm(Dense(6, 4, nn.relu), ("weight", "bias"), dims=(1, 0)), SEQUENCES),
]
EACH = pytest.mark.parametrize(("model", "shape"), LAYERS, ids=[model.description() for model, _ in LAYERS])


def draw(model, shape, dtype=np.float32):
    rng = np.random.default_rng(0)
    ps, st = setup(rng, model)
    ps = tree.map(lambda p: (p + rng.standard_normal(p.shape)).astype(dtype), ps)
    return rng.standard_normal(shape).astype(dtype), ps, st


@EACH
@DTYPES
def test_calls_are_pure_and_keep_dtypes(model, shape, dtype):
    x, ps, st = draw(model, shape, np.dtype(dtype))
    for state in (st, lux.testmode(st)):
        before = copy.deepcopy((x, ps, state))
        y, new = model(x, ps, state)
        again, new_again = model(x, ps, state)
        np.testing.assert_array_equal(y, again)
        for a, b in ((x, before[0]), *zip(tree.leaves((ps, state)), tree.leaves(before[1:]), strict=True),
                     *zip(tree.leaves(new), tree.leaves(new_again), strict=True)):
            np.testing.assert_array_equal(a, b)
        assert y.dtype == x.dtype and tree.flatten(new)[1] == tree.flatten(state)[1]
        y += 1
        np.testing.assert_array_equal(model(x, ps, state)[0] + 1, y)


@EACH
def test_the_same_on_another_library(model, shape):
    x, ps, st = draw(model, shape, np.float64)
    strict = tree.map(lambda a: array_api_strict.asarray(a) if isinstance(a, np.ndarray) else a, (x, ps, st))

    def loss(ps, x, st):
        y, st = model(x, ps, st)
        return (y * y * y).sum(), (y, st)
    for mode in (lux.trainmode, lux.testmode):
        here = lux.value_and_grad(loss, argnums=(0, 1), has_aux=True)(ps, x, mode(st))
        there = lux.value_and_grad(loss, argnums=(0, 1), has_aux=True)(strict[1], strict[0], mode(strict[2]))
        for a, b in zip(tree.leaves(here), tree.leaves(there), strict=True):
            assert isinstance(b, (bool, type(strict[0])))
            np.testing.assert_allclose(a, to_numpy(b) if hasattr(b, "dtype") else b, rtol=1e-10, atol=1e-11)


@EACH
def test_counts_sizes_and_identity(model, shape):
    x, ps, st = draw(model, shape)
    assert lux.parameterlength(model) == lux.parameterlength(ps) and lux.statelength(model) == lux.statelength(st)
    assert lux.outputsize(model, x, np.random.default_rng(0)) == model(x, ps, st)[0].shape[1:]
    twin = pickle.loads(pickle.dumps(model))
    assert twin == model and hash(twin) == hash(model) and repr(twin) == repr(model)


@EACH
def test_an_empty_batch_in_use(model, shape):
    x, ps, st = draw(model, shape)
    assert model(x[:0], ps, lux.testmode(st))[0].shape[0] == 0


def test_printed_as_lux_prints_them():
    model = Chain(Dense(784, 64), lux.BatchNorm(64, nn.relu), Dense(64, 10), lux.BatchNorm(10))
    assert repr(model) == """\
Chain(
    layer_1 = Dense(784 => 64),                   # 50_240 parameters
    layer_2 = BatchNorm(64, relu, affine=true, track_stats=true),  # 128 parameters, plus 129 non-trainable
    layer_3 = Dense(64 => 10),                    # 650 parameters
    layer_4 = BatchNorm(10, affine=true, track_stats=true),  # 20 parameters, plus 21 non-trainable
)         # Total: 51_038 parameters,
          #        plus 150 states."""
    assert lux.GroupNorm(64, 4, nn.relu).description() == "GroupNorm(64, 4, relu, affine=true)"
    assert lux.InstanceNorm(64, nn.relu, affine=True).description() == \
        "InstanceNorm(64, relu, affine=true, track_stats=false)"
    assert lux.LayerNorm((3, 4), nn.relu, dims=-1).description() == "LayerNorm((3, 4), relu, affine=true, dims=-1)"


def test_a_model_trains_and_is_used():
    rng = np.random.default_rng(0)
    model = Chain(Dense(3, 8), lux.BatchNorm(8, nn.relu), Dense(8, 1))
    ps, st = setup(rng, model)
    x = rng.standard_normal((64, 3)).astype(np.float32)
    target = x[:, :1] * x[:, 1:2]
    opt = lux.optimisers.setup(lux.optimisers.Adam(0.02), ps)

    def loss(ps, st):
        y, st = model(x, ps, st)
        return ((y - target) ** 2).mean(), st
    first = loss(ps, st)[0]
    for _ in range(150):
        (_, st), grads = lux.value_and_grad(loss, has_aux=True)(ps, st)
        opt, ps = lux.optimisers.update(opt, ps, grads)
    assert loss(ps, lux.testmode(st))[0] < 0.2 * first
    np.testing.assert_allclose(st["layer_2"]["running_mean"], Dense(3, 8)(x, ps["layer_1"], {})[0].mean(0), atol=0.05)


# --- weight normalisation -------------------------------------------------------------------------------------------
def test_weight_norm_is_that_of_torch():
    data = {name.removeprefix("weightnorm/").removeprefix("float64/"): a for name, a in TORCH.items()
            if name.startswith("weightnorm")}
    model = lux.WeightNorm(Dense(5, 3), ("weight",))
    ps = {"normalized": {"weight_g": data["weight_g"], "weight_v": data["weight_v"]},
          "unnormalized": {"bias": data["bias"]}}
    y, pullback = vjp(lambda ps: model(data["x"], ps, {})[0], ps)
    np.testing.assert_allclose(y, data["y"], rtol=1e-12)
    found = pullback(data["g"])[0]["normalized"]
    np.testing.assert_allclose(found["weight_g"], data["dweight_g"], rtol=1e-11)
    np.testing.assert_allclose(found["weight_v"], data["dweight_v"], rtol=1e-11, atol=1e-13)


def test_weight_norm_begins_with_the_function_of_the_layer():
    x = np.random.default_rng(1).standard_normal((4, 6))
    plain, _ = setup(np.random.default_rng(0), Dense(6, 3))
    for dims, shape in ((None, (3, 1)), (0, (3, 1)), (1, (1, 6)), (-1, (1, 6))):
        model = lux.WeightNorm(Dense(6, 3), "weight", dims)
        ps, st = setup(np.random.default_rng(0), model)
        assert ps["normalized"]["weight_g"].shape == shape and list(ps["unnormalized"]) == ["bias"]
        np.testing.assert_allclose(model(x, ps, st)[0], Dense(6, 3)(x, plain, {})[0], rtol=1e-5)


# --- what can not be worked with ------------------------------------------------------------------------------------
X = np.ones((4, 6, 3, 3), np.float32)
AFFINE = {"scale": np.ones(6, np.float32), "bias": np.zeros(6, np.float32)}
TRACKED = {"running_mean": np.zeros(6, np.float32), "running_var": np.ones(6, np.float32), "training": True}


@pytest.mark.parametrize(("model", "x", "ps", "st", "error", "sentence"), [
    (lux.BatchNorm(6), X[:1], AFFINE, TRACKED, ValueError,
     r"x of shape \(1, 6, 3, 3\) is a batch of 1, expected 2 samples at least to train with; use testmode\(st\)"),
    (lux.BatchNorm(6), X[:0], AFFINE, TRACKED, ValueError, r"is a batch of 0"),
    (lux.BatchNorm(6), X[:, :4], AFFINE, TRACKED, ValueError,
     r"x has the shape \(4, 4, 3, 3\), expected \(batch, channel, \.\.\.\) with 6 channels; reshape it, or change chs"),
    (lux.BatchNorm(6), X.transpose(0, 2, 3, 1), AFFINE, TRACKED, ValueError, r"move its last axis to place 1"),
    (lux.BatchNorm(6), X[0, :, 0, 0], AFFINE, TRACKED, ValueError, r"x has the shape \(6,\), expected \(batch"),
    (lux.BatchNorm(6), X.astype(int), AFFINE, TRACKED, TypeError, r"x has dtype int64, expected a floating-point one"),
    (lux.BatchNorm(6), X.astype(complex), AFFINE, TRACKED, TypeError, r"x has dtype complex128, expected a real one"),
    (lux.BatchNorm(6), X.tolist(), AFFINE, TRACKED, TypeError, r"x is a list, expected a floating-point array"),
    (lux.BatchNorm(6), X, {"scale": AFFINE["scale"]}, TRACKED, KeyError, r"ps must be a dict with the keys 'scale'"),
    (lux.BatchNorm(6), X, AFFINE, {"training": True}, KeyError, r"st must be a dict with the keys 'running_mean'"),
    (lux.BatchNorm(6), X, AFFINE, {**TRACKED, "running_var": np.ones(5)}, ValueError, r"running_var must have the"),
    (lux.BatchNorm(6), X, {**AFFINE, "scale": np.ones(5)}, TRACKED, ValueError, r"scale must have the shape \(6,\)"),
    (lux.BatchNorm(6), array_api_strict.asarray(X), AFFINE, TRACKED, TypeError, r"array of array_api_strict, param"),
    (lux.GroupNorm(6, 3), X[:, :3], AFFINE, {}, ValueError, r"x has the shape \(4, 3, 3, 3\), expected .* 6 channels"),
    (lux.InstanceNorm(6), X[..., 0, 0], {}, {"training": True}, ValueError, r"expected \(batch, channel, pixels, "),
    (lux.InstanceNorm(6), X[..., :1, 0], {}, {"training": True}, ValueError, r"has 1 pixel for each channel"),
    (lux.LayerNorm(6), X, AFFINE, {}, ValueError, r"x has the shape \(4, 6, 3, 3\), expected \(\.\.\., 6\); resh"),
    (lux.LayerNorm(3, affine=False, dims=4), X, {}, {}, ValueError, r"expected all the axes \(4,\); choose other dims"),
    (lux.RMSNorm((3, 4)), X, {"scale": np.ones((3, 4))}, {}, ValueError, r"expected \(\.\.\., 3, 4\)"),
    (lux.WeightNorm(Dense(3, 2), "weight"), X, {"weight": 1}, {}, KeyError, r"keys 'normalized', 'unnormalized'"),
    (lux.WeightNorm(Dense(3, 2), "weight"), X, {"normalized": {}, "unnormalized": {}}, {}, KeyError,
     r"ps\['normalized'\] must be a dict with the keys 'weight_g', 'weight_v', got none"),
])
def test_errors_of_calls(model, x, ps, st, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        Chain(model)(x, {"layer_1": ps}, {"layer_1": st})
    assert isinstance(caught.value, LayerError) and str(caught.value).startswith("Chain.layer_1 (")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda: lux.BatchNorm(0), ValueError, r"BatchNorm: chs must be a positive integer, got 0"),
    (lambda: lux.GroupNorm(6, 0), ValueError, r"GroupNorm: groups must be a positive integer, got 0"),
    (lambda: lux.GroupNorm(6, 4), ValueError, r"GroupNorm: 6 channels can't be divided into 4 groups of one size"),
    (lambda: lux.BatchNorm(6, False), TypeError, r"BatchNorm: activation must be a function of an array, got False"),
    (lambda: lux.BatchNorm(6, epsilon=-1.0), ValueError, r"BatchNorm: epsilon must be a number from 0, got -1.0"),
    (lambda: lux.LayerNorm((3, 0)), ValueError, r"LayerNorm: shape\[1\] must be a positive integer, got 0"),
    (lambda: lux.RMSNorm(()), ValueError, r"RMSNorm: shape must have an axis at least"),
    (lambda: lux.WeightNorm(nn.relu, "weight"), TypeError, r"WeightNorm: layer is a function, expected a layer"),
    (lambda: lux.WeightNorm(Dense(2, 2), ("weight",), (0, 1)), ValueError, r"dims has 2 axes, expected one for each"),
    (lambda: setup(np.random.default_rng(0), lux.WeightNorm(Dense(2, 2), "scale")), ValueError,
     r"WeightNorm: Dense has no parameter 'scale'; it has 'weight', 'bias'"),
    (lambda: setup(np.random.default_rng(0), lux.WeightNorm(lux.BatchNorm(2), "bias")), ValueError,
     r"parameter 'bias' of BatchNorm is zero along axis 0, expected numbers that have a direction"),
])
def test_what_can_not_be_built(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@pytest.mark.parametrize(("call", "error", "sentence"), [
    (lambda: normalisation.batchnorm(X, np.ones(5), np.ones(5)), ValueError, r"batchnorm: scale has the shape \(5,\)"),
    (lambda: normalisation.batchnorm(X, np.ones(6)), ValueError, r"of scale and bias only one came; give both or none"),
    (lambda: normalisation.batchnorm(X, running_mean=np.ones(6)), ValueError, r"of running_mean and running_var only"),
    (lambda: normalisation.batchnorm(X[:1, :, 0, 0]), ValueError, r"has n = 1 for each channel, too few for a var"),
    (lambda: normalisation.instancenorm(X[..., 0, 0]), ValueError, r"expected 3 axes at least"),
    (lambda: normalisation.groupnorm(X, None, None, 4), ValueError, r"groupnorm: 6 channels .* can't be divided"),
    (lambda: normalisation.layernorm(X, np.ones(6)), ValueError, r"layernorm: scale has the shape \(6,\), expected"),
    (lambda: normalisation.layernorm(X, None, np.ones(3)), ValueError, r"bias of shape \(3,\) came with no scale"),
    (lambda: normalisation.layernorm(X, dims=4), ValueError, r"can't be normalised over the axes \(4,\); choose dims"),
    (lambda: normalisation.rmsnorm(X.astype(int)), TypeError, r"rmsnorm: x has dtype int64, expected a real floating"),
])
def test_errors_of_functions(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
