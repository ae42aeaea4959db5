"""The programs that are timed, each written once in the words that NumPy, autograd, JAX and PyTorch share.

A case is a list of parameters, a list of data, and a loss; what is timed is the value of the loss and its gradient
with respect to all parameters. Where a library has a function of its own for a part (softmax cross-entropy, layer
norm), it may use it: `words` says how each library says things.
"""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

BATCH, TIME, WIDTH, HEADS = 16, 64, 128, 4                    # of the attention block


def make() -> dict[str, tuple[list[Any], list[Any]]]:
    """Return the parameters and data of every case, the same for every library."""
    rng = np.random.default_rng(0)

    def normal(*shape: int, scale: float = 0.1) -> Any:
        return (scale * rng.standard_normal(shape)).astype(np.float32)

    def one_hot(rows: int, classes: int) -> Any:
        return np.eye(classes, dtype=np.float32)[rng.integers(0, classes, rows)]

    def ones(n: int) -> Any:
        return np.ones(n, np.float32)

    mlp = [normal(784, 256), normal(256), normal(256, 256), normal(256), normal(256, 10), normal(10)]
    small = [normal(2, 32), normal(32), normal(32, 32), normal(32), normal(32, 1), normal(1)]
    block = [normal(WIDTH, 3 * WIDTH), normal(WIDTH, WIDTH), normal(WIDTH, 4 * WIDTH), normal(4 * WIDTH, WIDTH),
             ones(WIDTH), 0 * ones(WIDTH), ones(WIDTH), 0 * ones(WIDTH)]
    return {
        "smallmlp": (small, [normal(64, 2, scale=1), normal(64, 1)]),
        "mlp": (mlp, [normal(128, 784, scale=1), one_hot(128, 10)]),
        "elementwise": ([normal(1_000_000, scale=1)], []),
        "attention": (block, [normal(BATCH, TIME, WIDTH, scale=1)]),
        "cnn": ([normal(16, 1, 5, 5), normal(16), normal(32, 16, 5, 5), normal(32), normal(512, 10), normal(10)],
                [normal(64, 1, 28, 28, scale=1), one_hot(64, 10)]),
        "lstm": ([normal(64, 512), normal(128, 512), normal(512)], [normal(50, 32, 64, scale=1)]),
    }


def composed(xp: Any) -> SimpleNamespace:
    """The words of a library that has NumPy's functions and nothing for networks."""
    def softmax(x: Any) -> Any:
        e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        return e / xp.sum(e, axis=-1, keepdims=True)

    def cross_entropy(logits: Any, target: Any) -> Any:
        shifted = logits - xp.max(logits, axis=-1, keepdims=True)
        log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))
        return -xp.mean(xp.sum(target * log_p, axis=-1))

    def layer_norm(x: Any, scale: Any, bias: Any) -> Any:
        mean = xp.mean(x, axis=-1, keepdims=True)
        variance = xp.mean((x - mean) ** 2, axis=-1, keepdims=True)
        return (x - mean) / xp.sqrt(variance + 1e-5) * scale + bias

    return SimpleNamespace(
        exp=xp.exp, tanh=xp.tanh, sin=xp.sin, sum=xp.sum, softmax=softmax, cross_entropy=cross_entropy,
        layer_norm=layer_norm, relu=lambda x: xp.maximum(x, 0.0), sigmoid=lambda x: 1 / (1 + xp.exp(-x)),
        conv_relu_pool=no_convolution, permute=getattr(xp, "permute_dims", None) or xp.transpose,
        zeros=lambda *shape: np.zeros(shape, np.float32))


def no_convolution(x: Any, weight: Any, bias: Any) -> Any:
    """Stand where a library has no convolution."""
    raise NotImplementedError("no convolution")


