"""Samples of the convolutions: one to three spatial axes, strides, paddings that differ, dilation, groups."""
from __future__ import annotations

from typing import Any

from domains import Sample, anything

Shape = tuple[int, ...]


def window(axes: int, stride: Any = 1, padding: Any = 0, dilation: int = 1) -> dict[str, Shape]:
    return {"stride": stride if isinstance(stride, tuple) else (stride,) * axes,
            "padding": padding if isinstance(padding, tuple) else (padding,) * 2 * axes, "dilation": (dilation,) * axes}


# Shapes of x and weight, the lengths of the spatial axes of the result, groups, and the window.
CASES: list[tuple[Shape, Shape, Shape, int, dict[str, Shape]]] = [
    ((2, 3, 5), (4, 3, 2), (4,), 1, window(1)),
    ((2, 2, 6), (2, 1, 2), (3,), 2, window(1, stride=2, padding=(1, 0), dilation=2)),
    ((2, 2, 4, 5), (3, 2, 3, 2), (2, 4), 1, window(2)),
    ((2, 4, 5, 4), (6, 2, 2, 3), (3, 2), 2, window(2, stride=(2, 3), padding=(1, 0, 1, 2))),
    ((1, 3, 4, 4), (3, 1, 3, 3), (4, 4), 3, window(2, padding=1)),
    ((2, 1, 3, 3, 3), (2, 1, 2, 1, 2), (2, 3, 2), 1, window(3)),
    ((0, 2, 3), (2, 2, 2), (2,), 1, window(1)),
]
SIMPLE = (0, 2)                                      # of these also with complex numbers

CONV: dict[str, list[Sample]] = {"conv": [], "conv_input": [], "conv_weight": [], "unfold": [], "fold": []}
for number, (x, weight, count, groups, form) in enumerate(CASES):
    y = (x[0], weight[0], *count)
    for name, a, b, channels, params in (
            ("conv", x, weight, y[1], {}), ("conv_input", y, weight, x[1], {"size": x[2:]}),
            ("conv_weight", x, y, None, {"kernel": weight[2:]})):
        params = {**params, **form, "groups": groups}
        CONV[name].append(Sample((anything(*a), anything(*b)), params, number in SIMPLE))
        if channels is not None:
            CONV[name].append(Sample((anything(*a), anything(*b), anything(channels)), params))
    taps, places = 1, 1
    for n in weight[2:]:
        taps *= n
    for n in count:
        places *= n
    CONV["unfold"].append(Sample((anything(*x),), {"kernel": weight[2:], **form}, number in SIMPLE))
    CONV["fold"].append(Sample((anything(x[0], x[1] * taps, places),), {"size": x[2:], "kernel": weight[2:], **form},
                               number in SIMPLE))
