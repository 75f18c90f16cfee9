"""What goes on beside the life of a referral: notes, pauses, suspension, papers, copies from the case, disclosure."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.cases.pinned import playbook_of
from service.cases.timeline_view import entries_view
from service.core.errors import FieldError, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import PaperKind
from service.records.evidence import Evidence
from service.records.referrals import Copied, Hearing, Paper, Referral, ReferralNote, Suspension
from service.records.room_words import DISCLOSED
from service.referrals import their_copy
from service.referrals.changes import Changes, add_row, put, put_row
from service.referrals.clocks import keep_next_due, pauses_of, within
from service.referrals.disclosing import EVIDENCE, let_read, waits
from service.referrals.find import Found, appointed, calls, case_of, doing, hearing_of, hears, suspension_of
from service.referrals.life import Act, after
from service.referrals.policy import keepers
from service.referrals.standing import standing_of
from service.referrals.take_up import tell_subject
from service.timeline import entries
from service.timeline.chain import plain

IN_AMENDS = "In Amends"
"""How a reply came that the person wrote here."""
MOST_REPLIES, MOST_LETTERS = 200, 200_000
"""How often, and how many letters in all, one person may write in Amends about one referral: some eighty pages."""
ELSEWHERE = "Send it to HR by e-mail or on paper. HR keeps it with your replies."
HR_EYES = frozenset({"hr"})
NONE = timedelta()


def note(db: Session, me: Me, here: Found, *, text: str, at: datetime) -> None:
    """Keep a note in the room."""
    row = ReferralNote(referral_id=here.referral.id, text=text, by_id=me.id, at=at)
    entries.add(db, here.referral, "room_note", actor=me.id, at=at, changes=add_row(db, row))


def pause(db: Session, me: Me, here: Found, *, reason: str, at: datetime) -> None:
    """Stop all clocks, for sickness or an adjustment. Raises a Refusal (409) when it is paused already."""
    referral = here.referral
    after(Act.PAUSE, here.stage, standing_of(db, referral, at))
    changes = put(referral, paused_at=at, paused_because=reason)
    tell_subject(db, me, referral, "room_paused", changes, at)
    keep_next_due(db, referral)


def resume(db: Session, me: Me, here: Found, *, at: datetime) -> None:
    """Go on. The time for an appeal, and for the review of a suspension, is longer by as long as it stood still. A
    hearing lapses where its time fell into the pause, or its notice did: it is called anew.
    """
    referral = here.referral
    if referral.paused_at is None:
        raise Refusal("This referral is not paused.")
    since, changes = referral.paused_at, put(referral, paused_at=None, paused_because=None)
    if referral.appeal_by is not None and referral.appeal_by + (at - since) >= at:
        changes |= put(referral, appeal_by=referral.appeal_by + (at - since))
    if (suspension := suspension_of(db, referral)) is not None:
        stood_still = at - max(since, suspension.from_at)
        changes |= put_row(db, suspension, review_at=suspension.review_at + stood_still)
    also: tuple[int, ...] = ()
    hearing = hearing_of(db, referral, appeal=here.at_appeal)
    if hearing is not None and _lapses(db, referral, hearing, since, at):
        changes |= put_row(db, hearing, lapsed_at=at)
        also = doing(db, referral, calls(referral), hears(referral))
    tell_subject(db, me, referral, "room_resumed", changes, at, also)
    keep_next_due(db, referral)


def _lapses(db: Session, referral: Referral, hearing: Hearing, since: datetime, at: datetime) -> bool:
    """Whether a pause took a hearing's time, or all pauses left less of its notice than the playbook asks for."""
    if hearing.held_at is not None or hearing.hearing_at < since:
        return False
    least = timedelta(hours=playbook_of(db, referral.playbook_version).referrals.hearing_notice_hours)
    pauses = [*pauses_of(db, referral), (since, at)]
    stood = sum((until - max(began, hearing.invited_at) for began, until in pauses if until > hearing.invited_at), NONE)
    return hearing.hearing_at <= at or hearing.hearing_at - hearing.invited_at - stood < least


