"""A convolutional network: handwritten digits once more, seen as images and not as rows of pixels.

A convolution looks at all places of an image with the same small weights, batch normalisation keeps what it finds in
range, pooling makes the image coarser. Batch normalisation has states beside its parameters: running means and
variances, which training gathers and `testmode` uses. Digits are hard to tell apart for the same reasons as for us,
and the gradient by the image, not by the parameters, shows which pixels speak for an answer.

    pip install "arraylux[examples]"
    python examples/digits_cnn.py
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pictures
from sklearn.datasets import load_digits

import arraylux as lux


def data(rng):
    """Return training and test images (samples, 1, 8, 8) with pixels in [0, 1], and their labels."""
    digits = load_digits()
    x = (digits.images / 16).astype(np.float32)[:, None]
    order = rng.permutation(len(x))
    return [(x[rows], digits.target[rows]) for rows in (order[:1437], order[1437:])]


def convolution(channels, out):
    """Return a convolution that keeps the size of images, then batch normalisation, whose bias makes its own idle."""
    return lux.Conv((3, 3), channels, out, padding=lux.SamePad(), use_bias=False), lux.BatchNorm(out, lux.relu)


def accuracy(model, ps, st, images, labels):
    logits, _ = model(images, ps, lux.testmode(st))
    return float(np.mean(np.argmax(logits, axis=1) == labels))


def train(model, ps, st, rng, data, test, epochs):
    batches = lux.DataLoader(data, 64, rng=rng)
    schedule = lux.schedules.cosine(5e-3, epochs * len(batches))
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.AdamW(5e-3, lambda_=1e-2))
    loss = lux.CrossEntropyLoss(logits=True, label_smoothing=0.05)
    for epoch in range(epochs):
        losses = []
        for batch in batches:
            tstate = lux.training.adjust(tstate, schedule(tstate.step))
            _, value, _, tstate = lux.training.single_train_step(lux.AutoTape(), loss, batch, tstate)
            losses.append(float(value))
        print(f"epoch {epoch:3}: loss {np.mean(losses):.4f}, accuracy on held-out images "
              f"{accuracy(model, tstate.parameters, tstate.states, *test):.2%}")
    return tstate


def draw(folder, model, ps, st, images, labels):
    """Draw images, the wrongly answered ones first, and below each the gradient of its answer's logit."""
    def answer(image):
        logits, _ = model(image[None], ps, st)
        return np.max(logits)

    predicted = np.argmax(model(images, ps, st)[0], axis=1)
    chosen = np.argsort(predicted == labels, kind="stable")[:10]
    gradients = lux.vmap(lux.grad(answer))(images[chosen])
    figure = pictures.figure(10, 2.6)
    for column, (i, gradient) in enumerate(zip(chosen, gradients, strict=True)):
        image, below = figure.add_subplot(2, 10, column + 1), figure.add_subplot(2, 10, column + 11)
        size = np.abs(gradient).max()
        image.imshow(images[i, 0], cmap="gray_r")
        below.imshow(gradient[0], cmap="coolwarm", vmin=-size, vmax=size)
        right = predicted[i] == labels[i]
        image.set_title(f"{predicted[i]}" if right else f"{predicted[i]} (is {labels[i]})", fontsize=9,
                        color="black" if right else "red")
        image.set_axis_off()
        below.set_axis_off()
    figure.suptitle("Answers to held-out images, mistakes first; red: ink here would speak for the answer", fontsize=10)
    pictures.save(figure, folder / "digits_cnn.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(1)
    images, test = data(rng)
    model = lux.Chain(convolution(1, 16), lux.MaxPool((2, 2)), convolution(16, 32), convolution(32, 64),
                      lux.GlobalMeanPool(), lux.FlattenLayer(), lux.Dense(64, 10))
    print(model)
    tstate = train(model, *lux.setup(rng, model), rng, images, test, args.epochs)
    ps, st = tstate.parameters, lux.testmode(tstate.states)
    print(f"accuracy on {len(test[1])} held-out images: {accuracy(model, ps, st, *test):.2%}")
    if pictures.wanted(args.output):
        draw(args.output, model, ps, st, *test)


if __name__ == "__main__":
    main()
