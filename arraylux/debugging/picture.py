"""The tape as a picture: a graph in Graphviz's language, from the inputs at the top to the result at the bottom.

The table of `print_tape` shows the order in which things ran; a picture shows what depends on what. Inputs are boxes,
operations ellipses (the results of the function with a double line), and what ran in one layer stands in one frame.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

from ..transforms.leaves import name_of
from .table import Log, Row, log_of


class TapePicture(str):
    """Graphviz source, which a notebook shows as a picture where Graphviz is installed."""

    __slots__ = ()

    def render(self, form: str = "svg") -> bytes:
        """Return the picture as the contents of a file: `"svg"`, `"png"`, `"pdf"`, or what else Graphviz knows.

        Errors: RuntimeError if Graphviz is not installed, or does not know the format.
        """
        dot = shutil.which("dot")
        if dot is None:
            raise RuntimeError(f"rendering a tape as {form} needs Graphviz, whose program dot is not on the path; "
                               "install it (apt install graphviz, conda install graphviz, brew install graphviz), or "
                               "save the source in a .dot file and render it elsewhere")
        run = subprocess.run([dot, f"-T{form}"], input=self.encode(), capture_output=True)
        if run.returncode:
            raise RuntimeError(f"Graphviz could not render a tape as {form}: {run.stderr.decode().strip()}; try "
                               "another format, such as svg")
        return run.stdout

    def _repr_svg_(self) -> str | None:
        return self.render().decode() if shutil.which("dot") else None


def draw_tape(f: Callable[..., Any], *args: Any, file: str | os.PathLike[str] | None = None) -> TapePicture:
    """Draw what a gradient of `f` would record: a graph with a node for each primitive.

    Arguments: `f` and `args`, as for `print_tape`; `file`, where to save the picture, in the format that its ending
    names: the source for `.dot` and `.gv`, else a rendered picture, as for `.svg`, `.png` and `.pdf`.

    Returns: the source, a string; a notebook shows it as a picture, and its method `render("svg")` gives one.

    Errors: those of `f`; RuntimeError if a picture is to be rendered and Graphviz is not installed; ValueError for a
    file without an ending.

    >>> import numpy as np
    >>> print(draw_tape(lambda x: np.sum(np.tanh(x)), np.ones(3)))
    digraph "<lambda>" {
        node [fontname="Helvetica", fontsize=11];
        edge [fontname="Helvetica", fontsize=9];
        n0 [shape=box, label="args.0\\nfloat64 (3,)"];
        n1 [shape=ellipse, label="tanh\\nfloat64 (3,)\\nkeeps 24 bytes"];
        n2 [shape=ellipse, peripheries=2, label="sum axis=None, keepdims=False\\nfloat64 ()"];
        n0 -> n1;
        n1 -> n2;
    }
    """
    form = None if file is None else os.path.splitext(file)[1].removeprefix(".")
    if form == "":
        raise ValueError(f"draw_tape: the ending of the file says how to draw, but {os.fspath(file or '')!r} has none; "
                         "end it in .dot for the source, in .svg, .png or .pdf for a picture")
    log, returned = log_of(f, args, "draw_tape")
    picture = TapePicture("\n".join([
        f"digraph {_quoted(name_of(f))} {{",
        '    node [fontname="Helvetica", fontsize=11];',
        '    edge [fontname="Helvetica", fontsize=9];',
        *_nodes(log, {log.origins[j] for j in returned}),
        *_edges(log),
        "}"]))
    if file is not None and form is not None:
        contents = picture.encode() if form in ("dot", "gv") else picture.render(form)
        with open(file, "wb") as out:
            out.write(contents)
    return picture


def _quoted(text: str) -> str:
    """Return a text as a string of Graphviz's language, in which a line ends with a backslash and an n."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _nodes(log: Log, returned: set[int]) -> list[str]:
    """Return the lines of the nodes: those of each layer in a frame, in the order in which the layers ran."""
    layers: dict[str, list[str]] = {}
    for i, row in enumerate(log.rows):
        layers.setdefault(row.layer, []).append(_node(i, row, i in returned))
    lines = []
    for k, (layer, nodes) in enumerate(layers.items()):
        if layer:
            lines += [f"    subgraph cluster_{k} {{", f"        label={_quoted(layer)};", "        color=gray;",
                      *[f"    {node}" for node in nodes], "    }"]
        else:
            lines += nodes
    return lines


def _node(i: int, row: Row, returned: bool) -> str:
    plain = [word for word in row.words if not word.startswith("%")]
    title = ", ".join(plain) if row.operation == "input" else f"{row.operation} {', '.join(plain)}".rstrip()
    kept = [f"keeps {row.kept} bytes"] if row.kept else []
    looks = "shape=box" if row.operation == "input" else "shape=ellipse"
    double = ", peripheries=2" if returned else ""
    return f"    n{i} [{looks}{double}, label={_quoted(chr(10).join([title, *row.forms, *kept]))}];"


def _edges(log: Log) -> list[str]:
    """Return the lines of the edges; where a row has several results, the edge says which it carries."""
    lines = []
    for i, row in enumerate(log.rows):
        for j in row.parents:
            part = log.labels[j].partition(".")[2]
            lines.append(f"    n{log.origins[j]} -> n{i}{f' [label={_quoted(part)}]' if part else ''};")
    return lines
