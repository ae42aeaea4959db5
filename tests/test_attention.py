"""Attention against PyTorch's numbers (tests/data/make_attention.py), by hand, as a layer, and what it refuses."""
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import grad, jvp, testing, vjp, vmap
from arraylux.layers import Chain, WrappedFunction, setup
from arraylux.layers.attention import MultiHeadAttention
from arraylux.nn.attention import (
    dot_product_attention,
    dot_product_attention_scores,
    make_causal_mask,
    scaled_dot_product_attention,
)

pytestmark = pytest.mark.filterwarnings("error")

DATA = dict(np.load(Path(__file__).parent / "data" / "attention.npz"))
CASES = {                                               # and the options that are no arrays
    "plain": {}, "scaled": {"scale": 1.5}, "causal": {"is_causal": True}, "causal_longer": {"is_causal": True},
    "causal_shorter": {"is_causal": True}, "groups": {}, "masked": {}, "biased": {}, "masked_bias": {}}
TOLERANCE = {np.float64: 1e-13, np.float32: 3e-6}


def case_of(name, convert=np.asarray, dtype=np.float64):
    """Return the inputs by name, the weights of the sum, and what PyTorch found."""
    found = {key.partition("/")[2]: a for key, a in DATA.items() if key.partition("/")[0] == name}
    inputs = {key: a for key, a in found.items() if f"d_{key}" in found or key in ("w", "mask", "x")}
    return {key: convert(a.astype(dtype) if a.dtype.kind == "f" else a) for key, a in inputs.items()}, found


