"""Samples of the scans over sequences: (time, batch, features), weights, initial states."""
from __future__ import annotations

from domains import Sample, anything, between, nonzero

small = between(-0.05, 0.05)        # weights that move no argument of relu across its kink
RECURRENT: dict[str, list[Sample]] = {
    "rnn_scan": [
        *[Sample((anything(t, b, 2), anything(2, 2), anything(b, 2)), {"activation": "tanh"})
          for t, b in ((3, 2), (1, 1), (2, 0))],
        Sample((nonzero(3, 2, 2), small(2, 2), anything(2, 2)), {"activation": "relu"})],
    "lstm_scan": [Sample((anything(t, b, 4 * n), anything(4 * n, n), anything(b, n), anything(b, n)), {})
                  for t, b, n in ((3, 2, 2), (2, 0, 1))],
    "gru_scan": [Sample((anything(t, b, 3 * n), anything(3 * n, n), anything(3 * n), anything(b, n)), {})
                 for t, b, n in ((3, 2, 2), (2, 0, 1))],
}
