"""How it is marked that somebody was taken out of a text: what part they had stands between two signs."""

OPENS, CLOSES = "⟦", "⟧"
LONGEST_NAME = 5
"""Words of a name."""


class Met(str):
    """Words that name somebody whom the person met, or was told of in a letter: in their own copy of the papers no rule
    takes these out. What HR chose to take out goes all the same.
    """

    __slots__ = ()
