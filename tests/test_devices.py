"""Devices: what moves and what stays, on a machine with GPUs (a stand-in for CuPy) and without."""
import sys
import types

import array_api_strict
import numpy as np
import pytest

import arraylux as lux
from arraylux import devices
from arraylux.component import ComponentArray
from arraylux.devices import CPUDevice, CUDADevice, LibraryDevice, cpu_device, functional, get_device, gpu_device
from arraylux.losses import CrossEntropyLoss, MSELoss
from arraylux.optimisers import Momentum
from arraylux.training import TrainState

DEVICE1 = array_api_strict.Device("device1")


@pytest.fixture(autouse=True)
def _fresh_warning(monkeypatch):
    """Let each test see the one warning of a process."""
    monkeypatch.delenv("ARRAYLUX_SILENCE_NO_GPU", raising=False)
    devices._warn_of_cpu.cache_clear()
    yield
    devices._warn_of_cpu.cache_clear()


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)


class GPUArray:
    """The little of cupy.ndarray that moving needs."""

    current = 0

    def __init__(self, numbers, device):
        self.numbers = np.array(numbers)
        self.device = types.SimpleNamespace(id=device)
        self.shape, self.dtype = self.numbers.shape, self.numbers.dtype

    def copy(self):
        return GPUArray(self.numbers, GPUArray.current)


GPUArray.__module__ = "cupy._core.core"


class GPUContext:
    def __init__(self, id):
        self.id = id

    def __enter__(self):
        self.before, GPUArray.current = GPUArray.current, self.id

    def __exit__(self, *_):
        GPUArray.current = self.before


@pytest.fixture
def two_gpus(monkeypatch):
    """A module `cupy` that counts two GPUs, the second of them being current."""
    cupy = types.ModuleType("cupy")
    runtime = types.SimpleNamespace(getDeviceCount=lambda: 2, getDevice=lambda: GPUArray.current)
    cupy.cuda = types.SimpleNamespace(runtime=runtime, Device=GPUContext)
    cupy.asarray = lambda x: GPUArray(x, GPUArray.current)
    cupy.asnumpy = lambda x: x.numbers
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(GPUArray, "current", 1)
    monkeypatch.setattr(devices, "is_array", lambda x: isinstance(x, (np.ndarray, GPUArray)))
    return cupy


# --- the devices themselves ---------------------------------------------------------------------------------------
def test_devices_are_values():
    assert repr(CPUDevice()) == "CPUDevice()" and repr(CUDADevice(0)) == "CUDADevice(0)"
    assert CUDADevice(1) == CUDADevice(1) != CUDADevice(0)
    assert {CPUDevice(), cpu_device()} == {CPUDevice()}
    assert CUDADevice(np.int64(3)).id == 3
    with pytest.raises(AttributeError):
        CUDADevice(0).id = 1


@pytest.mark.parametrize("id", [-1, 0.5, "0", True, np.float64(1)])
def test_a_gpu_is_named_by_a_whole_number(id):
    with pytest.raises(ValueError, match="whole number from 0"):
        CUDADevice(id)
    with pytest.raises(ValueError, match="whole number from 0"):
        gpu_device(id)


# --- without a GPU ------------------------------------------------------------------------------------------------
def test_without_cupy_the_cpu_stands_in_with_one_warning(no_cupy, recwarn):
    assert gpu_device() == CPUDevice() == gpu_device(0) == gpu_device()
    assert len(recwarn) == 1 and "CuPy can't be imported" in str(recwarn[0].message)
    assert recwarn[0].category is UserWarning and recwarn[0].filename == __file__


def test_the_warning_can_be_silenced(no_cupy, monkeypatch, recwarn):
    monkeypatch.setenv("ARRAYLUX_SILENCE_NO_GPU", "1")
    assert gpu_device() == CPUDevice() and not recwarn


