"""Finds people by their initials: with the last name, which anybody may have written so, or in place of a name that
stands in the same text.

A letter and a full stop say little by themselves. So they are a name where the last name stands beside them, or where
the text has the whole name and goes on as a sentence does after a name.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from service.subject_access.comparing import LETTER, WORD, Word

APART = r"(?<![\w'-])"
"""Where a word begins: a long text is then read once."""
MORE = rf"(?:-?{LETTER}\.?\s?(?![^\W_])|-?{LETTER}\.\s?){{0,2}}"
"""Initials of middle names."""
SHORT = re.compile(rf"{APART}({LETTER})\.\s?(?:{LETTER}\.\s?)?({WORD.pattern})|{APART}({WORD.pattern}),\s({LETTER})\.")
"""An initial and a last name, or the other way round."""
NO_INITIALS = frozenset("am pm uk us un eu hr pr pa tv it id ie eg no".split())
"""What two letters with their full stops mostly stand for."""


def initials_of(words: Sequence[Word]) -> tuple[str, str] | None:
    """The first letters of the first and the last word of a name, as they are compared; nothing for one word."""
    return (words[0].said[0], words[-1].said[0]) if len(words) > 1 and words[0].large and words[-1].large else None


def with_last_name(words: Sequence[Word]) -> str:
    """What finds a name whose first word is an initial, or that has one in its middle."""
    first, letter = re.escape(words[0].said), re.escape(words[0].said[0])
    last = "|".join({re.escape(words[-1].said), r"\s".join(re.escape(word.said) for word in words[1:])})
    # `A` and `I` without a full stop are words.
    initial = rf"{letter}\.\s?" if letter in "ai" else rf"{letter}(?:\.\s?|\s)"
    return (
        rf"{APART}(?:{initial}{MORE}(?:{last})|{first}\s(?:{LETTER}\.\s?|{LETTER}\s){{1,2}}(?:{last})|"
        rf"(?:{last}),?\s{letter}\.(?:\s?{LETTER}\.)?)(?![^\W_])"
    )


def alone(initials: tuple[str, str], own: tuple[str, str] | None) -> str | None:
    """What finds initials that stand for a name the text has: both with full stops, or the first one."""
    first, last = (re.escape(one) for one in initials)
    both = rf"{APART}(?<!\d\s){first}\.\s?{last}\.(?!\s?{LETTER}\.)"
    one = rf"{APART}{first}\.(?='s|\s[^\W\d_])"
    found = [both] if initials != own and "".join(initials) not in NO_INITIALS else []
    found += [one] if own is None or initials[0] != own[0] else []
    return "|".join(found) or None


@lru_cache(maxsize=4)
def shortened(names: Iterable[str]) -> frozenset[str]:
    """Names of the directory as an initial and the last word."""
    return frozenset(f"{name[0]} {name.rpartition(' ')[2]}" for name in names)
