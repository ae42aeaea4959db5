"""Sample inputs of every primitive: where its rules are tried.

`SAMPLES` has an entry for each name in the registry of primitives. A sample is a list of arguments and keywords; an
argument is drawn from a domain in which the function is smooth, or is a constant. The domains keep away from kinks,
poles and branch cuts, since finite differences across one say nothing; what happens *at* them is in test_values.py.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]


class Domain(NamedTuple):
    """An argument to be drawn: real numbers from `draw`, with imaginary parts in [-0.5, 0.5] for complex samples."""

    shape: tuple[int, ...]
    draw: Draw

    def sample(self, rng: np.random.Generator, is_complex: bool = False) -> Any:
        x = np.asarray(self.draw(rng, self.shape), dtype=np.float64)
        return np.asarray(x + 1j * rng.uniform(-0.5, 0.5, self.shape)) if is_complex else x


class Sample(NamedTuple):
    """Arguments and keywords of one call.

    `wrt` are the positions to differentiate by (all domains, if not given). `complex_too`: the function takes complex
    numbers as well. `standard`: the call keeps to the Array API standard, so that every library can run it. `smooth`:
    the first-order rule has derivatives that finite differences can be compared with.
    """

    args: tuple[Any, ...]
    params: dict[str, Any]
    complex_too: bool = False
    standard: bool = True
    wrt: tuple[int, ...] | None = None

    def places(self) -> tuple[int, ...]:
        return self.wrt if self.wrt is not None else tuple(
            i for i, a in enumerate(self.args) if isinstance(a, Domain))


# --- domains ------------------------------------------------------------------------------------------------------
def between(low: float, high: float) -> Callable[..., Domain]:
    return lambda *shape: Domain(shape, lambda rng, shape: rng.uniform(low, high, shape))


anything = between(-2.0, 2.0)
positive = between(0.4, 2.0)
unit = between(-0.8, 0.8)
above_one = between(1.3, 3.0)


def nonzero(*shape: int) -> Domain:
    """Numbers of both signs with a distance of 0.3 from zero."""
    return Domain(shape, lambda rng, shape: rng.uniform(0.3, 2.0, shape) * rng.choice([-1.0, 1.0], shape))


def near(fraction: float) -> Callable[..., Domain]:
    """Numbers close to n + fraction with a whole n in [-3, 3]: two fractions never meet."""
    return lambda *shape: Domain(shape, lambda rng, shape: rng.integers(-3, 4, shape) + fraction
                                 + rng.uniform(-0.05, 0.05, shape))


def distinct(*shape: int) -> Domain:
    """Numbers that differ from each other by 0.2 at least."""
    return Domain(shape, lambda rng, shape: rng.permutation(int(np.prod(shape))).reshape(shape) * 0.3
                  + rng.uniform(-0.05, 0.05, shape))


def exactly(*numbers: Any) -> Domain:
    """These numbers: an argument to differentiate by at a chosen point."""
    point = np.array(numbers, dtype=np.float64)
    return Domain(point.shape, lambda rng, shape: point)


def ints(*numbers: Any) -> Any:
    return np.array(numbers, dtype=np.int64)


def mask(*flags: Any) -> Any:
    return np.array(flags, dtype=bool)


# --- samples of one kind ------------------------------------------------------------------------------------------
SHAPES = ((3,), (2, 3), (), (0, 2))


def unary(domain: Callable[..., Domain], complex_too: bool = True, standard: bool = True) -> list[Sample]:
    return [Sample((domain(*shape),), {}, complex_too, standard) for shape in SHAPES]


PAIRS = (((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 1), (3,)), ((), (3,)), ((2, 1, 3), ()), ((0, 3), (3,)), ((), ()))


def binary(left: Callable[..., Domain], right: Callable[..., Domain], complex_too: bool = False,
           numbers: Sequence[float] = (1.5,)) -> list[Sample]:
    """Both arguments drawn, broadcast in all ways; then each alone beside a Python number."""
    samples = [Sample((left(*a), right(*b)), {}, complex_too) for a, b in PAIRS]
    for n in numbers:
        samples += [Sample((left(2, 3), n), {}, complex_too), Sample((n, right(3)), {}, complex_too)]
    return samples


AXES: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((4,), {"axis": None, "keepdims": False}), ((2, 3), {"axis": None, "keepdims": True}),
    ((2, 3), {"axis": 0, "keepdims": False}), ((2, 3), {"axis": -1, "keepdims": True}),
    ((2, 3, 2), {"axis": (0, 2), "keepdims": False}), ((2, 3, 2), {"axis": (-1, -2), "keepdims": True}),
    ((), {"axis": None, "keepdims": False}), ((2, 3), {"axis": (), "keepdims": False}),
    ((1, 1), {"axis": 1, "keepdims": False}))
EMPTY: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((0, 2), {"axis": 0, "keepdims": False}), ((0, 2), {"axis": None, "keepdims": True}),
    ((2, 0), {"axis": 0, "keepdims": False}))


def reduction(domain: Callable[..., Domain], complex_too: bool = False, empty: bool = True,
              **more: Any) -> list[Sample]:
    return [Sample((domain(*shape),), {**params, **more}, complex_too)
            for shape, params in (AXES + EMPTY if empty else (*AXES, EMPTY[2]))]


def shaped(*cases: tuple[tuple[int, ...], dict[str, Any]], complex_too: bool = True) -> list[Sample]:
    return [Sample((anything(*shape),), params, complex_too) for shape, params in cases]


ELEMENTWISE: dict[str, list[Sample]] = {
    "negative": unary(anything), "positive": unary(anything), "square": unary(anything), "sqrt": unary(positive),
    "reciprocal": unary(nonzero), "exp": unary(anything), "expm1": unary(anything), "log": unary(positive),
    "log1p": unary(positive), "log2": unary(positive), "log10": unary(positive), "sin": unary(anything),
    "cos": unary(anything), "tan": unary(unit), "asin": unary(unit), "acos": unary(unit), "atan": unary(anything),
    "sinh": unary(anything), "cosh": unary(anything), "tanh": unary(anything), "asinh": unary(anything),
    "acosh": unary(above_one), "atanh": unary(unit), "erf": unary(anything, complex_too=False),
    "cbrt": unary(nonzero, complex_too=False, standard=False), "abs": unary(nonzero), "sign": unary(nonzero),
    "conj": unary(anything), "real": unary(anything), "imag": [Sample((anything(3),), {}, True, False),
                                                               Sample((anything(),), {}, True, False)],
    "astype": [Sample((anything(2, 3),), {"dtype": dtype}, complex_too, standard=False)
               for dtype, complex_too in ((np.dtype("float64"), False), (np.dtype("complex128"), True))],
}

POWERS = [Sample((positive(2, 3), n), {}, True) for n in (3, -1, 0, 1, 0.5, 2, -0.5, 0.0)]
BINARY: dict[str, list[Sample]] = {
    "add": binary(anything, anything, True), "subtract": binary(anything, anything, True),
    "multiply": binary(anything, anything, True), "divide": binary(anything, nonzero, True),
    "pow": [*binary(positive, anything, True, numbers=(1.5, 3)), *POWERS,
            Sample((nonzero(3), 3), {}), Sample((nonzero(2, 3), ints(3, 0, -1)), {}, standard=False),
            Sample((exactly(0.0, 0.0, 1.0), exactly(3.0, 5.0, 0.0)), {}, wrt=(0,))],
    "remainder": [*binary(between(7.1, 7.9), between(3.0, 3.4), numbers=(7.2,))[:-2],
                  *binary(between(-7.9, -7.1), between(3.0, 3.4))[:3],
                  Sample((between(7.1, 7.9)(3), 3.0), {}), Sample((7.5, between(3.0, 3.4)(3)), {})],
    "hypot": binary(nonzero, nonzero), "atan2": binary(nonzero, nonzero),
    "logaddexp": [*binary(anything, anything), Sample((exactly(0.5, -1.0, 2.0), exactly(0.5, -1.0, 40.0)), {}),
                  Sample((exactly(1.5, 0.0), 1.5), {})],
    "maximum": binary(near(0.25), near(0.75), numbers=(0.5,)), "minimum": binary(near(0.25), near(0.75), numbers=(0.5,)),
    "copysign": binary(nonzero, nonzero, numbers=(1.5, -1.5)),
    "where": [*[Sample((condition, anything(*a), anything(*b)), {}, True) for condition, a, b in (
        (mask(True, False, True), (3,), (3,)), (mask([True], [False]), (3,), (2, 1)), (mask(True, False, True), (), (3,)),
        (mask(True, False), (2,), ()), (mask(*[False] * 0), (0,), ()), (np.asarray(True), (3,), (2, 3)))],
              Sample((mask(True, False), anything(2), 0.0), {}, True), Sample((mask(True, False), 1, anything(2)), {}, True),
              Sample((mask(True, False), anything(), 0.0), {})],
    "clip": [Sample((near(0.25)(2, 3), low, high), {}) for low, high in (
        (between(-1.1, -0.9)(3), between(0.9, 1.1)(2, 1)), (between(-1.1, -0.9)(), between(0.9, 1.1)(2, 3)),
        (-1.0, 1.0), (None, between(0.9, 1.1)(3)), (between(-1.1, -0.9)(2, 3), None), (-1, None), (None, 1.5),
        (between(-1.1, -0.9)(3), 1.0))] + [Sample((near(0.25)(), -1.0, 1.0), {}), Sample((near(0.25)(0, 3), -1.0, 1.0), {})],
}

REDUCING: dict[str, list[Sample]] = {
    "sum": reduction(anything, True), "mean": [s for s in reduction(anything, True, empty=False) if s.params["axis"] != ()],
    "max": reduction(distinct, empty=False), "min": reduction(distinct, empty=False),
    "prod": [*reduction(anything, True), Sample((exactly(0.0, 2.0, 3.0),), {"axis": None, "keepdims": False}),
             Sample((exactly([0.0, 2.0, 0.0], [1.0, 0.0, 3.0]),), {"axis": 1, "keepdims": False}),
             Sample((exactly(0.0, 0.0, 3.0, 0.0),), {"axis": 0, "keepdims": True})],
    "var": [*reduction(anything, empty=False, correction=0.0)[:6], *reduction(anything, empty=False, correction=1.0)[:6],
            Sample((anything(2, 3),), {"axis": 1, "correction": 0.5, "keepdims": False}),
            *[s._replace(complex_too=True, standard=False) for s in reduction(anything, empty=False, correction=1.0)[:6]]],
    "std": [*reduction(distinct, empty=False, correction=0.0)[:6], *reduction(distinct, empty=False, correction=1.0)[:6],
            *[s._replace(complex_too=True, standard=False) for s in reduction(distinct, empty=False, correction=1.0)[:6]]],
    "cumulative_sum": shaped(((4,), {"axis": 0}), ((2, 3), {"axis": 0}), ((2, 3), {"axis": 1}), ((0, 2), {"axis": 0}),
                             ((2, 0), {"axis": 0})),
    "cumulative_prod": [*shaped(((5,), {"axis": 0}), ((2, 3), {"axis": 0}), ((3, 2, 4), {"axis": 1}), ((0, 2), {"axis": 0}),
                                ((2, 0), {"axis": 0}), ((1,), {"axis": 0})),
                        Sample((exactly(2.0, 0.0, 3.0),), {"axis": 0}), Sample((exactly(2.0, 0.0, 3.0, 0.0, 5.0),), {"axis": 0}),
                        Sample((exactly(0.0, 0.0),), {"axis": 0})],
    "softmax": [Sample((anything(*shape),), {"axis": axis}) for shape, axis in (
        ((4,), 0), ((2, 3), -1), ((2, 3), 0), ((2, 3), (0, 1)), ((2, 3), None), ((0, 3), 1))],
    "log_softmax": [Sample((anything(*shape),), {"axis": axis}) for shape, axis in (
        ((4,), 0), ((2, 3), -1), ((2, 3), 0), ((2, 3), (0, 1)), ((2, 3), None), ((0, 3), 1))],
    "logsumexp": reduction(anything, empty=False),
}

SHAPING: dict[str, list[Sample]] = {
    "reshape": shaped(((2, 3), {"shape": (3, 2)}), ((2, 3), {"shape": (-1,)}), ((), {"shape": (1, 1)}), ((1,), {"shape": ()}),
                      ((0, 2), {"shape": (4, 0)})),
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
    "concat": [Sample(tuple(anything(*s) for s in shapes), {"axis": axis, "sizes": sizes}, True) for shapes, axis, sizes in (
        (((2,), (3,)), 0, (2, 3)), (((2, 1), (2, 3), (2, 2)), -1, (1, 3, 2)), (((0, 2), (2, 2)), 0, (0, 2)), (((2, 2),), 1, (2,)))],
    "stack": [Sample(tuple(anything(*s) for s in shapes), {"axis": axis}, True) for shapes, axis in (
        (((2,), (2,)), 0), (((2, 3), (2, 3), (2, 3)), -1), (((), ()), 0), (((0, 2), (0, 2)), 1))],
    "unstack": shaped(((3,), {"axis": 0}), ((2, 3), {"axis": 1}), ((2, 0), {"axis": 0})),
}

ROWS = ints(1, 0, 1, -1)
INDICES: tuple[tuple[tuple[int, ...], Any, bool], ...] = (
    ((4,), 1, True), ((4,), -1, True), ((4,), slice(None, None, -1), True), ((5,), slice(3, 0, -2), True),
    ((3, 4), (slice(1, None), 0), True), ((3, 4), (Ellipsis, 2), True), ((3, 4), (None, 1, None, slice(0, 3, 2)), True),
    ((3, 4), mask([True, False, True, False], [False] * 4, [True] * 4), True), ((), (), True), ((), Ellipsis, True),
    ((0, 3), (slice(None), 1), True), ((3, 4), (2, 3), True), ((3, 4), (slice(2, 2), Ellipsis), True), ((3, 4), -1, False),
    ((3, 4), ROWS, False), ((3, 4), [0, 0, 2], False), ((3, 4), (ints(0, 0, 2), ints(1, 1, 3)), False),
    ((3, 4), (slice(None), ints(3, 3, 0)), False), ((3, 2, 4), (ints(0, 0), slice(None), ints(1, 1)), False),
    ((3, 4), (mask(True, False, True), 1), False), ((3, 4), (ints([0, 1], [1, 0]), None, slice(1, 3)), False),
    ((3, 4), np.int64(1), False), ((3,), ints(), False), ((3, 4), np.asarray(1), False))


def written(scatter: bool) -> list[Sample]:
    """Writes of a whole part and of broadcast values at every index, into real and complex arrays."""
    samples = []
    for shape, index, standard in INDICES:
        part = np.empty(shape)[index].shape
        is_mask = isinstance(index, np.ndarray) and index.dtype == bool
        standard = standard and not is_mask and not (isinstance(index, tuple) and None in index)
        samples.append(Sample((anything(*shape), anything(*part)), {"index": index}, True, standard))
        samples.append(Sample((anything(*shape), anything()), {"index": index}, False, standard and not scatter))
    samples.append(Sample((anything(3, 4), anything(4)), {"index": (slice(0, 2), Ellipsis)}, True))
    samples.append(Sample((anything(3, 4), anything(2, 1)), {"index": (slice(0, 2), slice(None, None, 2))}))
    if not scatter:
        samples.append(Sample((anything(3, 4), anything(1, 4)), {"index": 1}, standard=False))
    samples.append(Sample((anything(3, 4), 1.5), {"index": (1, Ellipsis)}))
    return samples


INDEXING: dict[str, list[Sample]] = {
    "getitem": [Sample((anything(*shape),), {"index": index}, True, standard) for shape, index, standard in INDICES],
    "index_set": written(scatter=False), "index_add": written(scatter=True),
    "take": [Sample((anything(*shape), indices), {"axis": axis}, True, standard) for shape, indices, axis, standard in (
        ((3,), ints(2, 0, 2, 2), 0, True), ((3, 4), ints(1, 1), 1, True), ((3, 4), ints(), 0, True), ((3, 4), ints([0, 1], [2, 0]), 0, False),
        ((3, 4), np.asarray(1), 0, False), ((3, 4), ints(-1, 0), 1, False))],
    "take_along_axis": [Sample((anything(*shape), indices), {"axis": axis}, True) for shape, indices, axis in (
        ((3,), ints(2, 0, 2, 2), 0), ((2, 3), ints([0, 0], [2, 1]), 1), ((2, 3), ints([1, 0, 1]), 0))],
}

FACTORS = (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
           ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 2)), ((5, 2, 3), (3,)),
           ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 0, 3), (3, 2)), ((2, 3, 0), (0, 4)), ((0,), (0,)), ((9, 9), (9, 9)))
PRODUCTS: dict[str, list[Sample]] = {"matmul": [Sample((anything(*a), anything(*b)), {}, True) for a, b in FACTORS]}

# --- flat functions: no derivative, so what matters is that they give plain arrays ------------------------------------
_BITS = (ints(6, 3), ints(3, 5))
FLAT: dict[str, list[Sample]] = {
    **{name: [Sample((anything(3),), {})] for name in (
        "ceil", "floor", "trunc", "round", "isfinite", "isinf", "isnan", "signbit", "argsort", "count_nonzero")},
    **{name: [Sample((anything(2, 3), anything(3)), {}), Sample((anything(3), 1.0), {})] for name in (
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "floor_divide", "nextafter")},
    **{name: [Sample((mask(True, False), mask(True, True)), {})] for name in ("logical_and", "logical_or", "logical_xor")},
    **{name: [Sample(_BITS, {})] for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
                                             "bitwise_right_shift")},
    "logical_not": [Sample((mask(True, False),), {})], "bitwise_invert": [Sample((ints(5, 6),), {})],
    "all": [Sample((mask([True, False], [True, True]),), {"axis": 0})], "any": [Sample((mask(True, False),), {})],
    "argmax": [Sample((distinct(2, 3),), {"axis": 1}), Sample((distinct(2, 3),), {"axis": 0, "keepdims": True})],
    "argmin": [Sample((distinct(2, 3),), {"axis": -1}), Sample((distinct(4),), {})],
    "nonzero": [Sample((exactly(0.0, 1.0, 2.0),), {})],
    "searchsorted": [Sample((exactly(0.0, 1.0, 2.0), anything(4)), {}), Sample((exactly(0.0, 1.0), exactly(1.0)), {"side": "right"})],
}

# --- functions of networks ----------------------------------------------------------------------------------------------
NN: dict[str, list[Sample]] = {
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

SAMPLES: dict[str, list[Sample]] = {**ELEMENTWISE, **BINARY, **REDUCING, **SHAPING, **INDEXING, **PRODUCTS, **FLAT, **NN}
