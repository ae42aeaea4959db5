"""Transformations as users call them: trees, argnums, aux, errors, custom rules, checkpoint, Jacobians."""
from __future__ import annotations

import array_api_strict as strict
import numpy as np
import pytest

import arraylux as lux
from arraylux.testing import check_grads

X = np.array([0.5, -1.5, 2.0])


# --- grad and value_and_grad ----------------------------------------------------------------------------------------
def test_grad_of_trees_keeps_structure_shape_and_dtype():
    ps = {"w": np.ones((2, 3), np.float32), "more": [np.ones(3), (np.float64(2.0),)]}
    g = lux.grad(lambda ps: (ps["w"] @ ps["more"][0]).sum() * ps["more"][1][0])(ps)
    assert g["w"].dtype == np.float32 and g["w"].shape == (2, 3) and float(g["w"][0, 0]) == 2.0
    np.testing.assert_array_equal(g["more"][0], [4.0, 4.0, 4.0])
    assert isinstance(g["more"][1], tuple) and float(g["more"][1][0]) == 6.0


def test_leaves_without_derivative_get_none():
    ps = {"w": X, "n": 3, "none": None, "mask": np.array([True, False, True]), "name": "layer", "ids": np.arange(3)}
    g = lux.grad(lambda ps: (ps["w"] * ps["mask"] * ps["n"]).sum())(ps)
    np.testing.assert_array_equal(g["w"], [3.0, 0.0, 3.0])
    assert all(g[k] is None for k in ("n", "none", "mask", "name", "ids"))


def test_argnums_and_keywords():
    def f(x, y, scale=1.0):
        return (x * y * y).sum() * scale
    gx, gy = lux.grad(f, argnums=(0, 1))(X, 2 * X, scale=2.0)
    np.testing.assert_allclose(gx, 2 * (2 * X) ** 2)
    np.testing.assert_allclose(gy, 2 * 2 * X * 2 * X)
    np.testing.assert_allclose(lux.grad(f, argnums=1)(X, 2 * X), 2 * X * 2 * X)
    with pytest.raises(TypeError, match="argument 2 is to be differentiated, but only 2 positional"):
        lux.grad(f, argnums=2)(X, X)
    with pytest.raises(TypeError, match="argument -3 is to be differentiated, but only 2 positional"):
        lux.grad(f, argnums=-3)(X, X)
    for twice in ((0, 0), (0, -2)):
        with pytest.raises(ValueError, match="names an argument twice"):
            lux.grad(f, argnums=twice)(X, X)
    np.testing.assert_allclose(lux.grad(f, argnums=np.int64(-1))(X, 2 * X), 2 * X * 2 * X)


def test_aux():
    def f(x):
        y = x * x
        return y.sum(), {"y": y, "note": "hello"}

    (value, aux), g = lux.value_and_grad(f, has_aux=True)(X)
    assert float(value) == pytest.approx(float((X**2).sum())) and aux["note"] == "hello"
    assert type(aux["y"]) is np.ndarray
    g2, aux2 = lux.grad(f, has_aux=True)(X)
    np.testing.assert_array_equal(g, g2)
    np.testing.assert_array_equal(aux2["y"], X * X)


def test_a_loss_that_does_not_depend_on_its_argument():
    np.testing.assert_array_equal(lux.grad(lambda x: 3.0)(X), np.zeros(3))
    np.testing.assert_array_equal(lux.grad(lambda x: np.floor(x).sum())(X), np.zeros(3))
    np.testing.assert_array_equal(lux.grad(lambda p: p["a"].sum())({"a": X, "b": X})["b"], np.zeros(3))


def test_float32_stays_float32():
    x = np.ones(4, np.float32)
    value, g = lux.value_and_grad(lambda x: (np.tanh(x * 2.0) / 3).mean())(x)
    assert value.dtype == np.float32 and g.dtype == np.float32


def test_complex_gradient_is_the_direction_of_steepest_ascent():
    z = 1 + 2j
    assert lux.grad(lambda z: (z * z.conj()).real)(z) == 2 + 4j
    assert lux.grad(lambda z: np.abs(z) ** 2)(z) == pytest.approx(2 + 4j)
    # f(z) = Re(z^2) = a^2 - b^2: gradient 2a - 2bi
    assert lux.grad(lambda z: (z * z).real)(z) == 2 - 4j


