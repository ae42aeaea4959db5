"""Optimisers: from gradients to better parameters, after Optimisers.jl.

A rule (`Descent`, `Adam`, ...) says how one array is improved; `setup` gives every array of a tree of parameters a
state of its own, and `update` makes one step for all of them. Both are pure functions, trees in and trees out:

>>> import numpy as np
>>> ps = {"weight": np.asarray([1.0, 2.0]), "bias": np.asarray([0.0])}
>>> state = setup(Momentum(0.5), ps)
>>> state, ps = update(state, ps, {"weight": np.asarray([2.0, 2.0]), "bias": np.asarray([-1.0])})
>>> ps
{'weight': array([0., 1.]), 'bias': array([0.5])}

On the way a learning rate can be changed (`adjust`) or a part of the parameters held still (`freeze`, `thaw`).
"""
from .adam import Adam, AdamW
from .descent import Descent, Momentum, Nesterov
from .modifiers import ClipNorm, OptimiserChain, WeightDecay
from .rule import Rule
from .state import Leaf, adjust, freeze, setup, thaw
from .step import update

__all__ = ["Adam", "AdamW", "ClipNorm", "Descent", "Leaf", "Momentum", "Nesterov", "OptimiserChain", "Rule",
           "WeightDecay", "adjust", "freeze", "setup", "thaw", "update"]
