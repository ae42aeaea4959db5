"""What a namespace says of itself: the version of the standard that it keeps, its devices, its dtypes and their limits.

Code written to the standard asks this before it makes an array: which device is the default, how small the numbers of
a dtype can be, what two dtypes become together. The answers are those of the array library, for traced arrays too.
"""
from __future__ import annotations

from typing import Any

from .backend import is_array
from .tracer.core import Tracer


class NamespaceInfo:
    """The answer to `__array_namespace_info__`: the library's, in the form of the newest standard."""

    def __init__(self, library: Any) -> None:
        self._info = library.__array_namespace_info__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._info, name)

    def devices(self) -> tuple[Any, ...]:
        """The devices that arrays can be on."""
        return tuple(self._info.devices())


class Inspection:
    """The functions of a namespace that are about dtypes and devices."""

    __array_api_version__ = "2025.12"

    _library: Any

    def __array_namespace_info__(self) -> NamespaceInfo:
        """The devices, dtypes and capabilities of the library."""
        return NamespaceInfo(self._library)

    def can_cast(self, from_: Any, to: Any, /) -> bool:
        """Say whether one dtype, or that of an array, becomes another by the standard's rules of promotion."""
        return bool(self._library.can_cast(_dtype_of(from_), to))

    def finfo(self, type: Any, /) -> Any:
        """The limits of a floating dtype, or of an array's."""
        return self._library.finfo(_dtype_of(type))

    def iinfo(self, type: Any, /) -> Any:
        """The limits of an integer dtype, or of an array's."""
        return self._library.iinfo(_dtype_of(type))

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """Say whether a dtype is of a kind of the standard."""
        return bool(self._library.isdtype(dtype, kind))

    def result_type(self, *arrays_and_dtypes: Any) -> Any:
        """The dtype that an operation on these would have."""
        return self._library.result_type(*[a.dtype if isinstance(a, Tracer) else a for a in arrays_and_dtypes])


def _dtype_of(x: Any) -> Any:
    """Return the dtype of an array; what is a dtype already as it is."""
    return x.dtype if isinstance(x, Tracer) or is_array(x) else x


__all__ = ["Inspection", "NamespaceInfo"]
