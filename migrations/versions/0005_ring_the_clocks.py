"""Ring the clocks.

Every step, acknowledgement and decision with a deadline is now reminded of once, and escalated once when it is late.
When the worker next has something to do for a case stands with the case; what has rung is kept in a table of its own,
whose key makes it ring once.
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime(timezone=True)
PART_LEFT = 4
"""A quarter of the time is left when the reminder comes, as the shipped playbook has it."""


def upgrade() -> None:
    """Add the moments, work them out for what is open, and have the worker look at every open case once."""
    op.add_column("case_file", sa.Column("triage_from", MOMENT, nullable=True))
    op.add_column("case_file", sa.Column("triage_remind_at", MOMENT, nullable=True))
    op.add_column("case_file", sa.Column("decide_remind_at", MOMENT, nullable=True))
    op.add_column("case_file", sa.Column("ripe_at", MOMENT, nullable=True))
    op.add_column("step", sa.Column("remind_at", MOMENT, nullable=True))
    op.add_column("route", sa.Column("runs_from", MOMENT, nullable=True))
    op.add_column("route", sa.Column("remind_at", MOMENT, nullable=True))
    _remind("case_file", "reported_at", "triage_remind_at", "triage_due_at")
    _remind("case_file", "aware_at", "decide_remind_at", "decide_by")
    _remind("step", "runs_from", "remind_at", "due_at")
    _remind("route", "sent_at", "remind_at", "acknowledge_by")
    op.execute("UPDATE case_file SET ripe_at = reported_at WHERE stage <> 'closed'")
    op.create_index(
        "ix_case_ripe",
        "case_file",
        ["ripe_at"],
        sqlite_where=sa.text("ripe_at IS NOT NULL"),
        postgresql_where=sa.text("ripe_at IS NOT NULL"),
    )
    op.create_table(
        "alarm",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(length=100), nullable=False),
        sa.Column("ring", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("case_id", "clock", "ring", "number"),
    )


def downgrade() -> None:
    """Drop what rings: the timeline keeps what has rung."""
    op.drop_table("alarm")
    op.drop_index("ix_case_ripe", "case_file")
    for name in ("remind_at", "runs_from"):
        op.drop_column("route", name)
    op.drop_column("step", "remind_at")
    for name in ("ripe_at", "decide_remind_at", "triage_remind_at", "triage_from"):
        op.drop_column("case_file", name)


def _remind(name: str, starts: str, reminds: str, due: str) -> None:
    """Set the reminder of every row that has a deadline. In Python, since the engines count time differently."""
    moments = [sa.column(starts, MOMENT), sa.column(reminds, MOMENT), sa.column(due, MOMENT)]
    table = sa.table(name, sa.column("id", sa.Integer()), *moments)
    connection = op.get_bind()
    wanted = sa.select(table.c.id, moments[0], moments[2]).where(moments[0].is_not(None), moments[2].is_not(None))
    rows = [
        {"row": row[0], "at": row[2] - max(row[2] - row[1], timedelta(0)) / PART_LEFT}
        for row in connection.execute(wanted)
    ]
    if rows:
        change = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("row"))
            .values({reminds: sa.bindparam("at", type_=MOMENT)})
        )
        connection.execute(change, rows)
