"""The house itself under test: imports go one way, files stay chapters, and each says what it teaches."""
from __future__ import annotations

import ast
from pathlib import Path

import pytest

import arraylux

ROOT = Path(arraylux.__file__).parent
# From the ground up; a part may import those before it, and what stands beside it on the same floor only where listed.
FLOORS = [
    {"tree", "record", "julia_repr", "memory", "random", "backend", "schedules", "late"},
    {"initializers", "tracer", "axes"},
    {"rules", "component", "devices", "inspection"},
    {"namespace", "linalg", "fourier", "special", "transforms", "nn", "optimisers", "data", "info",
     "precision", "recursive", "gpus"},
    {"protocols", "testing", "layers", "losses", "training", "outline"},
    {"debugging", "saving"},
    {"experimental"},
    {"exchange"},
    {"__init__"},
]
BESIDE = {("transforms", "namespace"), ("namespace", "linalg"), ("namespace", "fourier"), ("namespace", "special"),
          ("component", "axes"), ("layers", "nn"), ("training", "losses")}
MODULES = sorted(ROOT.rglob("*.py"))


def part_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_parts(path):
    """Return the parts of the package that a file imports, anywhere in it."""
    package = ("arraylux", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[:len(package) - node.level + 1]
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            full = [*base, *names]
            if len(base) == 1:
                yield from names
            else:
                yield full[1]


def floor_of(part):
    return next(i for i, floor in enumerate(FLOORS) if part in floor)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path):
    part = part_of(path)
    for other in imported_parts(path):
        if other != part and (part, other) not in BESIDE:
            same_ground = floor_of(part) == 0 and other in ("tree", "record", "backend", "random", "late")
            assert floor_of(other) < floor_of(part) or same_ground, f"{path.name} imports {other}, which stands above"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_a_chapter(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 305
    assert ast.get_docstring(ast.parse(text)), "a chapter says in its first paragraph what it teaches"
