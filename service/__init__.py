"""Amends: putting social media mistakes right, and keeping a record of how it was done."""

import gc

# What is imported stays. With Python's own 700 it would be looked through again and again while it comes in, a sixth of
# the start.
gc.set_threshold(20_000, 20, 20)
