"""The tutorial's page, number by number: what `examples/basics.py` prints against what the page prints.

The numbers were made by Julia, Lux, ForwardDiff and Zygote; they are copied from the page that Lux publishes.
"""
from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import arraylux as lux

EXAMPLE = Path(__file__).parent.parent / "examples" / "basics.py"

UNIFORM = """
0.455238   0.746943   0.193291
0.547642   0.746801   0.116989
0.773354   0.97667    0.899766
0.940585   0.0869468  0.422918
0.0296477  0.351491   0.707534
"""
BIG = """
0.981339    0.793159  0.459019
0.043883    0.624384  0.56055
0.164786    0.524008  0.0355555
0.414769    0.577181  0.621958
0.00823197  0.30215   0.655881
"""
SINGLE = """
0.567794   0.369178   0.342539
0.0985227  0.201145   0.587206
0.776598   0.148248   0.0851708
0.723731   0.0770206  0.839303
0.404728   0.230954   0.679087
"""
DOUBLED = """
1.13559   0.738356  0.685079
0.197045  0.40229   1.17441
1.5532    0.296496  0.170342
1.44746   0.154041  1.67861
0.809456  0.461908  1.35817
"""
PLUS_ONE = """
1.56779  1.36918  1.34254
1.09852  1.20114  1.58721
1.7766   1.14825  1.08517
1.72373  1.07702  1.8393
1.40473  1.23095  1.67909
"""
TIMES = """
1   2   3   4   5
2   4   6   8  10
3   6   9  12  15
4   8  12  16  20
5  10  15  20  25
"""
ZEROS = "0.0 0.0 0.0\n" * 5
ROWS = "".join(f"{i}.0 " * 5 + "\n" for i in range(1, 6))
COLUMNS = "1.0 2.0 3.0 4.0 5.0\n" * 5
PRODUCT = [1.2197981041108443, -2.62625877100596, -2.8573820474674845, -2.4319346874291314, 1.0108668577150213]
STATE = "(0xdb2fa90498613fdf, 0x48d73dc42d195740, 0x8c49bc52dc8a77ea, 0x1911b814c02405e8, 0x22a21880af5dc689)"
ITERATIONS = [
    "Iteration 1 [0.4552384158732863, 0.5476424498276177, 0.7733535276924052, 0.9405848223512736, 0.02964"
    "765308691042, 0.74694291453392, 0.7468008914093891, 0.9766699015845924, 0.08694684883050086, 0.35149"
    "138733595564]",
    "Iteration 2 [0.018743665453639813, 0.8601828553599953, 0.6556360448565952, 0.7746656838366666, 0.781"
    "7315740767116, 0.5553797706980106, 0.1261990389976131, 0.4488101521328277, 0.624383955429775, 0.0565"
    "7739601024536]",
    "Iteration 3 [0.19597391412112541, 0.6830945313415872, 0.6776220912718907, 0.6456416023530093, 0.6340"
    "362477836592, 0.5595843665394066, 0.5675557670686644, 0.34351700231383653, 0.7237308297251812, 0.369"
    "1778381831775]"
]
GRADIENT = "Float32[-0.4051151, -0.4593922, 0.92155594, 1.1871622]"
PRODUCTS = "Float32[-0.877497, 1.1953009, -0.057005208, 0.25055695, 0.09351656]"
PARAMETERS = (
    "ComponentVector{Float32}(weight = Float32[-0.48351604 0.29944378 0.44048923 0.52216566 0.20001544 "
    "0.14378412 4.831728f-6 0.53108513 -0.30674055 0.034259237; -0.049033877 -0.42427677 0.27051237 "
    "0.40789896 -0.43846488 -0.17706363 -0.032581452 0.46514037 0.19584312 0.23992884; 0.4501613 0.48263645 "
    "-0.29908532 -0.18695378 -0.110237636 -0.44184566 0.40354213 0.25278288 0.18056089 -0.35231933; "
    "0.05218965 -0.09701933 0.27035677 0.12589002 -0.2956183 0.34717596 -0.421895 -0.1307367 0.36829442 "
    "-0.30972943; 0.20277861 -0.5152452 -0.22635894 0.18841727 0.29828638 0.21690919 -0.04265763 -0.41919124 "
    "0.07148273 -0.45247707], bias = Float32[-0.04199602, -0.093925126, -0.0007736237, -0.19397983, "
    "0.0066712513])"
)
LOSSES = {1: 7.80465460, 1000: 0.12503763, 2000: 0.02538623, 3000: 0.00914946, 4000: 0.00407888, 5000: 0.00198553,
          6000: 0.00101213, 7000: 0.00053365, 8000: 0.00029220, 9000: 0.00016886, 10000: 0.00010551}