@pytest.mark.parametrize(("f", "x", "message"), [
    (lambda x: x * 2, X, r"the result must be a scalar, got float64 array of shape \(3,\); reduce it"),
    (lambda x: (x.sum(), 1), X, r"the result must be a scalar, got a tuple; a pair \(loss, extra\) needs has_aux=True"),
    (lambda x: x.sum(), np.arange(3),
     r"argument 0 to hold at least one floating-point array .* int64 array of shape \(3,\)"),
    (lambda x: x, 3, r"got a int; integers have no derivative"),
    (lambda p: 1.0, {"a": None}, "got None; integers have no derivative"),
    (lambda x: x.sum(), X + 0j, "must be a real floating-point number, got complex128 array of shape"),
    (lambda x: int(x.sum()), X, "must be a real floating-point number, got a int"),
    (lambda x: np.argmax(x), X, "must be a real floating-point number, got int64 array"),
])
def test_what_grad_refuses(f, x, message):
    with pytest.raises(TypeError, match=message):
        lux.grad(f)(x)


# --- jvp and vjp ----------------------------------------------------------------------------------------------------
def test_jvp_of_trees():
    def f(p, y):
        return {"s": p["a"] * y, "n": 3}
    y, dy = lux.jvp(f, ({"a": X, "k": 2}, X), ({"a": np.ones(3), "k": None}, None))
    np.testing.assert_allclose(y["s"], X * X)
    np.testing.assert_allclose(dy["s"], X)
    assert y["n"] == 3 and dy["n"] is None


def test_jvp_of_a_constant_is_zero():
    _y, dy = lux.jvp(lambda x: np.ones(2), (X,), (X,))
    np.testing.assert_array_equal(dy, [0.0, 0.0])


def test_vjp_of_trees_can_be_pulled_many_times():
    y, pullback = lux.vjp(lambda a, b: (a * b, [a.sum()]), X, 2 * X)
    for scale in (1.0, 3.0):
        ga, gb = pullback((scale * np.ones(3), [np.float64(1.0)]))
        np.testing.assert_allclose(ga, scale * 2 * X + 1)
        np.testing.assert_allclose(gb, scale * X)
    ga, _ = pullback((None, [1.0]))                                     # None: no cotangent for that result
    np.testing.assert_array_equal(ga, np.ones(3))
    assert float(y[1][0]) == pytest.approx(1.0)


def test_vjp_with_aux():
    _y, pullback, aux = lux.vjp(lambda x: (x.sum(), x * 2), X, has_aux=True)
    np.testing.assert_array_equal(aux, 2 * X)
    np.testing.assert_array_equal(pullback(1.0)[0], np.ones(3))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: lux.jvp(np.sin, (X,), (np.ones(2),)), ValueError,
     r"tangents.0 must be a float64 array of shape \(3,\) like its primal, got a float64 array of shape \(2,\)"),
    (lambda: lux.jvp(np.sin, (X,), (np.ones(3, np.float32),)), ValueError, "got a float32 array"),
    (lambda: lux.jvp(np.sin, (X,), ()), ValueError, "1 primals and 0 tangents"),
    (lambda: lux.jvp(np.sin, X, X), TypeError, r"write jvp\(f, \(x,\), \(v,\)\)"),
    (lambda: lux.jvp(lambda n: n, (3,), (1,)), ValueError, "must be None, since its primal"),
    (lambda: lux.vjp(np.sin, X)[1](np.ones(2)), ValueError, r"must have the shape \(3,\) of the function's result"),
    (lambda: lux.vjp(lambda x: {"a": x}, X)[1]({"b": X}), ValueError,
     r"the trees differ at the cotangent: expected keys"),
    (lambda: lux.vjp(np.sin, X)[1](1j * X), ValueError, "take its real part first"),
    (lambda: lux.vjp(lambda n: n, 3), TypeError, "integers have no derivative"),
])
def test_what_jvp_and_vjp_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- Jacobians and Hessians -----------------------------------------------------------------------------------------
def outer(x):
    return x[:, None] * x[None, :2]