def test_without_cupy_a_gpu_can_be_insisted_on(no_cupy):
    with pytest.raises(RuntimeError, match="no GPU that can be used: CuPy can't be imported"):
        gpu_device(force=True)
    with pytest.raises(RuntimeError, match=r"CUDADevice\(0\) can't be used"):
        CUDADevice(0)([np.ones(2)])
    assert not functional(CUDADevice(0)) and not functional("cuda")


def test_cupy_without_a_device_is_no_gpu_either(two_gpus):
    def no_driver():
        raise RuntimeError("cudaErrorInsufficientDriver")

    two_gpus.cuda.runtime.getDeviceCount = no_driver
    assert not functional(CUDADevice(0))
    with pytest.raises(RuntimeError, match="cudaErrorInsufficientDriver"):
        gpu_device(force=True)
    two_gpus.cuda.runtime.getDeviceCount = lambda: 0
    with pytest.warns(UserWarning, match="CuPy counts no GPU"):
        assert gpu_device() == CPUDevice()


def test_functional_takes_devices_and_their_names(two_gpus):
    assert functional(CPUDevice()) and functional("cpu") and functional("cuda")
    two_gpus.cuda.runtime.getDeviceCount = lambda: 0
    assert functional("cpu") and not functional("cuda")
    with pytest.raises(ValueError, match='no device \'tpu\'; the names known are "cpu" and "cuda"'):
        functional("tpu")
    for other in (0, CPUDevice, LibraryDevice("torch", "cpu")):
        with pytest.raises(TypeError, match=r"CPUDevice\(\) or CUDADevice\(id\)"):
            functional(other)


# --- moving on the CPU --------------------------------------------------------------------------------------------
def test_what_is_there_already_is_not_copied():
    rng, model = np.random.default_rng(0), object()
    tree = {"w": np.ones(2), "inner": [np.zeros(1), (3, "a", None)], "rng": rng, "model": model, "n": np.float32(2)}
    assert cpu_device()(tree) is tree
    ps = ComponentArray({"w": np.ones(2)})
    assert cpu_device()(ps) is ps
    x = np.ones(3)
    assert cpu_device()(x) is x


def test_traced_arrays_do_not_move():
    with pytest.raises(TypeError, match=r"tree\.w is a traced array"):
        lux.grad(lambda x: cpu_device()({"w": x})["w"].sum())(np.ones(2))


def test_arrays_of_other_libraries_are_named():
    with pytest.raises(TypeError, match=r"tree\.0 is an array of array_api_strict"):
        cpu_device()([array_api_strict.ones(2)])


# --- moving between devices ---------------------------------------------------------------------------------------
def test_gpu_device_chooses(two_gpus):
    assert gpu_device() == CUDADevice(1)                # the current one
    assert gpu_device(0) == CUDADevice(0)
    assert functional(CUDADevice(1)) and not functional(CUDADevice(2))
    with pytest.raises(ValueError, match="there is no GPU 2, the GPUs here are 0 to 1"):
        gpu_device(2)


