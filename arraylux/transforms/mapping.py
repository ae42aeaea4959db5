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
from .leaves import name_of, owned

Axes = int | None | Sequence[int | None]


def vmap(f: Callable[..., Any], in_axes: Axes = 0, out_axes: int = 0) -> Callable[..., Any]:
    """Return `f` as a function of stacks, mapped over an axis of its arguments.

    Arguments: `f`, from trees of arrays to a tree of arrays; `in_axes`, which axis of the arguments' leaves counts the
    samples, one number for all arguments or one for each, `None` for an argument that is the same for all samples;
    `out_axes`, which axis of the results is to count them.

    Returns: a function with the arguments of `f`; keywords are the same for all samples. Random numbers drawn in `f`
    are drawn once, and are the same for all samples.

    Errors: ValueError if an axis is missing, if the arguments differ in how many samples they hold, or if results
    differ in shape from sample to sample; TypeError if `f` branches on a value.

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
        axes = (in_axes,) * len(args) if in_axes is None or isinstance(in_axes, int) else tuple(in_axes)
        if len(axes) != len(args):
            raise ValueError(f"{origin}: in_axes={in_axes!r} names {len(axes)} arguments, but {len(args)} positional "
                             "arguments came; name the axis of each, None for one that is not mapped over")
        moved = [x if axis is None else tree.map_with_path(functools.partial(_to_front, origin, axis), x,
                                                           path=f"argument {i}")
                 for i, (x, axis) in enumerate(zip(args, axes, strict=True))]
        trace = Mapping(origin, _samples(origin, moved, axes))
        # What is not mapped over may still be indexed by what is, so it comes as a constant.
        inputs = [tree.map(_constant if axis is None else lambda leaf: Batch(leaf, trace), x)
                  for x, axis in zip(moved, axes, strict=True)]
        try:
            out = f(*inputs, **kwargs)
        finally:
            trace.close()
        return tree.map(lambda y: _stacked(y, trace, out_axes), out)

    return mapped


def _to_front(origin: str, axis: int, path: str, x: Any) -> Any:
    shape = tuple(getattr(x, "shape", ()))
    if not (isinstance(x, Tracer) or is_array(x)) or not -len(shape) <= axis < len(shape):
        raise ValueError(f"{origin}: {path} must be an array with an axis {axis} that counts the samples, got "
                         f"{tree.describe(x)}; in_axes=None leaves an argument as it is")
    return moveaxis(x, axis, 0) if axis else x


def _constant(x: Any) -> Any:
    return constant(x) if is_array(x) else x


def _samples(origin: str, args: list[Any], axes: tuple[Any, ...]) -> int:
    """Return the one number of samples that all mapped arguments hold."""
    sizes = {leaf.shape[0] for x, axis in zip(args, axes, strict=True) if axis is not None for leaf in tree.leaves(x)}
    if len(sizes) != 1:
        found = f"{sorted(sizes)} samples" if sizes else "no array"
        raise ValueError(f"{origin}: the arguments that are mapped over must hold one number of samples, got {found}; "
                         "see in_axes")
    return int(sizes.pop())


def _stacked(y: Any, trace: Mapping, axis: int) -> Any:
    """Return a result as a stack, the same for all samples if it does not depend on them."""
    if not isinstance(y, Tracer) and not is_array(y):
        return y
    y = owned(stacked(y, trace))
    return moveaxis(y, 0, axis) if axis else y


__all__ = ["vmap"]
