"""Trees on disk, as safetensors: no pickle, so that opening a file runs nothing.

Arrays are stored under their dotted place in the tree (`layer_1.weight`), as other programs name them, and the tree
itself, with its numbers, flags and strings, as JSON in the file's metadata. A file is written beside its place and
then renamed, so that a program killed at any moment leaves the old file or the new one.
"""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from . import tree
from .backend import is_array, to_numpy

_TREE = "arraylux.tree"                 # the key of the metadata entry


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError("save and load need the package safetensors; install it: pip install safetensors") from None
    return safetensors


def save(path: str | os.PathLike[str], x: Any) -> None:
    """Save a tree of arrays to a file.

    Arguments: `path`, the file, by custom named `*.safetensors`; `x`, nested dicts, lists and tuples (a ComponentArray
    counts as a dict) whose leaves are arrays, numbers, strings or `None`. Arrays of other devices are copied to the
    CPU; float and integer dtypes of 8 to 64 bits and booleans are kept as they are.

    Returns: nothing.

    Errors: TypeError naming the place of a leaf that cannot be saved; ImportError without safetensors.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> save(path, {"layer_1": {"weight": np.ones((2, 3))}, "step": 4})
    >>> load(path)["step"], load(path)["layer_1"]["weight"].shape
    (4, (2, 3))
    """
    import json  # here, since most programs that import this package save nothing
    import tempfile

    safetensors = _safetensors()
    arrays: dict[str, Any] = {}
    outline = json.dumps(_describe(x, "", arrays))
    data = safetensors.numpy.save(arrays, metadata={_TREE: outline})
    folder, file_name = os.path.split(os.path.abspath(path))
    handle, name = tempfile.mkstemp(prefix=file_name, suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _describe(x: Any, path: str, arrays: dict[str, Any]) -> Any:
    """Return the outline of a tree as JSON, and collect its arrays."""
    node = tree.node_of(x)
    if node is not None:
        kind = "list" if isinstance(x, list) else "tuple" if isinstance(x, tuple) else "dict"
        pairs = zip(node.keys(x), node.children(x), strict=True)
        return {kind: [[str(key), _describe(child, f"{path}.{key}" if path else str(key), arrays)]
                       for key, child in pairs]}
    if x is None or (isinstance(x, (bool, int, float, str)) and not isinstance(x, np.generic)):
        return {"value": x}
    if is_array(x):
        arrays[path or "array"] = np.ascontiguousarray(to_numpy(x))
        return {"array": path or "array"}
    raise TypeError(f"save cannot write {path or 'the tree'}, {tree.describe(x)}; a tree to save holds arrays, "
                    "numbers, strings and None")


def load(path: str | os.PathLike[str], like: Any = None) -> Any:
    """Load a tree from a file.

    Arguments: `path`, a safetensors file; `like`, a tree that says what is expected: the result then has its
    containers, and every array is checked against its shape and dtype.

    Returns: the tree, with NumPy arrays at its leaves; for a file of another program, a dict of arrays by name.

    Errors: ValueError listing all keys, shapes and dtypes that differ from `like`; ImportError without safetensors.
    """
    import json

    safetensors = _safetensors()
    with safetensors.safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in list(file.keys())}
        outline = (file.metadata() or {}).get(_TREE)
    found = _rebuild(json.loads(outline), arrays) if outline else arrays
    return found if like is None else _match(found, like, path)


def _rebuild(outline: Any, arrays: dict[str, Any]) -> Any:
    (kind, content), = outline.items()
    if kind == "value":
        return content
    if kind == "array":
        return arrays[content]
    children = {key: _rebuild(child, arrays) for key, child in content}
    if kind == "dict":
        return children
    return list(children.values()) if kind == "list" else tuple(children.values())


def _match(found: Any, like: Any, path: Any) -> Any:
    """Return the loaded leaves in the containers of `like`, or raise one error for all that differ."""
    places: dict[str, Any] = {}
    tree.map_with_path(lambda place, leaf: places.__setitem__(place, leaf), found, path="")
    expected: dict[str, Any] = {}
    tree.map_with_path(lambda place, leaf: expected.__setitem__(place, leaf), like, path="")
    wrong = [f"{place[1:]} is missing" for place in expected if place not in places]
    wrong += [f"{place[1:]} is not expected" for place in places if place not in expected]
    wrong += [f"{place[1:]} should be a {tree.describe(leaf)} and is a {tree.describe(places[place])}"
              for place, leaf in expected.items() if place in places and _differ(leaf, places[place])]
    if wrong:
        raise ValueError(f"{os.fspath(path)} does not hold what was expected: {'; '.join(wrong)}")
    return tree.map_with_path(lambda place, leaf: places[place], like, path="")


def _differ(a: Any, b: Any) -> bool:
    return is_array(a) != is_array(b) or (is_array(a) and tree.describe(a) != tree.describe(b))
