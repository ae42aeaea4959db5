"""Many samples at once: `vmap` of every primitive, and of its derivatives, against a loop over the samples."""
from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest
from cases import agree, cases, directions, parts
from samples import FLAT, SAMPLES

import arraylux as lux
from arraylux.backend import to_numpy
from arraylux.tracer.batch import BATCHING
from arraylux.tracer.core import PRIMITIVES

for module in pkgutil.walk_packages(lux.__path__, "arraylux."):
    importlib.import_module(module.name)

UNEVEN = {"nonzero", "unique_all", "unique_counts", "unique_inverse", "unique_values"}     # shapes depend on values
DIFFERENTIABLE = sorted(set(PRIMITIVES) - set(FLAT))
SAMPLES_AT_ONCE = 3


def stacked(xs):
    """Three samples of each array, so near one another that all lie in the primitive's domain."""
    return [np.stack([x, x * (1 + 1e-3), x * (1 - 2e-3)]) for x in xs]


def looped(f, *stacks):
    """What `vmap` is to give: `f` of each sample, stacked."""
    results = [parts(f(*sample)) for sample in zip(*stacks, strict=True)]
    return [np.stack(part) for part in zip(*results, strict=True)]


def same(found, expected, what):
    assert [a.dtype for a in parts(found)] == [a.dtype for a in expected], what
    agree(tuple([np.asarray(a, np.result_type(a, 1.0)) for a in parts(found)]), tuple(expected), 1e-12, what)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_primitives(name):
    for case in cases(PRIMITIVES[name], SAMPLES[name]):
        xs = stacked(case.inputs)
        same(lux.vmap(case)(*xs), looped(case, *xs), f"{case.label}: values")
        rng = case.rng()
        t = directions(tuple(xs), rng)
        y = lux.vmap(case)(*xs)
        g = directions(y, rng)
        count = len(xs)

        def push(*both, case=case, count=count):
            return lux.jvp(case, both[:count], both[count:])[1]

        def pull(*both, case=case, count=count):
            g = both[count:]
            return lux.vjp(case, *both[:count])[1](g if case.primitive.multiple else g[0])

        same(lux.vmap(push)(*xs, *t), looped(push, *xs, *t), f"{case.label}: tangent of each sample")
        same(lux.vmap(pull)(*xs, *parts(g)), looped(pull, *xs, *parts(g)), f"{case.label}: cotangent of each sample")
        x0 = case.inputs                                  # many directions at one point: the columns of a Jacobian
        for what, f, seeds in (("tangents", push, t), ("cotangents", pull, parts(g))):
            found = lux.vmap(lambda *seeds, f=f, x0=x0: f(*x0, *seeds))(*seeds)
            same(found, looped(lambda *seeds, f=f, x0=x0: f(*x0, *seeds), *seeds), f"{case.label}: many {what}")
        same(lux.jvp(lux.vmap(case), xs, t)[1], looped(push, *xs, *t), f"{case.label}: forward rule of the mapped")
        same(lux.vjp(lux.vmap(case), *xs)[1](g), looped(pull, *xs, *parts(g)), f"{case.label}: reverse of the mapped")


@pytest.mark.parametrize("name", sorted(set(FLAT) - UNEVEN))
def test_flat_primitives(name):
    for sample in FLAT[name]:
        rng = np.random.default_rng(0)
        args = [a if isinstance(a, (np.ndarray, float)) else a.sample(rng) for a in sample.args]
        places = [i for i, a in enumerate(args) if isinstance(a, np.ndarray)]
        for chosen in [places, *([i] for i in places)]:
            def f(*xs, args=args, chosen=chosen, params=sample.params):
                full = list(args)
                for i, x in zip(chosen, xs, strict=True):
                    full[i] = x
                return PRIMITIVES[name](*full, **params)

            xs = [np.stack([args[i], args[i][::-1] if args[i].ndim else args[i]]) for i in chosen]
            if name == "searchsorted":
                xs = [np.stack([args[i], args[i]]) for i in chosen]
            same(lux.vmap(f)(*xs), looped(f, *xs), f"{name}[{sample.params}] by {chosen}")
            traced = lux.jvp(lambda *xs, f=f: lux.vmap(f)(*xs), xs, [np.ones_like(x) if x.dtype.kind == "f" else None
                                                                    for x in xs])[0]
            same(traced, looped(f, *xs), f"{name}: inside of a derivative")


