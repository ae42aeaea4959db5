"""What a random program is compared by: all ways to differentiate it, and differences where it is smooth."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from cases import agree, differences, directions, inner
from fuzzing import Program

import arraylux as lux

GOLDEN = (math.sqrt(5) - 1) / 2


def check(program: Program) -> bool:
    """Compare all ways to differentiate a program; say whether it was smooth enough for finite differences."""
    f, xs, rng = program.function(), program.inputs, np.random.default_rng(1)
    plain = f(*xs)
    t = directions(xs, rng)
    y, dy = lux.jvp(f, xs, t)
    _, pullback = lux.vjp(f, *xs)
    for found in (y, lux.vjp(f, *xs)[0]):
        for a, b in zip(found, plain, strict=True):
            np.testing.assert_array_equal(a, b, "values while differentiated", strict=True)
    g = directions(tuple(map(np.asarray, plain)), rng)
    cotangents = pullback(g)
    left, right = inner(g, dy), inner(cotangents, t)
    scale = max(1.0, sum(float(np.sum(np.abs(a * b))) for a, b in [*zip(g, dy, strict=True),
                                                                   *zip(cotangents, t, strict=True)]))
    assert abs(left - right) <= 1e-10 * scale, f"<g, Jt> = {left!r} forward, <J'g, t> = {right!r} in reverse"
    if program.twice:
        check_twice(f, xs, g, rng)
    return check_differences(f, xs, t, dy)


def check_twice(f: Any, xs: Any, g: Any, rng: np.random.Generator) -> None:
    """The second derivative along two directions: four nestings of the two modes, and differences of the first."""
    t, u = directions(xs, rng), directions(xs, rng)

    def forward(*z: Any) -> Any:
        return lux.jvp(f, z, t)[1]

    def reverse(*z: Any) -> Any:
        return lux.vjp(f, *z)[1](g)

    values = {"FF": inner(g, lux.jvp(forward, xs, u)[1]), "RF": inner(u, lux.vjp(forward, *xs)[1](g)),
              "FR": inner(t, lux.jvp(reverse, xs, u)[1]), "RR": inner(u, lux.vjp(reverse, *xs)[1](t))}
    size = max(1.0, *map(abs, values.values()))
    assert max(values.values()) - min(values.values()) <= 1e-9 * size, f"second order: {values}"
    check_differences(forward, xs, u, lux.jvp(forward, xs, u)[1])


def check_differences(f: Any, xs: Any, t: Any, dy: Any) -> bool:
    """The tangent against differences, at the first step at which a shorter one says the same: no kink is that near.

    The ratio of the two is irrational, so that a jump, which gives a rational multiple of 1 / step, cannot agree.
    """
    for step in (1e-3, 1e-4, 1e-5):
        with np.errstate(all="ignore"):
            coarse, fine = differences(f, xs, t, step), differences(f, xs, t, GOLDEN * step)
            near = f(*[x + 1e-7 * dx for x, dx in zip(xs, t, strict=True)])
        try:
            agree(coarse, fine, 1e-7, "two steps")
            agree(near, f(*xs), 1e-4, "a point nearby")             # the sign of a vector is the library's choice
        except AssertionError:
            continue
        agree(dy, fine, 1e-6, f"forward mode against differences of step {step:g}")
        return True
    return False
