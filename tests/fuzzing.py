"""Random programs from the registry of primitives, written out as Python that can be read and run.

A program is a chain of statements. Each calls a primitive on values that the program already has: a recipe fits their
shapes, and smooth maps take them into the domain that samples.py names for that primitive, away from its kinks and
poles. So any primitive can follow any other, and what comes out can be differentiated in every way.
"""
from __future__ import annotations

import importlib
import math
import pkgutil
import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from cases import parts
from domains import Domain, anything
from hypothesis import strategies as st
from hypothesis.extra import numpy as indices
from samples import BINARY, SAMPLES, Sample

import arraylux as lux
from arraylux.tracer.core import PRIMITIVES
from arraylux.tracer.declare import Flat, Unary

for module in pkgutil.walk_packages(lux.__path__, "arraylux."):          # every chapter registers its primitives
    importlib.import_module(module.name)

# Primitives whose derivative is defined to be zero, though their values move with the argument.
LEFT_OUT = dict.fromkeys(("unique_all", "unique_counts", "unique_inverse", "unique_values"),
                         "gives the values of a set as a plain array")
LEFT_OUT["nextafter"] = "steps by one unit in the last place, from a plain array"
NAMES = tuple(sorted(set(SAMPLES) - set(LEFT_OUT)))
p = SimpleNamespace(**PRIMITIVES)


# --- what programs call besides primitives ----------------------------------------------------------------------------
def soft(v: Any) -> Any:
    """A smooth map of all numbers into the unit disc, of slope 1 at zero; of complex numbers it is not holomorphic."""
    return v / np.sqrt(1.0 + p.real(v) ** 2 + p.imag(v) ** 2) if v.dtype.kind == "c" else v / np.sqrt(1.0 + v * v)


def within(v: Any, low: float, high: float) -> Any:
    """A smooth map of all numbers into an interval, with imaginary parts in [-0.5, 0.5]."""
    u, middle, half = soft(v), (low + high) / 2, (high - low) / 2
    return middle + half * p.real(u) + 0.5j * p.imag(u) if v.dtype.kind == "c" else middle + half * u


def resize(v: Any, shape: tuple[int, ...]) -> Any:
    """The elements of `v` in another shape, as often as they are needed; zeros if there are none."""
    n = math.prod(shape)
    if v.size != n:
        v = (p.take(p.reshape(v, shape=(-1,)), np.arange(n) % v.size, axis=0) if v.size else
             p.broadcast_to(p.sum(v, axis=None, keepdims=False), shape=(n,)))
    return p.reshape(v, shape=shape)


NAMES_IN_PROGRAMS = {"np": np, "inf": np.inf, "p": p, "resize": resize, "soft": soft, "within": within}


class Program(NamedTuple):
    """A function as source text, the arrays to call it on, and whether to check its second derivatives as well."""

    inputs: tuple[Any, ...]
    lines: tuple[str, ...]
    results: tuple[str, ...]
    twice: bool

    @property
    def source(self) -> str:
        arguments = ", ".join(f"x{i}" for i in range(len(self.inputs)))
        return "\n    ".join([f"def f({arguments}):", *self.lines, f"return {', '.join(self.results)},"])

    def __repr__(self) -> str:
        made = "\n".join(f"x{i} = {literal(x)}" for i, x in enumerate(self.inputs))
        imports = "import numpy as np\nfrom fuzzing import p, resize, soft, within\nfrom numpy import inf"
        return f"\n{imports}\n\n{made}\n\n\n{self.source}\n"

    def function(self) -> Callable[..., tuple[Any, ...]]:
        names: dict[str, Any] = dict(NAMES_IN_PROGRAMS)
        exec(self.source, names)
        f: Callable[..., tuple[Any, ...]] = names["f"]
        return f


def literal(a: Any) -> str:
    """The source text of an array or of a static keyword."""
    if isinstance(a, np.ndarray):
        return f"np.array({a.tolist()!r})" if a.size else f"np.zeros({a.shape}, {a.dtype.name!r})"
    if isinstance(a, tuple):
        return f"({''.join(literal(part) + ', ' for part in a)})"
    if isinstance(a, list):
        return f"[{', '.join(map(literal, a))}]"
    return f"np.{a!r}" if isinstance(a, np.dtype) else "..." if a is Ellipsis else repr(a)


