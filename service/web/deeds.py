"""What may be done to a case over HTTP: one row for each deed, read by the page and by the JSON API alike.

A row names its address below the case, the act it needs, the body it takes and the function of `doing.py` that does it.
The case is found, the act permitted and the version compared before the body is read, so that refusals come in the
order 404, 403, 412, 422, 409.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel
from sqlmodel import Session

from service.cases import policy
from service.cases.intake import Report, open_case
from service.cases.playbook import Playbook
from service.cases.policy import Act
from service.cases.queries import Found, find_case, is_seen, lock_cases, lock_family, version_of
from service.cases.relations import ADVISERS
from service.core.errors import FieldError, Invalid, NotFound, invalid
from service.people.identity import Me, require_confirmed
from service.records.cases import Case
from service.records.enums import DeskName, Kind, StepKind
from service.routing.send import require_naming
from service.web import doing
from service.web import schemas as shape
from service.web.visit import current


@dataclass(frozen=True)
class Deed:
    """One thing that can be done to a case. `says` is what the page tells its doer afterwards.

    `other` is the field of its body that names a second case, which is then locked together with the first.
    """

    path: str
    act: Act
    body: type[BaseModel]
    do: Callable[..., int | None]
    says: str
    other: str = ""

    @property
    def name(self) -> str:
        """The deed's name in the API description."""
        return self.do.__name__.removeprefix("do_")


DEEDS = (
    Deed("steps/{kind:str}/take", Act.TAKE_STEP, shape.TakeIn, doing.do_take, "Recorded. Thank you."),
    Deed(
        "steps/{kind:str}/cannot",
        Act.CANNOT,
        shape.ReasonIn,
        doing.do_cannot,
        "The desk that has your case will help you.",
    ),
    Deed("steps/{kind:str}/waive", Act.WAIVE, shape.ReasonIn, doing.do_waive, "This step is waived."),
    Deed("steps/{kind:str}/verify", Act.VERIFY, shape.NothingIn, doing.do_verify, "This step is verified."),
    Deed("steps/{kind:str}/release", Act.RELEASE, shape.NothingIn, doing.do_release, "This step can go ahead."),
    Deed("facts", Act.CHANGE_FACTS, shape.FactsIn, doing.do_facts, "Your changes are kept."),
    Deed("exposure", Act.EXPOSURE, shape.ExposureIn, doing.do_exposure, "Your update is kept."),
    Deed("triage", Act.TRIAGE, shape.TriageIn, doing.do_triage, "The case is triaged and in hand."),
    Deed("ask", Act.ASK, shape.AskIn, doing.do_ask, "They have been asked."),
    Deed("assign", Act.ASSIGN, shape.AssignIn, doing.do_assign, "The case is assigned."),
    Deed("manager", Act.NAME_MANAGER, shape.ManagerIn, doing.do_manager, "They have been told."),
    Deed(
        "acknowledge",
        Act.ACKNOWLEDGE,
        shape.NothingIn,
        doing.do_acknowledge,
        "Thank you. It is noted that you read this.",
    ),
    Deed("send", Act.SEND, shape.SendIn, doing.do_send, "The case is sent."),
    Deed("advice", Act.ADVISE, shape.TextIn, doing.do_advise, "Your advice is recorded, and the reporter can read it."),
    Deed("messages", Act.MESSAGE, shape.MessageIn, doing.do_message, "Your message is sent."),
    Deed("notes", Act.NOTE, shape.NoteIn, doing.do_note, "Your note is kept."),
    Deed("open", Act.OPEN, shape.ReasonIn, doing.do_open, "The fields of this case are open."),
    Deed("purge", Act.PURGE, shape.PurgeIn, doing.do_purge, "The content is destroyed."),
    Deed(
        "withdraw",
        Act.WITHDRAW,
        shape.ReasonIn,
        doing.do_withdraw,
        "The desk that has your case knows what you asked for.",
    ),
    Deed("same", Act.SAY_SAME, shape.SameIn, doing.do_same, "The desk that has them knows. It looks at both.", "as"),
    Deed(
        "referral-decision", Act.DECIDE_REFERRAL, shape.ReferralDecisionIn, doing.do_refer, "The decision is recorded."
    ),
    Deed(
        "protection-decision", Act.DECIDE_PROTECTION, shape.ProtectionIn, doing.do_protect, "The decision is recorded."
    ),
    Deed("conflict", Act.HAVE_CONFLICT, shape.ConflictIn, doing.do_conflict, "They will not see this case."),
    Deed("disclose", Act.DISCLOSE, shape.DiscloseIn, doing.do_disclose, "They have been told."),
    Deed("reveal", Act.REVEAL, shape.ReasonIn, doing.do_reveal, "You see who raised this, and they are told."),
    Deed("merge", Act.MERGE, shape.MergeIn, doing.do_merge, "The two are one case now. It goes on here.", "into"),
    Deed("close", Act.CLOSE, shape.CloseIn, doing.do_close, "The case is closed.", "duplicate_of"),
    Deed("reopen", Act.REOPEN, shape.ReasonIn, doing.do_reopen, "The case is in hand again."),
)


