"""One library in one process: reads the name of a case from standard input, times it, and answers with JSON.

Started by `run.py`, which takes the libraries in turn, so that all of them meet the same noise.
"""
from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import cases
import jacobians
import numpy as np


def gradient_step(library: str, case: str) -> Callable[[], float]:
    """Return a function that computes value and gradient once, and returns the value."""
    params, data = cases.make()[case]
    f = cases.loss(case, cases.words(library))
    if library == "torch":
        import torch

        p = [torch.tensor(a, requires_grad=True) for a in params]
        d = [torch.tensor(a) for a in data]

        def step() -> float:
            for a in p:
                a.grad = None
            value = f(p, d)
            value.backward()
            return float(value.item())
    elif library == "jax":
        import jax

        both = jax.jit(jax.value_and_grad(f))
        p, d = jax.tree_util.tree_map(jax.numpy.asarray, (params, data))

        def step() -> float:
            value, grads = both(p, d)
            jax.block_until_ready(grads)
            return float(value)
    elif library in ("arraylux", "autograd"):
        module = __import__(library)
        both = module.value_and_grad(f)

        def step() -> float:
            return float(both(params, data)[0])
    else:
        def step() -> float:
            return float(f(params, data))                   # NumPy: the forward pass alone
    return step


def regression_step(library: str) -> Callable[[], float]:
    """Return one training step of the tutorial's linear regression: gradient and gradient descent."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 10)).astype(np.float32), rng.standard_normal((20, 5)).astype(np.float32)
    weight, bias = (0.1 * rng.standard_normal(s).astype(np.float32) for s in ((5, 10), (5,)))
    if library == "arraylux":
        import arraylux as lux

        model = lux.Dense(10, 5)
        ps = lux.ComponentArray({"weight": weight, "bias": bias})
        tstate = lux.training.TrainState(model, ps, {}, lux.optimisers.Descent(0.01))
        ad, objective, data = lux.AutoTape(), lux.MSELoss(), (x, y)

        def step() -> float:
            nonlocal tstate
            _, loss, _, tstate = lux.training.single_train_step(ad, objective, data, tstate)
            return float(loss)
        return step
    if library == "torch":
        import torch

        layer = torch.nn.Linear(10, 5)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
        optimiser, objective = torch.optim.SGD(layer.parameters(), lr=0.01), torch.nn.MSELoss()
        tx, ty = torch.tensor(x), torch.tensor(y)

        def step() -> float:
            optimiser.zero_grad()
            loss = objective(layer(tx), ty)
            loss.backward()
            optimiser.step()
            return float(loss.item())
        return step

    def loss_of(p: Any) -> Any:
        return ((x @ p[0].T + p[1] - y) ** 2).mean()

    p = [weight, bias]
    if library == "jax":
        import jax

        @jax.jit
        def update(p: Any) -> Any:
            value, g = jax.value_and_grad(loss_of)(p)
            return value, [a - 0.01 * b for a, b in zip(p, g, strict=True)]

        def step() -> float:
            nonlocal p
            value, p = update(p)
            return float(value)
    elif library == "autograd":
        import autograd

        both = autograd.value_and_grad(loss_of)

        def step() -> float:
            nonlocal p
            value, g = both(p)
            p = [a - 0.01 * b for a, b in zip(p, g, strict=True)]
            return float(value)
    else:
        def step() -> float:                                # NumPy, the derivative by hand
            error = x @ p[0].T + p[1] - y
            g = error * np.float32(2 / error.size)
            p[0] = p[0] - np.float32(0.01) * (g.T @ x)
            p[1] = p[1] - np.float32(0.01) * g.sum(0)
            return float((error * error).mean())
    return step


def operation_times(library: str) -> dict[str, float]:
    """Return microseconds for one operation on three elements while it is recorded, and for NumPy's own."""
    x = np.array([0.1, 0.2, 0.3])

    def per_call(f: Callable[[Any], Any], x: Any, calls: int = 200) -> float:
        best = float("inf")
        for _ in range(300):
            start = time.perf_counter()
            for _ in range(calls):
                f(x)
            best = min(best, time.perf_counter() - start)
        return best / calls * 1e6

    def recorded(f: Callable[[Any], Any]) -> float:
        """Time inside of a differentiated function, where every call is recorded."""
        found = []

        def timed(x: Any) -> Any:
            found.append(per_call(f, x, 50))
            return x.sum() if library == "torch" else (x * x).sum()

        if library == "torch":
            import torch

            timed(torch.tensor(x, requires_grad=True))
        else:
            __import__(library).grad(timed)(x)
        return found[0]

    if library == "numpy":
        return {"sin(x)": per_call(np.sin, x), "x * x": per_call(lambda x: x * x, x)}
    if library == "arraylux":
        import arraylux as lux

        sin = lux.array_namespace(x).sin
    elif library == "torch":
        import torch

        sin = torch.sin
    elif library == "autograd":
        import autograd.numpy as anp

        sin = anp.sin
    else:
        return {}
    return {"sin(x)": recorded(sin), "x * x": recorded(lambda x: x * x)}


def reset_peak() -> None:
    """Make the kernel forget the highest memory use so far, where it can (Linux)."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak() -> float:
    """Return the highest resident memory in MB: since `reset_peak` on Linux, of the whole process elsewhere."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(library: str, case: str, seconds: float) -> dict[str, Any]:
    """Time one case: the first call, then the median and the fastest of as many calls as fit into the time."""
    if case == "operations":
        return operation_times(library)
    reset_peak()
    step = regression_step(library) if case == "regression" else jacobians.step(library, case) \
        if case in jacobians.CASES else gradient_step(library, case)
    start = time.perf_counter()
    value = step()
    first = time.perf_counter() - start
    for _ in range(3):
        step()
    times = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return {"median": float(np.median(times)) * 1e3, "fastest": min(times) * 1e3, "first": first * 1e3, "value": value,
            "peak": peak()}


def main() -> None:
    library, seconds, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    if library == "torch":
        import torch

        torch.set_num_threads(threads)
    for line in sys.stdin:
        try:
            answer = measure(library, line.strip(), seconds)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