def draw(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# --- the function ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray], ids=["numpy", "strict"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_those_of_pytorch(case, dtype, convert):
    inputs, found = case_of(case, convert, dtype)
    w, mask = inputs.pop("w"), inputs.pop("mask", None)
    names = list(inputs)

    def f(*args):
        return scaled_dot_product_attention(**dict(zip(names, args, strict=True)), mask=mask, **CASES[case])[0]
    y, pullback = vjp(f, *inputs.values())
    assert y.dtype == w.dtype and type(y) is type(w)
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(np.asarray(y), found["y"], rtol=0, atol=10 * tolerance)
    for name, d in zip(names, pullback(w), strict=True):
        assert type(d) is type(w)
        np.testing.assert_allclose(np.asarray(d), found[f"d_{name}"], rtol=0, atol=10 * tolerance, err_msg=name)


def test_weights_are_the_softmax_of_the_scores():
    q, k, v = draw(2, 3, 2, 4), draw(2, 5, 2, 4, seed=1), draw(2, 5, 2, 3, seed=2)
    y, weights = scaled_dot_product_attention(q, k, v)
    e = np.exp(np.einsum("bnhd,bmhd->bhnm", q, k) / 2)
    np.testing.assert_allclose(weights, e / e.sum(-1, keepdims=True), rtol=1e-13)
    np.testing.assert_allclose(y, np.einsum("bhnm,bmhd->bnhd", weights, v), rtol=1e-12)
    np.testing.assert_array_equal(weights, dot_product_attention_scores(q, k))
    bias = draw(2, 3, 5, seed=3)
    np.testing.assert_array_equal(dot_product_attention_scores(q, k, bias),
                                  scaled_dot_product_attention(q, k, v, bias=bias)[1])


def test_large_scores_do_not_overflow():
    q = np.array([[100.0], [-100.0]], np.float32)[:, None]
    weights = dot_product_attention_scores(q, q, scale=1.0)
    np.testing.assert_array_equal(weights[0], np.eye(2))


def test_a_query_that_may_look_nowhere_gets_zeros():
    q, k, v = draw(1, 2, 1, 3), draw(1, 4, 1, 3, seed=1), draw(1, 4, 1, 3, seed=2)
    mask = np.array([[False] * 4, [True, True, False, False]])
    for convert in (np.asarray, array_api_strict.asarray):
        *args, converted = [convert(a) for a in (q, k, v, mask)]
        (y, weights), pullback = vjp(lambda *a, m=converted: scaled_dot_product_attention(*a, mask=m), *args)
        y, weights = np.asarray(y), np.asarray(weights)
        np.testing.assert_array_equal(y[0, 0], 0)
        np.testing.assert_array_equal(weights[..., ~mask], 0)
        np.testing.assert_allclose(weights[0, 0, 1, :2].sum(), 1)
        grads = [np.asarray(d) for d in pullback((convert(np.ones((1, 2, 1, 3))), convert(np.ones((1, 1, 2, 4)))))]
        assert all(np.isfinite(d).all() for d in grads)
        np.testing.assert_array_equal(grads[0][0, 0], 0)
        np.testing.assert_array_equal(grads[1][0, 2:], 0)


def test_derivatives_through_weights_bias_and_groups_to_second_order():
    q, k, v, bias = draw(2, 3, 4, 2), draw(2, 4, 2, 2, seed=1), draw(2, 4, 2, 3, seed=2), draw(3, 4, seed=3)
    mask = make_causal_mask(np.zeros((1, 4, 1)))[:3]

    def f(q, k, v, bias):
        y, weights = scaled_dot_product_attention(q, k, v, bias=bias, mask=mask)
        return (y * y).sum() + (weights**3).sum()
    testing.check_grads(f, [q, k, v, bias], order=2)


def test_any_number_of_batch_axes_and_vmap():
    q, k, v = draw(2, 3, 4, 2, 5), draw(2, 3, 6, 2, 5, seed=1), draw(2, 3, 6, 2, 5, seed=2)
    y, weights = scaled_dot_product_attention(q, k, v)
    for i in np.ndindex(2, 3):
        part, part_weights = scaled_dot_product_attention(q[i], k[i], v[i])
        np.testing.assert_allclose(y[i], part, rtol=1e-12)
        np.testing.assert_allclose(weights[i], part_weights, rtol=1e-12)
    mapped, mapped_weights = vmap(scaled_dot_product_attention)(q, k, v)
    np.testing.assert_allclose(mapped, y, rtol=1e-12)
    np.testing.assert_allclose(mapped_weights, weights, rtol=1e-12)
    shared = vmap(lambda q: scaled_dot_product_attention(q, k[0], v[0], is_causal=True)[0])(q)
    np.testing.assert_allclose(shared[1], scaled_dot_product_attention(q[1], k[0], v[0], is_causal=True)[0], rtol=1e-12)
    per_sample = vmap(grad(lambda q, k, v: scaled_dot_product_attention(q, k, v)[0].sum()))(q, k, v)
    together = grad(lambda q: scaled_dot_product_attention(q, k, v)[0].sum())(q)
    np.testing.assert_allclose(per_sample, together, atol=1e-13)


def test_views_and_copies_give_the_same_numbers_and_stay_as_they_are():
    packed = draw(2, 5, 3 * 8)
    views = [packed[..., 8 * i:8 * (i + 1)].reshape(2, 5, 2, 4) for i in range(3)]
    before = packed.copy()

    def run(*args):
        y, pullback = vjp(lambda *a: scaled_dot_product_attention(*a)[0], *args)
        return y, *pullback(draw(2, 5, 2, 4, seed=1))
    for a, b in zip(run(*views), run(*[x.copy() for x in views]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(packed, before)


def test_large_arrays_are_not_handed_out_twice():
    q = draw(2, 200, 2, 4, dtype=np.float32)
    first = scaled_dot_product_attention(q, q, q)[1]
    kept = first.copy()
    scaled_dot_product_attention(2 * q, q, q)
    np.testing.assert_array_equal(first, kept)
    assert first.dtype == np.float32


def test_fdrop_acts_on_the_weights():
    q = draw(1, 3, 1, 2)
    y, weights = scaled_dot_product_attention(q, q, q, fdrop=lambda weights: weights * np.eye(3))
    np.testing.assert_allclose(y, np.einsum("bhnn,bnhd->bnhd", weights, q))
    y, _ = scaled_dot_product_attention(q, q, q, fdrop=lambda w: 0 * w)
    np.testing.assert_array_equal(y, 0)


def test_heads_beside_one_another():
    x = draw(2, 5, 6)
    y, weights = dot_product_attention(x, x, x, nheads=3)
    heads = x.reshape(2, 5, 3, 2)
    expected, expected_weights = scaled_dot_product_attention(heads, heads, heads)
    np.testing.assert_array_equal(y, expected.reshape(2, 5, 6))
    np.testing.assert_array_equal(weights, expected_weights)


def test_the_causal_mask():
    mask = make_causal_mask(np.zeros((7, 3, 4)))
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, np.tri(3))
    assert make_causal_mask(np.zeros((7, 3, 4)), dims=0).shape == (7, 7)
    strict = array_api_strict.zeros((2, 3, 1), device=array_api_strict.Device("device1"))
    assert make_causal_mask(strict).device == strict.device
    with pytest.raises(ValueError, match=r"x of shape \(3,\) has no axis -2"):
        make_causal_mask(np.zeros(3))


Q, K, V = draw(2, 3, 4, 5), draw(2, 6, 4, 5), draw(2, 6, 4, 7)


@pytest.mark.parametrize(("args", "options", "error", "sentence"), [
    ((Q, K[:1], V), {}, ValueError, r"q, k and v must have the same batch.*q \(2, 3, 4, 5\), k \(1, 6, 4, 5\)"),
    ((Q, K, V[:, :5]), {}, ValueError, r"k and v the same tokens and heads, got .* v \(2, 5, 4, 7\)"),
    ((Q, K[..., :4], V), {}, ValueError, r"q and k must have the same features"),
    ((Q, K[:, :, :3], V[:, :, :3]), {}, ValueError, r"q as many heads as k or a multiple of them, got"),
    ((Q, K[:, :0], V[:, :0]), {}, ValueError, r"there must be a key"),
    ((Q[0, 0], K, V), {}, ValueError, r"q must have the axes \(batch, tokens, heads, features\), got the shape \(4,"),
    ((Q.astype(int), K, V), {}, TypeError, r"q has dtype int64, expected a real floating-point one; convert it"),
    ((Q, K, V + 1j), {}, TypeError, r"v has dtype complex128"),
    ((Q, K, V), {"mask": np.ones((3, 6), bool), "is_causal": True}, ValueError, r"a mask came together with is_causal"),
    ((Q, K, V), {"mask": np.ones((3, 6))}, TypeError, r"mask has dtype float64, expected a boolean one, True where to"),
    ((Q, K, V), {"mask": np.ones((2, 3, 6), bool)}, ValueError, r"mask of shape \(2, 3, 6\) does not broadcast to the "
                                                               r"shape \(2, 4, 3, 6\) of the scores"),
    ((Q, K, V), {"bias": np.ones((3, 3, 5, 3, 6))}, ValueError, r"bias of shape .* does not broadcast"),
    ((Q, K, V), {"bias": np.ones((3, 6), int)}, TypeError, r"bias has dtype int64, expected a real floating-point one"),
])
def test_what_attention_can_not_work_with(args, options, error, sentence):
    with pytest.raises(error, match=r"^scaled_dot_product_attention: .*" + sentence) as caught:
        scaled_dot_product_attention(*args, **options)
    assert "\n" not in str(caught.value)


def test_heads_must_divide_the_features():
    with pytest.raises(ValueError, match=r"^dot_product_attention: q must .* a multiple of nheads = 4, got \(2, 6\)"):
        dot_product_attention(draw(2, 6), draw(2, 6), draw(2, 6), nheads=4)


# --- the layer --------------------------------------------------------------------------------------------------------
def from_pytorch(inputs, features):
    """Return the layer's parameters, or their gradients, made of those of PyTorch."""
    if "in_proj_weight" in inputs:
        weights = np.split(inputs["in_proj_weight"], 3)
    else:
        weights = [inputs[f"{name}_proj_weight"] for name in "qkv"]
    biases = np.split(inputs["in_proj_bias"], 3) if "in_proj_bias" in inputs else [None] * 3
    ps = {f"{name}_proj": {"weight": weight, "bias": bias}
          for name, weight, bias in zip("qkv", weights, biases, strict=True)}
    ps["out_proj"] = {"weight": inputs["out_proj.weight"], "bias": inputs.get("out_proj.bias")}
    ps = {name: {key: a for key, a in p.items() if a is not None} for name, p in ps.items()}
    return {**ps, "attention_dropout": {}}


LAYERS = {
    "self": MultiHeadAttention(12, nheads=3, dense_kwargs={"use_bias": True}),
    "causal_self": MultiHeadAttention(8, nheads=4, dense_kwargs={"use_bias": True}, is_causal=True),
    "cross": MultiHeadAttention(((12, 7, 5), 12, 12), nheads=2),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", LAYERS)
def test_the_layer_is_that_of_pytorch(case, dtype):
    model = LAYERS[case]
    inputs, found = case_of(case, dtype=dtype)
    ps, st = from_pytorch(inputs, model), setup(np.random.default_rng(0), model)[1]
    names = ["x"] if "x" in inputs else ["q", "k", "v"]
    x = inputs["x"] if "x" in inputs else (inputs["q"], inputs["k"], inputs["v"], inputs["mask"][:, None, None, :])
    (y, weights), _ = model(x, ps, st)
    tolerance = {"rtol": 0, "atol": 40 * TOLERANCE[dtype]}
    assert y.dtype == weights.dtype == dtype
    np.testing.assert_allclose(y, found["y"], **tolerance)
    np.testing.assert_allclose(weights, found["scores"], **tolerance)

    def loss(x, ps):
        x = x[names[0]] if len(x) == 1 else (*x.values(), inputs["mask"][:, None, None, :])
        return (model(x, ps, st)[0][0] * inputs["w"]).sum()
    d_x, d_ps = grad(loss, argnums=(0, 1))({name: inputs[name] for name in names}, ps)
    for name in names:
        np.testing.assert_allclose(d_x[name], found[f"d_{name}"], **tolerance)
    expected = from_pytorch({key[2:]: a for key, a in found.items() if key.startswith("d_")}, model)
    for name, p in d_ps.items():
        for key, d in p.items():
            np.testing.assert_allclose(d, expected[name][key], **tolerance, err_msg=f"{name} {key}")


def test_one_two_three_or_four_inputs():
    model = MultiHeadAttention(6, nheads=2)
    ps, st = setup(np.random.default_rng(0), model)
    x, z = draw(2, 3, 6), draw(2, 4, 6, seed=1)
    (alone, weights), _ = model(x, ps, st)
    assert weights.shape == (2, 2, 3, 3)
    np.testing.assert_array_equal(model((x, x, x), ps, st)[0][0], alone)
    (pair, _), _ = model((x, z), ps, st)
    np.testing.assert_array_equal(model((x, z, z), ps, st)[0][0], pair)
    np.testing.assert_array_equal(model((x, z, z, np.ones((3, 4), bool)), ps, st)[0][0], pair)
    masked = model((x, x, x, make_causal_mask(x)), ps, st)[0][0]
    causal = MultiHeadAttention(6, nheads=2, is_causal=True)
    np.testing.assert_array_equal(causal(x, ps, st)[0][0], masked)
    assert abs(masked - alone).max() > 0.01
    strict = lux.tree.map(array_api_strict.asarray, ps)
    (y, _), _ = model(array_api_strict.asarray(x), strict, st)
    np.testing.assert_allclose(np.asarray(y), alone, rtol=1e-12)


def test_features_that_differ():
    model = MultiHeadAttention(((4, 5, 6), (8, 10), 3), nheads=2, dense_kwargs={"use_bias": True})
    ps, st = setup(np.random.default_rng(0), model)
    assert {name: p["weight"].shape for name, p in ps.items() if p} == {
        "q_proj": (8, 4), "k_proj": (8, 5), "v_proj": (10, 6), "out_proj": (3, 10)}
    assert model.parameterlength() == 8 * 5 + 8 * 6 + 10 * 7 + 3 * 11 and model.statelength() == 0
    x = (draw(2, 3, 4), draw(2, 7, 5), draw(2, 7, 6))
    (y, weights), _ = model(x, ps, st)
    assert y.shape == (2, 3, 3) and weights.shape == (2, 2, 3, 7)
    assert model.outputsize(x, np.random.default_rng(0)) == ((3, 3), (2, 3, 7))


def test_dropout_of_weights_while_training():
    model = MultiHeadAttention(6, nheads=2, attention_dropout_probability=0.5)
    ps, st = setup(np.random.default_rng(0), model)
    assert model.statelength() == 2
    x = draw(8, 10, 6)
    before = [a.copy() for a in lux.tree.leaves((x, ps))]
    (y, weights), new = model(x, ps, st)
    (again, _), _ = model(x, ps, st)
    (later, _), _ = model(x, ps, new)
    np.testing.assert_array_equal(y, again)
    assert (y != later).any() and abs((weights == 0).mean() - 0.5) < 0.05
    assert new.keys() == st.keys() and new["attention_dropout"].keys() == {"rng", "training"}
    for a, b in zip(lux.tree.leaves((x, ps)), before, strict=True):
        np.testing.assert_array_equal(a, b)
    plain = MultiHeadAttention(6, nheads=2)
    tested, _ = model(x, ps, lux.testmode(st))
    np.testing.assert_array_equal(tested[0], plain(x, ps, {**st, "attention_dropout": {}})[0][0])
    # Rows of kept weights are scaled by 1 / (1 - p): with their zeros they are the weights of the test times 0 or 2.
    np.testing.assert_allclose(weights[weights > 0], 2 * tested[1][weights > 0])
    testing.check_grads(lambda x: model(x, ps, st)[0][0], [x[:1, :3]], order=2)


def test_in_a_model():
    model = Chain(MultiHeadAttention(6, nheads=3), WrappedFunction(lambda found: found[0]))
    ps, st = setup(np.random.default_rng(0), model)
    x = draw(2, 3, 6, dtype=np.float32)
    y, st = model(x, ps, st)
    assert y.shape == (2, 3, 6) and y.dtype == np.float32
    _, dy = jvp(lambda ps: model(x, ps, st)[0], (ps,), (ps,))
    assert dy.shape == y.shape
    assert model[0] == MultiHeadAttention(6, nheads=3) != MultiHeadAttention(6, nheads=2)


@pytest.mark.parametrize(("x", "error", "sentence"), [
    (draw(2, 3, 5), ValueError, r"^Chain\.layer_1\.q_proj \(Dense\(6 => 6, use_bias=false\)\): x has the shape"),
    ((draw(2, 3, 6),), TypeError, r"^Chain\.layer_1 \(MultiHeadAttention\): x is a tuple of 1, expected an array"),
    ((draw(2, 3, 6), draw(1, 3, 6)), ValueError, r"^Chain\.layer_1 \(MultiHeadAtt.* must have the same batch"),
    ((*[draw(2, 3, 6)] * 3, np.ones((3, 3))), TypeError, r"^Chain\.layer_1 .*mask has dtype float64, expected a bool"),
    (draw(6), ValueError, r"^Chain\.layer_1 .*q must have the shape \(batch, tokens, features\)"),
])
def test_what_the_layer_can_not_work_with(x, error, sentence):
    model = Chain(MultiHeadAttention(6, nheads=2))
    ps, st = setup(np.random.default_rng(0), model)
    with pytest.raises(error, match=sentence) as caught:
        model(x, ps, st)
    assert isinstance(caught.value, lux.layers.errors.LayerError) and "\n" not in str(caught.value)
    with pytest.raises(KeyError, match=r"^Chain\.layer_1 \(Multi.*\): ps must be a dict with the keys 'q_proj'"):
        model(x, {"layer_1": {}}, st)


@pytest.mark.parametrize(("make", "sentence"), [
    (lambda: MultiHeadAttention(6, nheads=4), r"nheads must be a positive integer that divides the 6 features"),
    (lambda: MultiHeadAttention((6, (8, 6), 6), nheads=4), r"divides the 6 features of values, got 4"),
    (lambda: MultiHeadAttention(6, nheads=0), r"got 0"),
    (lambda: MultiHeadAttention((6, 6)), r"dims must be an integer or a tuple \(in, qkv, out\), got \(6, 6\)"),
    (lambda: MultiHeadAttention(((6, 6), 6, 6)), r"where in may be a tuple \(q, k, v\)"),
    (lambda: MultiHeadAttention((6, 0, 6)), r"dims must be positive integers"),
    (lambda: MultiHeadAttention(6, attention_dropout_probability=1.5), r"within \[0, 1\], got 1.5"),
])
def test_layers_that_can_not_be_built(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
