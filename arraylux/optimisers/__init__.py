"""Optimisers: from gradients to better parameters, after Optimisers.jl.

A rule (`Descent`, `Adam`, ...) says how one array is improved; `setup` gives every array of a tree of parameters a
state of its own, and `update` makes one step for all of them. Both are pure functions, trees in and trees out:

>>> import numpy as np
>>> from arraylux.optimisers import Momentum, setup, update
>>> ps = {"weight": np.asarray([1.0, 2.0]), "bias": np.asarray([0.0])}
>>> state = setup(Momentum(0.5), ps)
>>> state, ps = update(state, ps, {"weight": np.asarray([2.0, 2.0]), "bias": np.asarray([-1.0])})
>>> ps
{'weight': array([0., 1.]), 'bias': array([0.5])}

On the way a learning rate can be changed (`adjust`) or a part of the parameters held still (`freeze`, `thaw`).
`trainables` lists the arrays that `setup` would give a state, and `destructure` makes one vector of them.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import loader
from .rule import Elementwise, Rule
from .state import Leaf, adjust, freeze, setup, thaw
from .step import update

if TYPE_CHECKING:                               # the rules, each loaded by the first who asks for it
    from .adam import Adam, AdamW
    from .adam_variants import AdaBelief, AdaMax, AMSGrad, NAdam, OAdam, RAdam
    from .adaptive import AdaDelta, AdaGrad, RMSProp
    from .chains import AccumGrad, MixedPrecision, OptimiserChain
    from .descent import Descent, Momentum, Nesterov
    from .flat import destructure, trainables
    from .modifiers import ClipGrad, ClipNorm, SignDecay, WeightDecay
    from .signs import Lion, Rprop

_CHAPTERS = {
    "adam": ("Adam", "AdamW"),
    "adam_variants": ("AMSGrad", "AdaBelief", "AdaMax", "NAdam", "OAdam", "RAdam"),
    "adaptive": ("AdaDelta", "AdaGrad", "RMSProp"),
    "chains": ("AccumGrad", "MixedPrecision", "OptimiserChain"),
    "descent": ("Descent", "Momentum", "Nesterov"),
    "flat": ("destructure", "trainables"),
    "modifiers": ("ClipGrad", "ClipNorm", "SignDecay", "WeightDecay"),
    "signs": ("Lion", "Rprop"),
}
__getattr__ = loader(__name__, _CHAPTERS)

__all__ = ["AMSGrad", "AccumGrad", "AdaBelief", "AdaDelta", "AdaGrad", "AdaMax", "Adam", "AdamW", "ClipGrad",
           "ClipNorm", "Descent", "Elementwise", "Leaf", "Lion", "MixedPrecision", "Momentum", "NAdam", "Nesterov",
           "OAdam", "OptimiserChain", "RAdam", "RMSProp", "Rprop", "Rule", "SignDecay", "WeightDecay", "adjust",
           "destructure", "freeze", "setup", "thaw", "trainables", "update"]
