"""PyTorch's state_dicts against PyTorch's numbers (tests/data/make_exchange.py), there and back."""
from __future__ import annotations

from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux

DATA = dict(np.load(Path(__file__).parent / "data" / "exchange.npz"))


def state_dict(case):
    return {name.partition(":")[2]: x for name, x in DATA.items() if name.startswith(f"{case}:")}


def image():
    return lux.Chain(lux.Conv((3, 3), 2, 4, padding=1), lux.BatchNorm(4, lux.relu),
                     lux.ConvTranspose((2, 2), 4, 3, stride=2), lux.GroupNorm(3, 3),
                     lux.InstanceNorm(3, affine=True, track_stats=True), lux.FlattenLayer(), lux.Dense(240, 4))


def words():
    def last(cell):
        return lux.Recurrence(cell, return_sequence=True)
    return lux.Chain(table=lux.Embedding(11, 6), norm=lux.LayerNorm(6), rnn=last(lux.RNNCell(6, 5)),
                     lstm=last(lux.LSTMCell(5, 4)), second=last(lux.LSTMCell(4, 4)),
                     gru=lux.BidirectionalRNN(lux.GRUCell(4, 3)), root=lux.RMSNorm(6))


def attention(dims=8, **options):
    options = options or {"dense_kwargs": {"use_bias": True}}
    return lux.Chain(mha=lux.MultiHeadAttention(dims, nheads=2, **options), first=lambda pair: pair[0])


IMAGE = {f"layer_{i}": name for i, name in zip(range(1, 8), "0134567", strict=True)}
MODELS = {"image": (image, IMAGE), "words": (words, {"second": "lstm.*_l1"}), "attention": (attention, None),
          "plain": (lambda: attention(dense_kwargs={"use_bias": False}), None),
          "mixed": (lambda: attention(((8, 3, 7), 8, 8)), None)}


def inputs(case):
    found = [DATA[f"{case}/{name}"] for name in "xkv" if f"{case}/{name}" in DATA]
    return found[0] if len(found) == 1 else tuple(found)