def test_no_samples():
    for name in ("sin", "matmul", "sum", "getitem", "unstack", "polygamma", "cross_entropy", "adjugate"):
        case = next(iter(cases(PRIMITIVES[name], SAMPLES[name])))
        one = parts(lux.vmap(case)(*[x[None] for x in case.inputs]))
        none = parts(lux.vmap(case)(*[np.zeros((0, *x.shape), x.dtype) for x in case.inputs]))
        assert [(a.shape, a.dtype) for a in none] == [((0, *a.shape[1:]), a.dtype) for a in one]


def test_a_primitive_without_a_rule_runs_once_for_each_sample(monkeypatch):
    for name in ("sin", "matmul", "sum", "getitem", "index_set", "unstack", "cross_entropy"):
        monkeypatch.delitem(BATCHING, name, raising=False)
        monkeypatch.setitem(BATCHING, "default", importlib.import_module("arraylux.rules.batching").one_by_one)
        test_primitives(name)
    case = next(iter(cases(PRIMITIVES["sin"], SAMPLES["sin"])))
    assert lux.vmap(case)(np.zeros((0, *case.inputs[0].shape))).shape == (0, *case.inputs[0].shape)


# --- places that differ from sample to sample -------------------------------------------------------------------------
X = np.arange(24.0).reshape(4, 3, 2) ** 1.5
PICKS = np.array([[2, 0], [1, 1], [0, 2], [2, 2]])
PLACES = {"x[i]": lambda x, i: x[i], "x[i, 1]": lambda x, i: x[i, 1], "x[i[0], i % 2]": lambda x, i: x[i[0], i % 2],
          "x[i, :1]": lambda x, i: x[i, :1], "x[..., i % 2]": lambda x, i: x[..., i % 2],
          "x[i == 2]": lambda x, i: x[:2][:, i >= 0],
          "take": lambda x, i: np.take(x, i, axis=0), "take axis 1": lambda x, i: np.take(x, i % 2, axis=1),
          "take_along_axis": lambda x, i: np.take_along_axis(x, i[:, None] % 2, axis=0)}


@pytest.mark.parametrize("place", PLACES)
def test_indices_that_differ(place):
    f = PLACES[place]
    for x, axes in ((X, (0, 0)), (X[0], (None, 0))):
        def one(k, x=x, axes=axes):
            return x[k] if axes[0] == 0 else x
        expected = np.stack([f(one(k), PICKS[k]) for k in range(4)])
        np.testing.assert_array_equal(lux.vmap(f, in_axes=axes)(x, PICKS), expected)

        def loss(x, i):
            return (f(x, i) ** 2).sum()

        expected = np.stack([lux.grad(loss)(one(k), PICKS[k]) for k in range(4)])
        np.testing.assert_allclose(lux.vmap(lux.grad(loss), in_axes=axes)(x, PICKS), expected, rtol=1e-13)

        def total(x, axes=axes):
            return lux.vmap(loss, in_axes=axes)(x, PICKS).sum()

        whole = expected if axes[0] == 0 else expected.sum(axis=0)
        np.testing.assert_allclose(lux.grad(total)(x), whole, rtol=1e-13)
        np.testing.assert_allclose(lux.jvp(total, (x,), (np.ones_like(x),))[1], whole.sum(), rtol=1e-13)


def test_writing_to_places_that_differ():
    def f(x, i, v):
        y = np.zeros_like(x)
        y[i] = v
        y[i[0]] += 2.0 * x[0]
        return y

    v = np.arange(16.0).reshape(4, 2, 2)
    expected = np.stack([lux.jvp(lambda x, v, k=k: f(x, PICKS[k], v), (X[k], v[k]), (X[k], v[k]))[1] for k in range(4)])
    found = lux.vmap(lambda x, i, v: lux.jvp(lambda x, v: f(x, i, v), (x, v), (x, v))[1])(X, PICKS, v)
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    grads = lux.vmap(lux.grad(lambda x, i, v: (f(x, i, v) ** 2).sum(), argnums=(0, 2)))(X, PICKS, v)
    for k in range(4):
        one = lux.grad(lambda x, v, k=k: (f(x, PICKS[k], v) ** 2).sum(), argnums=(0, 1))(X[k], v[k])
        for a, b in zip(grads, one, strict=True):
            np.testing.assert_allclose(a[k], b, rtol=1e-13)


