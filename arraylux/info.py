"""What a result depends on besides the program: the versions and the machine, for the end of a page or a bug report.

The same program gives other last digits with another BLAS, and another speed with another number of threads; a page
that shows numbers should say where they came from.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import numpy as np

from .devices import count_gpus

_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def versioninfo(file: TextIO | None = None) -> None:
    """Print the versions of arraylux and of what it stands on, and what machine this is.

    Arguments: `file`, where to print to, by default the standard output.

    Returns: nothing. What is not installed or can't be found out is said in place of its version.
    """
    print("\n".join(_lines()), file=sys.stdout if file is None else file)


def _lines() -> Iterator[str]:
    import platform  # here, as metadata below: most programs never ask

    yield f"arraylux {_version('arraylux') or 'unknown (not installed)'}"
    yield f"Python {platform.python_version()} ({platform.python_implementation()})"
    yield f"Platform: {platform.platform()}"
    yield f"CPU: {os.cpu_count()} x {platform.processor() or platform.machine()}"
    yield f"NumPy {np.__version__}"
    yield f"  BLAS: {_blas()}"
    yield f"  Threads: {_threads()}"
    yield f"array-api-compat {_version('array-api-compat') or 'is not installed: pip install array-api-compat.'}"
    scipy = _version("scipy")
    yield f"SciPy {scipy}" if scipy else "SciPy is not installed; a few special functions would be faster with it."
    yield from _cupy()


def _version(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _blas() -> str:
    """Return the name and version of the library that NumPy was built to multiply matrices with."""
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".rstrip()


def _threads() -> str:
    """Return how many threads that library uses: as it says itself, else as the environment does."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        settings = [f"{name}={os.environ[name]}" for name in _THREAD_VARIABLES if name in os.environ]
        return ", ".join(settings) or "as many as BLAS chooses; install threadpoolctl to have them counted."
    found = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return ", ".join(f"{blas['num_threads']} ({blas['internal_api']})" for blas in found) or "threadpoolctl sees none."


def _cupy() -> Iterator[str]:
    try:
        import cupy
    except ImportError:
        yield "CuPy is not installed, so arrays are on the CPU."
        return
    yield f"CuPy {cupy.__version__}"
    count, reason = count_gpus()
    if not count:
        yield f"  No GPU can be used: {reason}."
        return
    runtime = cupy.cuda.runtime
    yield f"  CUDA runtime {_cuda(runtime.runtimeGetVersion())}, driver {_cuda(runtime.driverGetVersion())}"
    for id in range(count):
        properties = runtime.getDeviceProperties(id)
        yield f"  GPU {id}: {properties['name'].decode()}, {properties['totalGlobalMem'] / 2**30:.0f} GiB"


def _cuda(number: int) -> str:
    """Return a version as CUDA counts them, 12090, as people write it, 12.9."""
    return f"{number // 1000}.{number % 1000 // 10}"
