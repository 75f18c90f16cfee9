"""Takes other people out of what is given to somebody: their names and addresses make way for what part they had.

What is put in a name's place stands between ⟦ and ⟧, which nothing else that is given may hold. UK Data Protection Act
2018, Schedule 2, paragraph 16: what is given need not tell who another person is.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from service.evidence.download import EXTENSIONS

OPENS, CLOSES = "⟦", "⟧"
# From where a word begins only: a long text without an address is then read once.
ADDRESS = re.compile(r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
SOMEBODY, AN_ADDRESS = "somebody else", "an e-mail address"
LONGEST_NAME = 5
"""Words of a name that are looked for in the directory."""
MARKED = re.compile(rf"({OPENS}[^{CLOSES}]*{CLOSES})")
WORD = re.compile(r"[^\W\d_][\w’'-]*")
NOT_A_LETTER = re.compile(r"[\W_]+")
ENDINGS = tuple(ending for endings in EXTENSIONS.values() for ending in endings)
SHORTEST_PART = 3


@dataclass(frozen=True)
class Known:
    """Somebody who has to do with what is given, by what they are called there, and what is said in place of it.

    `in_words`: each word of their name tells who they are, as well as the whole.
    """

    name: str
    email: str
    part: str
    in_words: bool = True


def taken_out(part: str) -> str:
    """What stands in the place of a name."""
    return f"{OPENS}{part}{CLOSES}"


def folded(said: str) -> str:
    """As names are compared: large or small, with either apostrophe, and an accent on its letter or behind it."""
    return unicodedata.normalize("NFC", said).casefold().replace("’", "'")


def is_a_name(said: str) -> bool:
    """Whether something reads like somebody's name: two words or more, each with a capital."""
    words = WORD.findall(said)
    return len(words) > 1 and all(word[0].isupper() for word in words)


@dataclass(frozen=True)
class Redactor:
    """Takes third parties out of a text: those `known`, whoever else has a name in the directory, and every address.

    `names` are all names of the directory, `folded`; of `person` nothing is taken out. `files` are names of files that
    the text may hold: there the words of a name run together.
    """

    person: Known
    known: tuple[Known, ...]
    names: frozenset[str]
    files: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """The text without them, each accent on its letter."""
        text = _plain(text)
        for name, said in self._files.items():
            text = text.replace(name, said)
        # What was put in a name's place is none.
        return "".join(piece if piece.startswith(OPENS) else self._taken_out(piece) for piece in MARKED.split(text))

    @cached_property
    def _files(self) -> Mapping[str, str]:
        """Names of files that tell of somebody, and what stands in the place of each: its words apart, without them."""
        found: dict[str, str] = {}
        # The longest first: it may hold another.
        for name in sorted(map(_plain, self.files), key=len, reverse=True):
            ending = next((each for each in ENDINGS if name.lower().endswith(each)), "")
            words = NOT_A_LETTER.sub(" ", name.lower().removesuffix(ending)).title()
            said = self._taken_out(words)
            if said != words:
                found[name] = said + ending
        return found

    def _taken_out(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(lambda found: self._instead(found[0]), text)
        text = ADDRESS.sub(lambda found: self._address(found[0]), text)
        # What was put in a name's place is none.
        return "".join(
            piece if piece.startswith(OPENS) else self._from_directory(piece) for piece in MARKED.split(text)
        )

    @cached_property
    def _parts(self) -> Mapping[str, str]:
        """By a name, an address, or a word of a name: what stands in its place. Words of one's own name are kept."""
        mine = {folded(self.person.name), folded(self.person.email)}
        own_words = {folded(word) for word in WORD.findall(self.person.name)}
        found: dict[str, str] = {}
        for each in self.known:
            for called in (each.email, each.name):
                if called and folded(called) not in mine:
                    found[folded(called)] = each.part
            words = WORD.findall(unicodedata.normalize("NFC", each.name))
            if each.in_words and is_a_name(each.name):
                for word in words:
                    if len(word) >= SHORTEST_PART and folded(word) not in own_words:
                        found.setdefault(folded(word), each.part)
        return found

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        longest_first = sorted(self._parts, key=len, reverse=True)
        one = "|".join(re.escape(called).replace("'", "['’]") for called in longest_first)
        return re.compile(rf"(?<![\w@.])(?:{one})(?!\w)", re.IGNORECASE) if one else None

    def _instead(self, said: str) -> str:
        # A word of a name counts as one where it is written as one: `may` is no May.
        whole = "@" in said or " " in said or said[0].isupper()
        return taken_out(self._parts[folded(said)]) if whole else said

    def _address(self, said: str) -> str:
        return said if said.casefold() == self.person.email.casefold() else taken_out(AN_ADDRESS)

    def _from_directory(self, text: str) -> str:
        """The text without names of people who have nothing to do with it, of two words or more."""
        words = list(WORD.finditer(text))
        pieces, kept_from, place = [], 0, 0
        while place < len(words):
            last = self._name_from(text, words, place)
            if last is None:
                place += 1
                continue
            pieces += [text[kept_from : words[place].start()], taken_out(SOMEBODY)]
            kept_from, place = words[last].end(), last + 1
        return "".join([*pieces, text[kept_from:]])

    def _name_from(self, text: str, words: list[re.Match[str]], place: int) -> int | None:
        for last in range(min(place + LONGEST_NAME, len(words)) - 1, place, -1):
            said = folded(" ".join(text[words[place].start() : words[last].end()].split()))
            if said in self.names and said != folded(self.person.name):
                return last
        return None


def _plain(text: str) -> str:
    """Without what stands for somebody who was taken out, and each accent on its letter."""
    return unicodedata.normalize("NFC", text.replace(OPENS, "[").replace(CLOSES, "]"))


def redacted(value: object, redact: Callable[[str], str]) -> object:
    """A value as JSON has it, with every text in it redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return [redacted(each, redact) for each in value]
    if isinstance(value, dict):
        return {key: redacted(each, redact) for key, each in value.items()}
    return value


def count_taken_out(texts: Iterable[str]) -> int:
    """How many names, addresses and passages were taken out of these texts."""
    return sum(text.count(OPENS) for text in texts)
