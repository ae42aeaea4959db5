"""Activation functions: what a network puts between its linear maps, so that it is more than one linear map.

They fall into two families. The first bends a straight line: relu and what is made of it, cheap, with a corner or
two. At a corner the derivative is that of the flatter side, so relu'(0) = 0. The second is smooth, made of
exponentials. All work on each element by itself, keep the dtype, hand NaN on, and overflow nowhere.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import library
from ..rules.elementwise import abs, astype, expm1
from ..rules.elementwise import tanh as _tanh
from ..rules.pairs import clip, where
from ..rules.special import log_softmax, logsumexp, softmax
from ..tracer.declare import Unary
from . import smooth


def identity(x: Any) -> Any:
    """Return x itself."""
    return x


# --- bent lines ---------------------------------------------------------------------------------------------------
# A line is the sum of its two halves, max(x, 0) and min(x, 0); their derivatives at 0 are 0 and 1, a line's sum to 1.
_positive = Unary("relu", lambda y, x: astype(y > 0, dtype=y.dtype), keeps="y",
                  run=lambda x: library(x).maximum(x, library(x).zeros_like(x)), numpy=lambda x: np.maximum(x, 0))
_negative = Unary("negative_part", lambda y, x: astype(x <= 0, dtype=x.dtype),
                  run=lambda x: library(x).minimum(x, library(x).zeros_like(x)), numpy=lambda x: np.minimum(x, 0))


def _between(low: float, high: float) -> Any:
    return lambda y, x: astype((y > low) & (y < high), dtype=y.dtype)


_relu6 = Unary("relu6", _between(0, 6), keeps="y", run=lambda x: library(x).clip(x, 0, 6))
_hardtanh = Unary("hardtanh", _between(-1, 1), keeps="y", run=lambda x: library(x).clip(x, -1, 1))


def relu(x: Any) -> Any:
    """Rectified linear unit, max(0, x).

    Source: V. Nair, G. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    return _positive(x)


def relu6(x: Any) -> Any:
    """Relu with a ceiling, min(max(0, x), 6).

    Source: A. Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """
    return _relu6(x)


def leakyrelu(x: Any, a: float = 0.01) -> Any:
    """Relu with a slope below zero: x where x > 0, else a x.

    Source: A. Maas, A. Hannun, A. Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.

    >>> leakyrelu(np.array([-2.0, 3.0]), a=0.5)
    array([-1.,  3.])
    """
    return _positive(x) + a * _negative(x)


def trelu(x: Any, theta: float = 1.0) -> Any:
    """Thresholded relu: x where x > theta, else 0.

    Source: K. Konda, R. Memisevic, D. Krueger, "Zero-bias autoencoders and the benefits of co-adapting features",
    ICLR 2015.
    """
    return where(x <= theta, 0, x)


thresholdrelu = trelu


def hardtanh(x: Any) -> Any:
    """A bent line in the place of tanh: x limited to [-1, 1].

    Source: R. Collobert, "Large scale machine learning", 2004.
    """
    return _hardtanh(x)


def hardsigmoid(x: Any) -> Any:
    """A bent line in the place of sigmoid: (x + 3) / 6 limited to [0, 1].

    Source: M. Courbariaux, Y. Bengio, J.-P. David, "BinaryConnect", NeurIPS 2015, with the slope 1/6 of MobileNetV3.

    >>> hardsigmoid(np.array([-3.0, 0.0, 1.5, 4.0]))
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    return _relu6(x + 3) / 6


def hardswish(x: Any) -> Any:
    """Swish made of bent lines, x hardsigmoid(x).

    Source: A. Howard et al., "Searching for MobileNetV3", ICCV 2019.
    """
    return x * hardsigmoid(x)


def softshrink(x: Any, lambd: float = 0.5) -> Any:
    """Move x towards zero by lambd, and to zero what is nearer: sign(x) max(|x| - lambd, 0).

    Source: D. Donoho, "De-noising by soft-thresholding", IEEE Trans. Inf. Theory 41 (1995).

    >>> softshrink(np.array([-2.0, 0.25, 1.0]))
    array([-1.5,  0. ,  0.5])
    """
    return x - clip(x, -lambd, lambd)


# --- exponentials below zero --------------------------------------------------------------------------------------
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: x where x > 0, else alpha (e^x - 1).

    Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential
    linear units", ICLR 2016.
    """
    return _positive(x) + alpha * expm1(_negative(x))


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Elu with a continuous derivative for every alpha: x where x > 0, else alpha (e^(x / alpha) - 1).

    Source: J. Barron, "Continuously differentiable exponential linear units", arXiv:1704.07483.
    """
    return _positive(x) + alpha * expm1(_negative(x) / alpha)


_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772


def selu(x: Any) -> Any:
    """Scaled elu, lambda elu(x, alpha), which draws activations towards mean 0 and variance 1.

    Source: G. Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


