"""Batches: every sample once in each epoch, the generator left alone, and iterables that move their batches."""
import pickle

import array_api_strict as strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import DataLoader, DeviceIterator

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


def labels(batches):
    return [y.tolist() for _, y in batches]


# -------------------------------------------------------------------------------------------------------- order

def test_in_the_order_of_the_data():
    loader = DataLoader((X, Y), 4, shuffle=False)
    assert labels(loader) == labels(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(loader) == 3
    assert labels(DataLoader((X, Y), 4, shuffle=False, partial=False)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(DataLoader((X, Y), 4, shuffle=False, partial=False)) == 2
    assert len(DataLoader((X, Y), 5, shuffle=False)) == 2
    assert labels(DataLoader((X, Y), 50, shuffle=False)) == [list(range(10))]
    assert all(np.shares_memory(x, X) for x, _ in loader)


@pytest.mark.parametrize("rng", [np.random.default_rng(1), np.random.RandomState(1), lux.random.Xoshiro(1)])
def test_every_epoch_has_every_sample_once_in_an_order_of_its_own(rng):
    loader = DataLoader((X, Y), 3, rng=rng)
    epochs = [labels(loader) for _ in range(3)]
    for epoch in epochs:
        assert [len(batch) for batch in epoch] == [3, 3, 3, 1]
        assert sorted(np.concatenate(epoch)) == list(range(10))
    assert len({str(epoch) for epoch in epochs}) == 3
    for x, y in loader:
        np.testing.assert_array_equal(x, X[y])
        assert not np.shares_memory(x, X)


def test_the_order_is_that_of_the_generator():
    rng, twin = np.random.default_rng(7), np.random.default_rng(7)
    loader = DataLoader((X, Y), 10, rng=rng)
    for _ in range(3):
        assert labels(loader) == [twin.permutation(10).tolist()]
    assert rng.bit_generator.state == np.random.default_rng(7).bit_generator.state


def test_two_loaders_of_one_generator_agree_epoch_by_epoch():
    rng = np.random.default_rng(3)
    first, second = DataLoader((X, Y), 4, rng=rng), DataLoader((X, Y), 4, rng=rng)
    for _ in range(3):
        assert labels(first) == labels(second)


def test_an_epoch_of_a_given_generator_is_a_function_of_it():
    loader, rng = DataLoader((X, Y), 4, rng=np.random.default_rng(0), partial=False), np.random.default_rng(5)
    order = np.random.default_rng(5).permutation(10).tolist()
    assert labels(loader.epoch(rng)) == labels(loader.epoch(rng)) == [order[:4], order[4:8]]
    assert labels(DataLoader((X, Y), 10, shuffle=False).epoch(rng)) == [order]


def test_two_passes_at_once_do_not_disturb_each_other():
    loader = DataLoader(Y, 5, rng=np.random.default_rng(0))
    one, two = iter(loader), iter(loader)
    mixed = [next(one), next(two), next(one), next(two)]
    again = DataLoader(Y, 5, rng=np.random.default_rng(0))
    expected = [*again, *again]
    for found, number in zip(mixed, (0, 2, 1, 3), strict=True):
        np.testing.assert_array_equal(found, expected[number])


def test_a_loader_goes_on_where_it_was_saved():
    loader = DataLoader((X, Y), 4, rng=np.random.default_rng(0))
    labels(loader)
    restored = pickle.loads(pickle.dumps(loader))
    assert labels(restored) == labels(loader)


# --------------------------------------------------------------------------------------------------------- data

def test_any_tree_of_arrays():
    data = {"image": np.zeros((6, 1, 2, 2), np.float32), "target": [np.arange(6), (np.arange(6) % 2 == 0,)]}
    for batch in DataLoader(data, 4, rng=np.random.default_rng(0)):
        assert batch["image"].shape[1:] == (1, 2, 2) and batch["image"].dtype == np.float32
        np.testing.assert_array_equal(batch["target"][1][0], batch["target"][0] % 2 == 0)
    assert [b.tolist() for b in DataLoader(np.arange(3), 2, shuffle=False)] == [[0, 1], [2]]


def test_samples_that_are_not_next_to_each_other_in_memory():
    x = np.asfortranarray(X)[:, ::-1]
    for batch, y in DataLoader((x, Y), 3, rng=np.random.default_rng(0)):
        np.testing.assert_array_equal(batch, x[y])


@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_another_library(device):
    device = strict.Device(device)
    x = strict.asarray(X.tolist(), device=device)
    order = np.random.default_rng(2).permutation(10)
    shuffled = list(DataLoader(x, 4, rng=np.random.default_rng(2)))
    assert all(batch.device == device for batch in shuffled)
    here = strict.Device("CPU_DEVICE")
    found = np.concatenate([np.asarray(strict.asarray(batch, device=here)) for batch in shuffled])
    np.testing.assert_array_equal(found, X[order])
    assert [batch.shape for batch in DataLoader(x, 4, shuffle=False)] == [(4, 2), (4, 2), (2, 2)]


def test_no_samples():
    assert list(DataLoader(np.zeros((3, 0)), 2, shuffle=False))[1].shape == (1, 0)
    with pytest.raises(ValueError, match=r"0 samples give no batch of 2"):
        DataLoader(np.zeros((0, 3)), 2, shuffle=False)


@pytest.mark.parametrize(("error", "data", "words"), [
    (TypeError, (X, "labels"), r"DataLoader: data\.1 is a str, expected an array with the samples along its first"),
    (TypeError, {"x": X, "n": None}, r"data\.n is None"),
    (TypeError, (X, np.asarray(1.0)), r"data\.1 is float64 array of shape \(\)"),
    (ValueError, {"x": X, "y": Y[:5]}, r"one number of samples, got data\.x has 10, data\.y has 5"),
    (ValueError, (), "got no arrays"),
])
def test_data_that_can_not_be_cut(error, data, words):
    with pytest.raises(error, match=words):
        DataLoader(data, 2, shuffle=False)


@pytest.mark.parametrize(("error", "options", "words"), [
    (ValueError, {"batch_size": 0, "shuffle": False}, "batch_size is 0, expected a whole number from 1"),
    (ValueError, {"batch_size": 2.5, "shuffle": False}, "batch_size is 2.5"),
    (ValueError, {"batch_size": True, "shuffle": False}, "batch_size is True"),
    (ValueError, {"batch_size": 11, "shuffle": False, "partial": False}, "10 samples give no batch of 11"),
    (TypeError, {"batch_size": 2}, r"needs a generator, as in rng=numpy\.random\.default_rng\(0\)"),
    (TypeError, {"batch_size": 2, "rng": 0}, "replicate copies a numpy.random.Generator"),
])
def test_settings_out_of_range(error, options, words):
    with pytest.raises(error, match=words):
        DataLoader((X, Y), **options)


def test_it_is_printed():
    assert repr(DataLoader(X, np.int64(4), shuffle=False)) == \
        "DataLoader(10 samples, batch_size=4, shuffle=False, partial=True)"


# ------------------------------------------------------------------------------------------------------ devices

def test_batches_come_to_a_device_one_by_one():
    moved = []

    def device(batch):
        moved.append(batch)
        return batch * 2

    batches = DeviceIterator(device, [np.ones(1), np.ones(2)])
    assert (len(batches), moved) == (2, [])
    first = iter(batches)
    assert next(first).tolist() == [2]
    assert len(moved) == 1
    assert [b.tolist() for b in batches] == [[2], [2, 2]] == [b.tolist() for b in batches]


def test_a_device_called_with_a_loader():
    loader = DataLoader((X, Y), 4, rng=np.random.default_rng(0))
    batches = lux.cpu_device()(loader)
    assert type(batches) is DeviceIterator and batches.device == lux.cpu_device()
    assert len(batches) == 3
    assert labels(batches) == labels(DataLoader((X, Y), 4, rng=np.random.default_rng(0)))
    assert labels(batches) != labels(DataLoader((X, Y), 4, rng=np.random.default_rng(0)))


@pytest.mark.gpu
def test_batches_on_a_gpu():
    for x, y in lux.gpu_device(force=True)(DataLoader((X, Y), 4, rng=np.random.default_rng(0))):
        assert lux.get_device((x, y)) == lux.CUDADevice(0)
        np.testing.assert_array_equal(x.get(), X[y.get()])


def test_training_with_a_loader():
    # A line through points on it: batches of every size lead to its slope.
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 1)).astype(np.float32)
    model = lux.Dense(1, 1)
    ps, st = lux.setup(rng, model)
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.Descent(0.3))
    loader = DataLoader((x, 3 * x - 1), 8, rng=rng)
    for _ in range(20):
        for batch in loader:
            grads, _, _, tstate = lux.training.single_train_step(lux.AutoTape(), lux.MSELoss(), batch, tstate,
                                                                 return_gradients=False)
    assert grads is None
    assert tstate.step == 20 * 7
    np.testing.assert_allclose(tstate.parameters["weight"], [[3]], rtol=1e-5)
    np.testing.assert_allclose(tstate.parameters["bias"], [-1], rtol=1e-5)
