"""Changing a model that exists: freezing, mapping over its layers, tying parameters together, watching it at work.

The chapters: `freezing` takes parameters out of training, `mapping` visits every layer with its parameters, `sharing`
makes several parameters one, and `watching` wraps layers so that they say where something goes wrong. The names are
Lux's, where they live under Experimental.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import loader

if TYPE_CHECKING:
    from .freezing import FrozenLayer as FrozenLayer
    from .freezing import freeze as freeze
    from .freezing import unfreeze as unfreeze
    from .mapping import layer_map as layer_map
    from .sharing import share_parameters as share_parameters
    from .watching import DebugLayer as DebugLayer
    from .watching import debug_mode as debug_mode

__getattr__ = loader(__name__, {"FrozenLayer": "freezing", "freeze": "freezing", "unfreeze": "freezing",
                                "layer_map": "mapping", "share_parameters": "sharing", "DebugLayer": "watching",
                                "debug_mode": "watching"})
