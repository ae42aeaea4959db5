"""PyTorch's numbers for pooling, resizing, padding and sampling, as tests/data/make_pooling.py wrote them."""
from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import array_api_strict
import numpy as np
from samples_pooling import spread

import arraylux as lux
from arraylux.layers import setup

with np.load(Path(__file__).parent / "data" / "pooling.npz") as file:
    NUMBERS, CASES = file["numbers"], json.loads(str(file["cases"]))
LIBRARIES = {"numpy": np.asarray, "array_api_strict": array_api_strict.asarray}


def arrays_of(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found, start = [], 0
    for entry in entries:
        arrays = {}
        for name, shape in entry["shapes"].items():
            arrays[name] = NUMBERS[start:start + math.prod(shape)].reshape(shape)
            start += math.prod(shape)
        found.append(arrays)
    assert start == len(NUMBERS)
    return found


ARRAYS = arrays_of(CASES)


def numbers_of(names: tuple[str, ...]) -> list[int]:
    """Return the numbers of the cases of these functions."""
    return [i for i, entry in enumerate(CASES) if entry["name"].startswith(names)]


def label(i: int) -> str:
    return f"{CASES[i]['name']}{CASES[i]['args']}{CASES[i]['options']}"


def frozen(a: Any) -> Any:
    return tuple(a) if isinstance(a, list) else a


def call_of(i: int) -> Any:
    """Return the function of a case, of its arrays alone."""
    entry = CASES[i]
    args, options = map(frozen, entry["args"]), {k: frozen(v) for k, v in entry["options"].items()}
    f, args = getattr(lux, entry["name"]), list(args)
    return lambda x, *grid: f(x, *grid, *args, **options)


def check(i: int, library: str, dtype: Any) -> None:
    """Compare values and gradients with PyTorch's."""
    convert, arrays = LIBRARIES[library], ARRAYS[i]
    inputs = [convert(arrays[name].astype(dtype)) for name in ("x", "grid") if name in arrays]
    held = [np.array(a) for a in inputs]
    y, pullback = lux.vjp(call_of(i), *inputs)
    found = [y, *pullback(convert(arrays["g"].astype(dtype)))]
    expected = [arrays[name] for name in ("y", "dx", "dgrid") if name in arrays]
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == inputs[0].dtype and type(a) is type(inputs[0])
        np.testing.assert_allclose(np.asarray(a), b, rtol=0, atol=max(1.0, float(np.abs(b).max())) * (
            5e-6 if dtype == np.float32 else 2e-7))
    np.testing.assert_array_equal(np.asarray(call_of(i)(*inputs)), np.asarray(y))
    for a, b in zip(inputs, held, strict=True):
        np.testing.assert_array_equal(np.asarray(a), b)


def check_layer(layer: Any, x: Any) -> None:
    """Check that a layer without parameters and states is pure, keeps dtype and library, and is as large as it says."""
    before = np.array(x)
    ps, st = setup(np.random.default_rng(0), layer)
    assert ps == {} and st == {} and layer.parameterlength() == layer.statelength() == 0
    y, new = layer(x, ps, st)
    assert new == {} and y.dtype == x.dtype and type(y) is type(x)
    np.testing.assert_array_equal(np.asarray(y), np.asarray(layer(x, ps, st)[0]))
    np.testing.assert_array_equal(np.asarray(x), before)
    assert lux.outputsize(layer, x, np.random.default_rng(0)) == y.shape[1:]
    assert pickle.loads(pickle.dumps(layer)) == layer and hash(layer) == hash(pickle.loads(pickle.dumps(layer)))


def smooth(rng: np.random.Generator, *shape: int) -> Any:
    """Return numbers far enough apart for finite differences of a maximum, none of them zero."""
    return spread(*shape).sample(rng) + 0.06
