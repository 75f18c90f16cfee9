"""Who may see and do what, said once: as the list's WHERE, the single read's columns, and the buttons.

What a relation is stands in `relations.py`; here is what each may do, when, and through which eyes it reads.
"""

from enum import StrEnum
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, case, or_, true
from sqlmodel import col

from service.cases.relations import (
    RELATIONS,
    Desks,
    Relation,
    Roles,
    is_asked,
    is_told_subject,
    raised_it,
)
from service.core.errors import NotPermitted, Refusal
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Employer, Kind, Resolution, Role, Scope, Stage


class Act(StrEnum):
    """What a person may do with a case; the names stand in `may` of the public interface."""

    VIEW = "view"
    TAKE_STEP = "take_step"
    CANNOT = "cannot"
    CHANGE_FACTS = "change_facts"
    ADD_EVIDENCE = "add_evidence"
    MESSAGE = "message"
    WITHDRAW = "withdraw"
    SAY_SAME = "say_same"
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    TRIAGE = "triage"
    ASK = "ask"
    ASSIGN = "assign"
    NAME_MANAGER = "name_manager"
    EXPOSURE = "exposure"
    VERIFY = "verify"
    WAIVE = "waive"
    RELEASE = "release"
    OPEN = "open"
    PURGE = "purge"
    SEND = "send"
    ADVISE = "advise"
    DECIDE_REFERRAL = "decide_referral"
    DECIDE_PROTECTION = "protection_decision"
    HAVE_CONFLICT = "have_conflict"
    NAME_CONFLICT = "name_conflict"
    MERGE = "merge"
    CLOSE = "close"
    REOPEN = "reopen"
    DISCLOSE = "disclose"
    REVEAL = "reveal"


R = Relation
DESKS = (R.HOLDER, R.DIGITAL_UNIT, R.DESK, R.DATA_PROTECTION, R.HR_DESK)
IN_PART = frozenset({R.RAISER, R.ASKED, R.SUBJECT})
"""Who reads a concern in part only: what they said, what is asked of them, what was disclosed to them."""

MAY: dict[Act, tuple[Relation, ...]] = {
    Act.VIEW: tuple(relation for relation in Relation if relation not in (R.ADVISER, R.LEAD)),
    Act.TAKE_STEP: (R.REPORTER, R.ASKED),
    Act.CANNOT: (R.REPORTER, R.ASKED),
    Act.CHANGE_FACTS: (R.REPORTER, R.RAISER, R.HOLDER),
    Act.ADD_EVIDENCE: (R.REPORTER, R.RAISER, R.HOLDER),
    Act.MESSAGE: (R.REPORTER, R.RAISER, R.ASKED, R.SUBJECT, R.HOLDER),
    Act.WITHDRAW: (R.REPORTER, R.RAISER),
    Act.SAY_SAME: (R.REPORTER,),
    Act.ACKNOWLEDGE: (R.ROUTED_MANAGER, *DESKS),
    Act.NOTE: (R.ROUTED_MANAGER, *DESKS),
    Act.TRIAGE: (R.HOLDER,),
    Act.ASK: (R.HOLDER,),
    Act.ASSIGN: (R.HOLDER,),
    Act.NAME_MANAGER: (R.HOLDER, R.REPORTER),
    Act.EXPOSURE: (R.REPORTER, R.HOLDER),
    Act.VERIFY: (R.HOLDER,),
    Act.WAIVE: (R.HOLDER,),
    Act.RELEASE: (R.HOLDER,),
    Act.OPEN: (R.HOLDER,),
    Act.PURGE: (R.HOLDER,),
    Act.SEND: (R.HOLDER,),
    Act.ADVISE: (R.HOLDER, R.ADVISER),
    Act.DECIDE_REFERRAL: (R.HOLDER, R.ROUTED_MANAGER),
    Act.DECIDE_PROTECTION: (R.DATA_PROTECTION,),
    Act.HAVE_CONFLICT: (R.ROUTED_MANAGER, *DESKS),
    # Beyond the desk that holds it, only for the leads of others and their own people (`routing/conflict.py`).
    Act.NAME_CONFLICT: DESKS,
    Act.MERGE: (R.HOLDER,),
    Act.CLOSE: (R.HOLDER, R.ADVISER),
    Act.REOPEN: (R.HOLDER,),
    Act.DISCLOSE: (R.HOLDER,),
    Act.REVEAL: (R.LEAD, R.HR_DESK),
}

QUIET_ENDINGS = frozenset({Resolution.REFERRED, Resolution.DUPLICATE})
"""What only the digital unit and HR are told: that a case went to HR is HR's to disclose, and that it repeats another
case is about a case that is absent for most. Since two endings are kept back, neither is named by its absence."""
OPEN = frozenset({Stage.REPORTED, Stage.IN_HAND})
ANY = frozenset(Stage)

