"""Samples of the primitives of attention and of rotary embeddings."""
from __future__ import annotations

import numpy as np
from domains import Sample, anything

# A query that may not look at its last key, and none that may look nowhere.
BLOCKED = np.array([[0.0, -np.inf], [0.0, 0.0], [-np.inf, 0.0]])
ATTENTION: dict[str, list[Sample]] = {
    "attention_weights": [
        Sample((anything(2, 3, 2, 4), anything(2, 2, 2, 4)), {"scale": 0.5}),
        Sample((anything(3, 1, 2), anything(4, 1, 2)), {"scale": 0.7}),
        Sample((anything(2, 3, 1, 2), anything(2, 2, 1, 2), BLOCKED), {"scale": 1.0}),
        Sample((anything(3, 2, 2), anything(2, 2, 2), anything(2, 1, 2)), {"scale": 1.0}),
        Sample((anything(2, 3, 2, 2), anything(1, 2, 1, 2), anything(2)), {"scale": 0.3}),
        Sample((anything(0, 3, 2, 4), anything(0, 2, 2, 4)), {"scale": 0.5})],
    "weighted_values": [
        Sample((anything(2, 2, 3, 4), anything(2, 4, 2, 5)), {}), Sample((anything(2, 3, 4), anything(4, 2, 5)), {}),
        Sample((anything(2, 2, 3, 4), anything(1, 4, 1, 5)), {}),
        Sample((anything(0, 2, 3, 4), anything(0, 4, 2, 5)), {})],
    "rotate_pairs": [
        Sample((anything(2, 3, 2, 4), anything(3, 1, 2), anything(3, 1, 2)), {}),
        Sample((anything(3, 6), anything(3, 3), anything(3, 3)), {}),
        Sample((anything(0, 3, 1, 2), anything(3, 1, 1), anything(3, 1, 1)), {})],
}
