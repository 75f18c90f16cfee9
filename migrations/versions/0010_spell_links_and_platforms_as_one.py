"""Spell links and platforms as one.

A queue is narrowed to a platform by a key, which minds no capitals, on both engines. And links have learnt more
spellings of one post: the keys of the cases that are there are made anew, so that they find and are found.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

# As in 0007: the keys have to be the ones that the running code looks for.
from service.cases.likeness import keys_of
from service.records.cases import Case

revision = "0010"
down_revision = "0009"

AT_ONCE = 500
FACTS = ("url", "text", "platform", "handle")


def upgrade() -> None:
    """Add the column; make every key anew."""
    op.add_column("case_file", sa.Column("platform_key", sa.String(length=32), nullable=True))
    connection = op.get_bind()
    for rows in _in_batches(connection):
        made = [{"case": row.id, **keys_of(Case(**{name: getattr(row, name) for name in FACTS}))} for row in rows]
        names = ", ".join(f"{name} = :{name}" for name in made[0] if name != "case")
        connection.execute(sa.text(f"UPDATE case_file SET {names} WHERE id = :case"), made)


def downgrade() -> None:
    """Drop the column; the other keys stay as they are."""
    op.drop_column("case_file", "platform_key")


def _in_batches(connection: sa.Connection) -> Iterator[Any]:
    facts = sa.text(f"SELECT id, {', '.join(FACTS)} FROM case_file WHERE id > :last ORDER BY id LIMIT :most")
    last = 0
    while rows := connection.execute(facts, {"last": last, "most": AT_ONCE}).all():
        last = rows[-1].id
        yield rows
