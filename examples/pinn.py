"""A differential equation as a loss: a network that solves the heat equation without data.

The temperature u(t, x) of a rod obeys u_t = K u_xx, is sin πx + sin(3πx) / 2 at first, and 0 at both ends. A network
takes the place of u, its derivatives by t and x are computed by forward mode, and training makes the equation's two
sides equal at random points: reverse mode then differentiates through the second derivative in the loss. The exact
solution is known, and says how well that went.

    python examples/pinn.py

After M. Raissi, P. Perdikaris, G. E. Karniadakis, "Physics-informed neural networks", J. Comput. Phys. 378 (2019).
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pictures

import arraylux as lux

K = 0.1
PARTS = {1: 1.0, 3: 0.5}                                # the waves that the temperature consists of at first


def exact(t, x):
    return sum(size * np.exp(-K * (n * np.pi)**2 * t) * np.sin(n * np.pi * x) for n, size in PARTS.items())


def points(rng, samples=256):
    """Return points (t, x) inside, at the start, and at the ends, each (samples, 2)."""
    t, x, ends = rng.random((samples, 1)), rng.random((samples, 1)), rng.integers(0, 2, (samples, 1)) + 0.0
    return tuple(np.concatenate(pair, axis=1) for pair in ((t, x), (0 * t, x), (t, ends)))


def objective(model, ps, st, data):
    """Return the sum of the equation's residual, of the error at the start, and of that at the ends, all squared."""
    inside, start, ends = data

    def u(tx):
        return model(tx, ps, st)[0]

    # A row of u depends on the same row of tx alone, so one direction gives the derivative at every point.
    def along(f, axis):
        return lambda tx: lux.jvp(f, (tx,), (np.broadcast_to(np.eye(2)[axis], tx.shape),))[1]
    u_t, u_xx = along(u, 0), along(along(u, 1), 1)
    residual = np.mean((u_t(inside) - K * u_xx(inside))**2)
    initial = np.mean((u(start) - exact(start[:, :1], start[:, 1:]))**2)
    boundary = np.mean(u(ends)**2)
    return residual + 10 * (initial + boundary), st, {"residual": residual, "initial": initial, "boundary": boundary}


def train(model, ps, st, rng, steps):
    schedule = lux.schedules.cosine(1e-2, steps)
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.Adam(1e-2))
    for step in range(steps):
        tstate = lux.training.adjust(tstate, schedule(step))
        _, loss, parts, tstate = lux.training.single_train_step(lux.AutoTape(), objective, points(rng), tstate)
        if step % (steps // 10 or 1) == 0 or step == steps - 1:
            print(f"step {step:5}: loss {loss:.2e}", *[f"{name} {value:.2e}" for name, value in parts.items()])
    return tstate


def draw(folder, t, x, u):
    figure = pictures.figure(10, 3)
    axes = figure.subplots(1, 3, sharey=True)
    error = u - exact(t, x)
    size = np.abs(error).max()
    figure.colorbar(axes[0].pcolormesh(t, x, u, cmap="inferno"))
    figure.colorbar(axes[1].pcolormesh(t, x, exact(t, x), cmap="inferno"))
    figure.colorbar(axes[2].pcolormesh(t, x, error, cmap="coolwarm", vmin=-size, vmax=size))
    for axis, title in zip(axes, ("network", "exact", "difference"), strict=True):
        axis.set(title=title, xlabel="t")
    axes[0].set_ylabel("x")
    pictures.save(figure, folder / "pinn.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    model = lux.Chain(lux.Dense(2, 32, lux.tanh), lux.Dense(32, 32, lux.tanh), lux.Dense(32, 1))
    print(model)
    ps, st = lux.setup(rng, model)
    tstate = train(model, lux.f64(ps), st, rng, args.steps)

    t, x = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
    u = model(np.stack([t.ravel(), x.ravel()], axis=1), tstate.parameters, st)[0].reshape(t.shape)
    error = np.linalg.norm(u - exact(t, x)) / np.linalg.norm(exact(t, x))
    print(f"relative error against the exact solution: {error:.2%}")
    if pictures.wanted(args.output):
        draw(args.output, t, x, u)


if __name__ == "__main__":
    main()
