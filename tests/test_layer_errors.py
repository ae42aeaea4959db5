"""What layers can not work with: one sentence that names the place, what came, what was expected, and the way out."""
import pickle

import array_api_strict
import numpy as np
import pytest

from arraylux import nn
from arraylux.layers import Chain, Dense, Dropout, FlattenLayer, WrappedFunction, setup
from arraylux.layers.errors import LayerError

pytestmark = pytest.mark.filterwarnings("error")

DENSE = Dense(10, 5)
PS = setup(np.random.default_rng(0), DENSE)[0]
X = np.ones((4, 10), np.float32)


@pytest.mark.parametrize(("x", "ps", "error", "sentence"), [
    (X[:, :3], PS, ValueError, r"x has the shape \(4, 3\), expected \(\.\.\., 10\); reshape it, or make in_dims"),
    (X.T, PS, ValueError, r"x has the shape \(10, 4\), expected \(\.\.\., 10\); transpose it, rows are samples"),
    (X.astype(int), PS, TypeError, r"x has dtype int64, expected a floating-point one; convert it, as with x\.astype"),
    (X.tolist(), PS, TypeError, r"x is a list, expected a floating-point array; convert it, as with numpy\.asarray"),
    (np.float32(1), PS, ValueError, r"x has the shape \(\)"),
    (X, {"weight": PS["weight"]}, KeyError, r"ps must be a dict with the keys 'weight', 'bias', got 'weight'; setup"),
    (X, {**PS, "scale": 1}, KeyError, r"got 'weight', 'bias', 'scale'; setup"),
    (X, {}, KeyError, r"got none; setup"),
    (X, None, TypeError, r"ps must be a dict with the keys 'weight', 'bias', got None"),
    (X, {**PS, "weight": PS["weight"].T}, ValueError, r"parameter weight must have the shape \(5, 10\), got .* "
                                                      r"of shape \(10, 5\); setup\(rng, model\)"),
    (X, {**PS, "bias": PS["bias"][None]}, ValueError, r"parameter bias must have the shape \(5,\)"),
    (X, {**PS, "bias": None}, ValueError, r"parameter bias must have the shape \(5,\), got None"),
    (array_api_strict.asarray(X), PS, TypeError, r"x is an array of array_api_strict, parameter weight one of "
                                               r"numpy; move"),
    (X, {**PS, "bias": array_api_strict.asarray(PS["bias"])}, TypeError, r"parameter bias one of array_api_strict"),
])
def test_what_dense_can_not_work_with(x, ps, error, sentence):
    with pytest.raises(error, match=r"^Dense\(10 => 5\): .*" + sentence) as caught:
        DENSE(x, ps, {})
    assert isinstance(caught.value, LayerError) and "\n" not in str(caught.value)


def test_errors_name_the_place():
    model = Chain(Dense(3, 10), inner_model := Chain(a=Dense(10, 5), b=Dense(4, 2)))
    ps, st = setup(np.random.default_rng(0), model)
    with pytest.raises(ValueError, match=r"^Chain\.layer_2\.b \(Dense\(4 => 2\)\): x has the shape \(2, 5\)") as caught:
        model(np.ones((2, 3)), ps, st)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    encoder = Chain(inner=inner_model, name="Encoder")
    with pytest.raises(ValueError, match=r"^Encoder\.inner\.b \(Dense\(4 => 2\)\): x has the shape \(2, 5\)"):
        encoder(np.ones((2, 10)), {"inner": ps["layer_2"]}, {"inner": st["layer_2"]})
    with pytest.raises(ValueError, match=r"^Chain\.layer_1 \(FlattenLayer\(N=2\)\): x of shape \(2, 3\) has 2 axes"):
        Chain(FlattenLayer(2))(np.ones((2, 3)), {"layer_1": {}}, {"layer_1": {}})


@pytest.mark.parametrize("wrong", [{}, {"layer_1": {}}, {"layer_1": {}, "layer_3": {}},
                                   {"layer_1": {}, "layer_2": {}, "layer_3": {}}, None])
def test_parameters_or_states_of_another_chain(wrong):
    model = Chain(nn.relu, nn.tanh)
    right = {"layer_1": {}, "layer_2": {}}
    for what, ps, st in (("ps", wrong, right), ("st", right, wrong)):
        expected = rf"^Chain: {what} must be a dict with the keys 'layer_1', 'layer_2', got"
        with pytest.raises((KeyError, TypeError), match=expected):
            model(np.ones(2), ps, st)


def test_errors_of_a_users_function_pass_unchanged():
    for error in (KeyError("mine"), TypeError("mine"), AttributeError("mine"), ValueError("mine")):
        def fail(x, error=error):
            raise error
        model = Chain(Dense(4, 4, fail))
        with pytest.raises(type(error)) as caught:
            model(np.ones((2, 4)), *setup(np.random.default_rng(0), model))
        assert caught.value is error


@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda: Chain(3.0), TypeError, r"Chain: layer_1 is a float, expected a layer or a function of one array"),
    (lambda: Chain(nn.relu, Dense), TypeError, r"Chain: layer_2 is the class Dense"),
    (lambda: Chain(a=(nn.relu,)), TypeError, r"Chain: a is a tuple"),
    (lambda: Chain(nn.relu, a=nn.relu), TypeError, r"Chain: layers came by position and by keyword"),
    (lambda: Chain(layers=nn.relu), ValueError, r"Chain: a layer can't be called 'layers'.*choose another name"),
    (lambda: Chain(keys=nn.relu), ValueError, r"Chain: a layer can't be called 'keys'"),
    (lambda: Chain(nn.relu).layer_2, AttributeError, r"Chain has no layer 'layer_2'; it has 1: layer_1"),
    (lambda: Chain(nn.relu)["layer_2"], KeyError, r"Chain has no layer 'layer_2'"),
    (lambda: Chain(nn.relu)[1], IndexError, r"Chain has no layer 1; it has 1: layer_1"),
    (lambda: Dense(0, 2), ValueError, r"Dense: in_dims must be a positive integer, got 0"),
    (lambda: Dense(2, 2.5), ValueError, r"Dense: out_dims must be a positive integer, got 2\.5"),
    (lambda: Dense(2, 2, True), TypeError, r"Dense: activation must be a function of an array, got True.*use_bias"),
    (lambda: Dropout(1.5), ValueError, r"Dropout: p is the probability of a zero and must be within .*, got 1\.5"),
    (lambda: Dropout(float("nan")), ValueError, r"got nan"),
    (lambda: WrappedFunction(3), TypeError, r"WrappedFunction: func must be a function of one array, got 3"),
    (lambda: FlattenLayer(0), ValueError, r"FlattenLayer: N must be at least 1, or None for all axes but .*, got 0"),
])
def test_what_can_not_be_built(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()
