"""NumPy's polynomials by their coefficients, the highest power first, and what is fitted or built with powers."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import kind
from ..rules import creation, elementwise, pairs, shaping
from ..tracer.core import home
from ..tracer.tables import NUMPY_FUNCTIONS
from .values import as_array, plain


def _coefficients(p: Any) -> Any:
    return as_array(p, None, 1)


def _padded(p: Any, n: int) -> Any:
    """Return coefficients with zeros in front, up to a number of them."""
    xp, device = home(p)
    return shaping.concat([xp.zeros(n - p.shape[0], dtype=p.dtype, device=device), p]) if n > p.shape[0] else p


def _both(a1: Any, a2: Any) -> tuple[Any, Any]:
    a1, a2 = _coefficients(a1), _coefficients(a2)
    n = max(a1.shape[0], a2.shape[0])
    return _padded(a1, n), _padded(a2, n)


def _polyadd(a1: Any, a2: Any) -> Any:
    return pairs.add(*_both(a1, a2))


def _polysub(a1: Any, a2: Any) -> Any:
    return pairs.subtract(*_both(a1, a2))


def _polymul(a1: Any, a2: Any) -> Any:
    a1, a2 = _coefficients(a1), _coefficients(a2)
    n = a1.shape[0] + a2.shape[0] - 1
    rows = pairs.multiply(shaping.expand_dims(a1, 1), a2)                   # the products of power i + j on diagonals
    total = creation.zeros_like(_padded(rows[0], n))
    for i in range(a1.shape[0]):
        total[i:i + a2.shape[0]] += rows[i]
    return total


def _polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    u, v = _coefficients(u), _coefficients(v)
    u = u + 0.0 * v[0]
    quotient = []
    for k in range(u.shape[0] - v.shape[0] + 1):
        factor = u[k] / v[0]
        quotient.append(factor)
        u = pairs.subtract(u, _placed(pairs.multiply(factor, v), k, u.shape[0]))
    return (shaping.stack(quotient), u[len(quotient):]) if quotient else (0.0 * u[:1], u)


def _placed(p: Any, start: int, n: int) -> Any:
    xp, device = home(p)
    after = xp.zeros(n - start - p.shape[0], dtype=p.dtype, device=device)
    return _padded(shaping.concat([p, after]), n)


def _polyder(p: Any, m: int = 1) -> Any:
    p = _coefficients(p)
    for _ in range(m):
        p = pairs.multiply(p[:-1], creation.asarray(np.arange(p.shape[0] - 1, 0, -1), like=p))
    return p


def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p = _coefficients(p)
    constants = shaping.broadcast_to(as_array(0.0 if k is None else k, None, 1), (m,)) if m else ()
    for i in range(m):
        powers = creation.asarray(np.arange(p.shape[0], 0, -1, dtype=float), like=p)
        p = pairs.divide(p, powers)
        p = shaping.concat([p, elementwise.astype(constants[i:i + 1], dtype=p.dtype)])
    return p


def _poly(seq_of_zeros: Any) -> Any:
    zeros = _coefficients(seq_of_zeros)
    is_real = kind(zeros.dtype) != "c"
    if zeros.ndim != 1:
        from ..rules.eigen import eigvals

        zeros = eigvals(zeros)
    one = zeros[:0].sum(keepdims=True) + 1
    p = one
    for i in range(zeros.shape[0]):
        p = _polymul(p, shaping.concat([one, -zeros[i:i + 1]]))
    return elementwise.real(p) if kind(p.dtype) == "c" and (is_real or _in_pairs(plain(zeros))) else p


def _in_pairs(zeros: Any) -> bool:
    """Say whether complex zeros come with their conjugates, so that their polynomial is real."""
    return np.array_equal(np.sort(zeros), np.sort(zeros.conj()))


def _roots(p: Any) -> Any:
    from ..rules.eigen import eigvals

    p = _coefficients(p)
    n = p.shape[0] - 1
    xp, device = home(p)
    below = xp.eye(n, k=-1, dtype=p.dtype, device=device)
    return eigvals(pairs.add(below, _first_row(pairs.divide(-p[1:], p[0]), n)))


def _first_row(row: Any, n: int) -> Any:
    xp, device = home(row)
    return shaping.concat([shaping.expand_dims(row, 0), xp.zeros((n - 1, n), dtype=row.dtype, device=device)])


def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    x = _coefficients(x)
    n = x.shape[0] if N is None else N
    powers = np.arange(n) if increasing else np.arange(n)[::-1]
    columns = [pairs.pow(x, int(power)) if power else creation.ones_like(x) for power in powers]
    xp, device = home(x)
    return shaping.stack(columns, axis=-1) if columns else xp.zeros((x.shape[0], 0), dtype=x.dtype, device=device)


def _polyfit(x: Any, y: Any, deg: int, rcond: Any = None, *, w: Any = None) -> Any:
    from ..rules.least_squares import lstsq

    x, y = as_array(x, np.float64), as_array(y, np.float64)
    columns = _vander(x, int(deg) + 1)
    if w is not None:
        weights = shaping.expand_dims(as_array(w), 1)
        columns = pairs.multiply(columns, weights)
        y = pairs.multiply(y, weights if y.ndim == 2 else weights[:, 0])
    scale = elementwise.sqrt(pairs.multiply(columns, columns).sum(0))        # columns of one length are solved best
    found = lstsq(pairs.divide(columns, scale), y, x.shape[0] * 2e-16 if rcond is None else rcond)[0]
    return pairs.divide(found, shaping.expand_dims(scale, 1) if y.ndim == 2 else scale)


NUMPY_FUNCTIONS.update({
    np.polyadd: _polyadd, np.polysub: _polysub, np.polymul: _polymul, np.polydiv: _polydiv, np.polyder: _polyder,
    np.polyint: _polyint, np.poly: _poly, np.roots: _roots, np.vander: _vander, np.polyfit: _polyfit,
})