@pytest.mark.parametrize("mode", ["fwd", "rev", None])
def test_jacobian_modes(mode):
    J = lux.jacobian(outer, mode)(X)
    expected = np.zeros((3, 2, 3))
    for i in range(3):
        for j in range(2):
            expected[i, j, i] += X[j]
            expected[i, j, j] += X[i]
    assert J.shape == (3, 2, 3)
    np.testing.assert_allclose(J, expected)


def test_jacobian_chooses_the_cheaper_mode():
    runs = []

    def wide(x):
        runs.append(type(x).__name__)
        return x[:1] * x.sum()

    def tall(x):
        runs.append(type(x).__name__)
        return np.concatenate([x, x, x])

    lux.jacobian(wide)(X)
    assert runs == ["Var"]
    runs.clear()
    lux.jacobian(tall)(X)
    assert runs == ["Var", "Dual"]                       # once to see how large the result is, once for all columns


def test_jacobian_of_trees():
    def f(p):
        return {"y": p["a"] * p["b"], "n": 1}
    J = lux.jacobian(f)({"a": X, "b": np.float64(2.0), "k": 3})
    np.testing.assert_allclose(J["y"]["a"], 2 * np.eye(3))
    np.testing.assert_allclose(J["y"]["b"], X)
    assert J["y"]["k"] is None and J["n"]["a"] is None


def test_jacobian_and_hessian_of_other_arguments():
    def f(n, x, p, *, scale=1.0):
        return n * x * p["a"] * scale

    def total(n, x, p):
        return f(n, x, p).sum()

    p = {"a": 2 * X}
    for mode in ("fwd", "rev", None):
        np.testing.assert_allclose(lux.jacobian(f, mode, argnums=1)(3, X, p, scale=2.0), np.diag(6 * p["a"]))
        to_p, to_x = lux.jacobian(f, mode, argnums=(-1, 1))(3, X, p)
        np.testing.assert_allclose(to_p["a"], np.diag(3 * X))
        np.testing.assert_allclose(to_x, np.diag(3 * p["a"]))
    np.testing.assert_allclose(lux.jacobian(f, argnums=1, sparsity=np.eye(3))(3, X, p), np.diag(3 * p["a"]))
    hessian = lux.hessian(total, argnums=(1, 2))(3, X, p)
    np.testing.assert_allclose(hessian[0][1]["a"], 3 * np.eye(3))
    np.testing.assert_allclose(hessian[1]["a"][0], 3 * np.eye(3))
    np.testing.assert_array_equal(lux.hessian(total, 1)(3, X, p), np.zeros((3, 3)))
    with pytest.raises(TypeError, match="jacobian of f: argument 3 is to be differentiated, but only 3 positional"):
        lux.jacobian(f, argnums=3)(3, X, p)
    with pytest.raises(TypeError, match="jacobian needs argument 0 to hold at least one floating-point array"):
        lux.jacobian(f)(3, X, p)


def test_empty_jacobian():
    assert lux.jacobian(lambda x: x[:0])(X).shape == (0, 3)
    assert lux.jacobian(lambda x: np.concatenate([x, X]), "fwd")(np.zeros(0)).shape == (3, 0)


def test_what_jacobian_refuses():
    with pytest.raises(ValueError, match=r'knows the modes "fwd" and "rev", got \'both\''):
        lux.jacobian(np.sin, "both")
    with pytest.raises(ValueError, match="the argument is complex"):
        lux.jacobian(np.sin)(X + 0j)
    with pytest.raises(TypeError, match="integers have no derivative"):
        lux.jacobian(np.sin)(np.arange(3))
    for sparsity in (None, np.eye(3)):
        with pytest.raises(ValueError, match=r"the result is complex.*use forward mode"):
            lux.jacobian(lambda x: np.exp(1j * x), "rev", sparsity=sparsity)(X)


