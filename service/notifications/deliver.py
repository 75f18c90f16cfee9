"""What the messages of the outbox say, asked shortly before they leave."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.core.settings import Settings
from service.notifications.fan_out import DIGEST, TEXT, told_of
from service.notifications.letters import Letter, letter
from service.notifications.waiting import About, cases_waiting, count_unread
from service.people.identity import Me, who_are
from service.people.preferences import preferences_of
from service.records.enums import Notify
from service.records.notifications import Preference


def letters_for(db: Session, settings: Settings, rows: Sequence[Any], at: datetime) -> dict[int, Letter]:
    """The messages of these rows, by row; one is left out that is no longer wanted, or theirs to know no more.

    So is one whose every matter was read meanwhile. The same row always gives a message of the same name.
    """
    people = who_are(db, {row.person_id for row in rows})
    said = preferences_of(db, people)
    # Asked once for each person: nothing else about a message takes as long.
    asked: dict[int, list[str]] = {}
    for row in rows:
        if row.kind != DIGEST:
            asked.setdefault(row.person_id, []).extend(told_of(row))
    waits = {person: cases_waiting(db, people[person], keys) for person, keys in asked.items() if person in people}
    found = {row.id: _letter(db, settings, row, people, said, waits, at) for row in rows}
    return {row_id: told for row_id, told in found.items() if told is not None}


def _letter(
    db: Session,
    settings: Settings,
    row: Any,
    people: Mapping[int, Me],
    said: Mapping[int, Preference],
    waits: Mapping[int, Mapping[str, About]],
    at: datetime,
) -> Letter | None:
    me, wishes = people.get(row.person_id), said.get(row.person_id)
    if me is None:
        return None
    cases: set[About] = set()
    if row.kind == DIGEST:
        # Wanted until mail is turned off: what waited for it would be told by nothing else.
        wanted = wishes is None or Notify(wishes.notify) is not Notify.OFF
        if not wanted or not count_unread(db, me):
            return None
    elif not (cases := {waits[me.id][key] for key in told_of(row) if key in waits[me.id]}):
        return None
    # To the case, or the referral; where several wait, to the list of them.
    case_id, referral_id = next(iter(cases)) if len(cases) == 1 else (None, None)
    told = letter(
        settings,
        row.dedupe,
        to=me.email,
        person_id=me.id,
        case_id=case_id,
        referral_id=referral_id,
        urgent=bool(row.body.get("urgent")),
        at=at,
    )
    if row.kind == TEXT:
        return replace(told, to=wishes.phone) if wishes is not None and wishes.phone else None
    return told
