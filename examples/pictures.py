"""What the examples share: figures of Matplotlib's, drawn without a window and written into a folder.

Matplotlib is not needed. An example runs without it just as it does with it, and says what it left out.
"""
from __future__ import annotations

from importlib.util import find_spec


def wanted(folder):
    """Return whether pictures can be drawn, and make the folder for them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = find_spec("matplotlib") is not None
    if not found:
        print("no picture was drawn, for want of Matplotlib: pip install matplotlib")
    return found


def figure(width, height):
    """Return an empty figure of so many inches."""
    from matplotlib.figure import Figure
    return Figure(figsize=(width, height), layout="constrained")


def save(figure, path):
    figure.savefig(path, dpi=120)
    print(f"picture: {path}")
