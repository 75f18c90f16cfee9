"""Amends: putting social media mistakes right, and keeping a record of how it was done."""
