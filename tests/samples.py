"""Sample inputs of every primitive: where its rules are tried.

`SAMPLES` has an entry for each name in the registry of primitives. A primitive that is not here fails the walk of
test_rules.py, so this is the place to add to for whoever writes one.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from domains import Sample as Sample
from domains import (
    above_one,
    anything,
    between,
    binary,
    distinct,
    exactly,
    ints,
    mask,
    near,
    nonzero,
    positive,
    reduction,
    shaped,
    unary,
    unit,
)
from samples_attention import ATTENTION
from samples_beyond import BEYOND
from samples_conv import CONV
from samples_fourier import FOURIER
from samples_linalg import LINALG, LINALG_FLAT
from samples_losses import LOSSES
from samples_normalisation import NORMALISATION
from samples_pooling import POOLING
from samples_recurrent import RECURRENT
from samples_scipy import SCIPY
from samples_sorting import SETS, SORTING
from samples_special import SPECIAL

Table = dict[str, list[Sample]]

ELEMENTWISE: Table = {
    "negative": unary(anything), "positive": unary(anything), "square": unary(anything), "sqrt": unary(positive),
    "reciprocal": unary(nonzero), "exp": unary(anything), "expm1": unary(anything), "log": unary(positive),
    "log1p": unary(positive), "log2": unary(positive), "log10": unary(positive), "sin": unary(anything),
    "cos": unary(anything), "tan": unary(unit), "asin": unary(unit), "acos": unary(unit), "atan": unary(anything),
    "sinh": unary(anything), "cosh": unary(anything), "tanh": unary(anything), "asinh": unary(anything),
    "acosh": unary(above_one), "atanh": unary(unit), "erf": unary(anything, complex_too=False),
    "cbrt": unary(nonzero, complex_too=False, standard=False), "abs": unary(nonzero), "sign": unary(nonzero),
    "conj": unary(anything), "real": unary(anything), "imag": unary(anything, standard=False),
    "astype": [Sample((anything(2, 3),), {"dtype": np.dtype("float64")}, standard=False),
               Sample((anything(2, 3),), {"dtype": np.dtype("complex128")}, complex_too=True, standard=False)],
}

VECTOR, COLUMN = mask(True, False, True), mask([True], [False])
BINARY: Table = {
    "add": binary(anything, anything, True), "subtract": binary(anything, anything, True),
    "multiply": binary(anything, anything, True), "divide": binary(anything, nonzero, True),
    "pow": [
        *binary(positive, anything, True, numbers=(1.5, 3)),
        *[Sample((positive(2, 3), n), {}, True) for n in (3, -1, 0, 1, 0.5, 2, -0.5, 0.0)],
        Sample((nonzero(3), 3), {}), Sample((nonzero(2, 3), ints(3, 0, -1)), {}, standard=False),
        Sample((exactly(0.0, 0.0, 1.0), exactly(3.0, 5.0, 0.0)), {}, wrt=(0,))],
    "remainder": [
        *binary(between(7.1, 7.9), between(3.0, 3.4), numbers=()),
        *binary(between(-7.9, -7.1), between(3.0, 3.4), numbers=()),
        Sample((between(7.1, 7.9)(3), 3.0), {}), Sample((7.5, between(3.0, 3.4)(3)), {})],
    "hypot": binary(nonzero, nonzero), "atan2": binary(nonzero, nonzero),
    "logaddexp": [
        *binary(anything, anything), Sample((exactly(1.5, 0.0), 1.5), {}),
        Sample((exactly(0.5, -1.0, 2.0), exactly(0.5, -1.0, 40.0)), {})],
    "maximum": binary(near(0.25), near(0.75), numbers=(0.5,)),
    "minimum": binary(near(0.25), near(0.75), numbers=(0.5,)),
    "copysign": binary(nonzero, nonzero, numbers=(1.5, -1.5)),
    "where": [
        *[Sample((condition, anything(*a), anything(*b)), {}, True) for condition, a, b in (
            (VECTOR, (3,), (3,)), (COLUMN, (3,), (2, 1)), (VECTOR, (), (3,)), (VECTOR, (3,), ()), (mask(), (0,), ()),
            (np.asarray(True), (3,), (2, 3)))],
        Sample((VECTOR, anything(3), 0.0), {}, True), Sample((VECTOR, 1, anything(3)), {}, True),
        Sample((VECTOR, anything(), 0.0), {})],
    "clip": [
        *[Sample((near(0.25)(2, 3), low, high), {}) for low, high in (
            (between(-1.1, -0.9)(3), between(0.9, 1.1)(2, 1)), (between(-1.1, -0.9)(), between(0.9, 1.1)(2, 3)),
            (-1.0, 1.0), (None, between(0.9, 1.1)(3)), (between(-1.1, -0.9)(2, 3), None), (-1, None), (None, 1.5),
            (between(-1.1, -0.9)(3), 1.0))],
        Sample((near(0.25)(), -1.0, 1.0), {}), Sample((near(0.25)(0, 3), -1.0, 1.0), {}),
        Sample((near(0.25)(2, 3), between(0.9, 1.1)(3), between(-1.1, -0.9)(2, 3)), {}, standard=False)],
}


def of(domain: Any, *params: dict[str, Any], complex_too: bool = False) -> list[Sample]:
    """One argument, and one sample for each set of keywords."""
    return [Sample((domain,), p, complex_too) for p in params]


def beyond_the_standard(samples: list[Sample]) -> list[Sample]:
    """The same with complex numbers too, where only NumPy's kin goes along."""
    return [s._replace(complex_too=True, standard=False) for s in samples]


