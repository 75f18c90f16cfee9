"""How names are compared in a text: large or small, with an accent or without, however their letters are typed.

What is compared is no longer the text, so each letter of it says where it stands there.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

LETTER = r"[^\W\d_]"
WORD = re.compile(rf"{LETTER}+(?:['-](?!s(?!{LETTER})){LETTER}+)*")
"""A word of a name, as it is compared. What says that something is theirs (`'s`) is none of it."""
PARTED = re.compile(rf"(?<={LETTER})-[^\S\n]*\n[^\S\n]*(?={LETTER})")
"""Where a line ends within a word."""
PARTICLES = frozenset(
    "af al av bin bint da das de del della den der di do dos du e el ibn la le te ten ter van von y zu zum".split()
)
"""Words of a name that are written small."""
SAME = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe"}
    | dict.fromkeys("’‘ʼ`´′", "'")
    | dict.fromkeys("‐‑", "-")
)
"""What is typed for another, and comes apart by no rule of Unicode."""
SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ø": "oe", "ü": "ue", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ø": "Oe", "Ü": "Ue", "Å": "Aa"}
)
"""As it is written where there is no such letter."""
NOT_COMPARED = frozenset(("Mn", "Mc", "Me", "Cf"))
"""Categories of Unicode: accents, and what is not seen, such as a soft hyphen."""


@dataclass(frozen=True)
class Word:
    """A word of a name as it is compared, and whether it is written large; most scripts know neither."""

    said: str
    large: bool

    @property
    def is_particle(self) -> bool:
        """Whether it may be written small in a name."""
        return self.said in PARTICLES


@lru_cache(maxsize=4096)
def _compared(letter: str) -> str:
    spelt = unicodedata.normalize("NFKD", letter.translate(SAME)).casefold().translate(SAME)
    return "".join(each for each in spelt if unicodedata.category(each) not in NOT_COMPARED)


def compared(text: str) -> tuple[str, Sequence[int]]:
    """A text as names are compared in it, and where each letter of that stands in the text."""
    pieces = [_compared(letter) for letter in text]
    for parted in PARTED.finditer(text):
        pieces[parted.start() : parted.end()] = [""] * len(parted[0])
    return "".join(pieces), [place for place, piece in enumerate(pieces) for _ in piece]


def folded(said: str) -> str:
    """A name, or an address, as it is compared."""
    return compared(said)[0]


def words_of(name: str) -> list[Word]:
    """The words of a name."""
    said, places = compared(name)
    return [Word(word[0], not name[places[word.start()]].islower()) for word in WORD.finditer(said)]


def spellings(name: str) -> set[str]:
    """A name as it is written with all its letters and without some of them, and as it is where a line ends in it."""
    plain = unicodedata.normalize("NFC", name)
    ways = {plain, plain.translate(SPELT_OUT)}
    return ways | {way.replace("-", "") for way in ways}
