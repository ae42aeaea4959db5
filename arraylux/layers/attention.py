"""Attention as a layer: projections to queries, keys and values, attention with several heads, a projection back.

What a head looks for and what it hands on are learned, as four affine maps; attention itself has no parameters.
"""
from __future__ import annotations

from typing import Any

from ..nn.attention import dot_product_attention
from .checks import wrong_keys
from .contract import AbstractLuxContainerLayer
from .display import display_name
from .dropout import Dropout
from .errors import LayerError, LayerTypeError, LayerValueError
from .linear import Dense


class MultiHeadAttention(AbstractLuxContainerLayer):
    """Attention with several heads, each looking for other things.

    Arguments:
        dims: the number of features, everywhere; or a tuple (in, qkv, out) of those of the input, of queries, keys and
            values, and of the output; where they differ among themselves, `in` is a tuple (q, k, v) and `qkv` a tuple
            (qk, v).
        nheads: the number of heads, a divisor of the features of queries, keys and values.
        dense_kwargs: options of the four projections, as a dict; by default they have no bias.
        attention_dropout_probability: the probability with which a weight is dropped while training.
        is_causal: whether each position looks only at itself and those before it.

    Parameters: those of `q_proj`, `k_proj`, `v_proj` and `out_proj`, `Dense` layers (PyTorch's `in_proj_weight` has the
    weights of the first three above one another). States: `attention_dropout`, the generator and `training`.

    The input is an array x (batch, tokens, features), from which queries, keys and values are all made; or a tuple (q,
    kv), (q, k, v) or (q, k, v, mask) of such arrays, the mask boolean, `True` where a query may look, of a shape that
    broadcasts with (batch, nheads, q_tokens, kv_tokens).

    Returns: `((y, weights), st)`: the result (batch, q_tokens, out), and the weights (batch, nheads, q_tokens,
    kv_tokens).

    Errors: ValueError if nheads does not divide the features, a probability is not within [0, 1], sequences do not fit
    together, or a mask comes together with is_causal; TypeError for another input.

    Source: A. Vaswani et al., "Attention is all you need", NIPS 2017, section 3.2.2.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = MultiHeadAttention(8, nheads=2)
    >>> model
    MultiHeadAttention(
        q_proj = Dense(8 => 8, use_bias=false),       # 64 parameters
        k_proj = Dense(8 => 8, use_bias=false),       # 64 parameters
        v_proj = Dense(8 => 8, use_bias=false),       # 64 parameters
        attention_dropout = NoOpLayer(),
        out_proj = Dense(8 => 8, use_bias=false),     # 64 parameters
    )         # Total: 256 parameters,
              #        plus 0 states.
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> (y, weights), st = model(np.ones((3, 5, 8), np.float32), ps, st)
    >>> y.shape, weights.shape
    ((3, 5, 8), (3, 2, 5, 5))
    """

    nheads: int
    is_causal: bool
    q_proj: Dense
    k_proj: Dense
    v_proj: Dense
    attention_dropout: Any
    out_proj: Dense

    sublayers = ("q_proj", "k_proj", "v_proj", "attention_dropout", "out_proj")

    def __init__(self, dims: Any, *, nheads: int = 1, dense_kwargs: dict[str, Any] | None = None,
                 attention_dropout_probability: float = 0.0, is_causal: bool = False) -> None:
        into, inside, out = _dims(dims)
        for name, n in zip(("queries and keys", "values"), inside, strict=True):
            if not hasattr(nheads, "__index__") or nheads < 1 or n % nheads:
                raise ValueError(f"MultiHeadAttention: nheads must be a positive integer that divides the {n} features "
                                 f"of {name}, got {nheads!r}")
        options = {"use_bias": False, **(dense_kwargs or {})}
        for name, n_in, n_out in (("q_proj", into[0], inside[0]), ("k_proj", into[1], inside[0]),
                                  ("v_proj", into[2], inside[1]), ("out_proj", inside[1], out)):
            object.__setattr__(self, name, Dense(n_in, n_out, **options))
        object.__setattr__(self, "attention_dropout", Dropout(attention_dropout_probability))
        object.__setattr__(self, "nheads", int(nheads))
        object.__setattr__(self, "is_causal", bool(is_causal))

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        misfit = wrong_keys(self, "ps", ps, self.sublayers) or wrong_keys(self, "st", st, self.sublayers)
        if misfit is not None:
            raise misfit
        *inputs, mask = self._inputs(x)
        states: dict[str, Any] = {}

        def call(name: str, x: Any) -> Any:
            try:
                y, states[name] = getattr(self, name)(x, ps[name], st[name])
            except LayerError as error:
                error.within(display_name(self), name)
                raise
            return y

        q, k, v = [call(name, x) for name, x in zip(self.sublayers, inputs, strict=False)]
        try:
            y, weights = dot_product_attention(q, k, v, nheads=self.nheads, mask=mask, is_causal=self.is_causal,
                                               fdrop=lambda weights: call("attention_dropout", weights))
        except LayerError:
            raise
        except TypeError as error:
            raise LayerTypeError(self, str(error)) from error
        except ValueError as error:
            raise LayerValueError(self, str(error)) from error
        y = call("out_proj", y)
        return (y, weights), states

    def _inputs(self, x: Any) -> tuple[Any, Any, Any, Any]:
        """Return q, k, v and a mask (or `None`)."""
        if not isinstance(x, (tuple, list)):
            return x, x, x, None
        if len(x) == 2:
            return x[0], x[1], x[1], None
        if len(x) not in (3, 4):
            raise LayerTypeError(self, f"x is a tuple of {len(x)}, expected an array, (q, kv), (q, k, v) or (q, k, v, "
                                       "mask)")
        return x[0], x[1], x[2], x[3] if len(x) == 4 else None


def _dims(dims: Any) -> tuple[tuple[int, int, int], tuple[int, int], int]:
    """Return the features of the inputs (q, k, v), inside (of queries and keys, of values), and of the output."""
    if isinstance(dims, int):
        dims = (dims, dims, dims)
    if not isinstance(dims, (tuple, list)) or len(dims) != 3:
        raise ValueError(f"MultiHeadAttention: dims must be an integer or a tuple (in, qkv, out), got {dims!r}")
    into, inside, out = dims
    into = tuple(into) if isinstance(into, (tuple, list)) else (into,) * 3
    inside = tuple(inside) if isinstance(inside, (tuple, list)) else (inside,) * 2
    sizes = (*into, *inside, out)
    if len(into) != 3 or len(inside) != 2 or any(not hasattr(n, "__index__") or n < 1 for n in sizes):
        raise ValueError(f"MultiHeadAttention: dims must be positive integers (in, qkv, out), where in may be a tuple "
                         f"(q, k, v) and qkv a tuple (qk, v), got {dims!r}")
    return into, inside, int(out)


__all__ = ["MultiHeadAttention"]
