"""The recurrent cells: the simple one, long short-term memory, and the gated recurrent unit.

What a cell is stands in `cells`. Each says here what it carries from one moment to the next and which scan takes it
through a sequence. Parameters have PyTorch's names, shapes and order of gates, so a state_dict of one layer and one
direction fits once its names have lost their ending `_l0`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..initializers import glorot_uniform, zeros32
from ..nn.activations import tanh
from ..nn.gru import gru_scan
from ..nn.lstm import lstm_scan
from ..nn.recurrent import simple_recurrence
from ..tracer.core import home
from .cells import Initialiser, ScannedCell

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


class RNNCell(ScannedCell):
    """Simple recurrent cell, h' = activation(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh).

    Arguments:
        in_dims, out_dims: lengths of the last axis of input and output.
        activation: a function of an array; tanh and relu are the quick ones.
        use_bias: whether there are biases.
        train_state: whether the initial state is a parameter.
        init_bias, init_weight, init_recurrent_weight: initialisers; `None` for the uniform distribution on
            +-1/sqrt(out_dims), and for the recurrent weight whatever `init_weight` is.
        init_state: called as `init_state(rng, (batch, out_dims))` at the start of a sequence, and as
            `init_state(rng, (out_dims,))` for the parameter.

    Parameters: `weight_ih` (out, in), `weight_hh` (out, out), `bias_ih` (out,), `bias_hh` (out,), as in PyTorch;
    `hidden_state` (out,) with train_state. States: `rng`, the generator for `init_state`.

    Returns: `((h, (h,)), st)` for x (batch, in) or (in,) at the start, and for `(x, (h,))` after it.

    Errors: ValueError for a shape, TypeError for a dtype or an array library that does not fit; KeyError if a parameter
    is missing or one too many.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> cell = RNNCell(3, 5)
    >>> ps, st = setup(np.random.default_rng(0), cell)
    >>> (h, carry), st = cell(np.ones((2, 3), np.float32), ps, st)
    >>> (h, carry), st = cell((np.ones((2, 3), np.float32), carry), ps, st)
    >>> h.shape
    (2, 5)
    """

    activation: Callable[..., Any] = tanh

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.activation):
            raise TypeError(f"RNNCell: activation must be a function of an array, got {self.activation!r}; options "
                            "come after it or by name, as in RNNCell(3, 5, use_bias=False)")

    def scan(self, z: Any, ps: Any, carry: Any) -> tuple[Any, ...]:
        return (simple_recurrence(z, ps["weight_hh"], carry[0], self.activation),)


class LSTMCell(ScannedCell):
    """Long short-term memory cell: i, f, o = sigmoid(a), g = tanh(a), c' = f c + i g, h' = o tanh(c').

    Here a = x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh has a block for each gate, in the order i, f, g, o:
    input, forget, candidate, output.

    Arguments: as for `RNNCell`, without an activation, and
        train_memory: whether the initial memory is a parameter.
        init_bias, init_weight, init_recurrent_weight: also tuples of four, one for each gate.
        init_memory: for the memory what `init_state` is for the hidden state.

    Parameters: `weight_ih` (4 out, in), `weight_hh` (4 out, out), `bias_ih` (4 out,), `bias_hh` (4 out,), in PyTorch's
    order; `hidden_state` (out,) with train_state, `memory` (out,) with train_memory. States: `rng`.

    Returns: `((h, (h, c)), st)`. Errors: as for `RNNCell`.

    Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); the forget gate is by
    F. Gers et al., "Learning to forget", Neural Computation 12 (2000).

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> cell = LSTMCell(3, 5)
    >>> ps, st = setup(np.random.default_rng(0), cell)
    >>> (h, carry), st = cell(np.ones((2, 3), np.float32), ps, st)
    >>> h.shape, [part.shape for part in carry]
    ((2, 5), [(2, 5), (2, 5)])
    """

    _: KW_ONLY
    train_memory: bool = False
    init_memory: Callable[..., Any] = zeros32

    gates = 4

    def carried(self) -> dict[str, tuple[bool, Any]]:
        return {**super().carried(), "memory": (self.train_memory, self.init_memory)}

    def scan(self, z: Any, ps: Any, carry: Any) -> tuple[Any, ...]:
        hs, cs, _ = lstm_scan(z, ps["weight_hh"], *carry)
        return hs, cs


class GRUCell(ScannedCell):
    """Gated recurrent unit: r, s = sigmoid(v + u), n = tanh(v + r u), h' = (1 - s) n + s h.

    Here v = x @ weight_ih.T + bias_ih and u = h @ weight_hh.T + bias_hh have a block for each, in the order r, s, n:
    reset gate, update gate, candidate.

    Arguments: as for `RNNCell`, without an activation; initialisers may be tuples of three. Weights are drawn by
    `glorot_uniform`, biases are zero.

    Parameters: `weight_ih` (3 out, in), `weight_hh` (3 out, out), `bias_ih` (3 out,), `bias_hh` (3 out,), in PyTorch's
    order; `hidden_state` (out,) with train_state. States: `rng`.

    Returns: `((h, (h,)), st)`. Errors: as for `RNNCell`.

    Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014, in the form with
    the reset gate behind the product.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> cell = GRUCell(3, 5)
    >>> ps, st = setup(np.random.default_rng(0), cell)
    >>> (h, carry), st = cell(np.ones((2, 3), np.float32), ps, st)
    >>> h is carry[0], ps["weight_ih"].shape
    (True, (15, 3))
    """

    init_weight: Initialiser = glorot_uniform
    init_bias: Initialiser = zeros32

    gates = 3

    def input_bias(self, ps: Any) -> Any:
        return ps["bias_ih"] if self.use_bias else None

    def scan(self, z: Any, ps: Any, carry: Any) -> tuple[Any, ...]:
        if self.use_bias:
            bias = ps["bias_hh"]
        else:
            xp, device = home(z)
            bias = xp.zeros((3 * self.out_dims,), dtype=z.dtype, device=device)
        hs, _ = gru_scan(z, ps["weight_hh"], bias, *carry)
        return (hs,)


__all__ = ["GRUCell", "LSTMCell", "RNNCell"]
