"""Embeddings, gathering, scattering: PyTorch's numbers, complex numbers that turn, loops over rows; refusals."""
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import backend, grad, testing, vjp, vmap
from arraylux.layers import Chain, setup
from arraylux.layers.embedding import Embedding, RotaryPositionalEmbedding, SinusoidalPositionalEmbedding
from arraylux.layers.errors import LayerError
from arraylux.nn.gathering import gather, scatter
from arraylux.nn.positions import apply_rotary_embedding, compute_rotary_embedding_params

pytestmark = pytest.mark.filterwarnings("error")

DATA = {key.partition("/")[2]: a for key, a in np.load(Path(__file__).parent / "data" / "attention.npz").items()
        if key.startswith("embedding/")}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


# --- the table --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray], ids=["numpy", "strict"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_embedding_is_that_of_pytorch(dtype, convert):
    model = Embedding(7, 3)
    weight, x, w = (convert(DATA[name].astype(dtype) if name != "x" else DATA[name]) for name in ("weight", "x", "w"))
    y, pullback = vjp(lambda ps: model(x, ps, {})[0], {"weight": weight})
    assert type(y) is type(weight) and y.dtype == weight.dtype
    np.testing.assert_array_equal(np.asarray(y), DATA["y"].astype(dtype))
    d = pullback(w)[0]["weight"]
    assert type(d) is type(weight) and d.dtype == weight.dtype
    np.testing.assert_allclose(np.asarray(d), DATA["d_weight"], rtol=0, atol=1e-13 if dtype == np.float64 else 3e-6)


def test_embedding_of_every_shape():
    model = Embedding(5, 4)
    ps, st = setup(np.random.default_rng(0), model)
    weight = ps["weight"]
    assert weight.shape == (5, 4) and weight.dtype == np.float32 and weight.min() >= 0 and weight.max() < 1
    assert model.parameterlength() == 20 and model.statelength() == 0
    for x in (np.array(3), np.array([], int), np.array([1, 4]), np.array([[[1], [0]]], np.uint8), 2):
        y, new = model(x, ps, st)
        np.testing.assert_array_equal(y, weight[x])
        assert new == {} and y.dtype == np.float32
    assert model.outputsize(np.zeros((8, 6), int), np.random.default_rng(0)) == (6, 4)


def test_a_table_of_several_axes():
    model = Embedding((3, 4), 2)
    assert str(model) == "Embedding((3, 4) => 2)       # 24 parameters"
    ps, st = setup(np.random.default_rng(0), model)
    i, j = np.array([[0, 2], [1, 1]]), np.array([[3, 0], [2, 2]])
    np.testing.assert_array_equal(model((i, j), ps, st)[0], ps["weight"][i, j])
    np.testing.assert_array_equal(model((1, 2), ps, st)[0], ps["weight"][1, 2])
    d = grad(lambda ps: model((i, j), ps, st)[0].sum())(ps)["weight"]
    expected = np.zeros((3, 4, 2))
    np.add.at(expected, (i, j), 1.0)
    np.testing.assert_array_equal(d, expected)


def test_embedding_differentiates_twice_and_maps():
    model = Embedding(4, 2)
    x = np.array([0, 3, 0])
    testing.check_grads(lambda weight: model(x, {"weight": weight}, {})[0] ** 3, [draw(4, 2)], order=2)
    ps = {"weight": draw(4, 2)}
    xs = np.array([[0, 1], [3, 3], [2, 0]])
    np.testing.assert_array_equal(vmap(lambda x: model(x, ps, {})[0])(xs), ps["weight"][xs])
    each = vmap(lambda x: grad(lambda ps: model(x, ps, {})[0].sum())(ps)["weight"])(xs)
    np.testing.assert_array_equal(each[1], [[0, 0], [0, 0], [0, 0], [2, 2]])


@pytest.mark.parametrize(("model", "x", "error", "sentence"), [
    (Embedding(5, 2), np.array([0, 5]), ValueError, r"indices must be from 0 to 4, got some from 0 to 5; they"),
    (Embedding(5, 2), np.array([-1]), ValueError, r"got some from -1 to -1"),
    (Embedding(5, 2), np.array([1.0]), TypeError, r"indices must be integers, got .*float64.*; convert them"),
    (Embedding(5, 2), np.array([True]), TypeError, r"indices must be integers"),
    (Embedding((5, 3), 2), np.array([1]), ValueError, r"a table of 2 axes needs a tuple of as many arrays"),
    (Embedding((5, 3), 2), (), ValueError, r"got 0"),
    (Embedding((5, 3), 2), (np.array([1]), np.array([1, 2])), ValueError, r"must have one shape, got \(1,\), \(2,\)"),
    (Embedding((5, 3), 2), (np.array([1]), np.array([3])), ValueError, r"from 0 to 2, got some from 3 to 3"),
])
def test_what_embedding_can_not_work_with(model, x, error, sentence):
    chain = Chain(table=model)
    ps, st = setup(np.random.default_rng(0), chain)
    with pytest.raises(error, match=r"^Chain\.table \(Embedding\(.*\)\): .*" + sentence) as caught:
        chain(x, ps, st)
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)


