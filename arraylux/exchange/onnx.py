"""Models for ONNX runtimes: a file with the program and the numbers, which runs without Python.

The model is run on an example, the primitives that run are written down (`program`), and each is said in the words of
the standard (`operators`). Parameters keep their names; what is computed from them alone is computed here, once.
"""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import tree
from ..backend import is_array, library, to_numpy
from ..layers import testmode
from ..saving import write_whole
from .network_operators import OPERATORS
from .operators import ARITHMETIC, COMPARISONS
from .program import FREE, Program, Result, Step, merged, record

OPSET, IR = 20, 9                       # understood by ONNX Runtime from 1.17 on


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise ImportError("export_onnx needs the package onnx; install it: pip install onnx") from None
    return onnx


class _Graph:
    """The nodes, constants and names of the file that is being written."""

    def __init__(self, names: dict[int, str]) -> None:
        self.onnx = _onnx()
        self.known = names                          # what arrays are called, by their ids
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self.kept: list[Any] = []                   # so that no id passes to another array
        self.results: dict[int, str] = {}

    def type_of(self, dtype: Any) -> int:
        """Return the standard's number for a dtype."""
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(_numpys(dtype)))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Write an operator, and return the name of its result."""
        if "to" in attributes:
            attributes["to"] = self.type_of(attributes["to"])
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, x: Any, dtype: Any = None) -> str:
        """Return the name of a constant: a parameter's own, or one that tells its value."""
        dtype = dtype if dtype is None else _numpys(dtype)
        if not is_array(x):
            name = f"{dtype}_{x}"
            self.constants.setdefault(name, np.asarray(x, dtype))
            return name
        if id(x) not in self.known:
            self.known[id(x)] = f"constant_{len(self.constants)}"
            self.kept.append(x)
        name = self.known[id(x)]
        plain = self.constants.setdefault(name, to_numpy(x))
        if dtype is None or plain.dtype == dtype:
            return name
        return self.constant_as(f"{name}_{dtype}", plain.astype(dtype))

    def constant_as(self, name: str, x: Any) -> str:
        self.constants.setdefault(name, x)
        return name

    def ints(self, numbers: Any) -> str:
        """Return the name of a list of integers."""
        numbers = [int(n) for n in numbers]
        return self.constant_as("_".join(["ints", *map(str, numbers)]), np.asarray(numbers, np.int64))

    def argument(self, x: Any, dtype: Any) -> str:
        """Return the name of an argument of a step, in a dtype (`None`: in its own)."""
        if not isinstance(x, Result):
            return "" if x is None else self.constant(x, dtype)
        name = self.results[x.number]
        return name if dtype is None or x.dtype == dtype else self.node("Cast", name, to=dtype)

    def step(self, step: Step) -> None:
        """Write what a primitive is in the words of the standard."""
        if step.name == "unstack":
            self._unstack(step)
            return
        dtype = step.results[0].dtype if step.name in ARITHMETIC else None
        if step.name in COMPARISONS:
            dtype = _common(step.args)
        names = [self.argument(x, step.results[0].dtype if step.name == "where" and i else dtype)
                 for i, x in enumerate(step.args)]
        self.results[step.results[0].number] = OPERATORS[step.name](self, step, names)

    def _unstack(self, step: Step) -> None:
        x, axis = self.argument(step.args[0], None), step.params["axis"]
        for i, result in enumerate(step.results):
            self.results[result.number] = self.node("Gather", x, self.constant(i, np.int64), axis=axis)


def _numpys(dtype: Any) -> np.dtype[Any]:
    """Return NumPy's dtype for that of any library."""
    return np.dtype(dtype if isinstance(dtype, (np.dtype, type)) else str(dtype).rpartition(".")[2])


def _common(args: list[Any]) -> Any:
    """Return the dtype in which arguments are compared."""
    arrays = [_numpys(a.dtype) for a in args if hasattr(a, "dtype")]
    numbers = [a for a in args if not hasattr(a, "dtype")]
    return np.result_type(*arrays, *numbers)


