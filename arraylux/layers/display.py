"""How a model is printed: as a tree of its layers, with the number of parameters beside each.

The form is Lux's, column by column. A layer is one line, a container a block whose children are indented by four;
equal neighbours that are numbered in sequence share a line. It is Julia's notation (`Dense(784 => 64)`,
`use_bias=false`), so that a model printed here can be compared with one printed there.
"""
from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from .. import tree

# Where the counts start: in a block, and behind a single layer printed by itself.
BLOCK_COLUMN = 50
LINE_COLUMN = 29


def show(model: Any) -> str:
    """Return the printed form of a layer."""
    if not model.printed_children():
        return _line(model, model.description(), LINE_COLUMN)
    lines = list(_block(model, "", 0, 1))
    lines[-1] = f"{')':<10}# Total: {model.parameterlength():_} parameters,"
    lines.append(f"{'':<10}#        plus {model.statelength():_} states.")
    return "\n".join(lines)


def _block(child: Any, label: str, indent: int, copies: int) -> Iterator[str]:
    """Yield the lines of one child; `label` is `name = ` or nothing, `copies` how many equal ones it stands for."""
    margin = " " * indent
    children = _children(child)
    if children:
        yield f"{margin}{label}{_title(child)}("
        for name, grandchild, count in _runs(children):
            yield from _block(grandchild, f"{name} = ", indent + 4, count * copies)
        if hasattr(child, "printed_source"):
            yield from [f"{margin}    {line}".rstrip() for line in child.printed_source()]
        yield f"{margin}),"
    elif hasattr(child, "description"):
        yield _line(child, f"{margin}{label}{child.description()},", BLOCK_COLUMN, copies)
    else:
        yield f"{margin}{label}{_value(child)},"


def _children(child: Any) -> dict[str, Any]:
    if hasattr(child, "printed_children"):
        return dict(child.printed_children())
    node = tree.node_of(child)
    return {} if node is None else dict(zip(map(str, node.keys(child)), node.children(child), strict=True))


def _title(child: Any) -> str:
    if hasattr(child, "printed_title"):
        return str(child.printed_title())
    return display_name(child) if hasattr(child, "printed_children") else type(child).__name__


def _line(layer: Any, text: str, column: int, copies: int = 1) -> str:
    parameters, states = layer.parameterlength(), layer.statelength()
    if not parameters:
        return text
    text = f"{text:<{max(column, len(text) + 2)}}# {_count(parameters, copies)} parameters"
    return f"{text}, plus {_count(states, copies)} non-trainable" if states else text


def _count(number: int, copies: int) -> str:
    return f"{number:_}" if copies == 1 else f"{number * copies:_} ({number:_} x {copies})"


def _runs(children: dict[str, Any]) -> Iterator[tuple[str, Any, int]]:
    """Yield name, child and count, with `layer_1`, `layer_2`, `layer_3` joined to `layer_(1-3)` if they are equal."""
    names, values = list(children), list(children.values())
    start = 0
    while start < len(names):
        stem, first = _numbered(names[start])
        last = first
        end = start + 1
        while (end < len(names) and last is not None and _numbered(names[end]) == (stem, last + 1)
               and type(values[end]) is type(values[start]) and values[end] == values[start]):
            last += 1
            end += 1
        yield names[start] if first == last else f"{stem}({first}-{last})", values[start], end - start
        start = end


def _numbered(name: str) -> tuple[str, int | None]:
    """Split a name into stem and number (`None` if it has none)."""
    found = re.fullmatch(r"(.*?)([0-9]+)", name)
    return (found[1], int(found[2])) if found else (name, None)


def display_name(layer: Any) -> str:
    """Return the name under which a layer is printed: its `name` if it has been given one, else its class's.

    >>> from arraylux.layers import Chain
    >>> display_name(Chain(name="Encoder")), display_name(Chain())
    ('Encoder', 'Chain')
    """
    return getattr(layer, "name", None) or type(layer).__name__


def function_name(f: Any) -> str:
    """Return how a function is printed: by its name."""
    if isinstance(f, functools.partial):
        return function_name(f.func)
    return getattr(f, "__name__", None) or type(f).__name__


def call_form(name: str, *arguments: Any, **options: Any) -> str:
    """Return a call the way Julia prints it; what is `None` is left out.

    >>> call_form("Dropout", 0.5, dims=(0, 1)), call_form("BatchNorm", 64, affine=True)
    ('Dropout(0.5, dims=(0, 1))', 'BatchNorm(64, affine=true)')
    """
    parts = [_value(a) for a in arguments if a is not None]
    parts += [f"{key}={_value(a)}" for key, a in options.items() if a is not None]
    return f"{name}({', '.join(parts)})"


def _value(x: Any) -> str:
    if isinstance(x, bool):
        return str(x).lower()
    return function_name(x) if callable(x) else str(x)


__all__ = ["call_form", "display_name", "function_name", "show"]
