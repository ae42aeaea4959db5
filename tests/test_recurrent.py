"""Recurrent cells and what takes them through time, against PyTorch's layers and against their own steps.

The numbers in data/recurrent.npz are PyTorch's; data/make_recurrent.py made them.
"""
import copy
import pickle
from pathlib import Path

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import nn, tree
from arraylux.initializers import ones32, rand32, randn32, zeros32
from arraylux.layers.errors import LayerError
from arraylux.nn.recurrent import rnn_scan
from arraylux.random import Xoshiro

pytestmark = pytest.mark.filterwarnings("error")

with np.load(Path(__file__).with_name("data") / "recurrent.npz") as file:
    GOLDEN = dict(file)
CELLS = {
    "tanh": lux.RNNCell(4, 6), "relu": lux.RNNCell(4, 6, nn.relu), "lstm": lux.LSTMCell(4, 6),
    "lstm_no_bias": lux.LSTMCell(4, 6, use_bias=False), "gru": lux.GRUCell(4, 6),
    "gru_no_bias": lux.GRUCell(4, 6, use_bias=False),
}
OTHERS = {
    "sigmoid": lux.RNNCell(4, 6, nn.sigmoid), "trained": lux.LSTMCell(4, 6, train_state=True, train_memory=True),
    "drawn": lux.LSTMCell(4, 6, init_state=randn32, init_memory=rand32), "state": lux.GRUCell(4, 6, train_state=True),
}
golden = pytest.mark.parametrize("case", CELLS)
every = pytest.mark.parametrize("cell", [*CELLS.values(), *OTHERS.values()], ids=[*CELLS, *OTHERS])


def case_of(case, dtype=np.float64):
    """Return x, the weights of the results, and the parameters of a stored case."""
    own = {name.partition("/")[2]: a for name, a in GOLDEN.items() if name.startswith(case + "/")}
    ps = {name[:-3]: a.astype(dtype) for name, a in own.items() if name.endswith("_l0") and not name.startswith("d_")}
    return own, own["x"].astype(dtype), own["w"].astype(dtype), ps


