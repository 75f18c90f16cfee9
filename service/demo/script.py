"""Reads the lives of the demonstration's cases from `lives.toml`, and lays them out in time."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from service.core.clock import in_zone
from service.records.enums import About, AccountType, Answer, Code

LIVES = Path(__file__).with_name("lives.toml")
QUESTIONS = ("facts_wrong", "safety_risk", "possibly_classified", "personal_data")
# Names in the rows that are shorter than the interface's.
PATHS = {
    "text": "post.text",
    "url": "post.url",
    "visible": "post.still_visible",
    "audience": "post.audience",
    "reach": "post.reach",
    "copies": "post.copies",
    "sought": "guidance.sought",
    "asked": "guidance.from",
    "media": "media_interest",
    "media_interest": "media_interest",
    "narrative": "narrative",
    "what": "about.what",
    "classified": "possibly_classified",
    "codes": "codes",
    **{question: question for question in QUESTIONS},
}
_PART = re.compile(r"(\d+)([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True)
class Life:
    """One case, told: `given` is its row. Two lives may be alike, so a life is known by its place."""

    place: int
    given: Mapping[str, Any]

    @property
    def who(self) -> str:
        """Who reports it, by the name before the @."""
        return str(self.given["who"])


@dataclass(frozen=True)
class Happening:
    """A report (`row` is the life's own) or a deed, at its moment."""

    at: datetime
    life: Life
    row: Mapping[str, Any]

    @property
    def is_report(self) -> bool:
        """Whether this is where the life begins."""
        return "does" not in self.row


def lives() -> tuple[Life, ...]:
    """Every life, in the order of the file."""
    return tuple(Life(place, row) for place, row in enumerate(_rows()))


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(tomllib.loads(LIVES.read_text(encoding="utf-8"))["life"])


def in_order(zones: Mapping[str, str], now: datetime) -> list[Happening]:
    """Everything that has happened by `now`, as it happened; `zones` maps who to their IANA zone."""
    told = [happening for life in lives() for happening in _of(life, zones[life.who], now)]
    return sorted(told, key=lambda one: (one.at, one.life.place))


def _of(life: Life, zone: str, now: datetime) -> Iterator[Happening]:
    reported = moment_of(str(life.given["when"]), zone, now)
    yield Happening(reported, life, life.given)
    for row in life.given.get("then", ()):
        at = reported + stretch(row["after"])
        if at <= now:
            yield Happening(at, life, row)


def moment_of(said: str, zone: str, now: datetime) -> datetime:
    """`6m` ago, or `3d 23:04`: three days back at 23:04 on clocks in `zone`. In UTC."""
    days, _, clock = said.partition(" ")
    if ":" not in clock:
        return now - stretch(said)
    hour, minute = (int(part) for part in clock.split(":"))
    then = in_zone(now - stretch(days), zone)
    return then.replace(hour=hour, minute=minute, second=11, microsecond=0).astimezone(now.tzinfo)


def stretch(said: str) -> timedelta:
    """`1d 2h 30m` as a stretch of time."""
    return timedelta(**{_UNITS[unit]: int(number) for number, unit in _PART.findall(said)})


def facts_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a row names, by JSON path, as the deeds take them."""
    facts = {PATHS[name]: value for name, value in row.items() if name in PATHS}
    facts |= {f"account.{name}": value for name, value in row.get("account", {}).items()}
    if "account.type" in facts:
        facts["account.type"] = AccountType(facts["account.type"])
    if "about.what" in facts:
        facts["about.what"] = About(facts["about.what"])
    if "codes" in facts:
        facts["codes"] = [Code(code) for code in facts["codes"]]
    return facts | {name: Answer(facts[name]) for name in QUESTIONS if name in facts}


def told_at_first(row: Mapping[str, Any], zone: str, reported: datetime) -> dict[str, Any]:
    """The facts of a report: every question answered, moments on the clock of who reports it."""
    facts = dict.fromkeys(QUESTIONS, Answer.NO) | facts_of(row)
    for code, question in ((Code.PERSONAL_DATA, "personal_data"), (Code.FACTUAL_ERROR, "facts_wrong")):
        if code in facts.get("codes", ()):
            facts[question] = Answer.YES
    for name in ("posted", "found"):
        if name in row:
            path = "post.posted_at" if name == "posted" else "post.discovered_at"
            facts[path] = in_zone(reported - stretch(row[name]), zone)
    return facts