SOFTMAX = [Sample((anything(*shape),), {"axis": axis}) for shape, axis in (
    ((4,), 0), ((2, 3), -1), ((2, 3), 0), ((2, 3), (0, 1)), ((2, 3), None), ((0, 3), 1))]
REDUCING: Table = {
    "sum": reduction(anything, True), "mean": reduction(anything, True, empty=False),
    "max": reduction(distinct, empty=False), "min": reduction(distinct, empty=False),
    "prod": [
        *reduction(anything, True), *of(exactly(0.0, 2.0, 3.0), {"axis": None, "keepdims": False}),
        *of(exactly([0.0, 2.0, 0.0], [1.0, 0.0, 3.0]), {"axis": 1, "keepdims": False}, {"axis": 0, "keepdims": True})],
    "var": [
        *reduction(anything, empty=False, single=False, correction=0.0),
        *beyond_the_standard(reduction(anything, empty=False, single=False, correction=1.0)),
        *of(anything(2, 3), {"axis": 1, "correction": 0.5, "keepdims": False})],
    "std": [
        *reduction(distinct, empty=False, single=False, correction=0.0),
        *beyond_the_standard(reduction(distinct, empty=False, single=False, correction=1.0)),
        *of(distinct(2, 3), {"axis": 1, "correction": 0.5, "keepdims": False})],
    "cumulative_sum": [
        *of(anything(4), {"axis": 0}, complex_too=True), *of(anything(2, 3), {"axis": 0}, {"axis": 1}),
        *of(anything(0, 2), {"axis": 0}), *of(anything(2, 0), {"axis": 0})],
    "cumulative_prod": [
        *of(anything(5), {"axis": 0}, complex_too=True), *of(anything(2, 3), {"axis": 0}, {"axis": 1}),
        *of(anything(3, 2, 4), {"axis": 1}, complex_too=True), *of(anything(0, 2), {"axis": 0}, {"axis": 1}),
        *of(anything(1), {"axis": 0}), *of(exactly(2.0, 0.0, 3.0), {"axis": 0}), *of(exactly(0.0, 0.0), {"axis": 0}),
        *of(exactly(2.0, 0.0, 3.0, 0.0, 5.0), {"axis": 0})],
    "softmax": SOFTMAX, "log_softmax": SOFTMAX, "logsumexp": reduction(anything, empty=False),
}

SHAPING: Table = {
    "reshape": shaped(((2, 3), {"shape": (3, 2)}), ((2, 3), {"shape": (-1,)}), ((), {"shape": (1, 1)}),
                      ((1,), {"shape": ()}), ((0, 2), {"shape": (4, 0)})),
    "permute_dims": shaped(((2, 3), {"axes": (1, 0)}), ((2, 3, 4), {"axes": (2, 0, 1)}), ((), {"axes": ()}),
                           ((0, 2), {"axes": (1, 0)})),
    "flip": shaped(((3,), {"axis": None}), ((2, 3), {"axis": -1}), ((2, 3, 2), {"axis": (0, 2)}), ((), {"axis": None}),
                   ((0,), {"axis": 0})),
    "roll": shaped(((4,), {"shift": (1,), "axis": (0,)}), ((2, 3), {"shift": (1, -2), "axis": (0, -1)}),
                   ((0, 2), {"shift": (3,), "axis": (1,)})),
    "broadcast_to": shaped(((3,), {"shape": (2, 3)}), ((2, 1), {"shape": (4, 2, 3)}), ((), {"shape": (3,)}),
                           ((), {"shape": (0, 2)}), ((1,), {"shape": (0,)}), ((1, 1), {"shape": (2, 1)})),
    "sum_to": shaped(((2, 3), {"shape": (3,)}), ((4, 2, 3), {"shape": (2, 1)}), ((3,), {"shape": ()}),
                     ((0, 2), {"shape": (2,)}), ((0,), {"shape": (1,)}), ((2, 1), {"shape": (1, 1)})),
    "tril": shaped(((3, 3), {"k": 0}), ((2, 3, 4), {"k": 1}), ((0, 2), {"k": 0})),
    "triu": shaped(((3, 3), {"k": 0}), ((2, 3, 4), {"k": -1}), ((0, 2), {"k": 0})),
    "concat": [Sample(tuple(anything(*s) for s in shapes), {"axis": axis, "sizes": sizes}, True)
               for shapes, axis, sizes in (
                   (((2,), (3,)), 0, (2, 3)), (((2, 1), (2, 3), (2, 2)), -1, (1, 3, 2)),
                   (((0, 2), (2, 2)), 0, (0, 2)), (((2, 2),), 1, (2,)))],
    "stack": [Sample(tuple(anything(*s) for s in shapes), {"axis": axis}, True) for shapes, axis in (
        (((2,), (2,)), 0), (((2, 3), (2, 3), (2, 3)), -1), (((), ()), 0), (((0, 2), (0, 2)), 1))],
    "unstack": shaped(((3,), {"axis": 0}), ((2, 3), {"axis": 1}), ((2, 0), {"axis": 0})),
}