def test_parameters_of_another_embedding():
    with pytest.raises(ValueError, match=r"^Embedding\(5 => 2\): parameter weight must have the shape \(5, 2\)"):
        Embedding(5, 2)(np.array([0]), {"weight": np.zeros((2, 5))}, {})
    with pytest.raises(KeyError, match=r"ps must be a dict with the keys 'weight'"):
        Embedding(5, 2)(np.array([0]), {}, {})
    for arguments in ((0, 2), ((), 2), ((3, 0), 2), (3, 0), (3, 2.5)):
        with pytest.raises(ValueError, match="in_dims must be a positive integer or a tuple of them, and out_dims one"):
            Embedding(*arguments)


# --- adding rows, which gradients of tables do ------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128, np.float16, np.int64])
@pytest.mark.parametrize(("shape", "rows"), [
    ((5, 4), [0, 4, 0, 2]), ((5, 3), [[1, -1], [-5, 0]]), ((3, 2, 2), [2, 2]), ((3, 0), [1]), ((2, 1), [1, 1]),
    ((4,), [3, 3])])
def test_rows_are_added_as_often_as_they_are_named(shape, rows, dtype):
    rows = np.array(rows)
    values = (8 * draw(*rows.shape, *shape[1:])).round().astype(dtype)
    expected, found = np.ones(shape, dtype), np.ones(shape, dtype)
    np.add.at(expected, rows, values)
    for index in (rows, rows.astype(np.int8), (rows,)):
        found = np.ones(shape, dtype)
        backend.scatter_add(found, index, values)
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(IndexError):
        backend.scatter_add(np.ones((2, 4)), np.array([2]), np.ones((1, 4)))


# --- gather and scatter -----------------------------------------------------------------------------------------------
def test_gather():
    src = draw(4, 3)
    i, j = np.array([[3, 0], [1, 1]]), np.array([[2, 2], [0, 1]])
    np.testing.assert_array_equal(gather(src, i), src[i])
    np.testing.assert_array_equal(gather(src, (i, j)), src[i, j])
    strict = gather(array_api_strict.asarray(src), (array_api_strict.asarray(i), array_api_strict.asarray(j)))
    np.testing.assert_array_equal(np.asarray(strict), src[i, j])
    testing.check_grads(lambda x: gather(x, (i, j)) ** 2, [src], order=2)
    for indices, error in ((np.array([4]), ValueError), (np.array([0.5]), TypeError), ((i, j, i), ValueError)):
        with pytest.raises(error, match=r"^gather: .*indices must be"):
            gather(src, indices)


BY_LOOP = {"+": lambda old, row: old + row, "-": lambda old, row: old - row, "*": lambda old, row: old * row,
           "/": lambda old, row: old / row, "max": np.maximum, "min": np.minimum}
INDICES = np.array([[0, 3], [3, 1], [3, 0]])


@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray], ids=["numpy", "strict"])
@pytest.mark.parametrize("op", BY_LOOP)
def test_scatter_is_a_loop_over_rows(op, convert):
    src = draw(3, 2, 2) + 0.1
    for init in (None, draw(5, 2, seed=1), 2.0):
        start = {"+": 0, "-": 0, "*": 1, "/": 1, "max": -np.inf, "min": np.inf}[op] if init is None else init
        expected = np.empty((5, 2))
        expected[...] = start
        for place in np.ndindex(3, 2):
            expected[INDICES[place]] = BY_LOOP[op](expected[INDICES[place]], src[place])
        given = convert(init) if isinstance(init, np.ndarray) else init
        y = scatter(op, convert(src), convert(INDICES), init=given, dstsize=5)
        assert type(y) is type(convert(src))
        np.testing.assert_allclose(np.asarray(y), expected, rtol=1e-13)
    old = draw(5, 2, seed=1) + 3
    testing.check_grads(lambda src, old: scatter(op, src, INDICES, init=old, dstsize=5), [src, old], order=2)


