"""arraylux: Lux for everyone who has NumPy.

Neural networks as pure functions over the Array API standard, with hand-written derivatives in both modes.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import initializers as initializers
from . import nn as nn
from . import optimisers as optimisers
from . import protocols as protocols
from . import random as random
from . import testing as testing
from . import training as training
from . import tree as tree
from .component import ComponentArray as ComponentArray
from .devices import CPUDevice as CPUDevice
from .devices import CUDADevice as CUDADevice
from .devices import cpu_device as cpu_device
from .devices import functional as functional
from .devices import get_device as get_device
from .devices import gpu_device as gpu_device
from .info import versioninfo as versioninfo
from .layers import AbstractLuxContainerLayer as AbstractLuxContainerLayer
from .layers import AbstractLuxLayer as AbstractLuxLayer
from .layers import AbstractLuxWrapperLayer as AbstractLuxWrapperLayer
from .layers import AlphaDropout as AlphaDropout
from .layers import Chain as Chain
from .layers import Dense as Dense
from .layers import Dropout as Dropout
from .layers import FlattenLayer as FlattenLayer
from .layers import NoOpLayer as NoOpLayer
from .layers import VariationalHiddenDropout as VariationalHiddenDropout
from .layers import WrappedFunction as WrappedFunction
from .layers import apply as apply
from .layers import contains_lux_layer as contains_lux_layer
from .layers import display_name as display_name
from .layers import initialparameters as initialparameters
from .layers import initialstates as initialstates
from .layers import outputsize as outputsize
from .layers import parameterlength as parameterlength
from .layers import setup as setup
from .layers import statelength as statelength
from .layers import stateless_apply as stateless_apply
from .layers import testmode as testmode
from .layers import trainmode as trainmode
from .layers import update_state as update_state
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .losses import L1Loss as L1Loss
from .losses import L2Loss as L2Loss
from .losses import MAELoss as MAELoss
from .losses import MSELoss as MSELoss
from .namespace import array_namespace as array_namespace
from .nn import celu as celu
from .nn import elu as elu
from .nn import gelu as gelu
from .nn import gelu_erf as gelu_erf
from .nn import gelu_sigmoid as gelu_sigmoid
from .nn import gelu_tanh as gelu_tanh
from .nn import hardsigmoid as hardsigmoid
from .nn import hardswish as hardswish
from .nn import hardtanh as hardtanh
from .nn import identity as identity
from .nn import leakyrelu as leakyrelu
from .nn import lisht as lisht
from .nn import log_softmax as log_softmax
from .nn import logcosh as logcosh
from .nn import logsigmoid as logsigmoid
from .nn import logsoftmax as logsoftmax
from .nn import logsumexp as logsumexp
from .nn import mish as mish
from .nn import relu as relu
from .nn import relu6 as relu6
from .nn import selu as selu
from .nn import sigmoid as sigmoid
from .nn import sigmoid_fast as sigmoid_fast
from .nn import softmax as softmax
from .nn import softplus as softplus
from .nn import softshrink as softshrink
from .nn import softsign as softsign
from .nn import swish as swish
from .nn import tanh as tanh
from .nn import tanh_fast as tanh_fast
from .nn import tanhshrink as tanhshrink
from .nn import thresholdrelu as thresholdrelu
from .nn import trelu as trelu
from .random import replicate as replicate
from .tracer.core import constant as constant
from .transforms.backends import AutoDual as AutoDual
from .transforms.backends import AutoTape as AutoTape
from .transforms.backends import batched_jacobian as batched_jacobian
from .transforms.backends import jacobian_vector_product as jacobian_vector_product
from .transforms.backends import vector_jacobian_product as vector_jacobian_product
from .transforms.checkpoint import checkpoint as checkpoint
from .transforms.checkpoint import stop_gradient as stop_gradient
from .transforms.custom import custom_jvp as custom_jvp
from .transforms.custom import custom_vjp as custom_vjp
from .transforms.forward import jvp as jvp
from .transforms.jacobians import hessian as hessian
from .transforms.jacobians import hvp as hvp
from .transforms.jacobians import jacobian as jacobian
from .transforms.mapping import vmap as vmap
from .transforms.reverse import grad as grad
from .transforms.reverse import value_and_grad as value_and_grad
from .transforms.reverse import vjp as vjp

if TYPE_CHECKING:                               # the table of contents of what is loaded by the first who asks for it
    from .debugging import debug_nans as debug_nans
    from .debugging import draw_tape as draw_tape
    from .debugging import print_tape as print_tape
    from .layers.cells import AbstractRecurrentCell as AbstractRecurrentCell
    from .layers.conv import Conv as Conv
    from .layers.conv import ConvTranspose as ConvTranspose
    from .layers.conv import SamePad as SamePad
    from .layers.feature_norm import LayerNorm as LayerNorm
    from .layers.feature_norm import RMSNorm as RMSNorm
    from .layers.normalisation import BatchNorm as BatchNorm
    from .layers.normalisation import GroupNorm as GroupNorm
    from .layers.normalisation import InstanceNorm as InstanceNorm
    from .layers.recurrence import BatchLastIndex as BatchLastIndex
    from .layers.recurrence import BidirectionalRNN as BidirectionalRNN
    from .layers.recurrence import Recurrence as Recurrence
    from .layers.recurrence import StatefulRecurrentCell as StatefulRecurrentCell
    from .layers.recurrence import TimeLastIndex as TimeLastIndex
    from .layers.recurrent import GRUCell as GRUCell
    from .layers.recurrent import LSTMCell as LSTMCell
    from .layers.recurrent import RNNCell as RNNCell
    from .layers.weight_norm import WeightNorm as WeightNorm
    from .losses.binary import BinaryCrossEntropyLoss as BinaryCrossEntropyLoss
    from .losses.binary import BinaryFocalLoss as BinaryFocalLoss
    from .losses.contrastive import DiceCoeffLoss as DiceCoeffLoss
    from .losses.contrastive import SiameseContrastiveLoss as SiameseContrastiveLoss
    from .losses.divergences import FocalLoss as FocalLoss
    from .losses.divergences import KLDivergenceLoss as KLDivergenceLoss
    from .losses.divergences import PoissonLoss as PoissonLoss
    from .losses.margins import HingeLoss as HingeLoss
    from .losses.margins import SquaredHingeLoss as SquaredHingeLoss
    from .losses.robust import GenericLossFunction as GenericLossFunction
    from .losses.robust import HuberLoss as HuberLoss
    from .losses.robust import MSLELoss as MSLELoss
    from .nn.convolution import conv as conv
    from .nn.convolution import conv_transpose as conv_transpose
    from .nn.ctc import ctc_loss as ctc_loss
    from .nn.folding import fold as fold
    from .nn.folding import unfold as unfold
    from .nn.gated import glu as glu
    from .nn.gated import rrelu as rrelu
    from .nn.normalisation import batchnorm as batchnorm
    from .nn.normalisation import groupnorm as groupnorm
    from .nn.normalisation import instancenorm as instancenorm
    from .nn.normalisation import layernorm as layernorm
    from .nn.normalisation import rmsnorm as rmsnorm
    from .saving import load as load
    from .saving import save as save

# Where those names are: an import of everything would take several times as long as that of NumPy.
_LATE = {
    "debug_nans": "debugging",
    "draw_tape": "debugging",
    "print_tape": "debugging",
    "AbstractRecurrentCell": "layers.cells",
    "Conv": "layers.conv",
    "ConvTranspose": "layers.conv",
    "SamePad": "layers.conv",
    "LayerNorm": "layers.feature_norm",
    "RMSNorm": "layers.feature_norm",
    "BatchNorm": "layers.normalisation",
    "GroupNorm": "layers.normalisation",
    "InstanceNorm": "layers.normalisation",
    "BatchLastIndex": "layers.recurrence",
    "BidirectionalRNN": "layers.recurrence",
    "Recurrence": "layers.recurrence",
    "StatefulRecurrentCell": "layers.recurrence",
    "TimeLastIndex": "layers.recurrence",
    "GRUCell": "layers.recurrent",
    "LSTMCell": "layers.recurrent",
    "RNNCell": "layers.recurrent",
    "WeightNorm": "layers.weight_norm",
    "BinaryCrossEntropyLoss": "losses.binary",
    "BinaryFocalLoss": "losses.binary",
    "DiceCoeffLoss": "losses.contrastive",
    "SiameseContrastiveLoss": "losses.contrastive",
    "FocalLoss": "losses.divergences",
    "KLDivergenceLoss": "losses.divergences",
    "PoissonLoss": "losses.divergences",
    "HingeLoss": "losses.margins",
    "SquaredHingeLoss": "losses.margins",
    "GenericLossFunction": "losses.robust",
    "HuberLoss": "losses.robust",
    "MSLELoss": "losses.robust",
    "conv": "nn.convolution",
    "conv_transpose": "nn.convolution",
    "ctc_loss": "nn.ctc",
    "fold": "nn.folding",
    "unfold": "nn.folding",
    "glu": "nn.gated",
    "rrelu": "nn.gated",
    "batchnorm": "nn.normalisation",
    "groupnorm": "nn.normalisation",
    "instancenorm": "nn.normalisation",
    "layernorm": "nn.normalisation",
    "rmsnorm": "nn.normalisation",
    "load": "saving",
    "save": "saving",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'arraylux' has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _LATE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
