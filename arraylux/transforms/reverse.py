"""Reverse mode for users: `vjp`, `grad` and `value_and_grad`.

A function is run once on watched leaves, which writes the tape; walking the tape back gives the derivative of one
number with respect to all of them, for a small multiple of the cost of the function itself.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..backend import kind
from ..rules.elementwise import astype
from ..tracer.core import Tracer
from ..tracer.tape import Tape, Var, walk
from .leaves import as_input, check_numbers, name_of, no_inputs, ones_of, owned_apart, unwrap

Function = Callable[..., Any]


class _Run:
    """One recorded run of a function: its tape, the places of the watched leaves, and the results."""

    __slots__ = ("inputs", "out", "places", "rows", "structures", "tape")

    def __init__(self, origin: str, f: Function, args: list[Any], argnums: Sequence[int],
                 kwargs: dict[str, Any]) -> None:
        tape = Tape(origin)
        self.tape = tape
        inputs: list[Any] = []                           # the values of the watched leaves
        self.inputs = inputs
        self.places: list[list[int | None]] = []         # for each argument and leaf: its row, or None
        self.structures = []
        watch = tape.watch
        for n in argnums:
            leaves, structure = tree.flatten(args[n])
            rows: list[int | None] = []
            for i, x in enumerate(map(as_input, leaves)):
                if x is None:
                    rows.append(None)
                else:
                    rows.append(len(inputs))
                    inputs.append(x)
                    leaves[i] = watch(x)
            self.places.append(rows)
            self.structures.append(structure)
            args[n] = tree.unflatten(structure, leaves)
        self.rows = tape.rows
        try:
            self.out = f(*args, **kwargs)
        finally:
            tape.close()

    def pull(self, seeds: list[tuple[int, Any]], consume: bool) -> list[Any]:
        """Return one tree of cotangents for each differentiated argument; `None` for leaves without a derivative."""
        found = walk(self.rows, seeds, len(self.inputs), consume)
        grads = owned_apart(found, self.inputs, [g for _, g in seeds])
        return [tree.unflatten(structure, [None if row is None else grads[row] for row in rows])
                for rows, structure in zip(self.places, self.structures, strict=True)]


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Evaluate `f` and return its pullback, the product of cotangents with its Jacobian.

    Arguments: `f`, from trees of arrays to a tree of arrays; `primals`, its arguments; `has_aux`, whether `f` returns
    a pair (result, extra) whose second part is handed through.

    Returns: `(y, pullback)`, or `(y, pullback, aux)`. `pullback(g)` takes a tree like `y` and returns a tuple with one
    tree of cotangents for each primal: `None` for leaves that are not floating point. It can be called many times.

    Errors: TypeError if no primal has a floating-point leaf; ValueError if `g` does not have the form of `y`.

    >>> import numpy as np
    >>> y, pullback = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 10.0]))[0]
    array([ 2., 40.])
    """
    run = _Run(f"vjp of {name_of(f)}", f, list(primals), range(len(primals)), {})
    if not run.inputs:
        raise no_inputs("vjp", "its primals", [leaf for x in primals for leaf in tree.leaves(x)])
    out, aux = run.out if has_aux else (run.out, None)
    outputs, structure = tree.flatten(out)
    y = tree.unflatten(structure, [unwrap(o, run.tape) for o in outputs])

    def pullback(g: Any) -> tuple[Any, ...]:
        cotangents: list[tuple[int, Any]] = []

        def collect(path: str, o: Any, c: Any) -> None:
            if c is None:
                return
            shape = tuple(getattr(o, "shape", ()))
            if tuple(getattr(c, "shape", ())) != shape:
                raise ValueError(f"{path} must have the shape {shape} of the function's result, got {tree.describe(c)}")
            if isinstance(o, Var) and o.owner is run.tape:
                cotangents.append((o.index, _in_dtype(c, o)))

        tree.map_with_path(collect, out, g, path="the cotangent")
        return tuple(run.pull(cotangents, consume=False))

    return (y, pullback, _unwrap_tree(aux, run.tape)) if has_aux else (y, pullback)


