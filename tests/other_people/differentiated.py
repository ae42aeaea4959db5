"""One check for a function that knows nothing of this project: the same values, and derivatives that fit them."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import arraylux as lux
from arraylux.tracer.core import strip

Call = tuple[Callable[..., Any], Sequence[Any]]


def beside(x: Any, a: Any) -> Any:
    """Return data as an array of the namespace of x: what code has to do for traced arrays as for those of a GPU."""
    return lux.array_namespace(x).asarray(a)


def check(f: Callable[..., Any], args: Sequence[Any], order: int = 2) -> None:
    """Hold a function's values on traced arrays against those on plain ones, both modes against finite differences."""
    def listed(*xs: Any) -> list[Any]:
        y = f(*xs)
        return list(y) if isinstance(y, (tuple, list)) else [y]

    expected = listed(*args)
    in_reverse, _ = lux.vjp(listed, *args)
    forward, _ = lux.jvp(listed, args, args)
    for found in (in_reverse, forward):
        for y, wanted in zip(found, expected, strict=True):
            assert y.dtype == wanted.dtype and y.shape == wanted.shape
            np.testing.assert_allclose(np.asarray(strip(y)), np.asarray(wanted), rtol=1e-11, atol=1e-13)
    lux.testing.check_grads(listed, args, order=order)


def refuses(f: Callable[..., Any], args: Sequence[Any], words: str) -> None:
    """Check that a function raises, in both modes, one sentence with these words, and gives no number."""
    for transform in (lambda: lux.vjp(f, *args), lambda: lux.jvp(f, args, args)):
        with pytest.raises(TypeError, match=words) as caught:
            transform()
        assert "\n" not in str(caught.value)
