"""Trees on disk, as safetensors: no pickle, so that opening a file runs nothing.

Arrays are stored under their dotted place in the tree (`layer_1.weight`), as other programs name them, and the tree
itself, with all in it that is no array, as a text in the file's metadata (`outline` says how). A file is written
beside its place and then renamed, so that a program killed at any moment leaves the old file or the new one.
"""
from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from . import tree
from .backend import is_array
from .outline import Reader, Writer, joined

_TREE = "arraylux.tree"                 # the key of the metadata entry


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError("save and load need the package safetensors; install it: pip install safetensors") from None
    return safetensors


def save(path: str | os.PathLike[str], x: Any) -> None:
    """Save a tree of arrays to a file.

    Arguments: `path`, the file, by custom named `*.safetensors`; `x`, nested dicts, lists, tuples and ComponentArrays
    whose leaves are arrays, numbers, strings, `None`, generators (NumPy's and Xoshiro) and rules of optimisers: so
    parameters, states and the state of an optimiser can go into one file, `{"ps": ps, "st": st, "opt": opt}`. Arrays of
    other devices are copied to the CPU; dtypes are kept, and an array that stands at several places is stored once.

    Returns: nothing. A program killed on the way may leave a file `*.part` beside the path, which can be deleted.

    Errors: TypeError naming the place of a leaf that cannot be saved; ImportError without safetensors.

    >>> import os, tempfile
    >>> import numpy as np
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> save(path, {"layer_1": {"weight": np.ones((2, 3))}, "step": 4})
    >>> load(path)["step"], load(path)["layer_1"]["weight"].shape
    (4, (2, 3))
    """
    safetensors = _safetensors()
    writer = Writer()
    outline = json.dumps(writer.outline(x))
    write_whole(path, safetensors.numpy.save(writer.arrays, metadata={_TREE: outline}))


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that at any moment there is the old one or the new one, and nothing between."""
    path = os.path.realpath(path)
    part = f"{path}.{os.urandom(4).hex()}.part"
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise


def load(path: str | os.PathLike[str], like: Any = None) -> Any:
    """Load a tree from a file.

    Arguments: `path`, a safetensors file; `like`, a tree that says what is expected: the result then has its
    containers, and every array is checked against its shape and dtype; where it has `None`, anything may be.

    Returns: the tree, with NumPy arrays at its leaves; for a file of another program, a dict of arrays by name. Without
    the package ml_dtypes, numbers in bfloat16 come in single precision.

    Errors: ValueError listing all keys, shapes and dtypes that differ from `like`, or if the file is not whole;
    ImportError without safetensors.
    """
    arrays, metadata = read(path)
    found = Reader(arrays).build(json.loads(metadata[_TREE])) if _TREE in metadata else arrays
    if like is None:
        return found
    wrong: list[str] = []
    fitted = _fit(found if _TREE in metadata else _nested(arrays), like, "", wrong, {})
    if wrong:
        raise ValueError(f"{os.fspath(path)} does not hold what was expected: {'; '.join(wrong)}")
    return fitted


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the arrays of a safetensors file by name, and its metadata.

    Errors: ValueError if it is no such file; ImportError without safetensors.
    """
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            short = [name for name in list(file.keys()) if file.get_slice(name).get_dtype() == "BF16"]
            arrays = {name: file.get_tensor(name) for name in list(file.keys()) if name not in short}
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{os.fspath(path)} is no whole safetensors file ({error}); write it again") from None
    if short:
        with open(path, "rb") as bytes_of:
            parts = dict(safetensors.deserialize(bytes_of.read()))
        arrays |= {name: _bfloat16(parts[name]) for name in short}
    return arrays, metadata


def _bfloat16(part: dict[str, Any]) -> Any:
    """Return numbers of a dtype that NumPy doesn't know: as ml_dtypes does if it is there, else in single precision.

    A bfloat16 is the upper half of a float32.
    """
    halves = np.frombuffer(part["data"], "<u2").reshape(part["shape"])
    try:
        import ml_dtypes
    except ImportError:
        return (halves.astype(np.uint32) << 16).view(np.float32)
    return halves.view(ml_dtypes.bfloat16)


def _nested(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return arrays by dotted names as nested dicts."""
    nested: dict[str, Any] = {}
    for name, array in arrays.items():
        *way, last = name.split(".")
        here = nested
        for key in way:
            here = here.setdefault(key, {})
        here[last] = array
    return nested


def _fit(found: Any, like: Any, path: str, wrong: list[str], done: dict[tuple[int, type], Any]) -> Any:
    """Return what was found in the containers of `like`, and write down what does not fit."""
    if like is None:
        return found
    node, twin = tree.node_of(like), tree.node_of(found)
    if node is None or twin is None:
        if (node is None) != (twin is None) or _differ(found, like):
            wrong.append(f"{path or 'the tree'} should be {_words(like)} and is {_words(found)}")
        return found
    known = id(found), type(like)
    if known not in done:                       # what stands at several places stays one object
        there: dict[tree.Key, Any] = dict(zip(twin.keys(found), twin.children(found), strict=True))
        keys, children = node.keys(like), []
        for key, child in zip(keys, node.children(like), strict=True):
            name = key if key in there else str(key)                # other programs have words alone
            if name in there:
                children.append(_fit(there.pop(name), child, joined(path, key), wrong, done))
            else:
                wrong.append(f"{joined(path, key)} is missing")
        wrong += [f"{joined(path, key)} is not expected" for key in there]
        done[known] = node.build(keys, children) if not wrong else None
    return done[known]


def _differ(a: Any, b: Any) -> bool:
    if is_array(a) or is_array(b):
        return tree.describe(a) != tree.describe(b)
    numbers = (bool, int, float)
    return type(a) is not type(b) and not (isinstance(a, numbers) and isinstance(b, numbers))


def _words(x: Any) -> str:
    node = tree.node_of(x)
    if node is not None:
        return f"a {type(x).__name__} with {', '.join(map(str, node.keys(x))) or 'nothing'}"
    words = tree.describe(x)
    return f"a {words}" if is_array(x) else words
