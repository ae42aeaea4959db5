"""Learning rates that change on the way: large steps at first, to get there, and small ones at last, to settle.

A schedule is a function from the number of a step, counted from 0, to a learning rate. The functions here make such
functions; any function of your own will do as well. The loop says when to use it:

    schedule = warmup(cosine(0.1, steps=1000), steps=100)
    for x, y in batches:
        tstate = adjust(tstate, schedule(tstate.step))
        grads, loss, stats, tstate = single_train_step(AutoTape(), MSELoss(), (x, y), tstate)

Beyond their last step, schedules stay at the value that they have reached.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Schedule = Callable[[int], float]


def constant(eta: float) -> Schedule:
    """Return the schedule that is always `eta`.

    >>> constant(0.1)(1000)
    0.1
    """
    return lambda step: eta


def linear(start: float, stop: float, steps: int) -> Schedule:
    """Return the schedule that goes from `start` to `stop` in a straight line.

    Arguments: `start`, `stop`, the learning rates at its ends; `steps`, after how many steps it arrives.

    Errors: ValueError if `steps` is not positive.

    >>> [linear(1.0, 2.0, 4)(step) for step in (0, 1, 4, 9)]
    [1.0, 1.25, 2.0, 2.0]
    """
    _check_steps("linear", steps)

    def schedule(step: int) -> float:
        return start + (stop - start) * _part(step, steps)
    return schedule


def exponential_decay(eta: float, decay: float, every: int = 1, *, staircase: bool = False) -> Schedule:
    """Return the schedule eta decay^(step / every).

    Arguments: `eta`, the learning rate at first; `decay`, its factor for `every` so many steps; `staircase`, whether it
    changes only when all of these steps have been made.

    Errors: ValueError if `every` is not positive.

    >>> [exponential_decay(1.0, 0.25, every=2)(step) for step in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """
    _check_steps("exponential_decay", every, "every")

    def schedule(step: int) -> float:
        value: float = eta * decay ** (step // every if staircase else step / every)
        return value
    return schedule


def piecewise(eta: float, factors: dict[int, float]) -> Schedule:
    """Return the schedule that is multiplied by a factor at each of some steps.

    Arguments: `eta`, the learning rate at first; `factors`, from the number of a step to the factor from there on.

    >>> [piecewise(1.0, {10: 0.5, 20: 0.1})(step) for step in (9, 10, 20)]
    [1.0, 0.5, 0.05]
    """
    def schedule(step: int) -> float:
        return eta * math.prod(factor for start, factor in sorted(factors.items()) if step >= start)
    return schedule


def cosine(eta: float, steps: int, final: float = 0.0) -> Schedule:
    """Return the schedule that falls from `eta` to `final` as half a wave of the cosine: slowly at both ends.

    Arguments: `eta`, `final`, the learning rates at its ends; `steps`, after how many steps it arrives.

    Errors: ValueError if `steps` is not positive.

    Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv:1608.03983, equation 5,
    without restarts.

    >>> [round(cosine(1.0, 4)(step), 4) for step in range(5)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0]
    """
    _check_steps("cosine", steps)

    def schedule(step: int) -> float:
        return final + (eta - final) * (1 + math.cos(math.pi * _part(step, steps))) / 2
    return schedule


def one_cycle(eta: float, steps: int, *, rise: float = 0.3, start: float | None = None,
              final: float | None = None) -> Schedule:
    """Return the schedule that rises to `eta` and falls again, far below where it started.

    Arguments: `eta`, the learning rate at the peak; `steps`, how many steps there are in all, the last of which has the
    least rate; `rise`, the part of them that goes up; `start`, the rate at first (eta / 25); `final`, the last one
    (start / 10⁴). Both ways are half waves of the cosine.

    Errors: ValueError if there are less than 2 steps or `rise` is not between 0 and 1.

    Source: Smith, Topin, "Super-convergence: very fast training of neural networks using large learning rates",
    arXiv:1708.07120.

    >>> [round(one_cycle(1.0, 10, rise=0.5)(step), 4) for step in (0, 2, 4, 9)]
    [0.04, 0.52, 1.0, 0.0]
    """
    if steps < 2 or not 0 < rise < 1:
        raise ValueError(f"one_cycle: steps is {steps} and rise is {rise}, expected at least 2 and 0 < rise < 1")
    first = eta / 25 if start is None else start
    last = first / 10_000 if final is None else final
    peak = max(rise * steps - 1, 0)

    def schedule(step: int) -> float:
        if step < peak:
            return eta + (first - eta) * (1 + math.cos(math.pi * step / peak)) / 2
        return last + (eta - last) * (1 + math.cos(math.pi * _part(step - peak, steps - 1 - peak))) / 2
    return schedule


def warmup(schedule: Schedule, steps: int, start: float = 0.0) -> Schedule:
    """Return the schedule that goes from `start` in a straight line to where another one begins, and follows that one.

    Arguments: `schedule`, the other one, which counts its steps from the end of the warm-up; `steps`, how long the
    warm-up is; `start`, the learning rate at first. If that is 0, the first step changes nothing.

    Errors: ValueError if `steps` is not positive.

    >>> [warmup(constant(0.5), 2)(step) for step in range(4)]
    [0.0, 0.25, 0.5, 0.5]
    """
    return join([linear(start, schedule(0), steps), schedule], [steps])


def join(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Return the schedule that follows several others in a row.

    Arguments: `schedules`, each of which counts its steps from its own beginning; `boundaries`, the step at which each
    of them but the first begins.

    Errors: ValueError if there is not one boundary less than schedules, or if the boundaries don't ascend.

    >>> [join([constant(1.0), linear(1.0, 0.0, 2)], [2])(step) for step in range(5)]
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """
    if len(boundaries) != len(schedules) - 1 or list(boundaries) != sorted(boundaries):
        raise ValueError(f"join: {len(schedules)} schedules came with the boundaries {list(boundaries)}, expected "
                         f"{max(len(schedules) - 1, 0)} ascending numbers, one for each schedule but the first")
    schedules, starts = list(schedules), [0, *boundaries]

    def schedule(step: int) -> float:
        now = max(i for i, start in enumerate(starts) if i == 0 or step >= start)
        return schedules[now](step - starts[now])
    return schedule


def _part(step: float, steps: float) -> float:
    """Return which part of its steps a schedule has made, from 0 to 1."""
    return min(max(step / steps, 0.0), 1.0)


def _check_steps(name: str, steps: int, argument: str = "steps") -> None:
    if not steps > 0:
        raise ValueError(f"{name}: {argument} is {steps}, expected a positive number")
