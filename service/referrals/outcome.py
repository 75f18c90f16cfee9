"""How a referral ends: the decision, the appeal against it, and the close."""

from datetime import datetime

from sqlmodel import Session

from service.cases.pinned import playbook_of
from service.cases.playbook import Playbook
from service.core.clock import months_later
from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.enums import Outcome, Part
from service.records.referrals import Appeal, Referral
from service.records.room_words import OUTCOMES
from service.referrals.changes import Changes, add_row, put, put_row
from service.referrals.clocks import keep_next_due, within
from service.referrals.disclosing import FINDINGS, let_read
from service.referrals.find import Found, appeal_of, doing
from service.referrals.life import Act, after, harsher
from service.referrals.policy import keepers
from service.referrals.standing import standing_of
from service.referrals.take_up import tell_subject
from service.timeline import entries


def decide(db: Session, me: Me, here: Found, *, outcome: Outcome, reason: str, at: datetime) -> None:
    """Decide, with the reason. The person is told, and until when they may appeal (Acas code, paragraphs 18 and 26)."""
    referral = here.referral
    stage = after(Act.DECIDE, here.stage, standing_of(db, referral, at))
    book = playbook_of(db, referral.playbook_version)
    changes = put(
        referral,
        stage=stage,
        outcome=outcome,
        outcome_reason=reason,
        decided_at=at,
        appeal_by=within(book, at, book.referrals.appeal_window),
        warning_until=warning_until(book, outcome, at),
    ) | let_read(db, referral, "outcome", FINDINGS, at=at)
    tell_subject(db, me, referral, "room_decided", changes, at, keepers(db, referral))
    keep_next_due(db, referral)


def warning_until(book: Playbook, outcome: Outcome, at: datetime) -> datetime | None:
    """Until when a warning lives; None for what is no warning."""
    months = {
        Outcome.FIRST_WRITTEN_WARNING: book.referrals.first_written_warning_months,
        Outcome.FINAL_WRITTEN_WARNING: book.referrals.final_written_warning_months,
    }.get(outcome)
    return months_later(at, months) if months else None


def appeal(db: Session, me: Me, here: Found, *, grounds: str, at: datetime) -> None:
    """Appeal against the outcome, as the person it is about, or for them as HR."""
    referral = here.referral
    stage = after(Act.APPEAL, here.stage, standing_of(db, referral, at))
    row = Appeal(referral_id=referral.id, grounds=grounds, at=at, by_id=me.id)
    changes = add_row(db, row) | put(referral, stage=stage) | let_read(db, referral, "appeal", at=at)
    tell = tuple(dict.fromkeys((*keepers(db, referral), *doing(db, referral, Part.APPEAL_HEARER))))
    entries.add(db, referral, "room_appealed", actor=me.id, at=at, changes=changes, tell=tell)
    keep_next_due(db, referral)


def decide_appeal(
    db: Session, me: Me, here: Found, *, upheld: bool, outcome: Outcome | None, reason: str, at: datetime
) -> None:
    """Decide the appeal: upheld with a milder outcome (`no_case` unless another is named), or not, and it stays.

    Raises Invalid for an outcome that is harsher than the one appealed against (Acas guide), or that does not fit.
    """
    referral = here.referral
    before, made = Outcome(referral.outcome) if referral.outcome else Outcome.NO_CASE, appeal_of(db, referral)
    now = (outcome or Outcome.NO_CASE) if upheld else before
    if outcome is not None and harsher(outcome, before):
        raise invalid(
            "outcome", f"An appeal cannot end in more than {OUTCOMES[before].lower()}. (Acas guide: never harsher)"
        )
    if not upheld and outcome not in (None, before):
        raise invalid("outcome", "An appeal that is not upheld leaves the outcome as it was. Leave this out.")
    after(Act.DECIDE_APPEAL, here.stage, standing_of(db, referral, at))
    if made is None:
        raise Refusal("Nobody has appealed.")
    changes: Changes = put_row(db, made, upheld=upheld, outcome=now, reason=reason, decided_at=at)
    if now is not before:
        changes |= _replace(db, referral, now)
    tell_subject(db, me, referral, "room_appeal_decided", changes, at, keepers(db, referral))
    keep_next_due(db, referral)


def _replace(db: Session, referral: Referral, outcome: Outcome) -> Changes:
    """Let another outcome stand; a warning that is milder lives from the first decision on."""
    book, since = playbook_of(db, referral.playbook_version), referral.decided_at
    until = warning_until(book, outcome, since) if since else None
    return put(referral, outcome=outcome, warning_until=until)


def close(db: Session, me: Me, here: Found, *, at: datetime) -> None:
    """Close the referral; a warning goes on living."""
    referral = here.referral
    stage = after(Act.CLOSE, here.stage, standing_of(db, referral, at))
    changes = put(referral, stage=stage, closed_at=at)
    tell_subject(db, me, referral, "room_closed", changes, at)
    keep_next_due(db, referral)
