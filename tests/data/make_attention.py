"""Make attention.npz: attention, its layer and embeddings by PyTorch, with gradients of a weighted sum of results.

Run it with PyTorch installed, from any folder: `python make_attention.py`. It draws from fixed seeds, so a second run
gives the same numbers (those in the file are from torch 2.13.0 on a CPU). Arrays are named `case/what`: the inputs
under their names, the weights `w` of the sum, the result `y`, and after `d_` the gradients. Heads come before tokens in
PyTorch and behind them here; its layer's masks say where not to look.
"""
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

CASES = {                                               # shapes of q, k, v with tokens before heads, and the options
    "plain": ((2, 5, 4, 3), (2, 6, 4, 3), (2, 6, 4, 2), {}),
    "scaled": ((2, 5, 1, 3), (2, 6, 1, 3), (2, 6, 1, 3), {"scale": 1.5}),
    "causal": ((2, 5, 2, 3), (2, 5, 2, 3), (2, 5, 2, 3), {"is_causal": True}),
    "causal_longer": ((2, 3, 2, 3), (2, 5, 2, 3), (2, 5, 2, 3), {"is_causal": True}),
    "causal_shorter": ((2, 6, 2, 3), (2, 4, 2, 3), (2, 4, 2, 3), {"is_causal": True}),
    "groups": ((2, 3, 6, 2), (2, 4, 2, 2), (2, 4, 2, 3), {"enable_gqa": True}),
    "masked": ((2, 3, 2, 3), (2, 4, 2, 3), (2, 4, 2, 3), {"mask": (2, 1, 3, 4)}),
    "biased": ((2, 3, 2, 3), (2, 4, 2, 3), (2, 4, 2, 3), {"bias": (2, 3, 4)}),
    "masked_bias": ((2, 3, 2, 3), (2, 4, 2, 3), (2, 4, 2, 3), {"mask": (2, 1, 1, 4), "bias": (2, 3, 4)}),
}
LAYERS = {                                              # features of q, k, v; heads; options
    "self": ((12, 12, 12), 3, {}),
    "cross": ((12, 7, 5), 2, {"bias": False}),
    "causal_self": ((8, 8, 8), 4, {}),
}
KEPT = np.array([[True, True, False, True], [True, False, True, True]])


def drawn(rng, shape):
    return torch.tensor(rng.standard_normal(shape), requires_grad=True)


def attention(rng, q, k, v, options):
    inputs = {"q": drawn(rng, q), "k": drawn(rng, k), "v": drawn(rng, v)}
    options, given = dict(options), {}
    mask, bias = options.pop("mask", None), options.pop("bias", None)
    if bias is not None:
        inputs["bias"] = given["attn_mask"] = drawn(rng, bias)
    if mask is not None:
        kept = torch.tensor(rng.random(mask) < 0.6)
        kept[..., 0] = True
        given["attn_mask"] = kept if bias is None else inputs["bias"].masked_fill(~kept, -torch.inf)
    y = functional.scaled_dot_product_attention(*[inputs[n].transpose(1, 2) for n in "qkv"], **given, **options)
    found = {} if mask is None else {"mask": kept.numpy()}
    return inputs, y.transpose(1, 2), found


def layer(rng, features, heads, options, causal):
    model = torch.nn.MultiheadAttention(features[0], heads, batch_first=True, dtype=torch.float64,
                                        kdim=features[1], vdim=features[2], **options)
    if model.in_proj_bias is not None:                  # which start as zeros
        with torch.no_grad():
            model.in_proj_bias.copy_(torch.tensor(rng.standard_normal(3 * features[0])))
            model.out_proj.bias.copy_(torch.tensor(rng.standard_normal(features[0])))
    if features[0] == features[1]:
        inputs = {"x": drawn(rng, (2, 5, features[0]))}
        sequences, found = 3 * [inputs["x"]], {}
        masks = {"attn_mask": torch.triu(torch.ones(5, 5, dtype=torch.bool), 1) if causal else None}
    else:
        inputs = {name: drawn(rng, (2, n, size)) for name, n, size in zip("qkv", (3, 4, 4), features, strict=True)}
        sequences, found = list(inputs.values()), {"mask": KEPT}
        masks = {"key_padding_mask": torch.tensor(~KEPT)}
    y, scores = model(*sequences, **masks, average_attn_weights=False)
    return {**inputs, **dict(model.named_parameters())}, y, {**found, "scores": scores}


def embedding(rng):
    weight = drawn(rng, (7, 3))
    x = torch.tensor(rng.integers(0, 6, (4, 5)))
    return {"weight": weight}, functional.embedding(x, weight), {"x": x.numpy()}


def main() -> None:
    arrays = {}

    def keep(case, rng, inputs, y, found):
        w = torch.tensor(rng.standard_normal(y.shape))
        (y * w).sum().backward()
        found = {**found, **inputs, **{f"d_{name}": x.grad for name, x in inputs.items()}, "w": w, "y": y}
        arrays.update({f"{case}/{name}": x.detach().numpy() if torch.is_tensor(x) else x for name, x in found.items()})

    for seed, (case, (q, k, v, options)) in enumerate(CASES.items()):
        rng = np.random.default_rng(seed)
        keep(case, rng, *attention(rng, q, k, v, options))
    for seed, (case, (features, heads, options)) in enumerate(LAYERS.items()):
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        keep(case, rng, *layer(rng, features, heads, options, case == "causal_self"))
    rng = np.random.default_rng(0)
    keep("embedding", rng, *embedding(rng))
    np.savez_compressed(Path(__file__).with_name("attention.npz"), **arrays)


if __name__ == "__main__":
    main()