def suspend(db: Session, me: Me, here: Found, *, reason: str, review_at: datetime, at: datetime) -> None:
    """Suspend the person on full pay, or review that they are: with a reason and the next review, soon enough.

    Raises Invalid for a review that is not ahead, or further away than the playbook's 10 working days (our default; the
    Acas guide asks for regular reviews), and a Refusal (409) for one that begins before the person is informed.
    """
    referral = here.referral
    book = playbook_of(db, referral.playbook_version)
    if not at < review_at <= within(book, at, book.referrals.suspension_review):
        said = book.referrals.suspension_review
        raise invalid("review_at", f"Review it within {said.working_days} working days. (Acas guide: regular reviews)")
    after(Act.SUSPEND, here.stage, standing_of(db, referral, at))
    changes: Changes = {}
    if (before := suspension_of(db, referral)) is not None:
        changes |= put_row(db, before, ended_at=at)
    row = Suspension(referral_id=referral.id, reason=reason, from_at=at, review_at=review_at, by_id=me.id)
    changes |= add_row(db, row) | let_read(db, referral, "suspension", at=at)
    tell_subject(db, me, referral, "room_suspended", changes, at)
    keep_next_due(db, referral)


def end_suspension(db: Session, me: Me, here: Found, *, at: datetime) -> None:
    """End the suspension. Raises a Refusal (409) when nobody is suspended."""
    referral = here.referral
    suspension = suspension_of(db, referral)
    if suspension is None:
        raise Refusal("Nobody is suspended.")
    tell_subject(db, me, referral, "room_suspension_ended", put_row(db, suspension, ended_at=at), at)
    keep_next_due(db, referral)


def record_paper(
    db: Session, me: Me, here: Found, kind: PaperKind, *, how: str, text: str, when: datetime | None, at: datetime
) -> None:
    """Record what was served outside Amends, or what came back. Raises Invalid for a moment to come."""
    referral = here.referral
    if when is not None and when > at:
        raise invalid("at", "This moment is still to come.")
    after(Act.SERVE if kind is PaperKind.SERVED else Act.REPLY, here.stage, standing_of(db, referral, at))
    row = Paper(referral_id=referral.id, kind=kind, how=how, text=text, at=when or at, recorded_at=at, by_id=me.id)
    said = "room_served" if kind is PaperKind.SERVED else "room_replied"
    entries.add(db, referral, said, actor=me.id, at=at, changes=add_row(db, row))
    if kind is PaperKind.SERVED:
        # It may have been their copy.
        db.execute(their_copy.given([referral.id], at))


def answer(db: Session, me: Me, here: Found, *, text: str, at: datetime) -> None:
    """Keep what the person it is about writes themselves: a reply like any other. HR and those appointed are told.

    Raises a Refusal (409) for more than a hearing could read (our default).
    """
    referral = here.referral
    after(Act.ANSWER, here.stage, standing_of(db, referral, at))
    _require_place(db, me, referral, text)
    row = Paper(
        referral_id=referral.id, kind=PaperKind.REPLY, how=IN_AMENDS, text=text, at=at, recorded_at=at, by_id=me.id
    )
    tell = tuple(dict.fromkeys((*keepers(db, referral), *(each.person_id for each in appointed(db, referral)))))
    entries.add(db, referral, "room_answered", actor=me.id, at=at, changes=add_row(db, row), tell=tell)


def _require_place(db: Session, me: Me, referral: Referral, text: str) -> None:
    """Raise a Refusal (409) where somebody has written as much as is kept: it names the field, and another way."""
    own = (col(Paper.referral_id) == referral.id, col(Paper.by_id) == me.id)
    written = select(func.count(), func.coalesce(func.sum(func.length(col(Paper.text))), 0)).where(*own)
    replies, letters = db.execute(written).one()
    full = None
    if replies >= MOST_REPLIES:
        full = f"You have written {MOST_REPLIES} times, which is all that Amends keeps. {ELSEWHERE}"
    elif letters + len(text) > MOST_LETTERS:
        left = MOST_LETTERS - letters
        full = f"This has {len(text):,} letters. Amends keeps {left:,} more from you. {ELSEWHERE}"
    if full:
        raise Refusal(full, [FieldError("text", full)])