FAMILY = frozenset({Act.CLOSE, Act.REOPEN, Act.HAVE_CONFLICT})
"""What reaches the cases that were merged with this one."""


def found(db: Session, me: Me, reference: str, act: Act, if_match: Callable[[int], None], other: str = "") -> Found:
    """The case for a deed, its row locked: seen (404), permitted (403), and as the sender saw it (412).

    `other` is the reference of a second case that the deed is about: whether it is seen is asked with the body.
    """
    if other or act in FAMILY:
        find_case(db, me, reference)
    if other:
        lock_cases(db, reference, *([other] if is_seen(db, me, other) else []))
    elif act in FAMILY:
        lock_family(db, reference)
    here = find_case(db, me, reference, lock=True)
    policy.require(act, here.held, me)
    if act is Act.NAME_MANAGER:
        require_naming(here.case, here.held)
    if act is Act.REVEAL:
        require_confirmed(me, current().at)
    if_match(version_of(db, here))
    return here


def step_kind(kind: str) -> StepKind:
    """A step's name as it stands in an address. Raises NotFound for any other word."""
    if kind not in set(StepKind):
        raise NotFound
    return StepKind(kind)


# What only one kind of report says; of the others it is refused, rather than passed over.
BELONGS = {
    Kind.MISTAKE: ("deleted_at", "posted_by_me", "not_manager"),
    Kind.CONCERN: ("confidential", "about"),
    Kind.ADVICE: ("ask",),
}
TO_A_KIND = {Kind.MISTAKE: "a mistake", Kind.CONCERN: "a concern", Kind.ADVICE: "a request for advice"}


def report(db: Session, me: Me, told: shape.ReportIn, rules: Playbook, now: datetime) -> Case:
    """What both doors do with a report."""
    faults = [
        FieldError(name, f"This belongs to {TO_A_KIND[kind]}.")
        for kind, names in BELONGS.items()
        if kind is not told.kind
        for name in names
        if getattr(told, name) is not None and getattr(told, name) is not False
    ]
    if faults:
        raise Invalid("Some of this belongs to another kind of report.", faults)
    facts = shape.facts_of(told)
    about = facts.pop("about.email", None)
    return open_case(
        db,
        me,
        Report(
            kind=told.kind,
            posted_by_me=told.posted_by_me is not False,
            not_manager=bool(told.not_manager),
            deleted_at=told.deleted_at,
            confidential=bool(told.confidential),
            about=doing.whose(db, about) if about else None,
            ask=asked(told.ask or []),
        ),
        facts,
        playbook=rules,
        at=now,
    )


def asked(desks: Sequence[DeskName]) -> tuple[DeskName, ...]:
    """Whom a question is put to. Raises Invalid for a desk that gives no advice before posting."""
    may_be = (DeskName.LINE_MANAGER, *sorted(ADVISERS))
    if any(desk not in may_be for desk in desks):
        raise invalid("ask", f"Choose from: {', '.join(may_be)}.")
    return tuple(desk for desk in DeskName if desk in desks)
