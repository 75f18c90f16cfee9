"""A hearing that is none to go by any more, as `standing.py` has it: it lapses, and whom it concerns is told."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from service.records.enums import ReferralStage
from service.records.referrals import Referral
from service.referrals.changes import put_row
from service.referrals.clocks import WITH_HEARING, keep_next_due
from service.referrals.find import appeal_of, calls, doing, hearing_of, hears
from service.referrals.standing import standing_of
from service.timeline import entries


def lapse(db: Session, referral: Referral, at: datetime, also: Iterable[int] = ()) -> None:
    """Have the hearing that was last called count no more where it does not, as long as nothing is decided on it.

    That is after a conflict, a finding, or a change of who decides (decision 0070). Whom it is about is told, who calls
    it anew and who hears them; and `also` others.
    """
    at_appeal = referral.stage == ReferralStage.APPEALED
    hearing, made = hearing_of(db, referral, appeal=at_appeal), appeal_of(db, referral)
    if referral.stage not in WITH_HEARING or hearing is None or hearing.lapsed_at:
        return
    db.flush()
    now = standing_of(db, referral, at)
    counts = now.appeal_invited_for if at_appeal else now.invited_for
    if counts is not None or (at_appeal and made is not None and made.decided_at):
        return
    kind = "room_heard_in_vain" if hearing.held_at else "room_called_off"
    changes = put_row(db, hearing, lapsed_at=at)
    whose = (referral.subject_id,) if referral.subject_id is not None else ()
    tell = dict.fromkeys((*whose, *also, *doing(db, referral, calls(referral), hears(referral))))
    entries.add(db, referral, kind, actor=None, at=at, changes=changes, tell=tuple(tell))
    keep_next_due(db, referral)
