"""Domains and samples: the words in which samples.py says where the rules of a primitive are tried.

A sample is a list of arguments and keywords; an argument is drawn from a domain in which the function is smooth, or is
a constant. The domains keep away from kinks, poles and branch cuts, since finite differences across one say nothing;
what happens *at* them is in test_values.py.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]


class Domain(NamedTuple):
    """An argument to be drawn: real numbers from `draw`, with imaginary parts in [-0.5, 0.5] for complex samples.

    The function is smooth in all of the interval `span`, if that is given, and up to `reach` from any numbers drawn.
    """

    shape: tuple[int, ...]
    draw: Draw
    span: tuple[float, float] | None = None
    reach: float = 0.05

    def sample(self, rng: np.random.Generator, is_complex: bool = False) -> Any:
        x = np.asarray(self.draw(rng, self.shape), dtype=np.float64)
        return np.asarray(x + 1j * rng.uniform(-0.5, 0.5, self.shape)) if is_complex else x


class Sample(NamedTuple):
    """Arguments and keywords of one call.

    `wrt` are the positions to differentiate by (all domains, if not given). `complex_too`: the function takes complex
    numbers as well. `standard`: the call keeps to the Array API standard, so that every library can run it.
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
    return lambda *shape: Domain(shape, lambda rng, shape: rng.uniform(low, high, shape), (low, high))


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
    return Domain(point.shape, lambda rng, shape: point, reach=0.0)


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
    ((2, 3, 2), {"axis": (0, 2), "keepdims": False}), ((2, 3, 2), {"axis": (-1, -2), "keepdims": True}))
SINGLE: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((), {"axis": None, "keepdims": False}), ((2, 3), {"axis": (), "keepdims": False}),
    ((1, 1), {"axis": 1, "keepdims": False}))
EMPTY: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((0, 2), {"axis": 0, "keepdims": False}), ((0, 2), {"axis": None, "keepdims": True}),
    ((2, 0), {"axis": 0, "keepdims": False}))


def reduction(domain: Callable[..., Domain], complex_too: bool = False, empty: bool = True, single: bool = True,
              **more: Any) -> list[Sample]:
    """Reductions over all kinds of axes; without `empty` of no elements, without `single` of one element."""
    cases = (*AXES, *(SINGLE if single else ()), *(EMPTY if empty else EMPTY[2:]))
    return [Sample((domain(*shape),), {**params, **more}, complex_too) for shape, params in cases]


def shaped(*cases: tuple[tuple[int, ...], dict[str, Any]], complex_too: bool = True) -> list[Sample]:
    return [Sample((anything(*shape),), params, complex_too) for shape, params in cases]
