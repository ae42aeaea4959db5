"""Which function answers which name: tables that the chapters above fill, so that this one need not know them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

FUNCTIONS: dict[str, Callable[..., Any]] = {}               # the standard's functions, by name
UFUNCS: dict[tuple[Any, str], Callable[..., Any]] = {}      # (NumPy ufunc or the name of another, method) -> function
NUMPY_FUNCTIONS: dict[Any, Callable[..., Any]] = {}         # NumPy function -> function with NumPy's signature
