"""arraylux: Lux for everyone who has NumPy.

Neural networks as pure functions over the Array API standard, with hand-written derivatives in both modes.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import experimental as experimental
from . import initializers as initializers
from . import nn as nn
from . import optimisers as optimisers
from . import protocols as protocols
from . import random as random
from . import schedules as schedules
from . import testing as testing
from . import training as training
from . import tree as tree
from .component import ComponentArray as ComponentArray
from .devices import CPUDevice as CPUDevice
from .devices import CUDADevice as CUDADevice
from .devices import DeviceIterator as DeviceIterator
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
from .threads import get_num_threads as get_num_threads
from .threads import set_num_threads as set_num_threads
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
    from .data import DataLoader as DataLoader
    from .debugging import debug_nans as debug_nans
    from .debugging import draw_tape as draw_tape
    from .debugging import print_tape as print_tape
    from .exchange.state_dicts import from_torch as from_torch
    from .exchange.state_dicts import to_torch as to_torch
    from .experimental.freezing import FrozenLayer as FrozenLayer
    from .experimental.freezing import freeze as freeze
    from .experimental.freezing import unfreeze as unfreeze
    from .experimental.mapping import layer_map as layer_map
    from .experimental.sharing import share_parameters as share_parameters
    from .experimental.watching import DebugLayer as DebugLayer
    from .experimental.watching import debug_mode as debug_mode
    from .layers.attention import MultiHeadAttention as MultiHeadAttention
    from .layers.bilinear import Bilinear as Bilinear
    from .layers.bilinear import Scale as Scale
    from .layers.branching import BranchLayer as BranchLayer
    from .layers.branching import Maxout as Maxout
    from .layers.branching import PairwiseFusion as PairwiseFusion
    from .layers.branching import Parallel as Parallel
    from .layers.branching import SkipConnection as SkipConnection
    from .layers.cells import AbstractRecurrentCell as AbstractRecurrentCell
    from .layers.compact import CompactLuxLayer as CompactLuxLayer
    from .layers.compact import compact as compact
    from .layers.compact import init_fn as init_fn
    from .layers.compact import non_trainable as non_trainable
    from .layers.compact import with_state as with_state
    from .layers.conv import Conv as Conv
    from .layers.conv import ConvTranspose as ConvTranspose
    from .layers.conv import SamePad as SamePad
    from .layers.embedding import Embedding as Embedding
    from .layers.embedding import RotaryPositionalEmbedding as RotaryPositionalEmbedding
    from .layers.embedding import SinusoidalPositionalEmbedding as SinusoidalPositionalEmbedding
    from .layers.feature_norm import LayerNorm as LayerNorm
    from .layers.feature_norm import RMSNorm as RMSNorm
    from .layers.helpers import ReshapeLayer as ReshapeLayer
    from .layers.helpers import ReverseSequence as ReverseSequence
    from .layers.helpers import SelectDim as SelectDim
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
    from .layers.stateful import StatefulLuxLayer as StatefulLuxLayer
    from .layers.weight_norm import WeightNorm as WeightNorm
    from .layers.wrapping import AlternatePrecision as AlternatePrecision
    from .layers.wrapping import RepeatedLayer as RepeatedLayer
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
    from .nn.attention import dot_product_attention as dot_product_attention
    from .nn.attention import dot_product_attention_scores as dot_product_attention_scores
    from .nn.attention import make_causal_mask as make_causal_mask
    from .nn.attention import scaled_dot_product_attention as scaled_dot_product_attention
    from .nn.convolution import conv as conv
    from .nn.convolution import conv_transpose as conv_transpose
    from .nn.ctc import ctc_loss as ctc_loss
    from .nn.folding import fold as fold
    from .nn.folding import unfold as unfold
    from .nn.gated import glu as glu
    from .nn.gated import rrelu as rrelu
    from .nn.gathering import gather as gather
    from .nn.gathering import scatter as scatter
    from .nn.normalisation import batchnorm as batchnorm
    from .nn.normalisation import groupnorm as groupnorm
    from .nn.normalisation import instancenorm as instancenorm
    from .nn.normalisation import layernorm as layernorm
    from .nn.normalisation import rmsnorm as rmsnorm
    from .nn.positions import apply_rotary_embedding as apply_rotary_embedding
    from .nn.positions import compute_rotary_embedding_params as compute_rotary_embedding_params
    from .nn.products import bilinear as bilinear
    from .precision import bf16 as bf16
    from .precision import f16 as f16
    from .precision import f32 as f32
    from .precision import f64 as f64
    from .precision import match_eltype as match_eltype
    from .recursive import recursive_add as recursive_add
    from .recursive import recursive_copy as recursive_copy
    from .recursive import recursive_eltype as recursive_eltype
    from .recursive import recursive_make_zero as recursive_make_zero
    from .recursive import recursive_map as recursive_map
    from .saving import load as load
    from .saving import save as save

# Where those names are: an import of everything would take several times as long as that of NumPy.
_LATE = {
    "DataLoader": "data",
    "debug_nans": "debugging",
    "draw_tape": "debugging",
    "print_tape": "debugging",
    "from_torch": "exchange.state_dicts",
    "to_torch": "exchange.state_dicts",
    "FrozenLayer": "experimental.freezing",
    "freeze": "experimental.freezing",
    "unfreeze": "experimental.freezing",
    "layer_map": "experimental.mapping",
    "share_parameters": "experimental.sharing",
    "DebugLayer": "experimental.watching",
    "debug_mode": "experimental.watching",
    "MultiHeadAttention": "layers.attention",
    "Bilinear": "layers.bilinear",
    "Scale": "layers.bilinear",
    "BranchLayer": "layers.branching",
    "Maxout": "layers.branching",
    "PairwiseFusion": "layers.branching",
    "Parallel": "layers.branching",
    "SkipConnection": "layers.branching",
    "AbstractRecurrentCell": "layers.cells",
    "CompactLuxLayer": "layers.compact",
    "compact": "layers.compact",
    "init_fn": "layers.compact",
    "non_trainable": "layers.compact",
    "with_state": "layers.compact",
    "Conv": "layers.conv",
    "ConvTranspose": "layers.conv",
    "SamePad": "layers.conv",
    "Embedding": "layers.embedding",
    "RotaryPositionalEmbedding": "layers.embedding",
    "SinusoidalPositionalEmbedding": "layers.embedding",
    "LayerNorm": "layers.feature_norm",
    "RMSNorm": "layers.feature_norm",
    "ReshapeLayer": "layers.helpers",
    "ReverseSequence": "layers.helpers",
    "SelectDim": "layers.helpers",
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
    "StatefulLuxLayer": "layers.stateful",
    "WeightNorm": "layers.weight_norm",
    "AlternatePrecision": "layers.wrapping",
    "RepeatedLayer": "layers.wrapping",
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
    "dot_product_attention": "nn.attention",
    "dot_product_attention_scores": "nn.attention",
    "make_causal_mask": "nn.attention",
    "scaled_dot_product_attention": "nn.attention",
    "conv": "nn.convolution",
    "conv_transpose": "nn.convolution",
    "ctc_loss": "nn.ctc",
    "fold": "nn.folding",
    "unfold": "nn.folding",
    "glu": "nn.gated",
    "rrelu": "nn.gated",
    "gather": "nn.gathering",
    "scatter": "nn.gathering",
    "batchnorm": "nn.normalisation",
    "groupnorm": "nn.normalisation",
    "instancenorm": "nn.normalisation",
    "layernorm": "nn.normalisation",
    "rmsnorm": "nn.normalisation",
    "apply_rotary_embedding": "nn.positions",
    "compute_rotary_embedding_params": "nn.positions",
    "bilinear": "nn.products",
    "bf16": "precision",
    "f16": "precision",
    "f32": "precision",
    "f64": "precision",
    "match_eltype": "precision",
    "recursive_add": "recursive",
    "recursive_copy": "recursive",
    "recursive_eltype": "recursive",
    "recursive_make_zero": "recursive",
    "recursive_map": "recursive",
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
