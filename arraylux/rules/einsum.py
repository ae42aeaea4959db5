"""Sums of products, by letters: `einsum`.

Every letter names an axis. Operands that share a letter are multiplied along it, and letters that the result does not
have are summed over. Two operands at a time this is a matrix product: letters of both that stay are its batch, letters
of both that go are what it sums over, and those of one alone are its rows or its columns. So an expression becomes
diagonals, sums, permutations and matrix products, one pair after the other, and its derivative is made of the same.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from string import ascii_letters, ascii_uppercase
from typing import Any

import numpy as np

from .linalg import diagonal
from .numpylike import arrays, for_numpy
from .pairs import multiply
from .products import matmul
from .reducing import sum
from .shaping import expand_dims, moveaxis, permute_dims, reshape

Term = tuple[Any, str]                                  # an operand, and a letter for each of its axes


def einsum(subscripts: Any, *operands: Any, optimize: Any = True) -> Any:
    """Sum products of arrays over axes that are named by letters.

    Arguments: `subscripts`, the letters of each operand's axes, as in `"ij,jk->ik"`. Without an arrow the result has
    the letters that come once, in alphabetical order; `...` stands for further axes, which broadcast; a letter twice in
    one operand takes its diagonal. `operands`, the arrays. Or instead of both arrays and lists of numbers by turns:
    `einsum(a, [0, 1], b, [1, 2], [0, 2])`. `optimize`, whether to look for a cheap order of the products: what NumPy's
    `einsum_path` takes; `False` is from left to right.

    Returns: the array of sums.

    Errors: ValueError for subscripts that do not fit the operands, or lengths that differ under one letter.

    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> einsum("ij,j->i", x, np.array([1.0, 10.0]))
    array([21., 43.])
    >>> float(einsum("ii", x))
    5.0
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists((subscripts, *operands))
    if for_numpy(*operands):
        return np.einsum(subscripts, *operands, optimize=optimize)
    operands = tuple(arrays(*operands))
    inputs, output = _parse(subscripts, operands)
    sizes = _sizes(inputs, operands)
    terms = [_plain_axes(x, letters, sizes) for x, letters in zip(operands, inputs, strict=True)]
    terms = [_summed(*term, _letters(output, terms[:i] + terms[i + 1:])) for i, term in enumerate(terms)]
    for places in _order(terms, output, optimize):
        chosen = [terms.pop(i) for i in sorted(places, reverse=True)][::-1]
        term = chosen[0]
        for number, other in enumerate(chosen[1:], 2):
            term = _product(term, other, sizes, _letters(output, chosen[number:] + terms))
        terms.append(term)
    (y, letters), = terms
    return y if letters == output else permute_dims(y, tuple([letters.index(c) for c in output]))


