"""What may be done to a referral over HTTP: one row for each deed, read by the page and by the JSON API alike.

Refusals come in the order 404, 409 (not open at this stage), 403, 412, 422, 409 (a gate that is not met).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from service.core.errors import invalid
from service.people.identity import Me
from service.records.enums import PaperKind, Part
from service.referrals import hear, keep, letters, outcome, policy, spill, take_up, their_copy
from service.referrals.conflict import name_conflict, take_back
from service.referrals.find import Found, find_referral, version_of
from service.referrals.life import Act, require_open
from service.web import room_schemas as shape
from service.web.doing import destroy_soon, named
from service.web.letters import make_letter
from service.web.schemas import ConflictIn, NothingIn, PurgeIn, ReasonIn, TextIn
from service.web.visit import current


@dataclass(frozen=True)
class Deed:
    """One thing that can be done to a referral. `says` is what the page tells its doer afterwards."""

    path: str
    act: Act
    body: type[BaseModel]
    do: Callable[..., None]
    says: str
    first: Callable[..., Any] | None = None
    """Makes what takes its time before the deed, outside any transaction; `do` is given it at its end."""

    @property
    def name(self) -> str:
        """The deed's name in the API description."""
        return self.do.__name__.removeprefix("do_")


def found(
    db: Session, me: Me, reference: str, act: Act, if_match: Callable[[int], None], *, lock: bool = True
) -> Found:
    """The referral for a deed, its row locked: seen (404), open (409), permitted (403), as the sender saw it (412)."""
    here = find_referral(db, me, reference, lock=lock)
    require_open(act, here.stage)
    policy.require(act, here.held, me, at_appeal=here.at_appeal)
    if_match(version_of(db, here))
    return here


def ready(
    deed: Deed, db: Session, me: Me, reference: str, read: Callable[[], BaseModel], at: datetime
) -> tuple[Any, ...]:
    """What a deed needs to have made before it: nobody waits for the referral meanwhile."""
    if deed.first is None:
        return ()
    here = found(db, me, reference, deed.act, lambda _: None)
    return (deed.first(db, me, here, read(), at),)


def do_accept(db: Session, me: Me, here: Found, _: NothingIn, at: datetime) -> None:
    """Take the referral up."""
    take_up.accept(db, me, here, at=at)


def do_return(db: Session, me: Me, here: Found, sent: ReasonIn, at: datetime) -> None:
    """Return the referral to the desk, which decides again."""
    take_up.give_back(db, me, here, reason=sent.reason, at=at)


def do_appoint(db: Session, me: Me, here: Found, sent: shape.AppointIn, at: datetime) -> None:
    """Appoint people; appointing an investigator begins fact finding."""
    people = {part: named(db, email, part.value) for part in Part if (email := getattr(sent, part.value))}
    if not people:
        raise invalid("investigator", "Name at least one person.")
    take_up.appoint(db, me, here, people, at=at)


def do_inform_subject(db: Session, me: Me, here: Found, sent: TextIn, at: datetime) -> None:
    """Tell the person in writing what is alleged."""
    take_up.inform_subject(db, me, here, text=sent.text, at=at)


def do_record_finding(db: Session, me: Me, here: Found, sent: shape.FindingIn, at: datetime) -> None:
    """Record one thing that was found."""
    hear.record_finding(db, me, here, kind=sent.kind, text=sent.text, evidence=sent.evidence or (), at=at)


def do_informal(db: Session, me: Me, here: Found, sent: ReasonIn, at: datetime) -> None:
    """Settle it informally, without a hearing."""
    hear.settle_informally(db, me, here, reason=sent.reason, at=at)


def do_invite(db: Session, me: Me, here: Found, sent: shape.InviteIn, at: datetime) -> None:
    """Invite the person to a hearing; under appeal, to that of the appeal."""
    hear.invite(db, me, here, hearing_at=sent.hearing_at, place=sent.place, text=sent.text, at=at)


def do_postpone(db: Session, me: Me, here: Found, sent: shape.PostponeIn, at: datetime) -> None:
    """Put a hearing off, because a companion cannot come."""
    hear.postpone(db, me, here, hearing_at=sent.hearing_at, reason=sent.reason, at=at)


def do_hear(db: Session, me: Me, here: Found, sent: shape.HearIn, at: datetime) -> None:
    """Record a hearing that was held."""
    hear.record_hearing(db, me, here, held_at=sent.held_at, present=sent.present, notes=sent.notes, at=at)


