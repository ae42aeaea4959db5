"""A normalising flow: a density that is learned, can be evaluated exactly, and can be drawn from.

Points on two half moons are mapped, by steps that can be undone, to points of a normal distribution. Each step leaves
one coordinate as it is, and scales and shifts the other by amounts that a network reads off the first. The density of
a point is that of its image times how much the map stretches the surroundings, and that is to be large at the data.
Read backwards, the map makes new points out of noise. The steps are a layer of our own, a container of networks.

    python examples/realnvp.py

After L. Dinh, J. Sohl-Dickstein, S. Bengio, "Density estimation using Real NVP", ICLR 2017.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pictures

import arraylux as lux


def moons(rng, samples, noise=0.05):
    """Return points (samples, 2) of two half circles, one of them upside down, with mean 0."""
    angle = np.pi * rng.random(samples)
    lower = rng.integers(0, 2, samples)
    x = np.where(lower, 1 - np.cos(angle), np.cos(angle)) - 0.5
    y = np.where(lower, 0.5 - np.sin(angle), np.sin(angle)) - 0.25
    return (np.stack([x, y], axis=1) + noise * rng.standard_normal((samples, 2))).astype(np.float32)


class Flow(lux.AbstractLuxContainerLayer):
    """Steps from data to noise, each by a network that takes one coordinate to the other one's scale and shift."""

    steps: tuple[lux.Chain, ...]

    sublayers = ("steps",)

    def amounts(self, i, kept, ps, st):
        y, _ = self.steps[i](kept, ps["steps"][i], st["steps"][i])
        return np.tanh(y[:, :1]), y[:, 1:]                              # no scale beyond e: training stays calm

    def __call__(self, x, ps, st):
        """Return the noise z (batch, 2) that belongs to x, and the logarithm of the stretch (batch,)."""
        kept, changed, stretch = x[:, :1], x[:, 1:], 0.0
        for i in range(len(self.steps)):
            scale, shift = self.amounts(i, kept, ps, st)
            kept, changed = changed * np.exp(scale) + shift, kept       # the next step changes the other coordinate
            stretch = stretch + scale[:, 0]
        return (np.concatenate([kept, changed], axis=1), stretch), st

    def inverse(self, z, ps, st):
        """Return the x that belongs to noise."""
        kept, changed = z[:, :1], z[:, 1:]
        for i in reversed(range(len(self.steps))):
            kept, changed = changed, kept
            scale, shift = self.amounts(i, kept, ps, st)
            changed = (changed - shift) * np.exp(-scale)
        return np.concatenate([kept, changed], axis=1)


def objective(model, ps, st, x):
    """Return the mean of -log density: log 2π + |z|² / 2 - log stretch."""
    (z, stretch), st = model(x, ps, st)
    return np.log(2 * np.pi) + np.mean(np.sum(z * z, axis=1) / 2 - stretch), st, {}


def train(model, ps, st, rng, steps):
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.Adam(2e-3))
    schedule = lux.schedules.cosine(2e-3, steps)
    for step in range(steps):
        tstate = lux.training.adjust(tstate, schedule(step))
        _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), objective, moons(rng, 256), tstate)
        if step % (steps // 10 or 1) == 0 or step == steps - 1:
            print(f"step {step:5}: loss {float(loss):.4f}")
    return tstate


def draw(folder, model, ps, st, test, drawn):
    figure = pictures.figure(10, 3)
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    x, y = np.meshgrid(np.linspace(-2, 2, 200), np.linspace(-1.4, 1.4, 140))
    (z, stretch), _ = model(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32), ps, st)
    density = np.exp(stretch - np.sum(z * z, axis=1) / 2) / (2 * np.pi)
    axes[0].scatter(*test.T, s=2)
    axes[1].pcolormesh(x, y, density.reshape(x.shape), cmap="magma")
    axes[2].scatter(*drawn.T, s=2, color="C3")
    for axis, title in zip(axes, ("data", "density", "drawn from the density"), strict=True):
        axis.set(title=title, aspect="equal")
    pictures.save(figure, folder / "realnvp.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    model = Flow(tuple(lux.Chain(lux.Dense(1, 32, lux.gelu), lux.Dense(32, 32, lux.gelu), lux.Dense(32, 2))
                       for _ in range(8)))
    print(model)
    ps, st = lux.setup(rng, model)
    ps = train(model, ps, st, rng, args.steps).parameters

    test = moons(rng, 2000)
    loss, _, _ = objective(model, ps, st, test)
    normal = np.log(2 * np.pi * np.e) + np.linalg.slogdet(np.cov(test.T))[1] / 2    # of a normal distribution at best
    print(f"-log density of new points: {loss:.3f} (the best normal distribution: {normal:.3f})")

    (z, stretch), _ = model(test[:5], ps, st)
    jacobians = lux.vmap(lux.jacobian(lambda x: model(x[None], ps, st)[0][0][0]))(test[:5])
    print(f"there and back again: off by {np.abs(model.inverse(z, ps, st) - test[:5]).max():.1e}; the stretch and the "
          f"determinant of the Jacobian: {np.abs(stretch - np.linalg.slogdet(jacobians)[1]).max():.1e}")
    if pictures.wanted(args.output):
        noise = rng.standard_normal((2000, 2), dtype=np.float32)
        draw(args.output, model, ps, st, test, model.inverse(noise, ps, st))


if __name__ == "__main__":
    main()
