"""The printed tape: its rows are those that a tape records, its bytes those that a tape keeps."""
from __future__ import annotations

import io

import numpy as np
import pytest

import arraylux as lux
from arraylux.tracer.tape import Tape


def printed(f, *args):
    out = io.StringIO()
    lux.print_tape(f, *args, file=out)
    lines = out.getvalue().splitlines()
    return [line.split(None, 1)[1] for line in lines[1:-1]], lines[-1]


def loss(x, w):
    return np.sum(np.exp(x @ w) * x[0]) + 3.0


def test_rows_are_those_of_the_tape():
    x, w = np.ones((2, 3)), np.ones(3)
    rows, _ = printed(lambda x, w: np.sum(np.exp(x @ w)) + x[0, 0], x, w)
    tape = Tape("test")
    a, b = tape.watch(x), tape.watch(w)
    np.sum(np.exp(a @ b)) + a[0, 0]
    names = ["input", "input", *[row[0].__name__ for row in tape.rows[2:]]]
    assert [row.split()[0] for row in rows] == names


def test_bytes_kept():
    # exp keeps its result (80 bytes), the product keeps that and x, an input: nothing more
    rows, total = printed(lambda x: np.sum(np.exp(x) * x), np.ones(10))
    assert [int(row.split()[-1]) for row in rows] == [0, 80, 0, 0]
    assert total == "in all 80 bytes are kept"


def test_places_of_inputs_and_arguments():
    rows, _ = printed(lambda p, n: p["w"] * p["b"] * n, {"w": np.ones(3), "b": np.float32(2)}, 4)
    assert rows[0].split()[:2] == ["input", "args.0.w"] and rows[1].split()[:2] == ["input", "args.0.b"]
    assert "%0, %1" in rows[2] and "%2, 4" in rows[3]


def test_several_results_and_an_error_inside():
    rows, _ = printed(lambda x: sum(x), np.ones(3))
    assert "float64 (); float64 (); float64 ()" in rows[1]
    with pytest.raises(ZeroDivisionError):
        lux.print_tape(lambda x: 1 / 0, np.ones(3))


def test_inside_of_a_gradient():
    out = io.StringIO()

    def f(x):
        lux.print_tape(np.sin, x, file=out)
        return np.sum(x * x)

    np.testing.assert_array_equal(lux.grad(f)(np.ones(2)), [2.0, 2.0])
    assert "sin" in out.getvalue()
