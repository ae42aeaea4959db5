"""Where the numbers live: on the CPU or on a GPU.

A library with explicit parameters moves a model by moving its trees: a device is a function from a tree to the same
tree on that device. The layers hold no arrays and need not move. `gpu = lux.gpu_device()` at the top of a script,
`gpu(ps)`, `gpu(st)` and `gpu(batch)` below it, and the script runs with a GPU and without one.

CuPy holds the arrays of a GPU. It is imported when a GPU is asked for, or not at all.
"""
from __future__ import annotations

import functools
import operator
import os
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import tree as trees
from .backend import device_of, is_array, kind
from .record import Record
from .tracer.core import Tracer, strip


class _Device(Record):
    """The base class of the devices: calling one moves a tree."""

    def __call__(self, tree: Any) -> Any:
        """Return `tree` with all of its arrays on this device.

        Arrays that are there already are not copied, and a tree that needs no move is returned as it is. Numbers,
        strings, `None`, generators and layers stay as they are. What stands at two places of a tree is moved once.
        A `DataLoader` becomes a `DeviceIterator`.

        Errors: TypeError for a traced array, an array of a library that has no place here, or one that does not hold
        numbers; RuntimeError if the device can't be used.
        """
        if hasattr(type(tree), "on_device"):
            return tree.on_device(self)
        return trees.map_once(self._leaf, tree)

    def _leaf(self, path: str, leaf: Any) -> Any:
        if isinstance(leaf, Tracer):
            raise TypeError(f"{self!r}: {path} is a traced array, which can't move while it is differentiated; "
                            "move the arrays before they enter grad, vjp or jvp")
        if isinstance(leaf, np.generic) or not is_array(leaf):
            return leaf
        if not (isinstance(leaf, np.ndarray) or _library_name(leaf) == "cupy"):
            raise TypeError(f"{self!r}: {path} is an array of {_library_name(leaf)}, expected NumPy or CuPy; convert "
                            "it first, as with numpy.from_dlpack")
        return self._move(leaf, path)

    def _move(self, leaf: Any, path: str) -> Any:
        raise NotImplementedError


class CPUDevice(_Device):
    """The CPU, with NumPy's arrays.

    Call it with a tree to have all CuPy arrays in it as NumPy arrays.

    >>> CPUDevice()({"weight": np.ones(2), "steps": 3})
    {'weight': array([1., 1.]), 'steps': 3}
    """

    def _move(self, leaf: Any, path: str) -> Any:
        if isinstance(leaf, np.ndarray):
            return leaf
        import cupy

        return cupy.asnumpy(leaf)


class CUDADevice(_Device):
    """An NVIDIA GPU, with CuPy's arrays.

    Arguments: `id`, the number of the GPU, from 0.

    Call it with a tree to have all NumPy arrays in it, and the arrays of other GPUs, as CuPy arrays of this GPU.

    Errors: ValueError if `id` is not a whole number from 0; RuntimeError on a call if there is no such GPU.

    >>> CUDADevice(1)
    CUDADevice(1)
    """

    id: int = 0

    def __post_init__(self) -> None:
        number = operator.index(self.id) if hasattr(self.id, "__index__") and not isinstance(self.id, bool) else -1
        if number < 0:
            raise ValueError(f"a GPU is named by a whole number from 0, got {self.id!r}")
        object.__setattr__(self, "id", number)      # NumPy's integers become Python's

    def __repr__(self) -> str:
        return f"CUDADevice({self.id})"

    def _move(self, leaf: Any, path: str) -> Any:
        if kind(leaf.dtype) == "o":
            raise TypeError(f"{self!r}: {path} has dtype {leaf.dtype}, expected numbers or booleans; take it out of "
                            "the tree")
        if isinstance(leaf, np.ndarray):
            if not functional(self):
                raise RuntimeError(f"{self!r} can't be used: {_why_not(self.id)}; use cpu_device()")
            import cupy

            with cupy.cuda.Device(self.id):
                return cupy.asarray(leaf)
        if leaf.device.id == self.id:
            return leaf
        import cupy

        with cupy.cuda.Device(self.id):             # CuPy copies to the device that is current
            return leaf.copy()


class LibraryDevice(Record):
    """What `get_device` answers for arrays of another library: its name, and its own name for the device.

    Such arrays are at home in their library, which moves them: this is a name and can't be called.
    """

    library: str
    device: str


class DeviceIterator(Record):
    """The batches of an iterable, each moved to a device as it comes.

    Arguments: `device`, called with each batch; `batches`, any iterable of trees, such as a `DataLoader`.

    Only one batch is on the device because of this: none is moved ahead, and the last one is free when its user lets
    go of it. Like its `batches`, it can be passed over again.

    >>> [batch.tolist() for batch in DeviceIterator(CPUDevice(), [np.zeros(2), np.ones(1)])]
    [[0.0, 0.0], [1.0]]
    """

    device: Any
    batches: Any

    def __iter__(self) -> Iterator[Any]:
        return map(self.device, self.batches)       # unlike a loop with yield, it holds no batch between two steps

    def __len__(self) -> int:
        return len(self.batches)


