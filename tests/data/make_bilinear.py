"""Makes bilinear.json: bilinear layers and their gradients by PyTorch. Run again: `python tests/data/make_bilinear.py`.

Inputs are multiples of 1/16, which float32 holds; values and gradients of sum(z * g) are computed in float64.
"""
import json
from pathlib import Path

import numpy as np
import torch

# leading axes, in1, in2, out: few outputs, many outputs, several leading axes, none
CASES = [((4,), 6, 5, 2), ((4,), 2, 3, 5), ((2, 3), 4, 2, 3), ((), 3, 3, 4)]


def main() -> None:
    rng = np.random.default_rng(0)

    def draw(*shape):
        return torch.tensor(np.round(16 * rng.standard_normal(shape)) / 16, dtype=torch.float64, requires_grad=True)

    cases = []
    for lead, n, m, out in CASES:
        x, y, weight, bias, g = draw(*lead, n), draw(*lead, m), draw(out, n, m), draw(out), draw(*lead, out)
        z = torch.nn.functional.bilinear(x, y, weight, bias)
        (z * g).sum().backward()
        named = {"x": x, "y": y, "weight": weight, "bias": bias, "g": g, "z": z, "dx": x.grad, "dy": y.grad,
                 "dweight": weight.grad, "dbias": bias.grad}
        cases.append({name: t.detach().tolist() for name, t in named.items()})
    (Path(__file__).parent / "bilinear.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
