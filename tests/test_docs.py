"""The page of what is differentiable is the one that the registry makes."""
from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="the page names functions of NumPy 2.4")
def test_the_page_of_what_is_differentiable_is_current():
    code = f"import runpy; print(runpy.run_path({str(DOCS / 'make_differentiable.py')!r})['page'](), end='')"
    made = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert made == (DOCS / "differentiable.md").read_text(), "run: python docs/make_differentiable.py"


def test_the_page_of_custom_layers_runs_as_it_stands():
    found = doctest.testfile(str(DOCS / "custom_layers.md"), module_relative=False, encoding="utf-8")
    assert found.attempted > 15 and not found.failed
