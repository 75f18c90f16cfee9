"""How each deed of the table in `deeds.py` is done: what was sent is handed to the rule that does it."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from service.cases import closing, guarding, speaking
from service.cases.changing import change_exposure, change_facts
from service.cases.facts import reason_kept
from service.cases.queries import Found, find_case
from service.cases.relations import Relation
from service.core.errors import FieldError, NotFound, invalid
from service.evidence import destroy
from service.people import directory
from service.people.identity import Me
from service.records.enums import Resolution, StepKind
from service.records.evidence import Evidence
from service.records.people import Person
from service.referrals import readiness
from service.referrals.conflict import leave_each_other
from service.referrals.decide import decide_referral
from service.referrals.spill import destroy_copied
from service.routing.acknowledge import acknowledge
from service.routing.assign import assign
from service.routing.conflict import name_conflict, require_keeping_away
from service.routing.disclose import disclose
from service.routing.merge import keep_both_apart, leads_to, merge, require_going_on
from service.routing.protect import decide_protection
from service.routing.reveal import reveal
from service.routing.send import name_manager, send
from service.routing.subject import name_subject
from service.routing.triage import triage
from service.steps.ask import ask_for_steps
from service.steps.cannot import cannot_take
from service.steps.settle import release_step, verify_step, waive_step
from service.steps.take import take_step
from service.web import schemas as shape
from service.web.visit import current

log = logging.getLogger("amends.web")

ASKED_AT_TRIAGE = "Please put this right. The desk that writes to you can help."
NO_SUCH_CASE = "There is no such case that you can see."


def do_take(db: Session, me: Me, here: Found, sent: shape.TakeIn, at: datetime, kind: StepKind) -> None:
    """Record that a step was taken, and when the person says it was."""
    take_step(
        db,
        me,
        here.case,
        kind,
        at=at,
        taken_at=sent.taken_at,
        public_text=sent.public_text,
        confirmed=bool(sent.confirmed),
        link=sent.link,
        note=sent.note,
    )


def do_cannot(db: Session, me: Me, here: Found, sent: shape.ReasonIn, at: datetime, kind: StepKind) -> None:
    """Say that a step cannot be taken, and why."""
    cannot_take(db, me, here.case, kind, reason=sent.reason, at=at)


def do_waive(db: Session, me: Me, here: Found, sent: shape.ReasonIn, at: datetime, kind: StepKind) -> None:
    """Say that a step need not be taken."""
    waive_step(db, me, here.case, kind, reason=sent.reason, at=at)


def do_verify(db: Session, me: Me, here: Found, _: shape.NothingIn, at: datetime, kind: StepKind) -> None:
    """Confirm that a step was taken."""
    verify_step(db, me, here.case, kind, at=at)


def do_release(db: Session, me: Me, here: Found, _: shape.NothingIn, at: datetime, kind: StepKind) -> None:
    """Let a held step go ahead."""
    release_step(db, me, here.case, kind, at=at)


def do_facts(db: Session, me: Me, here: Found, sent: shape.FactsIn, at: datetime) -> None:
    """Add or change what is known about the post."""
    facts = shape.facts_of(sent)
    named_now, email = "about.email" in facts, facts.pop("about.email", None)
    subject = whose(db, email) if email else None
    change_facts(db, me, here.case, here.held, facts, at=at)
    if named_now:
        name_subject(db, me, here.case, here.held, subject, at=at)


def do_exposure(db: Session, me: Me, here: Found, sent: shape.ExposureIn, at: datetime) -> None:
    """Update how far the post has gone."""
    change_exposure(db, me, here.case, shape.exposure_of(sent), at=at)


def do_triage(db: Session, me: Me, here: Found, sent: shape.TriageIn, at: datetime) -> None:
    """Take the case in hand."""
    facts: dict[str, Any] = {
        name: getattr(sent, name) for name in ("codes", "facts_wrong") if name in sent.model_fields_set
    }
    if (sent.ask_for is None) != (sent.ask_of is None):
        raise invalid("ask_of" if sent.ask_for else "ask_for", "Say both what you ask for, and whom you ask.")
    of = named(db, sent.ask_of, "ask_of") if sent.ask_of else None
    triage(
        db,
        me,
        here.case,
        at=at,
        facts=facts,
        severity=sent.severity,
        assigned_to=named(db, sent.assigned_to, "assigned_to") if sent.assigned_to else None,
        note=sent.note,
    )
    if of is not None and sent.ask_for is not None:
        ask_for_steps(db, me, here.case, sent.ask_for, of, reason=sent.ask_because or ASKED_AT_TRIAGE, at=at)


def do_ask(db: Session, me: Me, here: Found, sent: shape.AskIn, at: datetime) -> None:
    """Ask the holder of the account for steps."""
    ask_for_steps(db, me, here.case, sent.steps, named(db, sent.of, "of"), reason=sent.reason, at=at)


def do_assign(db: Session, me: Me, here: Found, sent: shape.AssignIn, at: datetime) -> None:
    """Give the case to somebody at the desk."""
    assign(db, me, here.case, named(db, sent.person, "person") if sent.person else None, at=at)


def do_manager(db: Session, me: Me, here: Found, sent: shape.ManagerIn, at: datetime) -> None:
    """Name the manager who is to be told."""
    name_manager(db, me, here.case, here.held, named(db, sent.email, "email"), at=at)


def do_acknowledge(db: Session, me: Me, here: Found, _: shape.NothingIn, at: datetime) -> None:
    """Say that it has been read."""
    acknowledge(db, me, here.case, at=at)


def do_send(db: Session, me: Me, here: Found, sent: shape.SendIn, at: datetime) -> None:
    """Send the case to another desk as well."""
    person = named(db, sent.person, "person") if sent.person else None
    send(db, me, here.case, sent.desk, reason=sent.reason, at=at, person=person)


def do_advise(db: Session, me: Me, here: Found, sent: shape.TextIn, at: datetime) -> None:
    """Record advice to the reporter."""
    speaking.advise(db, me, here.case, text=sent.text, at=at)


def do_message(db: Session, me: Me, here: Found, sent: shape.MessageIn, at: datetime) -> None:
    """Write to the reporter, or as the reporter to the desk; or to somebody who was asked or told."""
    if sent.to is not None and Relation.HOLDER not in here.held:
        raise invalid("to", "Leave this out. Your message goes to the desk.")
    to = named(db, sent.to, "to") if sent.to else None
    speaking.say(db, me, here.case, here.held, text=sent.text, at=at, to=to)


def do_note(db: Session, me: Me, here: Found, sent: shape.NoteIn, at: datetime) -> None:
    """Keep a note for one audience."""
    speaking.note(db, me, here.case, here.held, text=sent.text, audience=sent.audience, at=at)


def do_open(db: Session, me: Me, here: Found, sent: shape.ReasonIn, at: datetime) -> None:
    """Open the fields of a guarded case."""
    guarding.open_fields(db, me, here.case, reason=sent.reason, at=at)


def do_purge(db: Session, me: Me, here: Found, sent: shape.PurgeIn, at: datetime) -> None:
    """Destroy content that should not be here."""
    files = guarding.purge(db, me, here.case, fields=sent.fields, reason=sent.reason, at=at)
    destroy_copied(db, here.case, sent.fields, at)
    destroy_soon(db, files, f"pdf/{here.case.id}")


def destroy_soon(db: Session, files: Sequence[Evidence], prefix: str) -> None:
    """Destroy the bytes of purged files, and what is kept under a prefix, as soon as that is committed."""
    house, body = current().house, {"evidence": [file.id for file in files], "prefix": prefix}

    def destroy_bytes(_: Session) -> None:
        # The outbox has it too. Here it is only sooner, and what fails here must not make a no of what is kept.
        try:
            destroy.destroy_purged(house.database, house.store, body)
        except Exception as wrong:  # noqa: BLE001 - as above; the worker says why it cannot
            log.warning("what was purged is left to the worker: %s", type(wrong).__name__)

    event.listen(db, "after_commit", destroy_bytes, once=True)


def do_withdraw(db: Session, me: Me, here: Found, sent: shape.ReasonIn, at: datetime) -> None:
    """Ask that the report be withdrawn. On a guarded case: by a fixed reason."""
    closing.ask_to_withdraw(db, me, here.case, reason=sent.reason, at=at)


def do_refer(db: Session, me: Me, here: Found, sent: shape.ReferralDecisionIn, at: datetime) -> int | None:
    """Decide, or propose, whether HR should look at it. Answers 201 when a referral was made."""
    told = sent.subject_told
    made = decide_referral(
        db,
        me,
        here.case,
        here.held,
        refer=sent.refer,
        reason=sent.reason,
        at=at,
        allegation=sent.allegation,
        rules=sent.rules or (),
        mitigation=sent.mitigation,
        subject_told=told if isinstance(told, str) else {True: "yes", False: "no", None: None}[told],
        evidence=sent.evidence or (),
        conflict_check=bool(sent.conflict_check),
    )
    return 201 if made else None


def still_missing(db: Session, here: Found, sent: shape.ReferralDraftIn) -> list[FieldError]:
    """What a referral that is being built still lacks; nothing of it is kept."""
    parts = readiness.Parts(
        allegation=sent.allegation,
        rules=readiness.cited(here.case, sent.rules or ()),
        mitigation=sent.mitigation,
        # That nothing was told is an answer too.
        subject_told=None if sent.subject_told is None else str(sent.subject_told),
        evidence=sent.evidence or (),
        conflict_check=bool(sent.conflict_check),
        open_steps=readiness.open_steps(db, here.case),
    )
    return readiness.missing(parts)


def do_protect(db: Session, me: Me, here: Found, sent: shape.ProtectionIn, at: datetime) -> None:
    """Record a data protection decision. On a guarded case: by a fixed reason."""
    decide_protection(db, me, here.case, here.held, sent.question, tell=sent.tell, reason=sent.reason, at=at)


def do_conflict(db: Session, me: Me, here: Found, sent: shape.ConflictIn, at: datetime) -> None:
    """Name somebody who must not see the case, or say that you must not see it yourself."""
    person = named(db, sent.person, "person")
    require_keeping_away(db, me, here.case, here.held, person)
    # The desk that holds a guarded case may write; whoever else steps back from it chooses why.
    reason = sent.reason if Relation.HOLDER in here.held else reason_kept(here.case, "conflict", sent.reason)
    name_conflict(db, me, here.case, person, reason=reason, at=at)


def do_disclose(db: Session, me: Me, here: Found, sent: shape.DiscloseIn, at: datetime) -> None:
    """Tell the person whose post it is these facts of a concern."""
    disclose(db, me, here.case, sent.facts, at=at)


def do_reveal(db: Session, me: Me, here: Found, sent: shape.ReasonIn, at: datetime) -> None:
    """Be told who raised a concern in confidence. Only in a browser, with the password given once more."""
    reveal(db, me, here.case, here.held, reason=sent.reason, at=at)


def do_close(db: Session, me: Me, here: Found, sent: shape.CloseIn, at: datetime) -> None:
    """Close the case, when every condition is met."""
    into = other_case(db, me, sent.duplicate_of, "duplicate_of") if sent.duplicate_of else None
    if sent.resolution is Resolution.DUPLICATE and into is None:
        raise invalid("duplicate_of", "Say which case this is a duplicate of.")
    if into is not None:
        require_going_on(here.case, into, "duplicate_of")
        if leads_to(db, into.case, here.case):
            raise invalid("duplicate_of", "That case was closed as a duplicate of this one.")
        keep_both_apart(db, me, here.case, into.case, at=at)
    other = into.case if into else None
    closing.close(db, me, here.case, resolution=sent.resolution, at=at, note=sent.note, duplicate_of=other)
    if other is not None:
        leave_each_other(db, here.case, at=at)


def do_merge(db: Session, me: Me, here: Found, sent: shape.MergeIn, at: datetime) -> None:
    """Close the case as the same as another that the desk holds, which goes on for both."""
    merge(db, me, here.case, other_case(db, me, sent.into, "into"), at=at)


def do_same(db: Session, me: Me, here: Found, sent: shape.SameIn, at: datetime) -> None:
    """Say that another of your own open cases is about the same post."""
    other = other_case(db, me, sent.as_, "as")
    if Relation.REPORTER not in other.held:
        raise invalid("as", NO_SUCH_CASE)
    closing.say_same(db, me, here.case, other.case, at=at)


def other_case(db: Session, me: Me, reference: str, field: str) -> Found:
    """A second case that a body names, its row locked. Raises Invalid, naming the field, for one that is not seen."""
    try:
        return find_case(db, me, reference.upper(), lock=True)
    except NotFound:
        raise invalid(field, NO_SUCH_CASE) from None


def do_reopen(db: Session, me: Me, here: Found, sent: shape.ReasonIn, at: datetime) -> None:
    """Take a closed case in hand again."""
    closing.reopen(db, me, here.case, reason=sent.reason, at=at)


def whose(db: Session, email: str) -> Person:
    """Whose post a concern is about; they may have left. Raises Invalid, naming the field, for nobody we know."""
    person = directory.find(db, email)
    if person is None:
        unknown = "We know nobody with this address. Leave it empty, and say whose post it is in words."
        raise invalid("about.email", unknown)
    return person


def named(db: Session, email: str, field: str) -> Person:
    """The active person with this address. Raises Invalid naming the field."""
    person = directory.find(db, email)
    if person is None or not person.active:
        raise invalid(field, "Nobody with this address works here.")
    return person
