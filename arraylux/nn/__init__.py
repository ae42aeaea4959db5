"""Functions on arrays that networks are made of: activations, the affine map, dropout.

They hold no parameters and keep no state; the layers, which do, call them.
"""
from typing import TYPE_CHECKING

from ..late import loader
from .activations import (
    celu,
    elu,
    gelu,
    gelu_erf,
    gelu_sigmoid,
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
    logsoftmax,
    logsumexp,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    sigmoid_fast,
    softmax,
    softplus,
    softshrink,
    softsign,
    swish,
    tanh,
    tanh_fast,
    tanhshrink,
    thresholdrelu,
    trelu,
)
from .dense import fused_dense
from .dropout import alpha_dropout, dropout

if TYPE_CHECKING:
    from .convolution import conv, conv_transpose
    from .ctc import ctc_loss
    from .folding import fold, unfold
    from .gated import glu, rrelu

_LATE = {
    "conv": "convolution",
    "conv_transpose": "convolution",
    "ctc_loss": "ctc",
    "fold": "folding",
    "unfold": "folding",
    "glu": "gated",
    "rrelu": "gated",
}
__getattr__ = loader(__name__, _LATE)

__all__ = [
    "alpha_dropout", "celu", "conv", "conv_transpose", "ctc_loss", "dropout", "elu", "fold", "fused_dense", "gelu",
    "gelu_erf", "gelu_sigmoid", "gelu_tanh", "glu", "hardsigmoid", "hardswish", "hardtanh", "identity", "leakyrelu",
    "lisht", "log_softmax", "logcosh", "logsigmoid", "logsoftmax", "logsumexp", "mish", "relu", "relu6", "rrelu",
    "selu", "sigmoid", "sigmoid_fast", "softmax", "softplus", "softshrink", "softsign", "swish", "tanh",
    "tanh_fast", "tanhshrink", "thresholdrelu", "trelu", "unfold",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
