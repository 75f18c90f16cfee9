"""What may be sent about a rota, and about how somebody wants to be told. The other shapes stand in `schemas.py`."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from service.core.clock import zone_exists
from service.people.preferences import DEFAULTS, MOST_ABSENCES
from service.people.rota import CLOCK, MOST_SHIFTS, NO_ZONE, Duty
from service.records.enums import Day, DeskName, Notify
from service.web.fields import Email, Moment, Words


def _clock(value: object) -> object:
    """A time on the clock; what a phone's keyboard adds to it is taken off."""
    if isinstance(value, str) and not CLOCK.fullmatch(value.strip()[:5]):
        raise ValueError("Enter a time like 09:00")
    return value.strip()[:5] if isinstance(value, str) and re.fullmatch(r"..:..(:00)?", value.strip()) else value


def _phone(value: object) -> object:
    """A number as people write it, without what stands between its digits."""
    if not isinstance(value, str):
        return value
    plain = re.sub(r"[\s().-]", "", value)
    return "+" + plain[2:] if plain.startswith("00") else plain


def _zone(value: str) -> str:
    if not zone_exists(value):
        raise ValueError(NO_ZONE)
    return value


Clock = Annotated[str, BeforeValidator(_clock), Field(max_length=5)]
Days = Annotated[list[Day], Field(min_length=1, max_length=len(Day))]

Zone = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_zone)]


class ShiftIn(Words):
    """When somebody is on duty; an end that is not after the start is on the next day."""

    person: Email
    days: Days
    starts: Clock
    ends: Clock
    zone: Zone


class RotaIn(Words):
    """The whole rota of a desk, in place of the one before."""

    desk: DeskName
    shifts: Annotated[list[ShiftIn], Field(max_length=MOST_SHIFTS)]


class ShiftAtIn(ShiftIn):
    """One more shift of a desk."""

    desk: DeskName


class ShiftOffIn(Words):
    """A shift that is no longer worked."""

    desk: DeskName
    shift: Annotated[str, Field(max_length=20, pattern=r"^[0-9]{1,18}$")]


class AbsenceIn(Words):
    """A stretch in which somebody's deputy stands in for them."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Moment = Field(alias="from")
    until: Moment


class PreferencesIn(Words):
    """How somebody wants to be told, and when they work; what is left out stays, null takes the default."""

    notify: Notify | None = None
    digest_at: Clock | None = None
    phone: Annotated[str, BeforeValidator(_phone), Field(max_length=20)] | None = None
    working_days: Days | None = None
    deputy: Email | None = None
    absences: Annotated[list[AbsenceIn], Field(max_length=MOST_ABSENCES)] | None = None


def day_numbers(days: list[Day]) -> tuple[int, ...]:
    """Days as they are kept: Monday as 0."""
    return tuple(sorted({list(Day).index(day) for day in days}))


def day_words(numbers: list[int]) -> list[str]:
    """And back."""
    return [list(Day)[number].value for number in numbers]


def duty_of(told: ShiftIn) -> Duty:
    """A shift as it was sent."""
    return Duty(told.person, day_numbers(told.days), told.starts, told.ends, told.zone)


def changes_of(told: PreferencesIn) -> dict[str, Any]:
    """What was really sent, as it is kept."""
    changes: dict[str, Any] = {}
    for name in told.model_fields_set:
        value = getattr(told, name)
        if value is None:
            changes[name] = DEFAULTS[name]
        elif name == "working_days":
            changes[name] = list(day_numbers(value))
        elif name == "absences":
            changes[name] = [(absence.from_, absence.until) for absence in value]
        else:
            changes[name] = value
    return changes
