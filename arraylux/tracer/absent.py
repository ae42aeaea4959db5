"""What a NumPy array has and a traced one has not: what lies in memory, and what writes it elsewhere.

A traced array is a value in a calculation and no piece of memory, so it has no strides, no bytes and no views; asking
for one says what to use instead. (Each name has an entry of its own: a class that answers for unknown names by
`__getattr__` is slower at all of the names that it knows.)
"""
from __future__ import annotations

from typing import Any, NoReturn

_BYTES = "take the values first: stop_gradient(x).tobytes()"
_FILES = "save the values: lux.save(path, tree), or a method of stop_gradient(x)"
_MEMORY = "a traced array is a value and not a piece of memory; look at stop_gradient(x)"
_RECORDS = "a traced array has no fields; keep arrays of one dtype, in a dict"


class Missing:
    """An attribute that is not there, and the words that say what to use instead."""

    def __init__(self, instead: str) -> None:
        self.instead = instead

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, x: Any, owner: type) -> NoReturn:
        raise AttributeError(f"a traced array has no {self.name!r}; {self.instead}")


class Absent:
    """The names of `numpy.ndarray` that a traced array does not have."""

    __slots__ = ()

    base = Missing(_MEMORY)
    byteswap = Missing(_BYTES)
    ctypes = Missing(_MEMORY)
    data = Missing(_MEMORY)
    dump = Missing(_FILES)
    dumps = Missing(_BYTES)
    flags = Missing(_MEMORY)
    flat = Missing("use x.reshape(-1), and x[np.unravel_index(i, x.shape)] = v to write")
    getfield = Missing(_RECORDS)
    resize = Missing("use np.resize(x, shape), which returns the new array")
    setfield = Missing(_RECORDS)
    setflags = Missing(_MEMORY)
    strides = Missing(_MEMORY)
    tobytes = Missing(_BYTES)
    tofile = Missing(_FILES)
    view = Missing("use x.astype(dtype) for another dtype, x.real and x.imag for the parts of complex numbers")
