"""Gated recurrent units: a recurrence that chooses, number by number, between the old state and a new one.

Two gates between 0 and 1: the reset gate r says how much of the past the candidate n may see, the update gate s how
much of the past stays. With u = h U^T + b, the three blocks of z and u being those of r, s and n,

    r, s = sigmoid(z + u),  n = tanh(z + r u),  h' = (1 - s) n + s h

The reset gate stands behind the product with U, so one product serves all three blocks, and b, being inside of it,
is no part of z. That u of the candidate is kept beside the gates: the derivative by r is made of it.

As in `lstm`, inputs have their blocks side by side, (time, batch, 3 out), and what is kept of a moment has them one
after the other, (time, 4, batch, out).
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..rules.elementwise import square, tanh
from ..rules.pairs import add, subtract
from ..rules.products import matmul
from ..rules.shaping import stack, unstack
from ..tracer.fitting import numpy_sum_to, times
from .recurrent import Scan, before, numpy_blocks, numpy_empty, numpy_gates, weight_gradient
from .smooth import sigmoid


def _thirds(a: Any) -> list[Any]:
    """Return the three blocks of the last axis: reset gate, update gate, candidate."""
    n = a.shape[-1] // 3
    return [a[..., k * n:(k + 1) * n] for k in range(3)]


def _run(z: Any, weight: Any, bias: Any, h: Any) -> Any:
    hs, gates = [], []
    for z_t in unstack(z):
        (z_r, z_s, z_n), (u_r, u_s, u) = _thirds(z_t), _thirds(add(matmul(h, weight.T), bias))
        r, s = sigmoid(add(z_r, u_r)), sigmoid(add(z_s, u_s))
        new = tanh(add(z_n, times(r, u)))
        h = add(new, times(s, subtract(h, new)))
        hs.append(h)
        gates.append(stack([r, s, new, u]))
    return stack(hs), stack(gates)


def _numpy_run(z: Any, weight: Any, bias: Any, h: Any) -> Any:
    steps, (batch, n), dtype = len(z), h.shape, z.dtype
    hs, gates = numpy_empty((steps, batch, n), dtype), numpy_empty((steps, 4, batch, n), dtype)
    by_gate, blocks = numpy_gates(z, 3), numpy_blocks(weight, 3)
    biases = bias.reshape(3, 1, n)
    sums = np.empty((3, batch, n), dtype)
    for t in range(steps):
        np.matmul(h, blocks, out=sums)
        sums += biases
        both, new, u = gates[t, :2], gates[t, 2], gates[t, 3]
        u[...] = sums[2]
        np.add(sums[:2], by_gate[t, :2], out=both)
        both *= 0.5                                     # sigmoid(a) = (1 + tanh(a / 2)) / 2 cannot overflow
        np.tanh(both, out=both)
        both *= 0.5
        both += 0.5
        np.multiply(both[0], u, out=new)
        new += by_gate[t, 2]
        np.tanh(new, out=new)
        h = np.subtract(h, new, out=hs[t])
        h *= both[1]
        h += new
    return hs, gates


def _jvp(tangents: Sequence[Any], y: Any, z: Any, weight: Any, bias: Any, h: Any) -> Any:
    dz, dweight, dbias, dh = tangents
    hs, gates = y
    past = before(hs, h)
    rows = (dz, add(matmul(past, dweight.T), dbias), *unstack(gates, axis=1), past)
    dhs, dgates = [], []
    for dz_t, driven, r, s, new, u, past in zip(*map(unstack, rows), strict=True):
        (z_r, z_s, z_n), (u_r, u_s, du) = _thirds(dz_t), _thirds(add(driven, matmul(dh, weight.T)))
        dr = times(times(r, subtract(1.0, r)), add(z_r, u_r))
        ds = times(times(s, subtract(1.0, s)), add(z_s, u_s))
        dnew = times(subtract(1.0, square(new)), add(z_n, add(times(dr, u), times(r, du))))
        dh = add(add(dnew, times(ds, subtract(past, new))), times(s, subtract(dh, dnew)))
        dhs.append(dh)
        dgates.append(stack([dr, ds, dnew, du]))
    return stack(dhs), stack(dgates)


def _numpy_vjp(g: Any, y: Any, z: Any, weight: Any, bias: Any, h: Any) -> Any:
    g_hs, (hs, gates) = g[0], y
    (batch, n), dtype = h.shape, h.dtype
    dz, du = [numpy_empty((len(hs), batch, 3 * n), dtype) for _ in range(2)]
    dz_by_gate, du_by_gate = numpy_gates(dz, 3), numpy_gates(du, 3)
    d, parts, blocks = np.empty((3, batch, n), dtype), np.empty((3, batch, n), dtype), weight.reshape(3, n, n)
    dh, kept = np.zeros((batch, n), dtype), np.empty((batch, n), dtype)
    for t in reversed(range(len(hs))):
        past = hs[t - 1] if t else h
        (r, s, new, u), a = gates[t], gates[t, :3]
        dr, ds, dnew = d
        dh += g_hs[t]
        np.multiply(a, a, out=d)                        # the slopes: s - s^2 of a gate, 1 - n^2 of the candidate
        np.subtract(a[:2], d[:2], out=d[:2])
        np.subtract(1, dnew, out=dnew)
        np.multiply(dh, s, out=kept)
        ds *= dh
        ds *= past - new
        dh -= kept                                      # dh (1 - s)
        dnew *= dh
        dr *= u
        dr *= dnew
        dz_by_gate[t] = d
        dnew *= r
        du_by_gate[t] = d
        np.matmul(d, blocks, out=parts)                 # small products, for which BLAS starts no threads
        np.add.reduce(parts, axis=0, out=dh)
        dh += kept
    return dz, weight_gradient(du, hs, h), numpy_sum_to(du.reshape(-1, 3 * n), shape=(3 * n,)), dh


gru_scan = Scan("gru_scan", run=_run, numpy=_numpy_run, jvp=_jvp, numpy_vjp=_numpy_vjp, first_order=1)

__all__ = ["gru_scan"]
