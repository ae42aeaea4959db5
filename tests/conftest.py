"""Tests walk tables and registries, so what is loaded late is loaded first; and what is drawn at random, and how often.

Random programs are few and the same every time, unless a longer run is asked for:
`pytest tests/test_fuzz.py --hypothesis-profile=nightly`.
"""
from hypothesis import settings

from arraylux.tracer.tables import load_late

load_late()
settings.register_profile("ci", max_examples=100, derandomize=True, deadline=None, database=None)
settings.register_profile("nightly", max_examples=2000, deadline=None, database=None, print_blob=True)
settings.load_profile("ci")

collect_ignore_glob = ["data/*"]                   # the scripts that made the stored numbers need other libraries
