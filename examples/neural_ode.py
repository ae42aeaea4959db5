"""A neural differential equation: the law of motion is learned from motions, by a solver that is differentiated.

Hares and lynxes live together as Lotka and Volterra say: hares breed and are eaten, lynxes eat and die. All that is
given are a few noisy years of both. A network stands for what isn't known, how fast each animal multiplies in the
company of how many others; the classical Runge-Kutta method turns it into years, and reverse mode goes back through
all of its steps. The parameters are a ComponentArray, a tree for the network and a vector for SciPy's L-BFGS.

    pip install scipy
    python examples/neural_ode.py

After R. T. Q. Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud, "Neural ordinary differential equations", NeurIPS 2018.
"""
from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import pictures
from scipy.optimize import minimize

import arraylux as lux

STEP = 0.1
STARTS = np.array([[1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [3.0, 1.5], [0.5, 1.0], [2.0, 2.5]])
NEW_START = np.array([[1.5, 0.5]])


def growth(u):
    """Lotka and Volterra's rates of growth for u (..., 2): of hares, eaten by lynxes, and of lynxes, fed by hares."""
    return np.stack([1.5 - u[..., 1], u[..., 0] - 1.5], axis=-1)


def solve(rate, start, steps):
    """Return u (steps + 1, starts, 2) for du/dt = rate(u) u, by the classical Runge-Kutta method."""
    def slope(u):
        return rate(u) * u
    path = [start]
    for _ in range(steps):
        u = path[-1]
        k1 = slope(u)
        k2 = slope(u + STEP / 2 * k1)
        k3 = slope(u + STEP / 2 * k2)
        k4 = slope(u + STEP * k3)
        path.append(u + STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.stack(path)


def fit(model, ps, st, observed, steps):
    """Return the parameters after so many steps of L-BFGS."""
    done = itertools.count(1)

    def loss(ps):
        path = solve(lambda u: model(u, ps, st)[0], observed[0], len(observed) - 1)
        return np.mean((path - observed)**2)

    def loss_and_gradient(vector):
        value, grads = lux.value_and_grad(loss)(lux.ComponentArray(vector, ps.axes))
        return value, grads.flat

    def report(intermediate_result):
        step = next(done)
        if step % (steps // 10 or 1) == 0:
            print(f"step {step:4}: loss {intermediate_result.fun:.6f}")

    print(f"step    0: loss {loss(ps):.6f}")
    found = minimize(loss_and_gradient, ps.flat, method="L-BFGS-B", jac=True, callback=report,
                     options={"maxiter": steps})
    return lux.ComponentArray(found.x, ps.axes)


def draw(folder, observed, truth, path):
    figure = pictures.figure(10, 3.5)
    left, right = figure.subplots(1, 2)
    for n in range(observed.shape[1]):
        left.plot(observed[:, n, 0], observed[:, n, 1], ".", markersize=4)
    left.set(title="observed", xlabel="hares", ylabel="lynxes")
    time = STEP * np.arange(len(truth))
    for animal, name in enumerate(("hares", "lynxes")):
        right.plot(time, truth[:, 0, animal], "k--", linewidth=1)
        right.plot(time, path[:, 0, animal], label=name)
    right.axvline(STEP * (len(observed) - 1), color="gray", linewidth=0.5)
    right.set(title="from a new start (dashed: the truth)", xlabel="time")
    right.legend()
    pictures.save(figure, folder / "neural_ode.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=300, help="steps of L-BFGS")
    parser.add_argument("--output", type=Path, default=Path("examples/output"), help="folder for the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    observed = solve(growth, STARTS, 40)
    observed = observed * (1 + 0.02 * rng.standard_normal(observed.shape))
    model = lux.Chain(lux.Dense(2, 16, lux.tanh), lux.Dense(16, 2))
    print(model)
    ps, st = lux.setup(rng, model)
    ps = lux.ComponentArray(lux.f64(ps))
    ps = fit(model, ps, st, observed, args.steps)

    truth = solve(growth, NEW_START, 80)                # twice as long as what was observed
    path = solve(lambda u: model(u, ps, st)[0], NEW_START, 80)
    error = np.linalg.norm(path - truth) / np.linalg.norm(truth)
    print(f"relative error from a new start, for twice the time: {error:.2%}")
    if pictures.wanted(args.output):
        draw(args.output, observed, truth, path)


if __name__ == "__main__":
    main()
