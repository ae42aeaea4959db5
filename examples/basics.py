"""Lux's tutorial "Julia & Lux for the Uninitiated", section by section, in Python.

The random streams are Julia's, so every number that the tutorial's page prints is printed here too: arrays,
generators, gradients, the initial parameters of a layer, and the losses of a training run.

    python examples/basics.py
"""
from __future__ import annotations

import numpy as np

import arraylux as lux
from arraylux.julia_repr import julia_repr
from arraylux.random import Xoshiro


def heading(title):
    print(f"\n{title}\n{'-' * len(title)}")


def show(x):
    """Print an array as Julia displays it: its size, its type, and six digits of every number."""
    size = "x".join(map(str, x.shape)) if x.ndim > 1 else f"{x.size}-element"
    print(f"{size} array of {x.dtype}:")
    for row in x if x.ndim > 1 else x[:, None]:
        print(" ", "  ".join(f"{number(v):<10}" for v in row).rstrip())


def number(v):
    text = f"{v:.6g}"
    return text + ".0" if np.issubdtype(v.dtype, np.inexact) and "." not in text else text


def arrays(rng):
    heading("Arrays")
    show(np.array([1, 2, 3]))
    show(np.array([[1, 2], [3, 4]]))
    show(rng.random((5, 3), order="F"))                  # Julia fills arrays column by column
    show(rng.random((5, 3), dtype=np.longdouble, order="F"))     # in place of Julia's BigFloat
    x = rng.random((5, 3), dtype=np.float32, order="F")
    show(x)
    print("length", x.size, "size", x.shape)
    print("row 1, column 2:", julia_repr(x[1, 2]))       # Python counts from 0
    print("column 2:", julia_repr(x[:, 2]))

    show(x + x)
    show(x - x)
    show(x + 1)                                          # broadcasting needs no dot
    steps = np.arange(1, 6)
    show(np.zeros((5, 5)) + steps[:, None])              # a column is tiled across the columns
    show(np.zeros((5, 5)) + steps)                       # a row across the rows
    show(steps[:, None] * steps)                         # a times table

    W = rng.standard_normal((5, 10), order="F")
    x = rng.random(10)
    print("W @ x =", julia_repr(W @ x))                  # the last digit is the BLAS library's own rounding


def cuda_arrays():
    heading("CUDA arrays")
    gpu = lux.gpu_device() if lux.functional("cuda") else None
    if gpu is None:
        print("no functional GPU here; with CuPy and a CUDA device, gpu_device()(x) moves any array or tree of arrays")
    else:
        print(gpu(np.ones((5, 3))))


def immutability():
    heading("(Im)mutability")
    x = np.arange(1, 9).reshape((2, 4), order="F")
    x_copy = x.copy()
    x_copy[:, 0] = 0
    print("Original Array", julia_repr(x))
    print("Mutated Array", julia_repr(x_copy))

    def f(x):
        y = np.zeros_like(x)
        y[0], y[1] = x[1], x[0] * x[1]                   # assignment is differentiable, and x stays as it is
        return y.sum()

    print("The gradient of a function that assigns:", julia_repr(lux.grad(f)(np.array([2.0, 3.0]))))


def randomness():
    heading("Managing randomness")
    rng = Xoshiro(0)
    print(rng)
    for i in range(1, 4):                                # a copy leaves the generator where it was
        print("Iteration", i, julia_repr(lux.replicate(rng).random(10)))
    for i in range(1, 4):
        print("Iteration", i, julia_repr(rng.random(10)))
    return rng


def differentiation(rng):
    heading("Automatic differentiation")
    def f(x):
        return x @ x / 2
    v = rng.standard_normal(4, dtype=np.float32)
    forward = np.stack([lux.jvp(f, (v,), (unit,))[1] for unit in np.eye(4, dtype=np.float32)])
    print("Actual gradient:          ", julia_repr(v))
    print("By reverse mode (tape):   ", julia_repr(lux.grad(f)(v)))
    print("By forward mode (duals):  ", julia_repr(forward))

    def f(x):
        return x * x / 2
    x = rng.standard_normal(5, dtype=np.float32)
    v = np.ones(5, np.float32)
    print("JVP:", julia_repr(lux.jacobian_vector_product(f, lux.AutoDual(), x, v)))
    print("VJP:", julia_repr(lux.vector_jacobian_product(f, lux.AutoTape(), x, v)))


def linear_regression(iterations=10_000):
    heading("Linear regression")
    model = lux.Dense(10, 5)
    rng = Xoshiro(0)
    ps, st = lux.setup(rng, model)
    ps = lux.ComponentArray(ps)
    print(ps)

    n_samples, x_dim, y_dim = 20, 10, 5
    W = rng.standard_normal((y_dim, x_dim), dtype=np.float32, order="F")
    b = rng.standard_normal(y_dim, dtype=np.float32)
    x_samples = rng.standard_normal((n_samples, x_dim), dtype=np.float32)     # a sample is a row here
    noise = rng.standard_normal((n_samples, y_dim), dtype=np.float32)
    y_samples = x_samples @ W.T + b + np.float32(0.01) * noise
    print("x shape:", x_samples.shape, "; y shape:", y_samples.shape)

    lossfn = lux.MSELoss()
    print("Loss Value with ground true parameters:", lossfn(x_samples @ W.T + b, y_samples))

    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.Descent(0.01))
    for i in range(1, iterations + 1):
        _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), lossfn, (x_samples, y_samples), tstate)
        if i == 1 or i % 1000 == 0 or i == iterations:
            print(f"Loss Value after {i:6d} iterations: {loss:.8f}")
    y, _ = model(x_samples, tstate.parameters, tstate.states)
    print("Loss Value after training:", lossfn(y, y_samples))


def main():
    rng = Xoshiro(0)
    arrays(rng)
    cuda_arrays()
    immutability()
    differentiation(randomness())
    linear_regression()
    heading("Appendix")
    lux.versioninfo()


if __name__ == "__main__":
    main()
