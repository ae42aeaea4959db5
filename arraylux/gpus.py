"""GPUs: which kinds there are, whether one can be used, and which of several is the current one.

A device moves trees; the questions around it are here. There is one kind of GPU, NVIDIA's, whose arrays are CuPy's.
"""
from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from .devices import CPUDevice, CUDADevice, functional, get_device


def supported_gpu_backends() -> tuple[str, ...]:
    """Return the names of the kinds of GPU that `gpu_device` looks for.

    >>> supported_gpu_backends()
    ('CUDA',)
    """
    return ("CUDA",)


def loaded(device: CPUDevice | CUDADevice) -> bool:
    """Say whether the array library of a device is installed; `functional` says whether the device works too.

    >>> from arraylux import cpu_device
    >>> loaded(cpu_device())
    True
    """
    return not isinstance(device, CUDADevice) or importlib.util.find_spec("cupy") is not None


def get_device_type(tree: Any) -> type | None:
    """Return the class of the device that the arrays of a tree are on, and `None` if there are no arrays.

    Errors: ValueError if they are on several devices.

    >>> get_device_type({"weight": np.ones(2)})
    <class 'arraylux.devices.CPUDevice'>
    """
    device = get_device(tree)
    return None if device is None else type(device)


def set_device(device: CUDADevice) -> None:
    """Make a GPU the current one of this thread, which `gpu_device()` without a number returns.

    Errors: TypeError if the device is no `CUDADevice`; RuntimeError if it can't be used.
    """
    _check("set_device", device)
    import cupy

    cupy.cuda.Device(device.id).use()


def default_device_rng(device: CPUDevice | CUDADevice, seed: int | None = None) -> Any:
    """Return a generator whose numbers are arrays on a device.

    Arguments: `device`; `seed`, for the same numbers again.

    Returns: a generator of NumPy's, or of CuPy's. `setup` wants one of NumPy's: the trees that it makes are moved.

    Errors: TypeError if it is no device; RuntimeError if it can't be used.

    >>> from arraylux import cpu_device
    >>> default_device_rng(cpu_device(), 0).standard_normal(2).round(3)
    array([ 0.126, -0.132])
    """
    if isinstance(device, CPUDevice):
        return np.random.default_rng(seed)
    _check("default_device_rng", device)
    import cupy

    with cupy.cuda.Device(device.id):
        return cupy.random.default_rng(seed)


def _check(name: str, device: Any) -> None:
    if not isinstance(device, CUDADevice):
        raise TypeError(f"{name}: expected a GPU such as CUDADevice(0), got {device!r}")
    if not functional(device):
        raise RuntimeError(f"{name}: {device!r} can't be used here, as functional(device) says; use cpu_device()")


__all__ = ["default_device_rng", "get_device_type", "loaded", "set_device", "supported_gpu_backends"]
