"""The state of an optimiser: a tree like that of the parameters, with one Leaf for each array.

A Leaf holds the rule for its array, what the rule remembers, and whether the array is frozen. It stands where the
array stands, so the state of a layer is found under the layer's name, and a part of the parameters can have a rule
or a learning rate of its own. An array that stands at several places of the tree has one Leaf, the same object at
all of them: that is how its gradients find each other.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import tree as trees
from ..backend import kind
from ..component import stored_vector
from ..record import nearest
from .rule import Rule


class Leaf(NamedTuple):
    """What the optimiser knows of one array: its rule, the rule's state, and whether it is frozen."""

    rule: Rule
    state: Any
    frozen: bool = False


def setup(rule: Rule, ps: Any) -> Any:
    """Return the state of an optimiser before its first step.

    Arguments: `rule`, the rule for all arrays; `ps`, the parameters, a tree.

    Returns: a tree with the keys of `ps`, made of dicts, lists and tuples. Every array of real or complex floating
    numbers has a `Leaf`, anything else None. An array object at several places has one Leaf. A ComponentArray of
    NumPy numbers has one Leaf in all, for its vector, so that a step is one operation however many layers it has.

    Errors: TypeError if `rule` is no rule. UserWarning if there is nothing to train.

    >>> import numpy as np
    >>> from arraylux.optimisers import Descent
    >>> setup(Descent(0.5), {"weight": np.ones(2), "steps": np.asarray([3])})
    {'weight': Leaf(rule=Descent(eta=0.5), state=None, frozen=False), 'steps': None}
    """
    if not isinstance(rule, Rule):
        raise TypeError(f"setup: expected a rule such as Descent(0.1) and then the parameters, got "
                        f"{trees.describe(rule)} as the rule")
    leaves: dict[int, tuple[Leaf, Any]] = {}
    state = _setup(rule, ps, leaves)
    if not leaves:
        warnings.warn("setup: found no array of floating-point numbers in the parameters, so there is nothing to "
                      "train; convert them, as in x.astype('float32')", stacklevel=2)
    return state


def _setup(rule: Rule, ps: Any, leaves: dict[int, tuple[Leaf, Any]]) -> Any:
    vector = stored_vector(ps)
    x = ps if vector is None else vector
    node = trees.node_of(x)
    if node is None:
        if not (hasattr(x, "shape") and hasattr(x, "dtype") and kind(x.dtype) in "fc"):
            return None
        if id(ps) not in leaves:        # the array is kept too, so that its id can't pass to another one meanwhile
            leaves[id(ps)] = Leaf(rule, rule.init(x)), ps
        return leaves[id(ps)][0]
    return container(ps, node.keys(ps), [_setup(rule, child, leaves) for child in node.children(ps)])


def container(like: Any, keys: tuple[trees.Key, ...], children: list[Any]) -> Any:
    """Return children in a list or tuple if `like` is one, otherwise in a dict, which can hold anything."""
    if type(like) in (list, tuple):
        return type(like)(children)
    return dict(zip(keys, children, strict=True))


