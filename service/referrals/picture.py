"""The whole life of a referral on one page: what lasted from when to when, on one scale of time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.records.enums import ReferralStage
from service.records.room_words import APPOINTED, PICTURE
from service.records.words import REFERRAL_STAGES

WIDE = 1000
"""How wide the scale is, in units of its own."""
THINNEST = 6
"""How wide a moment is, or what lasted hardly longer."""
LEAST = timedelta(days=1)
"""A referral that came an hour ago is not drawn as wide as a year."""

Span = tuple[datetime, datetime | None]
"""From when to when; one moment where the second is None."""
Timeline = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Line:
    """One line of the picture: what it is, and when it was. `goes_on` where it ends after the scale does."""

    words: str
    spans: tuple[Span, ...]
    group: str
    goes_on: bool = False


@dataclass(frozen=True)
class Bar:
    """Where a span is drawn, from 0 to `WIDE`."""

    x: int
    width: int


@dataclass(frozen=True)
class Picture:
    """The lines with their bars, and the moments between which they lie."""

    begins: datetime
    ends: datetime
    lines: tuple[tuple[Line, tuple[Bar, ...]], ...]
    now: int | None


def picture(view: Mapping[str, Any], timeline: Iterable[Mapping[str, Any]], at: datetime) -> Picture:
    """Draw a referral as those in its room read it (`referral_view`, `timeline`), at a moment."""
    lines = [line for line in _lines(view, list(timeline), at) if line.spans]
    begins = view["received_at"]
    known = [moment for line in lines if not line.goes_on for span in line.spans for moment in span if moment]
    last = view["closed_at"] or at
    ends = max([last, begins + LEAST, *known])
    drawn = tuple((line, tuple(_bar(span, begins, ends) for span in line.spans)) for line in lines)
    return Picture(begins, ends, drawn, None if view["closed_at"] else _place(at, begins, ends))


def _place(moment: datetime, begins: datetime, ends: datetime) -> int:
    return round(WIDE * min(max((moment - begins) / (ends - begins), 0), 1))


def _bar(span: Span, begins: datetime, ends: datetime) -> Bar:
    since, until = span
    first, last = _place(since, begins, ends), _place(until or since, begins, ends)
    width = max(last - first, THINNEST)
    return Bar(min(first, WIDE - width), width)


def _lines(view: Mapping[str, Any], timeline: Timeline, at: datetime) -> Iterator[Line]:
    over = view["closed_at"] or at
    stages = list(_stages(view))
    for (stage, since), (_, until) in zip(stages, [*stages[1:], (None, None)], strict=True):
        ended = stage in (ReferralStage.CLOSED, ReferralStage.RETURNED)
        # The hearing itself has a line of its own.
        words = PICTURE["hearing_stage"] if stage is ReferralStage.HEARING else REFERRAL_STAGES[stage]
        yield Line(words, ((since, None if ended else until or over),), "stage")
    paused = _lasted(timeline, "room_paused", "room_resumed")
    yield Line(PICTURE["paused"], tuple((since, until or over) for since, until in paused), "apart")
    suspended = _lasted(timeline, "room_suspended", "room_suspension_ended")
    reviewed = view["suspension"] and view["suspension"]["review_at"]
    yield Line(PICTURE["suspended"], tuple((since, until or reviewed) for since, until in suspended), "apart")
    for each in view["appointments"]:
        words = f"{APPOINTED[each['part']]}: {each['name']}"
        yield Line(words, ((each["from"], each["until"] or max(over, each["from"])),), "people")
    moments = {
        "informed": [view["informed"]["at"]] if view["informed"] else [],
        "findings": [finding["at"] for finding in view["findings"]],
        "postponed": [entry["at"] for entry in timeline if entry["kind"] == "room_postponed"],
        "hearing": _held(view["hearing"]),
        "outcome": [view["decision"]["decided_at"]] if view["decision"] else [],
        "appeal_hearing": _held(view["appeal_hearing"]),
        "appeal_outcome": [view["appeal"]["decided_at"]] if view["appeal"] and view["appeal"]["decided_at"] else [],
        "letters": [letter["sent_at"] for letter in view["letters"]],
        "papers": [paper["at"] for paper in view["papers"]],
    }
    for name, found in moments.items():
        yield Line(PICTURE[name], tuple((moment, None) for moment in found), "moment")
    if decision := view["decision"]:
        yield Line(PICTURE["appeal_window"], ((decision["decided_at"], decision["appeal_by"]),), "apart")
        if decision["warning_until"]:
            spans = ((decision["decided_at"], decision["warning_until"]),)
            yield Line(PICTURE["warning"], spans, "apart", goes_on=True)


def _stages(view: Mapping[str, Any]) -> Iterator[tuple[ReferralStage, datetime]]:
    since = {
        ReferralStage.RECEIVED: view["received_at"],
        ReferralStage.RETURNED: view["returned"] and view["returned"]["at"],
        ReferralStage.ACCEPTED: view["accepted_at"],
        ReferralStage.FACT_FINDING: view["fact_finding_at"],
        ReferralStage.INFORMAL: view["informal"] and view["informal"]["at"],
        ReferralStage.HEARING: view["hearing"] and view["hearing"]["first_invited_at"],
        ReferralStage.DECIDED: view["decision"] and view["decision"]["decided_at"],
        ReferralStage.APPEALED: view["appeal"] and view["appeal"]["at"],
        ReferralStage.CLOSED: view["closed_at"],
    }
    yield from ((stage, moment) for stage, moment in since.items() if moment)


def _held(hearing: Mapping[str, Any] | None) -> list[datetime]:
    """When a hearing was held, or is to be; one that does not take place is none."""
    if not hearing or not (hearing["held_at"] or hearing["counts"]):
        return []
    return [hearing["held_at"] or hearing["hearing_at"]]


def _lasted(timeline: Timeline, begins: str, ends: str) -> list[Span]:
    """From when to when something lasted; what begins again while it lasts goes on, as a suspension under review."""
    found: list[Span] = []
    for entry in timeline:
        if entry["kind"] == begins and (not found or found[-1][1]):
            found.append((entry["at"], None))
        elif entry["kind"] == ends and found:
            found[-1] = (found[-1][0], entry["at"])
    return found
