"""Transformations: a function in, its derivative out."""
