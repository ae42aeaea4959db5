"""Makes pooling.npz: pooling, resizing, padding and sampling of images, and their gradients, by PyTorch.

Run again with `python tests/data/make_pooling.py`. Each case has the name of the function here, positional arguments
after x, keywords, and the shapes of its arrays, whose numbers follow one another; inputs are drawn from a seed in
float32, values and gradients of sum(y * g) are computed in float64 and kept in float32, whose spacing is the tests'
tolerance.
"""
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

ONE, TWO, THREE = (2, 2, 11), (1, 2, 7, 8), (1, 1, 5, 6, 4)

WINDOWS = [
    (ONE, 2, {}), (ONE, 3, {"stride": 2, "padding": 1}), (TWO, 2, {}), (TWO, 3, {"stride": 2, "padding": 1}),
    (TWO, (3, 2), {"stride": (1, 3), "padding": (1, 0)}), (TWO, 5, {"stride": 1, "padding": 2}), (THREE, 2, {}),
    (THREE, 3, {"stride": (2, 1, 2), "padding": 1}),
]
CASES = [
    *[("maxpool", shape, (window,), options) for shape, window, options in WINDOWS],
    ("maxpool", ONE, (2,), {"dilation": 3, "stride": 1}), ("maxpool", TWO, (3, ), {"dilation": (1, 2), "padding": 1}),
    *[("meanpool", shape, (window,), options) for shape, window, options in WINDOWS],
    ("meanpool", ONE, (3,), {"padding": 1, "count_include_pad": False}),
    ("meanpool", TWO, (3,), {"padding": 1, "stride": 2, "count_include_pad": False}),
    ("lpnormpool", ONE, (2, 3), {}), ("lpnormpool", TWO, (3, 2), {}), ("lpnormpool", TWO, (1.5, 3), {"stride": 2}),
    *[(f"adaptive_{kind}pool", shape, (size,), {}) for kind in ("max", "mean") for shape, size in (
        (ONE, 4), (TWO, (3, 5)), (TWO, (7, 4)), (TWO, 1), (THREE, (2, 3, 4)), (TWO, (9, 3)))],
    *[("upsample_nearest", shape, (), {"size": size}) for shape, size in (
        (ONE, 22), (TWO, (14, 24)), (TWO, (10, 3)), (THREE, (5, 12, 6)))],
    *[(f"upsample_{kind}", shape, (), {"size": size, "align_corners": corners})
      for corners in (False, True) for kind, shape, size in (
        ("linear", ONE, 22), ("linear", ONE, 5), ("bilinear", TWO, (14, 24)),
        ("bilinear", TWO, (10, 3)), ("bilinear", TWO, (1, 8)),
        ("trilinear", THREE, (7, 6, 8)))],
    ("pixel_shuffle", (2, 12, 3, 2), (2,), {}), ("pixel_shuffle", (1, 18, 2, 3), (3,), {}),
    *[(name, TWO, (padding,), {}) for name in ("pad_reflect", "pad_circular", "pad_repeat") for padding in (
        (1, 2, 3, 0), (6, 6, 7, 1))],
    ("pad_repeat", ONE, (12,), {}), ("pad_constant", TWO, ((1, 0, 2, 3), 1.5), {}), ("pad_zeros", THREE, (1,), {}),
]
SAMPLES = [(shape, {"mode": mode, "padding_mode": padding, "align_corners": corners})
           for shape in ((2, 2, 4, 5), (1, 2, 3, 4, 3)) for mode in ("bilinear", "nearest")
           for padding in ("zeros", "border") for corners in (False, True)]
PADS = {"pad_reflect": "reflect", "pad_circular": "circular", "pad_repeat": "replicate", "pad_constant": "constant",
        "pad_zeros": "constant"}
UPSAMPLING = {"upsample_nearest": "nearest", "upsample_linear": "linear", "upsample_bilinear": "bilinear",
              "upsample_trilinear": "trilinear"}


def call(name, x, args, options):
    """Call PyTorch's function for one of ours."""
    axes = x.ndim - 2
    if name in PADS:
        padding, *value = args
        sides = [padding] * (2 * axes) if isinstance(padding, int) else padding
        pairs = [sides[i:i + 2] for i in range(0, 2 * axes, 2)]
        return functional.pad(x, [side for pair in pairs[::-1] for side in pair], PADS[name], *value)
    if name in UPSAMPLING:
        return functional.interpolate(x, mode=UPSAMPLING[name], **options)
    if name == "pixel_shuffle":
        return functional.pixel_shuffle(x, *args)
    if name == "lpnormpool":
        return getattr(functional, f"lp_pool{axes}d")(x, *args, **options)
    names = {"maxpool": "max_pool", "meanpool": "avg_pool", "adaptive_maxpool": "adaptive_max_pool",
             "adaptive_meanpool": "adaptive_avg_pool"}
    return getattr(functional, f"{names[name]}{axes}d")(x, *args, **options)


def main() -> None:
    rng = np.random.default_rng(0)

    def draw(*shape, scale=1.0):
        drawn = scale * rng.standard_normal(shape)
        return torch.tensor(drawn.astype(np.float32), dtype=torch.float64, requires_grad=True)

    numbers, entries = [], []

    def keep(name, args, options, **found):
        arrays = {key: value.detach().numpy().astype(np.float32) for key, value in found.items()}
        numbers.extend(a.ravel() for a in arrays.values())
        entries.append({"name": name, "args": args, "options": options,
                        "shapes": {key: a.shape for key, a in arrays.items()}})

    for name, shape, args, options in CASES:
        x = draw(*shape)
        if name == "lpnormpool":
            x = x.detach().abs().requires_grad_()
        y = call(name, x, args, options)
        g = draw(*y.shape)
        (y * g).sum().backward()
        keep(name, args, options, x=x, g=g, y=y, dx=x.grad)
    for shape, options in SAMPLES:
        x, grid = draw(*shape), draw(shape[0], 3, *(2,) * (len(shape) - 3), len(shape) - 2, scale=0.8)
        y = functional.grid_sample(x, grid, **options)
        g = draw(*y.shape)
        (y * g).sum().backward()
        keep("grid_sample", (), options, x=x, grid=grid, g=g, y=y, dx=x.grad, dgrid=grid.grad)
    path = Path(__file__).with_name("pooling.npz")
    np.savez_compressed(path, cases=np.array(json.dumps(entries)), numbers=np.concatenate(numbers))
    print(path, path.stat().st_size, "bytes, by PyTorch", torch.__version__)


if __name__ == "__main__":
    main()
