"""Run the official test suite of the Array API standard on arraylux, in three modes, and compare with what is expected.

    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    pip install pytest hypothesis ndindex pytest-json-report
    python tools/array_api_tests.py array-api-tests

The modes are `plain` (NumPy's arrays), `tape` and `dual`, in which every floating-point array that the suite makes is
traced in reverse and in forward mode (live_arrays.py says how); `compat` is array-api-compat's own namespace of NumPy,
the measure of what can pass. Failures that are accepted stand in array_api_accepted.toml, each with its reason. The
exit status is 0 if nothing else failed in any mode, and everything on that list still does.
"""
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
MODES = ("compat", "plain", "tape", "dual")
VERSION = "2025.12"


def run(suite: Path, mode: str, options: list[str]) -> dict[str, str]:
    """Run the suite in one mode; return what became of each test: passed, failed or skipped."""
    module = "array_api_compat.numpy" if mode == "compat" else \
        f"exec('from tools.live_arrays import namespace; xp = namespace(\"{mode}\")')"
    path = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))
    # The same examples in every mode and every run: drawn by what the tests are, in an order that is not shuffled.
    environment = {**os.environ, "ARRAY_API_TESTS_MODULE": module, "ARRAY_API_TESTS_VERSION": VERSION,
                   "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-W", "ignore",
                   "--disable-deadline", f"--junitxml={report}", *options, "array_api_tests"]
        done = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True)
        if not report.exists():
            raise SystemExit(f"pytest could not run in {suite}:\n{done.stdout}{done.stderr}")
        cases = ElementTree.parse(report).iter("testcase")
        outcomes = {f"{case.get('classname')}::{case.get('name')}".removeprefix("array_api_tests."): _outcome(case)
                    for case in cases}
    print(f"{mode:6}  " + ", ".join(f"{n} {what}" for what, n in Counter(outcomes.values()).most_common()), flush=True)
    return outcomes


def _outcome(case: ElementTree.Element) -> str:
    tags = {child.tag for child in case}
    return "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"


def accepted_in(mode: str) -> tuple[dict[str, str], set[str]]:
    """Return the tests that may fail in a mode, with the reasons, and those of them that fail only now and then."""
    with open(HERE / "array_api_accepted.toml", "rb") as file:
        groups = [group for group in tomllib.load(file)["accepted"] if mode in group["modes"]]
    return ({test: group["reason"] for group in groups for test in group["tests"]},
            {test for group in groups if group.get("sometimes") for test in group["tests"]})


def compare(mode: str, outcomes: dict[str, str], measure: dict[str, str]) -> list[str]:
    """Return what is not as expected, one line each, and print the failures that are accepted."""
    accepted, sometimes = accepted_in(mode)
    failed = {test for test, outcome in outcomes.items() if outcome == "failed"}
    for test in sorted(failed & accepted.keys()):
        print(f"        accepted: {test}: {accepted[test]}")
    problems = [f"{mode}: {test} failed" + (", which passes in compat" if measure.get(test) == "passed" else "")
                for test in sorted(failed - accepted.keys())]
    return problems + [f"{mode}: {test} passes now; strike it from array_api_accepted.toml"
                       for test in sorted(accepted.keys() - sometimes) if outcomes.get(test) == "passed"]


def main() -> int:
    """Run the modes that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", type=Path, help="a checkout of data-apis/array-api-tests with its submodule")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--max-examples", type=int, default=20, help="how many examples each test draws")
    parser.add_argument("--seed", type=int, help="draw other examples than those of every run")
    parser.add_argument("-k", metavar="EXPRESSION", help="run only the tests that match, as pytest's -k")
    options = parser.parse_args()
    chosen = ["--max-examples", str(options.max_examples)]
    chosen += ["--derandomize"] if options.seed is None else [f"--hypothesis-seed={options.seed}"]
    chosen += ["-k", options.k] if options.k else []
    problems: list[str] = []
    measure: dict[str, str] = {}
    for mode in options.modes:
        outcomes = run(options.suite, mode, chosen)
        measure = outcomes if mode == "compat" else measure
        problems += compare(mode, outcomes, measure)
    print("\n".join(problems) or "all as expected")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
