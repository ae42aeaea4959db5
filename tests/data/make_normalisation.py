"""Makes normalisation.npz: normalisations and their gradients by PyTorch.

Run again with `python tests/data/make_normalisation.py`. Inputs are drawn from a seed; values, gradients of sum(y * g)
and running averages are computed in float64, and again in float32 of the same inputs. Keys are `case/dtype/name`.
"""
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

CASES = {
    "batchnorm_rows": ("batchnorm", (6, 3), (3,), {"training": True, "momentum": 0.1, "epsilon": 1e-5}),
    "batchnorm_images": ("batchnorm", (4, 3, 2, 5), (3,), {"training": True, "momentum": 0.3, "epsilon": 1e-2}),
    "batchnorm_in_use": ("batchnorm", (2, 3, 4), (3,), {"training": False, "momentum": 0.1, "epsilon": 1e-5}),
    "instancenorm": ("instancenorm", (3, 4, 2, 3), (4,), {"training": True, "momentum": 0.2, "epsilon": 1e-5}),
    "instancenorm_in_use": ("instancenorm", (3, 4, 5), (4,), {"training": False, "momentum": 0.1, "epsilon": 1e-5}),
    "groupnorm": ("groupnorm", (3, 6, 2, 2), (6,), {"groups": 3, "epsilon": 1e-5}),
    "groupnorm_rows": ("groupnorm", (4, 6), (6,), {"groups": 2, "epsilon": 1e-3}),
    "layernorm": ("layernorm", (3, 4, 5), (5,), {"epsilon": 1e-5}),
    "layernorm_matrices": ("layernorm", (3, 2, 4, 5), (4, 5), {"epsilon": 1e-3}),
    "rmsnorm": ("rmsnorm", (3, 4, 5), (5,), {"epsilon": 1e-5}),
}


def normalise(function, x, scale, bias, mean, var, settings):
    epsilon = settings["epsilon"]
    if function == "batchnorm":
        return functional.batch_norm(x, mean, var, scale, bias, settings["training"], settings["momentum"], epsilon)
    if function == "instancenorm":
        return functional.instance_norm(x, mean, var, scale, bias, settings["training"], settings["momentum"], epsilon)
    if function == "groupnorm":
        return functional.group_norm(x, settings["groups"], scale, bias, epsilon)
    if function == "layernorm":
        return functional.layer_norm(x, scale.shape, scale, bias, epsilon)
    return functional.rms_norm(x, scale.shape, scale, epsilon)


def results(function, arrays, settings, dtype):
    x, scale, bias, g, mean, var = (torch.tensor(a, dtype=dtype) for a in arrays)
    inputs = [x, scale] if function == "rmsnorm" else [x, scale, bias]
    for a in inputs:
        a.requires_grad_()
    y = normalise(function, x, scale, bias, mean, var, settings)
    found = {"y": y.detach()}
    for name, c in zip(("dx", "dscale", "dbias"), torch.autograd.grad(y, inputs, g), strict=False):
        found[name] = c
    return found | {"new_mean": mean, "new_var": var}


def weight_normed(module, x, g, dtype):
    """A layer under weight normalisation: what its parameters are, its result, and the gradients of both parts."""
    module = weight_norm(module.to(dtype))
    lengths, directions = module.parametrizations.weight.original0, module.parametrizations.weight.original1
    y = module(torch.tensor(x, dtype=dtype))
    dlengths, ddirections = torch.autograd.grad(y, [lengths, directions], torch.tensor(g, dtype=dtype))
    return {"y": y.detach(), "weight_g": lengths.detach(), "weight_v": directions.detach(),
            "bias": module.bias.detach(), "dweight_g": dlengths, "dweight_v": ddirections}


def main():
    stored = {}
    rng = np.random.default_rng(0)
    for case, (function, shape, features, settings) in CASES.items():
        arrays = [rng.normal(1.0, 2.0, shape), rng.normal(size=features), rng.normal(size=features),
                  rng.normal(size=shape), rng.normal(size=shape[1]), rng.uniform(0.5, 2.0, shape[1])]
        for name, a in zip(("x", "scale", "bias", "g", "mean", "var"), arrays, strict=True):
            stored[f"{case}/{name}"] = a
        for dtype in (torch.float32, torch.float64):
            for name, a in results(function, arrays, settings, dtype).items():
                stored[f"{case}/{str(dtype).removeprefix('torch.')}/{name}"] = a.numpy()
    torch.manual_seed(0)
    x, g = rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
    stored |= {"weightnorm/x": x, "weightnorm/g": g}
    for name, a in weight_normed(torch.nn.Linear(5, 3), x, g, torch.float64).items():
        stored[f"weightnorm/float64/{name}"] = a.numpy()
    np.savez_compressed(Path(__file__).with_name("normalisation.npz"), **stored)


if __name__ == "__main__":
    main()
