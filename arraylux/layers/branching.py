"""Layers side by side: models that part and meet again.

A path may be skipped (`SkipConnection`), several paths may start from one input (`BranchLayer`, `Maxout`), each path
may have an input of its own (`Parallel`), or inputs may join one after the other (`PairwiseFusion`). What joins the
results is a function, or for most of them a layer with parameters of its own. All of them hand each layer the
parameters and states that have its name.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

from ..rules.pairs import maximum
from .checks import wrong_keys
from .containers import as_layer
from .contract import AbstractLuxContainerLayer, AbstractLuxLayer
from .display import display_name
from .errors import LayerError, LayerTypeError, LayerValueError


def named_layers(owner: str, layers: tuple[Any, ...], named: dict[str, Any]) -> dict[str, AbstractLuxLayer]:
    """Return the layers of a container by name: `layer_1`, `layer_2`, ... unless they have names of their own.

    Errors: TypeError if some layers have names and others not, if there are none, or for what is no layer.
    """
    if len(layers) == 1 and isinstance(layers[0], dict):
        named, layers = {**layers[0], **named}, ()
    if layers and named:
        raise TypeError(f"{owner}: layers came by position and by keyword; give all of them a name, or none")
    if not layers and not named:
        raise TypeError(f"{owner} needs at least one layer")
    found = named or {f"layer_{i}": layer for i, layer in enumerate(layers, 1)}
    return {name: as_layer(layer, f"{owner}: {name}") for name, layer in found.items()}


class Branches(AbstractLuxContainerLayer):
    """What the containers here have in common: layers by name, and perhaps a joint, a function or a layer.

    If the joint is a layer, parameters and states are dicts with two keys: `layers`, with the names of the layers, and
    the name of the joint. Otherwise they have the names of the layers alone.
    """

    layers: Any
    joint: Any
    name: str | None

    joint_name = ""                       # what the joint is called among the parameters, and in print
    joint_first = True                    # whether it is printed before the layers

    def _set(self, layers: Any, joint: Any, name: str | None) -> None:
        if joint is not None and not callable(joint):
            raise TypeError(f"{type(self).__name__}: {self.joint_name} must be a function or a layer, got {joint!r}")
        for field, value in (("layers", layers), ("joint", joint), ("name", name)):
            object.__setattr__(self, field, value)

    @property
    def _joined_by_layer(self) -> bool:
        return isinstance(self.joint, AbstractLuxLayer)

    def inner_layers(self) -> Any:
        return {"layers": self.layers, self.joint_name: self.joint} if self._joined_by_layer else self.layers

    def with_inner_layers(self, layers: Any) -> Any:
        inside, joint = ((layers["layers"], layers[self.joint_name]) if self._joined_by_layer
                         else (layers, self.joint))
        twin: Any = object.__new__(type(self))
        twin._set(inside, joint, self.name)
        return twin

    def _values(self) -> tuple[Any, ...]:
        # what equality and hash go by: the order of the layers matters to a container, that of a dict does not
        layers = tuple(self.layers.items()) if isinstance(self.layers, dict) else self.layers
        return layers, self.joint, self.name

    def printed_children(self) -> dict[str, Any]:
        layers = self.layers if isinstance(self.layers, dict) else {"layers": self.layers}
        joint = {} if self.joint is None else {self.joint_name: self.joint}
        return {**joint, **layers} if self.joint_first else {**layers, **joint}

    def _inner(self, tree: Any, what: str) -> Any:
        """Return the part of parameters or states that belongs to the layers."""
        if not self._joined_by_layer:
            return tree
        misfit = wrong_keys(self, what, tree, ("layers", self.joint_name))
        if misfit is not None:
            raise misfit
        return tree["layers"]

    def _call(self, name: str, layer: Any, x: Any, ps: Any, st: Any) -> Any:
        """Call one of the layers; an error on its way out learns its name."""
        try:
            return layer(x, ps, st)
        except LayerError as error:
            error.within(display_name(self), name)
            raise

    def _each(self, inputs: Iterator[Any], ps: Any, st: Any) -> tuple[list[Any], dict[str, Any]]:
        """Call every layer with its input; return all results and the new states."""
        for what, found in (("ps", ps), ("st", st)):
            misfit = wrong_keys(self, what, found, self.layers)
            if misfit is not None:
                raise misfit
        results, states = [], {}
        for (name, layer), x in zip(self.layers.items(), inputs, strict=True):
            y, states[name] = self._call(name, layer, x, ps[name], st[name])
            results.append(y)
        return results, states

    def _join(self, results: Sequence[Any], ps: Any, st: Any, states: Any) -> tuple[Any, Any]:
        """Return the results joined, and the new states of everything."""
        if self._joined_by_layer:
            y, joint_state = self._call(self.joint_name, self.joint, tuple(results), ps[self.joint_name],
                                        st[self.joint_name])
            return y, {"layers": states, self.joint_name: joint_state}
        if self.joint is None:
            return tuple(results), states
        return self.joint(*results), states


class SkipConnection(Branches):
    """A layer and a way around it: connection(layers(x), x).

    Arguments: `layers`, a layer; `connection`, a function of two arrays, such as `numpy.add`, or a layer, which is
    called with the pair; `name`, what is printed in place of `SkipConnection`.

    Parameters, States: those of `layers`; if the connection is a layer, `layers` and `connection`.

    >>> from arraylux.layers import Dense
    >>> import numpy as np
    >>> SkipConnection(Dense(2, 2), np.add)
    SkipConnection(
        connection = add,
        layers = Dense(2 => 2),                       # 6 parameters
    )         # Total: 6 parameters,
              #        plus 0 states.
    """

    joint_name = "connection"

    def __init__(self, layers: Any, connection: Callable[..., Any], *, name: str | None = None) -> None:
        self._set(as_layer(layers, "SkipConnection: layers"), connection, name)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        y, states = self._call("layers", self.layers, x, self._inner(ps, "ps"), self._inner(st, "st"))
        return self._join((y, x), ps, st, states)


class Parallel(Branches):
    """Layers side by side, each with an input of its own or all with the same.

    Arguments: `connection`, a function of all results, `Parallel(numpy.add, a, b)`, a layer, which is called with the
    tuple of them, or `None` for the tuple itself; `layers`, by position or by name; `name`.

    Parameters, States: dicts with the names of the layers; if the connection is a layer, `layers` and `connection`.

    Returns: connection(layer_1(x), layer_2(x), ...); for a tuple x, layer i gets x[i].

    Errors: ValueError for a tuple of another length than there are layers.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = Parallel(np.subtract, np.square, np.sqrt)
    >>> model(np.array([4.0, 9.0]), *setup(None, model))[0]
    array([14., 78.])
    >>> model((np.array([4.0]), np.array([9.0])), *setup(None, model))[0]
    array([13.])
    """

    joint_name = "connection"

    def __init__(self, connection: Callable[..., Any] | None, *layers: Any, name: str | None = None,
                 **named: Any) -> None:
        self._set(named_layers("Parallel", layers, named), connection, name)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        count = len(self.layers)
        if isinstance(x, tuple) and len(x) != count:
            raise LayerValueError(self, f"x is a tuple of {len(x)}, expected one array or a tuple of {count}, one for "
                                        "each layer; BranchLayer hands the whole tuple to every layer")
        inputs = x if isinstance(x, tuple) else (x,) * count
        results, states = self._each(iter(inputs), self._inner(ps, "ps"), self._inner(st, "st"))
        return self._join(results, ps, st, states)


class BranchLayer(Branches):
    """Layers that all get the same input, also if that is a tuple.

    Arguments: `layers`, by position or by name; `fusion`, a function of all results, a layer, which is called with the
    tuple of them, or `None` for the tuple itself; `name`.

    Parameters, States: dicts with the names of the layers; if the fusion is a layer, `layers` and `fusion`.

    Returns: fusion(layer_1(x), layer_2(x), ...).

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = BranchLayer(np.sin, np.cos, fusion=np.hypot)
    >>> model(np.array([0.3, 2.0]), *setup(None, model))[0]
    array([1., 1.])
    """

    joint_name = "fusion"
    joint_first = False

    def __init__(self, *layers: Any, fusion: Callable[..., Any] | None = None, name: str | None = None,
                 **named: Any) -> None:
        self._set(named_layers("BranchLayer", layers, named), fusion, name)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        inputs = iter((x,) * len(self.layers))
        results, states = self._each(inputs, self._inner(ps, "ps"), self._inner(st, "st"))
        return self._join(results, ps, st, states)


class PairwiseFusion(Branches):
    """Inputs that join one after the other: y = connection(layer_i(y), x_i).

    Arguments: `connection`, a function of two arrays, the layer's result first; `layers`, by position or by name;
    `name`.

    Parameters, States: dicts with the names of the layers.

    Returns: for a tuple x of one array more than there are layers, y starts as x[0] and layer i joins it with x[i];
    for a single array x, all of them join it with x.

    Errors: ValueError for a tuple of another length; TypeError if the connection is a layer.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = PairwiseFusion(np.add, np.square, np.sqrt)          # sqrt(1^2 + 15) + 6
    >>> model((np.array([1.0]), np.array([15.0]), np.array([6.0])), *setup(None, model))[0]
    array([10.])
    """

    joint_name = "connection"

    def __init__(self, connection: Callable[..., Any], *layers: Any, name: str | None = None, **named: Any) -> None:
        if connection is None or isinstance(connection, AbstractLuxLayer):
            raise TypeError("PairwiseFusion: connection must be a function of two arrays, such as numpy.add, got "
                            f"{'None' if connection is None else display_name(connection)}")
        self._set(named_layers("PairwiseFusion", layers, named), connection, name)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        count = len(self.layers)
        if isinstance(x, tuple) and len(x) != count + 1:
            raise LayerValueError(self, f"x is a tuple of {len(x)}, expected one array or a tuple of {count + 1}, the "
                                        "start and one for each layer")
        y, *others = x if isinstance(x, tuple) else (x,) * (count + 1)
        states = {}
        for what, found in (("ps", ps), ("st", st)):
            misfit = wrong_keys(self, what, found, self.layers)
            if misfit is not None:
                raise misfit
        for (name, layer), other in zip(self.layers.items(), others, strict=True):
            y, states[name] = self._call(name, layer, y, ps[name], st[name])
            y = self.joint(y, other)
        return y, states


class Maxout(Branches):
    """The largest of several layers' results, element by element.

    Arguments: `layers`, by position or by name; or a function without arguments that makes a layer, and how many of
    them there are to be, `Maxout(lambda: Dense(2, 3), 4)`, each with parameters of its own; `name`.

    Parameters, States: dicts with the names of the layers.

    Errors: TypeError if the layers' results differ in shape.

    Source: I. Goodfellow et al., "Maxout networks", ICML 2013, equation 2.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> model = Maxout(np.positive, np.negative)
    >>> model(np.array([-3.0, 2.0]), *setup(None, model))[0]
    array([3., 2.])
    """

    def __init__(self, *layers: Any, name: str | None = None, **named: Any) -> None:
        if len(layers) == 2 and isinstance(layers[1], int):
            make, count = layers
            if not callable(make) or isinstance(make, AbstractLuxLayer):
                raise TypeError(f"Maxout: before a number comes a function that makes a layer, as in Maxout(lambda: "
                                f"Dense(2, 3), 4), got {make!r}")
            if count < 1:
                raise ValueError(f"Maxout: the number of alternatives must be positive, got {count}")
            layers = (make(),) * count
        self._set(named_layers("Maxout", layers, named), None, name)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        results, states = self._each(iter((x,) * len(self.layers)), ps, st)
        shapes = [tuple(getattr(y, "shape", ())) for y in results]
        if len(set(shapes)) > 1:
            raise LayerTypeError(self, f"the layers' results have the shapes {', '.join(map(str, shapes))}, expected "
                                       "one shape; give all alternatives the same number of outputs")
        return reduce(maximum, results), states


__all__ = ["BranchLayer", "Branches", "Maxout", "PairwiseFusion", "Parallel", "SkipConnection"]
