"""How it is marked that somebody was taken out of a text: what part they had stands between two signs."""

OPENS, CLOSES = "⟦", "⟧"
LONGEST_NAME = 5
"""Words of a name."""