def do_consider(db: Session, me: Me, here: Found, sent: TextIn, at: datetime) -> None:
    """Confirm that protected activity was considered."""
    hear.consider(db, me, here, text=sent.text, at=at)


def do_decide(db: Session, me: Me, here: Found, sent: shape.DecideIn, at: datetime) -> None:
    """Decide, with the reason."""
    if sent.protected_activity is not None:
        hear.consider(db, me, here, text=sent.protected_activity, at=at)
    outcome.decide(db, me, here, outcome=sent.outcome, reason=sent.reason, at=at)


def do_appeal(db: Session, me: Me, here: Found, sent: shape.AppealIn, at: datetime) -> None:
    """Appeal against the outcome."""
    outcome.appeal(db, me, here, grounds=sent.grounds, at=at)


def do_decide_appeal(db: Session, me: Me, here: Found, sent: shape.DecideAppealIn, at: datetime) -> None:
    """Decide the appeal; never harsher."""
    outcome.decide_appeal(db, me, here, upheld=sent.upheld, outcome=sent.outcome, reason=sent.reason, at=at)


def do_close(db: Session, me: Me, here: Found, _: NothingIn, at: datetime) -> None:
    """Close the referral."""
    outcome.close(db, me, here, at=at)


def do_note(db: Session, me: Me, here: Found, sent: TextIn, at: datetime) -> None:
    """Keep a note in the room."""
    keep.note(db, me, here, text=sent.text, at=at)


def do_name_conflict(db: Session, me: Me, here: Found, sent: ConflictIn, at: datetime) -> None:
    """Say that you have a conflict of interest, or that somebody else has; they are out of the room at once."""
    name_conflict(db, me, here, named(db, sent.person, "person"), reason=sent.reason, at=at)


def do_take_back_conflict(db: Session, me: Me, here: Found, sent: ConflictIn, at: datetime) -> None:
    """Take back a conflict of interest that was named in this room in error; what they did before stays ended."""
    take_back(db, me, here, named(db, sent.person, "person"), reason=sent.reason, at=at)


def do_take_out(db: Session, me: Me, here: Found, sent: shape.WordsIn, at: datetime) -> None:
    """Have words taken out of the copy of the person it is about, beside whom the rule takes out."""
    their_copy.take_out(db, me, here, words=sent.words, at=at)


def do_leave_in(db: Session, me: Me, here: Found, sent: shape.WordsIn, at: datetime) -> None:
    """Leave words in the person's copy that were to be taken out; until a copy without them was handed out."""
    their_copy.leave_in(db, me, here, words=sent.words, at=at)


def do_pause(db: Session, me: Me, here: Found, sent: ReasonIn, at: datetime) -> None:
    """Stop all clocks of the referral."""
    keep.pause(db, me, here, reason=sent.reason, at=at)


def do_resume(db: Session, me: Me, here: Found, _: NothingIn, at: datetime) -> None:
    """Let the clocks run again."""
    keep.resume(db, me, here, at=at)


def do_suspend(db: Session, me: Me, here: Found, sent: shape.SuspendIn, at: datetime) -> None:
    """Suspend the person on full pay, or review that they are."""
    keep.suspend(db, me, here, reason=sent.reason, review_at=sent.review_at, at=at)


def do_end_suspension(db: Session, me: Me, here: Found, _: NothingIn, at: datetime) -> None:
    """End the suspension."""
    keep.end_suspension(db, me, here, at=at)


def do_serve(db: Session, me: Me, here: Found, sent: shape.PaperIn, at: datetime) -> None:
    """Record papers that were handed over outside Amends."""
    keep.record_paper(db, me, here, PaperKind.SERVED, how=sent.how, text=sent.text, when=sent.at, at=at)


def do_reply(db: Session, me: Me, here: Found, sent: shape.PaperIn, at: datetime) -> None:
    """Record a reply of the person that came outside Amends."""
    keep.record_paper(db, me, here, PaperKind.REPLY, how=sent.how, text=sent.text, when=sent.at, at=at)


def do_answer(db: Session, me: Me, here: Found, sent: TextIn, at: datetime) -> None:
    """Write to HR about what you were told; it is kept as your reply."""
    keep.answer(db, me, here, text=sent.text, at=at)


def do_copy(db: Session, me: Me, here: Found, sent: shape.CopyIn, at: datetime) -> None:
    """Copy entries and files from the case."""
    keep.copy_from_case(db, me, here, sent.from_case, at=at)


