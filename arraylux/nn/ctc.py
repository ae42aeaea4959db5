"""Connectionist temporal classification: a loss for label sequences of which nobody knows when each label comes.

A network gives, for each frame of a recording, probabilities of the labels and of a blank, "nothing new". Any path of
one label per frame spells a sequence: runs of one label are one, blanks go. The probability of a sequence is the sum
over all the paths that spell it, exponentially many. But they all walk through the same states: the labels with blanks
before, between and after them. From frame to frame a path stays in its state, or goes to the next one, or skips a
blank between two labels that differ. So the sum is found frame by frame, from what the paths that end in each state
add up to.

The same scan backwards in time gives what is still to come from each state. The two together are the probability that
a path was in a state at a frame, given the labels, and that is minus the derivative of the loss by the logarithm of
the probability there: the derivative costs two scans, whatever the number of paths. All probabilities are kept as
logarithms, since those of long sequences are too small for any floating-point number.

Source: A. Graves, S. Fernández, F. Gomez, J. Schmidhuber, "Connectionist temporal classification: labelling unsegmented
sequence data with recurrent neural networks", ICML 2006.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import kind, library
from ..rules.elementwise import astype, exp
from ..rules.indexing import getitem, take_along_axis
from ..rules.pairs import (
    add,
    equal,
    greater_equal,
    less,
    logaddexp,
    logical_and,
    logical_or,
    not_equal,
    subtract,
    where,
)
from ..rules.products import matmul
from ..rules.reducing import sum
from ..rules.shaping import broadcast_to, concat, expand_dims, flip, permute_dims, reshape, roll, stack, unstack
from ..rules.special import log_softmax
from ..tracer.core import Tracer, home, strip
from ..tracer.declare import Custom
from ..tracer.fitting import times
from ..tree import describe


# --- the states that spell a sequence, and the scan through them --------------------------------------------------
def _states(labels: Any, target_lengths: Any, blank: int) -> tuple[Any, Any, Any]:
    """Return, for each state (batch, 2 length + 1), its class, whether a path may skip to it, and end in it."""
    (xp, device), (batch, length) = home(labels), labels.shape
    places = xp.arange(2 * length + 1, device=device)
    blanks = xp.full((batch, length), blank, dtype=labels.dtype, device=device)
    classes = concat([reshape(stack([blanks, labels], axis=-1), (batch, 2 * length)),
                      xp.full((batch, 1), blank, dtype=labels.dtype, device=device)], axis=1)
    two_before = concat([getitem(classes, (slice(None), slice(0, 2))), getitem(classes, (slice(None), slice(0, -2)))],
                        axis=1) if length else classes
    skips = logical_and(not_equal(classes, blank), not_equal(classes, two_before))
    ends = expand_dims(2 * target_lengths, 1)
    return classes, skips, logical_or(equal(places, ends), equal(places, ends - 1))


def _scan(emitted: Any, skips: Any, start: Any, moves: Any) -> Any:
    """Return, for each frame and state, the logarithm of what the paths into that state add up to, before it emits.

    Arguments: `emitted`, log-probabilities (frame, sample, state); `skips`, whether a state may be entered from the one
    before the last; `start`, what a path begins with; `moves`, whether a sample (frame, sample) has begun before.
    """
    if type(emitted) is np.ndarray:
        return _numpy_scan(emitted, skips, start, moves)
    (xp, device), (samples, states) = home(emitted), skips.shape
    nothing = xp.full((samples, min(states, 2)), -math.inf, dtype=emitted.dtype, device=device)
    rows = [start]
    for emitted_before, moved in zip(unstack(emitted)[:-1], unstack(moves)[1:], strict=True):
        here = add(rows[-1], emitted_before)
        padded = concat([nothing, here], axis=1)
        one, two = (getitem(padded, (slice(None), slice(2 - k, 2 - k + states))) if states > 1 else nothing
                    for k in (1, 2))
        entered = logaddexp(logaddexp(here, one), where(skips, two, -math.inf))
        rows.append(where(expand_dims(moved, 1), entered, start))
    return stack(rows)


def _numpy_scan(emitted: Any, skips: Any, start: Any, moves: Any) -> Any:
    frames, samples, states = emitted.shape
    rows = np.empty_like(emitted)
    rows[:1] = start
    padded = np.full((samples, states + 2), -np.inf, emitted.dtype)
    ways_in = np.lib.stride_tricks.sliding_window_view(padded, states, axis=1).transpose(1, 0, 2)
    closed = np.zeros(ways_in.shape, emitted.dtype)                     # the ways: two states on, one state on, staying
    closed[0][~skips] = -np.inf
    terms, top, lowest = np.empty_like(closed), np.empty_like(closed[0]), np.finfo(emitted.dtype).min
    waits = ~moves
    some_wait = waits.any(axis=1).tolist()
    with np.errstate(divide="ignore"):                                  # the logarithm of no path at all
        for t in range(1, frames):
            np.add(rows[t - 1], emitted[t - 1], out=padded[:, 2:])
            np.add(ways_in, closed, out=terms)
            np.maximum.reduce(terms, axis=0, out=top)
            np.maximum(top, lowest, out=top)
            np.subtract(terms, top, out=terms)
            np.exp(terms, out=terms)
            row = np.add.reduce(terms, axis=0, out=rows[t])
            np.log(row, out=row)
            row += top
            if some_wait[t]:
                np.copyto(row, start, where=waits[t][:, None])
    return rows


class _Paths:
    """All that the loss and its derivative share: what each state emits, and the scan from the last frame back."""

    def __init__(self, log_p: Any, labels: Any, input_lengths: Any, target_lengths: Any, blank: int) -> None:
        batch, frames, _ = log_p.shape
        self.xp, self.device = home(log_p)
        self.classes, self.skips, ends = _states(labels, target_lengths, blank)
        emitted = take_along_axis(log_p, broadcast_to(expand_dims(self.classes, 1),
                                                      (batch, frames, self.classes.shape[1])), axis=2)
        self.emitted = permute_dims(emitted, (1, 0, 2))
        # Backwards: flipped in time and in states, so that the scan is the same one. A path skips from a state to the
        # one that skips to it, two further on (the first two never do). Every sample begins with its own last frame.
        self.back_emitted, self.back_skips = flip(self.emitted, axis=(0, 2)), flip(roll(self.skips, -2, axis=1), axis=1)
        self.back_start = self.logs(flip(ends, axis=1))
        moments = self.xp.arange(frames, device=self.device)
        self.inside = less(expand_dims(moments, 1), input_lengths)
        self.back_moves = greater_equal(expand_dims(moments, 1), frames + 1 - input_lengths)

    def logs(self, flags: Any) -> Any:
        """Return the logarithms of probabilities that are 1 or 0."""
        zero = self.xp.zeros((), dtype=self.emitted.dtype, device=self.device)
        return where(flags, zero, -math.inf)

    def log_likelihood(self, back: Any) -> Any:
        """Return the logarithm of the sum over all paths, from the scan back to the first frame."""
        total = add(getitem(back, (-1, ...)), getitem(self.back_emitted, (-1, ...)))
        last = getitem(total, (slice(None), -1))
        return logaddexp(last, getitem(total, (slice(None), -2))) if total.shape[1] > 1 else last


def _run_ctc(log_p: Any, labels: Any, input_lengths: Any, target_lengths: Any, *, blank: int) -> Any:
    p = _Paths(log_p, labels, input_lengths, target_lengths, blank)
    return -p.log_likelihood(_scan(p.back_emitted, p.back_skips, p.back_start, p.back_moves))


def _occupancies(log_p: Any, labels: Any, input_lengths: Any, target_lengths: Any, *, blank: int) -> Any:
    """Return the probability (sample, frame, class) that a path is in a class at a frame, given the labels."""
    p = _Paths(log_p, labels, input_lengths, target_lengths, blank)
    places = p.xp.arange(p.skips.shape[1], device=p.device)
    start = broadcast_to(p.logs(places < 2), tuple(p.skips.shape))
    both = zip((p.emitted, p.skips, start, p.xp.ones(p.inside.shape, dtype=p.xp.bool, device=p.device)),
               (p.back_emitted, p.back_skips, p.back_start, p.back_moves), (1, 0, 0, 1), strict=True)
    rows = _scan(*[concat(pair, axis=axis) for *pair, axis in both])
    batch = labels.shape[0]
    forth, back = (getitem(rows, (slice(None), part, ...)) for part in (slice(0, batch), slice(batch, None)))
    total = p.log_likelihood(back)
    total = where(equal(total, -math.inf), 0, total)                    # no path at all: in no state, and not NaN
    inside = exp(subtract(add(add(forth, p.emitted), flip(back, axis=(0, 2))), expand_dims(total, 1)))
    inside = where(expand_dims(p.inside, 2), inside, 0)
    numbers = p.xp.arange(log_p.shape[2], dtype=p.classes.dtype, device=p.device)
    one_hot = astype(equal(expand_dims(p.classes, 2), numbers), dtype=inside.dtype)
    return matmul(permute_dims(inside, (1, 0, 2)), one_hot)


def _push_ctc(tangents: Sequence[Any], y: Any, log_p: Any, *args: Any, blank: int) -> Any:
    return -sum(times(_occupancies(log_p, *args, blank=blank), tangents[0]), axis=(1, 2))


def _pull_ctc(g: Any, y: Any, log_p: Any, *args: Any, blank: int) -> Any:
    return times(_occupancies(log_p, *args, blank=blank), -expand_dims(g, (1, 2))), None, None, None


ctc = Custom("ctc", jvp=_push_ctc, vjp=_pull_ctc, keeps="0123", run=_run_ctc)


# --- the loss -----------------------------------------------------------------------------------------------------
def ctc_loss(logits: Any, labels: Any, *, input_lengths: Any = None, target_lengths: Any = None,
             blank: int = -1) -> Any:
    """Return -log of the probability of a label sequence, summed over all the ways in which frames may spell it.

    Arguments: `logits`, real numbers (batch, time, classes), or (time, classes) for one recording; `labels`, integers
    (batch, length) or (length,); `input_lengths` and `target_lengths`, integers (batch,), how many frames and labels of
    each sample are not padding (`None`: all); `blank`, the class that is no label, the last by default.

    Returns: the loss of each sample (batch,), or of the one. A sequence that has no path, since its labels and the
    blanks between equal ones are more than the frames, has the loss inf and the derivative 0.

    Errors: TypeError for logits that are not real floating-point numbers or labels that are not integers; ValueError
    for shapes that don't fit, a blank or a label that is no class, a blank among the labels, and lengths that are out
    of range.

    Source: A. Graves et al., "Connectionist temporal classification", ICML 2006, section 4.

    >>> p = np.array([[0.6, 0.4], [0.6, 0.4]])           # for a label and the blank; three of four paths spell "0"
    >>> round(float(np.exp(-ctc_loss(np.log(p), np.array([0])))), 6)
    0.84
    """
    _check_forms(logits, labels)
    if len(logits.shape) == 2:
        lengths = [n if n is None else reshape(_integers(n, logits), (1,)) for n in (input_lengths, target_lengths)]
        return getitem(ctc_loss(expand_dims(logits, 0), expand_dims(labels, 0), input_lengths=lengths[0],
                                target_lengths=lengths[1], blank=blank), 0)
    (batch, frames, classes), length = logits.shape, labels.shape[1]
    if not -classes <= blank < classes:
        raise ValueError(f"ctc_loss: blank is {blank}, expected one of the {classes} classes of the logits")
    blank %= classes
    ins = _lengths("input_lengths", input_lengths, 1, frames, batch, logits)
    outs = _lengths("target_lengths", target_lengths, 0, length, batch, logits)
    labels = strip(labels)
    padding = greater_equal(home(labels)[0].arange(length, device=home(labels)[1]), expand_dims(outs, 1))
    if not isinstance(labels, Tracer) and not isinstance(padding, Tracer):
        _check_labels(labels, padding, classes, blank)
    return ctc(log_softmax(logits, axis=-1), where(padding, blank, labels), ins, outs, blank=blank)


def _check_forms(logits: Any, labels: Any) -> None:
    if not hasattr(logits, "shape") or kind(logits.dtype) != "f":
        raise TypeError(f"ctc_loss: the logits must be a real floating-point array, got {describe(logits)}")
    if not hasattr(labels, "shape") or kind(labels.dtype) != "i":
        raise TypeError(f"ctc_loss: the labels must be an array of integers, got {describe(labels)}")
    ranks = len(logits.shape), len(labels.shape)
    if ranks not in ((2, 1), (3, 2)) or (ranks[0] == 3 and logits.shape[0] != labels.shape[0]) or \
            not logits.shape[-2]:
        raise ValueError("ctc_loss: expected logits (batch, time, classes) with labels (batch, length), or (time, "
                         f"classes) with (length,), and at least one frame, got {describe(logits)} with "
                         f"{describe(labels)}")


def _integers(lengths: Any, like: Any) -> Any:
    xp, device = home(like)
    return strip(lengths) if hasattr(lengths, "shape") else xp.asarray(lengths, device=device)


def _lengths(name: str, lengths: Any, least: int, most: int, batch: int, like: Any) -> Any:
    """Return the lengths of a batch, checked; all of it if none are given."""
    if lengths is None:
        xp, device = home(like)
        return xp.full((batch,), most, device=device)
    lengths = _integers(lengths, like)
    if tuple(lengths.shape) != (batch,) or kind(lengths.dtype) != "i":
        raise ValueError(f"ctc_loss: {name} must be {batch} integers, one for each sample, got {describe(lengths)}")
    if batch and not isinstance(lengths, Tracer):
        xp = library(lengths)
        low, high = int(xp.min(lengths)), int(xp.max(lengths))
        if low < least or high > most:
            raise ValueError(f"ctc_loss: {name} must be from {least} to {most}, got numbers from {low} to {high}")
    return lengths


def _check_labels(labels: Any, padding: Any, classes: int, blank: int) -> None:
    xp = library(labels)
    if bool(xp.any((labels == blank) & ~padding)):
        raise ValueError(f"ctc_loss: class {blank} is the blank and cannot be among the labels; tell padding by "
                         "target_lengths, or choose another blank=")
    if bool(xp.any(((labels < 0) | (labels >= classes)) & ~padding)):
        raise ValueError(f"ctc_loss: the labels of {classes} classes are from 0 to {classes - 1}, got labels from "
                         f"{int(xp.min(labels))} to {int(xp.max(labels))}; tell padding by target_lengths")


__all__ = ["ctc", "ctc_loss"]
