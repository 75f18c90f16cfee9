"""Who is let into a referral, and who may do what there, said once: the list's WHERE, the single read, the buttons.

The person is always the bound parameter `me`, as in `cases/relations.py`. Whoever has a part in what is alleged is let
in by none of this: the subject, whoever reported it, whoever referred it or proposed to, and anybody conflicted. The
subject reads what HR disclosed, and nothing else.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.relations import ME, Desks
from service.core.errors import NotPermitted
from service.people.identity import Me
from service.records.cases import Case, Confidence, Conflict
from service.records.enums import DeskName, LetterKind, Part, Scope
from service.records.people import DeskMember, Person
from service.records.referrals import Appointment, Referral, RoomConflict
from service.records.said import ReferralDecision
from service.referrals.life import Act


class Relation(StrEnum):
    """How somebody stands to a referral."""

    KEEPER = "keeper"
    INVESTIGATOR = "investigator"
    DECISION_MAKER = "decision_maker"
    APPEAL_HEARER = "appeal_hearer"
    SUBJECT = "subject"


R = Relation
IN_THE_ROOM = (R.KEEPER, R.INVESTIGATOR, R.DECISION_MAKER, R.APPEAL_HEARER)
PART_OF: dict[Relation, Part] = {
    R.INVESTIGATOR: Part.INVESTIGATOR,
    R.DECISION_MAKER: Part.DECISION_MAKER,
    R.APPEAL_HEARER: Part.APPEAL_HEARER,
}

MAY: dict[Act, tuple[Relation, ...]] = {
    Act.VIEW: (*IN_THE_ROOM, R.SUBJECT),
    Act.ACCEPT: (R.KEEPER,),
    Act.RETURN: (R.KEEPER,),
    Act.APPOINT: (R.KEEPER,),
    Act.INFORM: (R.INVESTIGATOR,),
    Act.FIND: (R.INVESTIGATOR,),
    Act.INFORMAL: (R.KEEPER, R.INVESTIGATOR),
    Act.INVITE: (R.INVESTIGATOR, R.APPEAL_HEARER),
    Act.POSTPONE: (R.KEEPER, R.INVESTIGATOR, R.DECISION_MAKER, R.APPEAL_HEARER),
    Act.HEAR: (R.DECISION_MAKER, R.APPEAL_HEARER),
    Act.CONSIDER: (R.DECISION_MAKER, R.KEEPER, R.INVESTIGATOR),
    Act.DECIDE: (R.DECISION_MAKER,),
    Act.APPEAL: (R.SUBJECT, R.KEEPER),
    Act.DECIDE_APPEAL: (R.APPEAL_HEARER,),
    Act.CLOSE: (R.KEEPER,),
    Act.NOTE: IN_THE_ROOM,
    Act.PAUSE: (R.KEEPER,),
    Act.RESUME: (R.KEEPER,),
    Act.SUSPEND: (R.KEEPER,),
    Act.END_SUSPENSION: (R.KEEPER,),
    Act.SERVE: IN_THE_ROOM,
    Act.REPLY: IN_THE_ROOM,
    Act.ANSWER: (R.SUBJECT,),
    Act.COPY: (R.KEEPER, R.INVESTIGATOR),
    Act.DISCLOSE: (R.KEEPER, R.INVESTIGATOR),
    Act.SEND_LETTER: IN_THE_ROOM,
    Act.ADD_EVIDENCE: IN_THE_ROOM,
    Act.PURGE: (R.KEEPER,),
    Act.TAKE_OUT: (R.KEEPER, R.INVESTIGATOR),
    Act.LEAVE_IN: (R.KEEPER, R.INVESTIGATOR),
    Act.NAME_CONFLICT: IN_THE_ROOM,
    Act.TAKE_BACK_CONFLICT: (R.KEEPER,),
}
WRITES: dict[LetterKind, tuple[Relation, ...]] = {
    LetterKind.INFORMING: (R.KEEPER, R.INVESTIGATOR),
    LetterKind.INVITATION: (R.KEEPER, R.INVESTIGATOR, R.APPEAL_HEARER),
    LetterKind.OUTCOME: (R.KEEPER, R.DECISION_MAKER),
    LetterKind.APPEAL_OUTCOME: (R.KEEPER, R.APPEAL_HEARER),
}
"""Who writes and sends which letter: the lead of HR, and whoever does what it tells of."""
OF_A_HEARING = (Act.INVITE, Act.POSTPONE, Act.HEAR)
OF_THE_FIRST, OF_THE_APPEAL = frozenset({R.INVESTIGATOR, R.DECISION_MAKER}), frozenset({R.APPEAL_HEARER})
"""Whose one of the two hearings is: nothing about the other is for them."""


def one_with(case_id: Any) -> CompoundSelect[Any]:
    """The numbers of the cases that are one with a case, a column or a number: itself, what it was merged into, and all
    that were merged into that; two merges on end count.
    """
    first, then = aliased(Case), aliased(Case)
    goes_on_in = (
        select(func.coalesce(then.duplicate_of_id, first.duplicate_of_id, first.id))
        .select_from(first)
        .outerjoin(then, col(then.id) == col(first.duplicate_of_id))
        .where(col(first.id) == case_id)
        .correlate_except(first, then)
        .scalar_subquery()
    )
    merged, before = aliased(Case), aliased(Case)
    return union_all(
        select(goes_on_in),
        select(col(merged.id)).where(col(merged.duplicate_of_id) == goes_on_in),
        select(col(before.id))
        .join(merged, col(merged.id) == col(before.duplicate_of_id))
        .where(col(merged.duplicate_of_id) == goes_on_in),
    )


def _named_in(case_id: Any) -> tuple[Select[Any], ...]:
    """Those with a part in the case of a referral, as queries: conflicted, be it named in a room of any case that
    was merged with it, its reporter, also in confidence, whoever decided to refer it, and a manager who proposed that.
    """
    other = aliased(Referral)
    return (
        select(col(Conflict.person_id)).where(col(Conflict.case_id) == case_id),
        select(col(RoomConflict.person_id))
        .join(other, col(other.id) == col(RoomConflict.referral_id))
        .where(col(other.case_id).in_(one_with(case_id))),
        select(col(Confidence.person_id)).where(col(Confidence.case_id) == case_id),
        select(col(Case.reporter_id)).where(col(Case.id) == case_id, col(Case.reporter_id).is_not(None)),
        select(col(ReferralDecision.by_id)).where(
            col(ReferralDecision.case_id) == case_id, col(ReferralDecision.refer)
        ),
    )


def apart(person: Any) -> ColumnElement[bool]:
    """Whether somebody (a column or a parameter) has a part in what a referral is about, and so none in the room."""
    own = (
        col(Referral.subject_id).is_not_distinct_from(person),
        col(Referral.referred_by_id).is_not_distinct_from(person),
    )
    named = _named_in(col(Referral.case_id))
    return or_(*own, *(person.in_(each.correlate(Referral).scalar_subquery()) for each in named))


def apart_from(db: Session, referral: Referral) -> frozenset[int]:
    """Everybody who has a part in what this referral is about, by number."""
    return apart_from_each(db, [referral])[referral.id]


def apart_from_each(db: Session, referrals: Sequence[Any]) -> dict[int, frozenset[int]]:
    """The same of several, by their numbers."""
    out = {each.id: {each.subject_id, each.referred_by_id} for each in referrals}
    for person, number in db.execute(_everybody_in_cases(), {"numbers": list(out)}):
        out[number].add(person)
    return {number: frozenset(people - {None}) for number, people in out.items()}


@cache
def _everybody_in_cases() -> CompoundSelect[Any]:
    these = col(Referral.id).in_(bindparam("numbers", expanding=True))
    named = _named_in(col(Referral.case_id))
    return union(*(each.add_columns(col(Referral.id).label("referral_id")).join(Referral, these) for each in named))


def keeps(desks: Desks) -> ColumnElement[bool]:
    """The lead of HR; where every lead is apart from it, anybody at HR who is not."""
    if DeskName.HR not in desks:
        return false()
    leads = exists().where(col(DeskMember.person_id) == ME, col(DeskMember.desk) == DeskName.HR, col(DeskMember.lead))
    seat, lead = aliased(DeskMember), aliased(Person)
    another = (
        exists()
        .where(
            col(seat.desk) == DeskName.HR,
            col(seat.lead),
            col(lead.id) == col(seat.person_id),
            col(lead.active),
            ~apart(lead.id),
        )
        .correlate(Referral)
    )
    return and_(~apart(ME), or_(leads, ~another))


def _is_appointed(*parts: Part) -> ColumnElement[bool]:
    """Appointed now to one of these parts, or to any."""
    now = exists().where(
        col(Appointment.referral_id) == col(Referral.id),
        col(Appointment.person_id) == ME,
        col(Appointment.part).in_(parts or tuple(Part)),
        col(Appointment.until_at).is_(None),
    )
    return and_(now.correlate(Referral), ~apart(ME))


def is_told() -> ColumnElement[bool]:
    """Whom it is about, once HR disclosed something of it."""
    return and_(col(Referral.subject_id) == ME, col(Referral.informed_at).is_not(None))


@lru_cache(maxsize=256)
def relations(desks: Desks) -> tuple[tuple[Relation, ColumnElement[bool]], ...]:
    """Every relation somebody of these desks could have, as columns for the single read. Needs the parameter `me`."""
    appointed = ((relation, _is_appointed(part)) for relation, part in PART_OF.items())
    return (R.KEEPER, keeps(desks)), *appointed, (R.SUBJECT, is_told())


@lru_cache(maxsize=256)
def finds(desks: Desks) -> ColumnElement[bool]:
    """The WHERE of lists and single reads: every referral that is there for somebody. Needs the parameter `me`.

    What is destroyed is there for nobody.
    """
    return and_(col(Referral.disposed_at).is_(None), or_(keeps(desks), _is_appointed(), is_told()))


def keepers(db: Session, referral: Referral) -> tuple[int, ...]:
    """Whom to tell of a referral as HR: its leads, or all of HR where every lead is apart from it."""
    seats = (
        select(col(Person.id), col(DeskMember.lead))
        .join(DeskMember, col(DeskMember.person_id) == col(Person.id))
        .where(col(DeskMember.desk) == DeskName.HR, col(Person.active))
        .order_by(col(Person.id))
    )
    out = apart_from(db, referral)
    there = [(person, lead) for person, lead in db.execute(seats) if person not in out]
    leads = tuple(person for person, lead in there if lead)
    return leads or tuple(person for person, _ in there)


def permitted(act: Act, held: frozenset[Relation], me: Me, *, at_appeal: bool = False) -> bool:
    """Whether somebody who stands so to a referral may do this, whatever its stage."""
    if act is not Act.VIEW and Scope.WRITE not in me.scopes:
        return False
    return not held.isdisjoint(doers(act, at_appeal=at_appeal))


def doers(act: Act, *, at_appeal: bool = False) -> tuple[Relation, ...]:
    """Whose act it is, whoever it is first and foremost before others."""
    return _of_this_hearing(MAY[act], at_appeal) if act in OF_A_HEARING else MAY[act]


def writes(kind: LetterKind, held: frozenset[Relation], me: Me, *, at_appeal: bool = False) -> bool:
    """Whether somebody who stands so to a referral may write and send this letter."""
    may = _of_this_hearing(WRITES[kind], at_appeal) if kind is LetterKind.INVITATION else WRITES[kind]
    return Scope.WRITE in me.scopes and not held.isdisjoint(may)


def _of_this_hearing(may: Iterable[Relation], at_appeal: bool) -> tuple[Relation, ...]:
    out = OF_THE_FIRST if at_appeal else OF_THE_APPEAL
    return tuple(relation for relation in may if relation not in out)


def require(act: Act, held: frozenset[Relation], me: Me, *, at_appeal: bool = False) -> None:
    """Raise NotPermitted unless this relation carries the act."""
    if not permitted(act, held, me, at_appeal=at_appeal):
        raise NotPermitted("This is for somebody else to do.")
