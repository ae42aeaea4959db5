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
from .layers import Chain as Chain
from .layers import Dense as Dense
from .layers import Dropout as Dropout
from .layers import FlattenLayer as FlattenLayer
from .layers import NoOpLayer as NoOpLayer
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
from .nn import mish as mish
from .nn import relu as relu
from .nn import relu6 as relu6
from .nn import selu as selu
from .nn import sigmoid as sigmoid
from .nn import softmax as softmax
from .nn import softplus as softplus
from .nn import softshrink as softshrink
from .nn import softsign as softsign
from .nn import swish as swish
from .nn import tanh as tanh
from .nn import tanhshrink as tanhshrink
from .nn import trelu as trelu
from .random import replicate as replicate
from .saving import load as load
from .saving import save as save
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

# Where those names are: an import of everything would take several times as long as that of NumPy.
_LATE = {
    "debug_nans": "debugging",
    "draw_tape": "debugging",
    "print_tape": "debugging",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'arraylux' has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _LATE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
