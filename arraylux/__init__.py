"""arraylux: Lux for everyone who has NumPy.

Neural networks as pure functions over the Array API standard, with hand-written derivatives in both modes.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from . import initializers, nn, optimisers, protocols, random, testing, training, tree
from .component import ComponentArray
from .devices import CPUDevice, CUDADevice, DeviceIterator, cpu_device, functional, get_device, gpu_device
from .info import versioninfo
from .late import loader
from .layers import (
    AbstractLuxContainerLayer,
    AbstractLuxLayer,
    AbstractLuxWrapperLayer,
    AlphaDropout,
    Chain,
    Dense,
    Dropout,
    FlattenLayer,
    NoOpLayer,
    VariationalHiddenDropout,
    WrappedFunction,
    apply,
    contains_lux_layer,
    display_name,
    initialparameters,
    initialstates,
    istraining,
    outputsize,
    parameterlength,
    setup,
    statelength,
    stateless_apply,
    testmode,
    trainmode,
    update_state,
)
from .losses import CrossEntropyLoss, L1Loss, L2Loss, MAELoss, MSELoss
from .namespace import array_namespace
from .nn import (
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
from .random import replicate
from .tracer.core import constant
from .transforms.backends import AutoDual, AutoTape, batched_jacobian, jacobian_vector_product, vector_jacobian_product
from .transforms.forward import jvp
from .transforms.reverse import grad, value_and_grad, vjp

if TYPE_CHECKING:                               # what is loaded by the first who asks for it
    from . import experimental, schedules
    from .data import DataLoader
    from .debugging import debug_nans, draw_tape, print_tape
    from .exchange.onnx import export_onnx
    from .exchange.state_dicts import from_torch, to_torch
    from .experimental.freezing import FrozenLayer, freeze, unfreeze
    from .experimental.mapping import layer_map
    from .experimental.sharing import share_parameters
    from .experimental.watching import DebugLayer, debug_mode
    from .gpus import default_device_rng, get_device_type, loaded, set_device, supported_gpu_backends
    from .layers.attention import MultiHeadAttention
    from .layers.bilinear import Bilinear, Scale
    from .layers.branching import BranchLayer, Maxout, PairwiseFusion, Parallel, SkipConnection
    from .layers.cells import AbstractRecurrentCell
    from .layers.compact import CompactLuxLayer, compact, init_fn, non_trainable, with_state
    from .layers.conv import Conv, ConvTranspose, SamePad
    from .layers.embedding import Embedding, RotaryPositionalEmbedding, SinusoidalPositionalEmbedding
    from .layers.feature_norm import LayerNorm, RMSNorm
    from .layers.helpers import ReshapeLayer, ReverseSequence, SelectDim
    from .layers.normalisation import BatchNorm, GroupNorm, InstanceNorm
    from .layers.pooling import (
        AdaptiveLPPool,
        AdaptiveMaxPool,
        AdaptiveMeanPool,
        GlobalLPPool,
        GlobalMaxPool,
        GlobalMeanPool,
        LPPool,
        MaxPool,
        MeanPool,
    )
    from .layers.recurrence import BatchLastIndex, BidirectionalRNN, Recurrence, StatefulRecurrentCell, TimeLastIndex
    from .layers.recurrent import GRUCell, LSTMCell, RNNCell
    from .layers.resizing import PixelShuffle, Upsample
    from .layers.stateful import StatefulLuxLayer
    from .layers.weight_norm import WeightNorm
    from .layers.wrapping import AlternatePrecision, RepeatedLayer
    from .losses.binary import BinaryCrossEntropyLoss, BinaryFocalLoss
    from .losses.contrastive import DiceCoeffLoss, SiameseContrastiveLoss
    from .losses.divergences import FocalLoss, KLDivergenceLoss, PoissonLoss
    from .losses.margins import HingeLoss, SquaredHingeLoss
    from .losses.robust import GenericLossFunction, HuberLoss, MSLELoss
    from .nn.adaptive import adaptive_lpnormpool, adaptive_maxpool, adaptive_meanpool
    from .nn.attention import (
        dot_product_attention,
        dot_product_attention_scores,
        make_causal_mask,
        scaled_dot_product_attention,
    )
    from .nn.convolution import conv, conv_transpose
    from .nn.ctc import ctc_loss
    from .nn.folding import fold, unfold
    from .nn.gated import glu, rrelu
    from .nn.gathering import gather, scatter
    from .nn.normalisation import batchnorm, groupnorm, instancenorm, layernorm, rmsnorm
    from .nn.padding import pad_circular, pad_constant, pad_reflect, pad_repeat, pad_symmetric, pad_zeros
    from .nn.pooling import lpnormpool, maxpool, meanpool
    from .nn.positions import apply_rotary_embedding, compute_rotary_embedding_params
    from .nn.products import bilinear
    from .nn.resizing import pixel_shuffle, upsample_bilinear, upsample_linear, upsample_nearest, upsample_trilinear
    from .nn.sampling import grid_sample
    from .precision import bf16, f16, f32, f64, match_eltype
    from .recursive import recursive_add, recursive_copy, recursive_eltype, recursive_make_zero, recursive_map
    from .saving import load, save
    from .transforms.checkpoint import checkpoint, stop_gradient
    from .transforms.custom import custom_jvp, custom_vjp
    from .transforms.jacobians import hessian, hvp, jacobian
    from .transforms.mapping import vmap

# Where those names are: an import of everything would take several times as long as that of NumPy.
_CHAPTERS = {
    "data": ("DataLoader",),
    "debugging": ("debug_nans", "draw_tape", "print_tape"),
    "exchange.onnx": ("export_onnx",),
    "exchange.state_dicts": ("from_torch", "to_torch"),
    "experimental": (),
    "experimental.freezing": ("FrozenLayer", "freeze", "unfreeze"),
    "experimental.mapping": ("layer_map",),
    "experimental.sharing": ("share_parameters",),
    "experimental.watching": ("DebugLayer", "debug_mode"),
    "gpus": ("default_device_rng", "get_device_type", "loaded", "set_device", "supported_gpu_backends"),
    "layers.attention": ("MultiHeadAttention",),
    "layers.bilinear": ("Bilinear", "Scale"),
    "layers.branching": ("BranchLayer", "Maxout", "PairwiseFusion", "Parallel", "SkipConnection"),
    "layers.cells": ("AbstractRecurrentCell",),
    "layers.compact": ("CompactLuxLayer", "compact", "init_fn", "non_trainable", "with_state"),
    "layers.conv": ("Conv", "ConvTranspose", "SamePad"),
    "layers.embedding": ("Embedding", "RotaryPositionalEmbedding", "SinusoidalPositionalEmbedding"),
    "layers.feature_norm": ("LayerNorm", "RMSNorm"),
    "layers.helpers": ("ReshapeLayer", "ReverseSequence", "SelectDim"),
    "layers.normalisation": ("BatchNorm", "GroupNorm", "InstanceNorm"),
    "layers.pooling": (
        "AdaptiveLPPool", "AdaptiveMaxPool", "AdaptiveMeanPool", "GlobalLPPool", "GlobalMaxPool", "GlobalMeanPool",
        "LPPool", "MaxPool", "MeanPool",
    ),
    "layers.recurrence": ("BatchLastIndex", "BidirectionalRNN", "Recurrence", "StatefulRecurrentCell", "TimeLastIndex"),
    "layers.recurrent": ("GRUCell", "LSTMCell", "RNNCell"),
    "layers.resizing": ("PixelShuffle", "Upsample"),
    "layers.stateful": ("StatefulLuxLayer",),
    "layers.weight_norm": ("WeightNorm",),
    "layers.wrapping": ("AlternatePrecision", "RepeatedLayer"),
    "losses.binary": ("BinaryCrossEntropyLoss", "BinaryFocalLoss"),
    "losses.contrastive": ("DiceCoeffLoss", "SiameseContrastiveLoss"),
    "losses.divergences": ("FocalLoss", "KLDivergenceLoss", "PoissonLoss"),
    "losses.margins": ("HingeLoss", "SquaredHingeLoss"),
    "losses.robust": ("GenericLossFunction", "HuberLoss", "MSLELoss"),
    "nn.adaptive": ("adaptive_lpnormpool", "adaptive_maxpool", "adaptive_meanpool"),
    "nn.attention": (
        "dot_product_attention", "dot_product_attention_scores", "make_causal_mask", "scaled_dot_product_attention",
    ),
    "nn.convolution": ("conv", "conv_transpose"),
    "nn.ctc": ("ctc_loss",),
    "nn.folding": ("fold", "unfold"),
    "nn.gated": ("glu", "rrelu"),
    "nn.gathering": ("gather", "scatter"),
    "nn.normalisation": ("batchnorm", "groupnorm", "instancenorm", "layernorm", "rmsnorm"),
    "nn.padding": ("pad_circular", "pad_constant", "pad_reflect", "pad_repeat", "pad_symmetric", "pad_zeros"),
    "nn.pooling": ("lpnormpool", "maxpool", "meanpool"),
    "nn.positions": ("apply_rotary_embedding", "compute_rotary_embedding_params"),
    "nn.products": ("bilinear",),
    "nn.resizing": ("pixel_shuffle", "upsample_bilinear", "upsample_linear", "upsample_nearest", "upsample_trilinear"),
    "nn.sampling": ("grid_sample",),
    "precision": ("bf16", "f16", "f32", "f64", "match_eltype"),
    "recursive": ("recursive_add", "recursive_copy", "recursive_eltype", "recursive_make_zero", "recursive_map"),
    "saving": ("load", "save"),
    "schedules": (),
    "transforms.checkpoint": ("checkpoint", "stop_gradient"),
    "transforms.custom": ("custom_jvp", "custom_vjp"),
    "transforms.jacobians": ("hessian", "hvp", "jacobian"),
    "transforms.mapping": ("vmap",),
}
__getattr__ = loader(__name__, _CHAPTERS)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "AbstractLuxContainerLayer", "AbstractLuxLayer", "AbstractLuxWrapperLayer", "AbstractRecurrentCell",
    "AdaptiveLPPool", "AdaptiveMaxPool", "AdaptiveMeanPool", "AlphaDropout", "AlternatePrecision", "AutoDual",
    "AutoTape", "BatchLastIndex", "BatchNorm", "BidirectionalRNN", "Bilinear", "BinaryCrossEntropyLoss",
    "BinaryFocalLoss", "BranchLayer", "CPUDevice", "CUDADevice", "Chain", "CompactLuxLayer", "ComponentArray", "Conv",
    "ConvTranspose", "CrossEntropyLoss", "DataLoader", "DebugLayer", "Dense", "DeviceIterator", "DiceCoeffLoss",
    "Dropout", "Embedding", "FlattenLayer", "FocalLoss", "FrozenLayer", "GRUCell", "GenericLossFunction",
    "GlobalLPPool", "GlobalMaxPool", "GlobalMeanPool", "GroupNorm", "HingeLoss", "HuberLoss", "InstanceNorm",
    "KLDivergenceLoss", "L1Loss", "L2Loss", "LPPool", "LSTMCell", "LayerNorm", "MAELoss", "MSELoss", "MSLELoss",
    "MaxPool", "Maxout", "MeanPool", "MultiHeadAttention", "NoOpLayer", "PairwiseFusion", "Parallel", "PixelShuffle",
    "PoissonLoss", "RMSNorm", "RNNCell", "Recurrence", "RepeatedLayer", "ReshapeLayer", "ReverseSequence",
    "RotaryPositionalEmbedding", "SamePad", "Scale", "SelectDim", "SiameseContrastiveLoss",
    "SinusoidalPositionalEmbedding", "SkipConnection", "SquaredHingeLoss", "StatefulLuxLayer", "StatefulRecurrentCell",
    "TimeLastIndex", "Upsample", "VariationalHiddenDropout", "WeightNorm", "WrappedFunction", "adaptive_lpnormpool",
    "adaptive_maxpool", "adaptive_meanpool", "apply", "apply_rotary_embedding", "array_namespace", "batched_jacobian",
    "batchnorm", "bf16", "bilinear", "celu", "checkpoint", "compact", "compute_rotary_embedding_params", "constant",
    "contains_lux_layer", "conv", "conv_transpose", "cpu_device", "ctc_loss", "custom_jvp", "custom_vjp", "debug_mode",
    "debug_nans", "default_device_rng", "display_name", "dot_product_attention", "dot_product_attention_scores",
    "draw_tape", "elu", "experimental", "export_onnx", "f16", "f32", "f64", "fold", "freeze", "from_torch",
    "functional", "gather", "gelu", "gelu_erf", "gelu_sigmoid", "gelu_tanh", "get_device", "get_device_type", "glu",
    "gpu_device", "grad", "grid_sample", "groupnorm", "hardsigmoid", "hardswish", "hardtanh", "hessian", "hvp",
    "identity", "init_fn", "initializers", "initialparameters", "initialstates", "instancenorm", "istraining",
    "jacobian", "jacobian_vector_product", "jvp", "layer_map", "layernorm", "leakyrelu", "lisht", "load", "loaded",
    "log_softmax", "logcosh", "logsigmoid", "logsoftmax", "logsumexp", "lpnormpool", "make_causal_mask",
    "match_eltype", "maxpool", "meanpool", "mish", "nn", "non_trainable", "optimisers", "outputsize", "pad_circular",
    "pad_constant", "pad_reflect", "pad_repeat", "pad_symmetric", "pad_zeros", "parameterlength", "pixel_shuffle",
    "print_tape", "protocols", "random", "recursive_add", "recursive_copy", "recursive_eltype", "recursive_make_zero",
    "recursive_map", "relu", "relu6", "replicate", "rmsnorm", "rrelu", "save", "scaled_dot_product_attention",
    "scatter", "schedules", "selu", "set_device", "setup", "share_parameters", "sigmoid", "sigmoid_fast", "softmax",
    "softplus", "softshrink", "softsign", "statelength", "stateless_apply", "stop_gradient", "supported_gpu_backends",
    "swish", "tanh", "tanh_fast", "tanhshrink", "testing", "testmode", "thresholdrelu", "to_torch", "training",
    "trainmode", "tree", "trelu", "unfold", "unfreeze", "update_state", "upsample_bilinear", "upsample_linear",
    "upsample_nearest", "upsample_trilinear", "value_and_grad", "vector_jacobian_product", "versioninfo", "vjp",
    "vmap", "with_state",
]
