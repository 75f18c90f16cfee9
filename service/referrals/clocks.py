"""The clocks that run in a referral, and what happens when one rings.

As with cases, no list of them is kept: they follow from the rows as they stand, and only that one has rung is kept.
While a referral is paused none runs, but for that of a warning.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import NOTHING_DUE
from service.cases.deadlines import Within, deadline
from service.cases.pinned import playbook_of
from service.cases.playbook import Playbook
from service.core.database import is_sqlite
from service.records.enums import ReferralStage
from service.records.referrals import Hearing, Referral, ReferralAlarm
from service.referrals.find import appeal_of, appointed, hearing_of, suspension_of
from service.referrals.owed import AsItStands, Clock, Pause, key, owed, part_way
from service.referrals.policy import keepers
from service.referrals.standing import standing_of
from service.timeline import entries

TOGETHER = 20
REMINDED, LATE = "reminded", "late"
WITH_HEARING = (ReferralStage.HEARING, ReferralStage.APPEALED)


def within(playbook: Playbook, start: datetime, stretch: Within) -> datetime:
    """When a stretch of HR's working time that begins at `start` ends."""
    hours = playbook.working_time
    return deadline(start, Within.parse(stretch), hours.desk_zone, hours.desk_week, playbook)


def running(db: Session, referral: Referral) -> Iterator[Clock]:
    """The clocks that run now: what its stage owes, and what runs beside that."""
    book = playbook_of(db, referral.playbook_version)
    if referral.warning_until is not None and referral.warning_expired_at is None:
        until = referral.warning_until
        yield Clock("warning", key("warning", until), until, until, None)
    if referral.paused_at is not None:
        return
    if (clock := owed(_as_it_stands(db, book, referral))) is not None:
        yield clock
    if referral.stage == ReferralStage.DECIDED and referral.appeal_by is not None and referral.decided_at is not None:
        at = referral.decided_at + (referral.appeal_by - referral.decided_at) * book.reminder_fraction
        yield Clock("appeal_window", key("appeal_window", referral.appeal_by), at, referral.appeal_by, None)
    suspension = suspension_of(db, referral)
    if suspension is not None:
        yield part_way(book, "suspension", suspension.from_at, suspension.review_at)


def _as_it_stands(db: Session, book: Playbook, referral: Referral) -> AsItStands:
    at_appeal = referral.stage == ReferralStage.APPEALED
    hearing = hearing_of(db, referral, appeal=at_appeal) if referral.stage in WITH_HEARING else None
    return AsItStands(
        book,
        referral,
        hearing,
        _void_since(db, referral, hearing) if hearing is not None else None,
        appeal_of(db, referral) if at_appeal else None,
        pauses_of(db, referral),
    )


def _void_since(db: Session, referral: Referral, hearing: Hearing) -> datetime | None:
    """From when on a hearing is none to go by; None where it is one."""
    # At which moment that is asked makes no difference to a hearing.
    now = standing_of(db, referral, hearing.invited_at)
    if (now.appeal_invited_for if hearing.appeal else now.invited_for) is not None:
        return None
    if hearing.lapsed_at is not None:
        return hearing.lapsed_at
    # Somebody who called or held it has no part in it any more.
    theirs = (hearing.by_id, hearing.heard_by_id)
    left = [each.until_at for each in appointed(db, referral, ever=True) if each.until_at and each.person_id in theirs]
    return max([hearing.invited_at, *left])


def pauses_of(db: Session, referral: Referral) -> list[Pause]:
    """The pauses that are over, oldest first."""
    told = entries.moments(db, referral, ("room_paused", "room_resumed"))
    # One that runs has no end yet, and then no clock runs.
    return list(zip(told[::2], told[1::2], strict=False))


def keep_next_due(db: Session, referral: Referral) -> None:
    """Keep what is owed next, and when the worker next has something to do."""
    db.flush()
    rung = _rung(db, referral)
    clocks = list(running(db, referral))
    # What nobody can be late with is owed by nobody at HR.
    due = min(((clock.due_at, clock.what) for clock in clocks if clock.late_at), default=(NOTHING_DUE, None))
    referral.next_due_at, referral.next_due_what = due if due[1] else (None, None)
    coming = [at for clock in clocks for at, _ in _rings(clock, rung)]
    referral.ripe_at = min(coming, default=None)


def _rung(db: Session, referral: Referral) -> set:
    known = select(col(ReferralAlarm.clock), col(ReferralAlarm.ring))
    return set(db.execute(known.where(col(ReferralAlarm.referral_id) == referral.id)).all())


def _rings(clock: Clock, rung: set) -> Iterator[tuple[datetime, str]]:
    if (clock.key, LATE) in rung:
        return
    if (clock.key, REMINDED) not in rung:
        yield clock.remind_at, REMINDED
    if clock.late_at is not None:
        yield clock.late_at, LATE


def ring_ripe(db: Session, at: datetime, *, most: int = TOGETHER, only: int | None = None) -> int:
    """Ring whatever is to ring in referrals by now; returns in how many. What others work on is left to them."""
    ripe = select(Referral).where(col(Referral.ripe_at) <= at).order_by(col(Referral.ripe_at)).limit(most)
    if only is not None:
        ripe = ripe.where(col(Referral.id) == only)
    if not is_sqlite(db):
        ripe = ripe.with_for_update(skip_locked=True, key_share=True)
    referrals = list(db.execute(ripe).scalars())
    for referral in referrals:
        _ring(db, referral, at)
    return len(referrals)


def is_ripe(db: Session, at: datetime) -> bool:
    """Whether anything is to ring: looking takes no lock."""
    return db.execute(select(col(Referral.id)).where(col(Referral.ripe_at) <= at).limit(1)).first() is not None


def _ring(db: Session, referral: Referral, at: datetime) -> None:
    rung = _rung(db, referral)
    for clock in list(running(db, referral)):
        due = [ring for moment, ring in _rings(clock, rung) if moment <= at]
        if not due:
            continue
        # A reminder that comes too late is left out: that it is late says all there is to say.
        ring = due[-1]
        _say(db, referral, clock, ring, at)
        db.add(ReferralAlarm(referral_id=referral.id, clock=clock.key, ring=ring, at=at))
    keep_next_due(db, referral)


def _say(db: Session, referral: Referral, clock: Clock, ring: str, at: datetime) -> None:
    if clock.what == "warning":
        # By itself: nobody has to do anything, and nobody can forget it.
        referral.warning_expired_at = at
        changes = {"warning_expired_at": (None, at)}
        tell = tuple(person for person in (referral.subject_id,) if person)
        entries.add(db, referral, "room_warning_expired", actor=None, at=at, changes=changes, tell=tell, moves=False)
        return
    mine = [each.person_id for each in appointed(db, referral) if each.part == clock.to]
    told = tuple(dict.fromkeys((*mine, *keepers(db, referral)))) if ring == LATE or not mine else tuple(mine)
    if clock.what == "appeal_window" and referral.subject_id is not None and referral.informed_at is not None:
        told = (referral.subject_id,)
    said = {entries.RINGS_FOR: (None, clock.what), "alarm.due_at": (None, clock.due_at)}
    kind = "room_late" if ring == LATE else "room_reminded"
    entries.add(db, referral, kind, actor=None, at=at, changes=said, tell=told, moves=False)
