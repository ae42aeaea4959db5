"""replicate: a second generator that will draw what the first one would have drawn.

Drawing changes a generator, which is the one thing in this library that is not a pure function. Whoever
has to draw the same numbers twice (a layer's two passes, a test, a comparison of optimisers) draws from a
replica, and leaves the original as it was.
"""

from __future__ import annotations

import copy
import sys
from functools import cache
from typing import Any

import numpy as np


def is_xoshiro(rng: Any) -> bool:
    """Say whether a generator is a `Xoshiro`, whose chapters are not loaded before there is one."""
    chapter = sys.modules.get(f"{__package__}.generator")
    return chapter is not None and isinstance(rng, chapter.Xoshiro)


def replicate(rng: Any) -> Any:
    """Return a copy of a generator, which will give the same draws and leaves the original alone.

    Arguments:
        rng: an ``arraylux.random.Xoshiro``, a ``numpy.random.Generator`` or a ``numpy.random.RandomState``.

    Returns:
        A generator of the same class and state.

    Errors:
        TypeError: the generator is CuPy's, whose state cannot be read, or no generator at all.

    >>> rng = np.random.default_rng(0)
    >>> bool(replicate(rng).random() == rng.random())
    True
    """
    if is_xoshiro(rng):
        return rng.copy()
    if type(rng) is np.random.Generator and type(rng.bit_generator).__module__.startswith("numpy."):
        return _copy_of_generator(rng)
    if isinstance(rng, np.random.Generator | np.random.RandomState):
        return copy.deepcopy(rng)
    if type(rng).__module__.partition(".")[0] == "cupy":
        raise TypeError(f"replicate cannot copy a CuPy {type(rng).__name__}, whose state stays on the GPU; "
                        "draw on the CPU, or make two of one seed with cupy.random.default_rng(seed)")
    raise TypeError("replicate copies a numpy.random.Generator, a numpy.random.RandomState or an arraylux."
                    f"random.Xoshiro, but got a {type(rng).__name__}; numpy.random.default_rng(0) makes one")


def _copy_of_generator(rng: Any) -> Any:
    """Copy a generator at a seventh of the time of a deep copy, most of which goes into a seed that is not used."""
    bits = rng.bit_generator
    twin = type(bits)(_no_seed())
    twin.__setstate__((bits.state, copy.copy(bits.seed_seq)))
    return np.random.Generator(twin)


@cache
def _no_seed() -> Any:
    """Return what a new generator takes for a seed, if its state is about to be set anyway."""
    class NoSeed(np.random.bit_generator.ISeedSequence):
        def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
            return np.zeros(n_words, dtype)
    return NoSeed()