@pytest.mark.parametrize("sparsity", [None, np.eye(3), np.ones((1, 3))], ids=["dense", "eye", "row"])
def test_jacobian_of_a_complex_result(sparsity):
    # d exp(iax) / dx = ia exp(iax), of which a cotangent of one would find the real part alone
    def f(x):
        y = np.exp(2j * x)
        return y.sum(keepdims=True) if sparsity is not None and sparsity.shape[0] == 1 else y

    expected = 2j * np.exp(2j * X)
    found = lux.jacobian(f, sparsity=sparsity)(X)
    np.testing.assert_allclose(found, expected[None] if found.shape[0] == 1 else np.diag(expected), rtol=1e-14)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def test_hessian_of_rosenbrock():
    a, b, c = x = np.array([0.3, -0.7, 1.1])
    expected = np.array([[1200 * a * a - 400 * b + 2, -400 * a, 0],
                         [-400 * a, 202 + 1200 * b * b - 400 * c, -400 * b],
                         [0, -400 * b, 200]])
    np.testing.assert_allclose(lux.hessian(rosenbrock)(x), expected, rtol=1e-12)
    v = np.array([1.0, 2.0, -1.0])
    np.testing.assert_allclose(lux.hvp(rosenbrock, x, v), expected @ v, rtol=1e-12)


def test_hessian_and_hvp_of_trees():
    def f(p):
        return (p["a"] ** 2).sum() * p["b"]
    p = {"a": X, "b": np.float64(3.0)}
    H = lux.hessian(f)(p)
    np.testing.assert_allclose(H["a"]["a"], 6 * np.eye(3))
    np.testing.assert_allclose(H["a"]["b"], 2 * X)
    np.testing.assert_allclose(H["b"]["a"], 2 * X)
    Hv = lux.hvp(f, p, {"a": np.ones(3), "b": np.float64(0.0)})
    np.testing.assert_allclose(Hv["a"], 6.0)
    assert float(Hv["b"]) == pytest.approx(float(2 * X.sum()))


# --- Lux's names ----------------------------------------------------------------------------------------------------
def test_products_by_luxs_names():
    def f(x):
        return x * x / 2
    v = np.array([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(lux.jacobian_vector_product(f, lux.AutoDual(), X, v), X * v)
    np.testing.assert_array_equal(lux.vector_jacobian_product(f, lux.AutoTape(), X, v), X * v)
    with pytest.raises(TypeError, match=r"forward mode, AutoDual\(\), got AutoTape\(\)"):
        lux.jacobian_vector_product(f, lux.AutoTape(), X, v)
    with pytest.raises(TypeError, match=r"reverse mode, AutoTape\(\), got AutoDual\(\)"):
        lux.vector_jacobian_product(f, lux.AutoDual(), X, v)


# --- rules of one's own ---------------------------------------------------------------------------------------------
def logistic(x):
    return 1 / (1 + np.exp(-x))


def make_vjp():
    f = lux.custom_vjp(logistic)
    f.defvjp(lambda x: (logistic(x), logistic(x)), lambda y, g: (g * y * (1 - y),))
    return f


def make_jvp():
    f = lux.custom_jvp(logistic)
    f.defjvp(lambda primals, tangents: (logistic(primals[0]), tangents[0] * logistic(primals[0])
                                        * (1 - logistic(primals[0]))))
    return f


@pytest.mark.parametrize("make", [make_vjp, make_jvp])
def test_a_custom_rule_serves_both_modes_and_orders(make):
    f = make()
    np.testing.assert_array_equal(f(X), logistic(X))
    check_grads(f, [X], order=2)
    check_grads(lambda x: (f(x) * f(2 * x)).sum(), [X], order=3, rtol=1e-4)


def test_a_custom_rule_is_used_at_all():
    f = lux.custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x, 7.0), lambda seven, g: (seven * g,))
    assert float(lux.grad(f)(1.0)) == 7.0
    assert float(lux.jvp(f, (1.0,), (1.0,))[1]) == 7.0
    h = lux.custom_jvp(lambda x: x)
    h.defjvp(lambda primals, tangents: (primals[0], 7.0 * tangents[0]))
    assert float(lux.grad(h)(1.0)) == 7.0
    assert float(lux.jvp(h, (1.0,), (1.0,))[1]) == 7.0


