"""Third derivatives: all eight nestings of the two modes, against each other and against differences of the second.

A rule that nests once nests as often as one likes, if its own rule is made of primitives; order two shows the first,
and this shows it again one level up, for a sample of every primitive.
"""
from __future__ import annotations

import itertools
from typing import Any

import fuzzing
import numpy as np
import pytest
from cases import Case, cases, differences, directions, inner, parts
from domains import Sample, anything
from samples import SAMPLES

import arraylux as lux
from arraylux.tracer.core import PRIMITIVES, strip
from arraylux.tracer.declare import Custom, Flat

NAMES = [name for name in fuzzing.NAMES if not isinstance(PRIMITIVES[name], Flat)]
MODES = ["".join(modes) for modes in itertools.product("FR", repeat=3)]


def sampled(name: str) -> list[Case]:
    """One sample of at least two elements, real and, where there are complex numbers, complex, by all its arguments."""
    samples = [s for s in SAMPLES[name] if all(s.args[i].reach and np.prod(s.args[i].shape) > 1 for i in s.places())]
    found = list(cases(PRIMITIVES[name], (samples or SAMPLES[name])[:1]))
    return [case for case in found if len(case.places) == max(len(c.places) for c in found)
            and " first complex" not in case.label and " last complex" not in case.label]


def derive(f: Any, mode: str, t: Any) -> Any:
    """The derivative of a real function of arrays along t, as a function of the arrays, by one of the modes."""
    if mode == "F":
        return lambda *z: lux.jvp(f, z, t)[1]
    return lambda *z: together(t, lux.vjp(f, *z)[1](np.ones(())))


def together(a: Any, b: Any) -> Any:
    """Re<a, b> of plain arrays and of arrays that may be traced."""
    total = np.zeros(())
    for x, y in zip(parts(a), parts(b), strict=True):
        total = total + np.sum(np.real(np.multiply(np.conj(x), y)))
    return total


def check(case: Case) -> None:
    rng, xs = case.rng(), case.inputs
    g = directions(case(*xs), rng)
    t, u, w = [directions(xs, rng) for _ in range(3)]

    def f(*z: Any) -> Any:
        return together(g, case(*z))

    values = {}
    for modes in MODES:
        third = f
        for mode, direction in zip(modes[::-1], (t, u, w), strict=True):
            third = derive(third, mode, direction)
        values[modes] = float(third(*xs))
    second = derive(derive(f, "F", t), "F", u)
    by_differences = inner(np.ones(()), differences(second, xs, w))
    scale = max(1.0, *map(abs, values.values()))
    assert max(values.values()) - min(values.values()) <= 1e-10 * scale, f"{case.label}: third order: {values}"
    assert abs(values["FFF"] - by_differences) <= 1e-6 * scale, \
        f"{case.label}: third order: {values}, differences say {by_differences}"


@pytest.mark.parametrize("name", NAMES)
def test_third_order(name):
    for case in sampled(name):
        check(case)


def test_of_numbers_known_otherwise():
    # x^3 has the third derivative 6, exp its own value, and the product of three numbers 1 in the mixed direction.
    x = np.array(0.7)
    for modes in MODES:
        for f, expected in ((lambda x: x ** 3, 6.0), (np.exp, np.exp(0.7)), (np.sin, -np.cos(0.7))):
            third = f
            for mode in modes:
                third = derive(third, mode, (np.ones(()),))
            np.testing.assert_allclose(third(x), expected, rtol=1e-14)
        third = lux.array_namespace(x).prod
        for mode, i in zip(modes, range(3), strict=True):
            third = derive(third, mode, (np.eye(3)[i],))
        np.testing.assert_allclose(third(np.array([2.0, 0.0, 5.0])), 1.0, rtol=1e-14)


def test_a_third_derivative_that_is_cut_off_is_found():
    def second(x):
        return np.multiply(6.0, strip(x))

    slope = Custom("slope", run=lambda x: 3 * x ** 2, keeps="0", jvp=lambda t, y, x: np.multiply(second(x), t[0]),
                   vjp=lambda g, y, x: (np.multiply(second(x), g),))
    cube = Custom("cube", run=lambda x: x ** 3, keeps="0", jvp=lambda t, y, x: slope(x) * t[0],
                  vjp=lambda g, y, x: (slope(x) * g,))
    try:
        case, = cases(cube, [Sample((anything(3),), {})])
        with pytest.raises(AssertionError, match="third order"):
            check(case)
    finally:
        del PRIMITIVES["slope"], PRIMITIVES["cube"]
