"""How referrals stand: what the gates look at, read from the rows; of many at once in as many statements as of one."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.records.enums import FindingKind, Outcome, Part
from service.records.people import Person
from service.records.referrals import Appeal, Appointment, Finding, Hearing, Referral, Suspension
from service.referrals.gates import Standing
from service.referrals.policy import apart_from_each
from service.timeline import entries

ASKED: tuple[str, ...] = ("id", "stage", "subject_id", "referred_by_id", "informed_at", "considered_at", "outcome")
ASKED += ("decided_at", "appeal_by", "paused_at")
"""What is looked at of a referral itself."""
OF_A_HEARING = ("appeal", "by_id", "lapsed_at", "invited_at", "hearing_at", "held_at", "heard_by_id")
Rows = dict[int, list[Any]]


def standing_of(db: Session, referral: Referral, at: datetime) -> Standing:
    """What the gates look at, read from the referral's rows."""
    return standings_of(db, [referral], at)[referral.id]


def standings_of(db: Session, referrals: Sequence[Any], at: datetime) -> dict[int, Standing]:
    """The same of several, by their numbers: each is a referral, or a row with the columns of `ASKED`."""
    if not referrals:
        return {}
    numbers = [each.id for each in referrals]
    apart = apart_from_each(db, referrals)
    rows: dict[Any, Rows] = {
        Appointment: _appointed(db, numbers),
        Finding: _rows(db, numbers, Finding, "kind", "at", "by_id"),
        Hearing: _rows(db, numbers, Hearing, *OF_A_HEARING),
        Appeal: _rows(db, numbers, Appeal, "decided_at"),
        Suspension: _rows(db, numbers, Suspension, "ended_at"),
    }
    considered_by = entries.last_by(db, numbers, "room_considered")
    return {
        each.id: _standing(
            each,
            apart[each.id],
            {table: found[each.id] for table, found in rows.items()},
            considered_by.get(each.id),
            at,
        )
        for each in referrals
    }


def _rows(db: Session, numbers: Collection[int], table: Any, *names: str) -> Rows:
    """These columns of the rows in a table, by referral, in the order in which they came."""
    asked = select(table.referral_id, *(getattr(table, name) for name in names)).where(table.referral_id.in_(numbers))
    return _by_referral(numbers, db.execute(asked.order_by(table.id)))


def _appointed(db: Session, numbers: Collection[int]) -> Rows:
    """Who is appointed now, and has not left."""
    asked = (
        select(Appointment.referral_id, Appointment.part, Appointment.person_id)
        .join(Person, col(Person.id) == col(Appointment.person_id))
        .where(col(Appointment.referral_id).in_(numbers), col(Appointment.until_at).is_(None), col(Person.active))
    )
    return _by_referral(numbers, db.execute(asked.order_by(col(Appointment.id))))


def _by_referral(numbers: Collection[int], found: Any) -> Rows:
    rows: Rows = {number: [] for number in numbers}
    for row in found:
        rows[row.referral_id].append(row)
    return rows


def _standing(
    referral: Any, apart: frozenset[int], rows: dict[Any, list[Any]], considered_by: int | None, at: datetime
) -> Standing:
    people = {Part(row.part): row.person_id for row in rows[Appointment]}
    findings = [row for row in rows[Finding] if row.by_id not in apart]
    # As it was last called.
    called = {bool(row.appeal): row for row in rows[Hearing]}
    hearing, again = called.get(False), called.get(True)
    answered = any(row.decided_at for row in rows[Appeal])
    # What was decided stays decided.
    decided = referral.decided_at is not None
    if not decided:
        found_at = max((row.at for row in findings), default=None)
        hearing = _to_go_by(hearing, apart, people.get(Part.DECISION_MAKER), found_at)
    if not answered:
        again = _to_go_by(again, apart, people.get(Part.APPEAL_HEARER))
    return Standing(
        at=at,
        informed=referral.informed_at is not None,
        people=people,
        apart=apart,
        findings=frozenset(FindingKind(row.kind) for row in findings),
        invited_for=hearing.hearing_at if hearing else None,
        heard=bool(hearing and hearing.held_at),
        considered=referral.considered_at is not None and (decided or considered_by not in apart),
        outcome=Outcome(referral.outcome) if referral.outcome else None,
        appeal_by=appeal_ends(referral, at),
        appeal_invited_for=again.hearing_at if again else None,
        appeal_heard=bool(again and again.held_at),
        appeal_decided=answered,
        paused=referral.paused_at is not None,
        suspended=any(row.ended_at is None for row in rows[Suspension]),
        subject_known=referral.subject_id is not None,
    )


def _to_go_by(hearing: Any, apart: frozenset[int], decides: int | None, found_at: datetime | None = None) -> Any:
    """A hearing, where it is one to decide after: nobody with a conflict called it, no pause took its time, whoever
    decides held it (our default: who decides has heard the person), and nothing was found since they were called.
    """
    if hearing is None or hearing.by_id in apart or hearing.lapsed_at is not None:
        return None
    if found_at is not None and found_at > hearing.invited_at:
        return None
    return hearing if hearing.held_at is None or hearing.heard_by_id in (None, decides) else None


def appeal_ends(referral: Any, at: datetime) -> datetime | None:
    """Until when an appeal may come; while the referral is paused its time does not run."""
    if referral.appeal_by is None or referral.paused_at is None:
        return referral.appeal_by
    return referral.appeal_by + (at - referral.paused_at)
