"""Cases: a primitive at one point as a function of the arguments to differentiate by, and arithmetic on its results."""
from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from domains import Domain, Sample

from arraylux.tracer.core import Primitive

Arrays = Sequence[Any]


class Case(NamedTuple):
    """A primitive, the arguments of one call of it, and the places of those to differentiate by."""

    primitive: Primitive
    args: tuple[Any, ...]
    params: dict[str, Any]
    places: tuple[int, ...]
    label: str

    def __call__(self, *inputs: Any) -> Any:
        args = list(self.args)
        for i, x in zip(self.places, inputs, strict=True):
            args[i] = x
        return self.primitive(*args, **self.params)

    @property
    def inputs(self) -> tuple[Any, ...]:
        return tuple(self.args[i] for i in self.places)

    def map(self, f: Any) -> Case:
        """Return the case with `f` of every array among its arguments and in its index."""
        def moved(a: Any) -> Any:
            return f(a) if isinstance(a, np.ndarray) else tuple(map(moved, a)) if isinstance(a, tuple) else a
        params = {k: moved(v) if k in ("index", "indices") else v for k, v in self.params.items()}
        return self._replace(args=moved(self.args), params=params)

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(self.label.encode()))


def cases(primitive: Primitive, samples: Sequence[Sample], standard_only: bool = False) -> Iterator[Case]:
    """All cases of a primitive: each sample, real, complex and mixed, by every subset of its arguments."""
    for number, sample in enumerate(samples):
        if standard_only and not sample.standard:
            continue
        domains = [i for i, a in enumerate(sample.args) if isinstance(a, Domain)]
        kinds: dict[str, Sequence[int]] = {"": ()}                      # which arguments are complex
        if sample.complex_too:
            kinds[" complex"] = domains
        if sample.complex_too and len(domains) > 1:
            kinds |= {" first complex": domains[:1]}
            if not primitive.__name__.startswith(("index_", "scatter")):   # no complex into real
                kinds |= {" last complex": domains[-1:]}
        for kind, complex_places in kinds.items():
            label = f"{primitive.__name__}[{number}]{kind}"
            rng = np.random.default_rng(zlib.crc32(label.encode()))
            args = tuple(a.sample(rng, i in complex_places) if isinstance(a, Domain) else a
                         for i, a in enumerate(sample.args))
            places = sample.places()
            for count in range(1, len(places) + 1):
                for subset in itertools.combinations(places, count):
                    yield Case(primitive, args, sample.params, subset, f"{label} by {subset} {sample.params}")


# --- arithmetic on lists of arrays ----------------------------------------------------------------------------------
def parts(y: Any) -> list[Any]:
    """Return the results of a primitive as a list, also where there is one."""
    return list(y) if isinstance(y, (tuple, list)) else [y]


def direction(x: Any, rng: np.random.Generator) -> Any:
    """Return a random array like `x` of length about 1, with no component smaller than 0.1 / sqrt(n).

    (No component can then hide an error; the idea is Chainer's.)
    """
    def draw() -> Any:
        return rng.choice([-1.0, 1.0], x.shape) * rng.uniform(0.1, 1.0, x.shape) / max(1, x.size) ** 0.5
    t = draw() + 1j * draw() if x.dtype.kind == "c" else draw()
    return np.asarray(t, dtype=x.dtype)


def directions(xs: Any, rng: np.random.Generator) -> Any:
    """Return a direction for each array of a tuple, or one for a single array."""
    return tuple(direction(x, rng) for x in xs) if isinstance(xs, tuple) else direction(xs, rng)


def inner(a: Any, b: Any) -> float:
    """Return Re<a, b> = Re sum(conj(a) b) over all arrays."""
    return float(sum(np.vdot(x, y).real for x, y in zip(parts(a), parts(b), strict=True)))


def agree(found: Any, expected: Any, tolerance: float, what: str) -> None:
    """Raise unless two lists of arrays agree, relative to the largest number in either (1 at least)."""
    for a, b in zip(parts(found), parts(expected), strict=True):
        assert np.shape(a) == np.shape(b), f"{what}: shape {np.shape(a)}, expected {np.shape(b)}"
        if np.size(a):
            scale = max(1.0, float(np.max(np.abs(a))), float(np.max(np.abs(b))))
            error = float(np.max(np.abs(np.asarray(a) - np.asarray(b))))
            assert error <= tolerance * scale, f"{what}: {a} against {b}, which differ by {error:.3g}"


def differences(f: Any, xs: Arrays, ts: Arrays, step: float = 1e-3) -> list[Any]:
    """Return the derivative of `f` along `ts` by differences of five points, whose error is of the order step^4."""
    def at(h: float) -> list[Any]:
        return parts(f(*[x + h * step * t for x, t in zip(xs, ts, strict=True)]))
    return [(8 * (a - b) - (c - d)) / (12 * step) for a, b, c, d in zip(at(1), at(-1), at(2), at(-2), strict=True)]
