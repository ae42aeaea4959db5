"""Tables of contents: what is loaded late is listed once for readers and type checkers, once for the interpreter."""
from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import arraylux as lux

PACKAGES = ("arraylux", "arraylux.nn", "arraylux.losses", "arraylux.optimisers", "arraylux.experimental",
            "arraylux.random")
NAMES = [(package, chapter, name) for package in PACKAGES
         for chapter, names in importlib.import_module(package)._CHAPTERS.items() for name in names]


@pytest.mark.parametrize("package", PACKAGES)
def test_both_lists_are_one(package):
    module = importlib.import_module(package)
    listed = {}
    for node in ast.parse(Path(module.__file__).read_text()).body:
        if isinstance(node, ast.If):
            for line in node.body:
                if line.module is None:                  # chapters as a whole
                    listed |= {alias.name: [] for alias in line.names}
                else:
                    listed.setdefault(line.module, []).extend(alias.name for alias in line.names)
    assert {chapter: sorted(names) for chapter, names in listed.items()} == \
        {chapter: sorted(names) for chapter, names in module._CHAPTERS.items()}
    assert list(module._CHAPTERS) == sorted(module._CHAPTERS)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name), name


@pytest.mark.parametrize(("package", "chapter", "name"), NAMES)
def test_names_are_where_the_list_says(package, chapter, name):
    module = importlib.import_module(package)
    assert getattr(module, name) is getattr(importlib.import_module(f"{package}.{chapter}"), name)
    assert name in module.__all__
    assert name in dir(module)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="module 'arraylux' has no attribute 'nothing'"):
        attrgetter("nothing")(lux)


def test_importing_loads_nothing_late():
    code = "import sys, arraylux; print([m for m in sys.modules if m.startswith('arraylux.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [f"{package}.{chapter}" for package in PACKAGES for chapter in importlib.import_module(package)._CHAPTERS
                if f"'{package}.{chapter}'" in loaded]