def test_custom_rules_of_trees_and_several_arguments():
    f = lux.custom_vjp(lambda p, y: {"a": p["x"] * y, "b": p["x"] + y})
    f.defvjp(lambda p, y: ({"a": p["x"] * y, "b": p["x"] + y}, (p["x"], y)),
             lambda res, g: ({"x": g["a"] * res[1] + g["b"]}, g["a"] * res[0] + g["b"]))
    def total(p, y):
        return (f(p, y)["a"] * 2 + f(p, y)["b"]).sum()
    gp, gy = lux.grad(total, argnums=(0, 1))({"x": X}, 2 * X)
    np.testing.assert_allclose(gp["x"], 4 * X + 1)
    np.testing.assert_allclose(gy, 2 * X + 1)
    check_grads(lambda p, y: list(f(p, y).values()), [{"x": X}, 2 * X])


def custom_vjp(x):
    @lux.custom_vjp
    def times(y):
        return y * x[0]
    times.defvjp(lambda y: (y * x[0], None), lambda _, g: (g * x[0],))
    return times


def custom_jvp(x):
    @lux.custom_jvp
    def times(y):
        return y * x[0]
    times.defjvp(lambda primals, tangents: (primals[0] * x[0], tangents[0] * x[0]))
    return times


@pytest.mark.parametrize("make", [custom_vjp, custom_jvp])
def test_a_custom_rule_of_a_closure_over_a_traced_array(make):
    # at the same level, at a higher one, and as a sample of the same mapping
    for f in (lambda x: make(x)(x[1]), lambda x: lux.grad(lambda y: make(y[None])(x[0]))(2.0)):
        for transform in (lux.grad(f), lambda x, f=f: lux.jvp(f, (x,), (x,))):
            with pytest.raises(ValueError, match=f"{make.__name__}: times uses a traced array that is not among"):
                transform(X)
    with pytest.raises(ValueError, match="uses a traced array that is not among its arguments"):
        lux.vmap(lambda x: make(x)(x[1]))(X[None])


def test_custom_rules_take_arguments_by_name():
    power = lux.custom_vjp(lambda x, n=2: x ** n)
    power.defvjp(lambda x, n: (x ** n, (x, n)), lambda kept, g: (g * kept[1] * kept[0] ** (kept[1] - 1), None))
    np.testing.assert_allclose(lux.grad(lambda x: power(n=3, x=x).sum())(X), 3 * X ** 2)
    tripled = lux.custom_jvp(lambda x, n=2: n * x)
    tripled.defjvp(lambda primals, tangents: (primals[1] * primals[0], primals[1] * tangents[0]))
    np.testing.assert_allclose(lux.vmap(lambda x: tripled(x, n=3))(X), 3 * X)
    np.testing.assert_allclose(lux.grad(lambda x: tripled(x=x).sum())(X), 2.0)
    with pytest.raises(TypeError, match="takes n by name alone"):
        lux.custom_jvp(lambda x, *, n: n * x)(X, n=3)


def test_custom_rules_that_are_wrong_say_so():
    f = lux.custom_vjp(np.sin)
    with pytest.raises(TypeError, match=r"function sin has no rule yet; call sin.defvjp\(forward, backward\)"):
        lux.grad(f)(1.0)
    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: g * np.cos(x))
    with pytest.raises(ValueError, match="must return a tuple of 1 cotangents, one for each argument, got float64"):
        lux.grad(lambda x: f(x).sum())(X)
    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: ((g * np.cos(x)).sum(),))
    with pytest.raises(ValueError, match=r"returned a float64 array of shape \(\) for an argument .* shape \(3,\)"):
        lux.grad(lambda x: f(x).sum())(X)
    h = lux.custom_jvp(np.sin)
    with pytest.raises(TypeError, match="custom_jvp function sin has no rule yet"):
        lux.grad(h)(1.0)


def test_stop_gradient():
    def f(x):
        return (x * lux.stop_gradient({"y": x * x})["y"]).sum()
    np.testing.assert_allclose(lux.grad(f)(X), X * X)
    np.testing.assert_allclose(lux.jvp(f, (X,), (np.ones(3),))[1], (X * X).sum())
    assert float(lux.grad(lux.grad(lambda x: x**3 + lux.stop_gradient(x) ** 5))(2.0)) == 12.0


