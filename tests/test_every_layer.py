"""One walk over every layer: what the contract promises, whatever the layer computes.

Each layer has samples in layer_samples.py. Each test here is one promise, kept by all of them.
"""
import copy
import pickle
import re

import array_api_strict as strict
import numpy as np
import pytest
from cases import inner
from layer_samples import ABSTRACT, SAMPLES, Sample
from test_layers import assert_same

import arraylux as lux
from arraylux import experimental, layers, tree
from arraylux.backend import is_array
from arraylux.component import ComponentArray
from arraylux.layers.errors import LayerError
from arraylux.random import Xoshiro
from arraylux.testing import check_grads
from arraylux.training import TrainState, single_train_step

pytestmark = pytest.mark.filterwarnings("error")


def walk(samples):
    return pytest.mark.parametrize("sample", samples, ids=[s.layer.description() for s in samples])


every_sample = walk(SAMPLES)
every_mode = pytest.mark.parametrize("mode", [lux.trainmode, lux.testmode])
DEVICE = strict.Device("device1")


def is_float(leaf):
    return is_array(leaf) and getattr(leaf, "dtype", None) in (np.float16, np.float32, np.float64)


def cast(x, dtype):
    """Return a tree with its floating-point arrays in another dtype."""
    return tree.map(lambda leaf: np.asarray(leaf, dtype) if is_float(leaf) else leaf, x)


def drawn(sample: Sample, dtype=np.float32, n=3, seed=0, mode=lux.trainmode):
    """Return inputs, parameters and states, all numbers of one dtype; parameters that were all alike differ."""
    ps, st = lux.setup(np.random.default_rng(seed), sample.layer)
    rng = np.random.default_rng(1)
    ps = tree.map(lambda p: p + rng.uniform(0.1, 0.2, p.shape), ps)
    return cast((sample.inputs(n), ps, mode(st)), dtype)


def numbers(x):
    return [leaf for leaf in tree.leaves(x) if is_array(leaf)]


def keys(st):
    """Return the names in a tree of states: what is below them may change from call to call."""
    return {name: keys(part) for name, part in st.items()} if isinstance(st, dict) else None


def without_batch(sample, y):
    axis = sample.batch_axis
    return tree.map(lambda leaf: (*leaf.shape[:axis], *leaf.shape[axis + 1:]), y)


def test_every_layer_has_a_sample():
    exported = [getattr(module, name) for module in (lux, layers, experimental) for name in dir(module)]
    found = {cls for cls in exported if isinstance(cls, type) and issubclass(cls, lux.AbstractLuxLayer)}
    missing = {cls.__name__ for cls in found} - {type(s.layer).__name__ for s in SAMPLES} - ABSTRACT.keys()
    assert not missing, f"layers without a sample in layer_samples.py: {sorted(missing)}"
    assert ABSTRACT.keys() <= {cls.__name__ for cls in found}


# --- pure functions -----------------------------------------------------------------------------------------------
@every_sample
@pytest.mark.parametrize("make_rng", [np.random.default_rng, Xoshiro])
def test_calls_change_nothing_and_repeat_themselves(sample, make_rng):
    model, x = sample.layer, cast(sample.inputs(3), np.float32)
    ps, st = lux.setup(make_rng(3), model)
    assert_same((ps, st), lux.setup(make_rng(3), model))
    before = copy.deepcopy((x, ps, st))
    first, second = model(x, ps, st), model(x, ps, st)
    assert_same((x, ps, st), before)
    assert_same(first, second)
    assert keys(first[1]) == keys(st)
    assert_same(model(x, ps, first[1]), model(x, ps, second[1]))           # and so do the new states
    assert_same((x, ps, st), before)
    lux.grad(lambda both: add_up(model(both[0], both[1], st)[0]))((x, ps))
    assert_same((x, ps, st), before)


def add_up(y):
    """Return a number that depends on all numbers of a result, on no two of them alike."""
    xp = lux.array_namespace(*numbers(y))
    return sum(xp.sum(xp.sin(leaf + i)) for i, leaf in enumerate(numbers(y)))


@every_sample
@every_mode
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes(sample, mode, dtype):
    x, ps, st = drawn(sample, dtype, mode=mode)
    y, after = sample.layer(x, ps, st)
    assert {leaf.dtype for leaf in numbers(y)} == {np.dtype(dtype)}
    assert {leaf.dtype for leaf in numbers(after)} <= {np.dtype(dtype), *[leaf.dtype for leaf in numbers(st)]}
    if any(map(is_float, tree.leaves(x))):                                  # double numbers are not narrowed
        x = cast(x, np.float64)
        ps, st = cast((ps, st), np.float32)
        assert {leaf.dtype for leaf in numbers(sample.layer(x, ps, st)[0])} == {np.dtype(np.float64)}