@pytest.mark.parametrize("case", MODELS)
def test_a_model_of_pytorch_gives_pytorchs_numbers_here(case):
    make, names = MODELS[case]
    model = make()
    ps, st = lux.setup(np.random.default_rng(0), model)
    before = lux.tree.leaves(lux.tree.map(np.copy, ps))
    new_ps, new_st = lux.from_torch(state_dict(case), ps, st, names=names)
    y, _ = model(inputs(case), new_ps, lux.testmode(new_st))
    np.testing.assert_allclose(y, DATA[f"{case}/y"], rtol=0, atol=5e-6)
    for a, b in zip(before, lux.tree.leaves(ps), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", MODELS)
def test_there_and_back(case):
    make, names = MODELS[case]
    ps, st = lux.setup(np.random.default_rng(0), make())
    theirs = state_dict(case)
    back = lux.to_torch(*lux.from_torch(theirs, ps, st, names=names), names=names)
    assert back.keys() == {name for name in theirs if not name.endswith("num_batches_tracked")}
    for name, array in back.items():
        np.testing.assert_array_equal(array, theirs[name])
        assert array.dtype == theirs[name].dtype and not any(np.shares_memory(array, p) for p in lux.tree.leaves(ps))


def test_parameters_alone_and_a_file(tmp_path):
    ps, _ = lux.setup(np.random.default_rng(0), attention())
    lux.save(tmp_path / "t.safetensors", state_dict("attention"))
    for source in (state_dict("attention"), tmp_path / "t.safetensors", str(tmp_path / "t.safetensors")):
        found = lux.from_torch(source, ps)
        np.testing.assert_array_equal(found["mha"]["k_proj"]["weight"], DATA["attention:mha.in_proj_weight"][8:16])


def test_projections_with_modules_of_their_own():
    names = {"mha.q_proj": "self.query", "mha.k_proj": "self.key", "mha.v_proj": "self.value", "mha.out_proj": "out"}
    ps, _ = lux.setup(np.random.default_rng(0), attention())
    theirs = lux.to_torch(ps, names=names)
    assert sorted(theirs) == sorted(f"{m}.{p}" for m in names.values() for p in ("weight", "bias"))
    np.testing.assert_array_equal(lux.from_torch(theirs, ps, names=names)["mha"]["q_proj"]["bias"],
                                  ps["mha"]["q_proj"]["bias"])
    separate = {f"mha.{m}.{p}": x for m, parts in ps["mha"].items() for p, x in parts.items()}
    assert lux.from_torch(separate, ps)["mha"]["v_proj"]["bias"].shape == (8,)


def test_a_cell_by_itself_and_names_by_a_function():
    ps, _ = lux.setup(np.random.default_rng(0), {"cell": lux.GRUCell(2, 3)})
    theirs = {f"decoder.step.{name}": x + 1 for name, x in ps["cell"].items()}
    found = lux.from_torch(theirs, ps, names=lambda path: path.replace("cell", "decoder.step"))
    np.testing.assert_array_equal(found["cell"]["bias_hh"], ps["cell"]["bias_hh"] + 1)
    assert sorted(lux.to_torch(ps))[0] == "cell.bias_hh_l0"


def test_containers_dtypes_and_libraries_are_kept():
    model = lux.Dense(2, 3)
    theirs = {"weight": np.ones((3, 2), np.float16), "bias": np.zeros(3)}
    ps, _ = lux.setup(np.random.default_rng(0), model)
    flat = lux.from_torch(theirs, lux.ComponentArray(ps))
    assert isinstance(flat, lux.ComponentArray) and flat.weight.dtype == np.float32 and flat.weight.sum() == 6
    strict = lux.from_torch(theirs, lux.tree.map(array_api_strict.asarray, ps))
    assert type(strict["weight"]).__module__.startswith("array_api_strict")


class Tensor:
    """What a tensor of PyTorch answers to."""

    def __init__(self, x, dtype="torch.float32"):
        self.x, self.dtype = x, dtype

    def detach(self):
        return self

    cpu = detach

    def float(self):
        return Tensor(self.x)

    def numpy(self):
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.x


def test_tensors():
    ps = {"weight": np.zeros((1, 2), np.float32)}
    for dtype in ("torch.float32", "torch.bfloat16"):
        found = lux.from_torch({"weight": Tensor(np.ones((1, 2), np.float32), dtype)}, ps)
        assert found["weight"].sum() == 2


def test_all_misfits_in_one_message():
    ps, st = lux.setup(np.random.default_rng(0), lux.Chain(lux.Dense(2, 3), lux.BatchNorm(3)))
    theirs = {"layer_1.weight": np.ones((2, 3)), "layer_2.weight": np.ones(3, np.int64), "layer_2.bias": np.ones(3),
              "layer_2.running_mean": np.ones(3), "head.weight": np.ones(2)}
    with pytest.raises(ValueError) as caught:
        lux.from_torch(theirs, ps, st)
    for part in ("from_torch: the state_dict does not fit: layer_1.weight is a float64 array of shape (2, 3), "
                 "layer_1.weight needs a float32 array of shape (3, 2)", "layer_1.bias is missing (for layer_1.bias)",
                 "layer_2.weight is a int64 array of shape (3,), layer_2.scale needs a float32",
                 "layer_2.running_var is missing", "head.weight is not looked for", "say by names= what"):
        assert part in str(caught.value)
    with pytest.raises(ValueError) as caught:
        lux.from_torch(theirs, ps, st, strict=False)
    assert "head.weight" not in str(caught.value) and "running_var" in str(caught.value)
    with pytest.raises(ValueError, match=r"to_torch: a.weight and b.weight would both be x.weight; give them names of"):
        lux.to_torch({"a": {"weight": np.ones(1)}, "b": {"weight": np.ones(1)}}, names={"a": "x", "b": "x"})