# At which stages an act is open. Elsewhere it is refused as a conflict with the case's state, never passed over.
AT: dict[Act, frozenset[Stage]] = {
    Act.VIEW: ANY,
    Act.TAKE_STEP: OPEN,
    Act.CANNOT: OPEN,
    Act.CHANGE_FACTS: OPEN,
    Act.ADD_EVIDENCE: OPEN,
    Act.MESSAGE: ANY,
    Act.WITHDRAW: OPEN,
    Act.SAY_SAME: OPEN,
    Act.ACKNOWLEDGE: OPEN,
    Act.NOTE: ANY,
    Act.TRIAGE: frozenset({Stage.REPORTED}),
    Act.ASK: OPEN,
    Act.ASSIGN: OPEN,
    Act.NAME_MANAGER: OPEN,
    Act.EXPOSURE: OPEN,
    Act.VERIFY: OPEN,
    Act.WAIVE: OPEN,
    Act.RELEASE: OPEN,
    Act.OPEN: ANY,
    Act.PURGE: ANY,
    Act.SEND: OPEN,
    Act.ADVISE: OPEN,
    # On a closed case only where HR returned the referral: `referrals/decide.py`.
    Act.DECIDE_REFERRAL: frozenset({Stage.IN_HAND, Stage.CLOSED}),
    Act.DECIDE_PROTECTION: ANY,
    Act.HAVE_CONFLICT: ANY,
    Act.NAME_CONFLICT: ANY,
    Act.MERGE: OPEN,
    Act.CLOSE: frozenset({Stage.IN_HAND}),
    Act.REOPEN: frozenset({Stage.CLOSED}),
    Act.DISCLOSE: ANY,
    Act.REVEAL: ANY,
}

NOWHERE = frozenset[Stage]()
# Where a kind of case goes another way: a question is answered and closed, and never triaged (product.md, *Stages*).
AT_OF: dict[Kind, dict[Act, frozenset[Stage]]] = {
    Kind.MISTAKE: {Act.ASK: NOWHERE, Act.DISCLOSE: NOWHERE, Act.REVEAL: NOWHERE},
    Kind.CONCERN: {Act.SAY_SAME: NOWHERE, Act.ADVISE: NOWHERE},
    Kind.ADVICE: {
        Act.TRIAGE: NOWHERE,
        Act.ASK: NOWHERE,
        Act.DECIDE_REFERRAL: NOWHERE,
        Act.DISCLOSE: NOWHERE,
        Act.REVEAL: NOWHERE,
        Act.CLOSE: frozenset({Stage.REPORTED}),
    },
}
_NOT_THIS_KIND = {
    Act.TRIAGE: "A request for advice is answered, not triaged.",
    Act.ASK: "Steps are asked for only where somebody raised a concern.",
    Act.DECIDE_REFERRAL: "A request for advice is never passed to HR.",
    Act.SAY_SAME: "A concern is looked at by itself.",
    Act.ADVISE: "Whoever raised a concern reads messages, and no advice. Write them a message instead.",
    Act.DISCLOSE: "Only what was raised as a concern is disclosed. Whoever reported this sees their own case.",
    Act.REVEAL: "This was not raised in confidence, so there is nothing to reveal.",
}

# Through which eyes each relation reads: what a field, an entry or a note is for.
EYES: dict[Relation, str] = {
    R.REPORTER: "reporter",
    R.RAISER: "raiser",
    R.ASKED: "asked",
    R.SUBJECT: "subject",
    R.ADVISER: "adviser",
    R.ROUTED_MANAGER: "line_manager",
    R.HOLDER: "digital_unit",
    R.LEAD: "digital_unit",
    R.DIGITAL_UNIT: "digital_unit",
    R.DESK: "desk",
    R.DATA_PROTECTION: "data_protection",
    R.HR_DESK: "hr",
    R.AUDITOR: "auditor",
}

# Which PDF variants somebody may have who reads through these eyes.
VARIANTS: dict[str, tuple[str, ...]] = {
    "reporter": ("reporter",),
    "line_manager": ("line_manager",),
    "digital_unit": ("digital_unit", "line_manager", "reporter", "subject"),
    "hr": ("hr",),
    "adviser": ("adviser",),
    "raiser": ("reporter",),
    "subject": ("subject",),
}
# Through which eyes a variant of a concern is made, where those are not its own: of what they told, and no more.
MADE_THROUGH = {"reporter": "raiser"}


@lru_cache(maxsize=256)
def _relations(desks: Desks, roles: Roles) -> tuple[tuple[Relation, ColumnElement[bool]], ...]:
    built = ((relation, predicate(desks, roles)) for relation, predicate in RELATIONS.items())
    return tuple((relation, predicate) for relation, predicate in built if str(predicate) != "false")


@lru_cache(maxsize=256)
def _any_of(desks: Desks, roles: Roles, *, whole: bool) -> ColumnElement[bool]:
    """That one of the relations holds which let somebody view a case; `whole`: more than a part of it."""
    allowed = {relation for relation in MAY[Act.VIEW] if not (whole and relation in IN_PART)}
    # At a desk most cases are its own: an engine that asks one after another is then done with the first.
    in_turn = sorted(_relations(desks, roles), key=lambda pair: pair[0] is not R.HOLDER)
    held = or_(*(predicate for relation, predicate in in_turn if relation in allowed))
    # The walls go with what they kept apart: a tombstone is found by nobody, but where disposals are listed.
    return and_(col(Case.disposed_at).is_(None), held)


