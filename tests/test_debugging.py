"""The printed and the drawn tape: their rows are those that a tape records, their bytes those that a tape keeps."""
from __future__ import annotations

import io
import os
import re
import stat

import numpy as np
import pytest

import arraylux as lux
from arraylux.tracer.tape import Tape


def printed(f, *args):
    out = io.StringIO()
    lux.print_tape(f, *args, file=out)
    lines = out.getvalue().splitlines()
    return [line.split(None, 1)[1] for line in lines[1:-1]], lines[-1]


def test_dtypes_among_the_keywords():
    table = io.StringIO()
    lux.print_tape(lambda x: lux.array_namespace(x).astype(x, np.float32) + lux.array_namespace(x).astype(x, "f8"),
                   np.ones(2), file=table)
    assert "dtype=float32" in table.getvalue()


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
    # Python's sum starts from 0 and adds the three results of the row 1 one after the other
    assert [re.findall(r"%[\d.]+", row) for row in rows[1:]] == [["%0"], ["%1.0"], ["%2", "%1.1"], ["%3", "%1.2"]]
    with pytest.raises(ZeroDivisionError):
        lux.print_tape(lambda x: 1 / 0, np.ones(3))


def test_lines_of_the_program():
    def f(x):
        y = np.tanh(x)
        return np.sum(y)

    out = io.StringIO()
    lux.print_tape(f, np.ones(3), file=out, lines=True)
    first = f.__code__.co_firstlineno
    header, *rows, _ = out.getvalue().splitlines()
    assert header.endswith("  line")
    assert rows[0].split()[-1] == "0"                                           # an input was recorded nowhere
    assert [row.split()[-1] for row in rows[1:]] == [f"test_debugging.py:{first + i}" for i in (1, 2)]


def test_inside_of_a_gradient():
    out = io.StringIO()

    def f(x):
        lux.print_tape(np.sin, x, file=out)
        return np.sum(x * x)

    np.testing.assert_array_equal(lux.grad(f)(np.ones(2)), [2.0, 2.0])
    assert "sin" in out.getvalue()


# --- the picture --------------------------------------------------------------------------------------------------
def nodes_of(source):
    """Return attributes and label of each node of a picture, by number."""
    return {int(n): (looks, label) for n, looks, label in re.findall(r' n(\d+) \[(.*), label="(.*)"\];', source)}


def edges_of(source):
    return [(int(a), int(b), label) for a, b, label in re.findall(r' n(\d+) -> n(\d+)(?: \[label="(.*)"\])?;', source)]


def test_nodes_and_edges_of_a_picture():
    source = lux.draw_tape(lambda x, w: np.exp(x @ w) * x[0], np.ones((2, 3)), np.ones(3, np.float32)[:, None])
    nodes = nodes_of(source)
    assert source.startswith('digraph "<lambda>" {\n') and source.endswith("\n}")
    assert nodes[0] == ("shape=box", r"args.0\nfloat64 (2, 3)")
    assert nodes[1] == ("shape=box", r"args.1\nfloat32 (3, 1)")
    assert [label.split(r"\n")[0].split()[0] for _, label in nodes.values()] == [
        "args.0", "args.1", "matmul", "exp", "getitem", "multiply"]
    assert nodes[3] == ("shape=ellipse", r"exp\nfloat64 (2, 1)\nkeeps 16 bytes")
    assert nodes[5][0] == "shape=ellipse, peripheries=2"                        # the result of the function
    assert edges_of(source) == [(0, 2, ""), (1, 2, ""), (2, 3, ""), (0, 4, ""), (3, 5, ""), (4, 5, "")]


def test_edges_say_which_of_several_results_they_carry():
    def f(x):
        first, second = x
        return second - first

    source = lux.draw_tape(f, np.ones(2))
    assert edges_of(source) == [(0, 1, ""), (1, 2, "1"), (1, 2, "0")]
    assert nodes_of(source)[1][1] == r"unstack axis=0\nfloat64 ()\nfloat64 ()"


def test_layers_are_frames_of_a_picture():
    model = lux.Chain(lux.Dense(2, 3, lux.tanh), lux.Dense(3, 1))
    ps, st = lux.setup(np.random.default_rng(0), model)
    source = lux.draw_tape(lambda p: np.sum(model(np.ones((4, 2), np.float32), p, st)[0]), ps)
    frames = re.findall(r'subgraph cluster_\d+ \{\s*label="(.*)";\s*color=gray;((?:\s+n.*)*)', source)
    assert [title for title, _ in frames] == ["Chain.layer_1 (Dense(2 => 3, tanh))", "Chain.layer_2 (Dense(3 => 1))"]
    assert [[label.split()[0].split(r"\n")[0] for _, label in nodes_of(inside).values()] for _, inside in frames] == [
        ["dense", "tanh"], ["dense"]]


def test_names_are_quoted():
    source = lux.draw_tape(lambda p: p['say "hi"\\'] * 2.0, {'say "hi"\\': np.ones(2)})
    assert r'label="args.0.say \"hi\"\\\nfloat64 (2,)"' in source


@pytest.fixture
def graphviz(tmp_path, monkeypatch):
    """Put a program called dot on the path that says how it was called, and with what."""
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n[ "$1" = "-Tno" ] && echo "Format not recognized" >&2 && exit 1\necho "$1"\ncat\n')
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(program.parent) + os.pathsep + os.environ["PATH"])


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
@pytest.mark.usefixtures("graphviz")
def test_pictures_are_rendered_by_graphviz(tmp_path):
    picture = lux.draw_tape(np.tanh, np.ones(3), file=tmp_path / "tape.png")
    assert (tmp_path / "tape.png").read_text() == f"-Tpng\n{picture}"
    assert picture.render("pdf").decode() == f"-Tpdf\n{picture}"
    assert picture._repr_svg_() == f"-Tsvg\n{picture}"
    with pytest.raises(RuntimeError, match="could not render a tape as no: Format not recognized; try"):
        picture.render("no")


def test_without_graphviz_the_source_remains(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    picture = lux.draw_tape(np.tanh, np.ones(3), file=str(tmp_path / "tape.dot"))
    assert (tmp_path / "tape.dot").read_text() == picture
    assert picture._repr_svg_() is None
    with pytest.raises(RuntimeError, match=r"^rendering a tape as svg needs Graphviz.*; install it \(apt install"):
        picture.render()
    with pytest.raises(RuntimeError, match="as png needs Graphviz"):
        lux.draw_tape(np.tanh, np.ones(3), file=tmp_path / "tape.png")
    assert not (tmp_path / "tape.png").exists()
    with pytest.raises(ValueError, match=r"'tape' has none; end it in \.dot"):
        lux.draw_tape(np.tanh, np.ones(3), file="tape")
