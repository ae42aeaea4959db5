"""Recurrences as primitives: a whole sequence is one operation, with its derivatives written out.

A recurrent network is h_t = f(x_t W^T + h_{t-1} U^T). Recorded step by step it is ten operations for each moment, of
small arrays, in which a library's own overhead is much of the time; and the gradient of U is a product for each
moment, all of one shape, added up. Three observations make a scan of it:

- x_t W^T does not wait for anything: it is one product for all moments, made before the scan (`nn.dense`).
- What runs through time is only h_{t-1} U^T and the gates. Forwards, all gates of a moment lie in one buffer; what
  they were is kept, since every derivative here is a polynomial of them.
- Backwards, the scan only finds the cotangents of the sums under the gates, moment by moment; the gradients of the
  weights are then single products over all of them.

Here is what all scans have in common, and the plainest of them; the gated ones are in `lstm` and `gru`. The forward
rule is written with this package's functions, so it serves any library, and nests. The reverse rule is written by hand
for NumPy's arrays, which it fills in place; for tracers and for other libraries it is the transpose of the forward
rule. Time is the first axis: (time, batch, features).
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import memory
from ..rules.elementwise import astype, square, tanh
from ..rules.pairs import add, greater, maximum, subtract
from ..rules.products import matmul
from ..rules.shaping import concat, stack, unstack
from ..tracer.core import Form, Primitive, home
from ..tracer.fitting import fit, times
from ..tracer.tape import transpose
from . import activations


def zeros_of(form: Any, like: Any) -> Any:
    """Return zeros of a form in the library and on the device of an array."""
    xp, device = home(like)
    return xp.zeros(form.shape, dtype=form.dtype, device=device)


def numpy_empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return a NumPy array without values; a large one in memory that is used again."""
    return memory.empty(shape, dtype) if math.prod(shape) > memory.LARGE else np.empty(shape, dtype)