# --- building a program, statement by statement -----------------------------------------------------------------------
class Builder:
    """A program in the making, with the values that it has at the point it was built for."""

    def __init__(self, draw: Any, inputs: Sequence[Any]) -> None:
        self.draw = draw
        self.values: dict[str, Any] = {f"x{i}": x for i, x in enumerate(inputs)}
        self.lines: list[str] = []
        self.used: set[str] = set()
        self.traced = set(self.values)
        self.rng = np.random.default_rng(draw(st.integers(0, 999)))

    def choose(self, choices: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(choices))

    def pick(self) -> str:
        """Choose a value that the program has, the newest ones first."""
        name: str = self.choose(list(self.values)[::-1])
        return name

    def operand(self, name: str, domain: Domain, shape: Any = None, complex_too: bool = False) -> str:
        """The text of an operand in a domain, made from a value, which keeps its shape if none is given."""
        a = np.asarray(self.values[name])
        text, shape = name, a.shape if shape is None else shape
        if a.dtype.kind not in "fc":
            text = f"1.0 * {text}"
        elif a.dtype.kind == "c" and not complex_too:
            text, a = f"p.real({text})", a.real
        if a.shape != shape:
            text, a = f"resize({text}, {shape})", resize(a, shape)
        if domain.span is None:
            return f"{self.constant(domain._replace(shape=shape))} + {domain.reach} * soft({text})"
        low, high = domain.span
        if np.all((low <= a.real) & (a.real <= high) & (np.abs(a.imag) <= 0.5)):
            return text
        return f"within({text}, {low}, {high})"

    def constant(self, domain: Domain) -> str:
        return literal(np.asarray(np.round(domain.sample(self.rng), 3)))

    def evaluate(self, text: str) -> Any:
        return eval(text, NAMES_IN_PROGRAMS | self.values)

    def add(self, text: str, *more: str, is_flat: bool = False) -> None:
        """Add a statement that names the result of `text`; then `more`, in which {} stands for that name.

        What divides by zero or is not finite is left out.
        """
        try:
            with np.errstate(divide="raise", invalid="raise", over="raise"):
                y = self.evaluate(text)
        except FloatingPointError:
            return
        new = [f"v{len(self.values) + i}" for i in range(len(parts(y)))]
        if not new or not all(np.all(np.isfinite(part)) for part in parts(y)):
            return
        self.values |= dict(zip(new, parts(y), strict=True))
        self.lines.append(f"{', '.join(new)}{',' if isinstance(y, tuple) and len(new) == 1 else ''} = {text}")
        for line in more:
            exec(line.format(new[0]), NAMES_IN_PROGRAMS | self.values)
            self.lines.append(line.format(new[0]))
        read = set(re.findall(r"\b[xv]\d+\b", " ".join([text, *more])))
        self.used |= read
        if read & self.traced and not is_flat:
            self.traced.update(new)

    def sample(self, name: str) -> Sample:
        """Choose one of a primitive's samples that has an argument to vary."""
        samples = [s for s in SAMPLES[name] if any(s.args[i].reach for i in s.places())]
        sample: Sample = self.choose(samples or SAMPLES[name])
        return sample


def call(name: str, operands: Sequence[str], params: dict[str, Any]) -> str:
    keywords = [f"{word}={literal(value)}" for word, value in params.items()]
    return f"p.{name}({', '.join([*operands, *keywords])})"


# --- recipes: how a primitive is called on values of any shape --------------------------------------------------------
def as_sampled(b: Builder, name: str) -> None:
    """The arguments of a sample, those to differentiate by replaced by values of the program."""
    sample = b.sample(name)
    operands = []
    for i, a in enumerate(sample.args):
        if not isinstance(a, Domain):
            operands.append(literal(a))
        elif i not in sample.places() or not a.reach or (i and math.prod(a.shape) <= 6 and b.choose([False, True])):
            operands.append(b.constant(a))
        else:
            into_real = i and name.startswith(("index_", "scatter")) and not np.iscomplexobj(b.evaluate(operands[0]))
            operands.append(b.operand(b.pick(), a, a.shape, sample.complex_too and not into_real))
    b.add(call(name, operands, sample.params), is_flat=isinstance(PRIMITIVES[name], Flat))


def elementwise(b: Builder, name: str) -> None:
    sample = b.sample(name)
    b.add(call(name, [b.operand(b.pick(), sample.args[0], None, sample.complex_too)], sample.params))


def of_two(b: Builder, name: str) -> None:
    """Two values that broadcast; if they do not, the second in the shape of the first."""
    samples = [s for s in SAMPLES[name] if all(isinstance(a, Domain) and a.reach for a in s.args)]
    sample, u, v = b.choose(samples), b.pick(), b.pick()
    left, shape = np.shape(b.values[u]), np.shape(b.values[v])
    try:
        np.broadcast_shapes(left, shape)
    except ValueError:
        shape = left
    b.add(call(name, [b.operand(u, sample.args[0], None, sample.complex_too),
                      b.operand(v, sample.args[1], shape, sample.complex_too)], {}))


def reduction(b: Builder, name: str) -> None:
    v, sample = b.pick(), b.sample(name)
    shape = np.shape(b.values[v])
    if 0 in shape and name not in ("sum", "prod"):
        return as_sampled(b, name)
    axis = b.choose([None, *range(len(shape)), *range(-len(shape), 0), tuple(range(len(shape)))])
    params = {"axis": axis, "keepdims": b.choose([False, True])}
    return b.add(call(name, [b.operand(v, sample.args[0], None, sample.complex_too)], params))