LOSS_OF_THE_TRUTH = 9.3742405e-5
LOSS_AFTER_TRAINING = 0.00010546902


def matrices(text):
    """Return the printed arrays, each as a list of rows of words."""
    found, rows = [], None
    for line in text.splitlines():
        if " array of " in line:
            rows = []
            found.append(rows)
        elif line.startswith("  ") and rows is not None:
            rows.append(line.split())
        else:
            rows = None
    return found


@pytest.fixture(scope="module")
def output():
    import contextlib
    import io

    spec = importlib.util.spec_from_file_location("basics", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        module.main()
    return out.getvalue()


def test_arrays(output):
    printed = matrices(output)
    page = [UNIFORM, BIG, SINGLE, DOUBLED, ZEROS, PLUS_ONE, ROWS, COLUMNS, TIMES]
    assert printed[0] == [["1"], ["2"], ["3"]] and printed[1] == [["1", "2"], ["3", "4"]]
    assert printed[2:] == [[line.split() for line in text.strip().splitlines()] for text in page]


def test_elements(output):
    assert "length 15 size (5, 3)" in output
    assert "row 1, column 2: 0.58720636f0" in output
    assert "column 2: Float32[0.34253937, 0.58720636, 0.085170805, 0.8393034, 0.67908657]" in output


def test_matrix_product(output):
    printed = [float(v) for v in re.search(r"W @ x = \[(.*)\]", output)[1].split(", ")]
    np.testing.assert_allclose(printed, PRODUCT, rtol=1e-15)            # the rounding of one BLAS or another


def test_immutability(output):
    assert "Original Array [1 3 5 7; 2 4 6 8]" in output
    assert "Mutated Array [0 3 5 7; 0 4 6 8]" in output


def test_randomness(output):
    assert f"Xoshiro{STATE}" in output
    printed = [line for line in output.splitlines() if line.startswith("Iteration")]
    first = ITERATIONS[0].partition(" [")[2]
    assert printed == [f"Iteration {i} [{first}" for i in (1, 2, 3)] + ITERATIONS


def test_derivatives(output):
    for label in ("Actual gradient:", "By reverse mode (tape):", "By forward mode (duals):"):
        assert re.search(rf"{re.escape(label)} +{re.escape(GRADIENT)}\n", output)
    assert f"JVP: {PRODUCTS}\n" in output and f"VJP: {PRODUCTS}\n" in output


def test_initial_parameters(output):
    assert PARAMETERS in output.splitlines()


def test_training(output):
    assert "x shape: (20, 10) ; y shape: (20, 5)" in output
    printed = re.findall(r"Loss Value after +(\d+) iterations: (\S+)", output)
    assert [int(i) for i, _ in printed] == list(LOSSES)
    for (_, text), loss in zip(printed, LOSSES.values(), strict=True):
        # six significant digits, or the eight decimals that the page prints where those are fewer
        assert abs(float(text) - loss) <= max(1e-6 * loss, 1.01e-8)
    truth = float(re.search(r"ground true parameters: (\S+)", output)[1])
    after = float(re.search(r"after training: (\S+)", output)[1])
    assert truth == pytest.approx(LOSS_OF_THE_TRUTH, rel=1e-6)
    assert after == pytest.approx(LOSS_AFTER_TRAINING, rel=2e-6)


def test_appendix(output):
    assert "NumPy" in output.partition("Appendix")[2]


def test_training_from_a_dict_is_the_same_run():
    ps, st = lux.setup(lux.random.Xoshiro(0), model := lux.Dense(10, 5))
    rng = np.random.default_rng(0)
    data = (rng.standard_normal((20, 10), dtype=np.float32), rng.standard_normal((20, 5), dtype=np.float32))
    losses = []
    for parameters in (ps, lux.ComponentArray(ps)):
        tstate = lux.training.TrainState(model, parameters, st, lux.optimisers.Descent(0.01))
        for _ in range(50):
            _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), lux.MSELoss(), data, tstate)
        losses.append(loss)
    assert losses[0] == losses[1]
