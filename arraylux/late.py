"""Names that are loaded by the first who asks for them.

A package's table of contents can list more than it imports: Python asks a module's own `__getattr__` for a name that it
does not have. So importing the package costs no more than what every user needs.
"""
from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def loader(package: str, chapters: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package that finds each name in the chapter under which the table has it.

    The chapters of the table are found as well: those from which nothing is to be had but the whole have no names.
    """
    places = {name: chapter for chapter, names in chapters.items() for name in names}

    def load(name: str) -> Any:
        if name in chapters and name not in places:
            return importlib.import_module(f".{name}", package)
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{places[name]}", package), name)
        setattr(sys.modules[package], name, value)
        return value
    return load


__all__ = ["loader"]
