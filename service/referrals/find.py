"""Finds a referral for whoever may be let in, and its rows."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, literal, select
from sqlmodel import Session, col

from service.cases.relations import Desks
from service.core.database import is_sqlite
from service.core.errors import NotFound
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import DeskName, Part, ReferralStage
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import Appeal, Appointment, Copied, Hearing, Referral, Suspension
from service.referrals import policy
from service.referrals.policy import Relation
from service.timeline import entries


@dataclass(frozen=True)
class Found:
    """A referral, and how the person who asked stands to it."""

    referral: Referral
    held: frozenset[Relation]

    @property
    def in_the_room(self) -> bool:
        """Whether they read all of it; else only what was disclosed."""
        return not self.held.isdisjoint(policy.IN_THE_ROOM)

    @property
    def stage(self) -> ReferralStage:
        """Where it stands."""
        return ReferralStage(self.referral.stage)

    @property
    def at_appeal(self) -> bool:
        """Whether a hearing now is that of the appeal."""
        return self.stage is ReferralStage.APPEALED

    @property
    def seen_as(self) -> str:
        """How they stand to it, as the read log says it."""
        return DeskName.HR.value if self.in_the_room else "subject"

    @property
    def as_logged(self) -> dict[str, Any]:
        """What the read log says of a look at it, beside its case."""
        return {"detail": self.referral.reference, "seen_as": self.seen_as, "referral_id": self.referral.id}


def find_referral(db: Session, me: Me, reference: str, *, lock: bool = False) -> Found:
    """The only way from a reference to a referral. Raises NotFound when it is absent or not for these eyes.

    `lock` takes its row, so that two deeds follow one another.
    """
    if len(reference) > 20 or "\x00" in reference:
        raise NotFound
    if lock and not is_sqlite(db):
        # Whoever does not see it must not wait where somebody else works on it; then look again once the row is ours.
        seen = find_referral(db, me, reference).referral
        # The case before its referral, as a purge and a disposal take them, and with those that are one with it, whose
        # rooms a conflict ends parts in: else each could wait for the other.
        family = select(literal(1)).where(col(Case.id).in_(policy.one_with(seen.case_id))).order_by(col(Case.id))
        for mine in (family, select(literal(1)).where(col(Referral.id) == seen.id)):
            db.execute(mine.with_for_update(key_share=True))
    # What was read before the row was ours may be old.
    asked, fresh = {"me": me.id, "reference": reference}, {"populate_existing": lock}
    row = db.execute(_single(frozenset(me.desks)), asked, execution_options=fresh).one_or_none()
    if row is None:
        raise NotFound
    return Found(row[0], frozenset(relation for relation in Relation if getattr(row, relation.value)))


@lru_cache(maxsize=256)
def _single(desks: Desks) -> Select[*tuple[Any, ...]]:
    columns = [predicate.label(relation.value) for relation, predicate in policy.relations(desks)]
    return select(Referral, *columns).where(col(Referral.reference) == bindparam("reference"), policy.finds(desks))


def version_of(db: Session, here: Found) -> int:
    """What `If-Match` compares. Whom it is about counts what they read, from 1: how often HR does something is HR's."""
    referral = here.referral
    return referral.version if here.in_the_room else 1 + entries.number_told(db, referral.id)


def case_of(db: Session, referral: Referral) -> Case:
    """The case that a referral came from."""
    return db.execute(select(Case).where(col(Case.id) == referral.case_id)).scalar_one()


def rows_of(db: Session, table: Any, referral: Referral) -> list[Any]:
    """The rows of a referral in a table, in the order in which they came."""
    return list(db.execute(select(table).where(table.referral_id == referral.id).order_by(table.id)).scalars())


def appointed(db: Session, referral: Referral, *, ever: bool = False) -> list[Appointment]:
    """Who is appointed now, and has not left; or who `ever` was."""
    mine = select(Appointment).where(col(Appointment.referral_id) == referral.id)
    if not ever:
        mine = mine.join(Person, col(Person.id) == col(Appointment.person_id))
        mine = mine.where(col(Appointment.until_at).is_(None), col(Person.active))
    return list(db.execute(mine.order_by(col(Appointment.id))).scalars())


def doing(db: Session, referral: Referral, *parts: Part) -> tuple[int, ...]:
    """Who has one of these parts now, by number."""
    return tuple(each.person_id for each in appointed(db, referral) if each.part in parts)


def hears(referral: Referral) -> Part:
    """Whose part it is to hold the hearing of this stage."""
    return Part.APPEAL_HEARER if referral.stage == ReferralStage.APPEALED else Part.DECISION_MAKER


def calls(referral: Referral) -> Part:
    """Whose part it is to call it."""
    return Part.APPEAL_HEARER if referral.stage == ReferralStage.APPEALED else Part.INVESTIGATOR


def room_files(
    db: Session, referral: Referral, *, disclosed: bool | None = None, destroyed: bool = False
) -> list[Evidence]:
    """The files that were added in the room, oldest first; with `disclosed`, those that the person may read, or not.

    With `destroyed` also those of which no more than the hash is left.
    """
    mine = select(Evidence).where(col(Evidence.referral_id) == referral.id)
    if not destroyed:
        mine = mine.where(col(Evidence.destroyed_at).is_(None))
    if disclosed is not None:
        mine = mine.where(col(Evidence.disclosed_at).is_not(None) == disclosed)
    return list(db.execute(mine.order_by(col(Evidence.added_at), col(Evidence.id))).scalars())


def evidence_of(db: Session, referral: Referral, *, told: bool = False) -> list[str]:
    """The files of a referral by their ids: those that came with it, those that HR copied, and those that were added in
    the room. `told` leaves out those that came since the person was let read the evidence.
    """
    copied = select(col(Copied.evidence_id)).where(
        col(Copied.referral_id) == referral.id, col(Copied.evidence_id).is_not(None)
    )
    # Their order is that of the numbers of the exhibits.
    copied = copied.order_by(col(Copied.id))
    if told:
        copied = copied.where(col(Copied.waits_since).is_(None))
    own = [file.id for file in room_files(db, referral, disclosed=True if told else None, destroyed=True)]
    return list(dict.fromkeys([*referral.evidence_ids, *(one for one in db.execute(copied).scalars() if one), *own]))


def hearing_of(db: Session, referral: Referral, *, appeal: bool = False) -> Hearing | None:
    """The hearing, or that of the appeal, as it was last called."""
    mine = select(Hearing).where(col(Hearing.referral_id) == referral.id, col(Hearing.appeal).is_(appeal))
    return db.execute(mine.order_by(col(Hearing.id).desc()).limit(1)).scalar()


def appeal_of(db: Session, referral: Referral) -> Appeal | None:
    """The appeal, if one came."""
    return db.execute(select(Appeal).where(col(Appeal.referral_id) == referral.id)).scalar()


def suspension_of(db: Session, referral: Referral) -> Suspension | None:
    """The suspension that runs, if any."""
    running = (col(Suspension.referral_id) == referral.id, col(Suspension.ended_at).is_(None))
    return db.execute(select(Suspension).where(*running)).scalar()
