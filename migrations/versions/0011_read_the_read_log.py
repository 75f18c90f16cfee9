"""Read the read log.

Auditors read it by time, by person and by case; whoever reported something reads who looked at it, and as what. How
somebody stood to a case is kept from now on: it cannot be told afterwards, so that older lines have none. Somebody who
reads very many cases is noticed, and up to when that was looked for is kept in a row of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the column, the orders in which lines are read, and what is noticed in them."""
    op.add_column("read_entry", sa.Column("seen_as", sa.String(length=40), nullable=True))
    op.create_index("ix_read_entry_at", "read_entry", ["at"])
    op.create_index("ix_read_entry_case_at", "read_entry", ["case_id", "at"])
    op.create_table(
        "many_reads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_many_reads_person", "many_reads", ["person_id", "at"])
    op.create_table(
        "read_watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("looked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute("INSERT INTO read_watch (id) VALUES (1)")


def downgrade() -> None:
    """Drop them; who opened what, and when, stays."""
    op.drop_table("read_watch")
    op.drop_index("ix_many_reads_person", "many_reads")
    op.drop_table("many_reads")
    op.drop_index("ix_read_entry_case_at", "read_entry")
    op.drop_index("ix_read_entry_at", "read_entry")
    op.drop_column("read_entry", "seen_as")
