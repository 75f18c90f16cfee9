"""Takes other people out of what is given to somebody: their names and addresses make way for what part they had.

What is put in a name's place stands between ⟦ and ⟧, which nothing else that is given may hold. UK Data Protection Act
2018, Schedule 2, paragraph 16: what is given need not tell who another person is.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

from service.core.taken_out import CLOSES, LONGEST_NAME, OPENS, Met
from service.evidence.download import EXTENSIONS
from service.subject_access.comparing import LETTER, WORD, Word, compared, folded, spellings, words_of
from service.subject_access.initials import SHORT, alone, initials_of, shortened, with_last_name

# From where a word begins only: a long text without an address is then read once.
ADDRESS = re.compile(r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
SOMEBODY, AN_ADDRESS = "somebody else", "an e-mail address"
MARKED = re.compile(rf"({OPENS}[^{CLOSES}]*{CLOSES})")
BETWEEN = re.compile(r"[\s.,_]{1,4}")
"""What stands between two words of a name: a blank, the end of a line, or a comma where the last one is first."""
JOINED = r"[\W_]{1,4}"
SIGN = r"[^\W_]"
SIGNS = re.compile(rf"{SIGN}+")
NOT_A_LETTER = re.compile(r"[\W_]+")
ENDINGS = tuple(ending for endings in EXTENSIONS.values() for ending in endings)
SHORTEST_PART = 3
Spans = Iterator[tuple[int, int, str]]
Finds = Callable[[str, str, Sequence[int]], Spans]


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


def outside(text: str) -> str:
    """What stands in a text beside what was taken out of it, with a sign that no text holds at each place."""
    return MARKED.sub(OPENS, text)


def without(text: str, words: str) -> str:
    """A text without these words, wherever they stand in it; what stands in the place of a name stays whole."""
    out, pieces = taken_out("taken out"), MARKED.split(text)
    return "".join(piece if piece.startswith(OPENS) else piece.replace(words, out) for piece in pieces)


def is_a_name(said: str) -> bool:
    """Whether something reads like somebody's name: two words or more, each with a capital but for a `van` or `de`."""
    words = words_of(said)
    return len(words) > 1 and words[-1].large and all(word.large or word.is_particle for word in words)


def in_directory(name: str) -> str:
    """A name of the directory as it is looked for: its words."""
    return " ".join(WORD.findall(folded(name)))