def reader(desks: Desks, roles: Roles) -> Me:
    """Anybody with these desks and roles: statements are built for them once, and bound to a person when they run."""
    return Me(0, "", "", "", Employer.FCO, dict.fromkeys(desks, False), roles)


def finds(me: Me) -> ColumnElement[bool]:
    """The WHERE of a single read, and of plain lists: every case that is there for somebody, be it in part.

    Needs the parameter `me`.
    """
    return _any_of(frozenset(me.desks), me.roles, whole=False)


def sees(me: Me) -> ColumnElement[bool]:
    """The WHERE of every count, search and narrowed or sorted list: the cases that they do not read in part only.

    By what is found, and in which order, a filter would tell what a part leaves out. Needs the parameter `me`.
    """
    return _any_of(frozenset(me.desks), me.roles, whole=True)


@lru_cache(maxsize=256)
def _part(desks: Desks, roles: Roles) -> ColumnElement[str | None]:
    # That something happened is all that an auditor reads: beside it, a part is more.
    whole = [predicate for relation, predicate in _relations(desks, roles) if relation not in {R.AUDITOR, *IN_PART}]
    return case(
        (col(Case.kind) != Kind.CONCERN, None),
        (raised_it(desks, roles), EYES[R.RAISER]),
        (is_told_subject(desks, roles), EYES[R.SUBJECT]),
        (or_(*whole), None),
        (is_asked(desks, roles), EYES[R.ASKED]),
        else_=None,
    )


def part(me: Me) -> ColumnElement[str | None]:
    """Through which eyes a found case is read in part; NULL where it is read whole. Needs the parameter `me`."""
    return _part(frozenset(me.desks), me.roles)


def reads_content(me: Me) -> ColumnElement[bool]:
    """Whether a listed case may be shown with more than its metadata. Needs the parameter `me`."""
    if Role.AUDITOR not in me.roles:
        return true()
    content = [relation for relation in MAY[Act.VIEW] if relation not in {R.AUDITOR, *IN_PART}]
    return or_(*(predicate for relation, predicate in relations(me) if relation in content))


def relations(me: Me) -> tuple[tuple[Relation, ColumnElement[bool]], ...]:
    """Every relation this person could have, each as a column for the single read. Needs the parameter `me`."""
    return _relations(frozenset(me.desks), me.roles)


def permitted(act: Act, held: frozenset[Relation], me: Me) -> bool:
    """Whether somebody who stands so to a case may do this, whatever its stage."""
    if act is not Act.VIEW and Scope.WRITE not in me.scopes:
        return False
    return not held.isdisjoint(MAY[act])


def require(act: Act, held: frozenset[Relation], me: Me) -> None:
    """Raise NotPermitted unless this relation carries the act."""
    if not permitted(act, held, me):
        raise NotPermitted("This is for somebody else to do.")


def open_at(act: Act, kind: Kind, stage: Stage) -> bool:
    """Whether an act is open at this stage of a case of this kind."""
    return stage in AT_OF.get(kind, {}).get(act, AT[act])


def require_stage(act: Act, case: Case) -> None:
    """Raise a Refusal (409) naming the case's state when the act is not open at its stage."""
    kind, stage = Kind(case.kind), Stage(case.stage)
    if open_at(act, kind, stage):
        return
    if AT_OF.get(kind, {}).get(act) == NOWHERE:
        raise Refusal(_NOT_THIS_KIND[act])
    if act is Act.TRIAGE:
        raise Refusal(f"Triage happens once, and is done. The case is now {_WORDS[stage]}.")
    raise Refusal(f"The case is {_WORDS[stage]}, so this cannot be done now.")


_WORDS = {Stage.REPORTED: "reported and not yet triaged", Stage.IN_HAND: "in hand", Stage.CLOSED: "closed"}


def eyes(held: frozenset[Relation]) -> frozenset[str]:
    """Through which eyes somebody reads who stands so to a case."""
    audits_in_part = not held.isdisjoint(IN_PART) and R.AUDITOR in held
    return frozenset(EYES[relation] for relation in held if not (audits_in_part and relation is R.AUDITOR))


def seen_as(held: frozenset[Relation]) -> str | None:
    """The one word by which the read log names how somebody stands to a case: of several relations the nearest."""
    return next((eye for relation, eye in EYES.items() if relation in held), None)


def variants(seen_through: frozenset[str], case: Case) -> list[str]:
    """The PDF variants of a case that these eyes may have, widest first; `subject` once something was disclosed."""
    may_have = [variant for eye in VARIANTS for variant in VARIANTS[eye] if eye in seen_through]
    told = case.kind == Kind.CONCERN and case.disclosed_at is not None
    return [variant for variant in dict.fromkeys(may_have) if variant != "subject" or told]


def made_through(variant: str, case: Case) -> frozenset[str]:
    """The eyes through which a variant is made."""
    return frozenset({MADE_THROUGH.get(variant, variant) if case.kind == Kind.CONCERN else variant})
