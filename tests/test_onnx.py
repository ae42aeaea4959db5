"""Exported models: ONNX Runtime, which this project had no hand in, computes the numbers that we compute."""
from __future__ import annotations

import importlib
import pkgutil
import sys

import numpy as np
import pytest
from samples import SAMPLES

import arraylux as lux
from arraylux.exchange.network_operators import OPERATORS
from arraylux.tracer.core import PRIMITIVES

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

for module in pkgutil.walk_packages(lux.__path__, "arraylux."):          # every chapter registers its primitives
    importlib.import_module(module.name)


def runtime(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def check(path, model, ps, st, example, *others, tolerance=2e-6, **options):
    """Export a model with one example, and compare results for that one and for others."""
    lux.export_onnx(path, model, ps, st, example, **options)
    session = runtime(path)
    for x in (example, *others):
        leaves = lux.tree.leaves(x)
        found = session.run(None, dict(zip([i.name for i in session.get_inputs()], leaves, strict=True)))
        expected = [y for y in lux.tree.leaves(model(x, ps, lux.testmode(st))[0]) if y is not None]
        for a, b in zip(found, expected, strict=True):
            assert a.shape == np.shape(b) and a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    return session


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def setup(model):
    ps, st = lux.setup(np.random.default_rng(0), model)
    rng = np.random.default_rng(1)

    def move(x):                    # norms start with a scale of 1 and a bias of 0, which would hide mistakes
        return x + rng.uniform(0.1, 0.5, x.shape).astype(x.dtype) if hasattr(x, "dtype") else x
    return lux.tree.map(move, ps), lux.tree.map(move, st)


# --- each primitive ---------------------------------------------------------------------------------------------------
class Alone:
    """A primitive as a model of its arguments."""

    def __init__(self, primitive, args, params):
        self.primitive, self.args, self.params = primitive, args, params

    def __call__(self, x, ps, st):
        args = [x.get(f"a{i}", a) for i, a in enumerate(self.args)]
        y = self.primitive(*args, **self.params)
        return y[0] if isinstance(y, tuple) and self.primitive.__name__ == "standardise" else y, st


def sample_args(sample):
    rng = np.random.default_rng(3)

    def make(a):
        x = a.sample(rng) if hasattr(a, "sample") else a
        return np.asarray(x, np.float32) if getattr(x, "dtype", None) == np.float64 else x
    return [make(a) for a in sample.args]


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_each_primitive(name, tmp_path):
    tried = 0
    for sample in SAMPLES[name]:
        args = sample_args(sample)
        arrays = {f"a{i}": a for i, a in enumerate(args) if isinstance(a, np.ndarray)}
        if not arrays or (name == "astype" and sample.params["dtype"].kind == "c") or any(
                0 in a.shape or a.dtype.kind not in "fib" for a in arrays.values()):
            continue
        model = Alone(PRIMITIVES[name], args, sample.params)
        try:
            check(tmp_path / "m.onnx", model, {}, {}, arrays, batch=None, tolerance=1e-5)
        except ValueError as error:
            assert "export_onnx: " in str(error)
            continue
        tried += 1
    assert tried


# --- models -----------------------------------------------------------------------------------------------------------
ACTIVATIONS = ["celu", "elu", "gelu", "gelu_erf", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu", "lisht",
               "log_softmax", "logcosh", "logsigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "softmax",
               "softplus", "softshrink", "softsign", "swish", "tanh", "tanhshrink", "trelu"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, tmp_path):
    model = lux.Chain(lux.WrappedFunction(getattr(lux, name)))
    check(tmp_path / "m.onnx", model, *setup(model), 3 * drawn(4, 5), 3 * drawn(7, 5, seed=1))


MLP = lux.Chain(lux.Dense(6, 16, lux.relu), lux.Dropout(0.5), lux.Dense(16, 8, lux.tanh, use_bias=False),
                lux.Dense(8, 3))
CNN = lux.Chain(lux.Conv((3, 3), 2, 8, lux.relu, padding=1), lux.BatchNorm(8), lux.MaxPool((2, 2)),
                lux.Conv((3, 2), 8, 8, lux.gelu, stride=2, groups=4, dilation=(1, 2), padding=(1, 0, 2, 1)),
                lux.GroupNorm(8, 2, lux.swish), lux.MeanPool((2, 2), stride=1, padding=1),
                lux.ConvTranspose((3, 3), 8, 4, stride=2, output_padding=1), lux.InstanceNorm(4, affine=True),
                lux.FlattenLayer(), lux.Dense(400, 5), lux.softmax)


def transformer():
    attention = lux.Chain(lux.LayerNorm(8), lux.MultiHeadAttention(8, nheads=2), lambda pair: pair[0])
    network = lux.Chain(lux.RMSNorm(8), lux.Dense(8, 16, lux.gelu), lux.Dense(16, 8))
    block = lux.Chain(lux.SkipConnection(attention, np.add), lux.SkipConnection(network, np.add))
    return lux.Chain(lux.Embedding(11, 8), block, lux.LayerNorm((8,), affine=False))


def test_an_mlp(tmp_path):
    session = check(tmp_path / "m.onnx", MLP, *setup(MLP), drawn(4, 6), drawn(1, 6, seed=1), drawn(50, 6, seed=2))
    assert session.get_inputs()[0].shape == ["batch", 6] and session.get_outputs()[0].shape == ["batch", 3]
    check(tmp_path / "m.onnx", MLP, *setup(MLP), drawn(4, 5, 6), drawn(2, 5, 6), drawn(9, 5, 6))


def test_a_cnn(tmp_path):
    check(tmp_path / "m.onnx", CNN, *setup(CNN), drawn(3, 2, 12, 10), drawn(1, 2, 12, 10), tolerance=1e-5)


LAYERS = {
    "global pools": (lambda: lux.Parallel(np.add, lux.GlobalMeanPool(), lux.GlobalMaxPool()), (4, 8, 6)),
    "adaptive pool": (lambda: lux.AdaptiveMeanPool((3, 4)), (4, 8, 6)),
    "Upsample": (lambda: lux.Upsample("bilinear", scale=2), (4, 5, 6)),
    "PixelShuffle": (lambda: lux.PixelShuffle(2), (8, 3, 2)),
    "depthwise": (lambda: lux.Conv((3, 3), 4, 8, groups=4), (4, 8, 6)),
    "three axes": (lambda: lux.Conv((3, 2, 2), 2, 3, padding="same"), (2, 5, 4, 5)),
    "flipped": (lambda: lux.Conv((3,), 4, 3, cross_correlation=False), (4, 9)),
    "transposed": (lambda: lux.ConvTranspose((3, 3), 4, 8, groups=2, padding=1, stride=2, output_padding=1), (4, 3, 5)),
    "weight norm": (lambda: lux.WeightNorm(lux.Dense(4, 3), ("weight",)), (4,)),
    "rotary": (lambda: lux.RotaryPositionalEmbedding(8), (5, 2, 8)),
    "Maxout": (lambda: lux.Maxout(lambda: lux.Dense(4, 3), 2), (4,)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, tmp_path):
    make, shape = LAYERS[name]
    model = make()
    check(tmp_path / "m.onnx", model, *setup(model), drawn(3, *shape), drawn(5, *shape, seed=1), tolerance=1e-5)


def test_double_precision(tmp_path):
    check(tmp_path / "m.onnx", MLP, lux.tree.map(np.float64, setup(MLP)[0]), setup(MLP)[1],
          drawn(4, 6).astype(np.float64), tolerance=1e-14)


def test_a_transformer_of_integers(tmp_path):
    rng = np.random.default_rng(0)
    model = transformer()
    ps, st = setup(model)
    session = check(tmp_path / "m.onnx", model, ps, st, rng.integers(11, size=(3, 6)), rng.integers(11, size=(2, 6)))
    names = {x.name for x in onnx.load(tmp_path / "m.onnx").graph.initializer}
    assert {"layer_1.weight", "layer_2.layer_1.layer_2.q_proj.weight"} <= names
    assert session.get_inputs()[0].type == "tensor(int64)"


def test_masks_causality_and_trees(tmp_path):
    def attention(x, ps, st):
        (y, weights), st = layer((x["q"], x["kv"], x["kv"], x["mask"]), ps, st)
        return {"y": y, "weights": weights}, st
    layer = lux.MultiHeadAttention(8, nheads=2, dense_kwargs={"use_bias": True})
    ps, st = setup(layer)
    x = {"q": drawn(3, 4, 8), "kv": drawn(3, 5, 8, seed=1), "mask": drawn(3, 1, 4, 5) > 0}
    x["mask"][1, 0, 2] = False                      # a query that may look nowhere
    session = check(tmp_path / "m.onnx", attention, ps, st, x)
    assert [i.name for i in session.get_inputs()] == ["x_q", "x_kv", "x_mask"]
    causal = lux.Chain(lux.MultiHeadAttention(8, nheads=2, is_causal=True), lambda pair: pair[0])
    check(tmp_path / "m.onnx", causal, *setup(causal), drawn(2, 5, 8), drawn(4, 5, 8))


def test_numpys_functions_indexing_and_dtypes(tmp_path):
    def model(x, ps, st):
        first, last = x[:, 0, ::2], x[..., -1]
        parts = [first, last[:, 1:], x[:, None, 1, ::-1][:, 0], np.flip(x, 2)[:, 1]]
        y = np.concatenate(parts, axis=1) * ps["scale"] + np.where(first[:, :1] <= 0.0, 2, first[:, :1])
        order = np.argmax(y, axis=-1)
        row = np.take_along_axis(y, order[:, None], axis=1)
        z = np.stack([y.max(axis=1), y.mean(axis=1), y.std(axis=1), row[:, 0]], axis=1)
        return (z / 3, order, np.tril(x.swapaxes(1, 2) @ x), x.sum(axis=(1, 2)).astype(np.float64), None), st
    check(tmp_path / "m.onnx", model, {"scale": np.array(1.5, np.float32)}, {}, drawn(4, 3, 5), drawn(2, 3, 5))


def test_parameters_that_pass_through_and_inputs_as_they_are(tmp_path):
    def model(x, ps, st):
        return (x, ps["w"], ps["w"] * 2), st
    check(tmp_path / "m.onnx", model, {"w": drawn(3)}, {}, drawn(4, 2))


def test_a_fixed_batch(tmp_path):
    def model(x, ps, st):
        return x + np.arange(len(x), dtype=np.float32)[:, None], st
    session = check(tmp_path / "m.onnx", model, {}, {}, drawn(4, 2), batch=None)
    assert session.get_inputs()[0].shape == [4, 2]
    with pytest.raises(ValueError, match=r"an argument of add, float32 array of shape \(4, 1\), depends on the size of "
                                         r"the batch; export it for the size of the example alone, with batch=None"):
        lux.export_onnx(tmp_path / "m.onnx", model, {}, {}, drawn(4, 2))
    with pytest.raises(ValueError, match="an argument of divide, 4, depends on the size of the batch"):
        lux.export_onnx(tmp_path / "m.onnx", lambda x, ps, st: (x / len(x), st), {}, {}, drawn(4, 2))
    with pytest.raises(ValueError, match="what runs depends on the size of the batch"):
        lux.export_onnx(tmp_path / "m.onnx", lambda x, ps, st: (np.sin(x) if len(x) == 4 else x, st), {}, {}, drawn(4))


# --- what can't be ----------------------------------------------------------------------------------------------------
def test_unknown_primitives_are_refused_by_name_and_nothing_is_written(tmp_path):
    model = lux.Recurrence(lux.LSTMCell(3, 4))
    with pytest.raises(NotImplementedError, match="export_onnx: the primitive lstm_scan has no counterpart in ONNX"):
        lux.export_onnx(tmp_path / "m.onnx", model, *setup(model), drawn(2, 5, 3))
    assert not list(tmp_path.iterdir())


def test_values_have_no_say(tmp_path):
    for f in (lambda x: x if x.sum() > 0 else -x, lambda x: x * float(x[0, 0]), lambda x: np.asarray(x)):
        with pytest.raises(TypeError, match="writes down one run for all inputs, so this array has no single value"):
            lux.export_onnx(tmp_path / "m.onnx", lambda x, ps, st, f=f: (f(x), st), {}, {}, drawn(2, 3))
    with pytest.raises(TypeError, match=r"export_onnx: the result has a str at y\.name, expected arrays"):
        lux.export_onnx(tmp_path / "m.onnx", lambda x, ps, st: ({"name": "x"}, st), {}, {}, drawn(2, 3))
    with pytest.raises(ValueError, match="the first array of the example must have a batch axis"):
        lux.export_onnx(tmp_path / "m.onnx", lambda x, ps, st: (x + 1, st), {}, {}, np.float32(1))


def test_without_onnx_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match="export_onnx needs the package onnx; install it: pip install onnx"):
        lux.export_onnx(tmp_path / "m.onnx", MLP, *setup(MLP), drawn(2, 6))


def test_nothing_given_is_changed(tmp_path):
    ps, st = setup(CNN)
    before = [np.copy(x) for x in lux.tree.leaves((ps, st)) if isinstance(x, np.ndarray)]
    x = drawn(3, 2, 12, 10)
    lux.export_onnx(tmp_path / "m.onnx", CNN, ps, st, x)
    for a, b in zip(before, [x for x in lux.tree.leaves((ps, st)) if isinstance(x, np.ndarray)], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(x, drawn(3, 2, 12, 10))
    assert st["layer_2"]["training"] is not False
