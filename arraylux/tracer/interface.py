"""What makes a tracer an array to everyone: operators, methods, and NumPy's two protocols.

A tracer answers Python's operators, the methods of `numpy.ndarray`, the functions of NumPy (which ask an argument's
`__array_ufunc__` or `__array_function__`), and whoever asks for its `__array_namespace__`. All of them end in the same
functions, which stand in tables that the chapters above fill: this one only says how a call finds its function.
Whatever would lose a derivative without a word (a conversion to a float, to a NumPy array) raises one sentence.
"""
from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from ..backend import device_of

FUNCTIONS: dict[str, Callable[..., Any]] = {}               # the standard's functions, by name
UFUNCS: dict[tuple[Any, str], Callable[..., Any]] = {}      # (NumPy ufunc or the name of another, method) -> function
NUMPY_FUNCTIONS: dict[Any, Callable[..., Any]] = {}         # NumPy function -> function with NumPy's signature


class ArrayInterface:
    """The face of an array over an object with `value`."""

    __slots__ = ()
    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment]

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
        size = 1
        for n in self.value.shape:
            size *= n
        return size

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

    # --- operators --------------------------------------------------------------------------------------------
    def __add__(self, other: Any) -> Any:
        return FUNCTIONS["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return FUNCTIONS["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return FUNCTIONS["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return FUNCTIONS["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return FUNCTIONS["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return FUNCTIONS["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return FUNCTIONS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return FUNCTIONS["divide"](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return FUNCTIONS["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return FUNCTIONS["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Any:
        return FUNCTIONS["remainder"](self, other)

    def __rmod__(self, other: Any) -> Any:
        return FUNCTIONS["remainder"](other, self)

    def __pow__(self, other: Any) -> Any:
        return FUNCTIONS["pow"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return FUNCTIONS["pow"](other, self)

    def __matmul__(self, other: Any) -> Any:
        return FUNCTIONS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return FUNCTIONS["matmul"](other, self)

    def __neg__(self) -> Any:
        return FUNCTIONS["negative"](self)

    def __pos__(self) -> Any:
        return FUNCTIONS["positive"](self)

    def __abs__(self) -> Any:
        return FUNCTIONS["abs"](self)

    def __invert__(self) -> Any:
        return FUNCTIONS["bitwise_invert"](self)

    def __and__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_and"](self, other)

    def __or__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_or"](self, other)

    def __xor__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_xor"](self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_left_shift"](self, other)

    def __rshift__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_right_shift"](self, other)

    def __eq__(self, other: object) -> Any:
        return FUNCTIONS["equal"](self, other)

    def __ne__(self, other: object) -> Any:
        return FUNCTIONS["not_equal"](self, other)

    def __lt__(self, other: Any) -> Any:
        return FUNCTIONS["less"](self, other)

    def __le__(self, other: Any) -> Any:
        return FUNCTIONS["less_equal"](self, other)

    def __gt__(self, other: Any) -> Any:
        return FUNCTIONS["greater"](self, other)

    def __ge__(self, other: Any) -> Any:
        return FUNCTIONS["greater_equal"](self, other)

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
            _refuse(f"np.{ufunc.__name__}" if method == "__call__" else f"np.{ufunc.__name__}.{method}")
        if kwargs:
            _refuse_keywords(ufunc, kwargs, kwargs if method == "__call__" else ("out", "where", "initial"))
        return f(*inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        f = NUMPY_FUNCTIONS.get(func)
        if f is None:
            module = (getattr(func, "__module__", None) or "numpy").replace("numpy", "np", 1)
            return _refuse(f"{module}.{func.__name__}")
        if kwargs:
            _refuse_keywords(func, kwargs, ("out", "where", "initial", "mode"))
        return f(*args, **kwargs)

    # --- methods of numpy.ndarray, with its positional order ----------------------------------------------------
    def sum(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["sum"](self, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["prod"](self, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["mean"](self if dtype is None else self.astype(dtype), axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["max"](self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["min"](self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0,
            keepdims: bool = False) -> Any:
        return FUNCTIONS["var"](self if dtype is None else self.astype(dtype), axis=axis, correction=ddof,
                                keepdims=keepdims)

    def std(self, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0,
            keepdims: bool = False) -> Any:
        return FUNCTIONS["std"](self if dtype is None else self.astype(dtype), axis=axis, correction=ddof,
                                keepdims=keepdims)

    def all(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["all"](self, axis=axis, keepdims=keepdims)

    def any(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["any"](self, axis=axis, keepdims=keepdims)

    def argmax(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["argmax"](self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return FUNCTIONS["argmin"](self, axis=axis, keepdims=keepdims)

    def argsort(self, axis: int = -1) -> Any:
        return FUNCTIONS["argsort"](self, axis=axis)

    def cumsum(self, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
        x = self.reshape(-1) if axis is None else self
        return FUNCTIONS["cumulative_sum"](x, axis=0 if axis is None else axis, dtype=dtype)

    def cumprod(self, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
        x = self.reshape(-1) if axis is None else self
        return FUNCTIONS["cumulative_prod"](x, axis=0 if axis is None else axis, dtype=dtype)

    def clip(self, min: Any = None, max: Any = None, out: None = None) -> Any:
        return FUNCTIONS["clip"](self, min, max)

    def round(self, decimals: int = 0, out: None = None) -> Any:
        return FUNCTIONS["round"](self) if decimals == 0 else FUNCTIONS["round"](self * 10.0**decimals) / 10.0**decimals

    def take(self, indices: Any, axis: Any = None, out: None = None, mode: str = "raise") -> Any:
        return FUNCTIONS["take"](self if axis is not None else self.reshape(-1), indices, axis=axis or 0)

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        return FUNCTIONS["repeat"](self, repeats, axis=axis)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        if order != "C":
            raise ValueError(f"reshape of a traced array knows order='C' alone, got {order!r}; transpose before and "
                             "after")
        return FUNCTIONS["reshape"](self, shape[0] if len(shape) == 1 else shape)

    def ravel(self, order: str = "C") -> Any:
        return self.reshape((-1,), order=order)

    def flatten(self, order: str = "C") -> Any:
        return self.reshape((-1,), order=order)

    def squeeze(self, axis: Any = None) -> Any:
        return FUNCTIONS["squeeze"](self, axis if axis is not None
                                    else tuple(i for i, n in enumerate(self.shape) if n == 1))

    def transpose(self, *axes: Any) -> Any:
        if not axes or axes == (None,):
            return self.T
        return FUNCTIONS["permute_dims"](self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        axes = list(range(self.ndim))
        axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
        return FUNCTIONS["permute_dims"](self, tuple(axes))

    def dot(self, other: Any) -> Any:
        return FUNCTIONS["dot"](self, other)

    def conj(self) -> Any:
        return FUNCTIONS["conj"](self)

    conjugate = conj

    def astype(self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True,
               *, device: Any = None) -> Any:
        return FUNCTIONS["astype"](self, dtype)

    def copy(self, order: str = "C") -> Any:
        return FUNCTIONS["positive"](self)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        return FUNCTIONS["to_device"](self, device)


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
