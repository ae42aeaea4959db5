"""Initialisers with a pattern: orthogonal, sparse and identity matrices.

These do more than choose a spread. An orthogonal matrix keeps the length of every vector, through as many
layers as there are; the identity lets a new layer begin as if it were not there; a sparse matrix gives each
input only a few outputs to feed, however wide the layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .draw import Shape, initializer, normal, uniform


@initializer
def orthogonal(rng: Any, shape: Shape, *, dtype: Any = np.float32, gain: float = 1.0) -> Any:
    """Draw a matrix with orthonormal rows or columns, whichever are fewer, uniform among all such matrices.

    Arguments:
        rng: numpy.random.Generator or Xoshiro.
        shape: (out, in), or (out, in, *kernel), which is drawn as a matrix (out, in * kernel).
        dtype: float16, float32, float64, complex64 or complex128.
        gain: factor for the matrix.

    Returns:
        NumPy array of that shape and dtype.

    Errors:
        TypeError: ``rng`` is no generator. ValueError: the shape has fewer than 2 axes.

    Source:
        A. Saxe, J. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
        linear neural networks", ICLR 2014; the signs after F. Mezzadri, Notices AMS 54 (2007), sec. 5.

    >>> w = orthogonal(np.random.default_rng(0), (2, 5), dtype=np.float64)
    >>> bool(np.allclose(w @ w.T, np.eye(2)))
    True
    """
    if len(shape) < 2:
        raise ValueError(f"orthogonal needs a shape of at least 2 axes, but got {shape}; "
                         "for a vector use randn32")
    rows, columns = shape[0], math.prod(shape[1:])
    tall = normal(rng, (max(rows, columns), min(rows, columns)), np.result_type(dtype, np.float32))
    q, r = np.linalg.qr(tall)
    # QR is unique up to the signs (phases) of R's diagonal. Left to the library, they would depend on how it
    # reflects; taken out, Q is uniformly distributed.
    diagonal = np.diagonal(r)
    q = q * (diagonal / np.abs(diagonal))
    matrix = q if rows >= columns else q.T
    return np.ascontiguousarray(gain * matrix).reshape(shape).astype(dtype, copy=False)


@initializer
def sparse_init(rng: Any, shape: Shape, *, sparsity: float, std: float = 0.01,
                dtype: Any = np.float32) -> Any:
    """Draw from N(0, std^2), then set a given part of every column to zero.

    Arguments:
        rng: numpy.random.Generator or Xoshiro.
        shape: (out, in).
        sparsity: part of each column that is zero, 0 to 1; rounded up to whole elements.
        std: standard deviation of the others.
        dtype: float16, float32, float64, complex64 or complex128.

    Returns:
        NumPy array of that shape and dtype.

    Errors:
        TypeError: ``rng`` is no generator, no sparsity is given. ValueError: the shape has not 2 axes, the
        sparsity is not in [0, 1], std is negative.

    Source:
        J. Martens, "Deep learning via Hessian-free optimization", ICML 2010.

    >>> w = sparse_init(np.random.default_rng(0), (10, 4), sparsity=0.75)
    >>> (w == 0).sum(axis=0)
    array([8, 8, 8, 8])
    """
    if len(shape) != 2:
        raise ValueError(f"sparse_init needs a shape (out, in), but got {shape}; reshape the matrix it gives")
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must be from 0 to 1, but got {sparsity}; it is the part that is zero")
    if not std >= 0:
        raise ValueError(f"std must not be negative, but got {std}; it is a standard deviation")
    weight = normal(rng, shape, dtype) * std
    ranks = np.argsort(uniform(rng, shape, np.float64), axis=0)  # in each column 0, 1, ... in random order
    weight[ranks < math.ceil(sparsity * shape[0])] = 0
    return weight.astype(dtype, copy=False)


@initializer
def identity_init(rng: Any, shape: Shape, *, dtype: Any = np.float32, gain: float = 1.0,
                  shift: int | Sequence[int] = 0) -> Any:
    """Return the weight of a layer that passes its input on: gain times the identity.

    Of a dense weight that is the identity matrix, of a convolution's the identity at the kernel's centre
    tap, k // 2 of k taps (what ``SamePad`` centres on), and zeros of a vector, a bias. If input and output
    differ in number, the surplus ones are zero.

    Arguments:
        rng: not used.
        shape: (n,), (out, in) or (out, in / groups, *kernel).
        dtype: float16, float32, float64, complex64 or complex128.
        gain: factor for the identity.
        shift: how far to roll the array along the first axis, or a tuple: along each of the first axes.

    Returns:
        NumPy array of that shape and dtype.

    Errors:
        ValueError: the shift has more numbers than the shape axes.

    Source:
        Q. Le, N. Jaitly, G. Hinton, "A simple way to initialize recurrent networks of rectified linear
        units", arXiv:1504.00941 (2015).

    >>> identity_init(None, (2, 3), shift=(0, 1))
    array([[0., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    shifts = (shift,) if isinstance(shift, int) else tuple(shift)
    if len(shifts) > len(shape):
        raise ValueError(f"shift must have at most a number for each axis of {shape}, but got {shift}")
    weight = np.zeros(shape, dtype=dtype)
    if len(shape) >= 2:
        diagonal = np.arange(min(shape[:2]))
        centre: tuple[Any, ...] = tuple(taps // 2 for taps in shape[2:])
        weight[(diagonal, diagonal, *centre)] = gain
    return np.roll(weight, shifts, axis=tuple(range(len(shifts))))
