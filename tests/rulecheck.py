"""Checks of a primitive's rules: each compares what two independent ways say of one derivative.

Each takes a case, and raises an AssertionError that names it. The checks are tried on deliberately wrong rules in
test_rules.py.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from cases import Arrays, Case, agree, differences, directions, inner, parts

import arraylux as lux
from arraylux.backend import device_of, is_array, library, to_numpy
from arraylux.tracer.core import Tracer
from arraylux.tracer.declare import Custom, zeros_like
from arraylux.tracer.tape import Scatter, transpose


def check_forward(case: Case) -> None:
    """The forward rule against finite differences; the value against the plain call."""
    t = directions(case.inputs, case.rng())
    y, dy = lux.jvp(case, case.inputs, t)
    agree(y, case(*case.inputs), 0.0, f"{case.label}: value while differentiated")
    agree(dy, differences(case, case.inputs, t), 1e-8, f"{case.label}: forward rule against differences")


def check_adjoint(case: Case) -> None:
    """The dot-product identity between the modes: Re<g, J t> = Re<J^H g, t>."""
    rng = case.rng()
    t = directions(case.inputs, rng)
    y, dy = lux.jvp(case, case.inputs, t)
    g = directions(y, rng)
    _, pullback = lux.vjp(case, *case.inputs)
    left, right = inner(g, dy), inner(pullback(g), t)
    scale = sum(float(np.sum(np.abs(a * b))) for a, b in zip(parts(g), parts(dy), strict=True))
    assert abs(left - right) <= 1e-12 * max(scale, 1.0), f"{case.label}: <g, Jt> = {left!r}, <J'g, t> = {right!r}"


def check_transposes(case: Case) -> None:
    """Each rule against the transpose of the other: forward and reverse rule are one linear map and its adjoint."""
    primitive, args, params = case.primitive, case.args, case.params
    rng = case.rng()
    t = directions(case.inputs, rng)
    y = case(*case.inputs)
    g = directions(y, rng)
    parents = tuple(case.places.index(i) if i in case.places else -1 for i in range(len(args)))
    kept_y, kept = primitive.keep(parents, y, args)

    def push(*tangents: Any) -> list[Any]:
        moved: list[Any] = [None] * len(args)
        for i, part in zip(case.places, tangents, strict=True):
            moved[i] = part
        return parts(primitive.push(moved, y, args, params))

    def pull(*cotangents: Any) -> list[Any]:
        found = primitive.pull(cotangents if primitive.multiple else cotangents[0], parents, kept_y, kept, params)
        dense = [c.dense() if isinstance(c, Scatter) else c for c in found]
        return [dense[i] for i in case.places]

    def filled(found: Arrays, like: Arrays) -> list[Any]:
        return [zeros_like(x) if c is None else c for c, x in zip(found, like, strict=True)]

    xs, ys = case.inputs, parts(y)
    pulled, pushed = pull(*parts(g)), push(*t)
    from_push = transpose(push, [zeros_like(x) for x in xs], parts(g), "check")
    from_pull = transpose(pull, [zeros_like(part) for part in ys], list(t), "check")
    agree(filled(pulled, xs), filled(from_push, xs), 1e-12, f"{case.label}: reverse rule, forward rule transposed")
    agree(filled(pushed, ys), filled(from_pull, ys), 1e-12, f"{case.label}: forward rule, reverse rule transposed")
    if isinstance(primitive, Custom):                  # what it would do if it had one of its rules only
        moved: list[Any] = [None] * len(args)
        for i, part in zip(case.places, t, strict=True):
            moved[i] = part
        forward = primitive.jvp_from_vjp(moved, y, args, params)
        agree(filled(parts(forward), ys), pushed, 1e-12, f"{case.label}: jvp_from_vjp")
        reverse = primitive.vjp_from_jvp(g, parents, y, args, params)
        agree([reverse[i] for i in case.places], pulled, 1e-12, f"{case.label}: vjp_from_jvp")


def check_second_order(case: Case) -> None:
    """The second derivative along two directions: four nestings and finite differences of the first derivative."""
    rng, xs = case.rng(), case.inputs
    t, u = directions(xs, rng), directions(xs, rng)
    g = directions(case(*xs), rng)

    def forward(*z: Any) -> Any:
        return lux.jvp(case, z, t)[1]

    def reverse(*z: Any) -> Any:
        return lux.vjp(case, *z)[1](g)

    values = {"FF": inner(g, lux.jvp(forward, xs, u)[1]), "RF": inner(u, lux.vjp(forward, *xs)[1](g)),
              "FR": inner(t, lux.jvp(reverse, xs, u)[1]), "RR": inner(u, lux.vjp(reverse, *xs)[1](t))}
    compare(values, inner(g, differences(forward, xs, u)), f"{case.label}: second order")


def check_cross(case: Case) -> None:
    """The mixed derivative by two arguments, the inner transformation watching one and the outer one the other."""
    if len(case.places) != 2:
        return
    rng = case.rng()
    t = directions(case.inputs, rng)
    g = directions(case(*case.inputs), rng)
    for inside, outside in ((0, 1), (1, 0)):
        x, dx, z, dz = case.inputs[outside], t[outside], case.inputs[inside], t[inside]

        def f(outer: Any, inner_: Any, inside: int = inside) -> Any:
            return case(inner_, outer) if inside == 0 else case(outer, inner_)

        def forward(outer: Any, f: Any = f, z: Any = z, dz: Any = dz) -> Any:
            return lux.jvp(lambda inner_: f(outer, inner_), (z,), (dz,))[1]

        def reverse(outer: Any, f: Any = f, z: Any = z) -> Any:
            return lux.vjp(lambda inner_: f(outer, inner_), z)[1](g)[0]

        values = {"FF": inner(g, lux.jvp(forward, (x,), (dx,))[1]), "RF": inner(dx, lux.vjp(forward, x)[1](g)[0]),
                  "FR": inner(dz, lux.jvp(reverse, (x,), (dx,))[1]), "RR": inner(dx, lux.vjp(reverse, x)[1](dz)[0])}
        compare(values, inner(g, differences(forward, [x], [dx])), f"{case.label}: mixed derivative, {inside} inside")


def compare(values: dict[str, float], by_differences: float, what: str) -> None:
    scale = max(1.0, *(abs(v) for v in values.values()))
    for mix, value in values.items():
        assert abs(value - values["FF"]) <= 1e-11 * scale, f"{what}: {mix} differs from FF in {values}"
    assert abs(values["FF"] - by_differences) <= 1e-7 * scale, f"{what}: {values}, differences say {by_differences}"


def single(a: Any) -> Any:
    """Return an array in single precision."""
    return a.astype({"f": np.float32, "c": np.complex64}[a.dtype.kind]) if a.dtype.kind in "fc" else a


def precisions(case: Case) -> Iterator[Case]:
    """The case in double, in single precision, and with one argument of each."""
    yield case
    yield case.map(single)
    floats = [i for i, a in enumerate(case.args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]
    if len(floats) > 1:
        for i in floats:
            yield case._replace(args=tuple(single(a) if i == j else a for j, a in enumerate(case.args)))


def check_forms(case: Case) -> None:
    """Shape and dtype of the result, of tangents and of cotangents, in every mix of precisions."""
    for version in precisions(case):
        rng = case.rng()
        plain = version(*version.inputs)
        t = directions(version.inputs, rng)
        y, dy = lux.jvp(version, version.inputs, t)
        _, pullback = lux.vjp(version, *version.inputs)
        grads = pullback(directions(y, rng))
        dtypes = [str(x.dtype) for x in version.inputs]
        for what, found, like in (("result", y, plain), ("tangent", dy, plain), ("cotangent", grads, version.inputs)):
            for a, b in zip(parts(found), parts(like), strict=True):
                assert (a.shape, a.dtype) == (b.shape, b.dtype), \
                    f"{case.label} of {dtypes}: {what} is {a.dtype}{a.shape}, expected {b.dtype}{b.shape}"
    narrow = case.map(single)
    t = directions(narrow.inputs, case.rng())
    _, dy = lux.jvp(narrow, narrow.inputs, t)
    _, expected = lux.jvp(case, case.inputs, tuple(part.astype(x.dtype) for part,
                                                   x in zip(t, case.inputs, strict=True)))
    agree(tuple(parts(dy)), tuple(parts(expected)), 2e-4, f"{case.label} in single precision")


def check_unchanged(case: Case) -> None:
    """Nothing is written into inputs, tangents or cotangents, and a pullback answers the same when called again."""
    rng = case.rng()
    t = directions(case.inputs, rng)
    y = case(*case.inputs)
    g = directions(y, rng)
    held = [a for a in (*case.args, *t, *parts(y), *parts(g)) if isinstance(a, np.ndarray)]
    before = [a.tobytes() for a in held]

    def second(*xs: Any) -> Any:
        return lux.vjp(case, *xs)[1](g)

    lux.jvp(case, case.inputs, t)
    _, pullback = lux.vjp(case, *case.inputs)
    first = [np.copy(c) for c in pullback(g)]
    again = pullback(g)
    lux.vjp(second, *case.inputs)[1](t)
    lux.jvp(second, case.inputs, t)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=f"{case.label}: a pullback that is called twice")
    for a, old in zip(held, before, strict=True):
        assert a.tobytes() == old, f"{case.label}: an array that came in was changed"


def strided(a: Any) -> Any:
    """Return equal numbers that lie neither next to each other nor in row-major order."""
    if a.ndim == 0:
        return a
    return np.repeat(a.T, 2, axis=0)[::-2][::-1].T


def check_layouts(case: Case) -> None:
    """Inputs, tangents and cotangents that are not contiguous give the same numbers."""
    rng = case.rng()
    t = directions(case.inputs, rng)
    y, dy = lux.jvp(case, case.inputs, t)
    g = directions(y, rng)
    other = case.map(strided)
    expected = (*parts(y), *parts(dy), *lux.vjp(case, *case.inputs)[1](g))
    tangents = tuple(strided(part) for part in t)
    cotangent = tuple(strided(part) for part in g) if isinstance(g, tuple) else strided(g)
    y, dy = lux.jvp(other, other.inputs, tangents)
    found = (*parts(y), *parts(dy), *lux.vjp(other, *other.inputs)[1](cotangent))
    agree(found, expected, 1e-13, f"{case.label}: strided arrays")


def check_library(case: Case, convert: Any) -> None:
    """Both modes on another library's arrays: NumPy's numbers, and nothing that leaves the library or the device."""
    rng = case.rng()
    t = directions(case.inputs, rng)
    g = directions(case(*case.inputs), rng)

    def results(case: Case, t: Any, g: Any) -> Iterator[Any]:
        yield from parts(case(*case.inputs))
        for part in lux.jvp(case, case.inputs, t):
            yield from parts(part)
        yield from lux.vjp(case, *case.inputs)[1](g)
        yield from lux.jvp(lambda *xs: lux.vjp(case, *xs)[1](g), case.inputs, t)[1]
        yield from lux.vjp(lambda *xs: lux.jvp(case, xs, t)[1], *case.inputs)[1](g)

    def moved(a: Any) -> Any:
        return tuple(convert(part) for part in a) if isinstance(a, tuple) else convert(a)

    home = convert(np.zeros(1))
    for found, expected in zip(results(case.map(convert), moved(t), moved(g)), results(case, t, g), strict=True):
        assert is_array(found) and not isinstance(found, Tracer), f"{case.label}: a {type(found).__name__} came out"
        assert library(found) is library(home) and device_of(found) == device_of(home), \
            f"{case.label}: {type(found)} on {device_of(found)}"
        agree(to_numpy(found), expected, 1e-12, f"{case.label}: on another library")


def check_constants(case: Case) -> None:
    """Arrays that a traced function made for itself, among the arguments, count as the plain arrays that they are."""
    rng = case.rng()
    t = directions(case.inputs, rng)
    y, dy = lux.jvp(case, case.inputs, t)
    g = directions(y, rng)
    other = case._replace(args=tuple(lux.constant(a) if isinstance(a, np.ndarray) else a for a in case.args))
    found = (*lux.jvp(other, case.inputs, t), lux.vjp(other, *case.inputs)[1](g))
    for a, b in zip(found, (y, dy, lux.vjp(case, *case.inputs)[1](g)), strict=True):
        agree(a, b, 0.0, f"{case.label}: beside constants")


CHECKS = (check_forward, check_adjoint, check_transposes, check_second_order, check_cross, check_forms, check_unchanged,
          check_layouts, check_constants)