def test_scatter_of_means_of_zeros_and_by_two_axes():
    src = np.array([1.0, 2.0, 6.0])
    np.testing.assert_array_equal(scatter("mean", src, np.array([0, 2, 0])), [3.5, 0, 2])
    np.testing.assert_array_equal(scatter("mean", src, np.array([0, 2, 0]), init=1.0), [4.5, 1, 3])
    np.testing.assert_array_equal(scatter("*", np.array([0.0, 2.0, 0.0]), np.array([0, 1, 0])), [0, 2])
    d = grad(lambda x: scatter("*", x, np.array([0, 0, 1])).sum())(np.array([0.0, 2.0, 3.0]))
    np.testing.assert_array_equal(d, [2, 0, 1])
    y = scatter("+", src, (np.array([0, 1, 0]), np.array([2, 0, 2])))
    np.testing.assert_array_equal(y, [[0, 0, 7], [2, 0, 0]])
    y = scatter("-", np.array([1, 2]), np.array([1, 1]))
    assert y.dtype == np.int64 and y.tolist() == [0, -3]


@pytest.mark.parametrize(("args", "options", "error", "sentence"), [
    (("plus", np.ones(2), np.array([0, 1])), {}, ValueError, r"op is 'plus', expected one of '\+', '-'"),
    (("+", np.ones(2), np.array([0.0, 1])), {}, TypeError, r"indices must be integers"),
    (("+", np.ones(2), np.array([0, 3])), {"dstsize": 3}, ValueError, r"from 0 to 2, got some from 0 to 3"),
    (("+", np.ones(2), np.array([0, 1, 1])), {}, ValueError, r"src of shape \(2,\) must begin with the axes \(3,\)"),
    (("+", np.ones(2), np.array([0, 1])), {"dstsize": (3, 3)}, ValueError, r"a length for each of the 1 indexed axes"),
])
def test_what_scatter_can_not_work_with(args, options, error, sentence):
    with pytest.raises(error, match=r"^scatter: .*" + sentence):
        scatter(*args, **options)


# --- positions --------------------------------------------------------------------------------------------------------
def test_sinusoidal_embedding_by_its_formula():
    model = SinusoidalPositionalEmbedding(6, min_freq=0.01, max_freq=1.0)
    assert str(model) == "SinusoidalPositionalEmbedding(6)" and model.statelength() == 3
    ps, st = setup(np.random.default_rng(0), model)
    np.testing.assert_allclose(st["sigmas"], [1.0, 0.1, 0.01], rtol=1e-6)
    x = np.array([[0.0, 1.0], [2.0, 7.0]])
    y, new = model(x, ps, st)
    angles = x[..., None] * [1.0, 0.1, 0.01]
    np.testing.assert_allclose(y, np.concatenate([np.sin(angles), np.cos(angles)], -1) * np.sqrt(1 / 3), rtol=1e-5)
    np.testing.assert_allclose((y**2).sum(-1), 1)
    assert new is st and model(x.astype(np.float32), ps, st)[0].dtype == np.float32
    np.testing.assert_array_equal(model(x.astype(int), ps, st)[0], model(x.astype(np.float32), ps, st)[0])
    turns = SinusoidalPositionalEmbedding(6, min_freq=0.01, scale=1.0, full_turns=True)
    y, _ = turns(np.array([1.0]), *setup(np.random.default_rng(0), turns))
    np.testing.assert_allclose(y[0, [0, 1, 3]], [0, np.sin(0.2 * np.pi), 1], atol=1e-6)
    testing.check_grads(lambda x: model(x, ps, st)[0], [x], order=2)


def turned(x, positions, base=10_000.0):
    """Turn pairs by way of complex numbers: x (batch, tokens, heads, features)."""
    half = x.shape[-1] // 2
    theta = base ** (-np.arange(half) / half)
    z = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * positions[..., None, None] * theta)
    return np.concatenate([z.real, z.imag], -1)


@pytest.mark.parametrize("low_memory_variant", [True, False])
@pytest.mark.parametrize("convert", [np.asarray, array_api_strict.asarray], ids=["numpy", "strict"])
def test_rotary_embedding_turns_complex_numbers(convert, low_memory_variant):
    model = RotaryPositionalEmbedding(6, max_sequence_length=9, base=100.0, low_memory_variant=low_memory_variant)
    ps, st = setup(np.random.default_rng(0), model)
    assert model.statelength() == lux.statelength(st) and str(model) == "RotaryPositionalEmbedding(6)"
    st = lux.tree.map(convert, st)
    x = draw(2, 5, 3, 6)
    y, new = model(convert(x), ps, st)
    assert new is st and type(y) is type(convert(x))
    np.testing.assert_allclose(np.asarray(y), turned(x, np.arange(5), 100.0), atol=1e-6)
    for positions in (np.array([8, 0, 1, 1, 4]), np.arange(10).reshape(2, 5) % 9):
        y, _ = model((convert(x), convert(positions)), ps, st)
        np.testing.assert_allclose(np.asarray(y), turned(x, positions, 100.0), atol=1e-6)
    for dtype in (np.float32, np.float64):
        assert model(convert(x.astype(dtype)), ps, st)[0].dtype == convert(x.astype(dtype)).dtype


