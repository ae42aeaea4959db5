"""NumPy's other functions, each with NumPy's signature, and the table of them all."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..namespace import array_namespace
from ..rules import creation, cumulative, elementwise, indexing, pairs, products, reducing, shaping
from ..tracer.core import strip
from ..tracer.tables import NUMPY_FUNCTIONS
from .ufuncs import as_array

Axis = reducing.Axis


def _method(name: str) -> Callable[..., Any]:
    """A function of NumPy's that has the order and the defaults of the method of that name."""
    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(a, name)(*args, **kwargs)
    return call


# --- shapes -------------------------------------------------------------------------------------------------------
def _transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    return shaping.permute_dims(a, tuple(range(a.ndim))[::-1] if axes is None else tuple(axes))


def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    return a.reshape(shape, order=order)


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return shaping.moveaxis(a, source, destination)


def _expand_dims(a: Any, axis: Any) -> Any:
    return shaping.expand_dims(a, axis)


def _concatenate(arrays: Sequence[Any], /, axis: int | None = 0, *, dtype: Any = None) -> Any:
    return shaping.concat([as_array(x, dtype) for x in arrays], axis=axis)


def _stack(arrays: Sequence[Any], axis: int = 0, *, dtype: Any = None) -> Any:
    return shaping.stack([as_array(x, dtype) for x in arrays], axis=axis)


def _vstack(arrays: Sequence[Any], *, dtype: Any = None) -> Any:
    return shaping.concat([as_array(x, dtype, 2) for x in arrays], axis=0)


def _hstack(arrays: Sequence[Any], *, dtype: Any = None) -> Any:
    arrays = [as_array(x, dtype, 1) for x in arrays]
    return shaping.concat(arrays, axis=0 if arrays[0].ndim == 1 else 1)


def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return shaping.broadcast_to(array, shape)


def _flip(m: Any, axis: Any = None) -> Any:
    return shaping.flip(m, axis=axis)


def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return shaping.roll(a, shift, axis=axis)


def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    return shaping.repeat(a, repeats, axis=axis)


def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    return shaping.diff(a, axis=axis, n=n)


def _tril(m: Any, k: int = 0) -> Any:
    return shaping.tril(m, k=k)


def _triu(m: Any, k: int = 0) -> Any:
    return shaping.triu(m, k=k)


