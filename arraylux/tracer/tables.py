"""Which function answers which name: tables that the chapters above fill, so that this one need not know them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

LATE: list[Callable[[], None]] = []         # fill the tables further, when a function is asked for that is not there


def load_late() -> None:
    """Fill the tables with what has been left for later.

    The fillers import, and an import waits for a thread that is at the same one. So they stay listed until all have
    run, and whoever missed a name looks again after this, whichever thread did the work.
    """
    for fill in tuple(LATE):
        fill()
    LATE.clear()


FUNCTIONS: dict[str, Callable[..., Any]] = {}               # the standard's functions, by name
UFUNCS: dict[tuple[Any, str], Callable[..., Any]] = {}      # (NumPy ufunc or the name of another, method) -> function
NUMPY_FUNCTIONS: dict[Any, Callable[..., Any]] = {}         # NumPy function -> function with NumPy's signature
LIKE_FUNCTIONS: dict[Any, Callable[..., Any]] = {}          # NumPy function with like= -> function(like, ...)
INSTEAD: dict[str, str] = {}                                # what has no rule -> what to use instead