def sequences(dtype=np.float64, shape=(3, 5, 4), seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def drawn(cell, dtype=np.float64):
    ps, st = lux.setup(np.random.default_rng(1), cell)
    return tree.map(lambda a: a.astype(dtype), ps), st


# --- PyTorch's numbers ----------------------------------------------------------------------------------------------
@golden
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_values_and_gradients_are_those_of_torch(case, dtype, tolerance):
    own, x, w, ps = case_of(case, dtype)
    model = lux.Recurrence(CELLS[case], return_sequence=True)
    st = lux.initialstates(np.random.default_rng(0), model)

    def loss(ps, x):
        y, _ = model(x, ps, st)
        return (y * w).sum(), y
    (_, y), (dps, dx) = lux.value_and_grad(loss, argnums=(0, 1), has_aux=True)(ps, x)
    assert y.dtype == dtype and dx.dtype == dtype
    np.testing.assert_allclose(y, own["y"], rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(dx, own["d_x"], rtol=tolerance, atol=tolerance)
    for name, g in dps.items():
        assert g.dtype == dtype
        np.testing.assert_allclose(g, own[f"d_{name}_l0"], rtol=tolerance, atol=tolerance)


@golden
def test_the_carry_is_that_of_torch(case):
    own, x, _, ps = case_of(case)
    cell, st = CELLS[case], {"rng": np.random.default_rng(0)}
    (y, carry), _ = cell(x[:, 0], ps, st)
    for t in range(1, x.shape[1]):
        (y, carry), _ = cell((x[:, t], carry), ps, st)
    for name, part in zip(("h", "c"), carry, strict=False):
        np.testing.assert_allclose(part, own[name][0], rtol=1e-12, atol=1e-14)
    assert len(carry) == (2 if "lstm" in case else 1)
    np.testing.assert_array_equal(y, carry[0])


def test_both_directions_are_those_of_torch():
    own, x, w, forward = case_of("bidirectional")
    backward = {name.removesuffix("_l0_reverse"): a for name, a in own.items()
                if name.endswith("_reverse") and not name.startswith("d_")}
    ps = {"forward_rnn": forward, "backward_rnn": {"rev1": {}, "rnn": backward, "rev2": {}}}
    for ordering, turned in ((lux.BatchLastIndex(), lambda a: a), (lux.TimeLastIndex(), lambda a: a.swapaxes(0, 1))):
        model = lux.BidirectionalRNN(lux.GRUCell(4, 6), ordering=ordering)
        drawn_ps, st = lux.setup(np.random.default_rng(0), model)
        assert tree.flatten(drawn_ps)[1] == tree.flatten(ps)[1]
        y, _ = model(turned(x), ps, st)
        np.testing.assert_allclose(turned(y), own["y"], rtol=1e-12, atol=1e-14)

        def loss(ps, model=model, st=st, turned=turned):
            return (model(turned(x), ps, st)[0] * turned(w)).sum()
        found = lux.grad(loss)(ps)
        np.testing.assert_allclose(found["backward_rnn"]["rnn"]["weight_hh"], own["d_weight_hh_l0_reverse"], rtol=1e-11)
        np.testing.assert_allclose(found["forward_rnn"]["bias_ih"], own["d_bias_ih_l0"], rtol=1e-11)


@golden
def test_other_libraries_and_devices(case):
    own, x, w, ps = case_of(case)
    model = lux.Recurrence(CELLS[case], return_sequence=True)
    st = lux.initialstates(np.random.default_rng(0), model)
    device = array_api_strict.Device("device1")
    x, w, ps = tree.map(lambda a: array_api_strict.asarray(a, device=device), (x, w, ps))

    def loss(ps):
        y, _ = model(x, ps, st)
        return lux.array_namespace(y).sum(y * w)
    y, _ = model(x, ps, st)
    found = lux.grad(loss)(ps)
    assert y.device == device == found["weight_hh"].device
    home = array_api_strict.Device("CPU_DEVICE")
    np.testing.assert_allclose(np.asarray(y.to_device(home)), own["y"], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(np.asarray(found["weight_hh"].to_device(home)), own["d_weight_hh_l0"], rtol=1e-11,
                               atol=1e-13)


# --- a sequence is its steps ----------------------------------------------------------------------------------------
class Stepwise(lux.AbstractRecurrentCell):
    """A cell of a user's own, which has no way with whole sequences."""
    cell: object

    def initialparameters(self, rng):
        return self.cell.initialparameters(rng)

    def initialstates(self, rng):
        return self.cell.initialstates(rng)

    def __call__(self, x, ps, st):
        return self.cell(x, ps, st)


@every
def test_a_sequence_is_its_steps(cell):
    ps, st = drawn(cell)
    x = sequences()
    for return_sequence in (True, False):
        at_once = lux.Recurrence(cell, return_sequence=return_sequence)
        stepwise = lux.Recurrence(Stepwise(cell), return_sequence=return_sequence)
        y, st_new = at_once(x, ps, st)
        expected, st_steps = stepwise(x, ps, st)
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-14)
        assert lux.replicate(st_new["rng"]).random() == lux.replicate(st_steps["rng"]).random()
        weights = sequences(shape=y.shape, seed=2)
        for a, b in zip(*[tree.leaves(lux.grad(lambda ps, x, model=model, weights=weights: (
                model(x, ps, st)[0] * weights).sum(), argnums=(0, 1))(ps, x)) for model in (at_once, stepwise)],
                strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
            assert np.abs(a).max() > 0


@every
def test_second_derivatives_through_a_sequence(cell):
    ps, st = drawn(cell)
    model, x = lux.Recurrence(cell), sequences()
    v = tree.map(lambda a: np.random.default_rng(a.size).standard_normal(a.shape), ps)

    def slope(ps):
        return lux.grad(lambda ps: (model(x, ps, st)[0] ** 2).sum())(ps)
    h = 1e-5
    sides = [slope(tree.map(lambda a, b, h=h: a + h * b, ps, v)) for h in (h, -h)]
    for a, plus, minus in zip(tree.leaves(lux.hvp(lambda ps: (model(x, ps, st)[0] ** 2).sum(), ps, v)),
                              *map(tree.leaves, sides), strict=True):
        np.testing.assert_allclose(a, (plus - minus) / (2 * h), rtol=1e-5, atol=1e-7)


@every
def test_forms_of_sequences(cell):
    ps, st = drawn(cell)
    x = sequences()
    one = lux.Recurrence(cell, return_sequence=True)
    y, _ = one(x, ps, st)
    assert y.shape == (3, 5, 6)
    first = lux.Recurrence(cell, return_sequence=True, ordering=lux.TimeLastIndex())
    np.testing.assert_array_equal(first(x.swapaxes(0, 1), ps, st)[0].swapaxes(0, 1), y)
    np.testing.assert_array_equal(one([x[:, t] for t in range(5)], ps, st)[0], y)
    np.testing.assert_array_equal(first(tuple(x[:, t] for t in range(5)), ps, st)[0].swapaxes(0, 1), y)
    last = lux.Recurrence(cell)
    np.testing.assert_array_equal(last(x, ps, st)[0], y[:, -1])
    alone, _ = one(x[1], ps, st)
    assert alone.shape == (5, 6) and last(x[1], ps, st)[0].shape == (6,)
    if cell is not OTHERS["drawn"]:
        np.testing.assert_allclose(alone, y[1], rtol=1e-12)
        np.testing.assert_allclose(last(list(x[1]), ps, st)[0], y[1, -1], rtol=1e-12)
    assert lux.outputsize(one, x, np.random.default_rng(0)) == (5, 6)
    assert lux.outputsize(last, x, np.random.default_rng(0)) == (6,)
    assert lux.outputsize(first, x.swapaxes(0, 1), np.random.default_rng(0)) == (5, 6)
    assert lux.outputsize(lux.Chain(one, last_of_six(cell), lux.Dense(6, 2)), x, np.random.default_rng(0)) == (2,)


def last_of_six(cell):
    return lux.Recurrence(type(cell)(6, 6))


@every
def test_a_cell_takes_one_sample_too(cell):
    ps, st = drawn(cell)
    x = sequences()[:, 0]
    (y, carry), _ = cell(x, ps, st)
    (one, (first, *_)), st_new = cell(x[0], ps, st)
    assert one.shape == (6,) == first.shape and list(st_new) == list(st)
    if cell is not OTHERS["drawn"]:
        np.testing.assert_allclose(one, y[0], rtol=1e-12)
    (both, _), _ = cell((x, carry), ps, st)
    (single, _), _ = cell((x[0], tuple(part[0] for part in carry)), ps, st)
    np.testing.assert_allclose(single, both[0], rtol=1e-12)


@every
def test_calls_are_pure(cell):
    model = lux.Recurrence(cell)
    ps, st = lux.setup(Xoshiro(0), model)
    x = sequences(np.float32)
    before = copy.deepcopy((x, ps)), st["rng"].copy()
    (y, st_new), (again, _) = model(x, ps, st), model(x, ps, st)
    np.testing.assert_array_equal(y, again)
    assert y.dtype == np.float32 and list(st_new) == list(st) == ["rng"]
    assert st["rng"] == before[1]
    for a, b in zip(tree.leaves((x, ps)), tree.leaves(before[0]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert lux.parameterlength(model) == sum(a.size for a in tree.leaves(ps)) and lux.statelength(model) == 1
    assert pickle.loads(pickle.dumps(model)) == model == copy.deepcopy(model) and hash(model) == hash(copy.copy(model))


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes_are_kept_and_not_narrowed(cell, dtype):
    ps, st = drawn(cell, dtype)
    (y, carry), _ = cell(sequences(dtype)[:, 0], ps, st)
    assert {a.dtype for a in (y, *carry)} == {np.dtype(dtype)}
    assert lux.Recurrence(cell)(sequences(), ps, st)[0].dtype == np.float64
    doubles = tree.map(lambda a: a.astype(np.float64), ps)
    assert lux.Recurrence(cell)(sequences(dtype), doubles, st)[0].dtype == np.float64


@pytest.mark.parametrize("case", ["tanh", "lstm", "gru"])
def test_samples_at_once(case):
    ps, st = drawn(CELLS[case])
    model, x = lux.Recurrence(CELLS[case]), sequences()
    np.testing.assert_allclose(lux.vmap(lambda x: model(x, ps, st)[0])(x), model(x, ps, st)[0], rtol=1e-12)
    each = lux.vmap(lambda x: lux.grad(lambda ps: model(x, ps, st)[0].sum())(ps))(x)
    whole = lux.grad(lambda ps: model(x, ps, st)[0].sum())(ps)
    for a, b in zip(tree.leaves(each), tree.leaves(whole), strict=True):
        np.testing.assert_allclose(a.sum(0), b, rtol=1e-11, atol=1e-13)


# --- starts, parameters, states -------------------------------------------------------------------------------------
def test_starts():
    cell = lux.LSTMCell(4, 6, train_state=True, train_memory=True, init_state=ones32, init_memory=randn32)
    ps, st = drawn(cell)
    np.testing.assert_array_equal(ps["hidden_state"], np.ones(6))
    assert ps["memory"].shape == (6,) and ps["memory"].std() > 0.1
    x = sequences()[:, 0]
    given = tuple(np.broadcast_to(ps[name], (3, 6)) for name in ("hidden_state", "memory"))
    np.testing.assert_array_equal(cell(x, ps, st)[0][0], cell((x, given), ps, st)[0][0])
    plain = lux.LSTMCell(4, 6, init_state=ones32, init_memory=randn32)
    plain_ps = {name: a for name, a in ps.items() if name not in ("hidden_state", "memory")}
    rng = lux.replicate(st["rng"])
    given = np.ones((3, 6)), randn32(rng, (3, 6)).astype(np.float64)
    (y, _), moved = plain(x, plain_ps, st)
    np.testing.assert_array_equal(y, plain((x, given), plain_ps, st)[0][0])
    assert moved["rng"].random() == rng.random()


def test_drawn_parameters_lie_where_they_should():
    ps, _ = lux.setup(np.random.default_rng(0), lux.LSTMCell(40, 100))
    assert {name: a.shape for name, a in ps.items()} == {
        "weight_ih": (400, 40), "weight_hh": (400, 100), "bias_ih": (400,), "bias_hh": (400,)}
    for a in ps.values():
        assert np.abs(a).max() <= 0.1 and np.abs(a).max() > 0.098 and abs(a.mean()) < 0.01 and a.dtype == np.float32
    ps, _ = lux.setup(np.random.default_rng(0), lux.GRUCell(40, 100))
    assert not ps["bias_ih"].any() and not ps["bias_hh"].any()
    assert np.abs(ps["weight_ih"]).max() == pytest.approx(np.sqrt(6 / 140), rel=1e-2)     # the fans of a single gate
    assert np.abs(ps["weight_hh"]).max() == pytest.approx(np.sqrt(6 / 200), rel=1e-2)
    ps, _ = lux.setup(np.random.default_rng(0), lux.GRUCell(
        2, 3, init_bias=[zeros32, ones32, zeros32], init_weight=ones32, init_recurrent_weight=(ones32, None, zeros32)))
    np.testing.assert_array_equal(ps["bias_ih"], [0, 0, 0, 1, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(ps["weight_ih"], np.ones((9, 2)))
    np.testing.assert_array_equal(ps["weight_hh"][:3], np.ones((3, 3)))
    assert ps["weight_hh"][3:6].any() and not ps["weight_hh"][6:].any()
    only_weight, _ = lux.setup(np.random.default_rng(0), lux.RNNCell(2, 3, init_weight=ones32))
    np.testing.assert_array_equal(only_weight["weight_hh"], np.ones((3, 3)))


def test_a_stateful_cell_goes_on():
    cell = CELLS["lstm"]
    model = lux.Chain(lux.StatefulRecurrentCell(cell), nn.tanh)
    ps, st = lux.setup(np.random.default_rng(1), model)
    x = sequences(np.float32)
    start = st
    assert st["layer_1"]["carry"] is None and lux.statelength(model) == 2
    (_, carry), _ = cell(x[:, 0], ps["layer_1"], st["layer_1"]["cell"])
    (y, carry), _ = cell((x[:, 1], carry), ps["layer_1"], st["layer_1"]["cell"])
    first, st = model(x[:, 0], ps, st)
    second, st = model(x[:, 1], ps, st)
    np.testing.assert_array_equal(second, np.tanh(y))
    for a, b in zip(st["layer_1"]["carry"], carry, strict=True):
        np.testing.assert_array_equal(a, b)
    st = lux.update_state(st, "carry", None)
    assert tree.flatten(st)[1] == tree.flatten(start)[1]
    np.testing.assert_array_equal(model(x[:, 0], ps, st)[0], first)


def test_a_stateful_cell_in_training_hands_on_plain_arrays():
    model = lux.StatefulRecurrentCell(CELLS["gru"])
    ps, st = lux.setup(np.random.default_rng(1), model)
    x = sequences(np.float32)
    for t in range(3):
        def loss(ps, x=x[:, t], st=st):
            y, new = model(x, ps, st)
            return (y * y).sum(), new
        (_, st), _ = lux.value_and_grad(loss, has_aux=True)(ps)
        assert type(st["carry"][0]) is np.ndarray


def test_two_cells_and_other_merges():
    x = sequences(np.float32)
    model = lux.BidirectionalRNN(lux.LSTMCell(4, 6), lux.GRUCell(4, 2))
    ps, st = lux.setup(np.random.default_rng(0), model)
    y, st_new = model(x, ps, st)
    assert y.shape == (3, 5, 8) and tree.flatten(st_new)[1] == tree.flatten(st)[1]
    np.testing.assert_allclose(model(list(x.swapaxes(0, 1)), ps, st)[0], y)
    np.testing.assert_allclose(model(x[1], ps, st)[0], y[1], rtol=1e-5, atol=1e-6)
    pair, _ = lux.BidirectionalRNN(lux.LSTMCell(4, 6), lux.GRUCell(4, 2), merge_mode=None)(x, ps, st)
    np.testing.assert_array_equal(pair[0], y[..., :6])
    np.testing.assert_array_equal(pair[1], y[..., 6:])
    alone, _ = lux.BidirectionalRNN(lux.LSTMCell(4, 6), lux.GRUCell(4, 2), merge_mode=None)(x[1], ps, st)
    assert [part.shape for part in alone] == [(5, 6), (5, 2)]
    backwards = lux.Recurrence(lux.GRUCell(4, 2), return_sequence=True)
    expected, _ = backwards(x[:, ::-1], ps["backward_rnn"]["rnn"], st["backward_rnn"]["rnn"])
    np.testing.assert_array_equal(pair[1], expected[:, ::-1])
    same = lux.BidirectionalRNN(lux.RNNCell(4, 6), merge_mode=np.add)
    ps, st = lux.setup(np.random.default_rng(0), same)
    assert same(x, ps, st)[0].shape == (3, 5, 6)
    assert (ps["forward_rnn"]["weight_ih"] != ps["backward_rnn"]["rnn"]["weight_ih"]).any()
    assert pickle.loads(pickle.dumps(model)) == model != same


def test_printed_forms():
    assert lux.RNNCell(3, 5).description() == "RNNCell(3 => 5, tanh)"
    assert lux.GRUCell(3, 5, use_bias=False, train_state=True).description() == \
        "GRUCell(3 => 5, use_bias=false, train_state=true)"
    assert repr(lux.LSTMCell(2, 8, train_memory=True)) == \
        "LSTMCell(2 => 8, train_memory=true)  # 392 parameters, plus 1 non-trainable"
    assert repr(lux.Chain(lux.Recurrence(lux.LSTMCell(2, 8)), lux.Dense(8, 1, nn.sigmoid))) == """\
Chain(
    layer_1 = Recurrence(
        cell = LSTMCell(2 => 8),                  # 384 parameters, plus 1 non-trainable
    ),
    layer_2 = Dense(8 => 1, sigmoid),             # 9 parameters
)         # Total: 393 parameters,
          #        plus 1 states."""
    assert "rev1 = ReverseSequence(dim=1)," in repr(lux.BidirectionalRNN(lux.LSTMCell(2, 8)))


def test_relu_does_not_pass_gradients_where_it_is_zero():
    z, zeros = np.array([[[-1.0, 2.0]]]), np.zeros((1, 2))
    _, pullback = lux.vjp(lambda z: rnn_scan(z, np.eye(2), zeros, activation="relu")[0], z)
    np.testing.assert_array_equal(pullback(np.ones((1, 1, 2)))[0], [[[0.0, 1.0]]])


# --- what cannot be right -------------------------------------------------------------------------------------------
X = sequences(np.float32)
PS, ST = lux.setup(np.random.default_rng(0), CELLS["lstm"])


@pytest.mark.parametrize(("x", "ps", "st", "error", "sentence"), [
    (X[:, 0, :3], PS, ST, ValueError, r"x has the shape \(3, 3\) at each moment, expected \(batch, 4\); reshape it"),
    (X, PS, ST, ValueError, r"x has the shape \(3, 5, 4\).*; a cell takes a single moment, Recurrence\(cell\) whole"),
    (X[:, 0].astype(int), PS, ST, TypeError, r"x has dtype int64, expected a floating-point one"),
    (X[:, 0] * 1j, PS, ST, TypeError, r"x has dtype complex64, expected real numbers; take x\.real and x\.imag"),
    ([1.0], PS, ST, TypeError, r"x is a list, expected a floating-point array"),
    (X[:, 0], {**PS, "weight_hh": PS["weight_hh"].T}, ST, ValueError, r"parameter weight_hh must have the shape "
                                                                      r"\(24, 6\), got float32 array of shape \(6, 24"),
    (X[:, 0], {"weight_ih": 1}, ST, KeyError, r"ps must be a dict with the keys 'weight_ih', 'weight_hh', 'bias_ih'"),
    (X[:, 0], PS, {}, KeyError, r"st must be a dict with the keys 'rng', got none; setup"),
    (array_api_strict.asarray(X[:, 0]), PS, ST, TypeError, r"x is an array of array_api_strict, parameter weight_ih"),
    ((X[:, 0], X[:, 0]), PS, ST, ValueError, r"the carry must be a tuple \(hidden_state, memory\) of arrays of the "
                                             r"shape \(3, 6\), got float32 array of shape \(3, 4\); call the cell"),
    ((X[:, 0], (np.zeros((3, 6)),)), PS, ST, ValueError, r"the carry must be a tuple .* got float64 array of shape"),
    ((X[:, 0], (np.zeros((2, 6)), np.zeros((3, 6)))), PS, ST, ValueError, r"the carry must be .* of shape \(2, 6\), f"),
    ((X[:, 0], ()), PS, ST, ValueError, r"the carry must be a tuple .* got none"),
])
def test_what_a_cell_can_not_work_with(x, ps, st, error, sentence):
    with pytest.raises(error, match=r"^LSTMCell\(4 => 6\): .*" + sentence) as caught:
        CELLS["lstm"](x, ps, st)
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("x", "error", "sentence"), [
    (X[..., :3], ValueError, r"Chain\.layer_1\.cell \(LSTMCell\(4 => 6\)\): x has the shape \(3, 3\) at each moment"),
    (X[:, :0], ValueError, r"Chain\.layer_1 \(Recurrence\): x has the shape \(3, 0, 4\), expected \(batch, time, feat"),
    (X[0, 0], ValueError, r"x has the shape \(4,\), expected \(batch, time, features\) or \(time, features\)"),
    ([X[:, 0], X[:2, 1]], ValueError, r"a list of moments must hold arrays of one shape.* got float32 array of shape "
                                      r"\(2, 4\), float32 array of shape \(3, 4\); pad"),
    ([], ValueError, r"a list of moments must hold arrays of one shape, \(batch, features\), got nothing"),
    ([1.0, 2.0], ValueError, r"a list of moments must hold arrays of one shape, .* got a float; pad"),
    ("word", TypeError, r"x is a str, expected an array, or a list of arrays"),
    (X[None], ValueError, r"x has the shape \(1, 5, 4\) at each moment, expected \(batch, 4\); reshape"),
])
def test_what_a_recurrence_can_not_work_with(x, error, sentence):
    model = lux.Chain(lux.Recurrence(CELLS["lstm"]))
    with pytest.raises(error, match=sentence) as caught:
        model(x, {"layer_1": PS}, {"layer_1": ST})
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)


def test_errors_name_the_place():
    model = lux.BidirectionalRNN(lux.LSTMCell(4, 6))
    ps, st = lux.setup(np.random.default_rng(0), model)
    with pytest.raises(ValueError, match=r"forward_rnn\.cell \(LSTMCell\(4 => 6\)\): x has the shape \(3, 2\)"):
        model(X[..., :2], ps, st)
    stateful = lux.StatefulRecurrentCell(lux.LSTMCell(4, 6))
    ps, st = lux.setup(np.random.default_rng(0), stateful)
    with pytest.raises(ValueError, match=r"^StatefulRecurrentCell\.cell \(LSTMCell\(4 => 6\)\): x has the shape"):
        stateful(X, ps, st)
    with pytest.raises(KeyError, match=r"st must be a dict with the keys 'cell', 'carry', got 'rng'"):
        stateful(X[:, 0], ps, st["cell"])


@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda: lux.RNNCell(0, 2), ValueError, r"RNNCell: in_dims must be a positive integer, got 0"),
    (lambda: lux.GRUCell(2, 1.5), ValueError, r"GRUCell: out_dims must be a positive integer, got 1\.5"),
    (lambda: lux.RNNCell(1, 2, True), TypeError, r"RNNCell: activation must be a function of an array, got True"),
    (lambda: lux.LSTMCell(1, 2, init_bias=(zeros32,) * 3), ValueError,
     r"LSTMCell: init_bias has 3 initialisers, expected one for each of the 4 gates"),
    (lambda: lux.Recurrence(lux.Dense(2, 3)), TypeError, r"Recurrence: the cell is a Dense, expected an Abstr"),
    (lambda: lux.Recurrence(lux.LSTMCell), TypeError, r"Recurrence: the cell is the class LSTMCell"),
    (lambda: lux.StatefulRecurrentCell(nn.relu), TypeError, r"StatefulRecurrentCell: the cell is a function"),
    (lambda: lux.BidirectionalRNN(lux.GRUCell(1, 2), 3), TypeError, r"BidirectionalRNN: the cell is a int"),
    (lambda: lux.Recurrence(lux.GRUCell(1, 2), ordering="time"), TypeError,
     r"Recurrence: ordering must be BatchLastIndex\(\) for \(batch, time, features\) or TimeLastIndex\(\) .* 'time'"),
])
def test_what_can_not_be_built(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()
