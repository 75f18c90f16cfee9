"""What a row of a life may do in the HR room: each is one of the real deeds there, with the row's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.core.clock import in_zone
from service.demo.doing import Stage
from service.demo.script import stretch
from service.documents.letter import letter
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import FindingKind, LetterKind, Outcome, Part
from service.records.people import Person
from service.records.referrals import Referral
from service.referrals import hear, keep, letters, outcome, policy, take_up
from service.referrals.find import Found, evidence_of, find_referral
from service.referrals.life import Act

Row = Mapping[str, Any]


@dataclass(frozen=True)
class InRoom:
    """One deed: who does it, to which referral, in which words, when."""

    stage: Stage
    me: Me
    here: Found
    row: Row
    at: datetime

    @property
    def deed(self) -> tuple[Session, Me, Found]:
        """What every deed begins with."""
        return self.stage.db, self.me, self.here


def _accept(now: InRoom) -> None:
    take_up.accept(*now.deed, at=now.at)


def _return(now: InRoom) -> None:
    take_up.give_back(*now.deed, reason=now.row["reason"], at=now.at)


def _appoint(now: InRoom) -> None:
    people = {part: now.stage.cast.people[now.row[part.value]] for part in Part if part.value in now.row}
    take_up.appoint(*now.deed, people, at=now.at)


def _inform(now: InRoom) -> None:
    take_up.inform_subject(*now.deed, text=now.row["text"], at=now.at)


def _find(now: InRoom) -> None:
    files = evidence_of(now.stage.db, now.here.referral) if now.row.get("evidence") else ()
    hear.record_finding(*now.deed, kind=FindingKind(now.row["kind"]), text=now.row["text"], evidence=files, at=now.at)


def _note(now: InRoom) -> None:
    keep.note(*now.deed, text=now.row["text"], at=now.at)


def _disclose(now: InRoom) -> None:
    keep.disclose(*now.deed, now.row["facts"], at=now.at)


def _invite(now: InRoom) -> None:
    row, begins = now.row, in_zone(now.at + stretch(now.row["in"]), now.me.zone)
    hear.invite(*now.deed, hearing_at=begins, place=row["place"], text=row["text"], at=now.at)


def _hear(now: InRoom) -> None:
    row, began = now.row, in_zone(now.at - stretch(now.row["ago"]), now.me.zone)
    hear.record_hearing(*now.deed, held_at=began, present=row["present"], notes=row["text"], at=now.at)


def _consider(now: InRoom) -> None:
    hear.consider(*now.deed, text=now.row["text"], at=now.at)


def _decide(now: InRoom) -> None:
    outcome.decide(*now.deed, outcome=Outcome(now.row["outcome"]), reason=now.row["reason"], at=now.at)


def _letter(now: InRoom) -> None:
    kind, here, stage = LetterKind(now.row["kind"]), now.here, now.stage
    record = letters.record_of(stage.db, here, now.at)
    parts = letters.parts_of(kind, record)
    to = stage.db.get_one(Person, here.referral.subject_id).name
    pdf = stage.pool.submit(letter(letters.context(kind, record, to, parts), now.at, draft=False)).result()
    made = letters.Made(parts, pdf, here.referral.version)
    letters.send(stage.db, stage.store, now.me, here, kind, made, at=now.at)


def _appeal(now: InRoom) -> None:
    outcome.appeal(*now.deed, grounds=now.row["text"], at=now.at)


def _decide_appeal(now: InRoom) -> None:
    row = now.row
    milder = Outcome(row["outcome"]) if "outcome" in row else None
    outcome.decide_appeal(*now.deed, upheld=row["upheld"], outcome=milder, reason=row["reason"], at=now.at)


def _close(now: InRoom) -> None:
    outcome.close(*now.deed, at=now.at)


# By the word after `hr` that a row `does`: the act it needs, and the deed.
DEEDS: dict[str, tuple[Act, Callable[[InRoom], None]]] = {
    "hr accept": (Act.ACCEPT, _accept),
    "hr return": (Act.RETURN, _return),
    "hr appoint": (Act.APPOINT, _appoint),
    "hr inform": (Act.INFORM, _inform),
    "hr find": (Act.FIND, _find),
    "hr note": (Act.NOTE, _note),
    "hr disclose": (Act.DISCLOSE, _disclose),
    "hr invite": (Act.INVITE, _invite),
    "hr hear": (Act.HEAR, _hear),
    "hr consider": (Act.CONSIDER, _consider),
    "hr decide": (Act.DECIDE, _decide),
    "hr letter": (Act.SEND_LETTER, _letter),
    "hr appeal": (Act.APPEAL, _appeal),
    "hr decide appeal": (Act.DECIDE_APPEAL, _decide_appeal),
    "hr close": (Act.CLOSE, _close),
}


def play(stage: Stage, me: Me, case: Case, row: Row, at: datetime) -> Found:
    """Let one thing happen in the room of a case's newest referral. Raises whatever the deed refuses."""
    made = select(col(Referral.reference)).where(col(Referral.case_id) == case.id).order_by(col(Referral.id).desc())
    here = find_referral(stage.db, me, stage.db.execute(made).scalars().first() or "")
    act, do = DEEDS[row["does"]]
    policy.require(act, here.held, me, at_appeal=here.at_appeal)
    do(InRoom(stage, me, here, row, at))
    return here
