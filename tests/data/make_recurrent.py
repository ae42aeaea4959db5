"""Make recurrent.npz: sequences through PyTorch's recurrent layers, and the gradients of a weighted sum of the results.

Run it with PyTorch installed, from any folder: `python make_recurrent.py`. It draws from fixed seeds, so a second run
gives the same numbers (those in the file are from torch 2.13.0 on a CPU). Arrays are named `case/what`: the input `x`,
the weights `w` of the sum, the results `y`, `h` and `c`, the parameters under PyTorch's names, and after `d_` the
gradients with respect to x and the parameters.
"""
from pathlib import Path

import numpy as np
import torch

BATCH, TIME, INPUTS, OUTPUTS = 3, 5, 4, 6
CASES = {
    "tanh": (torch.nn.RNN, {}),
    "relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, {}),
    "lstm_no_bias": (torch.nn.LSTM, {"bias": False}),
    "gru": (torch.nn.GRU, {}),
    "gru_no_bias": (torch.nn.GRU, {"bias": False}),
    "bidirectional": (torch.nn.GRU, {"bidirectional": True}),
}


def main() -> None:
    arrays = {}
    for seed, (case, (layer, options)) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        model = layer(INPUTS, OUTPUTS, batch_first=True, dtype=torch.float64, **options)
        x = torch.tensor(rng.standard_normal((BATCH, TIME, INPUTS)), requires_grad=True)
        y, carry = model(x)
        w = torch.tensor(rng.standard_normal(y.shape))
        (y * w).sum().backward()
        h, *c = carry if isinstance(carry, tuple) else (carry,)
        found = {"x": x, "w": w, "y": y, "h": h, "d_x": x.grad, **({"c": c[0]} if c else {})}
        for name, parameter in model.named_parameters():
            found |= {name: parameter, f"d_{name}": parameter.grad}
        arrays |= {f"{case}/{what}": array.detach().numpy() for what, array in found.items()}
    np.savez_compressed(Path(__file__).with_name("recurrent.npz"), **arrays)


if __name__ == "__main__":
    main()
