"""Files in, kept as they are, and out again."""
