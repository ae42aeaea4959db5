"""The bilinear form of two inputs: every output a weighted sum of all products of a number of one and one of the other.

There are as many products as there are weights for one output, so they are not summed one by one. Either they are all
written out, and the sum is a dense layer of them; or the weights meet the first input in one large matrix product, and
the second input that product. What is made on the way has in1 * in2 numbers for each sample, or out * in2: the way with
fewer of them is taken.
"""
from __future__ import annotations

import math
from typing import Any

from ..rules.pairs import add, multiply
from ..rules.products import matmul
from ..rules.shaping import expand_dims, permute_dims, reshape
from .dense import dense


def bilinear(x: Any, y: Any, weight: Any, bias: Any = None) -> Any:
    """Bilinear form of the last axes, z[o] = sum over i, j of x[i] weight[o, i, j] y[j], plus bias[o].

    Arguments: `x` (..., in1); `y` (..., in2), with the same leading axes; `weight` (out, in1, in2); `bias` (out,) or
    `None`.

    Returns: an array (..., out) of the arguments' common dtype.

    Errors: ValueError if the shapes do not fit together.

    >>> import numpy as np
    >>> bilinear(np.array([[1.0, 2.0]]), np.array([[3.0]]), np.array([[[1.0], [1.0]], [[0.0], [-1.0]]]))
    array([[ 9., -6.]])
    """
    lead, (out, n, m) = tuple(x.shape[:-1]), _sizes(x, y, weight, bias)
    rows = math.prod(lead)
    if n <= out:
        x, y = reshape(x, (rows, n)), reshape(y, (rows, m))
        pairs = reshape(multiply(expand_dims(x, -1), expand_dims(y, -2)), (rows, n * m))
        flat = reshape(weight, (out, n * m))
        z = dense(pairs, flat) if bias is None else dense(pairs, flat, bias)
    else:
        halves = reshape(matmul(reshape(x, (rows, n)), reshape(permute_dims(weight, (1, 0, 2)), (n, out * m))),
                         (rows, out, m))
        z = reshape(matmul(halves, reshape(y, (rows, m, 1))), (rows, out))
        z = z if bias is None else add(z, bias)
    return reshape(z, (*lead, out))


def _sizes(x: Any, y: Any, weight: Any, bias: Any) -> tuple[int, int, int]:
    shape = tuple(weight.shape)
    if (len(shape) != 3 or tuple(x.shape[-1:]) != shape[1:2] or tuple(y.shape[-1:]) != shape[2:]
            or tuple(x.shape[:-1]) != tuple(y.shape[:-1])):
        raise ValueError(f"bilinear: x {tuple(x.shape)} and y {tuple(y.shape)} must have the same axes but for the "
                         f"last, and there the second and third length of weight {shape}, which is (out, in1, in2); "
                         "reshape them")
    if bias is not None and tuple(bias.shape) != shape[:1]:
        raise ValueError(f"bilinear: bias must have the shape {shape[:1]} to go with a weight of shape {shape}, got "
                         f"{tuple(bias.shape)}; reshape it")
    return shape[0], shape[1], shape[2]


__all__ = ["bilinear"]