@every_sample
def test_arrays_of_any_layout_that_can_not_be_written_to(sample):
    x, ps, st = drawn(sample, np.float64)
    strided = tree.map(np.asfortranarray, x), tree.map(lambda p: np.repeat(p, 2, axis=-1)[..., ::2], ps)
    for leaf in numbers((strided, st)):
        leaf.flags.writeable = False

    def run(x, ps):
        return sample.layer(x, ps, st), lux.grad(lambda both: add_up(sample.layer(both[0], both[1], st)[0]))((x, ps))
    for a, b in zip(numbers(run(*strided)), numbers(run(x, ps)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@every_sample
@every_mode
def test_another_library_on_its_second_device(sample, mode):
    def move(leaf):
        return strict.asarray(leaf, device=DEVICE) if is_array(leaf) and not isinstance(leaf, np.generic) else leaf

    def back(leaf):
        if not is_array(leaf):
            return leaf
        assert isinstance(leaf, type(strict.ones(1))) and leaf.device == DEVICE
        return np.asarray(strict.asarray(leaf, device=strict.Device("CPU_DEVICE")))

    def run(x, ps, st):
        y, after = sample.layer(x, ps, st)
        gradient = lux.grad(lambda both: add_up(sample.layer(both[0], both[1], st)[0]))((x, ps))
        return y, after, gradient
    args = drawn(sample, mode=mode)
    found, expected = run(*tree.map(move, args)), run(*args)
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        if is_array(b):
            assert str(a.dtype).rpartition(".")[2] == b.dtype.name
            np.testing.assert_allclose(back(a), b, rtol=2e-5, atol=2e-6)
        else:
            assert_same(a, b)


# --- a layer is a value, and knows its sizes ----------------------------------------------------------------------
@every_sample
def test_sizes_are_those_of_what_is_drawn_and_computed(sample):
    x, ps, st = drawn(sample)
    rng = np.random.default_rng(5)
    y, _ = sample.layer(x, ps, st)
    assert lux.outputsize(sample.layer, x, rng) == without_batch(sample, y)
    assert rng.random() == np.random.default_rng(5).random()                # the generator was left as it was
    assert lux.parameterlength(sample.layer) == sum(leaf.size for leaf in tree.leaves(ps))
    assert lux.statelength(sample.layer) == lux.statelength(st)


@every_sample
def test_the_printed_form_has_the_sizes(sample):
    text = repr(sample.layer)
    if count := lux.parameterlength(sample.layer):
        assert f"{count:_} parameters" in text
    settings = [n for value in vars(sample.layer).values() for n in (value if isinstance(value, tuple) else (value,))
                if type(n) is int and n > 1 and n not in sample.unsaid]
    assert {str(n) for n in settings} <= set(re.findall(r"\d+", text))


@every_sample
def test_layers_are_values(sample):
    model = sample.layer
    for twin in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        assert twin == model and hash(twin) == hash(model) and repr(twin) == repr(model)
    assert model != lux.Dense(7, 7) and model != 3
    with pytest.raises(AttributeError):
        model.anything = 1


# --- derivatives --------------------------------------------------------------------------------------------------
@every_sample
@every_mode
def test_derivatives_in_both_modes(sample, mode):
    x, ps, st = drawn(sample, np.float64, mode=mode)

    def f(x, ps):
        return numbers(sample.layer(x, ps, st)[0])
    check_grads(f, [x, ps], order=2)
    rng = np.random.default_rng(2)
    t = tree.map(lambda leaf: rng.standard_normal(leaf.shape) if is_float(leaf) else None, (x, ps))
    y, dy = lux.jvp(f, (x, ps), t)
    g = [rng.standard_normal(leaf.shape) for leaf in y]
    found = lux.vjp(f, x, ps)[1](g)
    pairs = [(a, b) for a, b in zip(tree.leaves(found), tree.leaves(t), strict=True) if b is not None]
    ahead, behind = inner(g, dy), sum(inner(a, b) for a, b in pairs)
    assert abs(ahead - behind) <= 1e-12 * sum(np.abs(a * b).sum() for a, b in [*zip(g, dy, strict=True), *pairs])


# --- batches ------------------------------------------------------------------------------------------------------
@every_sample
@every_mode
@pytest.mark.parametrize("n", [0, 1])
def test_small_batches(sample, mode, n):
    _, ps, st = drawn(sample, mode=mode)
    x = cast(sample.inputs(n), np.float32)
    if mode is lux.trainmode and n < sample.least:
        with pytest.raises(ValueError, match=f"is a batch of {n}, expected {sample.least} samples at least to train"):
            sample.layer(x, ps, st)
        return
    y, _ = sample.layer(x, ps, st)
    assert {leaf.shape[sample.batch_axis] for leaf in numbers(y)} == {n}
    assert without_batch(sample, y) == lux.outputsize(sample.layer, x, np.random.default_rng(0))
    if not tree.leaves(ps):
        return
    gradient = lux.grad(lambda ps: add_up(sample.layer(x, ps, st)[0]))(ps)
    assert [leaf.shape for leaf in tree.leaves(gradient)] == [leaf.shape for leaf in tree.leaves(ps)]
    assert n or not any(leaf.any() for leaf in tree.leaves(gradient))


@walk([s for s in SAMPLES if s.apart])
def test_samples_one_by_one(sample):
    x, ps, st = drawn(sample, np.float64, mode=lux.testmode)
    axis = sample.batch_axis
    here = (slice(None),) * axis

    def one(x, ps=ps):
        y, _ = sample.layer(tree.map(lambda leaf: leaf[(*here, None)], x), ps, st)
        return tree.map(lambda leaf: leaf[(*here, 0)], y)
    found, expected = lux.vmap(one, in_axes=axis, out_axes=axis)(x), sample.layer(x, ps, st)[0]
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    if tree.leaves(ps):
        gradient = lux.grad(lambda ps, x: add_up(one(x, ps)))
        found = lux.vmap(lambda x: gradient(ps, x), in_axes=axis)(x)
        expected = [gradient(ps, tree.map(lambda leaf, i=i: leaf[(*here, i)], x)) for i in range(3)]
        for a, *b in zip(tree.leaves(found), *map(tree.leaves, expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


# --- refusals -----------------------------------------------------------------------------------------------------
def refused(sample, x, ps, st):
    """Check that a call in a chain is refused in one sentence that says where, and that it changes nothing."""
    chain = lux.Chain(probe=sample.layer)
    before = copy.deepcopy(st)
    with pytest.raises(LayerError) as caught:
        chain(x, {"probe": ps}, {"probe": st})
    assert isinstance(caught.value, (KeyError, TypeError, ValueError))
    sentence = str(caught.value)
    assert sentence.startswith("Chain.probe") and "\n" not in sentence and not sentence.endswith(".")
    assert_same(st, before)


@every_sample
@every_mode
def test_inputs_that_do_not_fit(sample, mode):
    _, ps, st = drawn(sample, mode=mode)
    for inputs in sample.wrong:
        refused(sample, cast(inputs(3), np.float32), ps, st)
    x = sample.inputs(3)
    if not sample.integers and any(map(is_float, tree.leaves(x))):
        refused(sample, tree.map(lambda leaf: leaf.astype(np.int64) if is_float(leaf) else leaf, x), ps, st)
    if not sample.integers and is_array(x):
        refused(sample, x.tolist(), ps, st)


@walk([s for s in SAMPLES if not s.own])
def test_parameters_and_states_of_another_layer(sample):
    x, ps, st = drawn(sample)
    for name in ps:
        refused(sample, x, {key: p for key, p in ps.items() if key != name}, st)
        refused(sample, x, {("other" if key == name else key): p for key, p in ps.items()}, st)
    if ps:
        refused(sample, x, {**ps, "other": np.ones(1, np.float32)}, st)
        refused(sample, x, None, st)
    if tree.leaves(ps):
        refused(sample, x, tree.map(lambda p: np.ones((*p.shape, 2), np.float32), ps), st)
        refused(sample, tree.map(strict.asarray, x), ps, st)
    for name in st:
        refused(sample, x, ps, {key: s for key, s in st.items() if key != name})
    if st:
        refused(sample, x, ps, None)


# --- what models are used for -------------------------------------------------------------------------------------
@every_sample
def test_component_arrays(sample):
    x, ps, st = drawn(sample)
    flat = ComponentArray(ps)
    assert_same(sample.layer(x, ps, st), sample.layer(x, flat, st))
    if not tree.leaves(ps):
        return
    gradient = lux.grad(lambda ps: add_up(sample.layer(x, ps, st)[0]))
    found = gradient(flat)
    assert isinstance(found, ComponentArray)
    assert_same(tree.leaves(found), tree.leaves(gradient(ps)))


@every_sample
def test_files(sample, tmp_path):
    x, ps, st = drawn(sample)
    _, st = sample.layer(x, ps, st)
    lux.save(tmp_path / "model.safetensors", {"ps": ps, "st": st})
    back = lux.load(tmp_path / "model.safetensors")
    assert_same(sample.layer(x, back["ps"], back["st"]), sample.layer(x, ps, st))


def together(y):
    """Return all numbers of a result as one vector."""
    return lux.array_namespace(*numbers(y)).concat([leaf.reshape(-1) for leaf in numbers(y)])


@walk([s for s in SAMPLES if lux.parameterlength(s.layer)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training(sample, dtype):
    x, ps, st = drawn(sample, dtype)
    size = sum(leaf.size for leaf in numbers(sample.layer(x, ps, st)[0]))
    model = lux.Chain(probe=sample.layer, together=together, head=lux.Dense(size, 2))
    head = lux.initialparameters(np.random.default_rng(4), model.head)
    start = {"probe": ps, "together": {}, "head": cast(head, dtype)}
    states = {"probe": st, "together": {}, "head": {}}
    target = np.ones(2, dtype)
    state = TrainState(model, start, states, lux.optimisers.Adam(0.01))
    for _ in range(3):
        _, loss, _, state = single_train_step(lux.AutoTape(), lux.MSELoss(), (x, target), state)
        assert loss.dtype == dtype
    for before, after in zip(tree.leaves(start), tree.leaves(state.parameters), strict=True):
        assert after.dtype == before.dtype and after.shape == before.shape
        assert (after != before).any()
    assert keys(state.states) == keys(states)
    assert {leaf.dtype for leaf in numbers(state.states)} <= {np.dtype(dtype), *[s.dtype for s in numbers(st)]}
