"""Attention: every position gathers from all others, by weights that say how well they match.

A query q is compared with the keys k of all positions by their inner products, scaled; the softmax of these scores are
weights, and the result is the mean of the values v under them. Done h times side by side in features of their own it
has h heads. Arrays have the axes (batch, tokens, heads, features), so a projection to all heads is split by a mere
reshape, and scores (batch, heads, queries, keys); any number of batch axes will do.

Source: A. Vaswani et al., "Attention is all you need", NIPS 2017, section 3.2.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..backend import kind
from ..rules.pairs import where
from ..rules.shaping import broadcast_to, expand_dims, reshape
from ..tracer.core import home
from .activations import identity
from .heads import attention_weights, weighted_values


def make_causal_mask(x: Any, dims: int = -2) -> Any:
    """Make the mask that lets each position see itself and those before it.

    Arguments: `x`, an array with the sequence along the axis `dims`: the last but one of (batch, tokens, features).

    Returns: a boolean array (tokens, tokens), on the device of x, with `True` where the key's position (its column) is
    not after that of the query (its row).

    Errors: ValueError if x has no such axis.

    >>> import numpy as np
    >>> make_causal_mask(np.zeros((1, 3, 8))).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    if not -len(x.shape) <= dims < len(x.shape):
        raise ValueError(f"make_causal_mask: x of shape {tuple(x.shape)} has no axis {dims}; name the axis of the "
                         "sequence by dims=")
    return _causal(x, x.shape[dims], x.shape[dims])


def _causal(like: Any, queries: int, keys: int) -> Any:
    xp, device = home(like)
    return xp.arange(queries, device=device)[:, None] >= xp.arange(keys, device=device)[None, :]


