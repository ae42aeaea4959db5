"""Whole derivatives: the Hessian of Rosenbrock's function, and the Jacobian of a network for one input."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

CASES = ("hessian", "jacobian")
POINT = np.linspace(-1.0, 1.0, 100)


def network() -> tuple[list[Any], Any]:
    """Return the parameters of a network with 784, 256 and 10 units, and one input."""
    rng = np.random.default_rng(0)
    shapes = ((784, 256), (256,), (256, 10), (10,))
    return ([(0.05 * rng.standard_normal(s)).astype(np.float32) for s in shapes],
            rng.standard_normal(784).astype(np.float32))


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def step(library: str, case: str) -> Callable[[], float]:
    """Return a function that computes the derivative once, and returns the sum of its absolute values."""
    p, x = network()
    if library == "torch":
        import torch
        from torch.func import hessian, jacrev

        weights = [torch.tensor(a) for a in p]
        f = hessian(rosenbrock) if case == "hessian" else \
            jacrev(lambda x: torch.tanh(x @ weights[0] + weights[1]) @ weights[2] + weights[3])
        point = torch.tensor(POINT if case == "hessian" else x)
    elif library == "jax":
        import jax

        if case == "hessian":
            jax.config.update("jax_enable_x64", True)
        f = jax.jit(jax.hessian(rosenbrock)) if case == "hessian" else \
            jax.jit(jax.jacrev(lambda x: jax.numpy.tanh(x @ p[0] + p[1]) @ p[2] + p[3]))
        point = jax.numpy.asarray(POINT if case == "hessian" else x)
    elif library == "autograd":
        import autograd
        import autograd.numpy as anp

        f = autograd.hessian(rosenbrock) if case == "hessian" else \
            autograd.jacobian(lambda x: anp.tanh(x @ p[0] + p[1]) @ p[2] + p[3])
        point = POINT if case == "hessian" else x
    elif library == "arraylux":
        import arraylux as lux

        f = lux.hessian(rosenbrock) if case == "hessian" else \
            lux.jacobian(lambda x: np.tanh(x @ p[0] + p[1]) @ p[2] + p[3], mode="rev")
        point = POINT if case == "hessian" else x
    else:
        raise NotImplementedError("no derivatives")

    def run() -> float:
        found = f(point)
        return float(abs(found).sum()) if library != "jax" else float(abs(found.block_until_ready()).sum())
    return run
