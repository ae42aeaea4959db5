"""Makes differentiable.md: what has a derivative, from the registry of primitives and the tables for traced arrays.

`python docs/make_differentiable.py` writes the page. A test compares the two, so that it cannot be out of date.
"""
from __future__ import annotations

import ast
import importlib
import inspect
import math
import pkgutil
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import arraylux as lux
from arraylux import nn
from arraylux.fourier import Fourier
from arraylux.linalg import Linalg
from arraylux.namespace import Namespace
from arraylux.rules.extras import Late
from arraylux.tracer.core import PRIMITIVES, Primitive
from arraylux.tracer.declare import Bilinear, Binary, Custom, Flat, Linear, Unary
from arraylux.tracer.dispatch import name_of
from arraylux.tracer.tables import INSTEAD, NUMPY_FUNCTIONS, UFUNCS, load_late

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests"))
samples: Any = importlib.import_module("samples")           # which primitives are tried with complex numbers

INTRODUCTION = """\
# What is differentiable

<!-- Written by docs/make_differentiable.py: change what it reads, and run it again. -->

The functions of the Array API standard have derivatives in both modes, and so have many of NumPy's and SciPy's beyond
it. Below they stand chapter by chapter, each file with the primitives that it gives rules to. Names without a prefix
are functions of `array_namespace(x)`; what NumPy and SciPy call them [works as well](#under-numpys-and-scipys-names).

- **forward, reverse**: where the rule of each mode comes from. *partial*: partial derivatives, for both modes.
  *linear* and *transpose*: the function itself, and its transpose. *product*, *adjoint*: the product rule, and the two
  adjoints of a product. *written*: a rule of its own. *transposed*: the other mode's rule, transposed.
- **order**: any, since rules are made of functions that have rules. Tests check the second order of every row in all
  mixes of the modes, and the third of one sample of each.
- **complex**: whether the tests try the derivative for complex numbers too. The gradient of a real function is the
  direction of steepest ascent.
- **Made of these** are functions that are written with differentiable ones, and differentiable by that.
- **Without a derivative** are functions with integers or truth values, and steps: they take traced arrays and give
  plain numbers, whose derivative is zero.

Names in italics are inner functions, which those that are made of them call.
"""

REFUSED = ("math.sin(x[0])", "x[0].item()", "x.tolist()", "np.asarray(x)", "a = np.zeros(2); a[0] = x[0]",
           "a = xp.zeros(2); a[0] = 1j * x[0]", "np.add(x, x, out=np.zeros(2))", "np.sin(x, where=x > 1)",
           "x.__dlpack__()", "x.data")


# --- where things are -------------------------------------------------------------------------------------------------
def title(module: Any) -> str:
    """The first line of a chapter, without the functions that it lists."""
    return (module.__doc__ or "").splitlines()[0].removesuffix(".").split(": `")[0]


def modules() -> list[Any]:
    """All modules of the package: numbered chapters in their order, other rules, functions of networks, the rest."""
    def place(module: Any) -> tuple[int, int, str]:
        number = re.match(r"Chapter (\d+)(.*)", title(module))
        if number:
            return 0, int(number[1]), number[2]
        floors = ("arraylux.rules", "arraylux.nn", "arraylux")
        return 1 + [module.__name__.startswith(floor) for floor in floors].index(True), 0, module.__name__

    found = [importlib.import_module(m.name) for m in pkgutil.walk_packages(lux.__path__, "arraylux.")]
    load_late()
    return sorted(found, key=place)


