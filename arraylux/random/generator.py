"""Xoshiro: Julia's random numbers in Python, bit for bit, behind the face of a NumPy generator.

Words become numbers by a few rules. A uniform float64 is the upper 53 bits of a word over 2^53, so that all
of its values are equally far apart. A single number takes a word of the generator's own sequence. An array
is a request for so many bytes, and a large one is served in bulk: 32 words of the sequence seed eight
generators that run side by side, so a CPU (or NumPy) can step them together, and are then forgotten.
That is why an array does not hold the numbers that as many single draws would have given.
"""

from __future__ import annotations

import copy
import math
import operator
import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from . import words, ziggurat

Size = int | Sequence[int] | None
Order = Literal["C", "F"]


class Xoshiro:
    """Julia's generator, xoshiro256++: the same seed gives the numbers that Julia 1.11 or later gives.

    ``random`` and ``standard_normal`` follow Julia's ``rand`` and ``randn`` bit for bit in float32 and
    float64. The rest of ``numpy.random.Generator``'s face that a training script needs is there too; its
    numbers are as good, but Julia would draw others.

    An array is filled in C order, the last axis fastest: with equal seeds ``random((3, 5)).T`` is Julia's
    ``rand(rng, 5, 3)``. Julia fills the first axis fastest; ``order="F"`` does so here, and gives
    ``random((5, 3), order="F")`` the same numbers in the same places.

    Arguments:
        seed: any integer, also negative or beyond 64 bits; None takes a state from the operating system.

    Errors:
        TypeError: the seed is no integer.

    Source:
        D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM Trans. Math.
        Softw. 47 (2021); the seeding and the streams are those of Julia's standard library Random.

    >>> rng = Xoshiro(0)
    >>> hex(rng.state[0])
    '0xdb2fa90498613fdf'
    >>> rng.random((5, 2), order="F")
    array([[0.45523842, 0.74694291],
           [0.54764245, 0.74680089],
           [0.77335353, 0.9766699 ],
           [0.94058482, 0.08694685],
           [0.02964765, 0.35149139]])
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        """Start again from a seed, in place, as Julia's ``Random.seed!`` does; the seed as for the class."""
        if seed is None:
            self.state = words.state_from_bytes(os.urandom(32))
        else:
            self.state = words.state_from_seed(_integer("seed", seed))

    @property
    def state(self) -> words.State:
        """The four words that all further draws follow from; may be set."""
        return self._state

    @state.setter
    def state(self, state: Sequence[int]) -> None:
        if len(state) != 4 or not any(state) or not all(0 <= word <= words.MASK for word in state):
            raise ValueError("state must be four integers from 0 to 2**64 - 1, not all zero, but got "
                             f"{tuple(state)}; take it from another Xoshiro's state")
        s0, s1, s2, s3 = (_integer("a word of the state", word) for word in state)
        self._state: words.State = (s0, s1, s2, s3)
        # Julia keeps a fifth word, from which it seeds the generators of new tasks; draws leave it alone.
        self._task_word = (s0 + 3 * s1 + 5 * s2 + 7 * s3) & words.MASK

    def copy(self) -> Xoshiro:
        """Return a generator of its own that will give the same draws."""
        return copy.copy(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Xoshiro):
            return NotImplemented
        return self._state == other._state

    def __repr__(self) -> str:
        return f"Xoshiro({', '.join(f'{word:#018x}' for word in (*self._state, self._task_word))})"

    def random(self, size: Size = None, dtype: Any = np.float64, order: Order = "C") -> Any:
        """Draw uniform numbers from [0, 1), as Julia's ``rand``.

        Arguments:
            size: shape of the array, or None for a single number.
            dtype: float32 or float64; longdouble, for which 256 bits each are drawn, as for Julia's
                BigFloat, and rounded; float16, for which a float32 is drawn and cut off after 11 bits,
                lest it be rounded to 1.0 (not Julia's numbers).
            order: which axis is filled fastest, "C" the last, "F" the first.

        Returns:
            Array of shape ``size``, or a scalar.

        Errors:
            TypeError: the dtype is another one, or the size no integers. ValueError: the size is negative, or
            the order another one.

        >>> Xoshiro(0).random((2, 2), dtype=np.float32)
        array([[0.48576927, 0.40569943],
               [0.01744151, 0.06854582]], dtype=float32)
        """
        dtype = np.dtype(dtype)
        draws = {np.float16: self._float16s, np.float32: self._float32s, np.float64: self._float64s,
                 np.longdouble: self._longdoubles}
        if dtype.type not in draws:
            raise TypeError(f"random draws float16, float32, float64 or longdouble, but dtype is {dtype}; "
                            "draw one of those and convert it, or use integers")
        if size is None:
            if dtype == np.float64:
                return (self._word() >> 11) * 2.0**-53
            if dtype == np.float32:
                return np.float32((self._word() >> 40) * 2.0**-24)
            return draws[dtype.type](1)[0]
        shape = _shape(size, order)
        return draws[dtype.type](math.prod(shape)).reshape(shape, order=order)

    def standard_normal(self, size: Size = None, dtype: Any = np.float64, order: Order = "C") -> Any:
        """Draw normal numbers of mean 0 and standard deviation 1, as Julia's ``randn``.

        Arguments:
            size: shape of the array, or None for a single number.
            dtype: float16, float32 or float64; the first two are float64 draws, rounded.
            order: which axis is filled fastest, "C" the last, "F" the first.

        Returns:
            Array of shape ``size``, or a scalar.

        Errors:
            TypeError: the dtype is another one, or the size no integers. ValueError: the size is negative, or
            the order another one.

        >>> Xoshiro(0).standard_normal(3, dtype=np.float32)
        array([0.9429705 , 0.13392276, 1.5250689 ], dtype=float32)
        """
        dtype = np.dtype(dtype)
        if dtype.type not in (np.float16, np.float32, np.float64):
            raise TypeError(f"standard_normal draws float16, float32 or float64, but dtype is {dtype}; "
                            "draw one of those and convert it")
        if size is None:
            value = ziggurat.draw(self._word)
            return value if dtype == np.float64 else dtype.type(value)
        shape = _shape(size, order)
        count = math.prod(shape)
        # Julia draws float64 arrays of at least 7 in bulk, all else one by one.
        values = self._bulk_normals(count) if dtype == np.float64 and count >= 7 else self._normals(count)
        return values.astype(dtype, copy=False).reshape(shape, order=order)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """Draw float64 numbers from [low, high), which broadcast against ``size``."""
        return low + np.subtract(high, low) * self.random(_common(size, low, high))

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw normal float64 numbers of mean ``loc`` and standard deviation ``scale``.

        Errors:
            ValueError: the scale is negative.
        """
        if np.any(np.less(scale, 0)):
            raise ValueError(f"scale must not be negative, but got {scale}; it is a standard deviation")
        return loc + scale * self.standard_normal(_common(size, loc, scale))

    def integers(self, low: int, high: int | None = None, size: Size = None, dtype: Any = np.int64,
                 endpoint: bool = False) -> Any:
        """Draw integers from low to high - 1, or from 0 to low - 1 if high is None.

        With ``endpoint`` the upper bound is drawn too. All are exactly equally likely: of each word as many
        bits are taken as the range needs, and what falls outside it is drawn again. Julia maps words to a
        range in another way, so these are not its numbers.

        Errors:
            TypeError: a bound is no integer, or the dtype no integer type. ValueError: the range is empty, or
            goes beyond the dtype.

        >>> Xoshiro(0).integers(10, size=5)
        array([2, 7, 0, 9, 4])
        """
        dtype = np.dtype(dtype)
        if dtype.kind not in "iu":
            raise TypeError(f"integers draws integer dtypes, but dtype is {dtype}; use random for floats")
        first, last = (0, low) if high is None else (low, high)
        first, last = _integer("low", first), _integer("high", last) - (not endpoint)
        limits = np.iinfo(dtype)
        if last < first or first < limits.min or last > limits.max:
            raise ValueError(f"integers needs a range that is not empty and within {dtype}, {limits.min} to "
                             f"{limits.max}, but got {first} to {last}, both included; check low and high")
        shape = () if size is None else _shape(size)
        span = last - first
        bits = np.uint64((1 << span.bit_length()) - 1)
        found = np.empty(0, dtype=np.uint64)
        while (missing := math.prod(shape) - len(found)) > 0:
            trial = self._request(8 * missing) & bits
            found = np.concatenate([found, trial[trial <= span]])
        # Modulo 2^64, where a negative ``first`` is as good as any.
        values = (found + np.uint64(first & words.MASK)).astype(dtype).reshape(shape)
        return values[()]

    def permutation(self, x: Any) -> Any:
        """Shuffle: a copy of an array along its first axis, or of 0, ..., x - 1 if x is an integer.

        The order is that which sorts as many random words; Julia's ``shuffle`` takes another.

        >>> sorted(Xoshiro(0).permutation(4).tolist())
        [0, 1, 2, 3]
        """
        items = np.arange(_integer("x", x)) if np.ndim(x) == 0 else np.asarray(x)
        return items[np.argsort(self._request(8 * len(items)), kind="stable")]

    def _word(self) -> int:
        word, self._state = words.next_word(self._state)
        return word

    def _sequence(self, count: int) -> Any:
        drawn = words.sequence(self._state, count)
        self._state = words.advance(self._state, count)
        return drawn

    def _request(self, nbytes: int) -> Any:
        """Answer a request for bytes: full steps of eight lanes, then words of the sequence for the rest."""
        steps, rest = divmod(nbytes, 8 * words.LANES)
        bulk = [words.eight_lanes(self._sequence(4 * words.LANES), steps)] if steps else []
        return np.concatenate([*bulk, self._sequence(-(-rest // 8))])

    def _float64s(self, count: int) -> Any:
        return (self._request(8 * count) >> 11) * 2.0**-53

    def _float32s(self, count: int) -> Any:
        halves = self._request(4 * count).astype("<u8").view("<u4")[:count]
        return (halves >> 8).astype(np.float32) * np.float32(2.0**-24)

    def _float16s(self, count: int) -> Any:
        return (np.floor(self._float32s(count) * 2048) / 2048).astype(np.float16)

    def _longdoubles(self, count: int) -> Any:
        # Julia asks for the 32 bytes of each number by themselves, too few for lanes.
        values = np.zeros(count, dtype=np.longdouble)
        for word in self._sequence(4 * count).reshape(count, 4).T:
            values = (values + word) * np.longdouble(2.0**-64)
        below_one = np.nextafter(np.longdouble(1), np.longdouble(0))
        return np.minimum(values, below_one)

    def _bulk_normals(self, count: int) -> Any:
        drawn = self._request(8 * count)
        values, is_draw = ziggurat.quick(drawn)
        for i in np.flatnonzero(~is_draw).tolist():
            value = ziggurat.settle(int(drawn[i]), self._word)
            values[i] = ziggurat.draw(self._word) if value is None else value
        return values

    def _normals(self, count: int) -> Any:
        """Draw normals one after another from the sequence, a stretch of it at a time."""
        if count <= words.PLAIN_STEPS:
            return np.array([ziggurat.draw(self._word) for _ in range(count)], dtype=np.float64)
        parts, missing, spare = [], count, 64
        while missing:
            # A draw takes 1.022 words on average; should the stretch be too short, another follows.
            stretch = words.sequence(self._state, missing + missing // 32 + spare)
            values, used = ziggurat.consecutive(stretch, missing)
            self._state = words.advance(self._state, used)
            parts.append(values)
            missing -= len(values)
            spare *= 2
        return np.concatenate(parts)


def _integer(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, but got {value!r}; convert it with int()") from None


def _shape(size: int | Sequence[int], order: str = "C") -> tuple[int, ...]:
    if order not in ("C", "F"):
        raise ValueError(f'order must be "C" or "F", but got {order!r}; "C" fills the last axis fastest')
    try:
        shape = tuple(map(operator.index, size)) if isinstance(size, Sequence) else (operator.index(size),)
    except TypeError:
        raise TypeError(f"size must be None, an integer or a tuple of integers, but got {size!r}") from None
    if any(length < 0 for length in shape):
        raise ValueError(f"size must not be negative, but got {size!r}; give each axis a length of 0 or more")
    return shape


def _common(size: Size, *parameters: Any) -> Size:
    """Return the size, or the shape that the parameters broadcast to if it is None (None for scalars)."""
    return size if size is not None else np.broadcast_shapes(*map(np.shape, parameters)) or None
