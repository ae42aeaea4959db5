"""How xoshiro256++ makes its words, one after another or very many at once.

The generator of Blackman and Vigna is a machine with 256 bits of memory, four words s0..s3. A step
mixes them with exclusive-ors, shifts and rotations, and gives one word out. Each of those three is
linear over the field of two elements, GF(2), where adding is exclusive-or: a bit of the next state is the
sum, modulo 2, of certain bits of this one. So a step is a 256 x 256 matrix of zeros and ones, n steps
are its n-th power, and the state a million steps from here is found without taking them.

That is how a sequential generator is run in parallel. To draw a million words the sequence is cut into
chunks of equal length, the state at the start of each chunk is found by jumping, and all chunks then
step together, as arrays: a thousand NumPy steps on a thousand chunks instead of a million Python steps
on one. The jumps are by 2^k steps only, with matrices found by squaring and kept.

Sources: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM Trans. Math.
Softw. 47 (2021); H. Haramoto et al., "Efficient jump ahead for F2-linear random number generators",
INFORMS J. Comput. 20 (2008).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

State = tuple[int, int, int, int]

MASK = (1 << 64) - 1
PLAIN_STEPS = 200  # up to so many, Python's integers finish before NumPy has warmed up

# Julia multiplies the words that start its eight lanes by these, a constant for each of s0..s3, to part
# the lanes' streams from the stream that they were drawn from.
LANES = 8
LANE_MULTIPLIERS = np.array(
    [0x02011CE34BCE797F, 0x5A94851FB48A6E05, 0x3688CF5D48899FA7, 0x867B4BB4C42E5661], dtype=np.uint64
)


def state_from_seed(seed: int) -> State:
    """Return the state that Julia (1.11 or later) gives an integer seed: the seed's SHA-256 digest.

    What is hashed is the seed in 32-bit little-endian words, as many as it needs; for a negative seed
    the words of its complement ~seed, then one byte 0x01.
    """
    magnitude = ~seed if seed < 0 else seed
    words = max(1, -(-magnitude.bit_length() // 32))
    message = magnitude.to_bytes(4 * words, "little") + (b"\x01" if seed < 0 else b"")
    import hashlib  # loads a cryptography library, so not before it is needed

    return state_from_bytes(hashlib.sha256(message).digest())


def state_from_bytes(raw: bytes) -> State:
    """Read 32 bytes as a state: four little-endian words."""
    s0, s1, s2, s3 = (int.from_bytes(raw[i : i + 8], "little") for i in range(0, 32, 8))
    return s0, s1, s2, s3


def next_word(state: State) -> tuple[int, State]:
    """Return the next word of the sequence and the state after it."""
    s0, s1, s2, s3 = state
    total = (s0 + s3) & MASK
    word = ((total << 23 | total >> 41) + s0) & MASK
    shifted = (s1 << 17) & MASK
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 45 | s3 >> 19) & MASK
    return word, (s0, s1, s2, s3)


def sequence(state: State, count: int) -> Any:
    """Return the next ``count`` words of the sequence, a uint64 array."""
    if count <= PLAIN_STEPS:
        words = []
        for _ in range(count):
            word, state = next_word(state)
            words.append(word)
        return np.array(words, dtype=np.uint64)
    return _run(np.array([state], dtype=np.uint64), count)[:, 0]


def advance(state: State, steps: int) -> State:
    """Return the state after ``steps`` words."""
    if steps <= PLAIN_STEPS:
        for _ in range(steps):
            _, state = next_word(state)
        return state
    jumped = np.array([state], dtype=np.uint64)
    for exponent in range(steps.bit_length()):
        if steps >> exponent & 1:
            jumped = _jump(jumped, exponent)
    s0, s1, s2, s3 = jumped[0].tolist()
    return s0, s1, s2, s3


def eight_lanes(seeding: Any, steps: int) -> Any:
    """Return the words of Julia's bulk stream: eight generators side by side.

    Arguments:
        seeding: 32 words of the sequence: s0 of every lane, then every s1, s2, s3.
        steps: how often the lanes step.

    Returns:
        uint64 array of 8 * steps words, step by step, lane 0 first.
    """
    states = seeding.reshape(4, LANES).T * LANE_MULTIPLIERS
    return _run(states, steps).reshape(-1)


def _run(states: Any, steps: int) -> Any:
    """Return (steps, lanes) words of generators that start at ``states``, (lanes, 4)."""
    lanes = len(states)
    # A step costs some ten microseconds of NumPy's overhead, a chunk a matrix product of a few: chunks
    # of about sqrt(lanes * steps) steps balance the two.
    exponent = math.isqrt(lanes * steps).bit_length() - 1
    length = steps if steps <= 64 else 1 << exponent
    chunks = -(-steps // length)

    starts = states[np.newaxis]
    while len(starts) < chunks:  # with 1, 2, 4, ... chunks found, one jump finds as many again
        starts = np.concatenate([starts, _jump(starts, exponent)])
        exponent += 1

    s0, s1, s2, s3 = (starts[:chunks, :, i].copy() for i in range(4))
    words = np.empty((length, chunks, lanes), dtype=np.uint64)
    for step in range(length):
        words[step] = _step(s0, s1, s2, s3)
    return words.swapaxes(0, 1).reshape(-1, lanes)[:steps]


def _step(s0: Any, s1: Any, s2: Any, s3: Any) -> Any:
    """Step many generators at once, in place, and return a word of each: ``next_word`` on arrays."""
    total = s0 + s3
    word = (total << 23 | total >> 41) + s0
    shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3[...] = s3 << 45 | s3 >> 19
    return word


def _jump(states: Any, exponent: int) -> Any:
    """Return the states 2^exponent steps after ``states``, (..., 4)."""
    return _pack(_product(_bits(states), _jump_matrix(exponent)))


@functools.cache
def _jump_matrix(exponent: int) -> Any:
    """Return the matrix of 2^exponent steps: row i is where the i-th bit alone would lead."""
    if exponent > 0:
        half = _jump_matrix(exponent - 1)
        return _product(half, half)
    single_bits = _pack(np.eye(256))
    columns = single_bits.T.copy()
    _step(*columns)
    return _bits(columns.T)


def _product(left: Any, right: Any) -> Any:
    """Multiply matrices over GF(2): sums of at most 256 ones, exact in float32, then modulo 2."""
    return np.mod(left @ right, np.float32(2))


def _bits(states: Any) -> Any:
    """Unpack (..., 4) words to (..., 256) bits, in float32 for the sake of fast products."""
    raw = np.ascontiguousarray(states).view(np.uint8)
    return np.unpackbits(raw, axis=-1).astype(np.float32)


def _pack(bits: Any) -> Any:
    """Undo ``_bits``."""
    return np.packbits(bits.astype(np.uint8), axis=-1).view(np.uint64)
