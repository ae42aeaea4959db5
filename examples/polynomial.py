"""Fitting a curve: the smallest whole training run, from data to picture.

A network with one hidden layer is to find y = x² - 2x in noisy samples of it. Everything that training needs is here
once: a model, its parameters and states, an optimiser, a loss, and a loop that is yours to write.

    python examples/polynomial.py
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pictures

import arraylux as lux

NOISE = 0.1


def polynomial(x):
    return x**2 - 2 * x


def data(rng, samples=128):
    """Return x (samples, 1) and noisy y (samples, 1): a row is a sample."""
    x = np.linspace(-2, 2, samples, dtype=np.float32)[:, None]
    noise = NOISE * rng.standard_normal(x.shape, dtype=np.float32)
    return x, polynomial(x) + noise


def train(tstate, batch, epochs):
    """Return the state after so many steps, each on all samples, and the loss of every step."""
    losses = []
    for epoch in range(epochs):
        _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), lux.MSELoss(), batch, tstate)
        losses.append(float(loss))
        if epoch % 100 == 0 or epoch == epochs - 1:
            print(f"epoch {epoch:4}: loss {losses[-1]:.5f}")
    return tstate, losses


def draw(folder, batch, x, y, losses):
    figure = pictures.figure(9, 3.5)
    left, right = figure.subplots(1, 2)
    left.scatter(*batch, s=8, alpha=0.5, label="samples")
    left.plot(x, polynomial(x), "k--", linewidth=1, label="x² - 2x")
    left.plot(x, y, "C3", label="network")
    left.set(xlabel="x", ylabel="y")
    left.legend()
    right.semilogy(losses)
    right.axhline(NOISE**2, color="gray", linewidth=0.5, label="variance of the noise")
    right.set(xlabel="epoch", ylabel="mean squared error")
    right.legend()
    pictures.save(figure, folder / "polynomial.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    batch = data(rng)
    model = lux.Chain(lux.Dense(1, 16, lux.tanh), lux.Dense(16, 1))
    print(model)
    ps, st = lux.setup(rng, model)
    tstate, losses = train(lux.training.TrainState(model, ps, st, lux.optimisers.Adam(0.03)), batch, args.epochs)

    x = np.linspace(-2, 2, 500, dtype=np.float32)[:, None]
    y, _ = model(x, tstate.parameters, tstate.states)
    error = float(np.sqrt(np.mean((y - polynomial(x))**2)))
    print(f"error against the polynomial, which the network never saw: {error:.4f} (the noise: {NOISE})")
    if pictures.wanted(args.output):
        draw(args.output, batch, x, y, losses)


if __name__ == "__main__":
    main()
