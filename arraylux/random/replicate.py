"""replicate: a second generator that will draw what the first one would have drawn.

Drawing changes a generator, which is the one thing in this library that is not a pure function. Whoever
has to draw the same numbers twice (a layer's two passes, a test, a comparison of optimisers) draws from a
replica, and leaves the original as it was.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .generator import Xoshiro


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
    if isinstance(rng, Xoshiro):
        return rng.copy()
    if isinstance(rng, np.random.Generator | np.random.RandomState):
        return copy.deepcopy(rng)
    if type(rng).__module__.partition(".")[0] == "cupy":
        raise TypeError(f"replicate cannot copy a CuPy {type(rng).__name__}, whose state stays on the GPU; "
                        "draw on the CPU, or make two of one seed with cupy.random.default_rng(seed)")
    raise TypeError("replicate copies a numpy.random.Generator, a numpy.random.RandomState or an arraylux."
                    f"random.Xoshiro, but got a {type(rng).__name__}; numpy.random.default_rng(0) makes one")
