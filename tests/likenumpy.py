"""One check for whatever stands in for a function of NumPy: the same values, and derivatives that fit them."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import arraylux as lux
from arraylux.backend import is_array, kind
from arraylux.tracer.core import Tracer, strip


def parts(y: Any) -> list[Any]:
    """Return the results of a function as a list, also where there is one."""
    return list(y) if isinstance(y, (tuple, list)) else [y]


def is_input(a: Any) -> bool:
    """Say whether an argument is an array or a list of arrays (and no number, shape or axis)."""
    return is_array(a) or (isinstance(a, (list, tuple)) and len(a) > 0 and is_array(a[0]))


def is_floating(a: Any) -> bool:
    """Say whether a result or an argument, or any member of a list, is an array with floating-point numbers."""
    return any(is_array(leaf) and kind(leaf.dtype) in "fc" for leaf in lux.tree.leaves(a))


def ones(tree: Any) -> Any:
    """Return ones in the place of all floating-point arrays of a tree, `None` in the place of others."""
    return lux.tree.map(lambda a: lux.array_namespace(a).ones_like(a) if is_floating(a) else None, tree)


def same(found: Any, wanted: Any) -> None:
    """Compare one result with NumPy's: shape, dtype and values of arrays, anything else by ==."""
    found = strip(found)
    if isinstance(wanted, (np.ndarray, np.generic)):
        assert (np.shape(found), found.dtype) == (np.shape(wanted), wanted.dtype)
        single = wanted.dtype in (np.float32, np.complex64)
        np.testing.assert_allclose(found, wanted, rtol=2e-6 if single else 1e-12, atol=1e-14)
    else:
        assert found == wanted


def check(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any] | None = None, *,
          like: Callable[..., Any] | None = None, jumps: bool = False) -> None:
    """Check a function on plain and on traced arrays, with each argument traced alone and all together.

    Arguments: `f`, the function; `args`, `kwargs`, of one call of it; `like`, NumPy's function, if `f` is not that
    itself; `jumps`, whether finite differences say nothing about it.
    """
    kwargs = kwargs or {}
    expected = parts((like or f)(*args, **kwargs))
    for found, wanted in zip(parts(f(*args, **kwargs)), expected, strict=True):
        same(found, wanted)
    places = [i for i, a in enumerate(args) if is_input(a) and is_floating(a)]
    for chosen in [places, *([i] for i in places if len(places) > 1)] if places else []:
        results = []

        def call(*inputs: Any, chosen: list[int] = chosen, results: list[Any] = results) -> list[Any]:
            filled = list(args)
            for i, x in zip(chosen, inputs, strict=True):
                filled[i] = x
            results.append(parts(f(*filled, **kwargs)))
            return [y for y in results[-1] if isinstance(y, Tracer) or is_floating(y)]

        inputs = [args[i] for i in chosen]
        lux.jvp(call, inputs, ones(inputs))
        lux.vjp(call, *inputs)
        for y in results:
            for found, wanted in zip(y, expected, strict=True):
                same(found, wanted)
        if not jumps and any(map(is_floating, expected)):
            lux.testing.check_grads(call, inputs, order=1)