def _in_dtype(c: Any, like: Any) -> Any:
    """Return a cotangent in the dtype of its result; Python numbers and real numbers for complex ones are cast."""
    dtype = getattr(c, "dtype", None)
    if dtype is None:                                    # asked first: NumPy takes None for float64
        return ones_of(like) * c
    if dtype == like.dtype:
        return c
    if kind(dtype) == "c" and kind(like.dtype) != "c":
        raise ValueError(f"a cotangent of dtype {dtype} came for a result of dtype {like.dtype}; take its real part "
                         "first")
    return astype(c, dtype=like.dtype)


def _unwrap_tree(x: Any, tape: Tape) -> Any:
    for leaf in tree.leaves(x):
        if isinstance(leaf, Tracer):
            return tree.map(lambda leaf: unwrap(leaf, tape), x)
    return x


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """Return a function that computes `f` and its gradient.

    Arguments: `f`, returning a real scalar (or a pair (scalar, extra) with `has_aux`); `argnums`, the number of the
    argument to differentiate, or several; arguments are trees of arrays.

    Returns: a function with the arguments of `f` that returns `(value, grad)`, or `((value, aux), grad)`. The gradient
    has the tree, shapes and dtypes of the argument, `None` for leaves that are not floating point. For complex leaves
    it is the direction of steepest ascent, df/d(re) + i df/d(im).

    Errors: TypeError if the result is no real scalar, or if there is nothing to differentiate; ValueError if an
    argument is named twice.

    >>> import numpy as np
    >>> value, grad = value_and_grad(lambda x: (x ** 2).sum())(np.array([1.0, 3.0]))
    >>> float(value), grad
    (10.0, array([2., 6.]))
    """
    several = isinstance(argnums, Sequence)
    numbers = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    origin = f"grad of {name_of(f)}"

    @functools.wraps(f, assigned=("__name__", "__qualname__", "__module__"), updated=())
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        if several or not -len(args) <= numbers[0] < len(args):
            check_numbers(origin, numbers, len(args))
        run = _Run(origin, f, list(args), numbers, kwargs)
        if not run.inputs:
            raise no_inputs("grad", f"argument {argnums}", [leaf for n in numbers for leaf in tree.leaves(args[n])])
        y, aux = run.out if has_aux else (run.out, None)
        seeds = []
        if isinstance(y, Var) and y.owner is run.tape and not y.value.shape and kind(y.value.dtype) == "f":
            seeds.append((y.index, ones_of(y.value)))
        else:
            _check_scalar(y, origin)
        y = unwrap(y, run.tape)
        grads = run.pull(seeds, consume=True)
        gradient = tuple(grads) if several else grads[0]
        return ((y, _unwrap_tree(aux, run.tape)), gradient) if has_aux else (y, gradient)

    return with_gradient


def _check_scalar(y: Any, origin: str) -> None:
    """Raise unless `y` is a real scalar that does not depend on the arguments."""
    if isinstance(y, float) or (getattr(y, "shape", None) == () and kind(y.dtype) == "f"):
        return
    if getattr(y, "shape", None) == () or isinstance(y, (int, complex)):
        raise TypeError(f"{origin}: the result must be a real floating-point number, got {tree.describe(y)}; for a "
                        "complex result differentiate its real part, for an integer one there is no gradient")
    hint = "a pair (loss, extra) needs has_aux=True" if isinstance(y, tuple) else \
        "reduce it, as with .sum() or .mean(), or use jacobian or vjp"
    raise TypeError(f"{origin}: the result must be a scalar, got {tree.describe(y)}; {hint}")


def grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """Return a function that computes the gradient of `f`.

    Arguments: as for `value_and_grad`.

    Returns: a function with the arguments of `f` that returns the gradient, or `(grad, aux)` with `has_aux`.

    Errors: as for `value_and_grad`.

    >>> import numpy as np
    >>> grad(lambda x: np.sin(x) * x)(0.0)
    np.float64(0.0)
    >>> grad(grad(lambda x: x ** 3))(2.0)
    np.float64(12.0)
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f, assigned=("__name__", "__qualname__", "__module__"), updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient
