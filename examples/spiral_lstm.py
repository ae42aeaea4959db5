"""A recurrent network: which way does a spiral turn?

A sequence of noisy points comes in one at a time, and a cell remembers what it needs of them. `Recurrence` takes a
cell, an LSTM's or a GRU's, through the sequence; what it says at the end is the answer. Since a layer is a
description without parameters in it, the trained ones can then be handed to another description, which answers after
every point, and shows how many points it takes.

    python examples/spiral_lstm.py
    python examples/spiral_lstm.py --cell gru
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pictures

import arraylux as lux

CELLS = {"lstm": lux.LSTMCell, "gru": lux.GRUCell}
LOSS = lux.BinaryCrossEntropyLoss(logits=True)


def spirals(rng, samples, length=50, noise=0.15):
    """Return spirals (samples, length, 2), and whether each turns to the left (samples, 1)."""
    left = rng.integers(0, 2, (samples, 1))
    turned = np.linspace(0, 2 * np.pi, length)
    angle = 2 * np.pi * rng.random((samples, 1)) + np.where(left, turned, -turned)
    radius = np.linspace(0.1, 1, length)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    points += noise * rng.standard_normal(points.shape)
    return points.astype(np.float32), left.astype(np.float32)


def classifier(cell, return_sequence=False):
    """Return the model: sequences (batch, time, 2) to a logit of "left" for each, or for each at every moment."""
    return lux.Chain(lux.Recurrence(cell(2, 16), return_sequence=return_sequence), lux.Dense(16, 1))


def accuracy(logits, left):
    return float(np.mean((logits > 0) == left))


def train(model, ps, st, rng, data, test, epochs):
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.Adam(0.01))
    batches = lux.DataLoader(data, 64, rng=rng)
    schedule = lux.schedules.cosine(0.01, epochs * len(batches))
    for epoch in range(epochs):
        losses = []
        for batch in batches:
            tstate = lux.training.adjust(tstate, schedule(tstate.step))
            _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), LOSS, batch, tstate)
            losses.append(float(loss))
        logits, _ = model(test[0], tstate.parameters, tstate.states)
        print(f"epoch {epoch:3}: loss {np.mean(losses):.4f}, held-out spirals: loss {LOSS(logits, test[1]):.4f}, "
              f"accuracy {accuracy(logits, test[1]):.1%}")
    return tstate


def draw(folder, x, left, logits):
    figure = pictures.figure(9, 3.8)
    one, two = figure.subplots(1, 2)
    for name, which in (("left", 1), ("right", 0)):
        i = int(np.argmax(left[:, 0] == which))
        one.plot(*x[i].T, ".-", linewidth=0.5, label=name)
    one.set(title="two held-out spirals", aspect="equal")
    one.legend()
    probability = lux.sigmoid(logits[..., 0])
    for name, which in (("left", 1), ("right", 0)):
        low, middle, high = np.quantile(probability[left[:, 0] == which], [0.1, 0.5, 0.9], axis=0)
        moments = np.arange(1, len(middle) + 1)
        two.plot(moments, middle, label=name)
        two.fill_between(moments, low, high, alpha=0.2)
    two.set(title="answers to held-out spirals: median, 10 % to 90 %", xlabel="points seen",
            ylabel='probability of "left"')
    two.legend()
    pictures.save(figure, folder / "spiral_lstm.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--cell", choices=CELLS, default="lstm")
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for what is written")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    data, (x, left) = spirals(rng, 800), spirals(rng, 200)
    cell = CELLS[args.cell]
    model = classifier(cell)
    print(model)
    tstate = train(model, *lux.setup(rng, model), rng, data, (x, left), args.epochs)

    # The same parameters, in a model that answers after every point: logits (batch, time, 1).
    logits, _ = classifier(cell, return_sequence=True)(x, tstate.parameters, tstate.states)
    for moment in (5, 10, 25, 50):
        print(f"accuracy on {len(x)} held-out spirals after {moment:2} points: "
              f"{accuracy(logits[:, moment - 1], left):.1%}")
    if pictures.wanted(args.output):
        draw(args.output, x, left, logits)


if __name__ == "__main__":
    main()
