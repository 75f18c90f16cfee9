"""Take more out of a copy.

A rule takes other people out of the copy of whom a referral is about; it cannot know somebody whose name stands in no
directory. HR names the words that are taken out of it too. Since when a copy without them is out stands beside each.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "taken_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_taken_out_referral_id", "taken_out", ["referral_id"])


def downgrade() -> None:
    """Take it back. Raises RuntimeError while something is named there: it would stand in the next copy again."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM taken_out")).scalar():
        raise RuntimeError("Words are taken out of somebody's copy. The version before this would give them out.")
    op.drop_index("ix_taken_out_referral_id", "taken_out")
    op.drop_table("taken_out")
