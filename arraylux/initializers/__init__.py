"""Initialisers: the numbers that a network's weights start from.

A layer of n inputs adds n products, so with weights of a fixed size its output grows like sqrt(n), and after
some layers has overflowed or vanished. Most initialisers therefore choose the spread of the weights by the
number of inputs (fan in) or outputs (fan out), so that signals or gradients keep their size.

All have one form, ``f(rng, shape, *, dtype=float32, ...)``: the generator is a ``numpy.random.Generator`` or
an ``arraylux.random.Xoshiro``, the result a NumPy array. Called with keywords only, they return a function of
``(rng, shape)`` with those settings, which is what a layer takes: ``kaiming_uniform(gain=1.0)``.

The chapters: ``draw`` has what all share, ``spread`` the initialisers by fan in and out, ``truncated`` the
normal distribution cut off, ``structured`` matrices with a pattern, ``plain`` zeros, ones and raw draws.
"""

from .draw import fans
from .plain import (
    ones16,
    ones32,
    ones64,
    onesC32,
    onesC64,
    rand16,
    rand32,
    rand64,
    randC32,
    randC64,
    randn16,
    randn32,
    randn64,
    randnC32,
    randnC64,
    zeros16,
    zeros32,
    zeros64,
    zerosC32,
    zerosC64,
)
from .spread import (
    calculate_gain,
    glorot_normal,
    glorot_uniform,
    kaiming_normal,
    kaiming_uniform,
    uniform_bias,
)
from .structured import identity_init, orthogonal, sparse_init
from .truncated import truncated_normal

__all__ = [
    "calculate_gain",
    "fans",
    "glorot_normal",
    "glorot_uniform",
    "identity_init",
    "kaiming_normal",
    "kaiming_uniform",
    "ones16",
    "ones32",
    "ones64",
    "onesC32",
    "onesC64",
    "orthogonal",
    "rand16",
    "rand32",
    "rand64",
    "randC32",
    "randC64",
    "randn16",
    "randn32",
    "randn64",
    "randnC32",
    "randnC64",
    "sparse_init",
    "truncated_normal",
    "uniform_bias",
    "zeros16",
    "zeros32",
    "zeros64",
    "zerosC32",
    "zerosC64",
]
