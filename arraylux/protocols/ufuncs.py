"""NumPy's ufuncs, their `reduce`, `accumulate` and `outer`."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules import creation, cumulative, elementwise, pairs, products, reducing, shaping, special
from ..tracer.core import strip
from ..tracer.tables import UFUNCS

Axis = reducing.Axis


def as_array(x: Any, dtype: Any = None, ndim: int = 0) -> Any:
    """Return x, which may be a nested list, as an array of some dtype, with new leading axes up to `ndim`."""
    if not hasattr(x, "shape"):
        tracer = creation.first_tracer(x)
        x = np.asarray(x) if tracer is None else creation.asarray(x, like=tracer)
    x = x if dtype is None else elementwise.astype(x, dtype=np.dtype(dtype))
    return x if x.ndim >= ndim else shaping.reshape(x, (1,) * (ndim - x.ndim) + tuple(x.shape))


def _rint(x: Any) -> Any:
    return elementwise.round(x)


def _degrees(x: Any) -> Any:
    return x * (180 / np.pi)


def _radians(x: Any) -> Any:
    return x * (np.pi / 180)


def _exp2(x: Any) -> Any:
    return pairs.pow(2.0, x)


def _unlisted(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, (list, tuple)) else x


def _logaddexp2(a: Any, b: Any) -> Any:
    return pairs.logaddexp(_unlisted(a) * math.log(2), _unlisted(b) * math.log(2)) / math.log(2)


def _known(choose: Callable[..., Any]) -> Callable[..., Any]:
    """Make of maximum or minimum NumPy's fmax or fmin, which pass over what is not a number."""
    def call(a: Any, b: Any) -> Any:
        a, b = _unlisted(a), _unlisted(b)
        return choose(pairs.where(elementwise.isnan(a), b, a), pairs.where(elementwise.isnan(b), a, b))
    return call


def _float_power(a: Any, b: Any) -> Any:
    return pairs.pow(_double(a), _double(b))


def _double(x: Any) -> Any:
    """Return an array in double precision, a Python number as it is."""
    x = _unlisted(x)
    return elementwise.astype(x, dtype=np.result_type(x.dtype, np.float64)) if hasattr(x, "dtype") else x


def _heaviside(x: Any, at_zero: Any) -> Any:
    return np.heaviside(strip(x), strip(at_zero))


_CALLS: dict[Any, Callable[..., Any]] = {
    np.absolute: elementwise.abs, np.fabs: elementwise.abs, np.arccos: elementwise.acos, np.arccosh: elementwise.acosh,
    np.arcsin: elementwise.asin, np.arcsinh: elementwise.asinh, np.arctan: elementwise.atan,
    np.arctanh: elementwise.atanh, np.invert: elementwise.bitwise_invert, np.ceil: elementwise.ceil,
    np.conjugate: elementwise.conj, np.cos: elementwise.cos, np.cosh: elementwise.cosh, np.exp: elementwise.exp,
    np.exp2: _exp2, np.expm1: elementwise.expm1, np.floor: elementwise.floor, np.isfinite: elementwise.isfinite,
    np.isinf: elementwise.isinf, np.isnan: elementwise.isnan, np.log: elementwise.log, np.log10: elementwise.log10,
    np.log1p: elementwise.log1p, np.log2: elementwise.log2, np.logical_not: elementwise.logical_not,
    np.negative: elementwise.negative, np.positive: elementwise.positive, np.reciprocal: elementwise.reciprocal,
    np.rint: _rint, np.sign: elementwise.sign, np.signbit: elementwise.signbit, np.sin: elementwise.sin,
    np.sinh: elementwise.sinh, np.sqrt: elementwise.sqrt, np.square: elementwise.square, np.tan: elementwise.tan,
    np.tanh: elementwise.tanh, np.trunc: elementwise.trunc, np.cbrt: elementwise.cbrt, np.deg2rad: _radians,
    np.radians: _radians, np.rad2deg: _degrees, np.degrees: _degrees,
    np.add: pairs.add, np.arctan2: pairs.atan2, np.bitwise_and: pairs.bitwise_and, np.bitwise_or: pairs.bitwise_or,
    np.bitwise_xor: pairs.bitwise_xor, np.left_shift: pairs.bitwise_left_shift,
    np.right_shift: pairs.bitwise_right_shift, np.copysign: pairs.copysign, np.divide: pairs.divide,
    np.equal: pairs.equal, np.floor_divide: pairs.floor_divide, np.fmax: _known(pairs.maximum),
    np.fmin: _known(pairs.minimum),
    np.greater: pairs.greater, np.greater_equal: pairs.greater_equal, np.heaviside: _heaviside, np.hypot: pairs.hypot,
    np.less: pairs.less, np.less_equal: pairs.less_equal, np.logaddexp: pairs.logaddexp, np.logaddexp2: _logaddexp2,
    np.logical_and: pairs.logical_and, np.logical_or: pairs.logical_or, np.logical_xor: pairs.logical_xor,
    np.maximum: pairs.maximum, np.minimum: pairs.minimum, np.multiply: pairs.multiply, np.nextafter: pairs.nextafter,
    np.not_equal: pairs.not_equal, np.power: pairs.pow, np.float_power: _float_power, np.remainder: pairs.remainder,
    np.subtract: pairs.subtract, np.matmul: products.matmul, np.vecdot: products.vecdot,
}
UFUNCS.update({(ufunc, "__call__"): f for ufunc, f in _CALLS.items()})
UFUNCS["erf", "__call__"] = special.erf                 # scipy.special.erf, a ufunc as well


# --- methods of ufuncs --------------------------------------------------------------------------------------------
def _reduced(f: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = 0, dtype: Any = None, keepdims: bool = False) -> Any:
        return f(x if dtype is None else elementwise.astype(x, dtype=dtype), axis=axis, keepdims=keepdims)
    return reduce


for _ufunc, _f in ((np.add, reducing.sum), (np.multiply, cumulative.prod), (np.maximum, reducing.max),
                   (np.minimum, reducing.min), (np.logical_and, reducing.all), (np.logical_or, reducing.any)):
    UFUNCS[_ufunc, "reduce"] = _reduced(_f)
UFUNCS[np.add, "accumulate"] = lambda x, axis=0, dtype=None: cumulative.cumulative_sum(x, axis=axis, dtype=dtype)
UFUNCS[np.multiply, "accumulate"] = lambda x, axis=0, dtype=None: cumulative.cumulative_prod(x, axis=axis, dtype=dtype)
UFUNCS[np.multiply, "outer"] = lambda a, b: pairs.multiply(as_array(a)[(..., *(None,) * as_array(b).ndim)], as_array(b))
