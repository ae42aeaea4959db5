"""The one place that knows one array library from another.

The rest of the package asks `library(x)` for the functions of the Array API standard that fit a plain array, and
never names a library. NumPy serves itself; every other library is found by array-api-compat, which is imported
when the first such array is seen, as is the library: importing arraylux loads NumPy alone.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_LIBRARIES: dict[type, Any] = {}


def library(x: Any) -> Any:
    """Return the module with the standard's functions for a plain array (for Python numbers: NumPy).

    Errors: TypeError if `x` is no array of a library that array-api-compat knows.
    """
    found = _LIBRARIES.get(type(x))
    return _find_library(x) if found is None else found


def _find_library(x: Any) -> Any:
    found: Any = np
    if not isinstance(x, (np.ndarray, np.generic, int, float, complex)):
        import array_api_compat

        try:
            found = array_api_compat.array_namespace(x)
        except TypeError:
            raise TypeError(f"expected an array, got a {type(x).__name__}; convert it with asarray first") from None
    _LIBRARIES[type(x)] = found
    return found


def is_array(x: Any) -> bool:
    """Say whether `x` is a plain array of some library (Python numbers and tracers are not)."""
    if isinstance(x, (np.ndarray, np.generic)):
        return True
    if isinstance(x, (int, float, complex, str, bytes, type, type(None))) or not hasattr(x, "shape"):
        return False
    import array_api_compat

    return bool(array_api_compat.is_array_api_obj(x))


_NUMPY_KINDS = {"b": "b", "i": "i", "u": "i", "f": "f", "c": "c"}
_ML_DTYPES = ("bfloat16", "float8_e4m3fn", "float8_e5m2")       # these register with NumPy as kind V
_KINDS: dict[Any, str] = {}                                     # for the dtypes of other libraries


def kind(dtype: Any) -> str:
    """Return `"b"`, `"i"`, `"f"` or `"c"`: boolean, integer, real or complex floating; `"o"` for any other dtype."""
    if isinstance(dtype, np.dtype):
        return _NUMPY_KINDS.get(dtype.kind) or ("f" if dtype.name in _ML_DTYPES else "o")
    return _KINDS.get(dtype) or _learn_kind(dtype)


def _learn_kind(dtype: Any) -> str:
    if isinstance(dtype, (type, str)):                           # np.float32, float, "float32"
        return kind(np.dtype(dtype))
    name = str(dtype).rpartition(".")[2]
    letters = {"u": "i", "i": "i", "f": "f", "b": "f", "c": "c"}
    letter = "b" if name.startswith("bool") else letters.get(name[0], "o")
    _KINDS[dtype] = letter
    return letter


def real_dtype(dtype: Any) -> Any:
    """Return the real dtype with the precision of a complex one: float32 for complex64, float64 for complex128."""
    if isinstance(dtype, np.dtype):
        return np.empty(0, dtype).real.dtype
    import sys

    module = sys.modules[type(dtype).__module__.partition(".")[0]]
    return module.float32 if "64" in str(dtype) else module.float64


def device_of(x: Any) -> Any:
    """Return the device of a plain array as its own library names it (`"cpu"` for NumPy)."""
    if isinstance(x, (np.ndarray, np.generic)):
        return "cpu"
    import array_api_compat

    return array_api_compat.device(x)


def to_numpy(x: Any) -> Any:
    """Return a plain array of any library, on any device, as a NumPy array."""
    if isinstance(x, (np.ndarray, np.generic, int, float, complex)):
        return np.asarray(x)
    if type(x).__module__.partition(".")[0] == "cupy":
        return x.get()
    import array_api_compat

    xp = array_api_compat.array_namespace(x)
    home = xp.__array_namespace_info__().default_device() if hasattr(xp, "__array_namespace_info__") else "cpu"
    return np.asarray(array_api_compat.to_device(x, home))


# Scatter-add has no function in the standard, so each library's own is named here.
def _numpy_scatter_add(target: Any, index: Any, values: Any) -> None:
    rows = index[0] if type(index) is tuple and len(index) == 1 else index
    if (type(rows) is np.ndarray and rows.dtype.kind in "iu" and type(values) is np.ndarray and target.ndim > 1
            and target.size and target.dtype == values.dtype and target.flags.c_contiguous
            and values.ndim < rows.ndim + target.ndim):
        _add_rows(target, rows, values)
    else:
        np.add.at(target, index, values)


def _add_rows(target: Any, rows: Any, values: Any) -> None:
    """Add rows by NumPy's quick loop over a flat array, several times as fast as its own way of adding rows."""
    values = np.ascontiguousarray(np.broadcast_to(values, rows.shape + target.shape[1:]))
    flat, values = target.reshape(-1), values.reshape(-1)
    length = target.size // len(target)
    pair = {"f": "F", "d": "D"}.get(target.dtype.char)
    if pair is not None and not length % 2:                      # two real numbers at once, as one complex number
        flat, values, length = flat.view(pair), values.view(pair), length // 2
    np.add.at(flat, (rows.astype(np.intp).reshape(-1, 1) * length + np.arange(length)).reshape(-1), values)


def _cupy_scatter_add(target: Any, index: Any, values: Any) -> None:
    import cupyx

    cupyx.scatter_add(target, index, values)


def _standard_scatter_add(target: Any, index: Any, values: Any) -> None:
    # NumPy works out which places are meant: the standard has no index that mixes slices with arrays.
    xp = library(target)
    items = index if isinstance(index, tuple) else (index,)
    items = tuple([to_numpy(i) if is_array(i) else i for i in items])
    places = np.arange(target.size).reshape(target.shape)[items]
    values = xp.asarray(values, dtype=target.dtype, device=device_of(target))
    values = xp.reshape(xp.broadcast_to(values, places.shape), (-1,))
    flat = xp.reshape(target, (-1,))
    for i, place in enumerate(places.ravel().tolist()):
        flat[place] += values[i]
    target[...] = xp.reshape(flat, target.shape)


_SCATTER_ADD: dict[str, Callable[[Any, Any, Any], None]] = {"numpy": _numpy_scatter_add, "cupy": _cupy_scatter_add}


def scatter_add(target: Any, index: Any, values: Any) -> None:
    """Add `values` to `target[index]` in place, repeated places included."""
    name = type(target).__module__.partition(".")[0]
    _SCATTER_ADD.get(name, _standard_scatter_add)(target, index, values)