def do_purge_files(db: Session, me: Me, here: Found, sent: PurgeIn, at: datetime) -> None:
    """Destroy files that were added in the room and should not be there: `fields` name them, as `evidence.ID`."""
    files = spill.purge(db, me, here, fields=sent.fields, reason=sent.reason, at=at)
    destroy_soon(db, files, spill.papers_of(here.referral))


def do_disclose_referral(db: Session, me: Me, here: Found, sent: shape.DiscloseRoomIn, at: datetime) -> None:
    """Let the person it is about read parts of the referral."""
    keep.disclose(db, me, here, sent.facts, at=at)


def do_send_letter(db: Session, me: Me, here: Found, sent: shape.LetterIn, at: datetime, made: letters.Made) -> None:
    """Send a letter to the person; its wording and its bytes stay as they are for ever."""
    letters.send(db, current().house.store, me, here, sent.kind, made, at=at)


DEEDS = (
    Deed("accept", Act.ACCEPT, NothingIn, do_accept, "The referral is accepted. Appoint an investigator next."),
    Deed("return", Act.RETURN, ReasonIn, do_return, "The referral is returned, with your reason."),
    Deed("appoint", Act.APPOINT, shape.AppointIn, do_appoint, "They are appointed, and told."),
    Deed("inform-subject", Act.INFORM, TextIn, do_inform_subject, "The person is told."),
    Deed("record-finding", Act.FIND, shape.FindingIn, do_record_finding, "The finding is recorded."),
    Deed("informal", Act.INFORMAL, ReasonIn, do_informal, "It is settled informally."),
    Deed("invite", Act.INVITE, shape.InviteIn, do_invite, "The person is invited."),
    Deed("postpone", Act.POSTPONE, shape.PostponeIn, do_postpone, "The hearing is put off, and the person is told."),
    Deed("hear", Act.HEAR, shape.HearIn, do_hear, "The hearing is recorded."),
    Deed("consider", Act.CONSIDER, TextIn, do_consider, "It is recorded that this was considered."),
    Deed("decide", Act.DECIDE, shape.DecideIn, do_decide, "The decision is recorded, and the person is told."),
    Deed("appeal", Act.APPEAL, shape.AppealIn, do_appeal, "The appeal is recorded. HR is told."),
    Deed("decide-appeal", Act.DECIDE_APPEAL, shape.DecideAppealIn, do_decide_appeal, "The appeal is decided."),
    Deed("close", Act.CLOSE, NothingIn, do_close, "The referral is closed."),
    Deed("notes", Act.NOTE, TextIn, do_note, "Your note is kept."),
    Deed("conflict", Act.NAME_CONFLICT, ConflictIn, do_name_conflict, "They are out of this room. HR is told."),
    Deed(
        "take-back-conflict",
        Act.TAKE_BACK_CONFLICT,
        ConflictIn,
        do_take_back_conflict,
        "It is taken back. They can be appointed again.",
    ),
    Deed("pause", Act.PAUSE, ReasonIn, do_pause, "The referral is paused. Its clocks stand still."),
    Deed("resume", Act.RESUME, NothingIn, do_resume, "The referral goes on."),
    Deed("suspend", Act.SUSPEND, shape.SuspendIn, do_suspend, "The suspension is recorded."),
    Deed("end-suspension", Act.END_SUSPENSION, NothingIn, do_end_suspension, "The suspension is ended."),
    Deed("serve", Act.SERVE, shape.PaperIn, do_serve, "It is recorded."),
    Deed("reply", Act.REPLY, shape.PaperIn, do_reply, "The reply is recorded."),
    Deed("answer", Act.ANSWER, TextIn, do_answer, "HR has what you wrote."),
    Deed("copy", Act.COPY, shape.CopyIn, do_copy, "It is copied here, with where it came from."),
    Deed("purge", Act.PURGE, PurgeIn, do_purge_files, "The content is destroyed. Its hash stays."),
    Deed("take-out", Act.TAKE_OUT, shape.WordsIn, do_take_out, "It is taken out of their copy from now on."),
    Deed("leave-in", Act.LEAVE_IN, shape.WordsIn, do_leave_in, "It stays in their copy."),
    Deed("disclose", Act.DISCLOSE, shape.DiscloseRoomIn, do_disclose_referral, "The person can read it now."),
    Deed(
        "send-letter",
        Act.SEND_LETTER,
        shape.LetterIn,
        do_send_letter,
        "The letter is sent. The person is told.",
        first=make_letter,
    ),
)
