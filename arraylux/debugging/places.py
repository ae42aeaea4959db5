"""Where something happens: the line of the user's code, and the place in the model of the layer that runs.

Neither has to be written down on the way. Both stand on Python's stack at any moment: the innermost frame outside of
this package is the user's line, and the frames of layers that call each other spell the path from the model to the
layer at work. So whoever wants to know looks, and whoever does not pays nothing.
"""
from __future__ import annotations

import os
import sys
from itertools import pairwise
from types import FrameType
from typing import Any

from .. import tree
from ..layers.contract import AbstractLuxLayer
from ..layers.display import display_name

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def here() -> tuple[str, str]:
    """Return the user's line, as `file:number`, and the layer that runs, as `Chain.layer_2 (Dense(3 => 1))`.

    Either is empty where there is none.
    """
    frame: FrameType | None = sys._getframe(1)
    line = ""
    calls: list[tuple[AbstractLuxLayer, FrameType]] = []        # the innermost first
    while frame is not None:
        code = frame.f_code
        if not line and not code.co_filename.startswith(_PACKAGE):
            line = f"{code.co_filename}:{frame.f_lineno}"
        if code.co_name == "__call__" and code.co_argcount:
            layer = frame.f_locals.get(code.co_varnames[0])
            # a layer that hands on to its super class has two frames
            if isinstance(layer, AbstractLuxLayer) and not (calls and calls[-1][0] is layer):
                calls.append((layer, frame))
        frame = frame.f_back
    return line, _path(calls[::-1])


def _path(calls: list[tuple[AbstractLuxLayer, FrameType]]) -> str:
    if not calls:
        return ""
    names = [_name(inner, outer, frame) for (outer, frame), (inner, _) in pairwise(calls)]
    line = calls[-1][0].description()
    return f"{'.'.join([display_name(calls[0][0]), *names])} ({line})" if names else line


def _name(layer: AbstractLuxLayer, container: AbstractLuxLayer, frame: FrameType) -> str:
    """Return the name under which a container has called a layer."""
    names: list[str] = []

    def collect(path: str, child: Any) -> None:
        if child is layer:
            names.append(path)

    for name, child in container.printed_children().items():
        tree.map_with_path(collect, child, path=name)
    if not names:
        return display_name(layer)                  # made on the way, and no child of the container
    current = frame.f_locals.get("name")            # one layer under two names: the loop over them says which it is
    return current if current in names else names[0]


def words(line: str, layer: str) -> str:
    """Return a place as the end of a sentence."""
    return f"at {line or 'an unknown line'}" + (f", in {layer}" if layer else "")
