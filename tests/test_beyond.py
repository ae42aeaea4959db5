"""The functions beyond the standard on another library, on another device, and on many samples at once."""
from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from samples_beyond import CALLS
from test_namespace import ARRAYS, arguments, both_modes, function

import arraylux as lux
from arraylux.backend import to_numpy

OTHERS = ["xp.segment_max(M, xp.astype(N[:, 0] > 0, xp.int64), 2)", "xp.segment_mean(M, J[0, :2], 2)",
          "xp.segment_sum(T, J[0, :2], 3)", "xp.segment_min(V, xp.astype(V > 1, xp.int64), 2)",
          "xp.sliding_window_view(M, (2, 2))", "xp.sliding_window_view(T, 4, axis=2)",
          "xp.pad(M, 1, constant_values=V[0])", "xp.pad(M, (1, 2), 'reflect', reflect_type='odd')"]


@pytest.mark.parametrize("expression", CALLS + OTHERS)
def test_on_another_library_and_device(expression):
    strict = pytest.importorskip("array_api_strict")
    names = arguments(expression)
    expected = both_modes(function(expression), [ARRAYS[name] for name in names])
    for device in ("CPU_DEVICE", "device1"):
        home = strict.Device(device)
        found = both_modes(function(expression), [strict.asarray(ARRAYS[name], device=home) for name in names])
        for a, b in zip(found, expected, strict=True):
            assert (a is None) == (b is None)
            if b is not None:
                assert a.device == home
                np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("expression", CALLS + OTHERS)
def test_on_many_samples_at_once(expression):
    f, inputs = function(expression), [ARRAYS[name] for name in arguments(expression)]
    floats = tuple(i for i, x in enumerate(inputs) if x.dtype.kind == "f")
    many = [np.stack([x, 1.1 * x + 0.05, np.flip(x, -1)]) if i in floats else np.stack([x] * 3)
            for i, x in enumerate(inputs)]

    def squares(*xs):
        y = f(*xs)
        return sum((part ** 2).sum() for part in (y if isinstance(y, (tuple, list)) else [y]))

    for g in (lambda *xs: lux.tree.leaves(f(*xs)), lux.grad(squares, argnums=floats)):
        found = lux.tree.leaves(lux.vmap(g)(*many))
        expected = [lux.tree.leaves(g(*[x[k] for x in many])) for k in range(3)]
        for number, stacked in enumerate(found):
            np.testing.assert_allclose(stacked, np.stack([part[number] for part in expected]), rtol=1e-11, atol=1e-12)


def test_lists_and_numbers_go_to_numpy():
    xp = lux.array_namespace(np.zeros(1))
    assert float(xp.median([3, 1, 2])) == 2.0
    np.testing.assert_array_equal(xp.kron([1, 2], [1.0, 1.0]), [1, 1, 2, 2])
    np.testing.assert_array_equal(xp.convolve([1, 2], [1, 1]), [1, 3, 2])
    assert float(lux.grad(lambda x: xp.average([x, 2.0], weights=[3, 1]))(1.0)) == 0.75


def test_they_are_loaded_by_those_who_call_them():
    chapters = ("einsum", "windows", "interpolation", "segments", "quantiles", "statistics", "signals", "numpylike")
    program = ("import sys, numpy, arraylux; xp = arraylux.array_namespace(numpy.ones(1)); "
               f"print([c for c in {chapters} if 'arraylux.rules.' + c in sys.modules], "
               "xp.median(numpy.array([1., 2.])), xp.einsum.__name__)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "1.5", "einsum"]
