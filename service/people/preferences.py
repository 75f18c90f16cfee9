"""How a person wants to be told, when they work, and who stands in for them: their own to say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from service.core.clock import in_zone
from service.core.errors import FieldError, Invalid
from service.people.directory import find
from service.people.identity import Me
from service.people.rota import CLOCK
from service.records.enums import Notify
from service.records.notifications import EIGHT, Preference
from service.records.people import MONDAY_TO_FRIDAY, Absence, Person

PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
MOST_ABSENCES = 50
DEFAULTS: Mapping[str, Any] = {
    "notify": Notify.AT_ONCE,
    "digest_at": EIGHT,
    "phone": None,
    "working_days": MONDAY_TO_FRIDAY,
    "deputy": None,
    "absences": (),
}
ONE_DAY = timedelta(days=1)
Stretch = tuple[datetime, datetime]


def read_preferences(db: Session, me: Me, at: datetime) -> dict[str, Any]:
    """What this person has said, with the absences that are not over; whatever they have not said has its default."""
    person, said = db.get_one(Person, me.id), db.get(Preference, me.id) or Preference(person_id=me.id)
    deputy = db.get(Person, person.deputy_id) if person.deputy_id is not None else None
    away = (
        select(Absence.from_at, Absence.until_at)
        .where(col(Absence.person_id) == me.id, col(Absence.until_at) > at)
        .order_by(col(Absence.from_at), col(Absence.id))
    )
    return {
        "notify": Notify(said.notify).value,
        "digest_at": said.digest_at,
        "phone": said.phone,
        "working_days": list(person.working_days),
        "deputy": deputy.email if deputy else None,
        "absences": [{"from": since, "until": until} for since, until in db.execute(away)],
    }


def change_preferences(db: Session, me: Me, changes: Mapping[str, Any], at: datetime) -> None:
    """Keep what is named in `changes`, as `read_preferences` names it; absences replace those that are not over.

    Raises Invalid naming each field that is wrong.
    """
    deputy = _deputy(db, me, changes.get("deputy"))
    absences = _absences(changes.get("absences") or ())
    faults = [*_faults(changes, at), *(each for each in (deputy, *absences) if isinstance(each, FieldError))]
    if faults:
        raise Invalid(errors=faults)
    # One at a time: of two at once each would put theirs beside the other's, or both would be the first.
    person = db.execute(select(Person).where(col(Person.id) == me.id).with_for_update(key_share=True)).scalar_one()
    said = db.get(Preference, me.id) or Preference(person_id=me.id)
    for name in ("notify", "digest_at", "phone"):
        if name in changes:
            setattr(said, name, changes[name])
    db.add(said)
    if "working_days" in changes:
        person.working_days = sorted(set(changes["working_days"]))
    if "deputy" in changes and not isinstance(deputy, FieldError):
        person.deputy_id = deputy
    if "absences" in changes:
        _keep_absences(db, me, [each for each in absences if not isinstance(each, FieldError)], at)
    db.flush()


def next_digest(zone: str, digest_at: str, at: datetime) -> datetime:
    """When the clocks of this zone next show this hour after `at`, in UTC.

    Where they leave it out that day, it is as much later; of an hour that comes twice it is the first.
    """
    day, hour = in_zone(at, zone).date(), time.fromisoformat(digest_at)
    while True:
        moment = datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)
        if moment > at:
            return moment
        day += ONE_DAY


def preferences_of(db: Session, people: Iterable[int]) -> dict[int, Preference]:
    """What these people have said, by person; whoever has said nothing is left out."""
    said = db.execute(select(Preference).where(col(Preference.person_id).in_(list(people)))).scalars()
    return {each.person_id: each for each in said}


def _faults(changes: Mapping[str, Any], at: datetime) -> Iterable[FieldError]:
    if "digest_at" in changes and not CLOCK.fullmatch(changes["digest_at"] or ""):
        yield FieldError("digest_at", "Enter a time like 08:00")
    if changes.get("phone") and not PHONE.fullmatch(changes["phone"]):
        yield FieldError("phone", "Enter the number with its country, like +447700900123")
    if "working_days" in changes and not changes["working_days"]:
        yield FieldError("working_days", "Choose at least one day")
    for place, (since, until) in enumerate(changes.get("absences") or ()):
        if until <= since:
            yield FieldError(f"absences.{place}.until", "Enter an end after the beginning")
        elif until <= at:
            yield FieldError(f"absences.{place}.until", "Enter an end that is still to come")


def _deputy(db: Session, me: Me, email: str | None) -> int | FieldError | None:
    if not email:
        return None
    person = find(db, email)
    if person is None or not person.active:
        return FieldError("deputy", "Nobody in the directory has that address")
    if person.id == me.id:
        return FieldError("deputy", "Name somebody else: you cannot stand in for yourself")
    return person.id


def _absences(told: Sequence[Stretch]) -> list[Stretch | FieldError]:
    if len(told) > MOST_ABSENCES:
        return [FieldError("absences", f"Use at most {MOST_ABSENCES} absences")]
    return list(told)


def _keep_absences(db: Session, me: Me, told: Sequence[Stretch], at: datetime) -> None:
    db.execute(delete(Absence).where(col(Absence.person_id) == me.id, col(Absence.until_at) > at))
    rows = [{"person_id": me.id, "from_at": since, "until_at": until} for since, until in told]
    if rows:
        db.execute(insert(Absence), rows)