def test_rotary_embedding_along_another_axis_and_its_derivatives():
    params = compute_rotary_embedding_params(4, 8, dtype=np.float64)
    x = draw(2, 5, 3, 4)
    expected = turned(x, np.arange(5))
    np.testing.assert_allclose(apply_rotary_embedding(x, **params), expected, rtol=1e-12)
    heads_first = apply_rotary_embedding(x.swapaxes(1, 2), **params, seq_dim=-2)
    np.testing.assert_allclose(heads_first, expected.swapaxes(1, 2), rtol=1e-12)
    np.testing.assert_array_equal(apply_rotary_embedding(x.swapaxes(1, 2), **params, seq_dim=2), heads_first)
    testing.check_grads(lambda x: apply_rotary_embedding(x, **params), [x], order=2)
    testing.check_grads(lambda c, s: apply_rotary_embedding(x, c, s) ** 2, list(params.values()), order=2)
    each = vmap(lambda x: apply_rotary_embedding(x, **params))(x)
    np.testing.assert_array_equal(each, apply_rotary_embedding(x, **params))


def test_rotary_scores_depend_on_distance_alone():
    params = compute_rotary_embedding_params(8, 50, dtype=np.float64)
    q, k = draw(1, 1, 1, 8), draw(1, 1, 1, 8, seed=1)

    def score(i, j):
        return np.vdot(*[apply_rotary_embedding(x, **params, positions=np.array([p])) for x, p in ((q, i), (k, j))])
    assert score(3, 10) == pytest.approx(score(40, 47), rel=1e-12) != pytest.approx(score(3, 11), rel=1e-3)


@pytest.mark.parametrize(("x", "error", "sentence"), [
    (draw(2, 9, 3, 4), ValueError, r"x of shape \(2, 9, 3, 4\) has 9 tokens, the caches 8 positions"),
    (draw(2, 5, 3, 6), ValueError, r"x has the shape \(2, 5, 3, 6\), expected \(batch, tokens, heads, 4\)"),
    (draw(5, 4), ValueError, r"x has the shape \(5, 4\)"),
    (np.ones((2, 5, 3, 4), int), TypeError, r"x has dtype int64"),
    ((draw(2, 5, 3, 4), np.arange(4)), ValueError, r"positions must have the shape \(5,\) or \(2, 5\).*got \(4,\)"),
    ((draw(2, 5, 3, 4), np.arange(4, 9)), ValueError, r"indices must be from 0 to 7, got some from 4 to 8"),
    ((draw(2, 5, 3, 4), np.ones(5)), TypeError, r"indices must be integers"),
])
def test_what_rotary_embedding_can_not_work_with(x, error, sentence):
    model = RotaryPositionalEmbedding(4, max_sequence_length=8)
    with pytest.raises(error, match=r"^RotaryPositionalEmbedding\(4\): .*" + sentence):
        model(x, *setup(np.random.default_rng(0), model))


@pytest.mark.parametrize(("make", "sentence"), [
    (lambda: SinusoidalPositionalEmbedding(5), r"dims must be an even positive integer, got 5"),
    (lambda: SinusoidalPositionalEmbedding(4, min_freq=0.0), r"min_freq and max_freq must be positive, got 0\.0 and"),
    (lambda: RotaryPositionalEmbedding(3), r"dim must be an even positive integer .*, got 3 and 4096"),
    (lambda: compute_rotary_embedding_params(3, 2), r"head_dim must be an even positive integer, got 3"),
    (lambda: compute_rotary_embedding_params(4, 0), r"max_sequence_length must be a positive integer, got 0"),
    (lambda: apply_rotary_embedding(draw(3, 1, 6), **compute_rotary_embedding_params(4, 3)),
     r"the caches must have the shape \(positions, 3\)"),
    (lambda: apply_rotary_embedding(draw(3, 4), **compute_rotary_embedding_params(4, 3)), r"has no axis -3 before"),
])
def test_positions_that_can_not_be_made(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_text_is_no_number():
    model = SinusoidalPositionalEmbedding(4)
    with pytest.raises(TypeError, match=r"^SinusoidalPositionalEmbedding\(4\): x is a list"):
        model([1, 2], *setup(np.random.default_rng(0), model))
