"""The walk along the registry: every primitive's rules, checked in every way that we know.

A primitive without samples fails the walk, and so does a sample without a primitive. The checks themselves are tried
on rules that are wrong on purpose.
"""
from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest
import rulecheck
from cases import cases
from samples import FLAT, SAMPLES, Sample, anything

import arraylux as lux
from arraylux import memory
from arraylux.backend import device_of, library, to_numpy
from arraylux.tracer.core import PRIMITIVES, Tracer, strip
from arraylux.tracer.declare import Binary, Custom, Flat, Linear, Unary, add_tangents, fit_tangent

for module in pkgutil.walk_packages(lux.__path__, "arraylux."):          # every chapter registers its primitives
    importlib.import_module(module.name)

DIFFERENTIABLE = sorted(name for name, p in PRIMITIVES.items() if not isinstance(p, Flat))


def test_every_primitive_has_samples_and_every_sample_a_primitive():
    assert sorted(PRIMITIVES) == sorted(SAMPLES)
    assert [name for name, samples in SAMPLES.items() if not samples] == []
    assert sorted(FLAT) == sorted(name for name, p in PRIMITIVES.items() if isinstance(p, Flat))


@pytest.mark.parametrize("check", rulecheck.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_rules(name, check):
    for case in cases(PRIMITIVES[name], SAMPLES[name]):
        check(case)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_rules_that_reuse_memory(name, monkeypatch):
    # Large cotangents are computed in the memory of partial derivatives; here all are large.
    monkeypatch.setattr(memory, "LARGE", -1)
    for case in cases(PRIMITIVES[name], SAMPLES[name]):
        for check in (rulecheck.check_unchanged, rulecheck.check_adjoint, rulecheck.check_second_order):
            check(case)


def fanned_out(x, w):
    """Every value is read several times, by rules that hand their cotangent on, make a new one, or scatter one."""
    xp = lux.array_namespace(x, w)
    y = xp.exp(x) * w + x
    z = xp.reshape(y, (-1,))
    parts = [y[0], y[0] * 2.0, z[:3], z[::-1][:3], xp.broadcast_to(xp.sum(y), (3,)), w[0] @ y.T @ y,
             xp.maximum(y[1], x[1]), w[1]]
    total = xp.stack(parts + parts[::2])
    return [total / (1.0 + total * total), y + y, y, xp.concat([total, y], axis=0), total.T @ total]


@pytest.mark.parametrize("large", [memory.LARGE, -1])
def test_cotangents_that_meet(large, monkeypatch):
    monkeypatch.setattr(memory, "LARGE", large)
    rng = np.random.default_rng(5)
    inputs = [rng.normal(size=(2, 3)), rng.normal(size=(2, 3))]
    lux.testing.check_grads(fanned_out, inputs, order=2)
    y, pullback = lux.vjp(fanned_out, *inputs)
    g = [rng.normal(size=part.shape) for part in y]
    before = [a.copy() for a in [*inputs, *y, *g]]
    first = [c.copy() for c in pullback(g)]
    for a, b in zip([*first, *inputs, *y, *g], [*pullback(g), *before], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", sorted(FLAT))
def test_flat_functions_give_plain_arrays(name):
    primitive = PRIMITIVES[name]
    for sample in FLAT[name]:
        rng = np.random.default_rng(0)
        args = [a if isinstance(a, (np.ndarray, float)) else a.sample(rng) for a in sample.args]
        floats = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
        expected = primitive(*args, **sample.params)
        seen = []

        def f(*xs, args=args, floats=floats, params=sample.params, seen=seen):
            traced = list(args)
            for i, x in zip(floats, xs, strict=True):
                traced[i] = x
            y = primitive(*traced, **params)
            seen.append(y)
            parts = y if isinstance(y, tuple) else (y,)
            assert not any(isinstance(part, Tracer) for part in parts)
            return sum((x * 0.0).sum() for x in xs) + (parts[0] * 1.0).sum()

        if floats:
            xs = tuple(args[i] for i in floats)
            _, dy = lux.jvp(f, xs, tuple(np.ones_like(x) for x in xs))
            _, pullback = lux.vjp(f, *xs)
            assert dy == 0.0
            assert all(not np.any(c) for c in pullback(1.0))
        for y in [*seen, primitive(*[lux.constant(a) if isinstance(a, np.ndarray) else a for a in args],
                                   **sample.params)]:
            np.testing.assert_array_equal(y, expected)


# --- other libraries --------------------------------------------------------------------------------------------------
@pytest.fixture
def strict():
    """array-api-strict with its flags at their defaults: the newest version of the standard that it knows."""
    strict = pytest.importorskip("array_api_strict")
    strict.reset_array_api_strict_flags()
    return strict


@pytest.fixture(params=["array_api_strict", "array_api_strict device1", pytest.param("cupy", marks=pytest.mark.gpu)])
def convert(request):
    """A function that moves a NumPy array to another library or device."""
    if request.param == "cupy":
        return pytest.importorskip("cupy").asarray
    strict = request.getfixturevalue("strict")
    device = strict.Device("device1") if "device1" in request.param else None
    return lambda a: strict.asarray(a, device=device)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_rules_on_other_libraries(name, convert):
    for case in cases(PRIMITIVES[name], SAMPLES[name], standard_only=True):
        rulecheck.check_library(case, convert)


@pytest.mark.parametrize("name", sorted(FLAT))
def test_flat_functions_on_other_libraries(name, convert):
    for sample in FLAT[name]:
        rng = np.random.default_rng(0)
        args = [a if isinstance(a, (np.ndarray, float)) else a.sample(rng) for a in sample.args]
        plain = [convert(a) if isinstance(a, np.ndarray) else a for a in args]
        expected = PRIMITIVES[name](*args, **sample.params)
        for inputs in (plain, [lux.constant(a) if not isinstance(a, float) else a for a in plain]):
            y = PRIMITIVES[name](*inputs, **sample.params)
            for part, wanted in zip(*((v if isinstance(v, tuple) else (v,)) for v in (y, expected)), strict=True):
                assert device_of(part) == device_of(plain[0])
                np.testing.assert_array_equal(to_numpy(part), wanted)


def check_on_another_device(case):
    import array_api_strict

    device = array_api_strict.Device("device1")
    rulecheck.check_library(case, lambda a: array_api_strict.asarray(a, device=device))


# --- the checks on rules that are wrong ------------------------------------------------------------------------------
def custom(jvp=lambda t, y, x: 2 * x * t[0], vjp=lambda g, y, x: (2 * x * g,)):
    """A square with rules that may be wrong."""
    return Custom("wrong", run=np.square, keeps="0", jvp=jvp, vjp=vjp)


def written_into(g):
    g *= 1.001
    return g


# For each mistake: the check that must catch it, the primitive, and the shapes of its arguments.
WRONG = {
    "a wrong partial derivative": (
        rulecheck.check_forward, lambda: Unary("wrong", lambda y, x: 2.0001 * x, run=np.square), [(3,)]),
    "a wrong transpose": (
        rulecheck.check_adjoint, lambda: Linear("wrong", lambda g, x: 2 * g, run=lambda x: x * 1.0), [(3,)]),
    "a transpose without its conjugate": (
        rulecheck.check_adjoint, lambda: Linear("wrong", lambda g, x: 2j * g, run=lambda x: 2j * x), [(3,)]),
    "modes that differ in the tenth digit": (
        rulecheck.check_transposes, lambda: custom(vjp=lambda g, y, x: (2 * x * g * (1 + 1e-10),)), [(3,)]),
    "a second derivative that is cut off": (
        rulecheck.check_second_order, lambda: custom(jvp=lambda t, y, x: 2 * strip(x) * t[0]), [(3,)]),
    "a second derivative that is cut off in both modes": (
        rulecheck.check_second_order, lambda: custom(jvp=lambda t, y, x: 2 * strip(x) * t[0],
                                                     vjp=lambda g, y, x: (2 * strip(x) * g,)), [(3,)]),
    "a mixed derivative that is cut off": (
        rulecheck.check_cross, lambda: Binary("wrong", lambda y, a, b: strip(b), lambda y, a, b: a, ("1", "0"),
                                              run=np.multiply), [(2, 3), (3,)]),
    "a cotangent in double precision": (
        rulecheck.check_forms, lambda: custom(vjp=lambda g, y, x: ((2 * x * g).astype(np.float64),)), [(3,)]),
    "a tangent in double precision": (
        rulecheck.check_forms, lambda: custom(jvp=lambda t, y, x: (2 * x * t[0]).astype(np.float64)), [(3,)]),
    "a cotangent that is not summed over broadcast axes": (
        rulecheck.check_forms, lambda: Custom("wrong", run=np.add, jvp=lambda t, y, a,
                                              b: fit_tangent(add_tangents(t), y),
                                              vjp=lambda g, y, a, b: (g, g)), [(2, 3), (3,)]),
    "a rule that writes into the cotangent": (
        rulecheck.check_unchanged, lambda: Linear("wrong", lambda g, x: written_into(g), run=np.positive), [(3,)]),
    "a rule that writes into the input": (
        rulecheck.check_unchanged, lambda: custom(vjp=lambda g, y, x: (2 * g * written_into(x),)), [(3,)]),
    "a rule that writes into the tangent": (
        rulecheck.check_unchanged, lambda: custom(jvp=lambda t, y, x: 2 * x * written_into(t[0])), [(3,)]),
    "a function that writes into the input": (
        rulecheck.check_unchanged, lambda: Linear("wrong", lambda g, x: g, run=written_into), [(3,)]),
    "a function that takes elements as they lie in memory": (
        rulecheck.check_layouts, lambda: Linear("wrong", lambda g, x: g, run=lambda x: x.ravel("K").reshape(x.shape)),
        [(2, 3)]),
    "a function that leaves its library": (
        check_on_another_device, lambda: Linear("wrong", lambda g, x: g, run=to_numpy), [(3,)]),
    "a function that leaves its device": (
        check_on_another_device, lambda: Linear("wrong", lambda g, x: g, run=lambda x: library(x).asarray(to_numpy(x))),
        [(3,)]),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_the_checks_catch(mistake, strict):
    check, make, shapes = WRONG[mistake]
    samples = [Sample(tuple(anything(*shape) for shape in shapes), {}, complex_too="conjugate" in mistake)]
    primitive = make()
    try:
        with pytest.raises(AssertionError, match="wrong"):
            for case in cases(primitive, samples):
                check(case)
    finally:
        del PRIMITIVES["wrong"]


def test_the_checks_pass_a_right_rule():
    primitive = Custom("right", run=np.square, keeps="0", jvp=lambda t, y, x: 2 * x * t[0], vjp=lambda g, y,
                       x: (2 * x * g,))
    try:
        for case in cases(primitive, [Sample((anything(2, 3),), {})]):
            for check in rulecheck.CHECKS:
                check(case)
    finally:
        del PRIMITIVES["right"]