def reshape(b: Builder, name: str) -> None:
    v = b.pick()
    shape = np.shape(b.values[v])
    new = b.choose([(math.prod(shape),), (1, *shape), shape[::-1], (*shape, 1), tuple(n for n in shape if n != 1)])
    b.add(call(name, [b.operand(v, anything(), None, True)], {"shape": new}))


def permute_dims(b: Builder, name: str) -> None:
    v = b.pick()
    axes = tuple(b.draw(st.permutations(range(np.ndim(b.values[v])))))
    b.add(call(name, [b.operand(v, anything(), None, True)], {"axes": axes}))


def broadcast_to(b: Builder, name: str) -> None:
    v = b.pick()
    shape = np.shape(b.values[v])
    new = tuple(b.choose([1, 2, 0]) if n == 1 else n for n in (1, *shape))
    b.add(call(name, [b.operand(v, anything(), None, True)], {"shape": new}))


def join(b: Builder, name: str) -> None:
    """A value with one or two others of its shape."""
    v = b.pick()
    shape = np.shape(b.values[v])
    if name == "concat" and not shape:
        return as_sampled(b, name)
    axis = b.choose(range(-len(shape), len(shape)) if name == "concat" else range(len(shape) + 1))
    others = [b.pick() for _ in range(b.choose([1, 2]))]
    operands = [b.operand(u, anything(), shape, True) for u in (v, *others)]
    more = {"sizes": (shape[axis],) * len(operands)} if name == "concat" else {}
    return b.add(call(name, operands, {"axis": axis, **more}))


def index_of(b: Builder, v: str, new_axes: bool) -> Any:
    """An index of slices and numbers, or of arrays of numbers."""
    shape = np.shape(b.values[v])
    basic = indices.basic_indices(shape, allow_newaxis=new_axes, max_dims=len(shape) + new_axes)
    if not shape or 0 in shape or not b.choose([False, True]):
        return b.draw(basic)
    return b.draw(indices.integer_array_indices(shape, result_shape=indices.array_shapes(max_dims=2, max_side=4)))


def getitem(b: Builder, name: str) -> None:
    v = b.pick()
    b.add(f"{v}[{literal(index_of(b, v, True))}]")


def write(b: Builder, name: str) -> None:
    """Write one value into another, as a function or as an assignment to an element."""
    v, u = b.pick(), b.pick()
    index = index_of(b, v, False)
    target = b.operand(v, anything(), None, True)
    is_complex = np.asarray(b.values[v]).dtype.kind == "c"
    value = b.operand(u, anything(), np.shape(np.asarray(b.values[v])[index]), is_complex)
    if np.ndim(b.values[v]) and v in b.traced and b.choose([False, True]):
        b.add(f"p.positive({target})", f"{{}}[{literal(index)}] {'=' if name == 'index_set' else '+='} {value}")
    else:
        b.add(call(name, [target, value], {"index": index} if name == "index_set" else {"indices": (index,)}))


RECIPES: dict[str, Callable[[Builder, str], None]] = {
    **{name: elementwise for name, primitive in PRIMITIVES.items() if isinstance(primitive, Unary)},
    **{name: of_two for name in BINARY if name not in ("where", "clip")},
    **dict.fromkeys(("sum", "mean", "prod", "max", "min", "logsumexp"), reduction),
    "reshape": reshape, "permute_dims": permute_dims, "broadcast_to": broadcast_to, "concat": join, "stack": join,
    "getitem": getitem, "index_set": write, "scatter": write}


SHAPES = ((3,), (2, 3), (), (1,), (3, 1), (2, 2), (3, 3), (1, 2, 2), (0,), (2, 0))


@st.composite
def programs(draw: Any, names: Sequence[str] = NAMES) -> Program:
    """Strategy of programs of one to eight steps, whose primitives come from `names`.

    Each keeps to a dozen primitives, two of them flat, others every time: that tries more of them together than a free
    choice at every step (swarm testing, Groce et al. 2012).
    """
    order = np.random.default_rng(draw(st.integers(0, 9999))).permutation(names).tolist()
    flat = [name for name in order if isinstance(PRIMITIVES[name], Flat)]
    dozen = [*[name for name in order if name not in flat][:10], *flat[:2]]
    inputs = []
    for shape in draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3)):
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        x = anything(*shape).sample(rng, draw(st.sampled_from([False, False, False, True])))
        inputs.append(np.asarray(np.round(x, 2)))
    b = Builder(draw, inputs)
    for _ in range(draw(st.integers(1, 8))):
        name = b.choose(dozen)
        RECIPES.get(name, as_sampled)(b, name)
    floating = [v for v, a in b.values.items() if np.asarray(a).dtype.kind in "fc"]
    results = [v for v in floating if v not in b.used] or floating[-1:]
    return Program(tuple(inputs), tuple(b.lines), tuple(results), draw(st.booleans()))
