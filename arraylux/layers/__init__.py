"""Layers: immutable descriptions of functions with parameters and states.

The contract comes first (`contract`, with `states`, `display`, and the errors that find their way in `errors` and
`checks`); then the families: `basic` without parameters, `linear`, `dropout`, and `containers` that put them together.
"""
from .basic import FlattenLayer, NoOpLayer, WrappedFunction
from .containers import Chain
from .contract import (
    AbstractLuxContainerLayer,
    AbstractLuxLayer,
    AbstractLuxWrapperLayer,
    apply,
    contains_lux_layer,
    initialparameters,
    initialstates,
    outputsize,
    parameterlength,
    setup,
    statelength,
    stateless_apply,
)
from .display import display_name
from .dropout import AlphaDropout, Dropout, VariationalHiddenDropout
from .linear import Dense
from .states import istraining, testmode, trainmode, update_state

__all__ = ["AbstractLuxContainerLayer", "AbstractLuxLayer", "AbstractLuxWrapperLayer", "AlphaDropout", "Chain", "Dense",
           "Dropout", "FlattenLayer", "NoOpLayer", "VariationalHiddenDropout", "WrappedFunction", "apply",
           "contains_lux_layer", "display_name", "initialparameters", "initialstates", "istraining", "outputsize",
           "parameterlength", "setup", "statelength", "stateless_apply", "testmode", "trainmode", "update_state"]
