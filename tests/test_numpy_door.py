"""The door is complete: every public function of NumPy is served, refused in words, or takes no array.

What is served is tried in test_protocols.py; here stands that nothing is missing, that no parameter of NumPy's is
silently passed over, what may be written in place, and what the methods and attributes of `ndarray` do.
"""
from __future__ import annotations

import inspect

import numpy as np
import pytest
from likenumpy import check, same
from numpy.lib.stride_tricks import sliding_window_view

import arraylux as lux
from arraylux.tracer.core import Tracer, strip
from arraylux.tracer.dispatch import name_of
from arraylux.tracer.tables import INSTEAD, LIKE_FUNCTIONS, NUMPY_FUNCTIONS, UFUNCS

RNG = np.random.default_rng(31)
V, M, N = RNG.uniform(0.5, 2.0, 4), RNG.uniform(0.5, 2.0, (2, 3)), RNG.normal(size=(2, 3))
S = np.asarray(1.5)
PLACES = np.array([2, 0, 1])

# Functions that take no array of numbers: they make arrays, ask about dtypes, or set how NumPy works.
NO_ARRAY = {
    "bartlett", "base_repr", "binary_repr", "blackman", "broadcast_shapes", "datetime_data", "diag_indices",
    "fftfreq", "format_float_positional", "format_float_scientific", "frompyfunc", "fromregex", "get_include",
    "get_printoptions", "getbufsize", "geterr", "geterrcall", "hamming", "hanning", "indices", "info", "isdtype",
    "issubdtype", "kaiser", "load", "mask_indices", "mintypecode", "printoptions", "promote_types", "rfftfreq",
    "set_printoptions", "setbufsize", "seterr", "seterrcall", "show_config", "show_runtime", "test", "tril_indices",
    "triu_indices", "typename"}
# Functions that turn what they get into NumPy's arrays first, or ask nobody: what a traced array answers.
ASKING_NOBODY = {
    "asarray_chkfinite": "would lose its derivative", "asmatrix": "would lose its derivative",
    "bmat": "would lose its derivative", "from_dlpack": "would lose its derivative", "isfortran": "no 'flags'",
    "nested_iters": None, "isscalar": False, "iterable": True}


def public(module):
    return {name: getattr(module, name) for name in dir(module)
            if not name.startswith("_") and name not in ("in1d", "trapz", "row_stack")}      # gone, or going


FUNCTIONS = {name: f for module in (np, np.fft) for name, f in public(module).items()
             if callable(f) and not isinstance(f, (type, np.ufunc))}
ASKING = {name: f for name, f in FUNCTIONS.items() if hasattr(f, "_implementation")}
REFUSED = {name for name, f in ASKING.items() if f not in NUMPY_FUNCTIONS}
UFUNCS_OF_NUMPY = {name: f for name, f in public(np).items() if isinstance(f, np.ufunc)}


def test_every_function_is_served_or_refused_in_words():
    without_words = {name for name in REFUSED if f"np.{name}" not in INSTEAD}
    assert not without_words
    assert {word.partition(".")[2] for word in INSTEAD if word.startswith("np.") and word.count(".") == 1} \
        <= REFUSED | set(UFUNCS_OF_NUMPY), "a refusal of something that is served, or is not there"


def test_every_other_function_takes_no_array():
    others = set(FUNCTIONS) - set(ASKING)
    assert others == (NO_ARRAY | set(ASKING_NOBODY) | {f.__name__ for f in LIKE_FUNCTIONS}) & others


def test_every_ufunc_is_served_or_refused_in_words():
    for name, f in UFUNCS_OF_NUMPY.items():
        assert (f, "__call__") in UFUNCS or f"np.{name}" in INSTEAD, name


def test_windows_are_served():
    assert sliding_window_view in NUMPY_FUNCTIONS
    check(sliding_window_view, (M, 2, 1))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refusals_name_what_works(name):
    f, called = FUNCTIONS[name], {
        "save": ("file",), "savetxt": ("file",), "savez": ("file",), "savez_compressed": ("file",)}
    for transform in (lambda g: lux.vjp(g, M), lambda g: lux.jvp(g, (M,), (M,))):
        with pytest.raises(TypeError, match=rf"np\.{name} has no rule for traced arrays; .*[a-z]"):
            transform(lambda x: f(*called.get(name, ()), x, *(() if name in called else (x,) * more(f))))


