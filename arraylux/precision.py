"""Precision: the number of bits of a model's numbers, changed for a whole tree at once.

A layer computes in the common dtype of its input and its parameters, so the dtype of the parameters decides how much
memory and time a model takes, and a batch that is wider than they are makes everything after it wider. `f16`, `f32`,
`f64` and `bf16` convert trees; `match_eltype` brings an input down to the parameters, if it is asked to.
"""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from . import tree as trees
from .backend import is_array, kind, library
from .rules.elementwise import astype
from .tracer.core import Tracer, bare

_COMPLEX = {"float32": "complex64", "float64": "complex128"}
_BITS = {"float16": 16, "bfloat16": 16, "float32": 32, "float64": 64}


def f16(tree: Any) -> Any:
    """Return a tree with its floating-point arrays in float16; see `f32`. There are no complex numbers of that size."""
    return convert(tree, "float16")


def f32(tree: Any) -> Any:
    """Return a tree with its floating-point arrays in float32, and complex ones in complex64.

    Arguments: `tree`, any tree: parameters, states, a batch, a ComponentArray, a TrainState. Integers, truth values,
    Python's numbers, generators and layers stay as they are, and so does what has the dtype already.

    Returns: a tree of the same form. An array at several places is converted once, and stays one array.

    Errors: TypeError if the array library has no such dtype, or if there is none for complex numbers.

    >>> f32({"weight": np.ones(2), "steps": np.asarray([3])})
    {'weight': array([1., 1.], dtype=float32), 'steps': array([3])}
    """
    return convert(tree, "float32")


def f64(tree: Any) -> Any:
    """Return a tree with its floating-point arrays in float64, and complex ones in complex128; see `f32`."""
    return convert(tree, "float64")


def bf16(tree: Any) -> Any:
    """Return a tree with its floating-point arrays in bfloat16; see `f32`.

    It has the range of float32 with 8 bits of precision. NumPy's arrays get it from the package ml_dtypes.

    Errors: as for `f32`, and ImportError without ml_dtypes.
    """
    return convert(tree, "bfloat16")


def convert(tree: Any, dtype: str, path: str = "tree") -> Any:
    """Return a tree with its floating-point arrays in a dtype, real or complex as they are; see `f32`."""
    def leaf(path: str, x: Any) -> Any:
        if not (isinstance(x, Tracer) or is_array(x)) or kind(x.dtype) not in "fc":
            return x
        name = dtype
        if kind(x.dtype) == "c":
            if dtype not in _COMPLEX:
                raise TypeError(f"{path} is complex, and there are no complex numbers made of {dtype}; use f32, or "
                                "convert its real and imaginary parts by themselves")
            name = _COMPLEX[dtype]
        wanted = _dtype(x, name, path)
        return x if x.dtype == wanted else astype(x, dtype=wanted)
    return trees.map_once(leaf, tree, path=path)


def _dtype(x: Any, name: str, path: str) -> Any:
    """Return the dtype of that name in the library of an array."""
    xp = library(bare(x))
    if xp is np and name == "bfloat16":
        try:
            import ml_dtypes
        except ImportError:
            raise ImportError("bfloat16 in NumPy needs the package ml_dtypes; install it: pip install "
                              "ml_dtypes") from None
        return np.dtype(ml_dtypes.bfloat16)
    found = getattr(xp, name, None)
    if found is None:
        raise TypeError(f"{path} is an array of {xp.__name__}, which has no {name}; use f32 or f64")
    return np.dtype(found) if xp is np else found


def dtype_named(dtype: Any, what: str) -> str:
    """Return the name of a real floating-point dtype of any library; `what` begins the error, a TypeError, if not."""
    name = str(np.dtype(dtype) if isinstance(dtype, type) else dtype).rpartition(".")[2]
    if name not in _BITS:
        raise TypeError(f'{what} must be a real floating-point dtype, such as numpy.float64 or "float32", '
                        f"got {dtype!r}")
    return name


def precision_of(tree: Any) -> str | None:
    """Return the name of the real dtype with the precision of a tree's widest floating-point array, if it has one."""
    dtypes = [x.dtype for x in trees.leaves(tree) if hasattr(x, "dtype") and kind(x.dtype) in "fc"]
    names = [str(dtype).rpartition(".")[2] for dtype in dtypes]
    real = {wide: name for name, wide in _COMPLEX.items()}
    return max([real.get(name, name) for name in names], key=lambda name: _BITS.get(name, 0), default=None)


def match_eltype(layer: Any, ps: Any, st: Any, *xs: Any, handling: str = "convert") -> Any:
    """Return an input in the precision of the parameters, if it is wider than they are.

    Arguments: `layer`, `ps`, `st`, the model that the input is for; `xs`, one input or several, arrays or trees of
    them; `handling`, what to do: "convert", "warn" (return them as they are, with a UserWarning), "error", or "none".

    A float64 input of a float32 model makes every result float64, at twice the memory and time. Nothing in arraylux
    converts it silently; this does, where you call it. Integers are converted too (don't hand over the indices of an
    Embedding), and inputs that are narrower than the parameters are left alone, as are truth values.

    Returns: the input, or a tuple if there are several.

    Errors: TypeError with handling="error"; ValueError for another handling.

    >>> ps = {"weight": np.ones((1, 2), np.float32)}
    >>> match_eltype(None, ps, {}, np.array([1.0, 2.0]))
    array([1., 2.], dtype=float32)
    """
    if handling not in ("convert", "warn", "error", "none"):
        raise ValueError(f'match_eltype: handling must be "convert", "warn", "error" or "none", got {handling!r}')
    target = precision_of(ps)
    if target is None or handling == "none":
        return xs[0] if len(xs) == 1 else xs
    wide: list[str] = []

    def leaf(path: str, x: Any) -> Any:
        if not hasattr(x, "dtype") or kind(x.dtype) not in "ifc":
            return x
        whole = kind(x.dtype) == "i"
        if not whole and _BITS.get(precision_of(x) or "", 0) <= _BITS.get(target, 0):
            return x
        if handling == "convert":
            return astype(x, dtype=_dtype(x, target, path)) if whole else convert(x, target, path)
        wide.append(f"{path} is {trees.describe(x)}")
        return x
    xs = tuple([trees.map_once(leaf, x, path="x") for x in xs])
    if wide:
        name = f"{layer.description()}: " if hasattr(layer, "description") else ""
        sentence = (f"{name}{wide[0]}, the parameters are {target}; convert it, as with match_eltype(layer, ps, st, x, "
                    'handling="convert")')
        if handling == "error":
            raise TypeError(sentence)
        warnings.warn(sentence, stacklevel=2)
    return xs[0] if len(xs) == 1 else xs


__all__ = ["bf16", "convert", "dtype_named", "f16", "f32", "f64", "match_eltype", "precision_of"]
