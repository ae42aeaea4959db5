"""The scripts beside the package: how the standard's own test suite is judged."""
from __future__ import annotations

import pytest

from tools import array_api_tests as standard

CAPSULE = "test_dlpack::test_dunder_dlpack"
BY_CHANCE = "test_special_cases::test_unary[expm1((real(x_i) is +0 or real(x_i) == -0) and imag(x_i) is +0) -> 0 + 0j]"


@pytest.mark.parametrize("mode", standard.MODES)
def test_every_accepted_failure_has_a_reason(mode):
    accepted, sometimes = standard.accepted_in(mode)
    assert all(test.startswith("test_") and "::" in test and reason for test, reason in accepted.items())
    assert sometimes < accepted.keys() and BY_CHANCE in sometimes
    assert (CAPSULE in accepted) == (mode in ("tape", "dual"))


@pytest.mark.parametrize(("outcomes", "found"), [
    ({CAPSULE: "failed", "a": "passed", "b": "skipped"}, []),
    ({CAPSULE: "failed", BY_CHANCE: "failed"}, []),
    ({CAPSULE: "failed", BY_CHANCE: "passed"}, []),
    ({"a": "failed", "b": "failed"}, ["tape: a failed, which passes in compat", "tape: b failed"]),
    ({CAPSULE: "passed"}, [f"tape: {CAPSULE} passes now; strike it from array_api_accepted.toml"]),
])
def test_what_is_not_as_expected(outcomes, found, capsys):
    assert standard.compare("tape", outcomes, {"a": "passed", "b": "failed"}) == found
    printed = capsys.readouterr().out
    assert printed.count("accepted: ") == sum(outcomes.get(test) == "failed" for test in (CAPSULE, BY_CHANCE))
