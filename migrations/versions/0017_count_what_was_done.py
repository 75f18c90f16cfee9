"""Count what was done apart from the rows themselves.

What was done is kept for thirty days, and then cleared. Until now a row for each kind stood among the others for what
was cleared, and whoever asked how much was done had all of thirty days counted. Now one row of its own has the number
up to an hour ago, and an index finds what is newer, and what is to be cleared.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

CLEARED = "cleared:"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
OUTBOX = sa.table(
    "outbox",
    *(sa.column(name) for name in ("kind", "dedupe", "tries")),
    sa.column("body", sa.JSON()),
    sa.column("due_at", sa.DateTime(timezone=True)),
    sa.column("done_at", sa.DateTime(timezone=True)),
)
TALLY = sa.table(
    "outbox_tally",
    sa.column("id"),
    sa.column("done", sa.JSON()),
    sa.column("until", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Make the table and the index, and move the numbers over."""
    op.create_table(
        "outbox_tally",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    done = sa.text("done_at IS NOT NULL")
    op.create_index("ix_outbox_done", "outbox", ["done_at", "kind"], sqlite_where=done, postgresql_where=done)
    gone = OUTBOX.c.dedupe.startswith(CLEARED, autoescape=True)
    numbers = op.get_bind().execute(sa.select(OUTBOX.c.kind, OUTBOX.c.tries).where(gone)).all()
    op.execute(sa.delete(OUTBOX).where(gone))
    op.bulk_insert(TALLY, [{"id": 1, "done": {row.kind: row.tries for row in numbers}, "until": None}])


def downgrade() -> None:
    """Put the numbers of what was cleared back among the rows: those that are still there are not among them."""
    (tally,) = op.get_bind().execute(sa.select(TALLY.c.done, TALLY.c.until)).all()
    left = {}
    if tally.until is not None:
        there = sa.select(OUTBOX.c.kind, sa.func.count()).where(OUTBOX.c.done_at < tally.until)
        left = {row[0]: row[1] for row in op.get_bind().execute(there.group_by(OUTBOX.c.kind))}
    for kind, number in tally.done.items():
        cleared = {"kind": kind, "dedupe": f"{CLEARED}{kind}", "body": {}, "tries": number - left.get(kind, 0)}
        if cleared["tries"] > 0:
            moment = tally.until or LONG_AGO
            op.execute(sa.insert(OUTBOX).values(**cleared, due_at=moment, done_at=moment))
    op.drop_index("ix_outbox_done", "outbox")
    op.drop_table("outbox_tally")
