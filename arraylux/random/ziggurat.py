"""The ziggurat: normal numbers from uniform bits at the price of one multiplication and one comparison.

Cover the half of the bell curve f(x) = exp(-x^2/2) that lies right of zero by 256 layers of equal area A,
stacked like the steps of a ziggurat: layer i reaches out to x[i], and the lowest, layer 0, carries the
tail beyond r = x[255] too. To draw, choose a layer at random and a point at random along it. Nearly always
the point lies where the layer is covered by the one above, thus under the curve for certain, and is the
draw. Otherwise it is a wedge at the layer's end, where exp must be asked, or it is the tail.

A draw takes the upper 52 bits of a word: the lowest of them is the sign, the other 51 an integer a that is
both the layer (its lowest 8 bits) and the place along it (a * scale[layer]). 98.5 % of all draws end there.
The rest take more words, each as a uniform number, and about half of those start afresh.

Sources: G. Marsaglia, W. W. Tsang, "The ziggurat method for generating random variables", J. Stat. Softw.
5 (2000), in the 64-bit form and with the constants that Julia's ``randn`` uses.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

PLACES = 1 << 51
TAIL = 3.6541528853610088  # r


class Tables:
    """What a draw looks up by its layer, as lists for single draws and as arrays for many at once."""

    def __init__(self, scale: list[float], accept: list[int], height: list[float]) -> None:
        self.scale = scale  # x per place: x[i] / 2^51
        self.accept = accept  # places below this one are under the layer above
        self.height = height  # f(x[i])
        self.scale_array: Any = np.array(scale)
        self.accept_array: Any = np.array(accept, dtype=np.int64)


@functools.cache
def tables() -> Tables:
    """Build the tables, x[i] from x[i+1]: a layer of area A ends where the curve is A / x[i+1] higher.

    In decimal arithmetic, since the recursion loses some two digits on the way from r to the top, and
    Julia's tables are right to the last bit of a float64.
    """
    from decimal import Decimal, localcontext  # here, since most programs draw from NumPy's generators

    with localcontext() as context:
        context.prec = 36
        r = Decimal("3.65415288536100879635194725185604664812733316")
        area = Decimal("0.00492867323397465493159091343090397414518845")

        def curve(x: Decimal) -> Decimal:
            return (-x * x / 2).exp()

        x = [Decimal(0)] * 255 + [r]
        for i in range(254, 0, -1):
            x[i] = (-2 * (area / x[i + 1] + curve(x[i + 1])).ln()).sqrt()

        base = area / curve(r)  # the width of a rectangle as large as layer 0 with its tail
        scale = [float(width / PLACES) for width in [base, *x[1:]]]
        accept = [int(r / base * PLACES), 0, *(int(x[i] / x[i + 1] * PLACES) for i in range(1, 255))]
        height = [float(curve(edge)) for edge in x]
    return Tables(scale, accept, height)


def draw(next_word: Callable[[], int]) -> float:
    """Draw one normal number, taking as many words from ``next_word`` as it needs."""
    table = tables()
    while True:
        word = next_word()
        place = word >> 13
        if place < table.accept[place & 0xFF]:
            return _position(word, table)
        value = settle(word, next_word)
        if value is not None:
            return value


def settle(word: int, next_word: Callable[[], int]) -> float | None:
    """Finish a draw whose place is not under the layer above; None if the draw has to start afresh."""
    table = tables()
    place = word >> 13
    layer = place & 0xFF
    if layer == 0:
        beyond = _tail(next_word)
        return -(TAIL + beyond) if place >> 8 & 1 else TAIL + beyond
    x = _position(word, table)
    low, high = table.height[layer], table.height[layer - 1]
    return x if (high - low) * _uniform(next_word) + low < math.exp(-0.5 * x * x) else None


def quick(words: Any) -> tuple[Any, Any]:
    """Return, for each of many words, its x (float64) and whether that is the draw already."""
    table = tables()
    place = (words >> 13).astype(np.int64)
    layer = place & 0xFF
    negative = (words & 0x1000) != 0
    return np.where(negative, -place, place) * table.scale_array[layer], place < table.accept_array[layer]


def consecutive(words: Any, count: int) -> tuple[Any, int]:
    """Draw up to ``count`` numbers one after another from a stretch of a sequence of words.

    A word that does not settle its draw at once takes the words after it, which are then no draws of
    their own. So all words are tried together, and only the few that did not settle are walked in order.

    Returns:
        The float64 draws that the words suffice for, and how many words those took.
    """
    x, is_draw = quick(words)
    end = np.arange(1, len(words) + 1)  # the position after all that a draw took
    position = 0

    def next_word() -> int:
        nonlocal position
        position += 1
        return int(words[position - 1])

    used = len(words)
    for start in np.flatnonzero(~is_draw).tolist():
        if start < position:
            continue
        position = start + 1
        try:
            value = settle(int(words[start]), next_word)
        except IndexError:  # the words end before the draw does
            is_draw[start:] = False
            used = start
            break
        is_draw[start:position] = False
        if value is not None:
            is_draw[start], x[start], end[start] = True, value, position

    draws = np.flatnonzero(is_draw)[:count]
    if len(draws) == count:
        used = int(end[draws[-1]])
    return x[draws], used


def _position(word: int, table: Tables) -> float:
    place = word >> 13
    return (-place if word & 0x1000 else place) * table.scale[place & 0xFF]


def _tail(next_word: Callable[[], int]) -> float:
    """Draw how far beyond r a number in the tail lies (Marsaglia 1964)."""
    while True:
        x = _exponential(next_word) * (1 / TAIL)
        y = _exponential(next_word)
        if y + y > x * x:
            return x


def _exponential(next_word: Callable[[], int]) -> float:
    u = _uniform(next_word)
    return -math.log(u) if u else math.inf


def _uniform(next_word: Callable[[], int]) -> float:
    return (next_word() >> 11) * 2.0**-53
