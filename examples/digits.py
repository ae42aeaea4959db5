"""Handwritten digits: a classifier trained on scikit-learn's 1,797 real images, with a progress bar and pictures.

    pip install "arraylux[examples]"
    python examples/digits.py --output digits
"""
from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_digits
from tqdm import trange

import arraylux as lux

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def data(rng):
    """Return training and test images as rows of 64 pixels in [0, 1], with their labels."""
    digits = load_digits()
    x = (digits.data / 16).astype(np.float32)
    order = rng.permutation(len(x))
    train, test = order[:1437], order[1437:]                        # 80 % and 20 %
    return (x[train], digits.target[train]), (x[test], digits.target[test])


def train(model, ps, st, images, labels, rng, epochs, batch=64):
    """Train with AdamW and return the last state and the loss of every step."""
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.AdamW(2e-3, lambda_=1e-2))
    lossfn = lux.CrossEntropyLoss(logits=True, label_smoothing=0.05)
    losses = []
    with trange(epochs, unit="epoch") as progress:
        for _ in progress:
            order = rng.permutation(len(images))
            for start in range(0, len(order), batch):
                rows = order[start:start + batch]
                _, loss, _, tstate = lux.training.single_train_step(
                    lux.AutoTape(), lossfn, (images[rows], labels[rows]), tstate)
                losses.append(float(loss))
            progress.set_postfix(loss=f"{np.mean(losses[-len(order) // batch:]):.4f}")
    return tstate, losses


def predict(model, ps, st, images):
    """Return the most likely digit of each image."""
    logits, _ = model(images, ps, lux.testmode(st))
    return np.argmax(logits, axis=-1)


def draw(folder, losses, images, labels, predicted):
    """Write a picture of the loss curve, and one of some predictions, the wrong ones first."""
    figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
    axis.plot(losses, linewidth=0.5, alpha=0.5, label="each step")
    window = np.ones(25) / 25
    axis.plot(np.arange(24, len(losses)), np.convolve(losses, window, "valid"), label="mean of 25")
    axis.set(xlabel="step", ylabel="cross-entropy", yscale="log", title="Training on digits")
    axis.legend()
    figure.savefig(folder / "loss.png", dpi=120)

    order = np.argsort(predicted == labels, kind="stable")[:24]
    figure, axes = plt.subplots(3, 8, figsize=(8, 3.8), layout="constrained")
    for axis, i in zip(axes.flat, order, strict=True):
        axis.imshow(images[i].reshape(8, 8), cmap="gray_r")
        axis.set_title(f"{predicted[i]}" + ("" if predicted[i] == labels[i] else f" (is {labels[i]})"),
                       color="black" if predicted[i] == labels[i] else "red", fontsize=9)
        axis.set_axis_off()
    figure.suptitle("Predictions on held-out images, mistakes first")
    figure.savefig(folder / "predictions.png", dpi=120)
    plt.close("all")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for what is written")
    parser.add_argument("--epochs", type=int, default=60)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)

    rng = np.random.default_rng(1)
    (images, labels), (test_images, test_labels) = data(rng)
    model = lux.Chain(lux.Dense(64, 128, lux.gelu), lux.Dropout(0.2), lux.Dense(128, 64, lux.gelu), lux.Dense(64, 10))
    print(model)
    ps, st = lux.setup(rng, model)

    start = time.perf_counter()
    tstate, losses = train(model, ps, st, images, labels, rng, args.epochs)
    print(f"trained for {tstate.step} steps in {time.perf_counter() - start:.1f} s")

    lux.save(args.output / "digits.safetensors", tstate.parameters)
    ps = lux.load(args.output / "digits.safetensors", like=tstate.parameters)
    predicted = predict(model, ps, tstate.states, test_images)
    accuracy = float(np.mean(predicted == test_labels))
    draw(args.output, losses, test_images, test_labels, predicted)
    print(f"accuracy on {len(test_labels)} held-out images: {accuracy:.2%} (pictures in {args.output})")
    if accuracy < 0.97:
        raise SystemExit("that is less than the 97 % which this model should reach")


if __name__ == "__main__":
    main()
