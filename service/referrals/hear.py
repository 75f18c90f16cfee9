"""From the facts to the hearing: findings, informal ends, invitations, what is put off, and the record of a hearing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.pinned import playbook_of
from service.core.clock import in_zone
from service.core.errors import Refusal, invalid
from service.core.saying import moment
from service.people.identity import Me
from service.records.enums import FindingKind, Outcome
from service.records.evidence import Evidence
from service.records.referrals import Finding, Hearing, Referral
from service.records.room_words import ACCOMPANIED, CONSEQUENCES, OUTCOMES
from service.referrals.changes import add_row, put, put_row
from service.referrals.clocks import keep_next_due, pauses_of, within
from service.referrals.disclosing import FINDINGS, let_read, waits
from service.referrals.find import Found, appeal_of, doing, evidence_of, hearing_of, hears
from service.referrals.lapse import lapse
from service.referrals.life import Act, after
from service.referrals.parts import alleged
from service.referrals.standing import standing_of
from service.referrals.take_up import tell_subject
from service.timeline import entries

FARTHEST = timedelta(days=366)


def record_finding(
    db: Session, me: Me, here: Found, *, kind: FindingKind, text: str, evidence: Sequence[str], at: datetime
) -> None:
    """Record one thing that was found. Raises Invalid for evidence that is not of this referral."""
    referral = here.referral
    if set(evidence) - set(evidence_of(db, referral)):
        raise invalid("evidence", "Choose from the evidence of this referral.")
    after(Act.FIND, here.stage, standing_of(db, referral, at))
    row = Finding(referral_id=referral.id, kind=kind, text=text, evidence_ids=list(evidence), by_id=me.id, at=at)
    row.waits_since = waits(referral, FINDINGS, at)
    entries.add(db, referral, "room_finding", actor=me.id, at=at, changes=add_row(db, row))
    # Where somebody else finds it anew, who was called before that is called to answer it (decision 0070).
    lapse(db, referral, at)


def settle_informally(db: Session, me: Me, here: Found, *, reason: str, at: datetime) -> None:
    """End fact finding without a hearing."""
    referral = here.referral
    stage = after(Act.INFORMAL, here.stage, standing_of(db, referral, at))
    changes = put(referral, stage=stage, informal_at=at, informal_because=reason)
    changes |= let_read(db, referral, "outcome", at=at)
    tell_subject(db, me, referral, "room_informal", changes, at)
    keep_next_due(db, referral)


def invite(
    db: Session, me: Me, here: Found, *, hearing_at: datetime, place: str, text: str | None, at: datetime
) -> None:
    """Invite the person to a hearing, which ends fact finding; under appeal, to that of the appeal. Until it is held,
    they may be invited anew.

    What an invitation has to state is put in from the record. What was found is theirs to read from then on: they are
    called to answer it, and have the notice to prepare (Acas code, paragraph 9). Raises Invalid for a hearing before
    the playbook's notice is over: 48 hours in the shipped one (Acas code, paragraph 11, asks for reasonable time; how
    long is our default).
    """
    referral, appeal = here.referral, here.at_appeal
    hours = playbook_of(db, referral.playbook_version).referrals.hearing_notice_hours
    if hearing_at < at + timedelta(hours=hours):
        raise invalid(
            "hearing_at",
            f"Leave at least {hours} hours between the invitation and the hearing. "
            "(Acas code, paragraph 11: reasonable time to prepare)",
        )
    if hearing_at > at + FARTHEST:
        raise invalid("hearing_at", "Choose a time within a year. (Acas code, paragraph 4: without delay)")
    stage = after(Act.INVITE, here.stage, standing_of(db, referral, at))
    row = Hearing(
        referral_id=referral.id,
        appeal=appeal,
        invited_at=at,
        hearing_at=hearing_at,
        first_at=hearing_at,
        place=place,
        text=text or "",
        states=stated(db, referral, appeal=appeal),
        by_id=me.id,
    )
    changes = add_row(db, row) | put(referral, stage=stage) | let_read(db, referral, "hearing", FINDINGS, at=at)
    tell_subject(db, me, referral, "room_invited", changes, at, doing(db, referral, hears(referral)))
    keep_next_due(db, referral)


def stated(db: Session, referral: Referral, *, appeal: bool) -> dict[str, Any]:
    """What an invitation says by itself: allegation, possible consequences, evidence, and the right to be accompanied
    (Acas code, paragraphs 9, 10 and 13). Of the files that were added in the room it lists those that were disclosed:
    the others are named to nobody outside it.
    """
    most = list(Outcome)
    if appeal and (before := appeal_of(db, referral)) is not None and referral.outcome:
        most = most[: most.index(Outcome(referral.outcome)) + 1]
        said = {"grounds": before.grounds}
    else:
        said = {}
    outcomes = "; ".join(OUTCOMES[outcome].lower() for outcome in most)
    return said | {
        "allegation": alleged(referral),
        "consequences": CONSEQUENCES.format(outcomes=outcomes),
        "evidence": listed(db, referral),
        "accompanied": ACCOMPANIED,
    }


def listed(db: Session, referral: Referral) -> list[str]:
    """The files of a referral as an invitation lists them. What somebody else called a file of the case may tell who
    raised it: until HR discloses the evidence it has the number that it has in the bundle.
    """
    ids, told = evidence_of(db, referral), {*evidence_of(db, referral, told=True)}
    files = select(Evidence).where(col(Evidence.id).in_(told), col(Evidence.destroyed_at).is_(None))
    there = {file.id: file for file in db.execute(files).scalars()}
    return [
        file.filename
        if "evidence" in referral.disclosed or file.referral_id or file.added_by_id == referral.subject_id
        else f"Exhibit {number}, a {'picture' if file.preview else 'file'}"
        for number, one in enumerate(ids, 1)
        if (file := there.get(one)) is not None
    ]


def postpone(db: Session, me: Me, here: Found, *, hearing_at: datetime, reason: str, at: datetime) -> None:
    """Put the hearing off because a companion cannot come, by at most five working days (Employment Relations Act 1999,
    section 10; how many is the playbook's).
    """
    referral = here.referral
    after(Act.POSTPONE, here.stage, standing_of(db, referral, at))
    hearing = hearing_of(db, referral, appeal=here.at_appeal)
    if hearing is None:
        raise Refusal("Nobody is invited to a hearing yet.")
    book = playbook_of(db, referral.playbook_version)
    zone = book.working_time.desk_zone
    # The law counts the days from the one after that which was proposed, and to the end of the last.
    proposed = in_zone(hearing.first_at, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    last = within(book, proposed + timedelta(days=1), book.referrals.companion_postponement)
    if not hearing.first_at < hearing_at <= last:
        raise invalid(
            "hearing_at",
            f"Choose a time after the first one, and no later than {moment(last, zone)}. "
            "(Employment Relations Act 1999, section 10: up to five working days)",
        )
    if hearing_at <= at:
        raise invalid("hearing_at", "Choose a time that is still to come.")
    if hearing_at < hearing.hearing_at and hearing_at < at + timedelta(hours=book.referrals.hearing_notice_hours):
        raise invalid(
            "hearing_at",
            "The person was invited for a later time. Choose that or later, or leave at least "
            f"{book.referrals.hearing_notice_hours} hours. (Acas code, paragraph 11: reasonable time to prepare)",
        )
    changes = put_row(db, hearing, hearing_at=hearing_at, postponed_because=reason)
    tell_subject(db, me, referral, "room_postponed", changes, at, doing(db, referral, hears(referral)))
    keep_next_due(db, referral)


def record_hearing(
    db: Session, me: Me, here: Found, *, held_at: datetime, present: Sequence[str], notes: str, at: datetime
) -> None:
    """Record the hearing that was held. Raises Invalid for a moment to come, before it was to begin, or in a pause."""
    referral, appeal = here.referral, here.at_appeal
    hearing = hearing_of(db, referral, appeal=appeal)
    if held_at > at:
        raise invalid("held_at", "This moment is still to come.")
    if hearing is not None and held_at < hearing.hearing_at:
        raise invalid("held_at", "The person was invited for a later time. (Acas code, paragraph 11)")
    for since, until in pauses_of(db, referral):
        if since < held_at < until:
            lasted = f"from {moment(since, me.zone)} to {moment(until, me.zone)}"
            raise invalid("held_at", f"This was paused {lasted}. No hearing is held meanwhile. (Our own rule)")
    after(Act.HEAR, here.stage, standing_of(db, referral, at))
    if hearing is None:
        raise Refusal("Nobody is invited to a hearing yet.")
    changes = put_row(db, hearing, held_at=held_at, heard_by_id=me.id, present=list(present), notes=notes)
    tell_subject(db, me, referral, "room_heard", changes, at)
    keep_next_due(db, referral)


def consider(db: Session, me: Me, here: Found, *, text: str, at: datetime) -> None:
    """Confirm that protected activity was considered, and what came of it."""
    referral = here.referral
    after(Act.CONSIDER, here.stage, standing_of(db, referral, at))
    changes = put(referral, considered_at=at, considered_text=text)
    entries.add(db, referral, "room_considered", actor=me.id, at=at, changes=changes)
