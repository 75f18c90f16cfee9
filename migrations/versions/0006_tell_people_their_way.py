"""Tell people their way.

Desks have a rota, so that at night it is somebody who is awake who is told first. What waits for somebody is kept for
them in the app; mail follows from it as they want it. What can never be delivered is set apart with its reason, in
place of being tried for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)
WAITING = sa.text("done_at IS NULL AND failed_at IS NULL")
FAILED = sa.text("failed_at IS NOT NULL")
UNREAD = sa.text("read_at IS NULL")


def upgrade() -> None:
    """Make the rota, what waits in the app, the preferences, and room in the outbox for what has failed."""
    op.create_table(
        "shift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("starts", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_shift_desk", "shift", ["desk"])
    op.create_index("ix_shift_person_id", "shift", ["person_id"])
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("dedupe", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("dedupe"),
    )
    op.create_index("ix_notification_case_id", "notification", ["case_id"])
    op.create_index("ix_notification_person", "notification", ["person_id", "id"])
    op.create_index(
        "ix_notification_unread", "notification", ["person_id", "id"], sqlite_where=UNREAD, postgresql_where=UNREAD
    )
    op.create_table(
        "preference",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("notify", sa.String(length=40), nullable=False),
        sa.Column("digest_at", sa.String(length=5), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.add_column("outbox", sa.Column("tried_at", MOMENT, nullable=True))
    op.add_column("outbox", sa.Column("failed_at", MOMENT, nullable=True))
    op.drop_index("ix_outbox_waiting", "outbox")
    op.create_index("ix_outbox_waiting", "outbox", ["kind", "due_at"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index("ix_outbox_failed", "outbox", ["id"], sqlite_where=FAILED, postgresql_where=FAILED)


def downgrade() -> None:
    """Drop them. What had failed waits again; what older workers do not know stays, and they say so."""
    op.drop_index("ix_outbox_failed", "outbox")
    op.drop_index("ix_outbox_waiting", "outbox")
    op.create_index("ix_outbox_waiting", "outbox", ["done_at", "due_at"])
    op.drop_column("outbox", "failed_at")
    op.drop_column("outbox", "tried_at")
    for name in ("preference", "notification", "shift"):
        op.drop_table(name)
