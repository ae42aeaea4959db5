"""Long short-term memory: a recurrence whose memory is added to instead of overwritten.

Beside the hidden state h there is a memory c. Three gates, numbers between 0 and 1, say how much of it is forgotten
(f), how much of a candidate g is written to it (i), and how much of it is shown (o):

    i, f, o = sigmoid(z + h U^T),  g = tanh(z + h U^T),  c' = f c + i g,  h' = o tanh(c')

The derivative of c' by c is f alone, no product of weights, so gradients survive many moments.

The inputs z come with the four gates side by side, (time, batch, 4 out), as one product makes them. What is kept of the
gates is (time, 4, batch, out), where each gate of a moment is one piece of memory. In NumPy's version sigmoid(a) is
(1 + tanh(a / 2)) / 2, so that one hyperbolic tangent serves all of them, and nothing can overflow.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..rules.elementwise import square, tanh
from ..rules.pairs import add, subtract
from ..rules.products import matmul
from ..rules.shaping import stack, unstack
from ..tracer.fitting import times
from .recurrent import Scan, before, numpy_blocks, numpy_empty, numpy_gates, weight_gradient
from .smooth import sigmoid


def _quarters(a: Any) -> list[Any]:
    """Return the four blocks of the last axis: input gate, forget gate, candidate, output gate."""
    n = a.shape[-1] // 4
    return [a[..., k * n:(k + 1) * n] for k in range(4)]


def _run(z: Any, weight: Any, h: Any, c: Any) -> Any:
    hs, cs, gates = [], [], []
    for z_t in unstack(z):
        i, f, g, o = _quarters(add(z_t, matmul(h, weight.T)))
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        c = add(times(f, c), times(i, g))
        h = times(o, tanh(c))
        hs.append(h)
        cs.append(c)
        gates.append(stack([i, f, g, o]))
    return stack(hs), stack(cs), stack(gates)


def _numpy_run(z: Any, weight: Any, h: Any, c: Any) -> Any:
    steps, (batch, n), dtype = len(z), h.shape, z.dtype
    hs, cs = numpy_empty((steps, batch, n), dtype), numpy_empty((steps, batch, n), dtype)
    gates = numpy_empty((steps, 4, batch, n), dtype)
    by_gate, blocks = numpy_gates(z, 4), numpy_blocks(weight, 4)
    written = np.empty((batch, n), dtype)
    for t in range(steps):
        a = np.matmul(h, blocks, out=gates[t])
        a += by_gate[t]
        i, f, g, o = a
        first_two = a[:2]
        first_two *= 0.5
        o *= 0.5
        np.tanh(a, out=a)
        first_two *= 0.5
        first_two += 0.5
        o *= 0.5
        o += 0.5
        c = np.multiply(f, c, out=cs[t])
        np.multiply(i, g, out=written)
        c += written
        h = np.tanh(c, out=hs[t])
        h *= o
    return hs, cs, gates


def _jvp(tangents: Sequence[Any], y: Any, z: Any, weight: Any, h: Any, c: Any) -> Any:
    dz, dweight, dh, dc = tangents
    hs, cs, gates = y
    i, f, g, o = unstack(gates, axis=1)
    shown = tanh(cs)
    rows = (add(dz, matmul(before(hs, h), dweight.T)), i, f, g, o, before(cs, c), shown, subtract(1.0, square(shown)))
    dhs, dcs, dgates = [], [], []
    for driven, i, f, g, o, past, shown, slope in zip(*map(unstack, rows), strict=True):
        di, df, dg, do = _quarters(add(driven, matmul(dh, weight.T)))
        di, df, do = [times(times(gate, subtract(1.0, gate)), d) for gate, d in ((i, di), (f, df), (o, do))]
        dg = times(subtract(1.0, square(g)), dg)
        dc = add(add(times(f, dc), times(df, past)), add(times(i, dg), times(di, g)))
        dh = add(times(do, shown), times(times(o, slope), dc))
        dhs.append(dh)
        dcs.append(dc)
        dgates.append(stack([di, df, dg, do]))
    return stack(dhs), stack(dcs), stack(dgates)


def _numpy_vjp(cotangents: Any, y: Any, z: Any, weight: Any, h: Any, c: Any) -> Any:
    g_hs, g_cs, _ = cotangents
    hs, cs, gates = y
    (batch, n), dtype = h.shape, h.dtype
    dz = numpy_empty((len(hs), batch, 4 * n), dtype)
    by_gate = numpy_gates(dz, 4)
    d, parts, blocks = np.empty((4, batch, n), dtype), np.empty((4, batch, n), dtype), weight.reshape(4, n, n)
    dh, dc = np.zeros((batch, n), dtype), np.zeros((batch, n), dtype)
    shown, slope = np.empty((batch, n), dtype), np.empty((batch, n), dtype)
    for t in reversed(range(len(hs))):
        i, f, g, o = a = gates[t]
        di, df, dg, do = d
        if g_hs is not None:
            dh += g_hs[t]
        if g_cs is not None:
            dc += g_cs[t]
        np.tanh(cs[t], out=shown)                       # dc += dh o (1 - tanh(c)^2)
        np.multiply(shown, shown, out=slope)
        np.subtract(1, slope, out=slope)
        slope *= o
        slope *= dh
        dc += slope
        np.multiply(a, a, out=d)                        # the slopes: s - s^2 of a gate, 1 - g^2 of the candidate
        np.subtract(a[:2], d[:2], out=d[:2])
        np.subtract(1, dg, out=dg)
        np.subtract(o, do, out=do)
        di *= g
        df *= cs[t - 1] if t else c
        dg *= i
        do *= shown
        d[:3] *= dc
        do *= dh
        dc *= f
        by_gate[t] = d
        np.matmul(d, blocks, out=parts)                 # small products, for which BLAS starts no threads
        np.add.reduce(parts, axis=0, out=dh)
    return dz, weight_gradient(dz, hs, h), dh, dc


lstm_scan = Scan("lstm_scan", run=_run, numpy=_numpy_run, jvp=_jvp, numpy_vjp=_numpy_vjp, first_order=2)

__all__ = ["lstm_scan"]
