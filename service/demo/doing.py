"""What a row of a life may do: each is one of the real deeds, with the row's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases import closing, guarding, speaking
from service.cases.changing import change_exposure, change_facts
from service.cases.playbook import Playbook
from service.cases.policy import Act
from service.cases.queries import Found
from service.core.clock import in_zone
from service.core.storage import Store
from service.demo.script import facts_of, stretch
from service.documents.pool import Pool
from service.evidence.receive import Examined, add_evidence
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Code, DeskName, NoteAudience, Resolution, Severity, StepKind
from service.records.evidence import Evidence
from service.records.people import Person
from service.referrals.decide import decide_referral
from service.routing.acknowledge import acknowledge
from service.routing.assign import assign
from service.routing.conflict import name_conflict
from service.routing.protect import Question, decide_protection
from service.routing.send import name_manager, send
from service.routing.triage import triage
from service.steps.ask import ask_for_steps
from service.steps.cannot import cannot_take
from service.steps.settle import release_step, verify_step, waive_step
from service.steps.take import take_step

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cast:
    """The people of the demonstration by the name before the @: as records, and as whoever is asking."""

    people: Mapping[str, Person]
    me: Mapping[str, Me]


@dataclass(frozen=True)
class Stage:
    """What is played with: the cast, the playbook, the files that stand ready, and the cases so far."""

    db: Session
    cast: Cast
    playbook: Playbook
    store: Store
    pool: Pool
    """Prints the letters of the HR room."""
    files: Mapping[tuple[int, str], tuple[str, Examined]]
    """By the life's place and the row's `after`: the id that a file is stored under, and the file."""
    cases: dict[int, Case] = field(default_factory=dict)
    """By the life's place."""
    labels: dict[str, Case] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """One deed: who does it, to which case, in which words, when."""

    stage: Stage
    me: Me
    here: Found
    row: Row
    at: datetime

    @property
    def deed(self) -> tuple[Session, Me, Case]:
        """What every deed begins with."""
        return self.stage.db, self.me, self.here.case

    @property
    def step(self) -> StepKind:
        """The step that the row names."""
        return StepKind(self.row["step"])

    def person(self, name: str = "person") -> Person | None:
        """Whom the row names."""
        return self.stage.cast.people[self.row[name]] if name in self.row else None


def _take(now: Scene) -> None:
    row = now.row
    take_step(
        *now.deed,
        now.step,
        at=now.at,
        taken_at=in_zone(now.at - stretch(row["taken"]), now.me.zone) if "taken" in row else None,
        public_text=row.get("text"),
        confirmed=row.get("confirmed", False),
        link=row.get("link"),
        note=row.get("note"),
    )


def _cannot(now: Scene) -> None:
    cannot_take(*now.deed, now.step, reason=now.row["reason"], at=now.at)


def _waive(now: Scene) -> None:
    waive_step(*now.deed, now.step, reason=now.row["reason"], at=now.at)


def _verify(now: Scene) -> None:
    verify_step(*now.deed, now.step, at=now.at)


def _release(now: Scene) -> None:
    release_step(*now.deed, now.step, at=now.at)


def _facts(now: Scene) -> None:
    facts = facts_of(now.row)
    if "question" in now.row:
        facts["guidance.case"] = now.stage.labels[now.row["question"]].reference
    change_facts(*now.deed, now.here.held, facts, at=now.at)


def _exposure(now: Scene) -> None:
    change_exposure(*now.deed, facts_of(now.row), at=now.at)


def _triage(now: Scene) -> None:
    severity = Severity(now.row["severity"]) if "severity" in now.row else None
    triage(
        *now.deed,
        at=now.at,
        facts=facts_of(now.row),
        severity=severity,
        assigned_to=now.person("assigned_to"),
        note=now.row.get("note"),
    )


def _ask(now: Scene) -> None:
    person, kinds = now.stage.cast.people[now.row["of"]], [StepKind(kind) for kind in now.row["steps"]]
    ask_for_steps(*now.deed, kinds, person, reason=now.row["reason"], at=now.at)


def _assign(now: Scene) -> None:
    assign(*now.deed, now.person(), at=now.at)


def _manager(now: Scene) -> None:
    name_manager(*now.deed, now.here.held, now.stage.cast.people[now.row["person"]], at=now.at)