# --- reading and writing: a shape and an index into it ----------------------------------------------------------------
STANDARD_INDICES: list[tuple[tuple[int, ...], Any]] = [
    ((4,), 1), ((4,), -1), ((4,), slice(None, None, -1)), ((5,), slice(3, 0, -2)), ((3, 4), (slice(1, None), 0)),
    ((3, 4), (Ellipsis, 2)), ((3, 4), (2, 3)), ((3, 4), (slice(2, 2), Ellipsis)), ((0, 3), (slice(None), 1)), ((), ()),
    ((), Ellipsis)]
READ_ONLY_INDICES: list[tuple[tuple[int, ...], Any]] = [            # the standard reads by these, but does not write
    ((3, 4), (None, 1, None, slice(0, 3, 2))), ((3, 4), mask([True, False, True, False], [False] * 4, [True] * 4)),
    ((3, 4), (ints(0, 0, 2), ints(1, 1, 3)))]
NUMPY_INDICES: list[tuple[tuple[int, ...], Any]] = [
    ((3, 4), -1), ((3, 4), ints(1, 0, 1, -1)), ((3, 4), [0, 0, 2]), ((3, 4), (slice(None), ints(3, 3, 0))),
    ((3, 2, 4), (ints(0, 0), slice(None), ints(1, 1))), ((3, 4), (mask(True, False, True), 1)),
    ((3, 4), (ints([0, 1], [1, 0]), None, slice(1, 3))), ((3, 4), np.int64(1)), ((3,), ints()),
    ((3, 4), np.asarray(1))]


def written() -> list[Sample]:
    """Writes of a whole part and of a number at every index, and of values that are broadcast."""
    samples = []
    for number, (shape, index) in enumerate(STANDARD_INDICES + READ_ONLY_INDICES + NUMPY_INDICES):
        standard = number < len(STANDARD_INDICES)
        part = np.empty(shape)[index].shape
        samples.append(Sample((anything(*shape), anything(*part)), {"index": index}, True, standard))
        samples.append(Sample((anything(*shape), anything()), {"index": index}, False, standard))
    return [*samples, Sample((anything(3, 4), anything(4)), {"index": (slice(0, 2), Ellipsis)}, True),
            Sample((anything(3, 4), anything(2, 1)), {"index": (slice(0, 2), slice(None, None, 2))}),
            Sample((anything(3, 4), 1.5), {"index": (1, Ellipsis)})]


INDEXING: Table = {
    "getitem": [*[Sample((anything(*s),), {"index": i}, True) for s, i in STANDARD_INDICES + READ_ONLY_INDICES],
                *[Sample((anything(*s),), {"index": i}, True, standard=False) for s, i in NUMPY_INDICES]],
    "index_set": [*written(), Sample((anything(3, 4), anything(1, 4)), {"index": 1}, standard=False)],
    "scatter": [
        *[s._replace(params={"indices": (s.params["index"],)}) for s in written()],
        *[Sample((anything(*s), *[anything(*np.empty(s)[i].shape)] * 2), {"indices": (i, i)}, standard=False)
          for s, i in NUMPY_INDICES],
        Sample((anything(3, 4), anything(4), anything(2, 3), anything(3)),
               {"indices": ((1, Ellipsis), (slice(0, 2), slice(1, None)), (Ellipsis, -1))})],
    "take": [Sample((anything(*shape), indices), {"axis": axis}, True, standard) for shape, indices, axis, standard in (
        ((3,), ints(2, 0, 2, 2), 0, True), ((3, 4), ints(1, 1), 1, True), ((3, 4), ints(), 0, True),
        ((3, 4), ints([0, 1], [2, 0]), 0, False), ((3, 4), np.asarray(1), 0, False), ((3, 4), ints(-1, 0), 1, False))],
    "take_along_axis": [Sample((anything(*shape), indices), {"axis": axis}, True) for shape, indices, axis in (
        ((3,), ints(2, 0, 2, 2), 0), ((2, 3), ints([0, 0], [2, 1]), 1), ((2, 3), ints([1, 0, 1]), 0))],
}

