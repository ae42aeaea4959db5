"""Complex numbers: where the standard takes them, so do the samples of the walk along the registry.

What the standard takes is asked of array-api-strict, which refuses all else.
"""
from __future__ import annotations

import fuzzing
import numpy as np
import pytest
from domains import Domain
from samples import COMPLEX_ELSEWHERE, FLAT, SAMPLES

import arraylux as lux
from arraylux.tracer.core import PRIMITIVES, Tracer

strict = pytest.importorskip("array_api_strict")


def arguments(sample, is_complex):
    return [a.sample(np.random.default_rng(0), is_complex) if isinstance(a, Domain) else a for a in sample.args]


def of_the_standard(name):
    return any(hasattr(part, name) for part in (strict, strict.linalg, strict.fft))


def takes_complex(name):
    """Say whether the standard's function takes complex arguments, from the first sample that keeps to the standard."""
    samples = [s for s in SAMPLES[name] if s.standard and any(isinstance(a, Domain) for a in s.args)]
    if not (samples and of_the_standard(name)):
        return False
    args = [strict.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments(samples[0], True)]
    try:
        PRIMITIVES[name](*args, **samples[0].params)
    except TypeError:
        return False
    return True


@pytest.fixture(autouse=True)
def default_flags():
    strict.reset_array_api_strict_flags()


def test_samples_are_complex_where_the_standard_is():
    lacking = [name for name in fuzzing.NAMES if name not in FLAT and takes_complex(name)
               and not any(s.complex_too for s in SAMPLES[name])]
    assert sorted(lacking) == sorted(COMPLEX_ELSEWHERE)


def test_the_question_tells_complex_functions_from_real_ones():
    assert [name for name in ("exp", "sum", "matmul", "take", "fftn", "svd") if not takes_complex(name)] == []
    assert [name for name in ("hypot", "atan2", "maximum", "max", "logaddexp", "rfft") if takes_complex(name)] == []


@pytest.mark.parametrize("name", [name for name in sorted(FLAT) if takes_complex(name)])
def test_flat_functions_of_complex_numbers(name):
    for sample in FLAT[name]:
        args = arguments(sample, True)
        expected = PRIMITIVES[name](*args, **sample.params)

        def f(x, args=args, expected=expected, params=sample.params):
            found = PRIMITIVES[name](x, *args[1:], **params)
            for a, b in zip(*(v if isinstance(v, tuple) else (v,) for v in (found, expected)), strict=True):
                assert not isinstance(a, Tracer)
                np.testing.assert_array_equal(a, b)
            return np.sum(np.real(x))

        np.testing.assert_array_equal(lux.grad(f)(args[0]), np.ones_like(args[0]))
