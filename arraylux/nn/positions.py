"""Positions as numbers that a network can read: waves of many lengths, and rotations by them.

Attention sees a set of tokens; their order has to be told. A sinusoidal embedding tells a position by sine and cosine
of its products with frequencies from high to low, as the digits of a clock do. A rotary embedding turns each pair of
features by such an angle, so that the inner product of a query and a key depends on their distance alone.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library
from ..rules.elementwise import astype, cos, sin
from ..rules.pairs import add, multiply, subtract
from ..rules.shaping import concat, expand_dims, reshape
from ..tracer.core import Form, Primitive
from ..tracer.fitting import add_tangents, fit, fit_tangent, times, zeros_like
from .gathering import gather


def sinusoidal_embedding(x: Any, sigmas: Any, scale: float) -> Any:
    """Sine and cosine of a number times many frequencies.

    Arguments: `x`, an array of any shape; `sigmas` (n,), the frequencies, in radians; `scale`, the amplitude.

    Returns: an array (*x.shape, 2 n), scale * [sin(x sigmas), cos(x sigmas)].

    >>> sinusoidal_embedding(np.array([0.0, 1.0]), np.array([np.pi / 2, 0.0]), 1.0).round(3)
    array([[0., 0., 1., 1.],
           [1., 0., 0., 1.]])
    """
    angles = multiply(expand_dims(x, -1), sigmas)
    return multiply(concat([sin(angles), cos(angles)], axis=-1), scale)


# --- rotation of pairs ------------------------------------------------------------------------------------------------
# Feature i and feature i + d/2 are the two coordinates of a point, which is turned by an angle (cosine c, sine s).
def _run_rotate(x: Any, c: Any, s: Any) -> Any:
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return library(x).concat([a * c - b * s, b * c + a * s], axis=-1)


def _np_rotate(x: Any, c: Any, s: Any) -> Any:
    if not type(x) is type(c) is type(s) is np.ndarray:
        return _run_rotate(x, c, s)
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    shape = np.broadcast_shapes(a.shape, c.shape, s.shape)
    y = np.empty((*shape[:-1], 2 * half), np.result_type(x, c, s))
    np.multiply(a, c, out=y[..., :half])
    y[..., :half] -= b * s
    np.multiply(b, c, out=y[..., half:])
    y[..., half:] += a * s
    return y


class _Rotate(Primitive):
    """The rotation: linear in x, and in cosine and sine together, which broadcast with a half of x."""

    __slots__ = ()

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        x, c, s = args
        return None, (Form(x) if parents[1] < 0 and parents[2] < 0 else x, c, s)

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (x, c, s), (t_x, t_c, t_s) = args, tangents
        parts = [None if t_x is None else self(t_x, c, s)]
        if t_c is not None or t_s is not None:
            parts.append(self(x, zeros_like(c) if t_c is None else t_c, zeros_like(s) if t_s is None else t_s))
        return fit_tangent(add_tangents(parts), y)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        x, c, s = args
        found = [fit(self(g, c, -s), x) if parents[0] >= 0 else None, None, None]
        if parents[1] >= 0 or parents[2] >= 0:
            half = x.shape[-1] // 2
            a, b, u, v = x[..., :half], x[..., half:], g[..., :half], g[..., half:]
            found[1:] = fit(add(times(u, a), times(v, b)), c), fit(subtract(times(v, a), times(u, b)), s)
        return found


rotate = _Rotate("rotate_pairs", run=_run_rotate, numpy=_np_rotate)


def compute_rotary_embedding_params(head_dim: int, max_sequence_length: int, *, base: float = 10_000.0,
                                    dtype: Any = np.float32, low_memory_variant: bool = True) -> dict[str, Any]:
    """Cosine and sine of the angles of a rotary embedding, for all positions.

    Arguments: `head_dim`, the number of features, even; `max_sequence_length`, the number of positions; `base`: the
    angle of pair i at position p is p base^(-2 i / head_dim); `low_memory_variant`, whether each angle is there once,
    and not once for each feature of its pair.

    Returns: a dict with `cos_cache` and `sin_cache`, NumPy arrays (max_sequence_length, head_dim / 2), or
    (max_sequence_length, head_dim) without low_memory_variant.

    Errors: ValueError if head_dim is odd or not positive, or max_sequence_length not positive.

    Source: J. Su et al., "RoFormer: enhanced transformer with rotary position embedding", arXiv:2104.09864, sec. 3.2.

    >>> compute_rotary_embedding_params(4, 2)["cos_cache"].round(3)
    array([[1.  , 1.  ],
           [0.54, 1.  ]], dtype=float32)
    """
    for name, n in (("head_dim", head_dim), ("max_sequence_length", max_sequence_length)):
        if n < 1 or (name == "head_dim" and n % 2):
            even = "an even positive" if name == "head_dim" else "a positive"
            raise ValueError(f"compute_rotary_embedding_params: {name} must be {even} integer, got {n}")
    theta = float(base) ** (-np.arange(0, head_dim, 2) / head_dim)
    angles = np.outer(np.arange(max_sequence_length), theta)
    if not low_memory_variant:
        angles = np.concatenate([angles, angles], axis=1)
    return {"cos_cache": np.cos(angles).astype(dtype), "sin_cache": np.sin(angles).astype(dtype)}


def apply_rotary_embedding(x: Any, cos_cache: Any, sin_cache: Any, *, positions: Any = None,
                           seq_dim: int = -3) -> Any:
    """Turn each pair of features by an angle that grows with the position.

    Arguments:
        x: (batch, tokens, heads, features): queries or keys; feature i makes a pair with feature i + features / 2.
        cos_cache, sin_cache: as `compute_rotary_embedding_params` makes them.
        positions: integers (tokens,) or (batch, tokens), where each token stands; 0, 1, 2, ... unless given.
        seq_dim: the axis of the tokens; -2 for x (batch, heads, tokens, features).

    Returns: an array of the shape and dtype of x.

    Errors: ValueError if the features of x and of the caches differ, x has more tokens than they have positions, or a
    position is outside of them; TypeError if x is not real floating-point, or positions are no integers.

    Source: J. Su et al., "RoFormer: enhanced transformer with rotary position embedding", arXiv:2104.09864, eq. 34,
    with the pairs (i, i + d/2) of GPT-NeoX and Lux in place of (2i, 2i + 1).

    >>> params = compute_rotary_embedding_params(2, 3, base=1.0)
    >>> x = np.ones((3, 1, 1)) * np.array([1.0, 0.0])
    >>> apply_rotary_embedding(x, **params)[:, 0].round(3)
    array([[ 1.   ,  0.   ],
           [ 0.54 ,  0.841],
           [-0.416,  0.909]])
    """
    name, shape = "apply_rotary_embedding", tuple(x.shape)
    if kind(x.dtype) != "f":
        raise TypeError(f"{name}: x has dtype {x.dtype}, expected a real floating-point one; convert it, as with "
                        "x.astype('float32')")
    seq_dim -= len(shape) if seq_dim >= 0 else 0
    if not -len(shape) <= seq_dim <= -2:
        raise ValueError(f"{name}: x of shape {shape} has no axis {seq_dim} before its features for the tokens; choose "
                         "seq_dim among its axes")
    half = shape[-1] // 2
    if shape[-1] % 2 or cos_cache.shape != sin_cache.shape or cos_cache.shape[-1] not in (half, 2 * half):
        raise ValueError(f"{name}: for x of shape {shape} the caches must have the shape (positions, {half}), got "
                         f"{tuple(cos_cache.shape)} and {tuple(sin_cache.shape)}; compute_rotary_embedding_params "
                         "makes them for an even number of features")
    tokens, known = shape[seq_dim], cos_cache.shape[0]
    if positions is None and tokens > known:
        raise ValueError(f"{name}: x of shape {shape} has {tokens} tokens, the caches {known} positions; make them for "
                         "a larger max_sequence_length")
    if positions is not None and tuple(positions.shape) not in ((tokens,), (*shape[:seq_dim], tokens)):
        raise ValueError(f"{name}: positions must have the shape {(tokens,)} or {(*shape[:seq_dim], tokens)} to go "
                         f"with x of shape {shape}, got {tuple(positions.shape)}")
    parts = []
    for cache in (cos_cache, sin_cache):
        angles = cache[:tokens, :half] if positions is None else gather(cache[:, :half], positions)
        angles = reshape(angles, (*angles.shape[:-1], *(1,) * (-seq_dim - 2), half))
        parts.append(angles if angles.dtype == x.dtype else astype(angles, dtype=x.dtype))
    return rotate(x, *parts)


__all__ = ["apply_rotary_embedding", "compute_rotary_embedding_params", "rotate", "sinusoidal_embedding"]
