"""CuPy's functions on tracers, as far as CuPy asks.

A ufunc or kernel of CuPy's hands itself to an argument that has the hook for it. Its name says which function of
NumPy's or SciPy's it is, and the tables say what that is here. CuPy's other functions call a method of their argument
(`cp.sum(x)` is `x.sum()`), which tracers have, or refuse all but CuPy's own arrays with an error of CuPy's: for those
(`cp.matmul`, `cp.concatenate`, `cp.linalg`) write `x @ y`, NumPy's function, or that of `array_namespace(x)`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tracer.tables import FUNCTIONS, NUMPY_FUNCTIONS, UFUNCS

# Kernels that do not compute what their names say: ellipk is named as ellipkm1, and the other way round.
_MISNAMED = {"ellipk", "ellipkm1"}


def _name_of(kernel: Any) -> str:
    """Return a kernel's name as NumPy or SciPy has it: sin for cupy_sin, gammaln for cupyx_scipy_special_gammaln."""
    name: str = kernel.name
    for prefix in ("cupyx_scipy_special_", "cupyx_scipy_", "cupyx_", "cupy_"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def _no_rule(kernel: Any) -> TypeError:
    return TypeError(f"the kernel {kernel.name} of CuPy has no rule for traced arrays; write it with the functions of "
                     "array_namespace(x), or give it one with custom_vjp or custom_jvp")


def _refuse_words(kernel: Any, words: dict[str, Any]) -> None:
    for word, value in words.items():
        if value is not None and value is not False:
            raise TypeError(f"the kernel {kernel.name} of CuPy cannot use {word}= with a traced array; use the "
                            "returned value, and astype to cast")


def _elementwise(kernel: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    name = _name_of(kernel)
    function = getattr(np, name, None)
    f: Callable[..., Any] | None = UFUNCS.get((function, "__call__")) or UFUNCS.get((name, "__call__"))
    f = f or (NUMPY_FUNCTIONS.get(function) if function is not None else None)
    if f is None or name in _MISNAMED:
        raise _no_rule(kernel)
    count = getattr(kernel, "nin", len(args))
    _refuse_words(kernel, {**kwargs, **({"out": args[count]} if len(args) > count else {})})
    return f(*args)


def _reduction(x: Any, kernel: Any, axis: Any, dtype: Any, out: Any, keepdims: bool) -> Any:
    f = NUMPY_FUNCTIONS.get(getattr(np, _name_of(kernel), None))
    if f is None:
        raise _no_rule(kernel)
    _refuse_words(kernel, {"out": out})
    return f(x, axis=axis, keepdims=keepdims, **({} if dtype is None else {"dtype": dtype}))


FUNCTIONS["__cupy_elementwise__"] = _elementwise
FUNCTIONS["__cupy_reduction__"] = _reduction
