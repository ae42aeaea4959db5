"""PyTorch's state_dict and our trees: the same arrays under other names.

The shapes are PyTorch's already, so nothing is transposed. What differs is said here once: a norm's scale is called
`weight`, recurrent weights have an ending for the layer and the direction, and attention keeps the weights of its three
projections in one matrix. Which of these a dict of parameters is can be seen from its keys, so models are not asked;
layers of one's own take part.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import tree
from ..backend import device_of, is_array, kind, library, to_numpy
from ..outline import joined
from ..saving import read

Names = Mapping[str, str] | Callable[[str], str] | None

RECURRENT = {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "hidden_state", "memory"}
PROJECTIONS = ("q_proj", "k_proj", "v_proj")
AVERAGES = ("running_mean", "running_var")


class Place:
    """Where an array stands: its `path` in our tree, its `name` in the state_dict, the `rows` of it if it is a part."""

    __slots__ = ("array", "name", "path", "rows")

    def __init__(self, path: str, name: str, array: Any, rows: slice | None = None) -> None:
        self.path = path
        self.name = name
        self.array = array
        self.rows = rows


class Map:
    """Finds the names that PyTorch has for the arrays of a tree.

    `names` are those of modules that are called otherwise; `known`, the names of a state_dict, decides where PyTorch
    has two ways; without it, it is the way of `torch.nn`'s layers.
    """

    def __init__(self, names: Names, known: Mapping[str, Any] | None) -> None:
        self.names = names
        self.known = known

    def module(self, path: str) -> str:
        """Return what PyTorch calls the module at a path; a `*` in it stands for the name of a parameter."""
        if self.names is None:
            return path
        if not isinstance(self.names, Mapping):
            return self.names(path)
        words = path.split(".")
        for n in range(len(words), 0, -1):
            head = ".".join(words[:n])
            if head in self.names:
                return ".".join([self.names[head], *words[n:]])
        return path

    def has(self, name: str, otherwise: bool) -> bool:
        return otherwise if self.known is None else name in self.known

    def parameters(self, ps: Any, path: str = "") -> Iterator[Place]:
        """Return the places of all arrays among parameters."""
        node = tree.node_of(ps)
        if node is None:
            if is_array(ps):
                head, _, last = path.rpartition(".")
                yield Place(path, _filled(self.module(head), last), ps)
            return
        children = dict(zip(node.keys(ps), node.children(ps), strict=True))
        here = self.module(path)
        if {"weight_ih", "weight_hh"} <= children.keys() <= RECURRENT:
            pattern = here if "*" in here else joined(here, "*_l0")
            if not self.has(_filled(pattern, "weight_ih"), otherwise=True):
                pattern = joined(here, "*")                             # a cell by itself
            for key, child in children.items():
                yield Place(joined(path, key), _filled(pattern, key), child)
        elif {*children} in ({"scale", "bias"}, {"scale"}):
            for key, child in children.items():
                yield Place(joined(path, key), _filled(here, "weight" if key == "scale" else key), child)
        elif {*PROJECTIONS, "out_proj"} <= children.keys() and self._joint(path, here, children):
            yield from self._attention(path, here, children)
        elif children.keys() == {"forward_rnn", "backward_rnn"}:
            yield from self._both_ways(path, here, children)
        else:
            for key, child in children.items():
                yield from self.parameters(child, joined(path, key))

    def _both_ways(self, path: str, here: str, children: dict[Any, Any]) -> Iterator[Place]:
        """Return the places of a bidirectional network, whose directions PyTorch tells apart by an ending."""
        pattern = here if "*" in here else joined(here, "*_l0")
        for key, array in children["forward_rnn"].items():
            yield Place(f"{joined(path, 'forward_rnn')}.{key}", _filled(pattern, key), array)
        for key, array in children["backward_rnn"]["rnn"].items():
            yield Place(f"{joined(path, 'backward_rnn.rnn')}.{key}", _filled(f"{pattern}_reverse", key), array)

    def _joint(self, path: str, here: str, children: dict[Any, Any]) -> bool:
        """Say whether a state_dict has the three projections in the way of PyTorch's MultiheadAttention."""
        own = all(self.module(joined(path, name)) == joined(here, name) for name in PROJECTIONS)
        plain = own and all(set(children[name]) <= {"weight", "bias"} for name in PROJECTIONS)
        return plain and any(self.has(joined(here, name), True) for name in ("in_proj_weight", "q_proj_weight"))

    def _attention(self, path: str, here: str, children: dict[Any, Any]) -> Iterator[Place]:
        weights = [children[name]["weight"] for name in PROJECTIONS]
        one = self.has(joined(here, "in_proj_weight"), otherwise=len({w.shape[1] for w in weights}) == 1)
        start = 0
        for name, weight in zip(PROJECTIONS, weights, strict=True):
            rows = slice(start, start + weight.shape[0])
            start = rows.stop
            for key, array in children[name].items():
                joint = key == "bias" or one
                theirs = f"in_proj_{key}" if joint else f"{name}_{key}"
                yield Place(f"{joined(path, name)}.{key}", joined(here, theirs), array, rows if joint else None)
        yield from self.parameters(children["out_proj"], joined(path, "out_proj"))

    def states(self, st: Any, path: str = "") -> Iterator[Place]:
        """Return the places of the arrays among states that PyTorch has too: a norm's running averages."""
        node = tree.node_of(st)
        if node is None:
            return
        for key, child in zip(node.keys(st), node.children(st), strict=True):
            if key in AVERAGES:
                yield Place(joined(path, key), _filled(self.module(path), key), child)
            else:
                yield from self.states(child, joined(path, key))


