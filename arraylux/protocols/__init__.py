"""NumPy's own functions on tracers: which rule answers which function.

NumPy asks a foreign argument before it computes: a ufunc asks `__array_ufunc__`, any other function
`__array_function__`. The tables that are filled here say what a traced array answers, so that plain `np.sin(x)`,
`np.sum(x, 0)` or `ndarray @ x` are differentiable as they stand. Functions here have NumPy's signatures, the
standard's are one name away. What is not in the tables raises a sentence.
"""
from . import fourier as fourier
from . import functions as functions
from . import linalg as linalg
from . import sorting as sorting
from . import special as special
from . import ufuncs as ufuncs
