"""Demo data: the cast, a few dozen lives played through the real deeds, and as many more cases as are asked for."""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from sqlalchemy import select

from service.cases import pinned, playbook
from service.core.database import Database
from service.core.settings import Settings
from service.core.storage import open_store
from service.demo.cast import AT, CAST, make_cast, make_rota
from service.demo.crowd import make_crowd
from service.demo.doing import Cast, Stage
from service.demo.playing import already_told, cast_of, keep_pictures, play, ring_until
from service.demo.script import in_order
from service.documents.pool import Pool
from service.records.people import Person

DRAW = 2026
"""Where chance begins in the bulk: the same number makes the same cases."""
HERE_SINCE = timedelta(days=3 * 365)
STILL_NEWS = timedelta(minutes=30)

ALREADY = "There are people here already, so nothing was added."
STRANGERS = "The people here are not the demo cast, so nothing was added."


def seed(
    database: Database,
    settings: Settings,
    *,
    at: datetime,
    cases: int = 0,
    draw: int = DRAW,
    progress: TextIO | None = None,
) -> str:
    """Make the demo data as it stands at `at` (aware), and `cases` more in bulk; returns a line that says what is done.

    Where there are people already the demonstration stands, and only `cases` are added, if these people are its cast.
    How far the bulk has come is written to `progress` (standard error). The same `draw` and `at` make the same cases,
    but for what is drawn at random on purpose: references, salts and the names of files.
    """
    rules = playbook.load(Path(settings.playbook))
    people = _people(database)
    if people and not cases:
        return ALREADY
    if people and set(people) != set(CAST):
        return STRANGERS
    done = [] if people else [_demonstration(database, settings, rules, at)]
    if cases:
        with database.write() as db:
            pinned.register(db, Path(settings.playbook), at)
        make_crowd(database, _cast(database), rules, at=at, cases=cases, draw=draw, tell=progress or sys.stderr)
        done.append(f"{cases:,} cases in bulk")
    return f"Made {' and '.join(done)}."


def _demonstration(database: Database, settings: Settings, rules: playbook.Playbook, at: datetime) -> str:
    zones = {name: member.zone for name, member in CAST.items()}
    told = in_order(zones, at)
    store = open_store(settings.evidence_url)
    with Pool(workers=1) as pool:
        # It imports what it needs while pictures are drawn.
        pool.warm()
        files = keep_pictures(store, told, zones)
        with database.write() as db:
            people = make_cast(db, at - HERE_SINCE)
            make_rota(db, people)
            pinned.register(db, Path(settings.playbook), at)
            stage = Stage(db, cast_of(db, people), rules, store, pool, files)
            for happening in told:
                ring_until(db, happening.at)
                play(stage, happening)
            ring_until(db, at)
            already_told(db, at - STILL_NEWS)
    return f"the demo cast ({len(people)} people) and {len(stage.cases)} cases"


def _people(database: Database) -> Mapping[str, Person]:
    with database.read() as db:
        return {person.email.removesuffix(AT): person for person in db.execute(select(Person)).scalars()}


def _cast(database: Database) -> Cast:
    with database.read() as db:
        people = {person.email.removesuffix(AT): person for person in db.execute(select(Person)).scalars()}
        return cast_of(db, people)
