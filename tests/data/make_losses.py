"""Makes losses.npz: losses, CTC and gated activations with their gradients by PyTorch.

Run again with `python tests/data/make_losses.py`. Inputs are drawn from a seed in float64. What PyTorch has no function
for is written out with its operations, and differentiated by it. `cases` lists the losses by name and settings; the
arrays of case i are `i_pred`, `i_target`, `i_value`, and its gradients by both, `i_dpred` and `i_dtarget`.
"""
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

RNG = np.random.default_rng(0)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], shape)


def probabilities(*shape):
    return RNG.dirichlet(np.full(shape[-1], 8.0), shape[:-1])


def unit(*shape):
    return RNG.uniform(0.05, 0.95, shape)


def positive(*shape):
    return RNG.uniform(0.2, 4.0, shape)


normal = RNG.standard_normal
S = (5, 4)
IMAGE = (2, 3, 4, 5)


def focal(p, y, gamma):
    return -y * (1 - p) ** gamma * p.log()


CASES = [
    ("MSELoss", {}, normal(S), normal(S), F.mse_loss),
    ("MAELoss", {}, normal(S), normal(S), F.l1_loss),
    ("HuberLoss", {}, 2 * normal(S), normal(S), F.huber_loss),
    ("HuberLoss", {"delta": 0.3, "agg": "sum"}, normal(S), normal(S),
     lambda p, y: F.huber_loss(p, y, delta=0.3, reduction="sum")),
    ("MSLELoss", {"epsilon": 0.1}, positive(*S), positive(*S),
     lambda p, y: F.mse_loss((p + 0.1).log(), (y + 0.1).log())),
    ("BinaryCrossEntropyLoss", {"epsilon": 0.0}, unit(*S), unit(*S), F.binary_cross_entropy),
    ("BinaryCrossEntropyLoss", {"logits": True}, 3 * normal(S), unit(*S), F.binary_cross_entropy_with_logits),
    ("BinaryCrossEntropyLoss", {"logits": True, "label_smoothing": 0.2, "agg": "sum"}, 3 * normal(S), unit(*S),
     lambda p, y: F.binary_cross_entropy_with_logits(p, 0.8 * y + 0.1, reduction="sum")),
    ("BinaryFocalLoss", {"epsilon": 0.0}, unit(*S), RNG.integers(0, 2, S).astype(float),
     lambda p, y: focal(y * p + (1 - y) * (1 - p), 1, 2).mean()),
    ("BinaryFocalLoss", {"epsilon": 0.0, "gamma": 0.5}, unit(*S), unit(*S),
     lambda p, y: focal(y * p + (1 - y) * (1 - p), 1, 0.5).mean()),
    ("CrossEntropyLoss", {"logits": True}, normal(S), probabilities(*S), F.cross_entropy),
    ("CrossEntropyLoss", {"logits": True, "axis": 1, "label_smoothing": 0.1}, normal(IMAGE), RNG.random(IMAGE),
     lambda p, y: F.cross_entropy(p, y, label_smoothing=0.1)),
    ("CrossEntropyLoss", {"epsilon": 0.0}, probabilities(*S), probabilities(*S),
     lambda p, y: -(y * p.log()).sum(1).mean()),
    ("KLDivergenceLoss", {"epsilon": 0.0}, probabilities(*S), probabilities(*S),
     lambda p, y: F.kl_div(p.log(), y, reduction="batchmean")),
    ("KLDivergenceLoss", {"epsilon": 0.0, "label_smoothing": 0.2, "agg": "sum"}, probabilities(*S), probabilities(*S),
     lambda p, y: F.kl_div(p.log(), 0.8 * y + 0.05, reduction="sum")),
    ("FocalLoss", {"epsilon": 0.0}, probabilities(*S), probabilities(*S), lambda p, y: focal(p, y, 2).sum(1).mean()),
    ("FocalLoss", {"epsilon": 0.0, "gamma": 1.5, "axis": 1}, RNG.uniform(0.1, 0.9, IMAGE), RNG.random(IMAGE),
     lambda p, y: focal(p, y, 1.5).sum(1).mean()),
    ("PoissonLoss", {"epsilon": 1e-8}, positive(*S), positive(*S),
     lambda p, y: F.poisson_nll_loss(p, y, log_input=False, eps=1e-8)),
    ("HingeLoss", {}, normal(S), signs(*S), lambda p, y: torch.relu(1 - y * p).mean()),
    ("SquaredHingeLoss", {}, normal(S), signs(*S), lambda p, y: torch.relu(1 - y * p).square().mean()),
    ("SiameseContrastiveLoss", {"margin": 1.5}, positive(6), np.array([0.0, 1, 1, 0, 1, 0.5]),
     lambda p, y: ((1 - y) * p**2 + y * torch.relu(1.5 - p) ** 2).mean()),
    ("DiceCoeffLoss", {"smooth": 0.5}, unit(*IMAGE), unit(*IMAGE),
     lambda p, y: (1 - (2 * (p * y).sum((1, 2, 3)) + 0.5) / ((p * p + y * y).sum((1, 2, 3)) + 0.5)).mean()),
]


def main() -> None:
    found, entries = {}, []
    for i, (name, settings, pred, target, f) in enumerate(CASES):
        p, y = (torch.tensor(a, requires_grad=True) for a in (pred, target))
        value = f(p, y)
        dp, dy = torch.autograd.grad(value, (p, y), allow_unused=True)
        entries.append([name, settings])
        arrays = {"pred": p, "target": y, "value": value, "dpred": dp, "dtarget": dy}
        found |= {f"{i}_{key}": a.detach().numpy() for key, a in arrays.items()}

    logits = torch.tensor(2 * normal((3, 9, 5)), requires_grad=True)
    labels = RNG.integers(0, 4, (3, 4))
    labels[0, 1] = labels[0, 0]
    frames, lengths = np.array([9, 7, 8]), np.array([4, 2, 0])
    losses = F.ctc_loss(torch.log_softmax(logits, -1).transpose(0, 1), torch.tensor(labels), torch.tensor(frames),
                        torch.tensor(lengths), blank=4, reduction="none")
    weights = torch.tensor([1.0, 2.0, -0.5], dtype=torch.float64)
    found |= {"ctc_logits": logits.detach().numpy(), "ctc_labels": labels, "ctc_frames": frames, "ctc_lengths": lengths,
              "ctc_losses": losses.detach().numpy(),
              "ctc_gradient": torch.autograd.grad((losses * weights).sum(), logits)[0].numpy()}

    x = torch.tensor(normal((3, 4, 2)), requires_grad=True)
    g = torch.tensor(normal((3, 4, 2)))
    functions = {"glu": F.glu, "glu_1": lambda x: F.glu(x, dim=1), "softmax": lambda x: x.softmax(-1),
                 "log_softmax_1": lambda x: x.log_softmax(1), "logsumexp": lambda x: x.logsumexp((0, 1, 2)),
                 "rrelu": lambda x: F.rrelu(x, training=False)}
    found |= {"x": x.detach().numpy(), "g": g.numpy()}
    for name, f in functions.items():
        y = f(x)
        weighted = (y * g.reshape(-1)[:y.numel()].reshape(y.shape)).sum()
        found |= {f"{name}_value": y.detach().numpy(), f"{name}_gradient": torch.autograd.grad(weighted, x)[0].numpy()}
    np.savez_compressed(Path(__file__).with_name("losses.npz"), cases=json.dumps(entries), **found)


if __name__ == "__main__":
    main()
