"""The namespace: the Array API standard, by name, for arrays that may be traced.

`array_namespace(x)` returns it for any array. Its functions are those of the rules, which take plain arrays and
tracers alike; what the standard makes from nothing (zeros, arange) comes from the array's own library, on its device.
Names that are not listed here (dtypes, constants, functions without a derivative) are the library's own.
"""
from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .backend import library
from .inspection import Inspection
from .rules import creation, cumulative, elementwise, indexing, pairs, products, reducing, shaping, sorting
from .rules.extras import Extras
from .tracer.core import Tracer, bare, constant
from .tracer.declare import settle
from .tracer.tables import FUNCTIONS


class Namespace(Inspection, Extras):
    """The functions of the standard for one array library.

    With `traced` the arrays that it makes are constants, into which traced values can be assigned.
    """

    def __init__(self, plain: Any, traced: bool) -> None:
        self._library = plain
        self._traced = traced
        self.__name__ = f"arraylux[{plain.__name__}]"

    def __repr__(self) -> str:
        # SciPy and others print it where plain arrays meet traced ones, so it names the way out.
        traced = " of traced arrays, whose asarray takes plain ones" if self._traced else ""
        return f"<namespace {self.__name__}{traced}>"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    # The extensions are chapters of their own, and loaded by those who open them.
    @cached_property
    def linalg(self) -> Any:
        """Linear algebra."""
        from .linalg import Linalg

        return Linalg(self._library)

    @cached_property
    def fft(self) -> Any:
        """Fourier transforms."""
        from .fourier import Fourier

        return Fourier(self._library, self._traced)

    @cached_property
    def special(self) -> Any:
        """Special functions, by SciPy's names."""
        from .special import Special

        return Special()

    # --- elementwise, one argument ------------------------------------------------------------------------------
    abs = elementwise.abs
    acos = elementwise.acos
    acosh = elementwise.acosh
    asin = elementwise.asin
    asinh = elementwise.asinh
    atan = elementwise.atan
    atanh = elementwise.atanh
    bitwise_invert = settle(elementwise.bitwise_invert)
    ceil = settle(elementwise.ceil)
    conj = elementwise.conj
    cos = elementwise.cos
    cosh = elementwise.cosh
    exp = elementwise.exp
    expm1 = elementwise.expm1
    floor = settle(elementwise.floor)
    imag = elementwise.imag
    isfinite = settle(elementwise.isfinite)
    isinf = settle(elementwise.isinf)
    isnan = settle(elementwise.isnan)
    log = elementwise.log
    log10 = elementwise.log10
    log1p = elementwise.log1p
    log2 = elementwise.log2
    logical_not = settle(elementwise.logical_not)
    negative = elementwise.negative
    positive = elementwise.positive
    real = elementwise.real
    reciprocal = elementwise.reciprocal
    round = settle(elementwise.round)
    sign = settle(elementwise.sign)
    signbit = settle(elementwise.signbit)
    sin = elementwise.sin
    sinh = elementwise.sinh
    sqrt = elementwise.sqrt
    square = elementwise.square
    tan = elementwise.tan
    tanh = elementwise.tanh
    trunc = settle(elementwise.trunc)

    # --- elementwise, two arguments -----------------------------------------------------------------------------
    add = pairs.add
    atan2 = pairs.atan2
    bitwise_and = settle(pairs.bitwise_and)
    bitwise_left_shift = settle(pairs.bitwise_left_shift)
    bitwise_or = settle(pairs.bitwise_or)
    bitwise_right_shift = settle(pairs.bitwise_right_shift)
    bitwise_xor = settle(pairs.bitwise_xor)
    clip = staticmethod(pairs.clip)
    copysign = pairs.copysign
    divide = pairs.divide
    equal = settle(pairs.equal)
    floor_divide = settle(pairs.floor_divide)
    greater = settle(pairs.greater)
    greater_equal = settle(pairs.greater_equal)
    hypot = pairs.hypot
    less = settle(pairs.less)
    less_equal = settle(pairs.less_equal)
    logaddexp = pairs.logaddexp
    logical_and = settle(pairs.logical_and)
    logical_or = settle(pairs.logical_or)
    logical_xor = settle(pairs.logical_xor)
    maximum = pairs.maximum
    minimum = pairs.minimum
    multiply = pairs.multiply
    nextafter = settle(pairs.nextafter)
    not_equal = settle(pairs.not_equal)
    pow = pairs.pow
    remainder = pairs.remainder
    subtract = pairs.subtract
    where = pairs.where

    # --- reductions and running reductions ----------------------------------------------------------------------
    all = settle(reducing.all)
    any = settle(reducing.any)
    argmax = settle(reducing.argmax)
    argmin = settle(reducing.argmin)
    count_nonzero = settle(reducing.count_nonzero)
    cumulative_prod = staticmethod(cumulative.cumulative_prod)
    cumulative_sum = staticmethod(cumulative.cumulative_sum)
    max = staticmethod(reducing.max)
    mean = staticmethod(reducing.mean)
    min = staticmethod(reducing.min)
    prod = staticmethod(cumulative.prod)
    std = staticmethod(reducing.std)
    sum = staticmethod(reducing.sum)
    var = staticmethod(reducing.var)

    # --- shapes ---------------------------------------------------------------------------------------------------
    broadcast_arrays = staticmethod(shaping.broadcast_arrays)
    broadcast_shapes = staticmethod(np.broadcast_shapes)
    broadcast_to = staticmethod(shaping.broadcast_to)
    concat = staticmethod(shaping.concat)
    diff = staticmethod(shaping.diff)
    expand_dims = staticmethod(shaping.expand_dims)
    flip = staticmethod(shaping.flip)
    matrix_transpose = staticmethod(shaping.matrix_transpose)
    meshgrid = staticmethod(shaping.meshgrid)
    moveaxis = staticmethod(shaping.moveaxis)
    permute_dims = staticmethod(shaping.permute_dims)
    repeat = staticmethod(shaping.repeat)
    reshape = staticmethod(shaping.reshape)
    roll = staticmethod(shaping.roll)
    squeeze = staticmethod(shaping.squeeze)
    stack = staticmethod(shaping.stack)
    tile = staticmethod(shaping.tile)
    tril = staticmethod(shaping.tril)
    triu = staticmethod(shaping.triu)
    unstack = staticmethod(shaping.unstack)

    # --- indexing, sorting, searching -----------------------------------------------------------------------------
    argsort = settle(indexing.argsort)
    isin = settle(sorting.isin)
    nonzero = settle(indexing.nonzero)
    searchsorted = settle(indexing.searchsorted)
    sort = staticmethod(sorting.sort)
    take = staticmethod(indexing.take)
    take_along_axis = staticmethod(indexing.take_along_axis)
    unique_all = settle(sorting.unique_all)
    unique_counts = settle(sorting.unique_counts)
    unique_inverse = settle(sorting.unique_inverse)
    unique_values = settle(sorting.unique_values)

    # --- products ----------------------------------------------------------------------------------------------------
    dot = staticmethod(products.dot)
    matmul = staticmethod(products.matmul)
    tensordot = staticmethod(products.tensordot)
    vecdot = staticmethod(products.vecdot)

    # --- making arrays ----------------------------------------------------------------------------------------------
    empty_like = staticmethod(creation.empty_like)
    full_like = staticmethod(creation.full_like)
    ones_like = staticmethod(creation.ones_like)
    zeros_like = staticmethod(creation.zeros_like)

    def _made(self, y: Any) -> Any:
        return constant(y) if self._traced else y

    def arange(self, start: float, /, stop: float | None = None, step: float = 1, *, dtype: Any = None,
               device: Any = None) -> Any:
        """Numbers from start to stop, by steps."""
        return self._made(self._library.arange(start, stop, step, dtype=dtype, device=device))

    def empty(self, shape: int | tuple[int, ...], *, dtype: Any = None, device: Any = None) -> Any:
        """An array whose values are not set."""
        return self._made(self._library.empty(shape, dtype=dtype, device=device))

    def eye(self, n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None,
            device: Any = None) -> Any:
        """A matrix with ones on its k-th diagonal."""
        return self._made(self._library.eye(n_rows, n_cols, k=k, dtype=dtype, device=device))

    def full(self, shape: int | tuple[int, ...], fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
        """An array of one value, which may be traced."""
        if isinstance(fill_value, Tracer):
            value = fill_value if dtype is None else creation.cast(fill_value, dtype)
            return shaping.broadcast_to(value, (shape,) if isinstance(shape, int) else tuple(shape))
        return self._made(self._library.full(shape, fill_value, dtype=dtype, device=device))

    def ones(self, shape: int | tuple[int, ...], *, dtype: Any = None, device: Any = None) -> Any:
        """An array of ones."""
        return self._made(self._library.ones(shape, dtype=dtype, device=device))

    def zeros(self, shape: int | tuple[int, ...], *, dtype: Any = None, device: Any = None) -> Any:
        """An array of zeros."""
        return self._made(self._library.zeros(shape, dtype=dtype, device=device))

    def asarray(self, obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Any:
        """An array from an array, a number or nested lists, which may hold tracers."""
        if creation.holds_tracer(obj):
            y = creation.asarray(obj, like=creation.first_tracer(obj), dtype=dtype, copy=copy)
            return y if device is None else creation.to_device(y, device)
        return self._made(self._library.asarray(obj, dtype=dtype, device=device, copy=copy))

    def linspace(self, start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None,
                 endpoint: bool = True) -> Any:
        """Equally spaced numbers from start to stop, which may be traced."""
        if creation.holds_tracer([start, stop]):
            like = creation.first_tracer([start, stop])
            return creation.linspace(start, stop, num, like=like, dtype=dtype, endpoint=endpoint)
        return self._made(self._library.linspace(start, stop, num, dtype=dtype, device=device, endpoint=endpoint))

    def from_dlpack(self, x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
        """An array that shares the memory of another library's; of a traced array, that array."""
        if isinstance(x, Tracer):
            y = creation.asarray(x, like=x, copy=copy)
            return y if device is None else creation.to_device(y, device)
        asked = {word: value for word, value in (("device", device), ("copy", copy)) if value is not None}
        return self._made(self._library.from_dlpack(x, **asked))

    def astype(self, x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
        """Cast to another dtype."""
        if device is not None and not isinstance(x, Tracer):
            return self._library.astype(x, dtype, copy=copy, device=device)
        y = creation.cast(x, dtype, copy=copy)
        return y if device is None else creation.to_device(y, device)


_NAMESPACES: dict[tuple[str, bool], Namespace] = {}


def array_namespace(*arrays: Any) -> Namespace:
    """Return the namespace of the Array API standard for some arrays.

    Arguments: `arrays`, of one library, plain or traced; Python numbers and `None` are passed over.

    Returns: a namespace whose functions take plain and traced arrays of that library.

    Errors: TypeError if the arrays are of several libraries, or if there is none.

    >>> import numpy as np
    >>> xp = array_namespace(np.zeros(3))
    >>> float(xp.sum(xp.ones(3)))
    3.0
    """
    found: Any = None
    traced = False
    for x in arrays:
        traced = traced or isinstance(x, Tracer)
        plain = bare(x)
        if plain is None or (isinstance(plain, (int, float, complex)) and not hasattr(plain, "shape")):
            continue
        lib = library(plain)
        if found is not None and lib is not found:
            raise TypeError(f"arrays of two libraries, {found.__name__} and {lib.__name__}, cannot be used together; "
                            "move them to one device first: cpu_device()(x) or gpu_device()(x)")
        found = lib
    if found is None:
        raise TypeError("array_namespace needs at least one array")
    key = (found.__name__, traced)
    if key not in _NAMESPACES:
        _NAMESPACES[key] = Namespace(found, traced)
    return _NAMESPACES[key]


FUNCTIONS.update({name: getattr(Namespace, name) for part in (Extras, Namespace) for name in vars(part)
                  if not name.startswith("_") and name not in ("linalg", "fft", "special")})
FUNCTIONS["astype"] = creation.cast
FUNCTIONS["copied"] = creation.copied
FUNCTIONS["to_device"] = creation.to_device
FUNCTIONS["__array_namespace__"] = lambda x, api_version: array_namespace(x)
