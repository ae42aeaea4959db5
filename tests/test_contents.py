"""The table of contents: what is loaded late is listed once for readers and type checkers, once for the interpreter."""
from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import arraylux as lux

LATE = lux._LATE


def test_both_lists_are_one():
    listed = {}
    for node in ast.parse(Path(lux.__file__).read_text()).body:
        if isinstance(node, ast.If):
            for line in node.body:
                listed |= {alias.name: line.module for alias in line.names}
    assert listed == LATE
    assert list(LATE) == sorted(LATE, key=lambda name: (LATE[name], name))


@pytest.mark.parametrize("name", sorted(LATE))
def test_names_are_where_the_list_says(name):
    assert getattr(lux, name) is getattr(importlib.import_module("arraylux." + LATE[name]), name)
    assert name in dir(lux)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="module 'arraylux' has no attribute 'nothing'"):
        attrgetter("nothing")(lux)


def test_importing_loads_nothing_late():
    code = "import sys, arraylux; print([m for m in sys.modules if m.startswith('arraylux.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [place for place in set(LATE.values()) if f"'arraylux.{place}'" in loaded]
