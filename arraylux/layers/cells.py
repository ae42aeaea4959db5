"""Recurrent cells: layers that are called once for each moment, and hand themselves what they remember.

A cell starts with `(y, carry), st = cell(x, ps, st)` and goes on with `(y, carry), st = cell((x, carry), ps, st)`: the
carry, a tuple of arrays, is all that it knows of the past. It is handed over in plain sight, so a sequence can be cut
anywhere, and the derivative through time is that of a composition like any other.

Whoever has a whole sequence calls `cell.sequence` (the layer `Recurrence` does). A cell of your own is then called
moment by moment; a `ScannedCell` makes one product for the inputs of all moments, and scans the rest as one operation.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from .. import tree
from ..backend import kind, library
from ..initializers import uniform_bias, zeros32
from ..nn.dense import dense
from ..random import replicate
from ..rules.pairs import add
from ..rules.shaping import broadcast_to, concat, expand_dims, reshape, unstack
from ..tracer.core import bare, home
from .checks import mixed_libraries, not_floating, wrong_keys, wrong_shape
from .contract import AbstractLuxLayer
from .display import call_form
from .dropout import state_generator
from .errors import LayerError, LayerTypeError, LayerValueError

if TYPE_CHECKING:
    from dataclasses import KW_ONLY

Initialiser = Callable[..., Any] | tuple[Callable[..., Any] | None, ...] | None


class AbstractRecurrentCell(AbstractLuxLayer):
    """A layer for one moment of a sequence.

    Define `__call__(self, x, ps, st)`, which returns `((y, carry), st)`; x is an array, of the first moment, or a
    tuple `(array, carry)`. `Recurrence` then takes the cell through whole sequences.
    """

    def sequence(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        """Return the results for all moments of x (time, batch, ...), an array or a list of them, and the state."""
        first, *rest = unstack(x)
        (y, carry), st = self(first, ps, st)
        ys = [y]
        for x_t in rest:
            (y, carry), st = self((x_t, carry), ps, st)
            ys.append(y)
        return ys, st


class ScannedCell(AbstractRecurrentCell):
    """What the cells here have in common: their parameters, one block of rows for each gate, and their start."""

    in_dims: int
    out_dims: int
    _: KW_ONLY
    use_bias: bool = True
    train_state: bool = False
    init_bias: Initialiser = None
    init_weight: Initialiser = None
    init_recurrent_weight: Initialiser = None
    init_state: Callable[..., Any] = zeros32

    gates: ClassVar[int] = 1

    def __post_init__(self) -> None:
        name = type(self).__name__
        for field in ("in_dims", "out_dims"):
            n = getattr(self, field)
            if not hasattr(n, "__index__") or n < 1:
                raise ValueError(f"{name}: {field} must be a positive integer, got {n!r}")
            object.__setattr__(self, field, int(n))
        for field in ("init_bias", "init_weight", "init_recurrent_weight"):
            makers = getattr(self, field)
            if isinstance(makers, (list, tuple)):
                if len(makers) != self.gates:
                    raise ValueError(f"{name}: {field} has {len(makers)} initialisers, expected one for each of the "
                                     f"{self.gates} gates, or a single one for all")
                object.__setattr__(self, field, tuple(makers))

    # --- what a cell says of itself -------------------------------------------------------------------------------
    def scan(self, z: Any, ps: Any, carry: Any) -> tuple[Any, ...]:
        """Return the carry at every moment, given the inputs as they enter the sums: arrays (time, batch, out)."""
        raise NotImplementedError

    def input_bias(self, ps: Any) -> Any:
        """Return what is added to the inputs of all moments before the scan."""
        return add(ps["bias_ih"], ps["bias_hh"]) if self.use_bias else None

    def carried(self) -> dict[str, tuple[bool, Any]]:
        """Return for each part of the carry whether it starts from a parameter, or else from which initialiser."""
        return {"hidden_state": (self.train_state, self.init_state)}

    # --- parameters and states --------------------------------------------------------------------------------------
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter."""
        rows, n = self.gates * self.out_dims, self.out_dims
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, self.in_dims), "weight_hh": (rows, n)}
        if self.use_bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        return shapes | {name: (n,) for name, (trained, _) in self.carried().items() if trained}

    def initialparameters(self, rng: Any) -> dict[str, Any]:
        recurrent = self.init_weight if self.init_recurrent_weight is None else self.init_recurrent_weight
        makers = {"weight_ih": self.init_weight, "weight_hh": recurrent, "bias_ih": self.init_bias,
                  "bias_hh": self.init_bias}
        parts = self.carried()
        return {name: self._gates(rng, makers[name], shape) if name in makers else parts[name][1](rng, shape)
                for name, shape in self.shapes().items()}

    def _gates(self, rng: Any, makers: Initialiser, shape: tuple[int, ...]) -> Any:
        """Draw a parameter gate by gate, so that an initialiser sees the fans of one gate."""
        one = (self.out_dims, *shape[1:])
        each = makers if isinstance(makers, tuple) else (makers,) * self.gates
        return concat([uniform_bias(rng, one, fan_in=self.out_dims) if make is None else make(rng, one)
                       for make in each], axis=0)

    def initialstates(self, rng: Any) -> dict[str, Any]:
        return {"rng": state_generator(rng)}

    def parameterlength(self) -> int:
        return sum(map(math.prod, self.shapes().values()))

    def statelength(self) -> int:
        return 1

    # --- calling ----------------------------------------------------------------------------------------------------
    def __call__(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        x, carry = x if isinstance(x, tuple) and len(x) == 2 else (x, None)
        self._check(x, carry, ps, st, axes=(1, 2))
        alone = len(x.shape) == 1
        if alone:
            x = expand_dims(x, 0)
            carry = None if carry is None else tuple([expand_dims(part, 0) for part in carry])
        sequences, st = self._run(expand_dims(x, 0), carry, ps, st)
        carry = tuple([part[0, 0, ...] if alone else part[0, ...] for part in sequences])
        return (carry[0], carry), st

    def sequence(self, x: Any, ps: Any, st: Any) -> tuple[Any, Any]:
        self._check(x, None, ps, st, axes=(3,))
        sequences, st = self._run(x, None, ps, st)
        return sequences[0], st

    def _run(self, x: Any, carry: Any, ps: Any, st: Any) -> tuple[tuple[Any, ...], Any]:
        bias = self.input_bias(ps)
        weight, rows = ps["weight_ih"], reshape(x, (math.prod(x.shape[:-1]), self.in_dims))
        z = dense(rows, weight) if bias is None else dense(rows, weight, bias)
        z = reshape(z, (*x.shape[:-1], weight.shape[0]))
        if carry is None:
            carry, st = self._start(z, ps, st)
        return self.scan(z, ps, carry), st

    def _start(self, z: Any, ps: Any, st: Any) -> tuple[tuple[Any, ...], Any]:
        """Return the carry before the first moment, of the dtype of the sums z and where they are."""
        shape = (z.shape[1], self.out_dims)
        xp, device = home(z)
        rng, drawn, carry = st["rng"], False, []
        for name, (trained, make) in self.carried().items():
            if trained:
                carry.append(broadcast_to(ps[name], shape))
            elif make is zeros32:                           # by far the usual case, and needs no generator
                carry.append(xp.zeros(shape, dtype=z.dtype, device=device))
            else:
                rng = rng if drawn else replicate(rng)
                drawn = True
                carry.append(xp.asarray(make(rng, shape), dtype=z.dtype, device=device))
        return tuple(carry), {"rng": rng}

    def _check(self, x: Any, carry: Any, ps: Any, st: Any, axes: tuple[int, ...]) -> None:
        shapes = self.shapes()
        try:
            home_of_x = library(bare(x))
            fits = ("rng" in st and len(ps.keys()) == len(shapes) and kind(x.dtype) == "f" and len(x.shape) in axes
                    and x.shape[-1] == self.in_dims
                    and all(ps[name].shape == shape and library(bare(ps[name])) is home_of_x
                            for name, shape in shapes.items())
                    and (carry is None or self._carry_fits(x, carry)))
        except (AttributeError, IndexError, KeyError, TypeError):
            fits = False
        if fits:
            return
        misfit = (wrong_keys(self, "ps", ps, shapes) or wrong_keys(self, "st", st, ("rng",))
                  or not_floating(self, x) or self._wrong_input(x, axes)
                  or wrong_shape(self, ps, shapes) or mixed_libraries(self, x, ps) or self._wrong_carry(x, carry))
        if misfit is not None:
            raise misfit

    def _carry_fits(self, x: Any, carry: Any) -> bool:
        shape = (*x.shape[:-1], self.out_dims)
        return (isinstance(carry, tuple) and len(carry) == len(self.carried())
                and all(getattr(part, "shape", None) == shape for part in carry))

    def _wrong_input(self, x: Any, axes: tuple[int, ...]) -> LayerError | None:
        if kind(x.dtype) != "f":
            return LayerTypeError(self, f"x has dtype {x.dtype}, expected real numbers; take x.real and x.imag as "
                                        "features of their own")
        if len(x.shape) in axes and x.shape[-1] == self.in_dims:
            return None
        moment = x.shape[1:] if axes == (3,) else x.shape
        way_out = ("reshape it, or make in_dims the length of its last axis" if len(x.shape) in axes or axes == (3,)
                   else "a cell takes a single moment, Recurrence(cell) whole sequences")
        return LayerValueError(self, f"x has the shape {tuple(moment)} at each moment, expected (batch, "
                                     f"{self.in_dims}); {way_out}")

    def _wrong_carry(self, x: Any, carry: Any) -> LayerError | None:
        if carry is None or self._carry_fits(x, carry):
            return None
        names, shape = ", ".join(self.carried()), (*x.shape[:-1], self.out_dims)
        found = [tree.describe(part) for part in carry] if isinstance(carry, tuple) else [tree.describe(carry)]
        return LayerValueError(self, f"the carry must be a tuple ({names}) of arrays of the shape {shape}, got "
                                     f"{', '.join(found) or 'none'}; call the cell with x alone to start anew")

    def description(self) -> str:
        return call_form(type(self).__name__, f"{self.in_dims} => {self.out_dims}", getattr(self, "activation", None),
                         use_bias=None if self.use_bias else False, train_state=self.train_state or None,
                         train_memory=getattr(self, "train_memory", None) or None)


__all__ = ["AbstractRecurrentCell", "Initialiser", "ScannedCell"]
