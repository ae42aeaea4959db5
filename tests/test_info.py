"""versioninfo: what is there, what is missing, and what a GPU would say."""
import io
import sys
import types
from importlib import metadata

import numpy as np
import pytest

from arraylux.info import versioninfo


def printed():
    out = io.StringIO()
    assert versioninfo(file=out) is None
    return out.getvalue().splitlines()


@pytest.fixture
def nothing_else(monkeypatch):
    """Let only NumPy be installed."""
    for name in ("cupy", "threadpoolctl"):
        monkeypatch.setitem(sys.modules, name, None)

    def version(package):
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", version)
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


def test_it_prints_to_the_standard_output(capsys):
    versioninfo()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("arraylux ")
    assert f"NumPy {np.__version__}" in lines
    assert any(line.startswith("Python {}.{}.".format(*sys.version_info[:2])) for line in lines)
    assert f"array-api-compat {metadata.version('array-api-compat')}" in lines


def test_the_blas_that_numpy_was_built_with():
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    assert f"  BLAS: {blas['name']} {blas.get('version', '')}".rstrip() in printed()


def test_one_sentence_for_what_is_missing(nothing_else):
    lines = printed()
    assert lines[0] == "arraylux unknown (not installed)"
    assert "array-api-compat is not installed: pip install array-api-compat." in lines
    assert "  Threads: as many as BLAS chooses; install threadpoolctl to have them counted." in lines
    assert "SciPy is not installed; a few special functions would be faster with it." in lines
    assert lines[-1] == "CuPy is not installed, so arrays are on the CPU."


def test_threads_set_in_the_environment(nothing_else, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert "  Threads: OMP_NUM_THREADS=3" in printed()


def test_threads_counted(monkeypatch):
    pools = [{"user_api": "openmp", "internal_api": "libgomp", "num_threads": 8},
             {"user_api": "blas", "internal_api": "openblas", "num_threads": 5}]
    monkeypatch.setitem(sys.modules, "threadpoolctl", types.SimpleNamespace(threadpool_info=lambda: pools))
    assert "  Threads: 5 (openblas)" in printed()


def test_gpus(monkeypatch):
    runtime = types.SimpleNamespace(
        getDeviceCount=lambda: 1, runtimeGetVersion=lambda: 12090, driverGetVersion=lambda: 13000,
        getDeviceProperties=lambda id: {"name": b"GeForce", "totalGlobalMem": 8 * 2**30})
    cupy = types.SimpleNamespace(__version__="14.2.0", cuda=types.SimpleNamespace(runtime=runtime))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert printed()[-3:] == ["CuPy 14.2.0", "  CUDA runtime 12.9, driver 13.0", "  GPU 0: GeForce, 8 GiB"]
    runtime.getDeviceCount = lambda: 0
    assert printed()[-2:] == ["CuPy 14.2.0", "  No GPU can be used: CuPy counts no GPU."]
