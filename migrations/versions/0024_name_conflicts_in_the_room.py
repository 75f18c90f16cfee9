"""Name conflicts in the HR room.

Whoever has a part in what a referral is about is named there, with a reason, and is out of the room at once. It stands
apart from the conflicts of the case, which its desk reads: what HR finds out about people stays at HR.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "room_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_room_conflict_referral_id", "room_conflict", ["referral_id"])


def downgrade() -> None:
    """Take it back. Raises RuntimeError while somebody is named there: they would be let in again."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM room_conflict")).scalar():
        raise RuntimeError("Somebody has a conflict with a referral. The version before this would let them in.")
    op.drop_index("ix_room_conflict_referral_id", "room_conflict")
    op.drop_table("room_conflict")
