"""Chapter 16: many samples at once.

What becomes of a primitive when some of its arguments are stacks of samples? Nearly always the same primitive with
the axes counted one further: a sum over axis 0 of each sample is a sum over axis 1 of the stack. Elementwise functions
only need their arguments' axes lined up behind the first; matrix functions work on stacks as they are; and a product
with one and the same matrix for all samples becomes a single, larger product. A primitive without a rule here runs
once for each sample.
"""
from __future__ import annotations

import math
from typing import Any

from ..backend import kind
from ..tracer.batch import BATCHING, Batch, Mapping
from ..tracer.core import PRIMITIVES, Primitive, home
from ..tracer.declare import Binary, Unary
from .elementwise import conj, real, square
from .indexing import getitem
from .pairs import add, multiply
from .products import matmul
from .reducing import mean
from .shaping import broadcast_to, expand_dims, moveaxis, permute_dims, reshape, squeeze, stack, unstack
from .shaping import sum_to as sum_to_shape

Params = dict[str, Any]


def rank_of(x: Any, stacked: bool) -> int:
    """Return the number of axes of one sample."""
    return len(getattr(x, "shape", ())) - stacked


def with_rank(x: Any, rank: int) -> Any:
    """Insert axes of length one behind the first of a stack, until each sample has this many."""
    missing = rank + 1 - len(x.shape)
    return reshape(x, (x.shape[0], *(1,) * missing, *x.shape[1:])) if missing > 0 else x


def everywhere(x: Any, stacked: bool, trace: Mapping) -> Any:
    """Return an argument as a stack: the same for all samples, if it is not one already."""
    return x if stacked else broadcast_to(x, (trace.samples, *x.shape))


def behind(axis: Any, rank: int) -> Any:
    """Count axes of a sample as axes of the stack; `None` stands for all of them."""
    if axis is None:
        return tuple(range(1, rank + 1))
    return tuple([a % rank + 1 for a in axis]) if isinstance(axis, tuple) else axis % rank + 1


