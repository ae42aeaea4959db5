"""A variational autoencoder: images of digits as points of a plane, and points of the plane as images.

An encoder says of each image where in the plane it belongs and how sure that is; a point is drawn from there, and a
decoder makes an image of it. The loss is what the image is still surprised by, pixel by pixel, and what the place says
beyond the normal distribution: together a bound of -log p(image). The draw is z = mean + deviation * noise, so that it
can be differentiated, and the generator of the noise is a state of the layer, as with dropout.

    pip install "arraylux[examples]"
    python examples/vae.py

After D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pictures
from sklearn.datasets import load_digits

import arraylux as lux

PIXELS = 64


def data(rng):
    """Return training and test images as rows of 64 pixels in [0, 1], and the labels of the test images."""
    digits = load_digits()
    x = (digits.data / 16).astype(np.float32)
    order = rng.permutation(len(x))
    return x[order[:1437]], x[order[1437:]], digits.target[order[1437:]]


class Draw(lux.AbstractLuxLayer):
    """Draw from normal distributions, given (mean, log variance); in test mode, take the means."""

    def initialstates(self, rng):
        return {"rng": lux.replicate(rng), "training": True}

    def __call__(self, x, ps, st):
        mean, log_variance = x
        if not st["training"]:
            return mean, st
        rng = lux.replicate(st["rng"])                  # a layer is pure: the generator it was given stays as it is
        noise = rng.standard_normal(mean.shape, dtype=np.float32)
        return mean + np.exp(log_variance / 2) * noise, {**st, "rng": rng}


class VAE(lux.AbstractLuxContainerLayer):
    """From images (batch, 64) to the logits of their pixels (batch, 64), and the places they were drawn from."""

    encoder: lux.Chain
    draw: Draw
    decoder: lux.Chain

    sublayers = ("encoder", "draw", "decoder")

    def __call__(self, x, ps, st):
        y, encoder = self.encoder(x, ps["encoder"], st["encoder"])
        place = np.split(y, 2, axis=-1)
        z, draw = self.draw(place, ps["draw"], st["draw"])
        logits, decoder = self.decoder(z, ps["decoder"], st["decoder"])
        return (logits, *place), {"encoder": encoder, "draw": draw, "decoder": decoder}


def objective(model, ps, st, x):
    """Return the bound of -log p(image) in nats, a mean over images, and its two parts."""
    (logits, mean, log_variance), st = model(x, ps, st)
    surprise = PIXELS * lux.BinaryCrossEntropyLoss(logits=True)(logits, x)
    place = np.mean(np.sum(mean**2 + np.exp(log_variance) - log_variance - 1, axis=1)) / 2
    return surprise + place, st, {"pixels": surprise, "place": place}


def train(model, ps, st, images, rng, epochs):
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.Adam(2e-3))
    batches = lux.DataLoader(images, 64, rng=rng)
    for epoch in range(epochs):
        losses = []
        for x in batches:
            _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), objective, x, tstate)
            losses.append(float(loss))
        if epoch % (epochs // 10 or 1) == 0 or epoch == epochs - 1:
            print(f"epoch {epoch:4}: loss {np.mean(losses):.3f}")
    return tstate


def draw(folder, model, ps, st, images, labels):
    figure = pictures.figure(9, 4.5)
    left, right = figure.subplots(1, 2)
    (_, mean, _), _ = model(images, ps, st)
    shown = left.scatter(*mean.T, c=labels, cmap="tab10", s=10)
    figure.colorbar(shown, ticks=range(10))
    left.set(title="where held-out images are placed", aspect="equal")
    steps = np.linspace(-2, 2, 12, dtype=np.float32)
    plane = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
    logits, _ = model.decoder(plane, ps["decoder"], st["decoder"])
    tiles = np.pad(lux.sigmoid(logits).reshape(12, 12, 8, 8), [(0, 0), (0, 0), (1, 1), (1, 1)])
    right.imshow(tiles.transpose(0, 2, 1, 3).reshape(120, 120), cmap="gray_r", extent=(-2.2, 2.2, -2.2, 2.2))
    right.set(title="what the decoder makes of the plane")
    pictures.save(figure, folder / "vae.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    images, test_images, test_labels = data(rng)
    model = VAE(lux.Chain(lux.Dense(PIXELS, 128, lux.gelu), lux.Dense(128, 64, lux.gelu), lux.Dense(64, 4)),
                Draw(),
                lux.Chain(lux.Dense(2, 64, lux.gelu), lux.Dense(64, 128, lux.gelu), lux.Dense(128, PIXELS)))
    print(model)
    tstate = train(model, *lux.setup(rng, model), images, rng, args.epochs)
    ps, st = tstate.parameters, lux.testmode(tstate.states)

    bound, _, _ = objective(model, ps, lux.trainmode(st), test_images)
    grey = np.clip(images.mean(axis=0), 1e-6, 1 - 1e-6)
    surprise = -np.mean(test_images @ np.log(grey) + (1 - test_images) @ np.log(1 - grey))
    print(f"bound of -log p for held-out images: {float(bound):.2f} (pixels by their averages: {surprise:.2f})")
    if pictures.wanted(args.output):
        draw(args.output, model, ps, st, test_images, test_labels)


if __name__ == "__main__":
    main()
