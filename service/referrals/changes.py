"""What an entry says of the rows of a referral: each column that changed, spelled as `replay.py` reads it."""

from typing import Any

from sqlmodel import Session

from service.records.cases import Case
from service.records.referrals import Referral
from service.referrals.replay import AREAS, shown

AREA_OF = {table: area for area, (table, _) in AREAS.items()}
Changes = dict[str, tuple[Any, Any]]


def put(record: Case | Referral, **values: Any) -> Changes:
    """Change these columns of a referral, or its case; returns what an entry says of it."""
    told = {name: (getattr(record, name), value) for name, value in values.items()}
    for name, value in values.items():
        setattr(record, name, value)
    return {name: change for name, change in told.items() if change[0] != change[1]}


def add_row(db: Session, row: Any) -> Changes:
    """Store a row of the room, which gets its number; returns what an entry says of it."""
    db.add(row)
    db.flush()
    area = AREA_OF[type(row)]
    said = {name: getattr(row, name) for name in AREAS[area][1]}
    return {
        f"{area}.{row.id}.{name}": (None, shown(db, name, value)) for name, value in said.items() if value is not None
    }


def drop_row(db: Session, row: Any) -> Changes:
    """Take a row of the room away; returns what an entry says of it."""
    area = AREA_OF[type(row)]
    said = {f"{area}.{row.id}.{name}": (shown(db, name, getattr(row, name)), None) for name in AREAS[area][1]}
    db.delete(row)
    db.flush()
    return said


def put_row(db: Session, row: Any, **values: Any) -> Changes:
    """Change these columns of a row of the room; returns what an entry says of it."""
    area = AREA_OF[type(row)]
    told = {
        f"{area}.{row.id}.{name}": (shown(db, name, getattr(row, name)), shown(db, name, value))
        for name, value in values.items()
    }
    for name, value in values.items():
        setattr(row, name, value)
    db.add(row)
    return {path: change for path, change in told.items() if change[0] != change[1]}
