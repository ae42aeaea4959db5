"""Numbers and arrays written the way Julia writes them.

A floating-point number has many decimal spellings that read back as the same number; the shortest of them is the
one to print. Julia, like Python, prints that one, but it also says which type the number has: `0.5` is a Float64,
`0.5f0` a Float32, and an array carries its type in front, `Float32[0.5, 1.0]`, with `;` between the rows of a
matrix. Pages made with Julia can so be compared with ours character by character.
"""
from __future__ import annotations

from typing import Any

import numpy as np

TYPE_NAMES = {"float16": "Float16", "float32": "Float32", "float64": "Float64", "complex64": "ComplexF32",
              "complex128": "ComplexF64", "bool": "Bool", "int8": "Int8", "int16": "Int16", "int32": "Int32",
              "int64": "Int64", "uint8": "UInt8", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64"}
# The types whose literals need no label: 1.0 and 1 can't be anything else.
UNMARKED = ("Float64", "Int64")


def julia_repr(x: Any) -> str:
    """Return what Julia's `repr` prints for a number or an array.

    Arguments: `x`, a NumPy array of any shape, or a NumPy or Python number; its axes are taken index for index.
    A dtype that Julia has no name for is printed by NumPy.

    >>> julia_repr(np.float32(0.25)), julia_repr(np.asarray([1.0, 2e-6], dtype=np.float32))
    ('0.25f0', 'Float32[1.0, 2.0f-6]')
    >>> julia_repr(np.arange(4).reshape(2, 2))
    '[0 1; 2 3]'
    """
    array = np.asarray(x)
    name = TYPE_NAMES.get(array.dtype.name)
    if name is None:
        return repr(x)
    if array.ndim == 0:
        return _scalar(array[()], name)
    if array.size == 0:
        dims = ", ".join(map(str, array.shape))
        kind = f"Matrix{{{name}}}" if array.ndim == 2 else f"Array{{{name}, {array.ndim}}}"
        return f"{name}[]" if array.ndim == 1 else f"{kind}(undef, {dims})"
    prefix = "" if name in UNMARKED else name
    if array.ndim == 1:
        return f"{prefix}[{', '.join(map(_element, array))}]"
    lonely = ";" * array.ndim if array.shape[-1] == 1 else ""
    return f"{prefix}[{_slices(array)}{lonely}]"


def julia_summary(x: Any) -> str:
    """Return what Julia's `summary` says of an array: its size and its type, without the numbers.

    >>> julia_summary(np.zeros(4)), julia_summary(np.zeros((2, 3), np.float32))
    ('4-element Vector{Float64}', '2\u00d73 Matrix{Float32}')
    """
    shape, dtype = tuple(x.shape), str(x.dtype).rpartition(".")[2]
    name = TYPE_NAMES.get(dtype, dtype)
    if len(shape) == 1:
        return f"{shape[0]}-element Vector{{{name}}}"
    size = "\u00d7".join(map(str, shape)) or "0-dimensional"
    return f"{size} Matrix{{{name}}}" if len(shape) == 2 else f"{size} Array{{{name}, {len(shape)}}}"


def _slices(array: np.ndarray[Any, Any]) -> str:
    """Write an array of two or more axes: columns part by a space, rows by `;`, matrices by `;;;`, and so on."""
    if array.ndim == 2:
        return "; ".join(" ".join(map(_element, row)) for row in array)
    separator = ";" * array.ndim + " "
    return separator.join(_slices(array[..., number]) for number in range(array.shape[-1]))


def _scalar(x: Any, name: str) -> str:
    """Write a number that stands alone, so that its text shows its type."""
    if name == "Bool":
        return str(bool(x)).lower()
    if name == "ComplexF32":
        return _complex(_scalar(x.real, "Float32"), _scalar(x.imag, "Float32"))
    text = _element(x)
    if name == "Float32":
        return text + "32" if not np.isfinite(x) else text if "f" in text else text + "f0"
    if name == "Float16":
        return text + "16" if not np.isfinite(x) else f"Float16({text})"
    return text


def _element(x: Any) -> str:
    """Write a number inside an array, where the array's label tells the type."""
    if isinstance(x, np.complexfloating):
        return _complex(_element(x.real), _element(x.imag))
    if not isinstance(x, np.floating):
        return str(int(x))
    if not np.isfinite(x):
        return "NaN" if np.isnan(x) else "Inf" if x > 0 else "-Inf"
    mantissa, exponent = np.format_float_scientific(x, unique=True, trim="0", exp_digits=1).split("e")
    if -5 < int(exponent) < (3 if x.dtype == np.float16 else 6):
        return np.format_float_positional(x, unique=True, trim="0")
    return f"{mantissa}{'f' if x.dtype == np.float32 else 'e'}{int(exponent)}"


def _complex(real: str, imag: str) -> str:
    return f"{real} - {imag[1:]}im" if imag.startswith("-") else f"{real} + {imag}im"