def copyable(db: Session, referral: Referral) -> dict[str, list[dict[str, Any]]]:
    """What of the case HR can choose to copy: by what it is called (of a file its name too) and its moment, without
    what it says.
    """
    told = entries_for_hr(db, case_of(db, referral))
    files = select(Evidence).where(col(Evidence.case_id) == referral.case_id, col(Evidence.destroyed_at).is_(None))
    there = db.execute(files.order_by(col(Evidence.added_at), col(Evidence.id))).scalars()
    return {
        "entries": [
            {"entry": number, "kind": said["kind"], "words": _with_file(said), "at": said["at"]}
            for number, said in told.items()
        ],
        "evidence": [{"id": file.id, "filename": file.filename, "at": file.added_at} for file in there],
    }


def _with_file(said: dict[str, Any]) -> str:
    """What an entry says, and of one that is about a file which: several say that evidence was added."""
    named = (change["after"] for change in said["changes"] if re.fullmatch(r"evidence\..*\.filename", change["field"]))
    file = next((name for name in named if name), None)
    return f"{said['words'].removesuffix('.')}: {file}" if file else said["words"]


def entries_for_hr(db: Session, case: Case) -> dict[int, dict[str, Any]]:
    """The entries that HR may read, by their number, as HR reads them."""
    rows = [row for row in entries.of_case(db, case.id) if "hr" in row.audience.split()]
    return dict(zip((row.sequence for row in rows), entries_view(db, case, rows, HR_EYES), strict=True))


def copy_from_case(db: Session, me: Me, here: Found, pieces: Sequence[int | str], *, at: datetime) -> None:
    """Copy entries (by number) and files (by id) of the case, each as it stands now and with where it came from.

    Raises Invalid for what is not there for HR. What was copied before is not copied twice.
    """
    referral = here.referral
    after(Act.COPY, here.stage, standing_of(db, referral, at))
    told = entries_for_hr(db, case_of(db, referral))
    mine = select(Evidence).where(col(Evidence.case_id) == referral.case_id, col(Evidence.destroyed_at).is_(None))
    files = {file.id: file for file in db.execute(mine).scalars()}
    before = {
        row.entry or row.evidence_id
        for row in db.execute(select(Copied).where(col(Copied.referral_id) == referral.id)).scalars()
    }
    changes: Changes = {}
    for piece in dict.fromkeys(pieces):
        # A form sends numbers as words; a file's id has 32 of its own.
        number = int(piece) if isinstance(piece, int) or re.fullmatch(r"[0-9]{1,9}", piece) else None
        if number is not None and number in told:
            said: dict[str, Any] = {name: told[number][name] for name in ("kind", "at", "changes", "words")}
            row = Copied(referral_id=referral.id, entry=number, said=plain(said), at=at, by_id=me.id)
        elif piece in files:
            file = files[str(piece)]
            kept: dict[str, Any] = {
                name: getattr(file, name) for name in ("filename", "media_type", "size", "sha256", "description")
            }
            row = Copied(referral_id=referral.id, evidence_id=file.id, said=plain(kept), at=at, by_id=me.id)
            row.waits_since = waits(referral, EVIDENCE, at)
        else:
            raise invalid("from_case", f"There is nothing in the case under {str(piece)[:40]}.")
        if (number or piece) not in before:
            changes |= add_row(db, row)
    if changes:
        entries.add(db, referral, "room_copied", actor=me.id, at=at, changes=changes)


def disclose(db: Session, me: Me, here: Found, facts: Sequence[str], *, at: datetime) -> None:
    """Let the person read these parts of the referral, as far as they are there. Raises Invalid for what has no such
    part.
    """
    referral = here.referral
    for place, fact in enumerate(facts):
        if fact not in DISCLOSED:
            raise invalid(f"facts.{place}", f"Choose from: {', '.join(DISCLOSED)}.")
    after(Act.DISCLOSE, here.stage, standing_of(db, referral, at))
    if changes := let_read(db, referral, *facts, at=at):
        tell_subject(db, me, referral, "room_disclosed", changes, at)