FACTORS = (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
           ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 2)),
           ((5, 2, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 0, 3), (3, 2)), ((2, 3, 0), (0, 4)),
           ((0,), (0,)),
           ((9, 9), (9, 9)))
PRODUCTS: Table = {"matmul": [Sample((anything(*a), anything(*b)), {}, True) for a, b in FACTORS]}

# --- flat functions: no derivative, so what matters is that they give plain arrays ------------------------------------
FLAT: Table = {
    **{name: [Sample((anything(3),), {})] for name in (
        "ceil", "floor", "trunc", "round", "isfinite", "isinf", "isnan", "signbit", "argsort", "count_nonzero")},
    **{name: [Sample((anything(2, 3), anything(3)), {}), Sample((anything(3), 1.0), {})] for name in (
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "floor_divide", "nextafter")},
    **{name: [Sample((VECTOR, mask(True, True, False)), {})] for name in ("logical_and", "logical_or", "logical_xor")},
    **{name: [Sample((ints(6, 3), ints(3, 5)), {})] for name in (
        "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift")},
    "logical_not": [Sample((VECTOR,), {})], "bitwise_invert": [Sample((ints(5, 6),), {})],
    "all": [Sample((mask([True, False], [True, True]),), {"axis": 0})], "any": [Sample((VECTOR,), {})],
    "argmax": of(distinct(2, 3), {"axis": 1}, {"axis": 0, "keepdims": True}),
    "argmin": of(distinct(2, 3), {"axis": -1}, {}), "nonzero": of(exactly(0.0, 1.0, 2.0), {}),
    **LINALG_FLAT, **SETS,
    "searchsorted": [Sample((exactly(0.0, 1.0, 2.0), anything(4)), {}),
                     Sample((exactly(0.0, 1.0), exactly(1.0)), {"side": "right"})],
}

# --- functions of networks ------------------------------------------------------------------------------------------
NN: Table = {
    "relu": unary(nonzero, complex_too=False), "negative_part": unary(nonzero, complex_too=False),
    "relu6": unary(near(0.25), complex_too=False), "hardtanh": unary(near(0.25), complex_too=False),
    **{name: unary(anything, complex_too=False) for name in (
        "sigmoid", "softplus", "logcosh", "swish", "gelu", "gelu_slope", "gelu_erf")},
    "dense": [Sample((anything(*x), anything(2, 3), *b), {}, True)
              for x in ((4, 3), (3,), (0, 3), (2, 4, 3), (2, 0, 3)) for b in ((), (anything(2),))],
    "mean_square": [Sample((anything(2, 3),), {}, complex_too=True), Sample((anything(),), {}, complex_too=True)],
    "cross_entropy": [Sample((anything(4, 3), between(0.2, 1.0)(4, 3)), {"axis": 1}),
                      Sample((anything(3), between(0.2, 1.0)(3)), {"axis": 0}),
                      Sample((anything(2, 3, 2), between(0.2, 1.0)(2, 3, 2)), {"axis": 1}),
                      Sample((anything(4, 3), ints(0, 2, 1, 2)), {"axis": 1}),
                      Sample((anything(2, 3, 2), ints([0, 2], [1, 1])), {"axis": 1}),
                      Sample((anything(3, 0), np.zeros(0, int)), {"axis": 0})],
}

SAMPLES: Table = {**ELEMENTWISE, **BINARY, **REDUCING, **SHAPING, **INDEXING, **PRODUCTS, **FLAT, **NN,
                  **ATTENTION, **BEYOND, **CONV, **FOURIER, **NORMALISATION, **POOLING, **SORTING, **SPECIAL, **SCIPY,
                  **RECURRENT, **LOSSES, **LINALG}

# Complex derivatives that are not tried here, and where they are: the phase of a vector is the library's choice, and
# only what does not depend on it can be compared.
COMPLEX_ELSEWHERE = {"eigh": "test_linalg.py", "svd": "test_linalg.py", "eig": "test_factorisations.py"}
