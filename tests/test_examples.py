"""The examples run as they stand, in a short form, and learn something in that time; what they print is read here.

Losses have to fall, and accuracies to rise above chance, by far less than they do: the bounds are there to find what
is broken, and not to measure what is good.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
NUMBER = r"([-+.e\d]+)"


def run(name, *args, output=None):
    """Run an example in a process of its own, warnings being errors, and return what it printed."""
    if output is not None:
        args = (*args, "--output", str(output))
    # Products of small matrices aren't worth the wait for a second core that others keep busy.
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run([sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *args], env=env,
                          capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    if output is not None and find_spec("matplotlib"):
        assert (output / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"picture: {output / f'{name}.png'}" in done.stdout
    elif output is not None:
        assert "no picture was drawn" in done.stdout
    return done.stdout


def numbers(pattern, text):
    """Return the numbers that stand where a pattern has `#`, each time it is found."""
    found = re.findall(re.escape(pattern).replace(r"\#", NUMBER), text)
    assert found, f"{pattern!r} is not in:\n{text}"
    return [tuple(map(float, match)) if isinstance(match, tuple) else float(match) for match in found]


def test_polynomial(tmp_path):
    printed = run("polynomial", "--epochs", "200", output=tmp_path)
    losses = numbers("loss #", printed)
    assert losses[-1] < losses[0] / 50
    assert numbers("never saw: #", printed)[0] < 0.5                   # of values from -1 to 8


def test_pinn(tmp_path):
    printed = run("pinn", "--steps", "300", output=tmp_path)
    losses = numbers("loss #", printed)
    assert losses[-1] < losses[0] / 4
    assert numbers("exact solution: #%", printed)[0] < 40


def test_neural_ode(tmp_path):
    printed = run("neural_ode", "--steps", "60", output=tmp_path)
    losses = numbers("loss #", printed)
    assert losses[-1] < losses[0] / 3
    assert losses == sorted(losses, reverse=True)                      # the line search sees to it


def test_realnvp(tmp_path):
    printed = run("realnvp", "--steps", "200", output=tmp_path)
    flow, normal = numbers("new points: # (the best normal distribution: #)", printed)[0]
    assert flow < normal - 0.5
    there_and_back, stretch = numbers("off by #; the stretch and the determinant of the Jacobian: #", printed)[0]
    assert there_and_back < 1e-4 and stretch < 1e-3                    # in single precision


def test_vae(tmp_path):
    printed = run("vae", "--epochs", "10", output=tmp_path)
    bound, averages = numbers("held-out images: # (pixels by their averages: #)", printed)[0]
    assert bound < averages - 0.5


def test_digits_cnn(tmp_path):
    assert numbers("held-out images: #%", run("digits_cnn", "--epochs", "3", output=tmp_path))[0] > 85   # chance: 10


@pytest.mark.parametrize(("cell", "epochs"), [("lstm", 10), ("gru", 5)])
def test_spiral_lstm(tmp_path, cell, epochs):
    printed = run("spiral_lstm", "--cell", cell, "--epochs", str(epochs), output=tmp_path)
    assert numbers("after 50 points: #%", printed)[0] > 85             # chance: 50


def test_characters():
    printed = run("characters", "--steps", "100")
    bits, counted = numbers("new sonnets: #; by counting characters #", printed)[0]
    assert bits < counted - 0.3
    assert "Shall I compare thee" in printed


def test_without_matplotlib(tmp_path, monkeypatch, capsys):
    spec = spec_from_file_location("pictures", EXAMPLES / "pictures.py")
    pictures = module_from_spec(spec)
    spec.loader.exec_module(pictures)
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    assert not pictures.wanted(tmp_path / "new")
    assert "pip install matplotlib" in capsys.readouterr().out