def export_onnx(path: str | os.PathLike[str], model: Any, ps: Any, st: Any, example: Any, *,
                batch: str | None = "batch") -> None:
    """Write a model to an ONNX file, as it is used (see `testmode`), for runtimes without Python.

    Arguments: `path`, the file, by custom named `*.onnx`; `model`, `ps`, `st`, a model with its parameters and states;
    `example`, an input as the model takes it, an array or a tree of arrays, whose shapes and dtypes count; `batch`,
    what the first axis is called, whose length is then free; `None` fixes it to that of the example. Free is the first
    axis of each array that has as many samples as the first array of the example.

    Returns: nothing. Inputs of the file are called `x` (in a tree `x_0`, `x_ids`, ... by their place), results `y`
    likewise, parameters as in `ps`.

    Errors: NotImplementedError naming a primitive that has no counterpart; ValueError if something depends on the size
    of the batch that can't; TypeError if the model looks at values, as in `if x > 0`; ImportError without onnx.

    >>> export_onnx("model.onnx", model, ps, st, images[:1])                        # doctest: +SKIP
    >>> onnxruntime.InferenceSession("model.onnx").run(None, {"x": images})         # doctest: +SKIP
    """
    onnx = _onnx()
    st = testmode(st)

    def run(x: Any) -> Any:
        return model(x, ps, st)[0]
    program = record(run, example, "export_onnx")
    for step in program.steps:
        if step.name not in OPERATORS and step.name != "unstack":
            raise NotImplementedError(f"export_onnx: the primitive {step.name} has no counterpart in ONNX here; leave "
                                      "the part of the model that uses it out of the export")
    if batch is not None:
        program = merged(program, record(run, _with_one_more(example), "export_onnx"), "export_onnx")
    graph = _Graph(_names({"ps": ps, "st": st}))
    places = _labels(example, "x")
    if len(places) != len(program.inputs):
        raise TypeError("export_onnx: the example must be an array, or a tree with arrays at its leaves")
    for label, result in zip(places, program.inputs, strict=True):
        graph.results[result.number] = label
    for step in program.steps:
        graph.step(step)
    data = _file(onnx, graph, program, places, batch).SerializeToString()
    write_whole(path, data)


def _file(onnx: Any, graph: _Graph, program: Program, places: list[str], batch: str | None) -> Any:
    """Return the file as the standard's own structure, checked."""
    def value(name: str, result: Any) -> Any:
        shape = [batch if i == 0 and n == FREE else None if n == FREE else n for i, n in enumerate(result.shape)]
        return onnx.helper.make_tensor_value_info(name, graph.type_of(result.dtype), shape)
    outputs = []
    labels = ["y"] if len(program.outputs) == 1 else [f"y_{i}" for i in range(len(program.outputs))]
    for label, result in zip(labels, program.outputs, strict=True):
        source = graph.argument(result, None)
        graph.nodes.append(onnx.helper.make_node("Identity", [source], [label], name=label))
        outputs.append(value(label, result))
    written = onnx.helper.make_graph(
        graph.nodes, "arraylux", [value(name, r) for name, r in zip(places, program.inputs, strict=True)], outputs,
        [onnx.numpy_helper.from_array(np.ascontiguousarray(x).reshape(x.shape), name)
         for name, x in graph.constants.items()])
    found = onnx.helper.make_model(written, producer_name="arraylux", ir_version=IR,
                                   opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(found)
    return found


def _names(trees: dict[str, Any]) -> dict[int, str]:
    """Return the dotted places of all arrays, by their ids; those of states begin with `st`."""
    found: dict[int, str] = {}

    def name(path: str, leaf: Any) -> None:
        if is_array(leaf):
            found.setdefault(id(leaf), path.removeprefix("ps."))
    for key, each in trees.items():
        tree.map_with_path(name, each, path=key)
    return found


def _labels(example: Any, name: str) -> list[str]:
    found: list[str] = []
    tree.map_with_path(lambda path, leaf: found.append(path.replace(".", "_")) if is_array(leaf) else None, example,
                       path=name)
    return found


def _with_one_more(example: Any) -> Any:
    """Return an example with one sample more, a copy of the first one."""
    arrays = [x for x in tree.leaves(example) if is_array(x)]
    samples = arrays[0].shape[0] if arrays and arrays[0].shape else 0
    if not samples:
        raise ValueError("export_onnx: the first array of the example must have a batch axis with a sample at least; "
                         "give one, or batch=None")

    def more(x: Any) -> Any:
        if not is_array(x) or not x.shape or x.shape[0] != samples:
            return x
        return library(x).concat([x, x[:1]], axis=0)
    return tree.map(more, example)


__all__ = ["export_onnx"]
