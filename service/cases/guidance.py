"""*Was guidance sought?* Whoever reports a mistake names a question of their own, and its answer is copied.

Copied and not linked: the question is kept for a year only, a later answer must not change what the record says was
known, and who reads the mistake need not be somebody who may read the question.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.sentences import title_of
from service.core.errors import FieldError, Invalid, invalid
from service.core.saying import day
from service.people.identity import Me
from service.records.cases import Advice, Case
from service.records.enums import Kind
from service.records.words import DESKS

ASKED, COPIED = "guidance.case", ("guidance.sought", "guidance.from", "guidance.at", "guidance.answer")
MOST = 20
NOT_YOURS = "This is no question of yours that has been answered. Leave it empty, and say in words whom you asked."
ANSWER_STANDS = "The answer that stands here says this. Take out the question that you named first."
MISTAKES_ONLY = "This belongs to a mistake that you report yourself."


def copied(db: Session, me: Me, facts: Mapping[str, Any], *, mine: bool, before: str | None = None) -> dict[str, Any]:
    """What naming an answered question, or clearing it, adds to these facts: from whom, when, and the answer.

    `mine`: a mistake that `me` reported; of anything else it is refused. `before` is the question that it names
    already: naming that again adds nothing, so that no later answer and nothing destroyed comes in unasked.
    Raises Invalid naming `guidance.case`, alike for a question of somebody else, one without an answer, and one that
    is not there.
    """
    if ASKED not in facts:
        return {}
    reference = facts[ASKED]
    if reference is None:
        return {"guidance.at": None, "guidance.answer": None}
    if not mine:
        raise invalid(ASKED, MISTAKES_ONLY)
    if facts.get("guidance.sought") is False:
        raise invalid(
            "guidance.sought", "You name an answer that you were given. So you did ask: say yes, or clear it."
        )
    if reference.strip().upper() == before:
        return {ASKED: before}
    question = db.execute(_mine(me).where(col(Case.reference) == reference.strip().upper())).scalar_one_or_none()
    answers = _answers(db, question) if question is not None else []
    if question is None or not answers:
        raise invalid(ASKED, NOT_YOURS)
    return {
        ASKED: question.reference,
        "guidance.sought": True,
        "guidance.from": ", ".join(dict.fromkeys(DESKS[answer.desk] for answer in answers)),
        "guidance.at": answers[-1].at,
        "guidance.answer": _together(answers),
    }


def check_beside(case: Case, facts: Mapping[str, Any]) -> None:
    """Raise Invalid, naming each field, for words that would put another name to an answer that stands in the case."""
    if case.guidance_case is None or ASKED in facts:
        return
    stands = {"guidance.sought": case.guidance_sought, "guidance.from": case.guidance_from}
    faults = [FieldError(path, ANSWER_STANDS) for path, kept in stands.items() if facts.get(path, kept) != kept]
    if faults:
        raise Invalid(ANSWER_STANDS, faults)


def questions_to_name(db: Session, me: Me) -> list[tuple[str, str]]:
    """The answered questions that somebody can name, newest first: each reference, and what to call it in a list."""
    answered = col(Case.id).in_(select(col(Advice.case_id)).where(col(Advice.text).is_not(None)))
    found = db.execute(_mine(me).where(answered).order_by(col(Case.id).desc()).limit(MOST)).scalars()
    return [(each.reference, f"{each.reference}, {title_of(each)}, {day(each.reported_at, me.zone)}") for each in found]


def _mine(me: Me) -> Any:
    return select(Case).where(col(Case.kind) == Kind.ADVICE, col(Case.reporter_id) == me.id)


def _answers(db: Session, question: Case) -> Sequence[Advice]:
    given = select(Advice).where(col(Advice.case_id) == question.id, col(Advice.text).is_not(None))
    return db.execute(given.order_by(col(Advice.id))).scalars().all()


def _together(answers: Sequence[Advice]) -> str:
    """One answer as it was given; of several each after the desk that gave it."""
    if len(answers) == 1:
        return answers[0].text or ""
    return "\n\n".join(f"{DESKS[answer.desk]}: {answer.text}" for answer in answers)
