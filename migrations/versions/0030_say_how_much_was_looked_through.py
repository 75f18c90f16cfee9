"""Say how much was looked through.

A copy of what is held about somebody said that a person had looked it through, and nobody was asked whether they had.
Whoever releases one says so now, and of how many parts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Add the column; of those that were released before, nobody said it."""
    with op.batch_alter_table("access_request") as table:
        table.add_column(sa.Column("looked_through", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("access_request") as table:
        table.drop_column("looked_through")
