"""One step of an optimiser.

The state, the parameters and the gradients are three trees with the same keys. They are walked together twice: first
to check every gradient and to add up the gradients of shared arrays, then, when each array has made its step, to put
the new arrays in place. Errors so come before anything has changed, and nothing that was handed in is ever written to.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import tree as trees
from ..component import ComponentArray
from .state import Leaf

# The way to a place in the tree: the way to the node above, and a key. It is made into text only for a message.
Place = tuple[Any, trees.Key] | None


def update(state: Any, ps: Any, grads: Any) -> tuple[Any, Any]:
    """Return the optimiser's state and the parameters after one step.

    Arguments: `state`, from `setup` or an earlier step; `ps`, the parameters; `grads`, their gradients, a tree with
    the same keys, shapes and dtypes. A gradient of None, for an array or a whole part of the tree, skips it:
    parameters and state stay as they are, as they do for arrays that are frozen or have no Leaf. The gradients of an
    array that stands at several places are added; all of them receive the same new array.

    Returns: `(state, ps)`, new trees; the arguments are not changed.

    Errors: ValueError naming the place where the trees differ, or where a gradient has another shape or dtype than
    its parameter, or where the rule can't go on.

    >>> import numpy as np
    >>> from arraylux.optimisers import Descent, setup
    >>> ps = {"x": np.asarray([1.0, 2.0])}
    >>> update(setup(Descent(0.5), ps), ps, {"x": np.asarray([2.0, -2.0])})[1]
    {'x': array([0., 3.])}
    """
    tasks: dict[int, Task] = {}
    try:
        _gather(state, ps, grads, tasks, None)
        steps = {mark: task.step() for mark, task in tasks.items()}
    except ValueError as error:
        raise ValueError(f"update: {error}") from error
    return _replace(state, ps, steps)


class Task:
    """The step of one array: its Leaf, the array, its gradient so far, the parameter it is stored in, its place."""

    __slots__ = ("dx", "leaf", "parameter", "place", "x")

    def __init__(self, leaf: Leaf, x: Any, dx: Any, parameter: Any, place: Place):
        self.leaf, self.x, self.dx, self.parameter, self.place = leaf, x, dx, parameter, place

    def step(self) -> tuple[Leaf, Any]:
        """Return the new Leaf and the new parameter."""
        rule, old, frozen = self.leaf
        try:
            state, new = rule.update(old, self.x, self.dx)
        except ValueError as error:
            raise ValueError(f"at {_path(self.place)}: {error}") from error
        if new.shape != self.x.shape or new.dtype != self.x.dtype:
            raise ValueError(f"the state at {_path(self.place)} does not belong to this parameter, "
                             f"{trees.describe(self.x)}: the step would make it {trees.describe(new)}; make the state "
                             "with setup(rule, ps) for these parameters")
        if isinstance(new, np.generic):         # what NumPy makes of the difference of two 0-d arrays
            new = np.asarray(new)
        if isinstance(self.parameter, ComponentArray):
            new = ComponentArray(new, self.parameter.axes)
        return self.leaf if state is old else Leaf(rule, state, frozen), new


def _gather(state: Any, ps: Any, grads: Any, tasks: dict[int, Task], place: Place) -> None:
    """Walk the three trees together, and write down what is to be done for each Leaf that has a gradient."""
    if state is None:
        return
    if type(state) is Leaf:
        if grads is not None and not state.frozen:
            x, dx = _pair(ps, grads, place)
            task = tasks.get(id(state))
            if task is None:
                tasks[id(state)] = Task(state, x, dx, ps, place)
            else:
                task.dx = task.dx + dx
        return
    states, parameters = _children(state), _children(ps)
    gradients = parameters if grads is None else _children(grads)
    if (states is None or parameters is None or gradients is None
            or not states.keys() == parameters.keys() == gradients.keys()):
        raise ValueError(f"the trees differ at {_path(place)}: the state has {_contents(state)}, the parameters "
                         f"{_contents(ps)}, the gradients {_contents(grads)}")
    for key, child in states.items():
        _gather(child, parameters[key], None if grads is None else gradients[key], tasks, (place, key))


def _pair(ps: Any, grads: Any, place: Place) -> tuple[Any, Any]:
    """Return a parameter and its gradient as arrays; those of a ComponentArray are its vector's."""
    if isinstance(ps, ComponentArray):
        if not isinstance(grads, ComponentArray) or grads.axes != ps.axes:
            grads = trees.map_with_path(_check, ps, grads, path=_path(place))
        ps, grads = ps.flat, grads.flat
    if not hasattr(ps, "shape"):
        raise ValueError(f"the trees differ at {_path(place)}: the state has a Leaf, the parameters {_contents(ps)}")
    if getattr(grads, "shape", None) != ps.shape or grads.dtype != ps.dtype:
        _check(_path(place), ps, grads)
    return ps, grads


def _check(path: str, x: Any, dx: Any) -> Any:
    if getattr(dx, "shape", None) != x.shape or dx.dtype != x.dtype:
        raise ValueError(f"the gradient of {path} is {trees.describe(dx)}, expected {trees.describe(x)}; a gradient "
                         "has the shape and dtype of its parameter")
    return dx


def _replace(state: Any, ps: Any, steps: dict[int, tuple[Leaf, Any]]) -> tuple[Any, Any]:
    """Return both trees with what has made a step in the place of what it was made from."""
    if state is None:
        return None, ps
    if type(state) is Leaf:
        return steps.get(id(state), (state, ps))
    states, parameters = _children(state) or {}, _children(ps) or {}
    new_states, new_parameters = {}, {}
    for key, child in parameters.items():
        new_states[key], new_parameters[key] = _replace(states[key], child, steps)
    return _rebuilt(state, new_states), _rebuilt(ps, new_parameters)


def _rebuilt(tree: Any, children: dict[trees.Key, Any]) -> Any:
    node = None if type(tree) is dict else trees.node_of(tree)
    return children if node is None else node.build(tuple(children), list(children.values()))


def _children(tree: Any) -> dict[trees.Key, Any] | None:
    if type(tree) is dict:
        return tree
    node = None if type(tree) is Leaf else trees.node_of(tree)
    return None if node is None else dict(zip(node.keys(tree), node.children(tree), strict=True))


def _contents(tree: Any) -> str:
    children = _children(tree)
    return trees.describe(tree) if children is None else f"keys {list(children)}"


def _path(place: Place) -> str:
    return "params" if place is None else f"{_path(place[0])}.{place[1]}"