# --- what the subscripts say ----------------------------------------------------------------------------------------
def _from_lists(items: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the subscripts and the operands of a call by arrays and lists of numbers."""
    letters = ascii_uppercase + ascii_letters[:26]       # whose alphabetical order is that of the numbers
    words = ["".join(["..." if i is Ellipsis else letters[i] for i in item]) for item in items[1::2]]
    if len(items) % 2:
        words.append("".join(["..." if i is Ellipsis else letters[i] for i in items[-1]]))
        return ",".join(words[:-1]) + "->" + words[-1], tuple(items[:-1:2])
    return ",".join(words), tuple(items[::2])


def _parse(subscripts: str, operands: Sequence[Any]) -> tuple[list[str], str]:
    """Return a letter for each axis of each operand and of the result; `...` is given letters that are free."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    words = left.split(",")
    what = f"einsum {subscripts!r}"
    if len(words) != len(operands):
        raise ValueError(f"{what} names {len(words)} operands, but {len(operands)} came")
    free = [c for c in ascii_letters if c not in subscripts]
    further = 0                                         # how many axes `...` stands for at most
    inputs = []
    for number, (word, x) in enumerate(zip(words, operands, strict=True)):
        named = word.replace("...", "", 1)
        if not all(c in ascii_letters for c in named):
            raise ValueError(f"{what}: {word!r} has a sign that is neither a letter nor one '...'")
        hidden = x.ndim - len(named)
        if hidden < 0 or (hidden and "..." not in word):
            raise ValueError(f"{what}: operand {number} has shape {tuple(x.shape)}, but {word!r} names {len(named)} "
                             "axes; name every axis, or write '...' for the others")
        further = max(further, hidden)
        inputs.append((word, hidden))
    if further > len(free):
        raise ValueError(f"{what}: more than {len(ascii_letters)} axes have no letters")
    extra = "".join(free[:further])
    found = [word.replace("...", extra[further - hidden:]) for word, hidden in inputs]
    if not arrow:
        once = [c for c in sorted(set(left) - set(",.")) if left.count(c) == 1]
        return found, extra + "".join(once)
    if extra and "..." not in output:
        raise ValueError(f"{what}: operands have axes under '...', and the result must name them too: write '->...'")
    output = output.replace("...", extra, 1)
    for c in output:
        if output.count(c) > 1 or not any(c in letters for letters in found):
            raise ValueError(f"{what}: {c!r} in the result must come once there, and in an operand")
    return found, output


def _sizes(inputs: Sequence[str], operands: Sequence[Any]) -> dict[str, int]:
    """Return the length that each letter stands for; an axis of length one is repeated as often as others need."""
    sizes: dict[str, int] = {}
    for letters, x in zip(inputs, operands, strict=True):
        for c, n in zip(letters, x.shape, strict=True):
            known = sizes.setdefault(c, n)
            if known != n and 1 not in (known, n):
                shapes = ", ".join(str(tuple(x.shape)) for x in operands)
                raise ValueError(f"einsum: the axes {c!r} of the operands have lengths {known} and {n}; their shapes "
                                 f"are {shapes} under {','.join(inputs)!r}")
            sizes[c] = n if known == 1 else known
    return sizes


# --- one operand, and two ---------------------------------------------------------------------------------------------
def _letters(output: str, terms: Sequence[Term]) -> str:
    """Return the letters that are needed by the result and by some terms."""
    return "".join([output, *[letters for _, letters in terms]])


def _plain_axes(x: Any, letters: str, sizes: dict[str, int]) -> Term:
    """Take diagonals of letters that come twice, and drop axes of length one that others repeat."""
    for c in dict.fromkeys(letters):
        while letters.count(c) > 1:
            i = letters.index(c)
            j = letters.index(c, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ValueError(f"einsum: {c!r} comes twice in {letters!r} and takes a diagonal, but the lengths of "
                                 f"shape {tuple(x.shape)} differ there")
            x = diagonal(moveaxis(x, (i, j), (-2, -1)))
            letters = letters[:i] + letters[i + 1:j] + letters[j + 1:] + c
    kept = [i for i, c in enumerate(letters) if x.shape[i] == sizes[c]]
    if len(kept) < len(letters):
        x = reshape(x, tuple([x.shape[i] for i in kept]))
    return x, "".join([letters[i] for i in kept])


def _summed(x: Any, letters: str, needed: str) -> Term:
    """Sum over the letters that nobody else has."""
    gone = tuple([i for i, c in enumerate(letters) if c not in needed])
    return (sum(x, axis=gone) if gone else x), "".join([c for c in letters if c in needed])


def _order(terms: Sequence[Term], output: str, optimize: Any) -> Sequence[tuple[int, ...]]:
    """Return which terms to multiply one after the other; each product takes the last place."""
    if len(terms) <= 2 or optimize is False:
        return [(0, 1), *[(0, n) for n in range(len(terms) - 2, 0, -1)]][:len(terms) - 1]
    shapes = [np.broadcast_to(0.0, tuple(x.shape)) for x, _ in terms]
    found = np.einsum_path(",".join([letters for _, letters in terms]) + "->" + output, *shapes, optimize=optimize)
    path: Sequence[tuple[int, ...]] = found[0][1:]
    return path


def _product(left: Term, right: Term, sizes: dict[str, int], needed: str) -> Term:
    """Multiply two operands and sum over the letters that they share and nobody needs any more."""
    (a, in_a), (b, in_b) = left, right
    both = [c for c in in_a if c in in_b]
    batch = "".join([c for c in both if c in needed])
    summed = "".join([c for c in both if c not in needed])
    rows = "".join([c for c in in_a if c not in in_b])
    columns = "".join([c for c in in_b if c not in in_a])

    def group(x: Any, letters: str, *groups: str) -> Any:
        """Put the axes in the order of these groups, each of which becomes one axis."""
        order = tuple([letters.index(c) for c in "".join(groups)])
        x = x if order == tuple(range(len(order))) else permute_dims(x, order)
        shape = tuple([math.prod([sizes[c] for c in g]) for g in groups])
        return x if tuple(x.shape) == shape else reshape(x, shape)

    if summed:
        lead = (batch,) if batch else ()
        y = matmul(group(a, in_a, *lead, rows, summed), group(b, in_b, *lead, summed, columns))
    else:
        y = multiply(expand_dims(group(a, in_a, batch, rows), -1), expand_dims(group(b, in_b, batch, columns), -2))
    letters = batch + rows + columns
    return reshape(y, tuple([sizes[c] for c in letters])), letters


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: every element of `a` times the whole of `b`, in blocks."""
    if for_numpy(a, b):
        return np.kron(a, b)
    a, b = arrays(a, b)
    n = max(a.ndim, b.ndim)
    outer, inner = ((1,) * (n - x.ndim) + tuple(x.shape) for x in (a, b))
    blocks = multiply(reshape(a, tuple([m for size in outer for m in (size, 1)])),
                      reshape(b, tuple([m for size in inner for m in (1, size)])))
    return reshape(blocks, tuple([i * j for i, j in zip(outer, inner, strict=True)]))


__all__ = ["einsum", "kron"]