def test_stop_gradient_within_a_mapping_within_a_derivative():
    def f(x):
        return lux.vmap(lambda element: element * lux.stop_gradient({"y": element * element})["y"])(x)
    np.testing.assert_allclose(lux.grad(lambda x: f(x).sum())(X), X * X)
    np.testing.assert_allclose(lux.jvp(f, (X,), (np.ones(3),))[1], X * X)
    np.testing.assert_allclose(lux.jacobian(f)(X), np.diag(X * X))
    np.testing.assert_allclose(lux.grad(lambda x: lux.vmap(f)(x).sum())(np.stack([X, 2 * X])), [X * X, 4 * X * X])


# --- checkpoint -----------------------------------------------------------------------------------------------------
def test_checkpoint_runs_again_and_agrees():
    runs = []

    def block(x, scale):
        runs.append(1)
        return np.sin(x * scale["s"]) * x

    def f(x, s):
        return (lux.checkpoint(block)(x, {"s": s}) ** 2).sum()
    def plain(x, s):
        return (block(x, {"s": s}) ** 2).sum()
    g = lux.grad(f, argnums=(0, 1))(X, 2.0)
    assert len(runs) == 2
    expected = lux.grad(plain, argnums=(0, 1))(X, 2.0)
    np.testing.assert_array_equal(g[0], expected[0])
    assert float(g[1]) == float(expected[1])
    check_grads(f, [X, np.float64(2.0)], order=2)


def test_checkpoint_keeps_only_its_arguments():
    def block(x):
        return np.exp(np.sin(np.tanh(x)))
    from arraylux.tracer.tape import Tape

    tape = Tape("test")
    lux.checkpoint(block)(tape.watch(X))
    assert len(tape.rows) == 2                                     # the input, and one row for the whole block


def test_checkpoint_of_a_closure_over_a_traced_array():
    with pytest.raises(ValueError, match="uses a traced array that is not among its arguments"):
        lux.grad(lambda x: lux.checkpoint(lambda y: y * x)(x * 2).sum())(X)
    with pytest.raises(ValueError, match="uses a traced array that is not among its arguments"):
        lux.grad(lambda x: lux.grad(lambda y: lux.checkpoint(lambda z: z * y)(x[0]))(2.0))(X)
    with pytest.raises(ValueError, match="uses a traced array that is not among its arguments"):
        lux.vmap(lambda x: lux.checkpoint(lambda y: y * x)(x * 2).sum())(X[None])


# --- the public checker ---------------------------------------------------------------------------------------------
def test_check_grads_catches_a_wrong_rule():
    wrong = lux.custom_vjp(lambda x: x * x)
    wrong.defvjp(lambda x: (x * x, x), lambda x, g: (3 * x * g,))
    with pytest.raises(AssertionError, match=r"is wrong in mode 'fwd': along a random direction it is"):
        check_grads(wrong, [X], order=1)
    with pytest.raises(AssertionError, match="in mode 'rev'"):
        check_grads(wrong, [X], order=1, modes=("rev",))
    second = lux.custom_vjp(lambda x: x**3)                        # right at first order, wrong at second
    second.defvjp(lambda x: (x**3, x), lambda x, g: (g * (lux.stop_gradient(3 * x) * x),))
    check_grads(second, [X], order=1)
    with pytest.raises(AssertionError, match="in mode 'rev, rev'"):
        check_grads(second, [X], order=2, modes=("rev",))


def test_check_grads_of_complex_and_trees():
    check_grads(lambda p: [np.exp(p["z"]) * p["x"], p["z"].real], [{"z": X + 0.5j, "x": X, "n": 2}])


def test_what_check_grads_refuses():
    with pytest.raises(ValueError, match=r"args.0 is a float32 array of shape .* need float64 or complex128"):
        check_grads(np.sin, [np.ones(3, np.float32)])
    with pytest.raises(ValueError, match='knows the modes "fwd" and "rev", got \'forward\''):
        check_grads(np.sin, [X], modes=("forward",))


