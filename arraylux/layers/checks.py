"""Finding out what is wrong with the input of a layer.

A layer asks one cheap question, whether everything fits. Only if not, the questions here are asked one by one; each
answers with an error to raise, or with `None` if that is not the trouble, so that they can be joined by `or`.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import tree
from ..backend import kind, library
from ..tracer.core import bare
from .errors import LayerError, LayerKeyError, LayerTypeError, LayerValueError


def wrong_keys(layer: Any, what: str, found: Any, keys: Iterable[str]) -> LayerError | None:
    """Parameters or states (`what` is "ps" or "st") that do not have exactly these keys."""
    keys = tuple(keys)
    if hasattr(found, "keys") and set(found.keys()) == set(keys):
        return None
    error = LayerKeyError if hasattr(found, "keys") else LayerTypeError
    got = _list(found.keys()) if error is LayerKeyError else tree.describe(found)
    return error(layer, f"{what} must be a dict with the keys {_list(keys)}, got {got}; setup(rng, model) makes one")


def _list(keys: Iterable[Any]) -> str:
    return ", ".join(map(repr, keys)) or "none"


def not_floating(layer: Any, x: Any, name: str = "x") -> LayerError | None:
    """An input that is no floating-point array."""
    if not hasattr(x, "shape") or not hasattr(x, "dtype"):
        return LayerTypeError(layer, f"{name} is {tree.describe(x)}, expected a floating-point array; convert it, as "
                                     "with numpy.asarray(x, dtype='float32')")
    if kind(x.dtype) not in "fc":
        return LayerTypeError(layer, f"{name} has dtype {x.dtype}, expected a floating-point one; convert it, as with "
                                     "x.astype('float32')")
    return None


def wrong_shape(layer: Any, ps: Any, shapes: dict[str, tuple[int, ...]]) -> LayerError | None:
    """A parameter of another shape than the layer gave it."""
    for name, shape in shapes.items():
        if tuple(getattr(ps[name], "shape", (None,))) != shape:
            return LayerValueError(layer, f"parameter {name} must have the shape {shape}, got "
                                          f"{tree.describe(ps[name])}; setup(rng, model) makes parameters that fit")
    return None


def mixed_libraries(layer: Any, x: Any, ps: Any) -> LayerError | None:
    """Parameters that are arrays of another library than x."""
    home = library(bare(x)).__name__
    for name in ps:
        other = library(bare(ps[name])).__name__
        if other != home:
            return LayerTypeError(layer, f"x is an array of {home}, parameter {name} one of {other}; move both to one "
                                         "device, as with gpu_device()(x)")
    return None


__all__ = ["mixed_libraries", "not_floating", "wrong_keys", "wrong_shape"]
