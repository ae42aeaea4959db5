"""einops and array-api-extra on traced arrays.

einops knows arrays by their class in `einops.rearrange`, and by their namespace in `einops.array_api.rearrange`: traced
arrays, like those of any library that it has not heard of, are served by the latter.
"""
from __future__ import annotations

import numpy as np
import pytest
from differentiated import beside, check

import arraylux as lux

RNG = np.random.default_rng(2)
X, Y = RNG.uniform(0.5, 2.0, (6, 3)), RNG.uniform(0.5, 2.0, (6, 3))
V, W = RNG.uniform(0.5, 2.0, 7), RNG.uniform(0.5, 2.0, 7)
of = lux.array_namespace


# --- einops -----------------------------------------------------------------------------------------------------------
def reduced(how):
    return lambda e, x: e.reduce(x, "(a b) c -> a c", how, a=2)


EINOPS = {
    "rearrange": (lambda e, x: e.rearrange(x, "(a b) c -> a (c b)", a=2), [X]),
    "rearrange a list": (lambda e, x, y: e.rearrange([x, y], "b a c -> a b c"), [X, Y]),
    "repeat": (lambda e, x: e.repeat(x, "a c -> a r c", r=2), [X]),
    **{f"reduce by {how}": (reduced(how), [X]) for how in ("sum", "mean", "max", "min", "prod")},
    "pack": (lambda e, x, y: e.pack([x, y], "a *")[0], [X, Y]),
    "unpack": (lambda e, x: e.unpack(x, [(2,), ()], "a *"), [X]),
}


@pytest.mark.parametrize("name", EINOPS)
def test_einops_by_namespace_is_differentiable(name):
    einops = pytest.importorskip("einops.array_api")
    f, args = EINOPS[name]
    check(lambda *xs: f(einops, *xs), args)


def test_einops_by_class_does_not_know_traced_arrays():
    einops = pytest.importorskip("einops")
    for transform in (lambda f: lux.vjp(f, X), lambda f: lux.jvp(f, (X,), (X,))):
        with pytest.raises(RuntimeError, match="Tensor type unknown to einops"):
            transform(lambda x: einops.rearrange(x, "a b -> b a"))


# --- array-api-extra --------------------------------------------------------------------------------------------------
def at(update):
    """Return a call that updates a few elements of a copy."""
    return lambda extra, x, v: getattr(extra.at(x)[1:3], update)(v, copy=True)


EXTRA = {
    **{f"at.{update}": (at(update), [V, W[:2]]) for update in (
        "set", "add", "subtract", "multiply", "divide", "power", "min", "max")},
    "at.set by a mask": (lambda extra, x: extra.at(x)[x > 1.0].set(0.0, copy=True), [V]),
    "at.set into new zeros": (lambda extra, v: extra.at(of(v).zeros(3, dtype=v.dtype))[1:].set(v), [V[:2]]),
    "apply_where": (lambda extra, x, y: extra.apply_where(x > y, (x, y), lambda x, y: x * y, lambda x, y: x / y),
                    [V, W]),
    "apply_where, fill_value": (lambda extra, x: extra.apply_where(x > 1.0, x, of(x).log, fill_value=0.0), [V]),
    "lazy_apply": (lambda extra, x: extra.lazy_apply(lambda a: a**2, x, shape=x.shape), [V]),
    "kron": (lambda extra, x, y: extra.kron(x, y), [X, Y]), "cov": (lambda extra, x: extra.cov(x), [X]),
    "pad": (lambda extra, x: extra.pad(x, 2, constant_values=1.0), [X]), "sinc": (lambda extra, x: extra.sinc(x), [V]),
    "create_diagonal": (lambda extra, x: extra.create_diagonal(x), [V]),
    "atleast_nd": (lambda extra, x: extra.atleast_nd(x, ndim=3), [X]),
    "one_hot": (lambda extra, x: extra.one_hot(beside(x, [2, 0, 1]), 3) @ x, [V[:3]]),
    "partition": (lambda extra, x: extra.partition(x, 3)[3], [V]),
    "argpartition": (lambda extra, x: x[extra.argpartition(x, 3)][3], [V]),
    "nan_to_num": (lambda extra, x: extra.nan_to_num(x), [V]),
    "setdiff1d": (lambda extra, x: of(x).sort(extra.setdiff1d(x, x[2:4])), [V]),
    "union1d": (lambda extra, x, y: of(x).sort(extra.union1d(x, y)), [V, W]),
}


@pytest.mark.parametrize("name", EXTRA)
def test_array_api_extra_is_differentiable(name):
    extra = pytest.importorskip("array_api_extra", minversion="0.9")
    f, args = EXTRA[name]
    check(lambda *xs: f(extra, *xs), args)


def test_a_function_that_insists_on_numpy_loses_the_derivative_and_says_so():
    extra = pytest.importorskip("array_api_extra", minversion="0.9")
    for transform in (lambda f: lux.vjp(f, V), lambda f: lux.jvp(f, (V,), (V,))):
        with pytest.raises(TypeError, match="a NumPy array of a traced array would lose its derivative"):
            transform(lambda x: extra.lazy_apply(np.square, x, as_numpy=True))
