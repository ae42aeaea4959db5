"""What a NumPy array has and a traced one has not: what lies in memory, and what writes it elsewhere.

A traced array is a value in a calculation and no piece of memory, so it has no strides, no bytes and no views; asking
for one says what to use instead.
"""
from __future__ import annotations

_BYTES = "take the values first: stop_gradient(x).tobytes()"
_FILES = "save the values: lux.save(path, tree), or a method of stop_gradient(x)"
_MEMORY = "a traced array is a value and not a piece of memory; look at stop_gradient(x)"
_RECORDS = "a traced array has no fields; keep arrays of one dtype, in a dict"

ABSENT = {
    "base": _MEMORY, "ctypes": _MEMORY, "data": _MEMORY, "flags": _MEMORY, "setflags": _MEMORY, "strides": _MEMORY,
    "byteswap": _BYTES, "dumps": _BYTES, "tobytes": _BYTES, "dump": _FILES, "tofile": _FILES,
    "getfield": _RECORDS, "setfield": _RECORDS,
    "flat": "use x.reshape(-1), and x[np.unravel_index(i, x.shape)] = v to write",
    "resize": "use np.resize(x, shape), which returns the new array",
    "view": "use x.astype(dtype) for another dtype, x.real and x.imag for the parts of complex numbers",
}


def no_attribute(name: str) -> AttributeError:
    """Return the error for an attribute that traced arrays do not have."""
    return AttributeError(f"a traced array has no {name!r}" + (f"; {ABSENT[name]}" if name in ABSENT else ""))
