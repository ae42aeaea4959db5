"""Changing a model that exists: freezing, mapping over its layers, tying parameters together, watching it at work.

The chapters: `freezing` takes parameters out of training, `mapping` visits every layer with its parameters, `sharing`
makes several parameters one, and `watching` wraps layers so that they say where something goes wrong. The names are
Lux's, where they live under Experimental.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import loader

if TYPE_CHECKING:
    from .freezing import FrozenLayer, freeze, unfreeze
    from .mapping import layer_map
    from .sharing import share_parameters
    from .watching import DebugLayer, debug_mode

_CHAPTERS = {
    "freezing": ("FrozenLayer", "freeze", "unfreeze"),
    "mapping": ("layer_map",),
    "sharing": ("share_parameters",),
    "watching": ("DebugLayer", "debug_mode"),
}
__getattr__ = loader(__name__, _CHAPTERS)

__all__ = ["DebugLayer", "FrozenLayer", "debug_mode", "freeze", "layer_map", "share_parameters", "unfreeze"]
