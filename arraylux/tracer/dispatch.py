"""How a call of another library's function finds ours: NumPy's two protocols, and CuPy's two hooks.

NumPy asks an argument before it computes: a ufunc its `__array_ufunc__`, any other function its `__array_function__`.
CuPy's kernels ask for methods of their own. All of them look into the tables that `arraylux.protocols` fills, in
which every function takes what it can do under NumPy's names for it. So what is not in a table, or is no parameter of
the function found there, has no meaning for a traced array, and raises one sentence that names the way out.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .tables import FUNCTIONS, INSTEAD, LIKE_FUNCTIONS, NUMPY_FUNCTIONS, UFUNCS, load_late

# What a keyword may be without saying anything, beside the default in the function's own signature.
_SILENT = {"where": True, "casting": "same_kind", "order": "K", "subok": True, "keepdims": False}
_WAYS_OUT = {
    "casting": "cast with astype", "dtype": "cast with astype", "initial": "combine the result with it afterwards",
    "mode": "make the indices fit before", "out": "use the returned value (for a += x write a = a + x)",
    "where": "choose with xp.where before or after",
}
_TAKEN: dict[Any, tuple[float, frozenset[str]]] = {}        # how many arguments in order, and which by name


class Dispatch:
    """The protocols of an array over the tables."""

    __slots__ = ()

    def _is_constant(self) -> bool:
        raise NotImplementedError

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return FUNCTIONS["__array_namespace__"](self, api_version)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        f = UFUNCS.get((ufunc, method)) or UFUNCS.get((ufunc.__name__, method))
        if f is None:
            load_late()
            f = UFUNCS.get((ufunc, method)) or UFUNCS.get((ufunc.__name__, method))
        if f is None:
            return without_rule(name_of(ufunc, method), getattr(ufunc, method), inputs, kwargs)
        if kwargs:
            kwargs = _settled(name_of(ufunc), f, inputs, kwargs, {})[1]
        return f(*inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        f = NUMPY_FUNCTIONS.get(func)
        if f is None:
            load_late()
            if func in LIKE_FUNCTIONS:
                return LIKE_FUNCTIONS[func](self, *args, **kwargs)
            f = NUMPY_FUNCTIONS.get(func)
        if f is None:
            return without_rule(name_of(func), func, args, kwargs)
        if kwargs or len(args) > 1:
            most, names = _TAKEN.get(f) or _learn(f)
            if len(args) > most or not kwargs.keys() <= names:
                args, kwargs = _settled(name_of(func), f, args, kwargs, _parameters(func))
        return f(*args, **kwargs)

    def __cupy_override_elementwise_kernel__(self, kernel: Any, *args: Any, **kwargs: Any) -> Any:
        load_late()
        return FUNCTIONS["__cupy_elementwise__"](kernel, args, kwargs)

    def __cupy_override_reduction_kernel__(self, kernel: Any, axis: Any, dtype: Any, out: Any, keepdims: bool) -> Any:
        load_late()
        return FUNCTIONS["__cupy_reduction__"](self, kernel, axis, dtype, out, keepdims)


# --- what a function takes ----------------------------------------------------------------------------------------
def _parameters(function: Any) -> dict[str, Any]:
    """Return the parameters of a function, by name in their order; none, where it does not tell them."""
    from inspect import signature

    try:
        return dict(signature(function).parameters)
    except (TypeError, ValueError):
        return {}


def _learn(f: Callable[..., Any]) -> tuple[float, frozenset[str]]:
    """Return, and remember, how many arguments a function takes in order, and which by name."""
    parameters = _parameters(f).values()
    several = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    most = float("inf") if several else sum(p.kind <= p.POSITIONAL_OR_KEYWORD for p in parameters)
    names = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    _TAKEN[f] = most, frozenset(names - {"out"})            # nobody writes into an array that is there
    return _TAKEN[f]


def _settled(name: str, f: Callable[..., Any], args: Any, kwargs: dict[str, Any],
             theirs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the arguments without those that `f` does not take and that say nothing; raise for others of them."""
    most, names = _TAKEN.get(f) or _learn(f)
    if all(any(p.kind is p.VAR_KEYWORD for p in both.values()) for both in (theirs, _parameters(f))):
        return args, kwargs                                 # words that are passed on to a function of the user's
    if len(args) > most and theirs:                         # what came in order has a name in NumPy's signature
        first = int(most)
        kwargs = {**kwargs, **dict(zip(list(theirs)[first:], args[first:], strict=False))}
        args = args[:first]
    beyond = {word: value for word, value in kwargs.items() if word not in names}
    for word, value in beyond.items():
        default = theirs[word].default if word in theirs else None
        if value is None or value is default or (isinstance(value, (bool, str)) and
                                                 value in (default, _SILENT.get(word))):
            continue
        raise TypeError(f"{name} cannot use {word}= with a traced array; {_WAYS_OUT.get(word, 'leave it out')}")
    return args, {word: value for word, value in kwargs.items() if word in names}


# --- what has no rule ---------------------------------------------------------------------------------------------
def name_of(function: Any, method: str = "__call__") -> str:
    """Return the name under which a user knows a function of NumPy's or a ufunc of SciPy's."""
    name: str = function.__name__
    if isinstance(function, np.ufunc):
        for module, prefix in (("numpy", "np."), ("scipy.special", "scipy.special.")):
            if getattr(sys.modules.get(module), name, None) is function:
                name = prefix + name
        return name if method == "__call__" else f"{name}.{method}"
    return (getattr(function, "__module__", None) or "numpy").replace("numpy", "np", 1) + "." + name


def without_rule(name: str, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Run a function without a rule if only constants came, whose derivative is zero; else say what to use instead."""
    if not name.endswith(".at"):
        plain = [_constants_alone(part) for part in (args, kwargs)]
        if None not in plain:
            return function(*plain[0], **plain[1])
    raise no_rule(name)


def _constants_alone(x: Any) -> Any:
    """Return nested arguments with the plain arrays of their constants; `None` if another tracer is among them."""
    if isinstance(x, Dispatch):
        return x._plain() if x._is_constant() else None  # type: ignore[attr-defined]
    if isinstance(x, dict):
        values = _constants_alone(list(x.values()))
        return None if values is None else dict(zip(x, values, strict=True))
    if isinstance(x, (list, tuple)):
        found = [(item, _constants_alone(item)) for item in x]
        return None if any(new is None and old is not None for old, new in found) else type(x)([n for _, n in found])
    return x


def no_rule(name: str) -> TypeError:
    """Return the error for a function that has no rule."""
    load_late()
    instead = INSTEAD.get(name) or INSTEAD.get("." + name.rpartition(".")[2]) or (
        "write it with the functions of array_namespace(x), or give it one with custom_vjp or custom_jvp")
    return TypeError(f"{name} has no rule for traced arrays; {instead}")
