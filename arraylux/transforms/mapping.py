"""Many at once for users: `vmap`.

A function that is written for one sample becomes one for a stack of samples, without a loop: inside of it the extra
axis cannot be seen. Together with `grad` that gives the gradient of each sample by itself.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..backend import is_array
from ..rules.shaping import moveaxis
from ..tracer.batch import Batch, Mapping
from ..tracer.core import Tracer, constant
from .calls import stacked
from .leaves import name_of, owned, unwrap


def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """Return `f` as a function of stacks, mapped over an axis of its arguments.

    Arguments: `f`, from trees of arrays to a tree of arrays; `in_axes`, which axis of the arguments' leaves counts the
    samples, one number for all arguments or a sequence with one for each, `None` for what is the same for all samples;
    in place of a number may stand a tree of them, for the parts of an argument; `out_axes`, which axis of the results
    is to count them, a number or a tree of numbers like the result, `None` for what is the same for all samples.

    Returns: a function with the arguments of `f`; keywords are the same for all samples. Random numbers drawn in `f`
    are drawn once, and are the same for all samples.

    Errors: ValueError if an axis is missing or fits nothing, if the arguments differ in how many samples they hold, or
    if results differ in shape from sample to sample; TypeError if `f` branches on a value.

    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> vmap(lambda row: row @ row)(x)
    array([ 5., 25.])
    >>> from arraylux import grad
    >>> vmap(grad(lambda w, row: (w * row).sum() ** 2), in_axes=(None, 0))(np.ones(2), x)     # for each sample
    array([[ 6., 12.],
           [42., 56.]])
    """
    from ..rules import batching as batching  # the rules, which nobody else needs

    origin = f"vmap of {name_of(f)}"

    @functools.wraps(f, assigned=("__name__", "__qualname__", "__module__"), updated=())
    def mapped(*args: Any, **kwargs: Any) -> Any:
        axes = tuple(in_axes) if isinstance(in_axes, Sequence) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ValueError(f"{origin}: in_axes={in_axes!r} names {len(axes)} arguments, but {len(args)} positional "
                             "arguments came; name the axis of each, None for one that is not mapped over")
        each = [_for_leaves(axis, x, f"{origin}: in_axes of argument {i}")
                for i, (axis, x) in enumerate(zip(axes, args, strict=True))]
        sizes: set[int] = set()
        moved = [tree.map_with_path(functools.partial(_to_front, origin, sizes), x, axis, path=f"argument {i}")
                 for i, (x, axis) in enumerate(zip(args, each, strict=True))]
        trace = Mapping(origin, _samples(origin, sizes))

        def enter(x: Any, axis: int | None) -> Any:
            # What is not mapped over may still be indexed by what is, so it comes as a constant.
            return _constant(x) if axis is None or x is None else Batch(x, trace)

        try:
            out = f(*tree.map(enter, moved, each), **kwargs)
        finally:
            trace.close()
        return tree.map(functools.partial(_stacked, trace), out, _for_leaves(out_axes, out, f"{origin}: out_axes"))

    return mapped


def _for_leaves(axes: Any, x: Any, what: str) -> Any:
    """Return a tree like `x` with an axis for each leaf, of a tree of axes that may end sooner."""
    def spread(path: str, axis: Any, part: Any) -> Any:
        if axis is not None and not hasattr(axis, "__index__"):
            raise ValueError(f"{path} must be a number or None, got {tree.describe(axis)}")
        return tree.map(lambda _: axis, part)
    return tree.map_with_path(spread, axes, x, path=what)


def _to_front(origin: str, sizes: set[int], path: str, x: Any, axis: int | None) -> Any:
    """Return a leaf with its samples counted by the first axis, and note how many there are."""
    if axis is None or x is None:
        return x
    shape = tuple(getattr(x, "shape", ()))
    if not (isinstance(x, Tracer) or is_array(x)) or not -len(shape) <= axis < len(shape):
        raise ValueError(f"{origin}: {path} must be an array with an axis {axis} that counts the samples, got "
                         f"{tree.describe(x)}; in_axes=None leaves an argument as it is")
    sizes.add(shape[axis])
    return moveaxis(x, axis, 0) if axis else x


def _constant(x: Any) -> Any:
    return constant(x) if is_array(x) else x


def _samples(origin: str, sizes: set[int]) -> int:
    """Return the one number of samples that all mapped leaves hold."""
    if len(sizes) != 1:
        found = f"{sorted(sizes)} samples" if sizes else "no array"
        raise ValueError(f"{origin}: the arguments that are mapped over must hold one number of samples, got {found}; "
                         "see in_axes")
    return int(sizes.pop())


def _stacked(trace: Mapping, y: Any, axis: int | None) -> Any:
    """Return a result as a stack, the same for all samples if it does not depend on them."""
    if not isinstance(y, Tracer) and not is_array(y):
        return y
    if axis is None:
        if isinstance(y, Batch) and y.owner is trace:
            raise ValueError(f"{trace.origin}: out_axes names no axis for a result that differs from sample to sample")
        return unwrap(y, trace)
    y = owned(stacked(y, trace))
    return moveaxis(y, 0, axis) if axis else y


__all__ = ["vmap"]
