"""Trees on disk: what goes in comes out, mismatches are listed together, and a failed save leaves the old file."""
from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest

import arraylux as lux

TREE = {"layer_1": {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.zeros(2)},
        "parts": [np.ones(1, np.int64), (np.array(True), None, "text", 3, 0.5, False)], "empty": {},
        "scalar": np.float64(2)}


def same(a, b):
    assert type(a) is type(b) or isinstance(a, np.generic)
    if isinstance(a, dict):
        assert list(a) == list(b)
        for k in a:
            same(a[k], b[k])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif hasattr(a, "dtype"):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    else:
        assert a == b


def test_round_trip(tmp_path):
    lux.save(tmp_path / "t.safetensors", TREE)
    same(TREE, lux.load(tmp_path / "t.safetensors"))
    assert os.listdir(tmp_path) == ["t.safetensors"]


def test_the_file_is_plain_safetensors(tmp_path):
    # The format: a little-endian length, a JSON header with dtype, shape and offsets, then the bytes.
    lux.save(tmp_path / "t.safetensors", {"layer_1": {"weight": TREE["layer_1"]["weight"]}})
    data = (tmp_path / "t.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    entry = json.loads(data[8:8 + length])["layer_1.weight"]
    assert entry["dtype"] == "F32" and entry["shape"] == [2, 3]
    start, stop = entry["data_offsets"]
    np.testing.assert_array_equal(np.frombuffer(data[8 + length:][start:stop], "<f4"), np.arange(6))


def test_non_contiguous_and_component_arrays(tmp_path):
    ps = lux.ComponentArray({"w": np.arange(6.0).reshape(2, 3), "b": np.ones(2)})
    lux.save(tmp_path / "t", {"ps": ps, "view": np.arange(6.0).reshape(2, 3).T})
    back = lux.load(tmp_path / "t", like={"ps": ps, "view": np.zeros((3, 2))})
    assert isinstance(back["ps"], lux.ComponentArray)
    np.testing.assert_array_equal(back["ps"].flat, ps.flat)
    np.testing.assert_array_equal(back["view"], np.arange(6.0).reshape(2, 3).T)


def test_all_mismatches_in_one_message(tmp_path):
    lux.save(tmp_path / "t", {"a": np.zeros((2, 3)), "b": np.zeros(2, np.float32), "old": np.zeros(1)})
    with pytest.raises(ValueError) as caught:
        lux.load(tmp_path / "t", like={"a": np.zeros((3, 2)), "b": np.zeros(2), "new": np.zeros(1)})
    for part in ("new is missing", "old is not expected", "a should be a float64 array of shape (3, 2) and is a "
                 "float64 array of shape (2, 3)", "b should be a float64 array of shape (2,) and is a float32"):
        assert part in str(caught.value)


def test_what_cannot_be_saved_is_named_and_the_old_file_stays(tmp_path):
    lux.save(tmp_path / "t", {"a": np.zeros(2)})
    with pytest.raises(TypeError, match=r"save cannot write inner.f, a function; a tree to save holds arrays"):
        lux.save(tmp_path / "t", {"inner": {"f": lambda: 0}})
    assert list(lux.load(tmp_path / "t")) == ["a"]
    assert os.listdir(tmp_path) == ["t"]


def test_a_kill_while_writing_leaves_the_old_file(tmp_path):
    # The process dies at the moment of the flush: the temporary file is not yet the file.
    lux.save(tmp_path / "t", {"a": np.zeros(2)})
    code = ("import os, numpy as np, arraylux as lux\n"
            "os.fsync = lambda fd: os._exit(9)\n"
            f"lux.save({str(tmp_path / 't')!r}, {{'a': np.ones(2)}})\n")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    np.testing.assert_array_equal(lux.load(tmp_path / "t")["a"], np.zeros(2))


def test_without_safetensors_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match="save and load need the package safetensors; install it"):
        lux.save(tmp_path / "t", {"a": np.zeros(2)})