# --- another library, and its second device ---------------------------------------------------------------------------
@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_nothing_hops(device):
    device = strict.Device(device)
    x = strict.asarray([0.5, -1.5, 2.0], device=device)

    def f(x):
        xp = lux.array_namespace(x)
        y = xp.zeros(3, dtype=x.dtype, device=x.device)
        y[:2] = x[1:] * x[0]
        return xp.sum(xp.exp(-y * y) / (1 + y**2)) + xp.mean(xp.max(x) * y)

    value, g = lux.value_and_grad(f)(x)
    H = lux.hessian(f)(x)
    y, dy = lux.jvp(f, (x,), (strict.ones_like(x),))
    for result in (value, g, H, y, dy):
        assert result.device == device
    if device == strict.Device("CPU_DEVICE"):
        check_grads(f, [x])


def test_libraries_cannot_be_mixed_by_accident():
    with pytest.raises(TypeError, match=r"arrays of two libraries, .* cannot be used together; move them"):
        lux.array_namespace(X, strict.asarray([1.0]))


# --- memory of results ------------------------------------------------------------------------------------------------
def test_gradients_do_not_share_memory():
    ga, gb = lux.grad(lambda a, b: ((a + b) * X).sum(), argnums=(0, 1))(X, X)
    ga[0] = 100.0
    np.testing.assert_array_equal(gb, X)
    g = np.ones(3)
    _, pullback = lux.vjp(lambda a, b: a + b.reshape(3), X, X.reshape(3, 1))
    ga, gb = pullback(g)
    ga[0] = 100.0
    np.testing.assert_array_equal(g, np.ones(3))
    np.testing.assert_array_equal(gb, np.ones((3, 1)))
    assert not np.shares_memory(gb, g)


# --- batched Jacobians ------------------------------------------------------------------------------------------------
def features(x):
    return np.stack([x[:, 0, 0] * x[:, 1, 1], np.sin(x[:, 0, 1]), x.sum((1, 2))], axis=1)[:, None, :]


@pytest.mark.parametrize("ad", [lux.AutoDual(), lux.AutoTape()], ids=repr)
def test_batched_jacobian_is_the_jacobian_of_each_sample(ad):
    x = np.random.default_rng(0).standard_normal((5, 2, 2))
    J = lux.batched_jacobian(features, ad, x)
    assert J.shape == (5, 3, 4)
    for i in range(5):
        one = lux.jacobian(lambda s: features(s[None])[0])(x[i])
        np.testing.assert_allclose(J[i], one.reshape(3, 4), rtol=1e-14)
    check_grads(lambda x: lux.batched_jacobian(features, ad, x), [x], order=1)       # inside of a loss
    assert lux.batched_jacobian(lambda x: x[:, :0], ad, x[:, 0]).shape == (5, 0, 2)
    assert lux.batched_jacobian(lambda x: np.concatenate([x, x[:, :0]], 1), ad, x[:, 0, :0]).shape == (5, 0, 0)
    assert lux.batched_jacobian(features, ad, x.astype(np.float32)).dtype == np.float32


def test_what_batched_jacobian_refuses():
    ad = lux.AutoTape()
    with pytest.raises(TypeError, match=r"runs in a mode, AutoDual\(\) or AutoTape\(\), got 'zygote'"):
        lux.batched_jacobian(np.sin, "zygote", X[None])
    with pytest.raises(ValueError, match=r"must be an array \(batch, ...\) of samples, got .* \(3,\)"):
        lux.batched_jacobian(np.sin, ad, X)
    with pytest.raises(ValueError, match=r"the 3 samples of its argument and at least one axis more, got .* \(2, 1\)"):
        lux.batched_jacobian(lambda x: x[:2], ad, X[:, None])
    with pytest.raises(TypeError, match="integers have no derivative"):
        lux.batched_jacobian(np.sin, ad, np.ones((2, 2), int))
    with pytest.raises(ValueError, match=r"the result is complex.*use forward mode"):
        lux.batched_jacobian(lambda x: np.exp(1j * x), ad, X[None])
    with pytest.raises(ValueError, match="the argument is complex"):
        lux.batched_jacobian(np.exp, lux.AutoDual(), X[None] * 1j)
