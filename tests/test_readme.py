"""The README's code runs as it stands, and says what it claims."""
from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)


def run(block, **names):
    exec(compile(block, "README.md", "exec"), names)
    return names


def test_first_gradient():
    names = run(BLOCKS[0])
    lux, f, x = names["lux"], names["f"], names["x"]
    # f = sin(x1)^2 + (x0 x1)^2 at (1, 2)
    np.testing.assert_allclose(lux.grad(f)(x), [8.0, np.sin(4.0) + 4.0])
    np.testing.assert_allclose(lux.hessian(f)(x), [[8.0, 8.0], [8.0, 2 * np.cos(4.0) + 2.0]])


def test_first_training_run_and_devices():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 64)).astype(np.float32)
    labels = rng.integers(0, 10, 8)
    names = run(BLOCKS[0])
    names = run(BLOCKS[1], np=np, lux=names["lux"], x=x, batches=[(x, labels)] * 30)
    first = names["loss"](names["y"], labels)
    assert names["tstate"].step == 30 and names["value"] < first
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        moved = run(BLOCKS[2], lux=names["lux"], ps=names["ps"], st=names["st"], x=x)
    assert moved["x"].shape == x.shape


def test_two_blocks_set_everything_up():
    blocks = re.findall(r"^```bash\n(.*?)^```", README, re.M | re.S)
    assert blocks[0] == "pip install .\npython examples/basics.py\n"
    assert blocks[1] == 'pip install ".[test]"\npytest\n'
