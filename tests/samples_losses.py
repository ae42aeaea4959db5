"""Samples of the fused losses: binary cross-entropy of logits, and sums over the paths of label sequences."""
from __future__ import annotations

from typing import Any

from domains import Sample, anything, binary, exactly, ints


def paths(frames: int, classes: int, labels: Any, input_lengths: Any, target_lengths: Any, blank: int) -> Sample:
    """Log-probabilities need not be normalised: the rules hold for any numbers."""
    return Sample((anything(len(labels), frames, classes), labels, input_lengths, target_lengths), {"blank": blank})


LOSSES: dict[str, list[Sample]] = {
    "binary_cross_entropy": [
        *binary(anything, anything, numbers=()), Sample((exactly(40.0, -40.0), exactly(1.0, 0.0)), {}, wrt=(0,))],
    "ctc": [
        paths(4, 3, ints([0, 1], [1, 1]), ints(4, 4), ints(2, 2), 2),           # equal labels need a blank between
        paths(4, 3, ints([2, 1], [1, 0]), ints(3, 4), ints(2, 1), 0),           # padding in time and in labels
        paths(2, 2, ints([]), ints(2), ints(0), 1)],                            # nothing but blanks
}
