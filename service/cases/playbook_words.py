"""The words of a playbook: what the composers offer, what they check, and what is said beside the form."""

import re
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator

from service.cases.playbook_rules import Section, Sourced, Text


def _regular(said: object) -> re.Pattern[str]:
    try:
        return re.compile(str(said))
    except (re.error, OverflowError, RecursionError) as wrong:
        raise ValueError(f"not a pattern that can be read: {wrong}") from wrong


def _filled_in(*names: str) -> AfterValidator:
    """A template has to name each thing that the composer fills in, and nothing else."""

    def check_names(template: str) -> str:
        try:
            parts = list(Formatter().parse(template))
        except ValueError as wrong:
            raise ValueError(f"the braces do not pair: {wrong}") from wrong
        found = {name for _, name, _, _ in parts if name is not None}
        for name in names:
            if name not in found:
                raise ValueError(f"the placeholder {{{name}}} is missing")
        for name in sorted(found - set(names)):
            raise ValueError(f"nothing fills in the placeholder {{{name}}}")
        if any(form or conversion for _, _, form, conversion in parts):
            raise ValueError("a placeholder is a name in braces and nothing more")
        return template

    return AfterValidator(check_names)


Regular = Annotated[re.Pattern[str], PlainValidator(_regular)]


class ApologyWords(Sourced):
    """Wording for an apology."""

    ordinary: Annotated[Text, _filled_in("when")]
    hacked: Annotated[Text, _filled_in("when")]


class CorrectionWords(Sourced):
    """Wording for a correction."""

    ordinary: Annotated[Text, _filled_in("when", "said", "fact")]
    hacked: Annotated[Text, _filled_in("when", "said", "fact")]


class Element(Sourced):
    """One thing that a public text has to say, and how its saying is recognised in English."""

    tell: Text
    says: Annotated[tuple[Regular, ...], Field(min_length=1)]
    denies: tuple[Regular, ...] = ()


class Elements(Section):
    """What public texts are checked for."""

    by_mistake: Element
    not_official: Element
    not_posted_by_us: Element
    what_was_corrected: Element


class English(Sourced):
    """How English is told from other languages: the share of common words among all words."""

    share: Annotated[float, Field(gt=0, lt=1, strict=True)]
    common: Annotated[frozenset[Text], Field(min_length=1)]


class Words(Section):
    """What the composers offer, and what they check."""

    apology: ApologyWords
    correction: CorrectionWords
    elements: Elements
    english: English


class WhoCanRead(Sourced):
    """The sentences beside the form that say who can read what is typed there."""

    mistake: Text
    mistake_not_manager: Text
    mistake_fco_services: Text
    concern: Text
    concern_confidential: Text
    advice: Text
