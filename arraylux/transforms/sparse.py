"""Sparse Jacobians: few directions where most elements are known to be zero.

Two columns of a Jacobian that have no row in common can be found with one direction, the sum of their two unit
vectors: each element of the result belongs to only one of them. To put the columns into as few groups as possible is
to colour a graph. For a band of three diagonals three colours are enough, however large the matrix is.

Source: Curtis, Powell and Reid, "On the estimation of sparse Jacobian matrices" (1974); Gebremedhin, Manne and Pothen,
"What color is your Jacobian?" (2005), section 3.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import kind
from ..rules.indexing import getitem, index_add
from ..rules.shaping import reshape
from ..tracer.core import home
from ..tree import describe
from .forward import jvp
from .leaves import as_input, complex_argument, complex_rows, name_of
from .mapping import vmap
from .reverse import vjp


def colours_of(lines: Any, crossings: Any, count: int) -> Any:
    """Colour the lines of a matrix, its columns or its rows, so that no two of a colour cross in an element.

    Arguments: `lines`, `crossings`, for each element that may be other than zero the number of its line and where it
    lies on it; `count`, how many lines there are.

    Returns: an integer array (count,): the smallest colour that is free when a line's turn comes, the fullest first.
    """
    colours = np.zeros(count, dtype=np.int64)
    taken: dict[int, set[int]] = {}                      # the colours that cross at each place
    order = np.argsort(lines, kind="stable")
    ends = np.cumsum(np.bincount(lines, minlength=count))
    places = np.split(np.asarray(crossings)[order], ends[:-1])
    for line in np.argsort([-len(p) for p in places], kind="stable"):
        here = places[line].tolist()
        used = set().union(*[taken.get(p, set()) for p in here])
        colour = next(c for c in range(len(used) + 1) if c not in used)
        colours[line] = colour
        for p in here:
            taken.setdefault(p, set()).add(colour)
    return colours


def sparse_jacobian(f: Callable[[Any], Any], x: Any, sparsity: Any, mode: str | None) -> Any:
    """Return the Jacobian of `f` at `x`, both arrays, where it is zero but for the places named by `sparsity`."""
    value = as_input(x)
    if value is None:
        raise TypeError(f"jacobian of {name_of(f)}: with sparsity the argument must be one floating-point array, got "
                        f"{describe(x)}")
    if kind(value.dtype) == "c":
        raise complex_argument(f)
    pattern = sparsity if hasattr(sparsity, "tocoo") else np.asarray(sparsity)
    rows, columns = (np.asarray(i) for i in pattern.nonzero())
    by_column = colours_of(columns, rows, pattern.shape[1])
    by_row = colours_of(rows, columns, pattern.shape[0])
    forward = mode == "fwd" or (mode is None and by_column.max(initial=-1) <= by_row.max(initial=-1))
    if not forward:
        y, pullback = vjp(f, value)
        _check(f, pattern, value, y)
        forward = kind(y.dtype) == "c"
        if forward and mode == "rev":
            raise complex_rows(f)
    if forward:
        _check(f, pattern, value, None)
        found = vmap(lambda t: _flat(f, pattern, value, jvp(f, (value,), (reshape(t, value.shape),))[1]))(
            _seeds(by_column, value, value.dtype))
        return _spread(pattern, rows, columns, getitem(found, _index(found, by_column[columns], rows)))
    found = vmap(lambda g: reshape(pullback(reshape(g, y.shape))[0], (value.size,)))(_seeds(by_row, value, y.dtype))
    return _spread(pattern, rows, columns, getitem(found, _index(found, by_row[rows], columns)))


def _seeds(colours: Any, like: Any, dtype: Any) -> Any:
    """Return for each colour the sum of its unit vectors."""
    xp, device = home(like)
    return xp.asarray(np.eye(int(colours.max(initial=-1)) + 1)[:, colours], dtype=dtype, device=device)


def _index(like: Any, *places: Any) -> tuple[Any, ...]:
    xp, device = home(like)
    return tuple([xp.asarray(p, device=device) for p in places])


def _flat(f: Any, pattern: Any, x: Any, y: Any) -> Any:
    _check(f, pattern, x, y)
    return reshape(y, (y.size,))


def _check(f: Any, pattern: Any, x: Any, y: Any) -> None:
    """Raise unless the pattern has a column for each element of x and a row for each of y."""
    size = pattern.shape[0] if y is None else getattr(y, "size", None)
    if pattern.ndim != 2 or pattern.shape != (size, x.size):
        raise ValueError(f"jacobian of {name_of(f)}: sparsity must be a matrix with a row for each element of the "
                         f"result ({'array' if y is None else describe(y)}) and a column for each of the argument "
                         f"({describe(x)}), got the shape {tuple(pattern.shape)}")


def _spread(pattern: Any, rows: Any, columns: Any, values: Any) -> Any:
    """Return the elements as a matrix of the kind of the pattern, sparse or dense."""
    if hasattr(pattern, "tocoo"):
        matrix = pattern.tocsr().astype(values.dtype)
        matrix[rows, columns] = values
        return matrix
    xp, device = home(values)
    zeros = xp.zeros(pattern.shape, dtype=values.dtype, device=device)
    return index_add(zeros, values, index=_index(values, rows, columns))


__all__ = ["colours_of", "sparse_jacobian"]