def more(f):
    """Return how many arguments a function needs beside the first."""
    parameters = inspect.signature(f).parameters.values()
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters) - 1


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("name", ASKING_NOBODY)
def test_functions_that_ask_nobody(name):
    answer = ASKING_NOBODY[name]

    def f(x):
        if isinstance(answer, bool):
            assert FUNCTIONS[name](x) is answer
            return x
        if name == "nested_iters":
            return np.nested_iters([x], [[0], [1]])
        return FUNCTIONS[name]([[x]] if name == "bmat" else x)

    if isinstance(answer, bool):
        lux.vjp(f, M)
    else:
        with pytest.raises((TypeError, AttributeError), match=answer):
            lux.vjp(f, M)


# --- parameters ---------------------------------------------------------------------------------------------------
def parameters_of(f):
    return list(inspect.signature(f).parameters.values())


SIGNATURES = {f: ours for f, ours in NUMPY_FUNCTIONS.items() if hasattr(f, "_implementation")}


@pytest.mark.parametrize("f", SIGNATURES, ids=lambda f: f.__name__)
def test_parameters_come_in_numpys_order(f):
    ours, theirs = [[p for p in parameters_of(g) if p.kind <= p.POSITIONAL_OR_KEYWORD] for g in (SIGNATURES[f], f)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters_of(f)):
        return
    assert len(ours) <= len(theirs)
    for a, b in zip(ours, theirs, strict=False):
        assert a.name == b.name or b.kind is b.POSITIONAL_ONLY


def refused_words():
    for f, ours in SIGNATURES.items():
        taken = {p.name for p in parameters_of(ours)}
        for p in parameters_of(f):
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.default is not p.empty and (
                    p.name not in taken or p.name == "out"):
                yield pytest.param(f, p.name, id=f"{f.__name__}-{p.name}")


class Unknown:
    """A value that no parameter has by default."""


@pytest.mark.parametrize(("f", "word"), list(refused_words()))
def test_what_is_not_taken_is_refused_by_its_name(f, word):
    c = lux.constant(M)
    needed = [c] * (more(f) + 1)
    with pytest.raises(TypeError, match=rf"{name_of(f)} cannot use {word}= with a traced array; [a-z]"):
        c.__array_function__(f, (type(c),), tuple(needed), {word: Unknown()})


def test_what_says_nothing_passes():
    c = lux.constant(M)
    same(np.sum(c, where=True, initial=None), M.sum())
    same(np.concatenate([c, c], casting="same_kind"), np.concatenate([M, M]))
    same(np.copy(c, "F"), M)
    same(np.mean(a=c, axis=0), M.mean(0))
    same(np.take(c, PLACES, 1, None, "raise"), M[:, PLACES])


def test_what_comes_in_order_is_refused_by_its_name_too():
    c = lux.constant(M)
    with pytest.raises(TypeError, match=r"np.take cannot use mode= .*indices"):
        np.take(c, PLACES, 1, None, "clip")
    with pytest.raises(TypeError, match=r"np.concatenate cannot use out= .*returned value"):
        np.concatenate([c, c], 0, np.zeros((4, 3)))


# --- constants ----------------------------------------------------------------------------------------------------
def test_a_function_without_a_rule_takes_constants():
    c = lux.constant(M)
    counts, edges = np.histogram(c, bins=3)
    same(counts, np.histogram(M, bins=3)[0])
    same(edges, np.histogram(M, bins=3)[1])
    same(np.bitwise_count(lux.constant(PLACES)), np.bitwise_count(PLACES))
    with pytest.raises(TypeError, match=r"np\.histogram has no rule"):
        lux.grad(lambda x: np.histogram(x, weights=c)[0].sum())(M)


# --- arrays like a traced one -------------------------------------------------------------------------------------
LIKE = {
    "zeros": ((2, 3),), "ones": (3, np.float32), "empty": (2,), "full": ((2,), 1.5), "arange": (2, 5), "eye": (2, 3),
    "identity": (2,), "tri": (3,), "array": ([1, 2],), "asarray": ([[1.0]],), "asanyarray": (V,),
    "ascontiguousarray": (S,), "asfortranarray": (M,), "require": (M,), "fromfunction": (np.add, (2, 2)),
    "fromiter": ([1.0, 2.0], float), "frombuffer": (b"12345678",), "fromstring": ("1 2", float, -1, " ")}
