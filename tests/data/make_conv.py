"""Makes conv.npz: convolutions and their gradients by PyTorch. Run again with `python tests/data/make_conv.py`.

Each case has the name of the function, the shapes and the settings; inputs are drawn from a seed in float32, values and
gradients of sum(y * g) are computed in float64 and kept in float32, whose spacing is the tests' tolerance.
"""
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

CASES = [
    ("conv", (2, 3, 9), (4, 3, 3), {"stride": 2, "padding": 1}),
    ("conv", (2, 4, 7, 8), (6, 2, 3, 2), {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 2], "groups": 2}),
    ("conv", (2, 5, 6, 6), (5, 1, 3, 3), {"padding": 1, "groups": 5}),
    ("conv", (2, 3, 6, 5), (9, 1, 3, 3), {"stride": 2, "groups": 3}),
    ("conv", (2, 2, 7, 6), (3, 2, 4, 3), {"padding": "same", "dilation": [1, 2]}),
    ("conv", (1, 2, 5, 4, 6), (3, 2, 2, 3, 2), {"stride": [1, 2, 2], "padding": [1, 1, 0]}),
    ("conv_transpose", (2, 3, 5), (3, 4, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    ("conv_transpose", (2, 4, 4, 3), (4, 3, 3, 2), {"stride": [2, 3], "padding": [1, 0], "output_padding": [1, 2],
                                                    "groups": 2}),
    ("conv_transpose", (1, 2, 3, 3), (2, 3, 3, 3), {"dilation": 2}),
    ("conv_transpose", (1, 2, 3, 2, 3), (2, 2, 2, 3, 2), {"stride": 2}),
]
FOLDS = [
    ((2, 3, 6, 5), {"kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 0], "dilation": 1}),
    ((1, 2, 6, 7), {"kernel_size": 2, "stride": 2, "padding": 1, "dilation": 2}),
]


def main() -> None:
    rng = np.random.default_rng(0)

    def draw(*shape):
        return torch.tensor(rng.standard_normal(shape).astype(np.float32), dtype=torch.float64, requires_grad=True)

    arrays, entries = {}, []

    def keep(**found):
        for name, value in found.items():
            arrays[f"{len(entries)}_{name}"] = value.detach().numpy().astype(np.float32)

    for name, x_shape, weight_shape, settings in CASES:
        axes = len(x_shape) - 2
        x, weight = draw(*x_shape), draw(*weight_shape)
        bias = draw(weight_shape[0] if name == "conv" else weight_shape[1] * settings.get("groups", 1))
        f = getattr(functional, f"{name}{axes}d")
        y = f(x, weight, bias, **{k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()})
        g = draw(*y.shape)
        (y * g).sum().backward()
        keep(x=x, weight=weight, bias=bias, g=g, y=y, dx=x.grad, dweight=weight.grad, dbias=bias.grad)
        entries.append({"name": name, "settings": settings})
    for shape, settings in FOLDS:
        options = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        x = draw(*shape)
        y = functional.unfold(x, **options)
        back = functional.fold(y, shape[2:], **options)
        keep(x=x, y=y, back=back)
        entries.append({"name": "unfold", "settings": settings})
    path = Path(__file__).with_name("conv.npz")
    np.savez_compressed(path, cases=np.array(json.dumps(entries)), **arrays)
    print(path, path.stat().st_size, "bytes, by PyTorch", torch.__version__)


if __name__ == "__main__":
    main()