# --- smooth curves ------------------------------------------------------------------------------------------------
def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return _tanh(x)


def sigmoid(x: Any) -> Any:
    """Logistic function, 1 / (1 + e^-x).

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return smooth.sigmoid(x)


def softplus(x: Any) -> Any:
    """A smooth relu, log(1 + e^x).

    Source: C. Dugas et al., "Incorporating second-order functional knowledge for better option pricing", NeurIPS 2000.
    """
    return smooth.softplus(x)


def logsigmoid(x: Any) -> Any:
    """Logarithm of the sigmoid, -softplus(-x)."""
    return -smooth.softplus(-x)


def swish(x: Any) -> Any:
    """Sigmoid-weighted line, x sigmoid(x), also called SiLU.

    Source: P. Ramachandran, B. Zoph, Q. Le, "Searching for activation functions", arXiv:1710.05941.
    """
    return smooth.swish(x)


def gelu(x: Any) -> Any:
    """Gaussian error linear unit by its tanh formula, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).

    It differs from `gelu_erf` by at most 5e-4.

    Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", arXiv:1606.08415, section 2.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    return smooth.gelu(x)


gelu_tanh = gelu
gelu_sigmoid = gelu                                 # x sigmoid(2 u) is x/2 (1 + tanh(u))


def gelu_erf(x: Any) -> Any:
    """Gaussian error linear unit, x P(z < x) for a standard normal z.

    Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", arXiv:1606.08415.
    """
    return smooth.gelu_erf(x)


def mish(x: Any) -> Any:
    """x tanh(softplus(x)).

    Source: D. Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
    """
    return x * _tanh(smooth.softplus(x))


def lisht(x: Any) -> Any:
    """x tanh(x).

    Source: S. Roy et al., "LiSHT: non-parametric linearly scaled hyperbolic tangent", arXiv:1901.05894.
    """
    return x * _tanh(x)


def softsign(x: Any) -> Any:
    """x / (1 + |x|).

    Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.
    """
    return x / (1 + abs(x))


def tanhshrink(x: Any) -> Any:
    """x - tanh(x)."""
    return x - _tanh(x)


def logcosh(x: Any) -> Any:
    """Logarithm of the hyperbolic cosine, |x| + log(1 + e^(-2 |x|)) - log 2."""
    return smooth.logcosh(x)


# NNlib's quick versions, and its spelling: here the functions are quick as they are.
tanh_fast = tanh
sigmoid_fast = sigmoid
logsoftmax = log_softmax


__all__ = ["celu", "elu", "gelu", "gelu_erf", "gelu_sigmoid", "gelu_tanh", "hardsigmoid", "hardswish",
           "hardtanh", "identity", "leakyrelu", "lisht", "log_softmax", "logcosh", "logsigmoid", "logsoftmax",
           "logsumexp", "mish", "relu", "relu6", "selu", "sigmoid", "sigmoid_fast", "softmax", "softplus",
           "softshrink", "softsign", "swish", "tanh", "tanh_fast", "tanhshrink", "thresholdrelu", "trelu"]
