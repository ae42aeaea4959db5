"""What traced arrays cannot do, and what to use instead: the words of the sentences that a user reads.

Only what has no meaning for a derivative is here: what writes files or text, counts, works on bits and dates, or
writes into memory that is not its own.
"""
from __future__ import annotations

from ..tracer.tables import INSTEAD

_VALUES = "take the values by stop_gradient(x) first"
_COUNTS = "counts have no derivative: np.bincount(np.digitize(x, edges), weights=w) is differentiable by its weights"
_BITS = f"bits have no derivative; {_VALUES}"
_DATES = "dates have no derivative; use them as plain arrays"
_FILES = "save plain arrays, as stop_gradient(x) gives them, or a tree of them with lux.save(path, tree)"

INSTEAD.update({
    ".at": "use array_namespace(x).index_add(a, x, index=i)",
    ".reduceat": "part the array with np.split and reduce each part",
    ".reduce": "reduce by a loop over the rows",
    ".accumulate": "accumulate by a loop over the rows, and np.stack",
    ".outer": "broadcast: f(a[:, None], b)",
    "np.histogram": _COUNTS, "np.histogram2d": _COUNTS, "np.histogramdd": _COUNTS,
    "np.histogram_bin_edges": "make the edges with np.linspace(np.min(x), np.max(x), n)",
    "np.save": _FILES, "np.savetxt": _FILES, "np.savez": _FILES, "np.savez_compressed": _FILES,
    "np.packbits": _BITS, "np.unpackbits": _BITS, "np.bitwise_count": _BITS,
    "np.busday_count": _DATES, "np.busday_offset": _DATES, "np.is_busday": _DATES, "np.datetime_as_string": _DATES,
    "np.isnat": _DATES,
})
