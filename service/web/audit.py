"""The read log on pages: all of it for auditors, and for whoever reported something who looked at that."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Response
from sqlmodel import Session

from service.cases.queries import find_case
from service.cases.read_log import (
    Place,
    Sought,
    case_sought,
    each_read,
    list_looks,
    list_many_reads,
    list_reads,
    person_sought,
    require_auditor,
    require_own_report,
)
from service.core.errors import FieldError, Invalid, invalid
from service.documents.sheets import KINDS
from service.people.identity import Me as Person
from service.records import list_words, words
from service.timeline import reads
from service.web.cursors import cursor_of, place_or_start
from service.web.exporting import as_file, moment_cell, one_of_few
from service.web.filters import LONGEST_NAME, moment_in, on_a_page
from service.web.given import Asked, Db, Me, Now
from service.web.pages import by_field, go_to, page

NAMES = ("person", "case", "from", "to")
LONGEST = 300
ALERTS = 3
"""How many alerts stand above the log; the rest are on a page of their own."""
PAGE = 50


def said_in(asked: Mapping[str, str]) -> dict[str, str]:
    """What an address asks of the read log, as it was typed."""
    return {name: asked[name].strip() for name in NAMES if asked.get(name, "").strip()}


def read_sought(db: Session, me: Person, asked: Mapping[str, str], *beside: str) -> Sought:
    """What to look for. Raises Invalid naming each name that is unknown, and each value that means nothing here.

    `beside` are the names in the address by which nothing is looked for.
    """
    chosen: dict[str, Any] = {}
    unknown = [name[:LONGEST_NAME] for name in asked if name not in (*NAMES, *beside)]
    faults = [FieldError(name, f"Choose one of: {', '.join(NAMES)}.") for name in unknown]
    for name, word in said_in(asked).items():
        try:
            if len(word) > LONGEST or "\x00" in word:
                raise invalid(name, "This is too long, or holds a character that is never used.")
            if name in ("from", "to"):
                chosen["since" if name == "from" else "until"] = moment_in(name, word, me.zone)
            elif name == "person":
                chosen["person_id"] = person_sought(db, word)
            else:
                chosen["case_id"] = case_sought(db, me, word)
        except Invalid as wrong:
            faults += wrong.errors
    if chosen.get("since") and chosen.get("until") and chosen["since"] >= chosen["until"]:
        faults.append(FieldError("to", "The last day is before the first one."))
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), faults)
    return Sought(**chosen)


def note(db: Session, me: Person, said: Mapping[str, str], now: datetime, through: str) -> None:
    """Note that somebody looked for a person or a case in the read log; a plain list is not noted, as elsewhere."""
    if "person" in said or "case" in said:
        reads.log(db, me.id, None, "read_log", through=through, at=now, detail=urlencode(said))


@get("/audit", sync_to_thread=True)
def audit(db: Db, me: Me, now: Now, asked: Asked, cursor: FromQuery[str | None] = None) -> Response[str]:
    """Who looked at what, the latest first; and above it who read very many cases."""
    require_auditor(me)
    if any(asked.get(name) == "" for name in NAMES):
        # As in the queue: the empty boxes of the form make an address that nobody can read or pass on.
        return go_to("/audit?" + urlencode({name: value for name, value in asked.items() if value}))
    said = said_in(asked)
    try:
        sought = read_sought(db, me, said)
    except Invalid as wrong:
        return page(
            "audit.html", me, 422, errors=on_a_page(by_field(wrong)), typed=said, filters=said, rows=[], alerts=[]
        )
    place = place_or_start("reads", cursor)
    rows, last = list_reads(db, me, sought, after=place, limit=PAGE)
    alerts = with_ends(list_many_reads(db, me, limit=ALERTS + 1)) if not said and place is None else []
    note(db, me, said, now, "page")
    following = cursor_of("reads", last)
    return page(
        "audit.html", me, errors={}, rows=rows, alerts=alerts, next=following, first=place, typed=said, filters=said
    )


@get("/audit/alerts", sync_to_thread=True)
def alerts_page(db: Db, me: Me, cursor: FromQuery[str | None] = None) -> Response[str]:
    """Everybody who read very many cases within an hour, the latest first."""
    require_auditor(me)
    place = place_or_start("many reads", cursor)
    rows, following = alerts_of(db, me, place, PAGE)
    return page("audit-alerts.html", me, alerts=with_ends(rows), next=following, first=place)


def with_ends(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Alerts as a page shows them, each with the moment up to which its hour is looked at: its last line is in it."""
    return [{**row._mapping, "up_to": row.at + timedelta(microseconds=1)} for row in rows]


def alerts_of(db: Session, me: Person, place: Place | None, most: int) -> tuple[list[Any], str | None]:
    """A page of those alerts, and the cursor of the next."""
    rows = list_many_reads(db, me, before=place[-1] if place else None, limit=most + 1)
    return list(rows[:most]), cursor_of("many reads", (0, 0, rows[most - 1].id) if len(rows) > most else None)


def exported_log(db: Session, me: Person, kind: str, asked: Mapping[str, str], now: datetime, through: str) -> Response:
    """The read log as a file, once it stands in the read log itself. Raises Busy."""
    require_auditor(me)
    sought, zone = read_sought(db, me, asked), ZoneInfo(me.zone)
    with one_of_few():
        reads.log(db, me.id, None, "read_log_export", through=through, at=now, detail=urlencode(said_in(asked)))
        rows = (_cells(row, zone) for row in each_read(db, me, sought))
        return as_file(db, kind, f"amends-read-log-{now:%Y-%m-%d}", tuple(list_words.READ_COLUMNS.values()), rows)


def _cells(row: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    return [
        moment_cell(row["at"], zone),
        row["who"],
        row.get("person", {}).get("email", ""),
        list_words.READ_AS.get(row.get("seen_as", ""), ""),
        row.get("case", ""),
        list_words.READ_WHAT.get(row["what"], row["what"]),
        list_words.READ_THROUGH.get(row["through"], row["through"]),
        words.PDF_AUDIENCES.get(row.get("audience", ""), ""),
        ", ".join(row.get("narrowed_by", ())),
    ]


def _export_route(kind: str) -> HTTPRouteHandler:
    @get(f"/audit/export.{kind}", sync_to_thread=True)
    def export_log(db: Db, me: Me, now: Now, asked: Asked) -> Response:
        """What the page shows, all pages of it, as a file."""
        return exported_log(db, me, kind, asked, now, "page")

    return export_log


@get("/cases/{reference:str}/looked", sync_to_thread=True)
def looked(db: Db, me: Me, reference: FromPath[str], cursor: FromQuery[str | None] = None) -> Response[str]:
    """Who has looked at my report."""
    here = find_case(db, me, reference)
    require_own_report(here)
    place = place_or_start("looks", cursor)
    rows, last = list_looks(db, me, here, after=place, limit=PAGE)
    told = {"reference": here.case.reference, "holding_desk": here.case.holding_desk}
    return page("looked.html", me, case=told, rows=together(rows), next=cursor_of("looks", last), first=place)


def together(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Looks as a page tells of them: those in a row by one person, as one thing and in one way, once with their number.

    Somebody who works on a case opens it again after every press of a button.
    """
    alike = groupby(rows, key=lambda row: [row.get(name) for name in ("name", "seen_as", "what", "through")])
    return [{**looks[0], "times": len(looks)} for looks in (list(each) for _, each in alike)]


routes = [audit, alerts_page, *(_export_route(kind) for kind in KINDS), looked]