def _filled(module: str, key: tree.Key) -> str:
    return module.replace("*", str(key)) if "*" in module else joined(module, key)


def _plain(x: Any) -> Any:
    """Return a tensor or array as a NumPy array; what NumPy has no word for (bfloat16) in single precision."""
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = (x.float() if str(x.dtype) == "torch.bfloat16" else x).numpy()
    return to_numpy(x)


def from_torch(state_dict: Any, ps: Any, st: Any = None, *, names: Names = None, strict: bool = True) -> Any:
    """Take parameters and running averages from a state_dict of PyTorch's, without PyTorch.

    Arguments:
        state_dict: a dict of tensors or arrays by name, as `module.state_dict()` returns it, or the path of a
            `.safetensors` file.
        ps, st: the parameters and states of a model, which say what is looked for.
        names: what PyTorch calls the modules, where their names differ: a dict from the path of a layer (or the
            beginning of one) to PyTorch's name, `{"layer_1": "0", "layer_3": "2"}`, or a function from path to name. A
            `*` stands for the name of a parameter: `"lstm.*_l1"` is the second layer of an LSTM.
        strict: whether it is an error if the state_dict has more than that.

    Returns: `(ps, st)` with the arrays of the state_dict, in the library, dtype and on the device of the old ones;
    parameters alone if no states came.

    Errors: ValueError listing all arrays that are missing, not looked for, or of another shape; ImportError for a file
    without safetensors.

    >>> from arraylux.layers import Chain, Dense, setup
    >>> model = Chain(Dense(2, 3), Dense(3, 1))
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> theirs = {"0.weight": np.ones((3, 2)), "0.bias": np.zeros(3), "1.weight": np.ones((1, 3)), "1.bias": np.ones(1)}
    >>> ps, st = from_torch(theirs, ps, st, names={"layer_1": "0", "layer_2": "1"})
    >>> model(np.array([[1.0, 2.0]]), ps, st)[0]
    array([[10.]])
    """
    if isinstance(state_dict, (str, os.PathLike)):
        state_dict, _ = read(state_dict)
    names_of = Map(names, state_dict)
    places = [*names_of.parameters(ps), *names_of.states(st)]
    wrong, found = [], {}
    for place in places:
        if place.name not in state_dict:
            wrong.append(f"{place.name} is missing (for {place.path})")
            continue
        array = _plain(state_dict[place.name])
        array = array if place.rows is None else array[place.rows]
        if array.shape != tuple(place.array.shape) or kind(array.dtype) != kind(place.array.dtype):
            wrong.append(f"{place.name} is a {tree.describe(array)}, {place.path} needs a {tree.describe(place.array)}")
        found[place.path] = array
    if strict:
        used = {place.name for place in places}
        wrong += [f"{name} is not looked for" for name in state_dict
                  if name not in used and not name.endswith("num_batches_tracked")]
    if wrong:
        raise ValueError(f"from_torch: the state_dict does not fit: {'; '.join(wrong)}; say by names= what modules are "
                         "called, or let more pass by strict=False")

    def take(path: str, old: Any) -> Any:
        new = found.get(path[1:])
        return old if new is None else _like(old, new)
    ps = tree.map_with_path(take, ps, path="")
    return ps if st is None else (ps, tree.map_with_path(take, st, path=""))


def _like(old: Any, new: Any) -> Any:
    """Return an array of NumPy's in the library, on the device and with the dtype of another one."""
    if isinstance(old, (np.ndarray, np.generic)):
        return np.array(new, dtype=old.dtype)
    return library(old).asarray(new, dtype=old.dtype, device=device_of(old))


def to_torch(ps: Any, st: Any = None, *, names: Names = None) -> dict[str, Any]:
    """Return parameters and running averages as a state_dict of PyTorch's layers.

    Arguments: `ps`, `st`, `names` as for `from_torch`, which takes it all back.

    Returns: a dict of NumPy arrays by PyTorch's names. `save(path, state_dict)` makes it a safetensors file that
    PyTorch's programs read; `{name: torch.from_numpy(x) for name, x in state_dict.items()}` is for `load_state_dict`.

    Errors: ValueError if two arrays would have one name.

    >>> to_torch({"norm": {"scale": np.ones(3, np.float32), "bias": np.zeros(3, np.float32)}})
    {'norm.weight': array([1., 1., 1.], dtype=float32), 'norm.bias': array([0., 0., 0.], dtype=float32)}
    """
    names_of = Map(names, None)
    parts: dict[str, list[Place]] = {}
    for place in [*names_of.parameters(ps), *names_of.states(st)]:
        parts.setdefault(place.name, []).append(place)
    for name, places in parts.items():
        if len(places) > 1 and places[0].rows is None:
            raise ValueError(f"to_torch: {' and '.join(p.path for p in places)} would both be {name}; give them names "
                             "of their own")
    return {name: np.concatenate([to_numpy(p.array) for p in places]) if len(places) > 1
            else np.array(to_numpy(places[0].array)) for name, places in parts.items()}


__all__ = ["from_torch", "to_torch"]
