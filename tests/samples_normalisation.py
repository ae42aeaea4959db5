"""Samples of standardising: one for each way in which mean, scale and array may lie to one another."""
from __future__ import annotations

from typing import Any

from domains import Sample, anything


def _sample(x: tuple[int, ...], axes: tuple[int, ...], *affine: tuple[int, ...], centre: bool = True,
            epsilon: float = 1e-3) -> Sample:
    params: dict[str, Any] = {"axes": axes, "epsilon": epsilon, "centre": centre}
    return Sample((anything(*x), *[anything(*shape) for shape in affine]), params)


NORMALISATION = {"standardise": [
    _sample((5, 3), (0,), (3,), (3,)), _sample((3, 2, 2, 2), (0, 2, 3), (2, 1, 1), (2, 1, 1)),      # over a batch
    _sample((2, 2, 5), (2,), (2, 1), (2, 1)), _sample((2, 3, 2, 2), (2, 3)),                        # over pixels
    _sample((2, 2, 2, 3), (2, 3), (2, 2, 1), (2, 2, 1)),                                            # over groups
    _sample((3, 4), (1,), (4,), (4,)), _sample((2, 2, 3), (1, 2), (2, 3), (2, 3)), _sample((5,), (0,), (5,), (5,)),
    _sample((3, 4), (1,), (4,), centre=False), _sample((3, 2, 2), (0, 2), (2, 1), centre=False),    # without a mean
    _sample((2, 4), (1,)), _sample((2, 3), (0, 1), (3,), (3,)), _sample((2, 3, 2), (1,), (3, 2), (3, 2)),
    _sample((0, 3), (1,), (3,), (3,)), _sample((0, 3), (0,), (3,), (3,)),
]}