# --- the kinds of rules ---------------------------------------------------------------------------------------------
def elementwise(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """Line up the arguments' axes from the last; so do functions of matrices whose leading axes broadcast."""
    rank = max([rank_of(a, s) for a, s in zip(args, stacked, strict=True)])
    return primitive(*[with_rank(a, rank) if s else a for a, s in zip(args, stacked, strict=True)], **params)


def along_axes(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """Move the axis along which something happens; all arguments become stacks."""
    full = [everywhere(a, s, trace) for a, s in zip(args, stacked, strict=True)]
    name = "axes" if "axes" in params else "axis"
    return primitive(*full, **{**params, name: behind(params.get(name, -1), len(full[0].shape) - 1)})


def reduction(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """Reduce the same axes of each sample."""
    x, rank = args[0], len(args[0].shape) - 1
    return primitive(x, **{**params, "axis": behind(params.get("axis"), rank)})


def search(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """Find a place along one axis, or among all elements of each sample."""
    x, axis = args[0], params.get("axis")
    rank = len(x.shape) - 1
    if axis is not None:
        return primitive(x, **{**params, "axis": axis % rank + 1})
    y = primitive(reshape(x, (trace.samples, math.prod(x.shape[1:]))), axis=1)
    return reshape(y, (trace.samples, *(1,) * rank)) if params.get("keepdims") else y


def one_by_one(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """Run once for each sample, and stack the results."""
    if not trace.samples:                                # the form of the results is that of one sample of zeros
        xp, device = home(next(a for a, s in zip(args, stacked, strict=True) if s))
        zeros = [xp.zeros((1, *a.shape[1:]), dtype=a.dtype, device=device) if s else a
                 for a, s in zip(args, stacked, strict=True)]
        y = one_by_one(primitive, zeros, stacked, params, Mapping(trace.origin, 1))
        return tuple([getitem(part, slice(0, 0)) for part in y]) if type(y) is tuple else getitem(y, slice(0, 0))
    columns = [unstack(a) if s else (a,) * trace.samples for a, s in zip(args, stacked, strict=True)]
    results = [primitive(*sample, **_params_of_sample(params, i, trace))
               for i, sample in enumerate(zip(*columns, strict=True))]
    several = isinstance(results[0], tuple)
    parts = list(zip(*results, strict=True)) if several else [results]
    for part in parts:
        if len({tuple(y.shape) for y in part}) > 1:
            raise ValueError(f"{trace.origin}: the results of {primitive.__name__} differ in shape from sample to "
                             f"sample ({', '.join(str(tuple(y.shape)) for y in part[:3])}, ...), so they cannot be "
                             "stacked; loop over the samples")
    done = tuple([stack(part) for part in parts])
    return done if several else done[0]


def _params_of_sample(params: Params, i: int, trace: Mapping) -> Params:
    if "index" in params:
        return {**params, "index": _index_of_sample(params["index"], i, trace)}
    if "indices" in params:
        return {**params, "indices": tuple([_index_of_sample(index, i, trace) for index in params["indices"]])}
    return params


def _index_of_sample(index: Any, i: int, trace: Mapping) -> Any:
    items = index if type(index) is tuple else (index,)
    return tuple([getitem(x.value, (i, ...)) if isinstance(x, Batch) and x.owner is trace else x for x in items])


def default(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """The rule of primitives that have none of their own."""
    rule = elementwise if isinstance(primitive, (Unary, Binary)) else one_by_one
    return rule(primitive, args, stacked, params, trace)


# --- shapes ---------------------------------------------------------------------------------------------------------
def _reshape(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    x, shape = args[0], params["shape"]
    if -1 in shape:
        known = math.prod([n for n in shape if n != -1])
        shape = tuple([math.prod(x.shape[1:]) // known if n == -1 else n for n in shape])
    return primitive(x, shape=(trace.samples, *shape))


def _permute(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    return primitive(args[0], axes=(0, *[a + 1 for a in params["axes"]]))


def _broadcast(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    shape = params["shape"]
    return primitive(with_rank(args[0], len(shape)), shape=(trace.samples, *shape))


def _sum_to(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    x, shape = args[0], params["shape"]
    new = len(x.shape) - 1 - len(shape)
    if new > 0:
        x = PRIMITIVES["sum"](x, axis=tuple(range(1, new + 1)), keepdims=False)
    return sum_to_shape(x, shape=(trace.samples, *shape))


def _join(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    full = [everywhere(a, s, trace) for a, s in zip(args, stacked, strict=True)]
    rank = len(full[0].shape) - (primitive.__name__ == "concat")
    return primitive(*full, **{**params, "axis": params["axis"] % rank + 1})


# --- elements -------------------------------------------------------------------------------------------------------
def _index(index: Any, trace: Mapping) -> Any:
    """Return an index of each sample as one of the stack, or `None` if there is none for all samples together."""
    items = index if type(index) is tuple else (index,)
    arrays = [i for i in items if hasattr(i, "dtype") or isinstance(i, list)]
    if any(isinstance(i, Batch) and i.owner is trace for i in items):
        if not all(isinstance(i, int) or (hasattr(i, "dtype") and kind(i.dtype) == "i") for i in items):
            return None
        rank = max([len(i.shape) for i in arrays])
        xp, device = home(arrays[0])
        samples = xp.reshape(xp.arange(trace.samples, device=device), (-1,) + (1,) * rank)
        return (samples, *[with_rank(i.value, rank) if isinstance(i, Batch) and i.owner is trace else i
                           for i in items])
    if arrays:                                           # NumPy moves the axes of arrays that stand apart to the front
        places = [k for k, i in enumerate(items) if i is not None and i is not Ellipsis and not isinstance(i, slice)]
        if places[-1] - places[0] != len(places) - 1:
            return None
    return (slice(None), *items)


def _getitem(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    index = _index(params["index"], trace)
    if index is None:
        return one_by_one(primitive, args, stacked, params, trace)
    return primitive(args[0], index=index)


def _write(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    several = "indices" in params                        # scatter writes to many places, the others to one
    old = params["indices"] if several else (params["index"],)
    x, indices = everywhere(args[0], stacked[0], trace), tuple([_index(index, trace) for index in old])
    if None in indices:
        return one_by_one(primitive, [x, *args[1:]], [True, *stacked[1:]], params, trace)
    parts = [_lined_up(v, s, x, index) for v, s, index in zip(args[1:], stacked[1:], indices, strict=True)]
    return primitive(x, *parts, indices=indices) if several else primitive(x, *parts, index=indices[0])


def _lined_up(v: Any, stacked: bool, x: Any, index: Any) -> Any:
    """Line up what is written with the axes of x[index]."""
    if not hasattr(v, "shape"):
        return v
    rank = len(getitem(x, index).shape) - 1
    extra = max(rank_of(v, stacked) - rank, 0)           # leading axes of length one, which NumPy lets pass
    v = reshape(v, (*v.shape[:stacked], *v.shape[stacked + extra:])) if extra else v
    return with_rank(v, rank) if stacked else v


def _take(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    (x, indices), axis = args, params["axis"]
    if not stacked[1]:
        return primitive(x, indices, axis=axis + 1)
    if not stacked[0] and len(indices.shape) <= 2:
        return moveaxis(reshape(primitive(x, reshape(indices, (-1,)), axis=axis),
                                (*x.shape[:axis], *indices.shape, *x.shape[axis + 1:])), axis, 0)
    return one_by_one(primitive, args, stacked, params, trace)


def _beside_one(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """`isin` and `searchsorted`, where the array that is asked is the same for all samples."""
    shared = 1 if primitive.__name__ == "isin" else 0
    rule = one_by_one if stacked[shared] else elementwise
    return rule(primitive, args, stacked, params, trace)


# --- products and equations -----------------------------------------------------------------------------------------
def _matmul(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    (a, b), (left, right) = args, stacked
    row, column = rank_of(a, left) == 1, rank_of(b, right) == 1
    if not right and len(b.shape) <= 2:                  # one matrix for all samples: one product
        return primitive(a, b)
    if not left and column and len(a.shape) <= 2:
        return primitive(b, a.mT if len(a.shape) == 2 else a)
    if not left and len(a.shape) == 2 and len(b.shape) == 3:
        return _columns(primitive, a, b)
    a, b = expand_dims(a, -2) if row else a, expand_dims(b, -1) if column else b
    y = elementwise(primitive, [a, b], stacked, {}, trace)
    y = squeeze(y, -1) if column else y
    return squeeze(y, -1 if column else -2) if row else y


def _solve(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    a, b = args
    if stacked[0] or len(a.shape) > 2 or len(b.shape) > 3:
        return elementwise(primitive, args, stacked, params, trace)
    return _columns(primitive, a, b)


def _columns(primitive: Primitive, a: Any, b: Any) -> Any:
    """Let one matrix meet a stack of matrices with all their columns beside one another."""
    samples, n, columns = b.shape
    y = primitive(a, reshape(permute_dims(b, (1, 0, 2)), (n, samples * columns)))
    return permute_dims(reshape(y, (a.shape[0], samples, columns)), (1, 0, 2))


def _dense(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    if not any(stacked[1:]):
        return primitive(*args)
    (x, weight), bias = args[:2], args[2:]
    product = any(stacked[:2])
    transposed = permute_dims(weight, (0, 2, 1)) if stacked[1] else weight.mT
    y = _matmul(matmul, [x, transposed], stacked[:2], {}, trace) if product else matmul(x, transposed)
    return elementwise(add, [y, *bias], [product, *stacked[2:]], {}, trace) if bias else y


def _images(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    """Count samples as more of the batch, where all meet the same weight."""
    if any(stacked[1:]):
        return one_by_one(primitive, args, stacked, params, trace)
    x = args[0]
    y = primitive(reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:])), *args[1:], **params)
    return reshape(y, (*x.shape[:2], *y.shape[1:]))


def _standardise(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    x = everywhere(args[0], stacked[0], trace)
    rank = len(x.shape) - 1
    affine = [with_rank(a, rank) if s else a for a, s in zip(args[1:], stacked[1:], strict=True)]
    return primitive(x, *affine, **{**params, "axes": behind(params["axes"], rank)})


def _mean_square(primitive: Primitive, args: list[Any], stacked: list[bool], params: Params, trace: Mapping) -> Any:
    x = args[0]
    squares = real(multiply(conj(x), x)) if kind(x.dtype) == "c" else square(x)
    return mean(squares, axis=tuple(range(1, len(x.shape))))


BATCHING.update({
    "default": default,
    **dict.fromkeys((                                    # and all that are declared as Unary or Binary
        "astype", "betainc", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or",
        "bitwise_right_shift", "bitwise_xor", "ceil", "clip", "conj", "equal", "exprel", "floor", "floor_divide",
        "greater", "greater_equal", "hyp1f1", "hyp2f1", "imag", "isfinite", "isinf", "isnan", "less", "less_equal",
        "logical_and", "logical_not", "logical_or", "logical_xor", "nextafter", "not_equal", "polygamma", "positive",
        "real", "round", "sign", "signbit", "sinc", "trunc", "where"), elementwise),
    **dict.fromkeys((                                    # functions of matrices, which take stacks of them
        "adjugate", "attention_weights", "cholesky", "complement", "det", "eig", "eigh", "eigvalsh", "inv", "lu",
        "matrix_rank", "pinv", "qr", "rotate_pairs", "row_order", "slogdet", "solve_triangular", "svd", "svdvals",
        "tril", "triu", "weighted_values"), elementwise),
    **dict.fromkeys((
        "argsort", "cross_entropy", "cumulative_prod", "cumulative_sum", "fftn", "flip", "ifftn", "irfft",
        "log_softmax", "reorder", "rfft", "roll", "softmax", "take_along_axis", "unstack"), along_axes),
    **dict.fromkeys((
        "all", "any", "count_nonzero", "logsumexp", "max", "mean", "min", "prod", "std", "sum", "var"), reduction),
    "argmax": search, "argmin": search, "reshape": _reshape, "permute_dims": _permute, "broadcast_to": _broadcast,
    "sum_to": _sum_to, "concat": _join, "stack": _join, "getitem": _getitem, "index_set": _write,
    "scatter": _write, "take": _take, "isin": _beside_one, "searchsorted": _beside_one, "matmul": _matmul,
    "solve": _solve, "dense": _dense, "mean_square": _mean_square, "standardise": _standardise,
    **dict.fromkeys(("conv", "conv_input", "fold", "unfold"), _images),
})