def cpu_device() -> CPUDevice:
    """Return the CPU as a device: `cpu_device()(tree)` brings all arrays of a tree to NumPy.

    >>> cpu_device()
    CPUDevice()
    """
    return CPUDevice()


def gpu_device(id: int | None = None, *, force: bool = False) -> CPUDevice | CUDADevice:
    """Return a GPU as a device if there is one, and the CPU otherwise.

    Arguments: `id`, the number of the GPU, from 0, or `None` for the one that CuPy has as its current device; `force`,
    whether to raise instead of falling back on the CPU.

    Returns: a `CUDADevice`, or a `CPUDevice` with one UserWarning in a process, which the environment variable
    `ARRAYLUX_SILENCE_NO_GPU=1` silences.

    Errors: ValueError for an `id` that is no whole number from 0, or, where there are GPUs, of none of them;
    RuntimeError with `force` if there is no GPU that can be used.
    """
    wanted = CUDADevice(0 if id is None else id)
    count, reason = count_gpus()
    if count == 0:
        if force:
            raise RuntimeError(f"gpu_device(force=True) found no GPU that can be used: {reason}; install CuPy for the "
                               "CUDA version of the machine, or use cpu_device()")
        _warn_of_cpu(reason)
        return CPUDevice()
    if wanted.id >= count:
        raise ValueError(f"gpu_device: {_why_not(wanted.id)}")
    if id is None:
        import cupy

        return CUDADevice(int(cupy.cuda.runtime.getDevice()))
    return wanted


_NAMES = {"cpu": CPUDevice(), "cuda": CUDADevice(0)}


def functional(device: Any) -> bool:
    """Say whether a device can be used.

    Arguments: `device`, such as `CUDADevice(0)`, or a name: `"cpu"`, or `"cuda"` for the first GPU.

    Errors: ValueError for another name; TypeError for anything else.

    >>> functional(cpu_device()), functional("cpu")
    (True, True)
    """
    if isinstance(device, str):
        if device not in _NAMES:
            raise ValueError(f'functional: there is no device {device!r}; the names known are "cpu" and "cuda"')
        device = _NAMES[device]
    if isinstance(device, CPUDevice):
        return True
    if isinstance(device, CUDADevice):
        return device.id < count_gpus()[0]
    raise TypeError(f'functional: expected a device, CPUDevice() or CUDADevice(id), or its name, "cpu" or "cuda", got '
                    f"{device!r}")


def get_device(tree: Any) -> CPUDevice | CUDADevice | LibraryDevice | None:
    """Return the device that all arrays of a tree are on.

    Arguments: `tree`, any tree; leaves that belong to no device (numbers, `None`, strings, generators, layers) don't
    count, and a traced array counts as the array inside of it.

    Returns: `CPUDevice()` for NumPy, `CUDADevice(id)` for CuPy, a `LibraryDevice` for another library, and `None` if
    there are no arrays.

    Errors: ValueError naming the devices, and an array on each, if there are several.

    >>> get_device({"weight": np.ones(2), "steps": 3})
    CPUDevice()
    """
    found: dict[CPUDevice | CUDADevice | LibraryDevice, str] = {}
    for path, leaf in _leaves(tree, "tree"):
        x = strip(leaf)
        if isinstance(x, np.generic) or not is_array(x):
            continue
        device: CPUDevice | CUDADevice | LibraryDevice
        if isinstance(x, np.ndarray):
            device = CPUDevice()
        else:
            library = _library_name(x)
            device = CUDADevice(x.device.id) if library == "cupy" else LibraryDevice(library, str(device_of(x)))
        found.setdefault(device, path)
    if len(found) > 1:
        places = ", ".join(f"{path} on {device}" for device, path in found.items())
        raise ValueError(f"the arrays of the tree are on different devices: {places}; move them to one, as with "
                         "cpu_device()(tree)")
    return next(iter(found), None)


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    container = trees.node_of(node)
    if container is None:
        yield path, node
    else:
        for key, child in zip(container.keys(node), container.children(node), strict=True):
            yield from _leaves(child, f"{path}.{key}")


def _library_name(x: Any) -> str:
    return type(x).__module__.partition(".")[0]


def count_gpus() -> tuple[int, str]:
    """Return how many GPUs can be used, and if there are none, why."""
    try:
        import cupy
    except ImportError as error:
        return 0, f"CuPy can't be imported ({error})"
    try:
        return int(cupy.cuda.runtime.getDeviceCount()), "CuPy counts no GPU"
    except RuntimeError as error:               # what CuPy raises without a driver or a device is one
        return 0, f"CuPy finds no working driver or GPU ({error})"


def _why_not(id: int) -> str:
    count, reason = count_gpus()
    return f"there is no GPU {id}, the GPUs here are 0 to {count - 1}" if count else reason


@functools.cache
def _warn_of_cpu(reason: str) -> None:
    """Warn that the CPU stands in for a GPU; being cached, once in a process."""
    if os.environ.get("ARRAYLUX_SILENCE_NO_GPU") != "1":
        warnings.warn(f"gpu_device found no GPU that can be used, so it is the CPU: {reason}; set "
                      "ARRAYLUX_SILENCE_NO_GPU=1 to silence this warning", UserWarning, stacklevel=3)