def scaled_dot_product_attention(q: Any, k: Any, v: Any, *, mask: Any = None, bias: Any = None,
                                 is_causal: bool = False, scale: float | None = None,
                                 fdrop: Callable[[Any], Any] = identity) -> tuple[Any, Any]:
    """Attention: the mean of the values under softmax(scale q k^T + bias).

    Arguments:
        q: queries (batch, q_tokens, heads, features).
        k: keys (batch, kv_tokens, kv_heads, features). The number of heads of q may be a multiple of kv_heads; each
            head of k and v then serves a group of neighbouring heads of q.
        v: values (batch, kv_tokens, kv_heads, v_features).
        mask: a boolean array that broadcasts with (batch, heads, q_tokens, kv_tokens): `True` where a query may look.
            A query that may look nowhere gets zeros.
        bias: numbers to add to the scores, of such a shape.
        is_causal: whether a query sees only keys up to its own position; not together with a mask.
        scale: the factor of q k^T, 1 / sqrt(features) unless given.
        fdrop: a function of the weights, such as dropout.

    There may be any number of batch axes, or none.

    Returns: `(y, weights)`, of shapes (batch, q_tokens, heads, v_features) and (batch, heads, q_tokens, kv_tokens).

    Errors: ValueError for shapes that do not fit together, or a mask together with is_causal; TypeError for arrays that
    are not real floating-point, or a mask that is not boolean.

    Source: A. Vaswani et al., "Attention is all you need", NIPS 2017, equation 1; for groups of heads J. Ainslie et
    al., "GQA: training generalized multi-query transformer models from multi-head checkpoints", EMNLP 2023.

    >>> import numpy as np
    >>> q, k = np.zeros((1, 2, 1, 4)), np.zeros((1, 3, 1, 4))
    >>> v = np.array([[1.0, 10.0], [2.0, 20.0], [6.0, 60.0]])[None, :, None, :]
    >>> y, weights = scaled_dot_product_attention(q, k, v)
    >>> y[0, :, 0]
    array([[ 3., 30.],
           [ 3., 30.]])
    """
    _check("scaled_dot_product_attention", q, k, v, mask, bias, is_causal)
    weights = fdrop(_weights(q, k, bias, mask, is_causal, scale))
    return weighted_values(weights, _repeated(v, q.shape[-2] // v.shape[-2])), weights


def dot_product_attention_scores(q: Any, k: Any, bias: Any = None, *, mask: Any = None, is_causal: bool = False,
                                 scale: float | None = None, fdrop: Callable[[Any], Any] = identity) -> Any:
    """The weights of attention, softmax(scale q k^T + bias).

    Arguments, errors: as for `scaled_dot_product_attention`.

    Returns: an array (batch, heads, q_tokens, kv_tokens), whose last axis sums to 1 (before fdrop).

    >>> import numpy as np
    >>> q = np.array([0.0, 2.0])[:, None, None]
    >>> dot_product_attention_scores(q, q, is_causal=True).round(3)
    array([[[1.   , 0.   ],
            [0.018, 0.982]]])
    """
    _check("dot_product_attention_scores", q, k, None, mask, bias, is_causal)
    return fdrop(_weights(q, k, bias, mask, is_causal, scale))


def dot_product_attention(q: Any, k: Any, v: Any, bias: Any = None, *, nheads: int = 1, mask: Any = None,
                          is_causal: bool = False, fdrop: Callable[[Any], Any] = identity) -> tuple[Any, Any]:
    """Attention with the features of all heads beside one another, as projections give them.

    Arguments: `q` (batch, q_tokens, nheads * features), `k` (batch, kv_tokens, nheads * features), `v` (batch,
    kv_tokens, nheads * v_features), with any number of batch axes; the others as for `scaled_dot_product_attention`.

    Returns: `(y, weights)`, of shapes (batch, q_tokens, nheads * v_features) and (batch, nheads, q_tokens, kv_tokens).

    Errors: ValueError if nheads does not divide the features; others as for `scaled_dot_product_attention`.

    >>> import numpy as np
    >>> x = np.ones((2, 5, 6))
    >>> y, weights = dot_product_attention(x, x, x, nheads=3)
    >>> y.shape, weights.shape
    ((2, 5, 6), (2, 3, 5, 5))
    """
    for name, x in (("q", q), ("k", k), ("v", v)):
        if len(x.shape) < 2 or nheads < 1 or x.shape[-1] % nheads:
            raise ValueError(f"dot_product_attention: {name} must have the shape (batch, tokens, features), with "
                             f"features a multiple of nheads = {nheads}, got {tuple(x.shape)}; choose another nheads")
    q, k, v = [reshape(x, (*x.shape[:-1], nheads, x.shape[-1] // nheads)) for x in (q, k, v)]
    y, weights = scaled_dot_product_attention(q, k, v, mask=mask, bias=bias, is_causal=is_causal, fdrop=fdrop)
    return reshape(y, (*y.shape[:-2], y.shape[-2] * y.shape[-1])), weights


def _weights(q: Any, k: Any, bias: Any, mask: Any, is_causal: bool, scale: float | None) -> Any:
    k = _repeated(k, q.shape[-2] // k.shape[-2])
    if is_causal:
        mask = _causal(q, q.shape[-3], k.shape[-3])
    if mask is not None:
        xp, device = home(q)
        nothing, never = (xp.asarray(n, dtype=q.dtype, device=device) for n in (0.0, -math.inf))
        bias = where(mask, nothing if bias is None else bias, never)
    scale = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale
    return attention_weights(q, k, *([] if bias is None else [bias]), scale=scale)


def _repeated(x: Any, groups: int) -> Any:
    """Give each of the heads to as many neighbouring heads of the queries."""
    if groups == 1:
        return x
    wide = broadcast_to(expand_dims(x, -2), (*x.shape[:-1], groups, x.shape[-1]))
    return reshape(wide, (*x.shape[:-2], groups * x.shape[-2], x.shape[-1]))


def _check(name: str, q: Any, k: Any, v: Any, mask: Any, bias: Any, is_causal: bool) -> None:
    """Raise an error for what does not go together; v may be `None`."""
    given = {"q": q, "k": k} if v is None else {"q": q, "k": k, "v": v}
    shapes = ", ".join(f"{key} {tuple(x.shape)}" for key, x in given.items())
    for key, x in given.items():
        if kind(x.dtype) != "f":
            raise TypeError(f"{name}: {key} has dtype {x.dtype}, expected a real floating-point one; convert it, as "
                            "with x.astype('float32')")
        if len(x.shape) < 3:
            raise ValueError(f"{name}: {key} must have the axes (batch, tokens, heads, features), got the shape "
                             f"{tuple(x.shape)}; split the features into heads by a reshape")
    if q.shape[:-3] != k.shape[:-3] or (v is not None and k.shape[:-1] != v.shape[:-1]):
        raise ValueError(f"{name}: q, k and v must have the same batch, k and v the same tokens and heads, got "
                         f"{shapes}; their axes are (batch, tokens, heads, features)")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] < 1 or q.shape[-2] % k.shape[-2]:
        raise ValueError(f"{name}: q and k must have the same features, and q as many heads as k or a multiple of "
                         f"them, got {shapes}; their axes are (batch, tokens, heads, features)")
    if k.shape[-3] < 1:
        raise ValueError(f"{name}: there must be a key at least to look at, got {shapes}; leave the attention out")
    if mask is not None and is_causal:
        raise ValueError(f"{name}: a mask came together with is_causal; give mask & make_causal_mask(...) alone")
    scores = (*q.shape[:-3], q.shape[-2], q.shape[-3], k.shape[-3])
    for key, x in (("mask", mask), ("bias", bias)):
        if x is None:
            continue
        if kind(x.dtype) != ("b" if key == "mask" else "f"):
            wanted = "a boolean one, True where to look" if key == "mask" else "a real floating-point one"
            raise TypeError(f"{name}: {key} has dtype {x.dtype}, expected {wanted}; convert it with astype")
        fits = [n in (1, size) for n, size in zip(reversed(x.shape), reversed(scores), strict=False)]
        if len(x.shape) > len(scores) or not all(fits):
            raise ValueError(f"{name}: {key} of shape {tuple(x.shape)} does not broadcast to the shape {scores} of the "
                             "scores, (batch, heads, q_tokens, kv_tokens); insert axes of length 1")


__all__ = ["dot_product_attention", "dot_product_attention_scores", "make_causal_mask",
           "scaled_dot_product_attention"]
