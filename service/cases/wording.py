"""The words people publish to put a post right: composed for them, and checked for what they have to say."""

import re
from collections.abc import Iterator

from service.cases.playbook_shape import Playbook
from service.cases.playbook_words import Element, Words

FEWEST_WORDS = 4
BLANKS = ("[what it said]", "[what is right]")
"""What a person fills in where a correction is composed for them."""
EXAMPLE = {"when": "at 09:00 on 1 June", "said": "the visit is in May.", "fact": "the visit is in June."}
"""What the composers are tried with when a playbook is read."""


def compose_apology(playbook: Playbook, when: str, hacked: bool = False) -> str:
    """Wording for an apology. `when` says when the post was made, in words and the poster's zone. Source: policy."""
    template = playbook.words.apology.hacked if hacked else playbook.words.apology.ordinary
    return template.format(when=when)


def correction_to_fill_in(playbook: Playbook, when: str, hacked: bool = False) -> str:
    """The same with two blanks for the person to fill in."""
    said, fact = BLANKS
    return compose_correction(playbook, when, f"{said}.", f"{fact}.", hacked)


def compose_correction(playbook: Playbook, when: str, said: str, fact: str, hacked: bool = False) -> str:
    """Wording for a correction: we `said` this, it is that `fact`. Source: policy."""
    template = playbook.words.correction.hacked if hacked else playbook.words.correction.ordinary
    return template.format(when=when, said=said, fact=fact)


def apology_says(hacked: bool) -> tuple[str, ...]:
    """The elements that an apology must say: of a hacked account only that it was not posted by them."""
    return ("not_posted_by_us",) if hacked else ("by_mistake", "not_official")


def apology_lacks(playbook: Playbook, text: str, hacked: bool = False, confirmed: bool = False) -> list[str]:
    """The elements that an apology does not say, of those that it must (`apology_says`).

    English is read by the playbook's patterns. Text in another language lacks nothing once the person has `confirmed`
    that it says all of it; English cannot be confirmed past the check. What to tell them: `tell`. Source: policy.
    """
    return _lacking(playbook.words, text, apology_says(hacked), confirmed)


def correction_lacks(playbook: Playbook, text: str, confirmed: bool = False) -> list[str]:
    """`what_was_corrected`, unless the text says it; other languages as for an apology. Source: policy.

    A text that still has one of our blanks in it says nothing, in any language.
    """
    if any(blank in text for blank in BLANKS):
        return ["what_was_corrected"]
    return _lacking(playbook.words, text, ("what_was_corrected",), confirmed)


def tell(playbook: Playbook, element: str) -> str:
    """The sentence that asks a person for a missing element."""
    found: Element = getattr(playbook.words.elements, element)
    return found.tell


def looks_english(playbook: Playbook, text: str) -> bool:
    """Whether enough of the words are common English ones; a text of two or three plain words always counts as such.

    A rule of thumb, so that nobody gets past the check with "Oops" by saying that it is another language.
    """
    return _is_english(playbook.words, text)


def composers_that_fail(words: Words) -> Iterator[tuple[tuple[str, str], str]]:
    """Offered wording that its own check would refuse, with its place under `words` and the reason."""
    offers = (
        ("apology", "ordinary", ("by_mistake", "not_official")),
        ("apology", "hacked", ("not_posted_by_us",)),
        ("correction", "ordinary", ("what_was_corrected",)),
        ("correction", "hacked", ("what_was_corrected",)),
    )
    for part, account, elements in offers:
        template: str = getattr(getattr(words, part), account)
        for element in _lacking(words, template.format(**EXAMPLE), elements, confirmed=False):
            yield (part, account), f"these words do not pass the check '{element}', or its patterns are too narrow"


def _lacking(words: Words, text: str, elements: tuple[str, ...], confirmed: bool) -> list[str]:
    plain = _plain(text)
    missing = [name for name in elements if not _says(getattr(words.elements, name), plain)]
    if missing and confirmed and not _is_english(words, text):
        return []
    return missing


def _is_english(words: Words, text: str) -> bool:
    spoken = re.findall(r"[^\W\d_]+", text.casefold())
    if len(spoken) < FEWEST_WORDS and all(word.isascii() for word in spoken):
        return True
    return sum(word in words.english.common for word in spoken) >= words.english.share * len(spoken)


def _says(element: Element, text: str) -> bool:
    for denial in element.denies:
        text = denial.sub(" … ", text)
    return any(pattern.search(text) for pattern in element.says)


def _plain(text: str) -> str:
    """The text with one kind of apostrophe and single spaces, in small letters, and without its questions."""
    text = " ".join(text.casefold().replace("’", "'").replace("‘", "'").split())
    return " ".join(part for part in re.split(r"(?<=[.!?…]) ", text) if not part.endswith("?"))