def _split(a: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    n = a.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if n % indices_or_sections:
            raise ValueError(f"split: axis {axis} of length {n} has no {indices_or_sections} equal parts")
        cuts = list(range(n // indices_or_sections, n, n // indices_or_sections))
    else:
        cuts = list(indices_or_sections)
    before: tuple[slice, ...] = (slice(None),) * (axis % a.ndim)
    return [a[(*before, slice(i, j))] for i, j in zip([0, *cuts], [*cuts, n], strict=True)]


# --- items, products, choices -----------------------------------------------------------------------------------------
def _take(a: Any, indices: Any, axis: int | None = None) -> Any:
    return indexing.take(shaping.reshape(a, (-1,)) if axis is None else a, as_array(indices), axis=axis or 0)


def _take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Any:
    return indexing.take_along_axis(arr, indices, axis=axis)


def _where(condition: Any, /, *choices: Any) -> Any:
    return pairs.where(strip(condition), *choices) if choices else indexing.nonzero(condition)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return pairs.clip(a, min if a_min is None else a_min, max if a_max is None else a_max)


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return products.tensordot(a, b, axes=axes)


def _outer(a: Any, b: Any) -> Any:
    return pairs.multiply(shaping.reshape(as_array(a), (-1, 1)), shaping.reshape(as_array(b), (1, -1)))


def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return elementwise.astype(x, dtype=np.dtype(dtype))


def _zeros_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
                device: Any = None) -> Any:
    if shape is None:
        return creation.zeros_like(a, dtype=dtype)
    return array_namespace(a).zeros(shape, dtype=dtype or a.dtype)


def _ones_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
               device: Any = None) -> Any:
    if shape is None:
        return creation.ones_like(a, dtype=dtype)
    return array_namespace(a).ones(shape, dtype=dtype or a.dtype)


def _full_like(a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
               device: Any = None) -> Any:
    if shape is None:
        return creation.full_like(a, fill_value, dtype=dtype)
    return array_namespace(a).full(shape, fill_value, dtype=dtype or a.dtype)


def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    return creation.linspace(start, stop, num, like=creation.first_tracer([start, stop]), endpoint=endpoint)


def _on_values(f: Callable[..., Any]) -> Callable[..., Any]:
    """Let a NumPy function without a derivative see the plain arrays."""
    def call(*args: Any, **kwargs: Any) -> Any:
        return f(*[strip(a) for a in args], **kwargs)
    return call


def _copyto(dst: Any, src: Any, *args: Any, **kwargs: Any) -> Any:
    raise TypeError("a traced value cannot be written into a plain NumPy array, since its derivative would be lost; "
                    "make the array from a traced one, as np.zeros_like(x) or array_namespace(x).zeros(shape) do")


NUMPY_FUNCTIONS.update({getattr(np, name): _method(name) for name in (
    "all", "any", "argmax", "argmin", "cumprod", "cumsum", "max", "mean", "min", "prod", "ravel", "round", "squeeze",
    "std", "sum", "swapaxes", "var")})
NUMPY_FUNCTIONS.update({
    np.amax: _method("max"), np.amin: _method("min"), np.around: _method("round"), np.transpose: _transpose,
    np.reshape: _reshape, np.expand_dims: _expand_dims, np.moveaxis: _moveaxis, np.concatenate: _concatenate,
    np.stack: _stack, np.vstack: _vstack, np.hstack: _hstack, np.broadcast_to: _broadcast_to,
    np.broadcast_arrays: lambda *arrays, subok=False: tuple(shaping.broadcast_arrays(*arrays)), np.flip: _flip,
    np.roll: _roll, np.repeat: _repeat, np.tile: lambda A, reps: shaping.tile(A, reps), np.diff: _diff, np.tril: _tril,
    np.triu: _triu, np.split: _split, np.take: _take, np.take_along_axis: _take_along_axis, np.where: _where,
    np.clip: _clip, np.dot: lambda a, b: products.dot(a, b), np.tensordot: _tensordot, np.outer: _outer,
    np.real: elementwise.real, np.imag: elementwise.imag, np.zeros_like: _zeros_like, np.ones_like: _ones_like,
    np.full_like: _full_like, np.empty_like: _zeros_like,
    np.linspace: _linspace, np.copyto: _copyto, np.copy: lambda a, order="K", subok=False: elementwise.positive(a),
    np.shape: lambda a: a.shape, np.ndim: lambda a: a.ndim, np.size: lambda a, axis=None: a.size if axis is None
    else a.shape[axis], np.result_type: _on_values(np.result_type), np.can_cast: _on_values(np.can_cast),
    np.argsort: _on_values(np.argsort), np.nonzero: _on_values(np.nonzero),
    np.searchsorted: _on_values(np.searchsorted),
    np.count_nonzero: _on_values(np.count_nonzero), np.isclose: _on_values(np.isclose),
    np.allclose: _on_values(np.allclose), np.array_equal: _on_values(np.array_equal),
    np.iscomplexobj: lambda x: np.iscomplexobj(strip(x)), np.isrealobj: lambda x: np.isrealobj(strip(x)),
    np.meshgrid: lambda *xs, indexing="xy": tuple(shaping.meshgrid(*xs, indexing=indexing)),
})
for _name, _function in (("concat", _concatenate), ("permute_dims", _transpose), ("astype", _astype),
                         ("matrix_transpose", shaping.matrix_transpose), ("unstack", shaping.unstack),
                         ("cumulative_sum", cumulative.cumulative_sum),
                         ("cumulative_prod", cumulative.cumulative_prod)):
    if hasattr(np, _name):
        NUMPY_FUNCTIONS[getattr(np, _name)] = _function
