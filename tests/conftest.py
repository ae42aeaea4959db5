"""Tests walk tables and registries, so what is loaded late is loaded first."""
from arraylux.tracer.tables import load_late

load_late()
