"""A layer as a function: its parts are keyword arguments, its body is Python.

A class for a layer that is used once says everything twice: what it consists of, in the constructor, and again where
the parts are called. `compact` turns a function with keyword arguments into a layer. What they are given as decides
what they are: layers are called with x alone, the states being handed on behind the scenes; arrays are parameters;
anything else is a state. The function itself stays pure, and so is the layer that is made of it.
"""
from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import tree
from ..backend import is_array, kind
from ..julia_repr import julia_summary
from ..recursive import recursive_copy
from . import contract
from .checks import wrong_keys
from .contract import AbstractLuxContainerLayer, AbstractLuxLayer, contains_lux_layer
from .display import function_name
from .errors import LayerError


class init_fn:
    """A parameter or state of a compact layer that is drawn when the layer is set up.

    Arguments: `init`, called as `init(rng)`; `what`, "parameter" or "state".

    Errors: ValueError for another word; TypeError if `init` can't be called.

    >>> init_fn(lambda rng: rng.random(3), "parameter").what
    'parameter'
    """

    def __init__(self, init: Callable[[Any], Any], what: str = "parameter") -> None:
        if what not in ("parameter", "state"):
            raise ValueError(f'init_fn: what must be "parameter" or "state", got {what!r}')
        if not callable(init):
            raise TypeError(f"init_fn: expected a function of a generator, got {tree.describe(init)}; an array can be "
                            "given as it is")
        self.init, self.what = init, what

    def __repr__(self) -> str:
        return f"init_fn({function_name(self.init)}, {self.what})"


class non_trainable(init_fn):
    """An array of a compact layer that is a state and not a parameter.

    >>> import numpy as np
    >>> non_trainable(np.zeros(3)).what
    'state'
    """

    def __init__(self, value: Any) -> None:
        super().__init__(lambda rng: recursive_copy(value), "state")
        self.value = value

    def __repr__(self) -> str:
        return f"non_trainable({_text(self.value)})"


class with_state(NamedTuple):
    """What a compact layer's function returns if it changes states: the result, and the new states by name.

    `return with_state(y, {"count": count + 1})`
    """

    y: Any
    states: dict[str, Any]


def compact(*, name: str | None = None, **parts: Any) -> Callable[[Callable[..., Any]], CompactLuxLayer]:
    """Make a layer of a function: `@compact(dense=Dense(3, 4), scale=np.ones(4, np.float32))`.

    Arguments: `name`, what is printed in place of the source. `parts`, by name, what the function's keyword arguments
    are:
        a layer, or a dict, list or tuple of layers: to the function, functions of x that know their parameters and
            hand on their states;
        an array of floating-point numbers, or a dict, list or tuple of them: a parameter, which starts as a copy;
        `init_fn(f, "parameter")`: a parameter that starts as f(rng); `init_fn(f, "state")`: a state that does;
        anything else, such as a number or a function, and `non_trainable(array)`: a state.

    Returns: a decorator. The function is called as `f(x, **parts)`, or as `f(x, ps, **parts)` if it has two
    positional arguments; it returns the result, or `with_state(y, {"name": new})` to change states.

    Errors: TypeError if the function's keyword arguments are not the parts, or if a part mixes layers with others; when
    the layer is called, KeyError for a state in `with_state` that is none.

    >>> import numpy as np
    >>> from arraylux.layers import Dense, setup
    >>> @compact(dense=Dense(3, 4), scale=np.ones(4, np.float32), calls=0)
    ... def model(x, *, dense, scale, calls):
    ...     return with_state(dense(x) * scale, {"calls": calls + 1})
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> y, st = model(np.ones((2, 3), np.float32), ps, st)
    >>> y.shape, st
    ((2, 4), {'dense': {}, 'calls': 1})
    """
    def decorate(f: Callable[..., Any]) -> CompactLuxLayer:
        return CompactLuxLayer(f, parts, name)
    return decorate


