"""Code of SciPy, scikit-learn, einops and array-api-extra is differentiable as it stands: tests/other_people."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("chapter", sorted(path.stem for path in (HERE / "other_people").glob("test_*.py")))
def test_other_peoples_code(chapter):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", f"tests/other_people/{chapter}.py"]
    done = subprocess.run(command, cwd=HERE.parent, env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True,
                          text=True)
    if done.returncode == 5:                                    # nothing collected: the library is not installed
        pytest.skip(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
