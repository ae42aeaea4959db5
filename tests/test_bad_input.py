"""Bad input, as a user meets it: one sentence with the place, what came, what was expected, and the way out."""
from __future__ import annotations

import subprocess
import sys

import array_api_strict as strict
import numpy as np
import pytest

import arraylux as lux

MODEL = lux.Chain(lux.Dense(4, 3, lux.relu), lux.Dense(3, 2))
PS, ST = lux.setup(np.random.default_rng(0), MODEL)
X = np.ones((5, 4), np.float32)
Y = np.ones((5, 2), np.float32)


def changed(layer, **parameters):
    return {**PS, layer: {**PS[layer], **parameters}}


def train(x=X, y=Y, ps=PS, loss=None):
    tstate = lux.training.TrainState(MODEL, ps, ST, lux.optimisers.Adam())
    return lux.training.single_train_step(lux.AutoTape(), loss or lux.MSELoss(), (x, y), tstate)


def update(grads):
    return lux.optimisers.update(lux.optimisers.setup(lux.optimisers.Adam(), PS), PS, grads)


@pytest.mark.parametrize(("call", "error", "sentence"), [
    (lambda: train(np.ones((5, 7), np.float32)), ValueError,
     r"Chain.layer_1 \(Dense\(4 => 3, relu\)\): x has the shape \(5, 7\), expected \(..., 4\); reshape it"),
    (lambda: train(np.ones((5, 4), int)), TypeError,
     r"Chain.layer_1 .*: x has dtype int64, expected a floating-point one; convert it, as with x.astype\('float32'\)"),
    (lambda: train(ps={**PS, "layer_1": {"weight": PS["layer_1"]["weight"]}}), KeyError,
     r"Chain.layer_1 .*: ps must be a dict with the keys 'weight', 'bias', got 'weight'; setup\(rng, model\) makes"),
    (lambda: train(ps=changed("layer_1", scale=np.ones(3))), KeyError,
     r"Chain.layer_1 .* got 'weight', 'bias', 'scale'"),
    (lambda: train(ps={**PS, "layer_3": {}}), KeyError,
     r"Chain: ps must be a dict .* got 'layer_1', 'layer_2', 'layer_3'"),
    (lambda: train(ps=changed("layer_2", weight=np.ones((3, 2), np.float32))), ValueError,
     r"Chain.layer_2 \(Dense\(3 => 2\)\): parameter weight must have the shape \(2, 3\), got .* \(3, 2\)"),
    (lambda: train(y=np.array([0, 1, 2, 0, 1]), loss=lux.CrossEntropyLoss(logits=True)), ValueError,
     "the labels of 2 classes are from 0 to 1, got labels from 0 to 2"),
    (lambda: train(y=np.ones((5, 3), np.float32)), ValueError,
     r"MSELoss: the targets must have the shape \(5, 2\) of the predictions, got float32 array of shape \(5, 3\)"),
    (lambda: update({"layer_1": PS["layer_1"]}), ValueError, r"the trees differ at params: .*\['layer_1', 'layer_2'\]"),
    (lambda: update(changed("layer_1", weight=np.ones(3, np.float32))), ValueError,
     r"the gradient of params.layer_1.weight is float32 array of shape \(3,\), expected .* of shape \(3, 4\)"),
    (lambda: MODEL(strict.asarray(X), PS, ST), TypeError,       # as a NumPy array would be among CuPy's
     r"Chain.layer_1 .*: x is an array of array_api_strict, parameter weight one of numpy; move both to one device"),
    (lambda: lux.functional("tpu"), ValueError, "there is no device 'tpu'; the names known are \"cpu\" and \"cuda\""),
    (lambda: lux.gpu_device(-1), ValueError, "a GPU is named by a whole number from 0, got -1"),
    (lambda: lux.optimisers.Descent(-0.1), ValueError, "Descent: eta is -0.1, expected 0 <= eta < inf"),
    (lambda: lux.optimisers.Adam(etta=0.1), TypeError, "Adam has no argument 'etta'; did you mean 'eta'"),
    (lambda: lux.training.TrainState(MODEL, PS, ST, 0.1), TypeError,
     r"the optimizer must be a rule such as Descent\(0.01\), got a float"),
    (lambda: lux.setup(0, MODEL), TypeError, r"rng must be a numpy.random.Generator .* got a int"),
    (lambda: lux.Dropout(1.5), ValueError, r"Dropout: p is the probability of a zero .* got 1.5"),
    (lambda: lux.Dense(10, 5, use_biass=False), TypeError, "no argument 'use_biass'; did you mean 'use_bias'"),
    (lambda: lux.Dense(10), TypeError, "Dense needs the argument 'out_dims'"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_one_sentence(call, error, sentence):
    before = [leaf.copy() for leaf in lux.tree.leaves(PS)]
    with pytest.raises(error, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)
    for old, new in zip(before, lux.tree.leaves(PS), strict=True):
        np.testing.assert_array_equal(old, new)


def test_assignment_into_a_plain_array_says_what_to_do():
    # NumPy raises its own error from ours, so a traceback shows both
    def f(x):
        y = np.zeros(3)
        y[0] = x[0]
        return y.sum()

    with pytest.raises((TypeError, ValueError)) as caught:
        lux.grad(f)(np.ones(3))
    assert "np.zeros_like(x)" in str(caught.value) or "np.zeros_like(x)" in str(caught.value.__cause__)


def test_importing_loads_numpy_and_nothing_heavy():
    code = ("import sys, arraylux\n"
            "heavy = {'array_api_compat.numpy', 'array_api_strict', 'cupy', 'scipy', 'torch', 'jax'}\n"
            "print(sorted(heavy & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_listed_once():
    names = [name for name in vars(lux) if not name.startswith("_")]
    for name in ("grad", "value_and_grad", "jvp", "vjp", "jacobian", "hessian", "hvp", "custom_vjp", "custom_jvp",
                 "stop_gradient", "checkpoint", "jacobian_vector_product", "vector_jacobian_product", "AutoDual",
                 "AutoTape", "array_namespace", "setup", "apply", "testmode", "trainmode", "replicate", "Dense",
                 "Chain", "relu", "ComponentArray", "random", "initializers", "optimisers", "training", "cpu_device",
                 "gpu_device", "get_device", "functional", "save", "load", "versioninfo", "MSELoss",
                 "CrossEntropyLoss"):
        assert name in names


def test_what_most_programs_do_without_is_loaded_late():
    code = ("import sys, numpy as np, arraylux as lux\n"
            "assert not {'arraylux.linalg', 'arraylux.fourier', 'arraylux.protocols.linalg'} & set(sys.modules)\n"
            "print(float(lux.grad(lambda x: np.linalg.det(x))(np.eye(2))[0, 0]))\n"
            "print(float(lux.grad(lambda x: np.abs(np.fft.fft(x)[0]))(np.ones(3))[0]))\n"
            "xp = lux.array_namespace(np.ones(1))\n"
            "print(float(xp.linalg.trace(np.eye(3))), float(xp.fft.fft(np.ones(2) + 0j)[0].real))\n"
            "try: lux.grad(lambda x: np.histogram(x)[1].sum())(np.ones(3))\n"
            "except TypeError as error: print('np.histogram has no rule' in str(error))\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1.0", "1.0", "3.0", "2.0", "True"]
