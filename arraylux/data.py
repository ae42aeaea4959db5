"""Batches: the samples of a data set, some at a time, in an order that a generator decides.

Training looks at a part of the data for each step, and at all of it in each epoch. Samples that lie beside each other
are often alike, so every epoch takes them in a new order. That order is drawn like all that is random here, from a
generator that is handed in and left alone: the same generator gives the same epochs.
"""
from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from . import tree as trees
from .backend import device_of, is_array, library
from .random import replicate


class DataLoader:
    """An iterable over the batches of a data set; each pass over it is an epoch.

    Arguments: `data`, a tree of arrays that all have the samples along their first axis, such as a pair `(x, y)`;
    `batch_size`, how many samples make a batch; `rng`, the generator of the orders, replicated and so not changed;
    `shuffle`, whether each epoch has a new order (without, samples come as they stand, and batches of NumPy's arrays
    are views of the data); `partial`, whether the samples that are left over at the end make a smaller batch or none.

    Every batch is a tree like the data. `len` is the number of batches. A pass draws its order from the loader's
    replica, which goes on from epoch to epoch; `epoch(rng)` takes the order from a generator of your own instead. A
    device called with a loader returns an iterable whose batches come to that device one by one.

    Errors: TypeError, ValueError for data that are no arrays with one number of samples, a batch size that is not a
    whole number from 1, a loader that shuffles without a generator, or one without a single batch.

    >>> import numpy as np
    >>> x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    >>> for batch, labels in DataLoader((x, y), 2, shuffle=False):
    ...     print(batch.shape, labels)
    (2, 2) [0 1]
    (2, 2) [2 3]
    (1, 2) [4]
    >>> loader = DataLoader((x, y), 2, rng=np.random.default_rng(0), partial=False)
    >>> [labels.tolist() for _, labels in loader], [labels.tolist() for _, labels in loader]
    ([[2, 4], [3, 0]], [[4, 1], [2, 0]])
    """

    __slots__ = ("_rng", "batch_size", "data", "partial", "samples", "shuffle")

    def __init__(self, data: Any, batch_size: int, *, rng: Any = None, shuffle: bool = True, partial: bool = True):
        self.data = data
        self.samples = _count_samples(data)
        self.batch_size = operator.index(batch_size) if hasattr(batch_size, "__index__") else 0
        if self.batch_size < 1 or isinstance(batch_size, bool):
            raise ValueError(f"DataLoader: batch_size is {batch_size!r}, expected a whole number from 1")
        if shuffle and rng is None:
            raise TypeError("DataLoader: to shuffle it needs a generator, as in rng=numpy.random.default_rng(0); or "
                            "ask for shuffle=False")
        self._rng: Any = replicate(rng) if shuffle else None
        self.shuffle, self.partial = shuffle, partial
        if len(self) == 0:
            raise ValueError(f"DataLoader: {self.samples} samples give no batch of {self.batch_size} with "
                             f"partial={partial}; take a smaller batch_size, or partial=True")

    def __len__(self) -> int:
        full, rest = divmod(self.samples, self.batch_size)
        return full + (self.partial and rest > 0)

    def __iter__(self) -> Iterator[Any]:
        return self._batches(self._rng.permutation(self.samples) if self.shuffle else None)

    def epoch(self, rng: Any) -> Iterator[Any]:
        """Return the batches of one epoch in the order drawn from `rng`, which is not changed.

        >>> import numpy as np
        >>> loader = DataLoader(np.arange(3), 3, shuffle=False)
        >>> [next(loader.epoch(np.random.default_rng(seed))).tolist() for seed in (0, 0, 1)]
        [[2, 0, 1], [2, 0, 1], [0, 1, 2]]
        """
        return self._batches(replicate(rng).permutation(self.samples))

    def _batches(self, order: Any) -> Iterator[Any]:
        for number in range(len(self)):
            start = number * self.batch_size
            part = slice(start, min(start + self.batch_size, self.samples))
            yield trees.map(lambda x, chosen=part if order is None else order[part]: _rows(x, chosen), self.data)

    def on_device(self, device: Any) -> Any:
        """Return an iterable over the same batches, each moved to a device as it comes: what `device(loader)` is."""
        from .devices import DeviceIterator

        return DeviceIterator(device, self)

    def __repr__(self) -> str:
        return (f"DataLoader({self.samples} samples, batch_size={self.batch_size}, shuffle={self.shuffle}, "
                f"partial={self.partial})")


def _rows(x: Any, chosen: Any) -> Any:
    """Return some rows of an array: a slice of them, or those with the numbers of a NumPy array."""
    if isinstance(chosen, slice):
        return x[chosen, ...]
    xp = library(x)
    return xp.take(x, xp.asarray(chosen, device=device_of(x)), axis=0)


def _count_samples(data: Any) -> int:
    """Return the length that all arrays of a tree have in common."""
    counts: dict[int, str] = {}

    def count(path: str, x: Any) -> Any:
        if not is_array(x) or x.ndim == 0:
            raise TypeError(f"DataLoader: {path} is {trees.describe(x)}, expected an array with the samples along its "
                            "first axis")
        counts.setdefault(x.shape[0], path)
        return x

    trees.map_once(count, data, path="data")
    if len(counts) != 1:
        found = ", ".join(f"{path} has {samples}" for samples, path in counts.items())
        raise ValueError(f"DataLoader: expected arrays with one number of samples, got {found or 'no arrays'}; samples "
                         "stand along the first axis")
    return next(iter(counts))


__all__ = ["DataLoader"]