def words(library: str) -> SimpleNamespace:
    """How a library says what the cases need."""
    if library == "arraylux":
        import arraylux as lux

        said = composed(lux.array_namespace(np.zeros(1)))
        said.relu, said.sigmoid, said.softmax = lux.relu, lux.sigmoid, lux.softmax
        said.cross_entropy, said.layer_norm = lux.CrossEntropyLoss(logits=True), lux.layernorm
        said.conv_relu_pool = lambda *a: lux.maxpool(lux.relu(lux.conv(*a)), 2)
        return said
    if library == "torch":
        import torch
        from torch.nn import functional

        return SimpleNamespace(
            exp=torch.exp, tanh=torch.tanh, sin=torch.sin, sum=torch.sum, softmax=lambda x: torch.softmax(x, -1),
            cross_entropy=functional.cross_entropy, relu=torch.relu, sigmoid=torch.sigmoid,
            layer_norm=lambda x, scale, bias: functional.layer_norm(x, (WIDTH,), scale, bias),
            conv_relu_pool=lambda *a: functional.max_pool2d(torch.relu(functional.conv2d(*a)), 2),
            permute=torch.permute, zeros=torch.zeros)
    if library == "jax":
        import jax

        said = composed(jax.numpy)
        def conv_relu_pool(x: Any, weight: Any, bias: Any) -> Any:
            y = jax.lax.conv_general_dilated(x, weight, (1, 1), "VALID") + bias[:, None, None]
            window = (1, 1, 2, 2)
            return jax.lax.reduce_window(jax.nn.relu(y), -np.inf, jax.lax.max, window, window, "VALID")

        said.relu, said.sigmoid, said.softmax = jax.nn.relu, jax.nn.sigmoid, jax.nn.softmax
        said.conv_relu_pool = conv_relu_pool
        return said
    if library == "autograd":
        import autograd.numpy as anp

        return composed(anp)
    return composed(np)


def loss(case: str, w: SimpleNamespace) -> Any:
    """Return the loss of a case, a function of parameters and data."""

    def smallmlp(p: Any, d: Any) -> Any:
        h = w.tanh(d[0] @ p[0] + p[1])
        h = w.tanh(h @ p[2] + p[3])
        return ((h @ p[4] + p[5] - d[1]) ** 2).mean()

    def mlp(p: Any, d: Any) -> Any:
        h = w.relu(d[0] @ p[0] + p[1])
        h = w.relu(h @ p[2] + p[3])
        return w.cross_entropy(h @ p[4] + p[5], d[1])

    def elementwise(p: Any, d: Any) -> Any:
        x = p[0]
        return w.sum(w.tanh(x) * w.exp(-x * x) + w.sin(x) * x / (1 + x * x))

    def attention(p: Any, d: Any) -> Any:
        x = d[0]
        qkv = w.layer_norm(x, p[4], p[5]) @ p[0]
        parts = [qkv[..., i * WIDTH:(i + 1) * WIDTH].reshape(BATCH, TIME, HEADS, WIDTH // HEADS) for i in range(3)]
        q, k, v = (w.permute(part, (0, 2, 1, 3)) for part in parts)
        scores = w.softmax(q @ w.permute(k, (0, 1, 3, 2)) / (WIDTH // HEADS) ** 0.5)
        x = x + w.permute(scores @ v, (0, 2, 1, 3)).reshape(BATCH, TIME, WIDTH) @ p[1]
        x = x + w.tanh(w.layer_norm(x, p[6], p[7]) @ p[2]) @ p[3]
        return (x * x).mean()

    def lstm(p: Any, d: Any) -> Any:
        h = c = w.zeros(32, 128)
        for t in range(50):
            z = d[0][t] @ p[0] + h @ p[1] + p[2]
            i, f, g, o = z[:, :128], z[:, 128:256], z[:, 256:384], z[:, 384:]
            c = w.sigmoid(f) * c + w.sigmoid(i) * w.tanh(g)
            h = w.sigmoid(o) * w.tanh(c)
        return (h * h).mean()

    def cnn(p: Any, d: Any) -> Any:
        h = w.conv_relu_pool(w.conv_relu_pool(d[0], p[0], p[1]), p[2], p[3])
        return w.cross_entropy(h.reshape(64, -1) @ p[4] + p[5], d[1])

    return {f.__name__: f for f in (smallmlp, mlp, elementwise, attention, lstm, cnn)}[case]
