"""Views of the queue that people keep for themselves: a choice of filters under a name."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlmodel import Session, col

from service.core.errors import NotFound, Refusal, invalid
from service.people.identity import Me
from service.records.people import Person
from service.records.queue import SavedView

MOST_VIEWS = 20
LONGEST_NAME = 60

_MINE = (
    select(col(SavedView.id), col(SavedView.name), col(SavedView.filters), col(SavedView.created_at))
    .where(col(SavedView.person_id) == bindparam("me"))
    .order_by(col(SavedView.name))
)


def views_of(db: Session, me: Me) -> list[dict[str, Any]]:
    """A person's own views, by name."""
    return [dict(row._mapping) for row in db.connection().execute(_MINE, {"me": me.id})]


def save_view(db: Session, me: Me, *, name: str, filters: Mapping[str, str], at: datetime) -> str:
    """Keep a view, and return its key. Raises Invalid for no name or a taken one, a Refusal (409) for one too many.

    No entry of a timeline: it is about no case.
    """
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise invalid("name", f"Give it a name of at most {LONGEST_NAME} characters.")
    # One at a time, or many at once would each see that there is room.
    db.execute(select(col(Person.id)).where(col(Person.id) == me.id).with_for_update(key_share=True))
    mine = db.execute(select(func.count()).where(col(SavedView.person_id) == me.id)).scalar_one()
    if mine >= MOST_VIEWS:
        raise Refusal(f"You have {MOST_VIEWS} views already. Remove one first.")
    taken = select(col(SavedView.id)).where(col(SavedView.person_id) == me.id, col(SavedView.name) == name)
    if db.execute(taken).first() is not None:
        raise invalid("name", "You have a view of this name already. Choose another name.")
    view = SavedView(id=secrets.token_hex(16), person_id=me.id, name=name, filters=dict(filters), created_at=at)
    db.add(view)
    db.flush()
    return view.id


def drop_view(db: Session, me: Me, view_id: str) -> None:
    """Take a view away. Raises NotFound for one that is absent or somebody else's."""
    gone = delete(SavedView).where(col(SavedView.id) == view_id, col(SavedView.person_id) == me.id)
    if db.execute(gone.returning(col(SavedView.id))).first() is None:
        raise NotFound
