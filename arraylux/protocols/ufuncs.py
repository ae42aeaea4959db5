"""NumPy's ufuncs: which rule answers which.

Most are functions of the standard under an older name. Those whose values have no derivative give constants, so that
a mask or a rounded number still names the library that it came from.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..namespace import Namespace
from ..rules import creation, elementwise, pairs, products, shaping, special
from ..tracer.tables import UFUNCS
from .values import as_array, on_values, plain


def _rint(x: Any) -> Any:
    return Namespace.round(x)


def _degrees(x: Any) -> Any:
    return x * (180 / np.pi)


def _radians(x: Any) -> Any:
    return x * (np.pi / 180)


def _exp2(x: Any) -> Any:
    return pairs.pow(2.0, x)


def unlisted(x: Any) -> Any:
    """Return the array that NumPy makes of a list, anything else as it is."""
    return as_array(x) if isinstance(x, (list, tuple)) else x


def _logaddexp2(a: Any, b: Any) -> Any:
    return pairs.logaddexp(unlisted(a) * math.log(2), unlisted(b) * math.log(2)) / math.log(2)


def _known(choose: Callable[..., Any]) -> Callable[..., Any]:
    """Make of maximum or minimum NumPy's fmax or fmin, which pass over what is not a number."""
    def call(a: Any, b: Any) -> Any:
        a, b = as_array(a), as_array(b)
        return choose(pairs.where(elementwise.isnan(a), b, a), pairs.where(elementwise.isnan(b), a, b))
    return call


def _float_power(a: Any, b: Any) -> Any:
    return pairs.pow(_double(a), _double(b))


def _double(x: Any) -> Any:
    """Return an array in double precision, a Python number as it is."""
    x = unlisted(x)
    return elementwise.astype(x, dtype=np.result_type(x.dtype, np.float64)) if hasattr(x, "dtype") else x


def _heaviside(x: Any, at_zero: Any) -> Any:
    x = as_array(x)
    step = pairs.where(elementwise.isnan(x), x, elementwise.astype(pairs.greater(x, 0), dtype=x.dtype))
    return pairs.where(pairs.equal(x, 0), unlisted(at_zero), step)


# --- parts of numbers ---------------------------------------------------------------------------------------------
def _fmod(a: Any, b: Any) -> Any:
    a, b = unlisted(a), unlisted(b)
    return pairs.subtract(a, pairs.multiply(elementwise.trunc(pairs.divide(a, b)), b))


def _divmod(a: Any, b: Any) -> tuple[Any, Any]:
    return Namespace.floor_divide(a, b), pairs.remainder(a, b)


def _modf(x: Any) -> tuple[Any, Any]:
    whole = elementwise.trunc(x)
    return pairs.subtract(x, whole), whole


def _frexp(x: Any) -> tuple[Any, Any]:
    exponent = creation.asarray(np.frexp(plain(x))[1], like=x)
    return _ldexp(x, -exponent), exponent


def _ldexp(x: Any, exponent: Any) -> Any:
    x = as_array(x)
    power = np.ldexp(np.ones((), x.dtype), plain(unlisted(exponent)))
    return pairs.multiply(x, creation.asarray(power, like=x))


# --- products -----------------------------------------------------------------------------------------------------
def _vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    return products.vecdot(as_array(x1), as_array(x2), axis=axis)


def _matvec(x1: Any, x2: Any) -> Any:
    return products.matmul(as_array(x1), shaping.expand_dims(as_array(x2), -1))[..., 0]


def _vecmat(x1: Any, x2: Any) -> Any:
    return products.matmul(shaping.expand_dims(elementwise.conj(as_array(x1)), -2), as_array(x2))[..., 0, :]


CALLS: dict[Any, Callable[..., Any]] = {
    np.absolute: elementwise.abs, np.fabs: elementwise.abs, np.arccos: elementwise.acos, np.arccosh: elementwise.acosh,
    np.arcsin: elementwise.asin, np.arcsinh: elementwise.asinh, np.arctan: elementwise.atan,
    np.arctanh: elementwise.atanh, np.cbrt: elementwise.cbrt, np.conjugate: elementwise.conj, np.cos: elementwise.cos,
    np.cosh: elementwise.cosh, np.deg2rad: _radians, np.degrees: _degrees, np.exp: elementwise.exp, np.exp2: _exp2,
    np.expm1: elementwise.expm1, np.log: elementwise.log, np.log10: elementwise.log10, np.log1p: elementwise.log1p,
    np.log2: elementwise.log2, np.negative: elementwise.negative, np.positive: elementwise.positive,
    np.rad2deg: _degrees, np.radians: _radians, np.reciprocal: elementwise.reciprocal, np.sin: elementwise.sin,
    np.sinh: elementwise.sinh, np.sqrt: elementwise.sqrt, np.square: elementwise.square, np.tan: elementwise.tan,
    np.tanh: elementwise.tanh, np.frexp: _frexp, np.modf: _modf,
    np.ceil: Namespace.ceil, np.floor: Namespace.floor, np.invert: Namespace.bitwise_invert,
    np.isfinite: Namespace.isfinite, np.isinf: Namespace.isinf, np.isnan: Namespace.isnan,
    np.logical_not: Namespace.logical_not, np.rint: _rint, np.sign: Namespace.sign, np.signbit: Namespace.signbit,
    np.spacing: on_values(np.spacing), np.trunc: Namespace.trunc,
    np.add: pairs.add, np.arctan2: pairs.atan2, np.copysign: pairs.copysign, np.divide: pairs.divide,
    np.divmod: _divmod, np.float_power: _float_power, np.fmax: _known(pairs.maximum), np.fmin: _known(pairs.minimum),
    np.fmod: _fmod, np.heaviside: _heaviside, np.hypot: pairs.hypot, np.ldexp: _ldexp, np.logaddexp: pairs.logaddexp,
    np.logaddexp2: _logaddexp2, np.maximum: pairs.maximum, np.minimum: pairs.minimum, np.multiply: pairs.multiply,
    np.power: pairs.pow, np.remainder: pairs.remainder, np.subtract: pairs.subtract,
    np.bitwise_and: Namespace.bitwise_and, np.bitwise_or: Namespace.bitwise_or, np.bitwise_xor: Namespace.bitwise_xor,
    np.equal: Namespace.equal, np.floor_divide: Namespace.floor_divide, np.gcd: on_values(np.gcd),
    np.greater: Namespace.greater, np.greater_equal: Namespace.greater_equal, np.lcm: on_values(np.lcm),
    np.left_shift: Namespace.bitwise_left_shift, np.less: Namespace.less, np.less_equal: Namespace.less_equal,
    np.logical_and: Namespace.logical_and, np.logical_or: Namespace.logical_or, np.logical_xor: Namespace.logical_xor,
    np.nextafter: Namespace.nextafter, np.not_equal: Namespace.not_equal,
    np.right_shift: Namespace.bitwise_right_shift,
    np.matmul: products.matmul, np.vecdot: _vecdot,
}
CALLS.update({getattr(np, name): f for name, f in (("matvec", _matvec), ("vecmat", _vecmat)) if hasattr(np, name)})
UFUNCS.update({(ufunc, "__call__"): f for ufunc, f in CALLS.items()})
UFUNCS["erf", "__call__"] = special.erf                 # scipy.special.erf, a ufunc as well
