"""What makes a tracer an array to everyone: attributes, items and conversions; operators, methods, protocols.

A tracer answers Python's operators, the methods of `numpy.ndarray`, the functions of NumPy (which ask an argument's
`__array_ufunc__` or `__array_function__`), and whoever asks for its `__array_namespace__`. All of them end in the same
functions, which stand in tables that the chapters above fill: this one only says how a call finds its function.
Whatever would lose a derivative without a word (a conversion to a float, to a NumPy array) raises one sentence.
"""
from __future__ import annotations

import math
import operator
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backend import device_of
from .absent import Absent
from .dispatch import Dispatch
from .methods import Methods
from .operators import Operators
from .tables import FUNCTIONS


def _holders(x: Any) -> int:
    """Return how many hold the array that x is a view of, x itself and this question included."""
    base = x.base
    return sys.getrefcount(base)


_ALONE = _holders(np.empty(2)[:1])                       # of an array that only its view holds


class ArrayInterface(Operators, Methods, Dispatch, Absent):
    """The face of an array over an object with `value`."""

    __slots__ = ()
    __array_priority__ = 1000.0

    value: Any

    # --- attributes -------------------------------------------------------------------------------------------
    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def device(self) -> Any:
        return self.value.device if isinstance(self.value, ArrayInterface) else device_of(self.value)

    @property
    def T(self) -> Any:
        return FUNCTIONS["permute_dims"](self, tuple(range(self.ndim))[::-1])

    @property
    def mT(self) -> Any:
        return FUNCTIONS["matrix_transpose"](self)

    @property
    def itemsize(self) -> int:
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def real(self) -> Any:
        return FUNCTIONS["real"](self)

    @property
    def imag(self) -> Any:
        return FUNCTIONS["imag"](self)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __reduce__(self) -> Any:
        raise TypeError("a traced array cannot be pickled, since it belongs to one run of one transformation; return "
                        "it from the function, or pickle stop_gradient(x)")

    # --- items ------------------------------------------------------------------------------------------------
    def __getitem__(self, index: Any) -> Any:
        y = FUNCTIONS["getitem"](self, index)
        y.part = True                                    # until it is written to, see _is_part
        return y

    def __setitem__(self, index: Any, value: Any) -> None:
        if hasattr(self, "part") and self._is_part():
            raise TypeError("this array is a part of one that is still in use, and NumPy would write into that one as "
                            "well, which a traced array cannot; write into it by one index, as in A[0, 1] = v and not "
                            "A[0][1] = v, or into a copy: r = A[:2].copy(); r[0] = v")
        self.become(FUNCTIONS["index_set"](self, value, index=index))

    def _is_part(self) -> bool:
        """Say whether the memory of a NumPy array is a view's, and somebody else holds what it is a view of."""
        x: Any = self
        while isinstance(x, ArrayInterface):
            if x._is_input():
                return False
            x = x.value
        return type(x) is np.ndarray and type(x.base) is np.ndarray and _holders(x) > _ALONE

    def _is_input(self) -> bool:
        """Say whether a tracer came in by an argument, whose memory is nobody's here."""
        return False

    def become(self, other: Any) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without dimensions")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over an array without dimensions")
        return iter(FUNCTIONS["unstack"](self))

    def __contains__(self, value: Any) -> bool:
        return bool(FUNCTIONS["any"](FUNCTIONS["equal"](self, value)))

    # --- conversions ------------------------------------------------------------------------------------------
    def _plain(self) -> Any:
        x: Any = self.value
        return x._plain() if isinstance(x, ArrayInterface) else x

    def _is_constant(self) -> bool:
        return False

    def _lossy(self, what: str, instead: str) -> Any:
        """Return the plain array if nothing would be lost by it, else raise."""
        if self._is_constant():
            return self._plain()
        raise TypeError(f"{what} of a traced array would lose its derivative; {instead}")

    def __bool__(self) -> bool:
        return bool(self._plain())

    def __int__(self) -> int:
        return int(self._plain())

    def __index__(self) -> int:
        return operator.index(self._plain())

    def __float__(self) -> float:
        return float(self._lossy("float()", "keep it an array (use xp.sin(x), not math.sin(x)), make an array that "
                                            "it is assigned into by np.zeros_like(x), or say "
                                            "float(stop_gradient(x)) if no derivative is wanted"))

    def __complex__(self) -> complex:
        return complex(self._lossy("complex()", "keep it an array, or use stop_gradient(x) first"))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy as np

        plain = self._lossy("a NumPy array", "if this was `a[i] = x` with a plain array a, make a by xp.zeros or "
                                             "np.zeros_like(x) of the traced x; if it was np.array([x, ...]), use "
                                             "xp.stack; for the bare values use stop_gradient(x)")
        return np.asarray(plain, dtype=dtype)

    @property
    def __dlpack__(self) -> Any:
        if type(self._plain()).__module__.startswith("cupy"):
            raise AttributeError("__dlpack__")      # CuPy's kernels would ask for the capsule, instead of their hooks
        return self._capsule

    def _capsule(self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None,
                 copy: bool | None = None) -> Any:
        plain = self._lossy("a DLPack capsule", "use from_dlpack of array_namespace(x), or stop_gradient(x) first")
        asked = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        return plain.__dlpack__(**{word: value for word, value in asked.items() if value is not None})

    def __dlpack_device__(self) -> Any:
        return self._plain().__dlpack_device__()

    def item(self, *args: Any) -> Any:
        return self._lossy("item()", "keep it an array, or use stop_gradient(x) first").item(*args)

    def tolist(self) -> Any:
        return self._lossy("tolist()", "keep it an array, or use stop_gradient(x) first").tolist()

    def __format__(self, spec: str) -> str:
        return format(self._plain(), spec) if spec else str(self)