@dataclass(frozen=True)
class Redactor:
    """Takes third parties out of a text: those `known`, whoever else has a name in the directory, and every address.

    `names` are all names of the directory, as `in_directory` has them; of `person` nothing is taken out. `files` are
    names of files that the text may hold: there the words of a name run together. `also` are words that somebody chose
    to have taken out, large or small.
    """

    person: Known
    known: tuple[Known, ...]
    names: frozenset[str]
    files: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """The text without them, each accent on its letter."""
        if isinstance(text, Met):
            return self._taken_out(plain(text), (self._chosen_in,))
        text = plain(text)
        for name, said in self._files.items():
            text = re.sub(rf"(?<![\w@]){re.escape(name)}(?![\w@])", lambda _, said=said: said, text)
        return self._taken_out(text, self._finders)

    @property
    def _finders(self) -> tuple[Finds, ...]:
        return (
            *(self._addresses_in, self._chosen_in, self._initials_in, self._known_in),
            *(self._directory_in, self._short_in),
        )

    @cached_property
    def _files(self) -> Mapping[str, str]:
        """Names of files that tell of somebody, and what stands in the place of each: its words apart, without them."""
        found: dict[str, str] = {}
        # The longest first: it may hold another.
        for name in sorted(map(plain, self.files), key=len, reverse=True):
            ending = next((each for each in ENDINGS if name.lower().endswith(each)), "")
            words = NOT_A_LETTER.sub(" ", name.lower().removesuffix(ending)).title()
            said = self._taken_out(words, self._finders)
            if said != words:
                found[name] = said + ending
        return found

    def _taken_out(self, text: str, finders: Iterable[Finds]) -> str:
        for find in finders:
            # What was put in a name's place is none.
            pieces = MARKED.split(text)
            text = "".join(piece if piece.startswith(OPENS) else _without(piece, find) for piece in pieces)
        return self._without_initials(text)

    def _without_initials(self, text: str) -> str:
        """A text without the initials that stand in it for somebody who was named in it as well."""
        for pattern, part in self._alone:
            if taken_out(part) in text:
                pieces = MARKED.split(text)
                find = partial(_large_in, pattern, part)
                text = "".join(piece if piece.startswith(OPENS) else _without(piece, find) for piece in pieces)
        return text

    def _initials_in(self, text: str, said: str, places: Sequence[int]) -> Spans:
        for pattern, part in self._initialled:
            yield from _large_in(pattern, part, text, said, places)

    @cached_property
    def _named(self) -> list[tuple[list[Word], str]]:
        """The names of two words or more, each as its words, and what stands in its place."""
        both = [(words_of(name), each.part) for each in self.known for name in spellings(each.name)]
        return [(words, part) for words, part in both if initials_of(words) is not None]

    @cached_property
    def _own(self) -> tuple[tuple[str, str] | None, str]:
        """Their own initials, and their first one with their last name."""
        words = words_of(self.person.name)
        return initials_of(words), f"{words[0].said[0]} {words[-1].said}" if words else ""

    @cached_property
    def _initialled(self) -> list[tuple[re.Pattern[str], str]]:
        others = [
            (words, part) for words, part in self._named if f"{words[0].said[0]} {words[-1].said}" != self._own[1]
        ]
        return [(re.compile(with_last_name(words)), part) for words, part in others]

    @cached_property
    def _alone(self) -> list[tuple[re.Pattern[str], str]]:
        initials = {initials_of(words): part for words, part in self._named}
        ways = [(alone(each, self._own[0]), part) for each, part in initials.items() if each is not None]
        return [(re.compile(way), part) for way, part in ways if way is not None]

    def _short_in(self, text: str, said: str, places: Sequence[int]) -> Spans:
        """People of the directory by an initial and their last name."""
        short = shortened(self.names)
        for found in SHORT.finditer(said):
            letter, last = (1, 2) if found[1] else (4, 3)
            called = f"{found[letter]} {found[last]}"
            written = (text[places[found.start(one)]] for one in (letter, last))
            if called in short and called != self._own[1] and all(sign.isupper() for sign in written):
                yield *found.span(), SOMEBODY

    def _addresses_in(self, text: str, said: str, places: Sequence[int]) -> Spans:
        for found in ADDRESS.finditer(said):
            if found[0] != self._mine[1]:
                yield *found.span(), self._addresses.get(found[0], AN_ADDRESS)

    def _chosen_in(self, text: str, said: str, places: Sequence[int]) -> Spans:
        if self._chosen is not None:
            for found in self._chosen.finditer(said):
                yield *found.span(), SOMEBODY

    @cached_property
    def _chosen(self) -> re.Pattern[str] | None:
        words = (SIGNS.findall(folded(way)) for each in self.also for way in spellings(each))
        ways = sorted({JOINED.join(some) for some in words if some}, key=len, reverse=True)
        return re.compile(rf"(?<!{SIGN})(?:{'|'.join(ways)})(?!{SIGN})") if ways else None

    @cached_property
    def _mine(self) -> tuple[str, str]:
        """Their own name and address, as they are compared."""
        return in_directory(self.person.name), folded(self.person.email)

    @cached_property
    def _addresses(self) -> Mapping[str, str]:
        return {folded(each.email): each.part for each in self.known}

    def _known_in(self, text: str, said: str, places: Sequence[int]) -> Spans:
        if self._known is None:
            return
        for found in self._known.finditer(said):
            called, part = self._parts[(found.lastindex or 1) - 1]
            if _is_written(called, found, text, places):
                yield *found.span(), part

    @cached_property
    def _parts(self) -> list[tuple[str, str]]:
        """Names and words of names, the longest first, each with what stands in its place. Words of one's own name are
        kept.
        """
        own_words = {word.said for word in words_of(self.person.name)}
        found: dict[str, str] = {}
        for each in self.known:
            for name in spellings(each.name):
                if (called := in_directory(name)) and called != self._mine[0]:
                    found[called] = each.part
        for each in self.known:
            for name in spellings(each.name) if each.in_words and is_a_name(each.name) else ():
                for word in words_of(name):
                    if word.large and len(word.said) >= SHORTEST_PART and word.said not in own_words:
                        found.setdefault(word.said, each.part)
        return sorted(found.items(), key=lambda one: len(one[0]), reverse=True)

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        one = "|".join(f"({_anyhow(called)})" for called, _ in self._parts)
        begin = "".join(sorted({word[0] for called, _ in self._parts for word in called.split()}))
        return re.compile(rf"(?<!{LETTER})(?=[{re.escape(begin)}])(?:{one})(?!{LETTER})") if one else None

    def _directory_in(self, text: str, said: str, places: Sequence[int]) -> Spans:
        """Names of people who have nothing to do with it, of two words or more."""
        words, place, begins = list(WORD.finditer(said)), 0, _begins(self.names)
        while place < len(words):
            last = self._name_from(said, words, place) if words[place][0] in begins else None
            if last is not None:
                yield words[place].start(), words[last].end(), SOMEBODY
            place = place + 1 if last is None else last + 1

    def _name_from(self, said: str, words: list[re.Match[str]], place: int) -> int | None:
        called = first = words[place][0]
        after, found, turned = "", None, False
        for last in range(place + 1, min(place + LONGEST_NAME, len(words))):
            between = said[words[last - 1].end() : words[last].start()]
            if not BETWEEN.fullmatch(between):
                break
            called, after = f"{called} {words[last][0]}", f"{after}{words[last][0]} "
            turned = turned or (last == place + 1 and "," in between)
            names = (called, f"{after}{first}") if turned else (called,)
            if self._mine[0] not in names and any(name in self.names for name in names):
                found = last
        return found


