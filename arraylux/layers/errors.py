"""Errors that know where they come from.

A layer does not know its place in a model: the same `Dense` may stand in many. So it says what is wrong, and each
container that the error passes on its way out adds the name under which it called the layer.
"""
from __future__ import annotations

from typing import Any


class LayerError(Exception):
    """Something that a layer can't work with.

    Arguments: `layer`, the one that complains; `problem`, one sentence: what came, what was expected, the way out.

    Raise one of its kinds (`LayerValueError`, `LayerTypeError`, `LayerKeyError`), which are also Python's own.
    """

    def __init__(self, layer: Any, problem: str) -> None:
        super().__init__(layer, problem)
        self.layer = layer
        self.problem = problem
        self.path: list[str] = []

    def within(self, container: str, name: str) -> None:
        """Add to the path that the layer was called under this name by the container of that name."""
        self.path[:1] = [container, name]

    def __str__(self) -> str:
        line = self.layer.description()
        return f"{'.'.join(self.path)} ({line}): {self.problem}" if self.path else f"{line}: {self.problem}"


class LayerValueError(LayerError, ValueError):
    """An array of the wrong shape."""


class LayerTypeError(LayerError, TypeError):
    """Something of the wrong class, dtype or array library."""


class LayerKeyError(LayerError, KeyError):
    """Parameters or states under the wrong names."""


__all__ = ["LayerError", "LayerKeyError", "LayerTypeError", "LayerValueError"]
