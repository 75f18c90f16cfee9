"""HR takes a referral up: accepts or returns it, appoints people, and has the person informed."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import FieldError, Invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Part
from service.records.people import Person
from service.records.referrals import Appointment, Referral
from service.records.room_words import APPOINTED
from service.records.said import ReferralDecision
from service.referrals.changes import Changes, add_row, put, put_row
from service.referrals.clocks import keep_next_due
from service.referrals.disclosing import let_read
from service.referrals.find import Found, appointed
from service.referrals.lapse import lapse
from service.referrals.life import Act, after, after_appointing
from service.referrals.policy import apart_from
from service.referrals.standing import standing_of
from service.timeline import entries

NOT_APART = "Appoint somebody with no part in it: not the person it is about, nor whoever reported or referred it, nor "
NOT_APART += "anybody with a conflict of interest. (Acas code, paragraph 6)"
ANOTHER_PART = "One person cannot do two of the three: {part} is or was {other}. (Acas code, paragraph 6)"
TWICE = "One person cannot do two of the three: {part} stands twice here, also as {other}. (Acas code, paragraph 6)"


def accept(db: Session, me: Me, here: Found, *, at: datetime) -> None:
    """Take the referral up."""
    referral = here.referral
    stage = after(Act.ACCEPT, here.stage, standing_of(db, referral, at))
    entries.add(db, referral, "room_accepted", actor=me.id, at=at, changes=put(referral, stage=stage, accepted_at=at))
    keep_next_due(db, referral)


def give_back(db: Session, me: Me, here: Found, *, reason: str, at: datetime) -> None:
    """Return the referral to the desk, which decides again; whoever referred it reads the reason."""
    referral = here.referral
    stage = after(Act.RETURN, here.stage, standing_of(db, referral, at))
    changes = put(referral, stage=stage, returned_at=at, returned_because=reason)
    entries.add(db, referral, "room_returned", actor=me.id, at=at, changes=changes)
    keep_next_due(db, referral)
    case = db.execute(select(Case).where(col(Case.id) == referral.case_id).with_for_update(key_share=True)).scalar_one()
    decided = (
        select(ReferralDecision)
        .where(col(ReferralDecision.case_id) == case.id, col(ReferralDecision.counts), col(ReferralDecision.refer))
        .order_by(col(ReferralDecision.id).desc())
    )
    decision = db.execute(decided.limit(1)).scalar_one()
    decision.returned_at = at
    told = {"hr.returned_at": (None, at), "hr.returned_because": (None, reason)}
    tell = tuple(dict.fromkeys((referral.referred_by_id, case.holding_desk)))
    entries.add(db, case, "referral_returned", actor=None, at=at, changes=told, tell=tell)


def appoint(db: Session, me: Me, here: Found, people: Mapping[Part, Person], *, at: datetime) -> None:
    """Appoint people to their parts; whoever had the part before is let in no more.

    Appointing an investigator begins fact finding. Raises Invalid, naming each part, for somebody who has a part in
    what is alleged, or who has or had another of the three.
    """
    referral = here.referral
    before = appointed(db, referral, ever=True)
    _refuse_unfit(db, referral, people, before)
    stage = after(Act.APPOINT, here.stage, standing_of(db, referral, at))
    changes: Changes = {}
    told: list[int] = []
    for part, person in people.items():
        now = next((each for each in before if each.part == part and each.until_at is None), None)
        if now is not None and now.person_id == person.id:
            continue
        if now is not None:
            changes |= put_row(db, now, until_at=at)
        changes |= add_row(db, Appointment(referral_id=referral.id, person_id=person.id, part=part, from_at=at))
        told.append(person.id)
    stage = after_appointing(stage, frozenset(people))
    if stage is not here.stage:
        changes |= put(referral, stage=stage, fact_finding_at=at)
    if changes:
        entries.add(db, referral, "room_appointed", actor=me.id, at=at, changes=changes, tell=tuple(told))
    keep_next_due(db, referral)
    lapse(db, referral, at)


def _refuse_unfit(db: Session, referral: Referral, people: Mapping[Part, Person], before: list[Appointment]) -> None:
    out, faults = apart_from(db, referral), []
    for part, person in people.items():
        did = [Part(each.part) for each in before if each.part != part and each.person_id == person.id]
        twice = [other for other, whose in people.items() if other is not part and whose.id == person.id]
        if person.id in out:
            faults.append(FieldError(part.value, NOT_APART))
        elif others := did or twice:
            said = ANOTHER_PART if did else TWICE
            faults.append(FieldError(part.value, said.format(part=person.name, other=APPOINTED[others[0]].lower())))
    if faults:
        raise Invalid("Somebody cannot be appointed to this.", faults)


INFORMING = ("allegation", "rules")
"""What informing somebody discloses to them."""


def inform_subject(db: Session, me: Me, here: Found, *, text: str, at: datetime) -> None:
    """Tell the person in writing what is alleged; from then on they read it in Amends too."""
    referral = here.referral
    after(Act.INFORM, here.stage, standing_of(db, referral, at))
    changes = put(referral, informed_text=text) | let_read(db, referral, *INFORMING, at=at)
    if referral.informed_at is None:
        changes |= put(referral, informed_at=at)
    tell_subject(db, me, referral, "room_informed", changes, at)


def tell_subject(
    db: Session, me: Me, referral: Referral, kind: str, changes: Changes, at: datetime, also: Iterable[int] = ()
) -> None:
    """Add an entry that the person it is about may read, and tell them where they are let in; and `also` those of the
    room whom it concerns, but for whoever did it.
    """
    tell = (referral.subject_id,) if referral.subject_id is not None and referral.informed_at is not None else ()
    told = tuple(dict.fromkeys((*tell, *(person for person in also if person != me.id))))
    entries.add(db, referral, kind, actor=me.id, at=at, changes=changes, tell=told)