@lru_cache(maxsize=4)
def _begins(names: frozenset[str]) -> frozenset[str]:
    """The words that one of these names can begin with, the last one too."""
    return frozenset(word for name in names for word in (name.partition(" ")[0], name.rpartition(" ")[2]))


def _large_in(pattern: re.Pattern[str], part: str, text: str, said: str, places: Sequence[int]) -> Spans:
    """What is found, as far as its first and its last word begin large."""
    for found in pattern.finditer(said):
        words = [places[found.start() + word.start()] for word in re.finditer(rf"(?<!{LETTER}){LETTER}", found[0])]
        if all(text[word].isupper() for word in (words[0], words[-1])):
            yield *found.span(), part


def _anyhow(called: str) -> str:
    """What finds a name in a text: its words in their order, or the last one first."""
    words = [re.escape(word) for word in called.split()]
    ways = {JOINED.join(words), JOINED.join((words[-1], *words[:-1])), "".join(words)}
    return "|".join(sorted(ways))


def _is_written(called: str, found: re.Match[str], text: str, places: Sequence[int]) -> bool:
    """Whether what was found is a name there: `may` is no May, and `willpower` no Will Power, but as a handle, or with
    something unseen between the two.
    """
    begin, last = places[found.start()], places[found.end() - 1]
    if " " not in called:
        return not text[begin].islower()
    run_together = len(found[0]) == len(called.replace(" ", ""))
    return not run_together or text[max(begin - 1, 0)] in "@/" or last - begin >= len(found[0])


def _without(text: str, find: Finds) -> str:
    """A text without what is found in it as names are compared there."""
    said, places = compared(text)
    pieces, kept_from = [], 0
    for begin, end, part in sorted(find(text, said, places)):
        if places[begin] < kept_from:
            # Two ways of writing a name were found over one another.
            continue
        pieces += [text[kept_from : places[begin]], taken_out(part)]
        kept_from = places[end - 1] + 1
        while unicodedata.category(text[kept_from : kept_from + 1] or " ").startswith("M"):
            kept_from += 1
    return "".join([*pieces, text[kept_from:]])


def plain(text: str) -> str:
    """Without what stands for somebody who was taken out, each accent on its letter, and lines ended in one way."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
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
