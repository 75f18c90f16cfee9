"""What may be done to a referral over HTTP: one row for each deed, read by the page and by the JSON API alike.

Refusals come in the order 404, 409 (not open at this stage), 403, 412, 422, 409 (a gate that is not met).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from service.core.errors import invalid
from service.people.identity import Me
from service.records.enums import LetterKind, PaperKind, Part
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
    """One thing that can be done to a referral. `do` is given the fields of the body by their names.

    `summary` is what the API description says of it, and `says` what the page tells its doer afterwards.
    """

    path: str
    act: Act
    body: type[BaseModel]
    do: Callable[..., None]
    summary: str
    says: str
    first: Callable[..., Any] | None = None
    """Makes what takes its time before the deed, outside any transaction; `do` is given it as `made`."""
    named: str = ""

    @property
    def name(self) -> str:
        """The deed's name in the API description: its act's, or another."""
        return self.named or self.act.value


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
) -> dict[str, Any]:
    """What a deed needs to have made before it: nobody waits for the referral meanwhile."""
    if deed.first is None:
        return {}
    here = found(db, me, reference, deed.act, lambda _: None)
    return {"made": deed.first(db, me, here, read(), at)}


def appoint(db: Session, me: Me, here: Found, *, at: datetime, **emails: str | None) -> None:
    """Appoint whoever is named by an address, each for a part."""
    people = {part: named(db, email, part.value) for part in Part if (email := emails[part.value])}
    if not people:
        raise invalid("investigator", "Name at least one person.")
    take_up.appoint(db, me, here, people, at=at)


def record_finding(db: Session, me: Me, here: Found, *, evidence: list[str] | None, **told: Any) -> None:
    """Record a finding, with evidence for it or none."""
    hear.record_finding(db, me, here, evidence=evidence or (), **told)


def decide(db: Session, me: Me, here: Found, *, protected_activity: str | None, at: datetime, **decision: Any) -> None:
    """Decide; and before it say, if it was not said, that protected activity was considered."""
    if protected_activity is not None:
        hear.consider(db, me, here, text=protected_activity, at=at)
    outcome.decide(db, me, here, **decision, at=at)


def of_somebody(do: Callable[..., None]) -> Callable[..., None]:
    """A deed about somebody who is named by an address."""
    return lambda db, me, here, *, person, **more: do(db, me, here, named(db, person, "person"), **more)


def purge_files(db: Session, me: Me, here: Found, **told: Any) -> None:
    """Destroy files, and their bytes as soon as that is committed."""
    destroy_soon(db, spill.purge(db, me, here, **told), spill.papers_of(here.referral))


def send_letter(
    db: Session, me: Me, here: Found, *, kind: LetterKind, made: letters.Made, at: datetime, **_: Any
) -> None:
    """Send a letter as it was made from its wording."""
    letters.send(db, current().house.store, me, here, kind, made, at=at)


DEEDS = (
    Deed("accept", Act.ACCEPT, NothingIn, take_up.accept,
         "Take the referral up.", "The referral is accepted. Appoint an investigator next."),
    Deed("return", Act.RETURN, ReasonIn, take_up.give_back,
         "Return the referral to the desk, which decides again.",
         "The referral is returned, with your reason."),
    Deed("appoint", Act.APPOINT, shape.AppointIn, appoint,
         "Appoint people; appointing an investigator begins fact finding.", "They are appointed, and told."),
    Deed("inform-subject", Act.INFORM, TextIn, take_up.inform_subject,
         "Tell the person in writing what is alleged.", "The person is told."),
    Deed("record-finding", Act.FIND, shape.FindingIn, record_finding,
         "Record one thing that was found.", "The finding is recorded."),
    Deed("informal", Act.INFORMAL, ReasonIn, hear.settle_informally,
         "Settle it informally, without a hearing.", "It is settled informally."),
    Deed("invite", Act.INVITE, shape.InviteIn, hear.invite,
         "Invite the person to a hearing; under appeal, to that of the appeal.", "The person is invited."),
    Deed("postpone", Act.POSTPONE, shape.PostponeIn, hear.postpone,
         "Put a hearing off, because a companion cannot come.",
         "The hearing is put off, and the person is told."),
    Deed("hear", Act.HEAR, shape.HearIn, hear.record_hearing,
         "Record a hearing that was held.", "The hearing is recorded."),
    Deed("consider", Act.CONSIDER, TextIn, hear.consider,
         "Confirm that protected activity was considered.", "It is recorded that this was considered."),
    Deed("decide", Act.DECIDE, shape.DecideIn, decide,
         "Decide, with the reason.", "The decision is recorded, and the person is told."),
    Deed("appeal", Act.APPEAL, shape.AppealIn, outcome.appeal,
         "Appeal against the outcome.", "The appeal is recorded. HR is told."),
    Deed("decide-appeal", Act.DECIDE_APPEAL, shape.DecideAppealIn, outcome.decide_appeal,
         "Decide the appeal; never harsher.", "The appeal is decided."),
    Deed("close", Act.CLOSE, NothingIn, outcome.close,
         "Close the referral.", "The referral is closed."),
    Deed("notes", Act.NOTE, TextIn, keep.note,
         "Keep a note in the room.", "Your note is kept."),
    Deed("conflict", Act.NAME_CONFLICT, ConflictIn, of_somebody(name_conflict),
         "Say that you have a conflict of interest, or that somebody else has; they are out of the room at once.",
         "They are out of this room. HR is told."),
    Deed("take-back-conflict", Act.TAKE_BACK_CONFLICT, ConflictIn, of_somebody(take_back),
         "Take back a conflict of interest that was named in this room in error; what they did before stays ended.",
         "It is taken back. They can be appointed again."),
    Deed("pause", Act.PAUSE, ReasonIn, keep.pause,
         "Stop all clocks of the referral.", "The referral is paused. Its clocks stand still."),
    Deed("resume", Act.RESUME, NothingIn, keep.resume,
         "Let the clocks run again.", "The referral goes on."),
    Deed("suspend", Act.SUSPEND, shape.SuspendIn, keep.suspend,
         "Suspend the person on full pay, or review that they are.", "The suspension is recorded."),
    Deed("end-suspension", Act.END_SUSPENSION, NothingIn, keep.end_suspension,
         "End the suspension.", "The suspension is ended."),
    Deed("serve", Act.SERVE, shape.PaperIn, partial(keep.record_paper, kind=PaperKind.SERVED),
         "Record papers that were handed over outside Amends.", "It is recorded."),
    Deed("reply", Act.REPLY, shape.PaperIn, partial(keep.record_paper, kind=PaperKind.REPLY),
         "Record a reply of the person that came outside Amends.", "The reply is recorded."),
    Deed("answer", Act.ANSWER, TextIn, keep.answer,
         "Write to HR about what you were told; it is kept as your reply.", "HR has what you wrote."),
    Deed("copy", Act.COPY, shape.CopyIn, keep.copy_from_case,
         "Copy entries and files from the case.", "It is copied here, with where it came from."),
    Deed("purge", Act.PURGE, PurgeIn, purge_files,
         "Destroy files that were added in the room and should not be there: `fields` name them, as `evidence.ID`.",
         "The content is destroyed. Its hash stays.", named="purge_files"),
    Deed("take-out", Act.TAKE_OUT, shape.WordsIn, their_copy.take_out,
         "Have words taken out of the copy of the person it is about, beside whom the rule takes out.",
         "It is taken out of their copy from now on."),
    Deed("leave-in", Act.LEAVE_IN, shape.WordsIn, their_copy.leave_in,
         "Leave words in the person's copy that were to be taken out; until a copy without them was handed out.",
         "It stays in their copy."),
    Deed("disclose", Act.DISCLOSE, shape.DiscloseRoomIn, keep.disclose,
         "Let the person it is about read parts of the referral.",
         "The person can read it now.", named="disclose_referral"),
    Deed("send-letter", Act.SEND_LETTER, shape.LetterIn, send_letter,
         "Send a letter to the person; its wording and its bytes stay as they are for ever.",
         "The letter is sent. The person is told.", first=make_letter),
)  # fmt: skip