FILES = {np.fromfile, np.loadtxt, np.genfromtxt}


@pytest.mark.parametrize("name", LIKE)
def test_arrays_are_made_like_a_traced_one(name):
    f, args = getattr(np, name), LIKE[name]
    made = []
    lux.vjp(lambda x: made.append(f(*args, like=x)) or x, M)
    wanted = f(*args)
    assert isinstance(made[0], Tracer)
    assert (made[0].shape, made[0].dtype) == (wanted.shape, wanted.dtype)
    if name != "empty":
        same(made[0], wanted)


def test_every_maker_is_tried():
    assert {getattr(np, name) for name in LIKE} | FILES == set(LIKE_FUNCTIONS)


def test_an_array_of_traced_numbers_like_a_traced_one():
    def f(x):
        y = np.zeros(3, like=x)
        y[1] = x[0] ** 2
        return (y * np.array([x[0], 2.0, x[1]], like=x)).sum() + np.full((2,), x[2], like=x).sum()

    np.testing.assert_allclose(lux.grad(f)(V), [4 * V[0], 0.0, 2.0, 0.0])


# --- writing into a traced array ----------------------------------------------------------------------------------
def written(f, *args, **kwargs):
    """Return a function of the array that is written into, and of what is written."""
    def call(a, *values):
        a = lux.constant(a.copy()) if any(
            isinstance(v, Tracer) for v in values) and not isinstance(a, Tracer) else a.copy()
        f(a, *[values[0] if arg is None else arg for arg in args], **kwargs)
        return a
    call.__name__ = f.__name__
    return call


MASK = np.array([[True, False, True], [False, False, True]])
WRITES = {
    "put": (written(np.put, [0, 4], None), (M, V[:2])), "put one": (written(np.put, [5, 1], None), (M, S)),
    "put wrap": (written(np.put, [7, 8], None, mode="wrap"), (M, V[:2])),
    "put clip": (written(np.put, [9], None, mode="clip"), (M, V[:1])),
    "place": (written(np.place, MASK, None), (M, V[:2])), "putmask": (written(np.putmask, MASK, None), (M, N)),
    "putmask short": (written(np.putmask, MASK, None), (M, V[:2])),
    "put_along_axis": (written(np.put_along_axis, np.array([[1], [0]]), None, 1), (M, N[:, :1])),
    "fill_diagonal": (written(np.fill_diagonal, None), (np.ones((3, 3)), V[:3])),
    "fill_diagonal wrap": (written(np.fill_diagonal, None, wrap=True), (np.ones((5, 2)), S)),
    "copyto": (written(np.copyto, None), (M, N)), "copyto where": (written(np.copyto, None, where=MASK), (M, N[0])),
    "x.put": (written(lambda a, v: a.put([0, 4], v), None), (M, V[:2])),
    "x.fill": (written(lambda a, v: a.fill(v), None), (M, S)),
    "x.sort": (written(lambda a: a.sort()), (M,)), "x.sort(0)": (written(lambda a: a.sort(0)), (M,)),
    "x.partition": (written(lambda a: a.partition(1, axis=1)), (M,)),
}


@pytest.mark.parametrize("name", WRITES)
def test_writing_turns_the_handle_into_the_new_array(name):
    f, args = WRITES[name]
    check(f, args)


def test_put_along_axis_of_the_flattened_array():
    # as NumPy documents it; NumPy 2.4 itself writes into a copy
    def f(x):
        a = np.zeros((2, 3), like=x)
        np.put_along_axis(a, PLACES, x, None)
        return a

    np.testing.assert_array_equal(lux.jvp(f, (V[:3],), (np.array([1.0, 2.0, 3.0]),))[1], [[2, 3, 1], [0, 0, 0]])


def test_nothing_is_written_into_a_plain_array():
    for f in (lambda x: np.put(M, [0], x[0]), lambda x: np.copyto(M.copy(), x[0]),
              lambda x: np.fill_diagonal(np.eye(2), x[0])):
        with pytest.raises(TypeError, match=r"its derivative would be lost|would lose its derivative"):
            lux.grad(lambda x, f=f: f(x) or x.sum())(V)


def test_a_write_leaves_the_caller_s_array_alone():
    x = M.copy()
    lux.grad(lambda a: np.put(a, [0], 9.0) or a.sum())(x)
    np.testing.assert_array_equal(strip(x), M)
