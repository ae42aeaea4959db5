"""Make audio.npz with PyTorch: short-time Fourier transforms, their gradients and their inverses.

Run it where PyTorch is: python tests/data/make_audio.py
"""
from pathlib import Path

import numpy as np
import torch

CASES = {"plain": {"n_fft": 8, "hop_length": 2, "center": True, "normalized": False, "window": None},
         "hann": {"n_fft": 8, "hop_length": 3, "center": True, "normalized": True, "window": torch.hann_window},
         "odd": {"n_fft": 7, "hop_length": 2, "center": False, "normalized": False, "window": torch.hamming_window}}


def main() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 31))
    found = {"x": x}
    for name, case in CASES.items():
        window = case["window"] and case["window"](case["n_fft"], dtype=torch.float64)
        settings = {key: case[key] for key in ("n_fft", "hop_length", "center", "normalized")}
        signal = torch.tensor(x, requires_grad=True)
        y = torch.stft(signal, **settings, window=window, return_complex=True)
        weights = rng.standard_normal(y.shape)
        (y.abs() ** 2 * torch.tensor(weights)).sum().backward()
        back = torch.istft(y.detach() * torch.tensor(1 + weights**2 / 8), **settings, window=window)
        found |= {f"{name}_y": y.detach().numpy(), f"{name}_weights": weights, f"{name}_dx": signal.grad.numpy(),
                  f"{name}_back": back.numpy()}
    for periodic in (True, False):
        for n in (1, 6, 7):
            found[f"hann_{n}_{periodic}"] = torch.hann_window(n, periodic=periodic, dtype=torch.float64).numpy()
            found[f"hamming_{n}_{periodic}"] = torch.hamming_window(n, periodic=periodic, dtype=torch.float64).numpy()
    np.savez_compressed(Path(__file__).parent / "audio.npz", **found)


if __name__ == "__main__":
    main()