# --- the transformation -----------------------------------------------------------------------------------------------
def test_gradients_of_each_sample_of_a_network():
    rng = np.random.default_rng(0)
    model = lux.Chain(lux.Dense(3, 5, lux.tanh), lux.Dense(5, 4))
    ps, st = lux.setup(rng, model)
    x, labels = rng.normal(size=(6, 3)).astype(np.float32), rng.integers(0, 4, 6)

    def loss(ps, x, label):
        logits, _ = model(x[None], ps, st)
        return lux.CrossEntropyLoss(logits=True)(logits, label[None])

    each = lux.vmap(lux.grad(loss), in_axes=(None, 0, 0))(ps, x, labels)
    for k in range(6):
        one = lux.grad(loss)(ps, x[k], labels[k])
        lux.tree.map(lambda a, b, k=k: np.testing.assert_allclose(a[k], b, rtol=2e-5, atol=1e-7), each, one)


def test_axes_and_trees():
    x = np.arange(6.0).reshape(2, 3)
    f = lux.vmap(lambda p, c: {"y": p["a"] * c + p["b"], "n": None, "c": c}, in_axes=(1, None), out_axes=-1)
    y = f({"a": x, "b": np.ones((4, 3))[:2]}, 2.0)
    np.testing.assert_array_equal(y["y"], 2 * x + 1)
    assert y["n"] is None
    assert y["c"] == 2.0
    np.testing.assert_array_equal(lux.vmap(lambda a: np.ones(2))(x), np.ones((2, 2)))
    nested = lux.vmap(lux.vmap(lambda a, b: a * b, in_axes=(None, 0)), in_axes=(0, None))
    np.testing.assert_array_equal(nested(x[0], x[1]), np.multiply.outer(x[0], x[1]))
    np.testing.assert_array_equal(lux.vmap(lambda a: lux.stop_gradient(a) * a)(x), x * x)
    np.testing.assert_array_equal(lux.vmap(lambda a, *, k: a * k)(x, k=x[0]), x * x[0])


def test_rules_of_your_own_hold_for_each_sample():
    @lux.custom_vjp
    def f(x):
        return x * x
    f.defvjp(lambda x: (x * x, x), lambda x, g: (3.0 * g * x,))          # wrong on purpose, to be recognised

    @lux.custom_jvp
    def h(x):
        return x * x
    h.defjvp(lambda primals, tangents: (primals[0] ** 2, 3.0 * primals[0] * tangents[0]))
    x = np.array([1.0, 2.0])
    for own in (f, h):
        np.testing.assert_allclose(lux.vmap(lux.grad(own))(x), 3 * x)
        np.testing.assert_allclose(lux.grad(lambda x, own=own: lux.vmap(own)(x).sum())(x), 3 * x)
        np.testing.assert_allclose(lux.jvp(lux.vmap(own), (x,), (np.ones(2),))[1], 3 * x)
        np.testing.assert_allclose(lux.vmap(own)(x), x * x)
    kept = lux.checkpoint(lambda x: np.sin(x) * x)
    np.testing.assert_allclose(lux.grad(lambda x: lux.vmap(kept)(x).sum())(x), np.cos(x) * x + np.sin(x))
    np.testing.assert_allclose(lux.vmap(lux.grad(kept))(x), np.cos(x) * x + np.sin(x))


def test_what_cannot_be_mapped_says_so():
    x = np.ones((3, 2))
    with pytest.raises(TypeError, match=r"vmap of branch maps over 3 samples at once.*xp\.where"):
        def branch(a):
            return a if a.sum() > 0 else -a
        lux.vmap(branch)(x)
    with pytest.raises(TypeError, match="no single value"):
        lux.vmap(lambda a: float(a[0]))(x)
    with pytest.raises(TypeError, match="no single value"):
        lux.vmap(lambda a: np.asarray(a))(x)
    with pytest.raises(TypeError, match="no single value"):
        lux.vmap(lux.grad(lambda a: a[0] if a[0] > 0 else a[1]))(x)
    with pytest.raises(ValueError, match=r"argument 1 must be an array with an axis 0.*got a float"):
        lux.vmap(lambda a, b: a * b)(x, 2.0)
    with pytest.raises(ValueError, match=r"one number of samples, got \[2, 3\]"):
        lux.vmap(lambda a, b: a * b)(x, x.T)
    with pytest.raises(ValueError, match="got no array"):
        lux.vmap(lambda a: a, in_axes=None)(x)
    with pytest.raises(ValueError, match="names 1 arguments, but 2"):
        lux.vmap(lambda a, b: a, in_axes=(0,))(x, x)
    with pytest.raises(ValueError, match="nonzero differ in shape from sample to sample"):
        lux.vmap(lambda a: lux.array_namespace(a).nonzero(a)[0])(np.array([[1.0, 0.0], [1.0, 1.0]]))
    with pytest.raises(RuntimeError, match="leaked out of vmap of"):
        kept = []
        lux.vmap(lambda a: kept.append(a))(x)
        kept[0] + 1


