"""Recurrence: layers that take a cell through time.

`Recurrence` takes it through a whole sequence, `StatefulRecurrentCell` one moment further with each call, its memory
being part of the state, and `BidirectionalRNN` takes one cell forwards and another backwards. Sequences are arrays
(batch, time, features), or (time, batch, features) if so ordered, and so are the results.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import tree
from ..record import Record
from ..rules.shaping import concat, expand_dims, moveaxis, squeeze, stack
from .branching import Parallel
from .cells import AbstractRecurrentCell
from .checks import wrong_keys
from .containers import Chain
from .contract import AbstractLuxWrapperLayer
from .display import display_name
from .errors import LayerError, LayerTypeError, LayerValueError
from .helpers import ReverseSequence

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


class BatchLastIndex(Record):
    """Sequences (batch, time, features). The name is Lux's, whose axes come in the opposite order."""


class TimeLastIndex(Record):
    """Sequences (time, batch, features). The name is Lux's, whose axes come in the opposite order."""


Ordering = BatchLastIndex | TimeLastIndex
BATCH_FIRST = BatchLastIndex()


def _checked(owner: str, cell: Any, ordering: Any = BATCH_FIRST) -> None:
    if not isinstance(cell, AbstractRecurrentCell):
        what = f"the class {cell.__name__}" if isinstance(cell, type) else f"a {type(cell).__name__}"
        raise TypeError(f"{owner}: the cell is {what}, expected an AbstractRecurrentCell, as in {owner}(LSTMCell(3, "
                        "5)); a layer without memory needs no recurrence")
    if not isinstance(ordering, Ordering):
        raise TypeError(f"{owner}: ordering must be BatchLastIndex() for (batch, time, features) or TimeLastIndex() "
                        f"for (time, batch, features), got {ordering!r}")


class Recurrence(AbstractLuxWrapperLayer):
    """Take a cell through a sequence.

    Arguments:
        cell: `RNNCell`, `LSTMCell`, `GRUCell`, or an `AbstractRecurrentCell` of your own.
        ordering: `BatchLastIndex()` for sequences (batch, time, ...), `TimeLastIndex()` for (time, batch, ...).
        return_sequence: whether to return the results of all moments, or that of the last alone.

    Parameters, States: those of the cell.

    Returns: for x (batch, time, in), an array (batch, time, out) with return_sequence, (batch, out) without. One
    sequence (time, in) gives (time, out) or (out,). A list or tuple of arrays, one for each moment, is stacked.

    Errors: TypeError if the cell is none; ValueError if there is no moment, or for arrays that the cell can't work
    with.

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> from arraylux.layers.recurrent import LSTMCell
    >>> model = Recurrence(LSTMCell(2, 8), return_sequence=True)
    >>> model
    Recurrence(
        cell = LSTMCell(2 => 8),                      # 384 parameters, plus 1 non-trainable
    )         # Total: 384 parameters,
              #        plus 1 states.
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> model(np.ones((3, 10, 2), np.float32), ps, st)[0].shape
    (3, 10, 8)
    """

    cell: Any
    _: KW_ONLY
    ordering: Ordering = BATCH_FIRST
    return_sequence: bool = False

    wrapped = "cell"

    def inner_layers(self) -> Any:
        return None                         # what is inside must stay a cell

    def __post_init__(self) -> None:
        _checked("Recurrence", self.cell, self.ordering)

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        x = sequence_of(self, x, self.ordering)
        alone = len(x.shape) == 2
        steps = x[:, None, :] if alone else self._swapped(x)
        try:
            ys, st = self.cell.sequence(steps, ps, st)
        except LayerError as error:
            error.within(display_name(self), "cell")
            raise
        if not self.return_sequence:
            y = ys[-1] if isinstance(ys, list) else ys[-1, ...]
            return (squeeze(y, 0) if alone else y), st
        y = stack(ys) if isinstance(ys, list) else ys
        return (squeeze(y, 1) if alone else self._swapped(y)), st

    def _swapped(self, x: Any) -> Any:
        """Exchange the axes of batch and time if the batch comes first."""
        return moveaxis(x, 0, 1) if isinstance(self.ordering, BatchLastIndex) else x

    def outputsize(self, x: Any, rng: Any) -> Any:
        x = sequence_of(self, x, self.ordering)
        steps = self._swapped(x)
        size = self.cell.outputsize(steps[0, ...], rng)[0]
        return (steps.shape[0], *size) if self.return_sequence else size


def sequence_of(layer: Any, x: Any, ordering: Ordering) -> Any:
    """Return x as one array; a list or tuple of moments is stacked.

    Errors: ValueError, or TypeError for no array, if that is no sequence with at least one moment.
    """
    if isinstance(x, (list, tuple)):
        shapes = {tuple(getattr(x_t, "shape", (None,))) for x_t in x}
        if len(shapes) != 1 or (None,) in shapes:
            found = ", ".join(sorted({tree.describe(x_t) for x_t in x})) or "nothing"
            raise LayerValueError(layer, "a list of moments must hold arrays of one shape, (batch, features), got "
                                         f"{found}; pad the shorter ones")
        batched = len(x[0].shape) > 1
        x = stack(x, axis=1 if batched and isinstance(ordering, BatchLastIndex) else 0)
    shape = getattr(x, "shape", None)
    if shape is None:
        raise LayerTypeError(layer, f"x is {tree.describe(x)}, expected an array, or a list of arrays, one for each "
                                    "moment")
    batch_first = isinstance(ordering, BatchLastIndex)
    if len(shape) < 2 or shape[1 if batch_first and len(shape) > 2 else 0] < 1:
        expected = "(batch, time, features)" if batch_first else "(time, batch, features)"
        raise LayerValueError(layer, f"x has the shape {tuple(shape)}, expected {expected} or (time, features) with at "
                                     "least one moment; a cell alone takes a single moment")
    return x


