"""Seeing what happens inside: what a gradient records, as a table or a picture, and where a NaN was born."""
from .nans import debug_nans as debug_nans
from .picture import TapePicture as TapePicture
from .picture import draw_tape as draw_tape
from .table import print_tape as print_tape
