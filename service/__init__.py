"""Amends: putting social media mistakes right, and keeping a record of how it was done."""

import gc

# What is imported stays. With Python's own 700 it would be looked through again and again while it comes in. With many
# more, what refers to itself would stay too long.
gc.set_threshold(5_000)
