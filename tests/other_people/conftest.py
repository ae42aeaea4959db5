"""SciPy decides when it is imported whether it looks at namespaces, so these tests have a process of their own.

`test_other_peoples_code.py` starts it; by hand: `SCIPY_ARRAY_API=1 pytest tests/other_people`.
"""
from __future__ import annotations

import os

if os.environ.get("SCIPY_ARRAY_API") != "1":
    collect_ignore_glob = ["test_*.py"]
