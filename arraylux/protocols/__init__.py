"""NumPy's own functions on tracers: which rule answers which function.

NumPy asks a foreign argument before it computes: a ufunc asks `__array_ufunc__`, any other function
`__array_function__`. The tables that are filled here say what a traced array answers, so that plain `np.sin(x)`,
`np.sum(x, 0)` or `ndarray @ x` are differentiable as they stand. Functions here have NumPy's signatures, the
standard's are one name away. What is not in the tables raises a sentence.
"""
from importlib import import_module

from ..tracer.tables import LATE
from . import functions as functions
from . import ufuncs as ufuncs

_LATE = ("creation", "elements", "fourier", "kernels", "linalg", "numbers", "polynomials", "refusals", "shapes",
         "sorting", "special", "statistics", "ufunc_methods")


def _load_the_rest() -> None:
    """Fill the tables with the chapters that most programs do without."""
    for chapter in _LATE:
        import_module(f".{chapter}", __name__)


LATE.append(_load_the_rest)