def numpy_gates(z: Any, count: int) -> Any:
    """Return a view of a NumPy array (time, batch, count * out) as (time, count, batch, out)."""
    steps, batch, width = z.shape
    return z.reshape(steps, batch, count, width // count).transpose(0, 2, 1, 3)


def numpy_blocks(weight: Any, count: int) -> Any:
    """Return a NumPy weight (count * out, out) as the transposed blocks of the gates (count, out, out)."""
    n = weight.shape[1]
    return np.ascontiguousarray(weight.reshape(count, n, n).transpose(0, 2, 1))


def before(sequence: Any, initial: Any) -> Any:
    """Return what came one moment before each element: the initial state, then all but the last."""
    return concat([initial[None, ...], sequence[:-1, ...]], axis=0)


def weight_gradient(g: Any, hs: Any, h: Any) -> Any:
    """Return the sum over all moments of g_t^T h_{t-1}, of NumPy's arrays: one product but for the first moment."""
    found = np.dot(g[0].T, h)
    found += np.dot(g[1:].reshape(-1, g.shape[-1]).T, hs[:-1].reshape(-1, h.shape[-1]))
    return found


class Scan(Primitive):
    """A recurrence over a sequence.

    Arguments: the sequence of inputs comes first, of which the rules read nothing, the weights and initial states
    after it. The result is a tuple of sequences, the hidden states first.

    `jvp(tangents, y, *args, **params)` is the forward rule, without `None` among the tangents.
    `numpy_vjp(g, y, *args, **params)` is the reverse rule for NumPy's arrays, all of one dtype: a cotangent for every
    argument. Of the cotangents g only those that it says to take, `first_order`, may be others than `None`: the rest
    are of results that only a derivative reads.
    """

    __slots__ = ("first_order", "jvp", "numpy_vjp")

    def __init__(self, name: str, *, run: Callable[..., Any], numpy: Callable[..., Any], jvp: Callable[..., Any],
                 numpy_vjp: Callable[..., Any], first_order: int) -> None:
        def in_one_dtype(*args: Any, **params: Any) -> Any:
            return numpy(*_in_one_dtype(args), **params)
        super().__init__(name, run, numpy=in_one_dtype, multiple=True)
        self.jvp = jvp
        self.numpy_vjp = numpy_vjp
        self.first_order = first_order

    def keep(self, parents: Sequence[int], y: Any, args: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        return y, (Form(args[0]), *args[1:])

    def push(self, tangents: Sequence[Any], y: Any, args: Sequence[Any], params: dict[str, Any]) -> Any:
        full = [zeros_of(a, y[0]) if t is None else t for t, a in zip(tangents, args, strict=True)]
        return self.jvp(full, y, *args, **params)

    def pull(self, g: Any, parents: Sequence[int], y: Any, args: Sequence[Any],
             params: dict[str, Any]) -> Sequence[Any]:
        plain = all(type(a) is np.ndarray for a in (*y, *args[1:], *[c for c in g if c is not None]))
        if plain and all(c is None for c in g[self.first_order:]):
            found = self.numpy_vjp(g, y, args[0], *_in_one_dtype((y[0], *args[1:]))[1:], **params)
            return [fit(c, a) if j >= 0 else None for c, a, j in zip(found, args, parents, strict=True)]
        places = [i for i, j in enumerate(parents) if j >= 0]

        def linear(*inputs: Any) -> Any:
            tangents: list[Any] = [None] * len(args)
            for i, t in zip(places, inputs, strict=True):
                tangents[i] = t
            return self.push(tangents, y, args, params)

        found = transpose(linear, [zeros_of(args[i], y[0]) for i in places], g, self.__name__)
        cotangents: list[Any] = [None] * len(args)
        for i, c in zip(places, found, strict=True):
            cotangents[i] = c
        return cotangents


def _in_one_dtype(args: Sequence[Any]) -> Sequence[Any]:
    """Return NumPy arrays in their common dtype."""
    dtype = args[0].dtype
    if all(a.dtype == dtype for a in args):
        return args
    dtype = np.result_type(*args)
    return [a.astype(dtype, copy=False) for a in args]


# --- the simple recurrence ------------------------------------------------------------------------------------------
def _run(z: Any, weight: Any, h: Any, *, activation: str) -> Any:
    hs = []
    for z_t in unstack(z):
        a = add(z_t, matmul(h, weight.T))
        h = tanh(a) if activation == "tanh" else maximum(a, 0.0)
        hs.append(h)
    return (stack(hs),)


def _numpy_run(z: Any, weight: Any, h: Any, *, activation: str) -> Any:
    hs = numpy_empty((len(z), *h.shape), z.dtype)
    transposed = np.ascontiguousarray(weight.T)
    for t in range(len(z)):
        a = hs[t]
        np.dot(h, transposed, out=a)
        a += z[t]
        h = np.tanh(a, out=a) if activation == "tanh" else np.maximum(a, 0, out=a)
    return (hs,)


def _slope(hs: Any, activation: str) -> Any:
    return subtract(1.0, square(hs)) if activation == "tanh" else astype(greater(hs, 0.0), dtype=hs.dtype)


def _jvp(tangents: Sequence[Any], y: Any, z: Any, weight: Any, h: Any, *, activation: str) -> Any:
    dz, dweight, dh = tangents
    (hs,) = y
    driven = add(dz, matmul(before(hs, h), dweight.T))
    dhs = []
    for driven_t, slope_t in zip(unstack(driven), unstack(_slope(hs, activation)), strict=True):
        dh = times(slope_t, add(driven_t, matmul(dh, weight.T)))
        dhs.append(dh)
    return (stack(dhs),)


def _numpy_vjp(g: Any, y: Any, z: Any, weight: Any, h: Any, *, activation: str) -> Any:
    (g_hs,), (hs,) = g, y
    dz = numpy_empty(hs.shape, hs.dtype)
    np.multiply(hs, hs, out=dz)
    if activation == "tanh":
        np.subtract(1, dz, out=dz)
    else:
        np.greater(hs, 0, out=dz, casting="unsafe")
    dh = np.zeros(h.shape, h.dtype)
    for t in reversed(range(len(hs))):
        dh += g_hs[t]
        dz[t] *= dh
        np.dot(dz[t], weight, out=dh)
    return dz, weight_gradient(dz, hs, h), dh


rnn_scan = Scan("rnn_scan", run=_run, numpy=_numpy_run, jvp=_jvp, numpy_vjp=_numpy_vjp, first_order=1)
_SCANNED = {activations.tanh: "tanh", np.tanh: "tanh", activations.relu: "relu"}


def simple_recurrence(z: Any, weight: Any, h: Any, activation: Callable[..., Any]) -> Any:
    """Return the hidden states h_t = activation(z_t + h_{t-1} @ weight.T).

    Arguments: `z` (time, batch, out), the inputs as they enter the sum; `weight` (out, out); `h` (batch, out), the
    state before the first moment; `activation`, of which tanh and relu are scanned as one operation.

    Returns: an array (time, batch, out).
    """
    scanned = _SCANNED.get(activation)
    if scanned is not None:
        return rnn_scan(z, weight, h, activation=scanned)[0]
    hs = []
    for z_t in unstack(z):
        h = activation(add(z_t, matmul(h, weight.T)))
        hs.append(h)
    return stack(hs)


__all__ = ["Scan", "before", "numpy_blocks", "numpy_empty", "numpy_gates", "rnn_scan", "simple_recurrence",
           "weight_gradient", "zeros_of"]