def test_a_tree_goes_to_a_gpu_and_back(two_gpus):
    rng = np.random.default_rng(0)
    tree = {"w": np.arange(3.0), "inner": (np.arange(2), None), "rng": rng, "n": 3}
    there = CUDADevice(0)(tree)
    assert get_device(there) == CUDADevice(0) and list(there) == list(tree)
    assert there["rng"] is rng and there["n"] == 3 and there["inner"][1] is None
    assert CUDADevice(0)(there) is there
    other = CUDADevice(1)(there)
    assert get_device(other) == CUDADevice(1) and get_device(there) == CUDADevice(0)
    back = cpu_device()(other)
    assert get_device(back) == CPUDevice()
    np.testing.assert_array_equal(back["w"], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(back["inner"][0], [0, 1])


def test_shared_arrays_stay_shared(two_gpus):
    w = np.ones(2)
    there = CUDADevice(0)({"a": w, "b": [w]})
    assert there["a"] is there["b"][0]


def test_a_train_state_moves_as_a_whole(two_gpus):
    ps = {"w": np.ones(2)}
    tstate = TrainState("model", ps, {"mean": np.zeros(1)}, Momentum(0.1))
    there = CUDADevice(0)(tstate)
    assert type(there) is TrainState and there.model == "model" and there.optimizer == Momentum(0.1)
    assert get_device(there) == CUDADevice(0) == get_device(there.optimizer_state)
    assert there.step == 0


def test_arrays_that_hold_no_numbers_do_not_go_to_a_gpu(two_gpus):
    with pytest.raises(TypeError, match=r"tree\.names has dtype <U1"):
        CUDADevice(0)({"names": np.array(["a", "b"])})


# --- where a tree is ----------------------------------------------------------------------------------------------
def test_get_device():
    assert get_device({"w": np.ones(2), "n": 3}) == CPUDevice()
    assert get_device(ComponentArray({"w": np.ones(2)})) == CPUDevice()
    assert get_device({"n": 3, "rng": np.random.default_rng(0), "s": "cpu", "f": len}) is None
    assert get_device([]) is None
    strict = get_device(array_api_strict.ones(2, device=DEVICE1))
    assert strict == LibraryDevice("array_api_strict", str(DEVICE1))


def test_get_device_looks_into_traced_arrays():
    seen = []

    def f(x):
        seen.append(get_device({"x": x}))
        return (x * x).sum()

    lux.grad(f)(np.ones(2))
    assert seen == [CPUDevice()]


def test_mixed_devices_are_named(two_gpus):
    with pytest.raises(ValueError, match=r"tree\.w on CPUDevice\(\), tree\.b\.0 on CUDADevice\(1\)"):
        get_device({"w": np.ones(2), "b": [two_gpus.asarray(1.0)]})


def test_the_devices_of_one_library_are_told_apart():
    with pytest.raises(ValueError, match=r"tree\.0 on .*CPU_DEVICE.*, tree\.1 on .*device1"):
        get_device([array_api_strict.ones(2), array_api_strict.ones(2, device=DEVICE1)])


# --- nothing hops: array-api-strict refuses to mix its devices ------------------------------------------------------
def _perceptron(x, ps, st):
    xp = lux.array_namespace(x, ps["w"])
    return xp.tanh(xp.matmul(x, ps["w"].T) + ps["b"]), st


def _strict(x, device=DEVICE1):
    return array_api_strict.asarray(x, device=device)


PAIRS = [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize("loss, y", [(MSELoss(), PAIRS), (MSELoss(agg="sum"), PAIRS),
                                     (CrossEntropyLoss(logits=True), PAIRS), (CrossEntropyLoss(logits=True), [1, 0]),
                                     (CrossEntropyLoss(logits=True, label_smoothing=0.1), [1, 0])])
def test_losses_and_gradients_stay_on_their_device(loss, y):
    ps = {"w": _strict([[0.5, -0.5], [0.25, 1.0]]), "b": _strict([0.0, 0.5])}
    x = _strict([[1.0, 2.0], [3.0, -1.0]])
    value, grads = lux.value_and_grad(lambda ps: loss(_perceptron, ps, {}, (x, _strict(y)))[0])(ps)
    assert get_device([value, grads, x]) == LibraryDevice("array_api_strict", str(DEVICE1))
    plain = {"w": np.array([[0.5, -0.5], [0.25, 1.0]]), "b": np.array([0.0, 0.5])}
    wanted, _, _ = loss(_perceptron, plain, {}, (np.array([[1.0, 2.0], [3.0, -1.0]]), np.array(y)))
    assert float(value) == pytest.approx(float(wanted), rel=1e-14)


def test_mixing_devices_raises():
    ps = {"w": _strict([[0.5, -0.5]]), "b": _strict([0.0])}
    x = _strict([[1.0, 2.0]], device=array_api_strict.Device("CPU_DEVICE"))
    with pytest.raises(ValueError, match="device"):
        lux.value_and_grad(lambda ps: MSELoss()(_perceptron, ps, {}, (x, x[:, :1]))[0])(ps)
