"""What makes a tracer an array to everyone: operators, methods, and NumPy's two protocols.

A tracer answers Python's operators, the methods of `numpy.ndarray`, the functions of NumPy (which ask an argument's
`__array_ufunc__` or `__array_function__`), and whoever asks for its `__array_namespace__`. All of them end in the same
functions, which stand in tables that the chapters above fill: this one only says how a call finds its function.
Whatever would lose a derivative without a word (a conversion to a float, to a NumPy array) raises one sentence.
"""
from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from ..backend import device_of
from .methods import Methods
from .operators import Operators
from .tables import FUNCTIONS, NUMPY_FUNCTIONS, UFUNCS, load_late


class ArrayInterface(Operators, Methods):
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
        return len(self.value.shape)

    @property
    def size(self) -> int:
        return math.prod(self.value.shape)

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
    def real(self) -> Any:
        return FUNCTIONS["real"](self)

    @property
    def imag(self) -> Any:
        return FUNCTIONS["imag"](self)

    # --- items ------------------------------------------------------------------------------------------------
    def __getitem__(self, index: Any) -> Any:
        return FUNCTIONS["getitem"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.become(FUNCTIONS["index_set"](self, value, index=index))

    def become(self, other: Any) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        if not self.value.shape:
            raise TypeError("len() of an array without dimensions")
        return int(self.value.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self.value.shape:
            raise TypeError("iteration over an array without dimensions")
        return iter(FUNCTIONS["unstack"](self))

    # --- conversions ------------------------------------------------------------------------------------------
    def _plain(self) -> Any:
        x: Any = self
        while isinstance(x, ArrayInterface):
            x = x.value
        return x

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

    def item(self, *args: Any) -> Any:
        return self._lossy("item()", "keep it an array, or use stop_gradient(x) first").item(*args)

    def tolist(self) -> Any:
        return self._lossy("tolist()", "keep it an array, or use stop_gradient(x) first").tolist()

    def __format__(self, spec: str) -> str:
        return format(self._plain(), spec) if spec else str(self)

    # --- protocols --------------------------------------------------------------------------------------------
    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return FUNCTIONS["__array_namespace__"](self, api_version)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        f = UFUNCS.get((ufunc, method)) or UFUNCS.get((ufunc.__name__, method))
        if f is None:
            if load_late():
                return self.__array_ufunc__(ufunc, method, *inputs, **kwargs)
            _refuse(f"np.{ufunc.__name__}" if method == "__call__" else f"np.{ufunc.__name__}.{method}")
        if kwargs:
            _refuse_keywords(ufunc, kwargs, kwargs if method == "__call__" else ("out", "where", "initial"))
        return f(*inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        f = NUMPY_FUNCTIONS.get(func)
        if f is None:
            if load_late():
                return self.__array_function__(func, types, args, kwargs)
            module = (getattr(func, "__module__", None) or "numpy").replace("numpy", "np", 1)
            return _refuse(f"{module}.{func.__name__}")
        if kwargs:
            words = ("out", "where", "initial", "mode")
            _refuse_keywords(func, kwargs, words[:-1] if func.__module__ == "numpy.linalg" else words)
        return f(*args, **kwargs)


def _refuse(name: str) -> NoReturn:
    instead = "use array_namespace(x).index_add(a, x, index=i)" if name.endswith(".at") else \
        "write it with the functions of array_namespace(x), or give it one with custom_vjp or custom_jvp"
    raise TypeError(f"{name} has no rule for traced arrays; {instead}")


def _refuse_keywords(function: Any, kwargs: dict[str, Any], refused: Iterable[str]) -> None:
    """Raise for a keyword of NumPy's that traced arrays do not know; drop those that say nothing."""
    for word in [w for w in refused if w in kwargs]:
        if kwargs.pop(word) is not (True if word == "where" else None):
            raise TypeError(f"np.{function.__name__} cannot use {word}= with a traced array; use the returned value "
                            "(for a += x write a = a + x), astype to cast and xp.where to choose")