class CompactLuxLayer(AbstractLuxContainerLayer):
    """The layer that `compact` makes of a function.

    Parameters, States: dicts with the names of the parts. Two such layers are equal if they are the same object.
    """

    f: Any
    parts: Any
    name: str

    def __init__(self, f: Callable[..., Any], parts: dict[str, Any], name: str | None = None) -> None:
        if not inspect.isfunction(f):
            raise TypeError(f"compact: expected a function to decorate, got {tree.describe(f)}; the parts come by "
                            "name, as in compact(dense=Dense(3, 4))")
        positional = _check_signature(f, parts)
        roles = {key: _role(key, part) for key, part in parts.items()}
        vars(self).update(
            f=f, parts=parts, name=name or f.__name__, named=name is not None, roles=roles, takes_ps=positional == 2,
            sublayers=tuple([key for key, role in roles.items() if role == "layers"]),
            __module__=f.__module__, __qualname__=f.__qualname__)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> str:
        # A function is pickled by its name, under which the layer stands now; copies of it are the layer itself.
        return str(vars(self)["__qualname__"])

    def inner_layers(self) -> Any:
        return {name: self.parts[name] for name in self.sublayers}

    def with_inner_layers(self, layers: Any) -> Any:
        return CompactLuxLayer(self.f, {**self.parts, **layers}, self.name if self._get("named") else None)

    def _get(self, name: str) -> Any:
        """Return what was found out about the function and its parts when the layer was made."""
        return vars(self)[name]

    def _named(self, *roles: str) -> list[str]:
        """Return the names of the parts that have one of these roles."""
        return [name for name, role in self._get("roles").items() if role in roles]

    # --- parameters and states --------------------------------------------------------------------------------------
    def initialparameters(self, rng: Any) -> Any:
        return self._initial(rng, "parameter", contract.initialparameters)

    def initialstates(self, rng: Any) -> Any:
        return self._initial(rng, "state", contract.initialstates)

    def _initial(self, rng: Any, role: str, of_layers: Callable[..., Any]) -> dict[str, Any]:
        found = {}
        for name in self._named("layers", role):
            part = self.parts[name]
            found[name] = (of_layers(rng, part) if name in self.sublayers
                           else part.init(rng) if isinstance(part, init_fn) else recursive_copy(part))
        return found

    def parameterlength(self) -> int:
        return AbstractLuxLayer.parameterlength(self)

    def statelength(self) -> int:
        return AbstractLuxLayer.statelength(self)

    # --- calling ------------------------------------------------------------------------------------------------------
    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        misfit = (wrong_keys(self, "ps", ps, self._named("layers", "parameter"))
                  or wrong_keys(self, "st", st, self._named("layers", "state")))
        if misfit is not None:
            raise misfit
        bound = {name: tree.map_with_path(lambda path, *layer: _Bound(self.name, path, *layer), self.parts[name],
                                          ps[name], st[name], path=name) for name in self.sublayers}
        given = {**{name: ps[name] for name in self._named("parameter")},
                 **{name: st[name] for name in self._named("state")}, **bound}
        y = self.f(x, ps, **given) if self._get("takes_ps") else self.f(x, **given)
        y, changed = y if type(y) is with_state else (y, {})
        unknown = [name for name in changed if name not in self._named("state")]
        if unknown:
            raise KeyError(f"{self.name}: with_state changes {unknown[0]!r}, which is no state; the states are "
                           f"{', '.join(self._named('state')) or 'none'}")
        after = {name: tree.map(lambda layer: layer.st, layers) for name, layers in bound.items()}
        return y, {name: {**after, **changed}.get(name, st[name]) for name in self._named("layers", "state")}

    # --- in print -----------------------------------------------------------------------------------------------------
    def description(self) -> str:
        return self.name

    def printed_title(self) -> str:
        """Return what stands before the parts."""
        return "@compact"

    def printed_children(self) -> dict[str, Any]:
        if self._get("named"):
            return {}
        return {name: part if name in self.sublayers else _text(part) for name, part in self.parts.items()}

    def printed_source(self) -> list[str]:
        """Return the lines of the function, from its `def` on; none if its source is not known."""
        try:
            source = textwrap.dedent(inspect.getsource(self.f))
            found = ast.parse(source).body[0]
        except (OSError, SyntaxError):
            return []
        return source.splitlines()[found.lineno - 1:] if isinstance(found, ast.FunctionDef) else []


class _Bound:
    """A layer of a compact layer as its function sees it: called with x, it remembers its state."""

    __slots__ = ("layer", "owner", "path", "ps", "st")

    def __init__(self, owner: str, path: str, layer: Any, ps: Any, st: Any) -> None:
        self.owner, self.path, self.layer, self.ps, self.st = owner, path, layer, ps, st

    def __call__(self, x: Any, ps: Any = None) -> Any:
        try:
            y, self.st = self.layer(x, self.ps if ps is None else ps, self.st)
        except LayerError as error:
            error.within(self.owner, self.path)
            raise
        return y


def _check_signature(f: Callable[..., Any], parts: dict[str, Any]) -> int:
    """Return how many positional arguments a function has.

    Errors: TypeError unless they are one or two, and its keyword arguments the parts.
    """
    arguments = inspect.signature(f).parameters.values()
    positional = [p.name for p in arguments if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = [p.name for p in arguments if p.kind is p.KEYWORD_ONLY]
    if len(positional) not in (1, 2) or set(keywords) != parts.keys() or len(arguments) > len(positional + keywords):
        raise TypeError(f"compact: the function is {f.__name__}{inspect.signature(f)}, expected x, or x and ps, and "
                        f"the parts as keyword arguments: def {f.__name__}(x, *, {', '.join(parts)})")
    return len(positional)


def _role(name: str, part: Any) -> str:
    """Return what a part is: "layers", "parameter" or "state".

    Errors: TypeError for layers among other things.
    """
    leaves = tree.leaves(part)
    if contains_lux_layer(part):
        for leaf in leaves:
            if not isinstance(leaf, AbstractLuxLayer):
                raise TypeError(f"compact: {name} holds layers and {tree.describe(leaf)}, expected layers alone; wrap "
                                "a function with WrappedFunction, and give other things a name of their own")
        return "layers"
    if isinstance(part, init_fn):
        return part.what
    trainable = [is_array(x) and not isinstance(x, np.generic) and kind(x.dtype) in "fc" for x in leaves]
    return "parameter" if trainable and all(trainable) else "state"


def _text(x: Any) -> Any:
    """Return what is printed for a part that is no layer: an array by its form, as Julia does."""
    if tree.is_leaf(x) and is_array(x) and not isinstance(x, np.generic):
        return julia_summary(x)
    if not tree.is_leaf(x):
        return tree.map(_text, x) or str(x)
    return str(x).lower() if isinstance(x, bool) else function_name(x) if callable(x) else repr(x)


__all__ = ["CompactLuxLayer", "compact", "init_fn", "non_trainable", "with_state"]
