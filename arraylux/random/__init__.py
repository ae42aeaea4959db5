"""Random numbers: where every draw of the library comes from, and how to draw the same again.

Every function that draws takes a generator as an argument; none is hidden in a global. It may be a
``numpy.random.Generator``, or ``Xoshiro``, which gives the numbers that Julia gives for the same seed, so
that what a Lux tutorial prints can be drawn again to the last digit. The chapters: ``words`` makes 64-bit
words, ``ziggurat`` makes normal numbers of them, ``generator`` puts both behind NumPy's face, and
``replicate`` copies a generator.
"""
from typing import TYPE_CHECKING

from ..late import loader
from .replicate import is_xoshiro, replicate

if TYPE_CHECKING:
    from .generator import Xoshiro

_CHAPTERS = {"generator": ("Xoshiro",)}
__getattr__ = loader(__name__, _CHAPTERS)

__all__ = ["Xoshiro", "is_xoshiro", "replicate"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