def adjust(target: Any, eta: Any = None, **changes: Any) -> Any:
    """Return a rule, an optimiser's state or a TrainState with other hyper-parameters; what rules remember is kept.

    Arguments: `target`, a rule, a state, a part of a state, or a TrainState; `eta`, the new learning rate; `changes`,
    any hyper-parameters by name. Among several rules, in a chain or a tree, each takes the ones it has.

    Errors: TypeError for a name that none of the rules has; TypeError, ValueError for a value out of range.

    >>> from arraylux.optimisers import Descent, OptimiserChain, WeightDecay
    >>> adjust(OptimiserChain(WeightDecay(0.5), Descent(0.1)), 0.01)
    OptimiserChain(WeightDecay(lambda_=0.5), Descent(eta=0.01))
    """
    if eta is not None:
        changes["eta"] = eta
    if hasattr(target, "optimizer_state"):
        return target.__replace__(optimizer=adjust(target.optimizer, **changes),
                                  optimizer_state=adjust(target.optimizer_state, **changes))
    rules: list[Rule] = [target] if isinstance(target, Rule) else []
    if not rules:
        _map_leaves(lambda leaf: rules.append(leaf.rule), target, "adjust")
    known = dict.fromkeys(name for rule in rules for name in rule.names())
    for name in changes:
        if rules and name not in known:
            owners = dict.fromkeys(type(rule).__name__ for rule in rules)
            raise TypeError(f"adjust: {', '.join(owners)} has no hyper-parameter {name!r}{nearest(name, known)}")
    if isinstance(target, Rule):
        return target.adjusted(changes)
    new = {id(rule): rule.adjusted(changes) for rule in rules}      # most often one, for all leaves
    return _map_leaves(lambda leaf: leaf._replace(rule=new[id(leaf.rule)]), target, "adjust")


def freeze(state: Any, path: str | None = None) -> Any:
    """Return an optimiser's state in which some arrays are held still: updates leave them and their memory alone.

    Arguments: `state`, a state, a part of one, or a TrainState, all of which is frozen; or with `path`, only what
    stands there, such as `"layer_1"` or `"layer_1.weight"`. An array that is shared is frozen at all its places when
    the whole state is given.

    Errors: KeyError for a path that is not there; ValueError for a part of a ComponentArray; TypeError for anything
    but a state.

    >>> import numpy as np
    >>> from arraylux.optimisers import Descent, setup
    >>> state = setup(Descent(0.5), {"weight": np.ones(2), "bias": np.ones(1)})
    >>> freeze(state, "bias")["bias"]
    Leaf(rule=Descent(eta=0.5), state=None, frozen=True)
    """
    return _set_frozen(state, path, True)


def thaw(state: Any, path: str | None = None) -> Any:
    """Return an optimiser's state in which arrays that were frozen are trained again; see `freeze`."""
    return _set_frozen(state, path, False)


def _set_frozen(state: Any, path: str | None, frozen: bool) -> Any:
    if hasattr(state, "optimizer_state"):
        return state.__replace__(optimizer_state=_set_frozen(state.optimizer_state, path, frozen))
    name = "freeze" if frozen else "thaw"
    chosen: set[int] = set()
    _map_leaves(lambda leaf: chosen.add(id(leaf)), state if path is None else _find(state, path, name), name)
    return _map_leaves(lambda leaf: leaf._replace(frozen=frozen) if id(leaf) in chosen else leaf, state, name)


def _find(state: Any, path: str, name: str) -> Any:
    here = state
    for word in path.split("."):
        if type(here) is Leaf:
            raise ValueError(f"{name}: {path!r} is inside of what has one Leaf; the components of a ComponentArray are "
                             "trained as one vector, so give its to_dict() to setup to treat them one by one")
        node = trees.node_of(here)
        children = {} if node is None else dict(zip(map(str, node.keys(here)), node.children(here), strict=True))
        if word not in children:
            raise KeyError(f"{name}: there is no {word!r} of {path!r} in the state; at this place it has "
                           f"{', '.join(children) or 'nothing'}")
        here = children[word]
    return here


def _map_leaves(f: Callable[[Leaf], Any], state: Any, name: str) -> Any:
    """Return the state with `f` of its leaves; one that stands at several places stays one object."""
    done: dict[int, Any] = {}

    def visit(here: Any) -> Any:
        if type(here) is Leaf:
            if id(here) not in done:
                done[id(here)] = f(here)
            return done[id(here)]
        node = trees.node_of(here)
        if node is None and here is not None:
            raise TypeError(f"{name}: expected the state of an optimiser, as setup(rule, ps) makes it, "
                            f"got {trees.describe(here)}")
        return None if node is None else container(here, node.keys(here), [visit(c) for c in node.children(here)])
    return visit(state)
