"""Makes exchange.npz: small models of PyTorch's layers, their state_dicts, and what they make of an input.

Run it with PyTorch installed, from any folder: `python make_exchange.py`; a second run gives the same numbers. Arrays
are named `case/x`, `case/y` and `case:name of the state_dict`.
"""
from pathlib import Path

import numpy as np
import torch
from torch import nn


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 6)
        self.norm = nn.LayerNorm(6)
        self.rnn = nn.RNN(6, 5, batch_first=True)
        self.lstm = nn.LSTM(5, 4, num_layers=2, batch_first=True)
        self.gru = nn.GRU(4, 3, batch_first=True, bidirectional=True)
        self.root = nn.RMSNorm(6, eps=1e-5)

    def forward(self, ids):
        x = self.norm(self.table(ids))
        for layer in (self.rnn, self.lstm, self.gru):
            x, _ = layer(x)
        return self.root(x)


class Attention(nn.Module):
    def __init__(self, **options) -> None:
        super().__init__()
        self.mha = nn.MultiheadAttention(8, 2, batch_first=True, **options)

    def forward(self, q, k=None, v=None):
        return self.mha(q, q if k is None else k, q if v is None else v)[0]


def main() -> None:
    torch.manual_seed(0)
    norm = nn.InstanceNorm2d(3, affine=True, track_running_stats=True)
    image = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
                          nn.ConvTranspose2d(4, 3, 2, stride=2), nn.GroupNorm(3, 3), norm, nn.Flatten(),
                          nn.Linear(3 * 8 * 10, 4))
    inputs = {"image": (torch.randn(5, 2, 4, 5),), "words": (torch.randint(11, (3, 7)),),
              "attention": (torch.randn(2, 5, 8),), "plain": (torch.randn(2, 5, 8),),
              "mixed": (torch.randn(2, 5, 8), torch.randn(2, 4, 3), torch.randn(2, 4, 7))}
    models = {"image": image, "words": Words(), "attention": Attention(), "plain": Attention(bias=False),
              "mixed": Attention(kdim=3, vdim=7)}
    arrays = {}
    for case, model in models.items():
        with torch.no_grad():
            for p in model.parameters():
                p.add_(0.3 * torch.randn_like(p))
            model.train()(*inputs[case])                        # for the running averages
            y = model.eval()(*inputs[case])
        for name, x in zip("xkv", inputs[case], strict=False):
            arrays[f"{case}/{name}"] = x.numpy()
        arrays[f"{case}/y"] = y.numpy()
        arrays |= {f"{case}:{name}": p.numpy() for name, p in model.state_dict().items()}
    np.savez_compressed(Path(__file__).with_name("exchange.npz"), **arrays)


if __name__ == "__main__":
    main()
