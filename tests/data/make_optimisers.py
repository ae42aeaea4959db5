"""Make optimisers.npz with PyTorch: 20 steps of every rule that it has, and of schedules of the learning rate.

    python tests/data/make_optimisers.py        # needs torch and NumPy, not arraylux; torch 2.13 made the file

The gradients are data: they are the same for every rule, so that one step's rounding is not the next one's gradient.
What PyTorch lacks is written here in NumPy's float64, straight from the papers' algorithms.
"""
from pathlib import Path

import numpy as np
import torch
from torch import optim
from torch.optim import lr_scheduler

STEPS, SHAPE = 20, (3, 4)

RNG = np.random.default_rng(0)
START = RNG.standard_normal(SHAPE)
GRADS = RNG.standard_normal((STEPS, *SHAPE)) * 10.0 ** RNG.integers(-2, 2, SHAPE)

# What arraylux calls the same is in tests/test_optimiser_rules.py, under the same name.
TORCH = {
    "descent": lambda p: optim.SGD(p, lr=0.1),
    "decay": lambda p: optim.SGD(p, lr=0.1, weight_decay=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.8),
    "nesterov": lambda p: optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3),
    "rmsprop_centred": lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3, centered=True),
    "rprop": lambda p: optim.Rprop(p, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-3, 0.03)),
    "adam": lambda p: optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3),
    "adamw": lambda p: optim.AdamW(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    # PyTorch adds epsilon before it takes the maximum, and elsewhere than the paper in RAdam and NAdam.
    "adamax": lambda p: optim.Adamax(p, lr=0.01, betas=(0.8, 0.95), eps=0.0),
    # PyTorch's threshold is 5, the paper's 4, so that their fifth steps are different.
    "radam": lambda p: optim.RAdam(p, lr=0.01, betas=(0.8, 0.95), eps=0.0),
    # The decay makes PyTorch's schedule of beta1 constant. The paper's n̂ has one more beta2 than PyTorch's.
    "nadam": lambda p: optim.NAdam(p, lr=0.01 / 0.95**0.5, betas=(0.8, 0.95), eps=0.0, momentum_decay=1e4),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1, eps=1e-3, initial_accumulator_value=1e-3),
    "adadelta": lambda p: optim.Adadelta(p, lr=1.0, rho=0.9, eps=1e-3),
    # One gradient clipped by value or norm before each step.
    "clip_grad": lambda p: optim.SGD(p, lr=0.1),
    "clip_norm": lambda p: optim.SGD(p, lr=0.1),
}
CLIP = {"clip_grad": lambda p: torch.nn.utils.clip_grad_value_(p, 0.5),
        "clip_norm": lambda p: torch.nn.utils.clip_grad_norm_(p, 2.0)}


def path_of(name, dtype):
    """Return the parameters after each step of an optimiser of PyTorch's."""
    torch.set_default_dtype(dtype)              # NAdam counts its powers in the default dtype
    p = torch.tensor(START, dtype=dtype, requires_grad=True)
    optimiser, path = TORCH[name]([p]), []
    for g in GRADS:
        p.grad = torch.tensor(g, dtype=dtype)
        if name in CLIP:
            CLIP[name]([p])
        optimiser.step()
        path.append(p.detach().numpy().copy())
    return np.stack(path)


def lion(eta, beta1, beta2):
    """Chen et al., arXiv:2302.06675, algorithm 2."""
    m = np.zeros(SHAPE)
    for g in GRADS:
        yield eta * np.sign(beta1 * m + (1 - beta1) * g)
        m = beta2 * m + (1 - beta2) * g


def optimistic_adam(eta, beta1, beta2, epsilon):
    """Daskalakis et al., arXiv:1711.00141, algorithm 1."""
    m, v, last = np.zeros(SHAPE), np.zeros(SHAPE), np.zeros(SHAPE)
    for t, g in enumerate(GRADS, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        now = eta * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        yield 2 * now - last
        last = now


def amsgrad(eta, beta1, beta2, epsilon):
    """Reddi et al., arXiv:1904.09237, algorithm 2, started at epsilon as in Optimisers.jl."""
    m, v, largest = (np.full(SHAPE, epsilon) for _ in range(3))
    for g in GRADS:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        largest = np.maximum(largest, v)
        yield eta * m / (np.sqrt(largest) + epsilon)


def adabelief(eta, beta1, beta2, epsilon):
    """Zhuang et al., arXiv:2010.07468, algorithm 2."""
    m, s = np.zeros(SHAPE), np.zeros(SHAPE)
    for t, g in enumerate(GRADS, 1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * (g - m) ** 2 + epsilon
        yield eta * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + epsilon)


def radam_fifth(eta, beta1, beta2):
    """Liu et al., arXiv:1908.03265, algorithm 2: the fifth step, at which PyTorch's threshold is not the paper's."""
    m, v = np.zeros(SHAPE), np.zeros(SHAPE)
    t = 5
    for g in GRADS[:t]:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
    most = 2 / (1 - beta2) - 1
    rho = most - 2 * t * beta2**t / (1 - beta2**t)
    assert 4 < rho < 5
    r = np.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
    return eta * r * (m / (1 - beta1**t)) * np.sqrt((1 - beta2**t) / v)


PAPERS = {"lion": lion(0.01, 0.8, 0.95), "oadam": optimistic_adam(0.01, 0.5, 0.9, 1e-3),
          "amsgrad": amsgrad(0.01, 0.8, 0.95, 1e-3), "adabelief": adabelief(0.01, 0.8, 0.95, 1e-3)}

SCHEDULES = {
    "step": lambda o: lr_scheduler.StepLR(o, 6, 0.5),
    "multistep": lambda o: lr_scheduler.MultiStepLR(o, [4, 9, 15], 0.3),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "linear": lambda o: lr_scheduler.LinearLR(o, 0.25, 1.0, 8),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, 0.01),
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(o, 0.4, total_steps=STEPS),
    "warmup_cosine": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1, 1.0, 5), lr_scheduler.CosineAnnealingLR(o, STEPS - 5)], [5]),
}


def rates_of(make):
    """Return the learning rate of each step under a scheduler of PyTorch's."""
    optimiser = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2, momentum=0.9)
    scheduler, rates = make(optimiser), []
    for _ in range(STEPS):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


if __name__ == "__main__":
    arrays = {"start": START, "grads": GRADS}
    for name in TORCH:
        arrays[f"{name}_float32"] = path_of(name, torch.float32)
        arrays[f"{name}_float64"] = path_of(name, torch.float64)
    for name, steps in PAPERS.items():
        arrays[f"{name}_float64"] = START - np.cumsum(list(steps), axis=0)
    arrays["radam_fifth"] = radam_fifth(0.01, 0.8, 0.95)
    for name, make in SCHEDULES.items():
        arrays[f"rates_{name}"] = np.array(rates_of(make))
    np.savez_compressed(Path(__file__).with_name("optimisers.npz"), **arrays)
