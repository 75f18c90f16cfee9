"""Tell how far papers are.

A bundle takes seconds to make. Which are being made was known to the process that made it alone; with several, a page
said one thing and then another, and the same bundle was made twice.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "paper_being_made",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def downgrade() -> None:
    """Take it back: what is being made is asked for again."""
    op.drop_table("paper_being_made")
