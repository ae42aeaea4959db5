"""Testing derivatives: forward mode, reverse mode and finite differences held against one another."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import tree
from .backend import device_of, kind, library, to_numpy
from .transforms.forward import jvp
from .transforms.leaves import as_input, name_of
from .transforms.reverse import vjp

Function = Callable[..., Any]


def check_grads(f: Function, args: Sequence[Any], order: int = 2, modes: Sequence[str] = ("fwd", "rev"),
                rtol: float = 1e-5, atol: float = 1e-7, eps: float = 1e-4, seed: int = 0) -> None:
    """Check the derivatives of a function against finite differences.

    Arguments: `f`, from trees of arrays to a tree of arrays; `args`, the list of its arguments, with float64 or
    complex128 leaves, at a point where `f` is smooth; `order`, up to which order, by nesting the modes in every
    mix; `modes`, any of `"fwd"` and `"rev"`; `rtol`, `atol`, the tolerances; `eps`, the step of the differences;
    `seed`, for the random directions.

    Returns: nothing.

    Errors: AssertionError saying which derivative is wrong and by how much; ValueError for an argument in less than
    double precision, whose differences would be noise, or for an unknown mode.

    >>> check_grads(lambda x: x * np.sin(x), [np.array([0.5, 2.0])])
    """
    for mode in modes:
        if mode not in ("fwd", "rev"):
            raise ValueError(f'check_grads knows the modes "fwd" and "rev", got {mode!r}')
    for path, leaf in _floats(args):
        if str(leaf.dtype).rpartition(".")[2] not in ("float64", "complex128", "longdouble", "clongdouble"):
            raise ValueError(f"check_grads: {path} is a {tree.describe(leaf)}; finite differences need float64 or "
                             "complex128")
    _check(f, tuple(args), order, tuple(modes), (rtol, atol, eps), np.random.default_rng(seed), "")


def _check(f: Function, args: tuple[Any, ...], order: int, modes: tuple[str, ...],
           tolerances: tuple[float, float, float], rng: np.random.Generator, trail: str) -> None:
    rtol, atol, eps = tolerances
    direction = _random_like(args, rng)
    ahead, behind = (f(*_step(args, direction, s * eps)) for s in (1, -1))
    ahead2, behind2 = (f(*_step(args, direction, s * eps)) for s in (2, -2))
    expected = tree.map(lambda a, b, c, d: None if as_input(a) is None else (8 * (a - b) - (c - d)) / (12 * eps),
                        ahead, behind, ahead2, behind2)
    y = f(*args)
    g = _random_like(y, rng)
    wanted = _inner(g, expected)
    for mode in modes:
        forward = mode == "fwd"
        found = _inner(g, jvp(f, args, direction)[1]) if forward else _inner(vjp(f, *args)[1](g), direction)
        if not np.isclose(found, wanted, rtol=rtol, atol=atol * max(1.0, abs(wanted))):
            raise AssertionError(f"the derivative of {name_of(f)} is wrong in mode {trail + mode!r}: along a random "
                                 f"direction it is {found:.10g}, finite differences give {wanted:.10g}")
    if order > 1:
        for mode in modes:
            if mode == "fwd":
                _check(lambda *x: jvp(f, x, direction)[1], args, order - 1, modes, tolerances, rng, trail + "fwd, ")
            else:
                _check(lambda *x: [c for c in tree.leaves(vjp(f, *x)[1](g)) if c is not None], args, order - 1, modes,
                       tolerances, rng, trail + "rev, ")


def _floats(x: Any) -> list[tuple[str, Any]]:
    """Return the leaves that can be differentiated, with their places."""
    found: list[tuple[str, Any]] = []
    tree.map_with_path(lambda path, leaf: found.append((path, as_input(leaf))), x, path="args")
    return [(path, leaf) for path, leaf in found if leaf is not None]


def _random_like(x: Any, rng: np.random.Generator) -> Any:
    """Return a random direction, no component of which is small, `None` for leaves that are not floating point."""
    def draw(leaf: Any) -> Any:
        value = as_input(leaf)
        if value is None:
            return None
        def part() -> Any:
            return rng.choice([-1.0, 1.0], value.shape) * rng.uniform(0.5, 1.0, value.shape)
        direction = part() + 1j * part() if kind(value.dtype) == "c" else part()
        return library(value).asarray(direction, dtype=value.dtype, device=device_of(value))
    return tree.map(draw, x)


def _step(args: Any, direction: Any, by: float) -> Any:
    return tree.map(lambda x, t: x if t is None else as_input(x) + by * t, args, direction)


def _inner(a: Any, b: Any) -> float:
    """Return Re<a, b> over all leaves."""
    total = 0.0
    for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True):
        if x is not None and y is not None:
            total += float(np.real(np.sum(np.conj(to_numpy(x)) * to_numpy(y))))
    return total