def own_names(module: Any) -> dict[str, Any]:
    """What a module binds itself, and does not import."""
    tree = ast.parse(inspect.getsource(module))
    imported = {alias.asname or alias.name for node in ast.walk(tree)
                if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
    return {name: value for name, value in vars(module).items() if name not in imported}


def homes() -> dict[str, str]:
    """The module of each primitive."""
    found: dict[str, str] = {}
    for module in modules():
        for value in own_names(module).values():
            if isinstance(value, Primitive) and PRIMITIVES.get(value.__name__) is value:
                found.setdefault(value.__name__, module.__name__)
    return found


def public() -> dict[str, Any]:
    """The functions that users call, by the name that they call them by."""
    found: dict[str, Any] = {}
    for prefix, part in (("", Namespace), ("linalg.", Linalg), ("fft.", Fourier)):
        for name in sorted(dir(part)):
            value = inspect.getattr_static(part, name)
            value = value.function() if isinstance(value, Late) else getattr(part, name)
            if not name.startswith("_") and callable(value):
                found[prefix + name] = inspect.unwrap(value)
    found |= {f"nn.{name}": getattr(nn, name) for name in nn.__all__}
    for (ufunc, method), f in UFUNCS.items():
        if method == "__call__":                            # SciPy's function zeta is a ufunc of the name _zeta
            found["scipy.special." + ufunc.lstrip("_") if isinstance(ufunc, str) else f"np.{ufunc.__name__}"] = f
    return found


# --- rows -------------------------------------------------------------------------------------------------------------
KINDS = ((Unary, "partial", "partial"), (Binary, "partial", "partial"), (Bilinear, "product", "adjoint"),
         (Linear, "linear", "transpose"), (Custom, "written", "written"), (Primitive, "written", "written"))


def ways(primitive: Primitive) -> tuple[str, str]:
    """Where the rules of the two modes come from."""
    if isinstance(primitive, Custom) and type(primitive).push is Custom.push:
        return ("transposed" if primitive.jvp is None else "written",
                "transposed" if primitive.vjp is None else "written")
    kind, forward, reverse = next(row for row in KINDS if isinstance(primitive, row[0]))
    return (forward if type(primitive).push is kind.push else "written",
            reverse if type(primitive).pull is kind.pull else "written")


def is_complex(name: str) -> str:
    tried = name in samples.COMPLEX_ELSEWHERE or any(s.complex_too for s in samples.SAMPLES.get(name, ()))
    return "yes" if tried else "no"


def package(module: str) -> str:
    return module.rpartition(".")[0]


def listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def chapters() -> list[str]:
    """A section for each module with primitives, or with functions that are made of them."""
    home, names = homes(), public()
    labels: dict[str, str] = {}
    composed: dict[str, list[str]] = defaultdict(list)
    seen: list[Any] = []
    for label, value in names.items():
        name = value.__name__ if isinstance(value, Primitive) else label.split(".")[-1]
        if name in home and (isinstance(value, Primitive) or package(value.__module__) == package(home[name])):
            labels.setdefault(name, label)
        elif package(value.__module__) in ("arraylux.rules", "arraylux.nn") and value not in seen:
            composed[value.__module__].append(label)
            seen.append(value)
    primitives: dict[str, list[str]] = defaultdict(list)
    for name in sorted(PRIMITIVES):
        primitives[home[name]].append(name)
    lines = []
    for module in (m for m in modules() if m.__name__ in primitives or m.__name__ in composed):
        lines += [f"### {title(module)}", "", f"`{module.__name__}`", ""]
        rows = [name for name in primitives[module.__name__] if not isinstance(PRIMITIVES[name], Flat)]
        if rows:
            lines += ["| function | forward | reverse | order | complex |", "| --- | --- | --- | --- | --- |"]
        for name in rows:
            forward, reverse = ways(PRIMITIVES[name])
            label = f"`{labels[name]}`" if name in labels else f"*{name}*"
            lines.append(f"| {label} | {forward} | {reverse} | any | {is_complex(name)} |")
        lines += [""] * bool(rows)
        flat = [labels.get(name, name) for name in primitives[module.__name__] if name not in rows]
        for words, found in (("Made of these", sorted(set(composed[module.__name__]))), ("Without a derivative", flat)):
            if found:
                lines += [f"{words}: {listed(found)}.", ""]
    return lines


# --- names that are not ours, and what is refused ---------------------------------------------------------------------
def under_other_names() -> list[str]:
    functions = sorted({name_of(f) for f in NUMPY_FUNCTIONS})
    groups: dict[str, list[str]] = defaultdict(list)
    for name in functions:
        groups[name.rpartition(".")[0]].append(name.rpartition(".")[2])
    methods: dict[str, set[str]] = defaultdict(set)
    for ufunc, method in UFUNCS:
        methods[method].add(ufunc if isinstance(ufunc, str) else ufunc.__name__)
    numpy = {ufunc.__name__ for ufunc, _ in UFUNCS if not isinstance(ufunc, str)}
    scipy = {ufunc.lstrip("_") for ufunc, _ in UFUNCS if isinstance(ufunc, str)}
    rows = [(f"functions of `{module}`", names) for module, names in groups.items()]
    rows += [("ufuncs of `np`", sorted(numpy)), ("ufuncs of `scipy.special`", sorted(scipy))]
    rows += [(f"`.{method}` of the ufuncs", sorted(methods[method])) for method in sorted(methods) if method[0] != "_"]
    return ["| of | names |", "| --- | --- |", *[f"| {of} | {listed(names)} |" for of, names in rows]]


def sentence(code: str) -> str:
    """What a traced array says to a piece of code that it refuses."""
    def f(x: Any) -> Any:
        exec(code, {"np": np, "math": math, "x": x, "xp": lux.array_namespace(x)})

    try:
        lux.grad(f)(np.array([0.5, 1.5]))
    except Exception as error:
        return str(error.__cause__ or error)
    raise AssertionError(f"{code} is not refused any more")


def refused() -> list[str]:
    return ["| code | what it says |", "| --- | --- |", *[f"| `{code}` | {sentence(code)} |" for code in REFUSED], "",
            "| no rule for | instead |", "| --- | --- |",
            *[f"| `{name}`{' of other ufuncs' * name.startswith('.')} | {words} |" for name, words in INSTEAD.items()]]


def page() -> str:
    """The text of the page."""
    sections = [INTRODUCTION, "## Chapter by chapter\n", *chapters(), "## Under NumPy's and SciPy's names\n",
                "These take traced arrays as they stand, and are the functions above or made of them.\n",
                *under_other_names(), "",
                "## What is refused, and what works instead\n", "`x` is traced, `xp` is `array_namespace(x)`.\n",
                *refused(), ""]
    return "\n".join(sections)


if __name__ == "__main__":
    (HERE / "differentiable.md").write_text(page())
