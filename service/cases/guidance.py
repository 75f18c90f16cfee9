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
from service.records.cases import Case
from service.records.enums import Kind
from service.records.said import Advice
from service.records.words import DESKS

ASKED, COPIED = "guidance.case", ("guidance.sought", "guidance.from", "guidance.at", "guidance.answer")
MOST = 20
NOT_YOURS = "This is no question of yours that has been answered. Leave it empty, and say in words whom you asked."
DID_ASK = "You name an answer that you were given. So you did ask: say yes, or clear it."
ANSWER_STANDS = "The answer that stands here says this. Take out the question that you named first."
MISTAKES_ONLY = "This belongs to a mistake that you report yourself."


def copied(db: Session, me: Me, facts: Mapping[str, Any], *, mine: bool, case: Case | None = None) -> dict[str, Any]:
    """What naming an answered question, or clearing it, adds to these facts: from whom, when, and the answer.

    `mine`: a mistake that `me` reported; of anything else it is refused. `case` is the one that is changed. To name the
    question that stands there again adds nothing, so that no later answer and nothing destroyed comes in unasked.
    Raises Invalid naming `guidance.case`, alike for a question of somebody else, one without an answer, and one that
    is not there; and naming each field that would put another name to the answer.
    """
    named, stands = facts.get(ASKED), case.guidance_case if case else None
    if ASKED in facts and named is None:
        return {"guidance.at": None, "guidance.answer": None}
    if ASKED in facts and not mine:
        raise invalid(ASKED, MISTAKES_ONLY)
    reference = named.strip().upper() if named is not None else stands
    if reference is None:
        return {}
    if case is not None and reference == stands:
        _refuse_beside(facts, {"guidance.sought": case.guidance_sought, "guidance.from": case.guidance_from})
        return {ASKED: stands}
    # Under its lock: whoever purges the answer at this moment finds the copy, or there is nothing to copy any more.
    named_one = _mine(me).where(col(Case.reference) == reference).with_for_update(key_share=True)
    question = db.execute(named_one).scalar_one_or_none()
    answers = _answers(db, question) if question is not None else []
    if question is None or not answers:
        raise invalid(ASKED, NOT_YOURS)
    by = ", ".join(dict.fromkeys(DESKS[answer.desk] for answer in answers))
    _refuse_other(facts, by, case)
    return {
        ASKED: question.reference,
        "guidance.sought": True,
        "guidance.from": by,
        "guidance.at": answers[-1].at,
        "guidance.answer": _together(answers),
    }


def _refuse_beside(facts: Mapping[str, Any], stands: Mapping[str, Any]) -> None:
    faults = [FieldError(path, ANSWER_STANDS) for path, kept in stands.items() if facts.get(path, kept) != kept]
    if faults:
        raise Invalid(ANSWER_STANDS, faults)


def _refuse_other(facts: Mapping[str, Any], by: str, case: Case | None) -> None:
    """What a form sends back as it stood is no other name."""
    as_it_was = case.guidance_from if case else None
    faults = [FieldError("guidance.sought", DID_ASK)] if facts.get("guidance.sought") is False else []
    if facts.get("guidance.from") not in (None, by, as_it_was):
        faults.append(FieldError("guidance.from", f"The answer that you name came from: {by}. Leave this empty."))
    if faults:
        raise Invalid(faults[0].message, faults)


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