class StatefulRecurrentCell(AbstractLuxWrapperLayer):
    """A cell that goes on where the call before left off.

    Arguments: `cell`, as for `Recurrence`.

    Parameters: those of the cell. States: `cell`, the states of the cell; `carry`, what it remembers, at first `None`.
    `update_state(st, "carry", None)` starts a new sequence.

    Returns: the result of the cell for x (batch, in), the next moment of the sequence.

    Errors: as for `Recurrence`.

    >>> import numpy as np
    >>> from arraylux.layers import setup, update_state
    >>> from arraylux.layers.recurrent import RNNCell
    >>> model = StatefulRecurrentCell(RNNCell(2, 3))
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> x = np.ones((1, 2), np.float32)
    >>> y, st = model(x, ps, st)
    >>> bool((model(x, ps, st)[0] == y).all()), bool((model(x, ps, update_state(st, "carry", None))[0] == y).all())
    (False, True)
    """

    cell: Any

    wrapped = "cell"

    def inner_layers(self) -> Any:
        return None                         # its states are not those of the cell

    def __post_init__(self) -> None:
        _checked("StatefulRecurrentCell", self.cell)

    def initialstates(self, rng: Any) -> dict[str, Any]:
        return {"cell": super().initialstates(rng), "carry": None}

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        misfit = wrong_keys(self, "st", st, ("cell", "carry"))
        if misfit is not None:
            raise misfit
        try:
            (y, carry), inner = self.cell(x if st["carry"] is None else (x, st["carry"]), ps, st["cell"])
        except LayerError as error:
            error.within(display_name(self), "cell")
            raise
        return y, {"cell": inner, "carry": carry}


def join_features(forwards: Any, backwards: Any) -> Any:
    """Return both directions as one array, their features side by side."""
    return concat([forwards, backwards], axis=-1)


class BidirectionalRNN(AbstractLuxWrapperLayer):
    """Take one cell through a sequence forwards, another one backwards, and join what they say of each moment.

    Arguments:
        cell: the cell that goes forwards, as for `Recurrence`.
        backward_cell: the one that goes backwards; `None` for another one like `cell`, with parameters of its own.
        merge_mode: a function of two sequences; by default their features are put side by side. `None` for the pair.
        ordering: as for `Recurrence`.

    Parameters, States: `forward_rnn`, those of the cell; `backward_rnn`, a dict with `rnn`, those of the other cell,
    between the empty `rev1` and `rev2`, which turn the sequence over and back.

    Returns: an array (batch, time, 2 out) in the default merge_mode; one sequence (time, in) gives (time, 2 out).

    Errors: as for `Recurrence`.

    Source: M. Schuster, K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing
    45 (1997).

    >>> import numpy as np
    >>> from arraylux.layers import setup
    >>> from arraylux.layers.recurrent import GRUCell
    >>> model = BidirectionalRNN(GRUCell(2, 4))
    >>> ps, st = setup(np.random.default_rng(0), model)
    >>> model(np.ones((3, 10, 2), np.float32), ps, st)[0].shape
    (3, 10, 8)
    """

    model: Parallel

    wrapped = "model"

    def inner_layers(self) -> Any:
        return None                         # what is inside must stay a pair of recurrences

    def __init__(self, cell: Any, backward_cell: Any = None, *,
                 merge_mode: Callable[..., Any] | None = join_features, ordering: Ordering = BATCH_FIRST) -> None:
        backward_cell = cell if backward_cell is None else backward_cell
        for each in (cell, backward_cell):
            _checked("BidirectionalRNN", each, ordering)
        turned = ReverseSequence(1 if isinstance(ordering, BatchLastIndex) else 0)

        def rnn(cell: Any) -> Recurrence:
            return Recurrence(cell, ordering=ordering, return_sequence=True)
        backward = Chain(rev1=turned, rnn=rnn(backward_cell), rev2=turned)
        object.__setattr__(self, "model", Parallel(merge_mode, forward_rnn=rnn(cell), backward_rnn=backward))

    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        ordering = self.model.layers["forward_rnn"].ordering
        x = sequence_of(self, x, ordering)
        alone, axis = len(x.shape) == 2, 0 if isinstance(ordering, BatchLastIndex) else 1
        try:
            y, st = super().__call__(expand_dims(x, axis) if alone else x, ps, st)
        except LayerError as error:
            error.within(display_name(self), "model")
            raise
        return (tree.map(lambda part: squeeze(part, axis), y) if alone else y), st


__all__ = ["BatchLastIndex", "BidirectionalRNN", "Recurrence", "StatefulRecurrentCell", "TimeLastIndex"]
