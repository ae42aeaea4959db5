"""Functions on arrays that networks are made of: activations, the affine map, dropout.

They hold no parameters and keep no state; the layers, which do, call them.
"""
from .activations import (
    celu,
    elu,
    gelu,
    gelu_erf,
    gelu_tanh,
    hardsigmoid,
    hardswish,
    hardtanh,
    identity,
    leakyrelu,
    lisht,
    log_softmax,
    logcosh,
    logsigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    softmax,
    softplus,
    softshrink,
    softsign,
    swish,
    tanh,
    tanhshrink,
    trelu,
)
from .dense import fused_dense
from .dropout import dropout

__all__ = [
    "celu", "dropout", "elu", "fused_dense", "gelu", "gelu_erf", "gelu_tanh", "hardsigmoid", "hardswish", "hardtanh",
    "identity", "leakyrelu", "lisht", "log_softmax", "logcosh", "logsigmoid", "mish", "relu", "relu6", "selu",
    "sigmoid", "softmax", "softplus", "softshrink", "softsign", "swish", "tanh", "tanhshrink", "trelu",
]
