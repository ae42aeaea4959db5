"""Random programs from the registry: forward, reverse and finite differences say the same of each.

100 programs by default, the same in every run; 2,000 new ones with `--hypothesis-profile=nightly`. That the comparison
can fail is tried on rules that are wrong on purpose.
"""
from __future__ import annotations

from collections import Counter

import fuzzcheck
import fuzzing
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

import arraylux as lux
from arraylux.tracer.core import PRIMITIVES, Tracer, strip
from arraylux.tracer.tape import Scatter

QUICK = settings(max_examples=400, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False,
                 suppress_health_check=list(HealthCheck))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")           # differences may step over the edge of a domain
def test_random_programs():
    count = Counter()

    @given(fuzzing.programs())
    def programs(program):
        count["all"] += 1
        count["smooth"] += fuzzcheck.check(program)

    programs()
    assert count["smooth"] >= 0.95 * count["all"] > 0           # else the comparison with differences says little


@pytest.mark.parametrize("name", fuzzing.NAMES)
def test_every_primitive_is_in_programs(name):
    @settings(QUICK, max_examples=2)
    @given(fuzzing.programs((name,)))
    def programs(program):
        assert any(f"p.{name}(" in line for line in program.lines) or name in ("getitem", "index_set", "scatter")
        fuzzcheck.check(program)

    programs()


def test_what_is_left_out_is_there_and_says_why():
    assert set(fuzzing.LEFT_OUT) <= set(PRIMITIVES) and all(fuzzing.LEFT_OUT.values())


# --- programs that are wrong ------------------------------------------------------------------------------------------
def written_into(rule):
    """A rule that changes the result it is given."""
    def wrong(rule_input, y, *args, **params):
        strip(y)[...] *= 1.0 + 1e-15
        return rule(rule_input, y, *args, **params)
    return wrong


# For each mistake: the object to spoil, its attribute, and what stands there instead.
WRONG = {
    "a partial derivative": (PRIMITIVES["sin"], "partial", lambda y, x: 1.0001 * np.cos(x)),
    "a transpose": (PRIMITIVES["reshape"], "transposes", {0: lambda g, x, shape: 1.0001 * np.reshape(g, x.shape)}),
    "a second derivative": (PRIMITIVES["tanh"], "partial", lambda y, x: 1.0 - strip(y) ** 2),
    "one of two cotangents that meet": (Scatter, "join", lambda self, other: self),
    "a value": (PRIMITIVES["softmax"], "jvp", written_into(PRIMITIVES["softmax"].jvp)),
}
SOME = ("sin", "reshape", "tanh", "softmax", "getitem", "add", "multiply", "matmul", "sum", "stack")


@pytest.mark.parametrize("mistake", WRONG)
def test_the_programs_find(mistake, monkeypatch):
    monkeypatch.setattr(*WRONG[mistake])

    @QUICK
    @given(fuzzing.programs(SOME))
    def programs(program):
        fuzzcheck.check(program)

    with pytest.raises(AssertionError):
        programs()


def test_a_program_that_fails_is_shrunk_to_a_line_that_runs(monkeypatch):
    monkeypatch.setattr(PRIMITIVES["sin"], "partial", lambda y, x: 1.0001 * np.cos(x))

    def fails(program):
        try:
            fuzzcheck.check(program)
        except AssertionError:
            return True
        return False

    found = find(fuzzing.programs(SOME), fails, settings=settings(QUICK, phases=[Phase.generate, Phase.shrink]))
    assert len(found.lines) == 1 and "p.sin(" in found.lines[0]
    names = {}
    exec(repr(found), names)
    np.testing.assert_array_equal(names["f"](names["x0"])[-1], found.function()(*found.inputs)[-1])


# --- what random programs have found ----------------------------------------------------------------------------------
@pytest.mark.parametrize("index", [(), ..., None])
def test_a_number_that_is_read_by_an_index_and_used_again(index):
    def f(x):
        y = np.sin(x)
        return (y[index] * np.exp(y)).sum()

    x = np.array(0.5)
    np.testing.assert_allclose(lux.grad(f)(x), np.cos(x) * np.exp(np.sin(x)) * (1 + np.sin(x)), rtol=1e-14)
    assert not isinstance(lux.hessian(f)(x), Tracer)
