"""Training: a model, its parameters, its states and an optimiser, taken one step further.

One step of training is the gradient of a loss and an update of the parameters against it. All that changes on the way
is kept in one immutable value, the TrainState; a step is a pure function from one TrainState to the next, and the old
one stays good: to compare, to go back to, or to branch off from. There is no loop in here, the loop is yours:

    tstate = TrainState(model, ps, st, Adam(0.001))
    for x, y in batches:
        grads, loss, stats, tstate = single_train_step(AutoTape(), MSELoss(), (x, y), tstate)
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import indent
from typing import Any

from . import optimisers
from . import tree as trees
from .backend import is_array
from .transforms.backends import AutoDual, AutoTape
from .transforms.reverse import value_and_grad

# objective(model, ps, st, data) -> (loss, new states, statistics)
Objective = Callable[[Any, Any, Any, Any], tuple[Any, Any, Any]]


class TrainState:
    """All that a training step needs and changes.

    Arguments: `model`, called as `model(x, ps, st)`; `parameters` and `states`, the trees that `setup(rng, model)`
    returns; `optimizer`, a rule such as `Descent(0.01)`; `optimizer_state` and `step`, to go on from where an earlier
    training ended: without them the optimiser starts afresh, at step 0.

    A TrainState can't be changed. It is a tree with these names: a device moves it as a whole.

    Errors: TypeError if `optimizer` is no rule.
    """

    __slots__ = ("model", "optimizer", "optimizer_state", "parameters", "states", "step")
    model: Any
    parameters: Any
    states: Any
    optimizer: optimisers.Rule
    optimizer_state: Any
    step: int

    def __init__(self, model: Any, parameters: Any, states: Any, optimizer: optimisers.Rule,
                 optimizer_state: Any = None, step: int = 0) -> None:
        if not isinstance(optimizer, optimisers.Rule):
            raise TypeError("TrainState: the optimizer must be a rule such as Descent(0.01), got "
                            f"{trees.describe(optimizer)}")
        if optimizer_state is None:
            optimizer_state = optimisers.setup(optimizer, parameters)
        put = object.__setattr__                    # past the guard below
        put(self, "model", model)
        put(self, "parameters", parameters)
        put(self, "states", states)
        put(self, "optimizer", optimizer)
        put(self, "optimizer_state", optimizer_state)
        put(self, "step", step)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a TrainState cannot be changed; make a new one instead of setting {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return TrainState, _values(self)

    def __replace__(self, **changes: Any) -> TrainState:
        return TrainState(**{**dict(zip(_FIELDS, _values(self), strict=True)), **changes})

    def __repr__(self) -> str:
        return (f"TrainState(\n{indent(repr(self.model), '    ')}\n"
                f"    number of parameters: {_numbers(self.parameters)}\n"
                f"    number of states: {_numbers(self.states)}\n"
                f"    optimizer: {self.optimizer!r}\n"
                f"    step: {self.step}\n)")


_FIELDS = ("model", "parameters", "states", "optimizer", "optimizer_state", "step")


def _values(tstate: TrainState) -> tuple[Any, ...]:
    return tuple([getattr(tstate, name) for name in _FIELDS])


def _rebuild(names: Sequence[trees.Key], values: Sequence[Any]) -> TrainState:
    """Return a TrainState without the checks of the constructor, since a tree may hold anything at its leaves."""
    tstate = object.__new__(TrainState)
    for name, value in zip(_FIELDS, values, strict=True):
        object.__setattr__(tstate, name, value)
    return tstate


trees.register(TrainState, lambda tstate: _FIELDS, _values, _rebuild)


def _numbers(tree: Any) -> int:
    """Count the numbers of a tree: the elements of its arrays, and one for any other leaf."""
    return sum(leaf.size if is_array(leaf) else 1 for leaf in trees.leaves(tree))


def compute_gradients(ad: AutoTape | AutoDual, objective: Objective, data: Any,
                      tstate: TrainState) -> tuple[Any, Any, Any, TrainState]:
    """Compute the gradient of an objective with respect to the parameters.

    Arguments: `ad`, the mode: `AutoTape()`, reverse mode, or `AutoDual()`, forward mode, which takes one pass for each
    parameter and suits models with a handful of them; `objective`, called as `objective(model, ps, st, data)`, which
    returns the triple (loss, new states, statistics), as every loss of arraylux does; `data`, whatever the objective
    wants, for the losses a pair (x, y); `tstate`, the TrainState.

    Returns: `(grads, loss, stats, tstate)`: the gradients, a tree like the parameters; the loss; the objective's
    statistics; and a TrainState with the new states, the parameters being the old ones.

    Errors: TypeError for another mode, or if the objective returns no triple; ValueError if its loss is no scalar, or
    if the names in its states are not those of the old ones.
    """
    grads, loss, stats, states = _gradients(ad, objective, data, tstate)
    return grads, loss, stats, TrainState(tstate.model, tstate.parameters, states, tstate.optimizer,
                                          tstate.optimizer_state, tstate.step)


def _gradients(ad: Any, objective: Objective, data: Any, tstate: TrainState) -> tuple[Any, Any, Any, Any]:
    """Return the gradients, the loss, the statistics and the new states."""
    model, ps, st = tstate.model, tstate.parameters, tstate.states
    if isinstance(ad, AutoTape):
        (loss, (states, stats)), grads = _loss_and_gradient(ps, objective, model, st, data)
    elif isinstance(ad, AutoDual):
        loss, (states, stats) = evaluate_objective(ps, objective, model, st, data)
        from .transforms.jacobians import jacobian

        grads = jacobian(lambda ps: evaluate_objective(ps, objective, model, st, data)[0], mode="fwd")(ps)
    else:
        raise TypeError(f"the mode of differentiation must be AutoTape() or AutoDual(), got {ad!r}")
    _check_states(st, states, "states")
    return grads, loss, stats, states


def evaluate_objective(ps: Any, objective: Objective, model: Any, st: Any, data: Any) -> tuple[Any, tuple[Any, Any]]:
    """Return the loss of an objective, and a pair of the new states and the statistics."""
    result = objective(model, ps, st, data)
    if not isinstance(result, tuple) or len(result) != 3:
        raise TypeError("the objective must return the triple (loss, new states, statistics), got "
                        f"{trees.describe(result)}; return loss, st, {{}} if there are no statistics")
    loss, states, stats = result
    if getattr(loss, "shape", ()) != ():
        raise ValueError(f"the objective must return a scalar as its loss, got a {trees.describe(loss)}; take its mean "
                         "or sum (a loss with agg=None does not)")
    return loss, (states, stats)


_loss_and_gradient = value_and_grad(evaluate_objective, has_aux=True)


def _check_states(old: Any, new: Any, path: str) -> None:
    """Raise unless two trees of states have the same names."""
    if not isinstance(old, dict) and not isinstance(new, dict):
        return
    if not isinstance(old, dict) or not isinstance(new, dict) or old.keys() != new.keys():
        old, new = (f"the names {list(st)}" if isinstance(st, dict) else trees.describe(st) for st in (old, new))
        raise ValueError(f"the objective must return states with the names of the old ones: at {path} expected {old}, "
                         f"got {new}; return the states that the model returned")
    for key, child in old.items():
        _check_states(child, new[key], f"{path}.{key}")


def apply_gradients(tstate: TrainState, grads: Any) -> TrainState:
    """Return the TrainState after one step of its optimiser.

    Arguments: `tstate`, the TrainState; `grads`, the gradients, a tree like the parameters.

    Errors: ValueError if the gradients don't have the form of the parameters.
    """
    optimizer_state, ps = optimisers.update(tstate.optimizer_state, tstate.parameters, grads)
    return TrainState(tstate.model, ps, tstate.states, tstate.optimizer, optimizer_state, tstate.step + 1)


def single_train_step(ad: AutoTape | AutoDual, objective: Objective, data: Any, tstate: TrainState, *,
                      return_gradients: bool = True) -> tuple[Any, Any, Any, TrainState]:
    """Make one step of training: compute the gradients and apply them.

    Arguments: as for `compute_gradients`; `return_gradients`, whether the gradients are wanted afterwards. Without
    them their memory is free for the next step.

    Returns: `(grads, loss, stats, tstate)`: the gradients (or None) and the loss that the step began with, the
    objective's statistics, and the TrainState after the step. The one that was given is not changed.

    Errors: as for `compute_gradients`.

    >>> import numpy as np
    >>> from arraylux.losses import MSELoss
    >>> from arraylux.optimisers import Descent
    >>> line = lambda x, ps, st: (ps["slope"] * x, st)
    >>> tstate = TrainState(line, {"slope": np.zeros(1)}, {}, Descent(0.25))
    >>> data = np.array([1.0, -1.0]), np.array([3.0, -3.0])
    >>> grads, loss, stats, tstate = single_train_step(AutoTape(), MSELoss(), data, tstate)
    >>> float(loss), grads, tstate.parameters, tstate.step
    (9.0, {'slope': array([-6.])}, {'slope': array([1.5])}, 1)
    """
    grads, loss, stats, states = _gradients(ad, objective, data, tstate)
    optimizer_state, ps = optimisers.update(tstate.optimizer_state, tstate.parameters, grads)
    tstate = TrainState(tstate.model, ps, states, tstate.optimizer, optimizer_state, tstate.step + 1)
    return grads if return_gradients else None, loss, stats, tstate


def adjust(tstate: TrainState, eta: Any = None, **changes: Any) -> TrainState:
    """Return a TrainState whose optimiser has other hyper-parameters; what it remembers is kept.

    Arguments: `tstate`, the TrainState; `eta`, the new learning rate; `changes`, any hyper-parameters by name.

    Errors: TypeError for a name that the optimiser does not have; TypeError, ValueError for a value out of range.

    >>> import numpy as np
    >>> from arraylux.optimisers import Momentum
    >>> tstate = TrainState(None, {"slope": np.zeros(1)}, {}, Momentum(0.1))
    >>> adjust(tstate, 0.01, rho=0.5).optimizer
    Momentum(eta=0.01, rho=0.5)
    """
    adjusted: TrainState = optimisers.adjust(tstate, eta, **changes)
    return adjusted