def _acknowledge(now: Scene) -> None:
    acknowledge(*now.deed, at=now.at)


def _send(now: Scene) -> None:
    send(*now.deed, DeskName(now.row["desk"]), reason=now.row["reason"], at=now.at, person=now.person())


def _advise(now: Scene) -> None:
    speaking.advise(*now.deed, text=now.row["text"], at=now.at)


def _message(now: Scene) -> None:
    speaking.say(*now.deed, now.here.held, text=now.row["text"], at=now.at)


def _note(now: Scene) -> None:
    audience = NoteAudience(now.row["audience"])
    speaking.note(*now.deed, now.here.held, text=now.row["text"], audience=audience, at=now.at)


def _open(now: Scene) -> None:
    guarding.open_fields(*now.deed, reason=now.row["reason"], at=now.at)


def _purge(now: Scene) -> None:
    guarding.purge(*now.deed, fields=now.row["fields"], reason=now.row["reason"], at=now.at)


def _withdraw(now: Scene) -> None:
    closing.ask_to_withdraw(*now.deed, reason=now.row["reason"], at=now.at)


def _refer(now: Scene) -> None:
    row, files = now.row, select(col(Evidence.id)).where(col(Evidence.case_id) == now.here.case.id)
    decide_referral(
        *now.deed,
        now.here.held,
        refer=row["refer"],
        reason=row["reason"],
        at=now.at,
        allegation=row.get("allegation"),
        rules=[Code(code) for code in row.get("rules", ())],
        mitigation=row.get("mitigation"),
        subject_told=row.get("told"),
        evidence=list(now.stage.db.execute(files).scalars()) if row.get("evidence") else (),
    )


def _protect(now: Scene) -> None:
    row = now.row
    decide_protection(
        *now.deed, now.here.held, Question(row["question"]), tell=row["tell"], reason=row["reason"], at=now.at
    )


def _conflict(now: Scene) -> None:
    name_conflict(*now.deed, now.stage.cast.people[now.row["person"]], reason=now.row["reason"], at=now.at)


def _evidence(now: Scene) -> None:
    place = next(place for place, case in now.stage.cases.items() if case is now.here.case)
    evidence_id, examined = now.stage.files[place, now.row["after"]]
    add_evidence(
        *now.deed,
        examined,
        evidence_id,
        captured_at=now.at,
        captured_zone=now.me.zone,
        description=now.row.get("description"),
        at=now.at,
    )


def _close(now: Scene) -> None:
    row = now.row
    closing.close(
        *now.deed,
        resolution=Resolution(row["resolution"]),
        at=now.at,
        note=row.get("note"),
        duplicate_of=now.stage.labels[row["duplicate_of"]] if "duplicate_of" in row else None,
    )


def _reopen(now: Scene) -> None:
    closing.reopen(*now.deed, reason=now.row["reason"], at=now.at)


# By the word that a row `does`: the act it needs, and the deed.
DEEDS: dict[str, tuple[Act, Callable[[Scene], None]]] = {
    "take": (Act.TAKE_STEP, _take),
    "cannot": (Act.CANNOT, _cannot),
    "waive": (Act.WAIVE, _waive),
    "verify": (Act.VERIFY, _verify),
    "release": (Act.RELEASE, _release),
    "facts": (Act.CHANGE_FACTS, _facts),
    "exposure": (Act.EXPOSURE, _exposure),
    "triage": (Act.TRIAGE, _triage),
    "ask": (Act.ASK, _ask),
    "assign": (Act.ASSIGN, _assign),
    "manager": (Act.NAME_MANAGER, _manager),
    "acknowledge": (Act.ACKNOWLEDGE, _acknowledge),
    "send": (Act.SEND, _send),
    "advise": (Act.ADVISE, _advise),
    "message": (Act.MESSAGE, _message),
    "note": (Act.NOTE, _note),
    "open": (Act.OPEN, _open),
    "purge": (Act.PURGE, _purge),
    "withdraw": (Act.WITHDRAW, _withdraw),
    "refer": (Act.DECIDE_REFERRAL, _refer),
    "protect": (Act.DECIDE_PROTECTION, _protect),
    "conflict": (Act.NAME_CONFLICT, _conflict),
    "evidence": (Act.ADD_EVIDENCE, _evidence),
    "close": (Act.CLOSE, _close),
    "reopen": (Act.REOPEN, _reopen),
}