def test_axes_of_the_parts_of_trees():
    x = np.arange(6.0).reshape(2, 3)
    ps = {"weight": x, "bias": np.float64(2.0), "none": None, "rest": [x.T, x]}

    def f(ps, scale):
        return {"y": ps["weight"] * ps["rest"][0] + ps["bias"] * scale, "z": (ps["rest"][1].sum(), ps["bias"])}

    axes = {"rest": [1, None], "none": 0, "bias": None, "weight": 0}         # in an order of its own
    found = lux.vmap(f, in_axes=(axes, None), out_axes={"y": -1, "z": (0, None)})(ps, 3.0)
    np.testing.assert_array_equal(found["y"], (x * x + 6.0).T)
    np.testing.assert_array_equal(found["z"][0], [15.0, 15.0])
    assert found["z"][1] == 2.0
    np.testing.assert_array_equal(lux.vmap(lambda p: p["w"], in_axes={"w": 1})({"w": x}), x.T)
    np.testing.assert_array_equal(lux.vmap(lambda p: p["w"])({"w": x, "bias": None}), x)
    with pytest.raises(ValueError, match=r"in_axes of argument 0: expected keys \['w'\], got keys \['v'\]"):
        lux.vmap(lambda p: p, in_axes=({"w": 0},))({"v": x})
    with pytest.raises(ValueError, match=r"in_axes of argument 0 must be a number or None, got a float"):
        lux.vmap(lambda p: p, in_axes=(0.5,))(x)
    with pytest.raises(ValueError, match="out_axes names no axis for a result that differs"):
        lux.vmap(lambda p: p, out_axes=None)(x)


def test_on_other_libraries():
    strict = pytest.importorskip("array_api_strict")
    strict.reset_array_api_strict_flags()
    x = strict.asarray(np.arange(6.0).reshape(2, 3), device=strict.Device("device1"))
    w = strict.asarray(np.arange(12.0).reshape(3, 4), device=strict.Device("device1"))

    def f(w, x):
        xp = lux.array_namespace(w, x)
        return xp.sum(xp.tanh(xp.matmul(x, w)) ** 2)

    found = lux.vmap(lux.grad(f), in_axes=(None, 0))(w, x)
    assert found.device == x.device
    for k in range(2):
        np.testing.assert_allclose(to_numpy(found)[k], to_numpy(lux.grad(f)(w, x[k, ...])), rtol=1e-12)


def places(x):
    return np.argsort(x)


def written(x):
    y = x.copy()
    y[x > 1.5] = 0
    return y


def written_at_places(x):
    y = x.copy()
    y[places(x)[:2]] = x[0]
    return y


@pytest.mark.parametrize("f", [
    written, written_at_places, lambda x: x[places(x)], lambda x: lux.array_namespace(x).take(x, places(x)),
    lambda x: lux.array_namespace(x).index_add(x, x * x, index=places(x))],
    ids=["mask", "places", "getitem", "take", "index_add"])
def test_places_that_depend_on_the_sample_with_directions_that_do_not(f):
    x = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 1.2], [2.0, 3.0, 1.0]])
    v = np.array([1.0, 10.0, 100.0])
    for product in (lambda x: lux.jvp(f, (x,), (v,))[1], lambda x: lux.vjp(f, x)[1](v)[0], lux.jacobian(f, "rev"),
                    lambda x: lux.hvp(lambda y: (f(y) ** 3).sum(), x, v)):
        np.testing.assert_allclose(lux.vmap(product)(x), np.stack([product(row) for row in x]), rtol=1e-13)


def test_what_numpy_finds_by_values_alone():
    x = np.array([[1.0, 4.0, 2.0, 3.0], [9.0, 8.0, 7.0, 5.0]])
    parted = lux.vmap(lambda row: np.partition(row, 1))(x)
    np.testing.assert_array_equal(parted[:, 1], [2.0, 7.0])
    np.testing.assert_array_equal(lux.vmap(lux.grad(lambda row: np.partition(row, 1)[1]))(x),
                                  [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    np.testing.assert_allclose(lux.vmap(lambda row: np.geomspace(row[0], row[1], 3))(x),
                               [[1.0, 2.0, 4.0], [9.0, 72.0**0.5, 8.0]])
    with pytest.raises(ValueError, match="ends of one sign"):
        lux.vmap(lambda row: np.geomspace(-1.0, row, 3))(x)
